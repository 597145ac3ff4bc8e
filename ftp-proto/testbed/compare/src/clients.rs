//! Who does the work: processes of this program for the libraries, and programs where installed.

mod bare;
mod blocking;
mod on_mio;
mod peer;

use std::error::Error;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use ftp_testbed::servers::{PASSWORD, USER};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::works::{Task, UPLOADED, Work, directory, sized, small};

/// A client of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    Blocking,
    /// The same, and the kernel moves the bytes between socket and file.
    Spliced,
    Mio,
    MioSpliced,
    /// No client: system calls alone.
    Bare,
    Suppaftp,
    Curl,
    Lftp,
    Ftplib,
}

/// What a process of this program needs to know for its work.
pub struct Job {
    pub task: Task,
    pub tls: bool,
    pub address: SocketAddr,
    /// Files to upload and download, and `authority.pem`.
    pub local: PathBuf,
}

impl Client {
    pub const ALL: [Self; 9] = [
        Self::Blocking,
        Self::Spliced,
        Self::Mio,
        Self::MioSpliced,
        Self::Bare,
        Self::Suppaftp,
        Self::Curl,
        Self::Lftp,
        Self::Ftplib,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocking => "ftp-blocking",
            Self::Spliced => "ftp-blocking, splice",
            Self::Mio => "ftp-mio",
            Self::MioSpliced => "ftp-mio, splice",
            Self::Bare => "bare calls",
            Self::Suppaftp => "suppaftp",
            Self::Curl => "curl",
            Self::Lftp => "lftp",
            Self::Ftplib => "ftplib",
        }
    }

    /// Whether it is part of this program, or installed.
    pub fn is_here(self) -> bool {
        let (program, argument) = match self {
            Self::Curl => ("curl", "--version"),
            Self::Lftp => ("lftp", "--version"),
            Self::Ftplib => ("python3", "--version"),
            _ => return true,
        };
        let mut command = Command::new(program);
        command
            .arg(argument)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Whether it has a way of its own for that.
    pub const fn differs_in(self, work: &Work) -> bool {
        let from_or_to_file = matches!(work.task, Task::GetFile(_) | Task::Put(_));
        let moves_files_alone = matches!(self, Self::Spliced | Self::MioSpliced | Self::Bare);
        !moves_files_alone || (from_or_to_file && !work.tls)
    }

    /// The command that does the work.
    pub fn command(
        self,
        work: &Work,
        address: SocketAddr,
        local: &Path,
    ) -> Result<Vec<String>, Box<dyn Error>> {
        Ok(match self {
            Self::Curl => curl(work, address, local),
            Self::Lftp => vec!["lftp".into(), "-c".into(), lftp(work, address, local)],
            Self::Ftplib => vec!["python3".into(), "-c".into(), ftplib(work, address, local)],
            _ => {
                let program = std::env::current_exe()?.display().to_string();
                let [task, amount] = work.task.words();
                let tls = if work.tls { "tls" } else { "clear" };
                let (name, local) = (self.name().to_owned(), local.display().to_string());
                let address = address.to_string();
                vec![
                    program,
                    "client".into(),
                    name,
                    task,
                    amount,
                    tls.into(),
                    address,
                    local,
                ]
            }
        })
    }
}

/// Does the work of a library in this process.
pub fn run(name: &str, job: &Job) -> Result<(), Box<dyn Error>> {
    match name {
        "ftp-blocking" => blocking::run(job, false),
        "ftp-blocking, splice" => blocking::run(job, true),
        "ftp-mio" => on_mio::run(job, false),
        "ftp-mio, splice" => on_mio::run(job, true),
        "bare calls" => bare::run(job),
        "suppaftp" => peer::run(job),
        _ => Err(format!("no such library: {name}").into()),
    }
}

/// The same for all libraries: ring, and trust in the testbed's authority alone.
fn tls_config(local: &Path) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(local.join("authority.pem"))?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn curl(work: &Work, address: SocketAddr, local: &Path) -> Vec<String> {
    let base = format!("ftp://{USER}:{PASSWORD}@{address}");
    let local = local.display();
    let mut words = vec!["curl".to_owned(), "--silent".into(), "--show-error".into()];
    if work.tls {
        let authority = format!("{local}/authority.pem");
        words.extend(["--ssl-reqd".into(), "--cacert".into(), authority]);
    }
    let (path, sink) = match work.task {
        Task::Get(size) => (sized(size), "/dev/null".to_owned()),
        Task::GetFile(size) => (sized(size), format!("{local}/downloaded")),
        Task::Small(files) => (format!("small/[0-{}]", files - 1), "/dev/null".to_owned()),
        Task::List(entries) => (format!("{}/", directory(entries)), "/dev/null".to_owned()),
        Task::Put(size) => {
            words.extend(["--upload-file".into(), format!("{local}/{}", sized(size))]);
            (UPLOADED.to_owned(), "/dev/null".to_owned())
        }
    };
    words.extend(["--output".into(), sink, format!("{base}/{path}")]);
    words
}

fn lftp(work: &Work, address: SocketAddr, local: &Path) -> String {
    let local = local.display();
    let tls = if work.tls {
        format!(
            "set ssl:ca-file {local}/authority.pem; set ftp:ssl-force yes; \
             set ftp:ssl-protect-data yes; "
        )
    } else {
        "set ftp:ssl-allow no; ".to_owned()
    };
    let mut script = format!(
        "set cmd:interactive no; set xfer:clobber yes; set xfer:make-backup no; {tls}\
         open -u {USER},{PASSWORD} ftp://{address}; "
    );
    let _ = match work.task {
        Task::Get(size) => write!(script, "cat {} > /dev/null", sized(size)),
        Task::GetFile(size) => write!(script, "get {} -o {local}/downloaded", sized(size)),
        Task::Put(size) => write!(script, "put {local}/{} -o {UPLOADED}", sized(size)),
        Task::List(entries) => write!(script, "cls {} > /dev/null", directory(entries)),
        Task::Small(files) => {
            let names: Vec<String> = (0..files).map(small).collect();
            write!(script, "cat {} > /dev/null", names.join(" "))
        }
    };
    script
}

fn ftplib(work: &Work, address: SocketAddr, local: &Path) -> String {
    let local = local.display();
    let (host, port) = (address.ip(), address.port());
    let open = if work.tls {
        format!(
            "c = ssl.create_default_context(cafile='{local}/authority.pem')\n\
             f = ftplib.FTP_TLS(context=c)\n"
        )
    } else {
        "f = ftplib.FTP()\n".to_owned()
    };
    let protect = if work.tls { "f.prot_p()\n" } else { "" };
    let act = match work.task {
        Task::Get(size) => format!("f.retrbinary('RETR {}', len)", sized(size)),
        Task::GetFile(size) => format!(
            "f.retrbinary('RETR {}', open('{local}/downloaded', 'wb').write)",
            sized(size)
        ),
        Task::Put(size) => format!(
            "f.storbinary('STOR {UPLOADED}', open('{local}/{}', 'rb'))",
            sized(size)
        ),
        Task::Small(files) => {
            format!("for n in range({files}): f.retrbinary('RETR small/%d' % n, len)")
        }
        Task::List(entries) => format!("f.retrlines('LIST {}', len)", directory(entries)),
    };
    format!(
        "import ftplib, ssl\n{open}f.connect('{host}', {port})\n\
         f.login('{USER}', '{PASSWORD}')\n{protect}{act}\nf.quit()\n"
    )
}
