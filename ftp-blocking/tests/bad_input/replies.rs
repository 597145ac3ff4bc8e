//! Replies that come before any limit, and replies that nobody asked for.

use std::io::Write;

use ftp_blocking::proto::{
    After, Closed, DataMode, ErrorKind, Event, Interruption, Leniency, Verb, Verdict, Violation,
};
use ftp_testbed::scripted::Script;

use crate::{bounded, code, dialogue, finish, greeted, interrupted, opening, patient};

#[test]
fn a_425_during_accept_is_told_at_once() {
    bounded(|| {
        for mode in [DataMode::ExtendedActive, DataMode::Active] {
            let verb = if mode == DataMode::Active {
                "PORT"
            } else {
                "EPRT"
            };
            for mark in ["", "150 calling you\r\n"] {
                let script = Script::new()
                    .answer("TYPE I", "200 ok\r\n")
                    .expect_verb(verb)
                    .send("200 ok\r\n")
                    .expect("RETR a")
                    .send(mark)
                    .send("425 cannot reach you\r\n")
                    .answer("NOOP", "200 ok\r\n")
                    .expect_close();
                dialogue(patient().data_mode(mode), script, |client| {
                    let error = client.retrieve("a").unwrap_err();
                    assert_eq!((error.verb(), code(&error)), (Some(Verb::Retr), Some(425)));
                    assert_eq!(error.after(), After::Usable);
                    client.noop().unwrap();
                });
            }
        }
    });
}

#[test]
fn a_552_in_an_upload_that_is_not_read_any_more_is_told_at_once() {
    bounded(|| {
        let script = opening()
            .answer("STOR a", "150 go\r\n")
            .read_data(1000)
            .send("552 disk full\r\n")
            .answer("NOOP", "200 ok\r\n")
            .expect_close();
        dialogue(patient(), script, |client| {
            let mut upload = client.store("a").unwrap();
            // More than the sockets hold: at last a write has to wait, and is told.
            let block = vec![0; 1 << 20];
            let failed = (0..1000).find_map(|_| upload.write_all(&block).err());
            assert!(failed.is_some());
            let error = upload.finish().unwrap_err();
            assert_eq!((error.verb(), code(&error)), (Some(Verb::Stor), Some(552)));
            assert_eq!(interrupted(&error).cause, Interruption::Reply);
            assert_eq!(error.after(), After::Usable);
            client.noop().unwrap();
        });
    });
}

#[test]
fn a_421_in_a_silent_download_is_told_at_once() {
    bounded(|| {
        let script = opening()
            .answer("RETR a", "150 here\r\n")
            .send_data("abc")
            .send("421 going down\r\n")
            .expect_close();
        dialogue(patient(), script, |client| {
            let mut got = Vec::new();
            let error = client.retrieve_to("a", &mut got).unwrap_err();
            assert_eq!((error.verb(), code(&error)), (Some(Verb::Retr), Some(421)));
            assert_eq!(interrupted(&error).bytes, 3);
            assert_eq!(got, b"abc");
            assert_eq!(error.after(), After::Dead);
        });
    });
}

/// What the server still sends after its 421 is taken, and is no success.
#[test]
fn a_421_in_a_download_that_goes_on() {
    bounded(|| {
        let script = opening()
            .answer("RETR a", "150 here (6 bytes)\r\n")
            .send_data("abc")
            .send("421 going down\r\n")
            .settle()
            .send_data("def")
            .close_data()
            .expect_close();
        dialogue(patient(), script, |client| {
            let mut got = Vec::new();
            let error = client.retrieve_to("a", &mut got).unwrap_err();
            assert_eq!(got, b"abcdef");
            assert_eq!(code(&error), Some(421));
            assert!(interrupted(&error).is_complete_by_size());
            assert_eq!(
                error.session().unwrap().verdict(),
                Some(Verdict::Unconfirmed)
            );
        });
    });
}

// -- surplus replies ------------------------------------------------------------------------------------------------------------

#[test]
fn a_surplus_reply_in_the_buffer_is_not_the_next_answer() {
    bounded(|| {
        for surplus in ["200 and again\r\n", "257 \"/wrong\"\r\n", "550 no\r\n"] {
            let script = Script::new()
                .expect("NOOP")
                .send(format!("200 ok\r\n{surplus}"))
                .settle()
                .mark("settled")
                .answer("PWD", "257 \"/right\"\r\n")
                .expect_close();
            let peer = greeted(script);
            let mut client = patient().connect_to(&[peer.address()]).unwrap();
            client.noop().unwrap();
            assert!(peer.reached("settled"));
            assert_eq!(client.pwd().unwrap().as_bytes(), b"/right", "{surplus}");
            assert!(matches!(client.poll_event(), Some(Event::Unsolicited(_))));
            drop(client);
            finish(peer);
        }
    });
}

#[test]
fn a_surplus_reply_that_comes_while_the_session_is_idle_is_not_the_next_answer() {
    bounded(|| {
        let script = Script::new()
            .answer("NOOP", "200 ok\r\n")
            .wait("later")
            .send("250 by the way\r\n")
            .settle()
            .mark("settled")
            .answer("DELE a", "550 no\r\n")
            .expect_close();
        let peer = greeted(script);
        let mut client = patient().connect_to(&[peer.address()]).unwrap();
        client.noop().unwrap();
        peer.release("later");
        assert!(peer.reached("settled"));
        // Taken for the answer, it would say that the file is gone.
        assert_eq!(code(&client.rm("a").unwrap_err()), Some(550));
        drop(client);
        finish(peer);
    });
}

#[test]
fn a_farewell_in_the_buffer_is_heard_before_anything_is_sent() {
    bounded(|| {
        let script = Script::new()
            .answer("NOOP", "200 ok\r\n")
            .send("421 idle too long\r\n")
            .settle()
            .mark("settled")
            .expect_close();
        let peer = greeted(script);
        let mut client = patient().connect_to(&[peer.address()]).unwrap();
        client.noop().unwrap();
        assert!(peer.reached("settled"));
        let error = client.noop().unwrap_err();
        assert_eq!(code(&error), Some(421));
        assert!(matches!(
            error.kind(),
            Some(ErrorKind::Closed(Closed::Service, Some(_)))
        ));
        drop(client);
        assert_eq!(finish(peer).lines(), ["NOOP"]);
    });
}

#[test]
fn a_server_that_will_not_stop_talking_is_left() {
    bounded(|| {
        let script = Script::new()
            .answer("NOOP", "200 ok\r\n")
            .send("200 and again\r\n".repeat(10))
            .settle()
            .mark("settled")
            .ignore_rest();
        let peer = greeted(script);
        let mut client = patient().connect_to(&[peer.address()]).unwrap();
        client.noop().unwrap();
        assert!(peer.reached("settled"));
        let error = client.noop().unwrap_err();
        assert!(matches!(
            error.kind(),
            Some(ErrorKind::Violation(Violation::TooManyUnsolicited))
        ));
        assert!(error.is_fatal());
    });
}

#[test]
fn a_second_226_is_recorded_and_answers_nothing() {
    bounded(|| {
        let script = opening()
            .answer("RETR a", "150 here\r\n")
            .send_data("abc")
            .close_data()
            .send("226 done\r\n226 done\r\n")
            .settle()
            .mark("settled")
            .answer("DELE a", "550 no\r\n")
            .expect_close();
        let peer = greeted(script);
        let mut client = patient().connect_to(&[peer.address()]).unwrap();
        assert_eq!(client.retrieve_to("a", &mut Vec::new()).unwrap().bytes, 3);
        assert!(peer.reached("settled"));
        assert_eq!(code(&client.rm("a").unwrap_err()), Some(550));
        let used = client.session().leniencies_used();
        assert!(used.contains(Leniency::SurplusCompletion));
        drop(client);
        finish(peer);
    });
}
