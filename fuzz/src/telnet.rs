//! The Telnet layer of RFC 854: undone in what the server sends, done in what is written.

use ftp_proto::reply::{Grammar, Limits, Parser, Reply, ReplyError};
use ftp_proto::{Command, Config, Control, Encoding, Session, Telnet};

use crate::{CUTS, pieces};

const IAC: u8 = 255;

/// The input is what a server sends, and a command that is written.
pub fn check(input: &[u8]) {
    let plain = undone(input);
    let expected = parse(&plain, false, &[]);
    for cuts in CUTS {
        assert_eq!(parse(input, true, cuts), expected, "cut by {cuts:?}");
    }
    if let Ok(command) = Command::raw(input) {
        is_written(&command, Telnet::Literal, input);
        is_written(&command, Config::default().telnet, &doubled(input));
    }
}

/// A second implementation, with the whole stream before it.
fn undone(stream: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = stream;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (IAC, [IAC, after @ ..]) => {
                plain.push(IAC);
                after
            }
            (IAC, [251..=254, _, after @ ..] | [251..=254, after @ ..]) => after,
            (IAC, [240..=255, after @ ..]) => after,
            // The end of the stream decides nothing.
            (IAC, []) => after,
            _ => {
                plain.push(byte);
                after
            }
        };
    }
    plain
}

fn doubled(line: &[u8]) -> Vec<u8> {
    let bytes = line.iter().flat_map(|byte| match *byte {
        IAC => vec![IAC, IAC],
        byte => vec![byte],
    });
    bytes.collect()
}

fn parse(stream: &[u8], telnet: bool, cuts: &[usize]) -> (Vec<Reply>, Option<ReplyError>) {
    let grammar = Grammar {
        telnet,
        ..Grammar::default()
    };
    let mut parser = Parser::new(Limits::default(), grammar);
    let mut replies = Vec::new();
    for mut piece in pieces(stream, cuts) {
        while let Some(Ok(reply)) = parser.parse(&mut piece) {
            replies.push(reply);
        }
    }
    (replies, parser.failed())
}

fn is_written(command: &Command, telnet: Telnet, line: &[u8]) {
    let mut config = Config::default();
    config.telnet = telnet;
    config.encoding = Encoding::AsItIs;
    let mut session = Session::new(config, Control::default());
    session.receive(b"220 Ready.\r\n");
    if session.submit(command.clone()).is_ok() && !session.transmit().is_empty() {
        let written = session.transmit();
        let written = written.strip_suffix(b"\r\n").unwrap_or(written);
        // A verb without an argument loses the blank behind it.
        let bare = line.strip_suffix(b" ").unwrap_or(line);
        assert!(
            written.eq_ignore_ascii_case(line) || written.eq_ignore_ascii_case(bare),
            "{} is written as {}",
            line.escape_ascii(),
            written.escape_ascii()
        );
    }
}
