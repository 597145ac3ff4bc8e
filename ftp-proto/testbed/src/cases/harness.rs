//! Turns the table into tests: one for each server, family, mode and case.

use std::net::{Ipv6Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ftp_proto::trace::Record;
use ftp_proto::{Closed, Config, Detail, State, Verb, Violation};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use super::bench::{Bench, Outcome, ensure, works};
use super::{Case, Complaint, Mode, gigabyte, marks, table};
use crate::servers::{Family, Kind, Server, Setup, Unavailable, in_full, required};
use crate::subject::Subject;

/// The size of `large.bin`: more than two sockets hold together, so that an abort comes in the
/// midst.
const LARGE: u64 = 32 << 20;

const THREADS: usize = 8;

/// Runs all cases with `S`, as the arguments of the process say, and says what became of each
/// server.
pub fn main<S: Subject + 'static>() -> ExitCode {
    if let Some(task) = gigabyte::task() {
        return match gigabyte::perform::<S>(&task) {
            Ok(()) => ExitCode::SUCCESS,
            Err(complaint) => {
                eprintln!("{complaint}");
                ExitCode::FAILURE
            }
        };
    }
    let fleet: Vec<_> = Kind::ALL.map(|kind| Arc::new(Berth::new(kind))).into();
    let mut arguments = Arguments::from_args();
    // Much of the time goes into waiting for servers.
    arguments.test_threads = arguments.test_threads.or(Some(THREADS));
    let conclusion = libtest_mimic::run(&arguments, trials::<S>(&fleet));
    if !arguments.list {
        for berth in &fleet {
            println!("{}", berth.summary());
        }
    }
    // Ends the servers: leaving the process otherwise would not.
    drop(fleet);
    conclusion.exit_code()
}

/// One server, started when the first case needs it and shared by all.
#[derive(Debug)]
struct Berth {
    kind: Kind,
    server: OnceLock<Result<Server, Unavailable>>,
    cases: AtomicUsize,
    /// Held by cases that must have the server for themselves.
    turn: Mutex<()>,
}

impl Berth {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            server: OnceLock::new(),
            cases: AtomicUsize::new(0),
            turn: Mutex::new(()),
        }
    }

    fn server(&self) -> &Result<Server, Unavailable> {
        let setup = Setup::new(self.kind).large(LARGE);
        self.server.get_or_init(|| setup.start())
    }

    fn summary(&self) -> String {
        let kind = self.kind;
        match self.server.get() {
            None => format!("{kind}: not asked for"),
            Some(Err(unavailable)) => {
                let verdict = if required() { "missing" } else { "skipped" };
                format!("{kind}: {verdict}, {}", unavailable.reason)
            }
            Some(Ok(_)) => format!("{kind}: run, {} cases", self.cases.load(Ordering::SeqCst)),
        }
    }

    /// Two servers are served one session after the other. pyftpdlib 2.2.0, asked for a second
    /// active data connection, forgets the descriptor of the first, which may be that of another
    /// session by then. vsftpd 3.0.3 ends a session of two that choose the same passive port at
    /// once.
    fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        matches!(self.kind, Kind::Pyftpdlib | Kind::Vsftpd).then(|| lock(&self.turn))
    }

    /// Runs a case if the server can be run.
    fn run(
        &self,
        family: Family,
        name: &str,
        check: impl FnOnce(&Bench<'_>) -> Result<Completion, Complaint>,
    ) -> Result<Completion, Failed> {
        let server = match self.server() {
            Ok(server) => server,
            Err(unavailable) => return unavailable.verdict(),
        };
        if server.address(family).is_none() {
            return without_ipv6();
        }
        let _turn = self.turn();
        self.cases.fetch_add(1, Ordering::SeqCst);
        let bench = Bench::create(server, &name.replace("::", "-"))?;
        let completion = check(&bench)?;
        bench.remove()?;
        Ok(completion)
    }
}

/// A server that does not listen where it could is none that can be left out.
fn without_ipv6() -> Result<Completion, Failed> {
    match TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
        Err(_) => Ok(Completion::ignored_with("this machine has no IPv6")),
        Ok(_) => Err(Failed::from("the server does not listen on ::1")),
    }
}

/// Neighbours go to different servers, so that they do not wait for each other, and the gigabytes
/// are spread out.
fn trials<S: Subject + 'static>(fleet: &[Arc<Berth>]) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut gigabytes = fleet.iter().map(trial_of_a_gigabyte);
    for family in [Family::V4, Family::V6] {
        for mode in Mode::ALL {
            trials.extend(gigabytes.next());
            for case in table::<S>() {
                if !(case.combines)(mode, family) {
                    continue;
                }
                let case = Arc::new(case);
                let able = fleet
                    .iter()
                    .filter(|berth| berth.kind.serves(family) && (case.suits)(berth.kind));
                trials.extend(able.map(|berth| trial(berth, family, mode, &case)));
            }
        }
    }
    trials.extend(gigabytes);
    trials.push(Trial::test("marks::are_about_cases", || {
        let cases: Vec<_> = table::<S>().iter().map(|case| case.name).collect();
        Ok(marks::are_about(&cases)?)
    }));
    trials
}

fn trial<S: Subject + 'static>(
    berth: &Arc<Berth>,
    family: Family,
    mode: Mode,
    case: &Arc<Case<S>>,
) -> Trial {
    let name = format!(
        "{}::{}::{mode}::{}",
        berth.kind,
        family_name(family),
        case.name
    );
    let (berth, case) = (Arc::clone(berth), Arc::clone(case));
    Trial::ignorable_test(name.clone(), move || {
        berth.run(family, &name, |bench| {
            run_case(&case, &name, bench, family, mode)
        })
    })
}

/// One at a time, to spare the disk.
fn trial_of_a_gigabyte(berth: &Arc<Berth>) -> Trial {
    static TURN: Mutex<()> = Mutex::new(());
    let name = format!("{}::ipv4::epsv::moves_a_gigabyte_each_way", berth.kind);
    let berth = Arc::clone(berth);
    Trial::ignorable_test(name.clone(), move || {
        let common = berth.kind == Kind::Pyftpdlib || !berth.kind.is_library();
        if !common && !in_full() {
            return Ok(Completion::ignored_with("only in the full run"));
        }
        let _turn = lock(&TURN);
        berth.run(Family::V4, &name, |bench| {
            gigabyte::moves_a_gigabyte(bench)?;
            Ok(Completion::Completed)
        })
    })
}

/// What a failed case leaves locked is as good as before.
fn lock(turn: &Mutex<()>) -> MutexGuard<'_, ()> {
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn family_name(family: Family) -> &'static str {
    match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}

fn run_case<S: Subject>(
    case: &Case<S>,
    name: &str,
    bench: &Bench<'_>,
    family: Family,
    mode: Mode,
) -> Result<Completion, Complaint> {
    let address = bench.server().address(family).ok_or("no address")?;
    let mut config = Config::default();
    config.data_mode = mode.data_mode();
    config.detail = Detail::Everything;
    (case.configure)(&mut config);
    let mut subject = S::connect(address, config)?;
    let kind = bench.server().kind();
    let outcome =
        (case.check)(bench, &mut subject).and_then(|()| is_left_usable(kind, &mut subject));
    let trace = subject.take_trace();
    keep_trace(name, &trace)?;
    let outcome = outcome
        .and_then(|()| only_asked_for(mode, &trace))
        .and_then(|()| (case.trace)(kind, mode, &trace))
        .and_then(|()| is_whole(&trace));
    let marks = marks::of(kind, case.name, mode);
    match marks::judge(&marks, outcome, &trace) {
        Ok(None) => Ok(Completion::Completed),
        Ok(Some(mark)) => Ok(Completion::ignored_with(format!("marked: {}", mark.reason))),
        Err(complaint) => Err(with_dialogue(&complaint, &trace)),
    }
}

/// Writes the trace into the folder that `FTP_TRACES` names, for a replay without sockets.
fn keep_trace(name: &str, trace: &[Record]) -> Outcome {
    let Some(folder) = std::env::var_os("FTP_TRACES") else {
        return Ok(());
    };
    let file = PathBuf::from(folder).join(name.replace("::", "-") + ".trace");
    let lines: String = trace.iter().map(|record| format!("{record}\n")).collect();
    Ok(std::fs::write(file, lines)?)
}

/// What every case leaves behind, unless it ended the session.
fn is_left_usable<S: Subject>(kind: Kind, subject: &mut S) -> Outcome {
    const FORGOTTEN: Closed = Closed::Violation(Violation::TransferForgotten);
    match subject.session().state() {
        State::Dead(Closed::Quit) => Ok(()),
        State::Dead(FORGOTTEN) if kind == Kind::Pyftpdlib => Ok(()),
        _ => works(subject),
    }
}

/// No other data mode stepped in.
fn only_asked_for(mode: Mode, trace: &[Record]) -> Outcome {
    let other = trace.iter().find_map(|record| match record {
        Record::Command(command) => Some(command.verb()).filter(|verb| {
            let opens_data = matches!(verb, Verb::Epsv | Verb::Pasv | Verb::Eprt | Verb::Port);
            opens_data && *verb != mode.verb()
        }),
        _ => None,
    });
    ensure(other.is_none(), || format!("{other:?} was sent"))
}

/// The trace can be replayed.
fn is_whole(trace: &[Record]) -> Outcome {
    let mut dropped = trace.iter().filter(|r| matches!(r, Record::Dropped(_)));
    ensure(dropped.next().is_none(), || {
        "records were dropped".to_owned()
    })
}

fn with_dialogue(complaint: &Complaint, trace: &[Record]) -> Complaint {
    let lines = trace.iter().filter_map(|record| match record {
        Record::Command(command) => Some(format!("\n  > {command}")),
        Record::Reply(reply) => Some(format!("\n  < {reply}")),
        Record::Dropped(count) => Some(format!("\n  ({count} records were dropped)")),
        _ => None,
    });
    format!("{complaint}; the dialogue:{}", lines.collect::<String>()).into()
}
