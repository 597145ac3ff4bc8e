//! The incremental reply parser, beside a plain one, and beside itself with the input cut
//! differently.

mod reference;

use ftp_proto::reply::{Grammar, Limits, Parser, Reply, ReplyError};

use crate::{CUTS, pieces};

/// The first byte chooses grammar and limits; the rest is what the server sends.
pub fn check(input: &[u8]) {
    let Some((&choice, stream)) = input.split_first() else {
        return;
    };
    let grammar = Grammar {
        any_code_ends: choice & 1 != 0,
        telnet: choice & 2 == 0,
    };
    let limits = limits(choice);
    let whole = parse(stream, limits, grammar, &[]);
    for cuts in CUTS {
        assert_eq!(
            parse(stream, limits, grammar, cuts),
            whole,
            "cut by {cuts:?}"
        );
    }
    agrees_with_reference(stream, limits, grammar, &whole);
    for reply in &whole.replies {
        shows_safely(reply);
    }
}

fn limits(choice: u8) -> Limits {
    let small = |line_bytes_max, reply_bytes_max, reply_lines_max, discard_bytes_max| Limits {
        line_bytes_max,
        reply_bytes_max,
        reply_lines_max,
        discard_bytes_max,
    };
    match choice >> 2 & 3 {
        0 => Limits::default(),
        1 => small(16, 24, 4, 1 << 20),
        2 => small(0, 5, 0, 1 << 20),
        _ => small(12, 20, 3, 16),
    }
}

/// Everything that can be seen of a parser after some input.
#[derive(PartialEq, Debug)]
struct Outcome {
    replies: Vec<Reply>,
    error: Option<ReplyError>,
    at_boundary: bool,
}

fn parse(stream: &[u8], limits: Limits, grammar: Grammar, cuts: &[usize]) -> Outcome {
    let held_max = limits.line_bytes_max.max(4) + limits.reply_bytes_max;
    let mut parser = Parser::new(limits, grammar);
    let mut replies = Vec::new();
    let mut error = None;
    for mut piece in pieces(stream, cuts) {
        while let Some(outcome) = parser.parse(&mut piece) {
            match outcome {
                Ok(reply) => {
                    replies.push(reply);
                    // No reply depends on those before it.
                    assert!(parser == Parser::new(limits, grammar), "{parser:?}");
                }
                Err(new) => {
                    assert!(error.is_none(), "a second error");
                    assert!(piece.is_empty(), "an error takes the rest");
                    error = Some(new);
                    continue;
                }
            }
            assert!(error.is_none(), "a reply after an error");
        }
        assert!(piece.is_empty());
        assert!(
            parser.buffered() <= held_max,
            "{} bytes held",
            parser.buffered()
        );
    }
    assert_eq!(parser.failed(), error);
    Outcome {
        replies,
        error,
        at_boundary: parser.is_at_boundary(),
    }
}

/// The reference throws away as much as it likes; up to the place where the parser gives up, both
/// agree.
fn agrees_with_reference(stream: &[u8], limits: Limits, grammar: Grammar, outcome: &Outcome) {
    let expected = reference::parse(stream, limits, grammar);
    let found: Vec<_> = outcome.replies.iter().map(reference::Plain::of).collect();
    if outcome.error == Some(ReplyError::DiscardExceeded) {
        assert!(stream.len() > limits.discard_bytes_max);
        return assert!(expected.replies.starts_with(&found));
    }
    assert_eq!(found, expected.replies);
    assert_eq!(outcome.error, expected.error);
    assert_eq!(outcome.at_boundary, expected.at_boundary);
}

/// One line without control characters, whatever the server sent.
fn shows_safely(reply: &Reply) {
    let shown = reply.to_string();
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{200f}', '\u{2028}']));
    assert!(shown.starts_with(&reply.code().to_string()));
    assert_eq!(
        reply.lines().count(),
        1 + reply.text().iter().filter(|&&b| b == b'\n').count()
    );
}
