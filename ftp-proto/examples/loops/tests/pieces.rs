//! A device whose chip and memory are busy at any time, and take and give pieces of any size: what
//! is stored and retrieved is the same.

#[path = "../examples/device/memory.rs"]
mod memory;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ftp_proto::driver::{Connection, Input, Network};
use ftp_proto::operation::{Exchange, Greet, Login, Retrieve, Store};
use ftp_proto::{Argument, Config, DataMode, Failure, Operation};
use ftp_proto_loops::block;
use ftp_proto_loops::device::{Board, Device};

use memory::Memory;

/// Numbers that are the same each time.
struct Chance(u64);

impl Chance {
    /// At most that.
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % (most + 1)
    }
}

struct Chip {
    below: Memory,
    chance: Chance,
}

impl Network for Chip {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn dial(&mut self, to: SocketAddr) -> Result<(), Failure> {
        self.below.dial(to)
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        Ok(self.chance.below(1) == 0 && self.below.is_connected()?)
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        self.below.listen()
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        if self.chance.below(1) == 0 { Ok(None) } else { self.below.accept() }
    }

    fn stop_listening(&mut self) {
        self.below.stop_listening();
    }

    fn read(&mut self, from: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure> {
        match self.chance.below(buffer.len().min(20)) {
            0 => Ok(None),
            count => self.below.read(from, &mut buffer[..count]),
        }
    }

    fn write(&mut self, to: Connection, bytes: &[u8]) -> Result<usize, Failure> {
        match self.chance.below(bytes.len().min(20)) {
            0 => Ok(0),
            count => self.below.write(to, &bytes[..count]),
        }
    }

    fn close(&mut self, connection: Connection) {
        self.below.close(connection);
    }

    fn reset(&mut self, connection: Connection) {
        self.below.reset(connection);
    }
}

struct Flash {
    content: Vec<u8>,
    sent: usize,
    chance: Chance,
    /// How often it may be waited for the network.
    waits: usize,
}

impl Flash {
    fn new(content: &[u8], seed: u64) -> Self {
        let (content, chance) = (content.to_vec(), Chance(seed + 1));
        Self { content, sent: 0, chance, waits: usize::MAX }
    }
}

impl block::Memory for Flash {
    type Error = Dropped;

    fn store(&mut self, bytes: &[u8]) -> Result<usize, Dropped> {
        let count = self.chance.below(bytes.len());
        self.content.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn load(&mut self, block: &mut [u8]) -> Result<Option<usize>, Dropped> {
        let rest = &self.content[self.sent..];
        let count = self.chance.below(rest.len().min(block.len()));
        if count == 0 && !rest.is_empty() {
            return Ok(None);
        }
        block[..count].copy_from_slice(&rest[..count]);
        self.sent += count;
        Ok(Some(count))
    }
}

impl Board for Flash {
    fn idle(&mut self, _: Option<Duration>) -> Result<(), Dropped> {
        self.waits = self.waits.checked_sub(1).ok_or(Dropped)?;
        Ok(())
    }
}

/// The application gives up.
#[derive(Debug)]
struct Dropped;

#[test]
fn pieces_of_any_size_are_the_same_file() {
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let name = || Argument::new("copy.bin").unwrap();
    for seed in 0..100 {
        let mut config = Config::default();
        if seed % 2 == 0 {
            config.data_mode = DataMode::AnyActive;
        }
        let content: Vec<u8> = (0..=250).cycle().take(Chance(seed).below(3_000)).collect();
        let offset = content.len() / 3;
        let chip = Chip { below: Memory::new("/data.bin", b""), chance: Chance(seed) };
        let mut device = Device::<_, 64>::new(chip, config, host, host);
        run(&mut device, Greet, b"", seed);
        run(&mut device, Login::anonymous(), b"", seed);
        run(&mut device, Store::new(name()), &content, seed);
        let retrieve = Retrieve::new(name()).resume_at(offset as u64);
        assert_eq!(run(&mut device, retrieve, b"", seed), content[offset..], "seed {seed}");
        let part = Retrieve::new(name()).limited_to(offset as u64);
        assert_eq!(run(&mut device, part, b"", seed), content[..offset], "seed {seed}");
        run(&mut device, Exchange::quit(), b"", seed);
        assert_eq!(device.client.session().ignored_reports(), 0);
    }
}

#[test]
fn a_download_that_is_dropped_at_any_time_leaves_no_report_behind() {
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let retrieve = || Retrieve::new(Argument::new("/data.bin").unwrap());
    let content: Vec<u8> = (0..=250).cycle().take(100).collect();
    let mut dropped = 0;
    for seed in 0..400 {
        let mut config = Config::default();
        if seed % 2 == 0 {
            config.data_mode = DataMode::AnyActive;
        }
        let chip = Chip { below: Memory::new("/data.bin", &content), chance: Chance(seed) };
        let mut device = Device::<_, 64>::new(chip, config, host, host);
        run(&mut device, Greet, b"", seed);
        run(&mut device, Login::anonymous(), b"", seed);
        let waits = seed as usize % 20;
        let mut flash = Flash { waits, ..Flash::new(b"", seed) };
        dropped += usize::from(device.run(&mut flash, retrieve()).is_err());
        assert_eq!(run(&mut device, retrieve(), b"", seed), content, "seed {seed}");
        run(&mut device, Exchange::quit(), b"", seed);
        assert_eq!(device.client.session().ignored_reports(), 0, "seed {seed}");
    }
    assert!((100..400).contains(&dropped), "{dropped}");
}

/// What was received, behind what was to be sent.
fn run<O: Operation>(
    device: &mut Device<Chip, 64>,
    operation: O,
    content: &[u8],
    seed: u64,
) -> Vec<u8> {
    let mut flash = Flash::new(content, seed);
    device.run(&mut flash, operation).unwrap().unwrap();
    flash.content.split_off(content.len())
}
