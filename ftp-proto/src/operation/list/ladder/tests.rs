//! Which outcome leads to which command.
#![allow(
    clippy::unwrap_used,
    clippy::unnecessary_wraps,
    reason = "a test fails by panicking; rows have one shape"
)]

use alloc::boxed::Box;

use super::{Named, next};
use crate::action::{End, Failure};
use crate::address::AddressError;
use crate::command::Verb;
use crate::error::{After, Error, ErrorKind};
use crate::operation::rung::Rung;
use crate::reply::{Reply, ReplyCode};
use crate::time::Reason;
use crate::verdict::{Compared, Completed, Interrupted, Interruption};
use crate::violation::Violation;

fn reply(code: u16) -> Reply {
    Reply::new(ReplyCode::new(code).unwrap(), b"text")
}

fn refused(verb: Verb, code: u16) -> (Verb, ErrorKind) {
    (verb, ErrorKind::Refused(Box::new(reply(code))))
}

fn interrupted(bytes: u64, cause: Interruption, code: Option<u16>) -> (Verb, ErrorKind) {
    let how = Interrupted {
        bytes,
        cause,
        reply: code.map(|code| Box::new(reply(code))),
        compared: Compared::Nothing,
        ended: false,
    };
    (Verb::List, ErrorKind::Interrupted(Box::new(how)))
}

fn after(rung: Rung, named: Named, (verb, kind): (Verb, ErrorKind)) -> Option<Rung> {
    let fatal = Error::new(kind.clone(), verb, After::Dead);
    assert_eq!(next(rung, named, &Err(fatal)), None);
    next(rung, named, &Err(Error::new(kind, verb, After::Usable)))
}

#[test]
fn without_a_data_connection_stat_follows_unless_tls_or_a_byte_forbids_it() {
    let data = |failure| interrupted(0, Interruption::Data(failure), None);
    let stat = [
        refused(Verb::Epsv, 500),
        refused(Verb::Pasv, 421),
        refused(Verb::Eprt, 522),
        refused(Verb::Port, 530),
        refused(Verb::List, 425),
        data(Failure::Refused),
        data(Failure::Reset),
        interrupted(0, Interruption::NoData, Some(226)),
        interrupted(0, Interruption::Timeout(Reason::DataOpen), None),
        interrupted(0, Interruption::Reply, Some(425)),
        (
            Verb::Pasv,
            ErrorKind::Violation(Violation::Address(AddressError::Code)),
        ),
    ];
    let rungs = [Rung::MachineList, Rung::ListAll, Rung::List];
    for outcome in stat {
        for rung in rungs {
            let next = after(rung, Named::Yes, outcome.clone());
            assert_eq!(next, Some(Rung::Status), "{rung:?} {outcome:?}");
        }
    }
    let end = [
        data(Failure::Tls),
        data(Failure::TlsTimedOut),
        interrupted(0, Interruption::Data(Failure::Tls), Some(425)),
        interrupted(1, Interruption::Data(Failure::Reset), Some(426)),
        interrupted(1, Interruption::NoData, Some(226)),
        interrupted(1, Interruption::Reply, Some(425)),
        interrupted(1, Interruption::Reply, Some(550)),
        interrupted(0, Interruption::Aborted, Some(426)),
        interrupted(0, Interruption::Timeout(Reason::DataIdle), None),
    ];
    for outcome in end {
        for rung in rungs {
            for named in [Named::Yes, Named::No] {
                let next = after(rung, named, outcome.clone());
                assert_eq!(next, None, "{rung:?} {outcome:?}");
            }
        }
    }
}

/// The rung, whether the directory is named, the outcome, and what follows.
#[test]
fn a_refusal_leads_on_where_another_command_may_do_better() {
    let (yes, no) = (Named::Yes, Named::No);
    let moved_nothing = |code| interrupted(0, Interruption::Reply, Some(code));
    let rows = [
        (
            Rung::MachineList,
            yes,
            refused(Verb::Mlsd, 500),
            Some(Rung::List),
        ),
        (
            Rung::MachineList,
            no,
            refused(Verb::Mlsd, 502),
            Some(Rung::ListAll),
        ),
        (
            Rung::MachineList,
            yes,
            refused(Verb::Mlsd, 504),
            Some(Rung::List),
        ),
        (Rung::MachineList, yes, refused(Verb::Mlsd, 501), None),
        (Rung::MachineList, yes, refused(Verb::Mlsd, 550), None),
        (
            Rung::MachineList,
            no,
            refused(Verb::Mlsd, 501),
            Some(Rung::ListAll),
        ),
        (
            Rung::MachineList,
            no,
            refused(Verb::Mlsd, 550),
            Some(Rung::ListAll),
        ),
        (
            Rung::MachineList,
            no,
            moved_nothing(550),
            Some(Rung::ListAll),
        ),
        (Rung::MachineList, no, refused(Verb::Mlsd, 450), None),
        (Rung::MachineList, no, refused(Verb::Mlsd, 530), None),
        (Rung::MachineList, no, refused(Verb::Mlsd, 534), None),
        (
            Rung::ListAll,
            no,
            refused(Verb::List, 501),
            Some(Rung::List),
        ),
        (
            Rung::ListAll,
            no,
            refused(Verb::List, 450),
            Some(Rung::List),
        ),
        (Rung::ListAll, no, moved_nothing(550), Some(Rung::List)),
        // What was refused is not the listing.
        (Rung::ListAll, no, refused(Verb::Type, 504), None),
        (Rung::List, no, refused(Verb::List, 502), Some(Rung::Status)),
        (Rung::List, yes, refused(Verb::List, 550), None),
        (Rung::Status, yes, refused(Verb::Stat, 500), None),
    ];
    for (rung, named, outcome, expected) in rows {
        let next = after(rung, named, outcome.clone());
        assert_eq!(next, expected, "{rung:?} {named:?} {outcome:?}");
    }
}

#[test]
fn an_empty_listing_is_doubted_with_an_option_alone() {
    let completed = |bytes| {
        Ok(Completed {
            bytes,
            end: End::Clean,
            ..Completed::nothing(reply(226))
        })
    };
    for (rung, bytes, expected) in [
        (Rung::ListAll, 0, Some(Rung::List)),
        (Rung::ListAll, 1, None),
        (Rung::MachineList, 0, None),
        (Rung::List, 0, None),
    ] {
        assert_eq!(next(rung, Named::No, &completed(bytes)), expected);
    }
}
