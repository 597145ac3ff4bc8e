//! What comes byte by byte costs the same for each byte, however much has come before.

use ftp_proto::{Config, Control, Session};

/// The kernel tells no shorter times than this.
const TICK: u64 = 4_000_000;

/// The nanoseconds that this thread has had a processor, which other work does not change. Linux
/// tells them; elsewhere they are unknown.
fn processor_time() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok()
}

fn time(bytes: usize) -> Option<u64> {
    let once = |_| {
        let mut session = Session::new(Config::default(), Control::default());
        let begun = processor_time()?;
        (0..bytes).for_each(|_| session.receive(b"\r"));
        processor_time()?.checked_sub(begun)
    };
    (0..3).map(once).min().flatten()
}

/// The line that a reply begins with grows up to its limit. If each byte looked at all of it, eight
/// times the bytes would cost 64 times as much.
#[test]
fn a_row_of_crs_before_a_greeting_is_linear() {
    if let (Some(few), Some(many)) = (time(4 << 10), time(32 << 10)) {
        assert!(many < 32 * few.max(TICK), "{few} ns, then {many} ns");
    }
}
