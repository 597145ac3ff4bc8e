//! The course of a transfer, from the accepted command to the final reply: RFC 959, 5.

use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::super::behaviour::{AbortStyle, Busy};
use super::super::peer::{Channel, ServerAction, ServerLink};
use super::super::rule::{Next, Step};
use super::running::{Load, Opening, Phase, Transfer};
use super::{Answer, Condition, Server, answer};

impl Server {
    pub(super) fn begin(&mut self, load: Load, mark: Vec<u8>) -> Option<Answer> {
        let (channel, to) = match self.opening {
            Opening::None | Opening::Binding { .. } => {
                return answer(425, "Use EPSV, PASV, EPRT or PORT first.");
            }
            Opening::Passive { channel } => (channel, None),
            Opening::Active { channel, to } => (channel, Some(to)),
        };
        self.opening = Opening::None;
        self.transfer = Some(Transfer {
            asked: self.current.clone(),
            channel,
            to,
            load,
            mark,
            phase: Phase::Opening,
            hangs: false,
            moved: 0,
            asked_at: None,
            abort_at_next_read: false,
        });
        self.open(channel, to);
        None
    }

    fn open(&mut self, channel: Channel, to: Option<SocketAddr>) {
        match self.perform(Step::Opening) {
            Next::Usual => {}
            next => return self.deviate(next),
        }
        if self.config.behaviour.mark_first && !self.mark() {
            return;
        }
        self.actions.push_back(match to {
            None => ServerAction::Accept { channel },
            Some(to) => ServerAction::Connect { channel, to },
        });
    }

    /// The transfer ends or stands still, as a rule wants it.
    fn deviate(&mut self, next: Next) {
        match next {
            Next::Skip | Next::End => {
                self.keep_what_arrived();
                self.transfer = None;
            }
            Next::Hang => {
                if let Some(transfer) = &mut self.transfer {
                    transfer.hangs = true;
                }
            }
            Next::Silence | Next::Usual => {}
        }
    }

    /// Says the 150, or what stands for it. `false` when the transfer does not go on.
    fn mark(&mut self) -> bool {
        match self.perform(Step::Marking) {
            Next::Usual => {
                if let Some(mark) = self.transfer.as_ref().map(|transfer| transfer.mark.clone()) {
                    self.say(self.mark_code(), &mark);
                }
                true
            }
            Next::Skip => true,
            next => {
                self.deviate(next);
                false
            }
        }
    }

    /// Of the servers whose manners these are, pyftpdlib alone tells whether the data connection is
    /// open.
    fn mark_code(&self) -> u16 {
        let behaviour = &self.config.behaviour;
        if behaviour.abort == AbortStyle::Pyftpdlib && !behaviour.mark_first {
            125
        } else {
            150
        }
    }

    /// The running transfer, if it is on this channel and in this phase; its command is then the
    /// one under work.
    fn attend(&mut self, channel: Channel) -> Option<Phase> {
        let transfer = self
            .transfer
            .as_ref()
            .filter(|transfer| transfer.channel == channel)?;
        if self.is_over() {
            return None;
        }
        self.current = transfer.asked.clone();
        Some(transfer.phase)
    }

    pub(super) fn accepted(&mut self, channel: Channel, peer: IpAddr) {
        if self.config.peer.is_some_and(|expected| expected != peer)
            && self.attend(channel).is_some()
        {
            self.actions.push_back(ServerAction::Close { channel });
            self.transfer = None;
            self.answer(425, "That was not you who connected.");
            return;
        }
        self.opened(channel);
    }

    pub(super) fn opened(&mut self, channel: Channel) {
        if self.attend(channel) != Some(Phase::Opening) {
            return;
        }
        let marks_now = !self.config.behaviour.mark_first && !self.withholds_mark();
        if marks_now && !self.mark() {
            return;
        }
        if self.state.protected {
            self.enter(Phase::Securing);
            let link = ServerLink::Data(channel);
            self.actions.push_back(ServerAction::Secure { link });
        } else {
            self.start_moving(channel);
        }
    }

    pub(super) fn data_secured(&mut self, channel: Channel) {
        let secured = self.attend(channel) == Some(Phase::Securing);
        if secured && (!self.withholds_mark() || self.mark()) {
            self.start_moving(channel);
        }
    }

    fn withholds_mark(&self) -> bool {
        self.config.behaviour.withholds_mark && self.state.protected
    }

    /// Whether the transfer under way has its mark behind it: nothing else is looked at before.
    pub(super) fn has_begun(&self) -> bool {
        let opening = |transfer: &Transfer| match transfer.phase {
            Phase::Opening => true,
            Phase::Securing => self.withholds_mark(),
            Phase::Moving | Phase::Lingering => false,
        };
        self.config.behaviour.mark_first || !self.transfer.as_ref().is_some_and(opening)
    }

    const fn enter(&mut self, phase: Phase) {
        if let Some(transfer) = &mut self.transfer {
            transfer.phase = phase;
        }
    }

    fn start_moving(&mut self, channel: Channel) {
        self.enter(Phase::Moving);
        if self.carries_out_what_it_forgot() {
            return self.end_payload();
        }
        let is_upload = self.transfer.as_ref().is_some_and(Transfer::is_upload);
        self.actions.push_back(if is_upload {
            ServerAction::Receive { channel }
        } else {
            ServerAction::Send { channel }
        });
        self.moved(0);
    }

    /// Whether there is nothing left to do on this data connection then.
    fn carries_out_what_it_forgot(&mut self) -> bool {
        let (Some(forgotten), Some(transfer)) = (self.forgotten.take(), &mut self.transfer) else {
            return false;
        };
        match (forgotten, &mut transfer.load) {
            (
                Load::Down { bytes, start },
                Load::Down {
                    bytes: own,
                    start: own_start,
                },
            ) => {
                let both = [
                    bytes.get(start..).unwrap_or_default(),
                    own.get(*own_start..).unwrap_or_default(),
                ];
                *own = both.concat().into();
                *own_start = 0;
                false
            }
            (Load::Down { .. }, Load::Up(_)) => true,
            (Load::Up(_), Load::Down { .. }) => {
                transfer.hangs = true;
                false
            }
            (Load::Up(_), Load::Up(_)) => false,
        }
    }

    /// Counts bytes, asks the rules that wait for them, and ends a download that is complete.
    fn moved(&mut self, bytes: usize) {
        if let Some(transfer) = &mut self.transfer {
            transfer.moved = transfer.moved.saturating_add(bytes as u64);
        }
        while let Some(at) = self.reached_octet() {
            if let Some(transfer) = &mut self.transfer {
                transfer.asked_at = Some(at);
            }
            match self.perform(Step::Moving(at)) {
                Next::Usual => {}
                Next::Skip => return self.end_payload(),
                next => return self.deviate(next),
            }
        }
        if self
            .transfer
            .as_ref()
            .is_some_and(|transfer| transfer.is_sending() && transfer.to_send().is_empty())
        {
            self.end_payload();
        }
    }

    fn reached_octet(&self) -> Option<u64> {
        let moved = self.transfer.as_ref()?.moved;
        self.next_octet().filter(|byte| *byte <= moved)
    }

    /// The next byte at which a rule wants to step in.
    fn next_octet(&self) -> Option<u64> {
        let transfer = self.transfer.as_ref()?;
        let rules = self
            .config
            .behaviour
            .rules
            .iter()
            .filter(|rule| rule.is_of(&transfer.asked.verb));
        let bytes = rules.filter_map(|rule| match rule.step {
            Step::Moving(byte) => Some(byte),
            _ => None,
        });
        bytes
            .filter(|byte| transfer.asked_at.is_none_or(|asked_at| *byte > asked_at))
            .min()
    }

    /// How many bytes may move before a rule must be asked.
    fn allowance(&self, transfer: &Transfer) -> usize {
        let until = self.next_octet().unwrap_or(u64::MAX);
        usize::try_from(until.saturating_sub(transfer.moved)).unwrap_or(usize::MAX)
    }

    /// The transfer on this channel, when its payload may move.
    fn moving(&self, channel: Channel) -> Option<&Transfer> {
        let transfer = self.transfer.as_ref()?;
        let moves = transfer.phase == Phase::Moving
            && !transfer.hangs
            && self.condition != Condition::Silent;
        (moves && transfer.channel == channel).then_some(transfer)
    }

    pub(super) fn payload_to_send(&self, channel: Channel) -> Option<&[u8]> {
        let transfer = self.moving(channel)?;
        let rest = transfer.to_send();
        rest.get(..self.allowance(transfer).min(rest.len()))
    }

    pub(super) fn count_sent(&mut self, channel: Channel, n: usize) {
        let n = n.min(self.payload_to_send(channel).unwrap_or_default().len());
        if n == 0 || self.attend(channel).is_none() {
            return;
        }
        self.moved(n);
        if self
            .transfer
            .as_ref()
            .is_some_and(|transfer| transfer.abort_at_next_read)
        {
            self.abort_now();
        }
    }

    pub(super) fn octets_wanted(&self, channel: Channel) -> usize {
        match self.moving(channel) {
            Some(transfer) if transfer.is_upload() => self.allowance(transfer),
            _ => 0,
        }
    }

    pub(super) fn take_payload(&mut self, channel: Channel, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((now, later)) =
            rest.split_at_checked(self.octets_wanted(channel).min(rest.len()))
        {
            if now.is_empty() || self.attend(channel).is_none() {
                return;
            }
            if let Some(Transfer {
                load: Load::Up(upload),
                ..
            }) = &mut self.transfer
            {
                upload.arrived.extend_from_slice(now);
            }
            self.moved(now.len());
            rest = later;
        }
    }

    /// All payload has moved, or is said to.
    fn end_payload(&mut self) {
        let Some(channel) = self.transfer.as_ref().map(|transfer| transfer.channel) else {
            return;
        };
        match self.perform(Step::Ending) {
            Next::Usual => {}
            Next::Skip => return self.finish(),
            next => return self.deviate(next),
        }
        let is_upload = self.transfer.as_ref().is_some_and(Transfer::is_upload);
        if self.config.behaviour.lingering && !is_upload {
            self.enter(Phase::Lingering);
            self.actions.push_back(ServerAction::Shutdown { channel });
            return;
        }
        self.actions.push_back(ServerAction::Close { channel });
        self.finish();
    }

    fn finish(&mut self) {
        self.keep_what_arrived();
        let asked = self
            .transfer
            .take()
            .map(|transfer| transfer.asked)
            .unwrap_or_default();
        if self.config.behaviour.busy == Busy::BeforeFinal {
            self.execute_what_needs_no_data();
        }
        self.current = asked;
        self.answer(226, "Transfer complete.");
    }

    fn execute_what_needs_no_data(&mut self) {
        let needs_none = |verb: &[u8]| {
            matches!(
                verb,
                b"NOOP" | b"STAT" | b"PWD" | b"SYST" | b"HELP" | b"FEAT"
            )
        };
        while self
            .waiting
            .front()
            .is_some_and(|received| needs_none(&received.verb()))
        {
            if let Some(received) = self.waiting.pop_front() {
                self.execute(&received);
            }
        }
    }

    pub(super) fn data_ended(&mut self, channel: Channel) {
        let hangs = self
            .transfer
            .as_ref()
            .is_some_and(|transfer| transfer.hangs);
        let is_upload = self.transfer.as_ref().is_some_and(Transfer::is_upload);
        match self.attend(channel) {
            Some(Phase::Moving) if is_upload && hangs => {}
            Some(Phase::Moving) if is_upload && self.gives_way_to_abort() => {
                self.actions.push_back(ServerAction::Close { channel });
                self.fail(426, "Transfer aborted. Data connection closed.");
            }
            Some(Phase::Moving) if is_upload => self.end_payload(),
            Some(Phase::Lingering) => {
                self.actions.push_back(ServerAction::Close { channel });
                self.finish();
            }
            Some(_) => self.data_failed(channel),
            None => {}
        }
    }

    fn gives_way_to_abort(&self) -> bool {
        self.config.behaviour.abort == AbortStyle::ProFtpd
            && self
                .waiting
                .iter()
                .any(|received| received.verb() == b"ABOR")
    }

    pub(super) fn data_failed(&mut self, channel: Channel) {
        if self.listening_failed(channel) {
            return;
        }
        let is_upload = self.transfer.as_ref().is_some_and(Transfer::is_upload);
        match self.attend(channel) {
            None => {}
            Some(Phase::Opening) => self.fail(425, "Can't open data connection."),
            Some(Phase::Securing) => self.fail(425, "TLS handshake failed."),
            Some(Phase::Lingering) => self.finish(),
            Some(Phase::Moving) if is_upload => match self.config.behaviour.broken_upload {
                226 => self.fail(226, "Transfer complete."),
                code => self.fail(code, "Failure reading network stream."),
            },
            Some(Phase::Moving) if self.config.behaviour.abort == AbortStyle::PureFtpd => {
                self.transfer = None;
                self.say(150, b"0.002 seconds (measured here)");
            }
            Some(Phase::Moving) => self.fail(426, "Failure writing network stream."),
        }
    }

    fn fail(&mut self, code: u16, text: &str) {
        self.keep_what_arrived();
        self.transfer = None;
        self.answer(code, text);
    }

    /// Ends the transfer without a word, as some servers do when a new data connection is asked
    /// for.
    pub(super) fn drop_transfer(&mut self) -> Option<Transfer> {
        self.keep_what_arrived();
        let transfer = self.transfer.take()?;
        let channel = transfer.channel;
        self.actions.push_back(ServerAction::Close { channel });
        if self.config.behaviour.forgetful && transfer.phase == Phase::Opening {
            self.forgotten = Some(transfer.load.clone());
        }
        Some(transfer)
    }

    /// Writes what an upload has brought so far, complete or not, to its file.
    pub(super) fn keep_what_arrived(&mut self) {
        let Some(Transfer {
            load: Load::Up(upload),
            phase: Phase::Moving,
            ..
        }) = &mut self.transfer
        else {
            return;
        };
        let arrived = core::mem::take(&mut upload.arrived);
        let arrived = if upload.ascii {
            from_network(&arrived)
        } else {
            arrived
        };
        let content = [upload.kept.as_slice(), &arrived].concat();
        self.files
            .write(&upload.path, content.into(), self.config.time);
    }
}

/// CR LF becomes LF.
fn from_network(arrived: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(arrived.len());
    for byte in arrived {
        if *byte == b'\n' && content.last() == Some(&b'\r') {
            content.pop();
        }
        content.push(*byte);
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pairs_of_cr_and_lf_are_line_ends() {
        assert_eq!(from_network(b"a\r\nb\r\r\n\rc\n"), b"a\nb\r\n\rc\n");
    }
}
