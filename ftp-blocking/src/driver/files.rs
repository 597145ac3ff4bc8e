//! Payload between the data connection and files, moved by the kernel (feature `splice`, Linux).

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use ftp_proto::driver::{Pipe, Result, Sent, send_file};
use ftp_proto::{Direction, Operation};

use super::Driver;
use crate::transport::{Stream, Transport};

/// What one call sends. It may wait for the peer within, so it is not so large that the control
/// connection is forgotten.
const SENT_BYTES: usize = 64 * 1024;
/// The end of a file, before which the system may hold unsent what it likes: a limit on that takes
/// twice the CPU time, and matters only to how soon the final reply follows the last byte. No
/// system holds this much by default.
const END_BYTES: u64 = 16 * 1024 * 1024;

impl<T: Transport> Driver<T> {
    /// Whether the kernel may move the payload under way.
    pub(crate) fn is_spliceable(&mut self, direction: Direction) -> bool {
        let is_verbatim = self.flow().is_some_and(|flow| flow.is_verbatim());
        let slice = self.slice();
        let stream = self.data_stream().filter(|_| is_verbatim);
        stream.is_some_and(|stream| matches!(stream.bare_socket(direction, slice), Ok(Some(_))))
    }

    /// As [`read_some`](Self::read_some), into a pipe. Breaks also where the payload has ended.
    pub(crate) fn fill_pipe<O: Operation>(
        &mut self,
        operation: &mut O,
        pipe: &Pipe,
    ) -> ControlFlow<Result<O::Output>, usize> {
        let filled = self.receive(
            operation,
            usize::MAX,
            &mut |stream, bytes, slice| match stream.bare_socket(Direction::Receive, slice)? {
                Some(socket) => pipe.fill(socket, bytes),
                None => Err(io::ErrorKind::Unsupported.into()),
            },
        );
        match filled? {
            0 => ControlFlow::Break(self.drive_to_end(operation)),
            count => {
                self.hand_over(self.clock.now());
                ControlFlow::Continue(count)
            }
        }
    }

    /// As [`write_payload`](Self::write_payload), from a file of which about `left` bytes are to be
    /// sent; 0 when no more of it can be sent so.
    pub(crate) fn send_file<O: Operation>(
        &mut self,
        operation: &mut O,
        file: &File,
        left: u64,
    ) -> ControlFlow<Result<O::Output>, usize> {
        self.send(
            operation,
            &mut |stream: &mut T::Stream, room: usize, slice: Duration| {
                if left <= END_BYTES {
                    stream.keep_little_unsent();
                }
                let Some(socket) = stream.bare_socket(Direction::Send, slice)? else {
                    return Ok(Some(0));
                };
                Ok(match send_file(socket, file, SENT_BYTES.min(room))? {
                    Some(Sent::Bytes(count)) => Some(count),
                    Some(Sent::End | Sent::Unable) => Some(0),
                    None => None,
                })
            },
        )
    }
}
