//! `mirror` and `perform`.

use std::ops::ControlFlow;
use std::path::Path;

use ftp_blocking::proto::listing::Kind;
use ftp_blocking::proto::tree::{MirrorOptions, StepKind, TreePath, Way, Why};
use ftp_blocking::{FtpUrl, Mirror, MirrorEvent, Mirrored};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::arguments::{self, Options};
use crate::connect::{Link, Origin, why};
use crate::exit::{Failure, Result, local};
use crate::interrupt;
use crate::plan;
use crate::progress::{Progress, note};

/// What an interrupted mirror leaves behind.
const LEFT: &str = "parts of files under way; run it again to go on";

pub(crate) fn mirror<T: Link>(origin: &Origin<'_, T>, given: &arguments::Mirror) -> Result<()> {
    let (way, url, directory) = ends(given)?;
    let options = match way {
        Way::Up => MirrorOptions::up(),
        _ => MirrorOptions::down(),
    };
    let options = if given.delete {
        options.delete()
    } else {
        options
    };
    let options = choosing(options, given)?;
    let sessions = origin.sessions(&url)?;
    let mirror = Mirror::new(url.path(), &directory, options)
        .sessions(jobs(origin, given.jobs))
        .retry(sessions.policy());
    if let Some(file) = &given.plan {
        let directory = std::path::absolute(&directory).map_err(local(&directory))?;
        let directory = directory.to_string_lossy();
        let mut lines = Vec::new();
        let quiet = origin.options.quiet;
        let mut mirrored = mirror
            .dry_run()
            .progress(|event| {
                match event {
                    MirrorEvent::Step(step) => lines.push(plan::write_step(step) + "\n"),
                    MirrorEvent::Waiting(waiting) if !quiet => note(&why(&waiting)),
                    _ => {}
                }
                ControlFlow::Continue(())
            })
            .run(|| sessions.connect_once())?;
        if let Some((_, error)) = mirrored.failed.pop() {
            return Err(error.into());
        }
        let heading = plan::write_heading(way, &url, &directory, lines.len());
        let text = heading + "\n" + &lines.concat();
        return std::fs::write(file, text).map_err(local(file.display()));
    }
    let progress = Progress::new(origin.options, "mirror", None);
    interrupt::leaving(LEFT.to_owned());
    let mirror = match given.dry_run {
        true => mirror.dry_run(),
        false => mirror,
    };
    let mirror = mirror.progress(reporting(&progress, given.dry_run));
    let mirrored = mirror.run(|| sessions.connect_once())?;
    conclude(origin.options, &progress, &mirrored)
}

pub(crate) fn perform<T: Link>(origin: &Origin<'_, T>, given: &arguments::Perform) -> Result<()> {
    let text = std::fs::read_to_string(&given.plan).map_err(local(given.plan.display()))?;
    let (heading, steps) = plan::read(&text, given.shard)?;
    let options = match heading.way {
        Way::Up => MirrorOptions::up(),
        _ => MirrorOptions::down(),
    };
    let sessions = origin.sessions(&heading.remote)?;
    let sizes = steps.iter().filter(|step| copies(step.kind()));
    let total = sizes
        .filter_map(|step| step.size())
        .fold(0, u64::saturating_add);
    let progress = Progress::new(origin.options, "perform", Some(total));
    interrupt::leaving(LEFT.to_owned());
    let mirrored = Mirror::new(heading.remote.path(), Path::new(&heading.local), options)
        .sessions(jobs(origin, given.jobs))
        .retry(sessions.policy())
        .progress(reporting(&progress, false))
        .perform(steps, || sessions.connect_once())?;
    conclude(origin.options, &progress, &mirrored)
}

const fn copies(kind: StepKind) -> bool {
    matches!(kind, StepKind::Fetch | StepKind::Resume | StepKind::Send)
}

/// A trace is of one session.
fn jobs<T>(origin: &Origin<'_, T>, asked: usize) -> usize {
    if origin.options.trace.is_some() {
        1
    } else {
        asked
    }
}

fn ends(given: &arguments::Mirror) -> Result<(Way, FtpUrl, String)> {
    let is_url = |text: &str| text.contains("://");
    let parse = |text: &str| {
        text.parse()
            .map_err(|error| Failure::Usage(format!("{error}")))
    };
    match (is_url(&given.source), is_url(&given.target)) {
        (true, false) => Ok((Way::Down, parse(&given.source)?, given.target.clone())),
        (false, true) => Ok((Way::Up, parse(&given.target)?, given.source.clone())),
        _ => Err(Failure::Usage(
            "one of source and target has to be a URL".to_owned(),
        )),
    }
}

/// Includes are for files alone: a directory that does not match may hold files that do.
fn choosing(options: MirrorOptions, given: &arguments::Mirror) -> Result<MirrorOptions> {
    let (include, exclude) = (globs(&given.include)?, globs(&given.exclude)?);
    if include.is_empty() && exclude.is_empty() {
        return Ok(options);
    }
    Ok(options.choose(move |path, kind| {
        let matches = |set: &GlobSet| set.is_match(as_path(path)) || set.is_match(as_name(path));
        let is_included = include.is_empty() || kind == Kind::Directory || matches(&include);
        is_included && !matches(&exclude)
    }))
}

fn as_path(path: &TreePath) -> String {
    String::from_utf8_lossy(path.as_bytes()).into_owned()
}

fn as_name(path: &TreePath) -> String {
    String::from_utf8_lossy(path.name()).into_owned()
}

fn globs(patterns: &[String]) -> Result<GlobSet> {
    let wrong = |error: globset::Error| Failure::Usage(error.to_string());
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(wrong)?);
    }
    set.build().map_err(wrong)
}

fn reporting(
    progress: &Progress,
    is_dry: bool,
) -> impl FnMut(MirrorEvent<'_>) -> ControlFlow<()> + Send + '_ {
    let mut before = std::collections::HashMap::new();
    move |event| {
        match event {
            MirrorEvent::Planned { bytes } if !is_dry => progress.of(bytes),
            MirrorEvent::Step(step) if is_dry || matches!(step.kind(), StepKind::Skip(_)) => {
                progress.line(&step.to_string());
            }
            MirrorEvent::Bytes { step, bytes } => match before.insert(step.path().clone(), bytes) {
                None if step.kind() == StepKind::Resume => progress.resume(bytes),
                last => progress.add(bytes.saturating_sub(last.unwrap_or(0))),
            },
            MirrorEvent::Done(step) => {
                before.remove(step.path());
                if !is_dry && !matches!(step.kind(), StepKind::Skip(_)) {
                    progress.line(&step.to_string());
                }
            }
            MirrorEvent::Waiting(waiting) => progress.line(&why(&waiting)),
            MirrorEvent::Failed(step, error) => progress.error(&format!("{step}: {error}")),
            _ => {}
        }
        match interrupt::is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

fn conclude(options: &Options, progress: &Progress, mirrored: &Mirrored) -> Result<()> {
    progress.done("moved", mirrored.bytes);
    if !options.quiet {
        eprintln!(
            "copied {}, made {}, removed {}, skipped {}, failed {}",
            mirrored.copied,
            mirrored.made,
            mirrored.removed,
            mirrored.skipped.len(),
            mirrored.failed.len()
        );
    }
    if mirrored.is_stopped {
        return Err(Failure::Interrupted);
    }
    let is_incomplete = |step: &ftp_blocking::proto::tree::Step| {
        matches!(
            step.kind(),
            StepKind::Skip(Why::Incomplete | Why::Limit | Why::Failed)
        )
    };
    match mirrored.failed.is_empty() && !mirrored.skipped.iter().any(is_incomplete) {
        true => Ok(()),
        false => Err(Failure::Partly("not everything is the same now".to_owned())),
    }
}
