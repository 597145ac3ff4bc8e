//! Progress: a bar on a terminal, nothing between the lines elsewhere.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::arguments::Options;

const TEMPLATE: &str = "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left";
const WITHOUT_SIZE: &str = "{msg} {spinner} {bytes} {binary_bytes_per_sec}";

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
            let template = size.map_or(WITHOUT_SIZE, |_| TEMPLATE);
            let style = ProgressStyle::with_template(template);
            let bar = ProgressBar::new(size.unwrap_or_default());
            if size.is_none() {
                bar.unset_length();
            }
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.with_message(name.to_owned())
        });
        Self {
            bar,
            is_quiet: options.quiet,
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
        match &self.bar {
            _ if self.is_quiet => {}
            Some(bar) => bar.println(text),
            // In one piece, because other processes may write to the same place.
            None => {
                let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
            }
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
