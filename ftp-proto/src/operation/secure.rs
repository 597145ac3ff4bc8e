//! AUTH TLS, PBSZ, PROT (RFC 4217).

use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::reply::Class;
use crate::session::{Session, Ticket};

use super::Operation;

/// What is agreed for data connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataProtection {
    /// PROT P: encrypted.
    #[default]
    Private,
    /// PROT C: in clear.
    Clear,
}

/// Begins TLS on the control connection, unless it is on, and agrees on the protection of data connections.
///
/// A refusal of AUTH or PROT is an error. Nothing is sent in clear instead. A refusal of PBSZ is
/// passed over, because PBSZ agrees on nothing under TLS and PROT alone decides: ProFTPD in some
/// setups and DrFTPD answer it with 500 and accept PROT.
///
/// Some servers refuse PROT before the login (503, 530). The policy keeps transfers forbidden then;
/// run the operation again after the login. It does not send AUTH where TLS is on.
#[derive(Debug, Default)]
#[must_use = "an operation does nothing until it is run"]
pub struct Secure {
    protection: DataProtection,
    step: Step,
}

#[derive(Clone, Copy, Debug, Default)]
enum Step {
    #[default]
    Start,
    Auth(Ticket),
    Size,
    SizeSent(Ticket),
    Protect(Ticket),
}

impl Secure {
    /// With protected data connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// With data connections as given.
    pub fn data(protection: DataProtection) -> Self {
        Self {
            protection,
            step: Step::Start,
        }
    }

    fn prot(&self) -> Command {
        let level = match self.protection {
            DataProtection::Private => "P",
            DataProtection::Clear => "C",
        };
        Command::new(Verb::Prot, Argument::trusted(level))
    }
}

impl Operation for Secure {
    type Output = ();

    fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
        loop {
            self.step = match self.step {
                Step::Start if session.is_secured() => Step::Size,
                Step::Start => {
                    Step::Auth(session.request(Command::new(Verb::Auth, Argument::trusted("TLS")))?)
                }
                Step::Auth(ticket) => {
                    ready!(session.poll_class(ticket, Class::Completion))?;
                    Step::Size
                }
                Step::Size => Step::SizeSent(
                    session.request(Command::new(Verb::Pbsz, Argument::trusted("0")))?,
                ),
                Step::SizeSent(ticket) => {
                    let reply = ready!(session.poll_reply(ticket))?;
                    if matches!(reply.class(), Class::Preliminary | Class::Intermediate) {
                        return Poll::Ready(Err(session.unwelcome(reply, Verb::Pbsz)));
                    }
                    Step::Protect(session.request(self.prot())?)
                }
                Step::Protect(ticket) => {
                    return session.poll_class(ticket, Class::Completion).map_ok(drop);
                }
            }
        }
    }
}
