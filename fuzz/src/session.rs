//! A session under a script that may do anything in any order: the server, the network, the driver
//! and the application are all the fuzzer's.

use ftp_proto::{Argument, Command, Direction, Transfer, Verb};

use crate::script::{self, Line};
use crate::world::{CANARY, World};

/// Plays the script, then lets time pass until the session comes to rest.
pub fn check(script: &[u8]) {
    let mut world = World::new(script);
    let mut wish = Wish::default();
    for line in script::lines(script) {
        if !world.happen(line) {
            application(&mut world, &mut wish, line);
        }
    }
    world.rest();
}

/// What the next transfer shall be like.
#[derive(Default)]
struct Wish {
    offset: u64,
    limit: Option<u64>,
    length: Option<u64>,
    ascii: bool,
    mode: Option<u64>,
}

fn application(world: &mut World, wish: &mut Wish, line: Line<'_>) {
    let number = line.number();
    match line.letter {
        b'C' => submit(world, line),
        b'P' => password(world),
        b'g' => begin(world, std::mem::take(wish), line),
        b'o' => wish.offset = number.unwrap_or_default(),
        b'm' => wish.limit = number,
        b'q' => wish.length = number,
        b'a' => wish.ascii = true,
        b'M' => wish.mode = number,
        b'A' => world.abort(),
        b'D' => world.discard(number.unwrap_or_default()),
        b'p' => {
            world.poll_ticket(number.unwrap_or_default());
        }
        b'T' => {
            world.poll_transfer();
        }
        b'v' => {
            world.poll_event();
        }
        b'Z' => world.close(),
        b'f' => world.lie(line),
        _ => {}
    }
    world.check();
}

fn submit(world: &mut World, line: Line<'_>) {
    if let Ok(command) = Command::raw(line.bytes()) {
        world.submit(&command);
    }
}

fn password(world: &mut World) {
    if let Ok(secret) = Argument::new(CANARY) {
        world.submit(&Command::new(Verb::Pass, secret));
    }
}

fn begin(world: &mut World, wish: Wish, line: Line<'_>) {
    let Ok(command) = Command::raw(line.bytes()) else {
        return;
    };
    let direction = match command.verb() {
        Verb::Stor | Verb::Appe | Verb::Stou => Direction::Send,
        _ => Direction::Receive,
    };
    let Ok(mut transfer) = Transfer::raw(command, direction) else {
        return;
    };
    if wish.ascii {
        transfer = transfer.ascii();
    }
    if let Some(limit) = wish.limit {
        transfer = transfer.limited_to(limit);
    }
    if let Some(length) = wish.length {
        transfer = transfer.expecting(length);
    }
    if let Some(mode) = wish.mode {
        transfer = transfer.over(script::data_mode(mode));
    }
    world.begin(&transfer.resume_at(wish.offset));
}
