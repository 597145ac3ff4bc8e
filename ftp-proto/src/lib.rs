//! The client side of FTP as a pure state machine.
#![no_std]
#![forbid(unsafe_code)]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    clippy::arithmetic_side_effects
)]

extern crate alloc;

#[cfg(feature = "testing")]
pub mod testing;
