//! A thread of a mirror, with its session.

use std::io::{self, Read as _, Write as _};

use ftp_proto::driver::{Error, LocalTree, Result, listing_options};
use ftp_proto::operation::{
    AbsolutePath, Exchange, MakeDirectories, ReadDirectory, RemoveTree, Retrieve, SetModified,
};
use ftp_proto::tree::{
    Listing, Place, Question, Step, StepKind, Task, TreeLimits, TreePath, Unread, Way, Why,
};
use ftp_proto::{After, Argument, ErrorKind, State};

use super::Event;
use super::shared::{Shared, left};
use crate::client::Client;
use crate::download::BLOCK_BYTES;
use crate::transport::Transport;

/// A directory of one side, or why it was not read.
type Read = std::result::Result<Listing, Unread>;

pub(super) struct Worker<'a, 'r, T: Transport, F> {
    shared: &'a Shared<'r>,
    connect: &'a F,
    remote: &'a [u8],
    local: Option<&'a LocalTree>,
    client: Option<Client<T>>,
    base: Vec<u8>,
    /// Whether the server sets times, as far as is known.
    sets_times: bool,
}

impl<'a, 'r, T: Transport, F: Fn() -> Result<Client<T>>> Worker<'a, 'r, T, F> {
    pub(super) fn new(
        shared: &'a Shared<'r>,
        connect: &'a F,
        remote: &'a [u8],
        local: Option<&'a LocalTree>,
    ) -> Self {
        Self {
            shared,
            connect,
            remote,
            local,
            client: None,
            base: Vec::new(),
            sets_times: true,
        }
    }

    pub(super) fn run(mut self) {
        while let Some(task) = self.shared.next_task() {
            if self.needs_session(&task) {
                if let Err(error) = self.open() {
                    return self.shared.give_back(task, error);
                }
            }
            match task {
                Task::Read(place) => self.read(&place),
                Task::AskTime(question) => self.ask_time(&question),
                Task::Perform(step) => self.perform(&step),
                _ => {}
            }
        }
        if let Some(client) = self.client.take() {
            // Everything is done: an error of the farewell changes nothing.
            let _ = client.quit();
        }
    }

    fn needs_session(&self, task: &Task) -> bool {
        match task {
            Task::Perform(step) => !self.shared.is_dry && !is_local(step, self.shared.way),
            _ => true,
        }
    }

    /// Opens a session, if there is none that works.
    fn open(&mut self) -> Result<()> {
        let is_open = self
            .client
            .as_ref()
            .is_some_and(|client| !matches!(client.state(), State::Dead(_)));
        if is_open {
            return Ok(());
        }
        let mut client = (self.connect)()?;
        self.base = match self.shared.base() {
            Some(base) => base,
            None => client.run(AbsolutePath::new(self.remote))?.into_bytes(),
        };
        self.shared.set_base(&self.base);
        self.client = Some(client);
        Ok(())
    }

    /// Runs something on the session, and once more on another one if the session ends by it.
    fn on_session<O>(&mut self, mut act: impl FnMut(&mut Self) -> Result<O>) -> Result<O> {
        self.open()?;
        match act(self) {
            Err(error) if error.is_fatal() => {
                self.client = None;
                self.open()?;
                act(self)
            }
            outcome => outcome,
        }
    }

    fn client(&mut self) -> Result<&mut Client<T>> {
        self.client.as_mut().ok_or(Error::Spent)
    }

    fn argument(&self, path: &TreePath) -> Result<Argument> {
        Ok(Argument::new(path.below(&self.base))?)
    }

    // -- reading ----------------------------------------------------------------------------------

    fn read(&mut self, place: &Place) {
        let local = self.read_local(place);
        let remote = self.read_remote(place);
        let (source, target) = match self.shared.way {
            Way::Down => (remote, local),
            Way::Up => (local, remote),
        };
        self.shared.answer(|plan| plan.read(place, source, target));
    }

    fn read_local(&self, place: &Place) -> Read {
        let (Some(local), false) = (self.local, place.is_new() && self.shared.way == Way::Down)
        else {
            return Ok(Listing::complete([]));
        };
        match local.read(place.path()) {
            Ok(listing) => Ok(listing),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(Unread::Refused),
            Err(error) => {
                self.note(place, Error::Local(error, After::Usable));
                Err(Unread::Failed)
            }
        }
    }

    fn read_remote(&mut self, place: &Place) -> Read {
        if place.is_new() && self.shared.way == Way::Up {
            return Ok(Listing::complete([]));
        }
        let outcome = self.on_session(|worker| {
            let read = ReadDirectory::new(place, &worker.base, listing_options())?;
            worker.client()?.receive(read)
        });
        match outcome {
            Ok(listing) => listing,
            Err(error) => {
                let unread = error.session().map_or(Unread::Failed, Unread::of);
                if self.is_missing_target(place, unread) {
                    return self.make_target();
                }
                if !(unread == Unread::Refused && place.may_be_file()) {
                    self.note(place, error);
                }
                Err(unread)
            }
        }
    }

    /// The root of an upload that does not exist yet.
    fn is_missing_target(&self, place: &Place, unread: Unread) -> bool {
        self.shared.way == Way::Up && place.path().is_root() && unread == Unread::Refused
    }

    fn make_target(&mut self) -> Read {
        if !self.shared.is_dry {
            if let Err(error) = self.make(&TreePath::root()) {
                let step = Step::new(StepKind::Make, TreePath::root());
                self.shared.fail(step, error);
                return Err(Unread::Failed);
            }
        }
        Ok(Listing::complete([]))
    }

    fn note(&self, place: &Place, error: Error) {
        let step = Step::new(StepKind::Skip(Why::Failed), place.path().clone());
        self.shared.fail(step, error);
    }

    fn ask_time(&mut self, question: &Question) {
        let asked = self.on_session(|worker| {
            let path = worker.argument(question.path())?;
            worker.client()?.run(Exchange::modified(path))
        });
        self.shared.answer(|plan| plan.told(question, asked.ok()));
    }

    // -- performing -------------------------------------------------------------------------------

    fn perform(&mut self, step: &Step) {
        if !self.shared.report(Event::Step(step)) {
            return;
        }
        let outcome = match self.shared.is_dry {
            true => Ok(()),
            false => self.try_step(step),
        };
        self.shared.finish(step, outcome);
    }

    fn try_step(&mut self, step: &Step) -> Result<()> {
        match (step.kind(), self.shared.way) {
            (StepKind::Make, Way::Down) => self.locally(|local| local.make(step.path())),
            (StepKind::Make, Way::Up) => self.make(step.path()),
            (StepKind::Fetch | StepKind::Resume, _) => self.on_session(|it| it.fetch(step)),
            (StepKind::Send, _) => self.on_session(|it| it.send(step)),
            (StepKind::Remove, Way::Down) => self.locally(|local| local.remove(step.path())),
            (StepKind::RemoveAll, Way::Down) => self.locally(|local| local.remove_all(step.path())),
            // A reply that was lost may have confirmed it, so these are not repeated.
            (StepKind::Remove, Way::Up) => {
                let removed = self.remove(step.path());
                self.or_missing(step.path(), removed)
            }
            (StepKind::RemoveAll, Way::Up) => {
                let removed = self.remove_all(step.path());
                self.or_missing(step.path(), removed)
            }
            (StepKind::SetTime, Way::Down) => self.locally(|local| match step.modified() {
                Some(time) => local.set_modified(step.path(), time),
                None => Ok(()),
            }),
            (StepKind::SetTime, Way::Up) => self.on_session(|it| it.set_time(step)),
            _ => Ok(()),
        }
    }

    fn locally(&self, act: impl FnOnce(&LocalTree) -> io::Result<()>) -> Result<()> {
        self.local
            .map_or(Ok(()), act)
            .map_err(|error| Error::Local(error, After::Usable))
    }

    fn make(&mut self, path: &TreePath) -> Result<()> {
        self.on_session(|worker| {
            let path = worker.argument(path)?;
            worker.client()?.run(MakeDirectories::new(path))
        })
    }

    fn remove(&mut self, path: &TreePath) -> Result<()> {
        let path = self.argument(path)?;
        self.client()?.run(Exchange::delete(path))
    }

    /// What is gone need not be removed: a step may be performed twice.
    fn or_missing(&mut self, path: &TreePath, removed: Result<()>) -> Result<()> {
        match removed {
            Err(error) if error.is_permanent() => {
                let path = self.argument(path)?;
                match self.client()?.exists(path.as_bytes())? {
                    true => Err(error),
                    false => Ok(()),
                }
            }
            outcome => outcome,
        }
    }

    fn remove_all(&mut self, path: &TreePath) -> Result<()> {
        let path = self.argument(path)?;
        let limits = TreeLimits::default();
        let remove = RemoveTree::new(path.as_bytes(), limits, listing_options())?;
        let spared = self.client()?.receive(remove)?;
        left(&spared).map_or(Ok(()), Err)
    }

    fn fetch(&mut self, step: &Step) -> Result<()> {
        let (Some(local), shared) = (self.local, self.shared) else {
            return Ok(());
        };
        let local_error = |error| Error::Local(error, After::Usable);
        let path = self.argument(step.path())?;
        let mut part = local.begin(step).map_err(local_error)?;
        let retrieve = match part.offset() {
            0 => Retrieve::new(path),
            offset => Retrieve::new(path).resume_at(offset),
        };
        let mut bytes = part.offset();
        let mut download = self.client()?.download(retrieve)?;
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            // A failed read is told by the verdict.
            let count = download.read(&mut block).unwrap_or(0);
            if count == 0 {
                break;
            }
            let received = block.get(..count).unwrap_or_default();
            part.file_mut().write_all(received).map_err(local_error)?;
            bytes += count as u64;
            shared.moved(count as u64);
            if !shared.report(Event::Bytes { step, bytes }) {
                return download.abort().map(drop);
            }
        }
        download.finish()?;
        if part.offset() > 0 && step.size() != Some(bytes) {
            part.discard().map_err(local_error)?;
            let changed = io::Error::other("the file changed since it was listed");
            return Err(local_error(changed));
        }
        part.finish().map_err(local_error)
    }

    fn send(&mut self, step: &Step) -> Result<()> {
        match self.store(step) {
            // Its directory may be missing, if another one performs the step that makes it.
            Err(error) if error.is_permanent() && !step.path().is_root() => {
                if let Some(above) = step.path().parent() {
                    self.make(&above)?;
                }
                self.store(step)?;
            }
            outcome => outcome?,
        }
        self.set_time(step)
    }

    fn store(&mut self, step: &Step) -> Result<()> {
        let (Some(local), shared) = (self.local, self.shared) else {
            return Ok(());
        };
        let local_error = |error| Error::Local(error, After::Usable);
        let path = self.argument(step.path())?;
        let mut file = local.file(step.path()).map_err(local_error)?;
        let mut upload = self.client()?.store(path.as_bytes())?;
        let (mut block, mut bytes) = (vec![0; BLOCK_BYTES], 0);
        loop {
            let count = match file.read(&mut block) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => {
                    let _ = upload.abort();
                    return Err(local_error(error));
                }
            };
            if upload
                .write_all(block.get(..count).unwrap_or_default())
                .is_err()
            {
                // The verdict says why.
                break;
            }
            bytes += count as u64;
            shared.moved(count as u64);
            if !shared.report(Event::Bytes { step, bytes }) {
                return upload.abort().map(drop);
            }
        }
        upload.finish().map(drop)
    }

    /// Sets the time of a file of the server. Not every server can.
    fn set_time(&mut self, step: &Step) -> Result<()> {
        let Some(time) = step.modified().filter(|_| self.sets_times) else {
            return Ok(());
        };
        let path = self.argument(step.path())?;
        match self.client()?.run(SetModified::new(path, time)) {
            Err(error) if matches!(error.kind(), Some(ErrorKind::Refused(_))) => {
                self.sets_times = false;
                Ok(())
            }
            outcome => outcome,
        }
    }
}

/// Whether a step needs no session.
const fn is_local(step: &Step, way: Way) -> bool {
    match step.kind() {
        StepKind::Skip(_) => true,
        StepKind::Fetch | StepKind::Resume | StepKind::Send => false,
        _ => matches!(way, Way::Down),
    }
}
