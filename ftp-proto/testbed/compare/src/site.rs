//! The server that all clients talk to, and the files of both sides.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ftp_testbed::servers::{AUTHORITY, Family, Kind, Server, Setup, Variant};
use ftp_testbed::tree::fill;
use tempfile::TempDir;

use crate::works::{Task, Work, directory, sized, small};

/// A real server with TLS, and the files for some works.
pub struct Site {
    server: Server,
    local: TempDir,
}

impl Site {
    /// Starts a server, the first of the testbed's that runs here unless one is named, and writes
    /// the files.
    pub fn start(named: Option<&str>, works: &[Work]) -> Result<Self, Box<dyn Error>> {
        let candidates = [Kind::Vsftpd, Kind::Proftpd, Kind::PureFtpd, Kind::Pyftpdlib];
        let mut refusals = String::new();
        for kind in candidates {
            if named.is_some_and(|name| name != kind.to_string()) {
                continue;
            }
            match Setup::new(kind).variant(Variant::Tls).start() {
                Ok(server) => return Self::furnish(server, works),
                Err(unavailable) => refusals = format!("{refusals}{unavailable}\n"),
            }
        }
        Err(format!("no server: {refusals}.ci/fetch-servers fetches them").into())
    }

    fn furnish(server: Server, works: &[Work]) -> Result<Self, Box<dyn Error>> {
        let local = tempfile::Builder::new().prefix("ftp-compare-").tempdir()?;
        let root = server.tree().root();
        for work in works {
            match work.task {
                Task::Get(size) | Task::GetFile(size) => {
                    write_sized(&root.join(sized(size)), size)?
                }
                Task::Put(size) => write_sized(&local.path().join(sized(size)), size)?,
                Task::Small(files) => {
                    fs::create_dir_all(root.join("small"))?;
                    for number in 0..files {
                        fs::write(root.join(small(number)), [b'x'; 1024])?;
                    }
                }
                Task::List(entries) => {
                    let path = root.join(directory(entries));
                    fs::create_dir_all(&path)?;
                    for number in 0..entries {
                        File::create(path.join(format!("measurement-{number:06}.dat")))?;
                    }
                }
            }
        }
        fs::write(local.path().join("authority.pem"), AUTHORITY)?;
        Ok(Self { server, local })
    }

    pub fn kind(&self) -> Kind {
        self.server.kind()
    }

    pub fn address(&self) -> Result<SocketAddr, Box<dyn Error>> {
        self.server
            .address(Family::V4)
            .ok_or_else(|| "the server has no IPv4".into())
    }

    /// The clients' directory: files to upload, `authority.pem`, and what they download.
    pub fn local(&self) -> PathBuf {
        self.local.path().to_owned()
    }

    /// Removes what an upload left, which a server may refuse to replace.
    pub fn tidy(&self) {
        let _ = fs::remove_file(self.server.tree().root().join(crate::works::UPLOADED));
        let _ = fs::remove_file(self.local.path().join("downloaded"));
    }

    /// How many bytes the last upload, or the last download into a file, left.
    pub fn left(&self, task: Task) -> io::Result<u64> {
        let path = match task {
            Task::Put(_) => self.server.tree().root().join(crate::works::UPLOADED),
            _ => self.local.path().join("downloaded"),
        };
        fs::metadata(path).map(|found| found.len())
    }
}

fn write_sized(path: &Path, mebibytes: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut block = vec![0; 1 << 20];
    for number in 0..mebibytes {
        fill(number << 20, &mut block);
        file.write_all(&block)?;
    }
    Ok(())
}
