//! Many transfers in a row, and what becomes of one that is lost because the port of the next one
//! was asked for.

use std::task::Poll;

use ftp_proto::operation::Series;
use ftp_proto::{
    Compared, Completed, Config, End, Error, ErrorKind, Failure, Interruption, Operation, Policy,
    Reason, Transfer, Violation,
};

use crate::hand::{Hand, name};

struct Run {
    hand: Hand,
    series: Series,
}

fn looking_ahead() -> Config {
    let mut config = Config::default();
    config.lookahead = true;
    config
}

impl Run {
    fn new(config: Config, series: Series) -> Self {
        let hand = Hand::new(config);
        let mut run = Self { hand, series };
        run.goes_on();
        run
    }

    /// The operation is asked, as a driver does after every change.
    #[track_caller]
    fn goes_on(&mut self) -> &mut Self {
        assert!(self.series.poll(&mut self.hand.session).is_pending());
        self.hand.run();
        self
    }

    #[track_caller]
    fn says(&mut self, replies: &str) -> &mut Self {
        self.hand.says(replies);
        self.goes_on()
    }

    #[track_caller]
    fn sends(&mut self, lines: &[&str]) -> &mut Self {
        self.hand.sends(lines);
        self
    }

    #[track_caller]
    fn connects(&mut self) -> &mut Self {
        self.hand.connects();
        self.goes_on()
    }

    /// A transfer from the open data connection to its end.
    #[track_caller]
    fn moves(&mut self, bytes: u64) -> &mut Self {
        self.hand.says("150 Here.").moved(bytes).ends(End::Clean);
        self.goes_on()
    }

    #[track_caller]
    fn results(&mut self) -> Vec<Result<Completed, Error>> {
        match self.series.poll(&mut self.hand.session) {
            Poll::Ready(Ok(results)) => results,
            other => panic!("{other:?}"),
        }
    }

    /// pyftpdlib: the first of three files has lost its connection behind so many bytes, and its
    /// final reply does not come.
    #[track_caller]
    fn loses(series: Series, bytes: u64) -> Self {
        let mut run = Self::new(looking_ahead(), series);
        run.says("200 Type.").says("229 (|||1|)").connects();
        run.sends(&["TYPE I", "EPSV", "RETR a", "EPSV"]);
        run.hand.says("125 Here.\n229 (|||2|)");
        if bytes > 0 {
            run.hand.moved(bytes);
        }
        run.hand.ends(End::Clean);
        run.goes_on();
        run.hand.expires(Reason::Completion);
        run.goes_on().sends(&["ABOR"]).says("225 Closed.");
        run.hand.expires(Reason::AbortGrace);
        run.goes_on().sends(&["NOOP"]);
        run
    }

    /// The next file is retrieved, with nothing asked ahead.
    #[track_caller]
    fn fetches(&mut self, command: &str, bytes: u64) -> &mut Self {
        self.sends(&["EPSV"]).says("229 (|||3|)").connects();
        self.sends(&[command]).moves(bytes);
        self.hand.says("226 Done.");
        self
    }
}

fn three() -> Series {
    Series::retrieve(["a", "b", "c"].map(name))
}

/// Nothing of the file had come: it is fetched from its beginning, and the others follow in
/// lock-step.
#[test]
fn a_lost_file_is_fetched_again() {
    let mut run = Run::loses(three(), 0);
    run.says("200 Yes.").fetches("RETR a", 7);
    run.goes_on().fetches("RETR b", 3);
    run.goes_on().fetches("RETR c", 5);
    let bytes = run.results().into_iter().map(|file| file.unwrap().bytes);
    assert_eq!(bytes.collect::<Vec<_>>(), [7, 3, 5]);
    run.hand.is_in_step();
}

/// Four bytes had come: exactly the rest is fetched, since they were handed on.
#[test]
fn the_rest_of_a_lost_file_is_fetched() {
    let mut run = Run::loses(three(), 4);
    run.says("200 Yes.").sends(&["SIZE a"]).says("213 7");
    assert_eq!(run.series.current(), 0);
    run.sends(&["EPSV"]).says("229 (|||3|)").connects();
    run.sends(&["REST 4"]).says("350 Go on.");
    run.sends(&["RETR a"]).moves(3);
    assert_eq!(run.series.current(), 0);
    run.says("226 Done.");
    assert_eq!(run.series.current(), 1);
    run.fetches("RETR b", 3);
    run.goes_on().fetches("RETR c", 5);
    let results = run.results();
    let first = results[0].as_ref().unwrap();
    assert_eq!((first.bytes, first.compared), (7, Compared::Size(7)));
    assert!(results.iter().all(Result::is_ok));
    run.hand.is_in_step();
}

/// All of it had come, and only the final reply was lost.
#[test]
fn a_lost_file_that_was_whole() {
    let mut run = Run::loses(three(), 7);
    run.says("200 Yes.").sends(&["SIZE a"]).says("213 7");
    assert_eq!(run.series.current(), 1);
    run.fetches("RETR b", 3);
    run.goes_on().fetches("RETR c", 5);
    let results = run.results();
    assert_eq!(results[0].as_ref().unwrap().bytes, 7);
}

/// The caller wanted six bytes from the hundredth on, and has four.
#[test]
fn the_rest_of_a_range() {
    let range = Transfer::retrieve(name("a")).resume_at(100).limited_to(6);
    let mut run = Run::new(
        looking_ahead(),
        Series::new([range, Transfer::retrieve(name("b"))]),
    );
    run.says("200 Type.").says("229 (|||1|)").connects();
    run.says("350 Go on.");
    run.sends(&["TYPE I", "EPSV", "REST 100", "RETR a", "EPSV"]);
    run.hand.says("125 Here.\n229 (|||2|)").moved(4);
    run.hand.ends(End::Clean).says("426 Cut.");
    run.goes_on().sends(&["SIZE a"]).says("213 500");
    run.sends(&["EPSV"]).says("229 (|||3|)").connects();
    run.sends(&["REST 104"]).says("350 Go on.");
    run.sends(&["RETR a"]).says("150 Here.");
    run.hand.moved(2).ends(End::Limit);
    run.goes_on().sends(&["ABOR"]).says("426 Cut.\n226 Yes.");
    run.fetches("RETR b", 3);
    assert_eq!(run.results()[0].as_ref().unwrap().bytes, 6);
}

/// Where nobody can tell what is missing, that is the result of this file, by its name; the others
/// are fetched.
#[test]
fn a_lost_file_whose_rest_cannot_be_known() {
    let mut run = Run::loses(three(), 4);
    run.says("200 Yes.").sends(&["SIZE a"]).says("500 What?");
    run.sends(&["MLST a"]).says("500 What?");
    run.fetches("RETR b", 3);
    run.goes_on().fetches("RETR c", 5);
    let results = run.results();
    let error = results[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Policy(Policy::SizeUnknown));
    assert_eq!(
        error.to_string(),
        "RETR a: SIZE: the server does not tell the size"
    );
    assert!(results[1].is_ok() && results[2].is_ok());
}

/// A listing cannot be resumed, and what came of it was handed on.
#[test]
fn a_lost_listing_fails() {
    let lists = ["a", "b"].map(|path| Transfer::machine_list(Some(name(path))));
    let mut run = Run::new(looking_ahead(), Series::new(lists));
    run.says("200 Type.").says("229 (|||1|)").connects();
    run.sends(&["TYPE I", "EPSV", "MLSD a", "EPSV"]);
    run.hand.says("150 Here.").moved(4).says("229 (|||2|)");
    run.hand.ends(End::Clean).says("426 Cut.");
    run.goes_on();
    run.connects().sends(&["MLSD b"]).moves(3);
    run.hand.says("226 Done.");
    let results = run.results();
    let error = results[0].as_ref().unwrap_err();
    assert_eq!(error.interrupted().unwrap().cause, Interruption::Lookahead);
    assert_eq!(error.transfer().unwrap().to_string(), "MLSD a");
    assert!(results[1].is_ok());
}

/// The server has not had the data connection, and may send the file on the next one: nothing can
/// be fetched in this session, and every file's error says so.
#[test]
fn a_lost_file_that_may_still_come() {
    let mut run = Run::new(looking_ahead(), three());
    run.says("200 Type.").says("229 (|||1|)").connects();
    run.hand.says("150 Here.\n229 (|||2|)").ends(End::Clean);
    run.hand.expires(Reason::Completion);
    run.hand
        .breaks(Failure::Refused)
        .expires(Reason::Completion);
    run.goes_on().says("225 Closed.");
    run.hand.expires(Reason::AbortGrace).says("200 Yes.");
    run.hand.is_dead();
    for (result, path) in run.results().into_iter().zip(["a", "b", "c"]) {
        let error = result.unwrap_err();
        let forgotten = ErrorKind::Violation(Violation::TransferForgotten);
        assert_eq!((error.kind(), error.is_fatal()), (&forgotten, true));
        let told = error.to_string();
        assert!(
            told.starts_with(&format!("RETR {path}: the server")),
            "{told}"
        );
    }
}

/// Nothing can be fetched again in a session that is over: the loss is the result.
#[test]
fn a_lost_file_in_a_session_that_ends() {
    let mut run = Run::new(looking_ahead(), three());
    run.says("200 Type.").says("229 (|||1|)").connects();
    run.hand.says("150 Here.").moved(4).says("229 (|||2|)");
    run.hand.ends(End::Clean).says("426 Cut.");
    run.hand.session.receive_eof();
    let results = run.results();
    let error = results[0].as_ref().unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(error.interrupted().unwrap().cause, Interruption::Lookahead);
    assert_eq!(error.transfer().unwrap().to_string(), "RETR a");
    assert_eq!(results.len(), 3);
}

/// The port that was asked ahead for a file is not told: the error says which file that was for.
#[test]
fn the_step_and_the_transfer_are_named() {
    let mut run = Run::new(looking_ahead(), three());
    run.says("200 Type.").says("229 (|||1|)").connects();
    run.moves(3).says("226 Done.");
    run.hand.expires(Reason::Reply);
    let results = run.results();
    let error = results[1].as_ref().unwrap_err();
    assert!(
        error.to_string().starts_with("RETR b: EPSV: timed out"),
        "{error}"
    );
    assert_eq!(error.transfer().unwrap().to_string(), "RETR b");
}

/// A session that ends is the result of each transfer that is left, with and without lookahead.
#[test]
fn a_series_in_a_session_that_ends() {
    for config in [Config::default(), looking_ahead()] {
        let mut hand = Hand::new(config);
        let mut series = Series::retrieve(["a", "b", "c", "d", "e"].map(name));
        assert!(series.poll(&mut hand.session).is_pending());
        hand.run();
        hand.says("200 Image.").says("229 (|||1|)").connects();
        hand.says("150 Here.").ends(End::Clean).says("226 Done.");
        hand.session.receive_eof();
        let Poll::Ready(Ok(results)) = series.poll(&mut hand.session) else {
            panic!("the series goes on");
        };
        assert_eq!(results.len(), 5);
        assert!(results[0].is_ok());
        for result in &results[1..] {
            let error = result.as_ref().unwrap_err();
            assert!(error.is_fatal(), "{error}");
        }
    }
}

#[test]
fn a_transfer_that_fails_does_not_end_a_series() {
    let mut hand = Hand::new(Config::default());
    let mut series = Series::retrieve(["a", "b"].map(name));
    assert!(series.poll(&mut hand.session).is_pending());
    hand.run();
    hand.says("200 Image.").says("229 (|||1|)").connects();
    assert_eq!(series.current(), 0);
    hand.says("550 No.");
    assert!(series.poll(&mut hand.session).is_pending());
    assert_eq!(series.current(), 1);
    hand.run();
    hand.says("229 (|||2|)").connects().says("150 Here.");
    hand.moved(3).ends(End::Clean).says("226 Done.");
    let Poll::Ready(Ok(results)) = series.poll(&mut hand.session) else {
        panic!("the series goes on");
    };
    assert!(results[0].is_err());
    assert_eq!(results[1].as_ref().unwrap().bytes, 3);
}
