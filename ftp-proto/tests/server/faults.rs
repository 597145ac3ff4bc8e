//! Every misbehaviour that can be asked of the server.

use std::net::{Ipv4Addr, SocketAddr};

use ftp_proto::testing::{
    Behaviour, Busy, Channel, Next, Peer, Rule, Server, ServerAction, ServerLink, Step,
};

use crate::driven::{CLIENT, Driven, codes, config, files};

/// What is said to a download of `hello.txt` (12 bytes) and what comes, under one misbehaviour.
fn download(behaviour: Behaviour) -> (Driven, String, String) {
    let mut driven = Driven::ready(behaviour);
    let (said, came) = driven.download("RETR hello.txt");
    (driven, codes(&said), came)
}

#[test]
fn faults_of_downloads() {
    let all = "hello\nworld\n";
    let new = Behaviour::new;
    let table = [
        ("none", new(), "150 226", all),
        ("no mark", new().no_mark("RETR"), "226", all),
        ("preface", new().preface("RETR", 200), "200 150 226", all),
        ("early final", new().early_final("RETR"), "150 226", all),
        ("no final", new().no_answer("RETR"), "150", all),
        (
            "double final",
            new().surplus("RETR", 226, "x"),
            "150 226 226",
            all,
        ),
        ("truncated", new().truncate("RETR", 5), "150 226", "hello"),
        (
            "broken off",
            new().break_off("RETR", 5, 426, "x"),
            "150 426",
            "hello",
        ),
        (
            "given up",
            new().give_up("RETR", 5, 451, "x"),
            "150 451",
            "hello",
        ),
        ("reset", new().reset_data("RETR", 5), "150", "hello"),
        ("stalled", new().stall("RETR", 5), "150", "hello"),
        ("stalled at 0", new().stall("RETR", 0), "150", ""),
        ("kept open", new().keep_data_open("RETR"), "150 226", all),
        (
            "no data connection",
            new().no_data_connection("RETR"),
            "150",
            "",
        ),
        (
            "silent when asked",
            new().silence(Step::Received, "RETR"),
            "",
            "",
        ),
        (
            "silent before opening",
            new().silence(Step::Opening, "RETR"),
            "",
            "",
        ),
        (
            "silent before the mark",
            new().silence(Step::Marking, "RETR"),
            "",
            "",
        ),
        (
            "silent within",
            new().silence(Step::Moving(5), "RETR"),
            "150",
            "hello",
        ),
        (
            "silent at the end",
            new().silence(Step::Ending, "RETR"),
            "150",
            all,
        ),
        (
            "silent instead of 226",
            new().silence(Step::Answering, "RETR"),
            "150",
            all,
        ),
        (
            "closed before the mark",
            new().close_at(Step::Marking, "RETR"),
            "",
            "",
        ),
        (
            "closed within",
            new().close_at(Step::Moving(5), "RETR"),
            "150",
            "hello",
        ),
        (
            "shut down within",
            new().shut_down_at(Step::Moving(5), "RETR"),
            "150 421",
            "hello",
        ),
        (
            "shut down at 226",
            new().shut_down_at(Step::Answering, "RETR"),
            "150 421",
            all,
        ),
        (
            "raw",
            new().raw_answer("RETR", "226-no end\r\n"),
            "150",
            all,
        ),
        ("mark first", new().mark_first(), "150 226", all),
        (
            "another command's fault",
            new().no_mark("STOR"),
            "150 226",
            all,
        ),
    ];
    for (name, behaviour, said, came) in table {
        let (_, was_said, was_come) = download(behaviour);
        assert_eq!(
            (was_said.as_str(), was_come.as_str()),
            (said, came),
            "{name}"
        );
    }
}

#[test]
fn the_end_of_the_data_connection() {
    let closed = |behaviour: Behaviour| {
        let (driven, ..) = download(behaviour);
        let channel = driven.channel();
        let end = driven.actions.iter().find(|action| {
            **action == ServerAction::Close { channel }
                || **action == ServerAction::Reset { channel }
        });
        end.map(|action| matches!(action, ServerAction::Close { .. }))
    };
    let new = Behaviour::new;
    assert_eq!(closed(new()), Some(true));
    assert_eq!(closed(new().truncate("RETR", 5)), Some(true));
    assert_eq!(
        closed(new().shut_down_at(Step::Moving(5), "RETR")),
        Some(true)
    );
    assert_eq!(closed(new().break_off("RETR", 5, 426, "x")), Some(false));
    assert_eq!(closed(new().reset_data("RETR", 5)), Some(false));
    assert_eq!(closed(new().keep_data_open("RETR")), None);
    assert_eq!(closed(new().give_up("RETR", 5, 451, "x")), None);
    assert_eq!(closed(new().silence(Step::Moving(5), "RETR")), None);
}

#[test]
fn the_server_lives_on_after_a_fault_but_not_after_silence() {
    let lives = |behaviour: Behaviour| codes(&download(behaviour).0.ask("NOOP")) == "200";
    let new = Behaviour::new;
    assert!(lives(new().break_off("RETR", 5, 426, "x")));
    assert!(lives(new().give_up("RETR", 5, 552, "x")));
    assert!(lives(new().no_answer("RETR")));
    assert!(lives(new().keep_data_open("RETR")));
    assert!(
        !lives(new().stall("RETR", 5)),
        "NOOP waits behind the transfer"
    );
    assert!(!lives(new().silence(Step::Ending, "RETR")));
    assert!(!lives(new().close_at(Step::Ending, "RETR")));
}

#[test]
fn only_the_nth_time() {
    let rule = Rule::at(Step::Moving(5))
        .of("RETR")
        .only(1)
        .reset_data()
        .say(426, "x")
        .then(Next::End);
    let mut driven = Driven::ready(Behaviour::new().rule(rule));
    let said: Vec<_> = (0..3)
        .map(|_| codes(&driven.download("RETR hello.txt").0))
        .collect();
    assert_eq!(said, ["150 226", "150 426", "150 226"]);
}

#[test]
fn the_first_rule_that_fits_applies() {
    let behaviour = Behaviour::new()
        .rule(
            Rule::at(Step::Received)
                .of("NOOP")
                .only(1)
                .say(500, "one")
                .instead(),
        )
        .rule(
            Rule::at(Step::Received)
                .of("NOOP")
                .say(501, "other")
                .instead(),
        )
        .rule(Rule::at(Step::Answered).say(299, "any command"));
    let mut driven = Driven::ready(behaviour);
    driven.said();
    let said: Vec<_> = (0..3).map(|_| codes(&driven.ask("NOOP"))).collect();
    assert_eq!(said, ["501", "500", "501"]);
    assert_eq!(codes(&driven.ask("PWD")), "257 299");
}

#[test]
fn refusals_have_no_effect_and_raw_answers_do() {
    let behaviour = Behaviour::new()
        .refuse("REST", 350, "Ignored.")
        .refuse("SIZE", 213, "7")
        .refuse("EPSV", 500, "What?")
        .raw_answer("CWD", b"250 bare line feed\n");
    let mut driven = Driven::ready(behaviour);
    assert_eq!(driven.ask("SIZE hello.txt"), "213 7\r\n");
    assert_eq!(driven.ask("EPSV"), "500 What?\r\n");
    assert_eq!(driven.ask("CWD pub"), "250 bare line feed\n");
    assert_eq!(driven.server.state().directory, b"/pub");
    assert_eq!(codes(&driven.ask("REST 5")), "350");
    assert_eq!(driven.server.state().restart, 0);
}

#[test]
fn greetings() {
    let said = |behaviour| Driven::new(config().behaviour(behaviour)).said();
    assert_eq!(
        said(Behaviour::new().delayed_greeting()),
        "120 Service ready in 1 minutes.\r\n220 Service ready.\r\n"
    );
    assert_eq!(
        said(Behaviour::new().greet(554, "Go away.\nNow.")),
        "554-Go away.\r\n554 Now.\r\n"
    );
    let silent = Behaviour::new().rule(Rule::at(Step::Connected).then(Next::Silence));
    assert_eq!(said(silent), "");
    let truncated = Rule::at(Step::Connected)
        .say_raw("22")
        .close_control()
        .instead();
    let mut driven = Driven::new(config().behaviour(Behaviour::new().rule(truncated)));
    assert_eq!(driven.said(), "22");
    assert_eq!(driven.actions, [ServerAction::CloseControl]);
    assert_eq!(driven.ask("NOOP"), "");
}

#[test]
fn every_command_can_stall_or_close() {
    let commands = [
        "USER ann",
        "PASS secret",
        "FEAT",
        "PWD",
        "CWD pub",
        "TYPE I",
        "EPSV",
        "PASV",
        "REST 1",
        "QUIT",
    ];
    for (at, command) in commands.iter().enumerate() {
        let verb = command.split(' ').next().unwrap();
        for step in [Step::Received, Step::Answering] {
            let mut silent = Driven::new(config().behaviour(Behaviour::new().silence(step, verb)));
            let mut closing =
                Driven::new(config().behaviour(Behaviour::new().shut_down_at(step, verb)));
            for before in &commands[..at] {
                assert_ne!(codes(&silent.ask(before)), "", "{before}");
                closing.ask(before);
            }
            silent.said();
            closing.said();
            assert_eq!(silent.ask(command), "", "{command} at {step:?}");
            assert_eq!(silent.ask("NOOP"), "");
            assert!(!silent.did(ServerAction::CloseControl));
            assert_eq!(codes(&closing.ask(command)), "421", "{command} at {step:?}");
            assert_eq!(closing.actions.last(), Some(&ServerAction::CloseControl));
        }
    }
}

#[test]
fn resetting_the_control_connection_loses_unwritten_bytes() {
    let rule = Rule::at(Step::Received)
        .of("NOOP")
        .say(200, "never seen")
        .reset_control();
    let mut server = Server::new(config().behaviour(Behaviour::new().rule(rule)), files());
    server.receive(b"NOOP\r\n");
    assert_eq!(server.transmit(), b"");
    assert_eq!(server.poll_action(), Some(ServerAction::ResetControl));
}

#[test]
fn faults_of_uploads() {
    let new = Behaviour::new;
    // What is said before the client ends, what then, and what is kept of "123456789".
    let table = [
        ("none", new(), "150", "226", "123456789"),
        (
            "552",
            new().give_up("STOR", 4, 552, "x"),
            "150 552",
            "",
            "1234",
        ),
        (
            "broken off",
            new().break_off("STOR", 4, 426, "x"),
            "150 426",
            "",
            "1234",
        ),
        (
            "truncated",
            new().truncate("STOR", 4),
            "150 226",
            "",
            "1234",
        ),
        (
            "early final",
            new().early_final("STOR"),
            "150 226",
            "",
            "123456789",
        ),
        ("no longer read", new().stall("STOR", 4), "150", "", ""),
        (
            "silent",
            new().silence(Step::Moving(4), "STOR"),
            "150",
            "",
            "",
        ),
        (
            "421 within",
            new().shut_down_at(Step::Moving(4), "STOR"),
            "150 421",
            "",
            "1234",
        ),
        ("no final", new().no_answer("STOR"), "150", "", "123456789"),
    ];
    for (name, behaviour, before, after, kept) in table {
        let mut driven = Driven::ready(behaviour);
        let (said, channel) = driven.upload("STOR new", b"123456789");
        assert_eq!(codes(&said), before, "{name}");
        assert_eq!(codes(&driven.end(channel)), after, "{name}");
        let stored = driven.server.files().content("/new").unwrap_or_default();
        assert_eq!(stored, kept.as_bytes(), "{name}");
    }
    let mut driven = Driven::ready(new().stall("STOR", 4));
    let (_, channel) = driven.upload("STOR new", b"12");
    assert_eq!(
        driven.server.payload_wanted(channel),
        2,
        "the runner must not read past the fault"
    );
    driven.server.payload_received(channel, b"3456");
    assert_eq!(driven.server.payload_wanted(channel), 0);
    for code in [451, 226] {
        let mut driven = Driven::ready(new().broken_upload(code));
        let (_, channel) = driven.upload("STOR new", b"12");
        assert_eq!(codes(&driven.fail(channel)), code.to_string());
    }
}

#[test]
fn opening_faults() {
    let mut dead = Driven::ready(Behaviour::new().dead_port("EPSV"));
    assert_eq!(codes(&dead.ask("EPSV")), "229");
    assert!(dead.did(ServerAction::Close {
        channel: dead.channel()
    }));

    let mut elsewhere = Driven::ready(Behaviour::new().passive_address(Ipv4Addr::new(10, 1, 2, 3)));
    assert_eq!(
        elsewhere.ask("PASV"),
        "227 Entering Passive Mode (10,1,2,3,4,1).\r\n"
    );

    let mut strange = Driven::ready(Behaviour::new().stranger("RETR"));
    strange.ask("PORT 127,0,0,1,4,210");
    strange.ask("RETR hello.txt");
    let to = SocketAddr::from((CLIENT, 1234));
    let channel = Channel::new(0);
    let expected = [
        ServerAction::Intrude { to },
        ServerAction::Connect { channel, to },
    ];
    assert_eq!(strange.actions, expected);

    let mut never = Driven::ready(Behaviour::new().no_data_connection("RETR"));
    never.ask("PORT 127,0,0,1,4,210");
    assert_eq!(codes(&never.ask("RETR hello.txt")), "150");
    assert!(never.actions.is_empty());
    assert_eq!(codes(&never.ask("ABOR")), "426 226");

    let refuse = Rule::at(Step::Opening).of("RETR").say(425, "No.").instead();
    let mut refused = Driven::ready(Behaviour::new().rule(refuse));
    assert_eq!(codes(&refused.download("RETR hello.txt").0), "425");
    assert_eq!(codes(&refused.ask("NOOP")), "200");

    let mut early = Driven::ready(Behaviour::new().mark_first());
    early.ask("EPSV");
    assert_eq!(
        codes(&early.ask("RETR hello.txt")),
        "150",
        "before anybody connected"
    );
    assert_eq!(codes(&early.fail(early.channel())), "425");

    let mut quotes = Driven::ready(Behaviour::new().bare_quotes());
    assert_eq!(quotes.ask("MKD a\"b"), "257 \"/a\"b\" created.\r\n");
}

/// pyftpdlib, which meets the commands before the data connection.
#[test]
fn a_forgetful_server_carries_out_an_aborted_transfer() {
    let forgetful = || {
        let behaviour = Behaviour::new().busy(Busy::Answer).mark_first().forgetful();
        let mut driven = Driven::ready(behaviour);
        driven.ask("EPSV");
        driven
    };
    let mut down_down = forgetful();
    assert_eq!(codes(&down_down.ask("RETR hello.txt")), "150");
    assert_eq!(codes(&down_down.ask("ABOR")), "225");
    let (said, came) = down_down.download("RETR pub/a b");
    assert_eq!(
        (codes(&said).as_str(), came.as_str()),
        ("150 226", "hello\nworld\n12345")
    );
    let (_, came) = down_down.download("RETR pub/a b");
    assert_eq!(came, "12345", "once");

    let mut dropped = forgetful();
    assert_eq!(codes(&dropped.ask("RETR hello.txt")), "150");
    let (_, came) = dropped.download("RETR pub/a b");
    assert_eq!(came, "hello\nworld\n12345");

    let mut down_up = forgetful();
    down_up.ask("RETR hello.txt");
    down_up.ask("ABOR");
    let (said, _) = down_up.upload("STOR new", b"123");
    assert_eq!(codes(&said), "150 226");
    assert_eq!(down_up.server.files().content("/new"), Some(&b""[..]));

    let mut up_down = forgetful();
    up_down.ask("STOR new");
    assert_eq!(codes(&up_down.ask("ABOR")), "225");
    let (said, came) = up_down.download("RETR hello.txt");
    assert_eq!((codes(&said).as_str(), came.as_str()), ("150", ""));
}

#[test]
fn a_lingering_server_waits_for_the_client_to_close() {
    let mut driven = Driven::ready(Behaviour::new().lingering_close());
    let (said, _) = driven.download("RETR hello.txt");
    let channel = driven.channel();
    assert_eq!(codes(&said), "150");
    assert_eq!(
        driven.actions.last(),
        Some(&ServerAction::Shutdown { channel })
    );
    assert_eq!(codes(&driven.end(channel)), "226");
    assert_eq!(
        driven.actions.last(),
        Some(&ServerAction::Close { channel })
    );
}

#[test]
fn plain_text_behind_the_reply_to_auth() {
    let rule = Rule::at(Step::Answered)
        .of("AUTH")
        .say_raw("230 You are in.\r\n");
    let mut driven = Driven::new(config().tls().behaviour(Behaviour::new().rule(rule)));
    driven.said();
    let said = driven.ask("AUTH TLS");
    assert_eq!(said, "234 Proceed with negotiation.\r\n230 You are in.\r\n");
    assert_eq!(
        driven.actions,
        [ServerAction::Secure {
            link: ServerLink::Control
        }]
    );
}
