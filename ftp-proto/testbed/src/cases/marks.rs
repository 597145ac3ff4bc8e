//! Reads the table of what the servers cannot do, and judges the cases that it marks.

use ftp_proto::trace::Record;

use super::Mode;
use super::bench::{Complaint, Outcome};
use crate::servers::Kind;

const TABLE: &str = include_str!("marks.md");
const OVER: &str = "any case over ";
const AT_TIMES: &str = "at times: ";

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    server: &'static str,
    case: &'static str,
    shows: &'static str,
    /// Why the case fails.
    pub(super) reason: &'static str,
}

/// All rows.
fn all() -> impl Iterator<Item = Mark> {
    let rows = TABLE.lines().filter_map(|line| {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let mut cells = line.split(" | ");
        Some(Mark {
            server: cells.next()?,
            case: cells.next()?,
            shows: cells.next()?,
            reason: cells.next()?,
        })
    });
    // Behind the line with the titles.
    rows.skip(1)
}

/// The marks of a case on a server.
pub(super) fn of(server: Kind, case: &str, over: Mode) -> Vec<Mark> {
    let verb = over.verb();
    all()
        .filter(|mark| mark.server == server.name())
        .filter(|mark| mark.case == case || mark.case.strip_prefix(OVER) == Some(verb.as_str()))
        .collect()
}

/// The mark by which the case failed; the complaint if it failed otherwise, or did not fail as it
/// has to.
pub(super) fn judge(
    marks: &[Mark],
    outcome: Outcome,
    trace: &[Record],
) -> Result<Option<Mark>, Complaint> {
    match outcome {
        Ok(()) => match marks.iter().find(|mark| mark.must_show(trace)) {
            Some(mark) => Err(format!("a mark is stale: {}", mark.reason).into()),
            None => Ok(None),
        },
        Err(complaint) => {
            let said = complaint.to_string();
            let mark = marks.iter().find(|mark| said.contains(mark.shows));
            mark.copied().map(Some).ok_or(complaint)
        }
    }
}

/// Every row is about a server and a case that exist.
pub(super) fn are_about(cases: &[&str]) -> Outcome {
    let mut count = 0;
    for mark in all() {
        let known = Kind::ALL.iter().any(|kind| kind.name() == mark.server);
        let case = match mark.case.strip_prefix(OVER) {
            Some(verb) => Mode::ALL.iter().any(|mode| mode.verb().as_str() == verb),
            None => cases.contains(&mark.case),
        };
        if !known || !case {
            return Err(format!("nothing is marked by {mark:?}").into());
        }
        count += 1;
    }
    // The lines of the table but its title and its rule.
    let lines = TABLE.lines().filter(|line| line.starts_with('|')).count();
    if count + 2 == lines {
        return Ok(());
    }
    Err(format!("{count} of {lines} lines could be read").into())
}

impl Mark {
    /// Whether the case cannot have succeeded.
    fn must_show(&self, trace: &[Record]) -> bool {
        let was_sent = |verb: &str| {
            let is_it = |record: &Record| match record {
                Record::Command(command) => command.verb().as_str() == verb,
                _ => false,
            };
            trace.iter().any(is_it)
        };
        let reached = self.case.strip_prefix(OVER).is_none_or(was_sent);
        reached && !self.reason.starts_with(AT_TIMES)
    }
}
