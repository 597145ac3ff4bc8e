//! The checksum of a file, by the first command that the server knows.

use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;
use core::task::{Poll, ready};

use crate::checksum::{self, Algorithm, Checksum, ChecksumError};
use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind, Policy};
use crate::features::Features;
use crate::reply::{Class, Reply};
use crate::session::Session;
use crate::violation::Violation;

use super::exchange::Exchange;
use super::{AskFeatures, Operation};

/// Asks the server for the checksum of a file or of a part of it.
///
/// HASH comes first (draft-bryan-ftpext-hash), with OPTS HASH before it if another algorithm is
/// selected, and RANG if a part is asked for. Then comes the command of the algorithm alone:
/// XSHA256, XSHA1, XMD5 or XCRC. Then, for MD5 of a whole file, MD5 (draft-twine-ftpmd5). Commands
/// that FEAT does not list are left out, unless the server does not know FEAT. A command that is
/// answered with 500, 502 or 504 leads to the next one.
///
/// TYPE I goes ahead, unless it is in force, because the draft of HASH lets it follow the type.
///
/// If no command is left, the error is [`Policy::NoChecksum`]. A reply that tells another algorithm,
/// no checksum, or for a whole file a part, is [`Violation::Checksum`]; the session stays usable.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::checksum::Algorithm;
/// use ftp_proto::operation::AskChecksum;
///
/// let whole = AskChecksum::new(Argument::new("image.iso")?, Algorithm::Sha256);
/// let head = AskChecksum::new(Argument::new("image.iso")?, Algorithm::Sha256).range(0..4096);
/// # let _ = (whole, head);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct AskChecksum {
    path: Argument,
    algorithm: Algorithm,
    range: Option<Range<u64>>,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Features(AskFeatures),
    Image(super::size::Image, Way),
    /// OPTS HASH.
    Select(Exchange<Reply>),
    /// RANG.
    Limit(Exchange<Reply>),
    /// The question itself.
    Ask(Way, Exchange<Reply>),
    /// RANG that asks for whole files again, with the answer to HASH.
    Unlimit(Exchange<Reply>, Reply),
}

/// A command that tells a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Hash,
    /// One of the algorithm alone.
    Own,
    Md5,
}

impl AskChecksum {
    /// Of the whole file at `path`.
    pub const fn new(path: Argument, algorithm: Algorithm) -> Self {
        Self {
            path,
            algorithm,
            range: None,
            step: Step::Features(AskFeatures::new()),
        }
    }

    /// Only of these bytes, counted from 0; the end is the first byte that does not count.
    ///
    /// HASH tells the range back. If it is another one, the next command follows: ProFTPD accepts
    /// RANG and hashes the whole file. The commands with an X do not tell the range back. ProFTPD
    /// takes their end as it is meant here; no document says what other servers do. An empty range
    /// is [`Misuse::WrongOption`](crate::Misuse::WrongOption).
    pub const fn range(mut self, bytes: Range<u64>) -> Self {
        self.range = Some(bytes);
        self
    }

    /// The first way, or the first behind `last`, that the server may know.
    fn next(&self, last: Option<Way>, session: &Session) -> Result<Way, Error> {
        let features = session.features();
        [Way::Hash, Way::Own, Way::Md5]
            .into_iter()
            .skip_while(|way| last.is_some_and(|last| *way != last))
            .skip(usize::from(last.is_some()))
            .find(|way| self.fits(*way) && features.is_none_or(|known| self.offers(known, *way)))
            .ok_or_else(|| session.error(Policy::NoChecksum, None))
    }

    /// Whether this way can ask what is wanted.
    fn fits(&self, way: Way) -> bool {
        match way {
            Way::Hash => true,
            Way::Own => words(&self.path, None).is_some(),
            Way::Md5 => self.algorithm == Algorithm::Md5 && self.range.is_none(),
        }
    }

    fn offers(&self, features: &Features, way: Way) -> bool {
        if features.iter().next().is_none() {
            return true;
        }
        match way {
            Way::Hash => {
                features.has_parameter("HASH", self.algorithm.name())
                    && (self.range.is_none() || features.has("RANG"))
            }
            Way::Own | Way::Md5 => features.has(self.verb(way).as_str()),
        }
    }

    const fn verb(&self, way: Way) -> Verb {
        match (way, self.algorithm) {
            (Way::Hash, _) => Verb::Hash,
            (Way::Md5, _) => Verb::Md5,
            (Way::Own, Algorithm::Sha256) => Verb::Xsha256,
            (Way::Own, Algorithm::Sha1) => Verb::Xsha1,
            (Way::Own, Algorithm::Md5) => Verb::Xmd5,
            (Way::Own, Algorithm::Crc32) => Verb::Xcrc,
        }
    }

    fn begin(&self, way: Way, session: &Session) -> Result<Step, Error> {
        let selected = session.memory().hash.or_else(|| {
            let features = session.features()?;
            Algorithm::ALL
                .into_iter()
                .find(|it| features.is_marked("HASH", it.name()))
        });
        if way == Way::Hash && selected != Some(self.algorithm) {
            let option = format!("HASH {}", self.algorithm);
            return Ok(Step::Select(Exchange::ask(Command::new(
                Verb::Opts,
                Argument::trusted(&option),
            ))));
        }
        self.limit(way, session)
    }

    fn limit(&self, way: Way, session: &Session) -> Result<Step, Error> {
        match &self.range {
            Some(range) if way == Way::Hash => {
                let last = range.end.saturating_sub(1);
                let bytes = format!("{} {last}", range.start);
                Ok(Step::Limit(rang(&bytes)))
            }
            _ => self.ask(way, session),
        }
    }

    fn ask(&self, way: Way, session: &Session) -> Result<Step, Error> {
        let verb = self.verb(way);
        let argument = match words(&self.path, self.range.as_ref()) {
            Some(words) if way == Way::Own => {
                Argument::new(words).map_err(|error| session.error(error, verb))?
            }
            _ => self.path.clone(),
        };
        let question = Exchange::ask(Command::new(verb, argument));
        Ok(Step::Ask(way, question))
    }

    fn down(&self, last: Way, session: &Session) -> Result<Step, Error> {
        self.begin(self.next(Some(last), session)?, session)
    }

    /// The meaning of the answer; `None` leads to the next way.
    fn read(&self, way: Way, reply: Reply, session: &Session) -> Result<Option<Checksum>, Error> {
        if is_unknown(&reply) {
            return Ok(None);
        }
        let verb = self.verb(way);
        if reply.class() != Class::Completion {
            return Err(session.unwelcome(reply, verb));
        }
        let read = match way {
            Way::Hash => checksum::decode_hash(&reply, self.algorithm, self.range.as_ref()),
            Way::Own | Way::Md5 => checksum::decode(&reply, self.algorithm),
        };
        // ProFTPD takes RANG, and hashes the whole file all the same.
        if self.range.is_some() && read == Err(ChecksumError::Range) {
            return Ok(None);
        }
        let violation = |error| ErrorKind::Violation(Violation::Checksum(error));
        read.map(Some)
            .map_err(|error| session.error(violation(error), verb))
    }
}

impl Operation for AskChecksum {
    type Output = Checksum;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Checksum, Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Features(features) => {
                    if self.range.as_ref().is_some_and(Range::is_empty) {
                        let error = session.error(crate::error::Misuse::WrongOption, None);
                        return Poll::Ready(Err(error));
                    }
                    ready!(features.poll(session))?;
                    Step::Image(super::size::Image::default(), self.next(None, session)?)
                }
                Step::Image(image, way) => {
                    let way = *way;
                    ready!(image.poll(session))?;
                    self.begin(way, session)?
                }
                Step::Select(select) => {
                    let reply = ready!(select.poll(session))?;
                    if reply.class() == Class::Completion {
                        session.memory_mut().hash = Some(self.algorithm);
                        self.limit(Way::Hash, session)?
                    } else if is_refused(&reply) {
                        self.down(Way::Hash, session)?
                    } else {
                        return Poll::Ready(Err(session.unwelcome(reply, Verb::Opts)));
                    }
                }
                Step::Limit(limit) => {
                    let reply = ready!(limit.poll(session))?;
                    if reply.is_positive() || reply.class() == Class::Intermediate {
                        self.ask(Way::Hash, session)?
                    } else if is_refused(&reply) {
                        self.down(Way::Hash, session)?
                    } else {
                        return Poll::Ready(Err(session.unwelcome(reply, Verb::Rang)));
                    }
                }
                Step::Ask(way, question) => {
                    let way = *way;
                    let reply = ready!(question.poll(session))?;
                    // A range that stayed in force would cut the next download.
                    if way == Way::Hash && self.range.is_some() {
                        Step::Unlimit(rang("1 0"), reply)
                    } else {
                        match self.read(way, reply, session)? {
                            Some(checksum) => return Poll::Ready(Ok(checksum)),
                            None => self.down(way, session)?,
                        }
                    }
                }
                Step::Unlimit(rang, reply) => {
                    ready!(rang.poll(session))?;
                    let reply = reply.clone();
                    match self.read(Way::Hash, reply, session)? {
                        Some(checksum) => return Poll::Ready(Ok(checksum)),
                        None => self.down(Way::Hash, session)?,
                    }
                }
            };
        }
    }
}

fn rang(bytes: &str) -> Exchange<Reply> {
    Exchange::ask(Command::new(Verb::Rang, Argument::trusted(bytes)))
}

/// The server does not know the command.
fn is_unknown(reply: &Reply) -> bool {
    matches!(reply.code().get(), 500 | 502 | 504)
}

/// The server does not know the command or the option: 501 is the answer of the drafts to an
/// algorithm that is not there.
fn is_refused(reply: &Reply) -> bool {
    is_unknown(reply) || reply.code().get() == 501
}

/// What follows an X: the path, and the range behind it. ProFTPD and Serv-U want quotes around a path
/// with blanks, and do not say how a quote inside them is written: `None` for such a path.
fn words(path: &Argument, range: Option<&Range<u64>>) -> Option<Vec<u8>> {
    let path = path.as_bytes();
    let mut words = match (path.contains(&b' '), path.contains(&b'"')) {
        (_, true) => return None,
        (true, false) => [b"\"", path, b"\""].concat(),
        (false, false) => path.to_vec(),
    };
    if let Some(range) = range {
        words.extend_from_slice(format!(" {} {}", range.start, range.end).as_bytes());
    }
    Some(words)
}
