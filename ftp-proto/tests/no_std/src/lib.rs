//! Calls ftp-proto from a program without std, by the super-loop of the example `embedded`.
#![no_std]

extern crate alloc;

#[path = "../../../examples/embedded/chip.rs"]
mod chip;
#[path = "../../../examples/embedded/client.rs"]
mod client;

use core::alloc::{GlobalAlloc, Layout};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::panic::PanicInfo;
use core::time::Duration;

use ftp_proto::operation::Login;
use ftp_proto::{Config, Failure};

use chip::{Network, Socket, Storage};
use client::Client;

/// Hands out nothing: the library is linked, never run.
struct NoMemory;

// SAFETY: a null pointer is what an allocator returns when it has no memory.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// A chip that is not there.
struct NoChip;

impl Network for NoChip {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn dial(&mut self, _: Socket, _: SocketAddr) -> Result<(), Failure> {
        Err(Failure::Local)
    }

    fn is_connected(&mut self, _: Socket) -> Result<bool, Failure> {
        Err(Failure::Local)
    }

    fn listen(&mut self, _: Socket, _: u16) -> Result<SocketAddr, Failure> {
        Err(Failure::Local)
    }

    fn caller(&mut self, _: Socket) -> Result<Option<IpAddr>, Failure> {
        Err(Failure::Local)
    }

    fn read(&mut self, _: Socket, _: &mut [u8]) -> Result<Option<usize>, Failure> {
        Err(Failure::Local)
    }

    fn write(&mut self, _: Socket, _: &[u8]) -> Result<usize, Failure> {
        Err(Failure::Local)
    }

    fn close(&mut self, _: Socket) {}

    fn reset(&mut self, _: Socket) {}
}

impl Storage for NoChip {
    fn room(&self) -> usize {
        0
    }

    fn take(&mut self, _: &[u8]) {}

    fn next(&self) -> Option<&[u8]> {
        None
    }

    fn sent(&mut self, _: usize) {}
}

/// Uses the session, so that it is compiled and linked.
#[unsafe(no_mangle)]
pub extern "C" fn log_in() -> bool {
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut client = Client::new(Config::default(), host, host);
    let outcome = client.turn(&mut NoChip, &mut NoChip, &mut Login::anonymous());
    outcome.is_ready() && client.deadline().is_none()
}
