//! Operations that are tried again after a failure, over new sessions where needed.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::thread;

use ftp_proto::driver::{
    Answer, Call, Error, Result, Trial, Tries, Waiting, Work, entries, random,
};
use ftp_proto::listing::Entry;
use ftp_proto::retry::{Next, Retry, Step};
use ftp_proto::{After, Argument, Completed};

use crate::client::{Client, optional};
use crate::connector::Connector;
use crate::download::BLOCK_BYTES;
use crate::maybe_tls::MaybeTls;
use crate::transport::Transport;

/// A session that is made anew when it is lost, and operations that are tried again by a
/// [`Retry`] policy.
///
/// ```
/// use ftp_blocking::Client;
/// use ftp_blocking::proto::{operation::Login, retry::Retry};
/// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
/// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a.bin", "0123"))?;
/// # let host = server.address().to_string();
///
/// let connector = Client::builder().connector(&host, Login::anonymous())?;
/// let mut ftp = connector.retrying(Retry::default());
/// let mut bytes = Vec::new();
/// ftp.retrieve_to("a.bin", &mut bytes)?; // goes on where it was interrupted
/// assert_eq!(bytes, b"0123");
/// ftp.rm("a.bin")?; // looks whether the file is gone, if the reply is lost
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Every session has the connector's transport and policies: no retry goes on in clear where TLS
/// was asked for. A new session begins in the directory of the login, so use absolute paths, or
/// paths relative to that directory. The pauses of the policy are slept.
pub struct Retrying<T: Transport = MaybeTls> {
    connector: Connector<T>,
    policy: Retry,
    client: Option<Client<T>>,
    observer: Option<Box<Observer>>,
}

type Observer = dyn FnMut(&Waiting<'_>) + Send;

impl<T: Transport + Clone> Connector<T> {
    /// Tries operations again by `policy`. The first session is made when it is needed.
    pub fn retrying(&self, policy: Retry) -> Retrying<T> {
        Retrying {
            connector: self.clone(),
            policy,
            client: None,
            observer: None,
        }
    }
}

impl<T: Transport + Clone> Retrying<T> {
    /// Tells `observer` of each pause before it is slept: why, how long, and which try follows.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use ftp_blocking::Client;
    /// use ftp_blocking::proto::{operation::Login, retry::Retry};
    /// # use ftp_blocking::testing::{Behaviour, Files, Loopback, Rule, ServerConfig, Step};
    /// # let busy = Rule::at(Step::Received).of("DELE").only(0).say(450, "Busy.").instead();
    /// # let busy = ServerConfig::new().behaviour(Behaviour::new().rule(busy));
    /// # let server = Loopback::start(busy, Files::new().file("/a.bin", "0123"))?;
    /// # let host = server.address().to_string();
    ///
    /// let connector = Client::builder().connector(&host, Login::anonymous())?;
    /// let (send, told) = mpsc::channel();
    /// let mut ftp = connector.retrying(Retry::default()).on_wait(move |waiting| {
    ///     let line = format!("{}: try {} follows", waiting.error, waiting.next_try);
    ///     let _ = send.send((line, waiting.pause));
    /// });
    /// ftp.rm("a.bin")?; // the server answers 450 at first
    /// let (line, pause) = told.try_recv()?;
    /// assert!(line.contains("450") && line.ends_with("try 2 follows"));
    /// assert!(!pause.is_zero() && told.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_wait(mut self, observer: impl FnMut(&Waiting<'_>) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// The session, made anew if it was lost.
    ///
    /// # Errors
    /// As [`Connector::connect`], after the last try.
    pub fn client(&mut self) -> Result<&mut Client<T>> {
        let mut tries = Tries::new(self.policy);
        while let Err((step, error)) = self.once(Step::Connecting, |_| Ok(())) {
            self.pause(&mut tries, error, step)?;
        }
        self.client.as_mut().ok_or(Error::Spent)
    }

    /// The session alone, connected as the policy has it. What it does from now on is not tried
    /// again.
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub fn into_client(mut self) -> Result<Client<T>> {
        self.client()?;
        self.client.take().ok_or(Error::Spent)
    }

    /// Calls `call` until it succeeds, by the rules for `step`. For [`Step::Change`], an error
    /// without a reply is returned: look at the server then, and do not repeat the command.
    ///
    /// ```
    /// # use ftp_blocking::Client;
    /// # use ftp_blocking::proto::{operation::Login, retry::{Retry, Step}};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a.bin", "0123"))?;
    /// # let connector = Client::builder().connector_to(&[server.address()], Login::anonymous());
    /// let mut ftp = connector.retrying(Retry::default());
    /// assert_eq!(ftp.run(Step::Listing, |ftp| ftp.size_in_bytes("a.bin"))?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of `call` and of [`Connector::connect`], after the last try.
    pub fn run<O>(
        &mut self,
        step: Step,
        mut call: impl FnMut(&mut Client<T>) -> Result<O>,
    ) -> Result<O> {
        let mut tries = Tries::new(self.policy);
        loop {
            match self.once(step, &mut call) {
                Ok(output) => return Ok(output),
                Err((step, error)) => self.pause(&mut tries, error, step)?,
            }
        }
    }

    /// [`Client::list`].
    ///
    /// # Errors
    /// As there, after the last try.
    pub fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<Entry<'static>>> {
        let call = Call::List(optional(path)?);
        match self.perform(Trial::ask(call, self.policy), &mut Ends::None)? {
            Answer::Entries(contents) => entries(contents),
            _ => Err(Error::Spent),
        }
    }

    /// Retrieves a file into `sink`, in image type. After an interruption it goes on with REST, if
    /// the server still tells the size that it announced before. A try that has moved payload
    /// begins the count of tries anew.
    ///
    /// # Errors
    /// As [`Client::retrieve_at`], after the last try; [`Error::Local`] if `sink` fails, or the
    /// file has changed meanwhile.
    pub fn retrieve_to(
        &mut self,
        path: impl AsRef<[u8]>,
        mut sink: &mut (impl Write + ?Sized),
    ) -> Result<Completed> {
        let trial = Trial::download(Argument::new(path)?, self.policy);
        self.perform(trial, &mut Ends::Sink(&mut sink))?.completed()
    }

    /// Stores everything of `source` from its position on, in image type.
    ///
    /// If the name was free before, the upload is tried again. It goes on behind what the server
    /// has, unless the server has more than this call has sent: then somebody else writes to the
    /// file. If the name was taken, an upload that was interrupted is not tried again.
    ///
    /// # Errors
    /// As [`Client::store_at`], after the last try; [`Error::Local`] if `source` fails, or the file
    /// on the server is longer than what was sent.
    pub fn store_from(
        &mut self,
        path: impl AsRef<[u8]>,
        mut source: &mut (impl Read + Seek + ?Sized),
    ) -> Result<Completed> {
        let start = source.stream_position().map_err(local)?;
        let trial = Trial::upload(Argument::new(path)?, self.policy);
        let mut ends = Ends::Source(&mut source, start);
        self.perform(trial, &mut ends)?.completed()
    }

    /// [`Client::rm`]. If the reply is lost, it looks whether the file is gone.
    ///
    /// # Errors
    /// As there; the first error, if the file is still there.
    pub fn rm(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.change(Trial::delete(Argument::new(path)?, self.policy))
    }

    /// [`Client::rmdir`]. If the reply is lost, it looks whether the directory is gone.
    ///
    /// # Errors
    /// As there; the first error, if the directory is still there.
    pub fn rmdir(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.change(Trial::remove_directory(Argument::new(path)?, self.policy))
    }

    /// [`Client::mkdir`]. If the reply is lost, it looks whether the directory is there.
    ///
    /// # Errors
    /// As there; the first error, if the directory is not there.
    pub fn mkdir(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.change(Trial::make_directory(Argument::new(path)?, self.policy))
    }

    /// [`Client::rename`]. If the reply is lost, it looks whether the new name is there and the old
    /// one is not.
    ///
    /// # Errors
    /// As there; the first error, if the file still has its old name.
    pub fn rename(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<()> {
        let (from, to) = (Argument::new(from)?, Argument::new(to)?);
        self.change(Trial::rename(from, to, self.policy))
    }

    fn change(&mut self, trial: Trial) -> Result<()> {
        self.perform(trial, &mut Ends::None).map(drop)
    }

    /// Does the work of a trial, and sleeps in between.
    fn perform(&mut self, mut trial: Trial, ends: &mut Ends<'_>) -> Result<Answer> {
        while let Some(work) = trial.next_work() {
            let run = self.once(Step::Listing, |ftp| ends.run(ftp, work, &mut trial));
            let pause = match run {
                Ok(answer) => trial.take(Ok(answer), random()),
                Err((Step::Connecting, error)) => trial.not_connected(error, random()),
                Err((_, error)) => trial.take(Err(error), random()),
            };
            if let Some(waiting) = trial.waiting() {
                self.tell(&waiting);
            }
            thread::sleep(pause);
        }
        trial.into_outcome()
    }

    /// Sleeps before the next try.
    ///
    /// # Errors
    /// `error`, if there is none.
    fn pause(&mut self, tries: &mut Tries, error: Error, step: Step) -> Result<()> {
        match tries.next(&error, step, random()) {
            Next::Again(pause) => {
                self.tell(&Waiting::new(&error, pause, tries));
                thread::sleep(pause);
                Ok(())
            }
            Next::GiveUp | Next::LookUp => Err(error),
        }
    }

    fn tell(&mut self, waiting: &Waiting<'_>) {
        if let Some(observer) = &mut self.observer {
            observer(waiting);
        }
    }

    /// One try, and the step at which it failed.
    fn once<O>(
        &mut self,
        step: Step,
        call: impl FnOnce(&mut Client<T>) -> Result<O>,
    ) -> std::result::Result<O, (Step, Error)> {
        let client = match self.client.take() {
            Some(client) if After::from(client.state()) != After::Dead => client,
            _ => self
                .connector
                .connect()
                .map_err(|error| (Step::Connecting, error))?,
        };
        call(self.client.insert(client)).map_err(|error| (step, error))
    }
}

const fn local(error: io::Error) -> Error {
    Error::Local(error, After::Usable)
}

/// Where the payload of a trial goes, or comes from.
enum Ends<'a> {
    None,
    Sink(&'a mut dyn Write),
    /// With the position at which the payload begins.
    Source(&'a mut dyn ReadSeek, u64),
}

trait ReadSeek: Read + Seek {}

impl<S: Read + Seek> ReadSeek for S {}

impl Ends<'_> {
    fn run<T: Transport>(
        &mut self,
        ftp: &mut Client<T>,
        work: Work,
        trial: &mut Trial,
    ) -> Result<Answer> {
        let completed = match (work, self) {
            (Work::Ask(call), _) => return ftp.receive(call.operation()?),
            (Work::Fetch(retrieve), Self::Sink(sink)) => {
                let download = ftp.download(retrieve)?;
                trial.announced(download.size_hint());
                download.copy_to(&mut Counted {
                    sink,
                    bytes: 0,
                    trial,
                })
            }
            (Work::Send(store), Self::Source(source, start)) => {
                let from = SeekFrom::Start(start.saturating_add(trial.offset()));
                source.seek(from).map_err(local)?;
                let mut bytes = 0_u64;
                let upload = ftp.upload(store)?;
                upload.copy_from(source, BLOCK_BYTES, |block| {
                    bytes = bytes.saturating_add(block.len() as u64);
                    trial.moved(bytes);
                })
            }
            _ => Err(Error::Spent),
        };
        completed.map(Answer::Moved)
    }
}

/// A sink that counts what it has taken.
struct Counted<'a, 's> {
    sink: &'a mut &'s mut dyn Write,
    bytes: u64,
    trial: &'a mut Trial,
}

impl Write for Counted<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(bytes)?;
        self.bytes = self.bytes.saturating_add(count as u64);
        self.trial.moved(self.bytes);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl<T: Transport + fmt::Debug> fmt::Debug for Retrying<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("connector", &self.connector)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
