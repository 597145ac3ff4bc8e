//! Codes, classes and replies as values.

use ftp_proto::reply::{Class, Reply, ReplyCode};

#[test]
fn codes_are_100_to_699() {
    for number in 0..=u16::MAX {
        let code = ReplyCode::new(number);
        assert_eq!(code.is_some(), (100..700).contains(&number), "{number}");
        let Some(code) = code else { continue };
        assert_eq!(
            (code.get(), u16::from(code), code.to_string()),
            (number, number, number.to_string())
        );
        let class = match number / 100 {
            1 => Class::Preliminary,
            2 => Class::Completion,
            3 => Class::Intermediate,
            4 => Class::TransientNegative,
            5 => Class::PermanentNegative,
            _ => Class::Protected,
        };
        assert_eq!(code.class(), class);
        assert_eq!(Reply::new(code, b"").is_positive(), number / 100 == 2);
    }
}

#[test]
fn display_escapes_characters_that_control_a_terminal() {
    let reply = Reply::new(
        ReplyCode::READY,
        b"a\x1b[2J\nb\r\x07\x7f caf\xe9 \"x\" \xe2\x80\xae.",
    );
    assert_eq!(
        reply.to_string(),
        "220 a\\u{1b}[2J\\nb\\r\\u{7}\\u{7f} caf\u{fffd} \"x\" \\u{202e}."
    );
    assert_eq!(Reply::new(ReplyCode::OKAY, b"").to_string(), "200");
}

#[test]
fn debug_shows_code_and_text_on_one_line() {
    let mark = Reply::new(ReplyCode::OPENING_DATA, b"go");
    let reply = Reply::new(ReplyCode::CLOSING_DATA, b"a\nb").with_preliminary(Some(mark.clone()));
    assert_eq!(reply.preliminary(), Some(&mark));
    assert_eq!(
        format!("{reply:?}"),
        r#"Reply { code: 226, text: "a\nb", preliminary: Reply { code: 150, text: "go" } }"#
    );
    assert_eq!(reply.with_preliminary(None).preliminary(), None);
}

#[test]
fn lines_are_those_of_the_text() {
    let lines = |text| {
        Reply::new(ReplyCode::OKAY, text)
            .lines()
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(b""), [b""]);
    assert_eq!(lines(b"a\n\n b"), [b"a".as_slice(), b"", b" b"]);
}

#[test]
fn codes_of_what_is_not_done_here() {
    let found: Vec<_> = (100..700)
        .filter_map(ReplyCode::new)
        .filter(|code| code.is_not_done_here())
        .map(ReplyCode::get)
        .collect();
    assert_eq!(found, [500, 501, 502, 504, 522]);
}
