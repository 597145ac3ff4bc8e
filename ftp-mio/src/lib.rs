//! An FTP client on readiness: thousands of sessions on one thread, with mio or any other reactor.
//!
//! A [`Client`] is one session of the [`ftp_proto`] state machine on sockets that never wait. It
//! owns no loop: the application waits for sockets in whatever way it likes, tells the client what
//! is ready, and gives it turns. [`Client`] has the loop in five steps, [`Reactor`] what a loop has
//! to offer. [`Tcp`] goes with anything that takes a descriptor (polling, calloop, epoll, kqueue)
//! and, with the feature `mio`, which is on by default, with mio: the module of that name has the
//! registration.
//!
//! With the feature `rustls`, `Tls` puts FTPS on any of these transports.
//!
//! What a client promises to its loop:
//!
//! - Nothing ever waits, and nothing happens outside of a turn but what the application does with
//!   payload.
//! - Every call is repeated until it would block, so that a reactor may report edges; what stops
//!   earlier, because a turn moves no more than a [budget](Builder::budget), is remembered, and
//!   [`Client::needs_turn`] says so.
//! - An event is a hint. One that is not true, or is stale, does no harm.
//! - Every socket is watched in both directions as far as anything waits for it, added before it is
//!   waited for, and removed before it is closed.
//! - An idle session asks for nothing: no turn, no deadline.
//!
//! # Many sessions
//!
//! What a session takes on a 64-bit machine, without TLS and without the kernel's buffers. The aim
//! for an idle one is 2 KiB; `cargo bench -p ftp-mio --bench memory` checks it and prints the
//! numbers.
//!
//! | a session that | bytes of heap | bytes of the [`Client`] itself |
//! |---|---|---|
//! | is not connected | 552 | 112 |
//! | is idle, after login or after a hundred downloads | 1,639 | 112 |
//! | has a download under way | 3,593 | 112 |
//!
//! A session takes one open file, and another during a transfer. A loop whose rounds are to cost as
//! much as there is to do, and not as much as there are sessions, keeps a set of the clients that
//! were reported ready or that [need a turn](Client::needs_turn), and a sorted set of
//! [deadlines](Client::deadline) that it brings up to date after each turn.
#![forbid(unsafe_code)]

mod builder;
mod client;
mod clock;
mod connect;
mod data;
mod driver;
#[cfg(feature = "mio")]
pub mod mio;
mod patience;
mod readiness;
mod tasks;
mod tcp;
#[cfg(feature = "rustls")]
mod tls;
mod transport;

pub use builder::{BUDGET_BYTES, Builder};
pub use client::Client;
pub use data::{Data, Progress};
pub use ftp_proto as proto;
pub use ftp_proto::driver::{
    DEFAULT_PORT, Endpoint, EndpointError, Error, IMPLICIT_TLS_PORT, Input, Result, Tried,
};
pub use readiness::{Interest, Reactor, Ready, Slot};
pub use tasks::Handle;
pub use tcp::{Socket, Tcp};
#[cfg(feature = "rustls")]
pub use tls::{Tls, TlsLink, TlsPort};
pub use transport::{Listener, Stream, Transport};

/// The examples of the repository's README compile: this crate's tests have all three crates.
#[cfg(all(doctest, feature = "mio"))]
#[doc = include_str!("../../README.md")]
struct Readme;
