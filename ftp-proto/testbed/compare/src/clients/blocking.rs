//! `ftp-blocking`.

use std::error::Error;
use std::fs::File;
use std::io;

use ftp_blocking::{Client, Tls, Transport};
use ftp_testbed::servers::{PASSWORD, USER};

use super::{Job, tls_config};
use crate::works::{Task, UPLOADED, directory, sized, small};

type Outcome = Result<(), Box<dyn Error>>;

pub(super) fn run(job: &Job, splice: bool) -> Outcome {
    let builder = Client::builder();
    if job.tls {
        let tls = Tls::from_config(tls_config(&job.local)?);
        return work(builder.tls(tls).connect_to(&[job.address])?, job, splice);
    }
    work(builder.connect_to(&[job.address])?, job, splice)
}

fn work<T: Transport>(mut ftp: Client<T>, job: &Job, splice: bool) -> Outcome {
    if job.tls {
        ftp.secure()?;
    }
    ftp.login(USER, PASSWORD)?;
    match job.task {
        Task::Get(size) => {
            ftp.retrieve_to(sized(size), &mut io::sink())?;
        }
        Task::GetFile(size) => {
            let mut file = File::create(job.local.join("downloaded"))?;
            if splice {
                ftp.retrieve(sized(size))?.copy_to_file(&file)?;
            } else {
                ftp.retrieve_to(sized(size), &mut file)?;
            }
        }
        Task::Put(size) => {
            let mut file = File::open(job.local.join(sized(size)))?;
            if splice {
                ftp.store(UPLOADED)?.copy_from_file(&file)?;
            } else {
                ftp.store_from(UPLOADED, &mut file)?;
            }
        }
        Task::Small(files) => {
            for number in 0..files {
                ftp.retrieve_to(small(number), &mut io::sink())?;
            }
        }
        Task::List(entries) => {
            let found = ftp.list(directory(entries))?.len();
            if found as u64 != entries {
                return Err(format!("{found} entries").into());
            }
        }
    }
    ftp.quit()?;
    Ok(())
}
