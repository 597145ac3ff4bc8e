//! The table of the settlement, drawn once more as a picture and walked as a whole.

use alloc::format;
use alloc::vec::Vec;

use super::{Input, Stage, Step, step};

const STAGES: [Stage; 5] = [
    Stage::Prelude,
    Stage::Flushing,
    Stage::Lingering,
    Stage::Grace,
    Stage::Fence,
];

const INPUTS: [Input; 8] = [
    Input::Written(true),
    Input::Written(false),
    Input::DataOver,
    Input::Expired(true),
    Input::Expired(false),
    Input::FenceAnswered(true),
    Input::FenceAnswered(false),
    Input::NothingOwed,
];

/// Stages downwards, inputs to the right. A dot stands for what cannot happen.
const PICTURE: &str = "
             Written(true) Written(false) DataOver Expired(true) Expired(false) FenceAnswered(true) FenceAnswered(false) NothingOwed
  Prelude    Stay          Stay           .        Die           Die            .                   .                    Rest
  Flushing   Linger        Await          Stay     Die           Die            .                   .                    Rest
  Lingering  Stay          Stay           Await    Await         Await          .                   .                    Rest
  Grace      Stay          Stay           .        Abort         Fence          .                   .                    Rest
  Fence      Stay          Stay           .        Die           Die            Forgotten           Forgive              Rest
";

#[test]
fn every_cell_is_as_drawn() {
    let mut rows = PICTURE.lines().filter(|line| !line.trim().is_empty());
    let heads: Vec<_> = INPUTS.iter().map(|input| format!("{input:?}")).collect();
    assert_eq!(
        rows.next().unwrap().split_whitespace().collect::<Vec<_>>(),
        heads
    );
    for stage in STAGES {
        let row: Vec<&str> = rows.next().unwrap().split_whitespace().collect();
        assert_eq!(row[0], format!("{stage:?}"));
        assert_eq!(row.len(), INPUTS.len() + 1);
        for (cell, input) in row[1..].iter().zip(INPUTS) {
            let found = match step(stage, input) {
                Step::Unreachable => ".".into(),
                step => format!("{step:?}"),
            };
            assert_eq!(found, *cell, "{stage:?} {input:?}");
        }
    }
    assert_eq!(rows.next(), None);
}

/// Waits alone end the session or its settlement: every stage gives up in at most four expiries.
#[test]
fn silence_ends_it() {
    for mut stage in STAGES {
        let mut expiries = 0;
        loop {
            expiries += 1;
            assert!(expiries <= 4, "{stage:?} waits for ever");
            // ABOR is out after the first expiry, so that the second finds the abort owed.
            stage = match step(stage, Input::Expired(stage == Stage::Lingering)) {
                Step::Await => Stage::Grace,
                Step::Abort => Stage::Flushing,
                Step::Fence => Stage::Fence,
                Step::Die => break,
                other => panic!("{other:?}"),
            };
        }
    }
}
