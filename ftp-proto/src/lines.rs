//! Lines of a text that arrives in pieces, such as a listing.

use alloc::vec::Vec;

/// The longest line of a text or of an unparsed listing, in bytes without line end: ftplib's limit.
pub const LINE_BYTES_MAX: usize = 8192;

/// Splits a text into lines. A line ends with LF or CRLF, which is removed; a CR elsewhere is data.
///
/// A line that lies within one input borrows from it. Otherwise the splitter holds at most the
/// longest line and a CR. The result does not depend on how the bytes are split into inputs.
///
/// ```
/// use ftp_proto::lines::Lines;
///
/// let mut lines = Lines::new(80);
/// let mut names = Vec::new();
/// for mut input in [b"a.txt\r\nb.".as_slice(), b"txt\r\nc.txt"] {
///     while let Some(line) = lines.next_line(&mut input) {
///         names.push(line.unwrap().to_vec());
///     }
/// }
/// names.extend(lines.finish().map(|line| line.unwrap().to_vec()));
/// assert_eq!(names, [b"a.txt", b"b.txt", b"c.txt"]);
/// ```
#[derive(Clone, Debug)]
pub struct Lines {
    line_bytes_max: usize,
    carry: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The carry is the beginning of a line.
    Collecting,
    /// The carry was handed out as a line.
    Delivered,
    /// The line is too long and was reported; the rest of it is skipped.
    Skipping,
}

/// A line exceeds the limit. The rest of it is skipped, and the lines after it follow as usual.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("line longer than {line_bytes_max} bytes")]
pub struct LineTooLong {
    /// The limit in bytes, without line end.
    pub line_bytes_max: usize,
}

impl Lines {
    /// A splitter at the beginning of a text, for lines of at most `line_bytes_max` bytes without
    /// line end.
    #[must_use]
    pub const fn new(line_bytes_max: usize) -> Self {
        Self {
            line_bytes_max,
            carry: Vec::new(),
            state: State::Collecting,
        }
    }

    /// Consumes the front of `input` and gives the next line, or `None` at the end of the input.
    ///
    /// # Errors
    ///
    /// [`LineTooLong`], once for each such line.
    pub fn next_line<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
    ) -> Option<Result<&'s [u8], LineTooLong>> {
        if self.state == State::Delivered {
            self.carry.clear();
            self.state = State::Collecting;
        }
        if self.state == State::Skipping {
            let rest = split_line(input).map(|(_, rest)| rest);
            *input = rest.unwrap_or_default();
            rest?;
            self.state = State::Collecting;
        }
        let (part, rest) =
            split_line(input).map_or((*input, None), |(line, rest)| (line, Some(rest)));
        *input = rest.unwrap_or_default();
        if self.exceeds(part) {
            self.carry.clear();
            self.state = if rest.is_some() {
                State::Collecting
            } else {
                State::Skipping
            };
            return Some(Err(self.too_long()));
        }
        if rest.is_some() && self.carry.is_empty() {
            return Some(Ok(without_cr(part)));
        }
        self.carry.extend_from_slice(part);
        rest?;
        self.state = State::Delivered;
        Some(Ok(without_cr(&self.carry)))
    }

    /// Ends the text: gives the last line, if it has no line end, and begins anew.
    ///
    /// # Errors
    ///
    /// [`LineTooLong`] if the last byte is a CR without LF that makes the line too long.
    pub fn finish(&mut self) -> Option<Result<&[u8], LineTooLong>> {
        let state = core::mem::replace(&mut self.state, State::Delivered);
        if state != State::Collecting || self.carry.is_empty() {
            return None;
        }
        if self.carry.len() > self.line_bytes_max {
            return Some(Err(self.too_long()));
        }
        Some(Ok(&self.carry))
    }

    /// The bytes held of an unfinished line.
    #[must_use]
    pub fn buffered(&self) -> usize {
        if self.state == State::Collecting {
            self.carry.len()
        } else {
            0
        }
    }

    /// Whether the unfinished line with this part added is too long, even if its last CR is the
    /// beginning of a line end.
    fn exceeds(&self, part: &[u8]) -> bool {
        let length = self.carry.len().saturating_add(part.len());
        let last = part.last().or_else(|| self.carry.last());
        length.saturating_sub(usize::from(last == Some(&b'\r'))) > self.line_bytes_max
    }

    const fn too_long(&self) -> LineTooLong {
        LineTooLong {
            line_bytes_max: self.line_bytes_max,
        }
    }
}

/// The bytes before the first LF and those after it.
fn split_line(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = input.split_at_checked(memchr::memchr(b'\n', input)?)?;
    Some((line, rest.get(1..)?))
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
