//! What a test server offers.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use super::super::behaviour::Behaviour;
use super::checksum::Digest;
use crate::checksum::Algorithm;

/// What a [`Server`](super::Server) offers and to whom. Anonymous login is on until it is turned
/// off.
///
/// ```
/// use ftp_proto::testing::{Behaviour, ServerConfig};
///
/// let config = ServerConfig::new()
///     .user("ann", "secret")
///     .without_anonymous()
///     .greeting("Welcome.\nThis host is a test.")
///     .behaviour(Behaviour::new().refuse("EPSV", 500, "What?"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerConfig {
    pub(super) users: Vec<User>,
    pub(super) anonymous: bool,
    pub(super) greeting: String,
    pub(super) tls: bool,
    pub(super) implicit_tls: bool,
    pub(super) read_only: bool,
    pub(super) local: IpAddr,
    pub(super) peer: Option<IpAddr>,
    pub(super) time: u64,
    pub(super) serial: bool,
    pub(super) checksums: Vec<(Algorithm, Digest)>,
    pub(super) behaviour: Behaviour,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct User {
    pub(super) name: Vec<u8>,
    pub(super) password: Vec<u8>,
    pub(super) account: Option<Vec<u8>>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerConfig {
    /// Anonymous login only, no TLS, on 127.0.0.1, no misbehaviour.
    pub fn new() -> Self {
        Self {
            users: Vec::new(),
            anonymous: true,
            greeting: "Service ready.".into(),
            tls: false,
            implicit_tls: false,
            read_only: false,
            local: IpAddr::V4(Ipv4Addr::LOCALHOST),
            peer: None,
            time: 0,
            serial: false,
            checksums: Vec::new(),
            behaviour: Behaviour::new(),
        }
    }

    /// Adds a user.
    #[must_use]
    pub fn user(self, name: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Self {
        self.add_user(name.as_ref(), password.as_ref(), None)
    }

    /// Adds a user whose PASS is answered 332 and who must also give this account (ACCT).
    #[must_use]
    pub fn user_with_account(
        self,
        name: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
        account: impl AsRef<[u8]>,
    ) -> Self {
        self.add_user(
            name.as_ref(),
            password.as_ref(),
            Some(account.as_ref().to_vec()),
        )
    }

    fn add_user(mut self, name: &[u8], password: &[u8], account: Option<Vec<u8>>) -> Self {
        self.users.push(User {
            name: name.to_vec(),
            password: password.to_vec(),
            account,
        });
        self
    }

    /// Refuses the users `anonymous` and `ftp`, who otherwise log in with any password.
    #[must_use]
    pub const fn without_anonymous(mut self) -> Self {
        self.anonymous = false;
        self
    }

    /// The text of the greeting. Line feeds make it a multi-line reply.
    #[must_use]
    pub fn greeting(mut self, text: &str) -> Self {
        self.greeting = text.into();
        self
    }

    /// Offers AUTH TLS. The handshakes are the runner's work.
    #[must_use]
    pub const fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// The control connection is under TLS before the greeting. PBSZ and PROT are offered.
    #[must_use]
    pub const fn implicit_tls(mut self) -> Self {
        self.tls = true;
        self.implicit_tls = true;
        self
    }

    /// Refuses every command that would change the tree.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// The server's address on the control connection: it decides between IPv4 and IPv6, and is
    /// told in a 227.
    #[must_use]
    pub const fn local(mut self, address: IpAddr) -> Self {
        self.local = address;
        self
    }

    /// The client's address. When it is known, PORT and EPRT may name no other, and data
    /// connections from others are refused (RFC 2577).
    #[must_use]
    pub const fn peer(mut self, address: IpAddr) -> Self {
        self.peer = Some(address);
        self
    }

    /// The time that new files carry and listings are printed at, in seconds since 1970 (UTC). It
    /// stands still.
    #[must_use]
    pub const fn time(mut self, seconds: u64) -> Self {
        self.time = seconds;
        self
    }

    /// Ends every reply with ` #n`, where n is the [number](super::super::Received::serial) of the
    /// command that it answers, so that a test can see when a client takes a reply for another
    /// command's. The greeting is #0.
    #[must_use]
    pub const fn serial(mut self) -> Self {
        self.serial = true;
        self
    }

    /// Offers an algorithm to HASH, and its own command (XSHA256, XSHA1, XMD5, XCRC). The function
    /// computes the bytes of the checksum. HASH begins with the first algorithm that was added.
    ///
    /// ```
    /// use ftp_proto::checksum::Algorithm;
    /// use ftp_proto::testing::ServerConfig;
    ///
    /// // Not CRC-32, but good enough to see which file was asked for.
    /// let config = ServerConfig::new().checksum(Algorithm::Crc32, |content| {
    ///     let sum: u32 = content.iter().map(|byte| u32::from(*byte)).sum();
    ///     sum.to_be_bytes().to_vec()
    /// });
    /// ```
    #[must_use]
    pub fn checksum(mut self, algorithm: Algorithm, digest: fn(&[u8]) -> Vec<u8>) -> Self {
        self.checksums.push((algorithm, digest));
        self
    }

    /// How the server deviates from the good one.
    #[must_use]
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }
}
