//! Commands: verbs, arguments that cannot smuggle, and the one encoder that turns them into bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::shown::escape;

/// The longest command line that is sent, CR LF included. Servers cut or drop longer ones (vsftpd closes the
/// connection at 5,000 bytes).
pub const COMMAND_BYTES_MAX: usize = 4096;

/// Why bytes cannot be the argument of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// CR or LF would end the command; what follows would be another.
    #[error("the argument holds a line break")]
    LineBreak,
    /// NUL ends the argument on some servers.
    #[error("the argument holds a NUL byte")]
    Nul,
    /// The command would be longer than [`COMMAND_BYTES_MAX`].
    #[error("the argument is too long")]
    TooLong,
    /// There is no argument where one is needed.
    #[error("the argument is empty")]
    Empty,
    /// A raw command does not begin with a verb: one to eight letters or digits, the first a letter.
    #[error("the command has no verb")]
    NoVerb,
}

/// The argument of a command: at least one byte, no CR, LF or NUL, and not too long.
///
/// This constructor is the only door through which caller's bytes come into a command.
///
/// ```
/// use ftp_proto::{Argument, ArgumentError};
///
/// let name = Argument::new("d\u{e9}tail.txt")?;
/// assert_eq!(name.as_bytes(), "d\u{e9}tail.txt".as_bytes());
/// assert_eq!(Argument::new("x\r\nDELE y"), Err(ArgumentError::LineBreak));
/// # Ok::<(), ArgumentError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Argument(Box<[u8]>);

impl Argument {
    /// Checks `bytes` and takes a copy of them.
    ///
    /// # Errors
    /// Says what keeps the bytes from being an argument.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, ArgumentError> {
        let bytes = bytes.as_ref();
        if bytes.is_empty() {
            return Err(ArgumentError::Empty);
        }
        if memchr::memchr2(b'\r', b'\n', bytes).is_some() {
            return Err(ArgumentError::LineBreak);
        }
        if memchr::memchr(0, bytes).is_some() {
            return Err(ArgumentError::Nul);
        }
        // Doubling of 0xFF is counted in, so that the limit holds for what is sent.
        let doubled = memchr::memchr_iter(IAC, bytes).count();
        if bytes.len().saturating_add(doubled)
            > COMMAND_BYTES_MAX.saturating_sub(VERB_BYTES_MAX + 3)
        {
            return Err(ArgumentError::TooLong);
        }
        Ok(Self(bytes.into()))
    }

    /// A decimal number.
    pub fn number(number: u64) -> Self {
        Self(alloc::format!("{number}").into_bytes().into())
    }

    /// Text of this crate's own making, which holds nothing that would have to be refused.
    pub(crate) fn trusted(text: &str) -> Self {
        debug_assert!(Self::new(text).is_ok(), "{text:?} cannot be an argument");
        Self(text.as_bytes().into())
    }

    /// The bytes, as they were given.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// It may be a password, and does not know it: the bytes are counted and not shown. A [`Command`] shows them, where its
/// verb says that they are no secret.
impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Argument({} bytes)", self.0.len())
    }
}

/// Telnet's escape byte, doubled on the wire (RFC 959, 3.1.1.1; RFC 854).
const IAC: u8 = 0xFF;
const VERB_BYTES_MAX: usize = 8;

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// The verb of a command.
        ///
        /// ```
        /// use ftp_proto::Verb;
        /// assert_eq!(Verb::Retr.as_str(), "RETR");
        /// assert_eq!(Verb::parse(b"stor"), Some(Verb::Stor));
        /// assert_eq!(Verb::parse(b"XMD5").unwrap().as_str(), "XMD5");
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Verb {
            $($(#[$doc])* $name,)*
            /// Any other.
            Other(OtherVerb),
        }

        impl Verb {
            const KNOWN: &[Self] = &[$(Self::$name,)*];

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
    /// Not a verb: the greeting, which no command asks for.
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
    /// Help (RFC 959).
    Help = "HELP",
    /// Virtual host (RFC 7151).
    Host = "HOST",
    /// List for people (RFC 959).
    List = "LIST",
    /// Modification time (RFC 3659).
    Mdtm = "MDTM",
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
}

/// A verb that [`Verb`] has no name for: one to eight letters or digits, upper case, the first a letter.
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

    /// Whether the session alone sends this verb, as a part of a transfer, because it has to know what it set off.
    /// MODE and STRU belong here because payload in any other framing than stream and file could not be read.
    pub const fn is_managed(self) -> bool {
        matches!(
            self,
            Self::Abor
                | Self::Appe
                | Self::Eprt
                | Self::Epsv
                | Self::Greeting
                | Self::List
                | Self::Mlsd
                | Self::Mode
                | Self::Nlst
                | Self::Pasv
                | Self::Port
                | Self::Rest
                | Self::Retr
                | Self::Stor
                | Self::Stou
                | Self::Stru
        )
    }

    /// Whether the session has rules for this verb, or acts on its answer: who the user is, what is secured, what TYPE
    /// is in force, and whether the session goes on.
    pub(crate) const fn changes_session(self) -> bool {
        self.is_secret()
            || matches!(
                self,
                Self::Auth
                    | Self::Ccc
                    | Self::Prot
                    | Self::Quit
                    | Self::Rein
                    | Self::Type
                    | Self::User
            )
    }

    /// Whether this verb waits for an empty pipe and lets nothing pass before it was answered.
    pub(crate) const fn is_barrier(self) -> bool {
        self.is_managed()
            || self.is_secret()
            || matches!(
                self,
                Self::Auth | Self::Ccc | Self::Quit | Self::Rein | Self::User | Self::Other(_)
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

/// One command: a verb, and an argument if it has one.
///
/// ```
/// use ftp_proto::{Argument, Command, Verb};
///
/// let change = Command::new(Verb::Cwd, Argument::new("pub")?);
/// let mut line = Vec::new();
/// change.encode(true, &mut line);
/// assert_eq!(line, b"CWD pub\r\n");
///
/// // A password is never shown.
/// let pass = Command::new(Verb::Pass, Argument::new("secret")?);
/// assert_eq!(pass.to_string(), "PASS ******");
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Command {
    verb: Verb,
    argument: Option<Argument>,
}

impl Command {
    /// A command without an argument.
    pub const fn bare(verb: Verb) -> Self {
        Self {
            verb,
            argument: None,
        }
    }

    /// A command with an argument.
    pub const fn new(verb: Verb, argument: Argument) -> Self {
        Self {
            verb,
            argument: Some(argument),
        }
    }

    /// A command whose argument may be left out.
    pub const fn optional(verb: Verb, argument: Option<Argument>) -> Self {
        Self { verb, argument }
    }

    /// Reads a whole command line without its CR LF: a verb, and after one blank the argument.
    ///
    /// # Errors
    /// What [`Argument::new`] refuses, and a line that does not begin with a verb.
    ///
    /// ```
    /// use ftp_proto::{ArgumentError, Command};
    /// assert_eq!(Command::raw("site chmod 644 a b")?.to_string(), "SITE chmod 644 a b");
    /// assert_eq!(Command::raw("NOOP\r\nDELE x"), Err(ArgumentError::LineBreak));
    /// assert_eq!(Command::raw(""), Err(ArgumentError::NoVerb));
    /// # Ok::<(), ArgumentError>(())
    /// ```
    pub fn raw(line: impl AsRef<[u8]>) -> Result<Self, ArgumentError> {
        let line = line.as_ref();
        if memchr::memchr2(b'\r', b'\n', line).is_some() {
            return Err(ArgumentError::LineBreak);
        }
        let mut parts = line.splitn(2, |byte| *byte == b' ');
        let verb = parts
            .next()
            .and_then(Verb::parse)
            .ok_or(ArgumentError::NoVerb)?;
        let argument = parts.next().filter(|argument| !argument.is_empty());
        Ok(Self {
            verb,
            argument: argument.map(Argument::new).transpose()?,
        })
    }

    /// The verb.
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// The argument.
    pub const fn argument(&self) -> Option<&Argument> {
        self.argument.as_ref()
    }

    /// Appends the line as it is sent: `VERB[ argument]` and CR LF. With `telnet`, a byte 0xFF is doubled.
    pub fn encode(&self, telnet: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(self.verb.as_str().as_bytes());
        if let Some(argument) = &self.argument {
            out.push(b' ');
            for byte in argument.as_bytes() {
                out.push(*byte);
                if telnet && *byte == IAC {
                    out.push(IAC);
                }
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    /// How many bytes the line has at the most, CR LF included.
    pub fn encoded_len(&self) -> usize {
        let argument = self.argument.as_ref().map_or(0, |argument| {
            let doubled = memchr::memchr_iter(IAC, &argument.0).count();
            argument.0.len().saturating_add(doubled).saturating_add(1)
        });
        self.verb
            .as_str()
            .len()
            .saturating_add(argument)
            .saturating_add(2)
    }

    /// The same command with its secret, if it has one, replaced by as many asterisks.
    pub fn masked(&self) -> Self {
        match &self.argument {
            Some(secret) if self.verb.is_secret() => {
                let stars = alloc::vec![b'*'; secret.as_bytes().len()];
                Self {
                    verb: self.verb,
                    argument: Some(Argument(stars.into())),
                }
            }
            _ => self.clone(),
        }
    }
}

/// The line, with a secret masked and control characters escaped: names of files may come from the server, and commands
/// end up in logs and on terminals.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verb)?;
        match self.masked().argument {
            Some(argument) => {
                f.write_str(" ")?;
                escape(&argument.0, f)
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({self})")
    }
}
