//! What callers decide by.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use core::time::Duration;
use std::io::ErrorKind as Io;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;

use super::*;
use crate::action::Failure;
use crate::command::Argument;
use crate::error::{NotFtp, Policy};
use crate::reply::{Reply, ReplyCode, ReplyError};
use crate::time::Reason;
use crate::verdict::{Compared, Interrupted, Interruption};
use crate::violation::Violation;

fn reply(code: u16) -> Box<Reply> {
    Box::new(Reply::new(ReplyCode::new(code).unwrap(), b"no"))
}

fn session(kind: ErrorKind, verb: impl Into<Option<Verb>>) -> Error {
    crate::Error::new(kind, verb, After::Usable).into()
}

fn refused(code: u16, verb: Verb) -> Error {
    session(ErrorKind::Refused(reply(code)), verb)
}

fn interrupted(cause: Interruption) -> Error {
    let interrupted = Interrupted {
        bytes: 1,
        cause,
        reply: None,
        compared: Compared::Nothing,
        ended: false,
    };
    session(ErrorKind::Interrupted(Box::new(interrupted)), Verb::Retr)
}

fn closed(closed: Closed) -> Error {
    session(ErrorKind::Closed(closed, None), None)
}

fn tried(causes: impl IntoIterator<Item = io::Error>) -> Error {
    let to = Endpoint::parse("192.0.2.1", 21).unwrap();
    let tried = causes.into_iter().map(|cause| (to.clone(), cause));
    Error::Connect(Arc::new(tried.collect()))
}

fn caused(by: io::Error) -> Error {
    let kind = ErrorKind::Closed(Closed::Lost(Failure::Reset), None);
    Error::Session(crate::Error::new(kind, None, After::Dead), Some(by))
}

#[test]
fn each_error_has_the_kind_of_std_that_programs_look_for() {
    let not_ftp = NotFtp::new(ReplyError::Nul, b"SSH-2.0".as_slice().into());
    let verbs = [
        Verb::Retr,
        Verb::Dele,
        Verb::Rmd,
        Verb::Cwd,
        Verb::Rnfr,
        Verb::Size,
        Verb::Mdtm,
        Verb::Mfmt,
        Verb::Mlst,
        Verb::Mlsd,
        Verb::List,
        Verb::Nlst,
        Verb::Stat,
    ];
    for verb in verbs {
        assert_eq!(refused(550, verb).to_io().kind(), Io::NotFound, "{verb}");
    }
    let limit = ErrorKind::Policy(Policy::ListingEntries(9));
    let unsecured = ErrorKind::Policy(Policy::ControlNotSecured);
    for (error, expected) in [
        // Here 550 may say that the name is taken.
        (refused(550, Verb::Mkd), Io::Other),
        (refused(550, Verb::Stor), Io::Other),
        (session(ErrorKind::Refused(reply(550)), None), Io::Other),
        (refused(452, Verb::Stor), Io::StorageFull),
        (refused(552, Verb::Stor), Io::StorageFull),
        (refused(530, Verb::Retr), Io::PermissionDenied),
        (refused(450, Verb::Retr), Io::Other),
        (interrupted(Interruption::Truncated), Io::UnexpectedEof),
        (interrupted(Interruption::Length), Io::UnexpectedEof),
        (
            interrupted(Interruption::Timeout(Reason::Reply)),
            Io::TimedOut,
        ),
        (
            interrupted(Interruption::ControlLost),
            Io::ConnectionAborted,
        ),
        (
            interrupted(Interruption::Violation(Violation::OutOfOrder)),
            Io::InvalidData,
        ),
        (interrupted(Interruption::Reply), Io::Other),
        (
            session(ErrorKind::Violation(Violation::OutOfOrder), None),
            Io::InvalidData,
        ),
        (
            session(ErrorKind::NotFtp(Box::new(not_ftp)), None),
            Io::InvalidData,
        ),
        (
            session(ErrorKind::Unexpected(reply(250)), None),
            Io::InvalidData,
        ),
        (closed(Closed::Eof), Io::ConnectionAborted),
        (closed(Closed::Service), Io::ConnectionAborted),
        (closed(Closed::Lost(Failure::Reset)), Io::Other),
        (closed(Closed::Quit), Io::NotConnected),
        (closed(Closed::Local), Io::NotConnected),
        (
            session(ErrorKind::Timeout(Reason::Reply), None),
            Io::TimedOut,
        ),
        (session(limit, None), Io::InvalidData),
        (session(unsecured, None), Io::PermissionDenied),
        (
            session(ErrorKind::Misuse(Misuse::Busy), None),
            Io::InvalidInput,
        ),
        // The operating system knows better.
        (caused(Io::ConnectionReset.into()), Io::ConnectionReset),
        (
            Error::Resolve(Io::HostUnreachable.into()),
            Io::HostUnreachable,
        ),
        (
            Error::Local(Io::StorageFull.into(), After::Usable),
            Io::StorageFull,
        ),
        (
            tried([Io::TimedOut.into(), Io::ConnectionRefused.into()]),
            Io::ConnectionRefused,
        ),
        (tried([]), Io::AddrNotAvailable),
        (Error::WithoutTls, Io::Unsupported),
        (Error::NotListed("ls: what?".into()), Io::InvalidData),
        (Error::Host(EndpointError::Empty), Io::InvalidInput),
        (Error::Spent, Io::InvalidInput),
    ] {
        let text = error.to_string();
        assert_eq!(error.to_io().kind(), expected, "{text}");
        assert_eq!(error.to_io().to_string(), text);
        assert_eq!(io::Error::from(error).kind(), expected, "{text}");
    }
}

#[test]
fn an_error_says_what_the_session_s_says() {
    let command = Command::raw("RETR file").unwrap();
    let error = crate::Error::new(ErrorKind::Refused(reply(550)), Verb::Cwd, After::Settling);
    let error = Error::from(error.of_transfer(&command));
    assert_eq!(error.verb(), Some(Verb::Cwd));
    assert_eq!(error.transfer(), Some(&command));
    assert_eq!(error.reply(), Some(&*reply(550)));
    assert_eq!(error.kind(), Some(&ErrorKind::Refused(reply(550))));
    assert_eq!(error.after(), After::Settling);
    assert_eq!(Error::Spent.kind(), None);
    assert_eq!(Error::Spent.session(), None);
}

/// Fatal, transient, permanent, misuse.
#[test]
fn what_helps_is_told_by_four_questions() {
    let asks = |error: &Error| {
        [
            error.is_fatal(),
            error.is_transient(),
            error.is_permanent(),
            error.is_misuse(),
        ]
    };
    let argument = Error::from(Argument::new("a\nb").unwrap_err());
    for (error, expected) in [
        (refused(450, Verb::Retr), [false, true, false, false]),
        (refused(550, Verb::Retr), [false, false, true, false]),
        (caused(Io::BrokenPipe.into()), [true, true, false, false]),
        (argument, [false, false, false, true]),
        (tried([Io::TimedOut.into()]), [true, true, false, false]),
        (tried([]), [true, false, false, false]),
        (
            Error::Resolve(Io::TimedOut.into()),
            [true, false, false, false],
        ),
        (
            Error::Host(EndpointError::Empty),
            [true, false, false, true],
        ),
        (Error::WithoutTls, [true, false, false, true]),
        (Error::Spent, [false, false, false, true]),
        (
            Error::Local(Io::StorageFull.into(), After::Dead),
            [true, false, false, false],
        ),
        (
            Error::NotListed("ls: what?".into()),
            [false, false, false, false],
        ),
    ] {
        assert_eq!(asks(&error), expected, "{error}");
    }
}

#[test]
fn a_connection_that_was_not_made_is_tried_again_where_that_may_help() {
    let next = |error: &Error| error.next(&Retry::default(), Step::Listing, 1, 0);
    let again = Next::Again(Duration::from_millis(500));
    for (error, expected) in [
        (tried([Io::TimedOut.into()]), again),
        (tried([]), Next::GiveUp),
        (Error::Resolve(Io::TimedOut.into()), again),
        (refused(450, Verb::List), again),
        (refused(550, Verb::List), Next::GiveUp),
        (Error::Spent, Next::GiveUp),
    ] {
        assert_eq!(next(&error), expected, "{error}");
    }
}

#[cfg(feature = "url")]
#[test]
fn a_text_that_is_no_url_is_a_mistake_of_the_caller() {
    let error = Error::from("gopher://h/".parse::<crate::driver::FtpUrl>().unwrap_err());
    assert!(error.is_misuse() && error.is_fatal() && !error.is_transient());
    assert_eq!(error.to_io().kind(), Io::InvalidInput);
}

#[cfg(feature = "rustls")]
#[test]
fn tls_is_found_where_it_failed_and_is_not_tried_again() {
    let expired = || io::Error::new(Io::InvalidData, TlsError::Expired);
    for error in [
        Error::from(TlsError::Expired),
        caused(expired()),
        tried([Io::TimedOut.into(), expired()]),
    ] {
        assert_eq!(error.tls(), Some(&TlsError::Expired), "{error}");
        let source = core::error::Error::source(&error).unwrap();
        assert_eq!(source.downcast_ref(), Some(&TlsError::Expired), "{error}");
        let next = error.next(&Retry::default(), Step::Connecting, 1, 0);
        assert_eq!(next, Next::GiveUp, "{error}");
    }
    assert_eq!(caused(Io::TimedOut.into()).tls(), None);
    let error = Error::from(TlsError::Expired);
    assert!(error.is_fatal() && error.to_io().kind() == Io::InvalidInput);
}

#[test]
fn a_proxy_s_refusal_is_found_where_it_came() {
    let refusal = || io::Error::new(Io::ConnectionRefused, ProxyError::Host);
    for error in [caused(refusal()), tried([Io::TimedOut.into(), refusal()])] {
        assert_eq!(error.proxy(), Some(&ProxyError::Host), "{error}");
    }
    assert_eq!(caused(Io::TimedOut.into()).proxy(), None);
    assert_eq!(Error::Spent.proxy(), None);
}

#[test]
fn texts_name_every_cause() {
    let both = tried([Io::TimedOut.into(), Io::ConnectionRefused.into()]);
    let expected = "cannot connect; 192.0.2.1:21: timed out; 192.0.2.1:21: connection refused";
    assert_eq!(both.to_string(), expected);
    assert_eq!(format!("{both:?}"), expected);
    assert!(format!("{both:#?}").starts_with("Connect("));
    let none = tried([]).to_string();
    assert_eq!(none, "there is no address to connect to");
    let text = caused(Io::BrokenPipe.into()).to_string();
    assert!(text.ends_with("(broken pipe)"), "{text}");
    let source = core::error::Error::source(&both).unwrap().to_string();
    assert_eq!(source, "connection refused");
    assert!(core::error::Error::source(&Error::Spent).is_none());
}
