//! An upload under way.

use std::fmt;
use std::fs::File;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
use std::io::Seek;
use std::io::{self, BufRead, Read, Write};
use std::mem;
use std::ops::ControlFlow;

#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
use ftp_proto::Direction;
use ftp_proto::ascii::Encoder;
use ftp_proto::driver::{Error, Result};
use ftp_proto::lines::LINE_BYTES_MAX;
use ftp_proto::operation::OneTransfer;
use ftp_proto::{Completed, Flow, Representation, Transfer};

use crate::download::{BLOCK_BYTES, Running, begin, invalid};
use crate::driver::Driver;
use crate::transport::Transport;

/// An upload, to be written and then [finished](Self::finish).
///
/// In ASCII type, a CR is added to lines that end with LF alone.
///
/// Dropping it without [`finish`](Self::finish) aborts the transfer and resets its connection, so
/// that a part does not pass for the whole file. The server may keep the part. Dropping never
/// waits; the next call settles the replies.
///
/// ```
/// use std::io::Write;
/// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
/// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
/// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
/// # ftp.login_anonymous()?;
/// let mut upload = ftp.store("report.txt")?;
/// upload.write_all(b"all is well\n")?;
/// let completed = upload.finish()?; // the server's verdict
/// assert_eq!(completed.bytes, 12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The error of a failed upload is the server's reply if there is one, and the broken connection
/// otherwise.
#[must_use = "an upload that is not finished is aborted"]
pub struct Upload<'c, T: Transport> {
    driver: &'c mut Driver<T>,
    operation: Running<'c>,
    verdict: Option<Result<Completed>>,
    flow: Option<Flow>,
    encoder: Encoder,
    /// The text of one block, as it goes on the wire.
    wire: Vec<u8>,
    /// The transfer, until it is begun.
    waiting: Option<Transfer>,
}

impl<'c, T: Transport> Upload<'c, T> {
    pub(crate) fn new(
        driver: &'c mut Driver<T>,
        operation: Running<'c>,
        verdict: Option<Result<Completed>>,
    ) -> Self {
        let flow = driver.flow();
        Self {
            driver,
            operation,
            verdict,
            flow,
            encoder: Encoder::new(),
            wire: Vec::new(),
            waiting: None,
        }
    }

    /// An upload that begins when it is known whether lines or bytes are sent.
    pub(crate) fn waiting(driver: &'c mut Driver<T>, transfer: Transfer) -> Self {
        let operation = Box::new(OneTransfer::new(transfer.clone()));
        let mut upload = Self::new(driver, operation, None);
        upload.waiting = Some(transfer);
        upload
    }

    fn begin(&mut self) {
        if let Some(transfer) = self.waiting.take() {
            self.operation = Box::new(OneTransfer::new(transfer));
            self.verdict =
                begin(self.driver, &mut self.operation).unwrap_or_else(|error| Some(Err(error)));
            self.flow = self.driver.flow();
        }
    }

    /// Ends the payload and awaits the server's verdict on it.
    ///
    /// Success means that the server said so (226 or 250), and that all bytes were handed to the
    /// connection. Neither SIZE nor a checksum is asked for: `Client::store_verified`, with the
    /// feature `hash`, does that.
    ///
    /// # Errors
    /// The transfer failed, even if a write said so before.
    pub fn finish(mut self) -> Result<Completed> {
        self.begin();
        let last = self.encoder.finish();
        if self.is_text() {
            self.write_wire(last);
        }
        match self.verdict.take() {
            Some(verdict) => verdict,
            None => self.driver.finish_payload(&mut self.operation),
        }
    }

    /// Aborts the transfer with a reset, without waiting for the server's replies: ftplib's
    /// `abort`. The server may keep the part that it has.
    ///
    /// # Errors
    /// The verdict on the transfer: usually that it was aborted.
    #[doc(alias = "abor")]
    pub fn abort(mut self) -> Result<Completed> {
        self.begin();
        match self.verdict.take() {
            Some(verdict) => verdict,
            None => self.driver.abort(&mut self.operation),
        }
    }

    /// Sends everything from `source` in blocks of at most `block_bytes` and never more than 4 MiB;
    /// `sent` gets each of them: ftplib's `storbinary`.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut progress = 0;
    /// ftp.store("a")?.copy_from(&mut &b"0123456789"[..], 4, |block| progress += block.len())?;
    /// assert_eq!(progress, 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`finish`](Self::finish), and [`Error::Local`] when `source` fails, which aborts the
    /// transfer.
    pub fn copy_from(
        mut self,
        source: &mut (impl Read + ?Sized),
        block_bytes: usize,
        mut sent: impl FnMut(&[u8]),
    ) -> Result<Completed> {
        self.begin();
        let mut block = self.driver.take_block(block_bytes);
        loop {
            match source.read(&mut block) {
                Ok(0) => {
                    self.driver.keep_block(block);
                    return self.finish();
                }
                Ok(count) => {
                    let bytes = block.get(..count).unwrap_or_default();
                    if !self.write_block(bytes) {
                        return self.finish();
                    }
                    sent(bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.fail_locally(error),
            }
        }
    }

    /// Sends a file, from its position on.
    ///
    /// With the feature `splice`, on Linux, the kernel moves the bytes (sendfile) unless TLS or
    /// ASCII type forbids that; `ftp_proto::driver::send_file` says what a signal does then.
    /// Otherwise this is [`copy_from`](Self::copy_from).
    ///
    /// ```no_run
    /// # let mut ftp = ftp_blocking::Client::connect("ftp.example.org")?;
    /// let file = std::fs::File::open("image.iso")?;
    /// let completed = ftp.store("image.iso")?.copy_from_file(&file)?;
    /// assert_eq!(completed.bytes, file.metadata()?.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`copy_from`](Self::copy_from).
    #[cfg_attr(
        not(all(feature = "splice", any(target_os = "linux", target_os = "android"))),
        expect(unused_mut, reason = "nothing is sent another way")
    )]
    pub fn copy_from_file(mut self, mut file: &File) -> Result<Completed> {
        #[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
        self.send_file(file);
        self.copy_from(&mut file, BLOCK_BYTES, |_| {})
    }

    /// Sends as much as the kernel can; the rest, often none, is for the caller.
    #[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
    fn send_file(&mut self, file: &File) {
        self.begin();
        if !self.driver.is_spliceable(Direction::Send) {
            return;
        }
        let mut left = unread(file).unwrap_or_default();
        while self.verdict.is_none() {
            match self.driver.send_file(&mut self.operation, file, left) {
                ControlFlow::Continue(0) => return,
                ControlFlow::Continue(count) => left = left.saturating_sub(count as u64),
                ControlFlow::Break(verdict) => self.verdict = Some(verdict),
            }
        }
    }

    /// Sends every line of `source` with CR LF, also the last one if it has no line end: ftplib's
    /// `storlines`. Many lines are sent at a time. `sent` gets each line with its CR LF after it
    /// was sent. A line of more than 8,192 bytes is an error.
    ///
    /// The lines of [`upload_command`](crate::Client::upload_command) are sent in ASCII type. Other
    /// uploads have chosen their type when they began: in image type the server stores each CR LF.
    ///
    /// # Errors
    /// As [`copy_from`](Self::copy_from).
    pub fn lines_from(
        mut self,
        source: &mut (impl BufRead + ?Sized),
        mut sent: impl FnMut(&[u8]),
    ) -> Result<Completed> {
        self.waiting = self.waiting.take().map(Transfer::ascii);
        self.begin();
        let mut block = Vec::with_capacity(BLOCK_BYTES + LINE_BYTES_MAX);
        let limit = LINE_BYTES_MAX as u64 + 1;
        loop {
            let count = match Read::take(&mut *source, limit).read_until(b'\n', &mut block) {
                Ok(count) if count > LINE_BYTES_MAX => {
                    return self.fail_locally(invalid("a line has more than 8,192 bytes"));
                }
                Ok(count) => count,
                Err(error) => return self.fail_locally(error),
            };
            if count > 0 {
                end_with_crlf(&mut block);
            }
            if count == 0 || block.len() >= BLOCK_BYTES {
                if !self.write_wire(&block) {
                    return self.finish();
                }
                block
                    .split_inclusive(|byte| *byte == b'\n')
                    .for_each(&mut sent);
                block.clear();
            }
            if count == 0 {
                return self.finish();
            }
        }
    }

    /// The data connection, for callers that move the bytes themselves. This is allowed if
    /// [`Flow::is_verbatim`] holds.
    pub fn stream(&mut self) -> Option<(&mut T::Stream, Flow)> {
        self.begin();
        let flow = self.driver.flow()?;
        Some((self.driver.data_stream()?, flow))
    }

    fn is_text(&self) -> bool {
        self.flow
            .is_some_and(|flow| flow.representation == Representation::Ascii)
    }

    /// Writes everything in its form on the wire; `false` when the verdict is known.
    fn write_wire(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() && self.verdict.is_none() {
            match self.driver.write_payload(&mut self.operation, rest) {
                ControlFlow::Continue(count) => rest = rest.get(count..).unwrap_or_default(),
                ControlFlow::Break(verdict) => self.verdict = Some(verdict),
            }
        }
        self.verdict.is_none()
    }

    fn write_block(&mut self, bytes: &[u8]) -> bool {
        if !self.is_text() {
            return self.write_wire(bytes);
        }
        // One buffer for the whole upload.
        let mut wire = mem::take(&mut self.wire);
        wire.clear();
        self.encoder.encode(bytes, &mut wire);
        let goes_on = self.write_wire(&wire);
        self.wire = wire;
        goes_on
    }

    fn fail_locally(mut self, error: io::Error) -> Result<Completed> {
        if self.verdict.is_none() {
            // The verdict of a transfer that the client aborted says nothing new.
            let _ = self.driver.abort(&mut self.operation);
        }
        Err(Error::Local(error, self.driver.after()))
    }
}

/// The number of bytes of a file from its position on.
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
fn unread(mut file: &File) -> io::Result<u64> {
    let position = file.stream_position()?;
    Ok(file.metadata()?.len().saturating_sub(position))
}

/// Ends the last line as ftplib does: CR LF stays; a lone CR or LF at the end, or no line end,
/// becomes CR LF.
fn end_with_crlf(lines: &mut Vec<u8>) {
    if lines.ends_with(b"\r\n") {
        return;
    }
    if lines.ends_with(b"\n") || lines.ends_with(b"\r") {
        lines.pop();
    }
    lines.extend_from_slice(b"\r\n");
}

impl<T: Transport> Write for Upload<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        self.begin();
        if !self.write_block(bytes) {
            return match &self.verdict {
                Some(Err(error)) => Err(error.to_io()),
                _ => Err(io::Error::new(
                    io::ErrorKind::WriteZero,
                    "the server takes no more",
                )),
            };
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T: Transport> Drop for Upload<'_, T> {
    /// Queues the abort and makes one attempt to send it, without waiting.
    fn drop(&mut self) {
        if self.verdict.is_none() && self.driver.session.current_transfer().is_some() {
            self.driver.abandon();
        }
    }
}

impl<T: Transport> fmt::Debug for Upload<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("flow", &self.flow)
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}
