//! The table of interop cases: what a client has to do with every real server, in every data mode.
//!
//! A client is put to the test by implementing [`Subject`] and calling [`main`] in a test target
//! without a harness of its own. Each case is a test named `server::family::mode::case`. A server
//! that this machine cannot run shows as ignored, with the reason; where servers are
//! [required](crate::servers::required), as failed.
//!
//! What a server cannot do is marked with the reason, in one table (`cases/marks.md`). A marked
//! case is run all the same.
//!
//! Every case works in a directory of its own on a server that all cases share, and leaves a
//! session that is usable, unless it is about the end of a session.

mod aborts;
mod bench;
mod directories;
mod downloads;
mod files;
mod gigabyte;
mod harness;
mod haste;
mod listings;
mod marks;
mod modes;
mod sessions;
mod uploads;

use std::fmt;
use std::time::Duration;

use ftp_proto::trace::Record;
use ftp_proto::{Config, DataMode, Leniency, Verb};

use crate::servers::{Family, Kind};
use crate::subject::Subject;
pub use bench::{Bench, Complaint, Outcome};
pub use harness::main;

/// One of the four ways to open a data connection, each for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// EPSV
    ExtendedPassive,
    /// PASV
    Passive,
    /// EPRT
    ExtendedActive,
    /// PORT
    Active,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::ExtendedPassive,
        Self::Passive,
        Self::ExtendedActive,
        Self::Active,
    ];

    /// The command that announces the data connection.
    #[must_use]
    pub const fn verb(self) -> Verb {
        match self {
            Self::ExtendedPassive => Verb::Epsv,
            Self::Passive => Verb::Pasv,
            Self::ExtendedActive => Verb::Eprt,
            Self::Active => Verb::Port,
        }
    }

    /// Whether the mode can name an address of this family (RFC 2428).
    #[must_use]
    pub fn fits(self, family: Family) -> bool {
        family == Family::V4 || matches!(self, Self::ExtendedPassive | Self::ExtendedActive)
    }

    const fn is_active(self) -> bool {
        matches!(self, Self::ExtendedActive | Self::Active)
    }

    const fn data_mode(self) -> DataMode {
        match self {
            Self::ExtendedPassive => DataMode::ExtendedPassive,
            Self::Passive => DataMode::Passive,
            Self::ExtendedActive => DataMode::ExtendedActive,
            Self::Active => DataMode::Active,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.verb().as_str().to_ascii_lowercase())
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Case<S> {
    /// What the client does, as a part of the test's name.
    pub name: &'static str,
    /// Does it, with a session that has been greeted and nothing more.
    check: fn(&Bench<'_>, &mut S) -> Outcome,
    /// The servers that can do it.
    suits: fn(Kind) -> bool,
    /// Whether it goes with the mode and the family.
    combines: fn(Mode, Family) -> bool,
    configure: fn(&mut Config),
    /// What has to be seen in the trace.
    trace: fn(Kind, Mode, &[Record]) -> Outcome,
}

impl<S> Case<S> {
    const fn new(name: &'static str, check: fn(&Bench<'_>, &mut S) -> Outcome) -> Self {
        Self {
            name,
            check,
            suits: |_| true,
            combines: Mode::fits,
            configure: |_| {},
            trace: |_, _, _| Ok(()),
        }
    }

    const fn only_on(mut self, suits: fn(Kind) -> bool) -> Self {
        self.suits = suits;
        self
    }

    const fn only_over(mut self, combines: fn(Mode, Family) -> bool) -> Self {
        self.combines = combines;
        self
    }

    const fn traced(mut self, trace: fn(Kind, Mode, &[Record]) -> Outcome) -> Self {
        self.trace = trace;
        self
    }

    const fn configured(mut self, configure: fn(&mut Config)) -> Self {
        self.configure = configure;
        self
    }
}

/// All cases but the gigabyte, which has a process of its own.
#[must_use]
pub fn table<S: Subject>() -> Vec<Case<S>> {
    vec![
        Case::new("logs_in_as_user", sessions::logs_in_as_user),
        Case::new("logs_in_as_anonymous", sessions::logs_in_as_anonymous),
        Case::new(
            "survives_a_refused_login",
            sessions::survives_a_refused_login,
        ),
        Case::new("quits", sessions::quits),
        Case::new("lists", listings::lists),
        Case::new("lists_names", listings::lists_names),
        Case::new(
            "downloads_in_image_type",
            downloads::downloads_in_image_type,
        ),
        Case::new(
            "downloads_in_ascii_type",
            downloads::downloads_in_ascii_type,
        ),
        Case::new(
            "downloads_an_empty_file",
            downloads::downloads_an_empty_file,
        ),
        Case::new("resumes_a_download", downloads::resumes_a_download),
        Case::new(
            "takes_the_head_of_a_file",
            downloads::takes_the_head_of_a_file,
        ),
        Case::new(
            "survives_a_missing_file",
            downloads::survives_a_missing_file,
        ),
        Case::new("uploads_in_image_type", uploads::uploads_in_image_type),
        Case::new("uploads_in_ascii_type", uploads::uploads_in_ascii_type),
        Case::new("uploads_an_empty_file", uploads::uploads_an_empty_file),
        Case::new("resumes_an_upload", uploads::resumes_an_upload),
        Case::new("appends", uploads::appends),
        Case::new("renames", files::renames),
        Case::new("deletes", files::deletes),
        Case::new("tells_the_size", files::tells_the_size),
        Case::new(
            "tells_the_modification_time",
            files::tells_the_modification_time,
        ),
        Case::new(
            "makes_and_removes_a_directory",
            directories::makes_and_removes,
        ),
        Case::new(
            "works_in_a_directory_with_a_space_and_unicode",
            directories::space_and_unicode,
        ),
        Case::new(
            "works_in_a_directory_that_is_no_utf8",
            directories::not_utf8,
        ),
        Case::new("works_in_a_directory_with_quotes", directories::quotes)
            .only_on(|kind| !undoubled(kind)),
        Case::new(
            "reads_a_quote_that_is_not_doubled",
            directories::undoubled_quotes_by_default,
        )
        .only_on(undoubled),
        Case::new(
            "works_in_a_directory_with_undoubled_quotes",
            directories::undoubled_quotes,
        )
        .only_on(undoubled)
        .configured(|config| {
            config.lenient = config.lenient.with(Leniency::UndoubledQuotes);
        }),
        Case::new("aborts_a_download", aborts::aborts_a_download),
        Case::new("aborts_when_the_sink_fails", aborts::sink_fails),
        Case::new("aborts_when_the_source_fails", aborts::source_fails),
        Case::new("aborts_small_uploads", aborts::forgets_uploads)
            .only_on(|kind| kind == Kind::Pyftpdlib)
            .only_over(|mode, family| {
                let extended = [Mode::ExtendedPassive, Mode::ExtendedActive];
                family == Family::V4 && extended.contains(&mode)
            })
            .configured(|config| {
                // pyftpdlib answers ABOR, and never the transfer.
                config.timeouts.abort_grace = Duration::from_millis(20);
            }),
        Case::new("opens_eagerly", haste::opens_eagerly)
            .configured(|config| {
                config.eager = true;
                // The ftpd of npm takes all of it for one command, and waits for the next.
                config.timeouts.reply = Duration::from_secs(10);
            })
            .traced(haste::opened_in_one_flight),
        Case::new("looks_ahead", haste::looks_ahead)
            .only_over(|mode, family| mode.fits(family) && !mode.is_active())
            .configured(|config| {
                config.lookahead = true;
                // libunftp may leave a data connection without an end.
                config.timeouts.data_idle = Duration::from_secs(10);
                // The ftpd of npm takes what it reads at once for one command.
                config.timeouts.reply = Duration::from_secs(10);
            })
            .traced(haste::was_ahead),
        Case::new(
            "is_refused_before_anything_is_sent",
            modes::refused_before_anything_is_sent,
        )
        .only_over(|mode, family| !mode.fits(family)),
    ]
}

/// Whether the server writes a quote in a 257 as it is.
const fn undoubled(kind: Kind) -> bool {
    use Kind::{Aioftp, Inetutils, Libunftp, PureFtpd, Twisted};
    matches!(kind, Inetutils | PureFtpd | Aioftp | Twisted | Libunftp)
}
