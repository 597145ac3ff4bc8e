//! Replies that nobody asked for, and replies without an end.

use ftp_blocking::proto::{ErrorKind, Event};
use ftp_testbed::scripted::Script;

use crate::{bounded, finish, greeted, patient};

/// The table of scenarios knows more of them; here the caller is told.
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
fn replies_that_never_end_are_cut_off() {
    bounded(|| {
        let endless: [(&str, Vec<u8>); 4] = [
            ("line", vec![b'2'; 4 << 20]),
            ("text", [b"200-".to_vec(), vec![b'x'; 4 << 20]].concat()),
            ("lines", b"200-x\r\n".repeat(400_000)),
            ("marks", b"150 wait\r\n".repeat(100)),
        ];
        for (name, bytes) in endless {
            let script = Script::new().expect("NOOP").send(bytes);
            let peer = greeted(script);
            let mut client = patient().connect_to(&[peer.address()]).unwrap();
            let error = client.noop().unwrap_err();
            assert!(
                matches!(error.kind(), Some(ErrorKind::Violation(_))),
                "{name}: {error}"
            );
            assert!(error.is_fatal());
        }
    });
}
