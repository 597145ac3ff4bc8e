//! Ten thousand sessions in one loop.

use std::task::Poll;
use std::time::Instant;

use ftp_mio::proto::operation::{Login, Retrieve};
use ftp_mio::proto::testing::{Files, ServerConfig};
use ftp_mio::proto::{Argument, Completed, Reply};
use ftp_mio::{Builder, Client, Handle, Progress};

use crate::world::{Manner, Memory, SERVER, Watch, World};

const SESSIONS: usize = 10_000;

/// What a pipe of the network holds: a file takes several rounds.
const CAPACITY: usize = 600;

/// Rounds of the loop for a login and for a download. Each of a session's steps takes one, whatever
/// the others do.
const ROUNDS_MAX: usize = 12;

fn content(number: usize) -> Vec<u8> {
    let noise = |n: usize| (n * n / 7 + number).to_le_bytes();
    (0..1500 + number % 97)
        .map(|n| noise(n)[n % 2] ^ 0x55)
        .collect()
}

struct Member {
    client: Client<Memory>,
    watch: Watch,
    login: Handle<Reply>,
    download: Option<Handle<Completed>>,
    received: Vec<u8>,
}

/// The loop: rounds of turns, until a round changes nothing.
struct Crowd {
    world: World,
    members: Vec<Member>,
    now: Instant,
}

#[test]
fn ten_thousand_sessions_log_in_and_download() {
    let mut crowd = Crowd::new();
    crowd.settle();
    assert_eq!(crowd.world.logged_in(), SESSIONS);
    for (number, member) in crowd.members.iter_mut().enumerate() {
        assert!(matches!(
            member.client.poll(member.login),
            Poll::Ready(Ok(_))
        ));
        let file = Argument::new(format!("{number}.bin")).unwrap();
        member.download = Some(member.client.start(Retrieve::new(file)));
    }
    crowd.settle();
    for (number, mut member) in crowd.members.into_iter().enumerate() {
        let download = member.download.unwrap();
        let Poll::Ready(Ok(completed)) = member.client.poll(download) else {
            panic!("session {number} did not download: {:?}", member.client);
        };
        assert_eq!(completed.bytes, member.received.len() as u64);
        assert!(member.received == content(number), "session {number}");
        assert_eq!(member.client.timeout(crowd.now), None);
        member.client.close(&mut member.watch);
    }
    assert!(crowd.world.is_deserted());
}

impl Crowd {
    fn new() -> Self {
        let mut files = Files::new();
        for number in 0..SESSIONS {
            files.insert(format!("/{number}.bin"), content(number), 0);
        }
        let world = World::new(ServerConfig::new(), files, CAPACITY);
        let now = Instant::now();
        let member = |_| {
            let mut client = Builder::new(world.transport()).connect_to([SERVER], now);
            Member {
                login: client.start(Login::anonymous()),
                client,
                watch: Watch::new(&world, Manner::Edges),
                download: None,
                received: Vec::new(),
            }
        };
        Self {
            members: (0..SESSIONS).map(member).collect(),
            world,
            now,
        }
    }

    fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let mut any = false;
            for member in &mut self.members {
                any |= member.turn(self.now);
            }
            any |= self.world.step();
            for member in &mut self.members {
                for (slot, ready) in member.watch.events().0 {
                    member.client.ready(slot, ready);
                    any = true;
                }
            }
            if !any {
                return;
            }
        }
        panic!("it goes on and on");
    }
}

impl Member {
    /// Whether there was a reason for a turn.
    fn turn(&mut self, now: Instant) -> bool {
        if !self.client.needs_turn() {
            return false;
        }
        self.client.turn(now, &mut self.watch);
        let mut block = [0; 512];
        if let Some(mut data) = self.client.data_mut() {
            while let Progress::Bytes(count) = data.read(&mut block) {
                self.received.extend_from_slice(&block[..count]);
            }
        }
        true
    }
}
