//! std's readers and writers as the memory of an application.

use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use ftp_proto_loops::block::Memory;
use ftp_proto_loops::device::Board;

/// What is received is written, and what is read is sent.
pub(crate) struct Payload<'p> {
    pub(crate) sink: Option<&'p mut dyn Write>,
    pub(crate) source: Option<&'p mut dyn Read>,
    /// How often it may still be waited for the network, until the operation is to be dropped.
    pub(crate) waits: usize,
}

impl<'p> Payload<'p> {
    pub(crate) const NONE: Self = Self { sink: None, source: None, waits: usize::MAX };

    pub(crate) fn sink(sink: &'p mut dyn Write) -> Self {
        Self { sink: Some(sink), ..Self::NONE }
    }

    pub(crate) fn source(source: &'p mut dyn Read) -> Self {
        Self { source: Some(source), ..Self::NONE }
    }

    /// It will be waited.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        self.waits = self.waits.checked_sub(1).ok_or_else(|| io::Error::other("dropped"))?;
        Ok(())
    }
}

impl Memory for Payload<'_> {
    type Error = io::Error;

    fn store(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(sink) = &mut self.sink {
            sink.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn load(&mut self, block: &mut [u8]) -> io::Result<Option<usize>> {
        self.source.as_mut().map_or(Ok(0), |source| source.read(block)).map(Some)
    }
}

/// There are no interrupts here.
impl Board for Payload<'_> {
    fn idle(&mut self, limit: Option<Duration>) -> io::Result<()> {
        self.wait()?;
        let moment = Duration::from_micros(100);
        thread::sleep(limit.map_or(moment, |limit| limit.min(moment)));
        Ok(())
    }
}
