//! Directories: entries as they arrive, or all of them.

use ftp_proto::driver::{Error, Result, listing_options};
use ftp_proto::listing::{Entry, Format, Line, Name, Options, Reader};
use ftp_proto::operation::{Entries, Exchange, Exists, List, ListEach, Listed, Metadata, Payload};
use ftp_proto::{Argument, Completed, Reply, Transfer};

use crate::client::{Client, optional};
use crate::download::receive;
use crate::transport::Transport;

/// Directories.
impl<T: Transport> Client<T> {
    /// The entries of a directory, by the best way that the server knows: MLSD, `LIST -a`, LIST,
    /// STAT; what worked is remembered. An empty path means the working directory.
    ///
    /// The directory is entered (PWD once, then CWD) and listed without an argument, since servers
    /// read an argument in many ways. The next command that depends on the working directory is
    /// preceded by the way back. The path of a file is an error: 550 to CWD on most servers.
    /// [`List::by_argument`] sends the path with the listing instead.
    ///
    /// The directory itself and its parent are left out, and so are lines that are not understood,
    /// as long as others are; see [`list_with`](Self::list_with) for everything. [`List`] says how
    /// the way is found, and [the manual](ftp_proto::manual::listings) what the entries are worth.
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
    /// The directory is missing, the listing broke off, or no way worked; [`Error::NotListed`] when
    /// nothing that came was understood, or a reply to STAT is not all there. A listing that is
    /// larger than [`Limits`](ftp_proto::Limits) allow is aborted
    /// ([`Policy::ListingEntries`](ftp_proto::Policy::ListingEntries),
    /// [`Policy::ListingBytes`](ftp_proto::Policy::ListingBytes)), and the session goes on;
    /// [`list_with`](Self::list_with) has no such bounds.
    #[doc(alias = "dir")]
    #[doc(alias = "ls")]
    pub fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<Entry<'static>>> {
        let list = List::new(optional(path)?);
        let contents = self.receive(Entries::new(list, listing_options()))?;
        match contents.complaint {
            Some(words) => Err(Error::NotListed(Name::new(&words).to_string())),
            None if contents.listed.is_truncated() => {
                Err(Error::NotListed("STAT is cut off".into()))
            }
            None => Ok(contents.entries),
        }
    }

    /// Hands on every line of a directory listing as it arrives, understood or not, in constant
    /// memory. An empty path means the working directory.
    ///
    /// Whether the listing is whole is known only at the end: do not believe the lines of one that
    /// ends in an error. [`Listed::is_truncated`] tells of a reply to STAT that was too long.
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
    /// Refused (500 or 502 where it is not known, 550 or 501 where there is no such directory), or
    /// the transfer failed.
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

    /// The lines of LIST, as they arrive. The argument goes out as it is given, options included;
    /// an empty one is none.
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
    /// Refused, or the transfer failed. That a directory is missing shows on some servers as an
    /// empty listing, or as a line that is no entry.
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
    /// Refused: 500 or 502 where it is not known, 550 where there is no such object.
    pub fn mlst(&mut self, path: impl AsRef<[u8]>) -> Result<Facts> {
        self.run(Exchange::facts(optional(path)?)).map(Facts)
    }

    /// What the server tells about a file or directory; `None` if there is none. [`Metadata`] says how it is found out.
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
    /// Nothing that the server knows tells of it.
    pub fn metadata(&mut self, path: impl AsRef<[u8]>) -> Result<Option<Entry<'static>>> {
        self.receive(Metadata::new(Argument::new(path)?).or_listing(listing_options()))
    }

    /// Whether there is a file or directory at this path.
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
        let mut operation = Payload::new(transfer);
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
        // The first line is the server's own words.
        self.0.lines().skip(1).find_map(Entry::from_mlst)
    }

    /// The reply.
    pub const fn reply(&self) -> &Reply {
        &self.0
    }
}
