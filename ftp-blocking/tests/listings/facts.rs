//! What the servers make of the directory, other than telling it as it is. All measured.

use ftp_testbed::servers::Kind;

use crate::ways::Way;

/// How an entry comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// With all that the way can tell.
    Truth,
    /// Not at all.
    Nothing,
    /// Under another name.
    Named(&'static [u8]),
    /// As a regular file.
    File,
    /// As something that is no file, directory or link.
    Other,
    /// As what a link points at.
    Target,
    /// With a time of day in place of the year.
    NoYear,
}

struct Fact {
    servers: &'static [Kind],
    ways: &'static [Way],
    names: &'static [&'static [u8]],
    shows: Shows,
}

use Kind::{Inetutils, Proftpd, PureFtpd, Pyftpdlib, Vsftpd};
use Way::{List, ListAll, MachineList, Names, Status};

const LINES: &[Way] = &[List, ListAll, Status];
const EVERY: &[Way] = &[List, ListAll, MachineList, Names, Status];
const SPECIAL: &[&[u8]] = &[b"fifo", b"device"];

/// The first that fits counts.
const FACTS: &[Fact] = &[
    // Hidden names have to be asked for with -a, which does not go with STAT; MLSD knows nothing of
    // hiding.
    Fact {
        servers: &[Vsftpd, Proftpd],
        ways: &[List, Names],
        names: &[b".hidden"],
        shows: Shows::Nothing,
    },
    Fact {
        servers: &[PureFtpd],
        ways: &[List, Status],
        names: &[b".hidden"],
        shows: Shows::Nothing,
    },
    // It withholds names with control characters in every way, and what is no file, directory or
    // link in ls form.
    Fact {
        servers: &[PureFtpd],
        ways: EVERY,
        names: &[b"new\nline", b"tab\there"],
        shows: Shows::Nothing,
    },
    Fact {
        servers: &[PureFtpd],
        ways: LINES,
        names: SPECIAL,
        shows: Shows::Nothing,
    },
    // type=unknown
    Fact {
        servers: &[PureFtpd],
        ways: &[MachineList],
        names: SPECIAL,
        shows: Shows::Other,
    },
    // A line ends where a line ends.
    Fact {
        servers: &[Vsftpd, Proftpd, Pyftpdlib, Inetutils],
        ways: EVERY,
        names: &[b"new\nline"],
        shows: Shows::Named(b"new"),
    },
    Fact {
        servers: &[Proftpd, Pyftpdlib],
        ways: &[MachineList],
        names: SPECIAL,
        shows: Shows::File,
    },
    // MLSD follows links to see whether there is anything; NLST leaves them all out.
    Fact {
        servers: &[Proftpd, Pyftpdlib],
        ways: &[MachineList],
        names: &[b"link-broken"],
        shows: Shows::Nothing,
    },
    Fact {
        servers: &[Proftpd],
        ways: &[Names],
        names: &[b"link-file", b"link-dir", b"link-broken"],
        shows: Shows::Nothing,
    },
    Fact {
        servers: &[Pyftpdlib],
        ways: &[MachineList],
        names: &[b"link-file", b"link-dir"],
        shows: Shows::Target,
    },
    // Names are text for it, and what is not UTF-8 is replaced.
    Fact {
        servers: &[Pyftpdlib],
        ways: EVERY,
        names: &[b"iac-\xff.txt"],
        shows: Shows::Named(b"iac-?.txt"),
    },
    Fact {
        servers: &[Pyftpdlib],
        ways: EVERY,
        names: &[b"latin1-\xe4\xf6.txt"],
        shows: Shows::Named(b"latin1-??.txt"),
    },
    // They see that the date is less than half a year old, and not that it is to come.
    Fact {
        servers: &[Proftpd, PureFtpd, Pyftpdlib, Inetutils],
        ways: LINES,
        names: &[b"y2038.txt"],
        shows: Shows::NoYear,
    },
];

pub(crate) fn shows(server: Kind, way: Way, name: &[u8]) -> Shows {
    let way = match way {
        Way::Ladder => climbed(server),
        way => way,
    };
    let fits = |fact: &&Fact| {
        fact.servers.contains(&server) && fact.ways.contains(&way) && fact.names.contains(&name)
    };
    FACTS
        .iter()
        .find(fits)
        .map_or(Shows::Truth, |fact| fact.shows)
}

/// The rung of the ladder on which each server is listed.
pub(crate) const fn climbed(server: Kind) -> Way {
    match server {
        Vsftpd | Inetutils => ListAll,
        _ => MachineList,
    }
}

/// The reply code with which a server refuses a way.
pub(crate) const fn refusal(server: Kind, way: Way) -> Option<u16> {
    match (server, way) {
        (Vsftpd | Inetutils, MachineList) => Some(500),
        // -a is a name for it.
        (Pyftpdlib, ListAll) => Some(550),
        _ => None,
    }
}

/// What stands before the names in NLST.
pub(crate) const fn prefix(server: Kind) -> &'static [u8] {
    match server {
        Pyftpdlib => b"",
        _ => b"odd/",
    }
}
