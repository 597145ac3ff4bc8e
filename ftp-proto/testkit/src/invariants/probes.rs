//! Questions to a copy of a session, of which the session itself knows nothing.

use std::fmt::Debug;
use std::task::Poll;

use ftp_proto::trace::Record;
use ftp_proto::{
    Argument, Command, DataId, End, Error, ErrorKind, Failure, Instant, Link, Misuse, Report,
    Session, State, Transfer, Verb,
};

use super::{Broken, require};

/// A report on a data connection that no session comes to in a test. No other way makes a `DataId`.
const REPORT_OF_STRANGER: &str = "report connected 4294967294";

/// The error that a session which is over gives to whoever asks it for something. `None` if it
/// holds so many answers that it takes no more commands.
pub(super) fn fatal_error(session: &Session) -> Result<Option<ErrorKind>, Broken> {
    let mut probe = session.clone();
    let Ok(ticket) = probe.submit(Command::bare(Verb::Noop)) else {
        return Ok(None);
    };
    match probe.poll_reply(ticket) {
        Poll::Ready(Err(error)) if error.is_fatal() => Ok(Some(error.kind().clone())),
        other => Err(format!("over, and a command comes to {other:?}")),
    }
}

/// Whatever is asked that makes no sense is refused with an error that says so, and changes
/// nothing.
///
/// For a session that has been asked for its actions until there were none.
pub(super) fn misuse_changes_nothing(session: &Session) -> Result<(), Broken> {
    let mut probe = session.clone();
    ask_for_nonsense(&mut probe)?;
    report_nonsense(&mut probe, stranger()?);
    if matches!(probe.state(), State::Dead(_)) {
        speak_to_the_dead(&mut probe);
    }
    probe.receive(b"");
    probe.transmitted(0);
    let action = probe.poll_action(Instant::EPOCH);
    require(action.is_none(), || {
        format!("{action:?} where there was none, at a time long past")
    })?;
    require(probe == *session, || {
        "misuse has changed the session".into()
    })
}

fn ask_for_nonsense(probe: &mut Session) -> Result<(), Broken> {
    let name = Argument::new("f").map_err(|error| error.to_string())?;
    let managed = probe.submit(Command::new(Verb::Retr, name.clone()));
    require(managed == Err(Misuse::ManagedVerb), || {
        format!("RETR by hand: {managed:?}")
    })?;
    let dependent = probe.submit_batched(Command::new(Verb::Cwd, name.clone()));
    require(dependent == Err(Misuse::NotForBatch), || {
        format!("CWD in a batch: {dependent:?}")
    })?;
    // With lookahead a second one may wait, and a third not; of a session that is over, each is
    // refused at once.
    let lookahead = probe.config().lookahead;
    let over = matches!(probe.state(), State::Dead(_));
    if probe.current_transfer().is_some() && !(lookahead && over) {
        let mut full = probe.clone();
        if lookahead {
            let _ = full.begin(Transfer::retrieve(name.clone()));
        }
        let second = full.begin(Transfer::retrieve(name));
        require(second == Err(Misuse::Busy), || {
            format!("a second transfer: {second:?}")
        })?;
    }
    ask_for_what_never_was(probe)
}

/// Tickets and transfers that only a copy of the session issued.
fn ask_for_what_never_was(probe: &mut Session) -> Result<(), Broken> {
    let mut ahead = probe.clone();
    if let Ok(ticket) = ahead.submit(Command::bare(Verb::Noop)) {
        is_spent(&probe.poll_reply(ticket))?;
        probe.discard(ticket);
    }
    let name = Argument::new("f").map_err(|error| error.to_string())?;
    if let Ok(id) = ahead.begin(Transfer::retrieve(name)) {
        is_spent(&probe.poll_transfer(id))?;
        probe.abort(id);
    }
    Ok(())
}

fn is_spent<T: Debug>(answer: &Poll<Result<T, Error>>) -> Result<(), Broken> {
    let spent = matches!(answer, Poll::Ready(Err(error))
        if matches!(error.kind(), ErrorKind::Misuse(Misuse::SpentTicket)));
    require(spent, || format!("what was never asked: {answer:?}"))
}

/// A data connection that no session comes to in a test.
fn stranger() -> Result<DataId, Broken> {
    match REPORT_OF_STRANGER.parse() {
        Ok(Record::Reported(Report::Connected { data })) => Ok(data),
        other => Err(format!("{REPORT_OF_STRANGER} is read as {other:?}")),
    }
}

/// Reports on a data connection that never was.
fn report_nonsense(probe: &mut Session, data: DataId) {
    let link = Link::Data(data);
    let peer = std::net::Ipv4Addr::LOCALHOST.into();
    for report in [
        Report::Connected { data },
        Report::Listening {
            data,
            local: std::net::SocketAddr::new(peer, 9),
        },
        Report::Accepted { data, peer },
        Report::Secured { link },
        Report::Moved { data, bytes: 1 },
        Report::Held { data, held: true },
        Report::Closing { data },
        Report::Finished {
            data,
            end: End::Clean,
        },
        Report::Failed {
            link,
            failure: Failure::Reset,
        },
    ] {
        probe.report(report);
    }
}

/// Whatever comes over the control connection, or is said of it, when the session is over.
fn speak_to_the_dead(probe: &mut Session) {
    let link = Link::Control;
    probe.receive(b"226 Done.\r\n421 Bye.\r\nWhat?\r\n");
    probe.receive_eof();
    probe.report(Report::Secured { link });
    probe.report(Report::Unsecured);
    probe.report(Report::Failed {
        link,
        failure: Failure::Reset,
    });
    probe.close();
}
