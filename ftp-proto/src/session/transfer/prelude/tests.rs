//! The table of the prelude, drawn once more as a picture and walked as a whole.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Facts, Input, Next, Stage, Step, step};

const STAGES: [Stage; 9] = [
    Stage::New,
    Stage::Listening,
    Stage::Typing,
    Stage::Inquiring,
    Stage::Preparing,
    Stage::Asking,
    Stage::Dialling,
    Stage::Announcing,
    Stage::Restarting,
];

const INPUTS: [Input; 8] = [
    Input::Begun,
    Input::Granted,
    Input::Refused,
    Input::Denied,
    Input::Done,
    Input::Failed,
    Input::Expired,
    Input::Cancelled,
];

const NEXTS: [Next; 5] = [
    Next::Nothing,
    Next::Rung,
    Next::Features,
    Next::Pret,
    Next::Active,
];

/// Stages downwards, inputs to the right, in the order of the lists above. A dot stands for what cannot happen.
///
/// Small letters are decided by the facts: `first`, `second` and `third` are the beginnings, `last` is REST or the
/// command, and `down` is the ladder, behind a refusal or (`dead`) behind a connection that could not be made.
const PICTURE: &str = "
              Begun   Granted  Refused  Denied  Done    Failed  Expired  Cancelled
  New         first   .        .        .       .       .       .        Cancel
  Listening   .       .        .        .       second  Cancel  Cancel   Cancel
  Typing      .       third    Refuse   Refuse  .       Cancel  Die      Cancel
  Inquiring   .       down     down     down    .       .       Die      Cancel
  Preparing   .       Ask      Ask      Ask     .       .       Die      Cancel
  Asking      .       Dial     down     Refuse  .       .       Die      Cancel
  Dialling    .       .        .        .       last    dead    dead     Cancel
  Announcing  .       last     down     Refuse  .       Cancel  Die      Cancel
  Restarting  .       Transfer Refuse   Refuse  .       Cancel  Die      Cancel
";

fn each_facts() -> impl Iterator<Item = Facts> {
    (0..16_u8).flat_map(|bits| {
        NEXTS.into_iter().map(move |next| Facts {
            active: bits & 1 != 0,
            type_first: bits & 2 != 0,
            pret: bits & 4 != 0,
            resumes: bits & 8 != 0,
            next,
        })
    })
}

fn decided(cell: &str, facts: Facts) -> Step {
    let passive = if facts.pret { Step::Prepare } else { Step::Ask };
    match cell {
        "first" if facts.active => Step::Listen,
        "first" | "second" if facts.type_first => Step::Type,
        "second" => Step::Announce,
        "third" if facts.active => Step::Announce,
        "first" | "third" => passive,
        "last" if facts.resumes => Step::Restart,
        "last" => Step::Transfer,
        "down" | "dead" => match facts.next {
            Next::Nothing if cell == "down" => Step::Refuse,
            Next::Features if cell == "down" => Step::Inquire,
            Next::Pret if cell == "down" => Step::Prepare,
            Next::Nothing | Next::Features | Next::Pret => Step::Cancel,
            Next::Rung => Step::Descend,
            Next::Active => Step::Listen,
        },
        other => panic!("{other}"),
    }
}

#[test]
fn every_cell_is_as_drawn() {
    let mut rows = PICTURE.lines().filter(|line| !line.trim().is_empty());
    let heads: Vec<String> = INPUTS.iter().map(|input| format!("{input:?}")).collect();
    let head: Vec<&str> = rows.next().unwrap().split_whitespace().collect();
    assert_eq!(head, heads);
    for stage in STAGES {
        let row: Vec<&str> = rows.next().unwrap().split_whitespace().collect();
        assert_eq!(row[0], format!("{stage:?}"));
        assert_eq!(row.len(), INPUTS.len() + 1);
        for (cell, input) in row[1..].iter().zip(INPUTS) {
            for facts in each_facts() {
                let found = step(stage, input, facts);
                let expected = match *cell {
                    "." => "Unreachable".into(),
                    small if small.starts_with(char::is_lowercase) => {
                        format!("{:?}", decided(small, facts))
                    }
                    step => String::from(step),
                };
                assert_eq!(
                    format!("{found:?}"),
                    expected,
                    "{stage:?} {input:?} {facts:?}"
                );
            }
        }
    }
    assert_eq!(rows.next(), None);
}

/// From every stage, whatever the server and the driver do in their turn, the prelude comes to an end. The ladder goes
/// down: PASV once behind EPSV, then FEAT, PRET, both once more, active mode, and PORT behind EPRT.
#[test]
fn every_way_ends() {
    fn walk(stage: Stage, facts: Facts, ladder: &[Next], left: u8) {
        assert!(left > 0, "the prelude goes round in {stage:?}");
        let facts = Facts {
            next: *ladder.first().unwrap_or(&Next::Nothing),
            ..facts
        };
        for input in INPUTS {
            let taken = step(stage, input, facts);
            let goes_down = matches!(
                (taken, facts.next),
                (Step::Descend, Next::Rung)
                    | (Step::Inquire, Next::Features)
                    | (Step::Prepare, Next::Pret)
                    | (Step::Listen, Next::Active)
            ) && stage != Stage::New;
            let next = match taken {
                Step::Listen => Stage::Listening,
                Step::Type => Stage::Typing,
                Step::Inquire => Stage::Inquiring,
                Step::Prepare => Stage::Preparing,
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
            let facts = Facts {
                active: facts.active || taken == Step::Listen,
                type_first: facts.type_first && next != Stage::Typing,
                ..facts
            };
            let ladder = if goes_down { &ladder[1..] } else { ladder };
            walk(next, facts, ladder, left - 1);
        }
    }
    let ladder = [
        Next::Rung,
        Next::Features,
        Next::Pret,
        Next::Rung,
        Next::Active,
        Next::Rung,
    ];
    for facts in each_facts() {
        walk(Stage::New, facts, &ladder, 20);
    }
}
