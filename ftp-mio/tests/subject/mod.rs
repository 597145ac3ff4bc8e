//! The client of this crate on any reactor, as the tables of the testbed put it to the test.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Instant;

use ftp_mio::proto::ascii::{Decoder, Encoder};
use ftp_mio::proto::operation::{Exchange, Series};
use ftp_mio::proto::trace::Record;
use ftp_mio::proto::{Argument, Command, Completed, Config, Operation, Representation, Session};
use ftp_mio::{Builder, Client, Error, Handle, Progress, Transport};
use ftp_testbed::subject::{Failure, Subject};

use crate::reactors::Reactors;

const BLOCK_BYTES: usize = 64 * 1024;

/// Dropped from top to bottom: the reactor before the sockets.
pub(crate) struct Readiness<R: Reactors> {
    reactors: R,
    client: Client<R::Tcp>,
    trace: Vec<Record>,
}

/// What the application does with payload after each turn.
type Step<'s, T> = dyn FnMut(&mut Client<T>) -> io::Result<()> + 's;

impl<R: Reactors> Readiness<R> {
    fn turn(&mut self) {
        self.client
            .turn(Instant::now(), &mut self.reactors.registrar(0));
        while let Some(record) = self.client.poll_trace() {
            self.trace.push(record);
        }
    }

    fn wait(&mut self) -> Result<(), Failure> {
        self.reactors.wait_for(&mut self.client).map_err(local)
    }

    fn outcome<V: 'static>(
        &mut self,
        handle: Handle<V>,
        step: &mut Step<'_, R::Tcp>,
    ) -> Result<V, Failure> {
        loop {
            self.turn();
            if let Poll::Ready(outcome) = self.client.poll(handle) {
                return outcome.map_err(failure);
            }
            if let Err(error) = step(&mut self.client) {
                self.client.cancel(handle);
                self.turn();
                return Err(local(error));
            }
            self.wait()?;
        }
    }

    /// Receives until `enough` says so.
    fn receive<O>(
        &mut self,
        operation: O,
        sink: &mut dyn Write,
        mut enough: impl FnMut(u64) -> bool,
    ) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let handle = self.client.start(operation);
        let mut block = vec![0; BLOCK_BYTES];
        let mut decoder = Decoder::new();
        let mut ascii = false;
        let completed = self.outcome(handle, &mut |client| {
            let Some(mut data) = client.data_mut() else {
                return Ok(());
            };
            ascii = data.flow().representation == Representation::Ascii;
            while let Progress::Bytes(count) = data.read(&mut block) {
                let mut wire = block.get(..count).unwrap_or_default();
                if !ascii {
                    sink.write_all(wire)?;
                }
                while let Some(run) = decoder.next_run(&mut wire).filter(|_| ascii) {
                    sink.write_all(run)?;
                }
                if enough(data.bytes()) {
                    client.abort();
                    break;
                }
            }
            Ok(())
        });
        if ascii {
            sink.write_all(decoder.finish()).map_err(local)?;
        }
        completed
    }
}

/// Payload on its way to the server.
struct Source<'s> {
    source: &'s mut dyn Read,
    encoder: Encoder,
    /// Read and encoded, and not yet sent from `sent` on.
    wire: Vec<u8>,
    sent: usize,
    ended: bool,
}

impl Source<'_> {
    fn refill(&mut self, ascii: bool) -> io::Result<()> {
        let mut block = vec![0; BLOCK_BYTES];
        let count = self.source.read(&mut block)?;
        let mut text = block.get(..count).unwrap_or_default();
        self.ended = count == 0;
        self.sent = 0;
        self.wire.clear();
        if !ascii {
            self.wire.extend_from_slice(text);
        }
        while let Some(run) = self.encoder.next_run(&mut text).filter(|_| ascii) {
            self.wire.extend_from_slice(run);
        }
        if self.ended && ascii {
            self.wire.extend_from_slice(self.encoder.finish());
        }
        Ok(())
    }

    fn send<T: Transport>(&mut self, client: &mut Client<T>) -> io::Result<()> {
        let Some(mut data) = client.data_mut() else {
            return Ok(());
        };
        let ascii = data.flow().representation == Representation::Ascii;
        loop {
            let rest = self.wire.get(self.sent..).unwrap_or_default();
            if rest.is_empty() && self.ended {
                data.finish();
                return Ok(());
            }
            if rest.is_empty() {
                self.refill(ascii)?;
                continue;
            }
            match data.write(rest) {
                Progress::Bytes(count) => self.sent += count,
                Progress::Wait | Progress::Over => return Ok(()),
            }
        }
    }
}

impl<R: Reactors> Subject for Readiness<R> {
    fn connect(address: SocketAddr, config: Config) -> Result<Self, Failure> {
        let builder = Builder::new(R::tcp()).config(config);
        let mut subject = Self {
            reactors: R::new().map_err(local)?,
            client: builder.connect_to([address], Instant::now()),
            trace: Vec::new(),
        };
        loop {
            subject.turn();
            if subject.client.welcome().is_some() {
                return Ok(subject);
            }
            if subject.client.is_over() {
                // Nothing goes out any more; the outcome tells why.
                subject.run(Exchange::noop())?;
            }
            subject.wait()?;
        }
    }

    fn session(&self) -> &Session {
        self.client.session().unwrap_or_else(|| unreachable!())
    }

    fn run<O>(&mut self, operation: O) -> Result<O::Output, Failure>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        let handle = self.client.start(operation);
        self.outcome(handle, &mut |_| Ok(()))
    }

    fn download<O>(&mut self, operation: O, sink: &mut dyn Write) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        self.receive(operation, sink, |_| false)
    }

    fn retrieve_each(
        &mut self,
        paths: &[String],
        take: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Vec<Result<Completed, ftp_mio::proto::Error>>, Failure> {
        let arguments: Result<Vec<_>, _> = paths.iter().map(Argument::new).collect();
        let arguments = arguments.map_err(|error| Failure::Other(error.to_string()))?;
        let handle = self.client.start(Series::retrieve(arguments));
        let mut block = vec![0; BLOCK_BYTES];
        self.outcome(handle, &mut |client| {
            let current = client.session().and_then(Session::current_command);
            let path = current.and_then(Command::argument).map(Argument::as_bytes);
            let number = paths
                .iter()
                .position(|known| path == Some(known.as_bytes()));
            let (Some(number), Some(mut data)) = (number, client.data_mut()) else {
                return Ok(());
            };
            while let Progress::Bytes(count) = data.read(&mut block) {
                take(number, block.get(..count).unwrap_or_default());
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
        self.receive(operation, sink, |received| received >= bytes)
    }

    fn upload<O>(&mut self, operation: O, source: &mut dyn Read) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let handle = self.client.start(operation);
        let mut source = Source {
            source,
            encoder: Encoder::new(),
            wire: Vec::new(),
            sent: 0,
            ended: false,
        };
        self.outcome(handle, &mut |client| source.send(client))
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

fn local(error: io::Error) -> Failure {
    Failure::Other(error.to_string())
}
