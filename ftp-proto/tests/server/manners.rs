//! ABOR and other commands during a transfer, in the manners of different servers.

use ftp_proto::testing::{AbortStyle, Behaviour, Busy, Peer, ServerAction};

use crate::driven::{Driven, codes, config};

#[derive(Clone, Copy, Debug)]
enum Moment {
    Idle,
    /// A download of which nothing was read since.
    Down,
    /// The same; the client reads again afterwards.
    DownThenRead,
    /// The same; the client drops the data connection afterwards.
    DownThenDrop,
    Up,
    UpThenEnd,
}

/// What ABOR brings, as seen on six servers.
#[test]
fn manners_of_abort() {
    use AbortStyle::{Inetutils, Libunftp, ProFtpd, Prompt, PureFtpd, Pyftpdlib, Vsftpd};
    use Moment::{Down, DownThenDrop, DownThenRead, Idle, Up, UpThenEnd};
    let table = [
        (Prompt, Idle, "225"),
        (Prompt, Down, "426 226"),
        (Prompt, Up, "426 226"),
        (Vsftpd, Idle, "225"),
        (Vsftpd, Down, ""),
        (Vsftpd, DownThenRead, "226 225"),
        (Vsftpd, DownThenDrop, "426 225"),
        (Vsftpd, Up, ""),
        (Vsftpd, UpThenEnd, "226 225"),
        (Inetutils, DownThenDrop, "426 225"),
        (Inetutils, UpThenEnd, "226 225"),
        (ProFtpd, Idle, "226"),
        (ProFtpd, DownThenRead, "226 226"),
        (ProFtpd, DownThenDrop, "426 226"),
        (ProFtpd, UpThenEnd, "426 226"),
        (Libunftp, Idle, "226"),
        (Libunftp, DownThenRead, "226 226"),
        (Libunftp, DownThenDrop, "426 226"),
        (Libunftp, UpThenEnd, "226 226"),
        (Pyftpdlib, Idle, "225"),
        (Pyftpdlib, Down, "426 226"),
        (Pyftpdlib, Up, "225"),
        (PureFtpd, Idle, "226"),
        (PureFtpd, Down, ""),
        (PureFtpd, DownThenRead, "426 226"),
        (PureFtpd, DownThenDrop, "150 226"),
        (PureFtpd, Up, "426 451"),
    ];
    for (style, moment, expected) in table {
        let mut driven = Driven::ready(Behaviour::new().abort(style));
        let mut said = abort(&mut driven, moment);
        assert_eq!(codes(&said), expected, "{style:?} {moment:?}");
        // NOOP is answered behind it, wherever the transfer is over.
        said = driven.ask("NOOP");
        assert_eq!(
            codes(&said),
            if expected.is_empty() { "" } else { "200" },
            "{style:?} {moment:?}"
        );
    }
}

fn abort(driven: &mut Driven, moment: Moment) -> String {
    if let Moment::Up | Moment::UpThenEnd = moment {
        let (_, channel) = driven.upload("STOR new", b"123");
        let mut said = driven.ask("ABOR");
        if let Moment::UpThenEnd = moment {
            said.push_str(&driven.end(channel));
        }
        assert_eq!(
            driven.server.files().content("/new").is_some(),
            !said.is_empty()
        );
        return said;
    }
    if let Moment::Idle = moment {
        return driven.ask("ABOR");
    }
    driven.ask("EPSV");
    driven.ask("RETR hello.txt");
    let channel = driven.channel();
    driven.accept(channel);
    let mut said = driven.ask("ABOR");
    match moment {
        Moment::DownThenRead => {
            driven.drain(channel);
            said.push_str(&driven.said());
        }
        Moment::DownThenDrop => said.push_str(&driven.fail(channel)),
        _ => {}
    }
    said
}

#[test]
fn abort_finds_its_way_past_commands_that_wait() {
    let mut driven = Driven::ready(Behaviour::new());
    driven.ask("EPSV");
    driven.ask("RETR hello.txt");
    driven.accept(driven.channel());
    assert_eq!(driven.ask("NOOP"), "");
    assert_eq!(codes(&driven.ask("ABOR")), "426 226 200");
}

#[test]
fn abort_that_is_refused_changes_nothing() {
    let mut driven = Driven::ready(Behaviour::new().refuse("ABOR", 502, "No."));
    driven.ask("EPSV");
    driven.ask("RETR hello.txt");
    let channel = driven.channel();
    driven.accept(channel);
    assert_eq!(codes(&driven.ask("ABOR")), "502");
    driven.drain(channel);
    assert_eq!(codes(&driven.said()), "226");
}

#[test]
fn commands_during_a_transfer() {
    // What is said to NOOP and RETR x while the transfer runs, and what when it ends.
    let table = [
        (Busy::Queue, "", "226 200 550"),
        (Busy::Answer, "200 450", "226"),
        (Busy::Refuse, "500 500", "226"),
        (Busy::BeforeFinal, "", "200 226 550"),
    ];
    for (busy, during, after) in table {
        let mut driven = Driven::new(config().serial().behaviour(Behaviour::new().busy(busy)));
        driven.ask("USER ann\r\nPASS secret\r\nTYPE I\r\nEPSV");
        driven.ask("RETR hello.txt");
        let channel = driven.channel();
        driven.accept(channel);
        assert_eq!(codes(&driven.ask("NOOP\r\nRETR x")), during, "{busy:?}");
        driven.drain(channel);
        let said = driven.said();
        assert_eq!(codes(&said), after, "{busy:?}");
        assert!(said.contains("226 Transfer complete. #5\r\n"), "{said}");
        assert!(
            !said.contains("200 ") || said.contains("200 Done nothing. #6\r\n"),
            "{said}"
        );
    }
}

#[test]
fn a_new_data_connection_can_cost_the_running_transfer() {
    let mut driven = Driven::ready(Behaviour::new().busy(Busy::Answer));
    driven.ask("EPSV");
    driven.ask("RETR hello.txt");
    let first = driven.channel();
    driven.accept(first);
    assert_eq!(codes(&driven.ask("EPSV")), "229");
    assert!(driven.did(ServerAction::Close { channel: first }));
    assert!(driven.server.payload(first).is_empty());
    driven.ask("RETR hello.txt");
    driven.accept(driven.channel());
    driven.drain(driven.channel());
    assert_eq!(codes(&driven.said()), "226");
}
