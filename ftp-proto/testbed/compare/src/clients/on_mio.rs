//! `ftp-mio`, with one session in a loop.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::task::Poll;
use std::time::Instant;

use ftp_mio::mio as glue;
use ftp_mio::proto::driver::listing_options;
use ftp_mio::proto::operation::{Entries, Exchange, List, Login, Retrieve, Secure, Store};
use ftp_mio::proto::{Argument, Direction};
use ftp_mio::{Client, Handle, Progress, Tls, Transport};
use ftp_testbed::servers::{PASSWORD, USER};
use mio::event::Source;

use super::{Job, tls_config};
use crate::works::{Task, UPLOADED, directory, sized, small};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const BLOCK_BYTES: usize = 64 * 1024;

pub(super) fn run(job: &Job, splice: bool) -> Outcome {
    let builder = Client::builder();
    if job.tls {
        let tls = Tls::over(ftp_mio::Tcp::new(), tls_config(&job.local)?);
        return work(
            builder.tls(tls).connect_to([job.address], Instant::now()),
            job,
            splice,
        );
    }
    work(
        builder.connect_to([job.address], Instant::now()),
        job,
        splice,
    )
}

fn work<T: Transport<Source: Source>>(client: Client<T>, job: &Job, splice: bool) -> Outcome {
    let mut ftp = Loop {
        client,
        poll: mio::Poll::new()?,
        events: mio::Events::with_capacity(64),
        block: vec![0; BLOCK_BYTES],
        payload: Payload::None,
        splice,
    };
    if job.tls {
        let secure = ftp.client.start(Secure::new());
        ftp.finish(secure)?;
    }
    let login = Login::new(Argument::new(USER)?).password(Argument::new(PASSWORD)?);
    let login = ftp.client.start(login);
    ftp.finish(login)?;
    match job.task {
        Task::Get(size) => ftp.retrieve(&sized(size), Payload::None)?,
        Task::GetFile(size) => {
            let file = File::create(job.local.join("downloaded"))?;
            ftp.retrieve(&sized(size), Payload::Into(file))?;
        }
        Task::Put(size) => {
            ftp.payload = Payload::From(File::open(job.local.join(sized(size)))?, 0..0);
            let store = ftp.client.start(Store::new(Argument::new(UPLOADED)?));
            ftp.finish(store)?;
        }
        Task::Small(files) => {
            for number in 0..files {
                ftp.retrieve(&small(number), Payload::None)?;
            }
        }
        Task::List(entries) => {
            let path = Argument::new(directory(entries))?;
            let list = Entries::new(List::new(Some(path)), listing_options());
            let list = ftp.client.receive(list);
            let found = ftp.finish(list)?.entries.len();
            if found as u64 != entries {
                return Err(format!("{found} entries").into());
            }
        }
    }
    let quit = ftp.client.start(Exchange::quit());
    ftp.finish(quit)?;
    Ok(())
}

struct Loop<T: Transport> {
    client: Client<T>,
    poll: mio::Poll,
    events: mio::Events,
    block: Vec<u8>,
    payload: Payload,
    /// The kernel moves the bytes between socket and file.
    splice: bool,
}

/// Where the payload of the next transfer goes to, or comes from.
enum Payload {
    None,
    Into(File),
    /// With the part of the block that has been read and not been sent.
    From(File, Range<usize>),
}

impl<T: Transport<Source: Source>> Loop<T> {
    fn retrieve(&mut self, path: &str, payload: Payload) -> Outcome {
        self.payload = payload;
        let retrieve = self.client.start(Retrieve::new(Argument::new(path)?));
        self.finish(retrieve)?;
        Ok(())
    }

    fn finish<O: 'static>(&mut self, handle: Handle<O>) -> Outcome<O> {
        loop {
            let registrar = &mut glue::Registrar::new(self.poll.registry(), 0);
            self.client.turn(Instant::now(), registrar);
            self.move_payload()?;
            if let Poll::Ready(outcome) = self.client.poll(handle) {
                return Ok(outcome?);
            }
            let timeout = self.client.timeout(Instant::now());
            if !self.client.needs_turn() {
                self.poll.poll(&mut self.events, timeout)?;
            }
            for event in &self.events {
                self.client
                    .ready(glue::slot(event.token()).1, glue::ready(event));
            }
            self.events.clear();
        }
    }

    fn move_payload(&mut self) -> io::Result<()> {
        let Some(mut data) = self.client.data_mut() else {
            return Ok(());
        };
        if let (true, Payload::Into(file) | Payload::From(file, _)) = (self.splice, &self.payload) {
            let mut go_on = || match data.flow().direction {
                Direction::Receive => data.read_to_file(file),
                Direction::Send => data.write_from_file(file),
            };
            while let Progress::Bytes(_) = go_on() {}
            return Ok(());
        }
        if data.flow().direction == Direction::Receive {
            while let Progress::Bytes(count) = data.read(&mut self.block) {
                if let Payload::Into(file) = &mut self.payload {
                    file.write_all(self.block.get(..count).unwrap_or_default())?;
                }
            }
            return Ok(());
        }
        let Payload::From(file, left) = &mut self.payload else {
            return Ok(());
        };
        loop {
            if left.start == left.end {
                *left = 0..file.read(&mut self.block)?;
                if left.start == left.end {
                    data.finish();
                    return Ok(());
                }
            }
            match data.write(self.block.get(left.clone()).unwrap_or_default()) {
                Progress::Bytes(count) => left.start += count,
                Progress::Wait | Progress::Over => return Ok(()),
            }
        }
    }
}
