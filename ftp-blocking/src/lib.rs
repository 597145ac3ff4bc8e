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
//! * [`Client`] is a session: every operation is a method. [`Client::builder`] sets options before
//!   connecting.
//! * [`Download`] and [`Upload`] are transfers under way, as [`Read`](std::io::Read) and
//!   [`Write`](std::io::Write). They borrow the client, so that no other command can come between.
//!   They end with `finish`, with `abort`, or when they are dropped.
//! * [`Error`] names the step, the reply, and the state of the session.
//! * [`Transport`] makes the connections: [`Tcp`] by default, FTPS over any other by rustls with
//!   the feature `rustls`, SOCKS5 and HTTP proxies by [`Proxied`], other transports by the caller.
//!   A [`TcpLink`] can be made from a [`TcpStream`](std::net::TcpStream).
//! * [`MaybeTls`] is a transport in clear or under TLS, chosen at run time. [`Connector`] makes any
//!   number of sessions that are connected and logged in; [`Retrying`] tries again what failed.
//! * [`proto`] is the machine below. Its operations have more options than the methods here;
//!   [`Client::run`], [`Client::download`] and [`Client::upload`] run them. This crate holds no FTP
//!   of its own: it moves bytes and performs the machine's actions.
//!
//! # The session after a failure
//!
//! After every failure the state of the session is known. [`Error::after`] and [`Client::state`]
//! say whether the next command can be sent at once, whether replies of a failed or aborted
//! transfer have to be settled first (the next call does that by itself, within its limits), or
//! whether the session is over. An unsolicited reply is never taken for the answer to the next
//! command; [`Client::poll_event`] reports it.
//!
//! # The verdict on a file
//!
//! A download succeeds if the server confirmed it, the data ended in order, and no known length
//! differs: the announced one in the 150 reply, or the answer to SIZE where SIZE is sent
//! ([`Client::retrieve_at`] does). [`Completed`](proto::Completed) says what was compared. Any
//! other outcome is an error, even if all bytes seem to have come; [`Verdict`](proto::Verdict) puts
//! it in a word. An upload that does not reach its end is reset, so that the server can see that it
//! is incomplete. The server may still keep a part.
//!
//! # Waiting
//!
//! Every wait of [`Timeouts`](proto::Timeouts) has its own limit, mostly 30 or 60 seconds by
//! default. The application's own time does not count. While a call waits for data, for the
//! server's connection or for a handshake, it checks the control connection ten times a second, so
//! that a reply ends the wait soon. One wait has no limit: the look-up of a host's name, for which
//! std has none. [`Builder::connect_to`] takes addresses instead. Dropping a client or a transfer
//! never waits.
//!
//! # Features
//!
//! None is on by default. The documentation on docs.rs shows which of them an item needs.
//!
//! | feature | what it brings | crates that it adds |
//! |---|---|---|
//! | `rustls` | FTPS, explicit and implicit: `Client::connect_tls`, `Tls` | rustls with ring, rustls-platform-verifier |
//! | `url` | connecting to a URL: `FtpUrl`, `Client::connect_url`, `Connector::from_url` | url, percent-encoding |
//! | `mirror` | `Mirror`, which makes a local directory like one of the server, or the other way round | rustix, on Unix |
//! | `splice` | on Linux, the kernel moves payload between files and data connections without TLS: [`Download::copy_to_file`], [`Upload::copy_from_file`] | rustix |
//! | `hash` | checksums computed here: `Client::retrieve_verified`, `Client::store_verified` | sha2, sha1, md-5, crc32fast |
//! | `testing` | the module `testing`: a server on loopback that behaves as a test wants it to | none |
//! | `tool` | the binary `ftpx`, which `TOOL.md` describes | clap, indicatif and other crates |
//!
//! # More
//!
//! [`recipes`] has short programs for frequent tasks. For users of other libraries: the names of
//! Python's ftplib find the methods here in the search of the documentation, and
//! [`manual::ftplib`](ftp_proto::manual::ftplib) and [`manual::suppaftp`](ftp_proto::manual::suppaftp)
//! compare method by method.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod clock;
mod connect;
mod connector;
mod debug;
mod download;
mod driver;
mod files;
mod listing;
mod maybe_tls;
#[cfg(feature = "mirror")]
mod mirror;
mod patience;
mod proxied;
/// Short programs for frequent tasks. With the features `mirror`, `rustls` and `url`, which they
/// need to compile, they are shown here.
#[cfg_attr(
    all(feature = "mirror", feature = "rustls", feature = "url"),
    doc = include_str!("../manual/recipes.md"),
    doc = "```no_run",
    doc = include_str!("../examples/newcomer.rs"),
    doc = "```"
)]
pub mod recipes {}
mod retrying;
mod tcp;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "rustls")]
mod tls;
mod transfers;
mod transport;
mod tree;
mod upload;
#[cfg(feature = "hash")]
mod verified;

pub use builder::Builder;
pub use client::Client;
pub use connector::Connector;
pub use download::Download;
pub use ftp_proto as proto;
pub use ftp_proto::driver::{
    DEFAULT_PORT, Endpoint, EndpointError, Error, IMPLICIT_TLS_PORT, Input, Result, TlsMode, Tried,
};
#[cfg(feature = "url")]
pub use ftp_proto::driver::{FtpUrl, TypeCode, UrlError};
#[cfg(feature = "mirror")]
pub use ftp_proto::driver::{MirrorEvent, Mirrored};
pub use listing::Facts;
pub use maybe_tls::{MaybeTls, MaybeTlsLink};
#[cfg(feature = "mirror")]
pub use mirror::Mirror;
pub use proxied::{Proxied, ProxiedLink};
pub use retrying::Retrying;
pub use tcp::{Tcp, TcpLink, TcpPort};
#[cfg(feature = "rustls")]
pub use tls::{DataHandshakes, Tls, TlsBuilder, TlsLink};
pub use transport::{Stream, Transport};
pub use upload::Upload;

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
