//! TLS.

use std::task::Poll;

use ftp_proto::operation::{AskFeatures, Secure};
use ftp_proto::{
    Class, Closed, Config, ErrorKind, Failure, Interruption, Link, Operation, Policy, Report,
    State, TlsPolicy, Violation,
};

use super::{hand, required_config};
use crate::hand::{Hand, retrieve};

fn required() -> Hand {
    Hand::new(required_config())
}

#[test]
fn auth_refused_and_tls_required() {
    let mut hand = required();
    let auth = hand.submits("AUTH TLS");
    hand.says("502 No.").sends(&["AUTH TLS"]);
    assert!(matches!(
        hand.session.poll_class(auth, Class::Completion),
        Poll::Ready(Err(error)) if matches!(error.kind(), ErrorKind::Refused(_))
    ));
    for line in ["USER ann", "PASS x", "ACCT y"] {
        let ticket = hand.submits(line);
        let error = hand.reply(ticket).unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::Policy(Policy::ControlNotSecured)
        ));
    }
    hand.begins(retrieve());
    let error = hand.verdict().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Policy(_)));
    hand.sends(&[]).is_usable();
}

#[test]
fn clear_text_behind_234() {
    for behind in ["230 You are in.\r\n", "2", "\r\n"] {
        for at_once in [false, true] {
            let mut hand = required();
            hand.submits("AUTH TLS");
            if at_once {
                hand.receives(format!("234 Go on.\r\n{behind}").as_bytes());
            } else {
                hand.says("234 Go on.").receives(behind.as_bytes());
            }
            let violation = Violation::BytesBeforeTls;
            hand.is(State::Dead(Closed::Violation(violation)));
            assert!(hand.session.transmit().is_empty());
        }
    }
}

#[test]
fn greeting_230_does_not_skip_tls() {
    let mut config = Config::default();
    config.tls = TlsPolicy::Control;
    let mut hand = Hand::before_greeting(config);
    hand.says("230 You are in already.");
    let user = hand.submits("USER ann");
    assert!(hand.reply(user).is_err());
    hand.begins(retrieve());
    assert!(hand.verdict().is_err());
    hand.sends(&[]);
}

#[test]
fn handshake_on_the_control_connection_fails() {
    let mut hand = required();
    let ticket = hand.submits("AUTH TLS");
    hand.says("234 Go on.")
        .acts(&["Secure"])
        .reports(Report::Failed {
            link: Link::Control,
            failure: Failure::Tls,
        });
    hand.acts(&["Close"])
        .is(State::Dead(Closed::Lost(Failure::Tls)));
    assert!(hand.reply(ticket).unwrap_err().is_fatal());
}

#[test]
fn prot_refused_sends_no_data_command() {
    let mut hand = required();
    let mut secure = Secure::new();
    assert!(secure.poll(&mut hand.session).is_pending());
    hand.run();
    hand.says("234 Go on.").reports(Report::Secured {
        link: Link::Control,
    });
    let mut result = secure.poll(&mut hand.session);
    for reply in ["200 Yes.", "536 No."] {
        hand.run();
        hand.says(reply);
        result = secure.poll(&mut hand.session);
    }
    assert!(matches!(result, Poll::Ready(Err(_))));
    hand.begins(retrieve());
    let error = hand.verdict().unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Policy(Policy::DataNotProtected)
    ));
    hand.sends(&["AUTH TLS", "PBSZ 0", "PROT P"]).is_usable();
}

#[test]
fn what_was_learnt_in_clear_is_forgotten_under_tls() {
    let mut hand = hand();
    let mut ask = AskFeatures::new();
    assert!(ask.poll(&mut hand.session).is_pending());
    hand.run();
    hand.says("211-Features:\n SIZE\n211 End");
    assert!(ask.poll(&mut hand.session).is_ready());
    assert!(hand.session.features().is_some());
    hand.submits("AUTH TLS");
    hand.says("234 Go on.").reports(Report::Secured {
        link: Link::Control,
    });
    assert!(hand.session.features().is_none());
    assert_eq!(hand.session.representation(), None);
}

#[test]
fn data_connection_must_resume_the_session_of_the_control_connection() {
    for code in [522, 425, 450] {
        let mut hand = hand();
        hand.starts(retrieve()).says(&format!(
            "{code} SSL connection failed: session reuse required"
        ));
        assert!(matches!(
            hand.verdict().unwrap_err().kind(),
            ErrorKind::Refused(_)
        ));
        hand.is_in_step();
    }
}

#[test]
fn tls_breaks_in_the_middle_of_data() {
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .breaks(Failure::Tls)
        .says("426 Broken.");
    let interrupted = hand.interrupted();
    assert_eq!(
        (interrupted.bytes, interrupted.cause),
        (3, Interruption::Data(Failure::Tls))
    );
    hand.is_in_step();
}
