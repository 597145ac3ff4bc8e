//! Commands and their replies, without data connections.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};

use ftp_proto::testing::{
    Behaviour, Peer, Server, ServerAction, ServerConfig, ServerLink, ServerReport,
};

use crate::driven::{CLIENT, Driven, codes, config, files};

fn check(driven: &mut Driven, table: &[(&str, &str)]) {
    for (command, code) in table {
        assert_eq!(codes(&driven.ask(command)), *code, "{command}");
    }
}

#[test]
fn commands_before_login() {
    let mut driven = Driven::new(config());
    assert_eq!(driven.said(), "220 Service ready.\r\n");
    let table = [
        ("NOOP", "200"),
        ("SYST", "215"),
        ("FEAT", "211"),
        ("HELP", "214"),
        ("OPTS UTF8 ON", "200"),
        ("PWD", "530"),
        ("LIST", "530"),
        ("TYPE I", "530"),
        ("EPSV", "530"),
        ("RETR hello.txt", "530"),
        ("STAT", "530"),
        ("XYZZY", "530"),
        ("PASS x", "503"),
        ("ACCT x", "503"),
        ("USER", "501"),
        ("HOST example.org", "220"),
        ("HOST", "501"),
        ("AUTH TLS", "502"),
        ("PBSZ 0", "503"),
        ("PROT P", "503"),
        ("CCC", "533"),
        ("", "530"),
        ("noop", "200"),
    ];
    check(&mut driven, &table);
}

#[test]
fn logins() {
    let table: [(&[&str], &str); 8] = [
        (
            &["USER ann", "PASS secret", "ACCT x", "PASS secret"],
            "331 230 202 503",
        ),
        (&["USER ann", "PASS wrong", "PASS secret"], "331 530 503"),
        (&["USER nobody", "PASS x"], "331 530"),
        (&["USER anonymous", "PASS me@"], "331 230"),
        (&["USER ftp", "PASS"], "331 230"),
        (
            &["USER bob", "PASS pw", "PWD", "ACCT acme", "PWD"],
            "331 332 530 230 257",
        ),
        (
            &["USER bob", "PASS pw", "ACCT other", "ACCT acme"],
            "331 332 530 503",
        ),
        (
            &[
                "USER ann",
                "PASS secret",
                "HOST a",
                "REIN",
                "PWD",
                "USER ann",
            ],
            "331 230 503 220 530 331",
        ),
    ];
    for (commands, expected) in table {
        let mut driven = Driven::new(config());
        driven.said();
        let said: String = commands.iter().map(|command| driven.ask(command)).collect();
        assert_eq!(codes(&said), expected, "{commands:?}");
    }
    let mut closed = Driven::new(config().without_anonymous());
    closed.ask("USER anonymous");
    assert_eq!(codes(&closed.ask("PASS me@")), "530");
}

#[test]
fn directories_and_files() {
    let table = [
        ("PWD", "257 \"/\" is the current directory."),
        ("CWD pub", "250 Directory changed."),
        ("CWD say \"hi\"", "250 Directory changed."),
        (
            "XPWD",
            "257 \"/pub/say \"\"hi\"\"\" is the current directory.",
        ),
        ("CDUP", "250 Directory changed."),
        ("XCUP", "250 Directory changed."),
        ("CWD nosuch", "550 nosuch: no such file or directory."),
        ("CWD hello.txt", "550 hello.txt: not a directory."),
        ("CWD", "501 An argument is needed."),
        ("MKD new \"dir\"", "257 \"/new \"\"dir\"\"\" created."),
        ("MKD new \"dir\"", "550 new \"dir\": already exists."),
        ("MKD no/such", "550 no/such: no such file or directory."),
        ("RMD new \"dir\"", "250 Directory removed."),
        ("RMD pub", "550 pub: directory not empty."),
        ("RMD hello.txt", "550 hello.txt: not a directory."),
        ("DELE pub", "550 pub: is a directory."),
        ("DELE nosuch", "550 /nosuch: no such file or directory."),
        ("RNTO x", "503 RNFR must come first."),
        ("RNFR hello.txt", "350 Ready for RNTO."),
        ("RNTO pub/hello", "250 Renamed."),
        ("RNFR pub", "350 Ready for RNTO."),
        ("RNTO pub/below", "553 pub/below: cannot be the new name."),
        ("RNFR pub", "350 Ready for RNTO."),
        ("NOOP", "200 Done nothing."),
        ("RNTO nope", "503 RNFR must come first."),
        ("SIZE pub/hello", "213 12"),
        ("SIZE pub", "550 pub: not a plain file."),
        ("MDTM old.bin", "213 20000229000000"),
        (
            "MFMT 20240229235959 old.bin",
            "213 Modify=20240229235959; old.bin",
        ),
        ("MDTM old.bin", "213 20240229235959"),
        ("MFMT yesterday old.bin", "501 Not a time."),
        ("SITE CHMOD 600 old.bin", "200 SITE CHMOD command ok."),
        (
            "SITE CHMOD 9 old.bin",
            "501 SITE CHMOD needs an octal mode and a name.",
        ),
        (
            "MLST old.bin",
            "250-Facts follow:\r\n type=file;size=10;modify=20240229235959;perm=adfrw;UNIX.mode=0600; /old.bin\r\n250 End.",
        ),
        ("DELE pub/hello", "250 File removed."),
        (
            "SIZE pub/hello",
            "550 pub/hello: no such file or directory.",
        ),
    ];
    let mut driven = Driven::ready(Behaviour::new());
    for (command, reply) in table {
        assert_eq!(driven.ask(command), format!("{reply}\r\n"), "{command}");
    }
}

#[test]
fn parameters_and_the_rest() {
    let table = [
        ("TYPE A", "200 Type set to A."),
        ("SIZE old.bin", "550 SIZE not allowed in ASCII type."),
        ("REST 5", "501 REST not allowed in ASCII type."),
        ("TYPE L 8", "200 Type set to I."),
        ("TYPE E", "504 Only types A and I are supported."),
        ("TYPE", "501 Which type?"),
        ("MODE S", "200 Mode set to S."),
        ("MODE Z", "504 Only mode S is supported."),
        ("STRU F", "200 Structure set to F."),
        ("STRU R", "504 Only structure F is supported."),
        ("ALLO 100", "202 No storage allocation necessary."),
        ("ALLO", "501 Not a size."),
        ("SMNT /", "502 Not implemented."),
        ("SITE XYZ", "504 SITE command not known."),
        ("OPTS MLST size;Type;nosuch;", "200 MLST OPTS type;size;"),
        (
            "MLST old.bin",
            "250-Facts follow:\r\n type=file;size=10; /old.bin\r\n250 End.",
        ),
        ("OPTS XYZ", "501 Option not understood."),
        ("STAT nosuch", "450 nosuch: no such file or directory."),
        ("RETR old.bin", "425 Use EPSV, PASV, EPRT or PORT first."),
        ("RETR nosuch", "550 nosuch: no such file or directory."),
        ("STOR pub", "553 pub: cannot be written."),
        ("REST x", "501 Not an offset."),
        ("REST 5", "350 Restarting at 5."),
        ("ABOR", "225 No transfer to abort."),
        ("XYZZY", "500 Unknown command XYZZY."),
        ("CWD a\0b", "501 A NUL is not allowed here."),
        ("QUIT", "221 Goodbye."),
    ];
    let mut driven = Driven::ready(Behaviour::new());
    for (command, reply) in table {
        assert_eq!(driven.ask(command), format!("{reply}\r\n"), "{command}");
    }
    assert_eq!(driven.actions, [ServerAction::CloseControl]);
    assert!(driven.server.is_closed());
    assert_eq!(driven.ask("NOOP"), "");
}

#[test]
fn what_the_server_tells_of_itself() {
    let mut driven = Driven::ready(Behaviour::new());
    let features = driven.ask("FEAT");
    assert!(
        features.starts_with("211-Features:\r\n EPRT\r\n"),
        "{features}"
    );
    assert!(
        features.contains("\r\n MLST type*;size*;modify*;perm*;UNIX.mode*;\r\n REST STREAM\r\n")
    );
    assert!(features.ends_with(" UTF8\r\n211 End.\r\n"));
    let secure = Driven::new(config().tls()).ask("FEAT");
    assert!(secure.contains("211-Features:\r\n AUTH TLS\r\n CCC\r\n PBSZ\r\n PROT\r\n"));
    let status = driven.ask("STAT");
    assert!(status.contains("\r\n Logged in as ann\r\n TYPE: Image\r\n"));
    let listed = driven.ask("STAT pub");
    assert_eq!(
        listed,
        "213-Status follows:\r\n\
         -rw-r--r--   1 ftp      ftp                 5 Jan  1  1970 a b\r\n\
         drwxr-xr-x   2 ftp      ftp              4096 Jan  1  1970 say \"hi\"\r\n\
         -rw-r--r--   1 ftp      ftp                 1 Jan  1  1970 \u{ff}\u{ff}\u{e9}\r\n\
         213 End of status.\r\n"
    );
}

#[test]
fn names_are_bytes_and_telnet_is_undone() {
    let mut driven = Driven::ready(Behaviour::new());
    assert_eq!(driven.ask(b"SIZE pub/\xff\xff\xe9"), "213 1\r\n");
    // WILL ECHO, GA, and the Synch that RFC 959 puts before ABOR.
    assert_eq!(
        driven.ask(b"\xff\xfb\x01SIZE \xff\xf9pub/\xff\xff\xe9"),
        "213 1\r\n"
    );
    assert_eq!(
        driven.ask(b"\xff\xf4\xff\xf2ABOR"),
        "225 No transfer to abort.\r\n"
    );
    assert_eq!(
        driven.ask(b"MKD \xff\xff"),
        "257 \"/\u{ff}\u{ff}\" created.\r\n"
    );
    assert!(driven.server.files().get(b"/\xff").is_some());

    let mut literal = Driven::ready(Behaviour::new().without_telnet());
    assert_eq!(literal.ask(b"SIZE pub/\xff\xe9"), "213 1\r\n");
    assert_eq!(codes(&literal.ask(b"SIZE pub/\xff\xff\xe9")), "550");
    assert_eq!(literal.ask(b"MKD \xff"), "257 \"/\u{ff}\" created.\r\n");
}

#[test]
fn replies_do_not_depend_on_how_commands_are_cut() {
    let dialogue = b"USER ann\r\nPASS secret\r\nTYPE I\r\nCWD pub\nPWD\r\nSIZE a b\r\nQUIT\r\n";
    let mut whole = Driven::new(config());
    whole.server.receive(dialogue);
    let expected = whole.said();
    assert_eq!(codes(&expected), "220 331 230 200 250 257 213 221");
    for cut in 0..dialogue.len() {
        let mut driven = Driven::new(config());
        driven.server.receive(&dialogue[..cut]);
        driven.server.receive(&dialogue[cut..]);
        assert_eq!(driven.said(), expected, "cut at {cut}");
    }
    let log = whole.server.log().iter();
    let numbers: Vec<_> = log
        .map(|received| (received.serial, received.piece))
        .collect();
    assert_eq!(
        numbers,
        [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1)]
    );
}

#[test]
fn serial_numbers_name_the_command_that_is_answered() {
    let mut driven = Driven::new(config().serial());
    assert_eq!(driven.said(), "220 Service ready. #0\r\n");
    assert_eq!(
        driven.ask("USER ann\r\nPASS secret"),
        "331 Please specify the password. #1\r\n230 Login successful. #2\r\n"
    );
    assert!(driven.ask("FEAT").ends_with("\r\n211 End. #3\r\n"));
    driven.ask("EPSV");
    assert_eq!(
        driven.ask("RETR hello.txt\r\nNOOP"),
        "",
        "NOOP waits for the transfer"
    );
    let said = driven.run();
    let numbers: Vec<_> = said
        .lines()
        .filter_map(|line| line.rsplit(' ').next())
        .collect();
    assert_eq!(numbers, ["#5", "#5", "#6"], "{said}");
}

#[test]
fn a_line_without_an_end_is_bounded() {
    let mut driven = Driven::ready(Behaviour::new());
    for _ in 0..100 {
        driven.server.receive(&[b'x'; 10_000]);
    }
    assert_eq!(codes(&driven.ask("")), "500");
    assert_eq!(driven.server.log().last().unwrap().line.len(), 65_536);
}

#[test]
fn equal_servers_have_equal_hashes_and_the_log_is_not_compared() {
    let hash = |server: &Server| {
        let mut hasher = DefaultHasher::new();
        server.hash(&mut hasher);
        hasher.finish()
    };
    let mut one = Driven::ready(Behaviour::new());
    let mut other = Driven::ready(Behaviour::new());
    assert!(one.server == other.server && hash(&one.server) == hash(&other.server));
    one.ask("CWD pub");
    assert!(one.server != other.server);
    other.ask("CWD /pub");
    assert!(one.server == other.server && hash(&one.server) == hash(&other.server));
    assert_ne!(one.server.log(), other.server.log());
}

#[test]
fn passive_mode() {
    let mut driven = Driven::ready(Behaviour::new());
    assert_eq!(
        driven.ask("PASV"),
        "227 Entering Passive Mode (127,0,0,1,4,1).\r\n"
    );
    let first = driven.channel();
    assert_eq!(
        driven.ask("EPSV"),
        "229 Entering Extended Passive Mode (|||1026|)\r\n"
    );
    assert!(
        driven.did(ServerAction::Close { channel: first }),
        "one listener at a time"
    );
    assert_eq!(
        driven.ask("EPSV 1"),
        "229 Entering Extended Passive Mode (|||1027|)\r\n"
    );
    assert_eq!(
        driven.ask("EPSV 2"),
        "522 Network protocol not supported, use (1)\r\n"
    );
    let table = [
        ("EPSV x", "501"),
        ("EPSV ALL", "200"),
        ("PASV", "501"),
        ("PORT 127,0,0,1,4,4", "501"),
        ("EPRT |1|127.0.0.1|1028|", "501"),
        ("EPSV", "229"),
    ];
    check(&mut driven, &table);

    let mut failing = Driven::ready(Behaviour::new());
    failing.server.receive(b"PASV\r\nNOOP\r\n");
    let Some(ServerAction::Listen { channel }) = failing.server.poll_action() else {
        panic!("no listener")
    };
    assert_eq!(codes(&failing.fail(channel)), "425 200");
}

#[test]
fn active_mode_addresses() {
    let mut driven = Driven::new(config().peer(CLIENT));
    driven.ask("USER ann\r\nPASS secret\r\nTYPE I");
    let table = [
        ("PORT 127,0,0,1,4,210", "200"),
        ("EPRT |1|127.0.0.1|1234|", "200"),
        ("EPRT $1$127.0.0.1$1234$", "200"),
        ("PORT 127,0,0,1,4", "501"),
        ("PORT 127,0,0,1,4,210,1", "501"),
        ("PORT 127,0,0,1,4,256", "501"),
        ("PORT 127,0,0,1,0,0", "501"),
        ("PORT 10,0,0,1,4,210", "500"),
        ("EPRT |1|10.0.0.1|1234|", "500"),
        ("EPRT |2|::1|1234|", "522"),
        ("EPRT |3|x|1234|", "522"),
        ("EPRT |1|127.0.0.1|1234", "501"),
        ("EPRT |1|127.0.0.1|123456|", "501"),
        ("EPRT", "501"),
        ("PORT", "501"),
    ];
    check(&mut driven, &table);
}

#[test]
fn ipv6() {
    let mut driven = Driven::new(config().local(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    driven.ask("USER ann\r\nPASS secret");
    let table = [
        ("PASV", "425"),
        ("EPSV", "229"),
        ("EPSV 2", "229"),
        ("EPSV 1", "522"),
        ("EPRT |2|::1|1234|", "200"),
        ("EPRT |1|127.0.0.1|1234|", "522"),
        ("PORT 127,0,0,1,4,210", "522"),
    ];
    check(&mut driven, &table);
}

#[test]
fn tls_on_the_control_connection() {
    let mut driven = Driven::new(config().tls());
    driven.said();
    check(&mut driven, &[("AUTH XYZ", "504")]);
    driven.server.receive(b"AUTH TLS\r\nNOOP\r\n");
    assert_eq!(
        driven.server.poll_action(),
        None,
        "the reply must be written first"
    );
    assert_eq!(driven.said(), "234 Proceed with negotiation.\r\n");
    let link = ServerLink::Control;
    assert_eq!(driven.actions, [ServerAction::Secure { link }]);
    driven.server.report(ServerReport::Secured { link });
    assert_eq!(
        driven.said(),
        "",
        "what came in clear text behind AUTH is dropped"
    );
    assert!(driven.server.state().secured);
    let table = [
        ("AUTH TLS", "503"),
        ("PROT P", "503"),
        ("PBSZ x", "501"),
        ("PBSZ 0", "200"),
        ("PROT S", "536"),
        ("PROT X", "504"),
        ("PROT P", "200"),
        ("USER ann", "331"),
        ("PASS secret", "230"),
        ("CCC", "200"),
    ];
    check(&mut driven, &table);
    assert!(driven.did(ServerAction::Unsecure));
    driven.server.report(ServerReport::Unsecured);
    assert!(!driven.server.state().secured && driven.server.state().protected);
    check(&mut driven, &[("NOOP", "200")]);

    assert!(
        Server::new(config().implicit_tls(), files())
            .state()
            .secured
    );
    let mut refused = Driven::new(config().tls());
    refused.ask("AUTH TLS");
    refused.server.report(ServerReport::Failed { link });
    assert!(refused.server.is_closed());
}

#[test]
fn read_only_servers_change_nothing() {
    let mut driven = Driven::new(ServerConfig::new().read_only());
    driven.ask("USER ftp\r\nPASS\r\nEPSV");
    let commands = [
        "MKD x",
        "RMD empty",
        "DELE old.bin",
        "RNFR old.bin",
        "STOR x",
        "APPE old.bin",
        "STOU",
        "MFMT 20240229235959 old.bin",
        "SITE CHMOD 600 old.bin",
    ];
    for command in commands {
        assert_eq!(codes(&driven.ask(command)), "550", "{command}");
    }
    assert_eq!(*driven.server.files(), files());
}
