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

mod action;
pub mod address;
pub mod ascii;
mod command;
mod error;
pub mod features;
pub mod lines;
pub mod listing;
pub mod manual;
pub mod operation;
pub mod pathname;
pub mod reply;
mod session;
pub mod size;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
pub mod timestamp;
#[cfg(feature = "rustls")]
pub mod tls;
pub mod trace;
mod transfer;
mod verdict;

pub use action::{
    Action, DataId, Direction, End, Failure, Flow, Link, Report, Representation, Target,
};
pub use command::{Argument, ArgumentError, COMMAND_BYTES_MAX, Command, OtherVerb, Verb};
pub use error::{
    After, Closed, Error, ErrorKind, Interrupted, Interruption, Misuse, Policy, Violation,
};
pub use operation::Operation;
pub use reply::{Class, Reply, ReplyCode};
pub use session::{
    AbortStyle, BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, BATCH_TEXT_MAX, Config, Control, DataMode,
    Detail, Event, Leniencies, Leniency, Limits, Pipeline, Session, State, Telnet, Ticket,
    Timeouts, TlsPolicy, TransferId,
};
pub use time::{Deadline, Instant, Reason};
pub use transfer::Transfer;
pub use verdict::{Compared, Completed, Verdict};
