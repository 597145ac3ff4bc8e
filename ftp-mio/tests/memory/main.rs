//! The client on a network in memory: every call fails, is short or blocks in turn; operations are
//! cancelled at every moment; sessions idle for hours; thousands run at once. Nothing here depends
//! on the machine's clock or kernel.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cancel;
mod crowd;
mod idle;
mod scenario;
mod torture;
mod world;
