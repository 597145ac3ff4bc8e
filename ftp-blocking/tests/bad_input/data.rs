//! Data connections that break, stall and lie.

use std::time::Duration;

use ftp_blocking::Client;
use ftp_blocking::proto::operation::Retrieve;
use ftp_blocking::proto::testing::Next;
use ftp_blocking::proto::{
    After, Argument, DataMode, Failure, Interruption, Reason, State, Timeouts, Verb, Verdict,
};
use ftp_blocking::testing::{Behaviour, Files, Loopback, Rule, ServerConfig, Step};

use crate::{bounded, code, dialogue, interrupted, opening, patient};

fn downloads(behaviour: Behaviour) -> (Loopback, Client) {
    let files = Files::new()
        .file("/large", vec![7; 300_000])
        .file("/digits", "0123456789");
    let server = Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap();
    // The limits of the data connection end soon; replies may take their time.
    let short = Duration::from_millis(200);
    let mut timeouts = Timeouts::all(Duration::from_secs(3600));
    timeouts.data_open = short;
    timeouts.data_idle = short;
    timeouts.completion = short;
    timeouts.drain = short;
    timeouts.abort_grace = short;
    let mut client = Client::builder()
        .timeouts(timeouts)
        .connect_to(&[server.address()])
        .unwrap();
    client.login_anonymous().unwrap();
    (server, client)
}

#[test]
fn a_reset_in_the_midst_of_the_data() {
    bounded(|| {
        for reply in ["426 broken\r\n", "226 done\r\n"] {
            let script = opening()
                .answer("RETR a", "150 here\r\n")
                .send_data("abc")
                .reset_data()
                .send(reply)
                .answer("NOOP", "200 ok\r\n")
                .expect_close();
            dialogue(patient(), script, |client| {
                let mut got = Vec::new();
                let error = client.retrieve_to("a", &mut got).unwrap_err();
                assert_eq!(interrupted(&error).bytes, got.len() as u64);
                assert_eq!(
                    code(&error).map(|code| code.to_string()).as_deref(),
                    reply.get(..3)
                );
                let expected = match code(&error) {
                    Some(426) => Interruption::Reply,
                    _ => Interruption::Data(Failure::Reset),
                };
                assert_eq!(interrupted(&error).cause, expected);
                assert_eq!(error.session().unwrap().verdict(), Some(Verdict::Truncated));
                assert_eq!(error.after(), After::Usable);
                client.noop().unwrap();
            });
        }
        // And nothing at all is said: ABOR and the fence find out.
        let (server, mut client) = downloads(Behaviour::new().reset_data("RETR", 1000));
        let error = client.retrieve_to("large", &mut Vec::new()).unwrap_err();
        assert_eq!(
            interrupted(&error).cause,
            Interruption::Data(Failure::Reset)
        );
        assert_eq!(error.after(), After::Draining);
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
        assert!(server.commands(0).contains(&"ABOR".to_owned()));
    });
}

#[test]
fn a_success_with_too_few_bytes() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().truncate("RETR", 7));
        // Against what the 150 announced, and against SIZE.
        let mut got = Vec::new();
        let by_hint = client.retrieve_to("digits", &mut got).unwrap_err();
        assert_eq!(got, b"0123456");
        let verified = Retrieve::new(Argument::new("digits").unwrap()).verified();
        let by_size = client.download(verified).unwrap().finish().unwrap_err();
        for error in [by_hint, by_size] {
            let how = interrupted(&error);
            assert_eq!((how.cause, how.bytes), (Interruption::Length, 7));
            assert_eq!(how.compared.expected(), Some(10));
            assert_eq!(code(&error), Some(226));
            assert_eq!(error.session().unwrap().verdict(), Some(Verdict::Truncated));
            assert_eq!(error.after(), After::Usable);
        }
        client.noop().unwrap();
    });
}

#[test]
fn a_rest_that_is_accepted_and_ignored() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().refuse("REST", 350, "Of course."));
        let mut got = Vec::new();
        let error = client
            .retrieve_at("digits", 4)
            .unwrap()
            .copy_to(&mut got)
            .unwrap_err();
        assert_eq!(interrupted(&error).cause, Interruption::Length);
        assert!(got.len() <= 6, "no byte beyond the expected end");
        assert!(!error.is_fatal());
        client.noop().unwrap();

        let (_server, mut client) = downloads(Behaviour::new().refuse("REST", 502, "Not here."));
        let error = client.retrieve_at("digits", 4).unwrap_err();
        assert_eq!((error.verb(), code(&error)), (Some(Verb::Rest), Some(502)));
        assert_eq!(error.after(), After::Usable);
        client.noop().unwrap();
    });
}

#[test]
fn no_226() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().no_answer("RETR"));
        let mut got = Vec::new();
        let error = client.retrieve_to("digits", &mut got).unwrap_err();
        assert_eq!(got, b"0123456789");
        let how = interrupted(&error);
        assert_eq!(how.cause, Interruption::Timeout(Reason::Completion));
        assert!(how.is_complete_by_size());
        assert_eq!(
            error.session().unwrap().verdict(),
            Some(Verdict::Unconfirmed)
        );
        assert_eq!(error.after(), After::Dead);
    });
}

#[test]
fn a_226_and_data_that_never_ends() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().keep_data_open("RETR"));
        let mut got = Vec::new();
        let error = client.retrieve_to("digits", &mut got).unwrap_err();
        assert_eq!(got, b"0123456789");
        assert_eq!(interrupted(&error).cause, Interruption::NoEof);
        assert_eq!(code(&error), Some(226));
        assert_eq!(
            error.session().unwrap().verdict(),
            Some(Verdict::Unconfirmed)
        );
        assert_eq!(error.after(), After::Usable);
        client.noop().unwrap();
    });
}

#[test]
fn a_226_before_the_end_of_the_data_is_fine() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().early_final("RETR"));
        let mut got = Vec::new();
        client.retrieve_to("large", &mut got).unwrap();
        assert_eq!(got.len(), 300_000);
        client.noop().unwrap();
    });
}

#[test]
fn data_that_stalls_is_aborted_and_the_session_goes_on() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().stall("RETR", 1000));
        let error = client.retrieve_to("large", &mut Vec::new()).unwrap_err();
        let how = interrupted(&error);
        assert_eq!(
            (how.cause, how.bytes),
            (Interruption::Timeout(Reason::DataIdle), 1000)
        );
        assert_eq!(error.after(), After::Draining);
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
        assert_eq!(client.state(), State::Usable);
    });
}

#[test]
fn an_upload_that_is_not_read_is_aborted_and_the_session_goes_on() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().stall("STOR", 1000));
        let error = client
            .store_from("big", &mut std::io::Read::take(std::io::repeat(1), 1 << 30))
            .unwrap_err();
        assert_eq!(
            interrupted(&error).cause,
            Interruption::Timeout(Reason::DataIdle)
        );
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
    });
}

#[test]
fn a_server_that_never_calls_back() {
    bounded(|| {
        let behaviour = Behaviour::new().no_data_connection("RETR");
        let (_server, mut client) = downloads(behaviour);
        client.set_data_mode(DataMode::AnyActive);
        let error = client.retrieve("digits").unwrap_err();
        assert_eq!(
            interrupted(&error).cause,
            Interruption::Timeout(Reason::DataOpen)
        );
        assert_eq!(error.verb(), Some(Verb::Retr));
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
    });
}

#[test]
fn an_upload_that_breaks_is_told_by_the_reply() {
    bounded(|| {
        for code_sent in [426, 452, 552] {
            let behaviour = Behaviour::new().break_off("STOR", 1000, code_sent, "Broken.");
            let (_server, mut client) = downloads(behaviour);
            let error = client
                .store_from("big", &mut std::io::Read::take(std::io::repeat(1), 1 << 30))
                .unwrap_err();
            assert_eq!(code(&error), Some(code_sent), "{error}");
            assert_eq!(error.verb(), Some(Verb::Stor));
            assert!(!error.is_fatal());
            client.noop().unwrap();
        }
    });
}

#[test]
fn a_success_for_an_upload_that_was_not_taken() {
    bounded(|| {
        let rule = Rule::at(Step::Opening).of("STOR").say(226, "Thank you.");
        let (_server, mut client) = downloads(Behaviour::new().rule(rule.then(Next::End)));
        let error = client.store_from("a", &mut &b"abc"[..]).unwrap_err();
        assert_eq!(interrupted(&error).cause, Interruption::NoGoAhead);
        assert_eq!(code(&error), Some(226));
        client.noop().unwrap();
    });
}
