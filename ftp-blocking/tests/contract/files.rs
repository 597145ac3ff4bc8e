//! The methods that move files and lines, those for names and directories, and the end.

use std::io::{self, Write};

use ftp_blocking::proto::operation::{Retrieve, Store};
use ftp_blocking::proto::{After, Argument, Closed, ErrorKind, State, Verb, Violation};
use ftp_blocking::testing::{Behaviour, Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Error};
use ftp_testbed::scripted::{Peer, Script};

use crate::{code, commands, dialogue, logged_in, opening, server};

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
    assert_eq!(
        commands(&server),
        ["FEAT", "OPTS UTF8 ON", "TYPE A", "EPSV", "LIST"]
    );
}

/// The type follows from what is done with the upload, so nothing goes out before.
#[test]
fn a_command_line_uploads_lines_in_ascii_type_and_bytes_in_image_type() {
    let server = server();
    let mut client = logged_in(&server);
    drop(client.upload_command("STOR a").unwrap());
    assert_eq!(commands(&server), [""; 0]);

    let upload = client.upload_command("STOR a").unwrap();
    let completed = upload.lines_from(&mut &b"one\ntwo"[..], |_| {}).unwrap();
    assert_eq!(completed.bytes, 10);
    assert_eq!(server.files().content("/a"), Some(&b"one\ntwo\n"[..]));

    let mut upload = client.upload_command("STOR b").unwrap();
    upload.write_all(b"one\r\n").unwrap();
    upload.finish().unwrap();
    assert_eq!(server.files().content("/b"), Some(&b"one\r\n"[..]));
    client.upload_command("STOR c").unwrap().finish().unwrap();
    assert_eq!(server.files().content("/c"), Some(&b""[..]));
    assert!(client.upload_command("STOR d").unwrap().stream().is_some());
    client
        .upload_command("STOR e")
        .unwrap()
        .abort()
        .unwrap_err();

    let commands = commands(&server);
    let types: Vec<_> = commands
        .iter()
        .filter(|line| line.starts_with("TYPE"))
        .collect();
    assert_eq!(types, ["TYPE A", "TYPE I"]);
}

/// A refusal is the error of whatever is done first.
#[test]
fn a_command_line_that_is_refused_says_so_when_it_goes_out() {
    let refused = |error: &Error| error.is_permanent() && error.verb() == Some(Verb::Stor);
    let server = server();
    let mut client = logged_in(&server);
    let upload = client.upload_command("STOR no/a").unwrap();
    assert!(refused(&upload.finish().unwrap_err()));
    let mut upload = client.upload_command("STOR no/a").unwrap();
    upload.write_all(b"a").unwrap_err();
    assert!(refused(&upload.finish().unwrap_err()));
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
            "SIZE new",
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
        client.nlst("").unwrap(),
        [&b"digits"[..], b"hello.txt", b"pub"]
    );
    assert_eq!(client.nlst("pub").unwrap().len(), 2);
    client.nlst("-a pub").unwrap();
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
    let lines = client.dir("").unwrap();
    assert_eq!(lines.len(), 3);
    assert!(lines[2].starts_with(b"d") && lines[2].ends_with(b" pub"));

    let mut called = Vec::new();
    client
        .dir_lines("-l pub", |line| called.push(line.to_vec()))
        .unwrap();
    assert_eq!(called.len(), 2);
    let sent: Vec<String> = commands(&server)
        .into_iter()
        .filter(|line| line.starts_with("LIST"))
        .collect();
    assert_eq!(sent, ["LIST", "LIST -l pub"]);
}

/// Without MLST, SIZE and MDTM tell of a file, and a listing of the parent of a directory.
#[test]
fn metadata_and_exists() {
    let refusal = Behaviour::new().refuse("MLST", 500, "What?");
    for behaviour in [Behaviour::new(), refusal] {
        let files = Files::new().file("/pub/a", "12345").directory("/pub/sub");
        let config = ServerConfig::new().behaviour(behaviour);
        let server = Loopback::start(config, files).unwrap();
        let mut client = logged_in(&server);
        let rows = [
            ("/pub/a", Some(Some(5))),
            ("/pub/sub", Some(None)),
            ("/pub/none", None),
        ];
        for (path, size) in rows {
            let entry = client.metadata(path).unwrap();
            assert_eq!(entry.map(|entry| entry.size()), size, "{path}");
            assert_eq!(client.exists(path).unwrap(), size.is_some(), "{path}");
        }
    }
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
        .answer("RNTO b", "331 and then?\r\n")
        .answer("PWD", "257 \"/\"\r\n");
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
        [
            "CWD pub",
            "CDUP",
            "CWD .",
            "FEAT",
            "OPTS UTF8 ON",
            "PWD",
            "CWD missing"
        ]
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
        .answer("NOOP", "200 ok\r\n")
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
        ("430 stay\r\n", Err(430)),
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
    // `dialogue` ends with a drop, and every script there with the end of the connection and not a
    // word before it.
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
