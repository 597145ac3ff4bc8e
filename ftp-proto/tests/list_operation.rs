//! The ladder of listing commands, against servers that answer from a table: which commands go out,
//! what is remembered, and which error is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::task::Poll;

use ftp_proto::operation::{AskFeatures, Exchange, Greet, List, Listed, Names, Rung, Secure};
use ftp_proto::{
    Action, Argument, Command, Config, Control, DataMode, End, Error, ErrorKind, Failure, Instant,
    Interruption, Link, Operation, Policy, Report, Session, Verb,
};

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const DONE: &str = "226 Done.\r\n";
const MISSING: &str = "550 No such file.\r\n";
const UNKNOWN: &str = "500 Unknown command.\r\n";
const FEATURES: &str = "211-Features:\r\n MLST type*;size*;\r\n211 End\r\n";

/// What a server says to a command: at once, and after the data, which is all that follows a 150.
#[derive(Clone, Copy)]
enum Answer {
    Say(&'static str),
    /// 150, these bytes, 226.
    Data(&'static [u8]),
    /// 150, these bytes, and this.
    DataThen(&'static [u8], &'static str),
}
use Answer::{Data, DataThen, Say};

type Answers = &'static [(&'static str, Answer)];

/// A session and a server that answers from a table. What the table lacks is unknown to it.
struct Pair {
    session: Session,
    answers: Answers,
    /// Whether data connections can be made.
    reachable: bool,
    sent: Vec<String>,
    /// What follows the 150 of the transfer under way.
    data: Option<(&'static [u8], &'static str)>,
    received: Vec<u8>,
}

impl Pair {
    fn new(answers: Answers) -> Self {
        Self::with_config(answers, Config::default())
    }

    fn with_config(answers: Answers, mut config: Config) -> Self {
        config.data_mode = DataMode::ExtendedPassive;
        let mut pair = Self {
            session: Session::new(config, Control::new(HOST, HOST)),
            answers,
            reachable: true,
            sent: Vec::new(),
            data: None,
            received: Vec::new(),
        };
        pair.session.receive(b"220 Ready.\r\n");
        pair.run(Greet).unwrap();
        pair
    }

    fn unreachable(answers: Answers) -> Self {
        Self {
            reachable: false,
            ..Self::new(answers)
        }
    }

    fn run<O: Operation>(&mut self, mut operation: O) -> Result<O::Output, Error> {
        for _ in 0..1_000 {
            if let Poll::Ready(result) = operation.poll(&mut self.session) {
                return result;
            }
            while let Some(action) = self.session.poll_action(Instant::EPOCH) {
                self.act(action);
            }
            self.answer();
        }
        panic!("the operation does not end; sent: {:?}", self.sent);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Connect { data, .. } if self.reachable => {
                self.session.report(Report::Connected { data });
            }
            Action::Connect { data, .. } => {
                let (link, failure) = (Link::Data(data), Failure::Refused);
                self.session.report(Report::Failed { link, failure });
            }
            Action::Move { data, .. } => {
                let (bytes, reply) = self.data.take().unwrap();
                self.received.extend_from_slice(bytes);
                let bytes = bytes.len() as u64;
                self.session.report(Report::Moved { data, bytes });
                let end = End::Clean;
                self.session.report(Report::Finished { data, end });
                self.session.receive(reply.as_bytes());
            }
            Action::Secure {
                link: Link::Control,
            } => self.session.report(Report::Secured {
                link: Link::Control,
            }),
            Action::Unsecure => self.session.report(Report::Unsecured),
            Action::Secure {
                link: Link::Data(data),
            } => self.session.report(Report::Secured {
                link: Link::Data(data),
            }),
            Action::Discard { .. } | Action::Poll => {}
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self) {
        let lines = String::from_utf8(self.session.transmit().to_vec()).unwrap();
        self.session.transmitted(lines.len());
        for line in lines.lines() {
            self.sent.push(line.to_owned());
            let answer = self.answers.iter().find(|(command, _)| *command == line);
            match answer.map_or_else(|| usual(line), |(_, answer)| *answer) {
                Say(reply) => self.session.receive(reply.as_bytes()),
                Data(bytes) => self.begin(bytes, DONE),
                DataThen(bytes, reply) => self.begin(bytes, reply),
            }
        }
    }

    fn begin(&mut self, bytes: &'static [u8], end: &'static str) {
        self.data = Some((bytes, end));
        self.session.receive(b"150 Here it comes.\r\n");
    }

    fn list(&mut self, path: &str) -> Result<Listed, Error> {
        self.sent.clear();
        self.received.clear();
        let path = (!path.is_empty()).then(|| Argument::new(path).unwrap());
        self.run(List::new(path).by_argument())
    }

    /// The commands of the last listing, without those that prepare a transfer.
    fn commands(&self) -> Vec<&str> {
        let prepares = |line: &&str| *line == "EPSV" || line.starts_with("TYPE ");
        let all = self.sent.iter().map(String::as_str);
        all.filter(|line| !prepares(line)).collect()
    }
}

/// What every server of these tests says to commands that it does not speak about.
fn usual(line: &str) -> Answer {
    match line {
        "EPSV" => Say("229 Passive (|||4000|)\r\n"),
        "TYPE A" | "TYPE I" | "CWD /home" => Say("200 Fine.\r\n"),
        "PWD" => Say("257 \"/home\"\r\n"),
        _ => Say(UNKNOWN),
    }
}

const FACTS: &[u8] = b"type=file; a\r\n";
const LINES: &[u8] = b"-rw-r--r-- 1 u g 5 Mar 1 2020 a\r\n";

/// A row: the server, the commands, and the way the listing came with what was received.
type Row = (
    &'static str,
    Answers,
    &'static [&'static str],
    (Rung, &'static [u8]),
);

#[test]
fn each_server_is_listed_by_the_first_way_that_works() {
    let rows: &[Row] = &[
        (
            "MLSD is offered",
            &[("FEAT", Say(FEATURES)), ("MLSD pub", Data(FACTS))],
            &["FEAT", "MLSD pub"],
            (Rung::MachineList, FACTS),
        ),
        (
            "FEAT is refused",
            &[("LIST pub", Data(LINES))],
            &["FEAT", "LIST pub"],
            (Rung::List, LINES),
        ),
        (
            "FEAT does not offer MLSD",
            &[
                ("FEAT", Say("211-Features:\r\n SIZE\r\n211 End\r\n")),
                ("LIST pub", Data(LINES)),
            ],
            &["FEAT", "LIST pub"],
            (Rung::List, LINES),
        ),
        (
            "MLSD is offered and unknown",
            &[("FEAT", Say(FEATURES)), ("LIST pub", Data(LINES))],
            &["FEAT", "MLSD pub", "LIST pub"],
            (Rung::List, LINES),
        ),
        (
            "MLSD is offered and not implemented",
            &[
                ("FEAT", Say(FEATURES)),
                ("MLSD pub", Say("502 Not implemented.\r\n")),
                ("LIST pub", Data(LINES)),
            ],
            &["FEAT", "MLSD pub", "LIST pub"],
            (Rung::List, LINES),
        ),
        (
            "LIST is not implemented",
            &[("STAT pub", Say("213-pub:\r\n a\r\n213 End\r\n"))],
            &["FEAT", "LIST pub", "STAT pub"],
            (Rung::Status, b""),
        ),
        (
            "EPSV is refused",
            &[
                ("EPSV", Say("425 No ports.\r\n")),
                ("STAT pub", Say("213-pub:\r\n a\r\n213 End\r\n")),
            ],
            &["FEAT", "STAT pub"],
            (Rung::Status, b""),
        ),
        (
            "EPSV is answered with nonsense",
            &[
                ("EPSV", Say("229 Somewhere.\r\n")),
                ("STAT pub", Say("213-pub:\r\n a\r\n213 End\r\n")),
            ],
            &["FEAT", "STAT pub"],
            (Rung::Status, b""),
        ),
        (
            "the server cannot connect to us",
            &[
                ("FEAT", Say(FEATURES)),
                (
                    "MLSD pub",
                    DataThen(b"", "425 Cannot open data connection.\r\n"),
                ),
                ("STAT pub", Say("213-pub:\r\n a\r\n213 End\r\n")),
            ],
            &["FEAT", "MLSD pub", "STAT pub"],
            (Rung::Status, b""),
        ),
    ];
    for (name, answers, commands, (rung, received)) in rows {
        let mut pair = Pair::new(answers);
        let listed = pair
            .list("pub")
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(pair.commands(), *commands, "{name}");
        assert_eq!(listed.rung, *rung, "{name}");
        assert_eq!(pair.received, *received, "{name}");
        let lines: Vec<_> = listed.status_lines().collect();
        let expected: &[&[u8]] = match rung {
            Rung::Status => &[b" a"],
            _ => &[],
        };
        assert_eq!(lines, expected, "{name}");
        // The same again: what worked is known, and FEAT is not asked twice. That no data
        // connection came about once says nothing about the next.
        pair.list("pub").unwrap();
        let stood_in = *rung == Rung::Status && *name != "LIST is not implemented";
        let again = if stood_in { 1 } else { commands.len() - 1 };
        assert_eq!(pair.commands(), commands[again..], "{name}");
    }
}

#[test]
fn data_connections_that_failed_once_are_tried_again() {
    let mut pair = Pair::unreachable(&[
        ("FEAT", Say(FEATURES)),
        ("MLSD pub", Data(FACTS)),
        ("STAT pub", Say("213-pub:\r\n a\r\n213 End\r\n")),
    ]);
    assert_eq!(pair.list("pub").unwrap().rung, Rung::Status);
    assert_eq!(pair.session.memory().listing, None);
    pair.reachable = true;
    assert_eq!(pair.list("pub").unwrap().rung, Rung::MachineList);
    assert_eq!(pair.commands(), ["MLSD pub"]);
}

/// What MLSD without an argument is refused with, and whether LIST is tried then: here, and with a
/// path.
#[test]
fn a_refusal_of_mlsd_that_cannot_mean_a_missing_directory_leads_to_list() {
    const REFUSED: [(&str, bool, bool); 8] = [
        ("500 Unknown.\r\n", true, true),
        ("501 Missing parameters\r\n", true, false),
        ("502 Not implemented.\r\n", true, true),
        ("504 Not so.\r\n", true, true),
        ("550 Could not list: Not supported\r\n", true, false),
        ("450 Busy.\r\n", false, false),
        ("530 Log in.\r\n", false, false),
        ("553 No.\r\n", true, false),
    ];
    for (reply, here, there) in REFUSED {
        for (path, goes_on) in [("", here), ("pub", there)] {
            let (mlsd, list) = match path {
                "" => ("MLSD", "LIST -a"),
                _ => ("MLSD pub", "LIST pub"),
            };
            let answers = [
                ("FEAT", Say(FEATURES)),
                (mlsd, Say(reply)),
                (list, Data(LINES)),
            ];
            let mut pair = Pair::new(Box::leak(Box::new(answers)));
            let listed = pair.list(path);
            let commands = if goes_on {
                &["FEAT", mlsd, list][..]
            } else {
                &["FEAT", mlsd]
            };
            assert_eq!(pair.commands(), commands, "{reply} {path}");
            assert_eq!(listed.is_ok(), goes_on, "{reply} {path}");
        }
    }
}

#[test]
fn a_setting_leaves_mlsd_out() {
    let server: Answers = &[
        ("FEAT", Say(FEATURES)),
        ("LIST -a pub", Data(LINES)),
        ("LIST pub", Data(LINES)),
    ];
    let pub_directory = || Argument::new("pub").unwrap();
    let mut pair = Pair::new(server);
    pair.run(
        List::new(Some(pub_directory()))
            .by_argument()
            .begin_at(Rung::ListAll),
    )
    .unwrap();
    assert_eq!(pair.commands(), ["FEAT", "LIST -a pub"]);
    pair.sent.clear();
    pair.run(
        List::new(Some(pub_directory()))
            .by_argument()
            .begin_at(Rung::List),
    )
    .unwrap();
    assert_eq!(pair.commands(), ["LIST pub"]);
    // For the whole session.
    let mut pair = Pair::new(server);
    pair.session.memory_mut().listing = Some(Rung::ListAll);
    pair.list("pub").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "LIST pub"]);
}

/// A server that takes one word for the path would list the working directory, or what is named
/// `-a`, and nothing would show it.
#[test]
fn list_goes_out_with_a_path_or_with_an_option_and_never_with_both() {
    let mut pair = Pair::new(&[("LIST -a", Data(LINES)), ("LIST pub", Data(LINES))]);
    assert_eq!(pair.list("").unwrap().rung, Rung::ListAll);
    assert_eq!(pair.commands(), ["FEAT", "LIST -a"]);
    assert_eq!(pair.list("pub").unwrap().rung, Rung::List);
    assert_eq!(pair.commands(), ["LIST pub"]);
    // LIST with a path says nothing about the option.
    pair.list("").unwrap();
    assert_eq!(pair.commands(), ["LIST -a"]);
}

#[test]
fn a_server_may_take_the_option_for_a_name() {
    for answer in [
        Data(b""),
        Say(MISSING),
        DataThen(b"", "450 No such file.\r\n"),
    ] {
        let answers = [("LIST -a", answer), ("LIST", Data(LINES))];
        let mut pair = Pair::new(Box::leak(Box::new(answers)));
        assert_eq!(pair.list("").unwrap().rung, Rung::List);
        assert_eq!(pair.commands(), ["FEAT", "LIST -a", "LIST"]);
    }
}

/// Refusals of LIST and NLST, and whether they mean an empty directory where no path was sent.
const NOTHING_THERE: [(&str, bool); 9] = [
    ("450 No files found\r\n", true),
    ("450 Something.\r\n", true),
    ("550 No files found\r\n", true),
    ("550 NO FILES FOUND.\r\n", true),
    ("550 Directory is empty.\r\n", true),
    ("550 No members found.\r\n", true),
    ("550 No such file or directory.\r\n", false),
    ("550 Permission denied.\r\n", false),
    ("451 No files found\r\n", false),
];

#[test]
fn some_refusals_of_list_without_a_path_mean_that_the_directory_is_empty() {
    for (reply, is_empty) in NOTHING_THERE {
        for answer in [Say(reply), DataThen(b"", reply)] {
            let mut pair = Pair::new(Box::leak(Box::new([("LIST -a", answer), ("LIST", answer)])));
            let listed = pair.list("");
            assert_eq!(pair.commands(), ["FEAT", "LIST -a", "LIST"], "{reply}");
            assert_eq!(listed.is_ok(), is_empty, "{reply}: {listed:?}");
            assert!(
                listed.is_err() || listed.unwrap().is_told_empty(),
                "{reply}"
            );
            assert_eq!(pair.session.memory().listing, None, "{reply}");
            // With a path it is an error all the same.
            let mut pair = Pair::new(Box::leak(Box::new([("LIST pub", answer)])));
            pair.list("pub").unwrap_err();
        }
    }
    let mut pair = Pair::new(&[("LIST -a", Data(LINES))]);
    assert!(!pair.list("").unwrap().is_told_empty());
}

#[test]
fn the_same_refusals_of_nlst_mean_the_same() {
    for (reply, is_empty) in NOTHING_THERE {
        let answers = [("NLST", Say(reply)), ("NLST pub", Say(reply))];
        let mut pair = Pair::new(Box::leak(Box::new(answers)));
        let named = pair.run(Names::new(None));
        assert_eq!(named.is_ok(), is_empty, "{reply}");
        assert!(named.is_err() || named.unwrap().is_told_empty(), "{reply}");
        let path = Argument::new("pub").unwrap();
        pair.run(Names::new(Some(path))).unwrap_err();
    }
}

#[test]
fn names_that_shall_be_protected_are_not_asked_for_in_clear() {
    let server: Answers = &[
        ("AUTH TLS", Say("234 Go on.\r\n")),
        ("PBSZ 0", Say("200 0.\r\n")),
        ("PROT P", Say("200 P.\r\n")),
        ("CCC", Say("200 Clear.\r\n")),
        ("STAT pub", Say("213-pub:\r\n a\r\n213 End\r\n")),
        ("EPSV", Say("425 No ports.\r\n")),
    ];
    let mut config = Config::default();
    config.clear_control = true;
    let mut pair = Pair::with_config(server, config);
    pair.run(Secure::new()).unwrap();
    pair.list("pub").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "STAT pub"]);
    pair.session.memory_mut().listing = Some(Rung::Status);
    pair.run(Exchange::clear_control()).unwrap();
    let error = pair.list("pub").unwrap_err();
    assert_eq!(pair.commands(), [""; 0]);
    assert_eq!(error.verb(), Some(Verb::Epsv), "{error}");
    let by_status = List::new(Some(Argument::new("pub").unwrap()))
        .by_argument()
        .begin_at(Rung::Status);
    let error = pair.run(by_status).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Policy(Policy::ControlNotSecured));
}

#[test]
fn where_no_data_connection_can_be_made_stat_lists() {
    let server: Answers = &[
        ("FEAT", Say(FEATURES)),
        ("STAT pub", Say("213-pub:\r\n a\r\n b\r\n213 End\r\n")),
        ("STAT .", Say("212-.:\r\n c\r\n212 End\r\n")),
    ];
    let mut pair = Pair::unreachable(server);
    let listed = pair.list("pub").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "STAT pub"]);
    let lines: Vec<_> = listed.status_lines().collect();
    assert_eq!(lines, [b" a", b" b"]);
    assert!(listed.completed.is_none() && !listed.is_truncated());
    // Without a path STAT would tell of the server.
    let listed = pair.list("").unwrap();
    assert_eq!(pair.commands(), ["STAT ."]);
    assert_eq!(listed.status_lines().collect::<Vec<_>>(), [b" c"]);
}

#[test]
fn without_a_path_the_working_directory_is_listed() {
    let mut pair = Pair::new(&[("LIST -a", Data(b"")), ("LIST", Data(b""))]);
    let listed = pair.list("").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "LIST -a", "LIST"]);
    assert_eq!(listed.rung, Rung::List);
    // It is surely there, and an empty listing shows nothing about the way it came.
    pair.list("").unwrap();
    assert_eq!(pair.commands(), ["LIST -a", "LIST"]);
    let mut pair = Pair::new(&[("FEAT", Say(FEATURES)), ("MLSD", Data(b""))]);
    pair.list("").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "MLSD"]);
}

#[test]
fn a_path_that_looks_like_an_option_is_sent_as_a_path() {
    let mut pair = Pair::new(&[("LIST ./-R", Data(LINES)), ("LIST a -R", Data(LINES))]);
    pair.list("-R").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "LIST ./-R"]);
    pair.list("a -R").unwrap();
    assert_eq!(pair.commands(), ["LIST a -R"]);
    // uftpd takes it for an option of MLSD as well, and lists the working directory.
    let mut pair = Pair::new(&[("FEAT", Say(FEATURES)), ("MLSD ./-R", Data(FACTS))]);
    pair.list("-R").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "MLSD ./-R"]);
    let mut pair = Pair::unreachable(&[("STAT ./-R", Say("213-:\r\n a\r\n213 End\r\n"))]);
    pair.list("-R").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "STAT ./-R"]);
}

#[test]
fn features_that_are_known_are_not_asked_again() {
    let mut pair = Pair::new(&[("FEAT", Say(FEATURES)), ("MLSD pub", Data(FACTS))]);
    pair.run(AskFeatures::new()).unwrap();
    pair.list("pub").unwrap();
    assert_eq!(pair.commands(), ["MLSD pub"]);
}

/// A row: the server, the commands, and the step and the reply code of the error.
type Refusal = (
    &'static str,
    Answers,
    &'static [&'static str],
    (Verb, Option<u16>),
);

#[test]
fn a_missing_directory_is_an_error_that_says_so() {
    let rows: &[Refusal] = &[
        (
            "by MLSD",
            &[("FEAT", Say(FEATURES)), ("MLSD nosuch", Say(MISSING))],
            &["FEAT", "MLSD nosuch"],
            (Verb::Mlsd, Some(550)),
        ),
        (
            "by MLSD, as pyftpdlib does",
            &[
                ("FEAT", Say(FEATURES)),
                ("MLSD nosuch", Say("501 No such directory.\r\n")),
            ],
            &["FEAT", "MLSD nosuch"],
            (Verb::Mlsd, Some(501)),
        ),
        (
            "by LIST",
            &[("LIST nosuch", Say(MISSING))],
            &["FEAT", "LIST nosuch"],
            (Verb::List, Some(550)),
        ),
        (
            "after the mark, as ProFTPD does",
            &[("LIST nosuch", DataThen(b"", MISSING))],
            &["FEAT", "LIST nosuch"],
            (Verb::List, Some(550)),
        ),
        (
            "as empty, as vsftpd does",
            &[
                ("LIST nosuch", Data(b"")),
                ("CWD nosuch", Say("550 Failed to change directory.\r\n")),
            ],
            &["FEAT", "LIST nosuch", "PWD", "CWD nosuch"],
            (Verb::Cwd, Some(550)),
        ),
        (
            "as empty by MLSD, as Apache FtpServer does",
            &[
                ("FEAT", Say(FEATURES)),
                ("MLSD nosuch", Data(b"")),
                ("CWD nosuch", Say(MISSING)),
            ],
            &["FEAT", "MLSD nosuch", "PWD", "CWD nosuch"],
            (Verb::Cwd, Some(550)),
        ),
        (
            "by STAT",
            &[
                ("EPSV", Say("425 No ports.\r\n")),
                ("STAT nosuch", Say("450 No such file.\r\n")),
            ],
            &["FEAT", "STAT nosuch"],
            (Verb::Stat, Some(450)),
        ),
        (
            "as empty by STAT",
            &[
                ("EPSV", Say("425 No ports.\r\n")),
                ("STAT nosuch", Say("213-Status:\r\n213 End\r\n")),
                ("CWD nosuch", Say(MISSING)),
            ],
            &["FEAT", "STAT nosuch", "PWD", "CWD nosuch"],
            (Verb::Cwd, Some(550)),
        ),
        (
            "nothing is implemented",
            &[],
            &["FEAT", "LIST nosuch", "STAT nosuch"],
            (Verb::List, Some(500)),
        ),
        (
            "no data connection and no STAT",
            &[("EPSV", Say("425 No ports.\r\n"))],
            &["FEAT", "STAT nosuch"],
            (Verb::Epsv, Some(425)),
        ),
    ];
    for (name, answers, commands, (verb, code)) in rows {
        let mut pair = Pair::new(answers);
        let error = pair.list("nosuch").expect_err(name);
        assert_eq!(pair.commands(), *commands, "{name}");
        assert_eq!(error.verb(), Some(*verb), "{name}: {error}");
        let found = error.reply().map(|reply| reply.code().get());
        assert_eq!(found, *code, "{name}: {error}");
        assert!(!error.is_fatal(), "{name}: {error}");
        assert_eq!(pair.received, b"", "{name}");
        // Nothing worked, so nothing is remembered but what FEAT said.
        pair.list("nosuch").expect_err(name);
        assert_eq!(pair.commands(), commands[1..], "{name}");
    }
}

#[test]
fn when_neither_data_connections_nor_stat_work_the_connection_is_to_blame() {
    let mut pair = Pair::unreachable(&[("FEAT", Say(FEATURES))]);
    let error = pair.list("pub").unwrap_err();
    assert_eq!(pair.commands(), ["FEAT", "STAT pub"]);
    let ErrorKind::Interrupted(interrupted) = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(interrupted.cause, Interruption::Data(Failure::Refused));
    assert!(!error.is_fatal());
}

#[test]
fn an_empty_directory_that_is_there_is_no_error_and_the_session_stays_where_it_was() {
    let mut pair = Pair::new(&[("LIST pub", Data(b"")), ("CWD pub", Say("250 There.\r\n"))]);
    pair.list("pub").unwrap();
    let commands = ["FEAT", "LIST pub", "PWD", "CWD pub", "CWD /home"];
    assert_eq!(pair.commands(), commands);
    // Where the way back is not known, nothing is entered.
    let mut pair = Pair::new(&[
        ("LIST pub", Data(b"")),
        ("PWD", Say("502 Where indeed?\r\n")),
    ]);
    pair.list("pub").unwrap();
    assert_eq!(pair.commands(), ["FEAT", "LIST pub", "PWD"]);
}

#[test]
fn a_failed_rung_and_the_next_do_not_mix_entries() {
    let server: Answers = &[("LIST pub", DataThen(LINES, "451 The disk is on fire.\r\n"))];
    let mut pair = Pair::new(server);
    let error = pair.list("pub").unwrap_err();
    assert_eq!(pair.commands(), ["FEAT", "LIST pub"]);
    assert_eq!(error.reply().unwrap().code().get(), 451);
    assert_eq!(pair.received, LINES);
}

#[test]
fn a_way_that_worked_is_tried_first_and_left_when_it_works_no_more() {
    let mut pair = Pair::new(&[("FEAT", Say(FEATURES)), ("MLSD pub", Data(FACTS))]);
    pair.list("pub").unwrap();
    pair.answers = &[("LIST pub", Data(LINES))];
    pair.list("pub").unwrap();
    assert_eq!(pair.commands(), ["MLSD pub", "LIST pub"]);
    pair.list("pub").unwrap();
    assert_eq!(pair.commands(), ["LIST pub"]);
}

#[test]
fn what_was_learnt_is_forgotten_when_the_session_begins_anew() {
    let server: Answers = &[
        ("FEAT", Say(FEATURES)),
        ("MLSD pub", Data(FACTS)),
        ("REIN", Say("220 Anew.\r\n")),
        ("AUTH TLS", Say("234 Go on.\r\n")),
    ];
    let auth = Command::new(Verb::Auth, Argument::new("TLS").unwrap());
    for again in [
        Exchange::complete(Command::bare(Verb::Rein)),
        Exchange::complete(auth),
    ] {
        let mut pair = Pair::new(server);
        pair.list("pub").unwrap();
        pair.run(again).unwrap();
        pair.list("pub").unwrap();
        assert_eq!(pair.commands(), ["FEAT", "MLSD pub"]);
    }
}

#[test]
fn a_reply_that_is_cut_off_says_so() {
    let server: Answers = &[(
        "STAT pub",
        Say("213-pub:\r\n one\r\n two\r\n three\r\n four\r\n213 End\r\n"),
    )];
    let mut config = Config::default();
    config.limits.reply.reply_bytes_max = 24;
    let mut pair = Pair::with_config(server, config);
    pair.reachable = false;
    assert!(pair.list("pub").unwrap().is_truncated());
}
