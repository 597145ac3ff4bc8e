//! An FTP server as pure as the client, for tests (feature `testing`).
//!
//! [`Server`] is the server's half of RFC 959 over a virtual tree of [`Files`]: no sockets, no
//! clock, no threads. It is driven as the client's session is: control bytes go in and out,
//! [`ServerAction`]s say what is to be done with sockets, [`ServerReport`]s say what came of it.
//! Unlike the session it also carries the payload, since it owns the files. Everything here is
//! `Clone + Eq + Hash`, so that a test can fork a conversation and recognise a state that it has
//! seen before.
//!
//! A server that behaves is half of what a test needs. [`Behaviour`] makes it lie, stall and break,
//! by [`Rule`]s that are plain data: *at this step of this command, do these deeds, then go on like
//! this*. A [`Script`] is the other way to misbehave: a fixed dialogue, written out cue by cue.
//!
//! Server and script share the trait [`Peer`], so that whatever runs one runs the other: a
//! simulation in memory, or the loopback runner of `ftp-blocking` (its feature `testing`).
//!
//! ```
//! use ftp_proto::testing::{Files, Peer, Server, ServerConfig};
//!
//! let files = Files::new().file("/hello.txt", "hello\n");
//! let mut server = Server::new(ServerConfig::new().user("ann", "secret"), files);
//! assert_eq!(server.transmit(), b"220 Service ready.\r\n");
//! server.transmitted(server.transmit().len());
//!
//! server.receive(b"USER ann\r\nPASS secret\r\nSIZE hello.txt\r\n");
//! let replies = String::from_utf8_lossy(server.transmit());
//! assert!(replies.starts_with("331 ") && replies.contains("\r\n230 "));
//! // The representation type of a new session is ASCII, in which a size would not be what SIZE says it is.
//! assert!(replies.ends_with("550 SIZE not allowed in ASCII type.\r\n"));
//! ```

mod address;
mod behaviour;
mod calendar;
mod files;
mod inbox;
mod listing;
mod peer;
mod rule;
mod script;
mod server;

pub use behaviour::{AbortStyle, Behaviour, Busy};
pub use files::{Entry, Files};
pub use peer::{Channel, Peer, Received, ServerAction, ServerLink, ServerReport};
pub use rule::{Deed, Next, Rule, Say, Step};
pub use script::{Cue, Mismatch, Script};
pub use server::{Server, ServerConfig, ServerState};
