//! The client of this crate, as the tables of the testbed put it to the test.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ftp_blocking::{Client, Error};
use ftp_proto::trace::Record;
use ftp_proto::{Completed, Config, Detail, Operation, Session};
use ftp_testbed::subject::{Failure, Subject};

const BLOCK_BYTES: usize = 64 * 1024;

pub(crate) struct Blocking {
    client: Client,
    trace: Arc<Mutex<Vec<Record>>>,
}

impl Subject for Blocking {
    fn connect(address: SocketAddr, config: Config) -> Result<Self, Failure> {
        let trace = Arc::default();
        let mut builder = Client::builder().config(config);
        if config.detail == Detail::Everything {
            let sink: Arc<Mutex<Vec<Record>>> = Arc::clone(&trace);
            builder = builder.trace(move |record| {
                let mut records = sink.lock().unwrap_or_else(PoisonError::into_inner);
                records.push(record.clone());
            });
        }
        let client = builder.connect_to(&[address]).map_err(failure)?;
        Ok(Self { client, trace })
    }

    fn session(&self) -> &Session {
        self.client.session()
    }

    fn run<O>(&mut self, operation: O) -> Result<O::Output, Failure>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        self.client.run(operation).map_err(failure)
    }

    fn download<O>(&mut self, operation: O, sink: &mut dyn Write) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let download = self.client.download(operation).map_err(failure)?;
        download.copy_to(sink).map_err(failure)
    }

    fn retrieve_each(
        &mut self,
        paths: &[String],
        take: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Vec<Result<Completed, ftp_proto::Error>>, Failure> {
        let each = |number, bytes: &[u8]| {
            take(number, bytes);
            Ok(())
        };
        let outcomes = self.client.retrieve_each(paths, each).map_err(failure)?;
        let outcomes = outcomes.into_iter().map(|outcome| match outcome {
            Ok(completed) => Ok(Ok(completed)),
            Err(Error::Session(error, _)) => Ok(Err(error)),
            Err(other) => Err(failure(other)),
        });
        outcomes.collect()
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
        let mut download = self.client.download(operation).map_err(failure)?;
        let local = |error: std::io::Error| Failure::Other(error.to_string());
        std::io::copy(&mut Read::by_ref(&mut download).take(bytes), sink).map_err(local)?;
        download.abort().map_err(failure)
    }

    fn upload<O>(&mut self, operation: O, source: &mut dyn Read) -> Result<Completed, Failure>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let upload = self.client.upload(operation).map_err(failure)?;
        upload
            .copy_from(source, BLOCK_BYTES, |_| {})
            .map_err(failure)
    }

    fn take_trace(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.trace.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn failure(error: Error) -> Failure {
    match error.session() {
        Some(error) => Failure::Session(error.clone()),
        None => Failure::Other(error.to_string()),
    }
}
