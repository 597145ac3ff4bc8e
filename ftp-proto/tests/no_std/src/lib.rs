//! Calls ftp-proto from a program without std, by the super-loop of `examples/loops`.
#![no_std]

extern crate alloc;

#[path = "../../../examples/loops/src/block.rs"]
mod block;
#[path = "../../../examples/loops/src/device.rs"]
mod device;

use core::alloc::{GlobalAlloc, Layout};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::panic::PanicInfo;
use core::time::Duration;

use ftp_proto::driver::{Connection, Input, Network};
use ftp_proto::operation::Login;
use ftp_proto::{Config, Failure};

use block::Memory;
use device::{Board, Device};

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

    fn dial(&mut self, _: SocketAddr) -> Result<(), Failure> {
        Err(Failure::Local)
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        Err(Failure::Local)
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        Err(Failure::Local)
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        Err(Failure::Local)
    }

    fn stop_listening(&mut self) {}

    fn read(&mut self, _: Connection, _: &mut [u8]) -> Result<Option<Input>, Failure> {
        Err(Failure::Local)
    }

    fn write(&mut self, _: Connection, _: &[u8]) -> Result<usize, Failure> {
        Err(Failure::Local)
    }

    fn close(&mut self, _: Connection) {}

    fn reset(&mut self, _: Connection) {}
}

impl Memory for NoChip {
    type Error = ();

    fn store(&mut self, _: &[u8]) -> Result<usize, ()> {
        Ok(0)
    }

    fn load(&mut self, _: &mut [u8]) -> Result<Option<usize>, ()> {
        Ok(None)
    }
}

impl Board for NoChip {
    fn idle(&mut self, _: Option<Duration>) -> Result<(), ()> {
        Err(())
    }
}

/// Uses the session, so that it is compiled and linked.
#[unsafe(no_mangle)]
pub extern "C" fn log_in() -> bool {
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut device = Device::<_, 64>::new(NoChip, Config::default(), host, host);
    let outcome = device.run(&mut NoChip, Login::anonymous());
    outcome.is_ok() && device.client.deadline().is_none()
}
