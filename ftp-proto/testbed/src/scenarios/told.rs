//! What came of something that a client did, as its caller is told.

use ftp_proto::reply::Reply;
use ftp_proto::{
    After, Closed, Compared, Completed, End, Error, ErrorKind, Interrupted, Interruption, Policy,
    Reason, State, Verb, Verdict, Violation,
};

/// What came of one act, and what the session was good for then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    outcome: Outcome,
    /// Of the session, right afterwards.
    pub(super) state: State,
    /// The payload that the caller was given.
    received: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// It succeeded, and there is nothing to tell.
    Done,
    /// The reply, word by word.
    Replied(String),
    Completed {
        bytes: u64,
        mark: Option<u16>,
        reply: Option<u16>,
        end: End,
        compared: Compared,
    },
    Failed(Option<Verb>, Why),
    /// Not the session's doing: the caller's own source or sink, or no connection.
    Elsewhere,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    Refused(u16),
    Unexpected(u16),
    Interrupted {
        /// `None` where the number is nobody's promise.
        bytes: Option<u64>,
        cause: Interruption,
        reply: Option<u16>,
        compared: Compared,
        verdict: Verdict,
    },
    Violation(Violation),
    Closed(Closed, Option<u16>),
    Timeout(Reason),
    Policy(Policy),
    Misuse,
}

fn code(reply: &Reply) -> u16 {
    reply.code().get()
}

// -- what was seen --------------------------------------------------------------------------------

impl Told {
    const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            state: State::Usable,
            received: Vec::new(),
        }
    }

    pub(super) fn of_completed(completed: &Completed, received: Vec<u8>) -> Self {
        let outcome = Outcome::Completed {
            bytes: completed.bytes,
            mark: completed.mark.as_deref().map(code),
            reply: completed.reply.as_deref().map(code),
            end: completed.end,
            compared: completed.compared,
        };
        Self {
            received,
            ..Self::new(outcome)
        }
    }

    pub(super) fn of_error(error: &Error, received: Vec<u8>, counts_vary: bool) -> Self {
        let mut why = Why::of(error.kind());
        if let Why::Interrupted { bytes, .. } = &mut why {
            *bytes = bytes.filter(|_| !counts_vary);
        }
        Self {
            received,
            ..Self::new(Outcome::Failed(error.verb(), why))
        }
    }
}

impl Told {
    /// Without a session there is none to be asked.
    pub(super) fn is_the_same_but_for_the_state(&self, other: &Self) -> bool {
        self.outcome == other.outcome && self.received == other.received
    }
}

impl Why {
    fn of(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::Refused(reply) => Self::Refused(code(reply)),
            ErrorKind::Unexpected(reply) => Self::Unexpected(code(reply)),
            ErrorKind::Interrupted(how) => Self::interrupted(how),
            ErrorKind::Violation(violation) => Self::Violation(*violation),
            ErrorKind::NotFtp(greeting) => Self::Violation(Violation::Reply(greeting.error())),
            ErrorKind::Closed(closed, reply) => Self::Closed(*closed, reply.as_deref().map(code)),
            ErrorKind::Timeout(reason) => Self::Timeout(*reason),
            ErrorKind::Policy(policy) => Self::Policy(*policy),
            _ => Self::Misuse,
        }
    }

    fn interrupted(how: &Interrupted) -> Self {
        Self::Interrupted {
            bytes: Some(how.bytes),
            cause: how.cause,
            reply: how.reply.as_deref().map(code),
            compared: how.compared,
            verdict: Verdict::of(how),
        }
    }
}

/// Whether an error and the session say the same.
pub(super) const fn agree(after: After, state: State) -> bool {
    match after {
        After::Usable => matches!(state, State::Usable),
        After::Settling => matches!(state, State::Settling { .. }),
        After::Dead => matches!(state, State::Dead(_)),
    }
}

// -- what is expected -----------------------------------------------------------------------------

impl Told {
    pub(super) const fn done() -> Self {
        Self::new(Outcome::Done)
    }

    pub(super) const fn elsewhere() -> Self {
        Self::new(Outcome::Elsewhere)
    }

    /// What the caller was given by then.
    pub(super) fn having(mut self, received: &[u8]) -> Self {
        self.received = received.to_vec();
        self
    }

    pub(super) fn replied(reply: impl ToString) -> Self {
        Self::new(Outcome::Replied(reply.to_string()))
    }

    /// A download that is complete, after a 150 and a 226.
    pub(super) fn downloaded(bytes: &[u8]) -> Self {
        Self {
            received: bytes.to_vec(),
            ..Self::uploaded(bytes.len() as u64)
        }
    }

    /// An upload that is complete, after a 150 and a 226.
    pub(super) const fn uploaded(bytes: u64) -> Self {
        Self::new(Outcome::Completed {
            bytes,
            mark: Some(150),
            reply: Some(226),
            end: End::Clean,
            compared: Compared::Nothing,
        })
    }

    /// A download that failed, with no final reply, so that nothing speaks for the file.
    pub(super) fn broken(received: &[u8], cause: Interruption) -> Self {
        let bytes = Some(received.len() as u64);
        Self {
            received: received.to_vec(),
            ..Self::interrupted(Verb::Retr, bytes, cause)
        }
    }

    /// The same for an upload. `None` for any number of bytes.
    pub(super) const fn broken_upload(bytes: Option<u64>, cause: Interruption) -> Self {
        Self::interrupted(Verb::Stor, bytes, cause)
    }

    const fn interrupted(verb: Verb, bytes: Option<u64>, cause: Interruption) -> Self {
        Self::failed(
            verb,
            Why::Interrupted {
                bytes,
                cause,
                reply: None,
                compared: Compared::Nothing,
                verdict: Verdict::Truncated,
            },
        )
    }

    const fn failed(verb: Verb, why: Why) -> Self {
        Self::new(Outcome::Failed(Some(verb), why))
    }

    pub(super) const fn refused(verb: Verb, code: u16) -> Self {
        Self::failed(verb, Why::Refused(code))
    }

    /// The reply is none that the command can have.
    pub(super) const fn unexpected(verb: Verb, code: u16) -> Self {
        Self::failed(verb, Why::Unexpected(code))
    }

    pub(super) const fn policy(verb: Verb, policy: Policy) -> Self {
        Self::failed(verb, Why::Policy(policy))
    }

    /// The session ended because of what the server did.
    pub(super) const fn violated(verb: Verb, violation: Violation) -> Self {
        Self::unreadable(verb, violation).dead(Closed::Violation(violation))
    }

    /// The server broke the protocol in a way that the session survives.
    pub(super) const fn unreadable(verb: Verb, violation: Violation) -> Self {
        Self::failed(verb, Why::Violation(violation))
    }

    /// A wait expired and the session is over.
    pub(super) const fn timed_out(verb: Verb, reason: Reason) -> Self {
        Self::failed(verb, Why::Timeout(reason)).dead(Closed::Timeout(reason))
    }

    /// The session is over for a reason that says it all.
    pub(super) const fn closed(verb: Verb, closed: Closed, reply: Option<u16>) -> Self {
        Self::failed(verb, Why::Closed(closed, reply)).dead(closed)
    }

    /// What everything comes to once the session is over.
    pub(super) const fn over(verb: Verb, closed: Closed) -> Self {
        match closed {
            Closed::Violation(violation) => Self::violated(verb, violation),
            Closed::Timeout(reason) => Self::timed_out(verb, reason),
            Closed::Service => Self::closed(verb, closed, Some(421)),
            _ => Self::closed(verb, closed, None),
        }
    }

    // -- how it differs from that --

    /// The session still settles what the server owes.
    pub(super) const fn settling(mut self, replies: usize) -> Self {
        self.state = State::Settling { replies };
        self
    }

    pub(super) const fn dead(mut self, closed: Closed) -> Self {
        self.state = State::Dead(closed);
        self
    }

    /// The mark, of a transfer that is complete.
    pub(super) const fn marked(mut self, code: Option<u16>) -> Self {
        if let Outcome::Completed { mark, .. } = &mut self.outcome {
            *mark = code;
        }
        self
    }

    /// The final reply.
    pub(super) const fn reply(mut self, code: Option<u16>) -> Self {
        match &mut self.outcome {
            Outcome::Completed { reply, .. }
            | Outcome::Failed(_, Why::Interrupted { reply, .. }) => {
                *reply = code;
            }
            _ => {}
        }
        self
    }

    /// There was more than was wanted.
    pub(super) const fn cut(mut self) -> Self {
        if let Outcome::Completed { end, .. } = &mut self.outcome {
            *end = End::Limit;
        }
        self
    }

    pub(super) const fn compared(mut self, with: Compared) -> Self {
        match &mut self.outcome {
            Outcome::Completed { compared, .. }
            | Outcome::Failed(_, Why::Interrupted { compared, .. }) => *compared = with,
            _ => {}
        }
        self
    }

    /// The file may be whole all the same.
    pub(super) const fn unconfirmed(mut self) -> Self {
        if let Outcome::Failed(_, Why::Interrupted { verdict, .. }) = &mut self.outcome {
            *verdict = Verdict::Unconfirmed;
        }
        self
    }

    /// It failed while the data connection was still being opened, by this command.
    pub(super) const fn at(mut self, step: Verb) -> Self {
        if let Outcome::Failed(verb, _) = &mut self.outcome {
            *verb = Some(step);
        }
        self
    }
}
