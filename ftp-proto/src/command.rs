//! Commands: verbs, arguments that cannot inject commands, and the encoder that turns them into
//! bytes.

mod verb;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::shown::escape;

use verb::VERB_BYTES_MAX;
pub use verb::{OtherVerb, Verb};

/// The longest command line that is sent, CR LF included. Servers cut or drop longer ones (vsftpd
/// closes the connection at 5,000 bytes).
pub const COMMAND_BYTES_MAX: usize = 4096;

/// Why bytes cannot be the argument of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// CR or LF would end the command, and the bytes after it would be another command.
    #[error("the argument holds a line break")]
    LineBreak,
    /// NUL ends the argument on some servers.
    #[error("the argument holds a NUL byte")]
    Nul,
    /// The command would be longer than [`COMMAND_BYTES_MAX`].
    #[error("the argument is too long")]
    TooLong,
    /// The argument is empty, and the command needs one.
    #[error("the argument is empty")]
    Empty,
    /// A raw command does not begin with a verb: one to eight letters or digits, the first a
    /// letter.
    #[error("the command has no verb")]
    NoVerb,
}

/// The argument of a command: at least one byte, no CR, LF or NUL, and not too long. (Only
/// [`Command::raw`] makes one of no bytes, where a line ends with the blank behind the verb.)
///
/// This constructor is the only way for a caller's bytes into a command.
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
    /// The bytes are empty, too long, or hold CR, LF or NUL.
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
        // The doubling of 0xFF counts, so that the limit holds for the bytes that are sent.
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

    /// The empty argument behind a blank that ends the line: `PASS ` with an empty password has it.
    pub(crate) fn nothing() -> Self {
        Self(Box::default())
    }

    /// Text from this crate, which never holds a byte that would have to be refused.
    pub(crate) fn trusted(text: &str) -> Self {
        debug_assert!(Self::new(text).is_ok(), "{text:?} cannot be an argument");
        Self(text.as_bytes().into())
    }

    /// The bytes, as they were given.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Shows only the number of bytes, because an argument may be a password. A [`Command`] shows them
/// if its verb says that they are not a secret.
impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Argument({} bytes)", self.0.len())
    }
}

/// Telnet's escape byte, doubled on the wire (RFC 959, 3.1.1.1; RFC 854).
const IAC: u8 = 0xFF;

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
/// assert_eq!(pass.to_string(), "PASS *");
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

    /// A command with an optional argument.
    pub const fn optional(verb: Verb, argument: Option<Argument>) -> Self {
        Self { verb, argument }
    }

    /// Reads a whole command line without its CR LF: a verb, and after one blank the argument.
    /// Blanks at the end are kept: `PASS ` is not `PASS`, and the argument is empty then.
    ///
    /// # Errors
    /// [`Argument::new`] refuses the argument, or the line does not begin with a verb.
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
        let argument = match parts.next() {
            Some([]) => Some(Argument::nothing()),
            argument => argument.map(Argument::new).transpose()?,
        };
        Ok(Self { verb, argument })
    }

    /// The verb.
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// The argument.
    pub const fn argument(&self) -> Option<&Argument> {
        self.argument.as_ref()
    }

    /// Appends the line as it is sent: `VERB[ argument]` and CR LF. With `telnet`, a byte 0xFF is
    /// doubled.
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

    /// The same command with its secret, if it has one, replaced by one asterisk. This hides the
    /// length of a secret. Secrets are the arguments of PASS and ACCT, and what follows SITE PSWD
    /// and the like, by which servers change a password. A masked line is never longer than the real one, so a replay can
    /// acknowledge the bytes as they were written.
    pub fn masked(&self) -> Self {
        let argument = self.argument.as_ref().map(|argument| match self.verb {
            verb if verb.is_secret() => Argument::trusted("*"),
            Verb::Site => without_password(argument),
            _ => argument.clone(),
        });
        Self {
            verb: self.verb,
            argument,
        }
    }
}

/// The argument of SITE, with a password masked.
fn without_password(argument: &Argument) -> Argument {
    const CHANGES: [&[u8]; 6] = [b"PSWD", b"CPWD", b"PASS", b"PASSWD", b"PASSWORD", b"GPASS"];
    let text = argument.as_bytes().trim_ascii_start();
    let mut words = text.split(u8::is_ascii_whitespace);
    let first = words.next().unwrap_or_default();
    let changes = CHANGES.iter().any(|word| word.eq_ignore_ascii_case(first));
    if changes && words.any(|word| !word.is_empty()) {
        Argument([first, b" *"].concat().into())
    } else {
        argument.clone()
    }
}

/// The line, with a secret masked and control characters escaped: names of files may come from the
/// server, and commands end up in logs and on terminals.
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
