//! Servers that do harm, on loopback, each on a port of its own, for any FTP client to be pointed
//! at:
//!
//! `cargo run -p ftp-testbed --example hostile`
//!
//! What each does and what a client does right is printed beside its address. User `anonymous`, any
//! password. They serve until the standard input ends.

use std::error::Error;
use std::io::{Read, stdin};

use ftp_blocking::testing::Loopback;
use ftp_testbed::hostile::{files, table};

fn main() -> Result<(), Box<dyn Error>> {
    let mut servers = Vec::new();
    for hostile in table() {
        let server = Loopback::builder(hostile.config, files())
            .separate_trees()
            .start()?;
        println!("{}  {}", server.url(), hostile.name);
        println!("    {}", hostile.does);
        println!("    Right: {}", hostile.right);
        servers.push(server);
    }
    println!("{} servers, until the input ends.", servers.len());
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
