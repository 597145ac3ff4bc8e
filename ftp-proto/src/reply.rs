//! Replies of the server: codes, their classes and the text that came with them (RFC 959 section
//! 4.2).

mod limits;
mod parser;

pub use limits::{Grammar, Limits};
pub use parser::{Malformed, Parser, ReplyError};

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::{self, Write};

use crate::shown::escape;

/// The three digits that begin a reply, from 100 to 699.
///
/// Success is decided by the [`Class`], the first digit; servers differ in the other two. The
/// associated constants name the codes of RFC 959, RFC 1639, RFC 2228 and RFC 2428, for the few
/// places where the exact code matters.
///
/// ```
/// use ftp_proto::reply::{Class, ReplyCode};
///
/// let code = ReplyCode::new(226).unwrap();
/// assert_eq!(code, ReplyCode::CLOSING_DATA);
/// assert_eq!(code.class(), Class::Completion);
/// assert_eq!(ReplyCode::new(99), None);
/// assert_eq!(ReplyCode::new(700), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ReplyCode(u16);

/// What the first digit of a [`ReplyCode`] says (RFC 959 section 4.2.1, RFC 2228 section 9).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// 1yz: the action has begun, another reply follows.
    Preliminary,
    /// 2yz: the action is complete.
    Completion,
    /// 3yz: accepted so far, another command is needed.
    Intermediate,
    /// 4yz: refused now, the same command may work later.
    TransientNegative,
    /// 5yz: refused; the same command will be refused again.
    PermanentNegative,
    /// 6yz: a protected reply (RFC 2228). This crate implements no security mechanism with such
    /// replies, so it is not a success.
    Protected,
}

impl ReplyCode {
    /// 110: restart marker (RFC 959).
    pub const RESTART_MARKER: Self = Self(110);
    /// 120: the service will be ready in some minutes (RFC 959); a 220 follows.
    pub const READY_IN_MINUTES: Self = Self(120);
    /// 125: the data connection is open already, the transfer starts (RFC 959).
    pub const DATA_ALREADY_OPEN: Self = Self(125);
    /// 150: the server is about to open the data connection (RFC 959).
    pub const OPENING_DATA: Self = Self(150);
    /// 200: command okay (RFC 959).
    pub const OKAY: Self = Self(200);
    /// 202: the command is superfluous here (RFC 959).
    pub const SUPERFLUOUS: Self = Self(202);
    /// 211: system status or help, also the features (RFC 959, RFC 2389).
    pub const SYSTEM_STATUS: Self = Self(211);
    /// 212: directory status (RFC 959).
    pub const DIRECTORY_STATUS: Self = Self(212);
    /// 213: file status, also size and modification time (RFC 959, RFC 3659).
    pub const FILE_STATUS: Self = Self(213);
    /// 214: help (RFC 959).
    pub const HELP: Self = Self(214);
    /// 215: name of the system type (RFC 959).
    pub const SYSTEM_TYPE: Self = Self(215);
    /// 220: ready for a new user (RFC 959).
    pub const READY: Self = Self(220);
    /// 221: closing the control connection (RFC 959).
    pub const CLOSING_CONTROL: Self = Self(221);
    /// 225: the data connection is open, no transfer in progress (RFC 959).
    pub const DATA_OPEN: Self = Self(225);
    /// 226: closing the data connection; the transfer or the abort succeeded (RFC 959).
    pub const CLOSING_DATA: Self = Self(226);
    /// 227: entering passive mode (RFC 959).
    pub const PASSIVE: Self = Self(227);
    /// 228: entering long passive mode (RFC 1639).
    pub const LONG_PASSIVE: Self = Self(228);
    /// 229: entering extended passive mode (RFC 2428).
    pub const EXTENDED_PASSIVE: Self = Self(229);
    /// 230: logged in (RFC 959).
    pub const LOGGED_IN: Self = Self(230);
    /// 232: logged in, authorised by the security data exchange (RFC 2228).
    pub const LOGGED_IN_BY_SECURITY: Self = Self(232);
    /// 234: the security data exchange is complete; after `AUTH TLS` the handshake follows (RFC
    /// 2228, RFC 4217).
    pub const SECURITY_COMPLETE: Self = Self(234);
    /// 235: the security data exchange is complete, with data (RFC 2228).
    pub const SECURITY_COMPLETE_DATA: Self = Self(235);
    /// 250: the file action is complete (RFC 959).
    pub const FILE_ACTION_COMPLETE: Self = Self(250);
    /// 257: a pathname, in quotes (RFC 959).
    pub const PATHNAME: Self = Self(257);
    /// 331: the user name is okay, a password is needed (RFC 959).
    pub const NEED_PASSWORD: Self = Self(331);
    /// 332: an account is needed (RFC 959).
    pub const NEED_ACCOUNT: Self = Self(332);
    /// 334: the security mechanism is accepted, security data is needed (RFC 2228).
    pub const NEED_SECURITY_DATA: Self = Self(334);
    /// 335: the security data is accepted, more is needed (RFC 2228).
    pub const NEED_MORE_SECURITY_DATA: Self = Self(335);
    /// 336: the user name is okay, a password is needed, with a challenge (RFC 2228).
    pub const NEED_PASSWORD_CHALLENGE: Self = Self(336);
    /// 350: the file action waits for more information (RFC 959).
    pub const PENDING: Self = Self(350);
    /// 421: the service closes the control connection (RFC 959).
    pub const SERVICE_CLOSING: Self = Self(421);
    /// 425: the data connection cannot be opened (RFC 959).
    pub const CANNOT_OPEN_DATA: Self = Self(425);
    /// 426: the transfer was aborted (RFC 959).
    pub const TRANSFER_ABORTED: Self = Self(426);
    /// 431: a resource needed for security is unavailable (RFC 2228).
    pub const SECURITY_UNAVAILABLE: Self = Self(431);
    /// 450: the file is busy (RFC 959).
    pub const FILE_BUSY: Self = Self(450);
    /// 451: local error (RFC 959).
    pub const LOCAL_ERROR: Self = Self(451);
    /// 452: not enough storage (RFC 959).
    pub const NO_STORAGE: Self = Self(452);
    /// 500: the command is not understood (RFC 959).
    pub const NOT_UNDERSTOOD: Self = Self(500);
    /// 501: the argument is not understood (RFC 959).
    pub const BAD_ARGUMENT: Self = Self(501);
    /// 502: the command is not implemented (RFC 959).
    pub const NOT_IMPLEMENTED: Self = Self(502);
    /// 503: bad sequence of commands (RFC 959).
    pub const BAD_SEQUENCE: Self = Self(503);
    /// 504: the command is not implemented for this argument (RFC 959).
    pub const ARGUMENT_NOT_IMPLEMENTED: Self = Self(504);
    /// 521: the address family is not supported (RFC 1639); some servers say with it that the
    /// directory exists.
    pub const LONG_FAMILY_UNSUPPORTED: Self = Self(521);
    /// 522: the network protocol is not supported (RFC 2428); under TLS, the data connection must
    /// be protected.
    pub const PROTOCOL_UNSUPPORTED: Self = Self(522);
    /// 530: not logged in (RFC 959).
    pub const NOT_LOGGED_IN: Self = Self(530);
    /// 532: an account is needed to store files (RFC 959).
    pub const NEED_ACCOUNT_TO_STORE: Self = Self(532);
    /// 533: this protection level is denied by policy (RFC 2228).
    pub const PROTECTION_DENIED: Self = Self(533);
    /// 534: denied by security policy (RFC 2228).
    pub const SECURITY_DENIED: Self = Self(534);
    /// 535: a security check failed (RFC 2228).
    pub const SECURITY_FAILED: Self = Self(535);
    /// 536: this protection level is not supported by the security mechanism (RFC 2228).
    pub const PROTECTION_UNSUPPORTED: Self = Self(536);
    /// 537: this command protection level is not supported (RFC 2228).
    pub const COMMAND_PROTECTION_UNSUPPORTED: Self = Self(537);
    /// 550: the file is unavailable, for example missing or forbidden (RFC 959).
    pub const FILE_UNAVAILABLE: Self = Self(550);
    /// 551: page type unknown (RFC 959).
    pub const PAGE_TYPE_UNKNOWN: Self = Self(551);
    /// 552: the storage allocation is exceeded (RFC 959).
    pub const STORAGE_EXCEEDED: Self = Self(552);
    /// 553: the file name is not allowed (RFC 959).
    pub const NAME_NOT_ALLOWED: Self = Self(553);
    /// 631: a reply protected in integrity (RFC 2228).
    pub const INTEGRITY_PROTECTED: Self = Self(631);
    /// 632: a reply protected in confidentiality and integrity (RFC 2228).
    pub const PRIVACY_PROTECTED: Self = Self(632);
    /// 633: a reply protected in confidentiality (RFC 2228).
    pub const CONFIDENTIALITY_PROTECTED: Self = Self(633);

    /// The code with this number, or `None` outside 100 to 699.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        match number {
            100..=699 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number, from 100 to 699.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Whether this code says that the server does not implement the command, whatever its
    /// argument: 500, 501, 502, 504 and 522. Some servers also use 501 for a bad argument.
    #[must_use]
    pub const fn is_not_done_here(self) -> bool {
        matches!(self.0, 500 | 501 | 502 | 504 | 522)
    }

    /// The class, given by the first digit.
    #[must_use]
    pub const fn class(self) -> Class {
        match self.0 {
            ..=199 => Class::Preliminary,
            200..=299 => Class::Completion,
            300..=399 => Class::Intermediate,
            400..=499 => Class::TransientNegative,
            500..=599 => Class::PermanentNegative,
            600.. => Class::Protected,
        }
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<ReplyCode> for u16 {
    fn from(code: ReplyCode) -> Self {
        code.get()
    }
}

/// One reply of the server: a code and one or more lines of text.
///
/// The text is bytes, because servers answer in any character set. Lines are joined by LF, without
/// the line ends of the wire; the first and the last line come without code and separator, the
/// lines between as they were sent, minus a leading code and hyphen equal to those of the first
/// line.
///
/// ```
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let reply = Reply::new(ReplyCode::SYSTEM_STATUS, b"Features:\n SIZE\nEnd");
/// assert!(reply.is_positive());
/// assert_eq!(reply.lines().nth(1), Some(b" SIZE".as_slice()));
/// assert_eq!(reply.to_string(), r"211 Features:\n SIZE\nEnd");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reply {
    code: ReplyCode,
    opening_code: Option<ReplyCode>,
    truncated: bool,
    text: Box<[u8]>,
    preliminary: Option<Box<Self>>,
}

impl Reply {
    /// A reply with this code and text; LF separates the lines.
    #[must_use]
    pub fn new(code: ReplyCode, text: &[u8]) -> Self {
        Self::parsed(code, text.into())
    }

    /// Keeps so much of the text, for whoever keeps any number of replies.
    #[cfg(feature = "mirror")]
    pub(crate) fn cut(&mut self, bytes_max: usize) {
        if let Some(kept) = self
            .text
            .get(..bytes_max)
            .filter(|_| self.text.len() > bytes_max)
        {
            self.text = kept.into();
            self.truncated = true;
        }
        if let Some(preliminary) = &mut self.preliminary {
            preliminary.cut(bytes_max);
        }
    }

    const fn parsed(code: ReplyCode, text: Box<[u8]>) -> Self {
        Self {
            code,
            opening_code: None,
            truncated: false,
            text,
            preliminary: None,
        }
    }

    /// The code: that of the last line, if the first has another (see [`Self::opening_code`]).
    #[must_use]
    pub const fn code(&self) -> ReplyCode {
        self.code
    }

    /// The class of the code.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.code.class()
    }

    /// Whether the server says that the action is complete (2yz).
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        matches!(self.class(), Class::Completion)
    }

    /// The text, lines joined by LF.
    #[must_use]
    pub const fn text(&self) -> &[u8] {
        &self.text
    }

    /// The text as UTF-8, with U+FFFD for other bytes.
    ///
    /// Control characters are as the server sent them; `Display` escapes them.
    #[must_use]
    pub fn text_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// The lines of the text; at least one, which may be empty.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|&byte| byte == b'\n')
    }

    /// Whether text is missing, because a line or the whole reply exceeded [`Limits`].
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The code of the first line, if it differs from the last line's.
    ///
    /// `Some` only under [`Grammar::any_code_ends`], for a reply that the strict grammar would have
    /// left open.
    #[must_use]
    pub const fn opening_code(&self) -> Option<ReplyCode> {
        self.opening_code
    }

    /// The latest preliminary reply (1yz) that came before this one, which answers the same
    /// command.
    #[must_use]
    pub fn preliminary(&self) -> Option<&Self> {
        self.preliminary.as_deref()
    }

    /// This reply with at most `bytes` bytes of its text, and without the preliminary reply.
    pub(crate) fn shortened(mut self, bytes: usize) -> Self {
        self.preliminary = None;
        if let Some(kept) = self.text.get(..bytes) {
            self.truncated |= kept.len() < self.text.len();
            self.text = kept.into();
        }
        self
    }

    /// This reply with the preliminary reply that came before it.
    #[must_use]
    pub fn with_preliminary(mut self, preliminary: Option<Self>) -> Self {
        self.preliminary = preliminary.map(Box::new);
        self
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Reply");
        out.field("code", &self.code.0);
        out.field("text", &self.text_lossy());
        if self.truncated {
            out.field("truncated", &true);
        }
        if let Some(code) = self.opening_code {
            out.field("opening_code", &code.0);
        }
        if let Some(preliminary) = &self.preliminary {
            out.field("preliminary", preliminary);
        }
        out.finish()
    }
}

/// The code and the text on one line, with control characters escaped: replies end up in logs and
/// on terminals.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.text.is_empty() {
            f.write_char(' ')?;
        }
        escape(&self.text, f)
    }
}
