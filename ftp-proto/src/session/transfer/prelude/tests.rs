//! The table of the prelude, drawn once more as a picture and walked as a whole.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Circumstances, Input, Next, Stage, Step, step};

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
    Next::Way,
    Next::Features,
    Next::Pret,
    Next::Active,
];

/// Stages downwards, inputs to the right, in the order of the lists above. A dot stands for what
/// cannot happen.
///
/// Small letters are decided by the circumstances: `first`, `second` and `third` are the
/// beginnings, `last` is REST or the command, and `down` is the ladder, behind a refusal or
/// (`dead`) behind a connection that could not be made.
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

fn all_circumstances() -> impl Iterator<Item = Circumstances> {
    (0..16_u8).flat_map(|bits| {
        NEXTS.into_iter().map(move |next| Circumstances {
            active: bits & 1 != 0,
            type_first: bits & 2 != 0,
            pret: bits & 4 != 0,
            resumes: bits & 8 != 0,
            next,
        })
    })
}

fn decided(cell: &str, circumstances: Circumstances) -> Step {
    let passive = if circumstances.pret {
        Step::Prepare
    } else {
        Step::Ask
    };
    match cell {
        "first" if circumstances.active => Step::Listen,
        "first" | "second" if circumstances.type_first => Step::Type,
        "second" => Step::Announce,
        "third" if circumstances.active => Step::Announce,
        "first" | "third" => passive,
        "last" if circumstances.resumes => Step::Restart,
        "last" => Step::Transfer,
        "down" | "dead" => match circumstances.next {
            Next::Nothing if cell == "down" => Step::Refuse,
            Next::Features if cell == "down" => Step::Inquire,
            Next::Pret if cell == "down" => Step::Prepare,
            Next::Nothing | Next::Features | Next::Pret => Step::Cancel,
            Next::Way => Step::Descend,
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
            for circumstances in all_circumstances() {
                let found = step(stage, input, circumstances);
                let expected = match *cell {
                    "." => "Unreachable".into(),
                    small if small.starts_with(char::is_lowercase) => {
                        format!("{:?}", decided(small, circumstances))
                    }
                    step => String::from(step),
                };
                assert_eq!(
                    format!("{found:?}"),
                    expected,
                    "{stage:?} {input:?} {circumstances:?}"
                );
            }
        }
    }
    assert_eq!(rows.next(), None);
}

/// From every stage, whatever the server and the driver do in their turn, the prelude comes to an
/// end. The ladder goes down: PASV once behind EPSV, then FEAT, PRET, both once more, active mode,
/// and PORT behind EPRT.
#[test]
fn every_way_ends() {
    fn walk(stage: Stage, circumstances: Circumstances, ladder: &[Next], left: u8) {
        assert!(left > 0, "the prelude goes round in {stage:?}");
        let circumstances = Circumstances {
            next: *ladder.first().unwrap_or(&Next::Nothing),
            ..circumstances
        };
        for input in INPUTS {
            let taken = step(stage, input, circumstances);
            let goes_down = matches!(
                (taken, circumstances.next),
                (Step::Descend, Next::Way)
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
                Step::Descend if circumstances.active => Stage::Announcing,
                Step::Descend => Stage::Asking,
                Step::Transfer | Step::Refuse | Step::Cancel | Step::Die | Step::Unreachable => {
                    continue;
                }
            };
            let circumstances = Circumstances {
                active: circumstances.active || taken == Step::Listen,
                type_first: circumstances.type_first && next != Stage::Typing,
                ..circumstances
            };
            let ladder = if goes_down { &ladder[1..] } else { ladder };
            walk(next, circumstances, ladder, left - 1);
        }
    }
    let ladder = [
        Next::Way,
        Next::Features,
        Next::Pret,
        Next::Way,
        Next::Active,
        Next::Way,
    ];
    for circumstances in all_circumstances() {
        walk(Stage::New, circumstances, &ladder, 20);
    }
}
