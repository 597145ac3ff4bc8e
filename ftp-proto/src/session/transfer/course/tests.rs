//! The table once more, as a picture: what is written here by hand has to be what the code says,
//! cell by cell.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;

/// What to do after a change. A name alone is a wait for that reason; `-` cannot be.
const STEPS: &str = "
receive       Announced   Accepting   Open        Securing    Secured     Moving      Closing  Ended       Cut         Broken
Nothing       Reply       -           Mark        Reply       Reply       -           -        -           -           Reply
Mark          ACCEPT      DataOpen    PROCEED     Securing    PROCEED     DataIdle    -        Completion  ENOUGH      Completion
Success       -           DataOpen    PROCEED     Securing    PROCEED     DataIdle    -        JUDGE       JUDGE       JUDGE
EarlySuccess  ACCEPT      Drain       PROCEED     Securing    PROCEED     DataIdle    -        Drain       Drain       Drain
Failure       -           reply!      -           reply!      -           Drain       -        reply!      reply!      JUDGE
Refusal       REFUSE      -           REFUSE      REFUSE      REFUSE      -           -        -           -           REFUSE
Lost          lost!       lost!       lost!       lost!       lost!       DataIdle    -        lost!       lost!       lost!

send          Announced   Accepting   Open        Securing    Secured     Moving      Closing  Ended       Cut         Broken
Nothing       Reply       -           Mark        Reply       Reply       -           -        -           -           Reply
Mark          ACCEPT      DataOpen    PROCEED     Securing    PROCEED     DataIdle    TlsClose Completion  -           Completion
Success       -           no-go!      -           no-go!      -           Drain       TlsClose JUDGE       -           JUDGE
EarlySuccess  Drain       -           Drain       Drain       Drain       -           -        -           -           Drain
Failure       reply!      reply!      reply!      reply!      reply!      reply!      reply!   reply!      -           JUDGE
Refusal       REFUSE      -           REFUSE      REFUSE      REFUSE      -           -        -           -           REFUSE
Lost          lost!       lost!       lost!       lost!       lost!       lost!       lost!    lost!       -           lost!
";

/// What to do when a wait ran out.
const EXPIRIES: &str = "
receive       Announced   Accepting   Open        Securing    Secured     Moving      Closing  Ended       Cut         Broken
Nothing       abort       -           abort       abort       abort       -           -        -           -           abort
Mark          -           abort       -           BREAK       -           abort       -        close       -           abort
Success       -           no-data!    -           BREAK       -           no-eof!     -        -           -           -
EarlySuccess  -           no-data!    -           BREAK       -           no-eof!     -        JUDGE       JUDGE       JUDGE
Failure       -           -           -           -           -           reply!      -        -           -           -
Refusal       -           -           -           -           -           -           -        -           -           -
Lost          -           -           -           -           -           lost!       -        -           -           -

send          Announced   Accepting   Open        Securing    Secured     Moving      Closing  Ended       Cut         Broken
Nothing       abort       -           abort       abort       abort       -           -        -           -           abort
Mark          -           abort       -           BREAK       -           abort       FINISH   close       -           abort
Success       -           -           -           -           -           not-taken!  FINISH   -           -           -
EarlySuccess  no-go!      -           no-go!      no-go!      no-go!      -           -        -           -           JUDGE
Failure       -           -           -           -           -           -           -        -           -           -
Refusal       -           -           -           -           -           -           -        -           -           -
Lost          -           -           -           -           -           -           -        -           -           -
";

/// The cells of a picture, in the order of [`cells`].
fn drawn(picture: &str) -> Vec<(String, String)> {
    let blocks: Vec<Vec<Vec<&str>>> = picture
        .trim()
        .split("\n\n")
        .map(|block| {
            let lines = block.lines();
            lines
                .map(|line| line.split_whitespace().collect())
                .collect()
        })
        .collect();
    cells()
        .map(|(said, data, direction)| {
            let block = &blocks[usize::from(direction == Send)];
            let column = block[0]
                .iter()
                .position(|name| *name == format!("{data:?}"));
            let row = block.iter().find(|row| row[0] == format!("{said:?}"));
            let what = row.unwrap()[column.unwrap()];
            (format!("{said:?} {data:?} {direction:?}"), what.to_string())
        })
        .collect()
}

fn failure(cause: Interruption) -> &'static str {
    match cause {
        Interruption::Reply => "reply!",
        Interruption::ControlLost => "lost!",
        Interruption::NoGoAhead => "no-go!",
        Interruption::NoData => "no-data!",
        Interruption::NoEof => "no-eof!",
        Interruption::NotTaken => "not-taken!",
        _ => "another",
    }
}

fn short(step: Step) -> String {
    match step {
        Wait(reason) => format!("{reason:?}"),
        End(Fail(cause)) => failure(cause).to_string(),
        End(Abort(Interruption::Timeout(Reason::Operation))) => "abort".to_string(),
        End(Close(Interruption::Timeout(Reason::Operation))) => "close".to_string(),
        End(ending) => format!("{ending:?}").to_uppercase(),
        Step::Unreachable => "-".to_string(),
        other => format!("{other:?}").to_uppercase(),
    }
}

#[test]
fn every_step_is_as_drawn() {
    for ((said, data, direction), (cell, what)) in cells().zip(drawn(STEPS)) {
        assert_eq!(short(step(said, data, direction)), what, "{cell}");
    }
    assert_eq!(cells().count(), 7 * 10 * 2);
}

#[test]
fn every_expiry_is_as_drawn() {
    for ((said, data, direction), (cell, what)) in cells().zip(drawn(EXPIRIES)) {
        let step = expired(said, data, direction, Reason::Operation);
        assert_eq!(short(step), what, "{cell}");
    }
}

/// The wait for the mark is the one that does not end the transfer.
#[test]
fn patience_ends_with_the_handshake() {
    for direction in [Receive, Send] {
        assert_eq!(expired(Nothing, Open, direction, Reason::Mark), Secure);
    }
}

/// Where there is a wait it can run out, and where none is nothing can.
#[test]
fn exactly_the_waits_expire() {
    for (said, data, direction) in cells() {
        let waits = matches!(step(said, data, direction), Wait(_));
        let expires = expired(said, data, direction, Reason::Operation) != Step::Unreachable;
        assert_eq!(waits, expires, "{said:?} {data:?} {direction:?}");
    }
}
