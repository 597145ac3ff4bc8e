//! The names of everything that a session can say or ask, so that a test which claims to have seen
//! all of it can be held to that.

use ftp_proto::{Action, Closed, Event, Interruption, Reason, Violation};

/// An enum whose variants are all known by name.
///
/// ```
/// use ftp_proto::Interruption;
/// use ftp_testkit::Variants;
///
/// assert_eq!(Interruption::NoEof.variant(), "NoEof");
/// assert!(Interruption::VARIANTS.contains(&"NoEof"));
/// ```
pub trait Variants {
    /// The name of the enum.
    const ENUM: &'static str;

    /// The names of its variants.
    const VARIANTS: &'static [&'static str];

    /// The name of the variant that this is.
    fn variant(&self) -> &'static str;
}

/// Both the list and the match come from the same names. The enums are not exhaustive, so a test
/// compares the lists with the sources.
macro_rules! variants {
    ($type:ident: $($variant:ident),+ $(,)?) => {
        impl Variants for $type {
            const ENUM: &'static str = stringify!($type);
            const VARIANTS: &'static [&'static str] = &[$(stringify!($variant)),+];

            #[allow(unreachable_patterns, reason = "some of the enums are exhaustive")]
            fn variant(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant),)+
                    _ => "not listed",
                }
            }
        }
    };
}

variants!(Action: Connect, Listen, Accept, Secure, Unsecure, Move, Finish, Discard, Poll, Close);
variants!(Event: Unsolicited, Stranger, HostIgnored, RefillCut, Closed);
variants!(Closed: Quit, Service, Eof, Lost, Violation, Timeout, Local);
variants!(Reason:
    Greeting, Reply, Mark, DataOpen, Securing, DataIdle, DataTotal, TlsClose, Completion, Drain, AbortLinger,
    AbortGrace, Fence, Keepalive, IdleKeepalive, Operation,
);
variants!(Interruption:
    Reply, Data, NotResumed, Truncated, Length, NoGoAhead, NoData, NoEof, NotTaken, Keepalive, Lookahead, Aborted, Timeout, ControlLost,
    Violation,
);
variants!(Violation:
    Reply, TruncatedReply, TooManyPreliminary, TooManyUnsolicited, OutOfOrder, TransferForgotten, BytesBeforeTls, Address, Path, Size,
    Timestamp, Checksum,
);
