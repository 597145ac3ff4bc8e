//! The commands that go out, and which of them go out together, as a peer records them.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has to say where"
)]

use std::sync::mpsc;

use ftp_blocking::Client;
use ftp_proto::operation::Retrieve;
use ftp_proto::trace::Record;
use ftp_proto::{Argument, Config, DataMode, Encoding, Pipeline};
use ftp_testbed::scripted::{Passive, Peer, Port, Script};

const CONTENTS: &[u8] = b"some bytes";

/// RETR, answered over the data port that was announced.
fn retrieval(script: Script) -> Script {
    script
        .answer("RETR file", "150 here it is\r\n")
        .accept()
        .send_data(CONTENTS)
        .close_data()
        .send("226 done\r\n")
}

/// EPSV and RETR.
fn extended_download(script: Script) -> Script {
    retrieval(script.expect("EPSV").passive(Port::Open, Passive::Extended))
}

/// TYPE, EPSV and RETR.
fn first_download(script: Script) -> Script {
    extended_download(script.answer("TYPE I", "200 image\r\n"))
}

fn connect(peer: &Peer, data_mode: DataMode) -> Client {
    let mut config = Config::default();
    config.data_mode = data_mode;
    config.encoding = Encoding::AsItIs;
    let builder = Client::builder().config(config);
    let mut client = builder.connect_to(&[peer.address()]).unwrap();
    client.login("user", "password").unwrap();
    client
}

fn download(client: &mut Client) {
    let mut sink = Vec::new();
    client.retrieve_to("file", &mut sink).unwrap();
    assert_eq!(sink, CONTENTS);
}

#[test]
fn downloads_send_nothing_but_what_they_need_and_one_command_at_a_time() {
    let script = first_download(Script::new().login());
    let script = extended_download(extended_download(script)).expect_close();
    let peer = Peer::start(script).unwrap();
    let (sender, written) = mpsc::channel();
    let builder = Client::builder().trace(move |record| {
        if let Record::Transmitted(bytes) = record {
            sender.send(*bytes).unwrap();
        }
    });
    let mut client = builder.connect_to(&[peer.address()]).unwrap();
    client.login("user", "password").unwrap();
    for _ in 0..3 {
        download(&mut client);
    }
    drop(client);
    // The peer may read at once what was written in two steps; this tells what was written in one.
    let (user, pass) = ("USER user\r\n".len(), "PASS password\r\n".len());
    let (epsv, retr) = ("EPSV\r\n".len(), "RETR file\r\n".len());
    let image = "TYPE I\r\n".len();
    assert_eq!(
        written.iter().collect::<Vec<_>>(),
        [user, pass, image, epsv, retr, epsv, retr, epsv, retr]
    );
    assert_eq!(
        peer.finish().unwrap().flights(),
        [
            vec!["USER user"],
            vec!["PASS password"],
            vec!["TYPE I"],
            vec!["EPSV"],
            vec!["RETR file"],
            vec!["EPSV"],
            vec!["RETR file"],
            vec!["EPSV"],
            vec!["RETR file"],
        ]
    );
}

/// Everything that saves flights: TYPE and EPSV go out together, and each further EPSV behind the
/// RETR before it. Beside one flight for each file there are USER, PASS, TYPE with EPSV, and QUIT.
#[test]
fn a_hundred_files_take_104_flights_where_everything_is_asked_for() {
    const FILES: usize = 100;
    let opening = Script::new()
        .login()
        .expect("TYPE I")
        .expect("EPSV")
        .send("200 image\r\n")
        .passive(Port::Open, Passive::Extended);
    let file = |script: Script, number: usize| {
        let is_last = number + 1 == FILES;
        let asked = script.expect("RETR file").accept();
        let asked = if is_last { asked } else { asked.expect("EPSV") };
        let done = asked
            .send("150 here it is\r\n")
            .send_data(CONTENTS)
            .close_data()
            .send("226 done\r\n");
        if is_last {
            done
        } else {
            done.passive(Port::Open, Passive::Extended)
        }
    };
    let script = (0..FILES).fold(opening, file).answer("QUIT", "221 bye\r\n");
    let peer = Peer::start(script.expect_close()).unwrap();
    let mut config = Config::default();
    config.encoding = Encoding::AsItIs;
    config.pipeline = Pipeline::window(2);
    config.lookahead = true;
    let builder = Client::builder().config(config);
    let mut client = builder.connect_to(&[peer.address()]).unwrap();
    client.login("user", "password").unwrap();
    let mut received = vec![Vec::new(); FILES];
    let results = client.retrieve_each(["file"; FILES], |number, bytes| {
        received.get_mut(number).unwrap().extend_from_slice(bytes);
        Ok(())
    });
    assert!(results.unwrap().iter().all(Result::is_ok));
    assert!(received.iter().all(|file| file == CONTENTS));
    client.quit().unwrap();
    let flights = peer.finish().unwrap().flights();
    assert_eq!(flights.len(), 104);
    assert_eq!(
        flights.get(..4).unwrap(),
        [
            vec!["USER user"],
            vec!["PASS password"],
            vec!["TYPE I", "EPSV"],
            vec!["RETR file", "EPSV"],
        ]
    );
}

#[test]
fn the_type_is_sent_again_when_it_changes_and_only_then() {
    let listing = |script: Script, type_changes: bool| {
        let script = if type_changes {
            script.answer("TYPE A", "200 ascii\r\n")
        } else {
            script
        };
        script
            .expect("EPSV")
            .passive(Port::Open, Passive::Extended)
            .answer("NLST", "150 here they are\r\n")
            .accept()
            .send_data("file\r\n")
            .close_data()
            .send("226 done\r\n")
    };
    let script = first_download(Script::new().login());
    let script = listing(listing(script, true), false);
    let peer = Peer::start(first_download(script).expect_close()).unwrap();
    let mut client = connect(&peer, DataMode::Auto);
    download(&mut client);
    assert_eq!(client.nlst("").unwrap(), [b"file"]);
    assert_eq!(client.nlst("").unwrap(), [b"file"]);
    download(&mut client);
    drop(client);
    let flights = peer.finish().unwrap().flights();
    assert_eq!(
        flights.get(5..).unwrap(),
        [
            vec!["TYPE A"],
            vec!["EPSV"],
            vec!["NLST"],
            vec!["EPSV"],
            vec!["NLST"],
            vec!["TYPE I"],
            vec!["EPSV"],
            vec!["RETR file"],
        ]
    );
}

#[test]
fn a_refused_epsv_is_not_tried_again() {
    let classic =
        |script: Script| retrieval(script.expect("PASV").passive(Port::Open, Passive::Classic));
    let script = Script::new()
        .login()
        .answer("TYPE I", "200 image\r\n")
        .answer("EPSV", "500 what\r\n");
    let peer = Peer::start(classic(classic(script)).expect_close()).unwrap();
    let mut client = connect(&peer, DataMode::Auto);
    download(&mut client);
    download(&mut client);
    drop(client);
    let flights = peer.finish().unwrap().flights();
    assert_eq!(
        flights.get(2..).unwrap(),
        [
            vec!["TYPE I"],
            vec!["EPSV"],
            vec!["PASV"],
            vec!["RETR file"],
            vec!["PASV"],
            vec!["RETR file"],
        ]
    );
}

/// PORT names a port that listens already, and REST comes right before RETR.
#[test]
fn active_mode_and_restart_add_one_command_each() {
    let script = Script::new()
        .login()
        .answer("TYPE I", "200 image\r\n")
        .expect_verb("PORT")
        .send("200 port\r\n")
        .answer("REST 5", "350 from there\r\n")
        .answer("RETR file", "150 here it is\r\n")
        .connect()
        .send_data("bytes")
        .close_data()
        .send("226 done\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer, DataMode::Active);
    let rest = Retrieve::new(Argument::new("file").unwrap()).resume_unverified_at(5);
    let mut sink = Vec::new();
    client.download(rest).unwrap().copy_to(&mut sink).unwrap();
    assert_eq!(sink, b"bytes");
    drop(client);
    let lines = peer.finish().unwrap().lines();
    let verbs = lines.iter().map(|line| line.split(' ').next().unwrap());
    let expected = ["USER", "PASS", "TYPE", "PORT", "REST", "RETR"];
    assert_eq!(verbs.collect::<Vec<_>>(), expected);
}

#[test]
fn feat_goes_out_once_and_only_when_it_is_asked_for() {
    let script = first_download(Script::new().login())
        .answer("FEAT", "211-Features:\r\n SIZE\r\n211 End\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer, DataMode::Auto);
    download(&mut client);
    assert!(client.features().unwrap().has("SIZE"));
    assert!(client.features().unwrap().has("SIZE"));
    drop(client);
    let lines = peer.finish().unwrap().lines();
    let expected = [
        "USER user",
        "PASS password",
        "TYPE I",
        "EPSV",
        "RETR file",
        "FEAT",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_facts_of_mlst_are_an_object() {
    let facts = "250-size=9; it is\r\n size=5; a\r\n250 End\r\n";
    let script = Script::new()
        .login()
        .answer("MLST a", facts)
        .answer("MLST b", "250 it is there\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer, DataMode::Auto);
    let told = client.mlst("a").unwrap();
    assert_eq!(told.entry().unwrap().size(), Some(5));
    assert_eq!(client.mlst("b").unwrap().entry(), None);
    drop(client);
    peer.finish().unwrap();
}
