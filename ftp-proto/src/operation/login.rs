//! USER, PASS, ACCT (RFC 959, 4.1.1 and the diagrams of section 6).

use core::fmt;
use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::reply::{Class, Reply, ReplyCode};
use crate::session::{Session, Ticket};

use super::{LoginThen, Operation};

/// Logs in; yields the reply that ended it.
///
/// With [`Config::eager`](crate::Config::eager), PASS goes out together with USER, unless an account was given: who asks
/// for one may do so before the password or after it.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Login;
///
/// let anonymous = Login::anonymous();
/// let user = Login::new(Argument::new("alice")?).password(Argument::new("secret")?);
/// assert!(!format!("{user:?}").contains("secret"));
/// # let _ = anonymous;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[must_use = "an operation does nothing until it is run"]
pub struct Login {
    user: Argument,
    password: Option<Argument>,
    account: Option<Argument>,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    User(Ticket),
    /// USER and PASS went out together.
    Both(Ticket, Ticket),
    Password(Ticket),
    Account(Ticket),
}

impl Login {
    /// As `user`, without a password and an account.
    pub const fn new(user: Argument) -> Self {
        Self {
            user,
            password: None,
            account: None,
            step: Step::Start,
        }
    }

    /// As `anonymous`, with the password `anonymous@`.
    ///
    /// The original ftplib sent the user's name and host here; nothing of that leaves the machine unless it is
    /// given with [`password`](Self::password).
    pub fn anonymous() -> Self {
        Self::new(Argument::trusted("anonymous")).password(Argument::trusted("anonymous@"))
    }

    /// With a password. Without one, the server gets an empty one if it asks: `PASS ` with its
    /// blank.
    pub fn password(mut self, password: Argument) -> Self {
        self.password = Some(password);
        self
    }

    /// With an account, for servers that ask for one (332).
    pub fn account(mut self, account: Argument) -> Self {
        self.account = Some(account);
        self
    }

    /// Runs `operation` when the login has succeeded; see [`LoginThen`].
    pub const fn then<O: Operation>(self, operation: O) -> LoginThen<O> {
        LoginThen::new(self, operation)
    }

    /// Whether everything was sent ahead of the replies, so that only these are missing: what follows the login may go
    /// out too.
    pub const fn is_all_sent(&self) -> bool {
        matches!(self.step, Step::Both(..))
    }

    fn start(&self, session: &mut Session) -> Result<Step, Error> {
        let user = session.request(Command::new(Verb::User, self.user.clone()))?;
        match &self.password {
            Some(password) if session.config().eager && self.account.is_none() => {
                let password = session.request(Command::new(Verb::Pass, password.clone()))?;
                Ok(Step::Both(user, password))
            }
            _ => Ok(Step::User(user)),
        }
    }

    /// What follows the reply to a USER that went out together with PASS. Unless it asks for the password, nobody needs
    /// the reply to that.
    fn next_of_both(
        reply: Reply,
        password: Ticket,
        session: &mut Session,
    ) -> Result<Step, Result<Reply, Error>> {
        if reply.class() == Class::Intermediate {
            return Ok(Step::Password(password));
        }
        session.discard(password);
        Err(match reply.class() {
            Class::Completion => Ok(reply),
            _ => Err(session.unwelcome(reply, Verb::User)),
        })
    }

    /// What follows a reply to USER or PASS; `Err` gives the reply back when it ends the login.
    fn next(
        &self,
        reply: Reply,
        after_user: bool,
        session: &mut Session,
    ) -> Result<Step, Result<Reply, Error>> {
        let verb = if after_user { Verb::User } else { Verb::Pass };
        let asks_password = after_user && reply.code() != ReplyCode::NEED_ACCOUNT;
        match (reply.class(), asks_password, self.account.clone()) {
            (Class::Completion, _, _) => Err(Ok(reply)),
            (Class::Intermediate, true, _) => {
                // Empty is `PASS ` with its blank: inetutils' ftpd takes a bare PASS for no command.
                let password = self.password.clone().unwrap_or_else(Argument::nothing);
                let command = Command::new(Verb::Pass, password);
                session.request(command).map(Step::Password).map_err(Err)
            }
            (Class::Intermediate, false, Some(account)) => session
                .request(Command::new(Verb::Acct, account))
                .map(Step::Account)
                .map_err(Err),
            _ => Err(Err(session.unwelcome(reply, verb))),
        }
    }
}

impl Operation for Login {
    type Output = Reply;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Reply, Error>> {
        loop {
            let next = match self.step {
                Step::Start => Ok(self.start(session)?),
                Step::Both(user, password) => {
                    Self::next_of_both(ready!(session.poll_reply(user))?, password, session)
                }
                Step::User(ticket) => self.next(ready!(session.poll_reply(ticket))?, true, session),
                Step::Password(ticket) => {
                    self.next(ready!(session.poll_reply(ticket))?, false, session)
                }
                Step::Account(ticket) => return session.poll_class(ticket, Class::Completion),
            };
            match next {
                Ok(step) => self.step = step,
                Err(result) => return Poll::Ready(result),
            }
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
