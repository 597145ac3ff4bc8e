//! The table of the prelude, drawn once more as a picture and walked as a whole.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Facts, Input, Stage, Step, step};

const STAGES: [Stage; 7] = [
    Stage::New,
    Stage::Listening,
    Stage::Typing,
    Stage::Asking,
    Stage::Dialling,
    Stage::Announcing,
    Stage::Restarting,
];

const INPUTS: [Input; 8] = [
    Input::Begun,
    Input::Granted,
    Input::NotDone,
    Input::Denied,
    Input::Done,
    Input::Failed,
    Input::Expired,
    Input::Cancelled,
];

/// Stages downwards, inputs to the right, in the order of the lists above. A dot stands for what cannot happen.
/// `a|b` is `a` where the fact above the picture holds, and `b` where it does not.
const PICTURE: &str = "
              Begun        Granted        NotDone        Denied  Done              Failed         Expired        Cancelled
  New         Listen|Ask   .              .              .       .                 .              .              Cancel
  Listening   .            .              .              .       Type|Announce     Cancel         Cancel         Cancel
  Typing      .            Announce|Ask   Refuse         Refuse  .                 Cancel         Die            Cancel
  Asking      .            Dial           Descend|Refuse Refuse  .                 .              Die            Cancel
  Dialling    .            .              .              .       Restart|Transfer  Descend|Cancel Descend|Cancel Cancel
  Announcing  .            Restart|Transfer Descend|Refuse Refuse .                Cancel         Die            Cancel
  Restarting  .            Transfer       Refuse         Refuse  .                 Cancel         Die            Cancel
";

fn facts(bits: u8) -> Facts {
    Facts {
        active: bits & 1 != 0,
        type_first: bits & 2 != 0,
        rung: bits & 4 != 0,
        resumes: bits & 8 != 0,
    }
}

/// Which fact a cell with two steps depends on.
const fn decides(stage: Stage, input: Input, facts: Facts) -> bool {
    match (stage, input) {
        (Stage::New | Stage::Typing, _) => facts.active,
        (Stage::Listening, _) => facts.type_first,
        (Stage::Dialling, Input::Done) | (Stage::Announcing, Input::Granted) => facts.resumes,
        _ => facts.rung,
    }
}

#[test]
fn every_cell_is_as_drawn() {
    let mut rows = PICTURE.lines().filter(|line| !line.trim().is_empty());
    let heads: Vec<String> = INPUTS.iter().map(|input| format!("{input:?}")).collect();
    assert_eq!(
        rows.next().unwrap().split_whitespace().collect::<Vec<_>>(),
        heads
    );
    for stage in STAGES {
        let row: Vec<&str> = rows.next().unwrap().split_whitespace().collect();
        assert_eq!(row[0], format!("{stage:?}"));
        assert_eq!(row.len(), INPUTS.len() + 1);
        for (cell, input) in row[1..].iter().zip(INPUTS) {
            for facts in (0..16).map(facts) {
                // A transfer in passive mode may have to send TYPE first, whatever the picture says.
                if (stage, input, facts.active) == (Stage::New, Input::Begun, false)
                    && facts.type_first
                {
                    assert_eq!(step(stage, input, facts), Step::Type);
                    continue;
                }
                let expected = match cell.split_once('|') {
                    Some((yes, _)) if decides(stage, input, facts) => yes,
                    Some((_, no)) => no,
                    None => cell,
                };
                let found = match step(stage, input, facts) {
                    Step::Unreachable => ".".into(),
                    step => format!("{step:?}"),
                };
                assert_eq!(found, expected, "{stage:?} {input:?} {facts:?}");
            }
        }
    }
    assert_eq!(rows.next(), None);
}

/// From every stage, whatever the server and the driver do in their turn, the prelude comes to an end: no circle leads
/// back but the ladder's, which has two rungs.
#[test]
fn every_way_ends() {
    fn walk(stage: Stage, facts: Facts, left: u8) {
        assert!(left > 0, "the prelude goes round in {stage:?}");
        for input in INPUTS {
            let next = match step(stage, input, facts) {
                Step::Listen => Stage::Listening,
                Step::Type => Stage::Typing,
                Step::Ask => Stage::Asking,
                Step::Dial => Stage::Dialling,
                Step::Announce => Stage::Announcing,
                Step::Restart => Stage::Restarting,
                Step::Descend if facts.active => Stage::Announcing,
                Step::Descend => Stage::Asking,
                Step::Transfer | Step::Refuse | Step::Cancel | Step::Die | Step::Unreachable => {
                    continue;
                }
            };
            let descended = step(stage, input, facts) == Step::Descend;
            let type_first = facts.type_first && next != Stage::Typing;
            let rung = facts.rung && !descended;
            walk(
                next,
                Facts {
                    type_first,
                    rung,
                    ..facts
                },
                left - 1,
            );
        }
    }
    for facts in (0..16).map(facts) {
        walk(Stage::New, facts, 9);
    }
}
