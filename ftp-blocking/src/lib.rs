//! An FTP client on std's sockets, driven by the [`ftp_proto`] state machine.
//!
//! ```
//! use std::io::Read;
//! use ftp_blocking::Client;
//! # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
//! # let files = Files::new().file("/pub/a.txt", "one\ntwo\n").file("/pub/b.bin", "0123");
//! # let server = Loopback::start(ServerConfig::new(), files)?;
//! # let host = server.address().to_string();
//!
//! let mut ftp = Client::connect(&host)?; // "ftp.example.org"; port 21 unless another is named
//! ftp.login_anonymous()?;
//! for entry in ftp.list("pub")? {
//!     println!("{} {:?}", entry.name(), entry.size());
//! }
//! ftp.retrieve_lines("pub/a.txt", |line| println!("{}", String::from_utf8_lossy(line)))?;
//!
//! let mut bytes = Vec::new();
//! ftp.retrieve("pub/b.bin")?.read_to_end(&mut bytes)?; // an error, unless the whole file is here
//! ftp.store_from("pub/c.bin", &mut bytes.as_slice())?;
//! ftp.rename("pub/c.bin", "pub/d.bin")?;
//! ftp.quit()?;
//! # assert_eq!(server.files().content("/pub/d.bin"), Some(&b"0123"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The parts
//!
//! * [`Client`] is a session: every operation is a method. [`Client::builder`] sets things before
//!   connecting.
//! * [`Download`] and [`Upload`] are transfers under way, as [`Read`](std::io::Read) and
//!   [`Write`](std::io::Write). They borrow the client, so that nothing can come between; they end
//!   with `finish`, with `abort`, or by being dropped.
//! * [`Error`] says at which step, with which reply, and what the session is good for now.
//! * [`Transport`] makes the connections: [`Tcp`] by default, FTPS over any other by rustls with
//!   the feature `rustls`, proxies and the like by the caller. A [`TcpLink`] can be made from a
//!   [`TcpStream`](std::net::TcpStream).
//! * [`proto`] is the machine below. What a method here lacks, an operation there has, and
//!   [`Client::run`], [`Client::download`] and [`Client::upload`] run it. This crate holds no FTP
//!   of its own: it moves bytes and does what the machine asks for.
//!
//! # What becomes of the session
//!
//! Every failure leaves a known session. [`Error::after`] and [`Client::state`] say whether the
//! next command can go out at once, whether replies of a failed or aborted transfer have to be
//! settled first (the next call does that by itself, within its limits), or whether the session is
//! over. A reply that nobody waited for is never taken for the answer to the next command;
//! [`Client::poll_event`] tells of it.
//!
//! # What becomes of a file
//!
//! A download has succeeded when the server confirmed it, the data ended orderly, and no known
//! length differs: that announced in the 150 reply, or SIZE where it is asked
//! ([`Client::retrieve_at`] does). [`Completed`](proto::Completed) says what was compared.
//! Otherwise there is an error, also if all bytes seem to be there; [`Verdict`](proto::Verdict)
//! puts it in a word. An upload that does not come to its end is reset, so that the server can see
//! that it is not whole; it may keep a part all the same.
//!
//! # Waiting
//!
//! No call waits for ever: every wait of [`Timeouts`](proto::Timeouts) has a limit of its own, 30
//! or 60 seconds by default, and what the application does meanwhile does not count. While a call
//! waits for data, for the server's call or for a handshake, it looks at the control connection ten
//! times a second, so that a reply which ends the wait is told at once. One wait has no limit: the
//! look-up of a host's name, for which std has none. [`Builder::connect_to`] takes addresses
//! instead. Dropping anything never waits.
//!
//! # Features
//!
//! * `rustls`: FTPS, explicit and implicit.
//! * `testing`: [`testing`], a server on loopback that behaves as a test wants it to.
//!
//! For those who know Python's ftplib: its names find the methods here in the search of the
//! documentation, and [`manual::ftplib`](ftp_proto::manual::ftplib) compares the two, item by item.
#![forbid(unsafe_code)]

mod builder;
mod client;
mod clock;
mod connect;
mod debug;
mod download;
mod driver;
mod files;
mod listing;
mod patience;
mod tcp;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "rustls")]
mod tls;
mod transfers;
mod transport;
mod upload;

pub use builder::Builder;
pub use client::Client;
pub use download::Download;
pub use ftp_proto as proto;
pub use ftp_proto::driver::{
    DEFAULT_PORT, Endpoint, EndpointError, Error, IMPLICIT_TLS_PORT, Input, Result, Tried,
};
pub use listing::Facts;
pub use tcp::{Tcp, TcpLink, TcpPort};
#[cfg(feature = "rustls")]
pub use tls::{DataHandshakes, Tls, TlsBuilder, TlsLink};
pub use transport::{Stream, Transport};
pub use upload::Upload;

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
