//! A small server with files, and with oddities of servers in the field: for what depends on how a
//! client goes about it.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};

use super::sockets::{Bound, is_disconnect, is_temporary, prepare};
use super::{Failure, Received, Record};

/// What a server does unlike others. The names are those of the servers that do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// What one read brings is one command, and the rest of it is dropped: uftpd, the ftpd of npm.
    OneReadIsOneCommand,
    /// FEAT offers MLSD, which lists the working directory, whatever its argument: uftpd.
    MlsdIgnoresItsArgument,
    /// FEAT offers MLSD, to which `-dash` is an option: uftpd.
    MlsdTakesADashForAnOption,
    /// FEAT offers MLSD, which ends its argument at a blank: Apache FtpServer.
    MlsdSplitsAtABlank,
    /// FEAT offers MLSD, which lists a missing directory as an empty one: Apache FtpServer.
    MlsdListsWhatIsMissing,
    /// FEAT offers MLSD, which is refused without an argument, by 501: MinimalFTP.
    MlsdWantsAnArgument,
    /// Bytes of names that are not ASCII are listed as `?`: busybox.
    AsciiNames,
    /// STOR behind REST puts zeros in the place of the head: uftpd, bftpd, ftp-srv.
    RestZeroesTheHead,
    /// SITE HELP has no reply: bftpd.
    HelpIsUnanswered,
    /// RETR of a missing file is answered 451: bftpd.
    MissingIs451,
    /// NOOP ends a download, by 426: twoftpd.
    NoopEndsADownload,
    /// NOOP is answered during an upload, which stands still from then on: bftpd.
    NoopStopsAnUpload,
    /// MKD is answered `257 "Operation successful"`: busybox.
    MkdTellsItsSuccess,
    /// STOU tells the name in its mark, as `150 FILE: NAME`: busybox.
    StouTellsTheNameFirst,
    /// STOU tells the name in its final reply, as `226 /NAME: Transfer complete.`: Apache
    /// FtpServer.
    StouTellsTheNameLast,
    /// CWD, CDUP, OPTS and PASS are answered twice, the second time when the next command has come:
    /// servers that users of basic-ftp and FluentFTP have reported.
    SecondAnswersComeLate,
    /// The greeting is six replies.
    BannerOfReplies,
}

use Oddity::{
    AsciiNames, BannerOfReplies, HelpIsUnanswered, MissingIs451, MkdTellsItsSuccess,
    MlsdIgnoresItsArgument, MlsdListsWhatIsMissing, MlsdSplitsAtABlank, MlsdTakesADashForAnOption,
    MlsdWantsAnArgument, NoopEndsADownload, NoopStopsAnUpload, OneReadIsOneCommand,
    RestZeroesTheHead, SecondAnswersComeLate, StouTellsTheNameFirst, StouTellsTheNameLast,
};

/// What `a` holds.
const CONTENTS: &[u8] = b"abcdef";
/// What is sent of a download before it pauses.
const BEGUN: usize = 3;
/// How often it looks for a command then, 50 ms each time.
const PATIENCE: usize = 20;

/// One session with the first client that connects.
#[derive(Debug)]
pub(super) struct Server {
    oddities: Vec<Oddity>,
    bound: Bound,
    control: TcpStream,
    input: Vec<u8>,
    record: Record,
    files: BTreeMap<Vec<u8>, Vec<u8>>,
    directory: Vec<u8>,
    listener: Option<TcpListener>,
    offset: usize,
    /// What is said when the next command has come.
    late: Option<&'static str>,
    over: bool,
}

impl Server {
    /// Serves until the client quits or closes.
    pub(super) fn run(
        entrance: &TcpListener,
        bound: &Bound,
        oddities: Vec<Oddity>,
    ) -> Result<Record, Failure> {
        let served = Self::accept(entrance, bound, oddities).and_then(Self::serve);
        bound.gates.end();
        served.map_err(|error| Failure {
            step: 0,
            reason: error.to_string(),
            record: Record::default(),
        })
    }

    fn accept(entrance: &TcpListener, bound: &Bound, oddities: Vec<Oddity>) -> io::Result<Self> {
        let (control, _) = bound.accept(entrance)?;
        let files: [&[u8]; 6] = [
            b"/a",
            b"/logs/day1.csv",
            b"/-dash/in-dash",
            b"/two words/in-words",
            b"/two/in-two",
            "/cr\u{e8}me/in-cream".as_bytes(),
        ];
        Ok(Self {
            oddities,
            bound: bound.clone(),
            control,
            input: Vec::new(),
            record: Record::default(),
            files: files.map(|name| (name.to_vec(), CONTENTS.to_vec())).into(),
            directory: b"/".to_vec(),
            listener: None,
            offset: 0,
            late: None,
            over: false,
        })
    }

    fn serve(mut self) -> io::Result<Record> {
        self.say("220 ready")?;
        for line in ["one", "two", "three", "four", "five"] {
            if self.has(BannerOfReplies) {
                self.say(&format!("220 line {line}"))?;
            }
        }
        while let Some(line) = self.line()? {
            let (verb, argument) = match line.iter().position(|byte| *byte == b' ') {
                Some(at) => (line.get(..at), line.get(at + 1..)),
                None => (Some(line.as_slice()), None),
            };
            let verb = String::from_utf8_lossy(verb.unwrap_or_default()).into_owned();
            self.command(&verb, argument.unwrap_or_default())?;
            if self.over {
                break;
            }
        }
        Ok(self.record)
    }

    fn has(&self, oddity: Oddity) -> bool {
        self.oddities.contains(&oddity)
    }

    // -- control connection -----------------------------------------------------------------------

    fn say(&self, reply: &str) -> io::Result<()> {
        self.bound
            .write_all(&self.control, format!("{reply}\r\n").as_bytes())
    }

    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.input.windows(2).position(|pair| pair == b"\r\n") {
                let rest = self.input.split_off(end + 2);
                let mut line = std::mem::replace(&mut self.input, rest);
                line.truncate(end);
                if self.has(OneReadIsOneCommand) {
                    self.input.clear();
                }
                self.record.commands.push(Received {
                    line: line.clone(),
                    flight: self.record.commands.len() + 1,
                });
                return Ok(Some(line));
            }
            let mut block = [0; 4096];
            let count = match self.bound.read(&self.control, &mut block) {
                Err(error) if is_disconnect(&error) => 0,
                result => result?,
            };
            if count == 0 {
                return Ok(None);
            }
            self.input.extend(block.iter().take(count));
        }
    }

    /// Answers, and may answer once more when the next command has come.
    fn say_twice(&mut self, first: &str, second: &'static str) -> io::Result<()> {
        self.late = self.has(SecondAnswersComeLate).then_some(second);
        self.say(first)
    }

    fn command(&mut self, verb: &str, argument: &[u8]) -> io::Result<()> {
        if let Some(late) = self.late.take() {
            self.say(late)?;
        }
        let path = self.path(argument);
        match verb {
            "USER" => self.say("331 password"),
            "PASS" => self.say_twice("230 logged in", "230 logged in"),
            "QUIT" => {
                self.over = true;
                self.say("221 bye")
            }
            "OPTS" => self.say_twice("200 well", "200 well"),
            "TYPE" | "NOOP" | "ABOR" => self.say("200 well"),
            "FEAT" if self.offers_mlsd() => self.say("211-Features:\r\n MLST type*;\r\n211 End"),
            "PWD" => self.say(&format!(
                "257 \"{}\"",
                String::from_utf8_lossy(&self.directory)
            )),
            "CWD" if self.is_directory(&path) => {
                self.directory = path;
                let first = if self.has(SecondAnswersComeLate) {
                    "200 OK"
                } else {
                    "250 there"
                };
                self.say_twice(first, "250 there")
            }
            "CDUP" => {
                self.directory = b"/".to_vec();
                self.say_twice("250 there", "200 OK")
            }
            "CWD" => self.say("550 no such directory"),
            "MKD" if self.has(MkdTellsItsSuccess) => self.say("257 \"Operation successful\""),
            "SITE" if self.has(HelpIsUnanswered) => Ok(()),
            "SIZE" => match self.files.get(&path).map(Vec::len) {
                Some(size) => self.say(&format!("213 {size}")),
                None => self.say("550 no such file"),
            },
            "REST" => {
                self.offset = String::from_utf8_lossy(argument).parse().unwrap_or(0);
                self.say("350 from there")
            }
            "EPSV" => self.listen(),
            "RETR" => self.retrieve(&path),
            "STOR" => {
                if self.has(RestZeroesTheHead) && self.offset > 0 {
                    self.files.remove(&path);
                }
                self.store(path, "150 go", "226 done")
            }
            "APPE" => {
                self.offset = self.files.get(&path).map_or(0, Vec::len);
                self.store(path, "150 go", "226 done")
            }
            "STOU" => {
                let first = if self.has(StouTellsTheNameFirst) {
                    "150 FILE: /uniq"
                } else {
                    "150 go"
                };
                let last = if self.has(StouTellsTheNameLast) {
                    "226 /uniq: Transfer complete."
                } else {
                    "226 done"
                };
                self.store(b"/uniq".to_vec(), first, last)
            }
            "MLSD" if self.offers_mlsd() => self.list_by_machine(argument),
            "LIST" | "NLST" => self.list(argument, |name| {
                [b"-rw-r--r-- 1 o g 6 Jan  1  2020 ", name, b"\r\n"].concat()
            }),
            _ => self.say("502 not implemented"),
        }
    }

    // -- files ------------------------------------------------------------------------------------

    fn path(&self, argument: &[u8]) -> Vec<u8> {
        let argument = argument.strip_prefix(b"./").unwrap_or(argument);
        match argument {
            b"" => self.directory.clone(),
            absolute if absolute.starts_with(b"/") => absolute.to_vec(),
            relative if self.directory == b"/" => [b"/", relative].concat(),
            relative => [&self.directory, relative].join(&b'/'),
        }
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        let within = [path.strip_suffix(b"/").unwrap_or(path), b"/"].concat();
        self.files.keys().any(|name| name.starts_with(&within))
    }

    /// The first part below the directory of every file in it.
    fn names(&self, directory: &[u8]) -> Vec<Vec<u8>> {
        let within = [directory.strip_suffix(b"/").unwrap_or(directory), b"/"].concat();
        let inner = self
            .files
            .keys()
            .filter_map(|name| name.strip_prefix(within.as_slice()));
        let mut names: Vec<Vec<u8>> = inner
            .filter_map(|name| name.split(|byte| *byte == b'/').next())
            .map(<[u8]>::to_vec)
            .collect();
        names.dedup();
        if self.has(AsciiNames) {
            let bytes = names.iter_mut().flatten();
            bytes
                .filter(|byte| !byte.is_ascii())
                .for_each(|byte| *byte = b'?');
        }
        names
    }

    fn offers_mlsd(&self) -> bool {
        [
            MlsdIgnoresItsArgument,
            MlsdTakesADashForAnOption,
            MlsdSplitsAtABlank,
            MlsdListsWhatIsMissing,
            MlsdWantsAnArgument,
        ]
        .iter()
        .any(|oddity| self.has(*oddity))
    }

    fn list_by_machine(&mut self, argument: &[u8]) -> io::Result<()> {
        if argument.is_empty() && self.has(MlsdWantsAnArgument) {
            self.listener = None;
            return self.say("501 Missing parameters");
        }
        let ignored = self.has(MlsdIgnoresItsArgument)
            || self.has(MlsdTakesADashForAnOption) && argument.starts_with(b"-");
        let argument = match argument.iter().position(|byte| *byte == b' ') {
            _ if ignored => b"",
            Some(end) if self.has(MlsdSplitsAtABlank) => argument.get(..end).unwrap_or_default(),
            _ => argument,
        };
        self.list(argument, |name| {
            [b"type=file;size=6; ", name, b"\r\n"].concat()
        })
    }

    fn list(&mut self, argument: &[u8], line: fn(&[u8]) -> Vec<u8>) -> io::Result<()> {
        let path = self.path(argument);
        if !self.is_directory(&path) && !self.has(MlsdListsWhatIsMissing) {
            self.listener = None;
            return self.say("550 no such directory");
        }
        let text: Vec<u8> = self
            .names(&path)
            .iter()
            .flat_map(|name| line(name))
            .collect();
        self.send(&text)
    }

    // -- data connection --------------------------------------------------------------------------

    fn listen(&mut self) -> io::Result<()> {
        let host = self.control.local_addr()?.ip();
        let listener = TcpListener::bind(SocketAddr::new(host, 0))?;
        let port = listener.local_addr()?.port();
        self.listener = Some(listener);
        self.say(&format!("229 Entering Extended Passive Mode (|||{port}|)"))
    }

    fn open(&mut self) -> io::Result<TcpStream> {
        let listener = self.listener.take();
        let listener = listener.ok_or_else(|| io::Error::other("no EPSV before a transfer"))?;
        let (data, from) = self.bound.accept(&listener)?;
        prepare(&data)?;
        self.record.data.push((from, Vec::new()));
        Ok(data)
    }

    fn send(&mut self, text: &[u8]) -> io::Result<()> {
        self.say("150 here")?;
        let data = self.open()?;
        self.bound.write_all(&data, text)?;
        drop(data);
        self.say("226 done")
    }

    fn retrieve(&mut self, path: &[u8]) -> io::Result<()> {
        let offset = std::mem::take(&mut self.offset);
        let Some(contents) = self.files.get(path).cloned() else {
            self.listener = None;
            let code = if self.has(MissingIs451) { 451 } else { 550 };
            return self.say(&format!("{code} no such file"));
        };
        let rest = contents.get(offset..).unwrap_or_default();
        if self.has(NoopEndsADownload) {
            return self.send_unless_told(rest);
        }
        self.send(rest)
    }

    /// Sends the beginning, and the rest only if no command has come for a while.
    fn send_unless_told(&mut self, contents: &[u8]) -> io::Result<()> {
        self.say("150 here")?;
        let data = self.open()?;
        let (begin, rest) = contents.split_at(BEGUN.min(contents.len()));
        self.bound.write_all(&data, begin)?;
        for _ in 0..PATIENCE {
            match self.control.peek(&mut [0]) {
                Err(error) if is_temporary(&error) => {}
                _ => {
                    self.line()?;
                    drop(data);
                    return self.say("426 Transfer interrupted\r\n200 well");
                }
            }
        }
        self.bound.write_all(&data, rest)?;
        drop(data);
        self.say("226 done")
    }

    fn store(&mut self, path: Vec<u8>, first: &str, last: &str) -> io::Result<()> {
        let offset = std::mem::take(&mut self.offset);
        self.say(first)?;
        let data = self.open()?;
        if self.has(NoopStopsAnUpload) && self.record.data.len() == 1 {
            return self.stop_at_a_command(&data);
        }
        let mut sent = Vec::new();
        let mut reader = Patient(&self.bound, &data);
        reader.read_to_end(&mut sent)?;
        if let Some((_, bytes)) = self.record.data.last_mut() {
            bytes.clone_from(&sent);
        }
        let file = self.files.entry(path).or_default();
        file.resize(offset, 0);
        file.extend(sent);
        self.say(last)
    }

    /// Answers commands and reads no more, until the client gives up its data connection.
    fn stop_at_a_command(&mut self, data: &TcpStream) -> io::Result<()> {
        while let Some(line) = self.line()? {
            if line == b"ABOR" {
                let _ = data.shutdown(std::net::Shutdown::Both);
                self.say("426 cut")?;
                return self.say("226 aborted");
            }
            self.say("200 well")?;
        }
        Ok(())
    }
}

/// A data connection whose end may take its time.
struct Patient<'a>(&'a Bound, &'a TcpStream);

impl Read for Patient<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(self.1, into)
    }
}
