//! A device that logs in, stores, resumes and retrieves, in passive and active mode, with a server
//! in memory.
//!
//! `cargo run --example device`

mod memory;

use std::convert::Infallible;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::Duration;

use ftp_proto::operation::{Exchange, Greet, Login, Retrieve, Store};
use ftp_proto::{Argument, Config, DataMode, Operation};
use ftp_proto_loops::device::{Board, Device};

use memory::Memory;

/// A flash memory that is busy after each page.
#[derive(Default)]
struct Flash {
    content: Vec<u8>,
    /// Of the content.
    sent: usize,
    busy: bool,
}

const PAGE_BYTES: usize = 100;

impl ftp_proto_loops::block::Memory for Flash {
    type Error = Infallible;

    fn store(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let page = bytes.len().min(if self.busy { 0 } else { PAGE_BYTES });
        self.content.extend_from_slice(&bytes[..page]);
        self.busy = true;
        Ok(page)
    }

    fn load(&mut self, block: &mut [u8]) -> Result<Option<usize>, Infallible> {
        if std::mem::replace(&mut self.busy, true) {
            return Ok(None);
        }
        let rest = &self.content[self.sent..];
        let page = rest.len().min(block.len()).min(PAGE_BYTES);
        block[..page].copy_from_slice(&rest[..page]);
        self.sent += page;
        Ok(Some(page))
    }
}

impl Board for Flash {
    /// There are no interrupts here.
    fn idle(&mut self, limit: Option<Duration>) -> Result<(), Infallible> {
        self.busy = false;
        let moment = Duration::from_micros(100);
        thread::sleep(limit.map_or(moment, |limit| limit.min(moment)));
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let content: Vec<u8> = (0..=250).cycle().take(10_000).collect();
    let (first, rest) = content.split_at(4_000);
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let name = Argument::new("copy.bin")?;
    for mode in [DataMode::Auto, DataMode::AnyActive] {
        let mut config = Config::default();
        config.data_mode = mode;
        let network = Memory::new("/data.bin", &content);
        let mut device = Device::<_, 256>::new(network, config, host, host);
        run(&mut device, Greet, &[])?;
        run(&mut device, Login::anonymous(), &[])?;
        run(&mut device, Store::new(name.clone()), first)?;
        run(&mut device, Store::new(name.clone()).resume_at(4_000), rest)?;
        let received = run(&mut device, Retrieve::new(name.clone()).resume_at(2_500), &[])?;
        if received != content[2_500..] {
            return Err("not the bytes that were stored".into());
        }
        let received = run(&mut device, Retrieve::new(Argument::new("data.bin")?), &[])?;
        if received != content {
            return Err("not the bytes that the server has".into());
        }
        run(&mut device, Exchange::quit(), &[])?;
        println!("{mode:?}: stored in two parts, and retrieved in part and whole");
    }
    Ok(())
}

/// Runs an operation with this content to send; what is in the flash behind it was received.
fn run<O: Operation>(
    device: &mut Device<Memory, 256>,
    operation: O,
    content: &[u8],
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut flash = Flash { content: content.to_vec(), ..Flash::default() };
    device.run(&mut flash, operation)??;
    Ok(flash.content.split_off(content.len()))
}
