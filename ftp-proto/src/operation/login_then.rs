//! A login and the operation after it.

use core::fmt;
use core::task::{Poll, ready};

use crate::error::Error;
use crate::session::{Session, TransferId};

use super::{Login, Operation};

/// Logs in and runs another operation, in as few flights as the session allows; yields the result
/// of that operation.
///
/// With [`Config::eager`](crate::Config::eager) and a password, USER, PASS and the commands that
/// open the operation's data connection are sent in one write. The transfer command waits until the
/// login has succeeded and the connection is open. Without `eager`, or with an account, the
/// operation begins when the login is over.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::{Login, Retrieve};
///
/// let first = Login::anonymous().then(Retrieve::new(Argument::new("pub/README")?));
/// # let _ = first;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[must_use = "an operation does nothing until it is run"]
pub struct LoginThen<O: Operation> {
    /// `None` when it is over.
    login: Option<Login>,
    next: O,
    /// The transfer that the other operation began before the login was over.
    begun: Option<TransferId>,
    /// The result of the other operation, if it came before the login was over.
    yielded: Option<Result<O::Output, Error>>,
}

impl<O: Operation> LoginThen<O> {
    pub(super) const fn new(login: Login, next: O) -> Self {
        Self {
            login: Some(login),
            next,
            begun: None,
            yielded: None,
        }
    }

    /// Lets the other operation submit its commands.
    fn go_ahead(&mut self, session: &mut Session) {
        if self.yielded.is_some() {
            return;
        }
        let before = session.current_transfer();
        if let Poll::Ready(outcome) = self.next.poll(session) {
            self.yielded = Some(outcome);
        }
        let now = session.current_transfer();
        if now != before {
            self.begun = now;
        }
    }
}

impl<O: Operation> Operation for LoginThen<O> {
    type Output = O::Output;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<O::Output, Error>> {
        if let Some(login) = &mut self.login {
            let polled = login.poll(session);
            if polled.is_pending() && login.is_all_sent() {
                self.go_ahead(session);
            }
            if let Err(error) = ready!(polled) {
                if let Some(transfer) = self.begun {
                    session.abort(transfer);
                }
                return Poll::Ready(Err(error));
            }
            self.login = None;
        }
        match self.yielded.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => self.next.poll(session),
        }
    }
}

impl<O: Operation + fmt::Debug> fmt::Debug for LoginThen<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginThen")
            .field("login", &self.login)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
