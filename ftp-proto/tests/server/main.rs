//! The test server, driven by hand: commands and replies, transfers in memory, and every
//! misbehaviour.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod anything;
mod commands;
mod driven;
mod faults;
mod manners;
mod scripts;
mod transfers;
