//! The table of answers: which replies can answer which command (RFC 959 section 5.4, and what
//! servers of the field send).

use crate::command::Verb;
use crate::reply::{Class, Reply, ReplyCode};

/// Whether a reply with this code can be an answer to this verb.
///
/// Nearly every command may be refused with any code. A success has to fit the command: a 250
/// cannot answer SIZE. Preliminary replies may come before any answer.
pub(in crate::session) const fn can_answer(verb: Verb, code: ReplyCode) -> bool {
    match (code.class(), verb) {
        (Class::Completion | Class::Intermediate, _) => can_grant(verb, code.get()),
        // A refusal that concerns a file cannot answer QUIT.
        (Class::TransientNegative | Class::PermanentNegative, Verb::Quit) => {
            !matches!(code.get(), 450..=459 | 550..=559)
        }
        _ => true,
    }
}

/// The same in a batch, where MDTM asks and does not set. Several commands may be unanswered there,
/// and a reply that cannot be the answer shows that the server answers out of order.
pub(super) const fn can_answer_in_batch(verb: Verb, code: ReplyCode) -> bool {
    match (verb, code.class()) {
        (Verb::Mdtm, Class::Completion) => code.get() == 213,
        _ => can_answer(verb, code),
    }
}

/// Whether the reply is a success (2xx) that this verb can have.
pub(in crate::session) const fn grants(verb: Verb, reply: &Reply) -> bool {
    reply.is_positive() && can_answer(verb, reply.code())
}

/// The 2xx and 3xx codes that a verb can be answered with.
const fn can_grant(verb: Verb, code: u16) -> bool {
    match verb {
        // The answers to these are unknown.
        Verb::Other(_) | Verb::Site => true,

        // The session begins and ends. Some servers say in the greeting that the user is logged in.
        Verb::Greeting => matches!(code, 220 | 230),
        Verb::Host => matches!(code, 200 | 202 | 220),
        Verb::Rein => matches!(code, 200 | 202 | 220 | 221),
        Verb::Quit => matches!(code, 200 | 202 | 221 | 231),
        Verb::User => matches!(code, 230..=233 | 331..=333 | 336),
        Verb::Pass | Verb::Acct => matches!(code, 200 | 202 | 230..=233 | 332 | 333 | 336),
        Verb::Auth => matches!(code, 232 | 234 | 235 | 334..=336),
        Verb::Ccc | Verb::Pbsz | Verb::Prot => matches!(code, 200 | 202 | 232 | 234),

        // Parameters.
        Verb::Type | Verb::Mode | Verb::Stru => matches!(code, 200 | 202),
        Verb::Port | Verb::Eprt => matches!(code, 200 | 202),
        // A success without an address leads to the next rung, and not to a wait.
        Verb::Pasv => matches!(code, 200 | 202 | 227 | 228),
        Verb::Epsv => matches!(code, 200 | 202 | 227..=229),
        Verb::Pret | Verb::Allo | Verb::Clnt | Verb::Lang => matches!(code, 200 | 202 | 250),
        Verb::Opts => matches!(code, 200 | 202 | 211 | 214 | 250),
        Verb::Rang => matches!(code, 200 | 202 | 350),
        Verb::Rest => matches!(code, 200 | 202 | 350),

        // Commands that ask for information.
        Verb::Feat | Verb::Help => matches!(code, 200 | 202 | 211..=214),
        Verb::Syst => matches!(code, 200 | 202 | 211..=215),
        Verb::Stat => matches!(code, 200..=219 | 226 | 250..=257),
        Verb::Pwd => code == 257,
        Verb::Size | Verb::Hash => code == 213,
        Verb::Md5 | Verb::Xcrc | Verb::Xmd5 | Verb::Xsha1 | Verb::Xsha256 => {
            matches!(code, 213 | 250 | 251)
        }
        // MDTM with a time sets it, and is answered with 200 or 253.
        Verb::Mdtm => matches!(code, 200 | 213 | 253),

        // Files and directories.
        Verb::Rnfr => matches!(code, 350..=359),
        Verb::Cwd | Verb::Cdup | Verb::Smnt => matches!(code, 200 | 202 | 250..=256),
        Verb::Mfmt => matches!(code, 200..=219 | 250..=256),
        Verb::Mkd => matches!(code, 200..=212 | 250..=257),
        Verb::Dele | Verb::Rmd | Verb::Rnto | Verb::Mlst | Verb::Noop => {
            matches!(code, 200..=212 | 250..=256)
        }

        // The tables of a transfer handle these.
        Verb::Abor => matches!(code, 200 | 202 | 225 | 226 | 250),
        Verb::Appe
        | Verb::List
        | Verb::Mlsd
        | Verb::Nlst
        | Verb::Retr
        | Verb::Stor
        | Verb::Stou => {
            matches!(code, 200 | 202 | 225 | 226 | 250 | 332)
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may panic"
)]
mod tests;
