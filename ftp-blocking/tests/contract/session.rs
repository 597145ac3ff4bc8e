//! The methods that make a session, and commands.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_blocking::proto::operation::Login;
use ftp_blocking::proto::testing::AbortStyle;
use ftp_blocking::proto::{
    After, Argument, Detail, ErrorKind, Interruption, State, Target, Timeouts,
};
use ftp_blocking::testing::{Behaviour, Loopback, ServerConfig};
use ftp_blocking::{Builder, Client, Endpoint, Error, Tcp, TcpLink, TcpPort, Transport};
use ftp_testbed::scripted::{Peer, Script};

use crate::{code, commands, dialogue, files, server};

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
    for line in ["-> USER ann", "-> PASS *", "-> ACCT *"] {
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

    fn connect(&mut self, to: &Endpoint, _: Duration) -> io::Result<TcpLink> {
        self.0.lock().unwrap().push(to.address().unwrap());
        Err(io::ErrorKind::HostUnreachable.into())
    }

    fn connect_data(&mut self, _: &TcpLink, _: Target, _: Duration) -> io::Result<TcpLink> {
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
        assert!(matches!(error, Error::Connect(tried) if tried[0].0 == expected.into()));
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
            &[("USER ann", "331 pw"), ("PASS ", "230 in")],
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
        assert_eq!(error.after(), After::Settling, "{style:?}");

        let mut upload = client.store("half").unwrap();
        upload.write_all(&[2; 1000]).unwrap();
        let error = upload.abort().unwrap_err();
        assert_eq!(error.after(), After::Settling, "{style:?}");

        // Whatever the server had to say to that, none of it is taken for the answer to what
        // follows.
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
