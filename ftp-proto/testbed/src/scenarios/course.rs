//! What a client did, in a form in which two of them can be compared.

use ftp_proto::trace::Record;
use ftp_proto::{Action, Direction, Leniency, Link, Report};

use super::{Scenario, Told};
use crate::scripted;
use crate::subject::Complaint;

/// What one client did in one scenario.
///
/// Replies and reports are not set against each other: which of two connections is looked at first
/// when both have something is up to the driver, and the machine comes to the same verdict. For the
/// same reason the reports of each connection are kept apart. Data ports are left out, since the
/// system chooses them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    /// What came of each act.
    pub(super) told: Vec<Told>,
    /// The lines that the peer has read.
    heard: Vec<String>,
    /// The payload that the peer has read, for each data connection.
    stored: Vec<Vec<u8>>,
    /// The commands that were put on their way, and how many bytes of them did not go out. A
    /// password is shown shorter than it went out, which both clients share.
    commands: Vec<String>,
    unsent: i64,
    actions: Vec<String>,
    control_reports: Vec<String>,
    data_reports: Vec<Reported>,
    leniencies: Vec<Leniency>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reported {
    /// Adjacent ones added up; `None` where the number is nobody's promise.
    Moved(Option<u64>),
    Other(String),
}

impl Course {
    pub(super) fn new(
        told: Vec<Told>,
        peer: &scripted::Record,
        trace: &[Record],
        leniencies: Vec<Leniency>,
        counts_vary: bool,
    ) -> Self {
        let mut course = Self {
            told,
            heard: peer.lines().iter().map(|line| portless(line)).collect(),
            leniencies,
            ..Self::default()
        };
        if !counts_vary {
            course.stored = peer.data.iter().map(|(_, bytes)| bytes.clone()).collect();
        }
        for record in trace {
            course.note(record, counts_vary);
        }
        course
    }

    fn note(&mut self, record: &Record, counts_vary: bool) {
        match record {
            Record::Command(command) => {
                let line = command.to_string();
                self.unsent += signed(line.len() + "\r\n".len());
                self.commands.push(portless(&line));
            }
            Record::Transmitted(bytes) => self.unsent -= signed(*bytes),
            Record::Performed(action) => self.actions.push(describe(action)),
            // Whether the application was asked in between is the application's business.
            Record::Reported(Report::Held { .. }) => {}
            Record::Reported(Report::Moved { bytes, .. }) => {
                self.moved(Some(*bytes).filter(|_| !counts_vary));
            }
            Record::Reported(report) => self.reported(report),
            _ => {}
        }
    }

    fn moved(&mut self, more: Option<u64>) {
        if let Some(Reported::Moved(bytes)) = self.data_reports.last_mut() {
            *bytes = bytes.zip(more).map(|(bytes, more)| bytes + more);
        } else {
            self.data_reports.push(Reported::Moved(more));
        }
    }

    fn reported(&mut self, report: &Report) {
        let text = match report {
            Report::Listening { data, .. } => format!("Listening {}", data.get()),
            other => format!("{other:?}"),
        };
        match report.data() {
            Some(_) => self.data_reports.push(Reported::Other(text)),
            None => self.control_reports.push(text),
        }
    }

    /// How often a silent transfer is kept alive depends on the clock: a row of NOOP counts as one.
    pub(super) fn count_keepalives_once(&mut self) {
        for lines in [&mut self.heard, &mut self.commands] {
            lines.dedup_by(|line, before| line == "NOOP" && before == "NOOP");
        }
    }

    /// What a scenario says beyond what was told.
    pub(super) fn check(&self, scenario: &Scenario) -> Result<(), Complaint> {
        if self.leniencies != scenario.lets_pass {
            return Err(format!("it let {:?} pass", self.leniencies).into());
        }
        let stored = self.stored.last().map(Vec::as_slice);
        if scenario.stored.is_some() && scenario.stored != stored {
            return Err(format!("it stored {stored:?}").into());
        }
        Ok(())
    }

    /// What differs, part by part.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what, one: &dyn std::fmt::Debug, two: &dyn std::fmt::Debug| {
            let (one, two) = (format!("{one:?}"), format!("{two:?}"));
            if one != two {
                found.push(format!("{what}:\n  {one}\n  {two}"));
            }
        };
        compare("what was told", &self.told, &other.told);
        compare("what the peer heard", &self.heard, &other.heard);
        compare("what the peer was sent", &self.stored, &other.stored);
        compare("the commands", &self.commands, &other.commands);
        compare("what was not sent", &self.unsent, &other.unsent);
        compare("the actions", &self.actions, &other.actions);
        compare(
            "the reports of the control connection",
            &self.control_reports,
            &other.control_reports,
        );
        compare(
            "the reports of the data connections",
            &self.data_reports,
            &other.data_reports,
        );
        compare("the leniencies", &self.leniencies, &other.leniencies);
        found
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// EPRT and PORT without the address that was the client's choice.
fn portless(line: &str) -> String {
    match line.split_once(' ') {
        Some((verb @ ("EPRT" | "PORT"), _)) => verb.to_owned(),
        _ => line.to_owned(),
    }
}

fn describe(action: &Action) -> String {
    match action {
        Action::Connect { data, .. } => format!("Connect {}", data.get()),
        Action::Secure {
            link: Link::Data(data),
        } => format!("Secure {}", data.get()),
        Action::Move { data, flow } => {
            let way = match flow.direction {
                Direction::Receive => "receive",
                Direction::Send => "send",
            };
            let (limit, representation) = (flow.limit, flow.representation);
            format!("Move {}: {way} {limit:?} {representation:?}", data.get())
        }
        other => format!("{other:?}"),
    }
}
