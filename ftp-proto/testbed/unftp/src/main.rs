//! An FTP server of libunftp.
//!
//! Its arguments are those of the scripts in `ftp-testbed/src/servers`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use libunftp::options::{ActivePassiveMode, TlsFlags};
use libunftp::{Server, ServerBuilder};
use tokio::task::JoinSet;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, DefaultUser, Principal};
use unftp_sbe_fs::Filesystem;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the arguments say.
struct Options {
    values: HashMap<String, String>,
    addresses: Vec<IpAddr>,
}

impl Options {
    /// Options with one value each, then the addresses to listen on.
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Self {
            values: HashMap::new(),
            addresses: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--") {
                Some(name) => {
                    let value = arguments.next().ok_or("an option without a value")?;
                    options.values.insert(name.to_owned(), value);
                }
                None => options.addresses.push(argument.parse()?),
            }
        }
        Ok(options)
    }

    fn get(&self, name: &str) -> Result<&str, Failure> {
        let value = self.values.get(name).map(String::as_str);
        value.ok_or_else(|| format!("--{name} is missing").into())
    }
}

/// One account with a password, and `anonymous` with any.
#[derive(Debug)]
struct Accounts {
    user: String,
    password: String,
}

#[async_trait]
impl Authenticator for Accounts {
    async fn authenticate(
        &self,
        username: &str,
        credentials: &Credentials,
    ) -> Result<Principal, AuthenticationError> {
        let password = credentials.password.as_deref();
        if username == "anonymous"
            || username == self.user && password == Some(self.password.as_str())
        {
            return Ok(Principal {
                username: username.to_owned(),
            });
        }
        Err(AuthenticationError::BadPassword)
    }
}

fn server(options: &Options) -> Result<Server<Filesystem, DefaultUser>, Failure> {
    let tree = PathBuf::from(options.get("tree")?);
    // Fails here rather than in each session.
    Filesystem::new(&tree)?;
    let storage = move || match Filesystem::new(&tree) {
        Ok(storage) => storage,
        Err(error) => panic!("{}: {error}", tree.display()),
    };
    let accounts = Accounts {
        user: options.get("user")?.to_owned(),
        password: options.get("password")?.to_owned(),
    };
    let passive = options.get("first")?.parse()?..=options.get("last")?.parse()?;
    let builder = ServerBuilder::with_authenticator(Box::new(storage), Arc::new(accounts))
        .passive_ports(passive)
        .active_passive_mode(ActivePassiveMode::ActiveAndPassive)
        .idle_session_timeout(3600);
    let Ok(identity) = options.get("identity") else {
        return Ok(builder.build()?);
    };
    let flags = match (options.get("oldest")?, options.get("newest")?) {
        ("2", "2") => TlsFlags::V1_2 | TlsFlags::RESUMPTION_TICKETS,
        ("3", "3") => TlsFlags::V1_3 | TlsFlags::RESUMPTION_TICKETS,
        _ => TlsFlags::V1_2 | TlsFlags::V1_3 | TlsFlags::RESUMPTION_TICKETS,
    };
    Ok(builder
        .ftps(identity, identity)
        .ftps_tls_flags(flags)
        .build()?)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = Options::read(std::env::args().skip(1))?;
    let port: u16 = options.get("port")?.parse()?;
    let mut running = JoinSet::new();
    for address in &options.addresses {
        let server = server(&options)?;
        let address = std::net::SocketAddr::new(*address, port).to_string();
        running.spawn(async move { server.listen(address).await });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}
