//! Every call of the client has a fault in turn.

use std::time::Duration;

use ftp_mio::proto::DataMode;

use crate::scenario::{Outcomes, SIZE, Scene, content, everything};
use crate::world::{Fault, Faults, Manner};

const NAMES: &[u8] = b"a.bin\r\nb\r\nnew.bin\r\n";

struct Played {
    outcomes: Outcomes,
    file: Vec<u8>,
    names: Vec<u8>,
    commands: Vec<String>,
    stored: Option<Vec<u8>>,
    calls: usize,
    turns: usize,
    elapsed: Duration,
}

fn play(mode: DataMode, manner: Manner, faults: Faults) -> Played {
    let mut scene = Scene::new(mode, manner, faults);
    let (outcomes, file, names) = everything(&mut scene);
    let elapsed = scene.elapsed();
    let (calls, turns) = (scene.world.calls(), scene.turns);
    scene.client.close(&mut scene.watch);
    assert!(scene.watch.is_empty(), "a socket is still watched");
    assert!(scene.world.is_deserted(), "a socket is still open");
    scene.world.step();
    let greeted = !matches!(&outcomes.login, Err(ftp_mio::Error::Connect(_)));
    let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    Played {
        commands: match greeted {
            true => scene
                .world
                .log(0)
                .iter()
                .map(|received| text(&received.line))
                .collect(),
            false => Vec::new(),
        },
        stored: greeted
            .then(|| scene.world.files(0).content("/new.bin").map(<[u8]>::to_vec))
            .flatten(),
        outcomes,
        file,
        names,
        calls,
        turns,
        elapsed,
    }
}

fn assert_good(played: &Played, what: &dyn std::fmt::Debug) {
    assert!(
        played.outcomes.are_good(),
        "{what:?}: {:?}",
        played.outcomes
    );
    assert_eq!(played.file, content(), "{what:?}");
    assert_eq!(played.stored.as_deref(), Some(&content()[..]), "{what:?}");
    assert_eq!(
        String::from_utf8_lossy(&played.names),
        String::from_utf8_lossy(NAMES),
        "{what:?}"
    );
    assert_eq!(
        played.elapsed,
        Duration::ZERO,
        "{what:?}: it waited for a deadline"
    );
}

/// What is said to have succeeded must have.
fn assert_honest(played: &Played, what: &dyn std::fmt::Debug) {
    if let Ok(completed) = &played.outcomes.download {
        assert_eq!(played.file, content(), "{what:?}");
        assert_eq!(completed.bytes, SIZE as u64, "{what:?}");
    } else {
        assert!(content().starts_with(&played.file), "{what:?}");
    }
    if played.outcomes.upload.is_ok() {
        assert_eq!(played.stored.as_deref(), Some(&content()[..]), "{what:?}");
    }
    if played.outcomes.names.is_ok() {
        assert!(
            played.names.ends_with(b"new.bin\r\n") || played.outcomes.upload.is_err(),
            "{what:?}"
        );
    }
    assert!(
        played.elapsed < Duration::from_secs(60),
        "{what:?}: it took {:?}: {:?} {:?}",
        played.elapsed,
        played.outcomes,
        played.commands
    );
}

/// Both ways of opening data connections, and every reactor with one of them.
fn modes() -> impl Iterator<Item = (DataMode, Manner)> {
    Manner::ALL
        .map(|manner| (DataMode::Auto, manner))
        .into_iter()
        .chain([(DataMode::AnyActive, Manner::Edges)])
}

#[test]
fn without_faults_every_reactor_does() {
    for (mode, manner) in modes() {
        assert_good(&play(mode, manner, Faults::None), &(mode, manner));
    }
}

#[test]
fn a_fault_in_any_one_call() {
    for (mode, manner) in modes() {
        let flawless = play(mode, manner, Faults::None);
        for fault in Fault::ALL {
            for n in 1..=flawless.calls {
                let what = (mode, manner, fault, n);
                let played = play(mode, manner, Faults::At(n, fault));
                assert!(
                    played.turns < 3 * flawless.turns + 100,
                    "{what:?}: {} turns instead of {}",
                    played.turns,
                    flawless.turns
                );
                if fault == Fault::Fail {
                    assert_honest(&played, &what);
                } else {
                    assert_good(&played, &what);
                    assert_eq!(played.commands, flawless.commands, "{what:?}");
                }
            }
        }
    }
}

#[test]
fn the_same_fault_again_and_again() {
    for (mode, manner) in modes() {
        for n in 1..6 {
            for fault in [Fault::Short, Fault::Block, Fault::Interrupt] {
                // A call that blocks or is interrupted whenever it is made never does anything.
                if n > 1 || fault == Fault::Short {
                    let what = (mode, manner, fault, n);
                    assert_good(&play(mode, manner, Faults::Often(n, fault)), &what);
                }
            }
        }
    }
}

#[test]
fn failures_again_and_again_end() {
    for (mode, manner) in modes() {
        for n in 1..60 {
            let what = (mode, manner, n);
            assert_honest(&play(mode, manner, Faults::Often(n, Fault::Fail)), &what);
        }
    }
}
