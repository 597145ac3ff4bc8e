//! All orders in which the events of a scenario can happen, each state once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::scenarios;
use crate::world::{Event, Seen, World};

/// What was tried.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    /// Orders of events from the beginning to the end, of which the states above are what they have in common.
    pub(crate) orders: u128,
}

struct Explorer<'a> {
    seen: &'a mut Seen,
    /// How many orders lead from a state to an end.
    known: HashMap<u64, u128>,
    path: Vec<Event>,
    steps: usize,
}

/// Plays all orders of a scenario.
pub(crate) fn explore(world: &World, seen: &mut Seen) -> Result<Tally, String> {
    let mut explorer = Explorer {
        seen,
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
        let events = world.events();
        let mut orders: u128 = 0;
        if events.is_empty() {
            self.explain(world, world.is_at_rest())?;
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

#[test]
fn all_orders_of_all_scenarios() {
    with_deep_stack(|| {
        let mut seen = Seen::default();
        let mut all = Tally::default();
        let mut failures = Vec::new();
        for (name, setup) in scenarios::all() {
            let mut world = World::new(setup);
            world.begin(&mut seen).unwrap();
            match explore(&world, &mut seen) {
                Err(broken) => failures.push(format!("{name}: {broken}")),
                Ok(tally) => {
                    all.states += tally.states;
                    all.steps += tally.steps;
                    all.orders = all.orders.saturating_add(tally.orders);
                }
            }
        }
        println!("{all:?}");
        println!("{:#?}", seen.names);
        println!("{:#?}", seen.coverage.missing());
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    });
}
