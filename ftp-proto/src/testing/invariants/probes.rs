//! Questions to a copy of a session, of which the session itself knows nothing.

use alloc::format;
use core::task::Poll;

use crate::action::{DataId, End, Failure, Link, Report};
use crate::command::{Argument, Command, Verb};
use crate::error::{ErrorKind, Misuse};
use crate::session::{Session, State, Ticket, TransferId};
use crate::time::Instant;
use crate::transfer::Transfer;

use super::{Broken, require};

/// No session comes as far in a test.
const NEVER: u32 = u32::MAX - 1;

/// The error that a session which is over gives to whoever asks it for something. `None` if it holds so many answers
/// that it takes no more commands.
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

/// Whatever is asked that makes no sense is refused with an error that says so, and changes nothing.
///
/// For a session that has been asked for its actions until there were none.
pub(super) fn misuse_changes_nothing(session: &Session) -> Result<(), Broken> {
    let mut probe = session.clone();
    ask_for_nonsense(&mut probe)?;
    report_nonsense(&mut probe);
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
    let name = Argument::trusted("f");
    let managed = probe.submit(Command::new(Verb::Retr, name.clone()));
    require(managed == Err(Misuse::ManagedVerb), || {
        format!("RETR by hand: {managed:?}")
    })?;
    let dependent = probe.submit_batched(Command::new(Verb::Cwd, name.clone()));
    require(dependent == Err(Misuse::NotForBatch), || {
        format!("CWD in a batch: {dependent:?}")
    })?;
    if probe.current_transfer().is_some() && !probe.config().lookahead {
        let second = probe.begin(Transfer::retrieve(name));
        require(second == Err(Misuse::Busy), || {
            format!("a second transfer: {second:?}")
        })?;
    }
    let reply = probe.poll_reply(Ticket(NEVER)).map_ok(drop);
    let verdict = probe.poll_transfer(TransferId(NEVER)).map_ok(drop);
    for answer in [reply, verdict] {
        let spent = matches!(&answer, Poll::Ready(Err(error))
            if matches!(error.kind(), ErrorKind::Misuse(Misuse::SpentTicket)));
        require(spent, || format!("what was never asked: {answer:?}"))?;
    }
    probe.discard(Ticket(NEVER));
    probe.abort(TransferId(NEVER));
    Ok(())
}

/// Reports on a data connection that never was.
fn report_nonsense(probe: &mut Session) {
    let data = DataId(NEVER);
    let link = Link::Data(data);
    let peer = core::net::Ipv4Addr::LOCALHOST.into();
    for report in [
        Report::Connected { data },
        Report::Listening {
            data,
            local: core::net::SocketAddr::new(peer, 9),
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
