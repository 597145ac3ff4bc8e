//! Directories: entries as they arrive, or all of them.

use std::time::{Duration, SystemTime};

use ftp_proto::listing::{Entry, Format, Kind, Line, Options, Reader};
use ftp_proto::operation::{Exchange, List, Listed, Payload};
use ftp_proto::timestamp::Timestamp;
use ftp_proto::{Argument, Completed, Operation, Reply, Transfer};

use crate::client::Client;
use crate::download::BLOCK_BYTES;
use crate::driver::{Driven, Driver};
use crate::error::Result;
use crate::transport::Transport;

impl<T: Transport> Client<T> {
    /// The entries of a directory, by the best way that the server knows: MLSD, `LIST -a`, LIST, STAT; what worked is
    /// remembered. The directory itself and its parent are left out, and so is what is no entry; see
    /// [`list_with`](Self::list_with) for everything.
    ///
    /// ```no_run
    /// # fn f(client: &mut ftp_blocking::Client) -> ftp_blocking::Result<()> {
    /// for entry in client.list("pub")? {
    ///     println!("{} {:?}", entry.name(), entry.size());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// No way worked; the error is that of the last one.
    pub fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<Entry<'static>>> {
        let mut entries = Vec::new();
        self.list_with(path, &listing_time(), |line| {
            if let Line::Entry(entry) = line {
                if !matches!(entry.kind(), Kind::CurrentDirectory | Kind::ParentDirectory) {
                    entries.push(entry.into_owned());
                }
            }
        })?;
        Ok(entries)
    }

    /// Hands on every line of a directory listing as it arrives, understood or not, in constant memory. An empty path
    /// means the working directory.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn list_with(
        &mut self,
        path: impl AsRef<[u8]>,
        options: &Options,
        mut each: impl FnMut(Line<'_>),
    ) -> Result<Listed> {
        let mut operation = List::new(optional(path)?);
        let mut reader = Reader::new(options);
        let mut begun = None;
        let listed = receive(self.idle_driver(), &mut operation, |operation, chunk| {
            let rung = operation.rung();
            if begun != rung {
                begun = rung;
                reader = reader_for(options, rung.and_then(ftp_proto::operation::Rung::format));
            }
            reader.feed(chunk, &mut each);
        })?;
        for line in listed.status_lines() {
            reader.feed(line, &mut each);
            reader.feed(b"\n", &mut each);
        }
        reader.finish(&mut each);
        Ok(listed)
    }

    /// The lines of MLSD (RFC 3659), as they arrive; an empty path means the working directory.
    ///
    /// # Errors
    /// Refused, or the transfer failed.
    pub fn mlsd(
        &mut self,
        path: impl AsRef<[u8]>,
        each: impl FnMut(Line<'_>),
    ) -> Result<Completed> {
        self.read_listing(
            Transfer::machine_list(optional(path)?),
            &Options::new().format(Format::Facts),
            each,
        )
    }

    /// The lines of LIST with the given argument, as they arrive.
    ///
    /// # Errors
    /// Refused, or the transfer failed.
    pub fn list_raw(
        &mut self,
        argument: impl AsRef<[u8]>,
        options: &Options,
        each: impl FnMut(Line<'_>),
    ) -> Result<Completed> {
        self.read_listing(Transfer::list(optional(argument)?), options, each)
    }

    /// The facts of one object (MLST, RFC 3659), with the reply that holds them.
    ///
    /// # Errors
    /// Refused.
    pub fn mlst(&mut self, path: impl AsRef<[u8]>) -> Result<Facts> {
        self.run(Exchange::facts(optional(path)?)).map(Facts)
    }

    fn read_listing(
        &mut self,
        transfer: Transfer,
        options: &Options,
        mut each: impl FnMut(Line<'_>),
    ) -> Result<Completed> {
        let mut reader = Reader::new(options);
        let mut operation = Payload::new(transfer);
        let completed = receive(self.idle_driver(), &mut operation, |_, chunk| {
            reader.feed(chunk, &mut each)
        })?;
        reader.finish(&mut each);
        Ok(completed)
    }
}

/// A reply to MLST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts(Reply);

impl Facts {
    /// The object, if the reply has a line of facts.
    pub fn entry(&self) -> Option<Entry<'_>> {
        // The first line is the server's own words.
        self.0.lines().skip(1).find_map(Entry::from_mlst)
    }

    /// The reply.
    pub const fn reply(&self) -> &Reply {
        &self.0
    }
}

/// A time of a listing as the standard library's; `None` if its zone is not known, or it lies beyond what that takes.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ftp_blocking::proto::timestamp::Timestamp;
///
/// let time = Timestamp::from_time_val(b"19700101000010")?;
/// assert_eq!(ftp_blocking::system_time(&time), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(10)));
/// # Ok::<(), ftp_blocking::proto::timestamp::TimestampError>(())
/// ```
pub fn system_time(time: &Timestamp) -> Option<SystemTime> {
    let (seconds, nanos) = time.unix_time()?;
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let at = match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(whole),
        _ => SystemTime::UNIX_EPOCH.checked_sub(whole),
    };
    at?.checked_add(Duration::from_nanos(u64::from(nanos)))
}

/// Options with the present time, by which LIST's dates without a year are understood.
fn listing_time() -> Options {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let now = i64::try_from(since.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_unix_time(seconds).ok());
    now.map_or_else(Options::new, |now| Options::new().now(now))
}

fn reader_for(options: &Options, format: Option<Format>) -> Reader {
    match format {
        Some(format) => Reader::new(&options.clone().format(format)),
        None => Reader::new(options),
    }
}

/// Drives an operation to its end and hands on whatever is received.
fn receive<T: Transport, O: Operation>(
    driver: &mut Driver<T>,
    operation: &mut O,
    mut take: impl FnMut(&O, &[u8]),
) -> Result<O::Output> {
    driver.refill()?;
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match driver.drive(operation) {
            Driven::Ready(result) => return result,
            Driven::Moving => {}
        }
        loop {
            match driver.read_some(operation, &mut block) {
                Ok(0) => break,
                Ok(count) => take(operation, block.get(..count).unwrap_or_default()),
                Err(over) => return over,
            }
        }
    }
}

fn optional(path: impl AsRef<[u8]>) -> Result<Option<Argument>> {
    match path.as_ref() {
        [] => Ok(None),
        path => Ok(Some(Argument::new(path)?)),
    }
}
