//! What goes out around a login.

use ftp_proto::Verb;

use super::{Act, Scenario, Told};
use crate::scripted::Script;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "host_goes_before_the_user_and_the_rest_behind_the_password",
            logged_in()
                .answer(
                    "FEAT",
                    features(" CLNT\r\n LANG EN*\r\n MLST type*;size*;modify*;\r\n"),
                )
                .answer("CLNT robot 1.0", "200 noted\r\n")
                .answer("LANG en", "200 English\r\n")
                .answer("OPTS MLST type;size;", "200 MLST OPTS type;size;\r\n"),
        )
        .then(Act::LoginAtHost, Told::done())
        .goes_on(),
        Scenario::new(
            "what_is_not_offered_is_not_sent_and_a_refusal_changes_nothing",
            logged_in()
                .answer("FEAT", features(" LANG DE*\r\n SIZE\r\n"))
                .answer("LANG en", "504 not spoken here\r\n"),
        )
        .then(Act::LoginAtHost, Told::done())
        .goes_on(),
        Scenario::new(
            "a_host_that_is_refused_ends_the_login",
            Script::new().answer("HOST ftp.example.org", "504 unknown host\r\n"),
        )
        .then(Act::LoginAtHost, Told::refused(Verb::Host, 504))
        .goes_on(),
    ]
}

fn logged_in() -> Script {
    Script::new()
        .answer("HOST ftp.example.org", "220 this one\r\n")
        .answer("USER ann", "331 password\r\n")
        .answer("PASS secret", "230 logged in\r\n")
}

fn features(lines: &str) -> String {
    format!("211-Features:\r\n{lines}211 End\r\n")
}
