//! An FTP client on std sockets, driven by the [`ftp_proto`] state machine.
#![forbid(unsafe_code)]

mod client;
mod clock;
mod connect;
mod debug;
mod download;
mod driver;
mod error;
mod listing;
mod refill;
mod tcp;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "rustls")]
mod tls;
mod transfers;
mod transport;
mod upload;

pub use client::Client;
pub use connect::{Builder, DEFAULT_PORT, IMPLICIT_TLS_PORT};
pub use download::Download;
pub use error::{Error, Result};
pub use ftp_proto as proto;
pub use listing::{Facts, system_time};
pub use tcp::{Tcp, TcpLink, TcpPort};
#[cfg(feature = "rustls")]
pub use tls::{DataHandshakes, Tls, TlsBuilder, TlsLink};
pub use transport::{Input, Stream, Transport};
pub use upload::Upload;
