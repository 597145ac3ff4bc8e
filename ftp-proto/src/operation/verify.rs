//! Whether a file on the server is the one that was sent.

use core::task::{Poll, ready};

use crate::checksum::{Checksum, Mismatch, Verified};
use crate::command::Argument;
use crate::error::{Error, ErrorKind, Policy};
use crate::session::Session;

use super::{AskChecksum, Operation, SizeInBytes};

/// Compares a file on the server with what is known of it here: by its checksum if the server offers
/// one, else by its size.
///
/// The outer error is that of a command: the file is missing, or the server tells neither. The inner
/// one is the difference.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::checksum::{Algorithm, Checksum};
/// use ftp_proto::operation::Verify;
///
/// let sent = Checksum::parse(Algorithm::Crc32, b"cbf43926").unwrap();
/// let verify = Verify::new(Argument::new("digits")?, sent, 9);
/// # let _ = verify;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Verify {
    path: Argument,
    checksum: Checksum,
    bytes: u64,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Checksum(AskChecksum),
    Size(SizeInBytes),
}

impl Verify {
    /// The file at `path` should have this checksum and this many bytes.
    pub fn new(path: Argument, checksum: Checksum, bytes: u64) -> Self {
        let ask = AskChecksum::new(path.clone(), checksum.algorithm());
        Self {
            path,
            checksum,
            bytes,
            step: Step::Checksum(ask),
        }
    }
}

impl Operation for Verify {
    type Output = Result<Verified, Mismatch>;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        loop {
            match &mut self.step {
                Step::Checksum(ask) => match ready!(ask.poll(session)) {
                    Ok(told) => return Poll::Ready(Ok(self.checksum.compare(told))),
                    Err(error) if *error.kind() == ErrorKind::Policy(Policy::NoChecksum) => {
                        self.step = Step::Size(SizeInBytes::new(self.path.clone()));
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                },
                Step::Size(ask) => {
                    let remote = ready!(ask.poll(session))?;
                    let local = self.bytes;
                    return Poll::Ready(Ok(if local == remote {
                        Ok(Verified::Size(remote))
                    } else {
                        Err(Mismatch::Size { local, remote })
                    }));
                }
            }
        }
    }
}
