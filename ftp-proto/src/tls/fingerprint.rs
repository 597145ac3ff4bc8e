//! The SHA-256 of a certificate, by which it is pinned.

use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use rustls::crypto::hash::Hash;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, OtherError};

/// The SHA-256 of a whole certificate in DER: what `openssl x509 -noout -fingerprint -sha256`
/// prints.
///
/// It is read from 64 hex digits, with or without colons between the bytes, and shown with colons.
///
/// ```
/// use ftp_proto::tls::{Fingerprint, FingerprintError};
///
/// let text = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
///             B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";
/// let pin: Fingerprint = text.parse()?;
/// assert_eq!(text.replace(':', "").to_lowercase().parse(), Ok(pin));
/// assert_eq!(pin.to_string(), text);
/// assert_eq!("BA:78".parse::<Fingerprint>(), Err(FingerprintError::Length));
/// # Ok::<(), FingerprintError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// Why a text is not a [`Fingerprint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// Too long or too short. A SHA-1 fingerprint, which is not enough to know a certificate by,
    /// has 40 digits.
    #[error("a SHA-256 fingerprint has 64 hex digits, with or without colons between the bytes")]
    Length,
    /// A character is neither a hex digit nor a colon between two bytes.
    #[error("a fingerprint holds hex digits and colons between the bytes, nothing else")]
    Digit,
}

impl Fingerprint {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// By SHA-256, which fills all of the bytes.
    pub(super) fn hashed(certificate: &CertificateDer<'_>, sha256: &dyn Hash) -> Self {
        let mut bytes = [0; 32];
        let hash = sha256.hash(certificate);
        for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }
}

/// What rustls carries from the verifier to [`TlsError`](super::TlsError), which rustls itself has
/// no place for.
#[derive(Debug, thiserror::Error)]
#[error("the certificate with the fingerprint {fingerprint} is not accepted")]
pub(super) struct Refused {
    /// `None` for a certificate that is not one of the pinned.
    pub(super) fault: Option<CertificateError>,
    pub(super) fingerprint: Fingerprint,
}

impl From<Refused> for rustls::Error {
    fn from(refused: Refused) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let text = text.as_bytes();
        let step = match text.len() {
            64 => 2,
            95 => 3,
            _ => return Err(FingerprintError::Length),
        };
        let mut bytes = [0; 32];
        for (byte, piece) in bytes.iter_mut().zip(text.chunks(step)) {
            let ([high, low] | [high, low, b':']) = piece else {
                return Err(FingerprintError::Digit);
            };
            *byte = (digit(*high)? << 4) | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

fn digit(character: u8) -> Result<u8, FingerprintError> {
    char::from(character)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
        .ok_or(FingerprintError::Digit)
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for byte in self.0 {
            write!(f, "{separator}{byte:02X}")?;
            separator = ":";
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
