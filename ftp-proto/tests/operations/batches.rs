//! The window of a batch.

use std::task::Poll;

use ftp_proto::operation::{BATCH_COMMANDS_MAX, Batch};
use ftp_proto::{Command, ErrorKind, Misuse, Operation, Pipeline, Verb};

use super::{Pair, path};

fn pair() -> Pair {
    Pair::configured(|_| None, |config| config.pipeline = Pipeline::window(1000))
}

/// How many commands each flight has, if replies come one by one.
fn flights(commands: impl IntoIterator<Item = Command>) -> Vec<usize> {
    let mut pair = pair();
    let mut batch = Batch::new(commands);
    let mut flights = Vec::new();
    loop {
        let polled = batch.poll(&mut pair.session);
        let flight = pair.session.transmit().to_vec();
        pair.session.transmitted(flight.len());
        let lines = flight.iter().filter(|byte| **byte == b'\n').count();
        if lines > 0 {
            flights.push(lines);
        }
        if let Poll::Ready(results) = polled {
            assert!(results.unwrap().iter().all(Result::is_ok));
            return flights;
        }
        pair.session.receive(b"200 Fine.\r\n");
    }
}

/// One command for each reply would take as many flights as replies.
#[test]
fn a_batch_sends_more_when_half_the_window_is_empty() {
    assert_eq!(BATCH_COMMANDS_MAX, 128);
    let noops = std::iter::repeat_n(Command::bare(Verb::Noop), 300);
    assert_eq!(flights(noops), [128, 64, 64, 44]);
    // Eight commands of a thousand bytes fill the window.
    let long = "x".repeat(1000 - "SITE \r\n".len());
    let long = std::iter::repeat_n(Command::new(Verb::Site, path(&long)), 17);
    assert_eq!(flights(long), [8, 4, 4, 1]);
}

#[test]
fn a_command_that_finds_the_window_full_keeps_its_place() {
    let mut pair = pair();
    for _ in 0..BATCH_COMMANDS_MAX {
        pair.session
            .submit_batched(Command::bare(Verb::Noop))
            .unwrap();
    }
    let results = pair.run(Batch::new([Command::bare(Verb::Noop)])).unwrap();
    let error = results[0].as_ref().unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Misuse(Misuse::PipelineFull));
    assert_eq!(error.verb(), Some(Verb::Noop));
}
