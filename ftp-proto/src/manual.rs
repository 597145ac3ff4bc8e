//! The manual: how to drive the machine, what it does, and why. Text only.

#[doc = include_str!("../manual/driving.md")]
pub mod driving {}

#[doc = include_str!("../manual/transfers.md")]
pub mod transfers {}

#[doc = include_str!("../manual/listings.md")]
pub mod listings {}

#[doc = include_str!("../manual/security.md")]
pub mod security {}

#[doc = include_str!("../manual/servers.md")]
pub mod servers {}

#[doc = include_str!("../manual/ftplib.md")]
pub mod ftplib {}

#[doc = include_str!("../manual/suppaftp.md")]
pub mod suppaftp {}

#[doc = include_str!("../manual/design.md")]
pub mod design {}
