//! Scripts, played by hand.

use std::net::SocketAddr;

use ftp_proto::testing::{Channel, Peer, Script, ServerAction, ServerLink, ServerReport};

use crate::driven::CLIENT;

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((CLIENT, port))
}

#[test]
fn a_script_plays_both_ways_of_opening() {
    let mut script = Script::new()
        .expect("PASV")
        .listen()
        .expect("RETR")
        .open()
        .say("150 a\r\n")
        .send("abc")
        .reset_data()
        .expect("EPRT")
        .say("200 b\r\n")
        .expect("STOR")
        .open()
        .receive_octets(2)
        .receive_all()
        .close_data()
        .say("226 c\r\n")
        .close_control();
    let first = Channel::new(0);
    script.receive(b"PASV\r\nRETR x\r\n");
    assert_eq!(
        script.poll_action(),
        Some(ServerAction::Listen { channel: first })
    );
    script.report(ServerReport::Listening {
        channel: first,
        local: local(1234),
    });
    assert_eq!(
        script.transmit(),
        b"227 Entering Passive Mode (127,0,0,1,4,210).\r\n"
    );
    assert_eq!(
        script.poll_action(),
        Some(ServerAction::Accept { channel: first })
    );
    script.report(ServerReport::Accepted {
        channel: first,
        peer: CLIENT,
    });
    assert_eq!(
        script.poll_action(),
        Some(ServerAction::Send { channel: first })
    );
    script.payload_sent(first, 1);
    assert_eq!(script.payload(first), b"bc");
    script.payload_sent(first, 2);
    assert_eq!(
        script.poll_action(),
        Some(ServerAction::Reset { channel: first })
    );

    let second = Channel::new(1);
    script.receive(b"EPRT |1|127.0.0.1|1234|\r\nSTOR x\r\n");
    let dial = ServerAction::Connect {
        channel: second,
        to: local(1234),
    };
    assert_eq!(script.poll_action(), Some(dial));
    script.report(ServerReport::Connected { channel: second });
    assert_eq!(
        script.poll_action(),
        Some(ServerAction::Receive { channel: second })
    );
    assert_eq!(script.payload_wanted(second), 2);
    script.payload_received(second, b"12");
    assert_eq!(
        script.poll_action(),
        Some(ServerAction::Receive { channel: second })
    );
    script.payload_received(second, b"345");
    script.report(ServerReport::Ended { channel: second });
    assert_eq!(script.arrived(), b"12345");
    assert_eq!(
        script.poll_action(),
        Some(ServerAction::Close { channel: second })
    );
    assert_eq!(
        script.poll_action(),
        None,
        "the last reply must be written first"
    );
    assert!(script.transmit().ends_with(b"200 b\r\n226 c\r\n"));
    script.transmitted(script.transmit().len());
    assert_eq!(script.poll_action(), Some(ServerAction::CloseControl));
    assert!(script.is_finished() && script.mismatch().is_none());
}

#[test]
fn a_script_stops_at_a_command_that_it_did_not_expect() {
    let mut script = Script::new()
        .expect("USER")
        .say("230 in\r\n")
        .expect("TYPE")
        .say("200 ok\r\n");
    script.receive(b"USER a\r\nSYST\r\nTYPE I\r\n");
    assert_eq!(script.transmit(), b"230 in\r\n");
    let mismatch = script.mismatch().unwrap();
    assert_eq!(
        (&*mismatch.expected, mismatch.received.verb()),
        ("TYPE", b"SYST".to_vec())
    );
    assert!(!script.is_finished());
    script.transmitted(8);
    script.receive_eof();
    assert_eq!(script.poll_action(), Some(ServerAction::CloseControl));
}

#[test]
fn a_script_goes_on_when_its_data_connection_fails() {
    let mut script = Script::new()
        .secure_control()
        .expect("EPSV")
        .listen_extended()
        .open()
        .secure_data()
        .send("abc")
        .say("425 no\r\n");
    let link = ServerLink::Control;
    assert_eq!(script.poll_action(), Some(ServerAction::Secure { link }));
    script.report(ServerReport::Secured { link });
    script.receive(b"EPSV\r\n");
    let channel = Channel::new(0);
    script.report(ServerReport::Listening {
        channel,
        local: local(1234),
    });
    script.report(ServerReport::Accepted {
        channel,
        peer: CLIENT,
    });
    script.report(ServerReport::Failed {
        link: ServerLink::Data(channel),
    });
    assert!(script.transmit().ends_with(b"425 no\r\n") && script.is_finished());
    assert_eq!(script.clone(), script);
}
