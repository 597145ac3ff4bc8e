//! What comes byte by byte costs the same for each byte, however much has come before.

use std::time::{Duration, Instant};

use ftp_proto::{Config, Control, Session};

/// The shortest of three times, because the machine has other work too.
fn time(bytes: usize) -> Duration {
    let once = |_| {
        let mut session = Session::new(Config::default(), Control::default());
        let begun = Instant::now();
        (0..bytes).for_each(|_| session.receive(b"\r"));
        begun.elapsed()
    };
    (0..3).map(once).min().unwrap()
}

/// The line that a reply begins with grows up to its limit. If each byte looked at all of it, eight
/// times the bytes would cost 64 times as much.
#[test]
fn a_row_of_crs_before_a_greeting_is_linear() {
    let (few, many) = (time(4 << 10), time(32 << 10));
    assert!(many < 32 * few, "{few:?}, then {many:?}");
}
