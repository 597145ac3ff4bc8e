//! A second parser, as plain as can be: it sees the whole stream at once, and shares no code with
//! the first.

use ftp_proto::reply::{Grammar, Limits, Malformed, ReplyError};

use super::{End, Outcome};

/// What the parser keeps of a reply.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Plain {
    pub(super) code: u16,
    pub(super) text: Vec<u8>,
    pub(super) truncated: bool,
}

/// The outcome in the terms of the reference.
pub(super) fn plain(outcome: &Outcome) -> (Vec<Plain>, End) {
    let replies = outcome.replies.iter().map(|reply| Plain {
        code: reply.code().get(),
        text: reply.text().to_vec(),
        truncated: reply.is_truncated(),
    });
    (replies.collect(), outcome.end)
}

/// Parses the whole stream, as if there were no limit for dropped bytes.
pub(super) fn parse(stream: &[u8], limits: Limits, grammar: Grammar) -> (Vec<Plain>, End) {
    let (bytes, telnet_open) = if grammar.telnet {
        undo_telnet(stream)
    } else {
        (stream.to_vec(), false)
    };
    let mut replies = Vec::new();
    let mut open: Option<(u16, Vec<Line>)> = None;
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    let rest = lines.pop().unwrap();
    for raw in lines {
        if let Err(error) = check(raw, open.is_none(), true) {
            return (replies, End::Error(error));
        }
        let line = Line::new(raw, limits.line_bytes_max.max(4));
        let (code, mut body) = match open.take() {
            None if line.bytes.is_empty() => continue,
            None => {
                let code = code(&line.bytes).unwrap();
                let ends = line.bytes.get(3) != Some(&b'-');
                let body = vec![line.without_head()];
                if !ends {
                    open = Some((code, body));
                    continue;
                }
                replies.push(join(code, body, limits));
                continue;
            }
            Some(open) => open,
        };
        let found = code_of(&line.bytes);
        match (found, line.bytes.get(3)) {
            (Some(found), None) if found == code => {
                body.push(line.without_head());
                replies.push(join(code, body, limits));
            }
            (Some(found), Some(b' ')) if found == code || grammar.any_code_ends => {
                body.push(line.without_head());
                replies.push(join(found, body, limits));
            }
            (Some(found), Some(b'-')) if found == code => {
                body.push(line.without_head());
                open = Some((code, body));
            }
            _ => {
                body.push(line);
                open = Some((code, body));
            }
        }
    }
    if let Err(error) = check(rest, open.is_none(), false) {
        return (replies, End::Error(error));
    }
    let end = if open.is_none() && rest.is_empty() && !telnet_open {
        End::Boundary
    } else {
        End::Incomplete
    };
    (replies, end)
}

struct Line {
    bytes: Vec<u8>,
    cut: bool,
}

impl Line {
    fn new(raw: &[u8], max: usize) -> Self {
        let end = raw
            .iter()
            .rposition(|&byte| byte != b'\r')
            .map_or(0, |at| at + 1);
        if end <= max {
            return Self {
                bytes: raw[..end].to_vec(),
                cut: false,
            };
        }
        Self {
            bytes: raw[..max].to_vec(),
            cut: true,
        }
    }

    fn without_head(mut self) -> Self {
        self.bytes = self.bytes.get(4..).unwrap_or_default().to_vec();
        self
    }
}

/// The whole stream without Telnet commands, and whether one is unfinished.
fn undo_telnet(mut stream: &[u8]) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    loop {
        stream = match *stream {
            [] => return (bytes, false),
            [0xff] | [0xff, 0xfb..=0xfe] => return (bytes, true),
            [0xff, 0xff, ref rest @ ..] => {
                bytes.push(0xff);
                rest
            }
            [0xff, 0xfb..=0xfe, _, ref rest @ ..] | [0xff, 0xf0..=0xfa, ref rest @ ..] => rest,
            [byte, ref rest @ ..] => {
                bytes.push(byte);
                rest
            }
        }
    }
}

/// What is wrong with the line, if anything is: the first wrong byte decides.
fn check(line: &[u8], opening: bool, ended: bool) -> Result<(), ReplyError> {
    let nul = line.iter().position(|&byte| byte == 0);
    let (line, ended) = match nul {
        Some(at) => (&line[..at], false),
        None => (line, ended),
    };
    if opening {
        head(line, ended)?;
    }
    nul.map_or(Ok(()), |_| Err(ReplyError::Nul))
}

fn head(line: &[u8], ended: bool) -> Result<(), Malformed> {
    let text: &[u8] = match line.iter().rposition(|&byte| byte != b'\r') {
        Some(at) => &line[..=at],
        None => return Ok(()),
    };
    let first = text[0];
    if first == b'\r' {
        return if ended {
            Err(Malformed::NoCode)
        } else {
            Ok(())
        };
    }
    let digits = line
        .iter()
        .take(3)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits > 0 && !(b'1'..=b'6').contains(&first) {
        return Err(Malformed::CodeOutOfRange);
    }
    if digits < 3 {
        let more_may_come = !ended && line.len() == digits;
        return if more_may_come {
            Ok(())
        } else {
            Err(Malformed::NoCode)
        };
    }
    match text.get(3) {
        None | Some(b' ' | b'-') => Ok(()),
        Some(b'\r') if !ended => Ok(()),
        Some(_) => Err(Malformed::NoSeparator),
    }
}

fn code(line: &[u8]) -> Option<u16> {
    let digits = line.get(..3)?;
    let valid = digits.iter().all(u8::is_ascii_digit);
    valid.then(|| {
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
    })
}

fn code_of(line: &[u8]) -> Option<u16> {
    code(line).filter(|code| (100..700).contains(code))
}

fn join(code: u16, lines: Vec<Line>, limits: Limits) -> Plain {
    let mut truncated =
        lines.iter().any(|line| line.cut) || lines.len() > limits.reply_lines_max.max(1);
    let kept: Vec<_> = lines
        .into_iter()
        .take(limits.reply_lines_max.max(1))
        .map(|line| line.bytes)
        .collect();
    let mut text = kept.join(&b'\n');
    truncated |= text.len() > limits.reply_bytes_max;
    text.truncate(limits.reply_bytes_max);
    Plain {
        code,
        text,
        truncated,
    }
}
