//! Three drivers over `ftp_proto::driver::Polled`, each to be copied:
//!
//! - `game.rs` works in the frames of a game, on std's sockets;
//! - `device.rs` is the super-loop of a device without an operating system;
//! - `uring.rs` waits for the completions of io_uring (Linux). Its module `ring` is the only one
//!   with unsafe code.
//!
//! TLS is `ftp_proto::tls::Secured`. `block.rs` is the application's side.
#![deny(unsafe_code)]

pub mod block;
pub mod device;
pub mod game;
#[cfg(target_os = "linux")]
pub mod uring;
