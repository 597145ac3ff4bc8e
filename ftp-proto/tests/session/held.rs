//! The idle limit of a payload while the application gives or takes nothing.
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ftp_proto::{
    Action, Argument, Config, Control, DataId, Instant, Report, Session, State, Transfer,
};

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn at(seconds: u64) -> Instant {
    Instant::from_epoch(Duration::from_secs(seconds))
}

fn say(session: &mut Session, reply: &str) -> Option<Action> {
    session.transmitted(session.transmit().len());
    session.receive(reply.as_bytes());
    session.poll_action(at(0))
}

/// A download whose payload may move since the epoch.
fn moving() -> (Session, DataId) {
    let mut session = Session::new(Config::default(), Control::new(HOST, HOST));
    let transfer = Transfer::retrieve(Argument::new("a").unwrap());
    session.begin(transfer).unwrap();
    say(&mut session, "220 ready\r\n");
    say(&mut session, "200 type\r\n");
    let Some(Action::Connect { data, .. }) = say(&mut session, "229 (|||4000|)\r\n") else {
        panic!("no connection is made");
    };
    session.report(Report::Connected { data });
    let action = say(&mut session, "150 here it comes\r\n");
    assert!(matches!(action, Some(Action::Move { .. })), "{action:?}");
    (session, data)
}

fn is_moving(session: &Session) -> bool {
    session.state() == State::Busy
}

#[test]
fn a_byte_a_second_is_no_progress_however_eagerly_it_is_taken() {
    let (mut session, data) = moving();
    let ended = (1..120).find(|second| {
        let held = false;
        session.report(Report::Held { data, held });
        session.report(Report::Moved { data, bytes: 1 });
        let held = true;
        session.report(Report::Held { data, held });
        let held = false;
        session.report(Report::Held { data, held });
        session.poll_action(at(*second));
        !is_moving(&session)
    });
    assert_eq!(ended, Some(60));
}

#[test]
fn no_limit_runs_while_the_application_takes_nothing() {
    let (mut session, data) = moving();
    session.poll_action(at(40));
    session.report(Report::Held { data, held: true });
    session.poll_action(at(40));
    assert_eq!(session.deadline(), None);
    session.poll_action(at(10_000));
    session.report(Report::Held { data, held: false });
    session.poll_action(at(10_000));
    assert_eq!(session.deadline().unwrap().at, at(10_020), "20 s were left");
    session.poll_action(at(10_020));
    assert!(!is_moving(&session));
}

#[test]
fn progress_while_held_gives_the_whole_limit_back() {
    let (mut session, data) = moving();
    session.poll_action(at(40));
    session.report(Report::Held { data, held: true });
    session.report(Report::Moved { data, bytes: 1024 });
    session.poll_action(at(50));
    assert_eq!(session.deadline(), None);
    session.report(Report::Held { data, held: false });
    session.poll_action(at(50));
    assert_eq!(session.deadline().unwrap().at, at(110));
}
