//! Turns the table into tests, one for each scenario.

use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};

use super::course::Course;
use super::play::play;
use super::{Scenario, table};
use crate::scripted::WATCHDOG;
use crate::subject::Complaint;
use crate::subject::Subject;

/// Most of the time goes into limits that have to pass.
const THREADS: usize = 8;

/// All scenarios with `S`.
#[must_use]
pub fn trials<S: Subject + 'static>() -> Vec<Trial> {
    each(|scenario| {
        watched::<S>(scenario)?;
        Ok(())
    })
}

/// All scenarios with both clients, who have to do the same.
#[must_use]
pub fn agreement<A: Subject + 'static, B: Subject + 'static>() -> Vec<Trial> {
    each(|scenario| {
        let one = watched::<A>(scenario)?;
        let two = watched::<B>(scenario)?;
        let differences = one.differences(&two);
        if differences.is_empty() {
            return Ok(());
        }
        Err(format!("the clients differ in {}", differences.join("\n")).into())
    })
}

/// Runs these, as the arguments of the process say.
#[must_use]
pub fn run(trials: Vec<Trial>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(THREADS));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn each(check: fn(&Arc<Scenario>) -> Result<(), Complaint>) -> Vec<Trial> {
    let trial = |scenario: Scenario| {
        let scenario = Arc::new(scenario);
        Trial::test(scenario.name.clone(), move || {
            check(&scenario).map_err(Failed::from)
        })
    };
    table().into_iter().map(trial).collect()
}

/// Plays a scenario in a thread of its own: a client that hangs fails. The peer gives up first, and
/// says at what.
fn watched<S: Subject + 'static>(scenario: &Arc<Scenario>) -> Result<Course, Complaint> {
    let (done, ended) = mpsc::channel();
    let scenario = Arc::clone(scenario);
    thread::spawn(move || {
        // Nobody is there any more for what comes too late.
        let _ = done.send(play::<S>(&scenario));
    });
    match ended.recv_timeout(2 * WATCHDOG) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err("the client hangs".into()),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err("the client panicked".into()),
    }
}
