//! An FTP client on readiness: thousands of sessions on one thread, with mio or any other reactor.
//!
//! A [`Client`] is one session of the [`ftp_proto`] state machine on sockets that never wait. It owns no loop: the
//! application waits for sockets in whatever way it likes, tells the client what is ready, and gives it turns.
//! [`Client`] has the loop in five steps, [`Reactor`] what a loop has to offer. With the feature `mio`, on by default,
//! the module of that name has both sockets and registration; without it, [`Tcp`] goes with anything that takes a descriptor: polling,
//! calloop, epoll, kqueue.
//!
//! With the feature `rustls`, `Tls` puts FTPS on any of these transports.
//!
//! What a client promises to its loop:
//!
//! - Nothing ever waits, and nothing happens outside of a turn but what the application does with payload.
//! - Every call is repeated until it would block, so that a reactor may report edges; what stops earlier, because a turn
//!   moves no more than a [budget](Builder::budget), is remembered, and [`Client::needs_turn`] says so.
//! - An event is a hint. One that is not true, or is about a socket of yesterday, does no harm.
//! - Every socket is watched in both directions as far as anything waits for it, added before it is waited for, and
//!   removed before it is closed.
//! - An idle session asks for nothing: no turn, no deadline.
//!
//! # Many sessions
//!
//! What a session takes on a 64-bit machine, without TLS and without the kernel's buffers. The aim for an idle one is
//! 2 KiB; `cargo bench -p ftp-mio --bench memory` checks it and prints the numbers.
//!
//! | a session that | bytes of heap | bytes of the [`Client`] itself |
//! |---|---|---|
//! | is not connected | 512 | 112 |
//! | is idle, after login or after a hundred downloads | 1,735 | 112 |
//! | has a download under way | 3,666 | 112 |
//!
//! A session takes one open file, and another during a transfer. A loop whose rounds are to cost as much as there is to
//! do, and not as much as there are sessions, keeps a set of the clients that were reported ready or that
//! [need a turn](Client::needs_turn), and a sorted set of [deadlines](Client::deadline) that it brings up to date after
//! each turn.
#![forbid(unsafe_code)]

mod attempt;
mod client;
mod clock;
mod connect;
mod data;
mod driver;
mod error;
#[cfg(feature = "mio")]
pub mod mio;
mod readiness;
mod socket;
mod tasks;
#[cfg(feature = "rustls")]
mod tls;
mod transport;

pub use client::Client;
pub use connect::{BUDGET_BYTES, Builder};
pub use data::{Data, Progress};
pub use error::{Error, Result, Tried};
pub use ftp_proto as proto;
pub use readiness::{Directions, Interest, Reactor, Ready, Slot};
pub use socket::{Socket, Tcp};
pub use tasks::Handle;
#[cfg(feature = "rustls")]
pub use tls::{Tls, TlsLink, TlsPort};
pub use transport::{Input, Listener, Stream, Transport};

/// The examples of the repository's README compile: this crate's tests have all three crates.
#[cfg(all(doctest, feature = "mio"))]
#[doc = include_str!("../../README.md")]
struct Readme;
