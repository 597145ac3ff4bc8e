//! Mirrors a directory of a server on one thread, with several sessions on one loop.
//!
//! `mirror [ADDRESS:PORT REMOTE LOCAL [SESSIONS [up]]]`: the directory REMOTE into LOCAL, or with
//! `up` LOCAL into REMOTE. Without arguments it mirrors a server of its own, down, down again, and
//! up.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Instant;

use ftp_blocking::testing::Loopback;
use ftp_mio::mio as glue;
use ftp_mio::proto::operation::Login;
use ftp_mio::proto::testing::{Files, ServerConfig};
use ftp_mio::proto::tree::MirrorOptions;
use ftp_mio::{Client, Mirror, MirrorEvent, MirrorSetup, Mirrored};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(address) = arguments.next() else {
        return demonstrate();
    };
    let remote = arguments.next().ok_or("which directory of the server?")?;
    let local = arguments.next().ok_or("which local directory?")?;
    let sessions = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let options = match arguments.next().as_deref() {
        Some("up") => MirrorOptions::up(),
        _ => MirrorOptions::down(),
    };
    let setup = MirrorSetup::new(remote, local, options).progress(|event| {
        match event {
            MirrorEvent::Done(step) => println!("{step}"),
            MirrorEvent::Failed(step, error) => eprintln!("{step}: {error}"),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let mirrored = mirror(address.parse()?, setup.sessions(sessions))?;
    println!("{} files, {} bytes", mirrored.copied, mirrored.bytes);
    match mirrored.failed.is_empty() {
        true => Ok(()),
        false => Err("the mirror is not complete".into()),
    }
}

fn mirror(server: SocketAddr, setup: MirrorSetup<'static>) -> Result<Mirrored> {
    let mut poll = mio::Poll::new()?;
    let mut events = mio::Events::with_capacity(256);
    let connector = Client::builder().connector_to([server], Login::anonymous());
    let mut mirror = Mirror::new(connector, setup)?;
    loop {
        mirror.turn(Instant::now(), |session| {
            glue::Registrar::new(poll.registry(), session)
        });
        if mirror.is_over() {
            return Ok(mirror.into_result()?);
        }
        poll.poll(&mut events, mirror.timeout(Instant::now()))?;
        for event in &events {
            let (session, slot) = glue::slot(event.token());
            mirror.ready(session, slot, glue::ready(event));
        }
    }
}

fn demonstrate() -> Result<()> {
    let names = (0..50).map(|number| format!("/pub/{}/file {number}", number % 5));
    let files = names.fold(Files::new(), |files, name| {
        files.file(&name, name.repeat(1000))
    });
    let server = Loopback::start(ServerConfig::new(), files)?;
    let local = std::env::temp_dir().join(format!("ftp-mio-mirror-{}", std::process::id()));
    let setup = |remote, options| MirrorSetup::new(remote, &local, options).sessions(4);
    let first = mirror(server.address(), setup("pub", MirrorOptions::down()))?;
    let again = mirror(server.address(), setup("pub", MirrorOptions::down()))?;
    let up = mirror(server.address(), setup("copy", MirrorOptions::up()))?;
    fs::remove_dir_all(&local)?;
    let all = [&first, &again, &up];
    println!("copied: {:?}", all.map(|mirrored| mirrored.copied));
    assert!(all.iter().all(|mirrored| mirrored.failed.is_empty()));
    assert_eq!(all.map(|mirrored| mirrored.copied), [50, 0, 50]);
    let copy = server.files().content("/copy/3/file 3").map(<[u8]>::to_vec);
    assert_eq!(copy, Some("/pub/3/file 3".repeat(1000).into_bytes()));
    Ok(())
}

#[test]
fn one_thread_mirrors_with_several_sessions() {
    demonstrate().unwrap();
}
