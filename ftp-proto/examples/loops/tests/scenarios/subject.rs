//! A driver, as the table of scenarios puts it to the test.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::task::Poll;

use ftp_proto::operation::{Greet, Series};
use ftp_proto::trace::Record;
use ftp_proto::{Argument, Completed, Config, Error, Operation, Session};
use ftp_testbed::subject::{Failure, Subject};

use crate::drivers::Driver;
use crate::payload::Payload;

pub(crate) struct Driven<D> {
    driver: D,
    trace: RefCell<Vec<Record>>,
}

impl<D: Driver> Driven<D> {
    /// Runs an operation, with something to do before and behind each poll.
    fn perform<O: Operation>(
        &mut self,
        operation: O,
        payload: Payload<'_>,
        polled: impl FnMut(&O, &mut Session),
    ) -> Result<O::Output, Failure> {
        let attended = Attended { operation, polled, trace: &self.trace };
        self.driver.run(attended, payload).map_err(other)?.map_err(Failure::Session)
    }
}

impl<D: Driver> Subject for Driven<D> {
    fn connect(address: SocketAddr, config: Config) -> Result<Self, Failure> {
        let control = TcpStream::connect_timeout(&address, config.timeouts.connect);
        let driver = control.and_then(|control| D::open(control, None, config)).map_err(other)?;
        let mut subject = Self { driver, trace: RefCell::default() };
        subject.run(Greet)?;
        Ok(subject)
    }

    fn session(&self) -> &Session {
        self.driver.session()
    }

    fn run<O>(&mut self, operation: O) -> Result<O::Output, Failure>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        self.perform(operation, Payload::NONE, |_, _| {})
    }

    fn download<O>(&mut self, operation: O, sink: &mut dyn Write) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        self.perform(operation, Payload::sink(sink), |_, _| {})
    }

    fn retrieve_each(
        &mut self,
        paths: &[String],
        take: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Vec<Result<Completed, Error>>, Failure> {
        let paths: Result<Vec<_>, _> = paths.iter().cloned().map(Argument::new).collect();
        let paths = paths.map_err(|error| Failure::Other(error.to_string()))?;
        let current = Cell::new(0);
        let mut sink = Told(|bytes: &[u8]| {
            take(current.get(), bytes);
            Ok(())
        });
        let series = Series::retrieve(paths);
        self.perform(series, Payload::sink(&mut sink), |series, _| current.set(series.current()))
    }

    fn abort_download<O>(
        &mut self,
        operation: O,
        bytes: u64,
        sink: &mut dyn Write,
    ) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let received = Cell::new(0);
        let mut sink = Told(|bytes: &[u8]| {
            received.set(received.get() + bytes.len() as u64);
            sink.write_all(bytes)
        });
        self.perform(operation, Payload::sink(&mut sink), |_, session| {
            if received.get() >= bytes {
                session.abort_all();
            }
        })
    }

    fn upload<O>(&mut self, operation: O, source: &mut dyn Read) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        self.perform(operation, Payload::source(source), |_, _| {})
    }

    fn take_trace(&mut self) -> Vec<Record> {
        self.trace.take()
    }
}

fn other(error: io::Error) -> Failure {
    Failure::Other(error.to_string())
}

/// An operation, of which the trace is kept, and by which something else is done.
struct Attended<'t, O, F> {
    operation: O,
    polled: F,
    trace: &'t RefCell<Vec<Record>>,
}

impl<O: Operation, F: FnMut(&O, &mut Session)> Operation for Attended<'_, O, F> {
    type Output = O::Output;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<O::Output, Error>> {
        (self.polled)(&self.operation, session);
        let result = self.operation.poll(session);
        (self.polled)(&self.operation, session);
        self.trace.borrow_mut().extend(std::iter::from_fn(|| session.poll_trace()));
        result
    }
}

/// A sink that is told what comes.
struct Told<F>(F);

impl<F: FnMut(&[u8]) -> io::Result<()>> Write for Told<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
