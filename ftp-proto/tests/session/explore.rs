//! All orders in which the events of a scenario can happen, each state once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::task::Poll;

use ftp_proto::checksum::Algorithm;
use ftp_proto::operation::{AskChecksum, Exchange};
use ftp_proto::{
    Action, Closed, Config, Control, End, Interruption, Link, Operation, Reason, Report, Session,
    State, Violation,
};

use crate::scenarios;
use crate::world::{Event, HOST, Seen, Setup, World, argument};

/// What was tried.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    /// Orders of events from the beginning to the end, of which the states above are what they have
    /// in common.
    pub(crate) orders: u128,
}

struct Explorer<'a> {
    seen: &'a mut Seen,
    /// What has to hold at every end.
    end: fn(&World) -> Result<(), String>,
    /// How many orders lead from a state to an end.
    known: HashMap<u64, u128>,
    path: Vec<Event>,
    steps: usize,
}

/// Plays all orders of a scenario.
pub(crate) fn explore(
    world: &World,
    seen: &mut Seen,
    end: fn(&World) -> Result<(), String>,
) -> Result<Tally, String> {
    let mut explorer = Explorer {
        seen,
        end,
        known: HashMap::new(),
        path: Vec::new(),
        steps: 0,
    };
    let orders = explorer.orders_from(world)?;
    Ok(Tally {
        states: explorer.known.len(),
        steps: explorer.steps,
        orders,
    })
}

impl Explorer<'_> {
    fn orders_from(&mut self, world: &World) -> Result<u128, String> {
        let mut hasher = DefaultHasher::new();
        world.hash(&mut hasher);
        let state = hasher.finish();
        if let Some(orders) = self.known.get(&state) {
            return Ok(*orders);
        }
        self.explain(world, world.keeps_secrets())?;
        let events = world.events();
        let mut orders: u128 = 0;
        if events.is_empty() {
            self.explain(world, (self.end)(world))?;
            orders = 1;
        }
        if self.path.len() > 500 {
            self.explain(world, Err("no end in sight".into()))?;
        }
        for event in events {
            let mut next = world.clone();
            self.path.push(event);
            let result = next.step(event, self.seen);
            self.explain(&next, result)?;
            self.steps += 1;
            orders = orders.saturating_add(self.orders_from(&next)?);
            self.path.pop();
        }
        self.known.insert(state, orders);
        Ok(orders)
    }

    fn explain(&self, world: &World, result: Result<(), String>) -> Result<(), String> {
        result.map_err(|broken| {
            let (path, outcomes) = (&self.path, world.outcomes());
            let state = world.session.state();
            format!("{broken}\n  after {path:?}\n  with {outcomes:?}\n  in {state:?}")
        })
    }
}

/// Deep recursion needs more stack than a test has.
pub(crate) fn with_deep_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(512 << 20);
    thread.spawn(work).unwrap().join().unwrap()
}

/// Plays all orders of these scenarios, and fails with all that went wrong.
fn explore_all(
    scenarios: Vec<(String, Setup)>,
    seen: &mut Seen,
    end: fn(&World) -> Result<(), String>,
) -> Tally {
    let mut all = Tally::default();
    let mut failures = Vec::new();
    for (name, setup) in scenarios {
        let mut world = World::new(setup);
        world.begin(seen).unwrap();
        match explore(&world, seen, end) {
            Err(broken) => failures.push(format!("{name}: {broken}")),
            Ok(tally) => {
                all.states += tally.states;
                all.steps += tally.steps;
                all.orders = all.orders.saturating_add(tally.orders);
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    all
}

/// In every order, every rule holds after every step, everything asked for has an outcome, and the
/// session ends usable and in step, or over. And nothing that can be reached was left out.
#[test]
fn all_orders_of_all_scenarios() {
    with_deep_stack(|| {
        let mut seen = Seen::default();
        let scenarios = scenarios::all();
        let count = scenarios.len();
        let all = explore_all(scenarios, &mut seen, World::is_at_rest);
        unreadable(&mut seen);
        kept_alive(&mut seen);
        kept_alive_while_idle(&mut seen);
        closed_by_us(&mut seen);
        refill_cut(&mut seen);
        println!(
            "{count} scenarios: {} states, {} steps between them, {} orders",
            all.states, all.steps, all.orders
        );
        #[cfg(feature = "testing")]
        {
            let cells = seen.coverage;
            assert_eq!(cells.missing(), [""; 0], "cells of the table never visited");
            println!("{} of {} cells", cells.visited(), cells.reachable());
        }
        assert_eq!(never_seen(&seen), [""; 0], "never seen");
    });
}

/// What a session can say or ask and has not. The lists are those of the enums themselves.
fn never_seen(seen: &Seen) -> Vec<String> {
    [
        seen.missing::<Action>(),
        seen.missing::<Reason>(),
        seen.missing::<Interruption>(),
        seen.missing::<Violation>(),
        seen.missing::<Closed>(),
        seen.missing::<ftp_proto::Event>(),
    ]
    .concat()
}

/// A server that does nothing wrong is never misjudged, whatever comes first.
#[test]
fn all_orders_of_good_manners_succeed() {
    with_deep_stack(|| {
        let end = |world: &World| world.is_at_rest().and_then(|()| world.has_succeeded());
        let all = explore_all(scenarios::harmless(), &mut Seen::default(), end);
        println!("{} states, {} orders", all.states, all.orders);
    });
}

/// A port that cannot be read, on the last rung of its ladder.
fn unreadable_port(seen: &mut Seen) {
    let mut config = Config::default();
    config.data_mode = ftp_proto::DataMode::ExtendedPassive;
    let mut hand = crate::hand::Hand::new(config);
    hand.begins(crate::hand::retrieve());
    hand.says("200 Type.").says("229 nowhere").says("500 FEAT?");
    seen.error(&hand.verdict().unwrap_err());
}

/// A keepalive that ends the transfer.
fn kept_alive(seen: &mut Seen) {
    let mut config = Config::default();
    config.keepalive = Some(std::time::Duration::from_secs(30));
    let mut hand = crate::hand::Hand::new(config);
    hand.moves(crate::hand::retrieve()).moved(2000);
    hand.expires(Reason::Keepalive).expires(Reason::DataIdle);
    seen.error(&hand.verdict().unwrap_err());
}

/// No world is idle for so long.
fn kept_alive_while_idle(seen: &mut Seen) {
    let mut config = Config::default();
    config.idle_keepalive = Some(std::time::Duration::from_secs(60));
    let mut hand = crate::hand::Hand::new(config);
    hand.submits("USER ann");
    hand.says("230 In.").sends(&["USER ann"]);
    hand.expires(Reason::IdleKeepalive).sends(&["NOOP"]);
    seen.see(&Reason::IdleKeepalive);
}

/// A listing for new tickets that has no end: no simulated directory is as long.
fn refill_cut(seen: &mut Seen) {
    let mut hand = crate::hand::Hand::protected(Config::default());
    hand.session.set_resumptions(Some(0));
    hand.begins(crate::hand::retrieve());
    hand.says("200 Type.").says("229 (|||4711|)").connects();
    let link = Link::Data(hand.data());
    hand.says("150 Names.").reports(Report::Secured { link });
    hand.moved(64 * 1024).ends(End::Limit);
    hand.events().iter().for_each(|event| seen.see(event));
}

/// Replies that are none of what their commands ask for.
fn unreadable(seen: &mut Seen) {
    unreadable_port(seen);
    fn ask<T: std::fmt::Debug>(mut operation: Exchange<T>, reply: &str, seen: &mut Seen) {
        let mut config = Config::default();
        config.encoding = ftp_proto::Encoding::AsItIs;
        let mut session = Session::new(config, Control::new(HOST, HOST));
        session.receive(b"220 Hello.\r\n");
        assert!(operation.poll(&mut session).is_pending());
        session.transmitted(session.transmit().len());
        session.receive(reply.as_bytes());
        let Poll::Ready(Err(error)) = operation.poll(&mut session) else {
            panic!("{reply} was read");
        };
        seen.error(&error);
    }
    let name = || argument("f");
    ask(Exchange::working_directory(), "257 here\r\n", seen);
    ask(Exchange::size(name()), "213 many\r\n", seen);
    ask(Exchange::modified(name()), "213 yesterday\r\n", seen);
    unreadable_checksum(seen);
}

/// FEAT and TYPE come before HASH.
fn unreadable_checksum(seen: &mut Seen) {
    let mut ask = AskChecksum::new(argument("f"), Algorithm::Sha256);
    let mut session = Session::new(Config::default(), Control::new(HOST, HOST));
    for reply in [
        "220 Hello.\r\n",
        "211-Here:\r\n HASH SHA-256*\r\n211 End.\r\n",
        "200 Image.\r\n",
        "213 nothing\r\n",
    ] {
        assert!(ask.poll(&mut session).is_pending());
        session.transmitted(session.transmit().len());
        session.receive(reply.as_bytes());
    }
    match ask.poll(&mut session) {
        Poll::Ready(Err(error)) => seen.error(&error),
        other => panic!("{other:?}"),
    }
}

/// The one end that no server brings about.
fn closed_by_us(seen: &mut Seen) {
    let mut session = Session::new(Config::default(), Control::new(HOST, HOST));
    session.close();
    let State::Dead(closed) = session.state() else {
        panic!("still open");
    };
    seen.see(&closed);
}
