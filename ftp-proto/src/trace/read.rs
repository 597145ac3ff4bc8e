//! Lines of text as records: the inverse of `write`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::str::{FromStr, SplitAsciiWhitespace};
use core::time::Duration;

use crate::action::{Action, DataId, Direction, End, Flow, Link, Report, Representation, Target};
use crate::command::{Argument, Command};
use crate::config::{Config, Control, Detail};
use crate::reply::{Reply, ReplyCode};
use crate::time::Instant;
use crate::transfer::Transfer;

use super::names::{self, detail, mode};
use super::{Record, config};

/// The line is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the line is not a trace record")]
pub struct Unreadable;

impl FromStr for Record {
    type Err = Unreadable;

    fn from_str(line: &str) -> Result<Self, Unreadable> {
        record(line).ok_or(Unreadable)
    }
}

/// The words before the bytes, and the bytes.
struct Parts<'a> {
    words: SplitAsciiWhitespace<'a>,
    quoted: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (words, quoted) = match line.split_once('"') {
            Some((words, rest)) => (words, Some(rest.strip_suffix('"')?)),
            None => (line, None),
        };
        Some(Self {
            words: words.split_ascii_whitespace(),
            quoted,
        })
    }

    fn word(&mut self) -> Option<&'a str> {
        self.words.next()
    }

    fn number<T: FromStr>(&mut self) -> Option<T> {
        self.word()?.parse().ok()
    }

    fn data(&mut self) -> Option<DataId> {
        self.number().map(DataId)
    }

    fn link(&mut self) -> Option<Link> {
        match self.word()? {
            "control" => Some(Link::Control),
            number => Some(Link::Data(DataId(number.parse().ok()?))),
        }
    }

    fn yes(&mut self) -> Option<bool> {
        yes(self.word()?)
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        unescape(self.quoted?)
    }

    fn command(&self) -> Option<Command> {
        Command::raw(self.bytes()?).ok()
    }
}

fn record(line: &str) -> Option<Record> {
    let mut parts = Parts::of(line)?;
    Some(match parts.word()? {
        "open" => opened(parts.words)?,
        "command" => Record::Command(parts.command()?),
        "reply" => {
            let code = ReplyCode::new(parts.number()?)?;
            Record::Reply(Reply::new(code, &parts.bytes()?))
        }
        "receive" => Record::Received(parts.bytes()?.into()),
        "eof" => Record::ReceivedEof,
        "transmitted" => Record::Transmitted(parts.number()?),
        "poll" => Record::Polled(Instant::from_epoch(Duration::from_nanos(parts.number()?))),
        "action" => Record::Performed(action(&mut parts)?),
        "report" => Record::Reported(report(&mut parts)?),
        "submit" => Record::Submitted(parts.command()?),
        "batch" => Record::Batched(parts.command()?),
        "begin" => Record::Begun(transfer(&mut parts)?),
        "abort" => Record::Aborted(parts.number()?),
        "discard" => Record::Discarded(parts.number()?),
        "mode" => Record::DataModeSet(mode(parts.word()?)?),
        "detail" => Record::DetailSet(detail(parts.word()?)?),
        "resumptions" => Record::ResumptionsSet(resumptions(parts.word()?)?),
        "close" => Record::Closed,
        "dropped" => Record::Dropped(parts.number()?),
        _ => return None,
    })
}

fn opened(words: SplitAsciiWhitespace<'_>) -> Option<Record> {
    let mut config = Config {
        detail: Detail::Everything,
        ..Config::default()
    };
    let mut control = Control::default();
    for word in words {
        let (name, value) = word.split_once('=')?;
        match name {
            "peer" => control.peer = Some(value.parse().ok()?),
            "local" => control.local = Some(value.parse().ok()?),
            "secured" => control.secured = yes(value)?,
            _ => config::read(&mut config, name, value)?,
        }
    }
    Some(Record::Opened {
        config: Box::new(config),
        control,
    })
}

fn action(parts: &mut Parts<'_>) -> Option<Action> {
    Some(match parts.word()? {
        "connect" => {
            let data = parts.data()?;
            let target = match parts.word()?.split_once('=')? {
                ("port", port) => Target::ControlHost {
                    port: port.parse().ok()?,
                },
                ("address", address) => Target::Address(address.parse().ok()?),
                _ => return None,
            };
            Action::Connect { data, target }
        }
        "listen" => Action::Listen {
            data: parts.data()?,
        },
        "accept" => Action::Accept {
            data: parts.data()?,
        },
        "secure" => Action::Secure {
            link: parts.link()?,
        },
        "unsecure" => Action::Unsecure,
        "move" => Action::Move {
            data: parts.data()?,
            flow: flow(parts)?,
        },
        "finish" => Action::Finish {
            data: parts.data()?,
        },
        "discard" => Action::Discard {
            data: parts.data()?,
        },
        "poll" => Action::Poll,
        "close" => Action::Close,
        _ => return None,
    })
}

fn flow(parts: &mut Parts<'_>) -> Option<Flow> {
    let direction = direction(parts.word()?)?;
    let representation = representation(parts.word()?)?;
    let mut flow = Flow {
        direction,
        representation,
        limit: None,
        secured: false,
        discard: false,
    };
    for word in parts.words.by_ref() {
        match word.split_once('=')? {
            ("limit", limit) => flow.limit = Some(limit.parse().ok()?),
            ("secured", secured) => flow.secured = yes(secured)?,
            ("discard", discard) => flow.discard = yes(discard)?,
            _ => return None,
        }
    }
    Some(flow)
}

fn report(parts: &mut Parts<'_>) -> Option<Report> {
    Some(match parts.word()? {
        "connected" => Report::Connected {
            data: parts.data()?,
        },
        "listening" => Report::Listening {
            data: parts.data()?,
            local: parts.number()?,
        },
        "accepted" => Report::Accepted {
            data: parts.data()?,
            peer: parts.number()?,
        },
        "secured" => Report::Secured {
            link: parts.link()?,
        },
        "unsecured" => Report::Unsecured,
        "moved" => Report::Moved {
            data: parts.data()?,
            bytes: parts.number()?,
        },
        "held" => Report::Held {
            data: parts.data()?,
            held: parts.yes()?,
        },
        "closing" => Report::Closing {
            data: parts.data()?,
        },
        "finished" => Report::Finished {
            data: parts.data()?,
            end: end(parts.word()?)?,
        },
        "failed" => {
            let link = parts.link()?;
            let failure = names::failure(parts.word()?)?;
            Report::Failed { link, failure }
        }
        _ => return None,
    })
}

fn transfer(parts: &mut Parts<'_>) -> Option<Transfer> {
    let direction = direction(parts.word()?)?;
    let representation = representation(parts.word()?)?;
    let command = parts.command()?;
    let mut transfer = Transfer::raw(command, direction)
        .ok()?
        .represented(representation);
    for word in parts.words.by_ref() {
        let (name, value) = word.split_once('=')?;
        transfer = match name {
            "offset" => transfer.resume_at(value.parse().ok()?),
            "limit" => transfer.limited_to(value.parse().ok()?),
            "length" => transfer.expecting(value.parse().ok()?),
            "mode" => transfer.over(mode(value)?),
            "directory" => transfer.within(Argument::new(digits(value)?).ok()?),
            _ => return None,
        };
    }
    Some(transfer)
}

/// Bytes as pairs of hexadecimal digits.
fn digits(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}

fn resumptions(word: &str) -> Option<Option<u32>> {
    match word {
        "unknown" => Some(None),
        count => count.parse().ok().map(Some),
    }
}

fn yes(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn direction(word: &str) -> Option<Direction> {
    match word {
        "receive" => Some(Direction::Receive),
        "send" => Some(Direction::Send),
        _ => None,
    }
}

fn representation(word: &str) -> Option<Representation> {
    match word {
        "image" => Some(Representation::Image),
        "ascii" => Some(Representation::Ascii),
        _ => None,
    }
}

fn end(word: &str) -> Option<End> {
    match word {
        "clean" => Some(End::Clean),
        "truncated" => Some(End::Truncated),
        "limit" => Some(End::Limit),
        _ => None,
    }
}

/// Undoes `escape_ascii`.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => escaped(&mut rest)?,
            plain => plain,
        });
    }
    Some(bytes)
}

fn escaped(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    Some(match rest.next()? {
        b't' => b'\t',
        b'r' => b'\r',
        b'n' => b'\n',
        b'x' => {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            u8::try_from(high.checked_mul(16)?.checked_add(low)?).ok()?
        }
        other => other,
    })
}
