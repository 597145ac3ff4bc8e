//! What a server says without end on the control connection.

use ftp_proto::features::Features;
use ftp_proto::listing::Entry;
use ftp_proto::operation::AskFeatures;
use ftp_proto::reply::{Reply, ReplyCode};
use ftp_proto::{Command, Limits, Operation, State, Verb};

use crate::talk::{Talk, long_reply};
use crate::{Input, KIB, Meter, Play};

/// What a session and its small parts hold in themselves.
pub(crate) const ITSELF: usize = 16 * KIB;

/// More rounds than anything here lasts.
const ROUNDS: usize = 2000;

pub(crate) fn inputs() -> Vec<Input> {
    let limits = Limits::default();
    let (line, reply) = (limits.reply.line_bytes_max, limits.reply.reply_bytes_max);
    let in_flight = usize::from(limits.in_flight_max);
    let unsolicited = usize::from(limits.unsolicited_replies_max);
    vec![
        Input {
            name: "a line that does not end",
            formula: "2 × line + 16 KiB",
            bound: 2 * line + ITSELF,
            play: Play::Talk(line_without_end),
        },
        Input {
            name: "lines of one reply",
            formula: "2 × line + 2 × reply + 16 KiB",
            bound: 2 * (line + reply) + ITSELF,
            play: Play::Talk(lines_without_end),
        },
        Input {
            name: "preliminary replies (1xx)",
            formula: "2 × line + 4 × reply + 16 KiB",
            bound: 2 * line + 4 * reply + ITSELF,
            play: Play::Talk(marks_without_end),
        },
        Input {
            name: "replies that nobody asked for",
            formula: "2 × line + (unsolicited + 4) × reply + 16 KiB",
            bound: 2 * line + (unsolicited + 4) * reply + ITSELF,
            play: Play::Talk(unsolicited_without_end),
        },
        Input {
            name: "replies that nobody polls, each with a mark",
            formula: "2 × line + (2 × in flight + 3) × reply + 16 KiB",
            bound: 2 * line + (2 * in_flight + 3) * reply + ITSELF,
            play: Play::Talk(unpolled_answers),
        },
        Input {
            name: "features that FEAT lists",
            formula: "2 × line + 8 × reply + 64 × lines + 16 KiB",
            bound: 2 * line + 8 * reply + 64 * limits.reply.reply_lines_max + ITSELF,
            play: Play::Talk(features_without_end),
        },
        Input {
            name: "facts that FEAT offers",
            formula: "40 × line",
            bound: 40 * line,
            play: Play::Alone(offered_facts),
        },
        Input {
            name: "facts in a reply to MLST",
            formula: "2 × line",
            bound: 2 * line,
            play: Play::Alone(facts_of_one_entry),
        },
    ]
}

fn is_dead(talk: &mut Talk) -> bool {
    talk.ask(|session| matches!(session.state(), State::Dead(_)))
}

fn until_the_end(talk: &mut Talk, text: &[u8]) {
    for _ in 0..ROUNDS {
        talk.say(text);
        if is_dead(talk) {
            return;
        }
    }
    panic!("it goes on without end");
}

fn line_without_end(talk: &mut Talk) {
    talk.say(b"220 ");
    until_the_end(talk, &[b'x'; 4096]);
}

fn lines_without_end(talk: &mut Talk) {
    talk.say(b"220-\r\n");
    // As many bytes as there is room for, in fewer lines than are allowed; and then more.
    until_the_end(talk, &[&[b'x'; 60][..], b"\r\n"].concat().repeat(60));
}

fn reply_max() -> usize {
    Limits::default().reply.reply_bytes_max
}

fn marks_without_end(talk: &mut Talk) {
    talk.say(b"220 ready\r\n");
    talk.ask(|session| session.submit(Command::bare(Verb::Noop)).unwrap());
    until_the_end(talk, &long_reply("150", reply_max()));
}

fn unsolicited_without_end(talk: &mut Talk) {
    talk.say(b"220 ready\r\n");
    until_the_end(talk, &long_reply("200", reply_max()));
}

fn unpolled_answers(talk: &mut Talk) {
    talk.say(b"220 ready\r\n");
    let mut answers = 0;
    while talk.ask(|session| session.submit(Command::bare(Verb::Noop)).is_ok()) {
        talk.say(&long_reply("150", reply_max()));
        talk.say(&long_reply("200", reply_max()));
        answers += 1;
    }
    // The greeting was not polled either.
    assert_eq!(answers, Limits::default().in_flight_max - 1);
}

/// Not UTF-8, which is three times as long when it is shown.
fn features_without_end(talk: &mut Talk) {
    talk.say(b"220 ready\r\n");
    let mut operation = AskFeatures::new();
    let pending = talk.ask(|session| operation.poll(session).is_pending());
    assert!(pending);
    talk.say(b"211-\r\n");
    let name = [&[0xfe; 27][..], b" x\r\n"].concat();
    for _ in 0..100 {
        talk.say(&name.repeat(100));
    }
    talk.say(b"211 end\r\n");
    let asked = talk.ask(|session| operation.poll(session));
    assert!(asked.is_ready());
    talk.free(asked);
    let known = talk.ask(|session| session.features().unwrap().iter().count());
    assert!(known > 4000, "{known}");
}

fn offered_facts(meter: &mut Meter) {
    let line = Limits::default().reply.line_bytes_max;
    let facts = format!("211-\n MLST {}\nend", "a;".repeat(line / 2 - 3));
    let reply = Reply::new(
        ReplyCode::SYSTEM_STATUS,
        facts.replacen("211-", "", 1).as_bytes(),
    );
    let features = meter.call(|| Features::decode(&reply)).unwrap();
    let facts = meter.call(|| features.facts()).unwrap();
    assert!(facts.len() > 16_000);
}

fn facts_of_one_entry(meter: &mut Meter) {
    let line = Limits::default().reply.line_bytes_max;
    let text = format!(" {} name", "size=1;a=b;".repeat(line / 11 - 1));
    let entry = meter.call(|| Entry::from_mlst(text.as_bytes()).unwrap().into_owned());
    let facts = meter.call(|| entry.facts().count());
    assert!(facts > 5_000, "{facts}");
}
