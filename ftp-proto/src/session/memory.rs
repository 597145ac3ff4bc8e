//! How many bytes of replies a session holds, and the bound on them: tests compare the two.

use crate::error::{Error, ErrorKind};
use crate::reply::Reply;

use super::answers::Answers;
use super::batch::{BATCH_COMMANDS_MAX, BATCH_TEXT_MAX};
use super::events::{EVENTS_MAX, Event, SURPLUS_TEXT_MAX};
use super::shared::Shared;

/// The most replies that a transfer can hold, with its prelude, settlement and lookahead: the
/// commands' marks, and the mark, final reply and refusals of the transfer itself and of the one
/// before.
const TRANSFER_REPLIES_MAX: usize = 16;

/// The bytes that the parts hold.
pub(super) fn of_shared(shared: &Shared) -> usize {
    let events = shared.events.iter().map(|event| match event {
        Event::Unsolicited(reply) => of_reply(reply),
        _ => 0,
    });
    let owed = shared.wire.owed.iter();
    let replies = owed.flat_map(|slot| [&slot.mark, &slot.surplus, &slot.answer]);
    let replies = replies.flatten().map(|reply| of_reply(reply));
    let verdicts = shared.verdicts.iter().map(|verdict| match verdict {
        Ok(completed) => [&completed.mark, &completed.reply]
            .into_iter()
            .flatten()
            .fold(0, |sum: usize, reply| sum.saturating_add(of_reply(reply))),
        Err(error) => of_error(error),
    });
    let buffered = shared.wire.buffered();
    sum(events.chain(replies).chain(verdicts).chain([buffered]))
}

pub(super) fn of_answers(answers: &Answers) -> usize {
    sum(answers.unpolled().map(|(_, answer)| match &answer.outcome {
        Ok(reply) => of_reply(reply),
        Err(error) => of_error(error),
    }))
}

pub(super) fn sum(bytes: impl Iterator<Item = usize>) -> usize {
    bytes.fold(0, usize::saturating_add)
}

/// The most that a session can hold, by its limits.
pub(super) fn most(shared: &Shared) -> usize {
    let limits = &shared.config.limits;
    let asked = usize::from(limits.in_flight_max).saturating_mul(2);
    let keepalives = usize::from(limits.keepalives_max);
    let replies = asked
        .saturating_add(keepalives)
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

pub(super) fn of_reply(reply: &Reply) -> usize {
    let before = reply.preliminary().map_or(0, |mark| mark.text().len());
    reply.text().len().saturating_add(before)
}

pub(super) fn of_error(error: &Error) -> usize {
    match error.kind() {
        ErrorKind::Interrupted(interrupted) => interrupted.reply.as_deref().map_or(0, of_reply),
        _ => error.reply().map_or(0, of_reply),
    }
}
