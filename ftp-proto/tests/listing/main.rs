//! Listings of all families, as tables: the line or lines of a server, and what they say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod certainty;
mod dos;
mod entries;
mod expected;
mod facts;
mod ibm;
mod locales;
mod names;
mod noise;
mod others;
mod reading;
mod servers;
mod unix;
mod vms;
