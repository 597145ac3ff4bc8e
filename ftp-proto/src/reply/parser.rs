//! Bytes of the control connection in, replies out: incremental and bounded.

use alloc::vec::Vec;
use core::mem;

use super::limits::{Grammar, HEAD_BYTES, Limits};
use super::{Reply, ReplyCode};

/// The lowest byte that makes a Telnet command after IAC (RFC 854).
const COMMAND_FIRST: u8 = 240;
const WILL: u8 = 251;
const DONT: u8 = 254;
const IAC: u8 = 255;

/// Why the bytes of the server are not replies. The parser is out of step, so the error is final.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The first line of a reply does not begin as it must.
    #[error("malformed reply: {0}")]
    Malformed(#[from] Malformed),
    /// A NUL byte, which no reply may contain.
    #[error("NUL byte in a reply")]
    Nul,
    /// More than [`Limits::discard_bytes_max`] bytes would have to be dropped.
    #[error("reply exceeds every limit")]
    DiscardExceeded,
}

/// What is wrong with the first line of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The line does not begin with three digits.
    #[error("no three-digit code")]
    NoCode,
    /// The three digits are not within 100 to 699.
    #[error("code outside 100 to 699")]
    CodeOutOfRange,
    /// Neither space, nor hyphen, nor the end of the line follows the code.
    #[error("neither space nor hyphen after the code")]
    NoSeparator,
}

/// The incremental parser of replies.
///
/// It holds only the unfinished line and the unfinished reply, both bounded by [`Limits`], and its
/// results depend on the bytes alone, not on how they were split. Each byte is looked at a fixed
/// number of times.
///
/// ```
/// use ftp_proto::reply::{Grammar, Limits, Parser};
///
/// let mut parser = Parser::new(Limits::default(), Grammar::default());
/// let mut input = b"150 Here it comes\r\n226 Do".as_slice();
/// assert_eq!(parser.parse(&mut input).unwrap().unwrap().text(), b"Here it comes");
/// assert_eq!(parser.parse(&mut input), None);
/// assert!(!parser.is_at_boundary());
/// assert_eq!(parser.parse(&mut b"ne\r\n".as_slice()).unwrap().unwrap().text(), b"Done");
/// assert!(parser.is_at_boundary());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Parser {
    limits: Limits,
    grammar: Grammar,
    telnet: Telnet,
    /// The beginning of a line whose end has not been seen, at most `limits.line_bytes()`.
    line: Vec<u8>,
    /// That beginning holds more than CRs, which may be the end of a blank line.
    has_text: bool,
    /// Text of that line was dropped, more than the CRs of its end.
    line_cut: bool,
    /// The code of the first line, while a reply of several lines is unfinished.
    open: Option<ReplyCode>,
    body: Body,
    discarded: usize,
    failed: Option<ReplyError>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Telnet {
    Text,
    /// After IAC.
    Command,
    /// After IAC and WILL, WONT, DO or DONT.
    Option,
}

impl Parser {
    /// A parser at the beginning of the stream.
    #[must_use]
    pub const fn new(limits: Limits, grammar: Grammar) -> Self {
        Self {
            limits,
            grammar,
            telnet: Telnet::Text,
            line: Vec::new(),
            has_text: false,
            line_cut: false,
            open: None,
            body: Body::new(),
            discarded: 0,
            failed: None,
        }
    }

    /// Consumes from the front of `input` until a reply is complete (`Some`) or the input is used
    /// up (`None`).
    ///
    /// Call it until it returns `None`; that loop always ends.
    ///
    /// ```
    /// use ftp_proto::reply::{Grammar, Limits, Malformed, Parser, ReplyError};
    ///
    /// let mut parser = Parser::new(Limits::default(), Grammar::default());
    /// let mut input = b"220 Ready.\r\nSSH-2.0-x\r\n220 Ready.\r\n".as_slice();
    /// let results: Vec<_> = std::iter::from_fn(|| parser.parse(&mut input)).collect();
    /// assert_eq!(results.len(), 2);
    /// let error = ReplyError::Malformed(Malformed::NoCode);
    /// assert_eq!(results[1], Err(error));
    /// assert_eq!(parser.failed(), Some(error));
    /// ```
    ///
    /// # Errors
    ///
    /// A [`ReplyError`] is final and is returned once. That call and every later one consume all
    /// of their input; later calls return `None`, and [`failed`](Self::failed) keeps the error.
    #[inline]
    pub fn parse(&mut self, input: &mut &[u8]) -> Option<Result<Reply, ReplyError>> {
        // Every caller asks once more after the last reply: that costs it no call.
        if input.is_empty() {
            return None;
        }
        self.parse_bytes(input)
    }

    fn parse_bytes(&mut self, input: &mut &[u8]) -> Option<Result<Reply, ReplyError>> {
        match self.usual_reply(input) {
            Some(reply) => Some(Ok(reply)),
            None => self.parse_steps(input),
        }
    }

    fn parse_steps(&mut self, input: &mut &[u8]) -> Option<Result<Reply, ReplyError>> {
        if self.failed.is_some() {
            *input = &[];
            return None;
        }
        while !input.is_empty() {
            match self.step(input) {
                Ok(None) => {}
                Ok(Some(reply)) => return Some(Ok(reply)),
                Err(error) => {
                    *input = &[];
                    *self = Self::new(self.limits, self.grammar);
                    self.failed = Some(error);
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// The error that ended the parsing, if there was one.
    #[must_use]
    pub const fn failed(&self) -> Option<ReplyError> {
        self.failed
    }

    /// Whether the bytes so far end where a reply ends: nothing of an unfinished reply is held.
    /// False after an error.
    #[must_use]
    pub fn is_at_boundary(&self) -> bool {
        self.failed.is_none()
            && self.open.is_none()
            && self.telnet == Telnet::Text
            && self.line.is_empty()
    }

    /// Whether nothing of the next reply has been seen: the beginning of a blank line and Telnet
    /// commands are none of it.
    pub(crate) fn is_before_reply(&self) -> bool {
        self.failed.is_none() && self.open.is_none() && !self.has_text
    }

    /// What has come of the line that is not finished.
    pub(crate) fn unfinished_line(&self) -> &[u8] {
        &self.line
    }

    /// The bytes held of an unfinished reply; at most [`Limits::line_bytes_max`] (but at least 4)
    /// and [`Limits::reply_bytes_max`] together.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.line.len().saturating_add(self.body.text.len())
    }

    /// Gives back memory that is held in reserve for the next reply.
    pub fn shrink_to_fit(&mut self) {
        self.line.shrink_to_fit();
        self.body.text.shrink_to_fit();
    }

    /// Takes the usual reply: one line, whole in the input, whose text no limit cuts. It goes
    /// straight into its own memory. [`Self::step`] would make the same of it in more instructions.
    #[inline]
    fn usual_reply(&mut self, input: &mut &[u8]) -> Option<Reply> {
        let &[first, second, third, b' '] = input.first_chunk()? else {
            return None;
        };
        let code = code_of([first, second, third])?;
        if !self.is_at_boundary() {
            return None;
        }
        let (line, rest) = input.split_at_checked(self.special(input)?)?;
        let text = trim_end(line.get(HEAD_BYTES..)?);
        if line.len() > self.limits.line_bytes_max || text.len() > self.limits.reply_bytes_max {
            return None;
        }
        *input = rest.strip_prefix(b"\n")?;
        self.discarded = 0;
        Some(Reply::parsed(code, text.into()))
    }

    /// Where the first byte with a meaning of its own stands.
    #[inline(always)]
    fn special(&self, bytes: &[u8]) -> Option<usize> {
        if self.grammar.telnet {
            memchr::memchr3(b'\n', 0, IAC, bytes)
        } else {
            memchr::memchr2(b'\n', 0, bytes)
        }
    }

    /// Takes the bytes up to the next one with a meaning of its own, and that one.
    fn step(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, ReplyError> {
        if self.telnet != Telnet::Text {
            return self.telnet_byte(input).map(|()| None);
        }
        let bytes = *input;
        let (run, rest) = self
            .special(bytes)
            .and_then(|at| bytes.split_at_checked(at))
            .unwrap_or((bytes, &[]));
        let Some((&special, rest)) = rest.split_first() else {
            *input = rest;
            return self.keep(run).map(|()| None);
        };
        *input = rest;
        if special == b'\n' {
            return self.end_line(run);
        }
        self.keep(run)?;
        if special == 0 {
            return Err(ReplyError::Nul);
        }
        self.telnet = Telnet::Command;
        Ok(None)
    }

    /// Takes a byte that follows IAC, unless it makes no Telnet command.
    ///
    /// Sub-negotiation needs an option that both sides agreed to. None ever is, so SB is a command
    /// like any other here.
    fn telnet_byte(&mut self, input: &mut &[u8]) -> Result<(), ReplyError> {
        let Some((&byte, rest)) = input.split_first() else {
            return Ok(());
        };
        let state = mem::replace(&mut self.telnet, Telnet::Text);
        if state == Telnet::Command && byte < COMMAND_FIRST {
            return self.keep(&[IAC]);
        }
        *input = rest;
        match (state, byte) {
            (Telnet::Option, _) => self.discard(3),
            (_, IAC) => self.keep(&[IAC]),
            (_, WILL..=DONT) => {
                self.telnet = Telnet::Option;
                Ok(())
            }
            _ => self.discard(2),
        }
    }

    /// Adds to the unfinished line what the limit leaves room for.
    fn keep(&mut self, run: &[u8]) -> Result<(), ReplyError> {
        let room = self.limits.line_bytes().saturating_sub(self.line.len());
        let (kept, dropped) = run.split_at_checked(room).unwrap_or((run, &[]));
        let head_known = self.line.len() >= HEAD_BYTES;
        self.line.extend_from_slice(kept);
        self.has_text = self.has_text || kept.iter().any(|byte| *byte != b'\r');
        if self.open.is_none() && !head_known {
            check_head(&self.line)?;
        }
        // CRs before the LF are no text, so dropping them cuts nothing.
        self.line_cut |= dropped.iter().any(|&byte| byte != b'\r');
        self.discard(dropped.len())
    }

    fn discard(&mut self, bytes: usize) -> Result<(), ReplyError> {
        self.discarded = self.discarded.saturating_add(bytes);
        if self.discarded > self.limits.discard_bytes_max {
            return Err(ReplyError::DiscardExceeded);
        }
        Ok(())
    }

    /// Ends the line with `run`, its last bytes.
    fn end_line(&mut self, run: &[u8]) -> Result<Option<Reply>, ReplyError> {
        if self.line.is_empty() && run.len() <= self.limits.line_bytes() {
            return self.take_line(run);
        }
        self.keep(run)?;
        let mut line = mem::take(&mut self.line);
        self.has_text = false;
        let result = self.take_line(&line);
        line.clear();
        self.line = line;
        result
    }

    fn take_line(&mut self, raw: &[u8]) -> Result<Option<Reply>, ReplyError> {
        let cut = mem::take(&mut self.line_cut);
        let line = if cut { raw } else { trim_end(raw) };
        if let Some(code) = self.open {
            self.body.truncated |= cut;
            return self.continue_reply(code, line);
        }
        if line.is_empty() {
            self.discard(raw.len().saturating_add(1))?;
            return Ok(None);
        }
        self.body.truncated |= cut;
        self.begin_reply(line)
    }

    fn begin_reply(&mut self, line: &[u8]) -> Result<Option<Reply>, ReplyError> {
        let Some((code, rest)) = split_code(line) else {
            check_head(line)?;
            return Err(Malformed::NoCode.into());
        };
        match rest.split_first() {
            None => self.only_line(code, rest).map(Some),
            Some((b' ', text)) => self.only_line(code, text).map(Some),
            Some((b'-', text)) => {
                self.append(text)?;
                self.open = Some(code);
                Ok(None)
            }
            Some(_) => Err(Malformed::NoSeparator.into()),
        }
    }

    fn only_line(&mut self, code: ReplyCode, text: &[u8]) -> Result<Reply, ReplyError> {
        self.append(text)?;
        Ok(self.finish(code))
    }

    fn continue_reply(
        &mut self,
        opening: ReplyCode,
        line: &[u8],
    ) -> Result<Option<Reply>, ReplyError> {
        let Some((code, rest)) = split_code(line) else {
            return self.append(line).map(|()| None);
        };
        let same = code == opening;
        match rest.split_first() {
            None if same => self.append(rest)?,
            Some((b' ', text)) if same || self.grammar.any_code_ends => self.append(text)?,
            Some((b'-', text)) if same => return self.append(text).map(|()| None),
            _ => return self.append(line).map(|()| None),
        }
        let mut reply = self.finish(code);
        reply.opening_code = (!same).then_some(opening);
        Ok(Some(reply))
    }

    fn append(&mut self, line: &[u8]) -> Result<(), ReplyError> {
        let dropped = self.body.append(line, &self.limits);
        self.discard(dropped)
    }

    fn finish(&mut self, code: ReplyCode) -> Reply {
        let body = mem::replace(&mut self.body, Body::new());
        self.open = None;
        self.discarded = 0;
        let mut reply = Reply::parsed(code, body.text.into_boxed_slice());
        reply.truncated = body.truncated;
        reply
    }
}

/// The text of the unfinished reply.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Body {
    text: Vec<u8>,
    lines: usize,
    /// The text ends at a limit: what follows would have a gap before it.
    full: bool,
    truncated: bool,
}

impl Body {
    const fn new() -> Self {
        Self {
            text: Vec::new(),
            lines: 0,
            full: false,
            truncated: false,
        }
    }

    /// Adds a line as far as the limits allow, and returns the number of bytes dropped.
    fn append(&mut self, line: &[u8], limits: &Limits) -> usize {
        let room = limits.reply_bytes_max.saturating_sub(self.text.len());
        let separator = usize::from(self.lines > 0);
        if self.full || self.lines >= limits.reply_lines() || room < separator {
            self.full = true;
            self.truncated = true;
            return line.len().saturating_add(1);
        }
        if separator > 0 {
            self.text.push(b'\n');
        }
        self.lines = self.lines.saturating_add(1);
        let room = room.saturating_sub(separator);
        let (kept, dropped) = line.split_at_checked(room).unwrap_or((line, &[]));
        self.text.extend_from_slice(kept);
        self.full = !dropped.is_empty();
        self.truncated |= self.full;
        dropped.len()
    }
}

/// Refuses what cannot become the first line of a reply, as early as its first four bytes show it.
fn check_head(line: &[u8]) -> Result<(), Malformed> {
    for (at, &byte) in line.iter().take(HEAD_BYTES).enumerate() {
        match (at, byte) {
            // Perhaps the end of a blank line, or of a line without text. When the line has ended
            // we shall know.
            (0 | 3, b'\r') => return Ok(()),
            (0, b'1'..=b'6') | (1 | 2, b'0'..=b'9') | (3, b' ' | b'-') => {}
            (0, b'0' | b'7'..=b'9') => return Err(Malformed::CodeOutOfRange),
            (3, _) => return Err(Malformed::NoSeparator),
            _ => return Err(Malformed::NoCode),
        }
    }
    Ok(())
}

/// Splits three digits, if they are a code, from the rest of the line.
fn split_code(line: &[u8]) -> Option<(ReplyCode, &[u8])> {
    let (digits, rest) = line.split_first_chunk()?;
    Some((code_of(*digits)?, rest))
}

/// The code that three bytes make, if they are digits.
#[inline]
fn code_of(digits: [u8; 3]) -> Option<ReplyCode> {
    let [hundreds, tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 {
        return None;
    }
    let below_hundred = tens.wrapping_mul(10).wrapping_add(ones);
    let number = u16::from(hundreds).wrapping_mul(100);
    ReplyCode::new(number.wrapping_add(u16::from(below_hundred)))
}

fn trim_end(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let Some((b'\r', rest)) = line.split_last() {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests;
