//! No password and no account is told by anything that a client shows, from its making to its end.
//! FTPS has a test of its own (`tests/tls`), and the machine one that places every public type
//! (`ftp-proto/tests/secrets.rs`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, Mutex};

use ftp_blocking::proto::operation::Login;
use ftp_blocking::proto::{Argument, Config, Detail};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Tcp};

const SECRET: &str = "canary-0451";
const ACCOUNT: &str = "canary-0452";

/// Everything that was shown.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<String>>);

impl Told {
    fn add(&self, what: impl std::fmt::Debug) {
        *self.0.lock().unwrap() += &format!("{what:?} {what:#?}\n");
    }

    fn client(&self, client: &Client) {
        self.add(client);
        self.add(client.session());
        self.add(client.transport());
        self.add(client.control_stream());
        self.add(client.welcome());
    }

    #[track_caller]
    fn is_silent(&self) {
        let told = self.0.lock().unwrap();
        let bytes = |text: &str| {
            let bytes = format!("{:?}", text.as_bytes());
            bytes.trim_matches(['[', ']']).to_owned()
        };
        for secret in [SECRET, ACCOUNT] {
            assert!(!told.contains(secret), "{told}");
            assert!(!told.contains(&bytes(secret)), "{told}");
        }
    }
}

fn argument(text: &str) -> Argument {
    Argument::new(text).unwrap()
}

#[test]
fn nothing_tells_a_password() {
    let files = Files::new().file("/a", vec![7; 300_000]);
    let server = Loopback::start(
        ServerConfig::new().user_with_account("ann", SECRET, ACCOUNT),
        files,
    )
    .unwrap();
    let told = Told::default();
    let traced = told.clone();
    let mut config = Config::default();
    config.detail = Detail::Everything;
    let builder = Client::builder().config(config).trace(move |record| {
        traced.add(record);
        traced.add(record.to_string());
    });
    told.add(&builder);
    let mut client: Client<Tcp> = builder.connect_to(&[server.address()]).unwrap();
    told.client(&client);
    let refused = client.login("ann", ACCOUNT).unwrap_err();
    told.add(&refused);
    told.add(refused.to_string());
    let login = Login::new(argument("ann"))
        .password(argument(SECRET))
        .account(argument(ACCOUNT));
    told.add(&login);
    told.add(client.run(login).unwrap());
    told.client(&client);

    let mut download = client.retrieve("a").unwrap();
    told.add(&download);
    std::io::Read::read(&mut download, &mut [0; 10]).unwrap();
    told.add(&download);
    told.add(download.abort().unwrap_err());
    let upload = client.store("b").unwrap();
    told.add(&upload);
    told.add(upload.finish().unwrap());
    told.client(&client);
    told.add(client.quit().unwrap());
    told.is_silent();
    assert!(server.commands(0).contains(&format!("PASS {SECRET}")));
}
