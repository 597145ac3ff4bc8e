//! A model of what a transfer comes to, so simple that it can be seen to be right, against the
//! session.
//!
//! The model knows nothing of order but what must be known: it looks at what was said and what the
//! data did, and at which of both came first where that matters.

use ftp_proto::{Config, End, Failure, Interruption, Leniency, Reason, State, Transfer, Verdict};
use proptest::prelude::*;

use crate::hand::{Hand, name};

/// What the control connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    Mark,
    Final(u16),
    Eof,
}

/// What the data connection does, once payload may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    Moved(u64),
    Ended(End),
    Broken,
}

/// A course of events: the events of both sides, and whose turn it is each time.
#[derive(Clone, Debug)]
struct Course {
    upload: bool,
    length: Option<u64>,
    lenient: bool,
    control: Vec<Control>,
    data: Vec<Data>,
    turns: Vec<bool>,
}

/// What a transfer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Success(u64),
    Failure(Option<Interruption>, Verdict),
}

fn control() -> impl Strategy<Value = Vec<Control>> {
    let finals = prop_oneof![
        4 => Just(Some(Control::Final(226))),
        1 => Just(Some(Control::Final(250))),
        2 => Just(Some(Control::Final(426))),
        1 => Just(Some(Control::Final(552))),
        1 => Just(Some(Control::Eof)),
        1 => Just(None),
    ];
    (1..4_usize, finals).prop_map(|(marks, last)| {
        let mut control = vec![Control::Mark; marks];
        control.extend(last);
        control
    })
}

fn data() -> impl Strategy<Value = Vec<Data>> {
    let end = prop_oneof![
        6 => Just(Some(Data::Ended(End::Clean))),
        2 => Just(Some(Data::Ended(End::Truncated))),
        2 => Just(Some(Data::Broken)),
        1 => Just(None),
    ];
    (proptest::collection::vec(1..4_u64, 0..4), end).prop_map(|(moved, end)| {
        let mut data: Vec<Data> = moved.into_iter().map(Data::Moved).collect();
        data.extend(end);
        data
    })
}

fn course() -> impl Strategy<Value = Course> {
    let length = prop_oneof![Just(None), (0..8_u64).prop_map(Some)];
    let turns = proptest::collection::vec(any::<bool>(), 12);
    (
        any::<bool>(),
        length,
        any::<bool>(),
        control(),
        data(),
        turns,
    )
        .prop_map(|(upload, length, lenient, control, data, turns)| Course {
            upload,
            length: length.filter(|_| !upload),
            lenient,
            control,
            data,
            turns,
        })
}

impl Course {
    /// The order in which it all happens: the mark first, since nothing moves before it.
    fn order(&self) -> Vec<Result<Control, Data>> {
        let mut control = self.control.iter().copied();
        let mut data = self.data.iter().copied();
        let mut order: Vec<_> = control.next().map(Ok).into_iter().collect();
        for turn in &self.turns {
            order.extend(if *turn {
                control.next().map(Ok)
            } else {
                data.next().map(Err)
            });
        }
        order.extend(control.map(Ok));
        order.extend(data.map(Err));
        order
    }

    fn model(&self) -> Outcome {
        let order = self.order();
        let at = |wanted: fn(&Result<Control, Data>) -> bool| order.iter().position(wanted);
        let final_at = at(|event| matches!(event, Ok(Control::Final(_))));
        let eof_at = at(|event| *event == Ok(Control::Eof));
        let end_at = at(|event| matches!(event, Err(Data::Ended(_) | Data::Broken)));
        let before = |one: Option<usize>, other: Option<usize>| match (one, other) {
            (Some(one), Some(other)) => one < other,
            (one, _) => one.is_some(),
        };
        let code = final_at.and_then(|at| match order[at] {
            Ok(Control::Final(code)) => Some(code),
            _ => None,
        });
        let failed = code.is_some_and(|code| code >= 400);
        // An upload stops at once when the server says no, or is gone: what came later did not
        // count.
        let stop = self.upload && (before(eof_at, end_at) || (failed && before(final_at, end_at)));
        let until = if stop {
            eof_at.or(final_at).unwrap()
        } else {
            order.len()
        };
        let bytes: u64 = order[..until]
            .iter()
            .map(|event| match event {
                Err(Data::Moved(bytes)) => *bytes,
                _ => 0,
            })
            .sum();
        let end = end_at.filter(|at| *at < until).map(|at| order[at]);
        let cause = match (code, end) {
            _ if eof_at.is_some() => Interruption::ControlLost,
            (None, Some(Err(Data::Ended(_)))) => Interruption::Timeout(Reason::Completion),
            (_, Some(Err(Data::Broken))) => Interruption::Data(Failure::Reset),
            (None, _) => Interruption::Timeout(Reason::DataIdle),
            (Some(_), _) if failed => Interruption::Reply,
            (Some(_), None) if self.upload => Interruption::NotTaken,
            (Some(_), None) => Interruption::NoEof,
            (Some(_), Some(end)) => return self.judge(bytes, end),
        };
        let ended = matches!(end, Some(Err(Data::Ended(_))));
        Outcome::Failure(Some(cause), self.doubt(cause, bytes, ended))
    }

    /// A success, and an end: is it whole?
    fn judge(&self, bytes: u64, end: Result<Control, Data>) -> Outcome {
        let whole = self.length.is_none_or(|length| length == bytes);
        let truncated = end == Err(Data::Ended(End::Truncated)) && !self.upload;
        let forgiven = self.lenient && self.length == Some(bytes);
        if !whole {
            Outcome::Failure(Some(Interruption::Length), Verdict::Truncated)
        } else if truncated && !forgiven {
            let cause = Interruption::Truncated;
            Outcome::Failure(Some(cause), self.doubt(cause, bytes, true))
        } else {
            Outcome::Success(bytes)
        }
    }

    fn doubt(&self, cause: Interruption, bytes: u64, ended: bool) -> Verdict {
        let silent = matches!(
            cause,
            Interruption::ControlLost | Interruption::Timeout(Reason::Completion)
        );
        match self.length {
            Some(length) if length == bytes => Verdict::Unconfirmed,
            None if silent && ended => Verdict::Unconfirmed,
            _ => Verdict::Truncated,
        }
    }

    fn transfer(&self) -> Transfer {
        let transfer = if self.upload {
            Transfer::store(name("f"))
        } else {
            Transfer::retrieve(name("f"))
        };
        match self.length {
            Some(length) => transfer.expecting(length),
            None => transfer,
        }
    }

    /// The same course, played.
    fn play(&self) -> (Outcome, State) {
        let mut config = Config::default();
        if self.lenient {
            config.lenient = config.lenient.with(Leniency::NoCloseNotify);
        }
        let mut hand = Hand::new(config);
        hand.starts(self.transfer());
        for event in self.order() {
            match event {
                Ok(Control::Mark) => hand.session.receive(b"150 Here.\r\n"),
                Ok(Control::Final(code)) => {
                    hand.session.receive(format!("{code} So.\r\n").as_bytes())
                }
                Ok(Control::Eof) => hand.session.receive_eof(),
                Err(Data::Moved(bytes)) => {
                    hand.moved(bytes);
                }
                Err(Data::Ended(end)) => {
                    hand.ends(end);
                }
                Err(Data::Broken) => {
                    hand.breaks(Failure::Reset);
                }
            }
            hand.run();
        }
        for _ in 0..10 {
            if let Some(deadline) = hand.session.deadline() {
                hand.now = deadline.at;
                hand.run();
            }
        }
        let outcome = match hand.verdict() {
            Ok(completed) => Outcome::Success(completed.bytes),
            Err(error) => Outcome::Failure(
                error.interrupted().map(|interrupted| interrupted.cause),
                error.verdict().unwrap(),
            ),
        };
        (outcome, hand.session.state())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_transfer_ends_as_the_model_says(course in course()) {
        let (outcome, state) = course.play();
        prop_assert_eq!(outcome, course.model());
        // With a final reply nothing is owed; without one nobody can go on.
        let has_final = course.control.iter().any(|event| matches!(event, Control::Final(_)));
        prop_assert_eq!(state == State::Usable, has_final);
    }
}
