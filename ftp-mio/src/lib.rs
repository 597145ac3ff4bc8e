//! An FTP client on readiness: thousands of sessions on one thread, with mio or any other reactor.
//!
//! A [`Client`] is one session of the [`ftp_proto`] state machine on sockets that never wait. It
//! owns no loop: the application waits for sockets in its own way, reports ready sockets to the
//! client, and gives it turns. [`Client`] describes the loop in five steps, and [`Reactor`] the
//! needs of a client. [`Tcp`] goes with anything that takes a descriptor (polling, calloop, epoll,
//! kqueue) and, with the feature `mio`, which is on by default, with mio: the module of that name
//! has the registration.
//!
//! [`Proxied`] goes through a SOCKS5 or HTTP proxy.
//!
//! | feature | what it brings | crates that it adds |
//! |---|---|---|
//! | `mio` (default) | the module `mio`, and [`Tcp`] for it. Without it the crate goes with any other reactor | mio |
//! | `rustls` | `Tls`, FTPS over any transport | rustls |
//! | `mirror` | `Mirror`, which makes a local directory like one of the server, or the other way round | rustix, on Unix |
//! | `url` | connecting to a URL: `Builder::connector_to_url` | url, percent-encoding |
//! | `hash` | checksums computed here, to compare with the server's | sha2, sha1, md-5, crc32fast |
//! | `splice` | on Linux, the kernel moves payload between files and data connections without TLS: [`Data::read_to_file`], [`Data::write_from_file`] | rustix |
//!
//! A client promises to its loop:
//!
//! - No call ever waits. Outside of a turn, only the application's own calls for payload touch a
//!   socket.
//! - Every call is repeated until it would block, so that a reactor may report edges. If the
//!   [budget](Builder::budget) of a turn stops it earlier, [`Client::needs_turn`] says so.
//! - An event is a hint. A false or stale one does no harm.
//! - Every socket is added before the client waits for it, watched in the directions that are
//!   needed, and removed before it is closed.
//! - An idle session needs no turn and has no deadline.
//!
//! # Trees
//!
//! [`Client::receive`] runs [`WalkTree`](ftp_proto::operation::WalkTree) and
//! [`RemoveTree`](ftp_proto::operation::RemoveTree). With the feature `mirror`, `Mirror` makes a
//! directory like another one, on either side, with several sessions on one thread.
//!
//! # Retries
//!
//! [`Connector::retrying`] makes a [`Retrying`]: listings, transfers and changes that are tried
//! again after a failure, or looked up.
//!
//! # Many sessions
//!
//! The table shows the memory of a session on a 64-bit machine, without TLS and without the
//! kernel's buffers. The aim for an idle one is 2 KiB; `cargo bench -p ftp-mio --bench memory`
//! checks it and prints the numbers.
//!
//! | a session that | bytes of heap | bytes of the [`Client`] itself |
//! |---|---|---|
//! | is not connected | 512 | 112 |
//! | is idle, after login or after a hundred downloads | 1,671 | 112 |
//! | has a download under way | 3,625 | 112 |
//!
//! A session takes one open file, and another during a transfer. [`Schedule`] keeps the clients that
//! were reported ready or that [need a turn](Client::needs_turn), and a heap of their
//! [deadlines](Client::deadline), so that a round costs what there is to do. The example `many` is
//! such a loop.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod clock;
mod connect;
mod connector;
mod data;
mod data_link;
mod driver;
mod interest;
mod maybe_tls;
#[cfg(feature = "mio")]
pub mod mio;
#[cfg(feature = "mirror")]
mod mirror;
mod patience;
mod proxied;
mod readiness;
mod renewed;
mod retrying;
mod schedule;
mod tasks;
mod tcp;
#[cfg(feature = "rustls")]
mod tls;
mod transport;

pub use builder::{BUDGET_BYTES, Builder};
pub use client::Client;
pub use connector::Connector;
pub use data::{Data, Progress};
pub use ftp_proto as proto;
pub use ftp_proto::driver::{
    DEFAULT_PORT, Endpoint, EndpointError, Error, IMPLICIT_TLS_PORT, Input, Result, Tried,
};
#[cfg(feature = "url")]
pub use ftp_proto::driver::{FtpUrl, TypeCode, UrlError};
#[cfg(feature = "mirror")]
pub use ftp_proto::driver::{MirrorEvent, MirrorSetup, Mirrored};
pub use interest::{Interest, Ready};
pub use maybe_tls::{MaybeTls, MaybeTlsLink, MaybeTlsPort};
#[cfg(feature = "mirror")]
pub use mirror::Mirror;
pub use proxied::{NoPort, Proxied, ProxiedLink};
pub use readiness::{Reactor, Slot};
pub use retrying::Retrying;
pub use schedule::Schedule;
pub use tasks::Handle;
pub use tcp::{Socket, Tcp};
#[cfg(feature = "rustls")]
pub use tls::{Tls, TlsLink, TlsPort};
pub use transport::{Listener, Stream, Transport};

/// The examples of the repository's README compile: this crate's tests have all three crates.
#[cfg(all(doctest, feature = "mio"))]
#[doc = include_str!("../../README.md")]
struct RepositoryReadme;

/// And that of this crate's.
#[cfg(all(doctest, feature = "mio"))]
#[doc = include_str!("../README.md")]
struct Readme;
