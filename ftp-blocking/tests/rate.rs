//! The limit on the rate of payload. Only the shortest time is checked: a busy machine may be slow.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use ftp_blocking::Client;
use ftp_blocking::testing::{Files, Loopback, ServerConfig};

#[test]
fn no_more_bytes_move_than_the_limit_allows() {
    let content = vec![7; 30_000];
    let files = Files::new().file("/a", &content);
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let mut ftp = Client::builder()
        .rate_limit(NonZeroU64::new(100_000))
        .connect_to(&[server.address()])
        .unwrap();
    ftp.login_anonymous().unwrap();

    let mut bytes = Vec::new();
    let begun = Instant::now();
    ftp.retrieve_to("a", &mut bytes).unwrap();
    ftp.store_from("b", &mut content.as_slice()).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(490)); // 60,000 bytes, 10,000 of them at once
    assert!(bytes == content);
    assert_eq!(server.files().content("/b"), Some(content.as_slice()));

    ftp.set_rate_limit(None);
    ftp.retrieve_to("a", &mut Vec::new()).unwrap();
}
