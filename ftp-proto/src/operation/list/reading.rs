//! A listing that is read line by line.

use core::task::{Poll, ready};

use super::{List, Listed};
use crate::error::Error;
use crate::listing::{Line, Options, Reader};
use crate::operation::Operation;
use crate::operation::rung::Rung;
use crate::session::Session;

/// Runs a listing and reads its payload, in the format of its command.
#[derive(Debug)]
pub(in crate::operation) struct Reading {
    list: List,
    options: Options,
    /// The rung that is being read: each one is read anew.
    rung: Option<Rung>,
    reader: Reader,
    bytes: u64,
}

impl Reading {
    pub(in crate::operation) fn new(list: List, options: Options) -> Self {
        Self {
            list,
            reader: Reader::new(&options),
            options,
            rung: None,
            bytes: 0,
        }
    }

    pub(in crate::operation) const fn list(&self) -> &List {
        &self.list
    }

    /// How many bytes were fed.
    pub(in crate::operation) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(in crate::operation) fn feed(&mut self, chunk: &[u8], each: impl FnMut(Line<'_>)) {
        self.begin(self.list.rung());
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        self.reader.feed(chunk, each);
    }

    /// Goes on. At the end, reads the lines that came in a reply and the lines that were held back.
    pub(in crate::operation) fn poll(
        &mut self,
        session: &mut Session,
        mut each: impl FnMut(Line<'_>),
    ) -> Poll<Result<Listed, Error>> {
        let listed = ready!(self.list.poll(session))?;
        self.begin(Some(listed.rung));
        let mut reader = core::mem::replace(&mut self.reader, Reader::new(&self.options));
        for line in listed.status_lines() {
            reader.feed(line, &mut each);
            reader.feed(b"\n", &mut each);
        }
        reader.finish(each);
        Poll::Ready(Ok(listed))
    }

    fn begin(&mut self, rung: Option<Rung>) {
        if self.rung == rung {
            return;
        }
        self.rung = rung;
        self.reader = match rung.and_then(Rung::format) {
            Some(format) => Reader::new(&self.options.clone().format(format)),
            None => Reader::new(&self.options),
        };
    }
}
