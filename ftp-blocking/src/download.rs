//! A download under way.

mod files;

use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;

use ftp_proto::ascii::Decoder;
use ftp_proto::driver::{Error, Result};
use ftp_proto::lines::{LINE_BYTES_MAX, Lines};
use ftp_proto::{Completed, Flow, Operation, Representation, size};

use crate::driver::{Driven, Driver};
use crate::transport::Transport;

/// The size of one read when the caller gives no buffer.
pub(crate) const BLOCK_BYTES: usize = 64 * 1024;

pub(crate) type Running<'c> = Box<dyn Operation<Output = Completed> + Send + 'c>;

/// A download, to be read to its end.
///
/// [`Read::read`] returns `Ok(0)` only when the server has confirmed the transfer and no known
/// length differs. The end of a truncated file is an error of that read, and again of
/// [`finish`](Self::finish). In ASCII type the lines end with LF.
///
/// Dropping it before its end aborts the transfer, without waiting. The next call settles the
/// server's replies to that, within the limits for it.
///
/// ```
/// use std::io::Read;
/// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
/// # let files = Files::new().file("/large", vec![7; 1 << 20]);
/// # let server = Loopback::start(ServerConfig::new(), files)?;
/// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
/// # ftp.login_anonymous()?;
/// let mut download = ftp.retrieve("large")?;
/// let mut head = [0; 16];
/// download.read_exact(&mut head)?;
/// drop(download); // the rest is not wanted
/// ftp.noop()?; // and the session goes on
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a download does nothing until it is read"]
pub struct Download<'c, T: Transport> {
    driver: &'c mut Driver<T>,
    operation: Running<'c>,
    verdict: Option<Result<Completed>>,
    flow: Option<Flow>,
    size_hint: Option<u64>,
    text: Text,
}

/// Decoded text that was not taken yet.
#[derive(Default)]
struct Text {
    /// The bytes of one read, as on the wire.
    wire: Vec<u8>,
    decoder: Decoder,
    decoded: Vec<u8>,
    taken: usize,
}

impl<'c, T: Transport> Download<'c, T> {
    pub(crate) fn new(
        driver: &'c mut Driver<T>,
        operation: Running<'c>,
        verdict: Option<Result<Completed>>,
    ) -> Self {
        let flow = driver.flow();
        let size_hint = driver.session.current_mark().and_then(size::hint);
        Self {
            driver,
            operation,
            verdict,
            flow,
            size_hint,
            text: Text::default(),
        }
    }

    /// The number of bytes that the server announced in the reply that opened the transfer, if it
    /// did: ftplib's `ntransfercmd` returns it too. For a resumed transfer some servers announce
    /// the size of the whole file.
    #[doc(alias = "ntransfercmd")]
    pub const fn size_hint(&self) -> Option<u64> {
        self.size_hint
    }

    /// Reads and drops the rest, and yields the verdict on the transfer.
    ///
    /// # Errors
    /// The transfer failed, even if a read said so before.
    pub fn finish(mut self) -> Result<Completed> {
        let mut block = self.driver.take_block(BLOCK_BYTES);
        while self.read_wire(&mut block) > 0 {}
        self.driver.keep_block(block);
        self.take_verdict()
    }

    /// Aborts the transfer without waiting for the server's replies: the next call settles them.
    /// ftplib's `abort`.
    ///
    /// ```
    /// use ftp_blocking::proto::{ErrorKind, Interruption};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let files = Files::new().file("/large", vec![7; 1 << 20]);
    /// # let server = Loopback::start(ServerConfig::new(), files)?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let error = ftp.retrieve("large")?.abort().unwrap_err();
    /// assert!(matches!(error.kind(), Some(ErrorKind::Interrupted(how)) if how.cause == Interruption::Aborted));
    /// assert!(!error.is_fatal());
    /// ftp.noop()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The verdict: usually that it was aborted.
    #[doc(alias = "abor")]
    pub fn abort(mut self) -> Result<Completed> {
        self.end_early();
        self.take_verdict()
    }

    /// Passes everything to a callback, as on the wire, in blocks of at most `block_bytes` and
    /// never more than 4 MiB: ftplib's `retrbinary`.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let files = Files::new().file("/a", "0123456789");
    /// # let server = Loopback::start(ServerConfig::new(), files)?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut sizes = Vec::new();
    /// ftp.retrieve("a")?.blocks(4, |block| sizes.push(block.len()))?;
    /// assert!(sizes.iter().all(|size| *size <= 4) && sizes.iter().sum::<usize>() == 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn blocks(self, block_bytes: usize, mut take: impl FnMut(&[u8])) -> Result<Completed> {
        self.try_blocks(block_bytes, |block| {
            take(block);
            Ok(())
        })
    }

    /// As [`blocks`](Self::blocks), with a callback that may fail.
    ///
    /// # Errors
    /// As [`finish`](Self::finish), and [`Error::Local`] when `take` fails, which aborts the transfer.
    pub fn try_blocks(
        mut self,
        block_bytes: usize,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<Completed> {
        let mut block = self.driver.take_block(block_bytes);
        loop {
            let count = self.read_wire(&mut block);
            if count == 0 {
                self.driver.keep_block(block);
                return self.take_verdict();
            }
            if let Err(error) = take(block.get(..count).unwrap_or_default()) {
                return Err(self.fail_locally(error));
            }
        }
    }

    /// Passes every line without its CR LF or LF to a callback: ftplib's `retrlines`. The last line
    /// may lack its end, and is passed on when the transfer has succeeded. A lone CR is kept. A
    /// line of more than 8,192 bytes is an error, which aborts the transfer.
    ///
    /// # Errors
    /// As [`finish`](Self::finish), and [`Error::Local`] for a line that is too long.
    pub fn lines(mut self, mut take: impl FnMut(&[u8])) -> Result<Completed> {
        let mut block = self.driver.take_block(BLOCK_BYTES);
        let mut lines = Lines::new(LINE_BYTES_MAX);
        loop {
            let count = self.read_wire(&mut block);
            if count == 0 {
                self.driver.keep_block(block);
                let completed = self.take_verdict()?; // the last line is complete only now
                return match lines.finish() {
                    Some(Err(too_long)) => Err(self.local(invalid(too_long))),
                    Some(Ok(line)) => {
                        take(line);
                        Ok(completed)
                    }
                    None => Ok(completed),
                };
            }
            let mut rest = block.get(..count).unwrap_or_default();
            while let Some(line) = lines.next_line(&mut rest) {
                match line {
                    Ok(line) => take(line),
                    Err(too_long) => return Err(self.fail_locally(invalid(too_long))),
                }
            }
        }
    }

    /// Writes everything into `sink`.
    ///
    /// # Errors
    /// As [`copy_with`](Self::copy_with).
    pub fn copy_to(self, sink: &mut (impl io::Write + ?Sized)) -> Result<Completed> {
        self.copy_with(sink, |_| Ok(()))
    }

    /// Writes everything into `sink`. After each block, `progress` gets the number of bytes written
    /// so far. An error from it aborts the transfer, and the session goes on.
    ///
    /// ```
    /// # use std::io;
    /// # use ftp_blocking::Error;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let files = Files::new().file("/a", vec![7; 300_000]);
    /// # let server = Loopback::start(ServerConfig::new(), files)?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut sink = Vec::new();
    /// ftp.retrieve("a")?.copy_with(&mut sink, |bytes| Ok(println!("{bytes} bytes")))?;
    /// let stop = |_| Err(io::Error::other("the user does not want it"));
    /// let error = ftp.retrieve("a")?.copy_with(&mut sink, stop).unwrap_err();
    /// assert!(matches!(error, Error::Local(..)) && !error.is_fatal());
    /// ftp.noop()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`finish`](Self::finish), and [`Error::Local`] when `sink` or `progress` fails, which
    /// aborts the transfer.
    pub fn copy_with(
        mut self,
        sink: &mut (impl io::Write + ?Sized),
        mut progress: impl FnMut(u64) -> io::Result<()>,
    ) -> Result<Completed> {
        let mut block = self.driver.take_block(BLOCK_BYTES);
        let mut bytes = 0_u64;
        loop {
            let mut written = Ok(());
            let count = self.pass_block(&mut block, |bytes| {
                if written.is_ok() {
                    written = sink.write_all(bytes);
                }
            });
            if let Err(error) = written {
                return Err(self.fail_locally(error));
            }
            if count == 0 {
                self.driver.keep_block(block);
                return self.take_verdict();
            }
            bytes = bytes.saturating_add(count as u64);
            if let Err(error) = progress(bytes) {
                return Err(self.fail_locally(error));
            }
        }
    }

    /// The data connection, for callers that move the bytes themselves (splice, sendfile), if
    /// [`Flow::is_verbatim`] holds. The verdict does not count bytes that are taken this way.
    pub fn stream(&mut self) -> Option<(&mut T::Stream, Flow)> {
        let flow = self.driver.flow()?;
        Some((self.driver.data_stream()?, flow))
    }

    /// Receives some payload; 0 when the verdict is known.
    fn receive(
        &mut self,
        some: impl FnOnce(&mut Driver<T>, &mut Running<'c>) -> ControlFlow<Result<Completed>, usize>,
    ) -> usize {
        if self.verdict.is_some() {
            return 0;
        }
        self.verdict = Some(match some(self.driver, &mut self.operation) {
            ControlFlow::Continue(0) => self.driver.drive_to_end(&mut self.operation),
            ControlFlow::Continue(count) => return count,
            ControlFlow::Break(verdict) => verdict,
        });
        0
    }

    /// Reads bytes as on the wire; 0 when the verdict is known.
    fn read_wire(&mut self, buffer: &mut [u8]) -> usize {
        self.receive(|driver, operation| driver.read_some(operation, buffer))
    }

    fn is_text(&self) -> bool {
        self.flow
            .is_some_and(|flow| flow.representation != Representation::Image)
    }

    /// Passes on bytes as the application wants them; 0 when the verdict is known and no byte is
    /// left.
    fn pass_block(&mut self, block: &mut [u8], mut take: impl FnMut(&[u8])) -> usize {
        if self.is_text() {
            let count = self.read_block(block);
            take(block.get(..count).unwrap_or_default());
            return count;
        }
        self.receive(|driver, operation| driver.pass_some(operation, block, take))
    }

    /// Reads bytes as the application wants them; 0 when the verdict is known and no byte is left.
    fn read_block(&mut self, buffer: &mut [u8]) -> usize {
        if !self.is_text() {
            return self.read_wire(buffer);
        }
        while self.text.is_empty() && self.verdict.is_none() {
            let mut wire = std::mem::take(&mut self.text.wire);
            wire.resize(BLOCK_BYTES, 0);
            match self.read_wire(&mut wire) {
                0 => self.text.finish(),
                count => self.text.decode(wire.get(..count).unwrap_or_default()),
            }
            self.text.wire = wire;
        }
        self.text.take(buffer)
    }

    fn take_verdict(&mut self) -> Result<Completed> {
        self.verdict
            .take()
            .unwrap_or_else(|| Err(self.local(io::Error::other("the transfer has no verdict"))))
    }

    fn local(&self, error: io::Error) -> Error {
        Error::Local(error, self.driver.after())
    }

    fn fail_locally(&mut self, error: io::Error) -> Error {
        self.end_early();
        self.local(error)
    }

    fn end_early(&mut self) {
        if self.verdict.is_none() {
            self.verdict = Some(self.driver.abort(&mut self.operation));
        }
    }
}

pub(crate) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl Text {
    fn is_empty(&self) -> bool {
        self.taken >= self.decoded.len()
    }

    fn decode(&mut self, wire: &[u8]) {
        self.decoded.clear();
        self.taken = 0;
        self.decoder.decode(wire, &mut self.decoded);
    }

    fn finish(&mut self) {
        self.decoded.clear();
        self.taken = 0;
        self.decoded.extend_from_slice(self.decoder.finish());
    }

    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let ready = self.decoded.get(self.taken..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(ready) {
            *to = *from;
        }
        self.taken += count;
        count
    }
}

impl<T: Transport> Read for Download<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.read_block(buffer);
        match &self.verdict {
            Some(Err(error)) if count == 0 => Err(error.to_io()),
            _ => Ok(count),
        }
    }
}

impl<T: Transport> Drop for Download<'_, T> {
    /// Queues the abort and makes one attempt to send it, without waiting.
    fn drop(&mut self) {
        if self.verdict.is_none() && self.driver.session.current_transfer().is_some() {
            self.driver.abandon();
        }
    }
}

impl<T: Transport> fmt::Debug for Download<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("flow", &self.flow)
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

/// Drives a transfer until payload may move. A transfer that succeeds before that has no payload.
pub(crate) fn begin<T: Transport>(
    driver: &mut Driver<T>,
    operation: &mut Running<'_>,
) -> Result<Option<Result<Completed>>> {
    match driver.drive(operation) {
        Driven::Moving => Ok(None),
        Driven::Ready(Ok(completed)) => Ok(Some(Ok(completed))),
        Driven::Ready(Err(error)) => Err(error),
    }
}

/// Drives an operation to its end and passes received payload to a callback. If the callback fails,
/// all transfers are aborted.
pub(crate) fn receive<T: Transport, O: Operation>(
    driver: &mut Driver<T>,
    operation: &mut O,
    mut take: impl FnMut(&mut O, &[u8]) -> io::Result<()>,
) -> Result<O::Output> {
    let mut block = driver.take_block(BLOCK_BYTES);
    loop {
        match driver.drive(operation) {
            Driven::Ready(result) => {
                driver.keep_block(block);
                return result;
            }
            Driven::Moving => {}
        }
        loop {
            let count = match driver.read_some(operation, &mut block) {
                ControlFlow::Continue(0) => break,
                ControlFlow::Continue(count) => count,
                ControlFlow::Break(over) => {
                    driver.keep_block(block);
                    return over;
                }
            };
            if let Err(error) = take(operation, block.get(..count).unwrap_or_default()) {
                driver.abandon();
                return Err(Error::Local(error, driver.after()));
            }
        }
    }
}
