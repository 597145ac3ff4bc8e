//! What can go wrong with TLS, and what to do about it.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};

/// Why a channel failed, told so that it says what to do.
///
/// A failure is final: the channel repeats it. It never carries key material.
///
/// ```
/// use ftp_proto::tls::{TlsError, rustls};
///
/// let error = TlsError::from(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer));
/// assert_eq!(error, TlsError::UnknownIssuer);
/// assert!(error.is_certificate());
/// println!("{error}");
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate leads to no root that the configuration trusts; self-signed certificates end here too.
    #[error(
        "the server's certificate is signed by nobody trusted here: add the root of its authority to the configuration"
    )]
    UnknownIssuer,
    /// The certificate is good, but for other names.
    #[error(
        "the server's certificate is for {presented}, not for {expected}: connect by a name that it carries"
    )]
    WrongHost {
        /// The name that was asked for.
        expected: Box<str>,
        /// The names in the certificate.
        presented: Box<str>,
    },
    /// The certificate's time has passed.
    #[error(
        "the server's certificate has expired: its owner must renew it (or is the clock here wrong?)"
    )]
    Expired,
    /// The certificate's time has not come.
    #[error("the server's certificate is not valid yet: is the clock here wrong?")]
    NotYetValid,
    /// The certificate was withdrawn by its authority.
    #[error("the server's certificate was revoked: its owner must replace it")]
    Revoked,
    /// Any other fault of a certificate.
    #[error("the server's certificate is not acceptable: {0}")]
    Certificate(Box<CertificateError>),
    /// The server ended the connection with this alert (RFC 8446 section 6.2). The text says what commonly lies
    /// behind it.
    #[error("the server refused: TLS alert {alert:?}{}", alert_advice(*.alert))]
    Refused {
        /// The alert.
        alert: AlertDescription,
    },
    /// There is no version, cipher suite or extension that both sides accept.
    #[error(
        "client and server have no common ground in TLS ({0:?}): allow a version or cipher suite that the server has"
    )]
    Incompatible(PeerIncompatible),
    /// What came is not TLS: clear text, as from a server that expects `AUTH TLS` where TLS was begun at once.
    #[error(
        "the server does not speak TLS here: explicit TLS is the rule on port 21, implicit TLS on port 990"
    )]
    NotTls,
    /// The connection was closed before the handshake was complete.
    #[error("the server closed the connection during the TLS handshake")]
    ClosedEarly,
    /// The peer broke the protocol, or the local side could not go on.
    #[error("TLS failed: {0}")]
    Protocol(#[source] Box<rustls::Error>),
    /// Roots, client certificate or key cannot be read.
    #[error("the TLS configuration is not usable: {0}")]
    Configuration(Box<str>),
    /// The host is neither a DNS name nor an IP address, so no certificate can be for it.
    #[error(
        "the host is neither a DNS name nor an IP address: no certificate can be checked against it"
    )]
    Host,
    /// The caller fed the channel without reading from it: more than
    /// [`Channel::UNREAD_MAX`](super::Channel::UNREAD_MAX) bytes wait. Depends on the caller alone.
    #[error("too much was received without being read from the TLS channel")]
    Unread,
    /// The caller wrote after [`Channel::close`](super::Channel::close). Depends on the caller alone; not sticky.
    #[error("the TLS channel was closed for writing")]
    Closed,
}

impl TlsError {
    /// Whether the server's certificate is at fault: trying again does not help, another server or another
    /// configuration does.
    pub fn is_certificate(&self) -> bool {
        matches!(
            self,
            Self::UnknownIssuer
                | Self::WrongHost { .. }
                | Self::Expired
                | Self::NotYetValid
                | Self::Revoked
                | Self::Certificate(_)
        )
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(fault) => fault.into(),
            rustls::Error::AlertReceived(alert) => Self::Refused { alert },
            rustls::Error::PeerIncompatible(why) => Self::Incompatible(why),
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls,
            other => Self::Protocol(Box::new(other)),
        }
    }
}

impl From<CertificateError> for TlsError {
    fn from(fault: CertificateError) -> Self {
        match fault {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::Revoked => Self::Revoked,
            CertificateError::NotValidForName => Self::WrongHost {
                expected: "the host asked for".into(),
                presented: "other names".into(),
            },
            CertificateError::NotValidForNameContext {
                expected,
                presented,
            } => Self::WrongHost {
                expected: expected.to_str().into(),
                presented: names(&presented),
            },
            other => Self::Certificate(Box::new(other)),
        }
    }
}

/// The names of a certificate, in words. A certificate may carry thousands; an error message shows a few.
fn names(presented: &[String]) -> Box<str> {
    const SHOWN: usize = 8;
    let shown = presented
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<alloc::vec::Vec<_>>()
        .join(", ");
    match presented.len().saturating_sub(SHOWN) {
        _ if presented.is_empty() => "no name at all".into(),
        0 => shown.into(),
        more => format!("{shown} and {more} more").into(),
    }
}

fn alert_advice(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::AccessDenied => {
            ": it wants a client certificate"
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnsupportedCertificate => ": it does not accept the client certificate",
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => {
            ": it has no version or cipher suite in common with this configuration"
        }
        AlertDescription::UnrecognisedName => ": it does not know the host name asked for",
        _ => "",
    }
}
