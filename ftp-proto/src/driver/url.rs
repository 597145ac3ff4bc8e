//! FTP URLs (RFC 1738, 3.2), with schemes for TLS (feature `url`).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::str::FromStr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{Endpoint, TlsMode};
use crate::command::{Argument, ArgumentError};
use crate::operation::{Login, Secure};
use crate::shown::is_deceptive;

/// An FTP URL, read and checked: `ftp://`, `ftps://` (implicit TLS), `ftpes://` (explicit TLS).
///
/// ```
/// use ftp_proto::driver::{FtpUrl, TlsMode};
///
/// let url: FtpUrl = "ftpes://ann:secret@ftp.example.org/pub/a%20b.txt".parse()?;
/// assert_eq!(url.tls_mode(), TlsMode::Explicit);
/// assert_eq!((&*url.endpoint().host(), url.endpoint().port()), ("ftp.example.org", 21));
/// assert_eq!(url.path(), b"pub/a b.txt"); // relative to the login directory
/// assert_eq!(url.to_string(), "ftpes://ann:*@ftp.example.org/pub/a%20b.txt");
///
/// let url: FtpUrl = "ftp://ftp.example.org/%2Fetc/motd;type=a".parse()?;
/// assert_eq!(url.path(), b"/etc/motd"); // absolute
/// # Ok::<(), ftp_proto::driver::UrlError>(())
/// ```
///
/// - The path is relative to the directory of the login, and a leading `%2F` makes it absolute
///   (RFC 1738, 3.2.2). Each segment is decoded by itself. `.` and `..` are left to the server.
/// - A backslash, a control character, a query and a fragment are errors. `?` and `#` in a name are
///   written `%3F` and `%23`. CR, LF and NUL are refused after decoding too.
/// - Without a user, the login is anonymous.
/// - `Debug` and `Display` show `*` for a password, and no error shows a part of the text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FtpUrl {
    tls: TlsMode,
    /// The scheme was `ftp`, so that a setting may choose the mode.
    plain_scheme: bool,
    endpoint: Endpoint,
    /// The text names no port.
    default_port: bool,
    user: Option<Argument>,
    password: Option<Argument>,
    path: Vec<u8>,
    type_code: Option<TypeCode>,
    shown: String,
}

/// The `;type=` of a URL (RFC 1738, 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 1738 has these three")]
pub enum TypeCode {
    /// `a`: a file, as text.
    Ascii,
    /// `i`: a file, byte for byte.
    Image,
    /// `d`: a listing of the directory.
    Directory,
}

/// Why a text is not an FTP URL. It holds no part of the text, which may have a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The text does not begin with one of the three schemes and `://`.
    #[error("an FTP URL begins with ftp://, ftps:// or ftpes://")]
    Scheme,
    /// There is a backslash, which programs read in two ways.
    #[error("an FTP URL has no backslash: use %5C for one in a name")]
    Backslash,
    /// There is a control character, such as a line break or a tab.
    #[error("an FTP URL has no control characters")]
    Control,
    /// There is a `?` or `#`.
    #[error("an FTP URL has no query and no fragment: use %3F and %23 in a name")]
    Query,
    /// The host is missing or is not one, or the port is not a number from 1 to 65535.
    #[error("the URL has no valid host and port")]
    Host,
    /// The path begins with two slashes.
    #[error("the path begins with two slashes: use /%2F for an absolute path")]
    DoubleSlash,
    /// The path has another `;type=` than `a`, `i` and `d`.
    #[error("the URL's ;type= is not a, i or d")]
    Type,
    /// The user cannot be sent: it has CR, LF or NUL in it, for instance.
    #[error("the URL's user cannot be sent: {0}")]
    User(#[source] ArgumentError),
    /// The password cannot be sent.
    #[error("the URL's password cannot be sent: {0}")]
    Password(#[source] ArgumentError),
    /// The path cannot be sent.
    #[error("the URL's path cannot be sent: {0}")]
    Path(#[source] ArgumentError),
}

impl FtpUrl {
    /// Uses this mode if the scheme is `ftp`. `ftps` and `ftpes` name their mode and keep it.
    ///
    /// ```
    /// use ftp_proto::driver::{FtpUrl, TlsMode};
    ///
    /// let url = "ftp://ftp.example.org".parse::<FtpUrl>()?.with_tls_mode(TlsMode::Implicit);
    /// assert_eq!((url.tls_mode(), url.endpoint().port()), (TlsMode::Implicit, 990));
    /// # Ok::<(), ftp_proto::driver::UrlError>(())
    /// ```
    #[must_use]
    pub fn with_tls_mode(mut self, mode: TlsMode) -> Self {
        if self.plain_scheme {
            self.tls = mode;
            if self.default_port {
                self.endpoint = self.endpoint.at_port(mode.default_port());
            }
        }
        self
    }

    /// Whether and when TLS begins.
    pub const fn tls_mode(&self) -> TlsMode {
        self.tls
    }

    /// The host and the port: 990 for `ftps`, otherwise 21, unless the URL names one.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The user, decoded; `None` for an anonymous login.
    pub const fn user(&self) -> Option<&Argument> {
        self.user.as_ref()
    }

    /// Whether the text holds a password, which others may have seen there.
    pub const fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The path as the server takes it, decoded; empty for the directory of the login.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// The `;type=`, if there is one.
    pub const fn type_code(&self) -> Option<TypeCode> {
        self.type_code
    }

    /// The login: as the user, or as `anonymous`. TLS begins before it unless the mode is
    /// [`TlsMode::None`].
    pub fn login(&self) -> Login {
        let login = match (&self.user, &self.password) {
            (None, None) => Login::anonymous(),
            (None, Some(password)) => Login::anonymous().password(password.clone()),
            (Some(user), None) => Login::new(user.clone()),
            (Some(user), Some(password)) => Login::new(user.clone()).password(password.clone()),
        };
        match self.tls {
            TlsMode::None => login,
            TlsMode::Explicit | TlsMode::Implicit => login.secure(Secure::new()),
        }
    }
}

impl FromStr for FtpUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        check_characters(text)?;
        let (scheme, tls, rest) = split_scheme(text).ok_or(UrlError::Scheme)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let parsed = parse_authority(authority)?;
        let (user, password) = credentials(&parsed)?;
        let (path, type_code) = parse_path(path)?;
        let port = explicit_port(&parsed, authority);
        Ok(Self {
            tls,
            plain_scheme: scheme == "ftp",
            endpoint: endpoint(&parsed, port.unwrap_or_else(|| tls.default_port()))?,
            default_port: port.is_none(),
            user,
            password,
            path,
            type_code,
            shown: harmless(&masked(scheme, authority, rest)),
        })
    }
}

fn check_characters(text: &str) -> Result<(), UrlError> {
    if text.contains('\\') {
        return Err(UrlError::Backslash);
    }
    if text.contains(|character: char| character.is_ascii_control()) {
        return Err(UrlError::Control);
    }
    if text.contains(['?', '#']) {
        return Err(UrlError::Query);
    }
    Ok(())
}

fn split_scheme(text: &str) -> Option<(&'static str, TlsMode, &str)> {
    const SCHEMES: [(&str, TlsMode); 3] = [
        ("ftp", TlsMode::None),
        ("ftps", TlsMode::Implicit),
        ("ftpes", TlsMode::Explicit),
    ];
    let (scheme, rest) = text.split_once("://")?;
    SCHEMES
        .into_iter()
        .find(|(known, _)| scheme.eq_ignore_ascii_case(known))
        .map(|(known, mode)| (known, mode, rest))
}

/// The crate `url` lowers and decodes the host only under a scheme that it knows. It folds `..` in
/// a path, so it is not given the path.
fn parse_authority(authority: &str) -> Result<Url, UrlError> {
    // It skips slashes before the host.
    if authority.is_empty() {
        return Err(UrlError::Host);
    }
    let mut text = String::from("ftp://");
    text.push_str(authority);
    Url::parse(&text).map_err(|_| UrlError::Host)
}

/// The crate `url` leaves 21 out, which it takes for the default.
fn explicit_port(parsed: &Url, authority: &str) -> Option<u16> {
    let (_, after_colon) = authority.rsplit_once(':')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let names_a_port = !after_colon.is_empty() && is_number(after_colon);
    names_a_port.then(|| parsed.port_or_known_default())?
}

fn endpoint(parsed: &Url, port: u16) -> Result<Endpoint, UrlError> {
    if port == 0 {
        return Err(UrlError::Host);
    }
    Ok(match parsed.host().ok_or(UrlError::Host)? {
        Host::Domain(name) => Endpoint::name(name, port),
        Host::Ipv4(address) => SocketAddr::new(address.into(), port).into(),
        Host::Ipv6(address) => SocketAddr::new(address.into(), port).into(),
    })
}

fn credentials(parsed: &Url) -> Result<(Option<Argument>, Option<Argument>), UrlError> {
    let user = match parsed.username() {
        "" => None,
        user => Some(Argument::new(decoded(user)).map_err(UrlError::User)?),
    };
    let password = parsed
        .password()
        .map(|password| Argument::new(decoded(password)));
    Ok((user, password.transpose().map_err(UrlError::Password)?))
}

fn parse_path(path: &str) -> Result<(Vec<u8>, Option<TypeCode>), UrlError> {
    if path.starts_with('/') {
        return Err(UrlError::DoubleSlash);
    }
    let (path, type_code) = split_type(path)?;
    let segments: Vec<_> = path.split('/').map(decoded).collect();
    let path = segments.join(&b'/');
    if !path.is_empty() {
        Argument::new(&path).map_err(UrlError::Path)?;
    }
    Ok((path, type_code))
}

fn split_type(path: &str) -> Result<(&str, Option<TypeCode>), UrlError> {
    let Some((name, parameter)) = path.rsplit_once(';') else {
        return Ok((path, None));
    };
    let code = match parameter.split_once('=') {
        Some((key, code)) if key.eq_ignore_ascii_case("type") => code,
        _ => return Ok((path, None)),
    };
    let code = match code {
        "a" | "A" => TypeCode::Ascii,
        "i" | "I" => TypeCode::Image,
        "d" | "D" => TypeCode::Directory,
        _ => return Err(UrlError::Type),
    };
    Ok((name, Some(code)))
}

fn decoded(text: &str) -> Cow<'_, [u8]> {
    percent_decode_str(text).into()
}

/// The text with `*` for the password.
fn masked(scheme: &str, authority: &str, rest: &str) -> String {
    let secret = authority.rsplit_once('@').and_then(|(userinfo, _)| {
        let (user, _) = userinfo.split_once(':')?;
        Some((user, userinfo.len()))
    });
    let mut shown = scheme.to_string();
    shown.push_str("://");
    match secret {
        None => shown.push_str(rest),
        Some((user, end)) => {
            shown.push_str(user);
            shown.push_str(":*");
            shown.push_str(rest.get(end..).unwrap_or_default());
        }
    }
    shown
}

/// The same URL: characters that would control a terminal or deceive the reader are written in
/// percent signs.
fn harmless(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if !is_deceptive(character) {
            shown.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            shown.push_str(&format!("%{byte:02X}"));
        }
    }
    shown
}

/// The URL as it was given, its password masked. What would control a terminal or deceive the
/// reader is percent-encoded, which means the same.
impl fmt::Display for FtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for FtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FtpUrl")
            .field("url", &self.shown)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
