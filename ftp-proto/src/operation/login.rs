//! USER, PASS, ACCT (RFC 959, 4.1.1 and the diagrams of section 6), with TLS and HOST before and an
//! introduction behind them.

use core::fmt;
use core::ops::ControlFlow::{self, Break, Continue};
use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError, Command, Verb};
use crate::error::Error;
use crate::reply::{Class, Reply, ReplyCode};
use crate::session::{Session, Ticket};

use super::exchange::facts_argument;
use super::introduction::Introduction;
use super::{LoginThen, Operation, Secure};

/// Logs in; yields the reply that ended it.
///
/// If [`Secure`] found that the server accepts PROT only after the login
/// ([`Secured::AfterLogin`](super::Secured::AfterLogin)), PBSZ and PROT follow, and their refusal
/// is an error of the login.
///
/// With [`Config::eager`](crate::Config::eager), PASS is sent together with USER, unless an account
/// was given: servers ask for an account before the password or after it.
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
#[derive(Clone)]
#[must_use = "an operation does nothing until it is run"]
pub struct Login {
    user: Argument,
    password: Option<Argument>,
    account: Option<Argument>,
    host: Option<Argument>,
    step: Step,
    introduction: Introduction,
    phase: Phase,
}

/// The present step. The reply is the one that ended the login.
#[derive(Clone, Debug)]
enum Phase {
    Securing(Secure),
    LoggingIn,
    Protecting(Secure, Reply),
    Introducing(Reply),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    Host(Ticket),
    Identify,
    User(Ticket),
    /// USER and PASS were sent together.
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
            host: None,
            step: Step::Start,
            introduction: Introduction::new(),
            phase: Phase::LoggingIn,
        }
    }

    /// As `anonymous`, with the password `anonymous@`.
    ///
    /// The original ftplib sent the user's name and host here. This client sends them only if they
    /// are given with [`password`](Self::password).
    pub fn anonymous() -> Self {
        Self::new(Argument::trusted("anonymous")).password(Argument::trusted("anonymous@"))
    }

    /// With a password. Without one, a server that asks gets an empty one: `PASS ` with its blank.
    pub fn password(mut self, password: Argument) -> Self {
        self.password = Some(password);
        self
    }

    /// With an account, for servers that ask for one (332).
    pub fn account(mut self, account: Argument) -> Self {
        self.account = Some(account);
        self
    }

    /// Runs `secure` first: TLS begins before a name or a password is sent.
    ///
    /// ```
    /// use ftp_proto::operation::{Login, Secure};
    ///
    /// let login = Login::anonymous().secure(Secure::new()); // AUTH, PBSZ, PROT, USER, PASS
    /// # let _ = login;
    /// ```
    pub fn secure(self, secure: Secure) -> Self {
        let phase = Phase::Securing(secure);
        Self { phase, ..self }
    }

    /// At the host of this name, for servers with several hosts (RFC 7151). HOST is sent before
    /// USER. Any refusal is an error of the login, even a 500 or 502 from a server that does not
    /// know HOST, because the login would be to another host.
    ///
    /// ```
    /// use ftp_proto::Argument;
    /// use ftp_proto::operation::Login;
    ///
    /// let login = Login::anonymous()
    ///     .host(Argument::new("ftp.example.org")?)
    ///     .client_name(Argument::new("mirror 1.0")?)
    ///     .language(Argument::new("en")?)
    ///     .facts(&["type", "size", "modify"])?;
    /// # let _ = login;
    /// # Ok::<(), ftp_proto::ArgumentError>(())
    /// ```
    pub fn host(mut self, name: Argument) -> Self {
        self.host = Some(name);
        self
    }

    /// Names this program to the server (CLNT), for servers that ask for it.
    ///
    /// CLNT is sent after the login, if FEAT offers it. FEAT is sent for that. A refusal changes
    /// nothing and is ignored. The same holds for [`language`](Self::language) and
    /// [`facts`](Self::facts), in the order in which they were asked for.
    pub fn client_name(mut self, name: Argument) -> Self {
        self.introduction.push(Verb::Clnt, name);
        self
    }

    /// Asks for replies in this language (LANG), as a tag of RFC 5646 (RFC 2640, 4.1).
    pub fn language(mut self, tag: Argument) -> Self {
        self.introduction.push(Verb::Lang, tag);
        self
    }

    /// Asks for these facts in MLSD and MLST (OPTS MLST; RFC 3659, 7.9). Servers leave out unknown
    /// ones.
    ///
    /// # Errors
    /// A name that cannot be sent.
    pub fn facts(mut self, names: &[&str]) -> Result<Self, ArgumentError> {
        self.introduction.push(Verb::Opts, facts_argument(names)?);
        Ok(self)
    }

    /// Runs `operation` when the login has succeeded; see [`LoginThen`].
    pub const fn then<O: Operation>(self, operation: O) -> LoginThen<O> {
        LoginThen::new(self, operation)
    }

    /// Whether all commands were sent and only replies are missing, so that the next operation may
    /// send too.
    pub fn is_all_sent(&self) -> bool {
        matches!(self.step, Step::Both(..)) && self.introduction.is_empty()
    }

    fn start(&self, session: &mut Session) -> Result<Step, Error> {
        let Some(host) = &self.host else {
            return Ok(Step::Identify);
        };
        let host = Command::new(Verb::Host, host.clone());
        session.request(host).map(Step::Host)
    }

    fn identify(&self, session: &mut Session) -> Result<Step, Error> {
        let user = session.request(Command::new(Verb::User, self.user.clone()))?;
        match &self.password {
            Some(password) if session.config().eager && self.account.is_none() => {
                let password = session.request(Command::new(Verb::Pass, password.clone()))?;
                Ok(Step::Both(user, password))
            }
            _ => Ok(Step::User(user)),
        }
    }

    /// The step after the reply to a USER that was sent together with PASS. If that reply does not
    /// ask for the password, the reply to PASS is dropped.
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

    /// The step after a reply to USER or PASS, which may end the login.
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
                // An empty password is sent as `PASS ` with its blank, because inetutils ftpd does
                // not accept a bare PASS.
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
                Step::Host(ticket) => {
                    ready!(session.poll_class(ticket, Class::Completion))?;
                    Continue(Step::Identify)
                }
                Step::Identify => Continue(self.identify(session)?),
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
            self.phase = match &mut self.phase {
                Phase::Securing(secure) => {
                    ready!(secure.poll(session))?;
                    Phase::LoggingIn
                }
                Phase::LoggingIn => {
                    let reply = ready!(self.poll_login(session))?;
                    match session.memory().protection_due {
                        None => Phase::Introducing(reply),
                        Some(protection) => Phase::Protecting(Secure::data(protection), reply),
                    }
                }
                Phase::Protecting(secure, reply) => {
                    ready!(secure.poll(session))?;
                    Phase::Introducing(reply.clone())
                }
                Phase::Introducing(reply) => {
                    ready!(self.introduction.poll(session))?;
                    return Poll::Ready(Ok(reply.clone()));
                }
            };
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
