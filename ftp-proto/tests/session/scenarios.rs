//! Short dialogues with something wrong in each, small enough for all orders of their events to be
//! tried.

use std::time::Duration;

use ftp_proto::{AbortStyle, Config, DataMode, Direction, Timeouts, TlsPolicy, Transfer};
use ftp_testkit::testing::{AbortStyle as Manners, Behaviour, Busy, Next, Rule, Step};

use crate::world::{FILE, Faults, Setup, Want, argument, command, login};

/// The file, and then something else, to see whether the session is in step.
pub(crate) fn down() -> Vec<Want> {
    let transfer = Transfer::retrieve(argument("f"));
    vec![Want::Transfer(transfer, Vec::new()), command("SIZE f")]
}

pub(crate) fn up() -> Vec<Want> {
    let transfer = Transfer::store(argument("new"));
    vec![Want::Transfer(transfer, FILE.to_vec()), command("SIZE new")]
}

fn wants(direction: Direction) -> Vec<Want> {
    match direction {
        Direction::Receive => down(),
        Direction::Send => up(),
    }
}

const fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Receive => "RETR",
        Direction::Send => "STOR",
    }
}

/// What a server can do wrong in one transfer.
fn faults(verb: &str) -> Vec<(&'static str, Behaviour)> {
    let new = Behaviour::new;
    let at = |step| Rule::at(step).of(verb);
    vec![
        ("nothing is wrong", new()),
        ("the mark comes before the connection", new().mark_first()),
        ("refused", new().refuse(verb, 550, "No.")),
        (
            "refused, and 421 behind it",
            new().rule(
                at(Step::Received)
                    .say(550, "No.")
                    .say(421, "Bye.")
                    .close_control()
                    .instead(),
            ),
        ),
        ("no mark", new().no_mark(verb)),
        ("a stray success before the mark", new().preface(verb, 200)),
        (
            "two stray successes before the mark",
            new().rule(at(Step::Marking).say(200, "One.").say(200, "Two.")),
        ),
        (
            "a stray success before the mark, then a failure",
            new().preface(verb, 200).break_off(verb, 4, 426, "Broken."),
        ),
        (
            "a stray success, then a failure without a mark",
            new().rule(
                at(Step::Received)
                    .say(200, "Well.")
                    .say(550, "No.")
                    .instead(),
            ),
        ),
        (
            "success instead of a transfer",
            new().refuse(verb, 226, "Did it."),
        ),
        (
            "mark and success instead of a transfer",
            new().rule(
                at(Step::Received)
                    .say(150, "Now.")
                    .say(226, "Did it.")
                    .instead(),
            ),
        ),
        (
            "mark and failure instead of a transfer",
            new().rule(
                at(Step::Received)
                    .say(150, "Now.")
                    .say(451, "Sorry.")
                    .instead(),
            ),
        ),
        (
            "mark and success before the connection",
            new()
                .rule(at(Step::Opening).say(150, "Now.").say(226, "Done."))
                .no_mark(verb)
                .no_answer(verb),
        ),
        (
            "failure behind the payload",
            new().rule(
                at(Step::Ending)
                    .say(451, "Sorry.")
                    .close_data()
                    .then(Next::End),
            ),
        ),
        (
            "reset and refused",
            new().rule(
                at(Step::Marking)
                    .reset_data()
                    .say(550, "No.")
                    .then(Next::End),
            ),
        ),
        (
            "the control connection ends behind the mark",
            new().rule(
                at(Step::Marking)
                    .say(150, "Now.")
                    .close_control()
                    .then(Next::End),
            ),
        ),
        (
            "endless marks",
            new().rule(
                (0..17)
                    .fold(at(Step::Received), |rule, _| rule.say(150, "Soon."))
                    .instead(),
            ),
        ),
        (
            "half a reply",
            new().rule(
                at(Step::Received)
                    .say_raw("150-Now")
                    .close_control()
                    .instead(),
            ),
        ),
        ("the success overtakes the data", new().early_final(verb)),
        (
            "the success overtakes the data, the data stands still",
            new().rule(at(Step::Moving(4)).say(226, "Done.").then(Next::Hang)),
        ),
        ("the data ends too soon", new().truncate(verb, 4)),
        ("broken off", new().break_off(verb, 4, 426, "Broken.")),
        (
            "given up, the connection stays open",
            new().give_up(verb, 4, 451, "Sorry."),
        ),
        (
            "given up, the connection is closed",
            new().rule(
                at(Step::Moving(4))
                    .say(552, "Full.")
                    .close_data()
                    .then(Next::End),
            ),
        ),
        ("reset without a word", new().reset_data(verb, 4)),
        (
            "reset, and success",
            new().rule(
                at(Step::Moving(4))
                    .reset_data()
                    .say(226, "Done.")
                    .then(Next::End),
            ),
        ),
        (
            "reset, and no mark before it",
            new().rule(
                at(Step::Marking)
                    .reset_data()
                    .say(226, "Done.")
                    .then(Next::End),
            ),
        ),
        (
            "reset before anything is said",
            new().rule(at(Step::Marking).reset_data().then(Next::End)),
        ),
        ("stands still", new().stall(verb, 4)),
        ("success, the data never ends", new().keep_data_open(verb)),
        ("no final reply", new().no_answer(verb)),
        ("no connection", new().no_data_connection(verb)),
        ("two final replies", new().surplus(verb, 226, "And again.")),
        (
            "421 in the middle",
            new().shut_down_at(Step::Moving(4), verb),
        ),
        (
            "421 instead of the mark",
            new().shut_down_at(Step::Marking, verb),
        ),
        (
            "the control connection ends in the middle",
            new().close_at(Step::Moving(4), verb),
        ),
        (
            "the control connection ends, the data goes on",
            new().rule(at(Step::Moving(0)).close_control()),
        ),
        (
            "the control connection is reset at once",
            new().rule(
                at(Step::Received)
                    .deed(ftp_testkit::testing::Deed::ResetControl)
                    .instead(),
            ),
        ),
        (
            "the control connection is reset behind the mark",
            new().rule(at(Step::Moving(0)).deed(ftp_testkit::testing::Deed::ResetControl)),
        ),
        (
            "silence behind the command",
            new().silence(Step::Received, verb),
        ),
        (
            "silence behind the mark",
            new().silence(Step::Moving(0), verb),
        ),
        (
            "silence in the middle",
            new().silence(Step::Moving(4), verb),
        ),
        (
            "garbage instead of a reply",
            new().raw_answer(verb, "What?\r\n"),
        ),
        (
            "five replies that nobody asked for",
            new().rule(
                at(Step::Answered)
                    .say(211, "1")
                    .say(211, "2")
                    .say(211, "3")
                    .say(211, "4")
                    .say(211, "5"),
            ),
        ),
    ]
}

/// What can go wrong before the transfer command.
fn preludes() -> Vec<(&'static str, Behaviour)> {
    let new = Behaviour::new;
    vec![
        ("EPSV refused", new().refuse("EPSV", 500, "What?")),
        (
            "EPSV and PASV refused",
            new().refuse("EPSV", 502, "No.").refuse("PASV", 502, "No."),
        ),
        ("EPSV fails", new().refuse("EPSV", 425, "Not now.")),
        (
            "an unreadable port",
            new().refuse("EPSV", 229, "Somewhere."),
        ),
        ("a dead port", new().dead_port("EPSV")),
        ("two dead ports", new().dead_port("EPSV").dead_port("PASV")),
        (
            "EPSV is not answered",
            new().silence(Step::Received, "EPSV"),
        ),
        ("421 to EPSV", new().shut_down_at(Step::Received, "EPSV")),
        (
            "the control connection ends at EPSV",
            new().close_at(Step::Received, "EPSV"),
        ),
    ]
}

fn styles() -> [(&'static str, Manners); 5] {
    [
        ("prompt", Manners::Prompt),
        ("as vsftpd", Manners::Vsftpd),
        ("as ProFTPD", Manners::ProFtpd),
        ("as Pure-FTPd", Manners::PureFtpd),
        ("as pyftpdlib", Manners::Pyftpdlib),
    ]
}

/// Whether nobody can tell what the server says from answers.
fn is_stray(name: &str) -> bool {
    name.starts_with("five") || name.starts_with("two stray")
}

type Scenarios = Vec<(String, Setup)>;

fn transfers(all: &mut Scenarios) {
    for direction in [Direction::Receive, Direction::Send] {
        for mode in [DataMode::Auto, DataMode::AnyActive] {
            for (name, behaviour) in faults(verb(direction)) {
                let mut setup = Setup::new(wants(direction));
                setup.config.data_mode = mode;
                setup.behaviour = behaviour;
                setup.hasty_waits = 1;
                setup.stray_replies = is_stray(name);
                all.push((format!("{direction:?}, {mode:?}: {name}"), setup));
            }
        }
    }
}

fn secured(all: &mut Scenarios) {
    for direction in [Direction::Receive, Direction::Send] {
        for (name, behaviour) in faults(verb(direction)) {
            let mut setup = Setup::new(wants(direction));
            setup.tls = true;
            setup.config.tls = TlsPolicy::Full;
            setup.behaviour = behaviour;
            setup.hasty_waits = 1;
            setup.stray_replies = is_stray(name);
            all.push((format!("{direction:?} under TLS: {name}"), setup.clone()));
            setup.config.data_mode = DataMode::ExtendedActive;
            all.push((format!("{direction:?} under TLS, active: {name}"), setup));
        }
        let plain = Faults::default();
        let faults = [
            (
                "a bad handshake",
                Faults {
                    bad_handshake: true,
                    ..plain
                },
            ),
            (
                "a slow handshake",
                Faults {
                    slow_handshake: true,
                    ..plain
                },
            ),
            (
                "no close_notify",
                Faults {
                    no_close_notify: true,
                    ..plain
                },
            ),
            (
                "no end of TLS",
                Faults {
                    no_tls_end: true,
                    ..plain
                },
            ),
        ];
        let behaviours = [
            ("", Behaviour::new()),
            (", no mark", Behaviour::new().no_mark(verb(direction))),
            (
                ", early success",
                Behaviour::new().early_final(verb(direction)),
            ),
        ];
        for (code, text) in [
            (
                425,
                "Unable to build data connection: TLS session of data connection not resumed.",
            ),
            (450, "TLS session of data connection has not resumed."),
            (522, "SSL connection failed: session reuse required."),
        ] {
            // As the servers do it that demand it: behind the mark.
            let mut setup = Setup::new(wants(direction));
            setup.tls = true;
            setup.behaviour = Behaviour::new().rule(
                Rule::at(Step::Received)
                    .of(verb(direction))
                    .say(150, "Now.")
                    .say(code, text)
                    .instead(),
            );
            setup.hasty_waits = 1;
            all.push((
                format!("{direction:?} under TLS: not resumed, {code}"),
                setup,
            ));
        }
        for (name, faults) in faults {
            for (with, behaviour) in behaviours.clone() {
                let mut setup = Setup::new(wants(direction));
                setup.tls = true;
                setup.behaviour = behaviour;
                setup.faults = faults;
                setup.hasty_waits = 1;
                all.push((format!("{direction:?} under TLS: {name}{with}"), setup));
            }
        }
    }
}

/// TLS on a data connection that begins before the mark: out of patience, or at once.
fn secured_early(all: &mut Scenarios) {
    for direction in [Direction::Receive, Direction::Send] {
        let mut protected = Setup::new(wants(direction));
        protected.tls = true;
        protected.hasty_waits = 1;
        for (name, behaviour) in faults(verb(direction)) {
            let mut setup = protected.clone();
            setup.config.early_tls = true;
            setup.behaviour = behaviour;
            setup.stray_replies = is_stray(name);
            all.push((format!("{direction:?} under TLS at once: {name}"), setup));
        }
        let marking = || Rule::at(Step::Marking).of(verb(direction));
        let refusal = marking().say(551, "No.").then(Next::End);
        let turn = marking()
            .say(226, "Done.")
            .say(451, "Not so.")
            .then(Next::End);
        let (bad_handshake, slow_handshake) = (true, true);
        let plain = Faults::default();
        #[rustfmt::skip]
        let kinds = [
            ("", Behaviour::new(), plain),
            (", bad handshake", Behaviour::new(), Faults { bad_handshake, ..plain }),
            (", slow handshake", Behaviour::new(), Faults { slow_handshake, ..plain }),
            (", refused", Behaviour::new().rule(refusal), plain),
            (", success and failure", Behaviour::new().rule(turn), plain),
            (", never said", Behaviour::new().rule(marking().then(Next::Hang)), plain),
            (", no mark", Behaviour::new().no_mark(verb(direction)), plain),
            (", early success", Behaviour::new().early_final(verb(direction)), plain),
            (", closed", Behaviour::new().rule(marking().close_control()), plain),
        ];
        for (name, behaviour, faults) in kinds {
            for (early_tls, may_abort) in [(false, false), (false, true), (true, false)] {
                let mut setup = protected.clone();
                setup.config.early_tls = early_tls;
                setup.behaviour = behaviour.clone().withholds_mark();
                setup.faults = faults;
                setup.stray_replies = name == ", success and failure";
                setup.may_abort = may_abort;
                let how = format!("at once: {early_tls}, aborted: {may_abort}");
                all.push((format!("{direction:?}, mark withheld{name}, {how}"), setup));
            }
        }
    }
}

/// No ticket is left: a listing goes before the transfer, and has something wrong.
fn refilled(all: &mut Scenarios) {
    for (name, behaviour) in faults("NLST") {
        let mut setup = Setup::new(up());
        setup.tls = true;
        setup.tickets = Some(0);
        setup.behaviour = behaviour;
        setup.stray_replies = is_stray(name);
        setup.may_abort = name == "nothing is wrong";
        all.push((format!("behind a listing for tickets: {name}"), setup));
    }
}

fn aborted(all: &mut Scenarios) {
    for direction in [Direction::Receive, Direction::Send] {
        for (name, manners) in styles() {
            for (style_name, style) in [
                ("ABOR", AbortStyle::Abor),
                ("closing data", AbortStyle::CloseData),
                ("closing all", AbortStyle::CloseControl),
            ] {
                for linger in [0, 1] {
                    let mut setup = Setup::new(wants(direction));
                    setup.behaviour = Behaviour::new().abort(manners);
                    setup.config.abort = style;
                    setup.config.timeouts.abort_linger = Duration::from_secs(linger);
                    setup.may_abort = true;
                    all.push((
                        format!(
                            "{direction:?}, aborted by {style_name}, lingering {linger} s, {name}"
                        ),
                        setup,
                    ));
                }
            }
        }
        for (name, behaviour) in [
            ("ABOR is not answered", Behaviour::new().no_answer("ABOR")),
            (
                "nothing is answered any more",
                Behaviour::new().silence(Step::Received, "ABOR"),
            ),
            (
                "NOOP is not answered either",
                Behaviour::new().no_answer("ABOR").no_answer("NOOP"),
            ),
            (
                "a stray success",
                Behaviour::new().preface(verb(direction), 200),
            ),
            ("no mark", Behaviour::new().no_mark(verb(direction))),
            (
                "no connection",
                Behaviour::new().no_data_connection(verb(direction)),
            ),
        ] {
            let mut setup = Setup::new(wants(direction));
            setup.behaviour = behaviour;
            setup.may_abort = true;
            all.push((format!("{direction:?}, aborted: {name}"), setup));
        }
        for (style_name, style) in [
            ("ABOR", AbortStyle::Abor),
            ("closing data", AbortStyle::CloseData),
        ] {
            let small = Want::Transfer(Transfer::retrieve(argument("small")), Vec::new());
            let other = Want::Transfer(Transfer::store(argument("other")), b"ab".to_vec());
            for (next_name, next) in [("a download", small), ("an upload", other)] {
                let mut wants = wants(direction);
                wants.push(next);
                let mut setup = Setup::new(wants);
                setup.behaviour = forgetful();
                setup.config.abort = style;
                setup.may_abort = true;
                setup.hasty_waits = 1;
                let name =
                    format!("{direction:?}, aborted by {style_name}, comes with {next_name}");
                all.push((name, setup));
            }
        }
    }
    let mut resumed = Setup::new(vec![
        Want::Transfer(Transfer::retrieve(argument("f")).resume_at(4), Vec::new()),
        Want::Transfer(Transfer::retrieve(argument("empty")), Vec::new()),
    ]);
    resumed.may_abort = true;
    all.push(("a resumed transfer, aborted".into(), resumed));
}

fn openings(all: &mut Scenarios) {
    for (name, behaviour) in preludes() {
        let mut setup = Setup::new(down());
        setup.behaviour = behaviour;
        setup.hasty_waits = 1;
        all.push((name.into(), setup.clone()));
        setup.may_abort = true;
        all.push((format!("{name}, aborted"), setup));
    }
    let list = Want::Transfer(Transfer::list(None), Vec::new());
    let mut setup = Setup::new([down(), vec![list]].concat());
    let second = Rule::at(Step::Received).of("TYPE").only(1);
    setup.behaviour = Behaviour::new().rule(second.say(504, "Not that type.").instead());
    setup.hasty_waits = 1;
    all.push(("TYPE A is refused".into(), setup));
    let mut setup = Setup::new(down());
    setup.config.data_mode = DataMode::Passive;
    setup.behaviour = Behaviour::new().passive_address([10, 1, 2, 3].into());
    all.push(("a foreign host in a 227".into(), setup));
    let mut setup = Setup::new(down());
    setup.faults.black_hole = true;
    all.push(("a black hole".into(), setup));
    for (name, behaviour) in [
        ("a stranger calls", Behaviour::new().stranger("RETR")),
        (
            "EPRT refused",
            Behaviour::new().refuse("EPRT", 500, "What?"),
        ),
        (
            "EPRT fails",
            Behaviour::new().refuse("EPRT", 425, "Not now."),
        ),
    ] {
        let mut setup = Setup::new(down());
        setup.config.data_mode = DataMode::AnyActive;
        setup.behaviour = behaviour;
        setup.hasty_waits = 1;
        all.push((name.into(), setup));
    }
}

fn limits(all: &mut Scenarios) {
    let retrieve = || Transfer::retrieve(argument("f"));
    for (name, transfer, behaviour) in [
        ("a range", retrieve().limited_to(4), Behaviour::new()),
        (
            "a range as long as the file",
            retrieve().limited_to(10),
            Behaviour::new(),
        ),
        (
            "resumed",
            retrieve().resume_at(4).expecting(6),
            Behaviour::new(),
        ),
        (
            "resumed, REST is ignored",
            retrieve().resume_at(4).expecting(6),
            Behaviour::new().refuse("REST", 350, "Sure."),
        ),
        (
            "resumed, REST is ignored, no mark",
            retrieve().resume_at(4).expecting(6),
            Behaviour::new()
                .refuse("REST", 350, "Sure.")
                .no_mark("RETR"),
        ),
        (
            "resumed, REST is ignored, early success",
            retrieve().resume_at(4).expecting(6),
            Behaviour::new()
                .refuse("REST", 350, "Sure.")
                .early_final("RETR"),
        ),
        (
            "resumed, REST is ignored, failure",
            retrieve().resume_at(4).expecting(6),
            Behaviour::new()
                .refuse("REST", 350, "Sure.")
                .rule(Rule::at(Step::Moving(8)).say(451, "Sorry.").then(Next::End)),
        ),
        (
            "resumed, REST is ignored, 200 and failure",
            retrieve().resume_at(4).expecting(6),
            Behaviour::new()
                .refuse("REST", 350, "Sure.")
                .preface("RETR", 200)
                .rule(Rule::at(Step::Moving(8)).say(451, "Sorry.").then(Next::End)),
        ),
        (
            "resumed, REST is ignored, 421",
            retrieve().resume_at(4).expecting(6),
            Behaviour::new()
                .refuse("REST", 350, "Sure.")
                .shut_down_at(Step::Moving(8), "RETR"),
        ),
        (
            "resumed, REST is refused",
            retrieve().resume_at(4).expecting(6),
            Behaviour::new().refuse("REST", 502, "No."),
        ),
        (
            "shorter than SIZE says",
            retrieve().expecting(12),
            Behaviour::new(),
        ),
    ] {
        let mut setup = Setup::new(vec![
            Want::Transfer(transfer, Vec::new()),
            command("SIZE f"),
        ]);
        setup.behaviour = behaviour;
        setup.hasty_waits = 1;
        all.push((name.into(), setup));
    }
}

fn keepalives(all: &mut Scenarios) {
    for (name, behaviour) in [
        ("answered behind the transfer", Behaviour::new()),
        ("answered at once", Behaviour::new().busy(Busy::Answer)),
        ("refused", Behaviour::new().busy(Busy::Refuse)),
        (
            "answered before the final reply",
            Behaviour::new().busy(Busy::BeforeFinal),
        ),
        ("never answered", Behaviour::new().no_answer("NOOP")),
        (
            "never answered, nor is the fence",
            Behaviour::new().no_answer("NOOP").no_answer("PWD"),
        ),
    ] {
        for direction in [Direction::Receive, Direction::Send] {
            let mut setup = Setup::new(wants(direction));
            setup.behaviour = behaviour.clone();
            setup.config.keepalive = Some(Duration::from_secs(10));
            setup.hasty_waits = 2;
            all.push((format!("{direction:?}, keepalives {name}"), setup));
        }
    }
}

/// What servers do with commands that come during a transfer.
fn manners_when_busy() -> [(&'static str, Behaviour); 5] {
    [
        ("kept until it is over", Behaviour::new()),
        (
            "obeyed at once, which drops it",
            Behaviour::new().busy(Busy::Answer),
        ),
        (
            "obeyed at once, which drops it, and what had not begun comes later",
            forgetful(),
        ),
        ("refused", Behaviour::new().busy(Busy::Refuse)),
        (
            "answered before the final reply",
            Behaviour::new().busy(Busy::BeforeFinal),
        ),
    ]
}

/// pyftpdlib, when commands reach it before the data connection does.
fn forgetful() -> Behaviour {
    Behaviour::new()
        .abort(Manners::Pyftpdlib)
        .busy(Busy::Answer)
        .mark_first()
        .forgetful()
}

/// Two transfers, and then something else.
fn two(direction: Direction) -> Vec<Want> {
    match direction {
        Direction::Receive => vec![
            Want::Transfer(Transfer::retrieve(argument("f")), Vec::new()),
            Want::Transfer(Transfer::retrieve(argument("small")), Vec::new()),
            command("SIZE f"),
        ],
        Direction::Send => vec![
            Want::Transfer(Transfer::store(argument("new")), FILE.to_vec()),
            Want::Transfer(Transfer::retrieve(argument("f")), Vec::new()),
            command("SIZE new"),
        ],
    }
}

fn lookaheads(all: &mut Scenarios) {
    for direction in [Direction::Receive, Direction::Send] {
        let mut base = Setup::new(two(direction));
        base.config.lookahead = true;
        for (name, behaviour) in manners_when_busy() {
            let mut setup = base.clone();
            setup.behaviour = behaviour;
            setup.hasty_waits = 1;
            all.push((format!("{direction:?}, EPSV ahead {name}"), setup.clone()));
            setup.hasty_waits = 0;
            setup.may_abort = true;
            all.push((
                format!("{direction:?}, EPSV ahead {name}, aborted"),
                setup.clone(),
            ));
            setup.may_abort = false;
            setup.config.keepalive = Some(Duration::from_secs(10));
            all.push((format!("{direction:?}, EPSV ahead {name}, NOOP"), setup));
        }
        for (name, behaviour) in faults(verb(direction)) {
            let mut setup = base.clone();
            setup.behaviour = behaviour;
            setup.stray_replies = is_stray(name);
            all.push((format!("{direction:?}, EPSV ahead: {name}"), setup));
        }
        for (name, behaviour) in [
            ("EPSV", Behaviour::new().refuse("EPSV", 502, "No.")),
            ("the port", Behaviour::new().refuse("EPSV", 425, "No.")),
            (
                "the second EPSV",
                Behaviour::new().rule(
                    Rule::at(Step::Received)
                        .of("EPSV")
                        .only(1)
                        .say(500, "No.")
                        .instead(),
                ),
            ),
            (
                "the answer to the second EPSV",
                Behaviour::new().rule(Rule::at(Step::Received).of("EPSV").only(1).instead()),
            ),
        ] {
            let mut setup = base.clone();
            setup.behaviour = behaviour;
            setup.hasty_waits = 1;
            all.push((format!("{direction:?}, ahead: no {name}"), setup));
        }
    }
}

fn conversations(all: &mut Scenarios) {
    let lines = ["SIZE f", "MDTM f", "SIZE empty", "NOOP"];
    let several = Want::Several(lines.map(String::from).into());
    for window in [1, 2, 4] {
        let mut setup = Setup::new(vec![several.clone()]);
        setup.config.pipeline = ftp_proto::Pipeline::window(window);
        setup.hasty_waits = 1;
        all.push((format!("four commands in a window of {window}"), setup));
    }
    for (name, behaviour) in [
        ("in order", Behaviour::new()),
        (
            "and what answers none of them in their midst",
            Behaviour::new().refuse("MDTM", 257, "\"/f\" is a path."),
        ),
        (
            "and 421",
            Behaviour::new().shut_down_at(Step::Received, "MDTM"),
        ),
    ] {
        let mut setup = Setup::new(vec![Want::Batch(lines.map(String::from).into())]);
        setup.behaviour = behaviour;
        setup.hasty_waits = 1;
        all.push((format!("four commands in a batch, {name}"), setup));
    }
    let mut setup = Setup::new(down());
    setup.config.timeouts.operation = Some(Duration::from_secs(10));
    setup.hasty_waits = 1;
    all.push(("a limit for the whole".into(), setup.clone()));
    setup.behaviour = Behaviour::new().no_mark("RETR");
    all.push(("a limit for the whole, no mark".into(), setup.clone()));
    setup.behaviour = Behaviour::new();
    setup.config.timeouts.operation = None;
    setup.config.timeouts.data_total = Some(Duration::from_secs(10));
    all.push(("a limit for the payload".into(), setup));
    let mut setup = Setup::new(vec![command("QUIT")]);
    setup.config = Config::default();
    setup.config.timeouts = Timeouts::all(Duration::from_secs(1));
    all.push(("QUIT".into(), setup));
}

fn beginnings(all: &mut Scenarios) {
    let clear = Setup {
        from_the_greeting: true,
        hasty_waits: 1,
        ..Setup::new(login(false))
    };
    for (name, behaviour) in [
        ("a login", Behaviour::new()),
        (
            "120 before the greeting",
            Behaviour::new().delayed_greeting(),
        ),
        (
            "421 for a greeting",
            Behaviour::new().greet(421, "Too many."),
        ),
        (
            "no greeting",
            Behaviour::new().rule(Rule::at(Step::Connected).then(Next::Silence)),
        ),
        (
            "HTTP for a greeting",
            Behaviour::new().rule(
                Rule::at(Step::Connected)
                    .say_raw("HTTP/1.1 400 Bad Request\r\n")
                    .instead(),
            ),
        ),
        (
            "the greeting breaks off",
            Behaviour::new().rule(
                Rule::at(Step::Connected)
                    .say_raw("220-We")
                    .close_control()
                    .instead(),
            ),
        ),
        ("no login", Behaviour::new().refuse("PASS", 530, "No.")),
        (
            "no login, and 421",
            Behaviour::new().refuse("PASS", 421, "No."),
        ),
    ] {
        let behaved = Setup {
            behaviour,
            ..clear.clone()
        };
        all.push((name.into(), behaved));
    }
    for (name, behaviour) in [
        ("in one flight", Behaviour::new()),
        (
            "of an unknown user",
            Behaviour::new().refuse("USER", 530, "No."),
        ),
        (
            "without a password",
            Behaviour::new().refuse("USER", 230, "Welcome."),
        ),
        (
            "with a wrong password",
            Behaviour::new().refuse("PASS", 530, "No."),
        ),
    ] {
        let both = ["USER anonymous", "PASS a@b"];
        let mut eager = Setup {
            behaviour,
            wants: vec![
                Want::Several(both.map(String::from).into()),
                command("NOOP"),
            ],
            ..clear.clone()
        };
        eager.config.eager = true;
        all.push((format!("a login {name}"), eager));
    }
    let secured = Setup {
        tls: true,
        wants: login(true),
        ..clear
    };
    for (name, behaviour) in [
        ("a secured login", Behaviour::new()),
        (
            "AUTH is refused",
            Behaviour::new().refuse("AUTH", 502, "No."),
        ),
        (
            "clear text behind AUTH",
            Behaviour::new().surplus("AUTH", 230, "You are in."),
        ),
        (
            "AUTH without a handshake",
            Behaviour::new().refuse("AUTH", 234, "Go on."),
        ),
        (
            "PROT is refused",
            Behaviour::new().refuse("PROT", 536, "No."),
        ),
    ] {
        let mut behaved = Setup {
            behaviour,
            ..secured.clone()
        };
        behaved.config.tls = TlsPolicy::Full;
        behaved.wants.extend(down());
        all.push((name.into(), behaved));
    }
    let mut cleared = secured;
    cleared.config.clear_control = true;
    cleared.wants.extend([command("CCC"), command("NOOP")]);
    all.push(("TLS ends on the control connection".into(), cleared));
}

/// Manners that are no faults: a session must come to a good end in every order.
pub(crate) fn harmless() -> Scenarios {
    let mut all = Vec::new();
    let new = Behaviour::new;
    for direction in [Direction::Receive, Direction::Send] {
        let verb = verb(direction);
        for (name, behaviour) in [
            ("plain", new()),
            ("the mark comes first", new().mark_first()),
            ("the server closes last", new().lingering_close()),
            ("no mark", new().no_mark(verb)),
            ("two final replies", new().surplus(verb, 226, "And again.")),
            (
                "three final replies",
                new().rule(
                    Rule::at(Step::Answered)
                        .of(verb)
                        .say(226, "2")
                        .say(226, "3"),
                ),
            ),
            (
                "three marks",
                new().rule(Rule::at(Step::Marking).of(verb).say(150, "1").say(150, "2")),
            ),
            ("a stray success before the mark", new().preface(verb, 200)),
            (
                "EPSV and EPRT refused",
                new()
                    .refuse("EPSV", 500, "What?")
                    .refuse("EPRT", 500, "What?"),
            ),
            ("strangers call", new().stranger(verb)),
        ] {
            for mode in [DataMode::Auto, DataMode::AnyActive] {
                for tls in [false, true] {
                    // A success for an upload that cannot have begun is none; and nobody shakes
                    // hands before there is a mark or a final reply, so that a server that says
                    // nothing waits for us as we do for it.
                    if name == "no mark" && (tls || direction == Direction::Send) {
                        continue;
                    }
                    let mut setup = Setup::new(wants(direction));
                    if name == "no mark" {
                        // Nobody reads before there is a mark or a final reply; so the data has to
                        // fit on its way.
                        let small = Transfer::retrieve(argument("small"));
                        setup.wants = vec![Want::Transfer(small, Vec::new()), command("SIZE f")];
                    }
                    setup.behaviour = behaviour.clone();
                    setup.config.data_mode = mode;
                    setup.tls = tls;
                    all.push((
                        format!("{direction:?}, {mode:?}, TLS {tls}: {name}"),
                        setup.clone(),
                    ));
                    if name != "no mark" {
                        setup.wants = two(direction);
                    }
                    setup.config.lookahead = true;
                    all.push((
                        format!("{direction:?}, {mode:?}, TLS {tls}, ahead: {name}"),
                        setup,
                    ));
                }
            }
        }
    }
    for wants in [up(), down()] {
        let mut setup = Setup::new(wants);
        setup.tls = true;
        setup.tickets = Some(0);
        all.push(("behind a listing for tickets".into(), setup));
    }
    all
}

pub(crate) fn all() -> Scenarios {
    let mut all = Vec::new();
    transfers(&mut all);
    secured(&mut all);
    secured_early(&mut all);
    refilled(&mut all);
    aborted(&mut all);
    openings(&mut all);
    limits(&mut all);
    keepalives(&mut all);
    lookaheads(&mut all);
    conversations(&mut all);
    beginnings(&mut all);
    all
}
