//! The line ends of the ASCII representation (RFC 959 section 3.1.1.1): CRLF on the wire, LF here.
//!
//! `next_run` of both directions borrows: the output is slices of the input, with a line end between
//! them where one changes. [`Decoder::decode`] and [`Encoder::encode`] copy into a buffer of the
//! caller, which is the faster way for lines of usual length. The result does not depend on how the
//! bytes are split into inputs. Nothing is allocated, except that a caller's buffer grows.

use alloc::vec::Vec;

use memchr::memchr;

/// What is copied and searched at once: what a vector register holds.
const BLOCK_BYTES: usize = 16;

/// After so many bytes without a line end, a search and a copy of the rest of the line are worth
/// their calls.
const SHORT_BYTES: usize = 128;

/// Turns the CRLF of the wire into LF. A CR without LF is data.
///
/// ```
/// use ftp_proto::ascii::Decoder;
///
/// let mut decoder = Decoder::new();
/// let mut text = Vec::new();
/// for mut input in [b"one\r\ntwo\r".as_slice(), b"\nthree\r"] {
///     while let Some(run) = decoder.next_run(&mut input) {
///         text.extend_from_slice(run);
///     }
/// }
/// text.extend_from_slice(decoder.finish());
/// assert_eq!(text, b"one\ntwo\nthree\r");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Decoder {
    /// The last byte was a CR, which is still held back.
    pending_cr: bool,
}

impl Decoder {
    /// A decoder at the beginning of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self { pending_cr: false }
    }

    /// Consumes the front of `input` and gives the next bytes of the text, or `None` at the end of
    /// the input.
    ///
    /// The bytes are never empty.
    #[inline]
    pub fn next_run<'a>(&mut self, input: &mut &'a [u8]) -> Option<&'a [u8]> {
        loop {
            let first = *input.first()?;
            if self.pending_cr {
                self.pending_cr = false;
                if first != b'\n' {
                    return Some(b"\r");
                }
            }
            let end = memchr(b'\r', input);
            let (run, rest) = end
                .and_then(|at| input.split_at_checked(at))
                .unwrap_or((input, &[]));
            self.pending_cr = end.is_some();
            *input = rest.get(1..).unwrap_or_default();
            if !run.is_empty() {
                return Some(run);
            }
        }
    }

    /// Appends the text of `wire` to `text`.
    ///
    /// ```
    /// use ftp_proto::ascii::Decoder;
    ///
    /// let mut text = Vec::new();
    /// Decoder::new().decode(b"one\r\ntwo\r\n", &mut text);
    /// assert_eq!(text, b"one\ntwo\n");
    /// ```
    pub fn decode(&mut self, mut wire: &[u8], text: &mut Vec<u8>) {
        while let Some(first) = wire.first() {
            if self.pending_cr && *first != b'\n' {
                text.push(b'\r');
            }
            let (_, rest) = copy_line(b'\r', wire, text);
            self.pending_cr = rest.is_some();
            wire = rest.unwrap_or_default();
        }
    }

    /// Ends the file: gives the last byte if it was a CR, and begins anew.
    pub const fn finish(&mut self) -> &'static [u8] {
        let pending_cr = self.pending_cr;
        self.pending_cr = false;
        if pending_cr { b"\r" } else { b"" }
    }
}

/// Where the first LF stands that does not follow a CR. What stands before `input` is a CR if it
/// begins with LF.
#[inline]
fn bare_lf(input: &[u8]) -> Option<usize> {
    let mut before = 0;
    loop {
        let rest = input.get(before..)?;
        let at = before.saturating_add(memchr(b'\n', rest)?);
        match at.checked_sub(1).and_then(|cr| input.get(cr)) {
            None | Some(b'\r') => before = at.saturating_add(1),
            Some(_) => return Some(at),
        }
    }
}

/// Turns LF into the CRLF of the wire. A CRLF stays as it is, and so does a CR without LF.
///
/// ```
/// use ftp_proto::ascii::Encoder;
///
/// let mut encoder = Encoder::terminating();
/// let mut wire = Vec::new();
/// for mut input in [b"one\ntwo\r".as_slice(), b"\nthree"] {
///     while let Some(run) = encoder.next_run(&mut input) {
///         wire.extend_from_slice(run);
///     }
/// }
/// wire.extend_from_slice(encoder.finish());
/// assert_eq!(wire, b"one\r\ntwo\r\nthree\r\n");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Encoder {
    last: Last,
    terminate: bool,
}

/// The last byte that went in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
enum Last {
    /// LF, or nothing yet: a line ended here.
    #[default]
    LineEnd,
    Cr,
    Other,
}

impl Last {
    const fn of(byte: &u8) -> Self {
        match byte {
            b'\r' => Self::Cr,
            b'\n' => Self::LineEnd,
            _ => Self::Other,
        }
    }
}

impl Encoder {
    /// An encoder that leaves a last line without line end as it is.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            last: Last::LineEnd,
            terminate: false,
        }
    }

    /// An encoder that ends the last line with CRLF, if the file does not.
    #[must_use]
    pub const fn terminating() -> Self {
        Self {
            last: Last::LineEnd,
            terminate: true,
        }
    }

    /// Consumes the front of `input` and gives the next bytes for the wire, or `None` at the end of
    /// the input.
    ///
    /// The bytes are never empty.
    #[inline]
    pub fn next_run<'a>(&mut self, input: &mut &'a [u8]) -> Option<&'a [u8]> {
        if *input.first()? == b'\n' && self.last != Last::Cr {
            *input = input.get(1..).unwrap_or_default();
            self.last = Last::LineEnd;
            return Some(b"\r\n");
        }
        let (run, rest) = bare_lf(input)
            .and_then(|at| input.split_at_checked(at))
            .unwrap_or((input, &[]));
        *input = rest;
        self.last = run.last().map_or(self.last, Last::of);
        Some(run)
    }

    /// Appends `input`, as it is on the wire, to `wire`.
    ///
    /// ```
    /// use ftp_proto::ascii::Encoder;
    ///
    /// let mut wire = Vec::new();
    /// Encoder::new().encode(b"one\ntwo\r\n", &mut wire);
    /// assert_eq!(wire, b"one\r\ntwo\r\n");
    /// ```
    pub fn encode(&mut self, mut input: &[u8], wire: &mut Vec<u8>) {
        while !input.is_empty() {
            let (line, rest) = copy_line(b'\n', input, wire);
            self.last = line.last().map_or(self.last, Last::of);
            let Some(rest) = rest else { return };
            // Two slices of known length are stored; one of either length is a call of memcpy.
            if self.last == Last::Cr {
                wire.extend_from_slice(b"\n");
            } else {
                wire.extend_from_slice(b"\r\n");
            }
            self.last = Last::LineEnd;
            input = rest;
        }
    }

    /// Ends the file: gives a missing last line end, if it is wanted, and begins anew.
    pub const fn finish(&mut self) -> &'static [u8] {
        let last = self.last;
        self.last = Last::LineEnd;
        match last {
            Last::Cr if self.terminate => b"\n",
            Last::Other if self.terminate => b"\r\n",
            _ => b"",
        }
    }
}

/// Appends the line before the first `end` to `output`, and gives it with what follows that byte,
/// or all of the input with nothing.
#[inline(always)]
fn copy_line<'i>(end: u8, input: &'i [u8], output: &mut Vec<u8>) -> (&'i [u8], Option<&'i [u8]>) {
    let copied = copy_until(end, input, output);
    match input.split_at_checked(copied) {
        Some((line, [_, rest @ ..])) => (line, Some(rest)),
        _ => (input, None),
    }
}

/// Appends the bytes before the first `end` to `output`, and tells how many they are.
///
/// A block is copied before it is searched, and what is too much is cut off again. So a line of
/// usual length costs neither a call of memchr nor one of memcpy.
#[inline(always)]
fn copy_until(end: u8, input: &[u8], output: &mut Vec<u8>) -> usize {
    let mut copied = 0_usize;
    let mut rest = input;
    while let Some((block, after)) = rest.split_first_chunk() {
        if copied >= SHORT_BYTES {
            break;
        }
        let before = output.len();
        output.extend_from_slice(block);
        if let Some(at) = position(end, block) {
            output.truncate(before.saturating_add(at));
            return copied.saturating_add(at);
        }
        copied = copied.saturating_add(BLOCK_BYTES);
        rest = after;
    }
    let line = memchr(end, rest)
        .and_then(|at| rest.get(..at))
        .unwrap_or(rest);
    output.extend_from_slice(line);
    copied.saturating_add(line.len())
}

/// Where the byte stands first in the block.
#[inline(always)]
fn position(byte: u8, block: &[u8; BLOCK_BYTES]) -> Option<usize> {
    const ONES: u128 = u128::from_le_bytes([0x01; BLOCK_BYTES]);
    const TOPS: u128 = u128::from_le_bytes([0x80; BLOCK_BYTES]);
    // Without an early end, this is one comparison of all the bytes.
    if !block
        .iter()
        .fold(false, |any, other| any | (*other == byte))
    {
        return None;
    }
    // Bytes that are equal become zero. The lowest bit that stays is the top of the first of them.
    let word = u128::from_le_bytes(*block) ^ u128::from_le_bytes([byte; BLOCK_BYTES]);
    let zeros = word.wrapping_sub(ONES) & !word & TOPS;
    usize::try_from(zeros.trailing_zeros() / u8::BITS).ok()
}
