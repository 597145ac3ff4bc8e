//! USER, PASS, ACCT (RFC 959, 4.1.1 and the diagrams of section 6).

use core::fmt;
use core::ops::ControlFlow::{self, Break, Continue};
use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::reply::{Class, Reply, ReplyCode};
use crate::session::{Session, Ticket};

use super::{LoginThen, Operation, Secure};

/// Logs in; yields the reply that ended it.
///
/// Where [`Secure`] found that the server talks of data connections only after the login ([`Secured::AfterLogin`](super::Secured::AfterLogin)),
/// PBSZ and PROT follow, and their refusal is an error of the login.
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
    /// What was to be agreed on when the login is over, and the reply that ended it.
    protecting: Option<(Secure, Reply)>,
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
            protecting: None,
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
    ) -> ControlFlow<Result<Reply, Error>, Step> {
        if reply.class() == Class::Intermediate {
            return Continue(Step::Password(password));
        }
        session.discard(password);
        Break(match reply.class() {
            Class::Completion => Ok(reply),
            _ => Err(session.unwelcome(reply, Verb::User)),
        })
    }

    /// What follows a reply to USER or PASS, which may end the login.
    fn next(
        &self,
        reply: Reply,
        after_user: bool,
        session: &mut Session,
    ) -> ControlFlow<Result<Reply, Error>, Step> {
        let sent = |ticket: Result<Ticket, Error>, step: fn(Ticket) -> Step| match ticket {
            Ok(ticket) => Continue(step(ticket)),
            Err(error) => Break(Err(error)),
        };
        let verb = if after_user { Verb::User } else { Verb::Pass };
        let asks_password = after_user && reply.code() != ReplyCode::NEED_ACCOUNT;
        match (reply.class(), asks_password, self.account.clone()) {
            (Class::Completion, _, _) => Break(Ok(reply)),
            (Class::Intermediate, true, _) => {
                // Empty is `PASS ` with its blank: inetutils' ftpd takes a bare PASS for no command.
                let password = self.password.clone().unwrap_or_else(Argument::nothing);
                let command = Command::new(Verb::Pass, password);
                sent(session.request(command), Step::Password)
            }
            (Class::Intermediate, false, Some(account)) => {
                let command = Command::new(Verb::Acct, account);
                sent(session.request(command), Step::Account)
            }
            _ => Break(Err(session.unwelcome(reply, verb))),
        }
    }
}

impl Login {
    fn poll_login(&mut self, session: &mut Session) -> Poll<Result<Reply, Error>> {
        loop {
            let next = match self.step {
                Step::Start => Continue(self.start(session)?),
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
                Continue(step) => self.step = step,
                Break(result) => return Poll::Ready(result),
            }
        }
    }
}

impl Operation for Login {
    type Output = Reply;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Reply, Error>> {
        loop {
            if let Some((secure, reply)) = &mut self.protecting {
                ready!(secure.poll(session))?;
                return Poll::Ready(Ok(reply.clone()));
            }
            let reply = ready!(self.poll_login(session))?;
            match session.memory().protection_due {
                None => return Poll::Ready(Ok(reply)),
                Some(protection) => self.protecting = Some((Secure::data(protection), reply)),
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
