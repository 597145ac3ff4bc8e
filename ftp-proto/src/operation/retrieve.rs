//! RETR, with a checked resume.

use core::ops::ControlFlow;
use core::task::{Poll, ready};

use crate::action::Representation;
use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind, Misuse, Policy};
use crate::reply::{Class, Reply};
use crate::session::Session;
use crate::size;
use crate::transfer::Transfer;
use crate::verdict::{Compared, Completed};
use crate::violation::Violation;

use super::Operation;
use super::exchange::Exchange;
use super::metadata::described;
use super::one_transfer::OneTransfer;
use super::size::AskSize;

/// Retrieves a file.
///
/// By default only the transfer's own commands are sent, and the number of bytes is compared with
/// the 150 reply, if that announces one. [`resume_at`](Self::resume_at) sends SIZE first, and MLST
/// if SIZE is refused. An offset beyond the end is an error. An offset at the end is success
/// without a transfer. Otherwise exactly the rest has to arrive, which detects a server that
/// accepts REST and ignores it (every client that was tried writes a wrong file then).
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Retrieve;
///
/// let whole = Retrieve::new(Argument::new("a.bin")?);
/// let rest = Retrieve::new(Argument::new("a.bin")?).resume_at(4096);
/// let head = Retrieve::new(Argument::new("a.bin")?).limited_to(512);
/// # let _ = (whole, rest, head);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Retrieve {
    path: Argument,
    transfer: Transfer,
    check: Check,
    step: Step,
}

/// Whether the size is asked for, and whether it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// The size is not asked for.
    No,
    /// The size is compared if the server tells it.
    IfTold,
    /// The size.
    Must,
}

#[derive(Debug)]
enum Step {
    Start,
    Size(AskSize),
    /// SIZE was refused.
    Facts(Exchange<Reply>),
    Moving(OneTransfer),
}

impl Retrieve {
    /// The whole file, in image type.
    pub fn new(path: Argument) -> Self {
        Self {
            transfer: Transfer::retrieve(path.clone()),
            path,
            check: Check::No,
            step: Step::Start,
        }
    }

    /// The rest of `transfer` after the first `bytes` bytes of its payload. `None` if it is not a
    /// file in image type, because an offset has no clear meaning then.
    pub(super) fn rest_of(transfer: &Transfer, bytes: u64) -> Option<Self> {
        let is_file = transfer.command().verb() == Verb::Retr;
        let path = transfer.command().argument().filter(|_| is_file)?;
        let offset = transfer.offset().saturating_add(bytes);
        let rest = transfer.clone().resume_at(offset);
        let rest = match transfer.limit() {
            Some(limit) => rest.limited_to(limit.saturating_sub(bytes)),
            None => rest,
        };
        (transfer.representation() == Representation::Image).then(|| Self {
            path: path.clone(),
            transfer: rest,
            check: Check::Must,
            step: Step::Start,
        })
    }

    /// In ASCII type. Lengths are not compared, because servers count differently.
    pub fn ascii(mut self) -> Self {
        self.transfer = self.transfer.ascii();
        self
    }

    /// From `offset` bytes on, checked against SIZE, or against MLST if SIZE is refused. Not in
    /// ASCII type, where no length can be checked ([`Misuse::WrongOption`]).
    pub fn resume_at(mut self, offset: u64) -> Self {
        self.transfer = self.transfer.resume_at(offset);
        self.check = Check::Must;
        self
    }

    /// From `offset` bytes on, without SIZE: the original ftplib's `rest`. This does not detect a
    /// server that ignores REST.
    pub fn resume_unverified_at(mut self, offset: u64) -> Self {
        self.transfer = self.transfer.resume_at(offset);
        self.check = Check::No;
        self
    }

    /// Demands as many bytes as SIZE says, or MLST if SIZE is refused. It is an error if the server
    /// tells neither ([`Policy::SizeUnknown`]).
    pub const fn verified(mut self) -> Self {
        self.check = Check::Must;
        self
    }

    /// As [`verified`](Self::verified), if the server tells the size. Otherwise the length is not
    /// compared, which [`Completed::compared`] shows. May follow [`resume_at`](Self::resume_at).
    pub const fn verified_if_told(mut self) -> Self {
        self.check = Check::IfTold;
        self
    }

    /// Receives at most `bytes` bytes. Then the transfer is aborted, which is a success.
    pub fn limited_to(mut self, bytes: u64) -> Self {
        self.transfer = self.transfer.limited_to(bytes);
        self
    }

    /// The transfer of a file with this size, if it is known.
    fn transfer(&self, size: Option<u64>) -> Transfer {
        let transfer = self.transfer.clone();
        match size.filter(|_| !self.is_text()) {
            Some(size) => transfer.expecting(size.saturating_sub(self.transfer.offset())),
            None => transfer,
        }
    }

    fn is_text(&self) -> bool {
        self.transfer.representation() == Representation::Ascii
    }

    /// The step after the reply to SIZE; `Break` ends the operation.
    fn sized(
        &self,
        reply: &Reply,
        session: &Session,
    ) -> ControlFlow<Result<Completed, Error>, Step> {
        let size = size::decode(reply);
        let is_unreadable = size.is_err() && self.check == Check::IfTold;
        if reply.class() != Class::Completion || is_unreadable {
            let facts = Exchange::ask(Command::new(Verb::Mlst, self.path.clone()));
            return ControlFlow::Continue(Step::Facts(facts));
        }
        match size {
            Err(error) => fail(ErrorKind::Violation(Violation::Size(error)), session),
            Ok(size) => self.compare_with(size, reply, session),
        }
    }

    /// The step after the reply to MLST.
    fn described(
        &self,
        reply: &Reply,
        session: &Session,
    ) -> ControlFlow<Result<Completed, Error>, Step> {
        match described(reply).and_then(|entry| entry.size()) {
            Some(size) => self.compare_with(size, reply, session),
            None if self.check == Check::IfTold => {
                ControlFlow::Continue(Step::Moving(OneTransfer::new(self.transfer(None))))
            }
            None => fail(ErrorKind::Policy(Policy::SizeUnknown), session),
        }
    }

    fn compare_with(
        &self,
        size: u64,
        reply: &Reply,
        session: &Session,
    ) -> ControlFlow<Result<Completed, Error>, Step> {
        let offset = self.transfer.offset();
        if offset > size {
            return fail(ErrorKind::Policy(Policy::BeyondEnd), session);
        }
        if offset == size && size > 0 {
            return ControlFlow::Break(Ok(Completed {
                compared: Compared::Size(0),
                ..Completed::nothing(reply.clone())
            }));
        }
        ControlFlow::Continue(Step::Moving(OneTransfer::new(self.transfer(Some(size)))))
    }
}

fn fail(kind: ErrorKind, session: &Session) -> ControlFlow<Result<Completed, Error>, Step> {
    ControlFlow::Break(Err(session.error(kind, Verb::Size)))
}

impl Operation for Retrieve {
    type Output = Completed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        // An offset in ASCII type has no clear meaning, and no length can check it.
        if self.check != Check::No && self.transfer.offset() > 0 && self.is_text() {
            return Poll::Ready(Err(session.error(Misuse::WrongOption, Verb::Rest)));
        }
        loop {
            let next = match &mut self.step {
                Step::Start if self.check == Check::No => {
                    ControlFlow::Continue(Step::Moving(OneTransfer::new(self.transfer(None))))
                }
                Step::Start => ControlFlow::Continue(Step::Size(AskSize::new(self.path.clone()))),
                Step::Size(ask) => {
                    let reply = ready!(ask.poll(session))?;
                    self.sized(&reply, session)
                }
                Step::Facts(ask) => {
                    let reply = ready!(ask.poll(session))?;
                    self.described(&reply, session)
                }
                Step::Moving(payload) => return payload.poll(session),
            };
            match next {
                ControlFlow::Continue(step) => self.step = step,
                ControlFlow::Break(result) => return Poll::Ready(result),
            }
        }
    }
}
