//! The line ends of the ASCII representation (RFC 959 section 3.1.1.1): CRLF on the wire, LF here.
//!
//! Both directions borrow: the output is slices of the input, with a line end between them where
//! one changes. The result does not depend on how the bytes are split into inputs. Nothing is
//! allocated, except that [`Encoder::encode`] lets a caller's buffer grow.

use alloc::vec::Vec;

use memchr::memchr;

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
        self.last = match run.last() {
            Some(b'\r') => Last::Cr,
            Some(b'\n') => Last::LineEnd,
            _ => Last::Other,
        };
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
        while let Some(run) = self.next_run(&mut input) {
            // Two bytes of known number are stored; any other number is a call of memcpy.
            match run {
                b"\r\n" => wire.extend_from_slice(b"\r\n"),
                _ => wire.extend_from_slice(run),
            }
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
