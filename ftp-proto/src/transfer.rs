//! What is to be transferred, and how.

use core::fmt;

use crate::action::{Direction, Flow, Representation};
use crate::command::{Argument, Command, Verb};
use crate::error::Misuse;

/// A command that moves payload over a data connection, with everything that the session needs to run it.
///
/// ```
/// use ftp_proto::{Argument, Transfer};
///
/// let rest_of_file = Transfer::retrieve(Argument::new("image.iso")?).resume_at(1024);
/// assert_eq!(rest_of_file.command().to_string(), "RETR image.iso");
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Transfer {
    command: Command,
    direction: Direction,
    representation: Representation,
    offset: u64,
    limit: Option<u64>,
    length: Option<u64>,
    mode: Option<DataMode>,
    directory: Option<Argument>,
    discard: bool,
}

/// How much of a refill's listing is read.
const REFILL_BYTES: u64 = 64 * 1024;

impl Transfer {
    /// `RETR`: a file.
    pub const fn retrieve(path: Argument) -> Self {
        Self::image(Command::new(Verb::Retr, path), Direction::Receive)
    }

    /// `STOR`: a file, replaced if it is there.
    pub const fn store(path: Argument) -> Self {
        Self::image(Command::new(Verb::Stor, path), Direction::Send)
    }

    /// `APPE`: to the end of a file, created if it is not there.
    pub const fn append(path: Argument) -> Self {
        Self::image(Command::new(Verb::Appe, path), Direction::Send)
    }

    /// `STOU`: a file, under a name that the server chooses and tells in its mark. Some servers take a name to
    /// begin from.
    pub const fn store_unique(name: Option<Argument>) -> Self {
        Self::image(Command::optional(Verb::Stou, name), Direction::Send)
    }

    /// `LIST`: a listing for people, in ASCII type.
    pub const fn list(argument: Option<Argument>) -> Self {
        Self::image(Command::optional(Verb::List, argument), Direction::Receive).ascii()
    }

    /// `NLST`: names, in ASCII type.
    pub const fn names(argument: Option<Argument>) -> Self {
        Self::image(Command::optional(Verb::Nlst, argument), Direction::Receive).ascii()
    }

    /// `MLSD`: a listing for machines (RFC 3659), whose type is always image.
    pub const fn machine_list(path: Option<Argument>) -> Self {
        Self::image(Command::optional(Verb::Mlsd, path), Direction::Receive)
    }

    /// Any command that moves payload, in image type.
    ///
    /// # Errors
    /// [`Misuse::ManagedVerb`] for a verb that opens data connections or restarts, and so belongs to the session, and
    /// for one that identifies the user or changes what the session knows, such as USER, AUTH or TYPE: those rules
    /// are kept for commands, and a transfer would slip past them.
    /// [`Misuse::NotATransfer`] for any other verb that moves no data, such as NOOP: a transfer would wait for data that
    /// never comes. SITE and the verbs that [`Verb`] has no name for are let through.
    ///
    /// ```
    /// use ftp_proto::{Command, Direction, Misuse, Transfer};
    ///
    /// let archive = Transfer::raw(Command::raw("SITE TAR pub")?, Direction::Receive);
    /// assert!(archive.is_ok());
    /// let user = Transfer::raw(Command::raw("USER alice")?, Direction::Receive);
    /// assert_eq!(user, Err(Misuse::ManagedVerb));
    /// let noop = Transfer::raw(Command::raw("NOOP")?, Direction::Receive);
    /// assert_eq!(noop, Err(Misuse::NotATransfer));
    /// # Ok::<(), ftp_proto::ArgumentError>(())
    /// ```
    pub fn raw(command: Command, direction: Direction) -> Result<Self, Misuse> {
        let verb = command.verb();
        if verb.moves_data() {
            return Ok(Self::image(command, direction));
        }
        if verb.is_managed() || verb.changes_session() {
            return Err(Misuse::ManagedVerb);
        }
        if !verb.may_move_data() {
            return Err(Misuse::NotATransfer);
        }
        Ok(Self::image(command, direction))
    }

    /// In ASCII type: lines end with CR LF on the wire.
    #[must_use]
    pub const fn ascii(self) -> Self {
        self.represented(Representation::Ascii)
    }

    /// In the given type.
    #[must_use]
    pub const fn represented(mut self, representation: Representation) -> Self {
        self.representation = representation;
        self
    }

    /// From `offset` on: `REST` goes out right before the command (RFC 3659, 5.3).
    #[must_use]
    pub const fn resume_at(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// At most `bytes` bytes are received; then the transfer is aborted, which is a success.
    #[must_use]
    pub const fn limited_to(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// Exactly `bytes` bytes have to be received: what SIZE said, less the offset.
    #[must_use]
    pub const fn expecting(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    /// Over a data connection opened in the given way, instead of the session's.
    #[must_use]
    pub const fn over(mut self, mode: DataMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// In this directory: the session enters it first, and returns to the application's own directory before the next
    /// command that depends on it (RFC 959 CWD). For commands without an argument: many servers misread the argument of
    /// MLSD, LIST and NLST.
    ///
    /// A directory that cannot be entered is the transfer's error, at CWD. Where PWD does not tell the way back,
    /// nothing is sent ([`Policy::DirectoryUntold`](crate::Policy::DirectoryUntold)).
    #[must_use]
    pub fn within(mut self, directory: Argument) -> Self {
        self.directory = Some(directory);
        self
    }

    /// The directory that is entered first.
    pub const fn directory(&self) -> Option<&Argument> {
        self.directory.as_ref()
    }

    /// A short listing for the sake of the TLS session tickets that come with it.
    pub(crate) const fn refill(mode: Option<DataMode>, representation: Representation) -> Self {
        let mut listing = Self::names(None)
            .represented(representation)
            .limited_to(REFILL_BYTES);
        listing.mode = mode;
        listing.discard = true;
        listing
    }

    /// Whether nobody wants the payload.
    pub(crate) const fn is_discarded(&self) -> bool {
        self.discard
    }

    /// The command.
    pub const fn command(&self) -> &Command {
        &self.command
    }

    /// Which way the payload goes.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// How the payload is represented.
    pub const fn representation(&self) -> Representation {
        self.representation
    }

    /// Where in the file the payload begins.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes are received at the most.
    pub const fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// How many bytes have to be received.
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// How the data connection is opened, if not as the session does.
    pub const fn mode(&self) -> Option<DataMode> {
        self.mode
    }

    /// What may move. Never a byte past the expected end: a server that ignores REST would send more.
    pub(crate) fn flow(&self, secured: bool) -> Flow {
        let limit = match (self.limit, self.length) {
            (Some(limit), Some(length)) => Some(limit.min(length)),
            (limit, length) => limit.or(length),
        };
        Flow {
            direction: self.direction,
            representation: self.representation,
            limit,
            secured,
            discard: self.is_discarded(),
        }
    }

    const fn image(command: Command, direction: Direction) -> Self {
        Self {
            command,
            direction,
            representation: Representation::Image,
            offset: 0,
            limit: None,
            length: None,
            mode: None,
            directory: None,
            discard: false,
        }
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Transfer({}, {:?}, from {})",
            self.command, self.representation, self.offset
        )
    }
}

/// How data connections are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataMode {
    /// EPSV; where the server refuses it, answers without a usable address, or the connection cannot be made, PASV
    /// (IPv4 only). A 5xx is remembered for the session, a 4xx is not. Where both are refused and FEAT names PRET, that
    /// goes before them from then on; and with [`Config::active_fallback`](crate::Config::active_fallback), EPRT and
    /// PORT are the last rungs.
    #[default]
    Auto,
    /// EPSV alone (RFC 2428): the server names a port, we dial.
    ExtendedPassive,
    /// PASV alone (RFC 959): the server names an IPv4 address and a port, we dial.
    Passive,
    /// EPRT alone (RFC 2428): we listen and name the address.
    ExtendedActive,
    /// PORT alone (RFC 959): we listen and name the IPv4 address.
    Active,
    /// EPRT; where the server refuses it, PORT (IPv4 only). A 5xx is remembered for the session.
    AnyActive,
}

impl DataMode {
    pub(crate) const fn needs_ipv4(self) -> bool {
        matches!(self, Self::Passive | Self::Active)
    }
}
