//! Lists a directory, with the best command that the server knows.

mod ladder;
mod reading;

use alloc::boxed::Box;
use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError, Command, Verb};
use crate::error::{Error, ErrorKind, Policy};
use crate::features::Features;
use crate::reply::{Class, Reply};
use crate::session::{Session, Ticket, TransferId};
use crate::transfer::Transfer;
use crate::verdict::Completed;

use super::Operation;
use super::features::AskFeatures;
use super::one_transfer::OneTransfer;
use super::rung::Rung;
use super::visit::Visit;

use ladder::Named;
pub(super) use ladder::told_empty;
pub(super) use reading::Reading;

/// The end of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Listed {
    /// The command that listed.
    pub rung: Rung,
    /// The transfer's verdict; `None` when it came as a reply.
    pub completed: Option<Completed>,
    /// The reply that holds the listing, for [`Rung::Status`]: every line but the first and the
    /// last.
    pub status: Option<Box<Reply>>,
}

impl Listed {
    /// The lines of a listing that came as a reply.
    pub fn status_lines(&self) -> impl Iterator<Item = &[u8]> {
        let text = self.status.as_deref().map_or(&b""[..], Reply::text);
        let inner = match (memchr::memchr(b'\n', text), memchr::memrchr(b'\n', text)) {
            (Some(first), Some(last)) => text.get(first.saturating_add(1)..last),
            _ => None,
        };
        inner
            .into_iter()
            .flat_map(|lines| lines.split(|&byte| byte == b'\n'))
    }

    /// Whether the listing came as a reply that exceeds the [`Limits`](crate::reply::Limits):
    /// entries are missing.
    pub fn is_truncated(&self) -> bool {
        self.status.as_deref().is_some_and(Reply::is_truncated)
    }

    /// Whether the server refused LIST with a reply that says that there is nothing to list; see
    /// [`Completed::is_told_empty`].
    pub fn is_told_empty(&self) -> bool {
        self.completed
            .as_ref()
            .is_some_and(Completed::is_told_empty)
    }

    fn is_empty(&self) -> bool {
        let nothing_moved = self.completed.as_ref().is_none_or(|it| it.bytes == 0);
        nothing_moved && self.status_lines().next().is_none()
    }
}

/// Lists a directory: with MLSD where FEAT offers it, else with the first of `LIST -a`, LIST and
/// STAT that works.
///
/// The session remembers the command that worked ([`Memory::listing`](super::Memory::listing)).
/// FEAT is sent if it was not answered before.
///
/// The next rung is tried only if no byte was received, so that no entry comes from a rung that
/// failed:
///
/// * from MLSD to `LIST -a` (with a path to LIST, because some servers take `-a` for the path) when
///   the command is not implemented (500, 502, 504), and without a path also after any other 5xx
///   but 530 to 539, which then cannot mean a missing directory;
/// * from `LIST -a` to LIST when it is refused, or brings no byte: some servers take `-a` for a
///   name;
/// * from LIST to STAT when it is not implemented, and from any rung to STAT when no data
///   connection can be opened. If data connections are protected and the control connection is not
///   (after CCC), STAT is never sent, because it would show the names in clear.
///
/// Everything else is an error: that of the rung which says most about the directory. A refusal of
/// MLSD is final. The error of LIST precedes that of `LIST -a`. If STAT is not implemented, the
/// error says why there was no data connection. A STAT that replaced a failed data connection is
/// not remembered.
///
/// Some servers refuse to list an empty directory. A 450 to a LIST without a path counts as an
/// empty listing, and so does a 550 whose text says that there are no files
/// ([`Listed::is_told_empty`]).
///
/// The directory is *visited*: the session enters it with CWD and lists it without an argument, as
/// the common interactive clients do. Servers misread the argument: they ignore it, take it for an
/// option, split it at a blank, take it for a pattern, or list a missing directory as an empty one.
/// If the directory cannot be entered, the listing fails at CWD. PWD is sent once, to know the way
/// back. The session returns only before a command that depends on the working directory, so that
/// each of many listings in a row costs one CWD. If PWD has no usable answer, the path is sent as
/// an argument; see also [`by_argument`](Self::by_argument).
///
/// A *file* cannot be entered, so listing one is an error (550). MLST asks about one object.
///
/// By argument, a missing directory is an error too: when such a listing brings no byte, PWD and
/// CWD show whether the directory exists. A path that begins with a hyphen is sent with `./` in
/// front, so that it is not taken for an option.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::List;
///
/// let here = List::new(None);
/// let there = List::new(Some(Argument::new("pub")?));
/// # let _ = (here, there);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct List {
    directory: Directory,
    begin_at: Option<Rung>,
    step: Step,
    /// Why STAT stands in for a data connection.
    unopened: Option<Error>,
}

/// How the commands tell the server which directory is meant.
#[derive(Debug)]
enum Directory {
    /// They do not: they have no argument, and list the working directory.
    Here,
    /// By CWD: they have no argument, and list the directory that was entered.
    Entered(Argument),
    /// By their argument.
    Argument(Argument),
}

impl Directory {
    const fn named(&self) -> Named {
        match self {
            Self::Here | Self::Entered(_) => Named::No,
            Self::Argument(_) => Named::Yes,
        }
    }

    /// The command's argument, behind an option if there is one.
    fn argument(&self, option: Option<&str>) -> Result<Option<Argument>, ArgumentError> {
        match (self, option) {
            (Self::Here | Self::Entered(_), None) => Ok(None),
            (Self::Here | Self::Entered(_), Some(option)) => Argument::new(option).map(Some),
            (Self::Argument(path), option) => {
                let option = option.map_or_else(Default::default, |it| [it, " "].concat());
                let path = path.as_bytes();
                let here: &[u8] = if path.starts_with(b"-") { b"./" } else { b"" };
                Argument::new([option.as_bytes(), here, path].concat()).map(Some)
            }
        }
    }

    /// Shows whether the directory exists, if that is not certain.
    fn visit(&self) -> Option<Visit> {
        match self {
            Self::Here | Self::Entered(_) => None,
            Self::Argument(path) => Some(Visit::new(path.clone())),
        }
    }
}

#[derive(Debug)]
enum Step {
    Features(AskFeatures),
    Try(Rung),
    Moving(Rung, OneTransfer),
    Status(Ticket),
    /// No entry came: does the directory exist?
    Visit(Option<Visit>, Listed),
}

impl List {
    /// Of the given directory, or of the working directory.
    pub fn new(path: Option<Argument>) -> Self {
        Self {
            directory: path.map_or(Directory::Here, Directory::Entered),
            begin_at: None,
            step: Step::Features(AskFeatures::new()),
            unopened: None,
        }
    }

    /// Names the directory in the command's argument, and does not enter it. This saves a command
    /// for each directory, and lists another directory on servers that misread the argument.
    /// [`Config::listing_by_argument`](crate::Config::listing_by_argument) does the same for all
    /// listings of a session.
    pub fn by_argument(mut self) -> Self {
        self.name_directory();
        self
    }

    fn name_directory(&mut self) {
        let directory = core::mem::replace(&mut self.directory, Directory::Here);
        self.directory = match directory {
            Directory::Entered(path) => Directory::Argument(path),
            directory => directory,
        };
    }

    /// Begins at this rung, whatever the server offers and the session remembers. [`Rung::ListAll`]
    /// skips MLSD, for servers that offer it and do not answer it, or answer it wrongly.
    ///
    /// [`Config::listing_begins_at`](crate::Config::listing_begins_at) does the same for all
    /// listings of a session.
    pub const fn begin_at(mut self, rung: Rung) -> Self {
        self.begin_at = Some(rung);
        self
    }

    /// The rung that is tried now, from which the payload comes.
    pub const fn rung(&self) -> Option<Rung> {
        match &self.step {
            Step::Features(_) => None,
            Step::Try(rung) | Step::Moving(rung, _) => Some(*rung),
            Step::Status(_) => Some(Rung::Status),
            Step::Visit(_, listed) => Some(listed.rung),
        }
    }

    /// The transfer that was begun and is not over.
    pub(super) const fn transfer(&self) -> Option<TransferId> {
        match &self.step {
            Step::Moving(_, payload) => payload.id(),
            _ => None,
        }
    }

    fn first_rung(&self, session: &Session) -> Rung {
        let offered = session.features().is_some_and(Features::has_mlsd);
        let usable = |rung: &Rung| may_use(*rung, session);
        let remembered = session.memory().listing.filter(usable);
        let by_list = ladder::by_list(self.directory.named());
        // What a listing without a path has shown.
        let remembered = remembered.map(|rung| match rung {
            Rung::ListAll => by_list,
            rung => rung,
        });
        let set = session.config().listing_begins_at.filter(usable);
        match self.begin_at.or(remembered).or(set) {
            Some(rung) => rung,
            None if offered => Rung::MachineList,
            None => by_list,
        }
    }

    /// What this rung shows: with a path, LIST says nothing about `-a`.
    fn known_by(&self, rung: Rung) -> Rung {
        match (self.directory.named(), rung) {
            (Named::Yes, Rung::List) => Rung::ListAll,
            (_, rung) => rung,
        }
    }

    fn begin(&self, rung: Rung, session: &mut Session) -> Result<Step, Error> {
        if !may_use(rung, session) {
            return Err(session.error(ErrorKind::Policy(Policy::ControlNotSecured), Verb::Stat));
        }
        let option = (rung == Rung::ListAll).then_some("-a");
        let argument = self
            .directory
            .argument(option)
            .map_err(|error| session.error(error, rung.verb()))?;
        let mut transfer = match rung {
            Rung::MachineList => Transfer::machine_list(argument),
            Rung::ListAll | Rung::List => Transfer::list(argument),
            Rung::Status => {
                // Without a path STAT describes the server, not a directory.
                let path = match &self.directory {
                    Directory::Entered(path) => path.clone(),
                    _ => argument.unwrap_or_else(|| Argument::trusted(".")),
                };
                return session
                    .request(Command::new(Verb::Stat, path))
                    .map(Step::Status);
            }
        };
        if let Directory::Entered(path) = &self.directory {
            transfer = transfer.within(path.clone());
        }
        Ok(Step::Moving(rung, OneTransfer::new(transfer)))
    }

    /// What follows from the end of a transfer.
    fn after(
        &mut self,
        rung: Rung,
        outcome: Result<Completed, Error>,
        session: &Session,
    ) -> Result<Step, Error> {
        let untold = ErrorKind::Policy(Policy::DirectoryUntold);
        if outcome.as_ref().is_err_and(|error| *error.kind() == untold) {
            // There is no way back from a visit.
            self.name_directory();
            return Ok(Step::Try(rung));
        }
        if is_not_entered(&outcome) {
            return outcome.map(|_| Step::Try(rung));
        }
        let named = self.directory.named();
        let next = ladder::next(rung, named, &outcome).filter(|next| may_use(*next, session));
        if let Some(next) = next {
            if next == Rung::Status {
                self.unopened = outcome.err();
            }
            return Ok(Step::Try(next));
        }
        let completed = match outcome {
            Err(error) if rung == Rung::List && named == Named::No => empty_if_told(error)?,
            outcome => outcome?,
        };
        let listed = Listed {
            rung,
            completed: Some(completed),
            status: None,
        };
        Ok(self.look_into(listed))
    }

    /// What follows from the reply to STAT.
    fn status(&self, outcome: Result<Reply, Error>, session: &Session) -> Result<Step, Error> {
        match (outcome, &self.unopened) {
            (Err(error), Some(earlier)) if ladder::is_not_done_here(&error) => {
                Err(session.error(earlier.kind().clone(), earlier.verb()))
            }
            (Err(error), _) => Err(error),
            (Ok(reply), _) => {
                let listed = Listed {
                    rung: Rung::Status,
                    completed: None,
                    status: Some(Box::new(reply)),
                };
                Ok(self.look_into(listed))
            }
        }
    }

    fn look_into(&self, listed: Listed) -> Step {
        let visit = if listed.is_empty() {
            self.directory.visit()
        } else {
            None
        };
        Step::Visit(visit, listed)
    }

    /// Whether to begin with this rung the next time. An empty listing proves nothing about its
    /// rung, and data connections that failed once may work again.
    fn is_to_be_remembered(&self, listed: &Listed) -> bool {
        let stands_in = self
            .unopened
            .as_ref()
            .is_some_and(ladder::has_no_data_connection);
        !listed.is_empty() && !stands_in
    }
}

impl Operation for List {
    type Output = Listed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Listed, Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Features(ask) => {
                    ready!(ask.poll(session))?;
                    if session.config().listing_by_argument {
                        self.name_directory();
                    }
                    Step::Try(self.first_rung(session))
                }
                Step::Try(rung) => {
                    let rung = *rung;
                    self.begin(rung, session)?
                }
                Step::Moving(rung, payload) => {
                    let rung = *rung;
                    let outcome = ready!(payload.poll(session));
                    self.after(rung, outcome, session)?
                }
                Step::Status(ticket) => {
                    let outcome = ready!(session.poll_class(*ticket, Class::Completion));
                    self.status(outcome, session)?
                }
                Step::Visit(visit, listed) => {
                    if let Some(visit) = visit {
                        ready!(visit.poll(session))?;
                    }
                    let listed = listed.clone();
                    if self.is_to_be_remembered(&listed) {
                        session.memory_mut().listing = Some(self.known_by(listed.rung));
                    }
                    return Poll::Ready(Ok(listed));
                }
            }
        }
    }
}

/// An error that says that there is nothing to list is no error.
pub(super) fn empty_if_told(error: Error) -> Result<Completed, Error> {
    match told_empty(&error) {
        Some(reply) => Ok(Completed::nothing(reply.clone())),
        None => Err(error),
    }
}

/// Whether the directory could not be entered. That is the outcome, because another rung would fail
/// too.
fn is_not_entered(outcome: &Result<Completed, Error>) -> bool {
    outcome
        .as_ref()
        .is_err_and(|error| error.verb() == Some(Verb::Cwd))
}

/// STAT would show in clear the names that the user wants protected.
fn may_use(rung: Rung, session: &Session) -> bool {
    rung != Rung::Status || session.is_secured() || !session.is_data_protected()
}
