//! What goes out around a login.

use ftp_proto::Verb;
use ftp_proto::operation::{Login, Retrieve};

use super::{Pair, path};

fn server(line: &str) -> Option<&'static str> {
    match line.split(' ').next() {
        Some("HOST") => Some("220 This one."),
        Some("USER") => Some("331 Password."),
        Some("PASS") => Some("230 Welcome."),
        Some("FEAT") => Some("211-Features:\r\n MLST type*;\r\n CLNT\r\n211 End"),
        Some("OPTS" | "CLNT") => Some("200 So be it."),
        _ => None,
    }
}

/// In one write with PASS, the transfer would go out before what the login still has to say.
#[test]
fn what_follows_an_eager_login_waits_for_its_introduction() {
    let mut pair = Pair::configured(server, |config| config.eager = true);
    let login = Login::new(path("ann")).password(path("secret"));
    let login = login.host(path("h")).facts(&["size"]).unwrap();
    pair.run(login.then(Retrieve::new(path("a")))).unwrap();
    let expected = [
        "HOST h",
        "USER ann",
        "PASS secret",
        "FEAT",
        "OPTS MLST size;",
        "TYPE I",
        "RETR a",
    ];
    assert_eq!(pair.take_sent(), expected);
}

#[test]
fn a_session_that_ends_meanwhile_is_the_error() {
    let mut pair = Pair::new(|line| match line {
        "CLNT robot" => Some("421 Time to go."),
        _ => server(line),
    });
    let error = pair
        .run(Login::anonymous().client_name(path("robot")))
        .unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(error.verb(), Some(Verb::Clnt));
    assert_eq!(error.reply().unwrap().code().get(), 421);
}

#[test]
fn facts_that_cannot_be_sent_are_refused() {
    Login::anonymous().facts(&["size\r\nDELE a"]).unwrap_err();
}

/// What FEAT lists, what is refused, and what goes out behind PASS.
#[test]
fn an_introduction_says_what_feat_lists_and_minds_no_refusal() {
    type Row = (fn(&str) -> Option<&'static str>, &'static [&'static str]);
    let rows: [Row; 4] = [
        (|_| None, &["FEAT", "CLNT robot", "OPTS MLST size;"]),
        (
            |line| (line == "CLNT robot").then_some("500 What?"),
            &["FEAT", "CLNT robot", "OPTS MLST size;"],
        ),
        (
            |line| (line == "FEAT").then_some("211-Features:\r\n MLST type*;\r\n211 End"),
            &["FEAT", "OPTS MLST size;"],
        ),
        (|line| (line == "FEAT").then_some("500 What?"), &["FEAT"]),
    ];
    for (first, expected) in rows {
        let mut pair = Pair::new(server);
        pair.first = first;
        let login = Login::anonymous().client_name(path("robot"));
        let login = login.language(path("en")).facts(&["size"]).unwrap();
        let reply = pair.run(login).unwrap();
        assert_eq!(reply.code().get(), 230);
        assert_eq!(pair.take_sent()[2..], *expected);
    }
}

/// What the server says to PASS or USER, and what follows.
#[test]
fn a_password_is_sent_once_and_an_account_where_it_is_asked_for() {
    type Row = (
        fn(&str) -> Option<&'static str>,
        &'static [&'static str],
        bool,
    );
    let rows: [Row; 4] = [
        (
            |line| (line == "PASS p").then_some("332 Account?"),
            &["USER u", "PASS p", "ACCT a"],
            true,
        ),
        (
            |line| (line == "USER u").then_some("332 Account?"),
            &["USER u", "ACCT a"],
            true,
        ),
        (|_| None, &["USER u", "PASS p"], true),
        (
            |line| (line == "PASS p").then_some("530 No."),
            &["USER u", "PASS p"],
            false,
        ),
    ];
    for (first, expected, is_in) in rows {
        let mut pair = Pair::new(|line| match line {
            "ACCT a" => Some("230 Welcome."),
            _ => server(line),
        });
        pair.first = first;
        let login = Login::new(path("u")).password(path("p")).account(path("a"));
        assert_eq!(pair.run(login).is_ok(), is_in);
        assert_eq!(pair.take_sent(), expected);
    }
    // Without an account there is no answer.
    let mut pair = Pair::new(server);
    pair.first = |line| (line == "PASS p").then_some("332 Account?");
    let login = Login::new(path("u")).password(path("p"));
    assert_eq!(pair.run(login).unwrap_err().verb(), Some(Verb::Pass));
    assert_eq!(pair.take_sent(), ["USER u", "PASS p"]);
}
