//! Opening the data connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::Poll;

use ftp_proto::{
    Action, Config, Control, DataMode, ErrorKind, Event, Failure, Interruption, Reason, Report,
    Session, Target, Verb, Violation,
};

use super::hand;
use crate::hand::{Hand, active, retrieve};

fn passive() -> Config {
    let mut config = Config::default();
    config.data_mode = DataMode::Passive;
    config
}

fn extended_passive() -> Config {
    let mut config = Config::default();
    config.data_mode = DataMode::ExtendedPassive;
    config
}

/// Each rung of the ladder is tried once: EPSV, PASV, FEAT, PRET with both again, and active mode
/// if it is allowed.
#[test]
fn the_whole_ladder() {
    let mut config = Config::default();
    config.active_fallback = true;
    let mut hand = Hand::new(config);
    hand.begins(retrieve());
    hand.says("200 Type.").says("500 What?").says("500 What?");
    hand.sends(&["TYPE I", "EPSV", "PASV", "FEAT"]);
    hand.says("211-Features:\n PRET\n211 End").says("500 No.");
    hand.sends(&["PRET RETR f", "EPSV"]);
    hand.says("425 Not now.").says("202 Superfluous.");
    hand.sends(&["PASV"]).listens();
    hand.sends(&["EPRT |1|127.0.0.1|3001|"]).says("200 Fine.");
    hand.sends(&["RETR f"]).says("550 No file.");
    assert!(hand.verdict().is_err());
    hand.is_in_step();
    // PRET is remembered, and what was refused for now is tried again.
    hand.begins(retrieve());
    hand.says("200 Pret.").says("229 (|||4711|)").connects();
    hand.sends(&["PRET RETR f", "EPSV", "RETR f"]);
}

/// A server that names PRET and needs none is not bothered with it.
#[test]
fn pret_is_for_servers_that_refuse_without_it() {
    let mut hand = hand();
    let feat = hand.submits("FEAT");
    hand.says("211-Features:\n PRET\n211 End");
    assert!(hand.reply(feat).is_ok());
    hand.begins(retrieve());
    hand.says("200 Type.").says("229 (|||4711|)").connects();
    hand.sends(&["FEAT", "TYPE I", "EPSV", "RETR f"]);
}

/// What says that it is a success and names no address, or none that can be used, is no port.
#[test]
fn useless_answers_go_down_the_ladder() {
    for answer in [
        "200 Fine.",
        "202 Superfluous.",
        "229 (|||0|)",
        "229 nowhere",
        "450 Busy.",
        "530 No.",
    ] {
        let mut hand = hand();
        hand.begins(retrieve());
        hand.says("200 Type.").says(answer);
        hand.sends(&["TYPE I", "EPSV", "PASV"]);
        hand.says("227 (127,0,0,1,18,103)")
            .connects()
            .says("550 No.");
        assert!(hand.verdict().is_err());
        hand.sends(&["RETR f"]).begins(retrieve());
        let remembered = if answer.starts_with('4') {
            "EPSV"
        } else {
            "PASV"
        };
        hand.sends(&[remembered]);
    }
}

#[test]
fn foreign_host_in_a_227_is_not_dialled() {
    let mut hand = Hand::new(passive());
    hand.begins(retrieve());
    hand.says("200 Type.");
    hand.session.receive(b"227 Go (10,1,2,3,18,103)\r\n");
    let target = Target::ControlHost { port: 4711 };
    let action = hand.session.poll_action(hand.now);
    assert!(matches!(action, Some(Action::Connect { target: to, .. }) if to == target));
    assert_eq!(hand.events(), [Event::HostIgnored([10, 1, 2, 3].into())]);
}

#[test]
fn unreadable_addresses_dial_nobody() {
    for (config, reply) in [
        (passive(), "227 (127,0,0,257,4,1)"),
        (passive(), "227 (127,0,0,1,256,1)"),
        (passive(), "227 nowhere"),
        (extended_passive(), "229 (|||0|)"),
        (extended_passive(), "229 (|||70000|)"),
        (extended_passive(), "229 nowhere"),
    ] {
        let mut hand = Hand::new(config);
        hand.begins(retrieve());
        hand.says("200 Type.")
            .says(reply)
            .says("500 FEAT?")
            .acts(&[]);
        let error = hand.verdict().unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Violation(Violation::Address(_))),
            "{reply}"
        );
        hand.is_in_step();
    }
}

#[test]
fn epsv_refused_is_followed_by_pasv_and_remembered() {
    for code in [500, 501, 502, 522] {
        let mut hand = hand();
        hand.begins(retrieve());
        hand.says("200 Type.")
            .says(&format!("{code} What?"))
            .sends(&["TYPE I", "EPSV", "PASV"]);
        hand.says("227 (127,0,0,1,18,103)")
            .connects()
            .says("550 No.");
        assert!(hand.verdict().is_err());
        hand.sends(&["RETR f"]).begins(retrieve());
        hand.sends(&["PASV"]);
    }
    // On IPv6 there is nothing to fall back to.
    let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let mut session = Session::new(Config::default(), Control::new(address, address));
    session.receive(b"220 Hello.\r\n");
    let id = session.begin(retrieve()).unwrap();
    for reply in ["200 Type.\r\n", "500 What?\r\n", "500 FEAT?\r\n"] {
        session.transmitted(session.transmit().len());
        session.receive(reply.as_bytes());
    }
    assert!(matches!(session.poll_transfer(id), Poll::Ready(Err(_))));
}

#[test]
fn data_port_refused_is_followed_by_pasv_once() {
    let mut hand = hand();
    hand.begins(retrieve());
    hand.says("200 Type.")
        .says("229 (|||4711|)")
        .breaks(Failure::Refused);
    hand.sends(&["TYPE I", "EPSV", "PASV"]).undecided();
    hand.says("227 (127,0,0,1,18,103)")
        .breaks(Failure::Refused)
        .sends(&[]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Data(Failure::Refused)
    );
    hand.is_in_step();
}

#[test]
fn data_port_that_leads_nowhere() {
    let mut config = Config::default();
    config.data_mode = DataMode::ExtendedPassive;
    let mut hand = Hand::new(config);
    hand.begins(retrieve());
    hand.says("200 Type.")
        .says("229 (|||4711|)")
        .expires(Reason::DataOpen);
    hand.acts(&["Connect", "Discard"])
        .sends(&["TYPE I", "EPSV"]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Timeout(Reason::DataOpen)
    );
    hand.is_in_step();
}

#[test]
fn data_port_that_breaks_behind_rest() {
    let mut hand = hand();
    hand.begins(retrieve().resume_at(4));
    hand.says("200 Type.")
        .says("229 (|||4711|)")
        .connects()
        .breaks(Failure::Reset);
    hand.sends(&["TYPE I", "EPSV", "REST 4", "REST 0"]);
    assert_eq!(hand.interrupted().cause, Interruption::Data(Failure::Reset));
    hand.says("350 Yes.\n350 Yes.").is_in_step();
}

#[test]
fn no_listener_can_be_bound() {
    let mut hand = Hand::new(active());
    hand.begins(retrieve());
    hand.breaks(Failure::Local).sends(&[]).acts(&["Listen"]);
    assert_eq!(hand.interrupted().cause, Interruption::Data(Failure::Local));
    hand.is_in_step();
}

#[test]
fn refused_behind_the_connection() {
    for code in [425, 450, 550] {
        let mut hand = hand();
        hand.starts(retrieve())
            .says(&format!("{code} No."))
            .acts(&["Discard"]);
        let error = hand.verdict().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Refused(_)));
        assert_eq!(error.is_transient(), code < 500);
        hand.is_in_step();
    }
}

#[test]
fn type_refused_dials_nobody() {
    for config in [Config::default(), active()] {
        let mut hand = Hand::new(config);
        hand.begins(retrieve());
        if config.data_mode == DataMode::Active {
            hand.listens();
            hand.says("504 No.\n200 Port.");
        } else {
            hand.says("504 No.\n229 (|||4711|)");
        }
        let error = hand.verdict().unwrap_err();
        assert_eq!(error.verb(), Some(Verb::Type));
        assert_eq!(error.reply().unwrap().code().get(), 504);
        assert_eq!(hand.session.representation(), None);
        hand.is_in_step();
    }
}

#[test]
fn strangers_call_and_call() {
    let mut hand = Hand::new(active());
    hand.starts(retrieve()).says("150 Calling.");
    for number in 0..17 {
        hand.accepts([10, 0, 0, number].into());
    }
    hand.undecided().says("425 Not you.");
    assert!(hand.verdict().is_err());
    assert_eq!(hand.events().len(), 17);
    hand.is_in_step();
}

#[test]
fn mapped_addresses_are_the_same_host() {
    let mapped = IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
    let mut session = Session::new(passive(), Control::new(mapped, mapped));
    session.receive(b"220 Hello.\r\n");
    session.begin(retrieve()).unwrap();
    assert_eq!(session.transmit(), b"TYPE I\r\n");
    session.transmitted(8);
    session.receive(b"200 Type.\r\n");
    assert_eq!(session.transmit(), b"PASV\r\n");
    let mut hand = Hand::new(active());
    hand.starts(retrieve())
        .says("150 Calling.")
        .accepts(mapped)
        .acts(&["Accept", "Move"]);
    // What is announced is the folded address, in the family that is spoken.
    for (mode, line) in [
        (DataMode::Active, "PORT 127,0,0,1,11,185"),
        (DataMode::ExtendedActive, "EPRT |1|127.0.0.1|3001|"),
    ] {
        let mut config = Config::default();
        config.data_mode = mode;
        let mut hand = Hand::new(config);
        hand.begins(retrieve());
        let (data, local) = (hand.data(), SocketAddr::new(mapped, 3001));
        hand.reports(Report::Listening { data, local })
            .says("200 Type.")
            .sends(&["TYPE I", line]);
    }
}

/// A port in answer to PORT is none that could be dialled, and no leave to send the transfer
/// command.
#[test]
fn a_port_in_answer_to_port() {
    let mut hand = Hand::new(active());
    hand.begins(retrieve());
    hand.listens().says("200 Type.").acts(&["Listen"]);
    hand.lines();
    hand.says("229 Port (|||4711|)").acts(&[]).sends(&["PWD"]);
    hand.says("257 \"/\"").acts(&["Discard"]).sends(&[]);
    assert_eq!(hand.verdict().unwrap_err().verb(), Some(Verb::Port));
    hand.is_in_step();
}

/// 3xx asks for something more: no refusal after which the older command would be tried.
#[test]
fn an_intermediate_answer_to_epsv_is_not_climbed_down_from() {
    let mut hand = Hand::new(Config::default());
    hand.begins(retrieve());
    hand.says("200 Type.").sends(&["TYPE I", "EPSV"]);
    hand.says("350 More?").sends(&["PWD"]);
    hand.says("257 \"/\"").sends(&[]);
    assert_eq!(hand.verdict().unwrap_err().verb(), Some(Verb::Epsv));
    hand.is_in_step();
}
