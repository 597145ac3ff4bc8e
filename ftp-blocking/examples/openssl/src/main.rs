//! Another TLS library behind the client: `transport.rs` is all that it takes.
//!
//! `cargo run -- HOST USER PASSWORD [AUTHORITY.pem]` lists the working directory.

mod transport;

use ftp_blocking::Client;
use transport::OpenSsl;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, user, password, authority @ ..] = arguments.as_slice() else {
        return Err("HOST USER PASSWORD".into());
    };
    let transport = OpenSsl::new(authority.first().map(String::as_str))?;
    // The transport is for TLS, so nothing goes out in clear.
    let mut client = Client::builder().transport(transport).connect(host)?;
    client.secure()?;
    client.login(user, password)?;
    for name in client.nlst("")? {
        println!("{}", ftp_blocking::proto::listing::Name::new(&name));
    }
    client.quit()?;
    Ok(())
}
