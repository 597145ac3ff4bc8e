//! An FTP client on std sockets, driven by the ftp-proto state machine.

#[cfg(feature = "testing")]
pub mod testing;
