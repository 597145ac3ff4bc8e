//! suppaftp, as its documentation uses it.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};

use ftp_testbed::servers::{PASSWORD, USER};
use suppaftp::list::ListParser;
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpStream, ImplFtpStream, RustlsConnector, RustlsFtpStream, TlsStream};

use super::{Job, tls_config};
use crate::works::{Task, UPLOADED, directory, sized, small};

type Outcome = Result<(), Box<dyn Error>>;

pub(super) fn run(job: &Job) -> Outcome {
    if job.tls {
        let connector = RustlsConnector::from(tls_config(&job.local)?);
        let host = job.address.ip().to_string();
        let ftp = RustlsFtpStream::connect(job.address)?.into_secure(connector, &host)?;
        return work(ftp, job);
    }
    work(FtpStream::connect(job.address)?, job)
}

fn work<T: TlsStream>(mut ftp: ImplFtpStream<T>, job: &Job) -> Outcome {
    ftp.login(USER, PASSWORD)?;
    ftp.transfer_type(FileType::Binary)?;
    match job.task {
        Task::Get(size) => retrieve(&mut ftp, &sized(size), &mut io::sink())?,
        Task::GetFile(size) => {
            let mut file = File::create(job.local.join("downloaded"))?;
            retrieve(&mut ftp, &sized(size), &mut file)?;
        }
        Task::Put(size) => {
            let mut file = File::open(job.local.join(sized(size)))?;
            ftp.put_file(UPLOADED, &mut file)?;
        }
        Task::Small(files) => {
            for number in 0..files {
                retrieve(&mut ftp, &small(number), &mut io::sink())?;
            }
        }
        Task::List(entries) => {
            let lines = ftp.list(Some(&directory(entries)))?;
            let found = lines
                .iter()
                .filter(|line| ListParser::parse_posix(line).is_ok())
                .count();
            if found as u64 != entries {
                return Err(format!("{found} entries").into());
            }
        }
    }
    ftp.quit()?;
    Ok(())
}

/// With a block of 64 KiB, as large as ours.
fn retrieve<T: TlsStream>(
    ftp: &mut ImplFtpStream<T>,
    path: &str,
    sink: &mut impl Write,
) -> Result<(), FtpError> {
    let mut block = vec![0; 64 * 1024];
    ftp.retr(path, |stream| {
        loop {
            let count = stream.read(&mut block).map_err(FtpError::ConnectionError)?;
            if count == 0 {
                return Ok(());
            }
            let bytes = block.get(..count).unwrap_or_default();
            sink.write_all(bytes).map_err(FtpError::ConnectionError)?;
        }
    })
}
