//! Mirrors between the server and the local disk (feature `mirror`), on one or more sessions.

mod shared;
mod worker;

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use ftp_proto::After;
use ftp_proto::driver::{Error, LocalTree, Result};
use ftp_proto::tree::{self, MirrorOptions, Step, StepKind, Way};

use crate::client::Client;
use crate::transport::Transport;

use shared::Shared;
use worker::Worker;

type Report<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + Send + 'a;

/// Makes a local directory like one of the server, or the other way round.
///
/// Files are compared by size, and by time as far as the listing is honest about it. A download
/// goes to a part file beside its target ([`PartName`](ftp_proto::tree::PartName)), which is
/// renamed when the verdict is good and resumed the next time otherwise. No link is followed, on
/// either side, unless [asked](MirrorOptions::follow_links).
///
/// Each session runs on a thread of its own. A session is opened when there is work for it. If it
/// cannot be opened, for instance because the server allows no more, the others do its work. A
/// session that ends in the midst of a task is replaced once for that task.
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
pub struct Mirror<'a> {
    remote: Vec<u8>,
    local: PathBuf,
    options: MirrorOptions,
    sessions: usize,
    is_dry: bool,
    report: Box<Report<'a>>,
}

/// What a mirror reports while it runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The files that are copied have so many bytes, as far as directories are read and sizes are
    /// known. Those done are included. It grows while directories are read.
    Planned {
        /// How many.
        bytes: u64,
    },
    /// A step begins; in a dry run it would. A step that [skips](StepKind::Skip) says why.
    Step(&'a Step),
    /// A part of a file was copied.
    Bytes {
        /// The step that copies it.
        step: &'a Step,
        /// How many bytes of the file are there now.
        bytes: u64,
    },
    /// A step is done.
    Done(&'a Step),
    /// A step failed. For a directory that could not be read, the step is a
    /// [skip](StepKind::Skip) at its path.
    Failed(&'a Step, &'a Error),
}

/// What a mirror did, or after a dry run what it would do.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Mirrored {
    /// How many files were copied.
    pub copied: u64,
    /// How many bytes moved.
    pub bytes: u64,
    /// How many directories were made.
    pub made: u64,
    /// How many files and directories of the target were removed.
    pub removed: u64,
    /// What was left alone although it is not the same, and why.
    pub skipped: Vec<Step>,
    /// The steps that failed. For a directory that could not be read, the step is a
    /// [skip](StepKind::Skip) at its path.
    pub failed: Vec<(Step, Error)>,
    /// Whether the report asked for an end.
    pub is_stopped: bool,
}

impl<'a> Mirror<'a> {
    /// Between the directory `remote` of the server and the directory `local`. The way is that of
    /// the options. The target is made if it does not exist.
    pub fn new(remote: impl AsRef<[u8]>, local: impl AsRef<Path>, options: MirrorOptions) -> Self {
        Self {
            remote: remote.as_ref().into(),
            local: local.as_ref().into(),
            options,
            sessions: 1,
            is_dry: false,
            report: Box::new(|_| ControlFlow::Continue(())),
        }
    }

    /// Uses at most so many sessions at the same time, each on a thread of its own. The default is
    /// 1.
    pub const fn sessions(mut self, count: usize) -> Self {
        self.sessions = if count == 0 { 1 } else { count };
        self
    }

    /// Changes nothing: the report gets the steps. What a directory that is to be made would hold
    /// is shown, too.
    pub const fn dry_run(mut self) -> Self {
        self.is_dry = true;
        self
    }

    /// Reports what happens. [`ControlFlow::Break`] ends the mirror: no other step begins, and a
    /// file under way is left as a part.
    pub fn progress(
        mut self,
        report: impl FnMut(Event<'_>) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        self.report = Box::new(report);
        self
    }

    /// Runs it. `connect` makes a session that is logged in.
    ///
    /// # Errors
    /// No session could be opened, or the local directory cannot be opened. What fails later is in
    /// [`Mirrored::failed`].
    pub fn run<T, F>(self, connect: F) -> Result<Mirrored>
    where
        T: Transport,
        F: Fn() -> Result<Client<T>> + Sync,
    {
        self.with(connect, tree::Mirror::new)
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
                if let Event::Step(step) = event {
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
        self.with(connect, |options| tree::Mirror::of_steps(options, steps))
    }

    fn with<T, F>(
        self,
        connect: F,
        plan: impl FnOnce(MirrorOptions) -> tree::Mirror,
    ) -> Result<Mirrored>
    where
        T: Transport,
        F: Fn() -> Result<Client<T>> + Sync,
    {
        let local = self.open_local()?;
        let plan = plan(self.options);
        let shared = Shared::new(plan, self.is_dry, self.sessions, self.report);
        let worker = || Worker::new(&shared, &connect, &self.remote, local.as_ref()).run();
        thread::scope(|scope| {
            for _ in 1..self.sessions {
                scope.spawn(worker);
            }
            worker();
        });
        shared.into_result()
    }

    /// `None` if a dry run would make it.
    fn open_local(&self) -> Result<Option<LocalTree>> {
        let opened = match (self.options.way(), self.is_dry) {
            (Way::Down, true) if !self.local.exists() => return Ok(None),
            (Way::Down, false) => LocalTree::create(&self.local),
            (Way::Down | Way::Up, _) => LocalTree::open(&self.local),
        };
        let opened = opened.map_err(|error| Error::Local(error, After::Usable))?;
        Ok(Some(match self.options.follows_links() {
            true if self.options.way() == Way::Up => opened.follow_links(),
            _ => opened,
        }))
    }
}

impl Mirrored {
    fn count(&mut self, step: &Step) {
        match step.kind() {
            StepKind::Make => self.made += 1,
            StepKind::Fetch | StepKind::Resume | StepKind::Send => self.copied += 1,
            StepKind::Remove | StepKind::RemoveAll => self.removed += 1,
            StepKind::Skip(_) => self.skipped.push(step.clone()),
            _ => {}
        }
    }
}

impl fmt::Debug for Mirror<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror")
            .field("remote", &self.remote)
            .field("local", &self.local)
            .field("options", &self.options)
            .field("sessions", &self.sessions)
            .field("is_dry", &self.is_dry)
            .finish_non_exhaustive()
    }
}
