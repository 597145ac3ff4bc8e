//! Real and scripted FTP servers on loopback, for the tests of this workspace.
//!
//! - [`servers`] starts ten real servers, each with its own configuration, accounts and data
//!   [`tree`]. A server that this machine cannot run is reported as [`servers::Unavailable`].
//! - [`cases`] is the table of what a client, behind the trait [`subject::Subject`], has to do with
//!   each of them.
//! - [`scenarios`] is the table of what it has to make of a peer that fails.
//! - [`scripted`] is such a peer: it does exactly what a script says, for the faults that no real
//!   server shows on demand.
//! - [`mirrors`] is what a driver's mirror has to do with the real servers, near and far.
//! - [`proxies`] are small SOCKS5 and HTTP proxies.
//! - [`hostile`] has complete servers that do one thing wrong each, for any client to be pointed
//!   at.
//!
//! The real servers, their cases, their mirrors and their tree need Linux; everything else goes anywhere.
//!
//! Everything listens on loopback alone, every wait is bounded, and what was started is ended by
//! its pid.

#[cfg(target_os = "linux")]
pub mod cases;
pub mod hostile;
pub mod large;
#[cfg(target_os = "linux")]
pub mod mirrors;
pub mod proxies;
pub mod scenarios;
pub mod scripted;
#[cfg(target_os = "linux")]
pub mod servers;
pub mod subject;
#[cfg(target_os = "linux")]
pub mod tree;
