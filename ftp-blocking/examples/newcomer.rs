//! What most programs want of FTP, in one file: a list, a download with progress that goes on where
//! an earlier run left off, an upload, errors, and a mirror of a whole directory.
//!
//! The URL decides about TLS: `ftp://` is clear, `ftpes://` is secured before the login, `ftps://`
//! is TLS from the first byte. Certificates are checked against the roots of the system.
//!
//! ```sh
//! cargo run --features rustls,url,mirror --example newcomer -- ftpes://ann:secret@ftp.example.org/pub
//! ```

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::ops::ControlFlow;
use std::path::Path;

use ftp_blocking::proto::tree::MirrorOptions;
use ftp_blocking::{Connector, FtpUrl, Mirror, MirrorEvent};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .ok_or("give the URL of a directory")?;
    run(&url.parse()?, Path::new("."))
}

/// The directory `here` holds `report.txt`, and gets `README` and the directory `everything`.
pub(crate) fn run(url: &FtpUrl, here: &Path) -> Result<(), Box<dyn Error>> {
    let connector = Connector::from_url(url)?;
    let mut ftp = connector.connect()?;
    ftp.cwd(url.path())?;

    for entry in ftp.list("")? {
        println!("{} {:?}", entry.name(), entry.size());
    }

    let readme = here.join("README");
    let mut file = OpenOptions::new().create(true).append(true).open(readme)?;
    let offset = file.metadata()?.len();
    let progress = |bytes| {
        println!("{} bytes", offset + bytes);
        Ok(()) // an error would abort the download
    };
    let download = ftp.retrieve_at("README", offset);
    match download.and_then(|download| download.copy_with(&mut file, progress)) {
        Ok(completed) => println!("README is whole: {completed:?}"),
        Err(error) if error.is_permanent() => println!("the server says no: {error}"),
        Err(error) if error.is_transient() => println!("run it again: {error}"),
        Err(error) => return Err(error.into()),
    }

    let mut report = File::open(here.join("report.txt"))?;
    let completed = ftp.store_from("report.txt", &mut report)?;
    println!("{} bytes sent", completed.bytes);
    ftp.quit()?;

    let mirror = Mirror::new(url.path(), here.join("everything"), MirrorOptions::down())
        .sessions(4)
        .progress(|event| {
            if let MirrorEvent::Done(step) = event {
                println!("{step}");
            }
            ControlFlow::Continue(())
        });
    let mirrored = mirror.run(|| connector.connect())?;
    println!(
        "{} copied, {} failed",
        mirrored.copied,
        mirrored.failed.len()
    );
    Ok(())
}
