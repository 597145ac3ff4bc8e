//! What drivers on std have in common (feature `std`): their error, the server that they are to
//! reach, and what their streams yield.
//!
//! `ftp-blocking` and `ftp-mio` show these types as their own.

mod endpoint;
mod error;
mod settings;

use std::time::SystemTime;

use crate::action::End;
use crate::listing::Options;
use crate::timestamp::Timestamp;

pub use endpoint::{DEFAULT_PORT, Endpoint, EndpointError, IMPLICIT_TLS_PORT};
pub use error::{Error, Result, Tried};
pub use settings::Settings;

/// What a read of a stream yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a stream has bytes or ends; drivers construct these"
)]
pub enum Input {
    /// So many bytes, at least one unless the buffer is empty.
    Bytes(usize),
    /// The end of input.
    End(End),
}

/// How a listing is read that is made now: the present time tells the years that LIST leaves out.
pub fn listing_options() -> Options {
    let now = Timestamp::from_system_time(SystemTime::now());
    now.map_or_else(|_| Options::new(), |now| Options::new().now(now))
}
