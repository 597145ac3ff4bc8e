//! Reads and writes that wait, and misbehaving streams.

use std::io;

use ftp_proto::driver::Input;

/// Maps "interrupted" and "would block" to `None`: the stream cannot move a byte now.
pub(crate) fn patient<T>(result: io::Result<Option<T>>) -> io::Result<Option<T>> {
    match result {
        Err(error) if is_momentary(&error) => Ok(None),
        result => result,
    }
}

pub(crate) fn patient_end(result: io::Result<bool>) -> io::Result<bool> {
    match result {
        Err(error) if is_momentary(&error) => Ok(false),
        result => result,
    }
}

fn is_momentary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

/// As [`patient`]. A stream that takes no byte of a non-empty buffer breaks its contract, and would
/// be asked for ever.
pub(crate) fn wrote(result: io::Result<Option<usize>>) -> io::Result<Option<usize>> {
    match patient(result) {
        Ok(Some(0)) => Err(io::ErrorKind::WriteZero.into()),
        result => result,
    }
}

/// The same for a stream that reports a read of no bytes, which is neither data nor the end.
pub(crate) fn read(result: io::Result<Option<Input>>) -> io::Result<Option<Input>> {
    match patient(result) {
        Ok(Some(Input::Bytes(0))) => Err(io::ErrorKind::UnexpectedEof.into()),
        result => result,
    }
}
