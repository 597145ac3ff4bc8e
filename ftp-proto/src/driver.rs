//! Common parts of drivers on std (feature `std`): their error, the server to reach, and the result
//! of a read.
//!
//! `ftp-blocking` and `ftp-mio` re-export these types.

mod endpoint;
mod error;
#[cfg(feature = "hash")]
mod hash;
#[cfg(feature = "mirror")]
mod local;
mod settings;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
mod splice;
mod tcp_options;
mod tls_mode;
#[cfg(feature = "url")]
mod url;

use std::time::SystemTime;

use crate::action::End;
use crate::listing::Options;
use crate::timestamp::Timestamp;

pub use endpoint::{DEFAULT_PORT, Endpoint, EndpointError, IMPLICIT_TLS_PORT};
pub use error::{Error, Result, Tried};
#[cfg(feature = "hash")]
pub use hash::{Hasher, Hashing};
#[cfg(feature = "mirror")]
pub use local::{LocalTree, Part};
pub use settings::Settings;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
pub use splice::{Pipe, Sent, send_file};
pub use tcp_options::TcpOptions;
pub use tls_mode::TlsMode;
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
pub fn listing_options() -> Options {
    let now = Timestamp::from_system_time(SystemTime::now());
    now.map_or_else(|_| Options::new(), |now| Options::new().now(now))
}
