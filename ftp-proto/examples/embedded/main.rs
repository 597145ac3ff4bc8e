//! A super-loop as on a device without an operating system, run here: logs in, lists, retrieves; on the
//! server in memory it also stores, resumes, and does all that in active mode.
//!
//! `cargo run -p ftp-proto --example embedded -- 127.0.0.1:21 pub/README`, or without arguments on
//! a server in memory. `client.rs` is what a device would take over, `chip.rs` what it has to
//! bring; the rest stands for its hardware.

mod chip;
mod client;
mod memory;
mod sockets;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use ftp_proto::listing::Name;
use ftp_proto::operation::{Exchange, Greet, List, Login, Retrieve, Store};
use ftp_proto::{Argument, Config, DataMode, Operation};

use chip::{Network, Storage};
use client::Client;
use memory::Memory;
use sockets::Sockets;

/// A storage that is busy after each block that it took.
#[derive(Default)]
struct Flash {
    content: Vec<u8>,
    /// Of the content.
    sent: usize,
    busy: bool,
}

impl Storage for Flash {
    fn room(&self) -> usize {
        if self.busy { 0 } else { 256 }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.content.extend_from_slice(bytes);
        self.busy = true;
    }

    fn next(&self) -> Option<&[u8]> {
        let rest = self.content.get(self.sent..).unwrap_or_default();
        (!self.busy).then(|| rest.get(..256).unwrap_or(rest))
    }

    fn sent(&mut self, count: usize) {
        self.sent += count;
        self.busy = true;
    }
}

struct Device<N> {
    network: N,
    client: Client,
    flash: Flash,
}

impl<N: Network> Device<N> {
    fn new(network: N, mode: DataMode, host: IpAddr, local: IpAddr) -> Self {
        let mut config = Config::default();
        config.data_mode = mode;
        Self {
            network,
            client: Client::new(config, host, local),
            flash: Flash::default(),
        }
    }

    /// The super-loop: a device would do its other work in it too.
    fn run<O: Operation>(&mut self, mut operation: O) -> Result<O::Output, ftp_proto::Error> {
        loop {
            let outcome = self
                .client
                .turn(&mut self.network, &mut self.flash, &mut operation);
            if let Poll::Ready(result) = outcome {
                return result;
            }
            self.sleep();
            self.flash.busy = false;
        }
    }

    /// Until an interrupt, or the machine's deadline. There are no interrupts here, so it is a
    /// moment at most.
    fn sleep(&self) {
        let moment = Duration::from_micros(100);
        let left = self.client.deadline().map_or(moment, |deadline| {
            deadline.saturating_sub(self.network.now())
        });
        std::thread::sleep(left.min(moment));
    }

    fn store(&mut self, store: Store, content: &[u8]) -> Result<(), ftp_proto::Error> {
        self.flash = Flash::default();
        self.flash.content.extend_from_slice(content);
        self.run(store).map(drop)
    }

    fn visit(&mut self, file: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        self.run(Greet)?;
        self.run(Login::anonymous())?;
        let listed = self.run(List::new(None))?;
        for line in self.flash.content.split(|&byte| byte == b'\n') {
            println!("{}", Name::new(line.trim_ascii_end()));
        }
        for line in listed.status_lines() {
            println!("{}", Name::new(line));
        }
        self.flash.content.clear();
        self.run(Retrieve::new(Argument::new(file)?))?;
        self.run(Exchange::quit())?;
        Ok(std::mem::take(&mut self.flash.content))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => demonstrate(),
        [address, file] => fetch(address.parse()?, file),
        _ => Err("usage: embedded [ADDRESS:PORT FILE]".into()),
    }
}

fn fetch(address: SocketAddr, file: &str) -> Result<(), Box<dyn Error>> {
    let (network, local) = Sockets::connect(address)?;
    let content = Device::new(network, DataMode::Auto, address.ip(), local).visit(file)?;
    print!("{}", String::from_utf8_lossy(&content));
    eprintln!("{} bytes", content.len());
    Ok(())
}

fn demonstrate() -> Result<(), Box<dyn Error>> {
    let content: Vec<u8> = (0..=250).cycle().take(10_000).collect();
    let (first, rest) = content.split_at(4_000);
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let name = || Argument::new("copy.bin");
    for mode in [DataMode::Auto, DataMode::AnyActive] {
        let network = Memory::new("/data.bin", &content);
        let mut device = Device::new(network, mode, host, host);
        device.run(Greet)?;
        device.run(Login::anonymous())?;
        device.store(Store::new(name()?), first)?;
        device.store(Store::new(name()?).resume_at(4_000), rest)?;
        device.flash = Flash::default();
        device.run(Retrieve::new(name()?).resume_at(2_500))?;
        if Some(&*device.flash.content) != content.get(2_500..) {
            return Err("not the bytes that were stored".into());
        }
        device.run(Exchange::quit())?;
        println!("{mode:?}: stored in two parts, and retrieved in part");
    }
    let network = Memory::new("/data.bin", &content);
    let received = Device::new(network, DataMode::Auto, host, host).visit("data.bin")?;
    if received != content {
        return Err("not the bytes that the server has".into());
    }
    println!("{} bytes, as the server has them", received.len());
    Ok(())
}
