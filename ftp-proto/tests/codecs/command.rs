use ftp_proto::{
    Argument, ArgumentError, COMMAND_BYTES_MAX, Command, Direction, Misuse, Transfer, Verb,
};

#[test]
fn what_cannot_be_an_argument() {
    for (bytes, error) in [
        (&b""[..], ArgumentError::Empty),
        (b"\n", ArgumentError::LineBreak),
        (b"a\r", ArgumentError::LineBreak),
        (b"a\r\nDELE b", ArgumentError::LineBreak),
        (b"a\0", ArgumentError::Nul),
        (b"\0\n", ArgumentError::LineBreak),
    ] {
        assert_eq!(Argument::new(bytes), Err(error), "{}", bytes.escape_ascii());
    }
    for bytes in [&b" "[..], b"-R", b"\xff", b"caf\xe9", b"\x1b[2J", b"a\tb"] {
        assert_eq!(Argument::new(bytes).unwrap().as_bytes(), bytes);
    }
}

#[test]
fn what_cannot_be_a_command() {
    for (line, error) in [
        (&b""[..], ArgumentError::NoVerb),
        (b" NOOP", ArgumentError::NoVerb),
        (b"CWD\tpub", ArgumentError::NoVerb),
        (b"NO\0P", ArgumentError::NoVerb),
        (b"1234", ArgumentError::NoVerb),
        (b"ABCDEFGHI", ArgumentError::NoVerb),
        (b"NOOP\r\nDELE b", ArgumentError::LineBreak),
        (b"NOOP\n", ArgumentError::LineBreak),
        (b"CWD a\0b", ArgumentError::Nul),
    ] {
        assert_eq!(Command::raw(line), Err(error), "{}", line.escape_ascii());
    }
}

/// The limit holds for what is sent, so a 0xFF, which is sent twice, counts twice.
#[test]
fn no_line_is_longer_than_the_limit() {
    for byte in [b'x', 0xFF] {
        let longest = (1..=COMMAND_BYTES_MAX)
            .rev()
            .find(|count| Argument::new(vec![byte; *count]).is_ok())
            .unwrap();
        assert_eq!(
            Argument::new(vec![byte; longest + 1]),
            Err(ArgumentError::TooLong)
        );
        let verb = Verb::parse(b"ABCDEFGH").unwrap();
        let command = Command::new(verb, Argument::new(vec![byte; longest]).unwrap());
        let mut line = Vec::new();
        command.encode(true, &mut line);
        let spare = COMMAND_BYTES_MAX - line.len();
        assert!(spare <= usize::from(byte == 0xFF), "{spare} bytes to spare");
    }
}

#[test]
fn lines_are_encoded() {
    for (line, telnet, literal) in [
        (&b"noop"[..], &b"NOOP\r\n"[..], &b"NOOP\r\n"[..]),
        (b"NOOP ", b"NOOP \r\n", b"NOOP \r\n"),
        (b"cwd  a ", b"CWD  a \r\n", b"CWD  a \r\n"),
        (b"RETR \xff", b"RETR \xff\xff\r\n", b"RETR \xff\r\n"),
        (b"Xmd5 a", b"XMD5 a\r\n", b"XMD5 a\r\n"),
    ] {
        let command = Command::raw(line).unwrap();
        for (doubled, expected) in [(true, telnet), (false, literal)] {
            let mut out = Vec::new();
            command.encode(doubled, &mut out);
            assert_eq!(out, expected);
        }
        assert_eq!(command.encoded_len(), telnet.len());
    }
}

/// A name that came from the server does not write to the terminal of who watches the commands.
#[test]
fn commands_are_shown_without_controls_and_secrets() {
    for (line, shown) in [
        ("CWD caf\u{e9}", "CWD caf\u{e9}"),
        ("RETR a\u{1b}[2Jb\u{7}", "RETR a\\u{1b}[2Jb\\u{7}"),
        ("RETR gpj\u{202e}exe", "RETR gpj\\u{202e}exe"),
        ("PASS s\u{1b}cret", "PASS *"),
        ("acct secret", "ACCT *"),
        ("PASS", "PASS"),
        ("SITE pswd old new", "SITE pswd *"),
        ("SITE PSWD", "SITE PSWD"),
        ("SITE PSWD  ", "SITE PSWD  "),
        ("SITE CHMOD 644 a", "SITE CHMOD 644 a"),
    ] {
        let command = Command::raw(line).unwrap();
        assert_eq!(command.to_string(), shown);
        assert_eq!(format!("{command:?}"), format!("Command({shown})"));
    }
}

/// `PASS ` is an empty password, and `PASS` is none: some servers tell them apart.
#[test]
fn blanks_at_the_end_of_a_raw_command_are_kept() {
    for line in ["PASS ", "PASS", "NOOP ", "NOOP  ", "CWD a  ", "CWD  a"] {
        let mut sent = Vec::new();
        let command = Command::raw(line).unwrap();
        command.encode(true, &mut sent);
        assert_eq!(sent, format!("{line}\r\n").into_bytes());
        let argument = command.argument().map(Argument::as_bytes);
        let expected = line.split_once(' ').map(|(_, behind)| behind.as_bytes());
        assert_eq!(argument, expected);
    }
    assert_eq!(Argument::new(""), Err(ArgumentError::Empty));
}

/// What can move no data is refused before it is sent; what nobody can know is not.
#[test]
fn only_what_may_move_data_is_taken_for_a_transfer() {
    for (line, refusal) in [
        ("RETR a", None),
        ("STOU", None),
        ("MLSD", None),
        ("SITE TAR a", None),
        ("XFOO a", None),
        ("NOOP", Some(Misuse::NotATransfer)),
        ("CWD a", Some(Misuse::NotATransfer)),
        ("STAT", Some(Misuse::NotATransfer)),
        ("SIZE a", Some(Misuse::NotATransfer)),
        ("FEAT", Some(Misuse::NotATransfer)),
        ("USER a", Some(Misuse::ManagedVerb)),
        ("EPSV", Some(Misuse::ManagedVerb)),
        ("TYPE I", Some(Misuse::ManagedVerb)),
    ] {
        let transfer = Transfer::raw(Command::raw(line).unwrap(), Direction::Receive);
        assert_eq!(transfer.err(), refusal, "{line}");
    }
}
