//! The ways to read a directory.

use ftp_blocking::{Client, Result};
use ftp_proto::listing::{Entry, Format, Line, Options, Reader};
use ftp_proto::operation::{Exchange, OneTransfer};
use ftp_proto::timestamp::Timestamp;
use ftp_proto::{Argument, Transfer};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    List,
    ListAll,
    MachineList,
    Status,
    Names,
    /// `Client::list`, which chooses among the others.
    Ladder,
}

impl Way {
    pub(crate) const ALL: [Self; 6] = [
        Self::List,
        Self::ListAll,
        Self::MachineList,
        Self::Status,
        Self::Names,
        Self::Ladder,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::ListAll => "list_a",
            Self::MachineList => "mlsd",
            Self::Status => "stat",
            Self::Names => "nlst",
            Self::Ladder => "ladder",
        }
    }

    /// Reads the directory `odd`.
    pub(crate) fn read(self, client: &mut Client) -> Result<Reading> {
        let mut reading = Reading::default();
        let options = Options::new().now(now());
        let directory = Argument::new("odd")?;
        match self {
            Self::List => drop(client.list_raw("odd", &options, |line| reading.note(line))?),
            Self::ListAll => drop(client.list_raw("-a odd", &options, |line| reading.note(line))?),
            Self::MachineList => drop(client.mlsd("odd", |line| reading.note(line))?),
            Self::Ladder => reading.entries = client.list("odd")?,
            Self::Names => {
                let mut reader = Reader::new(&options.format(Format::Names));
                client
                    .download(OneTransfer::new(Transfer::names(Some(directory))))?
                    .blocks(4096, |block| {
                        reader.feed(block, |line| reading.note(line));
                    })?;
                reader.finish(|line| reading.note(line));
            }
            Self::Status => {
                let reply = client.run(Exchange::status(Some(directory)))?;
                let mut reader = Reader::new(&options);
                let last = reply.lines().count() - 1;
                for line in reply.lines().take(last).skip(1) {
                    reader.feed(line, |line| reading.note(line));
                    reader.feed(b"\n", |line| reading.note(line));
                }
                reader.finish(|line| reading.note(line));
            }
        }
        Ok(reading)
    }
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Without the directory itself and its parent.
    pub(crate) entries: Vec<Entry<'static>>,
    pub(crate) unparsed: Vec<Vec<u8>>,
}

impl Reading {
    fn note(&mut self, line: Line<'_>) {
        match line {
            Line::Entry(entry) if matches!(entry.name().as_bytes(), b"." | b"..") => {}
            Line::Entry(entry) => self.entries.push(entry.into_owned()),
            Line::Unparsed { bytes, .. } => self.unparsed.push(bytes.into_owned()),
            _ => {}
        }
    }
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_unix_time(i64::try_from(since.as_secs()).unwrap()).unwrap()
}
