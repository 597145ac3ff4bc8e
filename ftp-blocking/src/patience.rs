//! What a stream says that has nothing now, and what it must not say.

use std::io;

use ftp_proto::driver::Input;

/// A stream that was interrupted or would block has nothing to give or takes nothing now, whatever
/// it calls that.
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

/// As [`patient`]; a stream that takes no byte of some has not kept its contract, and would be
/// asked for ever.
pub(crate) fn wrote(result: io::Result<Option<usize>>) -> io::Result<Option<usize>> {
    match patient(result) {
        Ok(Some(0)) => Err(io::ErrorKind::WriteZero.into()),
        result => result,
    }
}

/// The same for a stream that reads bytes and has none.
pub(crate) fn read(result: io::Result<Option<Input>>) -> io::Result<Option<Input>> {
    match patient(result) {
        Ok(Some(Input::Bytes(0))) => Err(io::ErrorKind::UnexpectedEof.into()),
        result => result,
    }
}
