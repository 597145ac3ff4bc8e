//! What the session asks on its own: the encoding of names (RFC 2640) and the working directory,
//! before a command, and NOOP while it is idle.
//!
//! Names have one encoding in a session: FEAT, and OPTS UTF8 ON if FEAT offers it, are sent before
//! the first command that carries or brings names. A listing may be made in a directory that the
//! application did not enter. CWD back then precedes the next command that depends on the
//! application's own directory.

use crate::command::{Argument, Command, Verb};
use crate::config::{Encoding, Leniency, TlsPolicy};
use crate::error::{Error, Policy};
use crate::pathname::{self, Quoting};
use crate::reply::Reply;

use super::queue::{Beneficiary, Work};
use super::shared::{Shared, unwelcome};
use super::wire::{Owner, grants};

/// What a piece of work needs first, and NOOP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Errand {
    /// FEAT.
    Features,
    /// OPTS UTF8 ON.
    Utf8,
    /// PWD: where the way back leads.
    Locate,
    /// CWD, back to the application's directory.
    Return(Argument),
    /// CWD, to the directory of a listing.
    Enter(Argument),
    /// NOOP of an idle session.
    StayAlive,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Errands {
    under_way: Option<(Errand, Beneficiary)>,
    encoding: Names,
    logged_in: bool,
    home: Home,
    /// The directory that the server is in, if that is not the application's.
    away: Option<Argument>,
}

/// How far the encoding of names is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Names {
    #[default]
    Unsettled,
    /// The server refused before the login: it is asked once more after it.
    Refused,
    Settled,
}

/// The directory that the application believes to be in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Home {
    /// Nobody has asked.
    #[default]
    Unknown,
    /// As PWD told it.
    Known(Argument),
    /// PWD has no usable answer.
    Untold,
}

impl Errands {
    pub(super) const fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    pub(super) const fn is_logged_in(&self) -> bool {
        self.logged_in
    }

    /// What has to be done before this piece of work, if anything.
    ///
    /// # Errors
    /// [`Policy::DirectoryUntold`] for a listing in another directory, when there would be no way
    /// back.
    pub(super) fn needed(&self, shared: &Shared, work: &Work) -> Result<Option<Errand>, Policy> {
        // What the policy forbids fails by itself.
        if shared.config.tls != TlsPolicy::None && shared.is_in_clear() {
            return Ok(None);
        }
        let (command, directory) = match work {
            Work::Command { command, .. } => (command, None),
            Work::Transfer { spec, .. } => (spec.command(), spec.directory()),
        };
        if let Some(errand) = self.for_names(shared, command) {
            return Ok(Some(errand));
        }
        match directory {
            Some(directory) => self.way_in(directory),
            None => Ok(self.way_back(command)),
        }
    }

    fn for_names(&self, shared: &Shared, command: &Command) -> Option<Errand> {
        let wanted = shared.config.encoding == Encoding::Negotiated
            && self.encoding == Names::Unsettled
            && concerns_names(command);
        if !wanted {
            return None;
        }
        match &shared.server.features {
            None => Some(Errand::Features),
            Some(features) if features.has_utf8() => Some(Errand::Utf8),
            Some(_) => None,
        }
    }

    fn way_in(&self, directory: &Argument) -> Result<Option<Errand>, Policy> {
        if self.away.as_ref() == Some(directory) {
            return Ok(None);
        }
        let enter = Errand::Enter(directory.clone());
        match (&self.home, &self.away) {
            (Home::Unknown, _) => Ok(Some(Errand::Locate)),
            (Home::Untold, _) => Err(Policy::DirectoryUntold),
            (Home::Known(home), Some(_)) if !is_absolute(directory) => {
                Ok(Some(Errand::Return(home.clone())))
            }
            (Home::Known(_), _) => Ok(Some(enter)),
        }
    }

    fn way_back(&self, command: &Command) -> Option<Errand> {
        match (&self.away, &self.home) {
            (Some(_), Home::Known(home)) if depends_on_directory(command) => {
                Some(Errand::Return(home.clone()))
            }
            _ => None,
        }
    }

    /// Sends what is needed. Nothing else is owed.
    pub(super) fn begin(&mut self, shared: &mut Shared, errand: Errand, whose: Beneficiary) {
        let command = match &errand {
            Errand::Features => Command::bare(Verb::Feat),
            Errand::Utf8 => Command::new(Verb::Opts, Argument::trusted("UTF8 ON")),
            Errand::Locate => Command::bare(Verb::Pwd),
            Errand::StayAlive => Command::bare(Verb::Noop),
            Errand::Return(path) | Errand::Enter(path) => Command::new(Verb::Cwd, path.clone()),
        };
        self.under_way = Some((errand, whose));
        shared.write(Owner::Errand, &command);
    }

    /// Takes the reply to an errand. An error is the outcome of the work that needed it.
    ///
    /// # Errors
    /// A directory that cannot be entered, or not be returned to.
    pub(super) fn answered(
        &mut self,
        shared: &mut Shared,
        reply: Reply,
    ) -> Result<(), (Beneficiary, Error)> {
        let Some((errand, whose)) = self.under_way.take() else {
            shared.impossible("an answer to an errand that is over");
            return Ok(());
        };
        match errand {
            Errand::Features => {
                shared.server.learn_features(&reply);
                if shared.server.features.is_none() {
                    self.names_refused();
                }
            }
            Errand::Utf8 if grants(Verb::Opts, &reply) => self.encoding = Names::Settled,
            Errand::Utf8 => self.names_refused(),
            Errand::Locate => self.located(shared, &reply),
            // Any reply shows that the server is there.
            Errand::StayAlive => {}
            Errand::Return(_) if grants(Verb::Cwd, &reply) => self.away = None,
            Errand::Enter(path) if grants(Verb::Cwd, &reply) => self.away = Some(path),
            Errand::Return(_) | Errand::Enter(_) => {
                return Err((whose, unwelcome(reply, Verb::Cwd)));
            }
        }
        Ok(())
    }

    /// A server may refuse for now, before the login. It is asked at most twice.
    const fn names_refused(&mut self) {
        self.encoding = if self.logged_in {
            Names::Settled
        } else {
            Names::Refused
        };
    }

    fn located(&mut self, shared: &mut Shared, reply: &Reply) {
        let memory = &mut shared.server.memory;
        memory.located(reply);
        let quoting = match shared.config.lenient.contains(Leniency::UndoubledQuotes) {
            true => Quoting::Undoubled,
            false => Quoting::Doubled,
        };
        let known = memory.undoubled(reply);
        let path = known.or_else(|| pathname::decode(reply, quoting).ok());
        let path = path.and_then(|path| Argument::new(path).ok());
        self.home = path.map_or(Home::Untold, Home::Known);
    }

    // -- what the application does itself -------------------------------------------------------

    /// The application's command was answered.
    pub(super) fn noticed(&mut self, shared: &mut Shared, verb: Verb, reply: &Reply) {
        if !grants(verb, reply) {
            return;
        }
        match verb {
            Verb::Cwd | Verb::Cdup | Verb::Smnt => self.left(),
            Verb::Pwd => self.located(shared, reply),
            Verb::User | Verb::Pass | Verb::Acct => {
                self.left();
                self.logged_in = true;
                if self.encoding == Names::Refused {
                    self.encoding = Names::Unsettled;
                }
            }
            Verb::Rein => *self = Self::default(),
            _ => {}
        }
    }

    /// The application's command goes out.
    pub(super) fn sent(&mut self, command: &Command) {
        let argument = command.argument().map_or(&[][..], Argument::as_bytes);
        let names_utf8 = argument
            .get(..4)
            .is_some_and(|it| it.eq_ignore_ascii_case(b"UTF8"));
        if command.verb() == Verb::Opts && names_utf8 {
            self.encoding = Names::Settled;
        }
    }

    /// TLS has begun: facts from clear text no longer count.
    pub(super) const fn secured(&mut self) {
        self.encoding = Names::Unsettled;
    }

    fn left(&mut self) {
        self.home = Home::Unknown;
        self.away = None;
    }
}

/// Whether a command carries a name that is not ASCII, or brings names.
fn concerns_names(command: &Command) -> bool {
    let argument = command.argument().map_or(&[][..], Argument::as_bytes);
    match command.verb() {
        Verb::User | Verb::Pass | Verb::Acct => false,
        Verb::Pwd | Verb::Mkd | Verb::Nlst | Verb::List | Verb::Mlsd | Verb::Mlst => true,
        Verb::Stat if !argument.is_empty() => true,
        _ => !argument.is_ascii(),
    }
}

/// Whether what a command does depends on the working directory. RNTO follows RNFR, with nothing in
/// between.
fn depends_on_directory(command: &Command) -> bool {
    match command.verb() {
        Verb::Quit | Verb::Noop | Verb::Feat | Verb::Opts | Verb::Help | Verb::Syst => false,
        Verb::Type | Verb::Pbsz | Verb::Prot | Verb::Auth | Verb::Ccc | Verb::Clnt => false,
        // A login leads to a directory of its own.
        Verb::User | Verb::Pass | Verb::Acct | Verb::Rein | Verb::Host => false,
        Verb::Rnfr => true,
        _ => !command.argument().is_some_and(is_absolute),
    }
}

fn is_absolute(path: &Argument) -> bool {
    path.as_bytes().starts_with(b"/")
}
