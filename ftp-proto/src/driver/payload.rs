//! The payload of one data connection: how much may move, what is reported, and how it ends.

use crate::action::{DataId, End, Flow, Report};

/// The counts of a [`Move`](crate::Action::Move), for the driver that performs it. It needs no I/O
/// and no std: the driver reads and writes, and reports what this says.
///
/// ```
/// use ftp_proto::driver::Payload;
/// use ftp_proto::{DataId, End, Flow, Report};
///
/// /// Receives what `socket` has; `true` when the connection is to be reset.
/// fn receive(payload: &mut Payload, socket: &[u8], sink: &mut Vec<u8>) -> (Report, bool) {
///     let room = payload.room(512).min(socket.len());
///     let report = payload.received(room);
///     let passed_on = matches!(report, Report::Moved { .. });
///     if passed_on {
///         sink.extend_from_slice(&socket[..room]);
///     }
///     (report, !passed_on)
/// }
/// # let _ = receive;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Payload {
    data: DataId,
    flow: Flow,
    bytes: u64,
    held: bool,
}

impl Payload {
    /// Nothing has moved yet.
    pub const fn new(data: DataId, flow: Flow) -> Self {
        Self {
            data,
            flow,
            bytes: 0,
            held: false,
        }
    }

    /// What may move.
    pub const fn flow(&self) -> Flow {
        self.flow
    }

    /// How many bytes have moved.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes may be read at once where there is room for `free`. At the
    /// [limit](Flow::limit) it is 1, whatever is free: a byte that nobody gets tells whether there
    /// was more. 0 means that the application has no room.
    pub fn room(&self, free: usize) -> usize {
        match self.left() {
            Some(0) => 1,
            Some(left) => usize::try_from(left).map_or(free, |left| left.min(free)),
            None => free,
        }
    }

    /// Whether all that is wanted was received: a further byte only tells that there was more.
    pub fn is_at_limit(&self) -> bool {
        self.left() == Some(0)
    }

    /// The report of a read of `count` bytes, at most [`room`](Self::room): [`Report::Moved`], and
    /// the bytes are handed on; or [`Report::Finished`] at the limit, and the bytes are dropped and
    /// the connection is reset before that is reported.
    pub fn received(&mut self, count: usize) -> Report {
        if self.is_at_limit() {
            return self.ended(End::Limit);
        }
        self.moved(count as u64)
    }

    /// The report of a write that took `count` bytes.
    pub const fn sent(&mut self, count: usize) -> Report {
        self.moved(count as u64)
    }

    /// The report of bytes that moved in either direction, within the limit.
    pub const fn moved(&mut self, bytes: u64) -> Report {
        self.bytes = self.bytes.saturating_add(bytes);
        let data = self.data;
        Report::Moved { data, bytes }
    }

    /// The report of whether the application holds payload back, if that has changed. Payload that
    /// is [dropped](Flow::discard) is never held.
    pub const fn hold(&mut self, held: bool) -> Option<Report> {
        if held == self.held || self.flow.discard {
            return None;
        }
        self.held = held;
        let data = self.data;
        Some(Report::Held { data, held })
    }

    /// Whether the application holds payload back.
    pub const fn is_held(&self) -> bool {
        self.held
    }

    /// The report of an end: of input, or when everything is sent. The socket is closed first.
    pub const fn ended(&self, end: End) -> Report {
        let data = self.data;
        Report::Finished { data, end }
    }

    /// `None`: no limit.
    fn left(&self) -> Option<u64> {
        let limit = self.flow.limit?;
        Some(limit.saturating_sub(self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Direction, Representation};

    fn payload(limit: Option<u64>) -> Payload {
        let flow = Flow {
            direction: Direction::Receive,
            representation: Representation::Image,
            limit,
            secured: false,
            discard: false,
        };
        Payload::new(DataId(7), flow)
    }

    /// One read after the other, of as many bytes as there is room for.
    #[test]
    fn a_byte_behind_the_limit_is_nobody_s() {
        for (limit, free, reads) in [(5, 3, [3, 2, 1]), (4, 2, [2, 2, 1])] {
            let mut payload = payload(Some(limit));
            for (number, count) in reads.into_iter().enumerate() {
                assert_eq!(payload.room(free), count);
                let report = payload.received(count);
                let ended = number == 2;
                assert_eq!(matches!(report, Report::Moved { .. }), !ended);
                assert_eq!(report == payload.ended(End::Limit), ended);
            }
            assert_eq!(payload.bytes(), limit);
        }
    }

    #[test]
    fn room_without_a_limit_is_what_is_free() {
        let mut payload = payload(None);
        for free in [0, 1, usize::MAX] {
            assert_eq!(payload.room(free), free);
            assert!(
                matches!(payload.sent(free), Report::Moved { bytes, .. } if bytes == free as u64)
            );
        }
        assert_eq!(payload.bytes(), u64::MAX);
    }

    #[test]
    fn at_the_limit_no_room_is_needed() {
        assert_eq!(payload(Some(0)).room(0), 1);
        assert_eq!(payload(Some(1)).room(0), 0);
    }

    #[test]
    fn only_changes_are_reported() {
        let mut payload = payload(None);
        let told = [false, true, true, false, false].map(|held| payload.hold(held).is_some());
        assert_eq!(told, [false, true, false, true, false]);
    }
}
