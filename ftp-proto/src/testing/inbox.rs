//! Bytes of the control connection, made into command lines.

use alloc::vec::Vec;

use super::peer::Received;

/// A longer line is cut here; what remains is still a command, of which the server makes what it
/// can.
const LINE_MAX: usize = 65_536;

const INTERPRET_AS_COMMAND: u8 = 0xFF;
const WILL: u8 = 0xFB;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Inbox {
    telnet: bool,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    received: u32,
    pieces: u32,
}

impl Inbox {
    pub(super) const fn new(telnet: bool) -> Self {
        Self {
            telnet,
            line: Vec::new(),
            received: 0,
            pieces: 0,
        }
    }

    /// Takes bytes; gives the lines that are complete now.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Vec<Received> {
        self.pieces = self.pieces.saturating_add(1);
        let mut complete = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LINE_MAX.saturating_sub(self.line.len());
            self.line
                .extend_from_slice(piece.get(..room).unwrap_or(piece));
            if pieces.peek().is_some() {
                complete.push(self.complete());
            }
        }
        complete
    }

    /// Forgets an unfinished line: what came in clear text has no place after a handshake.
    pub(super) fn clear(&mut self) {
        self.line.clear();
    }

    fn complete(&mut self) -> Received {
        self.received = self.received.saturating_add(1);
        let mut line = core::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Received {
            serial: self.received,
            piece: self.pieces,
            line: if self.telnet {
                without_telnet(&line)
            } else {
                line
            },
        }
    }
}

/// Undoes doubled 0xFF and drops Telnet commands, such as the Synch that may precede ABOR (RFC 959,
/// 4.1.3).
fn without_telnet(line: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len());
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != INTERPRET_AS_COMMAND {
            plain.push(byte);
            continue;
        }
        match bytes.next() {
            Some(INTERPRET_AS_COMMAND) => plain.push(byte),
            // WILL, WONT, DO and DONT are followed by an option.
            Some(WILL..) => drop(bytes.next()),
            Some(_) | None => {}
        }
    }
    plain
}
