//! Verbs, and the sets of verbs that the parts of this crate use.

use core::fmt;

pub(super) const VERB_BYTES_MAX: usize = 8;

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// The verb of a command.
        ///
        /// ```
        /// use ftp_proto::Verb;
        /// assert_eq!(Verb::Retr.as_str(), "RETR");
        /// assert_eq!(Verb::parse(b"stor"), Some(Verb::Stor));
        /// assert_eq!(Verb::parse(b"XFOO").unwrap().as_str(), "XFOO");
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Verb {
            $($(#[$doc])* $name,)*
            /// Any other.
            Other(OtherVerb),
        }

        impl Verb {
            pub(crate) const KNOWN: &[Self] = &[$(Self::$name,)*];

            /// The verb as it is sent.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $wire,)*
                    Self::Other(other) => other.as_str(),
                }
            }
        }
    };
}

verbs! {
    /// Not a verb: the greeting, which answers no command.
    Greeting = "(greeting)",
    /// Abort (RFC 959).
    Abor = "ABOR",
    /// Account (RFC 959).
    Acct = "ACCT",
    /// Allocate (RFC 959).
    Allo = "ALLO",
    /// Append (RFC 959).
    Appe = "APPE",
    /// Security mechanism (RFC 2228, 4217).
    Auth = "AUTH",
    /// Clear command channel (RFC 2228).
    Ccc = "CCC",
    /// To the parent directory (RFC 959).
    Cdup = "CDUP",
    /// Client's name; no RFC.
    Clnt = "CLNT",
    /// Change directory (RFC 959).
    Cwd = "CWD",
    /// Delete (RFC 959).
    Dele = "DELE",
    /// Extended active mode (RFC 2428).
    Eprt = "EPRT",
    /// Extended passive mode (RFC 2428).
    Epsv = "EPSV",
    /// Features (RFC 2389).
    Feat = "FEAT",
    /// Checksum; draft-bryan-ftpext-hash.
    Hash = "HASH",
    /// Help (RFC 959).
    Help = "HELP",
    /// Virtual host (RFC 7151).
    Host = "HOST",
    /// Language of the replies (RFC 2640).
    Lang = "LANG",
    /// List for people (RFC 959).
    List = "LIST",
    /// Modification time (RFC 3659).
    Mdtm = "MDTM",
    /// MD5 of a file; draft-twine-ftpmd5.
    Md5 = "MD5",
    /// Set the modification time; draft-somers-ftp-mfxx.
    Mfmt = "MFMT",
    /// Make directory (RFC 959).
    Mkd = "MKD",
    /// List for machines (RFC 3659).
    Mlsd = "MLSD",
    /// Facts of one object (RFC 3659).
    Mlst = "MLST",
    /// Transfer mode (RFC 959).
    Mode = "MODE",
    /// Names (RFC 959).
    Nlst = "NLST",
    /// Nothing (RFC 959).
    Noop = "NOOP",
    /// Options (RFC 2389).
    Opts = "OPTS",
    /// Password (RFC 959).
    Pass = "PASS",
    /// Passive mode (RFC 959).
    Pasv = "PASV",
    /// Protection buffer size (RFC 2228).
    Pbsz = "PBSZ",
    /// Active mode (RFC 959).
    Port = "PORT",
    /// PRET: tells a server with its files elsewhere what the next EPSV or PASV is for (DrFTPD).
    Pret = "PRET",
    /// Data protection (RFC 2228).
    Prot = "PROT",
    /// Working directory (RFC 959).
    Pwd = "PWD",
    /// Goodbye (RFC 959).
    Quit = "QUIT",
    /// Range of the next transfer or checksum; draft-bryan-ftp-range.
    Rang = "RANG",
    /// Start anew (RFC 959).
    Rein = "REIN",
    /// Restart marker (RFC 959, 3659).
    Rest = "REST",
    /// Retrieve (RFC 959).
    Retr = "RETR",
    /// Remove directory (RFC 959).
    Rmd = "RMD",
    /// Rename from (RFC 959).
    Rnfr = "RNFR",
    /// Rename to (RFC 959).
    Rnto = "RNTO",
    /// The server's own (RFC 959).
    Site = "SITE",
    /// Size (RFC 3659).
    Size = "SIZE",
    /// Mount (RFC 959).
    Smnt = "SMNT",
    /// Status (RFC 959).
    Stat = "STAT",
    /// Store (RFC 959).
    Stor = "STOR",
    /// Store under a name of the server's choice (RFC 959).
    Stou = "STOU",
    /// File structure (RFC 959).
    Stru = "STRU",
    /// Operating system (RFC 959).
    Syst = "SYST",
    /// Representation (RFC 959).
    Type = "TYPE",
    /// User (RFC 959).
    User = "USER",
    /// CRC-32 of a file; no document.
    Xcrc = "XCRC",
    /// MD5 of a file; no document.
    Xmd5 = "XMD5",
    /// SHA-1 of a file; no document.
    Xsha1 = "XSHA1",
    /// SHA-256 of a file; no document.
    Xsha256 = "XSHA256",
}

/// A verb that [`Verb`] has no name for: one to eight letters or digits, upper case, the first a
/// letter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherVerb([u8; VERB_BYTES_MAX]);

impl OtherVerb {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let fits = bytes.len() <= VERB_BYTES_MAX
            && bytes.first().is_some_and(u8::is_ascii_alphabetic)
            && bytes.iter().all(u8::is_ascii_alphanumeric);
        let mut verb = [0; VERB_BYTES_MAX];
        for (to, from) in verb.iter_mut().zip(bytes) {
            *to = from.to_ascii_uppercase();
        }
        fits.then_some(Self(verb))
    }

    /// The verb as it is sent.
    pub fn as_str(&self) -> &str {
        let bytes = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Debug for OtherVerb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Verb {
    /// Reads a verb in any case; `None` if no verb can look so.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let known = Self::KNOWN
            .iter()
            .find(|verb| verb.as_str().as_bytes().eq_ignore_ascii_case(bytes));
        known
            .copied()
            .or_else(|| OtherVerb::parse(bytes).map(Self::Other))
    }

    /// Whether the argument is a secret, to be shown nowhere.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Pass | Self::Acct)
    }

    /// Whether this verb says who the user is.
    pub(crate) const fn identifies_user(self) -> bool {
        self.is_secret() || matches!(self, Self::User)
    }

    /// Whether this verb moves data over a data connection (RFC 959, 4.1.3; RFC 3659, 7).
    pub(crate) const fn moves_data(self) -> bool {
        matches!(
            self,
            Self::Appe
                | Self::List
                | Self::Mlsd
                | Self::Nlst
                | Self::Retr
                | Self::Stor
                | Self::Stou
        )
    }

    /// The same, with SITE and unknown verbs, which may move data.
    pub(crate) const fn may_move_data(self) -> bool {
        self.moves_data() || matches!(self, Self::Site | Self::Other(_))
    }

    /// Whether a command may be answered like a transfer. If the next command after a transfer is
    /// any other, such a reply is a second one of that transfer (four of six widely used clients
    /// take it for the next command's answer).
    pub(crate) const fn may_end_transfer(self) -> bool {
        self.may_move_data() || matches!(self, Self::Abor)
    }

    /// Whether only the session sends this verb, as a part of a transfer, because it has to follow
    /// the effects. MODE and STRU belong here, because no other framing than stream and file is
    /// implemented.
    pub const fn is_managed(self) -> bool {
        self.moves_data()
            || matches!(
                self,
                Self::Abor
                    | Self::Eprt
                    | Self::Epsv
                    | Self::Greeting
                    | Self::Mode
                    | Self::Pasv
                    | Self::Port
                    | Self::Rest
                    | Self::Stru
            )
    }

    /// Whether the session has rules for this verb, or acts on its answer: for the user, TLS, the
    /// TYPE in force and the end of the session.
    pub(crate) const fn changes_session(self) -> bool {
        self.identifies_user()
            || matches!(
                self,
                Self::Auth | Self::Ccc | Self::Prot | Self::Quit | Self::Rein | Self::Type
            )
    }

    /// Whether this verb waits for all replies, and holds back other commands until it is answered.
    pub(crate) const fn is_barrier(self) -> bool {
        self.is_managed()
            || self.identifies_user()
            || matches!(
                self,
                Self::Auth | Self::Ccc | Self::Quit | Self::Rang | Self::Rein | Self::Other(_)
            )
    }

    /// Whether a fence may follow this verb. No command may come between AUTH or CCC and the change
    /// of security, nor between REST, RANG or PRET and the command that they precede. A second port
    /// cannot answer a transfer command, and transfers have their own tables.
    pub(crate) const fn may_be_fenced(self) -> bool {
        !self.moves_data()
            && !matches!(
                self,
                Self::Abor
                    | Self::Auth
                    | Self::Ccc
                    | Self::Epsv
                    | Self::Greeting
                    | Self::Noop
                    | Self::Pasv
                    | Self::Pret
                    | Self::Quit
                    | Self::Rang
                    | Self::Rest
            )
    }

    /// Whether a command may be in a batch: it changes nothing that later commands depend on, and
    /// is answered once.
    pub(crate) const fn is_independent(self) -> bool {
        matches!(
            self,
            Self::Dele
                | Self::Mdtm
                | Self::Mfmt
                | Self::Mkd
                | Self::Mlst
                | Self::Noop
                | Self::Rmd
                | Self::Site
                | Self::Size
                | Self::Stat
        )
    }

    /// Whether this usually goes right behind `last`, on whose reply it depends.
    pub(crate) const fn depends_on(self, last: Self) -> bool {
        matches!(
            (last, self),
            (Self::User, Self::Pass) | (Self::Rnfr, Self::Rnto)
        )
    }

    /// Whether this verb is allowed before AUTH whatever the policy: it asks about the server and
    /// changes nothing. Other verbs are withheld, because a greeting may say that the user is
    /// logged in already (230).
    pub(crate) const fn comes_before_tls(self) -> bool {
        matches!(
            self,
            Self::Auth
                | Self::Clnt
                | Self::Feat
                | Self::Help
                | Self::Host
                | Self::Noop
                | Self::Opts
                | Self::Quit
                | Self::Syst
        )
    }
}

impl fmt::Debug for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
