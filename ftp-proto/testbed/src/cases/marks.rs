//! What the servers cannot do, and how that shows.
//!
//! A marked case is run all the same. It has to fail in the way that its mark says, and is shown as ignored then, with
//! the reason. A case that succeeds although it is marked fails: the mark is stale.

use ftp_proto::trace::Record;

use super::Mode;
use super::bench::{Complaint, Outcome};
use crate::servers::Kind;

/// Why a case cannot succeed on a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    server: Kind,
    what: What,
    /// Why, in the words of a test's output.
    pub(super) reason: &'static str,
    /// What the complaint contains.
    shows: &'static str,
    /// Whether the case succeeds at times.
    races: bool,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// This case, in every data mode.
    Case(&'static str),
    /// Every case that opens a data connection in this mode.
    Mode(Mode),
}

const fn case(server: Kind, name: &'static str, reason: &'static str, shows: &'static str) -> Mark {
    Mark {
        server,
        what: What::Case(name),
        reason,
        shows,
        races: false,
    }
}

const fn mode(server: Kind, mode: Mode, reason: &'static str, shows: &'static str) -> Mark {
    Mark {
        what: What::Mode(mode),
        ..case(server, "", reason, shows)
    }
}

impl Mark {
    /// The case succeeds at times.
    const fn at_times(mut self) -> Self {
        self.races = true;
        self
    }
}

const NOT_IMPLEMENTED: &str = "not implemented";
const NO_ASCII: &str = "TYPE A is accepted, and nothing is converted";
const NOT_CONVERTED_DOWN: &str = "the bytes on the wire: 34 instead of 38";
const NOT_CONVERTED_UP: &str = "the file on the server: 38 bytes instead of 34";
const UTF8_ONLY: &str = "names that are not UTF-8 become others";
const NOT_MADE: &str = "latin-\\xe9\\xe8 was not made";
const DISORDER: &str = "answers commands that come together out of order";
const CLOSES: &str = "closes the control connection after an abort";
const CLOSED: &str = "the server closed the control connection";

/// All of them.
const MARKS: &[Mark] = &{
    use Kind::{Aioftp, FtpSrv, Libunftp, NodeFtpd, Pyftpdlib, Twisted};
    use Mode::{Active, ExtendedActive};
    const LATIN: &str = "works_in_a_directory_that_is_no_utf8";
    const UNICODE: &str = "works_in_a_directory_with_a_space_and_unicode";
    [
        case(Pyftpdlib, LATIN, UTF8_ONLY, NOT_MADE),
        //
        mode(Aioftp, ExtendedActive, NOT_IMPLEMENTED, "EPRT"),
        mode(Aioftp, Active, NOT_IMPLEMENTED, "PORT"),
        case(Aioftp, "lists_names", NOT_IMPLEMENTED, "NLST: refused: 502"),
        case(
            Aioftp,
            "tells_the_size",
            NOT_IMPLEMENTED,
            "SIZE: refused: 502",
        ),
        case(
            Aioftp,
            "resumes_a_download",
            NOT_IMPLEMENTED,
            "SIZE: the server does not tell the size",
        ),
        case(
            Aioftp,
            "tells_the_modification_time",
            NOT_IMPLEMENTED,
            "MDTM: refused: 502",
        ),
        case(
            Aioftp,
            "downloads_in_ascii_type",
            NO_ASCII,
            NOT_CONVERTED_DOWN,
        ),
        case(Aioftp, "uploads_in_ascii_type", NO_ASCII, NOT_CONVERTED_UP),
        case(Aioftp, "aborts_a_download", CLOSES, CLOSED),
        case(Aioftp, "aborts_when_the_sink_fails", CLOSES, CLOSED),
        case(Aioftp, "takes_the_head_of_a_file", CLOSES, CLOSED),
        case(
            Aioftp,
            LATIN,
            "closes the control connection at a name that is not UTF-8",
            CLOSED,
        ),
        // Its replies to commands that come together are out of order, here 502 and 200 to TYPE and EPRT.
        case(Aioftp, "opens_eagerly", DISORDER, "TYPE: refused: 502").at_times(),
        case(
            Aioftp,
            "looks_ahead",
            "ends at a port that is asked for ahead",
            CLOSED,
        )
        .at_times(),
        //
        case(Twisted, "appends", NOT_IMPLEMENTED, "APPE: refused: 502"),
        case(
            Twisted,
            "resumes_a_download",
            NOT_IMPLEMENTED,
            "REST: refused: 502",
        ),
        case(
            Twisted,
            "resumes_an_upload",
            NOT_IMPLEMENTED,
            "REST: refused: 502",
        ),
        case(
            Twisted,
            "lists_names",
            "refuses NLST without an argument",
            "NLST: refused: 500",
        ),
        case(
            Twisted,
            "downloads_in_ascii_type",
            "fails at every ASCII download",
            "after 0 bytes (550",
        ),
        case(
            Twisted,
            "uploads_in_ascii_type",
            "fails at every ASCII upload",
            "after 38 bytes (426",
        ),
        case(Twisted, UNICODE, "encodes names twice", "was not made"),
        case(Twisted, LATIN, "encodes names twice", NOT_MADE),
        //
        case(
            FtpSrv,
            "downloads_in_ascii_type",
            NO_ASCII,
            NOT_CONVERTED_DOWN,
        ),
        case(FtpSrv, "uploads_in_ascii_type", NO_ASCII, NOT_CONVERTED_UP),
        case(
            FtpSrv,
            "survives_a_refused_login",
            "takes no second USER",
            "USER: refused: 530",
        ),
        case(
            FtpSrv,
            "makes_and_removes_a_directory",
            "MKD of what exists succeeds",
            "succeeded with",
        ),
        case(
            FtpSrv,
            "resumes_an_upload",
            "REST and STOR put zeros in the place of the head",
            "the file on the server: 100000 bytes instead of 100000",
        ),
        case(
            FtpSrv,
            "works_in_a_directory_with_quotes",
            "drops quotes from names",
            "was not made",
        ),
        case(FtpSrv, LATIN, UTF8_ONLY, NOT_MADE),
        //
        case(
            NodeFtpd,
            "downloads_in_ascii_type",
            NO_ASCII,
            NOT_CONVERTED_DOWN,
        ),
        case(
            NodeFtpd,
            "uploads_in_ascii_type",
            NO_ASCII,
            NOT_CONVERTED_UP,
        ),
        case(
            NodeFtpd,
            "resumes_a_download",
            NOT_IMPLEMENTED,
            "REST: refused: 502",
        ),
        case(
            NodeFtpd,
            "resumes_an_upload",
            NOT_IMPLEMENTED,
            "REST: refused: 502",
        ),
        case(NodeFtpd, LATIN, UTF8_ONLY, NOT_MADE),
        //
        case(Libunftp, "opens_eagerly", DISORDER, "PASS: refused: 530").at_times(),
        mode(Libunftp, ExtendedActive, NOT_IMPLEMENTED, "EPRT"),
        case(
            Libunftp,
            "downloads_in_ascii_type",
            NO_ASCII,
            NOT_CONVERTED_DOWN,
        ),
        case(
            Libunftp,
            "uploads_in_ascii_type",
            NO_ASCII,
            NOT_CONVERTED_UP,
        ),
        case(Libunftp, LATIN, UTF8_ONLY, NOT_MADE),
    ]
};

/// The marks of a case on a server.
pub(super) fn of(server: Kind, name: &str, over: Mode) -> Vec<Mark> {
    let fits = |mark: &&Mark| match mark.what {
        What::Case(marked) => marked == name,
        What::Mode(mode) => mode == over,
    };
    let marks = MARKS.iter().filter(|mark| mark.server == server);
    marks.filter(fits).copied().collect()
}

/// The mark by which the case failed; the complaint if it failed otherwise, or did not fail as it has to.
pub(super) fn judge(
    marks: &[Mark],
    outcome: Outcome,
    trace: &[Record],
) -> Result<Option<Mark>, Complaint> {
    let Err(complaint) = outcome else {
        let stale = marks
            .iter()
            .find(|mark| !mark.races && mark.was_reached(trace));
        return match stale {
            Some(mark) => Err(format!("a mark is stale: {}", mark.reason).into()),
            None => Ok(None),
        };
    };
    let said = complaint.to_string();
    match marks.iter().find(|mark| said.contains(mark.shows)) {
        Some(mark) => Ok(Some(*mark)),
        None => Err(complaint),
    }
}

impl Mark {
    /// Whether the session came to what the server cannot do.
    fn was_reached(self, trace: &[Record]) -> bool {
        let What::Mode(mode) = self.what else {
            return true;
        };
        let verb = mode.verb();
        trace
            .iter()
            .any(|record| matches!(record, Record::Command(command) if command.verb() == verb))
    }
}
