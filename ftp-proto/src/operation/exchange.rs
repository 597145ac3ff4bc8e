//! One command, one reply.

use alloc::string::String;
use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError, Command, Verb};
use crate::config::Leniency;
use crate::error::{After, Error, ErrorKind};
use crate::pathname::{self, Pathname, Quoting};
use crate::reply::{Class, Reply, ReplyCode};
use crate::session::{Session, Ticket};
use crate::size;
use crate::timestamp::{self, Timestamp};
use crate::violation::Violation;

use super::Operation;

/// One command and the meaning of its reply.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Exchange;
///
/// let delete: Exchange<()> = Exchange::delete(Argument::new("old.txt")?);
/// let size: Exchange<u64> = Exchange::size(Argument::new("image.iso")?);
/// # let _ = (delete, size);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Exchange<T> {
    command: Command,
    ticket: Option<Ticket>,
    accept: Accept,
    read: Read<T>,
}

/// The meaning of a reply.
pub(super) type Read<T> = fn(Reply, &mut Session) -> Result<T, ErrorKind>;

/// Which classes of replies are read as results.
#[derive(Clone, Copy, Debug)]
enum Accept {
    /// 2xx.
    Completion,
    /// Everything but 4xx and 5xx.
    NotNegative,
    /// Everything.
    Any,
}

impl<T> Exchange<T> {
    const fn new(command: Command, read: Read<T>) -> Self {
        Self {
            command,
            ticket: None,
            accept: Accept::Completion,
            read,
        }
    }
}

impl Exchange<()> {
    /// DELE: removes a file. Any 2xx is success: servers answer 200 as well as 250.
    pub const fn delete(path: Argument) -> Self {
        Self::new(Command::new(Verb::Dele, path), nothing)
    }

    /// RMD: removes a directory.
    pub const fn remove_directory(path: Argument) -> Self {
        Self::new(Command::new(Verb::Rmd, path), nothing)
    }

    /// NOOP: does nothing, and shows whether the server answers.
    pub const fn noop() -> Self {
        Self::new(Command::bare(Verb::Noop), nothing)
    }

    /// REIN: returns to the state after the greeting.
    pub const fn reinitialise() -> Self {
        Self::new(Command::bare(Verb::Rein), nothing)
    }

    /// CCC: ends TLS on the control connection;
    /// [`Config::clear_control`](crate::Config::clear_control) has to allow it.
    pub const fn clear_control() -> Self {
        Self::new(Command::bare(Verb::Ccc), nothing)
    }
}

impl Exchange<Pathname> {
    /// PWD: the working directory.
    ///
    /// A server that does not double quotes (RFC 959, appendix II) shows itself once an earlier
    /// answer has told what it writes behind a pathname, if a quote in the pathname stands by
    /// itself.
    pub const fn working_directory() -> Self {
        Self::new(Command::bare(Verb::Pwd), working_directory)
    }
}

impl Exchange<u64> {
    /// SIZE: the size of a file in bytes, as it would be transferred in the TYPE that is in force
    /// (RFC 3659, 4).
    pub const fn size(path: Argument) -> Self {
        Self::new(Command::new(Verb::Size, path), size)
    }
}

impl Exchange<Timestamp> {
    /// MDTM: when a file was modified (RFC 3659, 3).
    pub const fn modified(path: Argument) -> Self {
        Self::new(Command::new(Verb::Mdtm, path), modified)
    }
}

impl Exchange<Reply> {
    /// Any command that must be answered with 2xx.
    pub const fn complete(command: Command) -> Self {
        Self::new(command, whole)
    }

    /// Any command; only 4xx and 5xx are errors.
    pub const fn send(command: Command) -> Self {
        let mut exchange = Self::new(command, whole);
        exchange.accept = Accept::NotNegative;
        exchange
    }

    /// Any command; its reply is the result, whatever it is.
    pub const fn ask(command: Command) -> Self {
        let mut exchange = Self::new(command, whole);
        exchange.accept = Accept::Any;
        exchange
    }

    /// ACCT: sends the account.
    pub const fn account(account: Argument) -> Self {
        Self::complete(Command::new(Verb::Acct, account))
    }

    /// ALLO: reserves room for a file of that many bytes.
    pub fn allocate(bytes: u64) -> Self {
        Self::complete(Command::new(Verb::Allo, Argument::number(bytes)))
    }

    /// STAT: the state of the server, or a listing over the control connection.
    pub const fn status(path: Option<Argument>) -> Self {
        Self::complete(Command::optional(Verb::Stat, path))
    }

    /// HELP: the server's help about itself or about a command.
    pub const fn help(subject: Option<Argument>) -> Self {
        Self::complete(Command::optional(Verb::Help, subject))
    }

    /// SYST: the server's operating system.
    pub const fn system() -> Self {
        Self::complete(Command::bare(Verb::Syst))
    }

    /// SITE: a command of the server's own.
    pub const fn site(command: Argument) -> Self {
        Self::complete(Command::new(Verb::Site, command))
    }

    /// MLST: the facts of one object, in the reply's text (RFC 3659, 7).
    pub const fn facts(path: Option<Argument>) -> Self {
        Self::complete(Command::optional(Verb::Mlst, path))
    }

    /// HOST: selects one of the server's hosts (RFC 7151). Sent before USER, and answered with a
    /// 220.
    pub const fn host(name: Argument) -> Self {
        Self::complete(Command::new(Verb::Host, name))
    }

    /// LANG: the language of the replies' texts, as a tag of RFC 5646 (RFC 2640, 4.1); without one,
    /// the server's own.
    pub const fn language(tag: Option<Argument>) -> Self {
        Self::complete(Command::optional(Verb::Lang, tag))
    }

    /// CLNT: names this program, for servers that ask for it. No RFC defines it.
    pub const fn client_name(name: Argument) -> Self {
        Self::complete(Command::new(Verb::Clnt, name))
    }

    /// OPTS MLST: sets which facts MLSD and MLST tell from now on (RFC 3659, 7.9). The reply names
    /// these facts.
    ///
    /// ```
    /// use ftp_proto::operation::Exchange;
    ///
    /// let select = Exchange::select_facts(&["type", "size", "modify"])?; // OPTS MLST type;size;modify;
    /// # let _ = select;
    /// # Ok::<(), ftp_proto::ArgumentError>(())
    /// ```
    ///
    /// # Errors
    /// A name that cannot be sent.
    pub fn select_facts(names: &[&str]) -> Result<Self, ArgumentError> {
        let facts = facts_argument(names)?;
        Ok(Self::complete(Command::new(Verb::Opts, facts)))
    }

    /// QUIT: ends the session, whatever the server answers. A refusal is an error that says so.
    pub const fn quit() -> Self {
        Self::complete(Command::bare(Verb::Quit))
    }
}

/// The argument of an OPTS MLST.
pub(super) fn facts_argument(names: &[&str]) -> Result<Argument, ArgumentError> {
    let mut argument = String::from("MLST ");
    for name in names {
        argument.push_str(name);
        argument.push(';');
    }
    Argument::new(argument.trim_end())
}

impl<T> Operation for Exchange<T> {
    type Output = T;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<T, Error>> {
        let verb = self.command.verb();
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => *self.ticket.insert(session.request(self.command.clone())?),
        };
        let reply = match self.accept {
            Accept::Completion if verb == Verb::Quit => ready!(leave(session, ticket))?,
            Accept::Completion => ready!(session.poll_class(ticket, Class::Completion))?,
            Accept::NotNegative | Accept::Any => ready!(session.poll_reply(ticket))?,
        };
        let negative = matches!(
            reply.class(),
            Class::TransientNegative | Class::PermanentNegative
        );
        if negative && !matches!(self.accept, Accept::Any) {
            return Poll::Ready(Err(session.unwelcome(reply, verb)));
        }
        Poll::Ready((self.read)(reply, session).map_err(|kind| session.error(kind, verb)))
    }
}

/// Awaits the answer to QUIT. Whatever it is, the session is over then.
fn leave(session: &mut Session, ticket: Ticket) -> Poll<Result<Reply, Error>> {
    let answer = ready!(session.poll_class(ticket, Class::Completion));
    Poll::Ready(answer.map_err(|error| {
        session.close();
        error.with_after(After::Dead)
    }))
}

/// Waits for the greeting (220, after any number of 120).
#[derive(Debug, Default)]
#[must_use = "an operation does nothing until it is run"]
pub struct Greet;

impl Operation for Greet {
    type Output = Reply;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Reply, Error>> {
        session.poll_class(Ticket::GREETING, Class::Completion)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of several readers")]
fn nothing(_: Reply, _: &mut Session) -> Result<(), ErrorKind> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "one of several readers")]
pub(super) fn whole(reply: Reply, _: &mut Session) -> Result<Reply, ErrorKind> {
    Ok(reply)
}

fn working_directory(reply: Reply, session: &mut Session) -> Result<Pathname, ErrorKind> {
    let is_lenient = session.config().lenient.contains(Leniency::UndoubledQuotes);
    match session.memory().undoubled(&reply) {
        Some(path) if !is_lenient => Ok(path),
        _ => path(reply, session),
    }
}

pub(super) fn path(reply: Reply, session: &mut Session) -> Result<Pathname, ErrorKind> {
    if reply.code() != ReplyCode::PATHNAME {
        return Err(ErrorKind::Unexpected(alloc::boxed::Box::new(reply)));
    }
    let strict = pathname::decode(&reply, Quoting::Doubled);
    if !session.config().lenient.contains(Leniency::UndoubledQuotes) {
        return strict.map_err(|error| ErrorKind::Violation(Violation::Path(error)));
    }
    let lenient = pathname::decode(&reply, Quoting::Undoubled);
    if lenient != strict {
        session.use_leniency(Leniency::UndoubledQuotes);
    }
    lenient.map_err(|error| ErrorKind::Violation(Violation::Path(error)))
}

pub(super) fn size(reply: Reply, _: &mut Session) -> Result<u64, ErrorKind> {
    let reply = file_status(reply)?;
    size::decode(&reply).map_err(|error| ErrorKind::Violation(Violation::Size(error)))
}

pub(super) fn modified(reply: Reply, _: &mut Session) -> Result<Timestamp, ErrorKind> {
    let reply = file_status(reply)?;
    timestamp::decode(&reply).map_err(|error| ErrorKind::Violation(Violation::Timestamp(error)))
}

/// A success with any other code has no readable value; the error shows it.
fn file_status(reply: Reply) -> Result<Reply, ErrorKind> {
    match reply.code() {
        ReplyCode::FILE_STATUS => Ok(reply),
        _ => Err(ErrorKind::Unexpected(alloc::boxed::Box::new(reply))),
    }
}
