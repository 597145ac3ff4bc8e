#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloc::format;
use alloc::string::{String, ToString};

use proptest::prelude::*;

use super::{FtpUrl, TypeCode, UrlError};
use crate::command::ArgumentError;
use crate::config::TlsPolicy;
use crate::driver::TlsMode;

fn read(text: &str) -> Result<FtpUrl, UrlError> {
    text.parse()
}

#[test]
fn the_scheme_names_the_mode_and_the_port() {
    for (text, mode, host, port) in [
        ("ftp://h", TlsMode::None, "h", 21),
        ("FTP://h/", TlsMode::None, "h", 21),
        ("ftps://h", TlsMode::Implicit, "h", 990),
        ("ftpes://h", TlsMode::Explicit, "h", 21),
        ("ftps://h:21/", TlsMode::Implicit, "h", 21),
        ("ftps://u:p@h:21/", TlsMode::Implicit, "h", 21),
        ("ftps://h:0021/", TlsMode::Implicit, "h", 21),
        ("ftps://h:/", TlsMode::Implicit, "h", 990),
        ("ftp://h:2121", TlsMode::None, "h", 2121),
        // Under other schemes the crate `url` would leave these as they are.
        (
            "ftpes://FTP.Example.ORG/",
            TlsMode::Explicit,
            "ftp.example.org",
            21,
        ),
        (
            "ftps://b%C3%BCcher.example/",
            TlsMode::Implicit,
            "xn--bcher-kva.example",
            990,
        ),
        ("ftpes://127.1/", TlsMode::Explicit, "127.0.0.1", 21),
        (
            "ftps://[2001:db8::1]/",
            TlsMode::Implicit,
            "2001:db8::1",
            990,
        ),
        (
            "ftps://[2001:db8::1]:21/",
            TlsMode::Implicit,
            "2001:db8::1",
            21,
        ),
    ] {
        let url = read(text).unwrap();
        assert_eq!(url.tls_mode(), mode, "{text}");
        let endpoint = url.endpoint();
        assert_eq!((&*endpoint.host(), endpoint.port()), (host, port), "{text}");
    }
}

#[test]
fn a_setting_chooses_the_mode_of_ftp_alone() {
    for (text, mode, port) in [
        ("ftp://h", TlsMode::Implicit, 990),
        ("ftp://h:21", TlsMode::Implicit, 21),
        ("ftp://h", TlsMode::Explicit, 21),
    ] {
        let url = read(text).unwrap().with_tls_mode(mode);
        assert_eq!(
            (url.tls_mode(), url.endpoint().port()),
            (mode, port),
            "{text}"
        );
    }
    for text in ["ftps://h", "ftpes://h"] {
        let url = read(text).unwrap();
        assert_eq!(url.clone().with_tls_mode(TlsMode::None), url);
        assert_eq!(url.tls_mode().policy(), TlsPolicy::Full);
    }
}

#[test]
fn paths_are_decoded_by_segment_and_not_folded() {
    for (text, path, code) in [
        ("ftp://h", "", None),
        ("ftp://h/", "", None),
        ("ftp://h/a/b", "a/b", None),
        ("ftp://h/a/b/", "a/b/", None),
        ("ftp://h/a//b", "a//b", None),
        ("ftp://h/%2Fetc/motd", "/etc/motd", None),
        ("ftp://h/%2f", "/", None),
        ("ftp://h/../x/./..", "../x/./..", None),
        ("ftp://h/%2e%2E/x", "../x", None),
        ("ftp://h/a%2Fb", "a/b", None),
        ("ftp://h/a%20b%3F%23%5C", "a b?#\\", None),
        ("ftp://h/%C3%A9/\u{e9}", "\u{e9}/\u{e9}", None),
        ("ftp://h/100%/%zz", "100%/%zz", None),
        ("ftp://h/a;type=i", "a", Some(TypeCode::Image)),
        ("ftp://h/a;TYPE=A", "a", Some(TypeCode::Ascii)),
        ("ftp://h/;type=d", "", Some(TypeCode::Directory)),
        ("ftp://h/a%3Btype=d", "a;type=d", None),
        ("ftp://h/a;b", "a;b", None),
    ] {
        let url = read(text).unwrap();
        assert_eq!(url.path(), path.as_bytes(), "{text}");
        assert_eq!(url.type_code(), code, "{text}");
    }
}

#[test]
fn what_is_not_an_ftp_url_is_an_error() {
    for (text, error) in [
        ("", UrlError::Scheme),
        ("h/p", UrlError::Scheme),
        ("ftp:h", UrlError::Scheme),
        ("http://h/", UrlError::Scheme),
        (" ftp://h/", UrlError::Scheme),
        ("ftp:\\\\h/", UrlError::Backslash),
        ("ftp://h\\@i/", UrlError::Backslash),
        ("ftp://h/a\\b", UrlError::Backslash),
        ("ftp://h/a\nb", UrlError::Control),
        ("ftp://h/a\tb", UrlError::Control),
        ("ftp://h\r/", UrlError::Control),
        ("ftp://h/a?b", UrlError::Query),
        ("ftp://h/a#b", UrlError::Query),
        ("ftp://", UrlError::Host),
        ("ftp:///p", UrlError::Host),
        ("ftp://u@/p", UrlError::Host),
        ("ftp://h:0/", UrlError::Host),
        ("ftp://h:65536/", UrlError::Host),
        ("ftp://h:x/", UrlError::Host),
        ("ftp://h%00/", UrlError::Host),
        ("ftp://h%0D%0A/", UrlError::Host),
        ("ftp://u:pa/ss@h/", UrlError::Host),
        ("ftp://h//etc", UrlError::DoubleSlash),
        ("ftp://h/a;type=x", UrlError::Type),
        ("ftp://h/a;type=", UrlError::Type),
        ("ftp://u%0d:p@h/", UrlError::User(ArgumentError::LineBreak)),
        (
            "ftp://u:p%0A@h/",
            UrlError::Password(ArgumentError::LineBreak),
        ),
        ("ftp://u:p%00@h/", UrlError::Password(ArgumentError::Nul)),
        (
            "ftp://h/a%0D%0ADELE%20b",
            UrlError::Path(ArgumentError::LineBreak),
        ),
        ("ftp://h/%00", UrlError::Path(ArgumentError::Nul)),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
}

#[test]
fn users_are_decoded() {
    for (text, user) in [
        ("ftp://h/", None),
        ("ftp://@h/", None),
        ("ftp://ann@h/", Some("ann")),
        ("ftp://a%40b:p@h/", Some("a@b")),
        ("ftp://a%3Ab@h/", Some("a:b")),
    ] {
        let url = read(text).unwrap();
        let found = url.user().map(crate::Argument::as_bytes);
        assert_eq!(found, user.map(str::as_bytes), "{text}");
    }
}

#[test]
fn no_password_shows() {
    const SECRET: &str = "canary-0451";
    for (text, shown) in [
        ("ftp://ann:canary-0451@h/p", "ftp://ann:*@h/p"),
        ("ftps://ann:canary-0451@h:21", "ftps://ann:*@h:21"),
        ("ftpes://:canary-0451@h/", "ftpes://:*@h/"),
        ("ftp://ann:a@canary-0451@h/", "ftp://ann:*@h/"),
        ("ftp://ann:canary-0451:b@h/", "ftp://ann:*@h/"),
    ] {
        let url = read(text).unwrap();
        assert_eq!(url.to_string(), shown);
        let all = format!("{url:?} {url:#?} {:?}", url.login());
        assert!(!all.contains(SECRET), "{all}");
    }
    for text in [
        "ftp://ann:canary-0451%0A@h/",
        "ftp://ann:canary-0451@h:x/",
        "ftp://ann:canary-0451/@h/",
        "ftp://ann:canary-0451@h/\\",
        "http://ann:canary-0451@h/",
    ] {
        let error = read(text).unwrap_err();
        let all = format!("{error} {error:?}");
        assert!(!all.contains(SECRET), "{all}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_none_smuggles_a_command(
        scheme in "ftp|ftps|ftpes|.{0,4}",
        rest in "(//)?([a-z:@%0-9/;=.\\[\\]]|.){0,40}",
    ) {
        let text: String = format!("{scheme}:{rest}");
        if let Ok(url) = read(&text) {
            let safe = |bytes: &[u8]| !bytes.iter().any(|byte| [0, b'\r', b'\n'].contains(byte));
            prop_assert!(safe(url.path()));
            prop_assert!(url.user().is_none_or(|user| safe(user.as_bytes())));
            prop_assert_ne!(url.endpoint().port(), 0);
            let again: FtpUrl = url.to_string().parse().unwrap();
            prop_assert_eq!(again.path(), url.path());
        }
    }
}

/// U+009B begins a control sequence, U+202E turns the order of writing around, and U+AD is no part
/// of a host, and not seen.
#[test]
fn a_url_that_is_shown_deceives_nobody_and_is_the_same_url() {
    let text = "ftp://a\u{9b}\u{e9}@exam\u{ad}ple.org/\u{202e}gpj.exe";
    let url: FtpUrl = text.parse().unwrap();
    let shown = url.to_string();
    assert_eq!(
        shown,
        "ftp://a%C2%9B\u{e9}@exam%C2%ADple.org/%E2%80%AEgpj.exe"
    );
    assert!(!format!("{url:?}").contains(['\u{9b}', '\u{ad}', '\u{202e}']));
    let again: FtpUrl = shown.parse().unwrap();
    assert_eq!((again.user(), again.path()), (url.user(), url.path()));
    assert_eq!(again.endpoint(), url.endpoint());
}

#[test]
fn a_password_in_the_text_is_told() {
    for (text, expected) in [
        ("ftp://h/", false),
        ("ftp://ann@h/", false),
        ("ftp://ann:secret@h/", true),
    ] {
        assert_eq!(read(text).unwrap().has_password(), expected, "{text}");
    }
}

/// A name may have semicolons of its own.
#[test]
fn no_other_parameter_is_a_type() {
    for name in ["a;b=i", "a;b", "a;typed=i"] {
        let url = read(&format!("ftp://h/{name}")).unwrap();
        assert_eq!((url.path(), url.type_code()), (name.as_bytes(), None));
    }
}
