//! Errors of TLS, and the remedies.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError, PeerIncompatible};

use super::fingerprint::{Fingerprint, Refused};
use super::purpose::Purpose;
use crate::shown::escape;

/// Why a channel failed. The text says what to do.
///
/// A failure is final: the channel repeats it. It never carries key material.
///
/// ```
/// use ftp_proto::tls::{TlsError, rustls};
///
/// let error = TlsError::from(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer));
/// assert_eq!(error, TlsError::UnknownIssuer { fingerprint: None });
/// assert!(error.is_certificate());
/// println!("{error}");
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate leads to no root that the configuration trusts; self-signed certificates end
    /// here too.
    #[error(
        "the server's certificate is not signed by a trusted authority: \
         add the root of its authority to the configuration, {}",
        or_pin(.fingerprint)
    )]
    UnknownIssuer {
        /// The certificate, where a [`Verifier`](super::Verifier) was asked.
        fingerprint: Option<Fingerprint>,
    },
    /// The certificate is marked as an authority's (CA:TRUE), as `openssl req -x509` makes it. It
    /// may sign others; as a server's own it is refused even if it was given as a root.
    #[error(
        "the server's certificate is marked as an authority's (CA:TRUE) and cannot be the server's \
         own: make one with CA:FALSE, {}",
        or_pin(.fingerprint)
    )]
    AuthorityItself {
        /// The certificate, where a [`Verifier`](super::Verifier) was asked.
        fingerprint: Option<Fingerprint>,
    },
    /// The certificate carries no host name and no address (subjectAltName), so it fits no host.
    /// The common name is not one (RFC 9525 section 6.3).
    #[error(
        "the server's certificate carries no name, so that it fits no host: \
         make one with a subjectAltName, {}",
        or_pin(.fingerprint)
    )]
    NoName {
        /// The certificate, where a [`Verifier`](super::Verifier) was asked.
        fingerprint: Option<Fingerprint>,
    },
    /// Certificates are pinned, and the server has shown another one.
    #[error(
        "the server's certificate is not a pinned one: pin it if its owner confirms the change \
         (SHA-256 fingerprint {fingerprint})"
    )]
    NotPinned {
        /// The certificate that was shown.
        fingerprint: Fingerprint,
    },
    /// The certificate is good, but for other names.
    #[error(
        "the server's certificate is for {}, not for {}: connect by a name that it carries",
        Shown(.presented),
        Shown(.expected)
    )]
    WrongHost {
        /// The name that was asked for.
        expected: Box<str>,
        /// The names in the certificate, as they are; the error's text escapes them.
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
    #[error("the server's certificate is not acceptable: {}{}", Shown(.0), version_advice(.0))]
    Certificate(Box<CertificateError>),
    /// The server ended the connection with this alert (RFC 8446 section 6.2). The text names the
    /// common causes.
    #[error("the server refused: TLS alert {alert:?}{}", alert_advice(*.alert))]
    Refused {
        /// The alert.
        alert: AlertDescription,
    },
    /// There is no version, cipher suite or extension that both sides accept.
    #[error(
        "client and server share no version or cipher suite of TLS ({0:?}): allow one that the server has"
    )]
    Incompatible(PeerIncompatible),
    /// The peer's bytes are not TLS, but clear text for example. The text names the common causes.
    #[error("{}", not_tls(*.0))]
    NotTls(
        /// What the connection is for, if the handshake was not complete yet.
        Option<Purpose>,
    ),
    /// The connection was closed before the handshake was complete.
    #[error("the server closed the connection during the TLS handshake")]
    ClosedEarly,
    /// The peer broke the protocol, or the local side could not go on.
    #[error("TLS failed: {}", Shown(.0))]
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
    /// The peer sent records that hold no payload, more of them than
    /// [`Channel::BARREN_MAX`](super::Channel::BARREN_MAX) and
    /// [`Channel::SILENT_MAX`](super::Channel::SILENT_MAX) allow.
    #[error("the server sends endless TLS records without payload")]
    Flooded,
    /// The peer sent more tickets on one connection than
    /// [`Channel::TICKETS_MAX`](super::Channel::TICKETS_MAX).
    #[error("the server sends TLS session tickets without end")]
    TooManyTickets,
    /// The caller wrote after [`Channel::close`](super::Channel::close). Depends on the caller
    /// alone; not sticky.
    #[error("the TLS channel was closed for writing")]
    Closed,
}

impl TlsError {
    /// Whether the server's certificate is at fault: trying again does not help, another server or
    /// another configuration does.
    pub fn is_certificate(&self) -> bool {
        matches!(
            self,
            Self::UnknownIssuer { .. }
                | Self::AuthorityItself { .. }
                | Self::NoName { .. }
                | Self::NotPinned { .. }
                | Self::WrongHost { .. }
                | Self::Expired
                | Self::NotYetValid
                | Self::Revoked
                | Self::Certificate(_)
        )
    }

    /// The fingerprint of the certificate that was refused, where pinning it would help.
    ///
    /// Pin it only if the server's owner confirms it: an attacker in the server's place has a
    /// certificate too.
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::UnknownIssuer { fingerprint }
            | Self::AuthorityItself { fingerprint }
            | Self::NoName { fingerprint } => *fingerprint,
            Self::NotPinned { fingerprint } => Some(*fingerprint),
            _ => None,
        }
    }

    /// The same failure, met in the handshake of a connection for `purpose`.
    pub(super) fn in_handshake(self, purpose: Purpose) -> Self {
        match self {
            Self::NotTls(_) => Self::NotTls(Some(purpose)),
            other => other,
        }
    }

    fn of_certificate(fault: CertificateError, fingerprint: Option<Fingerprint>) -> Self {
        match fault {
            CertificateError::UnknownIssuer => Self::UnknownIssuer { fingerprint },
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
            } => match names(&presented) {
                Some(presented) => Self::WrongHost {
                    expected: expected.to_str().into(),
                    presented,
                },
                None => Self::NoName { fingerprint },
            },
            other if is_authority_itself(&other) => Self::AuthorityItself { fingerprint },
            other => Self::Certificate(Box::new(other)),
        }
    }
}

/// Whether pinning the certificate would help, and its fingerprint should be told.
pub(super) fn pinning_helps(fault: &CertificateError) -> bool {
    matches!(
        TlsError::of_certificate(fault.clone(), None),
        TlsError::UnknownIssuer { .. } | TlsError::AuthorityItself { .. } | TlsError::NoName { .. }
    )
}

fn is_authority_itself(fault: &CertificateError) -> bool {
    is_of_webpki(fault, "CaUsedAsEndEntity")
}

/// What to do about a certificate of version 1, which `openssl x509 -req` makes where it is not
/// told of extensions.
fn version_advice(fault: &CertificateError) -> &'static str {
    match is_of_webpki(fault, "UnsupportedCertVersion") {
        true => {
            ": it is not of X.509 version 3, and cannot be pinned either; make one of version 3"
        }
        false => "",
    }
}

/// rustls has no errors of its own for some faults and passes webpki's, whose type it does not
/// export.
fn is_of_webpki(fault: &CertificateError, name: &str) -> bool {
    match fault {
        CertificateError::Other(OtherError(inner)) => inner.to_string() == name,
        _ => false,
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
            ) => Self::NotTls(None),
            other => Self::Protocol(Box::new(other)),
        }
    }
}

impl From<CertificateError> for TlsError {
    fn from(fault: CertificateError) -> Self {
        let refused = match &fault {
            CertificateError::Other(OtherError(inner)) => inner.downcast_ref::<Refused>(),
            _ => None,
        };
        match refused {
            None => Self::of_certificate(fault, None),
            Some(Refused { fault, fingerprint }) => match fault {
                None => Self::NotPinned {
                    fingerprint: *fingerprint,
                },
                Some(fault) => Self::of_certificate(fault.clone(), Some(*fingerprint)),
            },
        }
    }
}

/// The hosts that a certificate is for, in words; `None` without any. A certificate may carry
/// thousands; an error message shows a few.
fn names(presented: &[String]) -> Option<Box<str>> {
    const SHOWN: usize = 8;
    let hosts: Vec<_> = presented.iter().filter_map(|name| host(name)).collect();
    let shown = hosts.get(..SHOWN).unwrap_or(&hosts).join(", ");
    match hosts.len().saturating_sub(SHOWN) {
        _ if hosts.is_empty() => None,
        0 => Some(shown.into()),
        more => Some(format!("{shown} and {more} more").into()),
    }
}

/// Takes a host out of what webpki makes of it, such as `DnsName("example.org")`. Names of other
/// kinds fit no host.
fn host(name: &str) -> Option<&str> {
    let quoted = |kind| name.strip_prefix(kind)?.strip_suffix(')');
    if let Some(address) = quoted("IpAddress(") {
        return Some(address);
    }
    quoted("DnsName(")?.strip_prefix('"')?.strip_suffix('"')
}

/// Text that may come from a certificate, with its control characters escaped.
struct Shown<T>(T);

impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0.to_string().as_bytes(), f)
    }
}

fn or_pin(fingerprint: &Option<Fingerprint>) -> String {
    match fingerprint {
        Some(fingerprint) => format!(
            "or pin the certificate if its owner confirms its SHA-256 fingerprint {fingerprint}"
        ),
        None => "or pin the certificate by its SHA-256 fingerprint".into(),
    }
}

const fn not_tls(handshake: Option<Purpose>) -> &'static str {
    match handshake {
        Some(Purpose::Implicit) => {
            "the server does not speak TLS here: explicit TLS is the rule on port 21, \
             implicit TLS on port 990"
        }
        Some(Purpose::Explicit) => {
            "the TLS handshake failed: the server accepted AUTH TLS, and what it sent then is not \
             TLS"
        }
        Some(Purpose::Data) => {
            "the server accepted PROT P, and uses the data connection in clear all the same: where \
             that is acceptable, use Secure::data(DataProtection::Clear) with TlsPolicy::Control"
        }
        None => "the server sent something that is not TLS in the midst of TLS",
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
