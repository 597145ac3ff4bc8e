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
