//! Directory listings: every format in the field, and nothing dropped silently.
//!
//! RFC 959 left the format of LIST to the server, and servers used the freedom. [`Reader`] takes
//! the bytes of a listing as they arrive, finds out the format, and reports each line as an
//! [`Entry`], as something known to be no entry ([`Line::Skipped`]), or as not understood, with its
//! bytes ([`Line::Unparsed`]). One bad line never costs another.
//!
//! Entries borrow their line. Unknown is `None`: never zero, never now, never 1970.
//!
//! ```
//! use ftp_proto::listing::{Line, Options, Reader};
//! use ftp_proto::timestamp::Timestamp;
//!
//! let now = Timestamp::from_unix_time(1_718_452_800).unwrap(); // 2024-06-15 12:00
//! let mut reader = Reader::new(&Options::new().now(now));
//! let mut names = Vec::new();
//! reader.feed(
//!     b"total 4\r\n\
//!       drwxr-xr-x   7 kepler   staff        4096 Jan 11 03:26 ephemeris\r\n\
//!       lrwxrwxrwx   1 root     root           11 May  4 18:00 current -> release-2.9\r\n",
//!     |line| {
//!         if let Line::Entry(entry) = line {
//!             names.push(format!("{} {}", entry.name(), entry.modified().unwrap()));
//!         }
//!     },
//! );
//! assert_eq!(names, ["ephemeris 2024-01-11T03:26", "current 2024-05-04T18:00"]);
//! ```
//!
//! # Dates without a year
//!
//! `ls` prints the time instead of the year for files younger than six months. The year is then
//! taken from [`Options::now`]: the newest in which the date exists and lies no later than a day
//! from then, because neither the server's zone nor its clock is known. Such a time says so
//! ([`Timestamp::is_year_inferred`]). A stated year is never corrected.
//!
//! [`Timestamp::is_year_inferred`]: crate::timestamp::Timestamp::is_year_inferred

use alloc::borrow::Cow;
use core::fmt;

mod context;
mod cursor;
mod dates;
mod detector;
mod dls;
mod dos;
mod entry;
mod eplf;
mod facts;
mod headings;
mod mlsx;
mod months;
mod mvs;
mod name;
mod name_first;
mod netware;
mod nonstop;
mod number;
mod os400;
mod os9;
mod reader;
mod scan;
mod size_first;
mod span;
mod unix;
mod vm;
mod vms;

pub use entry::{Entry, Kind};
pub use facts::Facts;
pub use name::{Name, SafeFor, SafeName};
pub use reader::{Custom, LINE_MAX, Options, Reader, parse_line};

/// A format of listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// MLSD: the facts of RFC 3659. Never detected; the command that was sent says so.
    Facts,
    /// NLST: a name in each line, and nothing else. Never detected; the command that was sent says
    /// so.
    Names,
    /// `ls -l` and its imitations: also classic Mac, OS/2 FtpServer, Plan 9, HylaFAX,
    /// Connect:Enterprise.
    Unix,
    /// `dir`: IIS, Windows CE.
    Dos,
    /// Easily Parsed LIST Format.
    Eplf,
    /// OpenVMS.
    Vms,
    /// MVS and z/OS: data sets, members, load modules, jobs.
    Mvs,
    /// OS/400 and IBM i.
    Os400,
    /// z/VM and CMS.
    Vm,
    /// NetWare and Hellsoft.
    NetWare,
    /// HP NonStop, Tandem Guardian.
    NonStop,
    /// OS/2.
    Os2,
    /// VxWorks.
    VxWorks,
    /// VShell before it took to `ls -l`.
    VShell,
    /// Nortel wfFtp.
    Nortel,
    /// OS-9.
    Os9,
    /// SuperTCP and Chameleon for 16-bit Windows.
    Win16,
    /// dls, with descriptions.
    Dls,
}

/// What a line of a listing is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// An object of the directory.
    Entry(Entry<'a>),
    /// Known to describe no object of the directory.
    Skipped {
        /// Why it is none.
        skip: Skip,
        /// The line without its end.
        bytes: Cow<'a, [u8]>,
    },
    /// Not understood: an error message of the server's, or a format that nobody has told us about.
    Unparsed {
        /// What is wrong with it.
        fault: Fault,
        /// The line without its end; of a record of several lines all, joined by LF.
        bytes: Cow<'a, [u8]>,
    },
}

impl Line<'_> {
    /// Detaches the line from the chunk it was read from.
    #[must_use]
    pub fn into_owned(self) -> Line<'static> {
        match self {
            Self::Entry(entry) => Line::Entry(entry.into_owned()),
            Self::Skipped { skip, bytes } => Line::Skipped {
                skip,
                bytes: Cow::Owned(bytes.into_owned()),
            },
            Self::Unparsed { fault, bytes } => Line::Unparsed {
                fault,
                bytes: Cow::Owned(bytes.into_owned()),
            },
        }
    }
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(entry) => entry.fmt(f),
            Self::Skipped { skip, bytes } => write!(f, "{skip:?}({:?})", Name::new(bytes)),
            Self::Unparsed { fault, bytes } => write!(f, "{fault:?}({:?})", Name::new(bytes)),
        }
    }
}

/// Why a line describes no object of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// Nothing, or nothing but blanks.
    Blank,
    /// A sum: `total 48`, `Total of 14 files, 1330/1410 blocks.`
    Total,
    /// The names of columns, of a directory, of a volume.
    Heading,
    /// The directory itself (`.`) or its parent (`..`). In MLSD these are entries, of kinds of
    /// their own.
    SelfOrParent,
}

/// Why a line was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No format that was tried has such lines.
    #[error("line not understood")]
    NotUnderstood,
    /// The line exceeds [`Options::line_max`]; its beginning is given.
    #[error("line too long")]
    TooLong,
}
