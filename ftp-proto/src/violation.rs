//! Violations of the protocol by a server.

use crate::address::AddressError;
use crate::checksum::ChecksumError;
use crate::pathname::PathError;
use crate::reply::ReplyError;
use crate::size::SizeError;
use crate::timestamp::TimestampError;

/// How the server broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The bytes are not a reply.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// The connection ended inside a reply.
    #[error("the connection ended inside a reply")]
    TruncatedReply,
    /// More preliminary replies to one command than [`Limits`](crate::Limits) allow.
    #[error("too many preliminary replies")]
    TooManyPreliminary,
    /// More unsolicited replies than [`Limits`](crate::Limits) allow.
    #[error("too many unsolicited replies")]
    TooManyUnsolicited,
    /// A command of a batch got a reply that cannot answer it.
    #[error("the replies are out of order")]
    OutOfOrder,
    /// An aborted transfer has no final reply, and the server may not have accepted its data
    /// connection yet. pyftpdlib then carries the transfer out on the next data connection,
    /// whatever that is opened for.
    #[error("the server forgot a transfer, and may still carry it out")]
    TransferForgotten,
    /// Clear text after the server agreed to begin TLS (CVE-2021-22947).
    #[error("clear text after the reply that begins TLS")]
    BytesBeforeTls,
    /// An unreadable address in a 227 or 229.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An unreadable path in a 257.
    #[error(transparent)]
    Path(#[from] PathError),
    /// An unreadable number in a 213.
    #[error(transparent)]
    Size(#[from] SizeError),
    /// An unreadable time in a 213.
    #[error(transparent)]
    Timestamp(#[from] TimestampError),
    /// An answer to HASH, or to a command like it, that is not the checksum asked for.
    #[error(transparent)]
    Checksum(#[from] ChecksumError),
}
