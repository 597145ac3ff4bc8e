//! Plain books of a conversation: commands in the order in which they went out, and replies in the
//! order in which they came.
//!
//! They are kept as long as everything is of the plainest kind: whole replies of one line, each one
//! that its command can have, and no command but those of transfers. Anything else closes them.

use std::collections::VecDeque;
use std::task::Poll;

use ftp_proto::{ErrorKind, Session, TransferId};

/// A command that has no final reply.
#[derive(Debug)]
struct Owed {
    verb: String,
    /// The transfer whose command it is.
    transfer: Option<TransferId>,
    marked: bool,
}

impl Owed {
    fn of(verb: &str, transfer: Option<TransferId>) -> Self {
        Self {
            verb: verb.to_owned(),
            transfer,
            marked: false,
        }
    }
}

/// A refusal that has to be the verdict on a transfer.
#[derive(Debug)]
pub(super) struct Refusal {
    whose: TransferId,
    line: String,
}

/// The books, until something closes them.
#[derive(Debug)]
pub(super) struct Books {
    closed: bool,
    line: Vec<u8>,
    owed: VecDeque<Owed>,
}

impl Books {
    pub(super) fn new() -> Self {
        Self {
            closed: false,
            line: Vec::new(),
            owed: VecDeque::from([Owed::of("greeting", None)]),
        }
    }

    /// The driver has written this for the session.
    pub(super) fn wrote(&mut self, session: &Session, bytes: &[u8]) {
        for &byte in bytes {
            if byte != b'\n' {
                self.line.push(byte);
                continue;
            }
            let line = String::from_utf8_lossy(&self.line).into_owned();
            self.line.clear();
            let verb = line.trim_end().split(' ').next().unwrap_or_default();
            let transfer = match verb {
                "TYPE" | "EPSV" | "PASV" | "REST" => None,
                "RETR" | "STOR" | "APPE" | "LIST" | "NLST" | "MLSD" => session.current_transfer(),
                _ => return self.closed = true,
            };
            self.owed.push_back(Owed::of(verb, transfer));
        }
    }

    /// The server sends this: the refusals in it that end the transfer under way.
    pub(super) fn hear(&mut self, session: &Session, bytes: &[u8]) -> Vec<Refusal> {
        let Some(text) = bytes.strip_suffix(b"\r\n") else {
            self.closed |= !bytes.is_empty();
            return Vec::new();
        };
        let mut refusals = Vec::new();
        for line in text.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !self.closed {
                refusals.extend(self.hear_line(session, line));
            }
        }
        refusals
    }

    fn hear_line(&mut self, session: &Session, line: &[u8]) -> Option<Refusal> {
        let is_plain = |byte: &u8| (b' '..0x7F).contains(byte);
        let reply = match line {
            [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ', ..] if line.len() < 60 => line
                .iter()
                .all(is_plain)
                .then(|| String::from_utf8_lossy(line)),
            _ => None,
        };
        let (Some(reply), Some(head)) = (reply, self.owed.front_mut()) else {
            self.closed = true;
            return None;
        };
        let refuses = reply.starts_with(['4', '5']) && !reply.starts_with("421");
        let is_transfer = head.transfer.is_some();
        if is_transfer && !head.marked && reply.starts_with('1') {
            head.marked = true;
            return None;
        }
        let grants = match head.verb.as_str() {
            "greeting" => reply.starts_with("220"),
            "TYPE" => reply.starts_with("200"),
            "EPSV" => reply.starts_with("229"),
            "PASV" => reply.starts_with("227"),
            "REST" => reply.starts_with("350"),
            _ => head.marked && reply.starts_with("226"),
        };
        // Behind a mark, a refusal may be that of the port which was asked ahead.
        let is_unclear = head.marked && self.owed.len() > 1;
        if !grants && (!refuses || is_unclear) {
            self.closed = true;
            return None;
        }
        let head = self.owed.pop_front()?;
        let whose = head.transfer.filter(|_| refuses && !head.marked)?;
        let runs = session.current_transfer() == Some(whose);
        runs.then(|| Refusal {
            whose,
            line: reply.into_owned(),
        })
    }
}

/// Fails unless each refusal is the verdict on its transfer.
pub(super) fn are_verdicts(session: &Session, refusals: &[Refusal]) {
    for Refusal { whose, line } in refusals {
        let verdict = session.clone().poll_transfer(*whose);
        let is_it = match &verdict {
            Poll::Ready(Err(error)) => {
                matches!(error.kind(), ErrorKind::Refused(reply) if line.starts_with(&reply.code().to_string()))
            }
            _ => false,
        };
        assert!(is_it, "{line} came, and the verdict is {verdict:?}");
    }
}
