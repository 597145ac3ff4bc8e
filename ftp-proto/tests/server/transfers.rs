//! Transfers of a server that behaves, with the data connections played by hand.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ftp_proto::testing::{Behaviour, Channel, Peer, ServerAction, ServerLink, ServerReport};

use crate::driven::{CLIENT, Driven, NOW, codes, config};

#[test]
fn downloads() {
    let mut driven = Driven::ready(Behaviour::new());
    let (said, came) = driven.download("RETR hello.txt");
    assert_eq!(
        said,
        "150 Opening BINARY mode data connection for hello.txt (12 bytes).\r\n226 Transfer complete.\r\n"
    );
    assert_eq!(came, "hello\nworld\n");
    assert!(driven.did(ServerAction::Close {
        channel: driven.channel()
    }));
    driven.ask("TYPE A");
    assert_eq!(driven.download("RETR hello.txt").1, "hello\r\nworld\r\n");
}

#[test]
fn a_download_resumes_at_an_offset() {
    let mut driven = Driven::ready(Behaviour::new());
    driven.ask("REST 6");
    // REST is for the very next command: EPSV undoes it.
    assert_eq!(driven.download("RETR hello.txt").1, "hello\nworld\n");
    driven.ask("EPSV");
    driven.ask("REST 6");
    assert_eq!(driven.server.state().restart, 6);
    driven.ask("RETR hello.txt");
    assert_eq!(codes(&driven.run()), "150 226");
    assert_eq!(driven.came(), "world\n");
    assert_eq!(driven.server.state().restart, 0);
    driven.ask("EPSV");
    driven.ask("REST 12");
    driven.ask("RETR hello.txt");
    assert_eq!(
        (codes(&driven.run()), driven.came()),
        ("150 226".into(), String::new())
    );
    driven.ask("EPSV");
    driven.ask("REST 13");
    assert_eq!(codes(&driven.ask("RETR hello.txt")), "554");
}

#[test]
fn listings() {
    let old = "-rw-r--r--   1 ftp      ftp                10 Feb 29  2000 old.bin\r\n";
    let names = "pub/a b\r\npub/say \"hi\"\r\npub/\u{ff}\u{e9}\r\n";
    let table = [
        ("LIST old.bin", old),
        ("LIST -a -l old.bin", old),
        ("LIST empty", ""),
        ("NLST", "empty\r\nhello.txt\r\nold.bin\r\npub\r\n"),
        ("NLST pub", names),
        ("NLST pub/", names),
        ("NLST pub/a b", "pub/a b\r\n"),
    ];
    let mut driven = Driven::ready(Behaviour::new());
    for (command, listing) in table {
        let (said, came) = driven.download(command);
        assert_eq!(
            (codes(&said).as_str(), came.as_str()),
            ("150 226", listing),
            "{command}"
        );
    }
    let (_, listing) = driven.download("LIST -la");
    let last = "drwxr-xr-x   2 ftp      ftp              4096 Jan  1  1970 pub\r\n";
    assert!(listing.ends_with(&format!("{old}{last}")), "{listing}");
    let (_, facts) = driven.download("MLSD pub");
    assert!(facts.starts_with(
        "type=cdir;modify=19700101000000;perm=cdeflmp;UNIX.mode=0755; .\r\ntype=pdir;"
    ));
    assert!(
        facts.contains(
            "\r\ntype=file;size=5;modify=19700101000000;perm=adfrw;UNIX.mode=0644; a b\r\n"
        )
    );
    driven.ask("EPSV");
    assert_eq!(codes(&driven.ask("LIST nosuch")), "550");
    assert_eq!(codes(&driven.ask("MLSD hello.txt")), "501");
}

#[test]
fn uploads() {
    let mut driven = Driven::ready(Behaviour::new());
    let (said, channel) = driven.upload("STOR new", b"one\r\n");
    assert_eq!(said, "150 Opening BINARY mode data connection for new.\r\n");
    assert!(driven.server.is_transferring());
    assert_eq!(driven.end(channel), "226 Transfer complete.\r\n");
    assert_eq!(driven.server.files().content("/new").unwrap(), b"one\r\n");
    assert_eq!(driven.server.files().get("/new").unwrap().modified(), NOW);

    let (_, channel) = driven.upload("APPE new", b"two");
    driven.end(channel);
    assert_eq!(
        driven.server.files().content("/new").unwrap(),
        b"one\r\ntwo"
    );

    driven.ask("EPSV");
    driven.ask("REST 3");
    driven.ask("STOR new");
    driven.run();
    let channel = driven.channel();
    driven.server.payload_received(channel, b"!");
    driven.end(channel);
    assert_eq!(driven.server.files().content("/new").unwrap(), b"one!");

    driven.ask("TYPE A");
    let (_, channel) = driven.upload("STOR text", b"a\r\nb\r");
    driven.server.payload_received(channel, b"\n");
    driven.end(channel);
    assert_eq!(driven.server.files().content("/text").unwrap(), b"a\nb\n");

    let (_, channel) = driven.upload("STOR nothing", b"");
    assert_eq!(codes(&driven.end(channel)), "226");
    assert_eq!(driven.server.files().content("/nothing").unwrap(), b"");
}

#[test]
fn unique_names() {
    let mut driven = Driven::ready(Behaviour::new());
    for name in ["ftp.1", "ftp.2"] {
        let (said, channel) = driven.upload("STOU", b"u");
        assert_eq!(said, format!("150 FILE: {name}\r\n"));
        driven.end(channel);
        let stored = driven.server.files().content(format!("/{name}"));
        assert_eq!(stored.unwrap(), b"u");
    }
}

#[test]
fn active_mode() {
    let mut driven = Driven::new(config().peer(CLIENT));
    driven.ask("USER ann\r\nPASS secret\r\nTYPE I\r\nPORT 127,0,0,1,4,210");
    assert_eq!(driven.ask("RETR pub/a b"), "");
    let channel = Channel::new(0);
    let to = SocketAddr::from((CLIENT, 1234));
    assert_eq!(driven.actions, [ServerAction::Connect { channel, to }]);
    assert_eq!(codes(&driven.run()), "150 226");
    assert_eq!(driven.sent[&0], b"12345");
    assert_eq!(
        codes(&driven.ask("RETR pub/a b")),
        "425",
        "the address is used up"
    );
}

#[test]
fn broken_transfers() {
    let mut driven = Driven::ready(Behaviour::new());
    let (_, channel) = driven.upload("STOR part", b"abc");
    assert_eq!(codes(&driven.fail(channel)), "426");
    assert_eq!(driven.server.files().content("/part").unwrap(), b"abc");

    driven.ask("EPSV");
    driven.ask("RETR hello.txt");
    assert_eq!(codes(&driven.fail(driven.channel())), "425");

    driven.ask("EPSV");
    driven.ask("RETR hello.txt");
    let channel = driven.channel();
    assert_eq!(codes(&driven.accept(channel)), "150");
    driven.server.payload_sent(channel, 3);
    assert_eq!(
        codes(&driven.end(channel)),
        "426",
        "the client left before it had everything"
    );
    assert_eq!(driven.fail(channel), "", "a report that comes too late");
    assert_eq!(codes(&driven.ask("NOOP")), "200");
}

#[test]
fn strangers_get_no_data() {
    let mut driven = Driven::new(config().peer(CLIENT));
    driven.ask("USER ann\r\nPASS secret\r\nEPSV\r\nRETR hello.txt");
    let channel = driven.channel();
    let peer = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    driven
        .server
        .report(ServerReport::Accepted { channel, peer });
    assert_eq!(codes(&driven.said()), "425");
    assert_eq!(
        driven.actions.last(),
        Some(&ServerAction::Close { channel })
    );
}

#[test]
fn protected_data_connections() {
    let mut driven = Driven::new(config().implicit_tls());
    driven.ask("PBSZ 0\r\nPROT P\r\nUSER ann\r\nPASS secret\r\nTYPE I\r\nEPSV");
    driven.ask("RETR pub/a b");
    let channel = driven.channel();
    assert_eq!(codes(&driven.accept(channel)), "150");
    let link = ServerLink::Data(channel);
    assert_eq!(driven.actions.last(), Some(&ServerAction::Secure { link }));
    assert!(driven.server.payload(channel).is_empty());
    driven.server.report(ServerReport::Secured { link });
    driven.drain(channel);
    assert_eq!(
        (codes(&driven.said()), driven.came()),
        ("226".into(), "12345".into())
    );

    driven.ask("EPSV");
    driven.ask("RETR pub/a b");
    let channel = driven.channel();
    assert_eq!(codes(&driven.accept(channel)), "150");
    assert_eq!(
        codes(&driven.fail(channel)),
        "425",
        "a handshake that failed"
    );
}

#[test]
fn a_client_that_goes_away_ends_the_session() {
    let mut driven = Driven::ready(Behaviour::new());
    let (_, channel) = driven.upload("STOR part", b"abc");
    driven.actions.clear();
    driven.server.receive_eof();
    assert_eq!(driven.said(), "");
    let last = [ServerAction::Close { channel }, ServerAction::CloseControl];
    assert_eq!(driven.actions, last);
    assert_eq!(driven.server.files().content("/part").unwrap(), b"abc");
    driven.server.receive_eof();
    assert_eq!(driven.server.poll_action(), None);
}
