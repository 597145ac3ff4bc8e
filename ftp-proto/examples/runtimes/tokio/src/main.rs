//! The machine on tokio, on one thread: logs in, lists, and retrieves a file. `driver.rs` and
//! `data.rs` are all that it takes.
//!
//! `cargo run -- HOST:PORT FILE [active]`; without arguments both modes are tried on a server of
//! its own.

mod data;
mod driver;

use std::error::Error;
use std::future::ready;

use driver::Driver;
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_proto::listing::Name;
use ftp_proto::operation::{Exchange, Greet, List, Login, Retrieve};
use ftp_proto::{Argument, Config, DataMode, Operation};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, stdout};
use tokio::task::yield_now;
use tokio::time::timeout;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => demonstrate().await,
        [address, file] => fetch(address, file, DataMode::Auto).await,
        [address, file, "active"] => fetch(address, file, DataMode::AnyActive).await,
        _ => Err("usage: [HOST:PORT FILE [active]]".into()),
    }
}

async fn fetch(address: &str, file: &str, mode: DataMode) -> Result<()> {
    let mut driver = log_in(address, mode).await?;
    list(&mut driver).await?;
    let mut retrieve = Retrieve::new(Argument::new(file)?);
    let completed = driver.run(&mut retrieve, &mut stdout()).await?;
    stdout().flush().await?;
    eprintln!("{} bytes", completed.bytes);
    driver.run(&mut Exchange::quit(), &mut stdout()).await?;
    Ok(())
}

async fn log_in(address: &str, mode: DataMode) -> Result<Driver> {
    let mut config = Config::default();
    config.data_mode = mode;
    // The machine begins with an open connection: the limit for opening it is the driver's.
    let mut driver = timeout(config.timeouts.connect, Driver::connect(address, config)).await??;
    driver.run(&mut Greet, &mut stdout()).await?;
    driver.run(&mut Login::anonymous(), &mut stdout()).await?;
    Ok(driver)
}

async fn list(driver: &mut Driver) -> Result<()> {
    let mut lines = Vec::new();
    let listed = driver.run(&mut List::new(None), &mut lines).await?;
    for line in lines.split(|&byte| byte == b'\n') {
        println!("{}", Name::new(line.trim_ascii_end()));
    }
    for line in listed.status_lines() {
        println!("{}", Name::new(line));
    }
    Ok(())
}

async fn demonstrate() -> Result<()> {
    let content: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    let server = Loopback::start(ServerConfig::new(), Files::new().file("/data.bin", &content))?;
    let address = server.address().to_string();
    for mode in [DataMode::Auto, DataMode::AnyActive] {
        let mut driver = log_in(&address, mode).await?;
        list(&mut driver).await?;
        // A narrow way, so that the sink lets the driver wait.
        let (sink, mut source) = duplex(4096);
        let (mut received, mut retrieve) = (Vec::new(), Retrieve::new(Argument::new("data.bin")?));
        let pieces = run_in_pieces(&mut driver, &mut retrieve, sink);
        let (drops, read) = tokio::join!(pieces, source.read_to_end(&mut received));
        let (drops, _) = (drops?, read?);
        if received != content {
            return Err("not the bytes that the server has".into());
        }
        println!("{mode:?}: {} bytes, although the run was dropped {drops} times", received.len());
        driver.run(&mut Exchange::quit(), &mut received).await?;
    }
    Ok(())
}

/// Drops the run wherever it waits and takes it up again, as an impatient user may. Returns how
/// often.
async fn run_in_pieces<O: Operation>(
    driver: &mut Driver,
    operation: &mut O,
    mut sink: DuplexStream,
) -> Result<u32> {
    let mut drops = 0;
    loop {
        tokio::select! {
            biased;
            result = driver.run(operation, &mut sink) => return result.map(|_| drops).map_err(Into::into),
            () = ready(()) => drops += 1,
        }
        yield_now().await; // or tokio would never look at the sockets
    }
}
