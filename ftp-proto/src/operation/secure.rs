//! AUTH TLS, PBSZ, PROT (RFC 4217).

use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::reply::{Class, Reply};
use crate::session::{Session, Ticket};

use super::{DataProtection, Operation};

/// The result of [`Secure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "callers have to know both")]
pub enum Secured {
    /// The protection of data connections is agreed.
    Agreed,
    /// The control connection is secured. The server accepts PROT only after the login, which asks
    /// again. Until then the policy forbids transfers.
    AfterLogin,
}

/// Begins TLS on the control connection, unless it is on, and sets the protection of data
/// connections.
///
/// A refusal of AUTH or PROT is an error, and the session does not go on in clear. A refusal of
/// PBSZ is ignored, because PBSZ has no effect under TLS: ProFTPD in some setups and DrFTPD answer
/// it with 500 and accept PROT.
///
/// Some servers refuse PROT before the login (503, 530; aioftp). That is not an error:
/// [`Secured::AfterLogin`]. [`Login`](super::Login) sends PBSZ and PROT once more when it has
/// succeeded, and fails if they are refused then.
#[derive(Clone, Debug, Default)]
#[must_use = "an operation does nothing until it is run"]
pub struct Secure {
    protection: DataProtection,
    auth_ssl: bool,
    step: Step,
}

#[derive(Clone, Copy, Debug, Default)]
enum Step {
    #[default]
    Start,
    Auth(Ticket),
    AuthSsl(Ticket),
    BufferSize,
    BufferSizeSent(Ticket),
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
            ..Self::default()
        }
    }

    /// Tries `AUTH SSL` if the server refuses `AUTH TLS`. It is not standard (RFC 4217 names it as
    /// a habit of old servers). It negotiates TLS too.
    pub const fn or_auth_ssl(mut self) -> Self {
        self.auth_ssl = true;
        self
    }

    fn prot(&self) -> Command {
        let level = match self.protection {
            DataProtection::Private => "P",
            DataProtection::Clear => "C",
        };
        Command::new(Verb::Prot, Argument::trusted(level))
    }

    /// The reply to PROT.
    fn protected(&self, reply: Reply, session: &mut Session) -> Result<Secured, Error> {
        let too_early = matches!(reply.code().get(), 503 | 530) && !session.is_logged_in();
        session.memory_mut().protection_due = too_early.then_some(self.protection);
        match reply.class() {
            Class::Completion => Ok(Secured::Agreed),
            _ if too_early => Ok(Secured::AfterLogin),
            _ => Err(session.unwelcome(reply, Verb::Prot)),
        }
    }
}

fn auth(mechanism: &str) -> Command {
    Command::new(Verb::Auth, Argument::trusted(mechanism))
}

impl Operation for Secure {
    type Output = Secured;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Secured, Error>> {
        loop {
            self.step = match self.step {
                Step::Start if session.is_secured() => Step::BufferSize,
                Step::Start => Step::Auth(session.request(auth("TLS"))?),
                Step::Auth(ticket) => match ready!(session.poll_class(ticket, Class::Completion)) {
                    Err(error) if self.auth_ssl && error.is_refusal() => {
                        Step::AuthSsl(session.request(auth("SSL"))?)
                    }
                    answer => answer.map(|_| Step::BufferSize)?,
                },
                Step::AuthSsl(ticket) => {
                    ready!(session.poll_class(ticket, Class::Completion))?;
                    Step::BufferSize
                }
                Step::BufferSize => Step::BufferSizeSent(
                    session.request(Command::new(Verb::Pbsz, Argument::trusted("0")))?,
                ),
                Step::BufferSizeSent(ticket) => {
                    let reply = ready!(session.poll_reply(ticket))?;
                    if matches!(reply.class(), Class::Preliminary | Class::Intermediate) {
                        return Poll::Ready(Err(session.unwelcome(reply, Verb::Pbsz)));
                    }
                    Step::Protect(session.request(self.prot())?)
                }
                Step::Protect(ticket) => {
                    let reply = ready!(session.poll_reply(ticket))?;
                    return Poll::Ready(self.protected(reply, session));
                }
            }
        }
    }
}
