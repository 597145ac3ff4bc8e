//! What becomes of a transfer: from everything that was seen of it to its verdict.

use alloc::boxed::Box;

use crate::action::{End, Representation};
use crate::command::Verb;
use crate::error::{Error, ErrorKind};
use crate::reply::Reply;
use crate::transfer::Transfer;
use crate::verdict::{Compared, Completed, Facts, Interrupted, Interruption};

use super::course::Data;
use super::moving::Moving;
use crate::session::shared::error;

/// What is known of the bytes of a transfer. `moving`: as far as its command was written.
fn facts<'a>(spec: &Transfer, moving: Option<&'a Moving>, truncation_allowed: bool) -> Facts<'a> {
    let image = spec.representation() == Representation::Image;
    Facts {
        direction: spec.direction(),
        comparable: image && spec.command().verb() == Verb::Retr,
        size: spec.length(),
        range: spec.limit(),
        resumed: spec.offset() > 0,
        mark: moving.and_then(|moving| moving.mark.as_deref()),
        bytes: moving.map_or(0, |moving| moving.bytes),
        end: moving.map_or(End::Clean, |moving| moving.end),
        truncation_allowed,
    }
}

/// Whether the bytes are what they have to be, with what they were compared to.
pub(super) fn examine(
    spec: &Transfer,
    moving: &Moving,
    truncation_allowed: bool,
) -> Result<Compared, Interruption> {
    let facts = facts(spec, Some(moving), truncation_allowed);
    match facts.objection() {
        None => Ok(facts.compared()),
        Some(cause) => Err(cause),
    }
}

/// The same with the final reply, which is a success.
pub(super) fn judge(
    spec: &Transfer,
    moving: &Moving,
    truncation_allowed: bool,
) -> Result<Completed, Interruption> {
    match moving.link {
        Data::Broken => Err(Interruption::Data(moving.failure)),
        _ => examine(spec, moving, truncation_allowed)
            .map(|compared| completed(moving, moving.reply.clone(), compared)),
    }
}

pub(super) fn completed(
    moving: &Moving,
    reply: Option<Box<Reply>>,
    compared: Compared,
) -> Completed {
    Completed {
        bytes: moving.bytes,
        mark: moving.mark.clone(),
        reply,
        end: moving.end,
        compared,
    }
}

/// The error that ends a transfer at the step named by `verb`.
pub(super) fn interrupted(
    spec: &Transfer,
    moving: Option<&Moving>,
    cause: Interruption,
    reply: Option<Box<Reply>>,
    verb: Verb,
) -> Error {
    let facts = facts(spec, moving, false);
    let ended = moving.is_some_and(|moving| matches!(moving.link, Data::Ended | Data::Closing));
    let interrupted = Interrupted {
        bytes: facts.bytes,
        cause,
        reply,
        compared: facts.compared(),
        ended,
    };
    error(ErrorKind::Interrupted(Box::new(interrupted)), verb)
}

/// Whether a reply speaks of the data connection and not of the file. A 450 may mean either.
pub(super) fn refuses_data(reply: Option<&Reply>) -> bool {
    let speaks_of_tls = |reply: &Reply| {
        let text = reply.text();
        [&b"TLS"[..], b"SSL"]
            .iter()
            .any(|word| memchr::memmem::find(text, word).is_some())
    };
    reply.is_some_and(|reply| match reply.code().get() {
        425 | 435 | 522 => true,
        450 => speaks_of_tls(reply),
        _ => false,
    })
}
