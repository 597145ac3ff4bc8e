//! Payload between a client and std's readers and writers.

use std::io::{self, Read, Write};

use ftp_mio::proto::Representation;
use ftp_mio::proto::ascii::{Decoder, Encoder};
use ftp_mio::{Client, Progress, Transport};

const BLOCK_BYTES: usize = 64 * 1024;

/// A download on its way. In ASCII type its lines end with LF.
pub struct Sink<'s> {
    sink: &'s mut dyn Write,
    decoder: Decoder,
    ascii: bool,
    block: Vec<u8>,
    /// How many bytes have come over the wire.
    pub received: u64,
}

impl<'s> Sink<'s> {
    pub fn new(sink: &'s mut dyn Write) -> Self {
        let (decoder, block) = (Decoder::new(), vec![0; BLOCK_BYTES]);
        Self { sink, decoder, ascii: false, block, received: 0 }
    }

    /// Takes what there is.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn receive<T: Transport>(&mut self, client: &mut Client<T>) -> io::Result<()> {
        let Some(mut data) = client.data_mut() else { return Ok(()) };
        self.ascii = data.flow().representation == Representation::Ascii;
        while let Progress::Bytes(count) = data.read(&mut self.block) {
            self.received += count as u64;
            let mut wire = &self.block[..count];
            if !self.ascii {
                self.sink.write_all(wire)?;
                continue;
            }
            while let Some(run) = self.decoder.next_run(&mut wire) {
                self.sink.write_all(run)?;
            }
        }
        Ok(())
    }

    /// The last byte of a text may be kept back to the end.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<()> {
        if self.ascii { self.sink.write_all(self.decoder.finish()) } else { Ok(()) }
    }
}

/// An upload on its way.
pub struct Source<'s> {
    source: &'s mut dyn Read,
    encoder: Encoder,
    /// Read and encoded, and not yet sent from `sent` on.
    wire: Vec<u8>,
    sent: usize,
    ended: bool,
}

impl<'s> Source<'s> {
    pub fn new(source: &'s mut dyn Read) -> Self {
        Self { source, encoder: Encoder::new(), wire: Vec::new(), sent: 0, ended: false }
    }

    /// Sends what can be sent.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn send<T: Transport>(&mut self, client: &mut Client<T>) -> io::Result<()> {
        let Some(mut data) = client.data_mut() else { return Ok(()) };
        let ascii = data.flow().representation == Representation::Ascii;
        loop {
            if self.sent < self.wire.len() {
                let Progress::Bytes(count) = data.write(&self.wire[self.sent..]) else {
                    return Ok(());
                };
                self.sent += count;
            } else if self.ended {
                data.finish();
                return Ok(());
            } else {
                self.refill(ascii)?;
            }
        }
    }

    fn refill(&mut self, ascii: bool) -> io::Result<()> {
        self.wire.resize(BLOCK_BYTES, 0);
        let count = self.source.read(&mut self.wire)?;
        self.wire.truncate(count);
        self.ended = count == 0;
        self.sent = 0;
        if ascii {
            let text = std::mem::take(&mut self.wire);
            let mut text = text.as_slice();
            while let Some(run) = self.encoder.next_run(&mut text) {
                self.wire.extend_from_slice(run);
            }
            if self.ended {
                self.wire.extend_from_slice(self.encoder.finish());
            }
        }
        Ok(())
    }
}
