//! Random worlds, from seeds: whatever goes wrong, no rule is broken; and once nothing more goes
//! wrong, all comes to an end.
//!
//! `FTP_SEEDS=1000000` tries as many seeds in each test, `FTP_SEED=7` one alone.

use std::time::Duration;

use ftp_proto::{AbortStyle, DataMode, Pipeline, Transfer};
use ftp_testkit::testing::{AbortStyle as Manners, Behaviour, Busy, Deed, Next, Rule, Step};
use ftp_testkit::{Choose, Seeded};

use crate::scenarios::{self, down, up};
use crate::world::{Event, FILE, Faults, Seen, Setup, Want, World, argument, command, login};

/// How many things happen before nothing goes wrong any more.
const STEPS: usize = 40;
/// How many things may happen from then on.
const STEPS_TO_REST: usize = 600;

fn one_of<T: Clone>(all: &[T], seeded: &mut Seeded) -> T {
    all[seeded.pick(all.len())].clone()
}

/// With `any`, the rule may be one of all commands, those of the login included.
fn rule(any: bool, seeded: &mut Seeded) -> Rule {
    let steps = [
        Step::Received,
        Step::Answering,
        Step::Answered,
        Step::Opening,
        Step::Marking,
        Step::Moving(0),
        Step::Moving(5),
        Step::Ending,
    ];
    let verbs = [
        "RETR", "STOR", "EPSV", "EPRT", "REST", "ABOR", "NOOP", "SIZE", "PASV",
    ];
    let mut rule = Rule::at(one_of(&steps, seeded));
    if !(any && seeded.is_one(3)) {
        rule = rule.of(one_of(&verbs, seeded));
    }
    if seeded.flip() {
        rule = rule.only(u32::from(seeded.flip()));
    }
    for _ in 0..seeded.pick(3) {
        rule = match seeded.pick(8) {
            0 => rule.close_data(),
            1 => rule.reset_data(),
            2 if seeded.is_one(4) => rule.close_control(),
            3 if seeded.is_one(4) => rule.deed(Deed::ResetControl),
            4 => rule.deed(Deed::Intrude),
            _ => {
                let codes = [
                    125, 150, 200, 225, 226, 250, 350, 421, 425, 426, 450, 451, 500, 550, 552,
                ];
                rule.say(one_of(&codes, seeded), "Whatever.")
            }
        };
    }
    let next = [
        Next::Usual,
        Next::Usual,
        Next::Skip,
        Next::End,
        Next::Hang,
        Next::Silence,
    ];
    rule.then(one_of(&next, seeded))
}

/// Also says whether replies come that nobody can tell from answers.
fn behaviour(any: bool, seeded: &mut Seeded) -> (Behaviour, bool) {
    let manners = [
        Manners::Prompt,
        Manners::Vsftpd,
        Manners::ProFtpd,
        Manners::PureFtpd,
        Manners::Pyftpdlib,
        Manners::Inetutils,
        Manners::Libunftp,
    ];
    let manners = one_of(&manners, seeded);
    let busy = [Busy::Queue, Busy::Answer, Busy::Refuse, Busy::BeforeFinal];
    let busy = one_of(&busy, seeded);
    // A server that answers NOOP and lets an earlier ABOR wait makes every fence a lie. None was
    // ever seen.
    let aborts_at_once = matches!(manners, Manners::Prompt | Manners::Pyftpdlib);
    let answers_out_of_order = busy == Busy::Answer && !aborts_at_once;
    let mut behaviour = Behaviour::new().abort(manners).busy(busy);
    if seeded.flip() {
        behaviour = behaviour.mark_first();
        if aborts_at_once && seeded.flip() {
            behaviour = behaviour.forgetful();
        }
    }
    if seeded.flip() {
        behaviour = behaviour.lingering_close();
    }
    let rules = seeded.pick(4);
    for _ in 0..rules {
        behaviour = behaviour.rule(rule(any, seeded));
    }
    (behaviour, rules > 0 || answers_out_of_order)
}

fn wants(seeded: &mut Seeded) -> Vec<Want> {
    let retrieve = || Transfer::retrieve(argument("f"));
    let mut wants = match seeded.pick(7) {
        0 => down(),
        1 => up(),
        2 => vec![Want::Transfer(
            retrieve().resume_at(4).expecting(6),
            Vec::new(),
        )],
        3 => vec![Want::Transfer(retrieve().limited_to(4), Vec::new())],
        4 => vec![Want::Transfer(Transfer::list(None), Vec::new())],
        5 => vec![Want::Transfer(
            Transfer::append(argument("f")),
            FILE.to_vec(),
        )],
        _ => {
            let lines = ["NOOP", "SIZE f", "MDTM f"].map(String::from).into();
            let batched = seeded.flip();
            vec![if batched {
                Want::Batch(lines)
            } else {
                Want::Several(lines)
            }]
        }
    };
    if seeded.flip() {
        let small = Transfer::retrieve(argument("small"));
        wants.push(Want::Transfer(small, Vec::new()));
    }
    // Not PWD, nor NOOP: the session sends those itself, and a command is known by its line.
    wants.push(command("MDTM empty"));
    wants.push(Want::Transfer(Transfer::machine_list(None), Vec::new()));
    wants.push(command("SYST"));
    wants
}

fn setup(seeded: &mut Seeded) -> Setup {
    let mut setup = Setup::new(wants(seeded));
    setup.tls = seeded.is_one(3);
    setup.from_the_greeting = seeded.is_one(4);
    if setup.from_the_greeting {
        setup.wants = [login(setup.tls), setup.wants].concat();
    }
    (setup.behaviour, setup.stray_replies) = behaviour(setup.from_the_greeting, seeded);
    let modes = [
        DataMode::Auto,
        DataMode::ExtendedPassive,
        DataMode::Passive,
        DataMode::ExtendedActive,
        DataMode::Active,
        DataMode::AnyActive,
    ];
    setup.config.data_mode = one_of(&modes, seeded);
    let styles = [
        AbortStyle::Abor,
        AbortStyle::Abor,
        AbortStyle::CloseData,
        AbortStyle::CloseControl,
    ];
    setup.config.abort = one_of(&styles, seeded);
    setup.config.lookahead = seeded.flip();
    setup.config.eager = seeded.flip();
    setup.config.pipeline = Pipeline::window(one_of(&[1, 2, 8], seeded));
    let seconds = |count| Some(Duration::from_secs(count));
    setup.config.keepalive = one_of(&[None, None, seconds(7)], seeded);
    setup.config.timeouts.operation = one_of(&[None, None, seconds(20)], seeded);
    setup.config.timeouts.abort_linger = Duration::from_secs(seeded.pick(2) as u64);
    if seeded.is_one(4) {
        // So little that replies are cut: the numbers of the commands must be in what is left.
        setup.config.limits.reply.line_bytes_max = 100;
        setup.config.limits.reply.reply_bytes_max = 100;
        setup.config.limits.reply.reply_lines_max = 4;
    }
    setup.may_abort = seeded.is_one(3);
    setup.hasty_waits = u8::try_from(seeded.pick(4)).unwrap();
    setup.latency = Duration::from_millis(one_of(&[0, 0, 1, 700, 4000], seeded));
    setup.faults = Faults {
        black_hole: seeded.is_one(20),
        bad_handshake: seeded.is_one(20),
        slow_handshake: seeded.is_one(20),
        no_close_notify: seeded.is_one(20),
        no_tls_end: seeded.is_one(20),
        disk: seeded.is_one(20).then_some(4),
    };
    setup
}

/// Something that should not happen.
fn go_wrong(world: &mut World, seeded: &mut Seeded) {
    match seeded.pick(12) {
        0 => world.lose_control(),
        1 | 2 => world.lose_data(),
        3 => world.inject(one_of(
            &[
                &b"226 "[..],
                b"\r\n",
                b"421 Bye.\r\n",
                b"150-x\r\n",
                b"\0",
                b"999 x\r\n",
                b"227 (1,2,3,4,5,6)\r\n",
            ],
            seeded,
        )),
        4..=6 => world.misreport(seeded.pick(100)),
        _ => {}
    }
}

fn happen(world: &mut World, seeded: &mut Seeded, seen: &mut Seen) -> Result<(), String> {
    let events = world.events();
    if events.is_empty() {
        return Ok(());
    }
    match one_of(&events, seeded) {
        Event::Flush if seeded.flip() => {
            world.flush(1 + seeded.pick(6));
            world.begin(seen)
        }
        Event::ClientReads if seeded.flip() => {
            world.client_reads(Some(1 + seeded.pick(30)))?;
            world.begin(seen)
        }
        event => world.step(event, seen),
    }
}

/// Plays a seed, and says how many steps it had. For safety anything may go wrong at any time, on
/// the wires and in the driver; for liveness only the server may. Either way that ends, and all has
/// to come to rest.
fn play(seed: u64, trouble: bool, seen: &mut Seen) -> Result<u64, String> {
    let mut seeded = Seeded::new(seed);
    let mut world = World::new(setup(&mut seeded));
    world.begin(seen)?;
    for _ in 0..STEPS {
        if trouble && seeded.is_one(15) {
            go_wrong(&mut world, &mut seeded);
            world.begin(seen)?;
        }
        happen(&mut world, &mut seeded, seen)?;
    }
    for more in 0..STEPS_TO_REST {
        let Some(event) = world.events().first().copied() else {
            world.is_at_rest()?;
            world.keeps_secrets()?;
            return Ok((STEPS + more) as u64);
        };
        world.step(event, seen)?;
    }
    Err("no rest".into())
}

/// The number in a variable of the environment, if it is set.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

/// Tells how to play a seed alone, should it end in a panic of its own.
struct Culprit {
    seed: u64,
    test: &'static str,
}

impl Culprit {
    fn command(&self) -> String {
        let Self { seed, test } = self;
        format!("FTP_SEED={seed} cargo test -p ftp-proto --test session {test}")
    }
}

impl Drop for Culprit {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("To play it again: {}", self.command());
        }
    }
}

/// Plays many seeds on all cores; a seed that fails is named with the command that plays it alone.
fn play_all(test: &'static str, trouble: bool) {
    let seeds = match number("FTP_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FTP_SEEDS").unwrap_or(10_000),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let steps: u64 = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..cores)
            .map(|core| {
                let seeds = seeds.clone().skip(core).step_by(cores);
                scope.spawn(move || {
                    let mut seen = Seen::default();
                    let mut steps = 0;
                    for seed in seeds {
                        let culprit = Culprit { seed, test };
                        match play(seed, trouble, &mut seen) {
                            Ok(count) => steps += count,
                            Err(broken) => panic!("{broken}"),
                        }
                        drop(culprit);
                    }
                    steps
                })
            })
            .collect();
        let joined = runs.into_iter().map(|run| run.join());
        joined
            .map(|run| run.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum()
    });
    println!("{test}: {} runs, {steps} steps", seeds.count());
}

/// Safety.
#[test]
fn no_rule_is_broken_whatever_goes_wrong() {
    play_all("no_rule_is_broken_whatever_goes_wrong", true);
}

/// Liveness.
#[test]
fn everything_comes_to_rest() {
    play_all("everything_comes_to_rest", false);
}

#[test]
fn a_seed_that_fails_tells_how_to_play_it_again() {
    let culprit = Culprit {
        seed: 7,
        test: "everything_comes_to_rest",
    };
    assert_eq!(
        culprit.command(),
        "FTP_SEED=7 cargo test -p ftp-proto --test session everything_comes_to_rest"
    );
}

/// The same seed is the same run: nothing in a session depends on anything but its inputs.
#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..200 {
        let world = |seed| {
            let mut seeded = Seeded::new(seed);
            let mut world = World::new(setup(&mut seeded));
            let mut seen = Seen::default();
            world.begin(&mut seen).unwrap();
            for _ in 0..STEPS {
                happen(&mut world, &mut seeded, &mut seen).unwrap();
            }
            world
        };
        assert!(world(seed) == world(seed), "{seed}");
    }
}

/// The scenarios too, in a random order each: as a check of the checks, which the exhaustive search
/// uses.
#[test]
fn scenarios_in_random_order() {
    let mut seeded = Seeded::new(1);
    let mut seen = Seen::default();
    for (name, setup) in scenarios::all() {
        let mut world = World::new(setup);
        world.begin(&mut seen).unwrap();
        while !world.events().is_empty() {
            let event = one_of(&world.events(), &mut seeded);
            world
                .step(event, &mut seen)
                .unwrap_or_else(|broken| panic!("{name}: {broken}"));
        }
        world
            .is_at_rest()
            .unwrap_or_else(|broken| panic!("{name}: {broken}"));
    }
}
