//! Many independent commands in few flights.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind, Misuse};
use crate::reply::{Class, Reply};
use crate::session::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, Session, State, Ticket};
use crate::timestamp::Timestamp;

use super::Operation;
use super::exchange::{Read, modified, size, whole};
use super::size::Image;

/// Runs commands that do not depend on one another, such as SIZE of a thousand files. Yields a
/// result for each, in their order.
///
/// By default each command waits for the reply to the one before.
/// [`Config::pipeline`](crate::Config::pipeline) allows several unanswered commands, at most
/// [`BATCH_COMMANDS_MAX`] commands and [`BATCH_BYTES_MAX`] bytes.
///
/// A refusal is the result of its command, and the others go on. At most
/// [`BATCH_TEXT_MAX`](crate::operation::BATCH_TEXT_MAX) bytes of each reply's text are kept.
///
/// Known problems with several unanswered commands:
///
/// * libunftp answers a batch of SIZE out of order. A reply that cannot answer its command ends the
///   session. The size of another file looks right, and becomes the result of the wrong file.
/// * uftpd and the `ftpd` package of npm answer only the first of several commands in one write.
///   The batch times out, which ends the session.
///
/// ```
/// use ftp_proto::{Argument, Verb};
/// use ftp_proto::operation::Batch;
///
/// let paths = ["a.txt", "b.txt"].map(|path| Argument::new(path).unwrap());
/// let sizes = Batch::for_each(Verb::Size, paths);
/// # let _ = sizes;
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Batch<T = Reply> {
    /// TYPE I, where the commands depend on it.
    image: Option<Image>,
    waiting: VecDeque<Command>,
    sent: VecDeque<(Result<Ticket, Misuse>, Verb, usize)>,
    sent_bytes: usize,
    read: Read<T>,
    results: Vec<Result<T, Error>>,
}

impl Batch {
    /// A batch of the given commands; yields their replies.
    pub fn new(commands: impl IntoIterator<Item = Command>) -> Self {
        Self::reading(commands, whole)
    }

    /// A batch of one command for each argument.
    pub fn for_each(verb: Verb, arguments: impl IntoIterator<Item = Argument>) -> Self {
        Self::new(
            arguments
                .into_iter()
                .map(|argument| Command::new(verb, argument)),
        )
    }
}

impl Batch<u64> {
    /// A batch of SIZE for each path; yields numbers of bytes, as downloads in image type count
    /// them. TYPE I is sent first if it is not in force.
    ///
    /// ```
    /// use ftp_proto::Argument;
    /// use ftp_proto::operation::Batch;
    ///
    /// let paths = ["a.txt", "b.txt"].map(|path| Argument::new(path).unwrap());
    /// let sizes: Batch<u64> = Batch::sizes(paths);
    /// # let _ = sizes;
    /// ```
    pub fn sizes(paths: impl IntoIterator<Item = Argument>) -> Self {
        let commands = paths.into_iter().map(|path| Command::new(Verb::Size, path));
        Self {
            image: Some(Image::default()),
            ..Self::reading(commands, size)
        }
    }
}

impl Batch<Timestamp> {
    /// A batch of MDTM for each path; yields times of modification.
    pub fn modified(paths: impl IntoIterator<Item = Argument>) -> Self {
        let commands = paths.into_iter().map(|path| Command::new(Verb::Mdtm, path));
        Self::reading(commands, modified)
    }
}

impl<T> Batch<T> {
    fn reading(commands: impl IntoIterator<Item = Command>, read: Read<T>) -> Self {
        Self {
            image: None,
            waiting: commands.into_iter().collect(),
            sent: VecDeque::new(),
            sent_bytes: 0,
            read,
            results: Vec::new(),
        }
    }

    /// Sends more when half the window is empty. One command for each reply would take as many
    /// flights as replies.
    fn send(&mut self, session: &mut Session) {
        let few =
            self.sent.len() <= BATCH_COMMANDS_MAX / 2 && self.sent_bytes <= BATCH_BYTES_MAX / 2;
        while let Some(command) = self.waiting.front().filter(|_| few) {
            let (verb, bytes) = (command.verb(), command.encoded_len());
            match session.submit_batched(command.clone()) {
                Err(Misuse::PipelineFull) if !self.sent.is_empty() => return,
                // A command that cannot be sent keeps its place among the results.
                sent => self.sent.push_back((sent, verb, bytes)),
            }
            self.sent_bytes = self.sent_bytes.saturating_add(bytes);
            self.waiting.pop_front();
        }
    }

    /// Takes the results that have come, in order.
    fn collect(&mut self, session: &mut Session) {
        while let Some((sent, verb, bytes)) = self.sent.front().copied() {
            let polled = match sent {
                Ok(ticket) => session.poll_reply(ticket),
                Err(misuse) => Poll::Ready(Err(session.error(misuse, verb))),
            };
            let Poll::Ready(outcome) = polled else {
                return;
            };
            self.sent.pop_front();
            self.sent_bytes = self.sent_bytes.saturating_sub(bytes);
            let result = outcome.and_then(|reply| match reply.class() {
                Class::Completion => {
                    (self.read)(reply, session).map_err(|kind| session.error(kind, verb))
                }
                _ => Err(session.unwelcome(reply, verb)),
            });
            self.results.push(result);
        }
    }
}

impl<T> Operation for Batch<T> {
    type Output = Vec<Result<T, Error>>;

    /// # Errors
    /// TYPE I was refused. Or the session ended, and earlier answers are lost too.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        if let Some(image) = self.image.as_mut().filter(|_| !self.waiting.is_empty()) {
            ready!(image.poll(session))?;
        }
        self.image = None;
        self.collect(session);
        self.send(session);
        self.collect(session);
        if matches!(session.state(), State::Dead(_)) {
            let ended = |result: &&Result<T, Error>| {
                let of_its_own = |error: &Error| {
                    matches!(error.kind(), ErrorKind::Refused(_) | ErrorKind::Misuse(_))
                };
                result
                    .as_ref()
                    .err()
                    .is_some_and(|error| !of_its_own(error))
            };
            if let Some(Err(error)) = self.results.iter().find(ended) {
                return Poll::Ready(Err(error.clone()));
            }
        }
        if self.waiting.is_empty() && self.sent.is_empty() {
            return Poll::Ready(Ok(core::mem::take(&mut self.results)));
        }
        Poll::Pending
    }
}
