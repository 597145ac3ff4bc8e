//! Whether and when TLS begins.

use super::{DEFAULT_PORT, IMPLICIT_TLS_PORT};
use crate::config::TlsPolicy;

/// Whether a session is under TLS, and when that begins.
///
/// ```
/// use ftp_proto::TlsPolicy;
/// use ftp_proto::driver::TlsMode;
///
/// assert_eq!(TlsMode::Implicit.default_port(), 990);
/// assert_eq!(TlsMode::Explicit.policy(), TlsPolicy::Full);
/// assert_eq!(TlsMode::default(), TlsMode::None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsMode {
    /// In clear.
    #[default]
    None,
    /// TLS begins with AUTH TLS, before the login (RFC 4217).
    Explicit,
    /// TLS begins with the connection, by custom on port 990.
    Implicit,
}

impl TlsMode {
    /// The port where none is named: 990 under implicit TLS, otherwise 21.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Implicit => IMPLICIT_TLS_PORT,
            Self::None | Self::Explicit => DEFAULT_PORT,
        }
    }

    /// What the machine has to demand: TLS on the control connection and on every data connection,
    /// unless the session is in clear.
    pub const fn policy(self) -> TlsPolicy {
        match self {
            Self::None => TlsPolicy::None,
            Self::Explicit | Self::Implicit => TlsPolicy::Full,
        }
    }
}
