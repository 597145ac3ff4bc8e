//! What the server tells of itself, and what needs no data: RFC 959, 4.1.3; RFC 2389.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::files::resolve;
use super::super::listing::{self, Fact, FactSet};
use super::super::peer::split_line;
use super::{Answer, Server, answer};

const COMMANDS: &str = " ABOR ACCT ALLO APPE AUTH CCC CDUP CWD DELE EPRT EPSV FEAT HELP HOST LIST MDTM\n \
                        MFMT MKD MLSD MLST MODE NLST NOOP OPTS PASS PASV PBSZ PORT PROT PWD QUIT REIN\n \
                        REST RETR RMD RNFR RNTO SITE SIZE STAT STOR STOU STRU SYST TYPE USER XCUP XCWD\n \
                        XMKD XPWD XRMD";

impl Server {
    /// Commands that need no login, and those that need one but neither files nor data. `None` when
    /// it is another one.
    pub(super) fn about_command(&mut self, verb: &[u8], argument: &[u8]) -> Option<Option<Answer>> {
        let result = match verb {
            b"NOOP" => answer(200, "Done nothing."),
            b"FEAT" => answer(211, self.features()),
            b"SYST" => answer(215, "UNIX Type: L8"),
            b"HELP" => answer(214, format!("These commands are known:\n{COMMANDS}\nEnd.")),
            b"OPTS" => self.options(argument),
            _ if !self.state.logged_in => return None,
            b"STAT" => self.status(argument),
            b"ALLO" if argument.first().is_some_and(u8::is_ascii_digit) => {
                answer(202, "No storage allocation necessary.")
            }
            b"ALLO" => answer(501, "Not a size."),
            b"SITE" => self.site(argument),
            b"SMNT" => answer(502, "Not implemented."),
            _ => return self.checksum_command(verb, argument),
        };
        Some(result)
    }

    fn features(&self) -> String {
        let facts: String = Fact::ALL
            .into_iter()
            .map(|fact| {
                let selected = if self.private.facts.contains(fact) {
                    "*"
                } else {
                    ""
                };
                format!("{}{selected};", fact.as_str())
            })
            .collect();
        let tls = if self.config.tls {
            " AUTH TLS\n CCC\n PBSZ\n PROT\n"
        } else {
            ""
        };
        let checksums = self.checksum_features();
        format!(
            "Features:\n{tls} EPRT\n EPSV\n{checksums} HOST\n MDTM\n MFMT\n MLST {facts}\n REST STREAM\n SIZE\n TVFS\n UTF8\nEnd."
        )
    }

    fn options(&mut self, argument: &[u8]) -> Option<Answer> {
        let (name, value) = split_line(argument);
        match name.as_slice() {
            b"UTF8" if value.is_empty() || value.eq_ignore_ascii_case(b"ON") => {
                answer(200, "UTF8 is on.")
            }
            b"MLST" => {
                self.private.facts = FactSet::parse(value);
                let selected = Fact::ALL
                    .into_iter()
                    .filter(|fact| self.private.facts.contains(*fact));
                let facts: String = selected.map(|fact| format!("{};", fact.as_str())).collect();
                answer(200, format!("MLST OPTS {facts}"))
            }
            b"HASH" => self.select_checksum(value),
            _ => answer(501, "Option not understood."),
        }
    }

    /// STAT: of the session without an argument, else as LIST but on the control connection.
    fn status(&self, argument: &[u8]) -> Option<Answer> {
        if argument.is_empty() {
            return answer(211, self.session_status());
        }
        let path = resolve(&self.state.directory, argument);
        if self.files.get(&path).is_none() {
            return answer(450, [argument, b": no such file or directory."].concat());
        }
        let text = listing::unix(&self.files, &path, argument, self.config.time);
        let lines: Vec<u8> = text.into_iter().filter(|byte| *byte != b'\r').collect();
        answer(
            213,
            [b"Status follows:\n", lines.as_slice(), b"End of status."].concat(),
        )
    }

    fn session_status(&self) -> Vec<u8> {
        let kind = if self.state.ascii { "ASCII" } else { "Image" };
        let data = if self.transfer.is_some() {
            "in use"
        } else {
            "none"
        };
        let told = format!("\n TYPE: {kind}\n Data connection: {data}\nEnd of status.");
        [
            b"Status of the server:\n Logged in as ",
            self.state.user.as_slice(),
            told.as_bytes(),
        ]
        .concat()
    }

    fn site(&mut self, argument: &[u8]) -> Option<Answer> {
        let (name, rest) = split_line(argument);
        match name.as_slice() {
            b"HELP" => answer(214, "CHMOD HELP"),
            b"CHMOD" => self.change_mode(rest),
            _ => answer(504, "SITE command not known."),
        }
    }

    fn change_mode(&mut self, argument: &[u8]) -> Option<Answer> {
        let (mode, name) = split_line(argument);
        let mode = core::str::from_utf8(&mode)
            .ok()
            .and_then(|mode| u32::from_str_radix(mode, 8).ok());
        let Some(mode) = mode.filter(|mode| *mode <= 0o7777 && !name.is_empty()) else {
            return answer(501, "SITE CHMOD needs an octal mode and a name.");
        };
        let path = resolve(&self.state.directory, name);
        if let Some(refusal) = self.refuse_change(&path) {
            return Some(refusal);
        }
        self.files.set_mode(&path, mode);
        answer(200, "SITE CHMOD command ok.")
    }
}
