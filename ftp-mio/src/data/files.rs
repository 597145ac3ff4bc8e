//! Payload between the data connection and files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::{Data, Over, Progress};
use crate::transport::Stream;

/// What one call moves where the kernel does not.
const BLOCK_BYTES: usize = 16 * 1024;

impl<S: Stream> Data<'_, S> {
    /// Receives some payload into a file, at its position, as [`read`](Self::read) does into a
    /// buffer. A failure of the file ends the transfer as [`failed`](Self::failed) does.
    ///
    /// With the feature `splice`, on Linux, the kernel moves the bytes (splice) unless TLS or ASCII
    /// type forbids that. A transfer then has two open files more. It is at its best with a
    /// [budget](crate::Builder::budget) of 1 MiB: with the default one, a download of gigabytes
    /// takes a third more CPU time. Whether splicing pays depends on the file system: it took half
    /// of the CPU time of a copy on tmpfs, and 1.6 times as much on ext4. Writes to a file wait for
    /// the disk.
    ///
    /// ```no_run
    /// use ftp_mio::{Client, Progress};
    ///
    /// fn take_payload(client: &mut Client, file: &std::fs::File) {
    ///     if let Some(mut data) = client.data_mut() {
    ///         while let Progress::Bytes(_) = data.read_to_file(file) {}
    ///     }
    /// }
    /// ```
    pub fn read_to_file(&mut self, file: &File) -> Progress {
        #[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
        if let Some(progress) = self.splice_to(file) {
            return progress;
        }
        let mut block = [0; BLOCK_BYTES];
        let progress = self.read(&mut block);
        let Progress::Bytes(count) = progress else {
            return progress;
        };
        let mut to = file;
        match to.write_all(block.get(..count).unwrap_or_default()) {
            Ok(()) => progress,
            Err(error) => self.file_failed(error),
        }
    }

    /// Sends some of a file, from its position, as [`write`](Self::write) does from a buffer. Where
    /// the file ends, so does the payload, as by [`finish`](Self::finish), and this yields
    /// [`Progress::Over`]. A failure of the file ends the transfer as [`failed`](Self::failed) does.
    ///
    /// With the feature `splice`, on Linux, the kernel moves the bytes (sendfile) unless TLS or
    /// ASCII type forbids that. Otherwise the file has to be one that can be sought in. Reads of a
    /// file wait for the disk.
    ///
    /// ```no_run
    /// use ftp_mio::{Client, Progress};
    ///
    /// fn give_payload(client: &mut Client, file: &std::fs::File) {
    ///     if let Some(mut data) = client.data_mut() {
    ///         while let Progress::Bytes(_) = data.write_from_file(file) {}
    ///     }
    /// }
    /// ```
    pub fn write_from_file(&mut self, file: &File) -> Progress {
        #[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
        if let Some(progress) = self.send_file(file) {
            return progress;
        }
        self.copy_from(file)
            .unwrap_or_else(|error| self.file_failed(error))
    }

    /// What the socket does not take is given back to the file.
    fn copy_from(&mut self, mut file: &File) -> io::Result<Progress> {
        if !self.socket.writable || *self.budget == 0 {
            return Ok(self.write(&[0]));
        }
        let mut block = [0; BLOCK_BYTES];
        let count = read_some(file, &mut block)?;
        let bytes = block.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(self.file_ended());
        }
        let progress = self.write(bytes);
        let sent = match progress {
            Progress::Bytes(sent) => sent,
            Progress::Wait | Progress::Over => 0,
        };
        if sent < count {
            let back = i64::try_from(count.saturating_sub(sent)).unwrap_or_default();
            file.seek(SeekFrom::Current(-back))?;
        }
        Ok(progress)
    }

    fn file_ended(&mut self) -> Progress {
        self.over(Over::Sent);
        Progress::Over
    }

    fn file_failed(&mut self, error: io::Error) -> Progress {
        self.over(Over::Failed(error));
        Progress::Over
    }
}

fn read_some(mut file: &File, block: &mut [u8]) -> io::Result<usize> {
    crate::patience::retried(|| file.read(block))
}

/// By the kernel.
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
mod by_the_kernel {
    use std::fs::File;
    use std::io::{self, Seek};

    use ftp_proto::Direction;
    use ftp_proto::driver::{Pipe, Sent, send_file};

    use super::{Data, Progress};
    use crate::transport::Stream;

    /// The end of a file, before which the system may hold unsent what it likes: a limit on that
    /// takes twice the CPU time, and matters only to how soon the final reply follows the last
    /// byte. No system holds this much by default.
    const END_BYTES: u64 = 16 * 1024 * 1024;

    impl<S: Stream> Data<'_, S> {
        /// `None` if the payload has to be copied.
        pub(super) fn splice_to(&mut self, file: &File) -> Option<Progress> {
            if !self.is_spliceable(Direction::Receive) {
                return None;
            }
            let pipe = match self.moving.pipe.take() {
                Some(pipe) => pipe,
                None => Pipe::new().ok()?,
            };
            let progress = self.receive(usize::MAX, |stream, bytes| match stream.bare_socket() {
                Some(socket) => pipe.fill(socket, bytes),
                None => Err(io::ErrorKind::Unsupported.into()),
            });
            if let Progress::Bytes(count) = progress {
                if let Err(error) = pipe.empty(file, count) {
                    return Some(self.file_failed(error));
                }
            }
            self.moving.pipe = Some(pipe);
            Some(progress)
        }

        /// `None` if the payload has to be copied.
        pub(super) fn send_file(&mut self, file: &File) -> Option<Progress> {
            if !self.is_spliceable(Direction::Send) {
                return None;
            }
            let left = self
                .moving
                .file_left
                .unwrap_or_else(|| unread(file).unwrap_or_default());
            if left <= END_BYTES {
                self.socket.io.keep_little_unsent();
            }
            let mut other = None;
            let progress = self.send(usize::MAX, |stream, bytes| {
                let sent = match stream.bare_socket() {
                    Some(socket) => send_file(socket, file, bytes)?,
                    None => Some(Sent::Unable),
                };
                Ok(match sent {
                    Some(Sent::Bytes(count)) => Some(count),
                    // It is not that the socket is blocked.
                    Some(sent) => {
                        other = Some(sent);
                        None
                    }
                    None => None,
                })
            });
            if let Some(other) = other {
                self.socket.writable = true;
                self.moving.asked = false;
                return (other == Sent::End).then(|| self.file_ended());
            }
            if let Progress::Bytes(count) = progress {
                self.moving.file_left = Some(left.saturating_sub(count as u64));
            }
            Some(progress)
        }

        fn is_spliceable(&mut self, direction: Direction) -> bool {
            let flow = self.flow();
            flow.direction == direction
                && flow.is_verbatim()
                && self.socket.io.bare_socket().is_some()
        }
    }

    fn unread(mut file: &File) -> io::Result<u64> {
        let position = file.stream_position()?;
        Ok(file.metadata()?.len().saturating_sub(position))
    }
}
