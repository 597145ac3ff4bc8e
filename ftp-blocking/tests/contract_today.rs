//! What ftplib has learnt since its original documentation: one test for each item that has a
//! counterpart here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ftp_blocking::proto::address::{self, HostPolicy};
use ftp_blocking::proto::operation::Retrieve;
use ftp_blocking::proto::pathname::{self, Quoting};
use ftp_blocking::proto::{
    After, Argument, Closed, Compared, Config, DataMode, Encoding, ErrorKind, Event, Misuse,
    Policy, Reason, Reply, ReplyCode, State, Timeouts, Verb, Violation, size,
};
use ftp_blocking::testing::{Behaviour, Files, Loopback, ServerConfig};
use ftp_blocking::{Builder, Client, Tcp};
use ftp_testbed::scripted::{Passive, Peer, Port, Record, Script};

fn dialogue_with(builder: Builder<Tcp>, script: Script, act: impl FnOnce(&mut Client)) -> Record {
    let greeted = Script::new()
        .send("220 ready\r\n")
        .then_all(script)
        .expect_close();
    let peer = Peer::start(greeted).unwrap();
    let mut client = builder.connect_to(&[peer.address()]).unwrap();
    act(&mut client);
    drop(client);
    peer.finish().unwrap_or_else(|failure| panic!("{failure}"))
}

fn dialogue(script: Script, act: impl FnOnce(&mut Client)) -> Record {
    // FEAT would need an answer in every script.
    let mut config = Config::default();
    config.encoding = Encoding::AsItIs;
    dialogue_with(Client::builder().config(config), script, act)
}

fn start(behaviour: Behaviour) -> Loopback {
    let files = Files::new()
        .file("/digits", "0123456789")
        .directory("/empty");
    Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap()
}

fn logged_in(builder: Builder<Tcp>, server: &Loopback) -> Client {
    let mut client = builder.connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    client
}

fn digits(client: &mut Client) -> Vec<u8> {
    let mut digits = Vec::new();
    client.retrieve_to("digits", &mut digits).unwrap();
    digits
}

fn verbs(server: &Loopback) -> Vec<String> {
    let verb = |line: &String| line.split(' ').next().unwrap().to_owned();
    server.commands(0)[2..].iter().map(verb).collect()
}

#[test]
fn timeout() {
    let script = Script::new().expect("NOOP").mark("asked").ignore_rest();
    let peer = Peer::start(Script::new().send("220 ready\r\n").then_all(script)).unwrap();
    let mut timeouts = Timeouts::default();
    timeouts.reply = Duration::from_millis(200);
    let mut client = Client::builder()
        .timeouts(timeouts)
        .connect_to(&[peer.address()])
        .unwrap();
    let error = client.noop().unwrap_err();
    assert!(matches!(
        error.kind(),
        Some(ErrorKind::Timeout(Reason::Reply))
    ));
    assert_eq!(error.verb(), Some(Verb::Noop));
    assert!(error.is_transient() && error.is_fatal());
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    assert_eq!(client.state(), State::Dead(Closed::Timeout(Reason::Reply)));
}

#[test]
fn source_address() {
    // Linux lets every 127/8 address be used.
    let source: IpAddr = Ipv4Addr::new(127, 0, 0, 2).into();
    let script = Script::new()
        .answer("TYPE I", "200 ok\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
        .answer("RETR a", "150 here\r\n")
        .close_data()
        .send("226 done\r\n");
    let builder = Client::builder().source_address(source);
    let record = dialogue_with(builder, script, |client| {
        let control = client.control_stream().unwrap().socket();
        assert_eq!(control.local_addr().unwrap().ip(), source);
        client.retrieve("a").unwrap().finish().unwrap();
    });
    assert_eq!(record.data[0].0.ip(), source);
}

#[test]
fn maxline() {
    // On the control connection a long line is cut and marked, and the session stays in step.
    let script = Script::new()
        .answer("NOOP", format!("200 {}\r\n", "x".repeat(100_000)))
        .answer("NOOP", "200 ok\r\n");
    dialogue(script, |client| {
        let reply = client.complete("NOOP").unwrap();
        assert!(reply.is_truncated() && reply.text().len() < 40_000);
        assert_eq!(client.complete("NOOP").unwrap().text(), b"ok");
    });
}

#[test]
fn cr_or_lf_in_a_command() {
    let record = dialogue(Script::new(), |client| {
        for name in ["a\r\nDELE b", "a\nb", "a\rb", "a\0b"] {
            assert!(client.rm(name).unwrap_err().is_misuse());
            assert!(
                client
                    .command(format!("DELE {name}"))
                    .unwrap_err()
                    .is_misuse()
            );
        }
    });
    assert_eq!(record.commands, []);
}

#[test]
fn set_pasv() {
    let server = start(Behaviour::new());
    let mut client = logged_in(Client::builder(), &server);
    for (mode, expected) in [
        (DataMode::Auto, "EPSV"),
        (DataMode::AnyActive, "EPRT"),
        (DataMode::Active, "PORT"),
        (DataMode::Passive, "PASV"),
        (DataMode::ExtendedActive, "EPRT"),
        (DataMode::ExtendedPassive, "EPSV"),
    ] {
        client.set_data_mode(mode);
        assert_eq!(digits(&mut client), b"0123456789");
        let sent = verbs(&server);
        assert_eq!(sent[sent.len() - 2..], [expected, "RETR"]);
    }

    let server = start(Behaviour::new());
    let mut client = logged_in(Client::builder().data_mode(DataMode::Active), &server);
    digits(&mut client);
    assert_eq!(verbs(&server), ["TYPE", "PORT", "RETR"]);
}

#[test]
fn trust_server_pasv_ipv4_address() {
    let elsewhere = Ipv4Addr::new(127, 0, 0, 3);
    let exchange = || {
        Script::new()
            .answer("TYPE I", "200 ok\r\n")
            .expect("PASV")
            .passive(Port::Open, Passive::ClassicAt(elsewhere))
    };
    // Not trusted, the default: the control connection's host is dialled, and the event says so.
    let script = exchange()
        .accept()
        .answer("RETR a", "150 here\r\n")
        .close_data()
        .send("226 done\r\n");
    let passive = || Client::builder().data_mode(DataMode::Passive);
    dialogue_with(passive(), script, |client| {
        client.retrieve("a").unwrap().finish().unwrap();
        assert_eq!(
            client.poll_event(),
            Some(Event::HostIgnored(elsewhere.into()))
        );
        assert_eq!(client.poll_event(), None);
    });

    // Trusted: the address is dialled, where nobody is.
    let mut config = Config::default();
    config.data_mode = DataMode::Passive;
    config.host_policy = HostPolicy::AsReported;
    let builder = Client::builder().config(config);
    dialogue_with(builder, exchange(), |client| {
        let error = client.retrieve("a").unwrap_err();
        assert_eq!(error.verb(), Some(Verb::Pasv));
        assert_eq!(error.after(), After::Usable);
    });
}

#[test]
fn makepasv() {
    // ftplib chooses by the family of the address; here EPSV is tried first, and PASV where that is
    // not done.
    let server = start(Behaviour::new().refuse("EPSV", 502, "Not here."));
    let mut client = logged_in(Client::builder(), &server);
    digits(&mut client);
    digits(&mut client);
    assert_eq!(
        verbs(&server),
        ["TYPE", "EPSV", "PASV", "RETR", "PASV", "RETR"]
    );

    let server = start(Behaviour::new().dead_port("EPSV"));
    let mut client = logged_in(Client::builder(), &server);
    assert_eq!(digits(&mut client), b"0123456789");
    assert_eq!(verbs(&server), ["TYPE", "EPSV", "PASV", "RETR"]);
}

#[test]
fn makeport() {
    // A stranger who calls first is turned away; ftplib would take what it sends.
    let server = start(Behaviour::new().stranger("RETR"));
    for mode in [DataMode::Active, DataMode::ExtendedActive] {
        let mut client = logged_in(Client::builder().data_mode(mode), &server);
        assert_eq!(digits(&mut client), b"0123456789");
        assert!(matches!(client.poll_event(), Some(Event::Stranger(_))));
    }
}

#[test]
fn sendport_and_sendeprt() {
    let v4: SocketAddr = "192.0.2.7:1025".parse().unwrap();
    let v6: SocketAddr = "[2001:db8::7]:1025".parse().unwrap();
    assert_eq!(address::encode_port(v4).unwrap(), "192,0,2,7,4,1");
    assert_eq!(address::encode_eprt(v4).unwrap(), "|1|192.0.2.7|1025|");
    assert_eq!(address::encode_eprt(v6).unwrap(), "|2|2001:db8::7|1025|");
    assert!(address::encode_port(v6).is_err());

    // The session sends them by itself, since it has to know what they set off.
    let server = start(Behaviour::new());
    let mut client = logged_in(Client::builder(), &server);
    for line in ["PORT 127,0,0,1,4,1", "EPRT |1|127.0.0.1|1025|", "REST 5"] {
        assert!(client.command(line).unwrap_err().is_misuse());
    }
    assert_eq!(verbs(&server), [""; 0]);

    // PASV or PORT on an IPv6 control connection is refused before anything is sent.
    let files = Files::new().file("/digits", "0123456789");
    let server = Loopback::builder(ServerConfig::new(), files)
        .ipv6()
        .start()
        .unwrap();
    let mut client = logged_in(Client::builder(), &server);
    for mode in [DataMode::Passive, DataMode::Active] {
        client.set_data_mode(mode);
        let error = client.retrieve("digits").unwrap_err();
        assert!(matches!(
            error.kind(),
            Some(ErrorKind::Policy(Policy::NeedsIpv4))
        ));
        assert_eq!(error.after(), After::Usable);
    }
    assert_eq!(verbs(&server), [""; 0]);
    for mode in [DataMode::Auto, DataMode::AnyActive] {
        client.set_data_mode(mode);
        assert_eq!(digits(&mut client), b"0123456789");
    }
}

#[test]
fn ntransfercmd() {
    for (mark, hint) in [
        ("150 Opening (3 bytes)", Some(3)),
        ("150 here", None),
        ("125 already (3 bytes)", None),
    ] {
        let script = Script::new()
            .answer("TYPE I", "200 ok\r\n")
            .expect("EPSV")
            .passive(Port::Open, Passive::Extended)
            .accept()
            .answer("RETR a", format!("{mark}\r\n"))
            .send_data("abc")
            .close_data()
            .send("226 done\r\n");
        dialogue(script, |client| {
            let download = client.download_command("RETR a").unwrap();
            assert_eq!(download.size_hint(), hint, "{mark}");
            let completed = download.finish().unwrap();
            let compared = hint.map_or(Compared::Nothing, Compared::Hint);
            assert_eq!(completed.compared, compared);
            assert_eq!(completed.bytes, 3);
        });
    }

    // Anything but a 1xx then is an error, and the data connection is closed.
    let script = Script::new()
        .answer("TYPE I", "200 ok\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
        .answer("RETR a", "350 hm\r\n")
        .read_data_to_reset();
    dialogue(script, |client| {
        let error = client.download_command("RETR a").unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
        assert_eq!(error.after(), After::Usable);
    });

    // A line that is no transfer of the caller's is refused.
    let server = start(Behaviour::new());
    let mut client = logged_in(Client::builder(), &server);
    for line in ["PASV", "REST 5", "PASS x", ""] {
        assert!(client.download_command(line).unwrap_err().is_misuse());
        assert!(client.upload_command(line).unwrap_err().is_misuse());
    }
    // So is a verb that moves no data, before anything is sent.
    for line in ["NOOP", "CWD a", "SIZE a"] {
        let moves_nothing = |error: ftp_blocking::Error| {
            matches!(error.kind(), Some(ErrorKind::Misuse(Misuse::NotATransfer)))
        };
        assert!(moves_nothing(client.download_command(line).unwrap_err()));
        assert!(moves_nothing(client.upload_command(line).unwrap_err()));
        assert!(moves_nothing(
            client.command_lines(line, |_| {}).unwrap_err()
        ));
    }
    assert_eq!(verbs(&server), [""; 0]);
}

#[test]
fn rest() {
    let server = start(Behaviour::new());
    let mut client = logged_in(Client::builder(), &server);
    let mut rest = Vec::new();
    let completed = client
        .retrieve_at("digits", 4)
        .unwrap()
        .copy_to(&mut rest)
        .unwrap();
    assert_eq!(rest, b"456789");
    assert_eq!(completed.compared, Compared::Size(6));
    assert_eq!(verbs(&server), ["TYPE", "SIZE", "EPSV", "REST", "RETR"]);

    // At the end there is nothing to do; beyond it there cannot be.
    let nothing = client.retrieve_at("digits", 10).unwrap().finish().unwrap();
    assert_eq!(nothing.bytes, 0);
    let error = client.retrieve_at("digits", 11).unwrap_err();
    assert!(matches!(
        error.kind(),
        Some(ErrorKind::Policy(Policy::BeyondEnd))
    ));
    assert_eq!(error.after(), After::Usable);

    // ftplib takes any 1xx to 3xx for a yes.
    for yes in [350, 200] {
        let script = Script::new()
            .answer("TYPE I", "200 ok\r\n")
            .expect("EPSV")
            .passive(Port::Open, Passive::Extended)
            .accept()
            .answer("REST 4", format!("{yes} ok\r\n"))
            .answer("RETR a", "150 here\r\n")
            .close_data()
            .send("226 done\r\n");
        dialogue(script, |client| {
            let rest = Retrieve::new(Argument::new("a").unwrap()).resume_unverified_at(4);
            client.download(rest).unwrap().finish().unwrap();
        });
    }
}

#[test]
fn acct() {
    let script = Script::new()
        .answer("ACCT payroll", "230 ok\r\n")
        .answer("ACCT x", "530 no\r\n");
    dialogue(script, |client| {
        assert_eq!(client.acct("payroll").unwrap().code().get(), 230);
        assert!(client.acct("x").unwrap_err().is_permanent());
    });
}

#[test]
fn delete_and_rmd() {
    let script = Script::new()
        .answer("DELE a", "250 gone\r\n")
        .answer("DELE a", "200 gone\r\n")
        .answer("DELE a", "350 sure?\r\n")
        .answer("PWD", "257 \"/\"\r\n")
        .answer("RMD a", "250 gone\r\n")
        .answer("RMD a", "550 not empty\r\n");
    dialogue(script, |client| {
        client.rm("a").unwrap();
        client.rm("a").unwrap();
        let error = client.rm("a").unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
        client.rmdir("a").unwrap();
        assert!(client.rmdir("a").unwrap_err().is_permanent());
    });
}

#[test]
fn size_of_a_file() {
    let script = Script::new()
        .answer("SIZE a", "213 12345678901\r\n")
        .answer("SIZE a", "213 many\r\n")
        .answer("SIZE a", "200 12\r\n")
        .answer("NOOP", "200 ok\r\n")
        .answer("SIZE a", "550 no\r\n")
        .answer("TYPE I", "200 ok\r\n")
        .answer("SIZE a", "213 7\r\n")
        .answer("SIZE a", "213 8\r\n");
    dialogue(script, |client| {
        assert_eq!(client.size("a").unwrap(), 12_345_678_901);
        // ftplib raises ValueError for the one and returns None for the other.
        let error = client.size("a").unwrap_err();
        assert!(
            matches!(error.kind(), Some(ErrorKind::Violation(Violation::Size(_)))),
            "{error}"
        );
        assert_eq!(error.after(), After::Usable);
        let error = client.size("a").unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
        assert_eq!(error.reply().map(|reply| reply.code().get()), Some(200));
        assert_eq!(error.after(), After::Settling);
        assert!(client.size("a").unwrap_err().is_permanent());
        assert_eq!(client.size_in_bytes("a").unwrap(), 7);
        assert_eq!(client.size_in_bytes("a").unwrap(), 8);
    });
}

#[test]
fn lastresp_and_welcome() {
    let script = Script::new()
        .answer("NOOP", "200 ok\r\n")
        .answer("DELE a", "550 no\r\n")
        .answer("MKD a", "257 \"a\"\r\n");
    dialogue(script, |client| {
        assert_eq!(client.welcome().text(), b"ready");
        let last = |client: &Client| client.last_code().map(ReplyCode::get);
        assert_eq!(last(client), Some(220));
        client.noop().unwrap();
        assert_eq!(last(client), Some(200));
        client.rm("a").unwrap_err();
        assert_eq!(last(client), Some(550));
        client.mkdir("a").unwrap();
        assert_eq!(last(client), Some(257));
    });
}

#[test]
fn context_manager() {
    // Leaving the scope closes, also in the midst of a transfer, and never waits: the peer is
    // silent by then.
    let script = Script::new()
        .send("220 ready\r\n")
        .answer("TYPE I", "200 ok\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
        .answer("STOR a", "150 go\r\n")
        .read_data(3)
        .ignore_rest();
    let peer = Peer::start(script).unwrap();
    {
        let mut client = Client::builder().connect_to(&[peer.address()]).unwrap();
        let mut upload = client.store("a").unwrap();
        io::Write::write_all(&mut upload, b"abc").unwrap();
    }
    let record = peer.finish().unwrap();
    assert_eq!(record.lines(), ["TYPE I", "EPSV", "STOR a", "ABOR"]);
}

#[test]
fn parse150_227_229_257() {
    let reply = |code: u16, text: &str| Reply::new(ReplyCode::new(code).unwrap(), text.as_bytes());
    assert_eq!(
        size::hint(&reply(150, "Opening a (1234 BYTES)")),
        Some(1234)
    );
    assert_eq!(size::hint(&reply(150, "Opening a")), None);

    let passive = |text: &str| address::passive(&reply(227, text)).map(SocketAddr::from);
    let expected: SocketAddr = "10.0.0.7:1025".parse().unwrap();
    assert_eq!(passive("Entering (10,0,0,7,4,1)"), Ok(expected));
    assert_eq!(passive("Entering 10,0,0,7,4,1"), Ok(expected));
    assert!(passive("Entering (10,0,0,7,4)").is_err());
    // ftplib makes a port of 65,536 and more of this.
    assert!(passive("Entering (10,0,0,7,256,1)").is_err());

    let extended = |text: &str| address::extended_passive(&reply(229, text));
    assert_eq!(extended("Entering (|||1025|)"), Ok(1025));
    assert_eq!(extended("Entering (!!!1025!)"), Ok(1025));
    // ftplib insists on brackets.
    assert_eq!(extended("Entering |||1025|"), Ok(1025));
    assert!(extended("Entering (|||65536|)").is_err());

    let path = |text: &str| {
        pathname::decode(&reply(257, text), Quoting::Doubled).map(|path| path.into_bytes())
    };
    assert_eq!(path("\"/a\" made"), Ok(b"/a".to_vec()));
    assert_eq!(path("\"/a\"\"b\" made"), Ok(b"/a\"b".to_vec()));
    assert!(path("made").is_err());
}
