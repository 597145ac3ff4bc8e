//! RETR, with a resume that cannot lie.

use alloc::boxed::Box;
use core::task::{Poll, ready};

use crate::action::{End, Representation};
use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind, Misuse, Policy, Violation};
use crate::reply::{Class, Reply};
use crate::session::{Session, Ticket};
use crate::size;
use crate::transfer::Transfer;
use crate::verdict::{Compared, Completed};

use super::Operation;
use super::payload::Payload;

/// Retrieves a file.
///
/// By default nothing but the transfer's own commands goes out, and the number of bytes is compared with what the 150
/// reply announces, if it does. [`resume_at`](Self::resume_at) asks for the SIZE first: an offset beyond the end is
/// an error, one at the end is success without a transfer, and exactly the rest has to arrive, so that a server that
/// accepts REST and ignores it is found out (every client tried before wrote a wrong file then).
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Retrieve;
///
/// let whole = Retrieve::new(Argument::new("a.bin")?);
/// let rest = Retrieve::new(Argument::new("a.bin")?).resume_at(4096);
/// let head = Retrieve::new(Argument::new("a.bin")?).limit(512);
/// # let _ = (whole, rest, head);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Retrieve {
    path: Argument,
    representation: Representation,
    offset: u64,
    limit: Option<u64>,
    /// Whether SIZE is asked.
    verify: bool,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Start,
    Image(Ticket),
    Size,
    SizeSent(Ticket),
    Moving(Payload),
}

impl Retrieve {
    /// The whole file, in image type.
    pub const fn new(path: Argument) -> Self {
        let representation = Representation::Image;
        Self {
            path,
            representation,
            offset: 0,
            limit: None,
            verify: false,
            step: Step::Start,
        }
    }

    /// In ASCII type. Lengths are not compared then: servers count differently.
    pub const fn ascii(mut self) -> Self {
        self.representation = Representation::Ascii;
        self
    }

    /// From `offset` bytes on, checked against SIZE. Not in ASCII type, where there is nothing to check by
    /// ([`Misuse::WrongOption`]).
    pub const fn resume_at(mut self, offset: u64) -> Self {
        self.offset = offset;
        self.verify = true;
        self
    }

    /// From `offset` bytes on, without asking for SIZE: the original ftplib's `rest`. A server that ignores REST is
    /// not found out.
    pub const fn resume_unverified_at(mut self, offset: u64) -> Self {
        self.offset = offset;
        self.verify = false;
        self
    }

    /// The file has to have as many bytes as SIZE says.
    pub const fn verified(mut self) -> Self {
        self.verify = true;
        self
    }

    /// At most `bytes` bytes; the rest is aborted, which is a success.
    pub const fn limit(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    fn transfer(&self, size: Option<u64>) -> Transfer {
        let mut transfer = Transfer::retrieve(self.path.clone()).represented(self.representation);
        if let Some(size) = size.filter(|_| self.representation == Representation::Image) {
            transfer = transfer.expecting(size.saturating_sub(self.offset));
        }
        if let Some(limit) = self.limit {
            transfer = transfer.limited_to(limit);
        }
        transfer.resume_at(self.offset)
    }

    /// What follows the reply to SIZE; `Err` ends the operation.
    fn sized(&self, reply: &Reply, session: &Session) -> Result<Step, Result<Completed, Error>> {
        let fail = |kind| Err(Err(session.error(kind, Verb::Size)));
        if reply.class() != Class::Completion {
            return fail(ErrorKind::Policy(Policy::SizeUnknown));
        }
        match size::decode(reply) {
            Err(error) => fail(ErrorKind::Violation(Violation::Size(error))),
            Ok(size) if self.offset > size => fail(ErrorKind::Policy(Policy::BeyondEnd)),
            Ok(size) if self.offset == size && size > 0 => Err(Ok(nothing_left(reply.clone()))),
            Ok(size) => Ok(Step::Moving(Payload::new(self.transfer(Some(size))))),
        }
    }
}

fn nothing_left(size: Reply) -> Completed {
    Completed {
        bytes: 0,
        mark: None,
        reply: Some(Box::new(size)),
        end: End::Clean,
        compared: Compared::Size(0),
    }
}

impl Operation for Retrieve {
    type Output = Completed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        // Nobody knows which byte an offset means in ASCII type, and no length tells.
        if self.verify && self.offset > 0 && self.representation == Representation::Ascii {
            return Poll::Ready(Err(session.error(Misuse::WrongOption, Verb::Rest)));
        }
        loop {
            self.step = match &mut self.step {
                Step::Start if !self.verify => Step::Moving(Payload::new(self.transfer(None))),
                // SIZE counts in the TYPE that is in force; some servers refuse it in any other than image.
                Step::Start if session.representation() != Some(Representation::Image) => {
                    Step::Image(session.request(Command::new(Verb::Type, Argument::trusted("I")))?)
                }
                Step::Start | Step::Size => {
                    Step::SizeSent(session.request(Command::new(Verb::Size, self.path.clone()))?)
                }
                Step::Image(ticket) => {
                    ready!(session.poll_class(*ticket, Class::Completion))?;
                    Step::Size
                }
                Step::SizeSent(ticket) => {
                    let reply = ready!(session.poll_reply(*ticket))?;
                    match self.sized(&reply, session) {
                        Ok(step) => step,
                        Err(result) => return Poll::Ready(result),
                    }
                }
                Step::Moving(payload) => return payload.poll(session),
            }
        }
    }
}
