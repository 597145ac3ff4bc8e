//! Sessions from a connector, in clear.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use ftp_blocking::proto::TlsPolicy;
use ftp_blocking::proto::driver::TlsMode;
use ftp_blocking::proto::operation::Login;
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Error, MaybeTls};

fn server() -> Loopback {
    let files = Files::new().file("/pub/a.txt", "text");
    Loopback::start(ServerConfig::new(), files).unwrap()
}

#[test]
fn each_session_is_a_new_one_that_is_logged_in() {
    let server = server();
    let connector = Client::builder()
        .transport(MaybeTls::new(TlsMode::None).unwrap())
        .connector(&server.address().to_string(), Login::anonymous())
        .unwrap();
    let first = connector.connect().unwrap();
    let mut second = connector.connect().unwrap();
    first.quit().unwrap();
    assert_eq!(second.pwd().unwrap().as_bytes(), b"/");
    for session in 0..2 {
        let commands = server.commands(session);
        assert_eq!(commands[..2], ["USER anonymous", "PASS anonymous@"]);
    }
}

#[test]
fn a_policy_that_demands_tls_keeps_the_login_from_being_sent_in_clear() {
    let server = server();
    let connector = Client::builder()
        .tls_policy(TlsPolicy::Full)
        .connector_to(&[server.address()], Login::anonymous());
    let error = connector.connect().map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Session(..)), "{error}");
    assert!(server.commands(0).is_empty());
}

#[cfg(feature = "url")]
mod urls {
    use ftp_blocking::{Builder, Client, Connector, FtpUrl, MaybeTls, Tcp};

    #[test]
    fn a_url_leads_to_a_file() {
        let server = super::server();
        let text = format!("ftp://{}/pub/a.txt", server.address());
        let url: FtpUrl = text.parse().unwrap();
        let mut ftp = Client::connect_url(&url).unwrap();
        let mut bytes = Vec::new();
        ftp.retrieve_to(url.path(), &mut bytes).unwrap();
        assert_eq!(bytes, b"text");
    }

    #[test]
    fn a_url_for_tls_sends_no_login_in_clear() {
        let server = super::server();
        let text = format!("ftpes://ann:secret@{}/", server.address());
        let url: FtpUrl = text.parse().unwrap();
        let builder = Builder::new(MaybeTls::Clear(Tcp::new()));
        let connector = Connector::from_url_with(&url, builder);
        assert!(!format!("{connector:?}").contains("secret"));
        connector.connect().map(|_| ()).unwrap_err();
        assert_eq!(server.commands(0), ["AUTH TLS"]);
    }

    #[cfg(not(feature = "rustls"))]
    #[test]
    fn a_url_for_tls_needs_the_feature() {
        let url: FtpUrl = "ftps://h/".parse().unwrap();
        let error = Client::connect_url(&url).map(|_| ()).unwrap_err();
        assert!(matches!(error, ftp_blocking::Error::WithoutTls));
    }
}
