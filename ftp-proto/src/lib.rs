//! The client side of FTP as a pure state machine: no sockets, no clock, no unsafe code, no std.
//!
//! A [`Session`] turns commands into bytes, and bytes into replies and transfer events. It opens no
//! socket and never waits: a *driver* moves the bytes, performs the [`Action`]s and answers with
//! [`Report`]s. `ftp-blocking` drives it on std's sockets, `ftp-mio` on readiness;
//! [`manual::driving`] shows how to drive it on anything else.
//!
//! # The loop
//!
//! ```
//! use std::task::Poll;
//! use ftp_proto::operation::{Exchange, Greet, Login};
//! use ftp_proto::testing::{Files, Peer, Server, ServerConfig};
//! use ftp_proto::{Config, Control, Error, Instant, Operation, Session};
//!
//! /// Runs an operation; the "network" is a server in memory.
//! fn run<O: Operation>(session: &mut Session, server: &mut Server, mut operation: O) -> Result<O::Output, Error> {
//!     loop {
//!         if let Poll::Ready(result) = operation.poll(session) {
//!             return result;
//!         }
//!         // Actions are for data connections and TLS; logging in needs none.
//!         while let Some(action) = session.poll_action(Instant::EPOCH) {
//!             println!("to do: {action:?}");
//!         }
//!         server.receive(session.transmit());
//!         session.transmitted(session.transmit().len());
//!         session.receive(server.transmit());
//!         server.transmitted(server.transmit().len());
//!     }
//! }
//!
//! let mut session = Session::new(Config::default(), Control::default());
//! let mut server = Server::new(ServerConfig::new(), Files::new());
//! run(&mut session, &mut server, Greet)?;
//! run(&mut session, &mut server, Login::anonymous())?;
//! let directory = run(&mut session, &mut server, Exchange::working_directory())?;
//! assert_eq!(directory.as_bytes(), b"/");
//! # Ok::<(), Error>(())
//! ```
//!
//! # Where things are
//!
//! * For users: [`operation`] (login, retrieve, list, rename ...), [`Session`] and [`Config`].
//! * For drivers: [`Action`], [`Report`], [`Instant`], [`Deadline`], [`driver::DataConnection`],
//!   [`driver::Polled`].
//! * For both: [`tree`], plans of walks, removals and mirrors.
//! * Results: [`Completed`], [`Error`], [`Verdict`], [`State`], [`Event`], [`trace`].
//! * Codecs, which also work without a session: [`reply`], [`address`], [`pathname`], [`features`],
//!   [`size`], [`checksum`], [`timestamp`], [`listing`], [`ascii`], [`lines`], [`proxy`].
//! * Policies, which drivers perform: [`retry`], [`rate`].
//! * The manual: [`manual`]. A server for tests: `testing`, behind the feature of that name. TLS:
//!   `tls`, behind the feature `rustls`.
//! * The feature `std`: [`Failure`] from an error of std, [`timestamp::Timestamp`] from and to
//!   `SystemTime`, and the rest of [`driver`], the common parts of drivers on std. The feature
//!   `mirror` adds the local side of a mirror to it.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    clippy::arithmetic_side_effects
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod action;
pub mod address;
pub mod ascii;
pub mod checksum;
mod command;
mod config;
pub mod driver;
mod error;
pub mod features;
pub mod lines;
pub mod listing;
pub mod manual;
pub mod operation;
pub mod pathname;
pub mod proxy;
pub mod rate;
pub mod reply;
pub mod retry;
mod session;
mod shown;
pub mod size;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
pub mod timestamp;
#[cfg(feature = "rustls")]
pub mod tls;
pub mod trace;
mod transfer;
pub mod tree;
pub mod unique_name;
mod verdict;
mod violation;

pub use action::{
    Action, DataId, Direction, End, Failure, Flow, Link, Report, Representation, Target,
};
pub use command::{Argument, ArgumentError, COMMAND_BYTES_MAX, Command, OtherVerb, Verb};
pub use config::{
    AbortStyle, Config, Control, Detail, Encoding, Leniencies, Leniency, Limits, Pipeline, Telnet,
    Timeouts, TlsPolicy,
};
pub use error::{After, Closed, Error, ErrorKind, Misuse, NotFtp, Policy};
pub use operation::Operation;
pub use reply::{Class, Reply, ReplyCode};
#[cfg(feature = "testing")]
#[doc(hidden)]
pub use session::Coverage;
pub use session::{Event, Session, State, Ticket, TransferId};
pub use time::{Deadline, Instant, Reason};
pub use transfer::{DataMode, Transfer};
pub use verdict::{Compared, Completed, Interrupted, Interruption, Verdict};
pub use violation::Violation;

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
