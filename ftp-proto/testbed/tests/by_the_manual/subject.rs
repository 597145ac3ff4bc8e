//! The driver, as the table of scenarios puts it to the test.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;

use ftp_proto::operation::{Greet, Series};
use ftp_proto::trace::Record;
use ftp_proto::{Argument, Completed, Config, Operation, Session};
use ftp_testbed::subject::{Failure, Subject};

use crate::driver::{Driver, Error, Payload};

pub(crate) struct ByTheManual {
    driver: Driver,
    trace: Rc<RefCell<Vec<Record>>>,
}

impl Subject for ByTheManual {
    fn connect(address: SocketAddr, config: Config) -> Result<Self, Failure> {
        let driver = Driver::connect(address, None, config).map_err(Error::Io);
        let mut subject = Self {
            driver: driver.map_err(failure)?,
            trace: Rc::default(),
        };
        subject.perform(Greet, |_, _| {}, &mut Payload::None)?;
        Ok(subject)
    }

    fn session(&self) -> &Session {
        &self.driver.session
    }

    fn run<O>(&mut self, operation: O) -> Result<O::Output, Failure>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        self.perform(operation, |_, _| {}, &mut Payload::None)
    }

    fn download<O>(&mut self, operation: O, sink: &mut dyn Write) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        self.perform(operation, |_, _| {}, &mut Payload::Sink(sink))
    }

    fn retrieve_each(
        &mut self,
        paths: &[String],
        take: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Vec<Result<Completed, ftp_proto::Error>>, Failure> {
        let paths: Result<Vec<_>, _> = paths.iter().cloned().map(Argument::new).collect();
        let paths = paths.map_err(|error| Failure::Other(error.to_string()))?;
        let current = Cell::new(0);
        let mut sink = Told(|bytes: &[u8]| take(current.get(), bytes));
        self.perform(
            Series::retrieve(paths),
            |series: &Series, _| current.set(series.current()),
            &mut Payload::Sink(&mut sink),
        )
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
        let mut failed = Ok(());
        let mut counting = Told(|bytes: &[u8]| {
            failed = sink.write_all(bytes);
            received.set(received.get() + bytes.len() as u64);
        });
        let completed = self.perform(
            operation,
            |_, session| {
                if received.get() >= bytes {
                    session.abort_all();
                }
            },
            &mut Payload::Sink(&mut counting),
        );
        failed.map_err(|error| failure(Error::Io(error)))?;
        completed
    }

    fn upload<O>(&mut self, operation: O, source: &mut dyn Read) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        self.perform(operation, |_, _| {}, &mut Payload::Source(source))
    }

    fn take_trace(&mut self) -> Vec<Record> {
        self.trace.take()
    }
}

impl ByTheManual {
    /// Runs an operation, with something to do before and behind each poll.
    fn perform<O: Operation>(
        &mut self,
        operation: O,
        polled: impl FnMut(&O, &mut Session),
        payload: &mut Payload<'_>,
    ) -> Result<O::Output, Failure> {
        let attended = Attended {
            operation,
            polled,
            trace: Rc::clone(&self.trace),
        };
        let result = self.driver.run(attended, payload);
        keep(&mut self.driver.session, &self.trace);
        result.map_err(failure)
    }
}

/// An operation, of which the trace is kept, and by which something else is done.
struct Attended<O, F> {
    operation: O,
    polled: F,
    trace: Rc<RefCell<Vec<Record>>>,
}

impl<O: Operation, F: FnMut(&O, &mut Session)> Operation for Attended<O, F> {
    type Output = O::Output;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<O::Output, ftp_proto::Error>> {
        (self.polled)(&self.operation, session);
        let result = self.operation.poll(session);
        (self.polled)(&self.operation, session);
        keep(session, &self.trace);
        result
    }
}

fn keep(session: &mut Session, trace: &RefCell<Vec<Record>>) {
    while let Some(record) = session.poll_trace() {
        trace.borrow_mut().push(record);
    }
}

/// A sink that cannot fail.
struct Told<F>(F);

impl<F: FnMut(&[u8])> Write for Told<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Session(error) => Failure::Session(error),
        Error::Io(error) => Failure::Other(error.to_string()),
    }
}
