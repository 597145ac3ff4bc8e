//! STOR, APPE and STOU.

use core::task::{Poll, ready};

use crate::action::Representation;
use crate::command::{Argument, Verb};
use crate::error::{Error, ErrorKind};
use crate::reply::Reply;
use crate::session::Session;
use crate::size;
use crate::transfer::Transfer;
use crate::verdict::Completed;

use super::Operation;
use super::one_transfer::OneTransfer;
use super::size::AskSize;

/// Stores a file.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Store;
///
/// let replace = Store::new(Argument::new("a.bin")?);
/// let append = Store::append(Argument::new("log.txt")?).ascii();
/// let rest = Store::new(Argument::new("a.bin")?).resume_at(4096);
/// # let _ = (replace, append, rest);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Store {
    transfer: Transfer,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Start,
    Size(AskSize),
    Append(OneTransfer),
    Moving(OneTransfer),
}

impl Store {
    /// STOR: a new file, or a replacement of the old one.
    pub const fn new(path: Argument) -> Self {
        Self::of(Transfer::store(path))
    }

    /// APPE: appends to the file.
    pub const fn append(path: Argument) -> Self {
        Self::of(Transfer::append(path))
    }

    /// STOU: under a name of the server's choice, which [`Completed::unique_name`] tells.
    pub const fn unique(name: Option<Argument>) -> Self {
        Self::of(Transfer::store_unique(name))
    }

    const fn of(transfer: Transfer) -> Self {
        Self {
            transfer,
            step: Step::Start,
        }
    }

    /// In ASCII type.
    pub fn ascii(self) -> Self {
        Self::of(self.transfer.ascii())
    }

    /// From `offset` bytes on; the server keeps the part before it.
    ///
    /// SIZE is sent first. If it equals the offset, the rest is sent with APPE, which appends on
    /// every server. Otherwise, in ASCII type, and if APPE is not implemented, REST and STOR are
    /// sent. Some servers then put zeros before the offset and report success (bftpd, uftpd,
    /// ftp-srv). The result says that it is [unverified](crate::Compared::Unverified).
    pub fn resume_at(self, offset: u64) -> Self {
        Self::of(self.transfer.resume_at(offset))
    }

    /// Whether SIZE may show that the file ends at the offset.
    fn may_append(&self) -> bool {
        self.transfer.offset() > 0
            && self.transfer.representation() == Representation::Image
            && self.transfer.command().verb() == Verb::Stor
    }

    fn start(&self) -> Step {
        match self.transfer.command().argument() {
            Some(path) if self.may_append() => Step::Size(AskSize::new(path.clone())),
            _ => self.restart(),
        }
    }

    /// The transfer as it was asked for: with REST, if there is an offset.
    fn restart(&self) -> Step {
        Step::Moving(OneTransfer::new(self.transfer.clone()))
    }

    fn sized(&self, reply: &Reply) -> Step {
        let ends_there = size::decode(reply) == Ok(self.transfer.offset());
        match self.transfer.command().argument() {
            Some(path) if ends_there => {
                Step::Append(OneTransfer::new(Transfer::append(path.clone())))
            }
            _ => self.restart(),
        }
    }
}

impl Operation for Store {
    type Output = Completed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Start => self.start(),
                Step::Size(ask) => {
                    let reply = ready!(ask.poll(session))?;
                    self.sized(&reply)
                }
                Step::Append(payload) => match ready!(payload.poll(session)) {
                    Err(error) if is_not_implemented(&error) => self.restart(),
                    outcome => return Poll::Ready(outcome),
                },
                Step::Moving(payload) => return payload.poll(session),
            };
        }
    }
}

fn is_not_implemented(error: &Error) -> bool {
    let ErrorKind::Refused(reply) = error.kind() else {
        return false;
    };
    error.verb() == Some(Verb::Appe) && matches!(reply.code().get(), 500 | 502 | 504)
}
