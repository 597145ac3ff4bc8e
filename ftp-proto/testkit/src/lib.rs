//! What the simulations and the fuzz targets of ftp-proto share.
//!
//! - [`Exhaustive`] and [`Seeded`] decide what happens next in a simulation.
//! - [`Wire`] is a connection in memory.
//! - [`Watch`] states what holds after every step of a session.
//! - [`Variants`] names what a session can say or ask, for tests that claim to have seen all of it.
//! - [`testing`] is the source of `ftp_proto::testing`, compiled here a second time. The session's
//!   tests use this copy, so that they also run on `ftp-proto` without its feature `testing`.
#![forbid(unsafe_code)]

extern crate alloc;

mod invariants;
mod schedule;
#[path = "../../src/testing/mod.rs"]
pub mod testing;
mod variants;
mod wire;

// The sources of `testing` name it by this path.
use ftp_proto::checksum;
pub use invariants::{Broken, Watch};
pub use schedule::{Choose, Exhaustive, Seeded};
pub use variants::Variants;
pub use wire::{Stream, StreamEnd, Wire};
