//! What waits for a caller who never asks.

use ftp_proto::trace::{BYTES_MAX, Record};
use ftp_proto::{Argument, Command, Config, Detail, Limits, State, Transfer, Verb};

use crate::control::ITSELF;
use crate::talk::{Talk, long_reply};
use crate::{Input, KIB, Play};

/// As the session keeps them.
const EVENTS: usize = 64;
const EVENT_BYTES: usize = 640;

pub(crate) fn inputs() -> Vec<Input> {
    let limits = Limits::default();
    let (line, reply) = (limits.reply.line_bytes_max, limits.reply.reply_bytes_max);
    let records = usize::from(limits.trace_records_max);
    let record = size_of::<Record>().next_power_of_two();
    let trace = BYTES_MAX + 2 * records * record + 2 * line + 4 * reply + ITSELF;
    vec![
        Input {
            name: "events that nobody polls",
            formula: "64 × 640 B + 2 × line + 5 × reply + 16 KiB",
            bound: EVENTS * EVENT_BYTES + 2 * line + 5 * reply + ITSELF,
            play: Play::Talk(events),
        },
        Input {
            name: "a trace of commands and replies that nobody polls",
            formula: "4 MiB + 512 B × records + 2 × line + 4 × reply + 16 KiB",
            bound: trace,
            play: Play::Talk(|talk| traced(talk, Detail::Requests)),
        },
        Input {
            name: "a trace of everything that nobody polls",
            formula: "4 MiB + 512 B × records + 2 × line + 4 × reply + 16 KiB",
            bound: trace,
            play: Play::Talk(|talk| traced(talk, Detail::Everything)),
        },
    ]
}

/// Each transfer ends with a second 226, which is an event and counts for no limit.
fn events(talk: &mut Talk) {
    talk.say(b"220 ready\r\n");
    let surplus = long_reply("226", 100 * KIB);
    for round in 0..3 * EVENTS {
        let transfer = Transfer::retrieve(Argument::new("a").unwrap());
        let id = talk.ask(|session| session.begin(transfer).unwrap());
        if round == 0 {
            talk.say(b"200 type\r\n");
        }
        talk.say(b"229 (|||4000|)\r\n");
        talk.say(b"150 here it comes\r\n");
        talk.say(b"226 done\r\n");
        talk.say(&surplus);
        let verdict = talk.ask(|session| session.poll_transfer(id));
        assert!(verdict.is_ready());
        talk.free(verdict);
        let state = talk.ask(|session| session.state());
        assert_eq!(state, State::Usable, "{round}");
    }
}

fn traced(talk: &mut Talk, detail: Detail) {
    let mut config = Config::default();
    config.detail = detail;
    talk.restart(config);
    talk.say(b"220 ready\r\n");
    let reply = long_reply("200", Limits::default().reply.reply_bytes_max);
    for _ in 0..100 {
        let ticket = talk.ask(|session| session.submit(Command::bare(Verb::Noop)).unwrap());
        talk.say(&reply);
        let answer = talk.ask(|session| session.poll_reply(ticket));
        assert!(answer.is_ready());
        talk.free(answer);
    }
}
