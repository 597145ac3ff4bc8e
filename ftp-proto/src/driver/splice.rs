//! Payload between a socket and a file, moved by the kernel: splice and sendfile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::sendfile;
use rustix::io::{Errno, ioctl_fionread};
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

use super::Input;
use crate::action::End;

/// The size of the pipe, and the most that one call moves into it. A larger one is not allowed to
/// every user, and with 64 KiB a download takes twice the CPU time.
const PIPE_BYTES: usize = 1024 * 1024;

/// The most that one call sends. The kernel takes a number beyond its own limit for a mistake.
const SENT_BYTES: usize = 1024 * 1024 * 1024;

/// A pipe through which the kernel moves payload from a socket into a file (Linux, feature
/// `splice`). It takes two open files.
///
/// ```
/// use std::io::{Read, Seek, Write};
/// use ftp_proto::End;
/// use ftp_proto::driver::{Input, Pipe};
///
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let mut server = std::net::TcpStream::connect(listener.local_addr()?)?;
/// let (socket, _) = listener.accept()?;
/// server.write_all(b"0123456789")?;
/// drop(server);
///
/// let mut file = tempfile::tempfile()?;
/// let pipe = Pipe::new()?;
/// while let Some(Input::Bytes(count)) = pipe.fill(&socket, 4)? {
///     assert!(count <= 4);
///     pipe.empty(&file, count)?;
/// }
/// let mut contents = Vec::new();
/// file.rewind()?;
/// file.read_to_end(&mut contents)?;
/// assert_eq!(contents, b"0123456789");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Pipe {
    inlet: OwnedFd,
    outlet: File,
}

impl Pipe {
    /// Makes an empty pipe.
    ///
    /// # Errors
    /// Too many files are open.
    pub fn new() -> io::Result<Self> {
        let (outlet, inlet) = pipe_with(PipeFlags::CLOEXEC)?;
        // A user with many pipes may only have small ones. That costs more calls.
        let _ = fcntl_setpipe_size(&inlet, PIPE_BYTES);
        Ok(Self {
            inlet,
            outlet: File::from(outlet),
        })
    }

    /// Moves at most `bytes_max` from a socket into the pipe, which has to be empty. `None` if the
    /// socket has no bytes within its timeout, or at once if it does not block. If `bytes_max` is 0,
    /// no byte moves.
    ///
    /// # Errors
    /// Of the socket. [`io::ErrorKind::Interrupted`] is one of them.
    pub fn fill(&self, socket: impl AsFd, bytes_max: usize) -> io::Result<Option<Input>> {
        let bytes = bytes_max.min(PIPE_BYTES);
        // The kernel would answer as at the end of the stream.
        if bytes == 0 {
            return Ok(Some(Input::Bytes(0)));
        }
        match splice(socket, None, &self.inlet, None, bytes, SpliceFlags::MOVE) {
            Ok(0) => Ok(Some(Input::End(End::Clean))),
            Ok(count) => Ok(Some(Input::Bytes(count))),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves `bytes` from the pipe into a file, at its position. A file that cannot be spliced to,
    /// as one that is open for appending, is written to.
    ///
    /// # Errors
    /// Of the file. [`io::ErrorKind::InvalidInput`] if the pipe holds less.
    pub fn empty(&self, file: &File, bytes: usize) -> io::Result<()> {
        // More would be waited for without end.
        if ioctl_fionread(&self.outlet)? < bytes as u64 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut left = bytes;
        while left > 0 {
            match splice(&self.outlet, None, file, None, left, SpliceFlags::MOVE) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => left = left.saturating_sub(count),
                Err(Errno::INTR) => {}
                Err(Errno::INVAL) => return self.write_to(file, left),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn write_to(&self, mut file: &File, bytes: usize) -> io::Result<()> {
        let mut block = alloc::vec![0; bytes];
        (&self.outlet).read_exact(&mut block)?;
        file.write_all(&block)
    }
}

/// What [`send_file`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "drivers handle each")]
pub enum Sent {
    /// This many bytes of the file were sent.
    Bytes(usize),
    /// The file has no more.
    End,
    /// This file cannot be sent so: it is a pipe or a device, or reading it failed. Read it instead.
    Unable,
}

/// Sends at most `bytes_max` of a file, from its position, to a socket (Linux, feature `splice`).
/// `None` if the socket takes no byte within its timeout, or at once if it does not block. If
/// `bytes_max` is 0, no byte moves.
///
/// Unlike std's calls, it raises SIGPIPE where the peer has gone. Programs in Rust ignore that
/// signal unless they choose otherwise.
///
/// # Errors
/// Of the socket. [`io::ErrorKind::Interrupted`] is one of them.
///
/// ```
/// use std::io::{Seek, Write};
/// use ftp_proto::driver::{Sent, send_file};
///
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let socket = std::net::TcpStream::connect(listener.local_addr()?)?;
/// let mut file = tempfile::tempfile()?;
/// file.write_all(b"0123456789")?;
/// file.rewind()?;
/// assert_eq!(send_file(&socket, &file, 8)?, Some(Sent::Bytes(8)));
/// assert_eq!(send_file(&socket, &file, 8)?, Some(Sent::Bytes(2)));
/// assert_eq!(send_file(&socket, &file, 8)?, Some(Sent::End));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn send_file(socket: impl AsFd, file: &File, bytes_max: usize) -> io::Result<Option<Sent>> {
    if bytes_max == 0 {
        return Ok(Some(Sent::Bytes(0)));
    }
    match sendfile(socket, file, None, bytes_max.min(SENT_BYTES)) {
        Ok(0) => Ok(Some(Sent::End)),
        Ok(count) => Ok(Some(Sent::Bytes(count))),
        Err(Errno::AGAIN) => Ok(None),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::IO | Errno::BADF) => {
            Ok(Some(Sent::Unable))
        }
        Err(error) => Err(error.into()),
    }
}
