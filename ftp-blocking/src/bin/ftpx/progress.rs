//! Progress: a bar on a terminal, nothing between the lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressFinish, ProgressStyle, WeakProgressBar};

use crate::arguments::Options;

const TEMPLATE: &str = "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left";
const WITHOUT_SIZE: &str = "{msg} {spinner} {bytes} {binary_bytes_per_sec}";

/// The bar is drawn so often while nothing moves, because the rate and the time left change.
const TICK: Duration = Duration::from_millis(250);

/// The bar on the terminal, for lines of those who know nothing of it.
static SHOWN: Mutex<Option<WeakProgressBar>> = Mutex::new(None);

/// Shown on standard error, so that standard output can be a file.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_quiet: bool,
}

impl Progress {
    pub(crate) fn new(options: &Options, name: &str, size: Option<u64>) -> Self {
        let shows = !options.quiet && std::io::stderr().is_terminal();
        let bar = shows.then(|| {
            // An error is told below the bar, which is over then.
            let bar = ProgressBar::no_length().with_finish(ProgressFinish::AndClear);
            bar.set_style(style(WITHOUT_SIZE));
            bar.enable_steady_tick(TICK);
            let bar = bar.with_message(name.to_owned());
            *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.downgrade());
            bar
        });
        let progress = Self {
            bar,
            is_quiet: options.quiet,
        };
        if let Some(size) = size {
            progress.of(size);
        }
        progress
    }

    pub(crate) const fn is_shown(&self) -> bool {
        self.bar.is_some()
    }

    /// Sets how many bytes there are in all.
    pub(crate) fn of(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            if bar.length().is_none() {
                bar.set_style(style(TEMPLATE));
            }
            bar.set_length(bytes);
        }
    }

    /// Goes on behind what is there already, which did not come at any rate.
    pub(crate) fn from(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            // The rate notices a position only while nothing else draws.
            bar.disable_steady_tick();
            bar.set_position(bytes);
            bar.tick();
            bar.reset_eta();
            bar.enable_steady_tick(TICK);
        }
    }

    /// More bytes of a file that an earlier run began, most of them there already.
    pub(crate) fn resume(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            self.from(bar.position().saturating_add(bytes));
        }
    }

    pub(crate) fn at(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
        }
    }

    pub(crate) fn add(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    /// A line above the bar, or a plain one.
    pub(crate) fn line(&self, text: &str) {
        if !self.is_quiet {
            write_line(self.bar.as_ref(), text);
        }
    }

    /// A line that is no progress.
    pub(crate) fn error(&self, text: &str) {
        let text = format!("ftpx: {text}");
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    pub(crate) fn done(&self, name: &str, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if !self.is_quiet {
            eprintln!("{name}: {bytes} bytes ({})", HumanBytes(bytes));
        }
    }
}

/// A line above the bar of whoever shows one, or a plain one.
pub(crate) fn note(text: &str) {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let bar = shown.as_ref().and_then(WeakProgressBar::upgrade);
    write_line(bar.filter(|bar| !bar.is_finished()).as_ref(), text);
}

fn write_line(bar: Option<&ProgressBar>, text: &str) {
    match bar {
        Some(bar) => bar.println(text),
        // In one piece, because other processes may write to the same place.
        None => {
            let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
