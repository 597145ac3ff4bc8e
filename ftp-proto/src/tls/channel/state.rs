//! What a channel says of its state.

use core::fmt;
use core::task::Poll;

use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, HandshakeKind, ProtocolVersion};

use super::Channel;
use crate::tls::TlsError;
use crate::tls::records::record_length;

impl Channel {
    /// Ready when the handshake is over: with success, or with the reason why not.
    pub fn poll_handshake(&self) -> Poll<Result<(), TlsError>> {
        match &self.failure {
            Some(failure) => Poll::Ready(Err(failure.clone())),
            None if self.connection.is_handshaking() => Poll::Pending,
            None => Poll::Ready(Ok(())),
        }
    }

    /// Whether the handshake is under way: neither complete nor failed.
    pub fn is_handshaking(&self) -> bool {
        self.failure.is_none() && self.connection.is_handshaking()
    }

    /// Whether the peer has sent close_notify: it sends nothing more under TLS.
    pub const fn is_ended_by_peer(&self) -> bool {
        self.ended
    }

    /// Whether [`read`](Self::read) has something to say before more is received: plaintext, the
    /// end or a failure.
    pub fn is_readable(&self) -> bool {
        let unseen = self.unseen();
        let is_whole = record_length(unseen).is_some_and(|length| length <= unseen.len());
        let is_over = self.failure.is_some() || self.ended || self.eof;
        self.held > 0 || !self.aside.is_empty() || is_whole || is_over
    }

    /// The failure of the channel, if it has failed. [`read`](Self::read) says it after the
    /// plaintext before it.
    pub fn failure(&self) -> Option<&TlsError> {
        self.failure.as_ref()
    }

    /// Whether a session was resumed; `None` until the server has decided.
    pub fn resumed(&self) -> Option<bool> {
        self.connection
            .handshake_kind()
            .map(|kind| kind == HandshakeKind::Resumed)
    }

    /// The version agreed upon; `None` until it is.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.connection.protocol_version()
    }

    /// The cipher suite agreed upon; `None` until it is.
    pub fn cipher_suite(&self) -> Option<CipherSuite> {
        self.connection
            .negotiated_cipher_suite()
            .map(|suite| suite.suite())
    }

    /// The certificates of the server, its own first. A resumed channel shows those of the
    /// session's first handshake.
    pub fn peer_certificates(&self) -> Option<&[CertificateDer<'static>]> {
        self.connection.peer_certificates()
    }

    /// How many TLS 1.3 tickets this connection has brought. They are in the stock of the
    /// [`Context`](crate::tls::Context).
    pub fn tickets_received(&self) -> u32 {
        self.connection.tls13_tickets_received()
    }
}

/// State and counts; neither payload nor keys.
impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Channel")
            .field("version", &self.version())
            .field("handshaking", &self.is_handshaking())
            .field("resumed", &self.resumed())
            .field("unread", &self.held.saturating_add(self.inbox.len()))
            .field("unsent", &self.outbox.len())
            .field("closed", &self.closed)
            .field("ended", &self.ended)
            .field("eof", &self.eof)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
