//! A reply parser as plain as can be: it removes Telnet from the whole stream, then goes through it
//! byte by byte, and keeps every line whole before it asks what the limits leave of it.

use ftp_proto::reply::{Grammar, Limits, Malformed, Reply, ReplyError};

/// A reply in plain terms.
#[derive(PartialEq, Debug)]
pub(super) struct Plain {
    code: u16,
    opening_code: Option<u16>,
    text: Vec<u8>,
    truncated: bool,
}

impl Plain {
    pub(super) fn of(reply: &Reply) -> Self {
        Self {
            code: reply.code().get(),
            opening_code: reply.opening_code().map(|code| code.get()),
            text: reply.text().to_vec(),
            truncated: reply.is_truncated(),
        }
    }
}

/// What came of a stream.
pub(super) struct Expected {
    pub(super) replies: Vec<Plain>,
    pub(super) error: Option<ReplyError>,
    pub(super) at_boundary: bool,
}

/// Parses the whole stream, as if any amount of it could be dropped.
pub(super) fn parse(stream: &[u8], limits: Limits, grammar: Grammar) -> Expected {
    let (bytes, unfinished) = if grammar.telnet {
        without_telnet(stream)
    } else {
        (stream.to_vec(), false)
    };
    let mut reader = Reader {
        limits,
        grammar,
        line: Vec::new(),
        open: None,
        replies: Vec::new(),
    };
    for byte in bytes {
        if let Err(error) = reader.take(byte) {
            return Expected {
                replies: reader.replies,
                error: Some(error),
                at_boundary: false,
            };
        }
    }
    let at_boundary = !unfinished && reader.line.is_empty() && reader.open.is_none();
    Expected {
        replies: reader.replies,
        error: None,
        at_boundary,
    }
}

/// Removes commands, and tells whether the stream ends in the midst of one.
fn without_telnet(stream: &[u8]) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let mut at = 0;
    while let Some(&byte) = stream.get(at) {
        if byte != 0xFF {
            bytes.push(byte);
            at += 1;
            continue;
        }
        let length = match stream.get(at + 1) {
            None => return (bytes, true),
            Some(0xFF) => {
                bytes.push(0xFF);
                2
            }
            Some(251..=254) if at + 2 >= stream.len() => return (bytes, true),
            Some(251..=254) => 3,
            Some(240..=250) => 2,
            Some(_) => {
                bytes.push(0xFF);
                1
            }
        };
        at += length;
    }
    (bytes, false)
}

struct Reader {
    limits: Limits,
    grammar: Grammar,
    line: Vec<u8>,
    /// The reply under way: its code and its lines.
    open: Option<(u16, Vec<Line>)>,
    replies: Vec<Plain>,
}

/// The text of a line, as far as it was kept.
struct Line {
    text: Vec<u8>,
    cut: bool,
}

impl Reader {
    fn take(&mut self, byte: u8) -> Result<(), ReplyError> {
        match byte {
            0 => Err(ReplyError::Nul),
            b'\n' => {
                let line = std::mem::take(&mut self.line);
                self.end_line(line)
            }
            _ => {
                self.line.push(byte);
                if self.open.is_none() {
                    check_beginning(&self.line)?;
                }
                Ok(())
            }
        }
    }

    fn end_line(&mut self, line: Vec<u8>) -> Result<(), ReplyError> {
        let line = self.limited(line);
        match self.open.take() {
            None if line.text.is_empty() => Ok(()),
            None => self.first_line(line),
            Some((code, lines)) => {
                self.further_line(code, lines, line);
                Ok(())
            }
        }
    }

    /// CRs at the end belong to the line end, unless text behind the limit shows that they were in
    /// the midst.
    fn limited(&self, mut line: Vec<u8>) -> Line {
        let kept = line.len().min(self.limits.line_bytes_max.max(4));
        let cut = line[kept..].iter().any(|&byte| byte != b'\r');
        line.truncate(kept);
        while !cut && line.last() == Some(&b'\r') {
            line.pop();
        }
        Line { text: line, cut }
    }

    fn first_line(&mut self, line: Line) -> Result<(), ReplyError> {
        let code = code_of(&line.text).ok_or(Malformed::NoCode)?;
        match line.text.get(3) {
            Some(b'-') => self.open = Some((code, vec![without_code(line)])),
            None | Some(b' ') => self.finish(code, None, vec![without_code(line)]),
            Some(_) => return Err(Malformed::NoSeparator.into()),
        }
        Ok(())
    }

    fn further_line(&mut self, opening: u16, mut lines: Vec<Line>, line: Line) {
        let code = code_of(&line.text);
        let same = code == Some(opening);
        let ends = match line.text.get(3) {
            None => same,
            Some(b' ') => same || (self.grammar.any_code_ends && code.is_some()),
            Some(_) => false,
        };
        let is_marked = same && line.text.get(3) == Some(&b'-');
        lines.push(if ends || is_marked {
            without_code(line)
        } else {
            line
        });
        match code.filter(|_| ends) {
            Some(code) => self.finish(code, Some(opening), lines),
            None => self.open = Some((opening, lines)),
        }
    }

    fn finish(&mut self, code: u16, opening: Option<u16>, mut lines: Vec<Line>) {
        let count = self.limits.reply_lines_max.max(1);
        let mut truncated = lines.iter().any(|line| line.cut) || lines.len() > count;
        lines.truncate(count);
        let texts: Vec<_> = lines.into_iter().map(|line| line.text).collect();
        let mut text = texts.join(&b'\n');
        truncated |= text.len() > self.limits.reply_bytes_max;
        text.truncate(self.limits.reply_bytes_max);
        let opening_code = opening.filter(|&opening| opening != code);
        self.replies.push(Plain {
            code,
            opening_code,
            text,
            truncated,
        });
    }
}

fn without_code(mut line: Line) -> Line {
    line.text.drain(..line.text.len().min(4));
    line
}

fn code_of(line: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(line.get(..3)?).ok()?;
    let code = digits
        .chars()
        .all(|c| c.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    (100..700).contains(&code).then_some(code)
}

/// What the bytes that have come so far already show to be wrong.
fn check_beginning(line: &[u8]) -> Result<(), Malformed> {
    match *line {
        // Perhaps a blank line.
        [b'\r', ..] => Ok(()),
        [first] if !first.is_ascii_digit() => Err(Malformed::NoCode),
        [first] if !(b'1'..=b'6').contains(&first) => Err(Malformed::CodeOutOfRange),
        [_, digit] | [_, _, digit] if !digit.is_ascii_digit() => Err(Malformed::NoCode),
        // A CR is perhaps the end of a line that has no text.
        [_, _, _, separator] if !matches!(separator, b' ' | b'-' | b'\r') => {
            Err(Malformed::NoSeparator)
        }
        _ => Ok(()),
    }
}
