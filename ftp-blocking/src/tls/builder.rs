//! The common configurations.

use std::fmt;
use std::sync::Arc;

use ftp_proto::tls::TlsError;
use ftp_proto::tls::rustls::crypto::ring;
use ftp_proto::tls::rustls::pki_types::pem::PemObject;
use ftp_proto::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ftp_proto::tls::rustls::version::{TLS12, TLS13};
use ftp_proto::tls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_platform_verifier::BuilderVerifierExt;

use super::Tls;

/// Makes a [`Tls`] with the common settings, over the cryptography of ring. Whoever needs more makes a
/// [`ClientConfig`] and uses [`Tls::from_config`].
///
/// ```no_run
/// use ftp_blocking::Tls;
///
/// let tls = Tls::builder()
///     .trust_pem(std::fs::read("authority.pem")?)?
///     .identity_pem(std::fs::read("me.pem")?, std::fs::read("me.key")?)?
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
#[must_use = "nothing is made before `build`"]
pub struct TlsBuilder {
    /// `None` for the operating system's.
    roots: Option<RootCertStore>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    only_tls12: bool,
}

impl TlsBuilder {
    /// Trusts the certificates in `pem`, and what they have signed, *instead of* what the operating system trusts. May
    /// be called again for more.
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

    /// Shows this certificate to servers that ask for one: the chain, the client's own first, and its private key.
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

    /// Speaks TLS 1.2 and nothing newer. One session of it resumes any number of data connections, which spares the
    /// short listings that a long series of uploads needs with some servers under TLS 1.3.
    pub fn only_tls12(self) -> Self {
        Self {
            only_tls12: true,
            ..self
        }
    }

    /// Makes the transport.
    ///
    /// # Errors
    /// The operating system's trust cannot be used, or the client certificate does not go with its key.
    pub fn build(self) -> Result<Tls, TlsError> {
        let versions: &[&SupportedProtocolVersion] = if self.only_tls12 {
            &[&TLS12]
        } else {
            &[&TLS13, &TLS12]
        };
        let provider = Arc::new(ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(versions)?;
        let config = match self.roots {
            Some(roots) => config.with_root_certificates(roots),
            None => config.with_platform_verifier()?,
        };
        let config = match self.identity {
            Some((chain, key)) => config.with_client_auth_cert(chain, key)?,
            None => config.with_no_client_auth(),
        };
        Ok(Tls::from_config(config))
    }
}

/// Says what there is, and nothing of the key.
impl fmt::Debug for TlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsBuilder")
            .field("roots", &self.roots.as_ref().map(RootCertStore::len))
            .field("identity", &self.identity.is_some())
            .field("only_tls12", &self.only_tls12)
            .finish()
    }
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
