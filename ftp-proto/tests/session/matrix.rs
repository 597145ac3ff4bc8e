//! Faults of the field, one test each: the error that names them, and what the session is good for
//! afterwards.
//!
//! Those that can come at any step of a session stand in `steps`, those of replies that are too
//! many in `owed`. Faults of sockets and names (refused, unreachable, several addresses, short
//! writes) are the drivers' to test; those of listings and file names are the codecs'.

mod between;
mod caller;
mod greeting;
mod login;
mod opening;
mod tls;
mod transfer;

use ftp_proto::{Config, Failure, Link, Report, TlsPolicy};

use crate::hand::Hand;

fn hand() -> Hand {
    Hand::new(Config::default())
}

fn before_greeting() -> Hand {
    Hand::before_greeting(Config::default())
}

fn reset() -> Report {
    Report::Failed {
        link: Link::Control,
        failure: Failure::Reset,
    }
}

fn required_config() -> Config {
    let mut config = Config::default();
    config.tls = TlsPolicy::Full;
    config
}
