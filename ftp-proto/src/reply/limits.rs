//! The bounds and the grammar of a parser of replies.

/// The fewest bytes of a line that decide what the line is: three digits and a separator.
pub(super) const HEAD_BYTES: usize = 4;

/// How much of a reply is kept, and how much may be thrown away for one reply.
///
/// What exceeds the first three is dropped, the reply is marked as truncated, and the parser stays
/// in step with the server.
///
/// ```
/// use ftp_proto::reply::{Grammar, Limits, Parser};
///
/// let limits = Limits { line_bytes_max: 9, ..Limits::default() };
/// let mut parser = Parser::new(limits, Grammar::default());
/// let reply = parser.parse(&mut &b"200 Hello, user\r\n"[..]).unwrap().unwrap();
/// assert_eq!(reply.text(), b"Hello");
/// assert!(reply.is_truncated());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    /// Longest line in bytes, with its code and without its line end; 32 KiB by default. Less than
    /// 4 counts as 4.
    pub line_bytes_max: usize,
    /// Longest text of a reply in bytes, line separators included; 128 KiB by default.
    pub reply_bytes_max: usize,
    /// Most lines of a reply; 4,096 by default. Zero counts as one.
    pub reply_lines_max: usize,
    /// Most bytes dropped for one reply before the parser gives up; 1 MiB by default. Bytes beyond
    /// the other limits, Telnet commands and blank lines before the reply count.
    pub discard_bytes_max: usize,
}

impl Limits {
    /// The default limits.
    pub const DEFAULT: Self = Self {
        line_bytes_max: 32 * 1024,
        reply_bytes_max: 128 * 1024,
        reply_lines_max: 4096,
        discard_bytes_max: 1024 * 1024,
    };

    pub(super) const fn line_bytes(&self) -> usize {
        if self.line_bytes_max < HEAD_BYTES {
            HEAD_BYTES
        } else {
            self.line_bytes_max
        }
    }

    pub(super) const fn reply_lines(&self) -> usize {
        if self.reply_lines_max == 0 {
            1
        } else {
            self.reply_lines_max
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Which deviations from the reply grammar of RFC 959 are accepted.
///
/// Always accepted: LF without CR as line end, more than one CR before it, a code without text,
/// blank lines between replies.
///
/// ```
/// use ftp_proto::reply::{Grammar, Limits, Parser, ReplyCode};
///
/// let lenient = Grammar { any_code_ends: true, ..Grammar::default() };
/// let mut parser = Parser::new(Limits::default(), lenient);
/// let reply = parser.parse(&mut &b"553-Precheck\r\n150 Opening\r\n"[..]).unwrap().unwrap();
/// assert_eq!(reply.code(), ReplyCode::OPENING_DATA);
/// assert_eq!(reply.opening_code(), Some(ReplyCode::NAME_NOT_ALLOWED));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Grammar {
    /// A line with any valid code and a space ends a reply of several lines, and its code is the
    /// reply's; off by default. glFTPd sends such replies. The strict grammar wants the code of the
    /// first line, since text inside a reply may look like the end of another.
    pub any_code_ends: bool,
    /// The Telnet layer of RFC 854 is undone; on by default. A doubled 0xFF stands for one, and
    /// other commands are removed. A 0xFF before a byte that makes no command is kept, since some
    /// servers send it undoubled.
    pub telnet: bool,
}

impl Grammar {
    /// The default grammar: RFC 959 over Telnet.
    pub const STRICT: Self = Self {
        any_code_ends: false,
        telnet: true,
    };
}

impl Default for Grammar {
    fn default() -> Self {
        Self::STRICT
    }
}
