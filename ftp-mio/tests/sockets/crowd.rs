//! Hundreds of sessions in one loop.

use std::collections::BTreeMap;
use std::task::Poll;

use ftp_blocking::testing::Loopback;
use ftp_mio::proto::operation::{Exchange, Login, Payload, Retrieve};
use ftp_mio::proto::testing::{Files, ServerConfig};
use ftp_mio::proto::{Completed, Config, Reply, Transfer};
use ftp_mio::{Handle, Progress};
use libtest_mimic::Trial;

use crate::reactors::{Crowd, Reactors, argument};

const SESSIONS: usize = 300;

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    vec![Trial::test("crowd::each_downloads_and_lists", || {
        each_downloads_and_lists::<R>();
        Ok(())
    })]
}

fn content(number: usize) -> Vec<u8> {
    (0..40_000 + number)
        .map(|n| (n + number).to_le_bytes()[0])
        .collect()
}

struct Member {
    login: Handle<Reply>,
    download: Handle<Completed>,
    list: Handle<Completed>,
    quit: Handle<Reply>,
    received: Vec<u8>,
}

fn each_downloads_and_lists<R: Reactors>() {
    let mut files = Files::new();
    for number in 0..SESSIONS {
        files = files.file(format!("/{number}.bin"), content(number));
    }
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let mut crowd = Crowd::<R>::new(SESSIONS, server.address(), Config::default());
    let mut members: BTreeMap<usize, Member> = BTreeMap::new();
    for (number, client) in &mut crowd.clients {
        let file = argument(&format!("{number}.bin"));
        let member = Member {
            login: client.start(Login::anonymous()),
            download: client.start(Retrieve::new(file)),
            list: client.start(Payload::new(Transfer::names(None))),
            quit: client.start(Exchange::quit()),
            received: Vec::new(),
        };
        members.insert(*number, member);
    }
    crowd.run(|number, client| {
        let member = members.get_mut(&number).unwrap();
        let mut block = [0; 8192];
        if let Some(mut data) = client.data_mut() {
            while let Progress::Bytes(count) = data.read(&mut block) {
                member.received.extend_from_slice(&block[..count]);
            }
        }
        let Poll::Ready(quit) = client.poll(member.quit) else {
            return false;
        };
        quit.unwrap();
        assert!(matches!(client.poll(member.login), Poll::Ready(Ok(_))));
        let Poll::Ready(Ok(download)) = client.poll(member.download) else {
            panic!("session {number} did not download");
        };
        assert!(matches!(client.poll(member.list), Poll::Ready(Ok(_))));
        let content = content(number);
        assert_eq!(download.bytes, content.len() as u64);
        assert!(member.received.starts_with(&content));
        let names = &member.received[content.len()..];
        assert_eq!(names.split(|byte| *byte == b'\n').count(), SESSIONS + 1);
        true
    });
    let counts = server.counts();
    assert_eq!(counts.accepted, SESSIONS);
    assert!(counts.logins.max > SESSIONS / 2, "{counts:?}");
}
