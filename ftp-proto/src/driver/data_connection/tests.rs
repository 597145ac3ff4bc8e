use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Stage::{
    Accepting, AwaitingEnd, Closed, Connecting, Ending, Idle, Receiving, Securing, Sending,
};
use super::*;
use crate::action::{Flow, Representation, Target};

const DATA: DataId = DataId(7);
const PEER: IpAddr = IpAddr::V4(core::net::Ipv4Addr::LOCALHOST);

/// Each event in each stage: the next stage, and the report behind it. Under `Ending` there are a
/// connection in clear and one under TLS.
const TABLE: &str = "
              I    C    A    S    R    W    E    Es   T    X
    connect   C    C    C    C    C    C    C    C    C    X
    listen    I    C    A    S    R    W    E    E    T    X
    accept    A    A    A    A    A    A    A    A    A    X
    secure    S    S    S    S    S    S    S    S    S    X
    receive   R    R    R    R    R    R    R    R    R    X
    send      W    W    W    W    W    W    W    W    W    X
    finish    I    C    A    S    X-f  X-f  X-f  X-f  X-f  X
    discard   X    X    X    X    X    X    X    X    X    X
    another   I    C    A    S    R    W    E    E    T    X
    control   I    C    A    S    R    W    E    E    T    X
    hold      I    C    A    S    R-h  W-h  E    E    T    X
    release   I    C    A    S    R    W    E    E    T    X
    given     I    C    A    S    R    E    E    E    T    X
    halt      I    C    A    S    I    I    E    E    T    X
    done      I    I-c  A    I-s  R    W    X-f  T-k  X-f  X
    accepted  I    C    I-a  S    R    W    E    E    T    X
    received  I    C    A    S    R-m  W    E    E    T    X
    sent      I    C    A    S    R    W-m  E    E    T    X
    ended     I    C    A    S    X-t  X-t  X-t  X-t  X-t  X
    failed    X-r  X-r  X-r  X-r  X-r  X-r  X-r  X-r  X-r  X
";

fn connection(column: &str) -> DataConnection {
    let (stage, direction) = match column {
        "I" => (Idle, None),
        "C" => (Connecting, None),
        "A" => (Accepting, None),
        "S" => (Securing, None),
        "R" => (Receiving, Some(Direction::Receive)),
        "W" => (Sending, Some(Direction::Send)),
        "E" | "Es" => (Ending, Some(Direction::Send)),
        "T" => (AwaitingEnd, Some(Direction::Send)),
        _ => (Closed, None),
    };
    let secured = column == "Es";
    DataConnection {
        data: DATA,
        stage,
        payload: direction.map(|direction| Payload::new(DATA, flow(direction, secured))),
    }
}

fn flow(direction: Direction, secured: bool) -> Flow {
    Flow {
        direction,
        representation: Representation::Image,
        limit: None,
        secured,
        discard: false,
    }
}

fn happens(it: &mut DataConnection, event: &str) -> Option<Report> {
    let (data, target) = (DATA, Target::ControlHost { port: 20 });
    let moving = |direction| Action::Move {
        data,
        flow: flow(direction, false),
    };
    match event {
        "connect" => it.begin(Action::Connect { data, target }),
        "listen" => it.begin(Action::Listen { data }),
        "accept" => it.begin(Action::Accept { data }),
        "secure" => it.begin(Action::Secure {
            link: Link::Data(data),
        }),
        "receive" => it.begin(moving(Direction::Receive)),
        "send" => it.begin(moving(Direction::Send)),
        "finish" => it.begin(Action::Finish { data }),
        "discard" => it.begin(Action::Discard { data }),
        "another" => it.begin(Action::Discard { data: DataId(8) }),
        "control" => it.begin(Action::Secure {
            link: Link::Control,
        }),
        "hold" => it.hold(true),
        "release" => it.hold(false),
        "given" => it.finish(),
        "halt" => {
            it.halt();
            None
        }
        "done" => it.done(),
        "accepted" => it.accepted(PEER),
        "received" => it.received(3),
        "sent" => it.sent(3),
        "ended" => it.ended(End::Truncated),
        "failed" => it.failed(Failure::Reset),
        _ => panic!("{event}"),
    }
}

fn cell(stage: Stage, report: Option<Report>) -> String {
    let stage = match stage {
        Idle => 'I',
        Connecting => 'C',
        Accepting => 'A',
        Securing => 'S',
        Receiving => 'R',
        Sending => 'W',
        Ending => 'E',
        AwaitingEnd => 'T',
        Closed => 'X',
    };
    let Some(report) = report else {
        return stage.into();
    };
    assert_eq!(report.data(), Some(DATA));
    let report = match report {
        Report::Connected { .. } => 'c',
        Report::Accepted { peer: PEER, .. } => 'a',
        Report::Secured { .. } => 's',
        Report::Moved { bytes: 3, .. } => 'm',
        Report::Held { held: true, .. } => 'h',
        Report::Closing { .. } => 'k',
        Report::Finished {
            end: End::Clean, ..
        } => 'f',
        Report::Finished {
            end: End::Truncated,
            ..
        } => 't',
        Report::Failed {
            failure: Failure::Reset,
            ..
        } => 'r',
        other => panic!("{other:?}"),
    };
    format!("{stage}-{report}")
}

#[test]
fn each_event_in_each_stage_gives_the_report_that_is_due() {
    let mut rows = TABLE.lines().map(str::split_whitespace).skip(1);
    let columns: Vec<&str> = rows.next().unwrap().collect();
    let mut count = 0;
    for mut row in rows.map(Iterator::peekable) {
        let Some(event) = row.next() else { continue };
        for column in &columns {
            let mut it = connection(column);
            let report = happens(&mut it, event);
            let expected = row.next().unwrap();
            assert_eq!(cell(it.stage, report), expected, "{event} at {column}");
            count += 1;
        }
        assert_eq!(row.next(), None, "{event}");
    }
    assert_eq!(count, 20 * 10);
}

#[test]
fn each_stage_waits_for_one_thing() {
    for (column, waits) in [
        ("I", (false, false)),
        ("C", (false, true)),
        ("A", (true, false)),
        ("S", (true, false)),
        ("R", (true, false)),
        ("W", (false, true)),
        ("E", (false, true)),
        ("T", (true, false)),
        ("X", (false, false)),
    ] {
        let mut it = connection(column);
        assert_eq!((it.wants_read(), it.wants_write()), waits, "{column}");
        if it.hold(true).is_some() {
            assert_eq!((it.wants_read(), it.wants_write()), (false, false));
            it.hold(false);
            assert_eq!((it.wants_read(), it.wants_write()), waits, "{column}");
        }
    }
}

#[test]
fn sockets_are_closed_as_the_report_needs_it() {
    let (data, link) = (DATA, Link::Data(DATA));
    let failure = Failure::Local;
    for (report, close) in [
        (Report::Connected { data }, None),
        (Report::Closing { data }, None),
        (Report::Moved { data, bytes: 1 }, None),
        (
            Report::Finished {
                data,
                end: End::Clean,
            },
            Some(Close::Orderly),
        ),
        (
            Report::Finished {
                data,
                end: End::Truncated,
            },
            Some(Close::Orderly),
        ),
        (
            Report::Finished {
                data,
                end: End::Limit,
            },
            Some(Close::Reset),
        ),
        (Report::Failed { link, failure }, Some(Close::Reset)),
    ] {
        assert_eq!(Close::before(&report), close, "{report:?}");
    }
}

#[test]
fn a_byte_behind_the_limit_ends_it() {
    let mut it = DataConnection::new(DATA);
    let mut flow = flow(Direction::Receive, false);
    flow.limit = Some(3);
    it.begin(Action::Move { data: DATA, flow });
    assert!(matches!(it.received(3), Some(Report::Moved { .. })));
    assert_eq!(it.payload().map(|payload| payload.room(100)), Some(1));
    assert!(matches!(it.received(1), Some(Report::Finished { .. })));
    assert_eq!((it.stage(), it.received(1)), (Closed, None));
}

#[test]
fn the_end_of_an_upload_is_not_held() {
    let mut it = connection("W");
    it.hold(true);
    assert!(matches!(
        it.finish(),
        Some(Report::Held { held: false, .. })
    ));
    assert_eq!(it.hold(true), None);
}

#[test]
fn what_is_dropped_is_never_held() {
    let mut it = DataConnection::new(DATA);
    let mut flow = flow(Direction::Receive, true);
    flow.discard = true;
    it.begin(Action::Move { data: DATA, flow });
    assert_eq!(it.hold(true), None);
    assert!(it.wants_read());
}
