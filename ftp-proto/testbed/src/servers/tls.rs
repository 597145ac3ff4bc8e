//! What the TLS variants of the servers have in common: versions and certificates.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The authority of all [`Certificate`]s, as PEM. A client that does not trust it meets an unknown
/// authority.
pub const AUTHORITY: &str = include_str!("../../certificates/authority.pem");

/// How a server is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Not at all.
    #[default]
    Plain,
    /// `AUTH TLS` is offered and not demanded; data connections need not resume the session.
    Tls,
    /// TLS from the first byte, on the control port; data connections need not resume the session.
    Implicit,
    /// `AUTH TLS` is offered, and protected data connections must resume the session of the control
    /// connection.
    RequireReuse,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Tls, Self::Implicit, Self::RequireReuse];
}

/// The TLS versions that a server offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    Both,
    /// 1.2 alone.
    Only12,
    /// 1.3 alone.
    Only13,
}

impl TlsVersions {
    /// The oldest and the newest minor version.
    pub(super) const fn range(self) -> (u8, u8) {
        match self {
            Self::Both => (2, 3),
            Self::Only12 => (2, 2),
            Self::Only13 => (3, 3),
        }
    }
}

/// What a server shows of itself. [`AUTHORITY`] has signed all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Certificate {
    /// For `localhost`, 127.0.0.1 and ::1.
    #[default]
    Good,
    /// The same, but it ended in 2001.
    Expired,
    /// For `other.example` alone.
    OtherHost,
}

impl Certificate {
    /// Its text in PEM.
    pub const fn pem(self) -> &'static str {
        match self {
            Self::Good => include_str!("../../certificates/good.pem"),
            Self::Expired => include_str!("../../certificates/expired.pem"),
            Self::OtherHost => include_str!("../../certificates/other-host.pem"),
        }
    }

    /// Its private key in PEM.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Good => include_str!("../../certificates/good.key"),
            Self::Expired => include_str!("../../certificates/expired.key"),
            Self::OtherHost => include_str!("../../certificates/other-host.key"),
        }
    }
}

/// The certificate with its key in one file, as every server accepts it, and the limits for
/// OpenSSL.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) file: PathBuf,
    limits: PathBuf,
}

impl Identity {
    pub(super) fn create(
        directory: &Path,
        certificate: Certificate,
        versions: TlsVersions,
    ) -> io::Result<Self> {
        let file = directory.join("identity.pem");
        fs::write(&file, [certificate.key(), certificate.pem()].concat())?;
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        let limits = directory.join("openssl.cnf");
        let (oldest, newest) = versions.range();
        let text = format!(
            "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = limits\n\
             [limits]\nMinProtocol = TLSv1.{oldest}\nMaxProtocol = TLSv1.{newest}\n"
        );
        fs::write(&limits, text)?;
        Ok(Self { file, limits })
    }

    /// Limits the versions of a server that has no option for it.
    pub(super) fn limit_versions(&self, command: &mut Command) {
        command.env("OPENSSL_CONF", &self.limits);
    }
}
