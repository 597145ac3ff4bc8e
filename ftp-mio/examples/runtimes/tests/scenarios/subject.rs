//! A driver, as the table of scenarios puts it to the test.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Instant;

use ftp_mio::proto::operation::Series;
use ftp_mio::proto::trace::Record;
use ftp_mio::proto::{self, Argument, Command, Completed, Config, Operation, Session};
use ftp_mio::{Client, Error, Progress, Tcp};
use ftp_mio_runtimes::payload::{Sink, Source};
use ftp_mio_runtimes::{Driver, Step};
use ftp_testbed::subject::{Failure, Subject};

pub(crate) struct Driven<D> {
    driver: D,
    trace: Vec<Record>,
}

/// Is over once the greeting has come.
struct Greeted;

impl Operation for Greeted {
    type Output = ();

    fn poll(&mut self, _: &mut Session) -> Poll<Result<(), proto::Error>> {
        Poll::Ready(Ok(()))
    }
}

impl<D: Driver<Tcp>> Driven<D> {
    fn perform<O>(&mut self, operation: O, step: &mut Step<'_, Tcp>) -> Result<O::Output, Failure>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        let trace = &mut self.trace;
        let outcome = self.driver.run(operation, &mut |client| {
            trace.extend(std::iter::from_fn(|| client.poll_trace()));
            step(client)
        });
        let client = self.driver.client_mut();
        self.trace.extend(std::iter::from_fn(|| client.poll_trace()));
        outcome.map_err(failure)
    }
}

impl<D: Driver<Tcp>> Subject for Driven<D> {
    fn connect(address: SocketAddr, config: Config) -> Result<Self, Failure> {
        let client = Client::builder().config(config).connect_to([address], Instant::now());
        let driver = D::over(client).map_err(|error| Failure::Other(error.to_string()))?;
        let mut driven = Self { driver, trace: Vec::new() };
        driven.run(Greeted)?;
        Ok(driven)
    }

    fn session(&self) -> &Session {
        self.driver.client().session().expect("it is connected")
    }

    fn run<O>(&mut self, operation: O) -> Result<O::Output, Failure>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        self.perform(operation, &mut |_| Ok(()))
    }

    fn download<O>(&mut self, operation: O, sink: &mut dyn Write) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        self.abort_download(operation, u64::MAX, sink)
    }

    fn retrieve_each(
        &mut self,
        paths: &[String],
        take: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Vec<Result<Completed, proto::Error>>, Failure> {
        let arguments: Result<Vec<_>, _> = paths.iter().map(Argument::new).collect();
        let arguments = arguments.map_err(|error| Failure::Other(error.to_string()))?;
        let mut block = vec![0; 64 * 1024];
        self.perform(Series::retrieve(arguments), &mut |client| {
            let current = client.session().and_then(Session::current_command);
            let path = current.and_then(Command::argument).map(Argument::as_bytes);
            let number = paths.iter().position(|known| path == Some(known.as_bytes()));
            let (Some(number), Some(mut data)) = (number, client.data_mut()) else {
                return Ok(());
            };
            while let Progress::Bytes(count) = data.read(&mut block) {
                take(number, &block[..count]);
            }
            Ok(())
        })
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
        let mut sink = Sink::new(sink);
        let completed = self.perform(operation, &mut |client| {
            sink.receive(client)?;
            if sink.received >= bytes {
                client.abort();
            }
            Ok(())
        });
        sink.finish().map_err(|error| Failure::Other(error.to_string()))?;
        completed
    }

    fn upload<O>(&mut self, operation: O, source: &mut dyn Read) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let mut source = Source::new(source);
        self.perform(operation, &mut |client| source.send(client))
    }

    fn take_trace(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.trace)
    }
}

fn failure(error: Error) -> Failure {
    match error.session() {
        Some(error) => Failure::Session(error.clone()),
        None => Failure::Other(error.to_string()),
    }
}
