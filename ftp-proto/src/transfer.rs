//! Transfers: the command, the representation and the limits.

use core::fmt;

use crate::action::{Direction, Flow, Representation};
use crate::command::{Argument, Command, Verb};
use crate::error::Misuse;

/// A command that moves payload over a data connection, with everything that the session needs to
/// run it.
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

    /// `STOR`: a file, which replaces an existing one.
    pub const fn store(path: Argument) -> Self {
        Self::image(Command::new(Verb::Stor, path), Direction::Send)
    }

    /// `APPE`: appends to a file, which is created if it does not exist.
    pub const fn append(path: Argument) -> Self {
        Self::image(Command::new(Verb::Appe, path), Direction::Send)
    }

    /// `STOU`: a file, under a name that the server chooses and tells in its mark. Some servers
    /// accept a name as a template.
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
    /// [`Misuse::ManagedVerb`] for a verb that opens data connections or restarts, because the
    /// session sends these itself, and for a verb that identifies the user or changes what the
    /// session knows, such as USER, AUTH or TYPE, because a transfer would evade the rules for
    /// these commands. [`Misuse::NotATransfer`] for any other verb that moves no data, such as
    /// NOOP, because the data would never come. SITE and verbs without a name in [`Verb`] are
    /// allowed.
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

    /// From `offset` on: `REST` is sent right before the command (RFC 3659, 5.3).
    #[must_use]
    pub const fn resume_at(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// Receives at most `bytes` bytes. Then the transfer is aborted, which is a success.
    #[must_use]
    pub const fn limited_to(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// Demands exactly `bytes` bytes: the answer to SIZE, less the offset.
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

    /// In this directory: the session enters it first (CWD), and returns to the application's own
    /// directory before the next command that depends on it. Meant for commands without an
    /// argument, because many servers misread the argument of MLSD, LIST and NLST.
    ///
    /// If the directory cannot be entered, the transfer fails at CWD. If PWD does not tell the way
    /// back, no command is sent ([`Policy::DirectoryUntold`](crate::Policy::DirectoryUntold)).
    #[must_use]
    pub fn within(mut self, directory: Argument) -> Self {
        self.directory = Some(directory);
        self
    }

    /// The directory that is entered first.
    pub const fn directory(&self) -> Option<&Argument> {
        self.directory.as_ref()
    }

    /// A short listing that brings new TLS session tickets.
    pub(crate) const fn refill(mode: Option<DataMode>, representation: Representation) -> Self {
        let mut listing = Self::names(None)
            .represented(representation)
            .limited_to(REFILL_BYTES);
        listing.mode = mode;
        listing.discard = true;
        listing
    }

    /// Whether the payload is discarded.
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

    /// How the data connection is opened, if it differs from the session's setting.
    pub const fn mode(&self) -> Option<DataMode> {
        self.mode
    }

    /// The payload that may move, never past the expected end: a server that ignores REST would
    /// send more.
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
    /// EPSV, then PASV (IPv4 only). PASV follows when the server refuses EPSV or answers without a
    /// usable address, and when the connection fails. The session remembers a 5xx and forgets a
    /// 4xx. If both are refused and FEAT names PRET, PRET precedes them from then on. With
    /// [`Config::active_fallback`](crate::Config::active_fallback), EPRT and PORT are the last
    /// rungs.
    #[default]
    Auto,
    /// EPSV alone (RFC 2428): the server names a port, and the client dials it.
    ExtendedPassive,
    /// PASV alone (RFC 959): the server names an IPv4 address and a port, and the client dials it.
    Passive,
    /// EPRT alone (RFC 2428): the client listens and names its address.
    ExtendedActive,
    /// PORT alone (RFC 959): the client listens and names its IPv4 address.
    Active,
    /// EPRT, and PORT if the server refuses it (IPv4 only). The session remembers a 5xx.
    AnyActive,
}

impl DataMode {
    pub(crate) const fn needs_ipv4(self) -> bool {
        matches!(self, Self::Passive | Self::Active)
    }
}
