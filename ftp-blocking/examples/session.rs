//! A session from the greeting to the goodbye, with the dialogue on the control connection.
//!
//! ```sh
//! cargo run --example session                                 # against a server of its own
//! cargo run --example session -- ftp://ftp.example.org/pub/   # lists a directory, or downloads a file
//! ```
//!
//! User and password stand in the URL (`ftp://user:password@host:port/path`); the password is never
//! shown. A path is relative to where the login leads; an absolute one begins with `%2F`. A file is
//! downloaded into the working directory, where nothing is overwritten.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::time::Duration;

use ftp_blocking::proto::Timeouts;
use ftp_blocking::proto::listing::{Name, SafeFor};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Builder, Client, Tcp};
use url::Url;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    match std::env::args().nth(1) {
        None => {
            let server = Loopback::start(ServerConfig::new().user("ann", "secret"), files())?;
            let host = server.address().to_string();
            sample(&host)?;
            more(&host)
        }
        Some(url) => visit(&Url::parse(&url)?),
    }
}

fn files() -> Files {
    Files::new()
        .file("/INDEX", "Here is what there is.\nAnd that is all.\n")
        .file("/pub/digits", "0123456789")
        .file("/pub/large", vec![b'x'; 64 << 20])
}

/// Every command and reply is shown, passwords as asterisks.
fn shown() -> Builder<Tcp> {
    Client::builder()
        .timeouts(Timeouts::all(Duration::from_secs(30)))
        .debug(io::stdout())
}

fn headline(text: &str) {
    println!("\n## {text}");
}

/// What the documentation of the original ftplib begins with.
fn sample(host: &str) -> Outcome {
    headline("Connect, log in as anonymous, list, quit");
    let mut ftp = shown().connect(host)?;
    ftp.login_anonymous()?;
    ftp.command_lines("LIST", |line| println!("{}", Name::new(line)))?;
    ftp.quit()?;
    Ok(())
}

fn more(host: &str) -> Outcome {
    headline("Log in as a user");
    let mut ftp = shown().connect(host)?;
    ftp.login("ann", "secret")?;
    println!("in {}", ftp.pwd()?);

    headline("List a directory, as entries");
    for entry in ftp.list("pub")? {
        println!("{} {:?}", entry.name(), entry.size());
    }

    headline("Upload, make a directory");
    ftp.mkdir("new")?;
    ftp.cwd("new")?;
    let mut upload = ftp.store("notes.txt")?;
    upload.write_all(b"first\nsecond\n")?;
    println!("{} bytes are there", upload.finish()?.bytes);

    headline("Download what was uploaded, as a text");
    ftp.retrieve_lines("notes.txt", |line| {
        println!("{}", String::from_utf8_lossy(line));
    })?;

    headline("Break a download off, and resume it where it broke off");
    let mut large = vec![0; 1_000_000];
    let mut download = ftp.retrieve("/pub/large")?;
    download.read_exact(&mut large)?;
    let broken = download.abort().err();
    println!(
        "{}",
        broken.map_or_else(String::new, |error| error.to_string())
    );
    let rest = ftp.retrieve_at("/pub/large", large.len() as u64)?;
    rest.copy_to(&mut large)?;
    println!("{} bytes are here", large.len());

    headline("Ask for what is not there");
    if let Err(error) = ftp.retrieve("missing") {
        println!("{error}");
    }

    headline("Rename, delete, remove the directory");
    ftp.rename("notes.txt", "old-notes.txt")?;
    ftp.rm("old-notes.txt")?;
    ftp.cwd("..")?;
    ftp.rmdir("new")?;

    headline("Quit");
    ftp.quit()?;
    Ok(())
}

fn visit(url: &Url) -> Outcome {
    if url.scheme() != "ftp" {
        return Err("only ftp:// is understood".into());
    }
    let host = url.host_str().ok_or("the URL has no host")?;
    let port = url.port().unwrap_or(ftp_blocking::DEFAULT_PORT);
    let mut ftp = shown().connect(&format!("{host}:{port}"))?;
    let password = url.password().unwrap_or_default();
    ftp.login(decoded(url.username()), decoded(password))?;

    let path = decoded(url.path().trim_start_matches('/'));
    match ftp.cwd(&path) {
        Ok(()) => {
            for entry in ftp.list("")? {
                let size = entry
                    .size()
                    .map_or_else(String::new, |size| size.to_string());
                println!("{size:>15} {}", entry.name());
            }
        }
        Err(error) if error.is_permanent() => download(&mut ftp, &path)?,
        Err(error) => return Err(error.into()),
    }
    ftp.quit()?;
    Ok(())
}

fn download(ftp: &mut Client, path: &[u8]) -> Outcome {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    // A URL of somebody else's must not choose where on this disk the file goes.
    let name = Name::new(name).safe(SafeFor::ThisSystem);
    let name = name.ok_or("not a name for a local file")?;
    let local = name.to_path().ok_or("not a name for a local file")?;
    let source = ftp.retrieve(path)?;
    let mut file = File::create_new(local)?;
    let completed = source.copy_to(&mut file)?;
    println!("{name}: {} bytes", completed.bytes);
    Ok(())
}

/// Undoes percent-encoding; what is none stays as it is.
fn decoded(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(b'%'));
        let plain = if code.is_some() {
            part.get(2..)
        } else {
            Some(part)
        };
        bytes.extend_from_slice(plain.unwrap_or_default().as_bytes());
    }
    bytes
}
