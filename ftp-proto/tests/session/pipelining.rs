//! Commands in flight together: batches, their window, and servers that mix up the replies.
use std::task::Poll;

use ftp_proto::operation::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, BATCH_TEXT_MAX};
use ftp_proto::operation::{Batch, Exchange, Greet, Login};
use ftp_proto::{
    Argument, Class, Closed, Command, Config, Control, Encoding, ErrorKind, Instant, Misuse,
    Operation, Pipeline, Session, State, Verb, Violation,
};
use ftp_testkit::testing::{Files, Peer, Server, ServerConfig};

/// A session and a server that talk without a network, each write arriving whole.
struct Pair {
    session: Session,
    server: Server,
    /// The most bytes and lines that were unanswered at once.
    most: (usize, usize),
}

impl Pair {
    fn logged_in(config: Config, files: Files) -> Self {
        let session = Session::new(config, Control::default());
        let server = Server::new(ServerConfig::new(), files);
        let mut pair = Self {
            session,
            server,
            most: (0, 0),
        };
        pair.run(Greet).unwrap();
        pair.run(Login::anonymous()).unwrap();
        // SIZE counts in the type that is in force, and this server refuses it in any but image.
        let image = Command::new(Verb::Type, Argument::new("I").unwrap());
        pair.run(Exchange::complete(image)).unwrap();
        pair
    }

    fn run<O: Operation>(&mut self, mut operation: O) -> Result<O::Output, ftp_proto::Error> {
        for _ in 0..10_000 {
            if let Poll::Ready(result) = operation.poll(&mut self.session) {
                return result;
            }
            let _ = self.session.poll_action(Instant::EPOCH);
            let flight = self.session.transmit().to_vec();
            let lines = flight.iter().filter(|byte| **byte == b'\n').count();
            self.most = (self.most.0.max(flight.len()), self.most.1.max(lines));
            self.session.transmitted(flight.len());
            if !flight.is_empty() {
                self.server.receive(&flight);
            }
            let replies = self.server.transmit().to_vec();
            self.server.transmitted(replies.len());
            self.session.receive(&replies);
        }
        panic!("the operation does not end");
    }

    fn flights_since(&self, first: usize) -> usize {
        let mut pieces: Vec<_> = self.server.log()[first..]
            .iter()
            .map(|received| received.piece)
            .collect();
        pieces.dedup();
        pieces.len()
    }
}

fn paths(count: usize) -> Vec<String> {
    (0..count)
        .map(|index| format!("/file-{index:04}.dat"))
        .collect()
}

fn files(count: usize) -> Files {
    paths(count)
        .iter()
        .enumerate()
        .fold(Files::new(), |files, (index, path)| {
            files.file(path, vec![b'x'; index])
        })
}

fn arguments(paths: &[String]) -> Vec<Argument> {
    paths
        .iter()
        .map(|path| Argument::new(path).unwrap())
        .collect()
}

fn many_at_once() -> Config {
    let mut config = Config::default();
    config.pipeline = Pipeline::window(128);
    config
}

/// Two servers out of ten would answer the first of several alone, and one answers out of order.
#[test]
fn a_batch_is_one_command_at_a_time_by_default() {
    let mut pair = Pair::logged_in(Config::default(), files(20));
    let before = pair.server.log().len();
    let batch = Batch::for_each(Verb::Size, arguments(&paths(20)));
    assert_eq!(pair.run(batch).unwrap().len(), 20);
    assert_eq!((pair.flights_since(before), pair.most.1), (20, 1));
}

#[test]
fn a_thousand_sizes_take_at_most_twenty_flights() {
    let mut pair = Pair::logged_in(many_at_once(), files(1000));
    let before = pair.server.log().len();
    let results = pair
        .run(Batch::for_each(Verb::Size, arguments(&paths(1000))))
        .unwrap();

    let texts: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().unwrap().text_lossy().into_owned())
        .collect();
    let expected: Vec<_> = (0..1000).map(|size| size.to_string()).collect();
    assert_eq!(texts, expected, "each result stands where its path stood");
    let flights = pair.flights_since(before);
    assert!(flights <= 20, "{flights} flights");
    assert!(flights > 1);
    assert!(
        pair.most.0 <= BATCH_BYTES_MAX,
        "{} bytes unanswered",
        pair.most.0
    );
    assert!(
        pair.most.1 <= BATCH_COMMANDS_MAX,
        "{} commands unanswered",
        pair.most.1
    );
}

#[test]
fn long_paths_are_held_by_the_window_in_bytes() {
    let long: Vec<_> = (0..40)
        .map(|index| format!("/{}{index}", "d".repeat(1000)))
        .collect();
    let mut pair = Pair::logged_in(many_at_once(), Files::new());
    let results = pair
        .run(Batch::for_each(Verb::Size, arguments(&long)))
        .unwrap();
    assert_eq!(results.len(), 40);
    assert!(
        results
            .iter()
            .all(|result| matches!(result.as_ref().unwrap_err().kind(), ErrorKind::Refused(_)))
    );
    assert!(
        pair.most.0 <= BATCH_BYTES_MAX && pair.most.0 > BATCH_BYTES_MAX / 2,
        "{} bytes",
        pair.most.0
    );
}

#[test]
fn a_refusal_is_one_commands_result_and_the_others_go_on() {
    let mut pair = Pair::logged_in(Config::default(), files(3));
    let mut wanted = paths(3);
    wanted.insert(1, "/missing".into());
    let results = pair
        .run(Batch::for_each(Verb::Dele, arguments(&wanted)))
        .unwrap();
    let codes: Vec<_> = results
        .iter()
        .map(|result| {
            result.as_ref().map_or_else(
                |e| e.reply().unwrap().code().get(),
                |reply| reply.code().get(),
            )
        })
        .collect();
    assert_eq!(codes, [250, 550, 250, 250]);
    assert_eq!(pair.session.state(), State::Usable);
}

#[test]
fn a_verb_that_cannot_stand_in_a_batch_keeps_its_place() {
    let mut pair = Pair::logged_in(Config::default(), files(2));
    let path = |index: usize| Argument::new(&paths(2)[index]).unwrap();
    let commands = [
        Command::new(Verb::Size, path(0)),
        Command::new(Verb::Cwd, path(0)),
        Command::new(Verb::Size, path(1)),
    ];
    let results = pair.run(Batch::new(commands)).unwrap();
    assert!(results[0].is_ok() && results[2].is_ok());
    let misuse = results[1].as_ref().unwrap_err();
    assert_eq!(misuse.kind(), &ErrorKind::Misuse(Misuse::NotForBatch));
    assert!(
        pair.server
            .log()
            .iter()
            .all(|received| !received.line.starts_with(b"CWD"))
    );
}

#[test]
fn replies_out_of_order_end_the_session_with_a_clear_error() {
    let mut session = ready(Config::default());
    let path = || Argument::new("a").unwrap();
    let mut batch = Batch::new([
        Command::new(Verb::Size, path()),
        Command::new(Verb::Dele, path()),
        Command::bare(Verb::Noop),
    ]);
    assert!(batch.poll(&mut session).is_pending());
    session.transmitted(session.transmit().len());
    session.receive(b"250 Deleted.\r\n213 5\r\n200 OK\r\n");
    let Poll::Ready(Err(error)) = batch.poll(&mut session) else {
        panic!("the batch goes on")
    };
    assert_eq!(error.kind(), &ErrorKind::Violation(Violation::OutOfOrder));
    assert_eq!(error.verb(), Some(Verb::Size));
    assert_eq!(
        session.state(),
        State::Dead(Closed::Violation(Violation::OutOfOrder))
    );
}

/// Which successes can be the answer to a command of a batch, and which show that the server mixes
/// them up.
#[test]
fn replies_that_can_belong_to_their_commands() {
    let table: [(Verb, &[u16]); 10] = [
        (Verb::Size, &[213]),
        (Verb::Mdtm, &[213]),
        (Verb::Stat, &[200, 211, 212, 213, 250, 257]),
        (Verb::Site, &[200, 211, 212, 213, 250, 257]),
        (Verb::Mfmt, &[200, 211, 212, 213, 250]),
        (Verb::Mkd, &[200, 211, 212, 250, 257]),
        (Verb::Rmd, &[200, 211, 212, 250]),
        (Verb::Dele, &[200, 211, 212, 250]),
        (Verb::Mlst, &[200, 211, 212, 250]),
        (Verb::Noop, &[200, 211, 212, 250]),
    ];
    for (verb, fitting) in table {
        for code in [200, 211, 212, 213, 250, 257, 450, 550] {
            let mut config = Config::default();
            config.encoding = Encoding::AsItIs;
            let mut session = ready(config);
            let mut batch = Batch::for_each(verb, arguments(&paths(1)));
            assert!(batch.poll(&mut session).is_pending());
            session.transmitted(session.transmit().len());
            session.receive(format!("{code} Whatever.\r\n").as_bytes());
            let fits = fitting.contains(&code) || code >= 400;
            assert_eq!(session.state() == State::Usable, fits, "{code} for {verb}");
        }
    }
}

/// What a batch has under way does not count as what single commands have.
#[test]
fn a_batch_has_a_window_of_its_own() {
    let mut session = ready(Config::default());
    for _ in 0..BATCH_COMMANDS_MAX {
        session.submit_batched(Command::bare(Verb::Noop)).unwrap();
    }
    let full = session.submit_batched(Command::bare(Verb::Noop));
    assert_eq!(full, Err(Misuse::PipelineFull));
    for _ in 0..8 {
        session.submit(Command::bare(Verb::Syst)).unwrap();
    }
    let full = session.submit(Command::bare(Verb::Syst));
    assert_eq!(full, Err(Misuse::PipelineFull));
}

#[test]
fn of_a_long_reply_in_a_batch_only_the_beginning_is_kept() {
    let mut session = ready(Config::default());
    let mut batch = Batch::new([Command::bare(Verb::Noop)]);
    assert!(batch.poll(&mut session).is_pending());
    session.transmitted(session.transmit().len());
    session.receive(&[b"200 ".as_slice(), &[b'x'; 2000], b"\r\n"].concat());
    let Poll::Ready(Ok(results)) = batch.poll(&mut session) else {
        panic!("the batch does not end")
    };
    let reply = results[0].as_ref().unwrap();
    assert_eq!(reply.text().len(), BATCH_TEXT_MAX);
    assert!(reply.is_truncated());
}

#[test]
fn the_window_of_single_commands_is_one_unless_it_is_widened() {
    for (window, expected) in [(0, 1), (1, 1), (3, 3), (8, 5)] {
        let mut config = Config::default();
        config.pipeline = Pipeline::window(window);
        let mut session = ready(config);
        for _ in 0..5 {
            session.submit(Command::bare(Verb::Noop)).unwrap();
        }
        let lines = session
            .transmit()
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        assert_eq!(lines, expected, "with a window of {window}");
    }
}

#[test]
fn commands_on_which_others_depend_wait_for_an_empty_pipe_and_block_what_follows() {
    let mut config = Config::default();
    config.pipeline = Pipeline::window(8);
    let mut session = ready(config);
    let first = session.submit(Command::bare(Verb::Noop)).unwrap();
    session
        .submit(Command::new(Verb::User, Argument::new("a").unwrap()))
        .unwrap();
    session.submit(Command::bare(Verb::Syst)).unwrap();
    assert_eq!(session.transmit(), b"NOOP\r\n");
    session.transmitted(6);
    session.receive(b"200 ok\r\n");
    assert!(matches!(
        session.poll_class(first, Class::Completion),
        Poll::Ready(Ok(_))
    ));
    assert_eq!(session.transmit(), b"USER a\r\n");
    session.transmitted(8);
    session.receive(b"230 in\r\n");
    assert_eq!(session.transmit(), b"SYST\r\n");
}

/// A session that has been greeted.
fn ready(config: Config) -> Session {
    let mut session = Session::new(config, Control::default());
    session.receive(b"220 ready\r\n");
    assert!(Greet.poll(&mut session).is_ready());
    session
}
