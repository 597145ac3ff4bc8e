//! Plays a scenario with one client.

use std::io::{self, Read, Write};
use std::task::{Poll, ready};
use std::thread;
use std::time::Duration;

use ftp_proto::operation::{Exchange, List, Login, MakeDirectory, Rename, Retrieve, Store};
use ftp_proto::trace::Record;
use ftp_proto::{After, Argument, Command, Completed, Error, Operation, Session};

use super::course::Course;
use super::told::agree;
use super::{Act, Download, Scenario, Step, TAKEN, Told, Upload};
use crate::scripted::Peer;
use crate::subject::Complaint;
use crate::subject::{Failure, Subject};

/// More than any two sockets hold.
const MUCH: u64 = 64 << 20;

/// Plays a scenario up to the first act that comes to something else than it should.
pub(super) fn play<S: Subject>(scenario: &Scenario) -> Result<Course, Complaint> {
    let peer = match scenario.odd {
        Some(oddities) => Peer::odd(oddities.to_vec())?,
        None => Peer::start(scenario.script.clone())?,
    };
    let mut subject = match S::connect(peer.address(), scenario.config()) {
        Ok(subject) => subject,
        Err(failure) => return unwelcome(scenario, peer, &failure),
    };
    if !scenario.unwelcome.is_empty() {
        return Err("the client took the greeting for a welcome".into());
    }
    let mut trace = Vec::new();
    let acted = act_all(scenario, &mut subject, &peer, &mut trace);
    let told = match acted {
        Ok(told) => told,
        Err(complaint) => return Err(with_dialogue(&complaint, &trace)),
    };
    let leniencies = subject.session().leniencies_used().iter().collect();
    drop(subject);
    let record = peer
        .finish()
        .map_err(|failure| with_dialogue(&failure.into(), &trace))?;
    let mut course = Course::new(told, &record, &trace, leniencies, scenario.counts_vary);
    course.check(scenario)?;
    if scenario.config().keepalive.is_some() {
        course.count_keepalives_once();
    }
    Ok(course)
}

/// There is no session: nothing but the error can be told.
fn unwelcome(scenario: &Scenario, peer: Peer, failure: &Failure) -> Result<Course, Complaint> {
    if let Failure::Session(error) = failure {
        if error.after() != After::Dead {
            return Err(format!("no session, and not the end of one: {error}").into());
        }
    }
    let found = failed(failure, Vec::new(), false);
    let mut expected = scenario.unwelcome.iter();
    if !expected.any(|told| told.is_the_same_but_for_the_state(&found)) {
        return Err(format!("no session: {failure}").into());
    }
    // Where more than one is right, which it is says nothing about the client.
    let told = scenario.unwelcome.first().cloned();
    let told = told.into_iter().collect();
    Ok(Course::new(told, &peer.finish()?, &[], Vec::new(), false))
}

fn act_all<S: Subject>(
    scenario: &Scenario,
    subject: &mut S,
    peer: &Peer,
    trace: &mut Vec<Record>,
) -> Result<Vec<Told>, Complaint> {
    let mut all = Vec::new();
    for (number, step) in scenario.steps.iter().enumerate() {
        match step {
            Step::Await(mark) if !peer.reached(mark) => {
                return Err(format!("step {number}: the script did not come to {mark}").into());
            }
            // The client has been idle for so long that it looks before it writes.
            Step::Await(_) => thread::sleep(Duration::from_millis(5)),
            Step::Release(gate) => peer.release(gate),
            Step::Act(act, expected) => {
                let told = perform(act, scenario, subject, peer);
                trace.extend(subject.take_trace());
                let told = told.map_err(|complaint| format!("step {number}: {complaint}"))?;
                if told != *expected {
                    return Err(format!(
                        "step {number}, {act:?}:\n  {told:?}\n  instead of {expected:?}"
                    )
                    .into());
                }
                all.push(told);
            }
        }
    }
    Ok(all)
}

fn perform<S: Subject>(
    act: &Act,
    scenario: &Scenario,
    subject: &mut S,
    peer: &Peer,
) -> Result<Told, Complaint> {
    let mut received = Vec::new();
    let result = match act {
        Act::Login => {
            let login = Login::new(argument("ann")?).password(argument("secret")?);
            subject.run(login).map(|_| Told::done())
        }
        Act::LoginAtHost => {
            let login = Login::new(argument("ann")?).password(argument("secret")?);
            let login = login.host(argument("ftp.example.org")?);
            let login = login.client_name(argument("robot 1.0")?);
            let login = login.language(argument("en")?).facts(&["type", "size"])?;
            subject.run(login).map(|_| Told::done())
        }
        Act::Rename => {
            let rename = Rename::new(argument("a")?, argument("b")?);
            subject.run(rename).map(|_| Told::done())
        }
        Act::Command(line) => {
            let exchange = Exchange::send(Command::raw(line)?);
            subject.run(exchange).map(Told::replied)
        }
        Act::List(path) => {
            let path = (!path.is_empty()).then(|| argument(path)).transpose()?;
            let completed = subject.download(Listing(List::new(path)), &mut received);
            let lines = String::from_utf8_lossy(&received).replace("\r\n", "\n");
            completed.map(|_| Told::replied(lines.trim_end()))
        }
        Act::MakeDirectory => {
            let made = subject.run(MakeDirectory::new(argument("b")?));
            made.map(|path| Told::replied(format!("{path:?}")))
        }
        Act::StoreUnique(bytes) => {
            let completed = subject.upload(Store::unique(None), &mut &bytes[..]);
            completed.map(|completed| Told::of_completed(&completed, Vec::new()))
        }
        Act::Download(how) => {
            let completed = retrieve(how, subject, peer, &mut received)?;
            completed.map(|completed| Told::of_completed(&completed, received.clone()))
        }
        Act::Each(paths) => each(paths, subject),
        Act::Upload(what) => {
            let completed = store(*what, subject)?;
            completed.map(|completed| Told::of_completed(&completed, Vec::new()))
        }
    };
    let state = subject.session().state();
    if let Err(Failure::Session(error)) = &result {
        if !agree(error.after(), state) {
            return Err(format!("{error}, but it is {state:?}").into());
        }
    }
    let counts_vary = scenario.counts_vary;
    let mut told = result.unwrap_or_else(|failure| failed(&failure, received, counts_vary));
    told.state = state;
    Ok(told)
}

fn failed(failure: &Failure, received: Vec<u8>, counts_vary: bool) -> Told {
    match failure {
        Failure::Session(error) => Told::of_error(error, received, counts_vary),
        Failure::Other(_) => Told::elsewhere().having(&received),
    }
}

/// A listing that comes as data, and only as data.
struct Listing(List);

impl Operation for Listing {
    type Output = Completed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        match ready!(self.0.poll(session))?.completed {
            Some(completed) => Poll::Ready(Ok(completed)),
            // The watchdog ends it.
            None => Poll::Pending,
        }
    }
}

fn argument(text: &str) -> Result<Argument, Complaint> {
    Ok(Argument::new(text)?)
}

// -- payload --------------------------------------------------------------------------------------

fn retrieve<S: Subject>(
    how: &Download,
    subject: &mut S,
    peer: &Peer,
    received: &mut Vec<u8>,
) -> Result<Result<Completed, Failure>, Complaint> {
    let mut operation = Retrieve::new(argument("a")?);
    if how.offset > 0 {
        operation = operation.resume_at(how.offset);
    }
    if how.verified {
        operation = operation.verified();
    }
    if let Some(limit) = how.limit {
        operation = operation.limited_to(limit);
    }
    let mut sink = Sink {
        received,
        how: *how,
        peer,
    };
    Ok(match how.abort_at {
        Some(bytes) => subject.abort_download(operation, bytes, &mut sink),
        None => subject.download(operation, &mut sink),
    })
}

/// A line for each file.
fn each<S: Subject>(paths: &[&str], subject: &mut S) -> Result<Told, Failure> {
    let paths: Vec<String> = paths.iter().copied().map(String::from).collect();
    let mut contents = vec![Vec::new(); paths.len()];
    let results = subject.retrieve_each(&paths, &mut |number, bytes| {
        let content = contents.get_mut(number);
        content
            .into_iter()
            .for_each(|content: &mut Vec<u8>| content.extend_from_slice(bytes));
    })?;
    let told = |(result, content): (Result<Completed, Error>, &Vec<u8>)| match result {
        Ok(completed) => format!("{} bytes: {}", completed.bytes, content.escape_ascii()),
        Err(error) => error.to_string(),
    };
    let lines: Vec<_> = results.into_iter().zip(&contents).map(told).collect();
    Ok(Told::replied(lines.join("\n")))
}

/// Keeps the payload, and tells the peer when it has come so far.
struct Sink<'p> {
    received: &'p mut Vec<u8>,
    how: Download,
    peer: &'p Peer,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.received.extend_from_slice(bytes);
        let count = self.received.len() as u64;
        let has = |bytes: Option<u64>| bytes.is_some_and(|bytes| count >= bytes);
        if has(self.how.taken_at) {
            self.peer.release(TAKEN);
        }
        if self
            .how
            .waits_for
            .is_some_and(|mark| !self.peer.reached(mark))
        {
            return Err(io::Error::other("the script has ended before"));
        }
        thread::sleep(self.how.rests_for);
        if has(self.how.full_at) {
            return Err(io::Error::other("our disk is full"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn store<S: Subject>(
    what: Upload,
    subject: &mut S,
) -> Result<Result<Completed, Failure>, Complaint> {
    let mut operation = Store::new(argument("a")?);
    if what.offset > 0 {
        operation = operation.resume_at(what.offset);
    }
    let more = if what.and_more { MUCH } else { 0 };
    let mut source = what.bytes.chain(io::repeat(b'x').take(more));
    Ok(if what.fails {
        subject.upload(operation, &mut source.chain(Unreadable))
    } else {
        subject.upload(operation, &mut source)
    })
}

/// A disk of ours that is broken.
struct Unreadable;

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("our disk is broken"))
    }
}

// -- complaints -----------------------------------------------------------------------------------

fn with_dialogue(complaint: &Complaint, trace: &[Record]) -> Complaint {
    let lines = trace.iter().filter_map(|record| match record {
        Record::Command(command) => Some(format!("\n  > {command}")),
        Record::Reply(reply) => Some(format!("\n  < {reply}")),
        Record::Performed(action) => Some(format!("\n  ! {action:?}")),
        Record::Reported(report) => Some(format!("\n  ? {report:?}")),
        Record::Dropped(count) => Some(format!("\n  ({count} records were dropped)")),
        _ => None,
    });
    format!("{complaint}; what was done:{}", lines.collect::<String>()).into()
}
