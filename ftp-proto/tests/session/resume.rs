//! Resumed transfers that cannot lie.

use std::task::Poll;

use ftp_proto::operation::Retrieve;
use ftp_proto::{
    Compared, Completed, Config, End, Error, ErrorKind, Interruption, Misuse, Operation, Policy,
    Verdict,
};

use crate::hand::{Hand, name};

struct Run {
    hand: Hand,
    operation: Retrieve,
}

impl Run {
    fn new(operation: Retrieve) -> Self {
        let hand = Hand::new(Config::default());
        let mut run = Self { hand, operation };
        assert!(run.poll().is_pending());
        run
    }

    fn poll(&mut self) -> Poll<Result<Completed, Error>> {
        let polled = self.operation.poll(&mut self.hand.session);
        self.hand.run();
        polled
    }

    #[track_caller]
    fn result(&mut self) -> Result<Completed, Error> {
        match self.poll() {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("not over"),
        }
    }

    /// The server says this, and the operation is asked.
    #[track_caller]
    fn says(&mut self, reply: &str) -> &mut Self {
        self.hand.says(reply);
        assert!(self.poll().is_pending());
        self
    }

    /// The file has ten bytes, and the transfer from the fourth on has begun.
    fn moving() -> Self {
        let mut run = Self::new(Retrieve::new(name("f")).resume_at(4));
        run.says("200 Type.")
            .says("213 10")
            .says("229 Port (|||4711|)");
        run.hand
            .connects()
            .says("350 Restarting.")
            .says("150 Here.");
        run.hand
            .sends(&["TYPE I", "SIZE f", "EPSV", "REST 4", "RETR f"]);
        run.hand.acts(&["Connect", "Move"]);
        run
    }
}

#[test]
fn offset_and_received_make_the_size() {
    let mut run = Run::moving();
    run.hand.moved(6).ends(End::Clean).says("226 Done.");
    let completed = run.result().unwrap();
    assert_eq!(
        (completed.bytes, completed.compared),
        (6, Compared::Size(6))
    );
    run.hand.is_in_step();
}

#[test]
fn a_rest_that_is_answered_350_and_ignored_is_found_out() {
    // Whatever comes first, the end of the data or the final reply.
    for success_first in [false, true] {
        let mut run = Run::moving();
        if success_first {
            run.hand.moved(6).says("226 Done.").ends(End::Limit);
        } else {
            run.hand
                .moved(6)
                .ends(End::Limit)
                .sends(&["ABOR"])
                .says("426 Cut.\n226 Aborted.");
        }
        let error = run.result().unwrap_err();
        assert_eq!(error.interrupted().unwrap().cause, Interruption::Length);
        assert_eq!(error.verdict(), Some(Verdict::Truncated));
        run.hand.is_in_step();
    }
}

#[test]
fn the_driver_is_told_never_to_hand_on_a_byte_past_the_end() {
    let mut run = Run::new(Retrieve::new(name("f")).resume_at(4));
    run.says("200 Type.")
        .says("213 10")
        .says("229 Port (|||4711|)");
    run.hand.connects().says("350 Restarting.");
    run.hand.session.receive(b"150 Here.\r\n");
    let mut limits = Vec::new();
    while let Some(action) = run.hand.session.poll_action(run.hand.now) {
        if let ftp_proto::Action::Move { flow, .. } = action {
            limits.push(flow.limit);
        }
    }
    assert_eq!(limits, [Some(6)]);
}

#[test]
fn too_few_bytes_are_no_success() {
    let mut run = Run::moving();
    run.hand.moved(5).ends(End::Clean).says("226 Done.");
    let error = run.result().unwrap_err();
    assert_eq!(error.interrupted().unwrap().cause, Interruption::Length);
    run.hand.is_in_step();
}

#[test]
fn an_offset_beyond_the_end_fetches_nothing() {
    let mut run = Run::new(Retrieve::new(name("f")).resume_at(11));
    run.says("200 Type.");
    run.hand.says("213 10");
    let error = run.result().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Policy(Policy::BeyondEnd)));
    run.hand.sends(&["TYPE I", "SIZE f"]).acts(&[]).is_in_step();
}

#[test]
fn an_offset_at_the_end_is_done() {
    let mut run = Run::new(Retrieve::new(name("f")).resume_at(10));
    run.says("200 Type.");
    run.hand.says("213 10");
    let completed = run.result().unwrap();
    assert_eq!(
        (completed.bytes, completed.compared),
        (0, Compared::Size(0))
    );
    run.hand.sends(&["TYPE I", "SIZE f"]).acts(&[]).is_in_step();
}

#[test]
fn without_a_size_there_is_nothing_to_check_by() {
    let mut run = Run::new(Retrieve::new(name("f")).resume_at(4));
    run.says("200 Type.");
    run.says("500 What?");
    run.hand.says("500 What?");
    let error = run.result().unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Policy(Policy::SizeUnknown)
    ));
    run.hand.sends(&["TYPE I", "SIZE f", "MLST f"]).is_in_step();
}

#[test]
fn a_rest_that_is_refused_fetches_nothing() {
    let mut run = Run::new(Retrieve::new(name("f")).resume_at(4));
    run.says("200 Type.")
        .says("213 10")
        .says("229 Port (|||4711|)");
    run.hand.connects().says("502 No.");
    let error = run.result().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Refused(reply) if reply.code().get() == 502));
    assert_eq!(error.verb(), Some(ftp_proto::Verb::Rest));
    run.hand.acts(&["Connect", "Discard"]).is_in_step();
}

/// Nobody knows which byte an offset means in ASCII type.
#[test]
fn no_verified_resume_in_ascii_type() {
    let mut hand = Hand::new(Config::default());
    let mut operation = Retrieve::new(name("f")).resume_at(4).ascii();
    let Poll::Ready(Err(error)) = operation.poll(&mut hand.session) else {
        panic!("it began");
    };
    assert!(matches!(
        error.kind(),
        ErrorKind::Misuse(Misuse::WrongOption)
    ));
    hand.sends(&[]).is_in_step();
}

#[test]
fn a_range_within_the_rest() {
    let retrieve = |limit| Retrieve::new(name("f")).resume_at(4).limited_to(limit);
    for (limit, end, moved, good) in [
        (3, End::Limit, 3, true),
        (3, End::Clean, 3, true),
        (3, End::Clean, 2, false),
        (6, End::Clean, 6, true),
        (9, End::Clean, 6, true),
        (9, End::Limit, 6, false),
    ] {
        let mut run = Run::new(retrieve(limit));
        run.says("200 Type.")
            .says("213 10")
            .says("229 Port (|||4711|)");
        run.hand
            .connects()
            .says("350 Restarting.")
            .says("150 Here.");
        run.hand.moved(moved).ends(end).says("226 Done.");
        assert_eq!(run.result().is_ok(), good, "{limit} {end:?} {moved}");
    }
}
