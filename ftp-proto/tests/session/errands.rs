//! What goes before a command: FEAT and OPTS UTF8 ON before names, CWD before what depends on the
//! directory.

use ftp_proto::{
    After, Config, Encoding, ErrorKind, Interruption, Pipeline, Policy, State, TlsPolicy, Transfer,
    Verb,
};

use crate::hand::{Hand, name, retrieve};

const OFFER: &str = "211-Features:\n UTF8\n MLSD\n211 End";

fn hand() -> Hand {
    Hand::greeted(Hand::settling_names(Config::default()))
}

/// Names are left alone here: only directories matter.
fn visitor() -> Hand {
    Hand::new(Config::default())
}

fn listing_of(path: &str) -> Transfer {
    Transfer::machine_list(None).within(name(path))
}

/// A listing that is made at once, and refused as a transfer, so that the next can begin.
fn lists(hand: &mut Hand, path: &str, before: &[&str]) {
    hand.begins(listing_of(path));
    for (line, reply) in before.iter().map(|it| it.split_once(" -> ").unwrap()) {
        hand.sends(&[line]).says(reply);
    }
    let known = hand.session.representation().is_some();
    if !known {
        hand.says("200 Type.");
    }
    hand.says("229 Port (|||4711|)").connects();
    let lines: &[&str] = if known {
        &["EPSV", "MLSD"]
    } else {
        &["TYPE I", "EPSV", "MLSD"]
    };
    hand.sends(lines).says("550 No.");
    assert!(hand.verdict().is_err());
}

#[test]
fn before_the_first_command_with_names_the_encoding_is_settled_once() {
    for (line, reply) in [
        ("PWD", "257 \"/\""),
        ("MKD d", "257 \"/d\""),
        ("MLST", "250 Fine."),
        ("STAT d", "213 Fine."),
        ("DELE cr\u{e8}me", "250 Fine."),
        ("SIZE \u{e8}", "213 7"),
    ] {
        let mut hand = hand();
        let ticket = hand.submits(line);
        hand.sends(&["FEAT"]).says(OFFER);
        hand.sends(&["OPTS UTF8 ON"]).says("200 UTF8 set to on.");
        hand.sends(&[line]).says(reply);
        assert!(hand.reply(ticket).is_ok(), "{line}");
        hand.submits(line);
        hand.sends(&[line]);
    }
}

#[test]
fn ascii_names_cost_nothing() {
    for line in [
        "USER \u{e8}",
        "PASS \u{e8}",
        "ACCT \u{e8}",
        "DELE d",
        "CWD d",
        "STAT",
        "NOOP",
    ] {
        let mut hand = hand();
        hand.submits(line);
        hand.sends(&[line]);
    }
    let mut hand = hand();
    hand.begins(retrieve());
    hand.sends(&["TYPE I"]);
}

#[test]
fn what_is_not_offered_is_not_sent() {
    let mut hand = hand();
    hand.submits("PWD");
    hand.sends(&["FEAT"]).says("211-Features:\n SIZE\n211 End");
    hand.sends(&["PWD"]);
    let mut config = Config::default();
    config.encoding = Encoding::AsItIs;
    let mut hand = Hand::greeted(Hand::settling_names(config));
    hand.submits("PWD");
    hand.sends(&["PWD"]);
}

#[test]
fn a_server_that_refuses_before_the_login_is_asked_once_more() {
    let mut hand = hand();
    hand.submits("PWD");
    hand.sends(&["FEAT"]).says("530 Log in.");
    hand.sends(&["PWD"]).says("530 Log in.");
    hand.submits("MKD d");
    hand.sends(&["MKD d"]).says("530 Log in.");
    hand.submits("USER ann");
    hand.says("230 In.").sends(&["USER ann"]);
    hand.submits("PWD");
    hand.sends(&["FEAT"]).says("530 Still not.");
    hand.sends(&["PWD"]).says("257 \"/\"");
    hand.submits("MKD d");
    hand.sends(&["MKD d"]);
}

#[test]
fn who_says_it_himself_is_not_helped() {
    let mut hand = hand();
    hand.submits("OPTS UTF8 OFF");
    hand.sends(&["OPTS UTF8 OFF"]).says("200 Off.");
    hand.submits("PWD");
    hand.sends(&["PWD"]);
}

#[test]
fn under_a_policy_nothing_goes_out_in_clear() {
    let mut config = Config::default();
    config.tls = TlsPolicy::Full;
    let mut hand = Hand::greeted(Hand::settling_names(config));
    let ticket = hand.submits("PWD");
    hand.sends(&[]);
    let error = hand.reply(ticket).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Policy(Policy::ControlNotSecured));
}

#[test]
fn a_thousand_directories_cost_one_cwd_each() {
    let mut hand = visitor();
    lists(
        &mut hand,
        "/a",
        &["PWD -> 257 \"/home\"", "CWD /a -> 250 Gone."],
    );
    for number in 0..1000 {
        let line = format!("CWD /d{number} -> 250 Gone.");
        lists(&mut hand, &format!("/d{number}"), &[&line]);
    }
    // The same directory again costs nothing.
    lists(&mut hand, "/d999", &[]);
    hand.is_in_step();
}

#[test]
fn what_depends_on_the_directory_waits_for_the_way_back() {
    for line in [
        "DELE f",
        "RNFR /f",
        "CWD d",
        "PWD",
        "SITE CHMOD 1 f",
        "SIZE f",
        "CDUP",
        "STAT",
    ] {
        let mut hand = visitor();
        lists(
            &mut hand,
            "/a",
            &["PWD -> 257 \"/home\"", "CWD /a -> 250 Gone."],
        );
        hand.submits(line);
        hand.sends(&["CWD /home"]).says("250 Back.");
        hand.sends(&[line]);
    }
    for line in [
        "DELE /f", "NOOP", "FEAT", "SYST", "TYPE A", "PBSZ 0", "QUIT", "CWD /d", "USER ann",
        "PASS x", "ACCT x", "REIN", "HOST h",
    ] {
        let mut hand = visitor();
        lists(
            &mut hand,
            "/a",
            &["PWD -> 257 \"/home\"", "CWD /a -> 250 Gone."],
        );
        hand.submits(line);
        hand.sends(&[line]);
    }
    let mut hand = visitor();
    lists(
        &mut hand,
        "/a",
        &["PWD -> 257 \"/home\"", "CWD /a -> 250 Gone."],
    );
    hand.begins(retrieve());
    hand.sends(&["CWD /home"])
        .says("250 Back.")
        .sends(&["EPSV"]);
}

#[test]
fn relative_directories_are_the_servers_to_resolve() {
    let mut hand = visitor();
    lists(
        &mut hand,
        "a",
        &["PWD -> 257 \"/home\"", "CWD a -> 250 Gone."],
    );
    lists(
        &mut hand,
        "b",
        &["CWD /home -> 250 Back.", "CWD b -> 250 Gone."],
    );
    // Where the application goes, it is at home, and nobody knows where that is.
    let cwd = hand.submits("CWD /c");
    hand.sends(&["CWD /c"]).says("250 Gone.");
    assert!(hand.reply(cwd).is_ok());
    lists(&mut hand, "b", &["PWD -> 257 \"/c\"", "CWD b -> 250 Gone."]);
}

#[test]
fn a_directory_that_cannot_be_entered_is_the_outcome() {
    let mut hand = visitor();
    hand.begins(listing_of("/no"));
    hand.says("257 \"/home\"").says("550 No such directory.");
    hand.sends(&["PWD", "CWD /no"]);
    let error = hand.verdict().unwrap_err();
    assert_eq!(
        (error.verb(), error.after()),
        (Some(Verb::Cwd), After::Usable)
    );
    assert_eq!(error.reply().unwrap().code().get(), 550);
    // Nothing has moved: there is no way back to go.
    hand.submits("DELE f");
    hand.sends(&["DELE f"]);
}

#[test]
fn without_a_way_back_nobody_goes() {
    for answer in [
        "257 Operation successful",
        "502 PWD?",
        "257 nothing of the kind",
    ] {
        let mut hand = visitor();
        hand.begins(listing_of("/a"));
        hand.sends(&["PWD"]).says(answer).sends(&[]);
        let error = hand.verdict().unwrap_err();
        assert_eq!(
            *error.kind(),
            ErrorKind::Policy(Policy::DirectoryUntold),
            "{answer}"
        );
        hand.is_in_step();
        // It is not asked again.
        hand.begins(listing_of("/b"));
        hand.sends(&[]);
        assert!(hand.verdict().is_err());
    }
}

#[test]
fn a_refused_way_back_fails_the_commands_that_depend_on_it() {
    let mut hand = visitor();
    lists(
        &mut hand,
        "/a",
        &["PWD -> 257 \"/home\"", "CWD /a -> 250 Gone."],
    );
    for _ in 0..2 {
        let ticket = hand.submits("DELE f");
        hand.sends(&["CWD /home"])
            .says("550 Gone for good.")
            .sends(&[]);
        let error = hand.reply(ticket).unwrap_err();
        assert_eq!(
            (error.verb(), error.after()),
            (Some(Verb::Cwd), After::Usable)
        );
    }
    let ticket = hand.submits("DELE /f");
    hand.sends(&["DELE /f"]).says("250 Fine.");
    assert!(hand.reply(ticket).is_ok());
    hand.submits("CWD /b");
    hand.sends(&["CWD /b"]).says("250 Fine.");
    hand.submits("DELE f");
    hand.sends(&["DELE f"]);
}

#[test]
fn who_loses_interest_meanwhile_spoils_nothing() {
    let mut hand = visitor();
    let id = hand.begins(listing_of("/a"));
    hand.sends(&["PWD"]);
    hand.session.abort(id);
    assert_eq!(hand.interrupted().cause, Interruption::Aborted);
    hand.says("257 \"/home\"").is(State::Usable);
    lists(&mut hand, "/b", &["CWD /b -> 250 Gone."]);
    let ticket = hand.submits("DELE f");
    hand.sends(&["CWD /home"]);
    hand.session.discard(ticket);
    hand.says("250 Back.").sends(&[]).is(State::Usable);
    hand.submits("DELE f");
    hand.sends(&["DELE f"]);
}

/// A refusal before the login may be one for now; a success never has to be asked for again.
#[test]
fn an_encoding_that_is_agreed_on_before_the_login_stays_so() {
    for (answer, asked_again) in [("200 On.", false), ("530 Log in.", true)] {
        let mut hand = hand();
        hand.submits("PWD");
        hand.sends(&["FEAT"]).says(OFFER);
        hand.sends(&["OPTS UTF8 ON"]).says(answer);
        hand.sends(&["PWD"]).says("257 \"/\"");
        hand.submits("USER ann");
        hand.sends(&["USER ann"]).says("230 In.");
        hand.submits("PWD");
        hand.sends(&[if asked_again { "OPTS UTF8 ON" } else { "PWD" }]);
    }
}

#[test]
fn options_of_another_command_do_not_settle_the_encoding() {
    let mut hand = hand();
    hand.submits("OPTS MLST type;");
    hand.sends(&["OPTS MLST type;"]).says("200 Fine.");
    hand.submits("PWD");
    hand.sends(&["FEAT"]);
}

#[test]
fn under_tls_the_encoding_is_settled_anew() {
    let mut hand = hand();
    hand.submits("PWD");
    hand.sends(&["FEAT"]).says(OFFER);
    hand.sends(&["OPTS UTF8 ON"]).says("200 On.");
    hand.sends(&["PWD"]).says("257 \"/\"");
    hand.submits("AUTH TLS");
    hand.sends(&["AUTH TLS"]).says("234 Go on.").obeys();
    hand.submits("PWD");
    hand.sends(&["FEAT"]);
}

#[test]
fn while_an_errand_is_under_way_nothing_else_goes_out() {
    let mut config = Config::default();
    config.pipeline = Pipeline::window(8);
    let mut hand = Hand::greeted(Hand::settling_names(config));
    let ticket = hand.submits("PWD");
    hand.sends(&["FEAT"]);
    hand.session.discard(ticket);
    hand.submits("SIZE f");
    hand.sends(&[]).says(OFFER).sends(&["SIZE f"]);
}

#[test]
fn a_directory_that_the_application_asked_for_is_known() {
    let mut hand = visitor();
    let ticket = hand.submits("PWD");
    hand.sends(&["PWD"]).says("257 \"/home\"");
    assert!(hand.reply(ticket).is_ok());
    lists(&mut hand, "/a", &["CWD /a -> 250 Gone."]);
    hand.submits("DELE f");
    hand.sends(&["CWD /home"]);
}

#[test]
fn a_login_is_over_with_rein_and_has_not_come_with_the_name_alone() {
    let mut hand = visitor();
    for (line, reply, logged_in) in [
        ("USER ann", "331 Password.", false),
        ("PASS x", "230 In.", true),
        ("REIN", "220 Anew.", false),
    ] {
        hand.submits(line);
        hand.says(reply);
        assert_eq!(hand.session.is_logged_in(), logged_in, "{line}");
    }
}
