//! The caller.

use ftp_proto::{Class, End, Failure, Instant, Link, Misuse, Report, Ticket};

use super::hand;
use crate::hand::{retrieve, store};
use crate::world::HOST;

#[test]
fn clock_that_jumps() {
    let mut hand = hand();
    hand.moves(retrieve());
    hand.now = Instant::from_epoch(std::time::Duration::MAX);
    hand.run();
    hand.now = Instant::EPOCH;
    hand.run();
    assert!(hand.verdict().is_err());
}

#[test]
fn second_operation_while_one_runs() {
    let mut hand = hand();
    hand.starts(retrieve());
    assert_eq!(hand.session.begin(store()), Err(Misuse::Busy));
    let managed = ftp_proto::Command::raw("RETR x").unwrap();
    assert_eq!(hand.session.submit(managed), Err(Misuse::ManagedVerb));
    let ticket = hand.submits("SIZE f");
    hand.sends(&[]).says("550 No.").sends(&["SIZE f"]);
    assert!(hand.session.poll_reply(ticket).is_pending());
}

#[test]
fn reports_out_of_the_blue() {
    let mut hand = hand();
    hand.moves(retrieve()).ends(End::Clean).says("226 Done.");
    assert!(hand.verdict().is_ok());
    let data = hand.data();
    let link = Link::Data(data);
    for report in [
        Report::Connected { data },
        Report::Accepted { data, peer: HOST },
        Report::Secured { link },
        Report::Secured {
            link: Link::Control,
        },
        Report::Unsecured,
        Report::Moved { data, bytes: 1 },
        Report::Held { data, held: true },
        Report::Closing { data },
        Report::Finished {
            data,
            end: End::Limit,
        },
        Report::Failed {
            link,
            failure: Failure::Reset,
        },
    ] {
        hand.reports(report).acts(&[]).is_in_step();
    }
    assert!(hand.session.poll_reply(Ticket::GREETING).is_ready());
}

#[test]
fn no_output_shows_a_password() {
    let mut hand = hand();
    let ticket = hand
        .session
        .submit(ftp_proto::Command::raw("PASS canary").unwrap())
        .unwrap();
    assert!(!format!("{:?}", hand.session).contains("canary"));
    hand.run();
    hand.says("530 No.");
    let shown = hand.session.poll_class(ticket, Class::Completion);
    assert!(!format!("{shown:?}").contains("canary"));
}
