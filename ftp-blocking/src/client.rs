//! The client: every operation as a method.

use std::fmt;
use std::io::{BufRead, Read, Write};

use ftp_proto::features::Features;
use ftp_proto::operation::{
    AskFeatures, ChangeDirectory, Exchange, Login, Payload, Rename, Retrieve, Secure, Store,
};
use ftp_proto::pathname::Pathname;
use ftp_proto::timestamp::Timestamp;
use ftp_proto::{Argument, Command, Completed, Operation, Reply, Session, State, Transfer};

use crate::connect::Builder;
use crate::download::{BLOCK_BYTES, Download, Running};
use crate::driver::{Driven, Driver};
use crate::error::{Error, Result};
use crate::tcp::Tcp;
use crate::transport::Transport;
use crate::upload::Upload;

/// One FTP session.
///
/// ```no_run
/// use ftp_blocking::Client;
///
/// let mut ftp = Client::connect("ftp.example.org")?; // port 21
/// ftp.login_anonymous()?;
/// for line in ftp.dir(&[])? {
///     println!("{}", String::from_utf8_lossy(&line));
/// }
/// ftp.quit()?;
/// # Ok::<(), ftp_blocking::Error>(())
/// ```
///
/// A transfer borrows the client until it is over, so that a second command in its midst does not compile:
///
/// ```compile_fail
/// # fn f(client: &mut ftp_blocking::Client) -> ftp_blocking::Result<()> {
/// let download = client.retrieve("a.bin")?;
/// client.pwd()?;
/// download.finish()?;
/// # Ok(()) }
/// ```
pub struct Client<T: Transport = Tcp> {
    driver: Driver<T>,
    welcome: Reply,
}

impl Client<Tcp> {
    /// Connects over TCP in clear to `host`, with a port behind a colon if it is not 21.
    ///
    /// # Errors
    /// No address, no connection, or no friendly greeting.
    #[doc(alias = "FTP")]
    pub fn connect(host: &str) -> Result<Self> {
        Self::builder().connect(host)
    }

    /// Sets things before connecting.
    pub fn builder() -> Builder<Tcp> {
        Builder::default()
    }
}

impl<T: Transport> Client<T> {
    pub(crate) const fn new(driver: Driver<T>, welcome: Reply) -> Self {
        Self { driver, welcome }
    }

    pub(crate) const fn driver_mut(&mut self) -> &mut Driver<T> {
        &mut self.driver
    }

    // -- the session ------------------------------------------------------------------------------------------------------

    /// The greeting.
    #[doc(alias = "getwelcome")]
    pub const fn welcome(&self) -> &Reply {
        &self.welcome
    }

    /// What the session is good for now.
    pub fn state(&self) -> State {
        self.driver.session.state()
    }

    /// The machine itself, to look at.
    pub const fn session(&self) -> &Session {
        &self.driver.session
    }

    /// What makes the connections.
    pub const fn transport(&self) -> &T {
        &self.driver.transport
    }

    /// The control connection, as long as there is one.
    pub const fn control_stream(&self) -> Option<&T::Stream> {
        self.driver.control_stream()
    }

    /// Runs any operation to its end. Payload that it wants to move is dropped or empty: for transfers there are
    /// [`download`](Self::download) and [`upload`](Self::upload).
    ///
    /// # Errors
    /// The operation's own.
    pub fn run<O: Operation>(&mut self, mut operation: O) -> Result<O::Output> {
        match self.driver.drive(&mut operation) {
            Driven::Ready(result) => result,
            Driven::Moving if self.driver.is_receiving() => {
                self.driver.drop_payload(&mut operation)
            }
            Driven::Moving => self.driver.finish_payload(&mut operation),
        }
    }

    /// Logs in with a user and a password; an empty password is sent as none.
    ///
    /// # Errors
    /// Refused (530), or the server wants an account as well: see [`login_with`](Self::login_with).
    pub fn login(&mut self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Result<Reply> {
        let login = Login::new(Argument::new(user)?);
        match password.as_ref() {
            [] => self.run(login),
            password => self.run(login.password(Argument::new(password)?)),
        }
    }

    /// Logs in as `anonymous` with the password `anonymous@`.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub fn login_anonymous(&mut self) -> Result<Reply> {
        self.run(Login::anonymous())
    }

    /// Logs in with everything that can be told.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub fn login_with(&mut self, login: Login) -> Result<Reply> {
        self.run(login)
    }

    /// Begins TLS on the control connection and protects data connections (RFC 4217).
    ///
    /// # Errors
    /// Any refusal, and any failure of TLS, which is fatal: nothing goes on in clear.
    #[doc(alias = "auth")]
    #[doc(alias = "prot_p")]
    pub fn secure(&mut self) -> Result<()> {
        self.run(Secure::new())
    }

    /// Says goodbye and closes the connection, whatever the server answers.
    ///
    /// # Errors
    /// The server refused, or was gone already. The connection is closed all the same.
    pub fn quit(mut self) -> Result<Reply> {
        let reply = self.run(Exchange::quit());
        self.driver.session.close();
        reply
    }

    /// Closes the connection without a word.
    pub fn close(mut self) {
        self.driver.session.close();
    }

    // -- directories ------------------------------------------------------------------------------------------------------

    /// The working directory.
    ///
    /// # Errors
    /// Refused, or the reply holds no path.
    pub fn pwd(&mut self) -> Result<Pathname> {
        self.run(Exchange::working_directory())
    }

    /// Changes the working directory; `..` goes up.
    ///
    /// # Errors
    /// Refused.
    pub fn cwd(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(ChangeDirectory::new(path)?)
    }

    /// Changes to the parent directory.
    ///
    /// # Errors
    /// Refused.
    pub fn cdup(&mut self) -> Result<()> {
        self.cwd("..")
    }

    /// Makes a directory; yields its name if the server tells it.
    ///
    /// # Errors
    /// Refused.
    #[doc(alias = "mkd")]
    pub fn mkdir(&mut self, path: impl AsRef<[u8]>) -> Result<Option<Pathname>> {
        self.run(Exchange::make_directory(Argument::new(path)?))
    }

    /// Removes a directory.
    ///
    /// # Errors
    /// Refused.
    #[doc(alias = "rmd")]
    pub fn rmdir(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(Exchange::remove_directory(Argument::new(path)?))
    }

    // -- files --------------------------------------------------------------------------------------------------------------

    /// Deletes a file.
    ///
    /// # Errors
    /// Refused.
    #[doc(alias = "delete")]
    pub fn rm(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(Exchange::delete(Argument::new(path)?))
    }

    /// Renames a file or directory.
    ///
    /// # Errors
    /// Refused at either step; the error's verb says which.
    pub fn rename(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<()> {
        self.run(Rename::new(Argument::new(from)?, Argument::new(to)?))
    }

    /// The size of a file in bytes, in the type that is in force.
    ///
    /// # Errors
    /// Refused, or the reply holds no number.
    pub fn size(&mut self, path: impl AsRef<[u8]>) -> Result<u64> {
        self.run(Exchange::size(Argument::new(path)?))
    }

    /// When a file was modified, in UTC.
    ///
    /// # Errors
    /// Refused, or the reply holds no time.
    #[doc(alias = "mdtm")]
    pub fn modified(&mut self, path: impl AsRef<[u8]>) -> Result<Timestamp> {
        self.run(Exchange::modified(Argument::new(path)?))
    }

    // -- downloads ----------------------------------------------------------------------------------------------------------

    /// Retrieves a file in image type, to be read.
    ///
    /// # Errors
    /// The transfer could not begin.
    #[doc(alias = "retr")]
    pub fn retrieve(&mut self, path: impl AsRef<[u8]>) -> Result<Download<'_, T>> {
        self.download(Retrieve::new(Argument::new(path)?))
    }

    /// Retrieves a file into `sink`.
    ///
    /// # Errors
    /// The transfer, or `sink`, failed.
    #[doc(alias = "retrbinary")]
    pub fn retrieve_to(
        &mut self,
        path: impl AsRef<[u8]>,
        sink: &mut (impl Write + ?Sized),
    ) -> Result<Completed> {
        self.retrieve(path)?.copy_to(sink)
    }

    /// Retrieves a text file in ASCII type, line by line.
    ///
    /// # Errors
    /// The transfer failed.
    #[doc(alias = "retrlines")]
    pub fn retrieve_lines(
        &mut self,
        path: impl AsRef<[u8]>,
        take: impl FnMut(&[u8]),
    ) -> Result<Completed> {
        self.download(Retrieve::new(Argument::new(path)?).ascii())?
            .lines(take)
    }

    /// Begins any operation that receives payload: [`Retrieve`] with its options, [`Payload`] with any [`Transfer`].
    ///
    /// # Errors
    /// The transfer could not begin. If it was over at once, the verdict is found in the download.
    pub fn download<O>(&mut self, operation: O) -> Result<Download<'_, T>>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let mut operation: Running<'_> = Box::new(operation);
        let verdict = self.begin(&mut operation)?;
        Ok(Download::new(&mut self.driver, operation, verdict))
    }

    /// LIST, NLST or whatever else a command line says, received in ASCII type, line by line: ftplib's `retrlines`
    /// with a command.
    ///
    /// # Errors
    /// The line is no data command, or the transfer failed.
    pub fn command_lines(
        &mut self,
        line: impl AsRef<[u8]>,
        take: impl FnMut(&[u8]),
    ) -> Result<Completed> {
        let transfer = self.data_command(line, ftp_proto::Direction::Receive)?;
        self.download(Payload::new(transfer.ascii()))?.lines(take)
    }

    // -- uploads ------------------------------------------------------------------------------------------------------------

    /// Stores a file in image type, to be written and finished.
    ///
    /// # Errors
    /// The transfer could not begin.
    #[doc(alias = "stor")]
    pub fn store(&mut self, path: impl AsRef<[u8]>) -> Result<Upload<'_, T>> {
        self.upload(Store::new(Argument::new(path)?))
    }

    /// Stores a file from `source`.
    ///
    /// # Errors
    /// The transfer, or `source`, failed.
    #[doc(alias = "storbinary")]
    pub fn store_from(
        &mut self,
        path: impl AsRef<[u8]>,
        source: &mut (impl Read + ?Sized),
    ) -> Result<Completed> {
        self.store(path)?.copy_from(source, BLOCK_BYTES, |_| {})
    }

    /// Stores a text file in ASCII type, line by line.
    ///
    /// # Errors
    /// The transfer, or `source`, failed.
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
        self.upload(Store::append(Argument::new(path)?))?
            .copy_from(source, BLOCK_BYTES, |_| {})
    }

    /// Begins any operation that sends payload: [`Store`] with its options, [`Payload`] with any [`Transfer`].
    ///
    /// # Errors
    /// The transfer could not begin.
    pub fn upload<O>(&mut self, operation: O) -> Result<Upload<'_, T>>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let mut operation: Running<'_> = Box::new(operation);
        let verdict = self.begin(&mut operation)?;
        Ok(Upload::new(&mut self.driver, operation, verdict))
    }

    /// Drives a transfer until payload may move. One that succeeds before that has nothing to move.
    fn begin(&mut self, operation: &mut Running<'_>) -> Result<Option<Result<Completed>>> {
        self.driver.refill()?;
        match self.driver.drive(operation) {
            Driven::Moving => Ok(None),
            Driven::Ready(Ok(completed)) => Ok(Some(Ok(completed))),
            Driven::Ready(Err(error)) => Err(error),
        }
    }

    fn data_command(
        &self,
        line: impl AsRef<[u8]>,
        direction: ftp_proto::Direction,
    ) -> Result<Transfer> {
        let command = Command::raw(line)?;
        let verb = command.verb();
        let transfer = Transfer::raw(command, direction);
        transfer.map_err(|misuse| Error::Session(self.driver.session.error(misuse, verb), None))
    }

    // -- listings -----------------------------------------------------------------------------------------------------------

    /// The lines of LIST. Several arguments are joined with blanks, for options that a server may take.
    ///
    /// # Errors
    /// The transfer failed.
    #[doc(alias = "list")]
    pub fn dir(&mut self, arguments: &[&str]) -> Result<Vec<Vec<u8>>> {
        self.collect_lines(Transfer::list(joined(arguments)?))
    }

    /// The names that NLST yields. Several arguments are joined with blanks.
    ///
    /// # Errors
    /// The transfer failed; some servers refuse an empty directory.
    pub fn nlst(&mut self, arguments: &[&str]) -> Result<Vec<Vec<u8>>> {
        self.collect_lines(Transfer::names(joined(arguments)?))
    }

    fn collect_lines(&mut self, transfer: Transfer) -> Result<Vec<Vec<u8>>> {
        let mut lines = Vec::new();
        self.download(Payload::new(transfer))?
            .lines(|line| lines.push(line.to_vec()))?;
        Ok(lines)
    }

    // -- anything else --------------------------------------------------------------------------------------------------------

    /// What the server can do; asked once.
    ///
    /// # Errors
    /// The session failed. A server that does not know FEAT has no features.
    #[doc(alias = "feat")]
    pub fn features(&mut self) -> Result<Features> {
        self.run(AskFeatures::new())
    }

    /// STAT: the server's state, or what it says about a path.
    ///
    /// # Errors
    /// Refused.
    pub fn stat(&mut self, path: Option<&str>) -> Result<Reply> {
        self.run(Exchange::status(path.map(Argument::new).transpose()?))
    }

    /// HELP.
    ///
    /// # Errors
    /// Refused.
    pub fn help(&mut self, subject: Option<&str>) -> Result<Reply> {
        self.run(Exchange::help(subject.map(Argument::new).transpose()?))
    }

    /// SITE: a command of the server's own.
    ///
    /// # Errors
    /// Refused.
    pub fn site(&mut self, command: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::site(Argument::new(command)?))
    }

    /// ACCT.
    ///
    /// # Errors
    /// Refused.
    pub fn acct(&mut self, account: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::account(Argument::new(account)?))
    }

    /// NOOP.
    ///
    /// # Errors
    /// Refused.
    pub fn noop(&mut self) -> Result<()> {
        self.run(Exchange::noop())
    }

    /// Sends a command line; every reply but 4xx and 5xx is a success.
    ///
    /// # Errors
    /// Refused, or the line is none, or its verb is one that the session sends by itself.
    #[doc(alias = "sendcmd")]
    pub fn command(&mut self, line: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::send(Command::raw(line)?))
    }

    /// Sends a command line; only 2xx is a success.
    ///
    /// # Errors
    /// As [`command`](Self::command).
    #[doc(alias = "voidcmd")]
    pub fn complete(&mut self, line: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::complete(Command::raw(line)?))
    }
}

/// Arguments joined with blanks, empty ones left out.
fn joined(arguments: &[&str]) -> Result<Option<Argument>> {
    let given: Vec<&str> = arguments
        .iter()
        .copied()
        .filter(|argument| !argument.is_empty())
        .collect();
    match given.join(" ") {
        all if all.is_empty() => Ok(None),
        all => Ok(Some(Argument::new(all)?)),
    }
}

impl<T: Transport> fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.state())
            .field("welcome", &self.welcome)
            .finish_non_exhaustive()
    }
}
