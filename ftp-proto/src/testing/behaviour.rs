//! How a test server deviates from the good one: manners of real servers, lies, stalls and breaks,
//! all as data.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::rule::{Deed, Next, Rule, Step};

/// What a server does with ABOR. Six of these are how servers in the field were seen to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum AbortStyle {
    /// As RFC 959 tells it: ABOR is seen at once; 426 for the transfer, then 226 for ABOR. 225 when
    /// idle.
    #[default]
    Prompt,
    /// vsftpd: looks at ABOR when the transfer is over (226, or 426 if the client closed the data
    /// connection), then 225.
    Vsftpd,
    /// ProFTPD: as vsftpd with 226 for ABOR; an upload that the client ends while ABOR waits gets
    /// 426.
    ProFtpd,
    /// Pure-FTPd: a download goes on until the client reads again, then 426 and 226; an upload gets
    /// 426 and 451 at once; a download that the client broke gets a second 150 and *no final reply
    /// at all*. 226 when idle.
    PureFtpd,
    /// pyftpdlib: a download gets 426 and 226 at once, an upload a single 225. 225 when idle. A
    /// transfer is marked with 125 when its data connection is open.
    Pyftpdlib,
    /// GNU inetutils ftpd: acts as vsftpd.
    Inetutils,
    /// libunftp: as vsftpd with 226 for ABOR.
    Libunftp,
}

/// What a server does with other commands that come during a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Busy {
    /// They wait until the transfer is over (vsftpd, ProFTPD, inetutils).
    #[default]
    Queue,
    /// They are answered at once; a new PASV, EPSV, PORT or EPRT drops the running transfer without
    /// a word (pyftpdlib).
    Answer,
    /// They are answered 500 as soon as the transfer has its mark (Pure-FTPd).
    Refuse,
    /// They are answered when the payload has moved, before the transfer's own final reply
    /// (libunftp).
    BeforeFinal,
}

/// All deviations of a server; none by default.
///
/// The methods named after a fault are shorthand for [`Rule`]s. Where several rules fit the same
/// moment, the first one given applies.
///
/// ```
/// use ftp_proto::testing::{Behaviour, Files, Peer, Server, ServerConfig};
///
/// let behaviour = Behaviour::new().refuse("EPSV", 502, "Not here.").surplus("NOOP", 200, "And once more.");
/// let mut server = Server::new(ServerConfig::new().behaviour(behaviour), Files::new());
/// server.transmitted(server.transmit().len());
/// server.receive(b"NOOP\r\nEPSV\r\n");
/// assert_eq!(server.transmit(), b"200 Done nothing.\r\n200 And once more.\r\n502 Not here.\r\n");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Behaviour {
    pub(super) rules: Vec<Rule>,
    pub(super) abort: AbortStyle,
    pub(super) busy: Busy,
    pub(super) mark_first: bool,
    pub(super) withholds_mark: bool,
    pub(super) forgetful: bool,
    pub(super) lingering: bool,
    pub(super) broken_upload: u16,
    pub(super) telnet: bool,
    pub(super) passive_address: Option<Ipv4Addr>,
    pub(super) quotes_doubled: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self::new()
    }
}

/// Manners.
impl Behaviour {
    /// No deviation.
    pub const fn new() -> Self {
        Self {
            rules: Vec::new(),
            abort: AbortStyle::Prompt,
            busy: Busy::Queue,
            mark_first: false,
            withholds_mark: false,
            forgetful: false,
            lingering: false,
            broken_upload: 426,
            telnet: true,
            passive_address: None,
            quotes_doubled: true,
        }
    }

    /// Adds a rule.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// What the server does with ABOR.
    #[must_use]
    pub const fn abort(mut self, style: AbortStyle) -> Self {
        self.abort = style;
        self
    }

    /// What the server does with other commands that come during a transfer.
    #[must_use]
    pub const fn busy(mut self, style: Busy) -> Self {
        self.busy = style;
        self
    }

    /// The 150 is said before the data connection is opened, not after (RFC 959's "about to open";
    /// pyftpdlib).
    #[must_use]
    pub const fn mark_first(mut self) -> Self {
        self.mark_first = true;
        self
    }

    /// The 150 to a protected transfer is said when the TLS handshake on its data connection is
    /// over, not before (ftp-srv).
    #[must_use]
    pub const fn withholds_mark(mut self) -> Self {
        self.withholds_mark = true;
        self
    }

    /// A transfer that is aborted, or dropped for a new data connection, before its own is open
    /// gets 225 for ABOR or nothing at all, and is carried out on the next data connection, before
    /// the transfer that this is for (pyftpdlib, which says the mark [first](Self::mark_first)
    /// then).
    #[must_use]
    pub const fn forgetful(mut self) -> Self {
        self.forgetful = true;
        self
    }

    /// After a download, the 226 is held back until the client has closed its side of the data
    /// connection (ProFTPD).
    #[must_use]
    pub const fn lingering_close(mut self) -> Self {
        self.lingering = true;
        self
    }

    /// The reply to an upload whose data connection the client reset: 426 by default, 451 on
    /// Pure-FTPd, 226 on pyftpdlib.
    #[must_use]
    pub const fn broken_upload(mut self, code: u16) -> Self {
        self.broken_upload = code;
        self
    }

    /// Telnet codes are not undone in commands and 0xFF is not doubled in replies (vsftpd,
    /// Pure-FTPd).
    #[must_use]
    pub const fn without_telnet(mut self) -> Self {
        self.telnet = false;
        self
    }

    /// The 227 tells this address instead of the server's own, as behind address translation, or to
    /// lead the client elsewhere.
    #[must_use]
    pub const fn passive_address(mut self, address: Ipv4Addr) -> Self {
        self.passive_address = Some(address);
        self
    }

    /// Quotes in the path of a 257 are not doubled (inetutils).
    #[must_use]
    pub const fn bare_quotes(mut self) -> Self {
        self.quotes_doubled = false;
        self
    }
}

/// Faults.
impl Behaviour {
    /// The command has no effect, and this is the answer. Also for lies:
    /// `refuse("REST", 350, "...")` ignores the offset, `refuse("SIZE", 213, "7")` makes up a size.
    #[must_use]
    pub fn refuse(self, verb: &str, code: u16, text: &str) -> Self {
        self.rule(Rule::at(Step::Received).of(verb).say(code, text).instead())
    }

    /// The command has its effect, and these bytes are the answer.
    #[must_use]
    pub fn raw_answer(self, verb: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.rule(Rule::at(Step::Answering).of(verb).say_raw(bytes).instead())
    }

    /// One reply too many after the answer to this command.
    #[must_use]
    pub fn surplus(self, verb: &str, code: u16, text: &str) -> Self {
        self.rule(Rule::at(Step::Answered).of(verb).say(code, text))
    }

    /// The command has its effect and no answer; a transfer has no final reply.
    #[must_use]
    pub fn no_answer(self, verb: &str) -> Self {
        self.rule(Rule::at(Step::Answering).of(verb).instead())
    }

    /// A 120 before the greeting.
    #[must_use]
    pub fn delayed_greeting(self) -> Self {
        self.rule(Rule::at(Step::Connected).say(120, "Service ready in 1 minutes."))
    }

    /// Another greeting; a code of 421 or so does not close the connection by itself.
    #[must_use]
    pub fn greet(self, code: u16, text: &str) -> Self {
        self.rule(Rule::at(Step::Connected).say(code, text).instead())
    }

    /// From this step of this command on, the server is silent.
    #[must_use]
    pub fn silence(self, step: Step, verb: &str) -> Self {
        self.rule(Rule::at(step).of(verb).then(Next::Silence))
    }

    /// At this step of this command, the server closes the control connection without a word.
    #[must_use]
    pub fn close_at(self, step: Step, verb: &str) -> Self {
        self.rule(Rule::at(step).of(verb).close_control().then(Next::End))
    }

    /// At this step of this command, the server says 421 and closes the control connection.
    #[must_use]
    pub fn shut_down_at(self, step: Step, verb: &str) -> Self {
        let rule = Rule::at(step)
            .of(verb)
            .say(421, "Service not available, closing control connection.");
        self.rule(rule.close_control().then(Next::End))
    }

    /// No 150 for this transfer command.
    #[must_use]
    pub fn no_mark(self, verb: &str) -> Self {
        self.rule(Rule::at(Step::Marking).of(verb).instead())
    }

    /// A reply of this code before the 150 of this transfer command.
    #[must_use]
    pub fn preface(self, verb: &str, code: u16) -> Self {
        self.rule(
            Rule::at(Step::Marking)
                .of(verb)
                .say(code, "Not the reply you waited for."),
        )
    }

    /// The 226 comes before the first byte of payload, and not again.
    #[must_use]
    pub fn early_final(self, verb: &str) -> Self {
        let early = Rule::at(Step::Moving(0))
            .of(verb)
            .say(226, "Transfer complete, so to speak.");
        self.rule(early).no_answer(verb)
    }

    /// The payload ends after so many bytes, and the server says that it is complete. What a client
    /// sends beyond is never read.
    #[must_use]
    pub fn truncate(self, verb: &str, bytes: u64) -> Self {
        self.rule(Rule::at(Step::Moving(bytes)).of(verb).instead())
    }

    /// The transfer breaks off after so many bytes: this reply, and the data connection is reset.
    #[must_use]
    pub fn break_off(self, verb: &str, bytes: u64, code: u16, text: &str) -> Self {
        let rule = Rule::at(Step::Moving(bytes)).of(verb).say(code, text);
        self.rule(rule.reset_data().then(Next::End))
    }

    /// The transfer fails after so many bytes: this reply, while the data connection stays open and
    /// is no longer read or written.
    #[must_use]
    pub fn give_up(self, verb: &str, bytes: u64, code: u16, text: &str) -> Self {
        self.rule(
            Rule::at(Step::Moving(bytes))
                .of(verb)
                .say(code, text)
                .then(Next::End),
        )
    }

    /// The data connection is reset after so many bytes, and nothing is said of it.
    #[must_use]
    pub fn reset_data(self, verb: &str, bytes: u64) -> Self {
        self.rule(
            Rule::at(Step::Moving(bytes))
                .of(verb)
                .reset_data()
                .then(Next::End),
        )
    }

    /// The payload stands still after so many bytes.
    #[must_use]
    pub fn stall(self, verb: &str, bytes: u64) -> Self {
        self.rule(Rule::at(Step::Moving(bytes)).of(verb).then(Next::Hang))
    }

    /// The 226 comes, but the data connection is never closed.
    #[must_use]
    pub fn keep_data_open(self, verb: &str) -> Self {
        self.rule(Rule::at(Step::Ending).of(verb).instead())
    }

    /// The 150 comes, but never a data connection: the server does not dial (active) or accept
    /// (passive).
    #[must_use]
    pub fn no_data_connection(self, verb: &str) -> Self {
        let rule = Rule::at(Step::Opening)
            .of(verb)
            .say(150, "About to open data connection.");
        self.rule(rule.then(Next::Hang))
    }

    /// The port told in reply to PASV or EPSV refuses connections.
    #[must_use]
    pub fn dead_port(self, verb: &str) -> Self {
        self.rule(Rule::at(Step::Answering).of(verb).close_data())
    }

    /// In active mode, a stranger connects to the client's listener before the server does.
    #[must_use]
    pub fn stranger(self, verb: &str) -> Self {
        self.rule(Rule::at(Step::Opening).of(verb).deed(Deed::Intrude))
    }
}
