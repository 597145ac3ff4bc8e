//! Calls ftp-proto from a program without std.
#![no_std]

extern crate alloc;

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use ftp_proto::operation::Login;
use ftp_proto::{Config, Control, Instant, Operation, Session};

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

/// Uses the session, so that it is compiled and linked.
#[unsafe(no_mangle)]
pub extern "C" fn greet() -> bool {
    let mut session = Session::new(Config::default(), Control::default());
    session.receive(b"220 ready\r\n");
    let _ = Login::anonymous().poll(&mut session);
    session.poll_action(Instant::EPOCH).is_none()
}
