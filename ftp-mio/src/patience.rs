//! Reads and writes that would block, and misbehaving streams.

use std::io;

use ftp_proto::driver::Input;

/// Repeats a call that a signal interrupted: the socket is still ready, and no reactor will report
/// it again.
pub(crate) fn retried<V>(mut call: impl FnMut() -> io::Result<V>) -> io::Result<V> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The same for a call that may block: `None` or `false` if it would, whether the stream calls that
/// an error or not.
pub(crate) fn patient<V: Default>(call: impl FnMut() -> io::Result<V>) -> io::Result<V> {
    match retried(call) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(V::default()),
        result => result,
    }
}

/// A stream that takes no byte of a non-empty buffer breaks its contract, and would be asked for
/// ever.
pub(crate) fn wrote(call: impl FnMut() -> io::Result<Option<usize>>) -> io::Result<Option<usize>> {
    match patient(call)? {
        Some(0) => Err(io::ErrorKind::WriteZero.into()),
        count => Ok(count),
    }
}

/// The same for a stream that reports a read of no bytes, which is neither data nor the end.
pub(crate) fn read(call: impl FnMut() -> io::Result<Option<Input>>) -> io::Result<Option<Input>> {
    match patient(call)? {
        Some(Input::Bytes(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
        input => Ok(input),
    }
}
