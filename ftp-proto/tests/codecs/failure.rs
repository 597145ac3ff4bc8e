//! What std's errors are to the machine.

use std::io::ErrorKind;

use ftp_proto::Failure;

#[test]
fn every_kind_that_a_socket_gives() {
    for (kind, failure) in [
        (ErrorKind::ConnectionRefused, Failure::Refused),
        (ErrorKind::HostUnreachable, Failure::Unreachable),
        (ErrorKind::NetworkUnreachable, Failure::Unreachable),
        (ErrorKind::NetworkDown, Failure::Unreachable),
        (ErrorKind::TimedOut, Failure::TimedOut),
        (ErrorKind::ConnectionReset, Failure::Reset),
        (ErrorKind::ConnectionAborted, Failure::Reset),
        (ErrorKind::BrokenPipe, Failure::Reset),
        (ErrorKind::WriteZero, Failure::Reset),
        (ErrorKind::UnexpectedEof, Failure::Reset),
        (ErrorKind::InvalidData, Failure::Tls),
        (ErrorKind::AddrInUse, Failure::Local),
        (ErrorKind::AddrNotAvailable, Failure::Local),
        (ErrorKind::PermissionDenied, Failure::Local),
        (ErrorKind::OutOfMemory, Failure::Local),
        (ErrorKind::Other, Failure::Other),
    ] {
        assert_eq!(Failure::from(kind), failure, "{kind:?}");
    }
}
