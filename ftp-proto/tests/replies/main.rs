//! The reply parser: what each form of reply gives, whatever the pieces it arrives in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod forms;
mod limits;
mod properties;
mod reference;
mod values;

use ftp_proto::reply::{Grammar, Limits, Parser, Reply, ReplyError};

/// What a stream of bytes gives.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Outcome {
    replies: Vec<Reply>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// Between two replies.
    Boundary,
    /// Within a reply.
    Incomplete,
    Error(ReplyError),
}

fn strict() -> Parser {
    Parser::new(Limits::default(), Grammar::default())
}

/// Feeds the chunks one after the other.
fn feed<'a>(mut parser: Parser, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut replies = Vec::new();
    for mut chunk in chunks {
        while let Some(result) = parser.parse(&mut chunk) {
            match result {
                Ok(reply) => replies.push(reply),
                Err(error) => {
                    assert!(chunk.is_empty(), "an error consumes the input");
                    assert!(!parser.is_at_boundary());
                    assert_eq!(parser.buffered(), 0);
                    return Outcome {
                        replies,
                        end: End::Error(error),
                    };
                }
            }
        }
        assert!(chunk.is_empty(), "without a result the input is used up");
    }
    let end = if parser.is_at_boundary() {
        End::Boundary
    } else {
        End::Incomplete
    };
    Outcome { replies, end }
}

/// Feeds the stream whole, byte by byte, and cut in two at every position, and returns the one
/// outcome of all.
fn feed_all_ways(parser: &Parser, stream: &[u8]) -> Outcome {
    let whole = feed(parser.clone(), [stream]);
    assert_eq!(
        feed(parser.clone(), stream.chunks(1)),
        whole,
        "byte by byte: {}",
        stream.escape_ascii()
    );
    for at in 0..=stream.len() {
        let (first, second) = stream.split_at(at);
        let cut = feed(parser.clone(), [first, second]);
        assert_eq!(cut, whole, "cut at {at}: {}", stream.escape_ascii());
    }
    whole
}
