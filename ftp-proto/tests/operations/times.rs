//! Times of modification.

use ftp_proto::operation::{Batch, SetModified, Touch};
use ftp_proto::timestamp::Timestamp;
use ftp_proto::{ErrorKind, Misuse, Verb};

use super::{Pair, path};

const MFMT: &str = "MFMT 20210312141516 a b";
const MDTM: &str = "MDTM 20210312141516 a b";
const SITE_THREE: &str = "SITE UTIME a b 20210312141516 20210312141516 20210312141516 UTC";
const SITE_ONE: &str = "SITE UTIME 20210312141516 a b";
const LADDER: [&str; 4] = [MFMT, MDTM, SITE_THREE, SITE_ONE];

fn touch() -> SetModified {
    let time = Timestamp::from_time_val(b"20210312141516.5").unwrap();
    SetModified::new(path("a b"), time)
}

#[test]
fn the_time_is_set_by_the_first_command_that_the_server_knows_and_by_that_alone_afterwards() {
    type Row = (Touch, fn(&str) -> Option<&'static str>);
    let rows: [Row; 7] = [
        (Touch::Mfmt, |line| {
            (line == MFMT).then_some("213 Modify=20210312141516; a b")
        }),
        (Touch::Mdtm, |line| {
            (line == MDTM).then_some("200 File time set.")
        }),
        (Touch::Mdtm, |line| {
            (line == MDTM).then_some("213 File modification time set.")
        }),
        (Touch::Mdtm, |line| {
            (line == MDTM).then_some("213 20210312141516")
        }),
        (Touch::SiteThree, |line| match line {
            MDTM => Some("550 20210312141516 a b: no such file."),
            SITE_THREE => Some("200 Done."),
            _ => None,
        }),
        (Touch::SiteOne, |line| match line {
            // The time of a file that is really called so.
            MDTM => Some("213 19990101000000"),
            SITE_THREE => Some("550 a: no such file."),
            SITE_ONE => Some("200 Done."),
            _ => None,
        }),
        (Touch::SiteOne, |line| match line {
            MFMT => Some("202 Not implemented."),
            SITE_THREE => Some("501 Too many arguments."),
            SITE_ONE => Some("250 Done."),
            _ => None,
        }),
    ];
    for (way, server) in rows {
        let mut pair = Pair::new(server);
        pair.run(touch()).unwrap();
        let sent = pair.take_sent();
        assert_eq!(sent, LADDER[..sent.len()], "{way:?}");
        assert_eq!(pair.session.memory().touch, Some(way));
        pair.run(touch()).unwrap();
        assert_eq!(
            pair.take_sent(),
            LADDER[sent.len() - 1..sent.len()],
            "{way:?}"
        );
    }
}

/// What the server answers, how many commands go out, and the step and code of the error.
#[test]
fn the_error_is_that_of_the_first_command_which_was_not_unknown() {
    type Row = (fn(&str) -> Option<&'static str>, usize, Verb, u16);
    let rows: [Row; 4] = [
        (|_| None, 4, Verb::Mfmt, 500),
        (
            |line| (line == MFMT).then_some("550 No such file."),
            1,
            Verb::Mfmt,
            550,
        ),
        (
            |line| (line == MDTM).then_some("550 No such file."),
            4,
            Verb::Mdtm,
            550,
        ),
        (
            |line| (line == MDTM).then_some("450 Busy."),
            2,
            Verb::Mdtm,
            450,
        ),
    ];
    for (server, commands, verb, code) in rows {
        let mut pair = Pair::new(server);
        let error = pair.run(touch()).unwrap_err();
        assert_eq!(pair.take_sent(), LADDER[..commands]);
        assert_eq!(error.verb(), Some(verb));
        assert_eq!(error.reply().unwrap().code().get(), code);
        assert_eq!(pair.session.memory().touch, None);
    }
}

#[test]
fn a_missing_file_is_told_at_once_where_the_command_is_known() {
    let mut pair = Pair::new(|line| (line == MDTM).then_some("550 No such file."));
    pair.session.memory_mut().touch = Some(Touch::Mdtm);
    pair.run(touch()).unwrap_err();
    assert_eq!(pair.take_sent(), [MDTM]);
}

#[test]
fn a_time_of_an_unknown_zone_is_not_sent() {
    let time = Timestamp::date(2021, 3, 12).unwrap();
    let mut pair = Pair::new(|_| None);
    let error = pair.run(SetModified::new(path("a"), time)).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Misuse(Misuse::UnknownZone));
    assert_eq!(pair.take_sent(), [""; 0]);
}

#[test]
fn a_batch_gives_numbers_and_times() {
    let mut pair = Pair::new(|line| match line {
        "SIZE b" | "MDTM b" => Some("550 No such file."),
        "SIZE c" | "MDTM c" => Some("213 some"),
        "MDTM a" => Some("213 20210312141516"),
        _ => None,
    });
    let sizes = pair.run(Batch::sizes(["a", "b", "c"].map(path))).unwrap();
    assert_eq!(pair.take_sent(), ["TYPE I", "SIZE a", "SIZE b", "SIZE c"]);
    assert_eq!(sizes[0], Ok(10));
    assert_eq!(
        sizes[1].as_ref().unwrap_err().reply().unwrap().code().get(),
        550
    );
    let kind = sizes[2].as_ref().unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::Violation(_)), "{kind:?}");
    let times = pair
        .run(Batch::modified(["a", "b", "c"].map(path)))
        .unwrap();
    assert_eq!(
        times[0],
        Ok(Timestamp::from_time_val(b"20210312141516").unwrap())
    );
    assert!(times[1].is_err() && times[2].is_err());
    // Nothing is asked about nothing.
    let mut pair = Pair::new(|_| None);
    assert_eq!(pair.run(Batch::sizes([])), Ok(vec![]));
    assert_eq!(pair.take_sent(), [""; 0]);
}
