//! The session, in every state and every order: the transfer table row by row, aborts, owed
//! replies, deadlines, resumed transfers, keepalives, the faults of the field, and simulations of
//! all of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod abort;
mod behind_steps;
mod cells;
mod config;
mod deadlines;
mod disowned;
mod doubles;
mod doubt;
mod eager;
mod early_tls;
mod errands;
mod errors;
mod explore;
mod face;
mod hand;
mod held;
mod idle;
mod keepalive;
mod linear;
mod lookahead;
mod matrix;
mod model;
mod owed;
mod pipelining;
mod random;
mod refill;
mod reports;
mod resume;
mod scenarios;
mod security;
mod series;
mod steps;
mod table;
mod world;
