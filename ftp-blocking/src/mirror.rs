//! Mirrors between the server and the local disk (feature `mirror`), on one or more sessions.

mod shared;
mod worker;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use ftp_proto::driver::{MirrorEvent, MirrorSetup, Mirrored, Mirroring, Result};
use ftp_proto::retry::Retry;
use ftp_proto::tree::{MirrorOptions, Step};

use crate::client::Client;
use crate::transport::Transport;

use shared::Shared;
use worker::Worker;

/// Makes a local directory like one of the server, or the other way round.
///
/// Files are compared by size, and by time as far as the listing is honest about it. A download
/// goes to a part file beside its target ([`PartName`](ftp_proto::tree::PartName)), which is
/// renamed when the verdict is good and resumed the next time otherwise. No link is followed, on
/// either side, unless [asked](MirrorOptions::follow_links).
///
/// Each session runs on a thread of its own. A session is opened when there is work for it. If it
/// cannot be opened, for instance because the server allows no more, the others do its work. The
/// first one, and one in place of a session that was lost, are tried again by a
/// [policy](Self::retry).
///
/// ```
/// use ftp_blocking::{Client, Mirror};
/// use ftp_blocking::proto::tree::MirrorOptions;
/// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
/// # let files = Files::new().file("/pub/a/b.txt", "hello").file("/pub/c.txt", "");
/// # let server = Loopback::start(ServerConfig::new(), files)?;
/// # let host = server.address().to_string();
/// # let downloads = std::env::temp_dir().join(format!("mirror-{}", std::process::id()));
///
/// let mirror = Mirror::new("pub", &downloads, MirrorOptions::down()).sessions(4);
/// let mirrored = mirror.run(|| {
///     let mut ftp = Client::connect(&host)?;
///     ftp.login_anonymous()?;
///     Ok(ftp)
/// })?;
/// assert_eq!((mirrored.copied, mirrored.bytes), (2, 5));
/// assert!(mirrored.failed.is_empty() && mirrored.skipped.is_empty());
/// assert_eq!(std::fs::read(downloads.join("a/b.txt"))?, b"hello");
/// # std::fs::remove_dir_all(downloads)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a mirror does nothing until it is run"]
#[derive(Debug)]
pub struct Mirror<'a>(MirrorSetup<'a>);

/// A setup that another program or driver can use as well.
impl<'a> From<MirrorSetup<'a>> for Mirror<'a> {
    fn from(setup: MirrorSetup<'a>) -> Self {
        Self(setup)
    }
}

impl<'a> Mirror<'a> {
    /// Between the directory `remote` of the server and the directory `local`. The way is that of
    /// the options. The target is made if it does not exist.
    pub fn new(remote: impl AsRef<[u8]>, local: impl AsRef<Path>, options: MirrorOptions) -> Self {
        Self(MirrorSetup::new(remote, local, options))
    }

    /// Uses at most so many sessions at the same time, each on a thread of its own: from 1, which is
    /// the default, to [`SESSIONS_MAX`](MirrorSetup::SESSIONS_MAX).
    pub fn sessions(self, count: usize) -> Self {
        Self(self.0.sessions(count))
    }

    /// How often and how soon a session is made anew that was lost, and the first one is made; by
    /// default as [`Retry::default`] has it. Pauses are slept, and told to the report. A download
    /// that went on with its part by 1 KiB counts anew. What happens again, such as a refused login
    /// or certificate, is not tried again.
    pub fn retry(self, policy: Retry) -> Self {
        Self(self.0.retry(policy))
    }

    /// Changes nothing: the report gets the steps. What a directory that is to be made would hold
    /// is shown, too.
    pub fn dry_run(self) -> Self {
        Self(self.0.dry_run())
    }

    /// Reports what happens. [`ControlFlow::Break`] ends the mirror: no other step begins, and a
    /// file under way is left as a part.
    pub fn progress(
        self,
        report: impl FnMut(MirrorEvent<'_>) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        Self(self.0.progress(report))
    }

    /// Runs it. `connect` makes a session that is logged in. It need not try again by itself.
    ///
    /// # Errors
    /// No session could be opened, or the local directory cannot be opened. What fails later is in
    /// [`Mirrored::failed`].
    pub fn run<T, F>(self, connect: F) -> Result<Mirrored>
    where
        T: Transport,
        F: Fn() -> Result<Client<T>> + Sync,
    {
        self.with(connect, MirrorSetup::start)
    }

    /// Yields the steps, and changes nothing.
    ///
    /// # Errors
    /// As [`run`](Self::run), and the first failure to read a directory.
    pub fn plan<T, F>(self, connect: F) -> Result<Vec<Step>>
    where
        T: Transport,
        F: Fn() -> Result<Client<T>> + Sync,
    {
        let steps = Mutex::new(Vec::new());
        let mut mirrored = self
            .dry_run()
            .progress(|event| {
                if let MirrorEvent::Step(step) = event {
                    shared::lock(&steps).push(step.clone());
                }
                ControlFlow::Continue(())
            })
            .run(connect)?;
        match mirrored.failed.pop() {
            Some((_, error)) => Err(error),
            None => Ok(shared::lock(&steps).drain(..).collect()),
        }
    }

    /// Performs steps that a mirror [planned](Self::plan), or a share of them.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn perform<T, F>(
        self,
        steps: impl IntoIterator<Item = Step>,
        connect: F,
    ) -> Result<Mirrored>
    where
        T: Transport,
        F: Fn() -> Result<Client<T>> + Sync,
    {
        self.with(connect, |setup| setup.perform(steps))
    }

    fn with<T, F>(
        self,
        connect: F,
        start: impl FnOnce(MirrorSetup<'a>) -> Result<Mirroring<'a>>,
    ) -> Result<Mirrored>
    where
        T: Transport,
        F: Fn() -> Result<Client<T>> + Sync,
    {
        let sessions = self.0.sessions_max();
        let shared = Shared::new(start(self.0)?);
        let worker = || Worker::new(&shared, &connect).run();
        thread::scope(|scope| {
            for _ in 1..sessions {
                scope.spawn(worker);
            }
            worker();
        });
        shared.into_result()
    }
}
