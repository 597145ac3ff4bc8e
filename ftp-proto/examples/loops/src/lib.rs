//! Two drivers over `ftp_proto::driver::Polled`, each to be copied:
//!
//! - `game.rs` works in the frames of a game, on std's sockets;
//! - `uring.rs` waits for the completions of io_uring (Linux). Its module `ring` is the only one
//!   with unsafe code.
//!
//! TLS is `ftp_proto::tls::Secured`. The super-loop of a device is the example `embedded` of
//! `ftp-proto`.
#![deny(unsafe_code)]

pub mod block;
pub mod game;
#[cfg(target_os = "linux")]
pub mod uring;
