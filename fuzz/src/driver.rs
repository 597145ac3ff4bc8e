//! A good server, and a driver that reports in any order: late, twice, and what did not happen.
//!
//! The world is that of the session's own tests, which has the server, the connections and the
//! rules that hold after every step. The first line of the input says what the application wants
//! and how; each byte behind it is one step:
//!
//! | step | |
//! |---|---|
//! | `0` to `9` | the n-th of the events that can happen happens |
//! | `w`, `r` | three bytes are written, or read, of the control connection |
//! | `A` | the application aborts |
//! | `L`, `X` | data connections, or the control connection, are lost |
//! | `f` n | the n-th data connection fails on our side |
//! | `l` k n | the k-th kind of report is made of the n-th data connection, and did not happen |
//! | `d` n | the n-th last report is made again |
//!
//! What the driver says of payload that moves has to be true: nobody can make up for that.
//! Everything else may be false.

#[path = "../../ftp-proto/tests/session"]
#[allow(dead_code, reason = "shared with the session's tests")]
mod tests {
    pub(crate) mod world;
}

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ftp_proto::trace::Record;
use ftp_proto::{
    AbortStyle, Action, DataId, DataMode, Detail, Direction, End, Failure, Link, Pipeline, Report,
    Session, Transfer,
};
use ftp_testkit::testing::{AbortStyle as Manners, Behaviour, Busy};
use tests::world::{Event, FILE, HOST, Outcome, Seen, Setup, Want, World, argument, command};

const STEPS_MAX: usize = 200;
/// More than any world here takes from anywhere to its end.
const STEPS_TO_REST: usize = 1000;
const WANTS_MAX: usize = 6;

/// Plays the steps, then the first of what can happen, again and again; all must come to an end.
pub fn check(input: &[u8]) {
    let mut parts = input.splitn(2, |&byte| byte == b'\n');
    let header = parts.next().unwrap_or_default();
    let mut steps = Bytes(parts.next().unwrap_or_default().iter());
    let setup = setup(header);
    let wants = setup.wants.clone();
    let mut play = Play {
        world: World::new(setup),
        seen: Seen::default(),
        known: Vec::new(),
        reported: Vec::new(),
    };
    for at in 0..WANTS_MAX {
        let files = play.world.server.files_mut();
        files.insert(format!("/f{at}"), FILE, 0);
    }
    holds(play.world.begin(&mut play.seen));
    for _ in 0..STEPS_MAX {
        let Some(step) = steps.next() else { break };
        play.step(step, &mut steps);
    }
    play.rest();
    check_outcomes(&play.world, &wants);
}

fn holds(result: Result<(), String>) {
    if let Err(broken) = result {
        panic!("{broken}");
    }
}

struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        self.0.next().copied()
    }

    /// A byte as a number, digits as what they say.
    fn number(&mut self) -> usize {
        usize::from(self.next().unwrap_or_default().wrapping_sub(b'0'))
    }
}

struct Play {
    world: World,
    seen: Seen,
    /// Every data connection that was asked for.
    known: Vec<DataId>,
    reported: Vec<Report>,
}

impl Play {
    fn step(&mut self, step: u8, more: &mut Bytes<'_>) {
        let world = &mut self.world;
        let events = world.events();
        let result = match step {
            b'w' if events.contains(&Event::Flush) => {
                world.flush(3);
                Ok(())
            }
            b'r' if events.contains(&Event::ClientReads) => world.client_reads(Some(3)),
            b'A' => {
                world.session.abort_all();
                Ok(())
            }
            b'L' => {
                world.lose_data();
                Ok(())
            }
            b'X' => {
                world.lose_control();
                Ok(())
            }
            b'f' => {
                if let Some(data) = pick(&self.known, more.number()) {
                    world.fail(data, Failure::Local);
                }
                Ok(())
            }
            b'l' => {
                let kind = more.number();
                if let Some(data) = pick(&self.known, more.number()) {
                    self.lie(kinds(data)[kind % KINDS]);
                }
                Ok(())
            }
            b'd' => {
                let back = more.number() % 10;
                let at = self.reported.len().checked_sub(back + 1);
                if let Some(report) = at.map(|at| self.reported[at]) {
                    self.lie(report);
                }
                Ok(())
            }
            _ => pick(&events, usize::from(step.wrapping_sub(b'0')))
                .map_or(Ok(()), |event| world.step(event, &mut self.seen)),
        };
        holds(result);
        let begun = self.world.begin(&mut self.seen);
        holds(begun);
        self.note();
    }

    /// Reports what did not happen. What is ignored must change nothing. What is not comes to the
    /// session, unless it is about payload, or about TLS on the control connection.
    fn lie(&mut self, report: Report) {
        let session = &mut self.world.session;
        let before = session.clone();
        let ignored = session.ignored_reports();
        session.report(report);
        if session.ignored_reports() > ignored {
            // It may have answered what is not needed any more: that shows nowhere, and it cannot
            // do so twice.
            let shown = |session: &Session| {
                let written = session.transmit().to_vec();
                (session.state(), session.deadline(), written)
            };
            assert_eq!(shown(session), shown(&before), "{report:?} was ignored");
            let once = session.clone();
            session.report(report);
            assert!(*session == once, "{report:?} was ignored twice");
            return;
        }
        *session = before;
        match report {
            Report::Connected { .. }
            | Report::Listening { .. }
            | Report::Accepted { .. }
            | Report::Secured {
                link: Link::Data(_),
            }
            | Report::Held { .. } => self.world.report(report),
            Report::Failed {
                link: Link::Data(data),
                failure,
            } => self.world.fail(data, failure),
            _ => {}
        }
    }

    /// What was asked of the driver and what it has reported stands in the trace.
    fn note(&mut self) {
        while let Some(record) = self.world.session.poll_trace() {
            match record {
                Record::Performed(Action::Connect { data, .. } | Action::Listen { data }) => {
                    self.known.push(data);
                }
                Record::Reported(report) => self.reported.push(report),
                _ => {}
            }
        }
    }

    fn rest(&mut self) {
        for data in std::mem::take(&mut self.known) {
            self.lie(Report::Held { data, held: false });
        }
        holds(self.world.begin(&mut self.seen));
        for _ in 0..STEPS_TO_REST {
            let Some(event) = self.world.events().first().copied() else {
                return holds(self.world.is_at_rest());
            };
            holds(self.world.step(event, &mut self.seen));
        }
        panic!("no rest: {:?}", self.world.session);
    }
}

fn pick<T: Copy>(all: &[T], index: usize) -> Option<T> {
    all.get(index.checked_rem(all.len())?).copied()
}

const KINDS: usize = 15;

/// Everything that a driver can say of a data connection.
fn kinds(data: DataId) -> [Report; KINDS] {
    let stranger = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 77));
    let finished = |end| Report::Finished { data, end };
    let link = Link::Data(data);
    [
        Report::Connected { data },
        Report::Listening {
            data,
            local: SocketAddr::new(HOST, 9),
        },
        Report::Accepted { data, peer: HOST },
        Report::Accepted {
            data,
            peer: stranger,
        },
        Report::Secured { link },
        Report::Secured {
            link: Link::Control,
        },
        Report::Unsecured,
        Report::Moved { data, bytes: 3 },
        Report::Held { data, held: true },
        Report::Held { data, held: false },
        Report::Closing { data },
        finished(End::Clean),
        finished(End::Limit),
        finished(End::Truncated),
        Report::Failed {
            link,
            failure: Failure::Reset,
        },
    ]
}

// -- what the world is like -----------------------------------------------------------------------

fn setup(header: &[u8]) -> Setup {
    let words = || header.split(|&byte| byte == b' ');
    let mut wants: Vec<Want> = Vec::new();
    for word in words() {
        let want = want(wants.len(), word).filter(|want| !wants.contains(want));
        wants.extend(want.filter(|_| wants.len() < WANTS_MAX));
    }
    let mut setup = Setup::new(wants);
    setup.hasty_waits = 3;
    setup.config.detail = Detail::Steps;
    for word in words() {
        configure(&mut setup, word);
    }
    setup
}

/// Names are used once each, so that it is known which want a command belongs to.
fn want(at: usize, word: &[u8]) -> Option<Want> {
    let retrieve = || Transfer::retrieve(argument(&format!("f{at}")));
    let transfer = match word {
        b"get" => retrieve(),
        b"small" => Transfer::retrieve(argument("small")),
        b"empty" => Transfer::retrieve(argument("empty")),
        b"range" => retrieve().resume_at(4).expecting(6),
        b"head" => retrieve().limited_to(4),
        b"list" => Transfer::list(None),
        b"facts" => Transfer::machine_list(None),
        b"put" => {
            let store = Transfer::store(argument(&format!("new{at}")));
            return Some(Want::Transfer(store, FILE.to_vec()));
        }
        b"ask" => return Some(command(&format!("SIZE new{at}"))),
        b"several" => {
            let lines = ["MDTM", "SIZE", "MLST"].map(|verb| format!("{verb} a{at}"));
            return Some(Want::Several(lines.into()));
        }
        b"batch" => {
            let lines = ["MDTM", "SIZE", "DELE"].map(|verb| format!("{verb} b{at}"));
            return Some(Want::Batch(lines.into()));
        }
        _ => return None,
    };
    Some(Want::Transfer(transfer, Vec::new()))
}

fn configure(setup: &mut Setup, word: &[u8]) {
    let config = &mut setup.config;
    let server = |manners, busy| Behaviour::new().abort(manners).busy(busy);
    match word {
        b"tls" => setup.tls = true,
        b"active" => config.data_mode = DataMode::AnyActive,
        b"pasv" => config.data_mode = DataMode::Passive,
        b"lookahead" => config.lookahead = true,
        b"eager" => config.eager = true,
        b"early" => config.early_tls = true,
        b"pipeline" => config.pipeline = Pipeline::window(8),
        b"keepalive" => config.keepalive = Some(Duration::from_secs(7)),
        b"patient" => config.timeouts.abort_linger = Duration::from_secs(1),
        b"close" => config.abort = AbortStyle::CloseData,
        b"operation" => config.timeouts.operation = Some(Duration::from_secs(20)),
        b"slow" => setup.latency = Duration::from_millis(700),
        b"abort" => setup.may_abort = true,
        b"vsftpd" => setup.behaviour = server(Manners::Vsftpd, Busy::Queue),
        b"proftpd" => setup.behaviour = server(Manners::ProFtpd, Busy::Queue),
        b"pure-ftpd" => setup.behaviour = server(Manners::PureFtpd, Busy::Refuse),
        b"pyftpdlib" => setup.behaviour = server(Manners::Pyftpdlib, Busy::Answer),
        b"mark-first" => setup.behaviour = setup.behaviour.clone().mark_first(),
        _ => {}
    }
}

/// A transfer that is said to have succeeded has moved just what it should have.
fn check_outcomes(world: &World, wants: &[Want]) {
    let transfers = wants.iter().filter_map(|want| match want {
        Want::Transfer(transfer, upload) => Some((transfer, upload)),
        _ => None,
    });
    let verdicts = world.outcomes().iter().filter_map(|outcome| match outcome {
        Outcome::Transfer(verdict) => Some(verdict),
        Outcome::Reply(_) => None,
    });
    for ((transfer, upload), verdict) in transfers.zip(verdicts) {
        let Ok(completed) = verdict else { continue };
        let name = transfer.command().argument().map(|name| name.as_bytes());
        let name = String::from_utf8_lossy(name.unwrap_or_default());
        if transfer.direction() == Direction::Send {
            let stored = world.server.files().content(format!("/{name}"));
            assert_eq!(stored, Some(&upload[..]), "{name} is said to be stored");
            continue;
        }
        let length: u64 = match &*name {
            "small" => 3,
            "empty" => 0,
            name if name.starts_with('f') => FILE.len() as u64,
            _ => continue,
        };
        let rest = length.saturating_sub(transfer.offset());
        let expected = rest.min(transfer.limit().unwrap_or(u64::MAX));
        assert_eq!(completed.bytes, expected, "of {name}: {completed:?}");
    }
}
