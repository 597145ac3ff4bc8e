//! The client: the session, directories, files and other commands without a data connection.

use std::fmt;
use std::io::Write;
use std::num::NonZeroU64;

use ftp_proto::driver::{Error, Result};
use ftp_proto::features::Features;
use ftp_proto::operation::{AskFeatures, Batch, Exchange, Login, Secure};
use ftp_proto::rate::RateLimit;
use ftp_proto::{
    Argument, Command, DataMode, Detail, Event, Operation, Reply, ReplyCode, Session, State,
};

use crate::debug::Debug;
use crate::driver::{Driven, Driver};
use crate::tcp::Tcp;
use crate::transport::Transport;

/// One FTP session.
///
/// ```no_run
/// use ftp_blocking::Client;
/// use ftp_blocking::proto::listing::Name;
///
/// let mut ftp = Client::connect("ftp.example.org")?; // port 21
/// ftp.login_anonymous()?;
/// for line in ftp.dir("")? {
///     println!("{}", Name::new(&line)); // escaped: a server chose it
/// }
/// ftp.quit()?;
/// # Ok::<(), ftp_blocking::Error>(())
/// ```
///
/// A transfer borrows the client until it is over, so that a second command during a transfer does
/// not compile:
///
/// ```compile_fail
/// # fn f(client: &mut ftp_blocking::Client) -> ftp_blocking::Result<()> {
/// let download = client.retrieve("a.bin")?;
/// client.pwd()?;
/// download.finish()?;
/// # Ok(()) }
/// ```
///
/// Every error names the step, the reply, and the state of the session afterwards; see [`Error`].
/// Dropping a client closes its connections at once, without QUIT and without waiting. Call
/// [`quit`](Self::quit) to end the session as the protocol demands.
pub struct Client<T: Transport = Tcp> {
    driver: Driver<T>,
    welcome: Reply,
}

impl<T: Transport> Client<T> {
    pub(crate) const fn new(driver: Driver<T>, welcome: Reply) -> Self {
        Self { driver, welcome }
    }

    pub(crate) const fn driver_mut(&mut self) -> &mut Driver<T> {
        &mut self.driver
    }

    /// The driver, for a new operation. A transfer is under way here only if its guard was
    /// forgotten ([`std::mem::forget`]). It ends as if the guard had been dropped.
    pub(crate) fn idle_driver(&mut self) -> &mut Driver<T> {
        if self.driver.session.current_transfer().is_some() {
            self.driver.abandon();
        }
        &mut self.driver
    }

    // -- the session ------------------------------------------------------------------------------

    /// The greeting, with all its lines: some hold terms of use or a contact.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// assert_eq!(ftp.welcome().code().get(), 220);
    /// assert_eq!(ftp.welcome().text_lossy(), "Service ready.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getwelcome")]
    pub const fn welcome(&self) -> &Reply {
        &self.welcome
    }

    /// The code of the latest reply: ftplib's `lastresp`.
    #[doc(alias = "lastresp")]
    pub const fn last_code(&self) -> Option<ReplyCode> {
        self.driver.session.last_code()
    }

    /// The state of the session: usable, busy, settling a failed or aborted transfer, or over.
    pub fn state(&self) -> State {
        self.driver.session.state()
    }

    /// The state machine, for inspection.
    pub const fn session(&self) -> &Session {
        &self.driver.session
    }

    /// The transport that makes the connections.
    pub const fn transport(&self) -> &T {
        &self.driver.transport
    }

    /// The control connection, if it is open.
    pub const fn control_stream(&self) -> Option<&T::Stream> {
        self.driver.control_stream()
    }

    /// The next event that answers no command: an unsolicited reply, a stranger at the data port, a
    /// data host that was not dialled, the end of the session. The latest 64 are kept.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.driver.session.poll_event()
    }

    /// Sets how much of the control connection is shown from now on: ftplib's debug levels 0, 1 and
    /// 2.
    ///
    /// | Level | ftplib | Shown |
    /// |---|---|---|
    /// | [`Detail::Off`] | 0 | nothing |
    /// | [`Detail::Requests`] | 1 | each command and each reply |
    /// | [`Detail::Everything`] | 2 | also each line as it came in |
    ///
    /// The output goes to the writer of [`debug_to`](Self::debug_to) or
    /// [`Builder::debug`](crate::Builder::debug), or else to standard error. Passwords and accounts
    /// are masked.
    ///
    /// ```
    /// use ftp_blocking::proto::Detail;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// ftp.set_debug_level(Detail::Requests);
    /// ftp.login("anonymous", "me@example.org")?; // -> PASS *
    /// ftp.set_debug_level(Detail::Off);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "set_debuglevel")]
    #[doc(alias = "debug")]
    pub fn set_debug_level(&mut self, level: Detail) {
        if level != Detail::Off && !self.driver.debug.is_watched() {
            self.driver.debug = Debug::to_writer(std::io::stderr());
        }
        self.driver.session.set_detail(level);
    }

    /// Sets the writer of the debug output from now on.
    pub fn debug_to(&mut self, writer: impl Write + Send + 'static) {
        self.driver.debug = Debug::to_writer(writer);
    }

    /// Sets how data connections are opened from the next transfer on: ftplib's `set_pasv(True)` is
    /// [`DataMode::Auto`], `set_pasv(False)` is [`DataMode::AnyActive`].
    ///
    /// ```
    /// use ftp_blocking::proto::DataMode;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// ftp.set_data_mode(DataMode::AnyActive); // the server calls us
    /// assert!(ftp.nlst("")?.is_empty());
    /// assert!(server.commands(0).iter().any(|line| line.starts_with("EPRT ")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "set_pasv")]
    pub fn set_data_mode(&mut self, mode: DataMode) {
        self.driver.session.set_data_mode(mode);
    }

    /// Limits the rate of payload from now on, in bytes per second; `None` for no limit. See
    /// [`Builder::rate_limit`](crate::Builder::rate_limit).
    pub fn set_rate_limit(&mut self, bytes_per_second: Option<NonZeroU64>) {
        self.driver.rate = bytes_per_second.map(RateLimit::new);
    }

    /// Runs any operation to its end. Received payload is dropped, and none is sent: use
    /// [`download`](Self::download) and [`upload`](Self::upload) for transfers.
    ///
    /// ```
    /// use ftp_blocking::proto::operation::Exchange;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let system = ftp.run(Exchange::system())?;
    /// assert_eq!(system.code().get(), 215);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The operation's own.
    pub fn run<O: Operation>(&mut self, mut operation: O) -> Result<O::Output> {
        match self.idle_driver().drive(&mut operation) {
            Driven::Ready(result) => result,
            Driven::Moving => self.driver.move_nothing(&mut operation),
        }
    }

    /// Logs in with a user and a password. As with ftplib, an empty user means `anonymous`. An
    /// empty password means `anonymous@` for `anonymous`, and stays empty for other users.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new().user("ann", "secret"), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// let refused = ftp.login("ann", "guess").unwrap_err();
    /// assert_eq!(refused.reply().map(|reply| reply.code().get()), Some(530));
    /// assert!(!refused.is_fatal()); // try again
    /// ftp.login("ann", "secret")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The login is refused (530), or the server also wants an account (332): see
    /// [`login_with`](Self::login_with).
    pub fn login(&mut self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Result<Reply> {
        let (user, password) = (user.as_ref(), password.as_ref());
        let anonymous = user.is_empty() || user == b"anonymous";
        let login = match user {
            _ if anonymous => Login::anonymous(),
            user => Login::new(Argument::new(user)?),
        };
        match password {
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

    /// Logs in with a [`Login`] and all its options.
    ///
    /// ```
    /// use ftp_blocking::proto::{Argument, operation::Login};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let config = ServerConfig::new().user_with_account("ann", "secret", "payroll");
    /// # let server = Loopback::start(config, Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// let login = Login::new(Argument::new("ann")?)
    ///     .password(Argument::new("secret")?)
    ///     .account(Argument::new("payroll")?);
    /// ftp.login_with(login)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub fn login_with(&mut self, login: Login) -> Result<Reply> {
        self.run(login)
    }

    /// Begins TLS on the control connection and protects data connections (RFC 4217).
    ///
    /// Some servers refuse PROT before the login (503, 530; aioftp). The login asks again then, and
    /// transfers stay forbidden until it has.
    ///
    /// # Errors
    /// AUTH or PROT is refused, or TLS fails, which ends the session. The session never goes on in
    /// clear.
    #[doc(alias = "auth")]
    #[doc(alias = "prot_p")]
    pub fn secure(&mut self) -> Result<()> {
        self.run(Secure::new()).map(drop)
    }

    /// Sends QUIT and closes the connection, whatever the server answers.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// assert_eq!(ftp.quit()?.code().get(), 221);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The server refused, or had closed the connection already. The connection is closed in any
    /// case.
    pub fn quit(mut self) -> Result<Reply> {
        self.run(Exchange::quit())
    }

    /// Closes the connection without QUIT, as dropping the client does.
    pub fn close(mut self) {
        self.driver.session.close();
    }

    // -- anything else ----------------------------------------------------------------------------

    /// The server's features (FEAT). FEAT is sent once, here or before the first command that
    /// brings names: see [`Encoding`](ftp_proto::Encoding).
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// assert!(ftp.features()?.has_mlsd());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The session failed. A server that does not know FEAT has an empty set of features.
    #[doc(alias = "feat")]
    pub fn features(&mut self) -> Result<Features> {
        self.run(AskFeatures::new())
    }

    /// STAT: the server's answer about a path, over the control connection, or about itself if the
    /// path is empty.
    ///
    /// # Errors
    /// Refused.
    pub fn stat(&mut self, path: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::status(optional(path)?))
    }

    /// HELP: the server's help about a command, or about itself if the command is empty.
    ///
    /// # Errors
    /// Refused.
    pub fn help(&mut self, subject: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::help(optional(subject)?))
    }

    /// SITE: a command of the server's own.
    ///
    /// # Errors
    /// Refused.
    pub fn site(&mut self, command: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::site(Argument::new(command)?))
    }

    /// ACCT: sends the account after the login, for servers that ask for one before certain
    /// commands (532).
    ///
    /// # Errors
    /// Refused.
    #[doc(alias = "account")]
    pub fn acct(&mut self, account: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::account(Argument::new(account)?))
    }

    /// NOOP: does nothing, shows whether the server answers, and keeps the session alive.
    ///
    /// # Errors
    /// Refused, or the session is over.
    pub fn noop(&mut self) -> Result<()> {
        self.run(Exchange::noop())
    }

    /// Keeps an idle session alive: sends NOOP and awaits the reply, if the session has been idle
    /// for [`Config::idle_keepalive`](ftp_proto::Config::idle_keepalive). Otherwise it does nothing.
    /// Call it now and then: this crate has no thread of its own that could.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ftp_blocking::{Client, proto::Config};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let host = server.address().to_string();
    ///
    /// let mut config = Config::default();
    /// config.idle_keepalive = Some(Duration::from_secs(60));
    /// let mut ftp = Client::builder().config(config).connect(&host)?;
    /// ftp.login_anonymous()?;
    /// ftp.keep_alive()?; // too early for a NOOP
    /// # assert!(!server.commands(0).contains(&"NOOP".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The session is over.
    pub fn keep_alive(&mut self) -> Result<()> {
        self.idle_driver().keep_alive()
    }

    /// Sends a command line; every reply but 4xx and 5xx is a success: ftplib's `sendcmd`.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", ""))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// assert_eq!(ftp.command("RNFR a")?.code().get(), 350);
    /// assert_eq!(ftp.complete("RNTO b")?.code().get(), 250);
    ///
    /// // A line is one command.
    /// assert!(ftp.command("NOOP\r\nDELE b").unwrap_err().is_misuse());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The server refused, the line is not a command, or the session itself sends this verb.
    #[doc(alias = "sendcmd")]
    pub fn command(&mut self, line: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::send(Command::raw(line)?))
    }

    /// Sends many independent commands, and yields an outcome for each, in their order. Only 2xx is
    /// a success. [`Batch`] says which commands are allowed.
    ///
    /// ```
    /// use ftp_blocking::proto::{Argument, Command, Verb};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", "12345"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let time = |name| Ok(Command::new(Verb::Mdtm, Argument::new(name)?));
    /// let times: ftp_blocking::Result<Vec<_>> = ["a", "b"].into_iter().map(time).collect();
    /// let outcomes = ftp.batch(times?)?;
    /// assert!(outcomes[0].is_ok());
    /// assert!(outcomes[1].as_ref().is_err_and(|error| error.is_permanent()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The batch itself has no error: the end of the session is the outcome of each command that it
    /// concerns.
    pub fn batch(
        &mut self,
        commands: impl IntoIterator<Item = Command>,
    ) -> Result<Vec<Result<Reply>>> {
        self.run_batch(Batch::new(commands))
    }

    pub(crate) fn run_batch<V>(&mut self, batch: Batch<V>) -> Result<Vec<Result<V>>> {
        let outcomes = self.run(batch)?.into_iter();
        Ok(outcomes
            .map(|outcome| outcome.map_err(Error::from))
            .collect())
    }

    /// Sends a command line; only 2xx is a success: ftplib's `voidcmd`.
    ///
    /// # Errors
    /// As [`command`](Self::command).
    #[doc(alias = "voidcmd")]
    pub fn complete(&mut self, line: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::complete(Command::raw(line)?))
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

/// `None` if the argument is empty.
pub(crate) fn optional(path: impl AsRef<[u8]>) -> Result<Option<Argument>> {
    match path.as_ref() {
        [] => Ok(None),
        path => Ok(Some(Argument::new(path)?)),
    }
}

/// Makes all arguments before a command is sent.
pub(crate) fn arguments<P: AsRef<[u8]>>(
    paths: impl IntoIterator<Item = P>,
) -> Result<Vec<Argument>> {
    let arguments: std::result::Result<_, _> = paths.into_iter().map(Argument::new).collect();
    Ok(arguments?)
}
