//! SIZE, in image type.

use core::task::{Poll, ready};

use crate::action::Representation;
use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::reply::Class;
use crate::session::{Session, Ticket};

use super::{Exchange, Operation};

/// The size of a file in bytes, as a download in image type counts them: TYPE I where that is not
/// in force, then SIZE.
///
/// SIZE counts in the TYPE that is in force (RFC 3659, 4), and some servers refuse it in any other
/// than image.
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct SizeInBytes {
    size: Exchange<u64>,
    image: Image,
}

#[derive(Clone, Copy, Debug)]
enum Image {
    Unknown,
    Asked(Ticket),
    InForce,
}

impl SizeInBytes {
    /// Of the file at `path`.
    pub const fn new(path: Argument) -> Self {
        Self {
            size: Exchange::size(path),
            image: Image::Unknown,
        }
    }
}

impl Operation for SizeInBytes {
    type Output = u64;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<u64, Error>> {
        loop {
            self.image = match self.image {
                Image::Unknown if session.representation() != Some(Representation::Image) => {
                    let image = Command::new(Verb::Type, Argument::trusted("I"));
                    Image::Asked(session.request(image)?)
                }
                Image::Unknown => Image::InForce,
                Image::Asked(ticket) => {
                    ready!(session.poll_class(ticket, Class::Completion))?;
                    Image::InForce
                }
                Image::InForce => return self.size.poll(session),
            };
        }
    }
}
