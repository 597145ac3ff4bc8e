//! Which servers there are.

use std::fmt;

use super::{Family, Variant};

/// One of the real servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// vsftpd: forks a process per session, reads commands only between transfers, has no MLSD.
    Vsftpd,
    /// ProFTPD: forks a process per session, has every extension.
    Proftpd,
    /// Pure-FTPd: forks a process per session, answers nearly everything with several lines.
    PureFtpd,
    /// pyftpdlib: one event loop, so that commands are answered while a transfer runs.
    Pyftpdlib,
    /// GNU inetutils ftpd: the oldest dialect, without MLSD and TLS.
    Inetutils,
    /// aioftp: a Python library on asyncio. It has no SIZE, no NLST and no active mode.
    Aioftp,
    /// The server of Twisted, a Python library. It has no REST and no APPE.
    Twisted,
    /// ftp-srv: a library for Node.js. Under TLS it marks a transfer only behind the handshake on
    /// its data connection.
    FtpSrv,
    /// The package `ftpd` of npm. It takes what one read brings for one command.
    NodeFtpd,
    /// libunftp: a Rust library on tokio. It answers commands out of order.
    Libunftp,
}

impl Kind {
    /// The servers that have every command that RFC 959 and RFC 3659 know of listings, resuming and
    /// ABOR. The others lack too much for a test that leans on all of them.
    pub const COMPLETE: [Self; 5] = [
        Self::Vsftpd,
        Self::Proftpd,
        Self::PureFtpd,
        Self::Pyftpdlib,
        Self::Inetutils,
    ];

    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Vsftpd,
        Self::Proftpd,
        Self::PureFtpd,
        Self::Pyftpdlib,
        Self::Inetutils,
        Self::Aioftp,
        Self::Twisted,
        Self::FtpSrv,
        Self::NodeFtpd,
        Self::Libunftp,
    ];

    /// The server's name in lower case, as test names use it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vsftpd => "vsftpd",
            Self::Proftpd => "proftpd",
            Self::PureFtpd => "pure-ftpd",
            Self::Pyftpdlib => "pyftpdlib",
            Self::Inetutils => "inetutils",
            Self::Aioftp => "aioftp",
            Self::Twisted => "twisted",
            Self::FtpSrv => "ftp-srv",
            Self::NodeFtpd => "node-ftpd",
            Self::Libunftp => "libunftp",
        }
    }

    /// Whether the server can be run in this variant at all.
    #[must_use]
    pub const fn supports(self, variant: Variant) -> bool {
        match variant {
            Variant::Plain => true,
            Variant::Tls => matches!(
                self,
                Self::Vsftpd | Self::Proftpd | Self::PureFtpd | Self::Pyftpdlib | Self::Libunftp
            ),
            Variant::Implicit => matches!(
                self,
                Self::Vsftpd | Self::Proftpd | Self::Pyftpdlib | Self::Aioftp | Self::FtpSrv
            ),
            Variant::RequireReuse => matches!(self, Self::Vsftpd | Self::Proftpd),
        }
    }

    /// Whether the server is run on addresses of this family.
    #[must_use]
    pub fn serves(self, family: Family) -> bool {
        // It names its one address in replies, and listens for data elsewhere.
        family == Family::V4 || self != Self::NodeFtpd
    }

    /// Whether a program of ours makes a server of it. Such a server needs no account of the system
    /// and no root.
    #[must_use]
    pub const fn is_library(self) -> bool {
        matches!(
            self,
            Self::Pyftpdlib
                | Self::Aioftp
                | Self::Twisted
                | Self::FtpSrv
                | Self::NodeFtpd
                | Self::Libunftp
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
