//! Listings: entries as they arrive, or collected.

use ftp_proto::driver::{Result, entries, listing_options};
use ftp_proto::listing::{Entry, Format, Line, Options, Reader};
use ftp_proto::operation::{
    Entries, Exchange, Exists, List, ListEach, Listed, Metadata, OneTransfer,
};
use ftp_proto::{Argument, Completed, Reply, Transfer};

use crate::client::{Client, optional};
use crate::download::receive;
use crate::transport::Transport;

/// Directories.
impl<T: Transport> Client<T> {
    /// The entries of a directory, with the best command that the server knows: MLSD, `LIST -a`,
    /// LIST or STAT. The session remembers the command that worked. An empty path means the working
    /// directory.
    ///
    /// The session enters the directory (PWD once, then CWD) and lists it without an argument,
    /// because servers misread arguments. It returns before the next command that depends on the
    /// working directory. The path of a file is an error: 550 to CWD on most servers.
    /// [`List::by_argument`] sends the path with the listing instead.
    ///
    /// The result leaves out the directory itself, its parent, and lines that are not understood if
    /// others are; [`list_with`](Self::list_with) reports all lines. [`List`] describes the choice
    /// of the command, and [the manual](ftp_proto::manual::listings) the entries.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let files = Files::new().file("/pub/a.txt", "hello").directory("/pub/sub");
    /// # let server = Loopback::start(ServerConfig::new(), files)?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut entries = ftp.list("pub")?;
    /// entries.sort_by(|a, b| a.name().cmp(&b.name()));
    /// assert_eq!(entries[0].name(), "a.txt");
    /// assert_eq!(entries[0].size(), Some(5));
    /// assert!(entries[1].is_directory());
    /// let error = ftp.list("nosuch").unwrap_err();
    /// assert_eq!(error.reply().map(|reply| reply.code().get()), Some(550));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The directory is missing, the listing broke off, or no command worked.
    /// [`Error::NotListed`](ftp_proto::driver::Error::NotListed) if no line was understood, or a
    /// reply to STAT is truncated. A listing that is larger than
    /// [`Limits`](ftp_proto::Limits) allow is aborted
    /// ([`Policy::ListingEntries`](ftp_proto::Policy::ListingEntries),
    /// [`Policy::ListingBytes`](ftp_proto::Policy::ListingBytes)), and the session goes on.
    /// [`list_with`](Self::list_with) has no such bounds.
    #[doc(alias = "dir")]
    #[doc(alias = "ls")]
    pub fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<Entry<'static>>> {
        let list = List::new(optional(path)?);
        entries(self.receive(Entries::new(list, listing_options()))?)
    }

    /// Passes every line of a directory listing to a callback as it arrives, understood or not, in
    /// constant memory. An empty path means the working directory.
    ///
    /// Only the end shows whether the listing is complete: do not rely on the lines of a listing
    /// that ends in an error. [`Listed::is_truncated`] reports a reply to STAT that was too long.
    ///
    /// ```
    /// use ftp_blocking::proto::listing::{Line, Options};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a.txt", "hello"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut bytes = 0;
    /// let listed = ftp.list_with("", &Options::new(), |line| match line {
    ///     Line::Entry(entry) => bytes += entry.size().unwrap_or(0),
    ///     Line::Unparsed { .. } => eprintln!("not understood: {line:?}"),
    ///     _ => {}
    /// })?;
    /// assert_eq!(bytes, 5);
    /// assert_eq!(listed.rung, ftp_blocking::proto::operation::Rung::MachineList);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The directory is missing, the listing broke off, or no way worked.
    pub fn list_with(
        &mut self,
        path: impl AsRef<[u8]>,
        options: &Options,
        each: impl FnMut(Line<'_>),
    ) -> Result<Listed> {
        let list = List::new(optional(path)?);
        self.receive(ListEach::new(list, options.clone(), each))
    }

    /// The lines of MLSD (RFC 3659), as they arrive; an empty path means the working directory.
    ///
    /// ```
    /// use ftp_blocking::proto::listing::Line;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a.txt", "hello"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut facts = Vec::new();
    /// ftp.mlsd("", |line| {
    ///     if let Line::Entry(entry) = line {
    ///         if entry.is_file() {
    ///             facts.extend_from_slice(entry.fact("size").unwrap_or_default());
    ///         }
    ///     }
    /// })?;
    /// assert_eq!(facts, b"5");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The server refused (500 or 502 if it does not know MLSD, 550 or 501 if the directory does
    /// not exist), or the transfer failed.
    pub fn mlsd(
        &mut self,
        path: impl AsRef<[u8]>,
        each: impl FnMut(Line<'_>),
    ) -> Result<Completed> {
        self.read_listing(
            Transfer::machine_list(optional(path)?),
            &Options::new().format(Format::Facts),
            each,
        )
    }

    /// The lines of LIST, as they arrive. The argument is sent unchanged, options included. An
    /// empty argument is left out.
    ///
    /// ```
    /// use ftp_blocking::proto::listing::{Line, Options};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a.txt", "hello"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut names = Vec::new();
    /// ftp.list_raw("", &Options::new(), |line| {
    ///     if let Line::Entry(entry) = line {
    ///         names.push(entry.name().to_string());
    ///     }
    /// })?;
    /// assert_eq!(names, ["a.txt"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The server refused, or the transfer failed. Some servers answer a missing directory with an
    /// empty listing, or with an error text as a line.
    pub fn list_raw(
        &mut self,
        argument: impl AsRef<[u8]>,
        options: &Options,
        each: impl FnMut(Line<'_>),
    ) -> Result<Completed> {
        self.read_listing(Transfer::list(optional(argument)?), options, each)
    }

    /// The facts of one object (MLST, RFC 3659), with the reply that holds them. An empty path
    /// means the working directory.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a.txt", "hello"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let facts = ftp.mlst("a.txt")?;
    /// let entry = facts.entry().ok_or("no facts")?;
    /// assert!(entry.is_file());
    /// assert_eq!(entry.size(), Some(5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The server refused: 500 or 502 if it does not know MLST, 550 if the object does not exist.
    pub fn mlst(&mut self, path: impl AsRef<[u8]>) -> Result<Facts> {
        self.run(Exchange::facts(optional(path)?)).map(Facts)
    }

    /// The server's facts about a file or directory; `None` if it does not exist. [`Metadata`]
    /// describes the commands.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a.txt", "hello"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let entry = ftp.metadata("a.txt")?.ok_or("it is missing")?;
    /// assert_eq!(entry.size(), Some(5));
    /// assert!(ftp.metadata("b.txt")?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// No command that the server knows gives an answer.
    pub fn metadata(&mut self, path: impl AsRef<[u8]>) -> Result<Option<Entry<'static>>> {
        self.receive(Metadata::new(Argument::new(path)?).or_listing(listing_options()))
    }

    /// Whether a file or directory exists at this path.
    ///
    /// # Errors
    /// As [`metadata`](Self::metadata).
    pub fn exists(&mut self, path: impl AsRef<[u8]>) -> Result<bool> {
        let metadata = Metadata::new(Argument::new(path)?).or_listing(listing_options());
        self.receive(Exists::new(metadata))
    }

    fn read_listing(
        &mut self,
        transfer: Transfer,
        options: &Options,
        mut each: impl FnMut(Line<'_>),
    ) -> Result<Completed> {
        let mut reader = Reader::new(options);
        let mut operation = OneTransfer::new(transfer);
        let completed = receive(self.idle_driver(), &mut operation, |_, chunk| {
            reader.feed(chunk, &mut each);
            Ok(())
        })?;
        reader.finish(&mut each);
        Ok(completed)
    }
}

/// A reply to MLST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts(Reply);

impl Facts {
    /// The object, if the reply has a line of facts.
    pub fn entry(&self) -> Option<Entry<'_>> {
        // The first line is free text.
        self.0.lines().skip(1).find_map(Entry::from_mlst)
    }

    /// The reply.
    pub const fn reply(&self) -> &Reply {
        &self.0
    }
}
