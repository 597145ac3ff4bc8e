//! SIZE in image type (RFC 3659, 4).

use core::task::{Poll, ready};

use crate::action::Representation;
use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind};
use crate::reply::{Class, Reply, ReplyCode};
use crate::session::{Session, Ticket};
use crate::size;
use crate::violation::Violation;

use super::Operation;

/// The size of a file in bytes, as a download in image type counts them.
///
/// TYPE I is sent first if it is not in force, because SIZE counts in the type in force, and some
/// servers refuse it in ASCII type. [`Exchange::size`](super::Exchange::size) is SIZE alone.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::SizeInBytes;
///
/// let size = SizeInBytes::new(Argument::new("image.iso")?);
/// # let _ = size;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct SizeInBytes(AskSize);

impl SizeInBytes {
    /// Of the file at `path`.
    pub const fn new(path: Argument) -> Self {
        Self(AskSize::new(path))
    }
}

impl Operation for SizeInBytes {
    type Output = u64;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<u64, Error>> {
        let reply = ready!(self.0.poll(session))?;
        Poll::Ready(if reply.class() == Class::Completion {
            size::decode(&reply).map_err(|error| {
                session.error(ErrorKind::Violation(Violation::Size(error)), Verb::Size)
            })
        } else {
            Err(session.unwelcome(reply, Verb::Size))
        })
    }
}

/// Asks for the size and yields any reply, except one that ends the session.
#[derive(Debug)]
pub(super) struct AskSize {
    path: Argument,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    Image(Image),
    Size,
    Sent(Ticket),
}

impl AskSize {
    pub(super) const fn new(path: Argument) -> Self {
        Self {
            path,
            step: Step::Start,
        }
    }
}

impl Operation for AskSize {
    type Output = Reply;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Reply, Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Start => Step::Image(Image::default()),
                Step::Image(image) => {
                    ready!(image.poll(session))?;
                    Step::Size
                }
                Step::Size => {
                    Step::Sent(session.request(Command::new(Verb::Size, self.path.clone()))?)
                }
                Step::Sent(ticket) => {
                    let reply = ready!(session.poll_reply(*ticket))?;
                    return Poll::Ready(if reply.code() == ReplyCode::SERVICE_CLOSING {
                        Err(session.unwelcome(reply, Verb::Size))
                    } else {
                        Ok(reply)
                    });
                }
            };
        }
    }
}

/// TYPE I, unless it is in force.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Image(Option<Ticket>);

impl Operation for Image {
    type Output = ();

    fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
        let ticket = match self.0 {
            Some(ticket) => ticket,
            None if session.representation() == Some(Representation::Image) => {
                return Poll::Ready(Ok(()));
            }
            None => {
                let image = Command::new(Verb::Type, Argument::trusted("I"));
                *self.0.insert(session.request(image)?)
            }
        };
        session.poll_class(ticket, Class::Completion).map_ok(drop)
    }
}
