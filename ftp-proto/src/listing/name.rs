//! Names as servers send them, and the few of them that are harmless on a local disk.

use core::fmt;

use crate::shown::escape;

/// A name, as bytes: FTP knows no character set.
///
/// `Display` is for people: what is not UTF-8 shows as U+FFFD. Control characters are escaped, and
/// so are those that reorder text or are invisible: a name can neither drive a terminal nor pass
/// for another name.
///
/// ```
/// use ftp_proto::listing::Name;
/// let name = Name::new(b"caf\xe9\x1b[2J\n");
/// assert_eq!(name.to_string(), "caf\u{fffd}\\u{1b}[2J\\n");
/// assert_eq!(name.as_bytes(), b"caf\xe9\x1b[2J\n");
/// assert_eq!(name.to_str(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<'a>(&'a [u8]);

impl<'a> Name<'a> {
    /// Any bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes as sent.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The name as text, if it is UTF-8.
    #[must_use]
    pub const fn to_str(self) -> Option<&'a str> {
        match core::str::from_utf8(self.0) {
            Ok(text) => Some(text),
            Err(_) => None,
        }
    }

    /// The name as one harmless component of a local path, or `None`; see [`SafeName`].
    ///
    /// ```
    /// use ftp_proto::listing::{Name, SafeFor};
    /// assert!(Name::new(b"report.txt").safe(SafeFor::EverySystem).is_some());
    /// assert!(Name::new(b"../../.bashrc").safe(SafeFor::ThisSystem).is_none());
    /// assert!(Name::new(b"NUL.txt").safe(SafeFor::EverySystem).is_none());
    /// ```
    #[must_use]
    pub fn safe(self, systems: SafeFor) -> Option<SafeName<'a>> {
        SafeName::new(self.0, systems)
    }
}

/// On which systems a [`SafeName`] has to be harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SafeFor {
    /// On every system, so that the file can be copied to Windows. The rules of Windows are the
    /// strictest; see [`SafeName::is_portable`].
    EverySystem,
    /// On the system that the program was built for: on Windows as
    /// [`EverySystem`](Self::EverySystem), elsewhere by the rules of Unix, which take more names.
    ThisSystem,
}

impl AsRef<[u8]> for Name<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

impl PartialEq<[u8]> for Name<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        self.0 == other
    }
}

impl PartialEq<str> for Name<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Name<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, f)
    }
}

/// The bytes, escaped as in a byte string literal.
impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// A name that is exactly one component of a path and cannot leave its directory.
///
/// It is not empty, not `.` or `..`, and has no `/`, no `\`, no NUL and no other control byte. With
/// [`SafeFor::EverySystem`] it is portable too: not a device, a drive or a stream of Windows.
/// Servers choose names, and clients that joined them to local paths have been made to overwrite
/// files outside the target directory (CVE-2002-1345, CVE-2014-4877, CVE-2026-27699). Made by
/// [`Name::safe`].
///
/// A safe name can still be that of a file that exists: open it in a mode that creates files only.
///
/// ```
/// use ftp_proto::listing::{SafeFor, SafeName};
///
/// let name = SafeName::new(b"report.txt", SafeFor::EverySystem).unwrap();
/// # #[cfg(feature = "std")]
/// let path = std::path::Path::new("downloads").join(name.to_path().unwrap());
/// # #[cfg(feature = "std")]
/// assert_eq!(path, std::path::Path::new("downloads/report.txt"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SafeName<'a> {
    name: Name<'a>,
}

impl<'a> SafeName<'a> {
    /// Checks a name. `None` if it is not safe on the systems that are asked for.
    #[must_use]
    pub fn new(bytes: &'a [u8], systems: SafeFor) -> Option<Self> {
        let harmful = |&byte: &u8| byte.is_ascii_control() || byte == b'/' || byte == b'\\';
        if matches!(bytes, b"" | b"." | b"..") || bytes.iter().any(harmful) {
            return None;
        }
        let name = Self {
            name: Name::new(bytes),
        };
        let is_enough = match systems {
            SafeFor::ThisSystem if !cfg!(windows) => true,
            SafeFor::ThisSystem | SafeFor::EverySystem => name.is_portable(),
        };
        is_enough.then_some(name)
    }

    /// The name as a relative path of one component, to be joined to a local directory.
    ///
    /// `None` where paths are Unicode, as on Windows, and the name is not UTF-8. On Unix, paths are
    /// bytes as names are.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_path(self) -> Option<&'a std::path::Path> {
        #[cfg(unix)]
        let name =
            Some(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(self.as_bytes()));
        #[cfg(not(unix))]
        let name = self.to_str();
        name.map(std::path::Path::new)
    }

    /// The name, with its `Display`.
    #[must_use]
    pub const fn name(self) -> Name<'a> {
        self.name
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.name.as_bytes()
    }

    /// The name as text, if it is UTF-8.
    #[must_use]
    pub const fn to_str(self) -> Option<&'a str> {
        self.name.to_str()
    }

    /// Whether Windows would take the name for that same single component, too.
    ///
    /// False for a drive letter or an alternate stream (any `:`), a device (`CON`, `NUL.txt`,
    /// `COM1` ...), a trailing dot or blank (dropped there, so that two names become one), and the
    /// characters `< > " | ? *`.
    #[must_use]
    pub fn is_portable(self) -> bool {
        let bytes = self.as_bytes();
        let reserved = |byte: &u8| b"<>:\"|?*".contains(byte);
        !bytes.iter().any(reserved)
            && !matches!(bytes.last(), Some(b'.' | b' '))
            && !is_device(bytes)
    }
}

impl fmt::Display for SafeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// Whether Windows opens a device for the name: extensions, and blanks before them, do not matter.
fn is_device(name: &[u8]) -> bool {
    let stem = name.split(|&byte| byte == b'.').next().unwrap_or_default();
    let stem = stem.trim_ascii_end();
    let plain: [&[u8]; 7] = [
        b"CON", b"PRN", b"AUX", b"NUL", b"CLOCK$", b"CONIN$", b"CONOUT$",
    ];
    if plain.iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        return true;
    }
    let Some((port, number)) = stem.split_at_checked(3) else {
        return false;
    };
    // The superscripts one to three count as digits there, in Latin-1 as in UTF-8.
    let numbered = matches!(
        number,
        [b'0'..=b'9' | 0xB9 | 0xB2 | 0xB3] | [0xC2, 0xB9 | 0xB2 | 0xB3]
    );
    numbered && (port.eq_ignore_ascii_case(b"COM") || port.eq_ignore_ascii_case(b"LPT"))
}
