//! Second answers that come behind steps of the machine's own, which the application knows nothing
//! of.

use ftp_proto::{Config, End};

use crate::doubles::{cuts, is_answered, passed_over};
use crate::hand::{Hand, retrieve};

/// FEAT before a name and TYPE before a port are the machine's own: they were answered in time, and
/// what comes late is the second answer to what the application asked for.
#[test]
fn a_late_second_answer_is_passed_over_behind_steps_of_the_machine() {
    for pieces in cuts("250 There.\n229 Port (|||4711|)") {
        let mut hand = Hand::new(Config::default());
        hand.submits("CWD d");
        hand.says("200 OK");
        hand.begins(retrieve());
        hand.says("200 Type.");
        for piece in &pieces {
            hand.receives(piece);
        }
        hand.connects().says("150 Here.");
        hand.ends(End::Clean).says("226 Done.");
        assert!(hand.verdict().is_ok());
        assert_eq!(passed_over(&mut hand), [250]);
        hand.is_usable();
    }
    // A listing asks FEAT by itself.
    let mut hand = Hand::new(Config::default());
    hand.submits("CWD d");
    hand.says("200 OK");
    hand.submits("FEAT");
    hand.says("502 No.");
    hand.begins(retrieve());
    hand.says("250 There.").undecided().says("200 Type.");
    hand.sends(&["CWD d", "FEAT", "TYPE I", "EPSV"]);
    assert_eq!(passed_over(&mut hand), [250]);
    let mut hand = Hand::greeted(Hand::settling_names(Config::default()));
    hand.submits("PASS p");
    hand.says("230 Welcome.");
    let ticket = hand.submits("PWD");
    hand.says("211-F\r\n UTF8\r\n211 End")
        .says("200 Yes.")
        .says("230 Welcome.")
        .says("257 \"/\"");
    hand.sends(&["PASS p", "FEAT", "OPTS UTF8 ON", "PWD"]);
    is_answered(&mut hand, ticket, "257 \"/\"");
    assert_eq!(passed_over(&mut hand), [230]);
    hand.is_usable();
}

#[test]
fn a_line_of_the_banner_may_come_behind_the_answer_to_user() {
    let mut hand = Hand::new(Config::default());
    hand.submits("USER u");
    hand.says("331 Password?");
    let ticket = hand.submits("PASS p");
    hand.says("220 More to read.").says("230 Welcome.");
    is_answered(&mut hand, ticket, "230 Welcome.");
    assert_eq!(passed_over(&mut hand), [220]);
    hand.is_usable();
}
