//! TLS as bytes in, bytes out (feature `rustls`).
//!
//! A [`Channel`] is the client side of one TLS connection: it takes the bytes that a socket
//! received, gives the bytes to send, and takes and gives plaintext. It opens no socket, so the
//! same channel serves a blocking and a readiness driver, the control connection and the data
//! connections (RFC 4217). rustls reads the clock for the validity of certificates and the age of
//! tickets; this module does not.
//!
//! A [`Context`] belongs to *one* control connection and makes its channels. It holds the TLS
//! sessions that the server issued, because many servers accept a data connection only if it
//! resumes a session of its own control connection (vsftpd `require_ssl_reuse`, ProFTPD by
//! default). To them this proves that both connections belong to the same client (RFC 4217 section
//! 10.2). Contexts share nothing, so a session cannot be resumed from another control connection.
//!
//! # Driving a channel
//!
//! 1. Write [`Channel::transmit`] to the socket, and acknowledge the written bytes with
//!    [`Channel::transmitted`].
//! 2. Take plaintext with [`Channel::read`] until there is none. Only then
//! 3. read the socket into [`Channel::room`], and say with [`Channel::received`] how much came, or
//!    pass the bytes to [`Channel::receive`], which copies them. [`Channel::receive_eof`] takes the
//!    end.
//!
//! Records are decrypted where they were received. [`Channel::read_with`] passes plaintext on
//! without a buffer of the caller's.
//!
//! [`Layer`] does this over a [`Socket`], blocking or not, and [`Secured`] over any
//! [`Network`](crate::driver::Network).
//!
//! The connection is usable when [`Channel::poll_handshake`] is ready **and** [`Channel::transmit`]
//! is empty: the client sends the last flight of the handshake, and must send it even when no
//! payload follows.
//!
//! ```
//! use core::task::Poll;
//! use ftp_proto::tls::{Context, Purpose, TlsError, rustls};
//! # use std::{io::{self, Read, Write}, sync::Arc};
//!
//! /// The whole of a blocking handshake.
//! fn secure(context: &Context, socket: &mut (impl Read + Write)) -> io::Result<ftp_proto::tls::Channel> {
//!     let mut channel = context.channel(Purpose::Implicit).map_err(io::Error::other)?;
//!     let mut buffer = [0; 16 * 1024];
//!     loop {
//!         socket.write_all(channel.transmit())?;
//!         channel.transmitted(channel.transmit().len());
//!         if let Poll::Ready(outcome) = channel.poll_handshake() {
//!             outcome.map_err(io::Error::other)?;
//!             return Ok(channel);
//!         }
//!         match socket.read(&mut buffer)? {
//!             0 => channel.receive_eof(),
//!             count => channel.receive(&buffer[..count]),
//!         }
//!     }
//! }
//!
//! let provider = Arc::new(rustls::crypto::ring::default_provider());
//! let config = rustls::ClientConfig::builder_with_provider(provider)
//!     .with_safe_default_protocol_versions()?
//!     .with_root_certificates(rustls::RootCertStore::empty())
//!     .with_no_client_auth();
//! let context = Context::for_host(&config, "ftp.example.org")?;
//! let mut nobody_answers = io::Cursor::new(Vec::new());
//! let error = secure(&context, &mut nobody_answers).unwrap_err();
//! assert!(error.to_string().contains("during the TLS handshake"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The orderly end
//!
//! [`Channel::close`] queues close_notify. After an upload: close, send all of
//! [`Channel::transmit`], shut down the socket's writing side and read on to the end, for a bounded
//! time, because servers send new tickets there. A download that ends without the server's
//! close_notify is [`End::Truncated`](crate::End::Truncated): an attacker on the network could have
//! cut it (RFC 8446 section 6.1).
//!
//! # Tickets
//!
//! A TLS 1.2 session resumes any number of connections. A TLS 1.3 ticket resumes one, and servers
//! differ in how they replace it (measured; all of them send two with a full handshake):
//!
//! | server | tickets that a resumed data connection brings |
//! |---|---|
//! | vsftpd 3.0.3 | listing 1, download 1, upload 1 |
//! | ProFTPD 1.3.8 | listing 1, download 1, upload 0 |
//! | Pure-FTPd 1.0.50 | none; it does not demand reuse |
//!
//! Therefore: read to the end before closing, also after uploads. Before you discard a data
//! connection, read what its socket holds without waiting, because the ticket comes first. Tell the
//! session how many tickets are left ([`Context::resumptions`]), so that it makes a short listing
//! before a transfer without a ticket.

mod buffer;
mod channel;
mod context;
mod error;
mod fingerprint;
mod layer;
mod outgoing;
mod purpose;
mod records;
mod secured;
mod verifier;

pub use channel::Channel;
pub use context::{Context, Resumable};
pub use error::TlsError;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use layer::{Layer, Socket, Wait};
pub use purpose::Purpose;
/// The rustls that this module uses, so that a caller's configuration has the same version. It is
/// part of the public API: an incompatible version of rustls makes an incompatible version of this
/// crate.
pub use rustls;
pub use secured::Secured;
pub use verifier::Verifier;
