//! Servers that do harm, or what looks like it, to whatever client is pointed at them.
//!
//! Each is a complete server over a small tree, but for the one thing that it does. The example
//! `hostile` serves them all on loopback; the test of the same name points a client of this
//! workspace at each.

use std::net::Ipv4Addr;

use ftp_proto::testing::{Behaviour, Files, Rule, ServerConfig, Step};

/// More bytes than a client should take where some dozens are usual.
const MUCH: usize = 2 * 1024 * 1024;

/// What a client does, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It connects, reads the greeting and logs in.
    Login,
    /// It asks for the working directory (PWD).
    Directory,
    /// It downloads `/file`, whose ten bytes are `0123456789`.
    Download,
    /// It lists `/` and takes the entries for files of its own.
    Listing,
}

/// A server that does one thing wrong.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// Of this name.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What a client does right.
    pub right: &'static str,
    /// What fails for such a client. What comes before succeeds; `None`: everything succeeds.
    pub fails: Option<Phase>,
    /// How the server is made.
    pub config: ServerConfig,
}

impl Hostile {
    fn new(name: &'static str, does: &'static str, right: &'static str) -> Self {
        let config = ServerConfig::new();
        Self {
            name,
            does,
            right,
            fails: None,
            config,
        }
    }

    const fn fails(mut self, phase: Phase) -> Self {
        self.fails = Some(phase);
        self
    }

    fn by(mut self, change: impl FnOnce(Behaviour) -> Behaviour) -> Self {
        self.config = self.config.behaviour(change(Behaviour::new()));
        self
    }

    /// Instead of the greeting.
    fn greets(self, bytes: impl AsRef<[u8]>) -> Self {
        self.by(|usual| usual.rule(Rule::at(Step::Connected).say_raw(bytes).instead()))
    }
}

/// The tree of every server: the file, and names that must not become local paths.
#[must_use]
pub fn files() -> Files {
    [
        &b"..\\..\\up"[..],
        b"C:drive",
        b"NUL.txt",
        b"stream.txt:hidden",
        b"dot.",
        b"-rf",
        b"\x1b[2Jclear",
        b"\xe2\x80\xaetxt.exe",
    ]
    .into_iter()
    .fold(Files::new().file("/file", "0123456789"), |files, name| {
        files.file([b"/", name].concat(), "x")
    })
}

/// All of them.
#[must_use]
pub fn table() -> Vec<Hostile> {
    [floods(), lies(), breaks(), silences()].concat()
}

/// Without end, or nearly.
fn floods() -> Vec<Hostile> {
    let line = [&b"220 "[..], &vec![b'x'; MUCH]].concat();
    let lines = [&b"220-\r\n"[..], &b"220-and on\r\n".repeat(MUCH / 12)].concat();
    let marks = b"150 wait\r\n".repeat(MUCH / 10);
    let features = [&b"211-\r\n"[..], &b" X;Y;Z\r\n".repeat(MUCH / 8)].concat();
    vec![
        Hostile::new(
            "greeting-line-without-end",
            "The greeting is one line that does not end.",
            "The client gives up at a limit, and holds no more than that.",
        )
        .greets(line)
        .fails(Phase::Login),
        Hostile::new(
            "greeting-lines-without-end",
            "The greeting has lines without end.",
            "The client gives up at a limit, and holds no more than that.",
        )
        .greets(lines)
        .fails(Phase::Login),
        Hostile::new(
            "marks-without-end",
            "PWD gets preliminary replies (150) without end.",
            "The client gives up after some.",
        )
        .by(|usual| usual.raw_answer("PWD", marks))
        .fails(Phase::Directory),
        Hostile::new(
            "features-without-end",
            "FEAT gets a list without end.",
            "The client gives up, or goes on without features; it holds no more than a limit.",
        )
        .by(|usual| usual.raw_answer("FEAT", features))
        .fails(Phase::Directory),
        Hostile::new(
            "replies-unasked-for",
            "Behind the reply to PWD come nine more.",
            "None is taken for the answer to the next command.",
        )
        .by(|usual| usual.raw_answer("PWD", b"257 \"/\"\r\n".repeat(10)))
        .fails(Phase::Download),
    ]
}

/// Not what it seems.
fn lies() -> Vec<Hostile> {
    vec![
        Hostile::new(
            "another-protocol",
            "The greeting is that of an SSH server.",
            "The client says so, and sends nothing.",
        )
        .greets("SSH-2.0-OpenSSH_9.6\r\n")
        .fails(Phase::Login),
        Hostile::new(
            "port-of-another-host",
            "PASV and EPSV lead to another host: EPSV is refused, and 227 names 198.51.100.7.",
            "That host is not dialled; the server's own is.",
        )
        .by(|usual| {
            usual
                .refuse("EPSV", 500, "Not here.")
                .passive_address(Ipv4Addr::new(198, 51, 100, 7))
        }),
        Hostile::new(
            "download-cut-short",
            "Five of ten bytes come, an orderly end, and 226.",
            "The length that 150 or SIZE told shows that it is no success.",
        )
        .by(|usual| usual.truncate("RETR", 5))
        .fails(Phase::Download),
        Hostile::new(
            "success-before-the-data",
            "226 comes before the data.",
            "The data is awaited all the same.",
        )
        .by(|usual| usual.early_final("RETR")),
        Hostile::new(
            "second-success",
            "Behind the 226 of a download comes another.",
            "It is not taken for the answer to the next command.",
        )
        .by(|usual| usual.surplus("RETR", 226, "Complete, really.")),
        Hostile::new(
            "reply-with-nul",
            "The reply to PWD holds a NUL.",
            "It is refused, or shown escaped; no path is made of it.",
        )
        .by(|usual| usual.raw_answer("PWD", b"257 \"/a\0b\"\r\n"))
        .fails(Phase::Directory),
        Hostile::new(
            "reply-without-code",
            "The reply to PWD has no code.",
            "The client knows that it is out of step, and ends.",
        )
        .by(|usual| usual.raw_answer("PWD", b"well, well\r\n"))
        .fails(Phase::Directory),
        Hostile::new(
            "harmful-names",
            "A listing has names with `..\\`, a drive, a device, a stream, escape sequences and a right-to-left mark.",
            "None becomes a path outside of the directory, and none is printed raw.",
        ),
    ]
}

/// In the midst of it.
fn breaks() -> Vec<Hostile> {
    vec![
        Hostile::new(
            "download-broken-off",
            "Five of ten bytes come, an orderly end, and 426.",
            "The download fails; the session goes on.",
        )
        .by(|usual| usual.break_off("RETR", 5, 426, "Broken."))
        .fails(Phase::Download),
        Hostile::new(
            "data-reset",
            "Five of ten bytes come, then a reset.",
            "The download fails; the session goes on.",
        )
        .by(|usual| usual.reset_data("RETR", 5))
        .fails(Phase::Download),
        Hostile::new(
            "control-closed",
            "RETR is answered by the end of the control connection.",
            "The download fails at once, and so does everything after it.",
        )
        .by(|usual| usual.close_at(Step::Received, "RETR"))
        .fails(Phase::Download),
        Hostile::new(
            "refused-and-closed",
            "RETR is answered 421, and the control connection ends.",
            "The client tells the reason, and does not try again on that connection.",
        )
        .by(|usual| {
            let rule = Rule::at(Step::Received).of("RETR");
            usual.rule(rule.say(421, "Enough.").close_control().instead())
        })
        .fails(Phase::Download),
    ]
}

/// Nothing more comes.
fn silences() -> Vec<Hostile> {
    vec![
        Hostile::new(
            "no-greeting",
            "Nothing is said.",
            "A limit of time ends the wait.",
        )
        .by(|usual| usual.rule(Rule::at(Step::Connected).instead()))
        .fails(Phase::Login),
        Hostile::new(
            "no-answer",
            "PWD has no reply.",
            "A limit of time ends the wait, and the session with it.",
        )
        .by(|usual| usual.no_answer("PWD"))
        .fails(Phase::Directory),
        Hostile::new(
            "download-stands-still",
            "Five of ten bytes come, and nothing more.",
            "A limit of time ends the download.",
        )
        .by(|usual| usual.stall("RETR", 5))
        .fails(Phase::Download),
        Hostile::new(
            "no-final-reply",
            "All the data comes, and no final reply.",
            "A limit of time ends the wait: it is no success.",
        )
        .by(|usual| usual.silence(Step::Ending, "RETR"))
        .fails(Phase::Download),
        Hostile::new(
            "data-port-that-nobody-answers",
            "The port that EPSV and PASV name is closed.",
            "The download fails; the session goes on.",
        )
        .by(|usual| usual.dead_port("EPSV").dead_port("PASV"))
        .fails(Phase::Download),
    ]
}
