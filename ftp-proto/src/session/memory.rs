//! How much a session holds of what the server has said: for tests, which compare it with what the limits allow.

use alloc::boxed::Box;

use crate::error::{Error, ErrorKind};
use crate::reply::Reply;

use super::pending::Slot;
use super::replies::SURPLUS_TEXT_MAX;
use super::{BATCH_COMMANDS_MAX, BATCH_TEXT_MAX, EVENTS_MAX, Event, Session};

/// Replies that a transfer, what opens it, what settles it and what is asked ahead behind it can hold besides: the
/// commands' marks, and the mark, final reply and refusals of the transfer itself and of the one before.
const TRANSFER_REPLIES_MAX: usize = 16;

impl Session {
    /// How many octets of the server's replies are held, finished or not, polled by nobody yet.
    pub fn reply_memory(&self) -> usize {
        let answers = self.answers.values().map(|answer| match &answer.outcome {
            Ok(reply) => octets(reply),
            Err(error) => octets_of_error(error),
        });
        let events = self.events.iter().map(|event| match event {
            Event::Unsolicited(reply) => octets(reply),
            _ => 0,
        });
        let marks = self.pending.iter().map(|slot: &Slot| boxed(&slot.mark));
        let transfer = self.transfer.as_ref().map_or(0, |running| {
            let refusals = [&running.type_refusal, &running.refused_keepalive];
            let refusals = refusals.into_iter().flatten().map(octets);
            let spoken = boxed(&running.mark).saturating_add(boxed(&running.reply));
            refusals.fold(spoken, usize::saturating_add)
        });
        let verdicts = self.verdicts.iter().map(|verdict| match verdict {
            Ok(completed) => boxed(&completed.mark).saturating_add(boxed(&completed.reply)),
            Err(error) => octets_of_error(error),
        });
        let ahead = self.ahead.as_ref().and_then(|ahead| ahead.answer.as_ref());
        let ahead = ahead.map_or(0, octets);
        answers
            .chain(events)
            .chain(marks)
            .chain(verdicts)
            .chain([transfer, ahead, self.parser.buffered()])
            .fold(0, usize::saturating_add)
    }

    /// The most that [`reply_memory`](Self::reply_memory) can be, by the limits of the configuration.
    pub fn reply_memory_max(&self) -> usize {
        let limits = &self.config.limits;
        let asked = usize::from(limits.in_flight_max).saturating_mul(2);
        let keepalives = usize::from(limits.keepalives_max);
        let replies = asked
            .saturating_add(keepalives)
            .saturating_add(usize::from(limits.unsolicited_replies_max).saturating_add(1))
            .saturating_add(TRANSFER_REPLIES_MAX);
        let one = limits
            .reply
            .reply_bytes_max
            .saturating_add(limits.reply.line_bytes_max);
        replies
            .saturating_mul(one)
            .saturating_add(BATCH_COMMANDS_MAX.saturating_mul(BATCH_TEXT_MAX))
            .saturating_add(EVENTS_MAX.saturating_mul(SURPLUS_TEXT_MAX))
    }
}

fn octets(reply: &Reply) -> usize {
    let before = reply.preliminary().map_or(0, |mark| mark.text().len());
    reply.text().len().saturating_add(before)
}

fn boxed(reply: &Option<Box<Reply>>) -> usize {
    reply.as_deref().map_or(0, octets)
}

fn octets_of_error(error: &Error) -> usize {
    match error.kind() {
        ErrorKind::Interrupted(interrupted) => boxed(&interrupted.reply),
        _ => error.reply().map_or(0, octets),
    }
}
