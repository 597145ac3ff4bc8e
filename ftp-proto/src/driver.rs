//! Common parts of drivers: for any of them [`DataConnection`] with the counts of [`Payload`]; and
//! with the feature `std` their error, the server to reach, and the result of a read, which
//! `ftp-blocking` and `ftp-mio` re-export.

#[cfg(feature = "std")]
mod call;
mod data_connection;
#[cfg(feature = "std")]
mod endpoint;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "hash")]
mod hash;
#[cfg(feature = "mirror")]
mod local;
#[cfg(feature = "mirror")]
mod mirroring;
mod network;
mod payload;
mod polled;
#[cfg(feature = "std")]
mod settings;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
mod splice;
#[cfg(feature = "std")]
mod tcp_options;
#[cfg(feature = "std")]
mod tls_mode;
#[cfg(feature = "std")]
mod trial;
#[cfg(feature = "url")]
mod url;

#[cfg(feature = "std")]
use core::hash::{BuildHasher as _, Hasher as _};
#[cfg(feature = "std")]
use std::collections::hash_map::RandomState;
#[cfg(feature = "std")]
use std::time::SystemTime;

use crate::action::End;
#[cfg(feature = "std")]
use crate::listing::Options;
#[cfg(feature = "std")]
use crate::timestamp::Timestamp;

#[cfg(feature = "std")]
pub use call::{Answer, Call, Work, entries};
pub use data_connection::{Close, DataConnection, Stage};
#[cfg(feature = "std")]
pub use endpoint::{DEFAULT_PORT, Endpoint, EndpointError, IMPLICIT_TLS_PORT};
#[cfg(feature = "std")]
pub use error::{Error, Result, Tried};
#[cfg(feature = "hash")]
pub use hash::{Hasher, Hashing};
#[cfg(feature = "mirror")]
pub use local::{LocalTree, Part};
#[cfg(feature = "mirror")]
pub use mirroring::{Errand, Event as MirrorEvent, Mirrored, Mirroring, Setup as MirrorSetup};
pub use network::{Connection, Network, Storage};
pub use payload::Payload;
pub use polled::Polled;
#[cfg(feature = "std")]
pub use settings::Settings;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
pub use splice::{Pipe, Sent, send_file};
#[cfg(feature = "std")]
pub use tcp_options::TcpOptions;
#[cfg(feature = "std")]
pub use tls_mode::TlsMode;
#[cfg(feature = "std")]
pub use trial::{Trial, Tries, Waiting};
#[cfg(feature = "url")]
pub use url::{FtpUrl, TypeCode, UrlError};

/// The result of a read of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a stream has bytes or ends; drivers construct these"
)]
pub enum Input {
    /// This many bytes, at least one unless the buffer is empty.
    Bytes(usize),
    /// The end of input.
    End(End),
}

/// Options for reading a listing that is made now: the present time gives the years that LIST
/// leaves out.
#[cfg(feature = "std")]
pub fn listing_options() -> Options {
    let now = Timestamp::from_system_time(SystemTime::now());
    now.map_or_else(|_| Options::new(), |now| Options::new().now(now))
}

/// A random number, for the pauses of a [retry policy](crate::retry::Retry): std seeds its hash
/// maps at random.
#[cfg(feature = "std")]
pub fn random() -> u32 {
    let number = RandomState::new().build_hasher().finish();
    u32::try_from(number >> 32).unwrap_or_default()
}

#[cfg(all(test, feature = "std"))]
mod tests {
    /// Many clients that lost the same server do not come back at once.
    #[test]
    fn random_numbers_differ() {
        let first = super::random();
        assert!((0..9).any(|_| super::random() != first));
    }
}
