//! Operations that are tried again after a failure, over new sessions where needed.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::thread;

use ftp_proto::driver::{Error, Result};
use ftp_proto::listing::Entry;
use ftp_proto::retry::{Next, Retry, Step, upload_offset};
use ftp_proto::{After, Completed};

use crate::client::Client;
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
}

impl<T: Transport + Clone> Connector<T> {
    /// Tries operations again by `policy`. The first session is made when it is needed.
    pub fn retrying(&self, policy: Retry) -> Retrying<T> {
        Retrying {
            connector: self.clone(),
            policy,
            client: None,
        }
    }
}

impl<T: Transport + Clone> Retrying<T> {
    /// The session, made anew if it was lost.
    ///
    /// # Errors
    /// As [`Connector::connect`], after the last try.
    pub fn client(&mut self) -> Result<&mut Client<T>> {
        let mut failures = 0;
        while let Err((step, error)) = self.once(Step::Connecting, |_| Ok(())) {
            self.pause(error, step, &mut failures)?;
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
        let mut failures = 0;
        loop {
            match self.once(step, &mut call) {
                Ok(output) => return Ok(output),
                Err((step, error)) => self.pause(error, step, &mut failures)?,
            }
        }
    }

    /// [`Client::list`].
    ///
    /// # Errors
    /// As there, after the last try.
    pub fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<Entry<'static>>> {
        self.run(Step::Listing, |ftp| ftp.list(&path))
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
        sink: &mut (impl Write + ?Sized),
    ) -> Result<Completed> {
        let (mut got, mut size, mut failures) = (0, None, 0);
        loop {
            let before = got;
            let fetched = self.once(Step::Download, |ftp| {
                let download = match got {
                    0 => ftp.retrieve(&path)?,
                    _ => resumed(ftp, path.as_ref(), got, size)?,
                };
                if got == 0 {
                    size = download.size_hint();
                }
                download.copy_to(&mut Counted {
                    sink,
                    got: &mut got,
                })
            });
            match fetched {
                Ok(completed) => return Ok(with_bytes(completed, got)),
                Err((step, error)) => {
                    failures = if got > before { 0 } else { failures };
                    self.pause(error, step, &mut failures)?;
                }
            }
        }
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
        source: &mut (impl Read + Seek + ?Sized),
    ) -> Result<Completed> {
        let step = match self.run(Step::Listing, |ftp| ftp.exists(&path))? {
            true => Step::UploadOverOthers,
            false => Step::UploadOfOurs,
        };
        let start = source.stream_position().map_err(local)?;
        let (mut sent, mut begun, mut failures) = (0_u64, false, 0);
        loop {
            let before = sent;
            let stored = self.once(step, |ftp| {
                let offset = match begun {
                    true => left_off(ftp, path.as_ref(), sent)?,
                    false => 0,
                };
                let from = SeekFrom::Start(start.saturating_add(offset));
                source.seek(from).map_err(local)?;
                begun = true;
                let upload = match offset {
                    0 => ftp.store(&path)?,
                    _ => ftp.store_at(&path, offset)?,
                };
                let mut at = offset;
                upload.copy_from(source, BLOCK_BYTES, |block| {
                    at = at.saturating_add(block.len() as u64);
                    sent = sent.max(at);
                })
            });
            match stored {
                Ok(completed) => return Ok(with_bytes(completed, sent)),
                Err((step, error)) => {
                    failures = if sent > before { 0 } else { failures };
                    self.pause(error, step, &mut failures)?;
                }
            }
        }
    }

    /// [`Client::rm`]. If the reply is lost, it looks whether the file is gone.
    ///
    /// # Errors
    /// As there; the first error, if the file is still there.
    pub fn rm(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.change(|ftp| ftp.rm(&path), |ftp| Ok(!ftp.exists(&path)?))
    }

    /// [`Client::rmdir`]. If the reply is lost, it looks whether the directory is gone.
    ///
    /// # Errors
    /// As there; the first error, if the directory is still there.
    pub fn rmdir(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.change(|ftp| ftp.rmdir(&path), |ftp| Ok(!ftp.exists(&path)?))
    }

    /// [`Client::mkdir`]. If the reply is lost, it looks whether the directory is there.
    ///
    /// # Errors
    /// As there; the first error, if the directory is not there.
    pub fn mkdir(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.change(|ftp| ftp.mkdir(&path).map(|_| ()), |ftp| ftp.exists(&path))
    }

    /// [`Client::rename`]. If the reply is lost, it looks whether the new name is there and the old
    /// one is not.
    ///
    /// # Errors
    /// As there; the first error, if the file still has its old name.
    pub fn rename(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<()> {
        self.change(
            |ftp| ftp.rename(&from, &to),
            |ftp| Ok(!ftp.exists(&from)? && ftp.exists(&to)?),
        )
    }

    /// Makes a change once, or again after a 4xx; `is_done` tells the outcome of a lost reply.
    fn change(
        &mut self,
        mut call: impl FnMut(&mut Client<T>) -> Result<()>,
        is_done: impl FnMut(&mut Client<T>) -> Result<bool>,
    ) -> Result<()> {
        let mut failures = 0;
        let error = loop {
            let Err((step, error)) = self.once(Step::Change, &mut call) else {
                return Ok(());
            };
            match self.next(&error, step, &mut failures) {
                Next::LookUp => break error,
                Next::GiveUp => return Err(error),
                Next::Again(pause) => thread::sleep(pause),
            }
        };
        match self.run(Step::Listing, is_done)? {
            true => Ok(()),
            false => Err(error),
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

    fn next(&self, error: &Error, step: Step, failures: &mut u32) -> Next {
        *failures = failures.saturating_add(1);
        error.next(&self.policy, step, *failures, random())
    }

    /// Sleeps before the next try.
    ///
    /// # Errors
    /// `error`, if there is none.
    fn pause(&self, error: Error, step: Step, failures: &mut u32) -> Result<()> {
        match self.next(&error, step, failures) {
            Next::Again(pause) => {
                thread::sleep(pause);
                Ok(())
            }
            Next::GiveUp | Next::LookUp => Err(error),
        }
    }
}

/// Goes on with a download, if the file has the size that was announced before.
fn resumed<'c, T: Transport>(
    ftp: &'c mut Client<T>,
    path: &[u8],
    offset: u64,
    size: Option<u64>,
) -> Result<crate::Download<'c, T>> {
    if let Some(size) = size {
        if ftp.size_in_bytes(path)? != size {
            let changed = "the file has changed since the download began";
            return Err(local(io::Error::new(io::ErrorKind::InvalidData, changed)));
        }
    }
    ftp.retrieve_at(path, offset)
}

/// Where an upload goes on. A server without SIZE gets all of it again.
fn left_off<T: Transport>(ftp: &mut Client<T>, path: &[u8], sent: u64) -> Result<u64> {
    let size = match ftp.size_in_bytes(path) {
        Ok(size) => Some(size),
        Err(error) if error.is_permanent() => None,
        Err(error) => return Err(error),
    };
    upload_offset(size, sent).ok_or_else(|| {
        let grown = "the file on the server is longer than what was sent: another has written it";
        local(io::Error::new(io::ErrorKind::InvalidData, grown))
    })
}

const fn local(error: io::Error) -> Error {
    Error::Local(error, After::Usable)
}

/// The outcome of the last try, for all tries together.
fn with_bytes(mut completed: Completed, bytes: u64) -> Completed {
    completed.bytes = bytes;
    completed
}

/// Std seeds its hash maps at random.
fn random() -> u32 {
    let number = RandomState::new().build_hasher().finish();
    u32::try_from(number >> 32).unwrap_or_default()
}

/// A sink that counts what it has taken.
struct Counted<'a, W: ?Sized> {
    sink: &'a mut W,
    got: &'a mut u64,
}

impl<W: Write + ?Sized> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(bytes)?;
        *self.got = self.got.saturating_add(count as u64);
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
