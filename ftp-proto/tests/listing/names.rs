//! Names that may become local files, and names that may not.

use ftp_proto::listing::{Name, SafeFor, SafeName};
use ftp_proto::pathname::Pathname;
use ftp_proto::{Argument, Command, Reply, ReplyCode, Verb};

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
        assert_eq!(
            SafeName::new(name, SafeFor::ThisSystem),
            None,
            "{}",
            name.escape_ascii()
        );
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
        let safe = SafeName::new(name, SafeFor::ThisSystem).unwrap();
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
        "clock$.txt",
        "trailing.",
        "trailing ",
        "a?b",
        "a*",
        "a|b",
        "<a>",
        "\"a\"",
    ] {
        let name = Name::new(name.as_bytes());
        let here = name.safe(SafeFor::ThisSystem);
        assert_eq!(here.is_some(), !cfg!(windows), "{name}");
        assert_eq!(name.safe(SafeFor::EverySystem), None, "{name}");
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
        assert!(
            name.safe(SafeFor::EverySystem)
                .is_some_and(SafeName::is_portable),
            "{name}"
        );
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
        ("نمونه\u{200c}ها".as_bytes(), "نمونه\u{200c}ها"),
        ("a\u{202e}txt.exe".as_bytes(), "a\\u{202e}txt.exe"),
    ] {
        assert_eq!(Name::new(name).to_string(), shown);
    }
}

/// Every way in which bytes of a server are shown.
#[test]
fn no_text_from_the_wire_deceives_a_reader() {
    let deceptive = [
        '\0',
        '\u{1b}',
        '\u{7f}',
        '\u{9b}',
        '\u{ad}',
        '\u{61c}',
        '\u{180e}',
        '\u{200b}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202b}',
        '\u{202c}',
        '\u{202d}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2067}',
        '\u{2068}',
        '\u{2069}',
        '\u{206a}',
        '\u{feff}',
        '\u{fffb}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e007f}',
    ];
    for character in deceptive {
        let text = format!("a{character}b");
        let expected = format!("a{}b", character.escape_default());
        let bytes = text.as_bytes();
        assert_eq!(Name::new(bytes).to_string(), expected);
        let path = Pathname::from(bytes);
        assert_eq!(
            (path.to_string(), format!("{path:?}")),
            (expected.clone(), format!("\"{expected}\""))
        );
        let reply = Reply::new(ReplyCode::OKAY, bytes);
        assert_eq!(reply.to_string(), format!("200 {expected}"));
        if let Ok(argument) = Argument::new(bytes) {
            let command = Command::new(Verb::Retr, argument);
            assert_eq!(command.to_string(), format!("RETR {expected}"));
        }
    }
}

#[cfg(all(feature = "std", unix))]
#[test]
fn no_safe_name_of_two_bytes_leaves_its_directory() {
    use std::path::{Component, Path};
    for number in 0..=u16::MAX {
        let bytes = number.to_be_bytes();
        for bytes in [&bytes[..], &bytes[1..]] {
            for systems in [SafeFor::ThisSystem, SafeFor::EverySystem] {
                let name = Name::new(bytes).safe(systems);
                let Some(path) = name.and_then(SafeName::to_path) else {
                    continue;
                };
                let joined = Path::new("here").join(path);
                let components: Vec<_> = joined.components().collect();
                let expected =
                    [Path::new("here"), path].map(|part| Component::Normal(part.as_os_str()));
                assert_eq!(components, expected, "{}", bytes.escape_ascii());
            }
        }
    }
}

#[cfg(feature = "std")]
#[test]
fn a_safe_name_is_one_component_of_a_path() {
    for bytes in [&b"a b"[..], b"caf\xe9", b"..."] {
        let name = SafeName::new(bytes, SafeFor::ThisSystem).unwrap();
        let path = name.to_path().unwrap();
        assert_eq!(path.components().count(), 1);
        assert_eq!(path.as_os_str().as_encoded_bytes(), bytes);
    }
}
