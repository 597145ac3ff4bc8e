//! Faults that can come at any step of a session: each is tried at every step of four sessions, and
//! the error has to name the step.

use ftp_proto::{
    Closed, Config, DataMode, End, Error, ErrorKind, Failure, Interruption, Link, Report, State,
    Ticket, TlsPolicy,
};

use crate::hand::{Hand, retrieve};

/// A step: the verb that an error there names, and what brings the session to the next one.
type Step = (&'static str, Next);

#[derive(Clone, Copy)]
enum Next {
    Reply(&'static str),
    Moved(u64),
    End,
}

use Next::{End as Ends, Moved, Reply};

/// A session up to its QUIT, with one download in it.
struct Course {
    name: &'static str,
    config: Config,
    /// What is asked before the transfer.
    lines: &'static [&'static str],
    offset: u64,
    steps: &'static [Step],
}

fn config(mode: DataMode, tls: TlsPolicy) -> Config {
    let mut config = Config::default();
    config.data_mode = mode;
    config.tls = tls;
    config
}

fn courses() -> [Course; 4] {
    [
        Course {
            name: "passive",
            config: config(DataMode::Auto, TlsPolicy::None),
            lines: &["USER ann", "PASS x", "FEAT", "PWD", "CWD d", "SIZE f"],
            offset: 4,
            steps: &[
                ("USER", Reply("331 Password.")),
                ("PASS", Reply("230 In.")),
                ("FEAT", Reply("211-Features:\r\n SIZE\r\n211 End")),
                ("PWD", Reply("257 \"/\"")),
                ("CWD", Reply("250 Gone there.")),
                ("SIZE", Reply("213 11")),
                ("TYPE", Reply("200 Type.")),
                ("EPSV", Reply("229 Port (|||4711|)")),
                ("REST", Reply("350 Restarting.")),
                ("RETR", Reply("150 Here.")),
                ("RETR", Moved(3)),
                ("RETR", Moved(4)),
                ("RETR", Ends),
                ("RETR", Reply("226 Done.")),
                ("QUIT", Reply("221 Bye.")),
            ],
        },
        Course {
            name: "passive as of old",
            config: config(DataMode::Passive, TlsPolicy::None),
            lines: &[],
            offset: 0,
            steps: &[
                ("TYPE", Reply("200 Type.")),
                ("PASV", Reply("227 Go (127,0,0,1,18,103)")),
                ("RETR", Reply("125 Here.")),
                ("RETR", Moved(7)),
                ("RETR", Ends),
                ("RETR", Reply("250 Done.")),
                ("QUIT", Reply("221 Bye.")),
            ],
        },
        Course {
            name: "active",
            config: config(DataMode::AnyActive, TlsPolicy::None),
            lines: &[],
            offset: 0,
            steps: &[
                ("TYPE", Reply("200 Type.")),
                ("EPRT", Reply("500 What?")),
                ("PORT", Reply("200 Port.")),
                ("RETR", Reply("150 Here.")),
                ("RETR", Moved(7)),
                ("RETR", Ends),
                ("RETR", Reply("226 Done.")),
                ("QUIT", Reply("221 Bye.")),
            ],
        },
        Course {
            name: "secured",
            config: config(DataMode::Auto, TlsPolicy::Full),
            lines: &["AUTH TLS", "PBSZ 0", "PROT P", "USER ann", "PASS x"],
            offset: 0,
            steps: &[
                ("AUTH", Reply("234 Go on.")),
                ("PBSZ", Reply("200 Yes.")),
                ("PROT", Reply("200 Yes.")),
                ("USER", Reply("331 Password.")),
                ("PASS", Reply("230 In.")),
                ("TYPE", Reply("200 Type.")),
                ("EPSV", Reply("229 Port (|||4711|)")),
                ("RETR", Reply("150 Here.")),
                ("RETR", Moved(7)),
                ("RETR", Ends),
                ("RETR", Reply("226 Done.")),
                ("QUIT", Reply("221 Bye.")),
            ],
        },
    ]
}

/// A session that has come as far as before a step.
struct At {
    hand: Hand,
    verb: &'static str,
    /// What is to come next, were there no fault.
    next: Next,
    /// Bytes that have moved.
    bytes: u64,
    /// The payload has come to its end.
    ended: bool,
    tickets: Vec<(&'static str, Ticket)>,
    /// For what a failed assertion says.
    place: String,
}

impl Course {
    fn before(&self, step: usize) -> At {
        let mut hand = Hand::new(self.config);
        let mut tickets = Vec::new();
        for line in self.lines {
            tickets.push((*line, hand.submits(line)));
        }
        hand.begins(retrieve().resume_at(self.offset));
        tickets.push(("QUIT", hand.submits("QUIT")));
        hand.obeys();
        let (verb, next) = self.steps[step];
        let mut at = At {
            hand,
            verb,
            next,
            bytes: 0,
            ended: false,
            tickets,
            place: format!("{}, step {step}, {verb}", self.name),
        };
        self.steps[..step]
            .iter()
            .for_each(|(_, next)| at.goes(*next));
        at
    }

    fn each_step(&self) -> impl Iterator<Item = At> {
        (0..self.steps.len()).map(|step| self.before(step))
    }
}

impl At {
    fn goes(&mut self, next: Next) {
        match next {
            Reply(reply) => self.hand.says(reply).obeys(),
            Moved(bytes) => {
                self.bytes += bytes;
                self.hand.moved(bytes)
            }
            Ends => {
                self.ended = true;
                self.hand.ends(End::Clean)
            }
        };
    }

    /// The error that names the step. Everything behind it fails too, and with the same cause.
    #[track_caller]
    fn error(&mut self) -> Error {
        let mut errors = Vec::new();
        for (line, ticket) in std::mem::take(&mut self.tickets) {
            if let Err(error) = self.hand.reply(ticket) {
                assert_eq!(line.split(' ').next(), Some(error.verb().unwrap().as_str()));
                errors.push(error);
            }
        }
        // The verdict stands in front of QUIT's.
        let at = errors.len().saturating_sub(1);
        errors.extend(self.hand.verdict().err());
        errors[at..].rotate_right(1);
        for error in &errors {
            assert!(error.is_fatal(), "{}: {error}", self.place);
        }
        let error = errors.swap_remove(0);
        assert_eq!(
            error.verb().unwrap().as_str(),
            self.verb,
            "{}: {error}",
            self.place
        );
        if let Some(interrupted) = error.interrupted() {
            assert_eq!(interrupted.bytes, self.bytes, "{}", self.place);
            assert_eq!(interrupted.ended, self.ended, "{}", self.place);
        }
        error
    }
}

/// Whether an error says that a wait ran out.
fn is_timeout(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Timeout(_) => true,
        ErrorKind::Interrupted(interrupted) => {
            matches!(interrupted.cause, Interruption::Timeout(_))
        }
        _ => false,
    }
}

/// Whether an error says that the control connection is gone, and how.
fn is_loss(error: &Error, how: Closed) -> bool {
    match error.kind() {
        ErrorKind::Closed(closed, _) => *closed == how,
        ErrorKind::Interrupted(interrupted) => interrupted.cause == Interruption::ControlLost,
        _ => false,
    }
}

#[test]
fn without_a_fault_each_course_comes_to_its_end() {
    for course in courses() {
        let last = course.steps.len() - 1;
        let mut at = course.before(last);
        at.goes(at.next);
        at.hand.is(State::Dead(Closed::Quit));
        assert_eq!(at.hand.completed().bytes, 7, "{}", at.place);
        for (_, ticket) in at.tickets {
            assert!(at.hand.reply(ticket).is_ok(), "{}", at.place);
        }
    }
}

#[test]
fn reset_at_each_step() {
    let (link, failure) = (Link::Control, Failure::Reset);
    for course in courses() {
        for mut at in course.each_step() {
            at.hand.reports(Report::Failed { link, failure });
            at.hand.waits_for_the_end(3);
            let closed = Closed::Lost(failure);
            at.hand.is(State::Dead(closed));
            let error = at.error();
            assert!(is_loss(&error, closed), "{}: {error}", at.place);
        }
    }
}

#[test]
fn end_of_the_control_connection_at_each_step() {
    for course in courses() {
        for mut at in course.each_step() {
            at.hand.session.receive_eof();
            at.hand.run();
            at.hand.waits_for_the_end(3);
            at.hand.is(State::Dead(Closed::Eof));
            let error = at.error();
            assert!(is_loss(&error, Closed::Eof), "{}: {error}", at.place);
        }
    }
}

#[test]
fn shutdown_at_each_step() {
    for course in courses() {
        for mut at in course.each_step() {
            at.hand.says("421 Bye.").waits_for_the_end(3);
            at.hand.is(State::Dead(Closed::Service));
            // The command under way has the 421 itself for its answer; nothing that follows has
            // any.
            let (verb, tickets) = (at.verb, std::mem::take(&mut at.tickets));
            let mut told = false;
            for (line, ticket) in tickets {
                let result = at.hand.reply(ticket);
                let code = match &result {
                    Ok(reply) => Some(reply.code().get()),
                    Err(error) => error.reply().map(|reply| reply.code().get()),
                };
                told |= line.starts_with(verb) && code == Some(421);
            }
            if let Err(error) = at.hand.verdict() {
                assert!(error.is_fatal(), "{}", at.place);
                let code = error.reply().map(|reply| reply.code().get());
                told |= error.verb().unwrap().as_str() == verb && code == Some(421);
            }
            assert!(told, "{}", at.place);
        }
    }
}

#[test]
fn stall_at_each_step() {
    for course in courses() {
        for mut at in course.each_step() {
            let before = at.hand.now;
            at.hand.waits_for_the_end(6).is_dead();
            let waited = at.hand.now.saturating_since(before);
            assert!(waited.as_secs() <= 130, "{}: {waited:?}", at.place);
            let error = at.error();
            assert!(is_timeout(&error), "{}: {error}", at.place);
        }
    }
}

#[test]
fn one_byte_per_second_at_each_step() {
    for course in courses() {
        for mut at in course.each_step() {
            let before = at.hand.now;
            at.hand.receives(b"2");
            at.hand.receives(b"1").receives(b"4").receives(b"-");
            for _ in 0..130 {
                at.hand.waits(1).receives(b"x");
            }
            at.hand.is_dead();
            let waited = at.hand.now.saturating_since(before);
            assert_eq!(waited.as_secs(), 130);
            let error = at.error();
            assert!(is_timeout(&error), "{}: {error}", at.place);
        }
    }
}

#[test]
fn garbage_at_each_step() {
    for course in courses() {
        for mut at in course.each_step() {
            at.hand.says("What?").waits_for_the_end(3).is_dead();
            at.error();
        }
    }
}

#[test]
fn every_reply_cut_at_every_byte() {
    for course in courses() {
        for (step, (_, next)) in course.steps.iter().enumerate() {
            let Reply(reply) = next else { continue };
            let bytes = format!("{reply}\r\n").into_bytes();
            let mut whole = course.before(step).hand;
            whole.receives(&bytes);
            for at in 0..bytes.len() {
                let mut cut = course.before(step).hand;
                cut.receives(&bytes[..at]).receives(&bytes[at..]);
                assert_eq!(cut.session, whole.session, "{reply} cut at {at}");
            }
        }
    }
}

/// Aborted at each step: the verdict comes at once, and a server that answers leaves a session that
/// is in step.
#[test]
fn abort_at_each_step() {
    for course in courses() {
        for mut at in course.each_step() {
            let Some(id) = at.hand.session.current_transfer() else {
                continue;
            };
            at.hand.session.abort(id);
            at.hand.run();
            let waits_for_the_final = at.ended;
            if !waits_for_the_final {
                let error = at.hand.verdict().unwrap_err();
                let interrupted = error.interrupted().unwrap();
                assert_eq!(interrupted.cause, Interruption::Aborted, "{}", at.place);
                assert_eq!(interrupted.bytes, at.bytes, "{}", at.place);
            }
            at.hand.obeys();
            assert!(at.hand.session.transmit().is_empty());
            assert_ne!(at.hand.session.state(), State::Usable, "{}", at.place);
        }
    }
}
