//! Which certificates are accepted, and the errors for others.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::hash::{Hash, HashAlgorithm};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme};

use super::error::{TlsError, pinning_helps};
use super::fingerprint::{Fingerprint, Refused};

/// Accepts a server's certificate because it is pinned, or because another verifier accepts it.
///
/// [`pinned`](Self::pinned) is for self-signed certificates and for those that carry no name.
/// [`explaining`](Self::explaining) makes the error of an unknown certificate show its fingerprint,
/// so that it can be pinned. There is no verifier that accepts everything.
///
/// rustls calls custom verifiers dangerous. This one is safe: the server proves in every full
/// handshake that it holds the certificate's private key, under TLS 1.2 and 1.3, on the control
/// connection and on data connections. A handshake that resumes goes back to such a one.
///
/// ```
/// # use std::sync::Arc;
/// use ftp_proto::tls::rustls::{ClientConfig, crypto::ring};
/// use ftp_proto::tls::{Fingerprint, Verifier};
///
/// let provider = Arc::new(ring::default_provider());
/// let pin: Fingerprint =
///     "06d19b62785e2a2740b9abad2a15871794fc4c8ae0936b5f26d0e27bd5995e34".parse()?;
/// let verifier = Verifier::pinned(&provider, [pin])?;
/// let config = ClientConfig::builder_with_provider(provider)
///     .with_safe_default_protocol_versions()?
///     .dangerous()
///     .with_custom_certificate_verifier(Arc::new(verifier))
///     .with_no_client_auth();
/// # let _ = config;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Verifier {
    trust: Trust,
    sha256: &'static dyn Hash,
}

enum Trust {
    Pins(Vec<Fingerprint>, WebPkiSupportedAlgorithms),
    Given(Arc<dyn ServerCertVerifier>),
}

impl Verifier {
    /// Accepts the certificates with these fingerprints and no others. Neither roots nor the name
    /// nor the dates are looked at: an expired certificate and one without a name can be pinned.
    ///
    /// The certificate must be one that rustls can read: X.509 version 3, with a key and a
    /// signature scheme that `provider` knows (the one of ring takes RSA keys of 2048 bits and
    /// more).
    ///
    /// # Errors
    ///
    /// [`TlsError::Configuration`] if there is no pin, or if the provider has no cipher suite with
    /// SHA-256.
    pub fn pinned(
        provider: &CryptoProvider,
        pins: impl IntoIterator<Item = Fingerprint>,
    ) -> Result<Self, TlsError> {
        let pins: Vec<_> = pins.into_iter().collect();
        if pins.is_empty() {
            return Err(TlsError::Configuration("no certificate is pinned".into()));
        }
        Ok(Self {
            trust: Trust::Pins(pins, provider.signature_verification_algorithms),
            sha256: sha256(provider)?,
        })
    }

    /// Accepts what `verifier` accepts. Where pinning would help, the error shows the certificate's
    /// fingerprint ([`TlsError::UnknownIssuer`], [`TlsError::NoName`],
    /// [`TlsError::AuthorityItself`]).
    ///
    /// # Errors
    ///
    /// [`TlsError::Configuration`] if the provider has no cipher suite with SHA-256.
    pub fn explaining(
        provider: &CryptoProvider,
        verifier: Arc<dyn ServerCertVerifier>,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            trust: Trust::Given(verifier),
            sha256: sha256(provider)?,
        })
    }
}

impl Fingerprint {
    /// The fingerprint of `certificate`, computed by the cryptography of `provider`.
    ///
    /// # Errors
    ///
    /// [`TlsError::Configuration`] if the provider has no cipher suite with SHA-256.
    pub fn of(
        certificate: &CertificateDer<'_>,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        Ok(Self::hashed(certificate, sha256(provider)?))
    }
}

/// The hash function that the cipher suites of `provider` use.
fn sha256(provider: &CryptoProvider) -> Result<&'static dyn Hash, TlsError> {
    provider
        .cipher_suites
        .iter()
        .map(|suite| match suite {
            rustls::SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
            rustls::SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
        })
        .find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
        .ok_or_else(|| {
            TlsError::Configuration("no cipher suite of the provider has SHA-256".into())
        })
}

fn explained(error: rustls::Error, fingerprint: Fingerprint) -> rustls::Error {
    let fault = match error {
        // The issuer has a trusted one's name and another key, as after a self-signed certificate
        // was made anew.
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
            CertificateError::UnknownIssuer
        }
        rustls::Error::InvalidCertificate(fault) if pinning_helps(&fault) => fault,
        other => return other,
    };
    Refused {
        fault: Some(fault),
        fingerprint,
    }
    .into()
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let fingerprint = Fingerprint::hashed(certificate, self.sha256);
        match &self.trust {
            Trust::Pins(pins, _) if pins.contains(&fingerprint) => {
                Ok(ServerCertVerified::assertion())
            }
            Trust::Pins(..) => Err(Refused {
                fault: None,
                fingerprint,
            }
            .into()),
            Trust::Given(verifier) => verifier
                .verify_server_cert(certificate, intermediates, name, ocsp_response, now)
                .map_err(|error| explained(error, fingerprint)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.trust {
            Trust::Pins(_, algorithms) => {
                verify_tls12_signature(message, certificate, signature, algorithms)
            }
            Trust::Given(verifier) => {
                verifier.verify_tls12_signature(message, certificate, signature)
            }
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.trust {
            Trust::Pins(_, algorithms) => {
                verify_tls13_signature(message, certificate, signature, algorithms)
            }
            Trust::Given(verifier) => {
                verifier.verify_tls13_signature(message, certificate, signature)
            }
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match &self.trust {
            Trust::Pins(_, algorithms) => algorithms.supported_schemes(),
            Trust::Given(verifier) => verifier.supported_verify_schemes(),
        }
    }

    fn requires_raw_public_keys(&self) -> bool {
        match &self.trust {
            Trust::Pins(..) => false,
            Trust::Given(verifier) => verifier.requires_raw_public_keys(),
        }
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        match &self.trust {
            Trust::Pins(..) => None,
            Trust::Given(verifier) => verifier.root_hint_subjects(),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Verifier");
        match &self.trust {
            Trust::Pins(pins, _) => shown.field("pins", pins),
            Trust::Given(verifier) => shown.field("explains", verifier),
        };
        shown.finish_non_exhaustive()
    }
}
