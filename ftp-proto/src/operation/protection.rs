//! The protection level of data connections: PROT (RFC 2228, section 3; RFC 4217, section 9).

/// The protection of data connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataProtection {
    /// PROT P: encrypted.
    #[default]
    Private,
    /// PROT C: in clear.
    Clear,
}
