//! What a connection is for.

/// The purpose of a connection, which explains bytes that are not TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "FTP has no other connections")]
pub enum Purpose {
    /// A control connection with TLS from the first byte.
    Implicit,
    /// A control connection whose server has accepted `AUTH TLS` (234).
    Explicit,
    /// A data connection whose server has accepted `PROT P`.
    Data,
}
