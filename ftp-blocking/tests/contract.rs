//! The items of the original ftplib documentation, one test for each, by its name there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_blocking::proto::operation::{Login, Retrieve, Store};
use ftp_blocking::proto::testing::AbortStyle;
use ftp_blocking::proto::{
    After, Argument, Class, Closed, Detail, ErrorKind, Interruption, State, Timeouts, Verb,
    Violation,
};
use ftp_blocking::testing::{Behaviour, Files, Loopback, ServerConfig};
use ftp_blocking::{Builder, Client, Error, Tcp, TcpLink, TcpPort, Transport};
use ftp_testbed::scripted::{Passive, Peer, Port, Record, Script};

fn files() -> Files {
    Files::new()
        .file("/hello.txt", "hello\nworld\n")
        .file("/digits", "0123456789")
        .file("/pub/one", "1")
        .file("/pub/two", "22")
}

fn server() -> Loopback {
    Loopback::start(ServerConfig::new(), files()).unwrap()
}

fn logged_in(server: &Loopback) -> Client {
    let mut client = Client::builder().connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    client
}

/// The commands of the first session after the login.
fn commands(server: &Loopback) -> Vec<String> {
    server.commands(0).split_off(2)
}

/// Runs `act` against a peer that greets and then does as the script says; the client is closed at the end.
fn dialogue(script: Script, act: impl FnOnce(&mut Client)) -> Record {
    let greeted = Script::new()
        .send("220 ready\r\n")
        .then_all(script)
        .expect_close();
    let peer = Peer::start(greeted).unwrap();
    let mut client = Client::builder().connect_to(&[peer.address()]).unwrap();
    act(&mut client);
    drop(client);
    peer.finish().unwrap_or_else(|failure| panic!("{failure}"))
}

/// TYPE and EPSV with an open port.
fn opening(letter: &str) -> Script {
    Script::new()
        .answer(format!("TYPE {letter}"), "200 ok\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
}

fn code(error: &Error) -> Option<u16> {
    error.reply().map(|reply| reply.code().get())
}

// -- the module -----------------------------------------------------------------------------------------------------------

#[test]
fn ftp_constructor() {
    let config = ServerConfig::new()
        .user("ann", "secret")
        .user_with_account("bob", "secret", "payroll");
    let server = Loopback::start(config, files()).unwrap();
    let host = server.address().to_string();

    let builder = Client::builder();
    assert_eq!(server.counts().accepted, 0, "nothing is connected yet");
    builder.connect(&host).unwrap().quit().unwrap();
    assert_eq!(server.commands(0), ["QUIT"]);

    Client::connect(&host).unwrap().quit().unwrap();
    assert_eq!(server.commands(1), ["QUIT"]);

    let mut client = Client::connect_as(&host, "ann", "secret").unwrap();
    client.pwd().unwrap();
    assert_eq!(server.commands(2), ["USER ann", "PASS secret", "PWD"]);

    let account = Login::new(Argument::new("bob").unwrap())
        .password(Argument::new("secret").unwrap())
        .account(Argument::new("payroll").unwrap());
    let mut client = Client::connect(&host).unwrap();
    client.login_with(account).unwrap();
    assert_eq!(
        server.commands(3),
        ["USER bob", "PASS secret", "ACCT payroll"]
    );

    let refused = Client::connect_as(&host, "ann", "guess").unwrap_err();
    assert_eq!(
        (refused.verb(), code(&refused)),
        (Some(Verb::Pass), Some(530))
    );
}

#[test]
fn all_errors() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let greeted_with = |greeting: &str| {
        let peer = Peer::start(Script::new().send(greeting).close()).unwrap();
        let error = Client::builder().connect_to(&[peer.address()]).unwrap_err();
        drop(peer);
        error
    };
    // From the look-up, the socket, the protocol, the end of input, the server: one type, and an `io::Error` if wanted.
    let cases: [(Error, io::ErrorKind); 5] = [
        (
            Client::connect("no\0host").unwrap_err(),
            io::ErrorKind::InvalidInput,
        ),
        (
            Client::builder().connect_to(&[free]).unwrap_err(),
            io::ErrorKind::ConnectionRefused,
        ),
        (greeted_with("hello\r\n"), io::ErrorKind::InvalidData),
        (greeted_with(""), io::ErrorKind::ConnectionAborted),
        (greeted_with("530 no\r\n"), io::ErrorKind::PermissionDenied),
    ];
    for (error, kind) in cases {
        assert!(!error.is_misuse(), "{error}");
        assert!(error.is_fatal(), "{error}");
        assert_eq!(io::Error::from(error).kind(), kind);
    }

    // A programming error is marked as one, and harms nothing.
    let server = server();
    let mut client = logged_in(&server);
    for misuse in [
        client.command("PASV").unwrap_err(),
        client.command("NOOP\r\nNOOP").unwrap_err(),
        client.rm("").unwrap_err(),
    ] {
        assert!(misuse.is_misuse());
        assert_eq!(misuse.after(), After::Usable);
        assert_eq!(io::Error::from(misuse).kind(), io::ErrorKind::InvalidInput);
    }
    client.noop().unwrap();
    assert_eq!(commands(&server), ["NOOP"]);
}

#[test]
fn error_reply() {
    let script = Script::new()
        .answer("RNFR a", "200-what\r\n200 ever\r\n")
        .answer("NOOP", "200 ok\r\n");
    dialogue(script, |client| {
        let error = client.rename("a", "b").unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
        assert_eq!((error.verb(), code(&error)), (Some(Verb::Rnfr), Some(200)));
        assert_eq!(error.reply().unwrap().text(), b"what\never");
        assert!(!error.is_transient() && !error.is_permanent());
        assert_eq!(error.after(), After::Usable);
        client.noop().unwrap();
    });
}

#[test]
fn error_temp() {
    for code_sent in [400, 450, 499] {
        let script = Script::new()
            .answer("DELE a", format!("{code_sent} busy\r\n"))
            .answer("NOOP", "200 ok\r\n");
        dialogue(script, |client| {
            let error = client.rm("a").unwrap_err();
            assert!(matches!(error.kind(), Some(ErrorKind::Refused(_))));
            assert_eq!(error.reply().unwrap().class(), Class::TransientNegative);
            assert_eq!(code(&error), Some(code_sent));
            assert!(error.is_transient() && !error.is_permanent());
            client.noop().unwrap();
        });
    }
}

#[test]
fn error_perm() {
    for code_sent in [500, 550, 599] {
        let script = Script::new()
            .answer("DELE a", format!("{code_sent} no\r\n"))
            .answer("NOOP", "200 ok\r\n");
        dialogue(script, |client| {
            let error = client.rm("a").unwrap_err();
            assert!(matches!(error.kind(), Some(ErrorKind::Refused(_))));
            assert_eq!(code(&error), Some(code_sent));
            assert!(error.is_permanent() && !error.is_transient());
            client.noop().unwrap();
        });
    }
}

#[test]
fn error_proto() {
    for line in ["hello", "22 x", "099 x", "700 x", "2000 x", "x200 y"] {
        dialogue(
            Script::new().answer("NOOP", format!("{line}\r\n")),
            |client| {
                let error = client.noop().unwrap_err();
                assert!(
                    matches!(
                        error.kind(),
                        Some(ErrorKind::Violation(Violation::Reply(_)))
                    ),
                    "{line}: {error}"
                );
                assert_eq!(error.verb(), Some(Verb::Noop));
                assert!(error.is_fatal(), "the conversation is out of step");
            },
        );
    }
    // An address that cannot be read is none either, and leaves the conversation in step.
    let script = Script::new()
        .answer("TYPE I", "200 ok\r\n")
        .answer("EPSV", "229 here you are\r\n")
        .answer("NOOP", "200 ok\r\n");
    dialogue(script, |client| {
        let error = client.retrieve("a").unwrap_err();
        assert!(matches!(
            error.kind(),
            Some(ErrorKind::Violation(Violation::Address(_)))
        ));
        assert_eq!(error.verb(), Some(Verb::Epsv));
        assert_eq!(error.after(), After::Usable);
        client.noop().unwrap();
    });
    // 6yz is what RFC 2228 answers protected commands with: no success, but a reply.
    dialogue(Script::new().answer("NOOP", "631 x\r\n"), |client| {
        let error = client.noop().unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
    });
}

// -- the class --------------------------------------------------------------------------------------------------------------

#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn set_debuglevel() {
    let config = ServerConfig::new().user_with_account("ann", "hidden", "payroll");
    let server = Loopback::start(config, files()).unwrap();
    let mut client = Client::builder().connect_to(&[server.address()]).unwrap();
    let shown = Shown::default();
    client.debug_to(shown.clone());

    client.noop().unwrap();
    assert_eq!(shown.take(), [""; 0], "0, the default: nothing");

    client.set_debug_level(Detail::Requests);
    client.noop().unwrap();
    assert_eq!(shown.take(), ["-> NOOP", "<- 200 Done nothing."]);

    client.set_debug_level(Detail::Everything);
    client.noop().unwrap();
    assert_eq!(
        shown.take(),
        [
            "-> NOOP",
            "<< 200 Done nothing.\\r\\n",
            "<- 200 Done nothing."
        ]
    );

    // Neither the password nor the account is ever shown.
    let login = Login::new(Argument::new("ann").unwrap())
        .password(Argument::new("hidden").unwrap())
        .account(Argument::new("payroll").unwrap());
    client.login_with(login).unwrap();
    let lines = shown.take();
    for line in ["-> USER ann", "-> PASS ******", "-> ACCT *******"] {
        assert!(lines.contains(&line.to_owned()), "{lines:?}");
    }
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("hidden") || line.contains("payroll"))
    );

    client.set_debug_level(Detail::Off);
    client.noop().unwrap();
    assert_eq!(shown.take(), [""; 0]);
}

/// Notes whom it is to dial, and dials nobody.
struct Nobody(Arc<Mutex<Vec<SocketAddr>>>);

impl Transport for Nobody {
    type Stream = TcpLink;
    type Listener = TcpPort;

    fn connect(&mut self, _: &str, to: SocketAddr, _: Duration) -> io::Result<TcpLink> {
        self.0.lock().unwrap().push(to);
        Err(io::ErrorKind::HostUnreachable.into())
    }

    fn connect_data(&mut self, _: &TcpLink, _: SocketAddr, _: Duration) -> io::Result<TcpLink> {
        unreachable!("there is no session")
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(TcpPort, SocketAddr)> {
        Tcp::new().listen(local)
    }

    fn accept(
        &mut self,
        listener: &mut TcpPort,
        limit: Duration,
    ) -> io::Result<Option<(TcpLink, SocketAddr)>> {
        Tcp::new().accept(listener, limit)
    }

    fn secure_control(&mut self, stream: &mut TcpLink) -> io::Result<()> {
        Tcp::new().secure_control(stream)
    }

    fn secure_data(&mut self, control: &TcpLink, data: &mut TcpLink) -> io::Result<()> {
        Tcp::new().secure_data(control, data)
    }
}

#[test]
fn connect() {
    let dialled = Arc::new(Mutex::new(Vec::new()));
    for (host, expected) in [
        ("127.0.0.9", "127.0.0.9:21"),
        ("127.0.0.9:2121", "127.0.0.9:2121"),
        ("::1", "[::1]:21"),
        ("[::1]", "[::1]:21"),
        ("[::1]:2121", "[::1]:2121"),
    ] {
        let error = Builder::new(Nobody(Arc::clone(&dialled)))
            .connect(host)
            .unwrap_err();
        let expected: SocketAddr = expected.parse().unwrap();
        assert_eq!(std::mem::take(&mut *dialled.lock().unwrap()), [expected]);
        assert!(matches!(error, Error::Connect(tried) if tried[0].0 == expected));
    }

    // All addresses are tried, and each is told of.
    let addresses = ["127.0.0.7:1", "127.0.0.8:1"].map(|address| address.parse().unwrap());
    let error = Builder::new(Nobody(Arc::clone(&dialled)))
        .connect_to(&addresses)
        .unwrap_err();
    assert_eq!(*dialled.lock().unwrap(), addresses);
    let text = error.to_string();
    assert!(text.contains("127.0.0.7:1") && text.contains("127.0.0.8:1"));

    // The first one that answers serves.
    let server = server();
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let client = Client::builder()
        .connect_to(&[free, server.address()])
        .unwrap();
    assert_eq!(client.state(), State::Usable);
}

#[test]
fn getwelcome() {
    let script = Script::new()
        .send("120 soon\r\n")
        .send(b"220-Welcome to \xe9\r\n Be nice.\r\n220 Ready.\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let client = Client::builder().connect_to(&[peer.address()]).unwrap();
    let welcome = client.welcome();
    assert_eq!(welcome.code().get(), 220);
    assert_eq!(welcome.text(), b"Welcome to \xe9\n Be nice.\nReady.");
    assert_eq!(welcome.text_lossy().lines().count(), 3);
    assert_eq!(
        welcome.preliminary().map(|reply| reply.code().get()),
        Some(120)
    );
    drop(client);
    peer.finish().unwrap();
}

#[test]
fn login() {
    // What is told, and the dialogue: what is sent and how it is answered.
    type Told = (String, String, Option<String>);
    type Dialogue<'a> = &'a [(&'a str, &'a str)];
    type Case<'a> = (Told, Dialogue<'a>, Result<u16, u16>);
    let plain = |user: &str, password: &str| (user.to_owned(), password.to_owned(), None);
    let full = |account: &str| ("ann".to_owned(), "pw".to_owned(), Some(account.to_owned()));
    let cases: [Case<'_>; 12] = [
        (plain("ann", "pw"), &[("USER ann", "230 in")], Ok(230)),
        (
            plain("ann", "pw"),
            &[("USER ann", "331 pw"), ("PASS pw", "230 in")],
            Ok(230),
        ),
        (
            plain("ann", ""),
            &[("USER ann", "331 pw"), ("PASS", "230 in")],
            Ok(230),
        ),
        (
            plain("ann", "pw"),
            &[("USER ann", "331 pw"), ("PASS pw", "202 superfluous")],
            Ok(202),
        ),
        (
            plain("", ""),
            &[("USER anonymous", "331 pw"), ("PASS anonymous@", "230 in")],
            Ok(230),
        ),
        (
            plain("anonymous", ""),
            &[("USER anonymous", "331 pw"), ("PASS anonymous@", "230 in")],
            Ok(230),
        ),
        (
            plain("anonymous", "me@here"),
            &[("USER anonymous", "331 pw"), ("PASS me@here", "230 in")],
            Ok(230),
        ),
        (
            full("acc"),
            &[
                ("USER ann", "331 pw"),
                ("PASS pw", "332 acct"),
                ("ACCT acc", "230 in"),
            ],
            Ok(230),
        ),
        // ftplib sends PASS here, which nobody asked for.
        (
            full("acc"),
            &[("USER ann", "332 acct"), ("ACCT acc", "230 in")],
            Ok(230),
        ),
        (
            plain("ann", "pw"),
            &[("USER ann", "331 pw"), ("PASS pw", "332 acct")],
            Err(332),
        ),
        (plain("ann", "pw"), &[("USER ann", "530 no")], Err(530)),
        (
            plain("ann", "pw"),
            &[("USER ann", "331 pw"), ("PASS pw", "430 later")],
            Err(430),
        ),
    ];
    for ((user, password, account), exchange, outcome) in cases {
        let script = exchange
            .iter()
            .fold(Script::new(), |script, (line, reply)| {
                script.answer(line, format!("{reply}\r\n"))
            });
        let script = script.answer("NOOP", "200 ok\r\n");
        dialogue(script, |client| {
            let result = match account {
                None => client.login(&user, &password),
                Some(account) => client.login_with(
                    Login::new(Argument::new(&user).unwrap())
                        .password(Argument::new(&password).unwrap())
                        .account(Argument::new(account).unwrap()),
                ),
            };
            let result = result.map(|reply| reply.code().get());
            assert_eq!(
                result.as_ref().map_err(|error| code(error).unwrap()),
                outcome.as_ref().map_err(|code| *code),
                "{exchange:?}"
            );
            client.noop().unwrap();
        });
    }
}

#[test]
fn abort() {
    for style in [
        AbortStyle::Prompt,
        AbortStyle::Vsftpd,
        AbortStyle::ProFtpd,
        AbortStyle::PureFtpd,
        AbortStyle::Pyftpdlib,
        AbortStyle::Inetutils,
        AbortStyle::Libunftp,
    ] {
        let config = ServerConfig::new().behaviour(Behaviour::new().abort(style));
        let files = files().file("/large", vec![1; 8 << 20]);
        let server = Loopback::start(config, files).unwrap();
        let mut timeouts = Timeouts::default();
        timeouts.abort_grace = Duration::from_millis(200);
        let mut client = Client::builder()
            .timeouts(timeouts)
            .connect_to(&[server.address()])
            .unwrap();
        client.login_anonymous().unwrap();

        let mut download = client.retrieve("large").unwrap();
        io::copy(&mut io::Read::take(&mut download, 1000), &mut io::sink()).unwrap();
        let error = download.abort().unwrap_err();
        let interrupted = error.session().unwrap().interrupted().unwrap();
        assert_eq!(interrupted.cause, Interruption::Aborted, "{style:?}");
        assert_eq!(error.after(), After::Draining, "{style:?}");

        let mut upload = client.store("half").unwrap();
        upload.write_all(&[2; 1000]).unwrap();
        let error = upload.abort().unwrap_err();
        assert_eq!(error.after(), After::Draining, "{style:?}");

        // Whatever the server had to say to that, none of it is taken for the answer to what follows.
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/", "{style:?}");
        let mut digits = Vec::new();
        client.retrieve_to("digits", &mut digits).unwrap();
        assert_eq!(digits, b"0123456789", "{style:?}");
        assert_eq!(client.state(), State::Usable);
        let sent = commands(&server);
        assert_eq!(sent.iter().filter(|line| *line == "ABOR").count(), 2);
    }
}

#[test]
fn sendcmd() {
    let script = Script::new()
        .answer("RNFR a", "350 go on\r\n")
        .answer("SITE x y", "200 ok\r\n")
        .answer("DELE a", "450 busy\r\n")
        .answer("DELE a", "550 no\r\n");
    dialogue(script, |client| {
        assert_eq!(client.command("RNFR a").unwrap().code().get(), 350);
        assert_eq!(client.command("SITE x y").unwrap().text(), b"ok");
        assert_eq!(code(&client.command("DELE a").unwrap_err()), Some(450));
        assert_eq!(code(&client.command("DELE a").unwrap_err()), Some(550));
    });
}

#[test]
fn voidcmd() {
    let script = Script::new()
        .answer("NOOP", "200 ok\r\n")
        .answer("MKD a", "257 \"a\"\r\n")
        .answer("RNFR a", "350 go on\r\n")
        .answer("DELE a", "450 busy\r\n")
        .answer("DELE a", "550 no\r\n");
    dialogue(script, |client| {
        assert_eq!(client.complete("NOOP").unwrap().code().get(), 200);
        assert_eq!(client.complete("MKD a").unwrap().code().get(), 257);
        let error = client.complete("RNFR a").unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
        assert_eq!(code(&error), Some(350));
        assert_eq!(code(&client.complete("DELE a").unwrap_err()), Some(450));
        assert_eq!(code(&client.complete("DELE a").unwrap_err()), Some(550));
    });
}

#[test]
fn retrbinary() {
    let server = server();
    let mut client = logged_in(&server);
    let mut blocks = Vec::new();
    let completed = client
        .download_command("RETR digits")
        .unwrap()
        .blocks(4, |block| blocks.push(block.to_vec()))
        .unwrap();
    assert!(blocks.iter().all(|block| (1..=4).contains(&block.len())));
    assert_eq!(blocks.concat(), b"0123456789");
    assert_eq!(completed.bytes, 10);
    assert_eq!(completed.reply.unwrap().code().get(), 226);

    let rest = Retrieve::new(Argument::new("digits").unwrap()).resume_unverified_at(7);
    let mut end = Vec::new();
    client.download(rest).unwrap().copy_to(&mut end).unwrap();
    assert_eq!(end, b"789");
    assert_eq!(
        commands(&server),
        [
            "TYPE I",
            "EPSV",
            "RETR digits",
            "EPSV",
            "REST 7",
            "RETR digits"
        ]
    );

    let error = client.retrieve("missing").unwrap_err();
    assert_eq!((error.verb(), code(&error)), (Some(Verb::Retr), Some(550)));
    assert_eq!(error.after(), After::Usable);

    // The final reply has to be 2xx.
    let script = opening("I")
        .answer("RETR a", "150 here\r\n")
        .send_data("abc")
        .close_data()
        .send("451 disk\r\n");
    dialogue(script, |client| {
        let mut sink = Vec::new();
        let error = client.retrieve_to("a", &mut sink).unwrap_err();
        assert_eq!(code(&error), Some(451));
        assert_eq!(
            (sink.as_slice(), error.after()),
            (&b"abc"[..], After::Usable)
        );
    });
}

#[test]
fn retrlines() {
    let long = vec![b'x'; 8192];
    let cases: [(&[u8], &[&[u8]]); 7] = [
        (b"", &[]),
        (b"one\r\ntwo\r\n", &[b"one", b"two"]),
        (b"one\ntwo\n", &[b"one", b"two"]),
        (b"no end", &[b"no end"]),
        (b"a\rb\r\n\r\nc", &[b"a\rb", b"", b"c"]),
        (b"caf\xe9\r\n", &[b"caf\xe9"]),
        (&long, &[&long]),
    ];
    for (payload, expected) in cases {
        let script = opening("A")
            .answer("RETR a", "150 here\r\n")
            .send_data(payload)
            .close_data()
            .send("226 done\r\n");
        dialogue(script, |client| {
            let mut lines = Vec::new();
            client
                .retrieve_lines("a", |line| lines.push(line.to_vec()))
                .unwrap();
            assert_eq!(lines, expected);
        });
    }

    // A line of more than 8,192 bytes is an error, wherever its end is.
    for end in ["x", "x\r\n", "x and so on"] {
        let mut payload = long.clone();
        payload.extend_from_slice(end.as_bytes());
        let server = Loopback::start(
            ServerConfig::new(),
            Files::new().file("/long", payload).file("/short", "short"),
        )
        .unwrap();
        let mut client = logged_in(&server);
        let error = client
            .retrieve_lines("long", |_| panic!("no line is whole"))
            .unwrap_err();
        assert!(matches!(error, Error::Local(..)), "{error}");
        assert!(!error.is_fatal());
        client.retrieve_lines("short", |_| {}).unwrap();
    }

    // With a command, as the documentation's example has it.
    let server = server();
    let mut client = logged_in(&server);
    let mut lines = Vec::new();
    client
        .command_lines("LIST", |line| lines.push(line.to_vec()))
        .unwrap();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].ends_with(b" digits"));
    assert_eq!(commands(&server), ["TYPE A", "EPSV", "LIST"]);
}

#[test]
fn storbinary() {
    let server = server();
    let mut client = logged_in(&server);
    let mut blocks = Vec::new();
    let completed = client
        .upload_command("STOR new")
        .unwrap()
        .copy_from(&mut &b"0123456789"[..], 4, |block| {
            blocks.push(block.to_vec());
        })
        .unwrap();
    assert_eq!(blocks, [&b"0123"[..], b"4567", b"89"]);
    assert_eq!(completed.bytes, 10);
    assert_eq!(server.files().content("/new"), Some(&b"0123456789"[..]));

    client
        .store_at("new", 8)
        .unwrap()
        .copy_from(&mut &b"XYZ"[..], 8192, |_| {})
        .unwrap();
    assert_eq!(server.files().content("/new"), Some(&b"01234567XYZ"[..]));

    client.store_from("empty", &mut io::empty()).unwrap();
    assert_eq!(server.files().content("/empty"), Some(&b""[..]));
    assert_eq!(
        commands(&server),
        [
            "TYPE I",
            "EPSV",
            "STOR new",
            "EPSV",
            "REST 8",
            "STOR new",
            "EPSV",
            "STOR empty"
        ]
    );
}

#[test]
fn storlines() {
    let cases: [(&[u8], &[u8]); 8] = [
        (b"", b""),
        (b"one\r\ntwo\r\n", b"one\r\ntwo\r\n"),
        (b"one\ntwo\n", b"one\r\ntwo\r\n"),
        (b"no end", b"no end\r\n"),
        (b"ends with cr\r", b"ends with cr\r\n"),
        (b"a\rb\n\n", b"a\rb\r\n\r\n"),
        (b"caf\xe9\n", b"caf\xe9\r\n"),
        (b"\n", b"\r\n"),
    ];
    for (source, wire) in cases {
        let script = opening("A")
            .answer("STOR a", "150 go\r\n")
            .read_data_to_end()
            .send("226 done\r\n");
        let record = dialogue(script, |client| {
            let mut sent = Vec::new();
            let store = Store::new(Argument::new("a").unwrap()).ascii();
            client
                .upload(store)
                .unwrap()
                .lines_from(&mut &source[..], |line| sent.extend_from_slice(line))
                .unwrap();
            assert_eq!(sent, wire, "the callback gets each line as it was sent");
        });
        assert_eq!(record.data[0].1, wire);
    }

    let server = server();
    let mut client = logged_in(&server);
    let too_long = vec![b'x'; 8193];
    let error = client.store_lines("long", &mut &too_long[..]).unwrap_err();
    assert!(matches!(error, Error::Local(..)));
    client.store_lines("short", &mut &b"short"[..]).unwrap();
}

#[test]
fn nlst() {
    let server = server();
    let mut client = logged_in(&server);
    assert_eq!(
        client.nlst(&[]).unwrap(),
        [&b"digits"[..], b"hello.txt", b"pub"]
    );
    assert_eq!(client.nlst(&["pub"]).unwrap().len(), 2);
    client.nlst(&["-a", "", "pub"]).unwrap();
    let sent: Vec<String> = commands(&server)
        .into_iter()
        .filter(|line| line.starts_with("NLST"))
        .collect();
    assert_eq!(sent, ["NLST", "NLST pub", "NLST -a pub"]);
}

#[test]
fn dir() {
    let server = server();
    let mut client = logged_in(&server);
    let lines = client.dir(&[]).unwrap();
    assert_eq!(lines.len(), 3);
    assert!(lines[2].starts_with(b"d") && lines[2].ends_with(b" pub"));

    let mut called = Vec::new();
    client
        .dir_lines(&["-l", "pub"], |line| called.push(line.to_vec()))
        .unwrap();
    assert_eq!(called.len(), 2);
    let sent: Vec<String> = commands(&server)
        .into_iter()
        .filter(|line| line.starts_with("LIST"))
        .collect();
    assert_eq!(sent, ["LIST", "LIST -l pub"]);
}

#[test]
fn rename() {
    let server = server();
    let mut client = logged_in(&server);
    client.rename("digits", "numbers").unwrap();
    assert!(server.files().get("/digits").is_none());
    assert_eq!(server.files().content("/numbers"), Some(&b"0123456789"[..]));
    assert_eq!(commands(&server), ["RNFR digits", "RNTO numbers"]);

    let error = client.rename("digits", "x").unwrap_err();
    assert_eq!((error.verb(), code(&error)), (Some(Verb::Rnfr), Some(550)));
    let script = Script::new()
        .answer("RNFR a", "350 go on\r\n")
        .answer("RNTO b", "553 no\r\n")
        .answer("RNFR a", "350 go on\r\n")
        .answer("RNTO b", "350 and then?\r\n");
    dialogue(script, |client| {
        let error = client.rename("a", "b").unwrap_err();
        assert_eq!((error.verb(), code(&error)), (Some(Verb::Rnto), Some(553)));
        let error = client.rename("a", "b").unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
    });
}

#[test]
fn cwd() {
    let server = server();
    let mut client = logged_in(&server);
    client.cwd("pub").unwrap();
    client.cwd("..").unwrap();
    client.cwd("").unwrap();
    assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
    assert_eq!(code(&client.cwd("missing").unwrap_err()), Some(550));
    assert_eq!(
        commands(&server),
        ["CWD pub", "CDUP", "CWD .", "PWD", "CWD missing"]
    );

    let script = Script::new()
        .answer("CDUP", "500 what?\r\n")
        .answer("CWD ..", "250 up\r\n")
        .answer("CDUP", "502 no\r\n")
        .answer("CDUP", "550 at the top\r\n");
    dialogue(script, |client| {
        client.cwd("..").unwrap();
        assert_eq!(code(&client.cwd("..").unwrap_err()), Some(502));
        assert_eq!(code(&client.cdup().unwrap_err()), Some(550));
    });
}

#[test]
fn mkd() {
    let script = Script::new()
        .answer("MKD a", "257 \"/x/a\" created\r\n")
        .answer("MKD b", "257 \"/the \"\"b\"\" one\" created\r\n")
        .answer("MKD c", "250 created\r\n")
        .answer("MKD d", "257 created\r\n")
        .answer("MKD e", "550 no\r\n");
    dialogue(script, |client| {
        let mut made = |name: &str| {
            client
                .mkdir(name)
                .map(|path| path.map(|path| path.into_bytes()))
        };
        assert_eq!(made("a").unwrap().unwrap(), b"/x/a");
        assert_eq!(made("b").unwrap().unwrap(), b"/the \"b\" one");
        assert_eq!(made("c").unwrap(), None);
        assert_eq!(made("d").unwrap(), None);
        assert_eq!(code(&made("e").unwrap_err()), Some(550));
    });
}

#[test]
fn pwd() {
    let script = Script::new()
        .answer("PWD", "257 \"/a b\" is here\r\n")
        .answer("PWD", "257 \"/a\"\"b\"\r\n")
        .answer("PWD", b"257 \"/caf\xe9\"\r\n")
        .answer("PWD", "257 nowhere\r\n")
        .answer("PWD", "250 \"/a\"\r\n")
        .answer("PWD", "550 no\r\n");
    dialogue(script, |client| {
        assert_eq!(client.pwd().unwrap().to_str(), Some("/a b"));
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/a\"b");
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/caf\xe9");
        // ftplib returns an empty string for these two.
        let error = client.pwd().unwrap_err();
        assert!(matches!(
            error.kind(),
            Some(ErrorKind::Violation(Violation::Path(_)))
        ));
        assert_eq!(error.after(), After::Usable);
        let error = client.pwd().unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
        assert_eq!(code(&client.pwd().unwrap_err()), Some(550));
    });
}

#[test]
fn quit() {
    // The connection is closed whatever the server answers: `expect_close` of the script.
    for (reply, expected) in [
        ("221 bye\r\n", Ok(221)),
        ("200 bye\r\n", Ok(200)),
        ("450 stay\r\n", Err(450)),
        ("500 what?\r\n", Err(500)),
    ] {
        let script = Script::new()
            .send("220 ready\r\n")
            .answer("QUIT", reply)
            .expect_close();
        let peer = Peer::start(script).unwrap();
        let client = Client::builder().connect_to(&[peer.address()]).unwrap();
        let outcome = client.quit().map(|reply| reply.code().get());
        assert_eq!(outcome.map_err(|error| code(&error).unwrap()), expected);
        peer.finish().unwrap();
    }

    let script = Script::new().send("220 ready\r\n").expect("QUIT").close();
    let peer = Peer::start(script).unwrap();
    let client = Client::builder().connect_to(&[peer.address()]).unwrap();
    let error = client.quit().unwrap_err();
    assert!(matches!(
        error.kind(),
        Some(ErrorKind::Closed(Closed::Eof, None))
    ));
    assert_eq!(error.verb(), Some(Verb::Quit));
}

#[test]
fn close() {
    // `dialogue` ends with a drop, and every script there with the end of the connection and not a word before it.
    let record = dialogue(Script::new(), |_| {});
    assert_eq!(record.lines(), [""; 0]);

    let peer = Peer::start(Script::new().send("220 ready\r\n").expect_close()).unwrap();
    let client = Client::builder().connect_to(&[peer.address()]).unwrap();
    client.close();
    assert_eq!(peer.finish().unwrap().lines(), [""; 0]);

    // On a connection that the server has closed already.
    let peer = Peer::start(Script::new().send("220 ready\r\n").close()).unwrap();
    let mut client = Client::builder().connect_to(&[peer.address()]).unwrap();
    peer.finish().unwrap();
    assert!(client.noop().unwrap_err().is_fatal());
    assert!(matches!(client.state(), State::Dead(Closed::Eof)));
    client.close();
}
