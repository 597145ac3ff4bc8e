//! A session of a mirror and what it is doing.

use std::mem;
use std::task::Poll;
use std::time::Instant;

use ftp_proto::driver::{Errand, Mirroring, Work, random};

use crate::connector::Connector;
use crate::readiness::Reactor;
use crate::renewed::{End, Renewed, end_of_pause};
use crate::transport::Transport;

pub(super) struct Worker<T: Transport> {
    pub(super) session: Renewed<T>,
    doing: Doing,
    /// How many bytes of the transfer under way were counted.
    counted: u64,
    had_session: bool,
    /// When another session is made.
    pause_until: Option<Instant>,
}

enum Doing {
    /// There is no errand for it now.
    Nothing,
    /// A session is made, before the errand begins.
    Open(Errand),
    /// The same, if the one before has ended, for this work of the errand.
    Want(Errand, Box<Work>),
    Run(Errand, Payload),
    /// The report asked for an end: the transfer is being aborted.
    Stop(Errand),
    Quit,
    Over,
}

/// What the work under way moves between the errand's file and the server.
#[derive(Clone, Copy)]
enum Payload {
    Nothing,
    Down,
    Up,
}

/// Whether something has changed that may matter to another session.
type Moves = bool;

impl<T: Transport + Clone> Worker<T> {
    pub(super) const fn new() -> Self {
        Self {
            session: Renewed::new(),
            doing: Doing::Nothing,
            counted: 0,
            had_session: false,
            pause_until: None,
        }
    }

    pub(super) fn turn(
        &mut self,
        mirroring: &mut Mirroring<'_>,
        connector: &Connector<T>,
        now: Instant,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> Moves {
        self.session.turn(now, reactor);
        if let Some(until) = self.pause_until {
            if mirroring.is_over() {
                return self.stop_waiting(mirroring);
            }
            if now < until {
                return false;
            }
            self.pause_until = None;
        }
        match mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Nothing => self.look_for_work(mirroring, reactor),
            Doing::Open(errand) => match self.session.open(connector, now, reactor) {
                Poll::Pending => self.wait(Doing::Open(errand)),
                Poll::Ready(Ok(())) => self.begin(errand, mirroring),
                Poll::Ready(Err(error)) => {
                    match mirroring.not_opened(errand, error, self.had_session, random()) {
                        None => self.go_on(Doing::Over),
                        Some(errand) => {
                            self.pause(&errand, now, mirroring);
                            self.go_on(Doing::Open(errand))
                        }
                    }
                }
            },
            Doing::Want(mut errand, work) => match self.session.open(connector, now, reactor) {
                Poll::Pending => self.wait(Doing::Want(errand, work)),
                Poll::Ready(Ok(())) => self.start(errand, *work),
                Poll::Ready(Err(error)) => {
                    errand.not_connected(error, random());
                    self.pause(&errand, now, mirroring);
                    self.next_work(errand, mirroring)
                }
            },
            Doing::Run(errand, payload) => self.run(errand, payload, now, mirroring),
            Doing::Stop(mut errand) => {
                if self.session.poll().is_pending() {
                    return self.wait(Doing::Stop(errand));
                }
                errand.stop();
                self.finish(errand, mirroring)
            }
            Doing::Quit if self.session.is_closed() => self.go_on(Doing::Over),
            doing => self.wait(doing),
        }
    }

    fn go_on(&mut self, doing: Doing) -> Moves {
        self.doing = doing;
        true
    }

    fn wait(&mut self, doing: Doing) -> Moves {
        self.doing = doing;
        false
    }

    /// Begins the pause of the errand, if it has one. A report that ends the mirror ends the pause.
    fn pause(&mut self, errand: &Errand, now: Instant, mirroring: &mut Mirroring<'_>) {
        if let Some(waiting) = errand.waiting() {
            mirroring.waits(errand);
            self.pause_until = end_of_pause(now, waiting.pause);
        }
    }

    fn stop_waiting(&mut self, mirroring: &mut Mirroring<'_>) -> Moves {
        self.pause_until = None;
        match mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Open(mut errand) | Doing::Want(mut errand, _) => {
                errand.stop();
                self.finish(errand, mirroring)
            }
            doing => self.go_on(doing),
        }
    }

    fn look_for_work(
        &mut self,
        mirroring: &mut Mirroring<'_>,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> Moves {
        match mirroring.next_errand() {
            Some(errand) if errand.needs_session() => self.go_on(Doing::Open(errand)),
            Some(errand) => self.begin(errand, mirroring),
            None if mirroring.is_over() => {
                self.session.quit(reactor);
                self.go_on(Doing::Quit)
            }
            None => self.wait(Doing::Nothing),
        }
    }

    fn begin(&mut self, errand: Errand, mirroring: &mut Mirroring<'_>) -> Moves {
        self.had_session |= errand.needs_session();
        match mirroring.begin(&errand) {
            true => self.next_work(errand, mirroring),
            false => self.finish(errand, mirroring),
        }
    }

    fn next_work(&mut self, mut errand: Errand, mirroring: &mut Mirroring<'_>) -> Moves {
        match errand.next_work() {
            Some(work) => self.go_on(Doing::Want(errand, Box::new(work))),
            None => self.finish(errand, mirroring),
        }
    }

    fn finish(&mut self, errand: Errand, mirroring: &mut Mirroring<'_>) -> Moves {
        mirroring.finish(errand);
        self.go_on(Doing::Nothing)
    }

    fn start(&mut self, errand: Errand, work: Work) -> Moves {
        let payload = match work {
            Work::Ask(_) => Payload::Nothing,
            Work::Fetch(_) => Payload::Down,
            Work::Send(_) => Payload::Up,
        };
        self.counted = 0;
        self.session.start(work);
        self.go_on(Doing::Run(errand, payload))
    }

    fn run(
        &mut self,
        mut errand: Errand,
        payload: Payload,
        now: Instant,
        mirroring: &mut Mirroring<'_>,
    ) -> Moves {
        self.move_payload(&errand, payload);
        let bytes = self.session.bytes();
        let count = bytes.saturating_sub(mem::replace(&mut self.counted, bytes));
        if count > 0 && !mirroring.moved(&errand, count, bytes) {
            self.session.abort();
            return self.go_on(Doing::Stop(errand));
        }
        match self.session.poll() {
            Poll::Pending => self.wait(Doing::Run(errand, payload)),
            Poll::Ready(outcome) => {
                errand.take(outcome, random());
                self.pause(&errand, now, mirroring);
                self.next_work(errand, mirroring)
            }
        }
    }

    fn move_payload(&mut self, errand: &Errand, payload: Payload) {
        let Some(mut file) = errand.file() else {
            return;
        };
        self.session.move_payload(&mut match payload {
            Payload::Nothing => return,
            Payload::Down => End::Sink(&mut file),
            Payload::Up => End::Source(&mut file),
        });
    }
}

impl<T: Transport> Worker<T> {
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.doing, Doing::Over)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.session.deadline(), self.pause_until];
        deadlines.into_iter().flatten().min()
    }
}
