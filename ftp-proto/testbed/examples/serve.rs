//! Runs one of the real servers on loopback, to try a client by hand:
//!
//! `cargo run -p ftp-testbed --example serve -- vsftpd implicit`
//!
//! The servers are those of `Kind`, the variants `plain` (the default), `tls`, `implicit` and
//! `require-reuse`. It prints where the server is, and serves until the standard input ends.

use std::error::Error;
use std::io::{Read, stdin};

use ftp_testbed::servers::{AUTHORITY, Family, Kind, PASSWORD, Setup, USER, Variant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let kind = kind.ok_or_else(|| format!("one of {}", Kind::ALL.map(Kind::name).join(", ")))?;
    let variant = match arguments.next().as_deref() {
        None | Some("plain") => Variant::Plain,
        Some("tls") => Variant::Tls,
        Some("implicit") => Variant::Implicit,
        Some("require-reuse") => Variant::RequireReuse,
        Some(other) => return Err(format!("{other} is no variant").into()),
    };
    let server = Setup::new(kind).variant(variant).start()?;
    let scheme = match variant {
        Variant::Plain => "ftp",
        Variant::Tls | Variant::RequireReuse => "ftpes",
        Variant::Implicit => "ftps",
    };
    let address = server.address(Family::V4).ok_or("it is not on 127.0.0.1")?;
    println!("{scheme}://{USER}@{address}/  password {PASSWORD}");
    println!("Files: {}", server.tree().root().display());
    if variant != Variant::Plain {
        println!("{AUTHORITY}");
    }
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
