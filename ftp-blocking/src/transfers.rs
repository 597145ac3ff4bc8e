//! Transfers: files and listings of lines.

use std::io::{self, BufRead, Read, Write};

use ftp_proto::driver::{Error, Result};
use ftp_proto::operation::{OneTransfer, RawListing, Receiving, Retrieve, Series, Store};
use ftp_proto::{Argument, Command, Completed, Direction, Operation, Transfer};

use crate::client::{Client, arguments, optional};
use crate::download::{BLOCK_BYTES, Download, Running, begin, receive};
use crate::transport::Transport;
use crate::upload::Upload;

/// Downloads.
impl<T: Transport> Client<T> {
    /// Retrieves a file in image type, to be read.
    ///
    /// ```
    /// use std::io::Read;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/hello.txt", "hello\n"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut download = ftp.retrieve("hello.txt")?;
    /// let mut text = String::new();
    /// download.read_to_string(&mut text)?; // an error, if the server does not confirm the whole file
    /// assert_eq!(text, "hello\n");
    /// assert_eq!(download.finish()?.bytes, 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The transfer could not begin: the file is missing (550), or no data connection could be
    /// opened.
    #[doc(alias = "retr")]
    pub fn retrieve(&mut self, path: impl AsRef<[u8]>) -> Result<Download<'_, T>> {
        self.download(Retrieve::new(Argument::new(path)?))
    }

    /// Retrieves a file from `offset` bytes on, to be read: the rest of a download that was
    /// interrupted.
    ///
    /// SIZE is sent first, and exactly the rest has to arrive, which detects a server that ignores
    /// REST. [`Retrieve::resume_unverified_at`] is ftplib's `rest`, which is not checked.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/hello.txt", "hello\n"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut part = b"hel".to_vec();
    /// ftp.retrieve_at("hello.txt", part.len() as u64)?.copy_to(&mut part)?;
    /// assert_eq!(part, b"hello\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve); [`Policy::BeyondEnd`](ftp_proto::Policy::BeyondEnd) and
    /// [`Policy::SizeUnknown`](ftp_proto::Policy::SizeUnknown) before anything is transferred.
    #[doc(alias = "rest")]
    #[doc(alias = "resume")]
    pub fn retrieve_at(&mut self, path: impl AsRef<[u8]>, offset: u64) -> Result<Download<'_, T>> {
        self.download(Retrieve::new(Argument::new(path)?).resume_at(offset))
    }

    /// Retrieves a file into `sink`: ftplib's `retrbinary`. [`Download::blocks`] has the callback
    /// and the block size.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/hello.txt", "hello\n"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut file = Vec::new();
    /// let completed = ftp.retrieve_to("hello.txt", &mut file)?;
    /// assert_eq!((completed.bytes, file.as_slice()), (6, &b"hello\n"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The transfer, or `sink` ([`Error::Local`]), failed.
    #[doc(alias = "retrbinary")]
    pub fn retrieve_to(
        &mut self,
        path: impl AsRef<[u8]>,
        sink: &mut (impl Write + ?Sized),
    ) -> Result<Completed> {
        self.retrieve(path)?.copy_to(sink)
    }

    /// Retrieves many files in image type, one after the other. `take` gets the payload with the
    /// number of its path, from 0. Yields a result for each path, in their order. A failure does
    /// not stop the other files.
    ///
    /// With [`Config::lookahead`](ftp_proto::Config::lookahead) each file takes a round trip less,
    /// on servers that support it. Another server may drop the running file (pyftpdlib): its
    /// missing part is fetched again, and the others follow without lookahead. `take` gets every
    /// byte once, in order; see [`Series`].
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let files = Files::new().file("/a", "first").file("/b", "second");
    /// # let server = Loopback::start(ServerConfig::new(), files)?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut files = [const { Vec::new() }; 3];
    /// let results = ftp.retrieve_each(["a", "missing", "b"], |number, bytes| {
    ///     files[number].extend_from_slice(bytes);
    ///     Ok(())
    /// })?;
    /// assert!(results[0].is_ok() && results[1].is_err() && results[2].is_ok());
    /// assert_eq!(files[2], b"second");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A path cannot be sent; no command is sent then. Or `take` failed ([`Error::Local`]), which
    /// ends the series. The end of the session is the result of each path that it concerns. The
    /// error of a path names it ([`Error::transfer`]).
    pub fn retrieve_each<P: AsRef<[u8]>>(
        &mut self,
        paths: impl IntoIterator<Item = P>,
        mut take: impl FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<Vec<Result<Completed>>> {
        let mut series = Series::retrieve(arguments(paths)?);
        let outcomes = receive(self.idle_driver(), &mut series, |series, bytes| {
            take(series.current(), bytes)
        })?;
        let outcomes = outcomes.into_iter();
        Ok(outcomes
            .map(|outcome| outcome.map_err(Error::from))
            .collect())
    }

    /// Retrieves a text file in ASCII type and passes each line without its line end to a callback:
    /// ftplib's `retrlines`.
    ///
    /// # Errors
    /// The transfer failed, or a line has more than 8,192 bytes.
    #[doc(alias = "retrlines")]
    pub fn retrieve_lines(
        &mut self,
        path: impl AsRef<[u8]>,
        take: impl FnMut(&[u8]),
    ) -> Result<Completed> {
        self.download(Retrieve::new(Argument::new(path)?).ascii())?
            .lines(take)
    }

    /// Begins any operation that receives payload: [`Retrieve`] with its options, [`OneTransfer`]
    /// with any [`Transfer`].
    ///
    /// ```
    /// use ftp_blocking::proto::{Argument, operation::Retrieve};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/hello.txt", "hello\n"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let head = Retrieve::new(Argument::new("hello.txt")?).limited_to(4);
    /// let mut bytes = Vec::new();
    /// ftp.download(head)?.copy_to(&mut bytes)?;
    /// assert_eq!(bytes, b"hell");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The transfer could not begin. If it is over at once, the download holds the verdict.
    pub fn download<O>(&mut self, operation: O) -> Result<Download<'_, T>>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let mut operation: Running<'_> = Box::new(operation);
        let verdict = begin(self.idle_driver(), &mut operation)?;
        Ok(Download::new(self.driver_mut(), operation, verdict))
    }

    /// Runs an operation that reads its payload itself, such as a listing.
    ///
    /// ```
    /// use ftp_blocking::proto::listing::Options;
    /// use ftp_blocking::proto::operation::{Entries, List};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", ""))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let list = List::new(None).by_argument();
    /// assert_eq!(ftp.receive(Entries::new(list, Options::new()))?.entries.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The operation's own.
    pub fn receive<O: Receiving>(&mut self, mut operation: O) -> Result<O::Output> {
        receive(self.idle_driver(), &mut operation, |operation, chunk| {
            operation.feed(chunk);
            Ok(())
        })
    }

    /// Begins a download with a command line, in image type: ftplib's `transfercmd`, and
    /// `ntransfercmd` with [`Download::size_hint`].
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/hello.txt", "hello\n"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let download = ftp.download_command("RETR hello.txt")?;
    /// assert_eq!(download.size_hint(), Some(6));
    /// download.finish()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The line is not a command, or its verb belongs to the session or moves no data
    /// ([`Misuse::NotATransfer`](ftp_proto::Misuse::NotATransfer)); no command is sent then. Or the
    /// transfer could not begin.
    #[doc(alias = "transfercmd")]
    #[doc(alias = "ntransfercmd")]
    pub fn download_command(&mut self, line: impl AsRef<[u8]>) -> Result<Download<'_, T>> {
        let transfer = self.data_command(line, Direction::Receive)?;
        self.download(OneTransfer::new(transfer))
    }

    /// Runs LIST, NLST or another command line, and receives lines in ASCII type: ftplib's
    /// `retrlines` with a command.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/hello.txt", "hello\n"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// use ftp_blocking::proto::listing::Name;
    ///
    /// ftp.command_lines("LIST", |line| println!("{}", Name::new(line)))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The line is not a data command, a line of the payload has more than 8,192 bytes, or the
    /// transfer failed.
    #[doc(alias = "retrlines")]
    pub fn command_lines(
        &mut self,
        line: impl AsRef<[u8]>,
        take: impl FnMut(&[u8]),
    ) -> Result<Completed> {
        let transfer = self.data_command(line, Direction::Receive)?;
        self.download(OneTransfer::new(transfer.ascii()))?
            .lines(take)
    }
}

/// Uploads.
impl<T: Transport> Client<T> {
    /// Stores a file in image type, to be written and finished.
    ///
    /// ```
    /// use std::io::Write;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut upload = ftp.store("new.txt")?;
    /// writeln!(upload, "hello")?;
    /// upload.finish()?; // without it, the upload is aborted
    /// # assert_eq!(server.files().content("/new.txt"), Some(&b"hello\n"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The transfer could not begin.
    #[doc(alias = "stor")]
    pub fn store(&mut self, path: impl AsRef<[u8]>) -> Result<Upload<'_, T>> {
        self.upload(Store::new(Argument::new(path)?))
    }

    /// Stores the rest of a file, after the first `offset` bytes, which the server keeps.
    ///
    /// # Errors
    /// The server does not restart uploads, or the transfer could not begin.
    #[doc(alias = "rest")]
    #[doc(alias = "resume")]
    pub fn store_at(&mut self, path: impl AsRef<[u8]>, offset: u64) -> Result<Upload<'_, T>> {
        self.upload(Store::new(Argument::new(path)?).resume_at(offset))
    }

    /// Appends to a file in image type, to be written and finished. A missing file is created.
    ///
    /// # Errors
    /// The transfer could not begin.
    #[doc(alias = "appe")]
    pub fn append(&mut self, path: impl AsRef<[u8]>) -> Result<Upload<'_, T>> {
        self.upload(Store::append(Argument::new(path)?))
    }

    /// Stores a file from `source`: ftplib's `storbinary`. [`Upload::copy_from`] has the block size
    /// and the callback.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut source = &b"\x00\x01"[..]; // any `Read`
    /// assert_eq!(ftp.store_from("two.bin", &mut source)?.bytes, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The transfer, or `source` ([`Error::Local`]), failed.
    #[doc(alias = "storbinary")]
    pub fn store_from(
        &mut self,
        path: impl AsRef<[u8]>,
        source: &mut (impl Read + ?Sized),
    ) -> Result<Completed> {
        self.store(path)?.copy_from(source, BLOCK_BYTES, |_| {})
    }

    /// Stores a text file in ASCII type, line by line: ftplib's `storlines`. [`Upload::lines_from`]
    /// has the callback.
    ///
    /// # Errors
    /// The transfer, or `source`, failed, or a line has more than 8,192 bytes.
    #[doc(alias = "storlines")]
    pub fn store_lines(
        &mut self,
        path: impl AsRef<[u8]>,
        source: &mut (impl BufRead + ?Sized),
    ) -> Result<Completed> {
        self.upload(Store::new(Argument::new(path)?).ascii())?
            .lines_from(source, |_| {})
    }

    /// Appends `source` to a file.
    ///
    /// # Errors
    /// The transfer, or `source`, failed.
    #[doc(alias = "appe")]
    pub fn append_from(
        &mut self,
        path: impl AsRef<[u8]>,
        source: &mut (impl Read + ?Sized),
    ) -> Result<Completed> {
        self.append(path)?.copy_from(source, BLOCK_BYTES, |_| {})
    }

    /// Begins any operation that sends payload: [`Store`] with its options, [`OneTransfer`] with
    /// any [`Transfer`].
    ///
    /// ```
    /// use ftp_blocking::proto::operation::Store;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// // The server chooses a name and tells it in the reply that opens the transfer.
    /// let completed = ftp.upload(Store::unique(None))?.finish()?;
    /// assert!(completed.mark.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The transfer could not begin.
    #[doc(alias = "stou")]
    pub fn upload<O>(&mut self, operation: O) -> Result<Upload<'_, T>>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let mut operation: Running<'_> = Box::new(operation);
        let verdict = begin(self.idle_driver(), &mut operation)?;
        Ok(Upload::new(self.driver_mut(), operation, verdict))
    }

    /// An upload with a command line: ftplib's `transfercmd`.
    ///
    /// The command is sent with the first call on the upload, because that call decides the type:
    /// ASCII for [`lines_from`](Upload::lines_from), image otherwise. So an upload that is dropped
    /// at once has sent no command, and a refusal is the error of the first call.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// ftp.upload_command("STOR notes.txt")?
    ///     .lines_from(&mut &b"one\ntwo\n"[..], |_| {})?;
    /// assert!(server.commands(0).contains(&"TYPE A".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The line is not a command, or its verb belongs to the session or moves no data. No command
    /// is sent then.
    #[doc(alias = "transfercmd")]
    pub fn upload_command(&mut self, line: impl AsRef<[u8]>) -> Result<Upload<'_, T>> {
        let transfer = self.data_command(line, Direction::Send)?;
        Ok(Upload::waiting(self.idle_driver(), transfer))
    }

    fn data_command(&self, line: impl AsRef<[u8]>, direction: Direction) -> Result<Transfer> {
        let command = Command::raw(line)?;
        let verb = command.verb();
        Transfer::raw(command, direction)
            .map_err(|misuse| Error::Session(self.session().error(misuse, verb), None))
    }
}

/// Listings as lines. [`list`](Client::list) parses them.
impl<T: Transport> Client<T> {
    /// The lines of LIST. The argument is sent unchanged, options included. An empty argument is
    /// left out.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/pub/a", "").file("/pub/b", ""))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// assert_eq!(ftp.dir("pub")?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The transfer failed. Or the listing is larger than [`Limits`](ftp_proto::Limits) allow, or a
    /// line has more than 8,192 bytes: then the transfer is aborted, and the session goes on;
    /// [`RawListing`] names the errors.
    pub fn dir(&mut self, argument: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>> {
        self.receive(RawListing::list(optional(argument)?))
    }

    /// Passes the lines of LIST to a callback as they arrive: ftplib's `dir` with a function as its
    /// last argument. The only bound is that of a line, 8,192 bytes.
    ///
    /// # Errors
    /// The transfer failed.
    #[doc(alias = "dir")]
    pub fn dir_lines(
        &mut self,
        argument: impl AsRef<[u8]>,
        take: impl FnMut(&[u8]),
    ) -> Result<Completed> {
        self.download(OneTransfer::new(Transfer::list(optional(argument)?)))?
            .lines(take)
    }

    /// The names that NLST yields, as bytes. The argument is sent unchanged. An empty argument is
    /// left out.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", "").file("/b", ""))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// assert_eq!(ftp.nlst("")?, [b"a", b"b"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`dir`](Self::dir). An empty directory is not an error if the server says that it is
    /// empty; see [`Names`](ftp_proto::operation::Names).
    pub fn nlst(&mut self, argument: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>> {
        self.receive(RawListing::names(optional(argument)?))
    }
}
