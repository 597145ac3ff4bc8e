//! The common configurations.

use std::fmt;
use std::sync::Arc;

use ftp_proto::tls::rustls::client::WebPkiServerVerifier;
use ftp_proto::tls::rustls::client::danger::ServerCertVerifier;
use ftp_proto::tls::rustls::crypto::{CryptoProvider, ring};
use ftp_proto::tls::rustls::pki_types::pem::PemObject;
use ftp_proto::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ftp_proto::tls::rustls::version::{TLS12, TLS13};
use ftp_proto::tls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use ftp_proto::tls::{Fingerprint, TlsError, Verifier};

use super::Tls;
use crate::tcp::Tcp;

/// Makes a [`Tls`] with the common settings, with the cryptography of ring. For other settings,
/// make a [`ClientConfig`] and use [`Tls::from_config`].
///
/// ```no_run
/// use ftp_blocking::Tls;
/// use ftp_blocking::proto::tls::Fingerprint;
///
/// let tls = Tls::builder()
///     .trust_pem(std::fs::read("authority.pem")?)?
///     .identity_pem(std::fs::read("me.pem")?, std::fs::read("me.key")?)?
///     .build()?;
///
/// // A self-signed certificate: from its file, or by the fingerprint that its owner tells.
/// let tls = Tls::builder().pin_pem(std::fs::read("server.pem")?)?.build()?;
/// let pin: Fingerprint =
///     "06d19b62785e2a2740b9abad2a15871794fc4c8ae0936b5f26d0e27bd5995e34".parse()?;
/// let tls = Tls::builder().pin_sha256(pin).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
#[must_use = "nothing is made before `build`"]
pub struct TlsBuilder {
    /// `None` for the operating system's.
    roots: Option<RootCertStore>,
    pins: Vec<Fingerprint>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    only_tls12: bool,
}

impl TlsBuilder {
    /// Trusts the certificates in `pem`, and those that they have signed, *instead of* the
    /// operating system's roots. Further calls add certificates.
    ///
    /// This is for authorities. A self-signed certificate is usually marked as an authority's, and
    /// is then refused as a server's own ([`TlsError::AuthorityItself`]): use
    /// [`pin_pem`](Self::pin_pem) for it.
    ///
    /// # Errors
    /// [`TlsError::Configuration`] if there is no certificate in it, or one that cannot be read.
    pub fn trust_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let roots = self.roots.get_or_insert_with(RootCertStore::empty);
        for certificate in certificates(pem.as_ref())? {
            roots.add(certificate).map_err(unusable)?;
        }
        Ok(self)
    }

    /// Accepts only the certificate with this SHA-256 fingerprint, *instead of* checking roots, the
    /// name and the dates. Further calls add certificates; any of them is accepted.
    ///
    /// The fingerprint is that of the whole certificate; [`TlsError::fingerprint`] of a refused one
    /// has it. Get it from the server's owner, or compare it with theirs. [`Verifier::pinned`] says
    /// what is still checked.
    pub fn pin_sha256(mut self, fingerprint: impl Into<Fingerprint>) -> Self {
        self.pins.push(fingerprint.into());
        self
    }

    /// Does the same for each certificate in `pem`: the server has to show one of them as its own.
    ///
    /// # Errors
    /// [`TlsError::Configuration`] if there is no certificate in it, or one that cannot be read.
    pub fn pin_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let provider = ring::default_provider();
        for certificate in certificates(pem.as_ref())? {
            self.pins.push(Fingerprint::of(&certificate, &provider)?);
        }
        Ok(self)
    }

    /// Shows this certificate to servers that ask for one. Takes the chain, the client's own
    /// certificate first, and its private key.
    ///
    /// # Errors
    /// [`TlsError::Configuration`] if either cannot be read.
    pub fn identity_pem(
        self,
        chain: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        let chain = certificates(chain.as_ref())?;
        let key = PrivateKeyDer::from_pem_slice(key.as_ref()).map_err(unusable)?;
        Ok(Self {
            identity: Some((chain, key)),
            ..self
        })
    }

    /// Uses TLS 1.2 only. One TLS 1.2 session resumes any number of data connections, which saves
    /// the short listings that a long series of uploads needs with some servers under TLS 1.3.
    pub fn only_tls12(self) -> Self {
        Self {
            only_tls12: true,
            ..self
        }
    }

    /// Makes the transport, over TCP.
    ///
    /// # Errors
    /// The operating system's trust cannot be used, the client certificate does not match its key,
    /// or both roots and pins are given, which exclude each other.
    pub fn build(self) -> Result<Tls, TlsError> {
        self.build_over(Tcp::default())
    }

    /// Makes the transport, over connections of `inner`.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_over<T>(self, inner: T) -> Result<Tls<T>, TlsError> {
        let versions: &[&SupportedProtocolVersion] = if self.only_tls12 {
            &[&TLS12]
        } else {
            &[&TLS13, &TLS12]
        };
        let provider = Arc::new(ring::default_provider());
        let verifier = verifier(&provider, self.roots, self.pins)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match self.identity {
            Some((chain, key)) => config.with_client_auth_cert(chain, key)?,
            None => config.with_no_client_auth(),
        };
        Ok(Tls::over(inner, config))
    }
}

/// Shows the settings without the key.
impl fmt::Debug for TlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsBuilder")
            .field("roots", &self.roots.as_ref().map(RootCertStore::len))
            .field("pins", &self.pins)
            .field("identity", &self.identity.is_some())
            .field("only_tls12", &self.only_tls12)
            .finish()
    }
}

fn verifier(
    provider: &Arc<CryptoProvider>,
    roots: Option<RootCertStore>,
    pins: Vec<Fingerprint>,
) -> Result<Verifier, TlsError> {
    let given: Arc<dyn ServerCertVerifier> = match roots {
        Some(_) if !pins.is_empty() => {
            return Err(unusable(
                "certificates are pinned instead of trusting roots, not beside it",
            ));
        }
        None if !pins.is_empty() => return Verifier::pinned(provider, pins),
        Some(roots) => {
            let roots = Arc::new(roots);
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
                .build()
                .map_err(unusable)?
        }
        None => Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(
            provider,
        ))?),
    };
    Verifier::explaining(provider, given)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(unusable)?;
    if found.is_empty() {
        return Err(unusable("there is no certificate in the PEM text"));
    }
    Ok(found)
}

fn unusable(why: impl fmt::Display) -> TlsError {
    TlsError::Configuration(why.to_string().into())
}
