use super::*;

/// The line is not searched for it, which would be so much work for each byte of a row of CRs.
#[test]
fn a_line_of_crs_alone_is_known_by_a_flag() {
    let mut inputs = alloc::vec![Vec::new()];
    for _ in 0..6 {
        let longer = |input: &Vec<u8>| b"\r\n2 -".map(|byte| [input.as_slice(), &[byte]].concat());
        inputs.extend(inputs.iter().flat_map(longer).collect::<Vec<_>>());
        inputs.sort();
        inputs.dedup();
    }
    for input in inputs {
        let mut parser = Parser::new(Limits::default(), Grammar::default());
        for byte in &input {
            let _ = parser.parse(&mut &[*byte][..]);
            let searched = parser.line.iter().any(|byte| *byte != b'\r');
            assert_eq!(parser.has_text, searched, "{}", input.escape_ascii());
        }
    }
}

#[test]
fn a_reply_begins_with_its_first_byte_of_text() {
    for (input, is_before, unfinished) in [
        (&b""[..], true, &b""[..]),
        (b"\r\n", true, b""),
        (b"\r", true, b"\r"),
        (b"\xff\xf1", true, b""),
        (b"2", false, b"2"),
        (b"220 a\r\n", true, b""),
        (b"220-a\r\n", false, b""),
        (b"220-a\r\n b", false, b" b"),
        (b"220-a\r\n220 b\r\n", true, b""),
        (b"SSH-", false, b""),
    ] {
        let mut parser = Parser::new(Limits::default(), Grammar::default());
        let mut rest = input;
        while parser.parse(&mut rest).is_some() {}
        let about = input.escape_ascii();
        assert_eq!(parser.is_before_reply(), is_before, "{about}");
        assert_eq!(parser.unfinished_line(), unfinished, "{about}");
    }
}

#[test]
fn memory_in_reserve_is_given_back() {
    let mut parser = Parser::new(Limits::default(), Grammar::default());
    for byte in b"220-A line\r\n220 Another\r\n2" {
        let _ = parser.parse(&mut &[*byte][..]);
    }
    assert!(parser.line.capacity() > parser.line.len());
    parser.shrink_to_fit();
    assert_eq!(parser.line.capacity(), parser.line.len());
    assert_eq!(parser.body.text.capacity(), 0);
}

/// Whatever a caller says, a reply that is as long as may be is whole.
#[test]
fn a_reply_is_shortened_only_if_it_is_longer() {
    let reply = |text: &[u8]| Reply::new(ReplyCode::OKAY, text);
    for (bytes, text, is_truncated) in [
        (3, &b"abc"[..], false),
        (4, b"abc", false),
        (2, b"ab", true),
        (0, b"", true),
    ] {
        let kept = reply(b"abc")
            .with_preliminary(Some(reply(b"")))
            .shortened(bytes);
        assert_eq!((kept.text(), kept.is_truncated()), (text, is_truncated));
        assert_eq!(kept.preliminary(), None);
    }
}
