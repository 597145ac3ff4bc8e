//! A mirror: makes one tree like another.

use alloc::vec::Vec;

use super::compare::{Comparison, compare, zone};
use super::object::{Listing, Object};
use super::options::{MirrorOptions, Way};
use super::path::TreePath;
use super::plan::{Decision, Question, plan, transfer_step};
use super::step::{Step, StepKind, Why};
use super::unread::Unread;
use super::walk::{Check, Place, Walk};
use crate::listing::{Kind, SafeFor, SafeName};
use crate::timestamp::Timestamp;

/// What a [`Mirror`] wants done next.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Task {
    /// Read this directory on both sides, and answer with [`Mirror::read`].
    Read(Place),
    /// Ask the server for the time of this file with MDTM, and answer with [`Mirror::told`].
    AskTime(Question),
    /// Perform this step, or in a dry run only show it, and answer with [`Mirror::performed`].
    Perform(Step),
}

/// Makes a tree like another one.
///
/// It yields [`Task`]s: directories to read, times to ask for, and steps to perform. Several tasks
/// may be under way at the same time, on as many sessions. A directory is made before anything in
/// it is copied. Each step is independent of the others otherwise.
///
/// See [the module](super) for an example.
#[derive(Debug)]
pub struct Mirror {
    options: MirrorOptions,
    walk: Walk,
    /// The next one last.
    tasks: Vec<Task>,
    /// Directories that are being made.
    making: Vec<Place>,
    outstanding: usize,
    /// How far the server's clock is ahead of UTC in seconds, as MDTM has shown: in winter and in
    /// summer, for instance.
    zones: Vec<i64>,
    planned_bytes: u64,
}

impl Mirror {
    /// A mirror that decides like this.
    #[must_use]
    pub fn new(options: MirrorOptions) -> Self {
        let walk = Walk::without_places(options.limits);
        let root = Place::root(TreePath::root(), Check::Tell);
        Self {
            walk: match options.follow_links {
                true => walk.follow_links(),
                false => walk,
            },
            options,
            tasks: [Task::Read(root)].into(),
            making: Vec::new(),
            outstanding: 0,
            zones: Vec::new(),
            planned_bytes: 0,
        }
    }

    /// A mirror that performs these steps and no other: those of a plan, or a share of them. They
    /// are independent of each other, if who performs them makes missing directories.
    ///
    /// A step of the local disk whose names are not
    /// [safe](MirrorOptions::names_safe_for) is skipped: another system may have planned it.
    #[must_use]
    pub fn of_steps(options: MirrorOptions, steps: impl IntoIterator<Item = Step>) -> Self {
        let mut mirror = Self::new(options);
        mirror.tasks.clear();
        for step in steps {
            match is_safe(&step, &mirror.options) {
                true => mirror.push(Task::Perform(step)),
                false => mirror.skip(step.path().clone(), Why::UnsafeName),
            }
        }
        mirror.tasks.reverse();
        mirror
    }

    /// How it decides.
    pub const fn options(&self) -> &MirrorOptions {
        &self.options
    }

    /// The next task. `None` at the end, and while only tasks under way can bring more; see
    /// [`is_over`](Self::is_over).
    pub fn next_task(&mut self) -> Option<Task> {
        let task = self.tasks.pop()?;
        self.outstanding = self.outstanding.saturating_add(1);
        Some(task)
    }

    /// Takes a task back that could not be tried, for instance because its session did not open.
    pub fn give_back(&mut self, task: Task) {
        self.finish();
        self.tasks.push(task);
    }

    /// How many bytes the files have that are copied, those done included, as far as directories
    /// are read and sizes are known.
    #[must_use]
    pub const fn planned_bytes(&self) -> u64 {
        self.planned_bytes
    }

    /// Whether everything is done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.tasks.is_empty() && self.outstanding == 0
    }

    /// Takes the listings of a directory on both sides.
    ///
    /// If the source was not read, nothing is done there. If the target was not read, the directory
    /// is left alone as well: an unread target is not an empty one. For a
    /// [new](Place::is_new) place the target is an empty complete listing.
    pub fn read(
        &mut self,
        place: &Place,
        source: Result<Listing, Unread>,
        target: Result<Listing, Unread>,
    ) {
        self.finish();
        match (source, target) {
            (Ok(source), Ok(target)) => self.plan(place, &source, &target),
            (Err(Unread::Refused), _) if place.may_be_file() => self.follow_file(place),
            (Err(unread), _) | (_, Err(unread)) => self.skip(place.path().clone(), unread.why()),
        }
    }

    /// Takes the time of a file: `None` if the server does not tell it.
    ///
    /// The difference to the time of the listing shows the zone of the server. Files whose times are
    /// the same in that zone, to the minute, are not asked about any more.
    pub fn told(&mut self, question: &Question, time: Option<Timestamp>) {
        self.finish();
        self.learn_zone(question, time);
        let Question {
            path,
            source,
            target,
        } = question.clone();
        // The server's side is the one with the doubtful time.
        let (source, target) = match (self.options.way, time) {
            (Way::Down, Some(time)) => (source.with_modified(time), target),
            (Way::Up, Some(time)) => (source, target.with_modified(time)),
            (_, None) => (source, target),
        };
        if compare(&source, &target, self.options.way) != Comparison::Same {
            let kind = match self.options.way {
                Way::Down => StepKind::Fetch,
                Way::Up => StepKind::Send,
            };
            self.push(Task::Perform(transfer_step(kind, path, &source)));
        }
    }

    fn learn_zone(&mut self, question: &Question, time: Option<Timestamp>) {
        let listed = question.listed(self.options.way);
        let ahead = time
            .zip(listed)
            .and_then(|(told, listed)| zone(&listed, &told));
        let Some(ahead) = ahead.filter(|ahead| !self.zones.contains(ahead)) else {
            return;
        };
        self.zones.push(ahead);
        let (zones, way) = (&self.zones, self.options.way);
        self.tasks.retain(|task| match task {
            Task::AskTime(question) => !question.is_answered(zones, way),
            _ => true,
        });
    }

    /// Takes the outcome of a step: whether it was done. A directory that was not made is not
    /// entered.
    pub fn performed(&mut self, step: &Step, done: bool) {
        self.finish();
        if step.kind() != StepKind::Make {
            return;
        }
        // The latest is tried first: a server lists any number of directories.
        let made = self.making.iter().rposition(|it| it.path() == step.path());
        if let Some(place) = made.map(|at| self.making.swap_remove(at)) {
            if done {
                self.push(Task::Read(place));
            }
        }
    }

    fn plan(&mut self, place: &Place, source: &Listing, target: &Listing) {
        // The server's listing tells what is known of its directories.
        let remote = match self.options.way {
            Way::Down => source,
            Way::Up => target,
        };
        let mut within = self.walk.enter(place, remote);
        if self.options.way == Way::Up {
            within.add_above(source.unique());
        }
        let fits = source.objects().iter().all(|it| self.walk.count(place, it));
        if !fits {
            return self.skip(place.path().clone(), Why::Limit);
        }
        let mut decisions = plan(place.path(), source, target, &self.options);
        // The last task pushed comes first.
        decisions.reverse();
        for decision in decisions {
            match decision {
                Decision::Step(step) => self.push(Task::Perform(step)),
                Decision::Ask(question) if question.is_answered(&self.zones, self.options.way) => {}
                Decision::Ask(question) => self.push(Task::AskTime(question)),
                Decision::Enter(object, there) => {
                    self.enter(&within, &object, there.as_ref(), remote.tells_links());
                }
            }
        }
    }

    /// A directory of the source, or what may be one.
    fn enter(
        &mut self,
        within: &Place,
        object: &Object,
        there: Option<&Object>,
        tells_links: bool,
    ) {
        // Upwards, what the server has in its place has to be known, and not the local directory.
        let known = match (self.options.way, there) {
            (Way::Up, Some(there)) => there,
            _ => object,
        };
        let is_new = there.is_none();
        let is_again = object.unique().is_some_and(|it| within.has_above(it));
        let tells_links = tells_links || (self.options.way == Way::Up && is_new);
        let child = match is_again {
            true => Err(Why::Again),
            false => self.walk.child(within, known, tells_links),
        };
        match child {
            Err(why) => {
                let name = object.name();
                let path = within.path().join(name.as_bytes());
                self.skip(path.unwrap_or_else(|| within.path().clone()), why);
            }
            Ok(mut place) => {
                place.is_new = is_new;
                place.add_above(object.unique());
                // What the source is, whatever the target has.
                place.or_file = Some(object.clone()).filter(|it| it.kind() != Kind::Directory);
                // A directory is made only when it is certain that it is one.
                match is_new && !place.may_be_file() {
                    true => self.make(place),
                    false => self.push(Task::Read(place)),
                }
            }
        }
    }

    fn make(&mut self, place: Place) {
        let step = Step::new(StepKind::Make, place.path().clone());
        self.making.push(place);
        self.push(Task::Perform(step));
    }

    /// What was followed is a file.
    fn follow_file(&mut self, place: &Place) {
        let Some(object) = &place.or_file else {
            return;
        };
        let kind = match self.options.way {
            Way::Down => StepKind::Fetch,
            Way::Up => StepKind::Send,
        };
        // The size and time of a link are its own.
        let step = match object.kind() {
            Kind::Symlink => Step::new(kind, place.path().clone()),
            _ => transfer_step(kind, place.path().clone(), object),
        };
        self.push(Task::Perform(step));
    }

    fn skip(&mut self, path: TreePath, why: Why) {
        self.push(Task::Perform(Step::new(StepKind::Skip(why), path)));
    }

    fn push(&mut self, task: Task) {
        if let Task::Perform(step) = &task {
            let bytes = step.copied_bytes();
            self.planned_bytes = self.planned_bytes.saturating_add(bytes);
        }
        self.tasks.push(task);
    }

    fn finish(&mut self) {
        self.outstanding = self.outstanding.saturating_sub(1);
    }
}

/// Whether a step of the local disk stays in its tree. What is there already has a name of this
/// system, which Unix lets be anything.
fn is_safe(step: &Step, options: &MirrorOptions) -> bool {
    let systems = match step.kind() {
        _ if options.way == Way::Up => return true,
        StepKind::Make | StepKind::Fetch | StepKind::Resume => options.names,
        StepKind::Remove | StepKind::RemoveAll | StepKind::SetTime if !cfg!(unix) => {
            SafeFor::ThisSystem
        }
        _ => return true,
    };
    let mut names = step.path().components();
    names.all(|name| SafeName::new(name, systems).is_some())
}
