//! Payload, and the end of data connections.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use ftp_proto::driver::{DataConnection, Input, Payload, Result, Stage};
use ftp_proto::{Direction, End, Failure, Flow, Instant, Link, Operation, Report};

use super::{Driven, Driver, SLICE};
use crate::patience::{patient, patient_end, read, wrote};
use crate::transport::{Stream, Transport};

/// The size of a read for payload that is dropped.
const DROPPED_BYTES: usize = 16 * 1024;
/// The largest block, whatever the caller asks for, because no socket yields more at once.
const BLOCK_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The largest block that is kept for the next transfer.
const BLOCK_BYTES_KEPT: usize = 64 * 1024;

/// A way to take at most so many bytes from a stream within a limit.
pub(super) type Take<'t, S> = dyn FnMut(&mut S, usize, Duration) -> io::Result<Option<Input>> + 't;
/// A way to give at most so many bytes to a stream within a limit.
pub(super) type Give<'t, S> = dyn FnMut(&mut S, usize, Duration) -> io::Result<Option<usize>> + 't;

impl<T: Transport> Driver<T> {
    /// A block for payload, of the requested size within bounds. The latest block is kept, because
    /// clearing a new one costs more than receiving a small file.
    pub(crate) fn take_block(&mut self, bytes: usize) -> Vec<u8> {
        let mut block = std::mem::take(&mut self.block);
        block.resize(bytes.clamp(1, BLOCK_BYTES_MAX), 0);
        block
    }

    pub(crate) fn keep_block(&mut self, block: Vec<u8>) {
        if block.len() <= BLOCK_BYTES_KEPT {
            self.block = block;
        }
    }

    pub(crate) fn flow(&self) -> Option<Flow> {
        self.payload().map(|payload| payload.flow())
    }

    /// A connection that lingers after an abort has none.
    fn payload(&self) -> Option<&Payload> {
        let current = self.session.current_data()?;
        let connection = self.connection.as_ref()?;
        connection
            .payload()
            .filter(|_| connection.data() == current)
    }

    /// Reads payload; 0 at its end, and the operation may go on. Breaks when the operation is over.
    pub(crate) fn read_some<O: Operation>(
        &mut self,
        operation: &mut O,
        buffer: &mut [u8],
    ) -> ControlFlow<Result<O::Output>, usize> {
        let bytes_max = buffer.len();
        let count = self.receive(operation, bytes_max, &mut |stream, bytes, slice| {
            stream.read(buffer.get_mut(..bytes).unwrap_or_default(), slice)
        })?;
        if count > 0 {
            self.hand_over(self.clock.now());
        }
        ControlFlow::Continue(count)
    }

    /// As [`read_some`](Self::read_some), and `take` gets the payload, at most a block of it. Its
    /// time is the application's: the payload's idle limit is paused meanwhile.
    pub(crate) fn pass_some<O: Operation>(
        &mut self,
        operation: &mut O,
        block: &mut [u8],
        mut take: impl FnMut(&[u8]),
    ) -> ControlFlow<Result<O::Output>, usize> {
        let bytes_max = block.len();
        let clock = self.clock;
        let mut came = None;
        let count = self.receive(operation, bytes_max, &mut |stream, bytes, slice| {
            let room = block.get_mut(..bytes).unwrap_or_default();
            stream.read_with(room, slice, &mut |payload| {
                came.get_or_insert_with(|| clock.now());
                take(payload);
            })
        })?;
        if let Some(came) = came {
            self.hand_over(came);
        }
        ControlFlow::Continue(count)
    }

    /// The same by any way that takes at most so many bytes from the stream.
    pub(super) fn receive<O: Operation>(
        &mut self,
        operation: &mut O,
        bytes_max: usize,
        take: &mut Take<'_, T::Stream>,
    ) -> ControlFlow<Result<O::Output>, usize> {
        self.listener = None;
        self.resume();
        loop {
            self.look_again_after_a_slice();
            self.do_actions(operation)?;
            if self.flow().is_none() {
                return ControlFlow::Continue(0);
            }
            let Some(room) = self.room(bytes_max) else {
                continue;
            };
            match self.receive_some(room, take) {
                Ok(Some(count)) => return ControlFlow::Continue(count),
                Ok(None) => self.look(),
                Err(error) => {
                    self.fail_data(error);
                    return ControlFlow::Continue(0);
                }
            }
        }
    }

    /// Takes once, within the flow's limit; `Some(0)` when the payload has ended and the socket is
    /// closed.
    fn receive_some(
        &mut self,
        bytes_max: usize,
        take: &mut Take<'_, T::Stream>,
    ) -> io::Result<Option<usize>> {
        let slice = self.slice();
        let Some(payload) = self.payload().copied() else {
            return Ok(Some(0));
        };
        let Some(stream) = &mut self.data else {
            return Ok(Some(0));
        };
        let at_limit = payload.is_at_limit();
        let taken = match at_limit {
            true => stream.read(&mut [0], slice),
            false => take(stream, payload.room(bytes_max), slice),
        };
        match read(taken)? {
            None => return Ok(None),
            Some(Input::Bytes(count)) => {
                self.moved(count, DataConnection::received);
                return Ok(Some(if at_limit { 0 } else { count }));
            }
            Some(Input::End(end)) => {
                if end == End::Clean {
                    // The client's side of TLS ends too. Whether the peer still receives that does
                    // not matter.
                    let _ = stream.finish(Duration::ZERO);
                }
                self.on_data(|it| it.ended(end));
            }
        }
        Ok(Some(0))
    }

    /// Reads and drops payload, and checks the control connection.
    pub(super) fn drop_payload(&mut self) {
        self.listener = None;
        let mut block = [0; DROPPED_BYTES];
        let taken = self.receive_some(DROPPED_BYTES, &mut |stream, bytes, slice| {
            let room = block.get_mut(..bytes).unwrap_or_default();
            stream.read_with(room, slice, &mut |_| {})
        });
        match taken {
            Ok(Some(_)) => self.look_again_after_a_slice(),
            Ok(None) => self.look(),
            Err(error) => self.fail_data(error),
        }
    }

    /// How many of `wanted` bytes may move at the limited rate. With none it has waited, at most
    /// for a slice, and the caller looks at everything else first. The wait is not the peer's.
    fn room(&mut self, wanted: usize) -> Option<usize> {
        let now = self.clock.now();
        let Some(rate) = &mut self.rate else {
            return Some(wanted);
        };
        let pause = rate.pause(now);
        if pause.is_zero() {
            return Some(rate.room(now).min(wanted));
        }
        self.hand_over(now);
        std::thread::sleep(pause.min(SLICE));
        self.resume();
        None
    }

    fn moved(&mut self, count: usize, event: fn(&mut DataConnection, usize) -> Option<Report>) {
        if let Some(rate) = &mut self.rate {
            rate.moved(self.clock.now(), count);
        }
        self.on_data(|it| event(it, count));
    }

    /// Writes payload: at least one byte of it. Breaks with the outcome when no more payload is
    /// accepted.
    pub(crate) fn write_payload<O: Operation>(
        &mut self,
        operation: &mut O,
        bytes: &[u8],
    ) -> ControlFlow<Result<O::Output>, usize> {
        self.send(operation, &mut |stream, room, slice| {
            stream.keep_little_unsent();
            let bytes = bytes.get(..room).unwrap_or(bytes);
            wrote(stream.write(bytes, slice))
        })
    }

    /// The same by any way that moves bytes to the stream; 0 when it has none.
    pub(super) fn send<O: Operation>(
        &mut self,
        operation: &mut O,
        give: &mut Give<'_, T::Stream>,
    ) -> ControlFlow<Result<O::Output>, usize> {
        self.listener = None;
        self.resume();
        loop {
            self.look_again_after_a_slice();
            self.do_actions(operation)?;
            if self.flow().is_none() {
                return ControlFlow::Break(self.drive_to_end(operation));
            }
            let Some(room) = self.room(usize::MAX) else {
                continue;
            };
            let slice = self.slice();
            let Some(stream) = &mut self.data else {
                return ControlFlow::Break(self.drive_to_end(operation));
            };
            match patient(give(stream, room, slice)) {
                Ok(Some(0)) => return ControlFlow::Continue(0),
                Ok(Some(count)) => {
                    self.moved(count, DataConnection::sent);
                    self.hand_over(self.clock.now());
                    return ControlFlow::Continue(count);
                }
                Ok(None) => self.look(),
                Err(error) => {
                    self.fail_data(error);
                    return ControlFlow::Break(self.drive_to_end(operation));
                }
            }
        }
    }

    /// Ends the data connection in order after everything was written, and awaits the verdict.
    pub(crate) fn finish_payload<O: Operation>(&mut self, operation: &mut O) -> Result<O::Output> {
        self.listener = None;
        self.resume();
        self.on_data(DataConnection::finish);
        match self.finish_stream(operation) {
            ControlFlow::Break(over) => over,
            ControlFlow::Continue(()) => self.drive_to_end(operation),
        }
    }

    /// The limit for the peer's end begins only when everything is sent: until then bytes still
    /// count as payload.
    fn finish_stream<O: Operation>(&mut self, operation: &mut O) -> ControlFlow<Result<O::Output>> {
        loop {
            self.do_actions(operation)?;
            let slice = self.slice();
            let (Some(connection), Some(stream)) = (&self.connection, &mut self.data) else {
                return ControlFlow::Continue(());
            };
            let done = match connection.stage() {
                Stage::Ending => patient_end(stream.finish(slice)),
                Stage::AwaitingEnd => Ok(stream.await_end(slice)),
                _ => return ControlFlow::Continue(()),
            };
            match done {
                Ok(false) => self.look(),
                Ok(true) => self.on_data(DataConnection::done),
                Err(error) => self.fail_data(error),
            }
            if self.connection.is_none() {
                return ControlFlow::Continue(());
            }
        }
    }

    /// Drives the operation to its end without the application: drops received payload and sends
    /// none.
    pub(crate) fn move_nothing<O: Operation>(&mut self, operation: &mut O) -> Result<O::Output> {
        let mut block = vec![0; DROPPED_BYTES];
        while let Some(flow) = self.flow() {
            if flow.direction == Direction::Send {
                return self.finish_payload(operation);
            }
            loop {
                match self.read_some(operation, &mut block) {
                    ControlFlow::Continue(0) => break,
                    ControlFlow::Continue(_) => {}
                    ControlFlow::Break(over) => return over,
                }
            }
            if let Driven::Ready(result) = self.drive(operation) {
                return result;
            }
        }
        self.drive_to_end(operation)
    }

    /// Ends the transfer under way and drives the operation to its verdict.
    pub(crate) fn abort<O: Operation>(&mut self, operation: &mut O) -> Result<O::Output> {
        self.session.abort_all();
        self.drive_to_end(operation)
    }

    /// The application moves no more payload, and the operation is not over: end it without
    /// waiting.
    pub(crate) fn abandon(&mut self) {
        self.session.abort_all();
        while self.act() {}
        self.look();
        while self.act() {}
        self.source = None;
    }

    pub(crate) fn drive_to_end<O: Operation>(&mut self, operation: &mut O) -> Result<O::Output> {
        // Where nothing is to be written, the wait for the reply reads what has arrived.
        if !self.session.transmit().is_empty() {
            self.look();
        }
        loop {
            match self.drive_on(operation) {
                Driven::Ready(result) => return result,
                // No application takes the payload: drop it.
                Driven::Moving => self.on_data(|it| it.failed(Failure::Local)),
            }
        }
    }

    fn do_actions<O: Operation>(&mut self, operation: &mut O) -> ControlFlow<Result<O::Output>> {
        // The operation is polled first, so that its commands may share a write with the result of
        // an action.
        loop {
            match self.poll(operation) {
                Some(result) => return ControlFlow::Break(result),
                None if self.act() => {}
                None => return ControlFlow::Continue(()),
            }
        }
    }

    /// Control returns to the application, and the payload's idle limit is paused until its next
    /// call. The time until it had the payload counts, so the machine gets it.
    pub(super) fn hand_over(&mut self, since: Instant) {
        self.on_data(|it| it.hold(true));
        while self.act_at(since) {}
    }

    /// The application calls again: the machine first gets the input that arrived meanwhile, and
    /// then the time.
    fn resume(&mut self) {
        self.on_data(|it| it.hold(false));
        self.look_again_after_a_slice();
    }

    fn fail_data(&mut self, error: io::Error) {
        if let Some(connection) = self.connection {
            self.fail(Link::Data(connection.data()), error);
        }
    }
}
