//! Names that may become local files, and names that may not.

use ftp_proto::listing::{Name, SafeName};

#[test]
fn one_harmless_component() {
    for name in [
        &b""[..],
        b".",
        b"..",
        b"a/b",
        b"/etc/passwd",
        b"..\\x",
        b"a\\b",
        b"a\0b",
        b"a\nb",
        b"\x1b[2J",
        b"a\x7f",
    ] {
        assert_eq!(SafeName::new(name), None, "{}", name.escape_ascii());
    }
    for name in [
        &b"..."[..],
        b".hidden",
        b" ",
        b"-rf",
        b"caf\xe9",
        b"con fusion",
        b"COM",
        b"COM10",
    ] {
        let safe = SafeName::new(name).unwrap();
        assert_eq!(safe.as_bytes(), name);
    }
}

#[test]
fn components_that_windows_understands_differently() {
    for name in [
        "C:",
        "file:stream",
        "NUL",
        "nul.txt",
        "Con.tar.gz",
        "aux ",
        "PRN .txt",
        "COM1",
        "lpt9.log",
        "COM¹",
        "CONOUT$",
        "trailing.",
        "trailing ",
        "a?b",
        "a*",
        "a|b",
        "<a>",
        "\"a\"",
    ] {
        let name = Name::new(name.as_bytes());
        assert!(name.safe(false).is_some(), "{name}");
        assert_eq!(name.safe(true), None, "{name}");
    }
    for name in [
        "report.txt",
        "COM",
        "COM10",
        "CONSOLE",
        "null",
        "a.b c",
        "ünï",
    ] {
        let name = Name::new(name.as_bytes());
        assert!(name.safe(true).is_some_and(SafeName::is_portable), "{name}");
    }
}

#[test]
fn display_cannot_drive_a_terminal() {
    for (name, shown) in [
        (&b"plain"[..], "plain"),
        (b"tab\there", "tab\\there"),
        (b"new\nline\r", "new\\nline\\r"),
        (b"\x1b[31m", "\\u{1b}[31m"),
        ("c1 \u{9b}31m".as_bytes(), "c1 \\u{9b}31m"),
        (b"\xffx", "\u{fffd}x"),
        ("日本".as_bytes(), "日本"),
    ] {
        assert_eq!(Name::new(name).to_string(), shown);
    }
}
