//! Commands that move no files: `rm`, `mkdir`, `mv`, `touch`, `raw`.

use std::io::{self, Write as _};
use std::time::SystemTime;

use ftp_blocking::proto::Command;
use ftp_blocking::proto::listing::Name;
use ftp_blocking::proto::retry::Step;
use ftp_blocking::proto::timestamp::Timestamp;
use ftp_blocking::{Error, FtpUrl};

use crate::connect::{Link, Origin};
use crate::exit::{Failure, Result, local};

pub(crate) fn rm<T: Link>(origin: &Origin<'_, T>, url: &FtpUrl, recursive: bool) -> Result<()> {
    let mut retrying = origin.sessions(url)?.retrying();
    if !recursive {
        return Ok(retrying.rm(url.path())?);
    }
    let left = match retrying.client()?.remove_dir_all(url.path()) {
        // It may be a file.
        Err(error) if error.is_permanent() => {
            retrying.rm(url.path()).map_err(|_| error)?;
            Vec::new()
        }
        outcome => outcome?,
    };
    for (path, why) in &left {
        eprintln!("ftpx: {path} is left: {why}");
    }
    match left.is_empty() {
        true => Ok(()),
        false => Err(Failure::Partly("not everything was removed".to_owned())),
    }
}

pub(crate) fn mkdir<T: Link>(origin: &Origin<'_, T>, url: &FtpUrl, parents: bool) -> Result<()> {
    let mut retrying = origin.sessions(url)?.retrying();
    if parents {
        return Ok(retrying.run(Step::Listing, |ftp| ftp.create_dir_all(url.path()))?);
    }
    Ok(retrying.mkdir(url.path())?)
}

pub(crate) fn mv<T: Link>(origin: &Origin<'_, T>, url: &FtpUrl, to: &str) -> Result<()> {
    Ok(origin.sessions(url)?.retrying().rename(url.path(), to)?)
}

pub(crate) fn touch<T: Link>(origin: &Origin<'_, T>, url: &FtpUrl) -> Result<()> {
    let mut client = origin.sessions(url)?.connect()?;
    if !client.exists(url.path())? {
        client.store_from(url.path(), &mut io::empty())?;
        return Ok(());
    }
    let now = Timestamp::from_system_time(SystemTime::now());
    let now = now.map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(client.set_modified(url.path(), now)?)
}

pub(crate) fn raw<T: Link>(origin: &Origin<'_, T>, url: &FtpUrl, line: &str) -> Result<()> {
    let sessions = origin.sessions(url)?;
    let mut client = sessions.connect()?;
    if !url.path().is_empty() {
        client.cwd(url.path())?;
    }
    if let Some(tracer) = &sessions.tracer {
        tracer.raw(Command::raw(line).map_err(Error::from)?.verb());
    }
    let (reply, outcome) = match client.command(line) {
        Ok(reply) => (Some(reply), Ok(())),
        Err(error) => (error.reply().cloned(), Err(error)),
    };
    if let Some(reply) = reply {
        show(&reply).map_err(local("standard output"))?;
    }
    outcome.map_err(Error::into)
}

fn show(reply: &ftp_blocking::proto::Reply) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", reply.code())?;
    for line in reply.text_lossy().lines() {
        writeln!(out, "{}", Name::new(line.as_bytes()))?;
    }
    Ok(())
}
