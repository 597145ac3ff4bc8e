//! A session with everything around it: the wire, the driver's duties, the clock, and who waits for
//! what.
//!
//! Every call goes through here and is followed by the [invariants]. A twin of the session gets the
//! same calls, but what the server sends byte by byte: both have to stay equal.

mod books;
mod duties;
mod invariants;

use std::collections::BTreeMap;
use std::task::Poll;
use std::time::Duration;

use ftp_proto::{
    Action, Command, Completed, Config, Control, DataId, Error, Failure, Instant, Link, Reply,
    Report, Session, Ticket, TransferId,
};
use ftp_testkit::Watch;

use books::Books;
use duties::Duty;
pub(crate) use invariants::CANARY;
use invariants::holds;

use crate::script::{self, Line};

/// Copies of a line in a flood, and bytes of it: enough that anything kept of each shows.
const FLOOD_LINES: usize = 6000;
const FLOOD_BYTES: usize = 60_000;
/// More rounds than any session may take to come to rest when nothing happens but time.
const ROUNDS_MAX: usize = 500;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) session: Session,
    twin: Option<Session>,
    config: Config,
    control: Control,
    now: Instant,
    /// What holds after every step.
    watch: Watch,
    duties: Vec<Duty>,
    /// How much the driver has moved on each data connection.
    moved: BTreeMap<DataId, u64>,
    tickets: Vec<(Ticket, Fate)>,
    transfer: Option<(TransferId, Fate)>,
    /// The transfer before: with lookahead, the next begins while it runs.
    earlier: Option<(TransferId, Fate)>,
    books: Books,
    /// Everything that was written and heard, as far as it is kept.
    pub(crate) log: Log,
    /// The event of the end was polled.
    told: bool,
    /// One flood is enough for one script, and slow.
    flooded: bool,
    /// The script does not hold the password itself, so that it may appear nowhere.
    canary: bool,
    /// The end of what the server has sent: it may send the password in pieces.
    heard: Vec<u8>,
}

/// What went over the control connection.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) written: Vec<u8>,
    pub(crate) heard: Vec<u8>,
}

/// Whether an answer was polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    Spent,
    Discarded,
}

impl World {
    pub(crate) fn new(script: &[u8]) -> Self {
        let (config, control) = script::setup(script);
        let session = Session::new(config, control);
        Self {
            twin: Some(session.clone()),
            session,
            config,
            control,
            now: Instant::EPOCH,
            watch: Watch::new(),
            duties: Vec::new(),
            moved: BTreeMap::new(),
            tickets: vec![(Ticket::GREETING, Fate::Open)],
            transfer: None,
            earlier: None,
            books: Books::new(),
            log: Log::default(),
            told: false,
            flooded: false,
            canary: !script::lines(script).any(|line| invariants::shows_canary(&line.bytes())),
            heard: Vec::new(),
        }
    }

    /// The same without a twin, for operations, which talk to one session alone.
    pub(crate) fn for_operations(script: &[u8]) -> Self {
        Self {
            twin: None,
            tickets: Vec::new(),
            ..Self::new(script)
        }
    }

    /// Does what a line says about the server, the network, the driver or time; `false` for any
    /// other line.
    pub(crate) fn happen(&mut self, line: Line<'_>) -> bool {
        match line.letter {
            b'r' => self.receive(&[line.bytes().as_slice(), b"\r\n"].concat()),
            b'b' => self.receive(&line.bytes()),
            b'F' => self.flood(&line.bytes()),
            b'e' => self.both(Session::receive_eof),
            b'w' => self.write(line.number()),
            b'+' => self.pass(line.number()),
            b'.' => {
                self.act();
            }
            b',' => {
                self.act_once();
            }
            b'x' => self.control_fails(duties::failure(line.operand)),
            b'y' | b'n' | b's' | b't' | b'l' | b'c' | b'u' | b'h' => self.perform(line),
            _ => return false,
        }
        self.check();
        true
    }

    fn both<T: PartialEq + std::fmt::Debug>(
        &mut self,
        mut call: impl FnMut(&mut Session) -> T,
    ) -> T {
        let result = call(&mut self.session);
        if let Some(twin) = &mut self.twin {
            assert_eq!(call(twin), result, "cutting the input has changed a result");
        }
        result
    }

    // -- the control connection -------------------------------------------------------------------

    fn receive(&mut self, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
        self.canary &= !invariants::shows_canary(&self.heard);
        self.heard.drain(..self.heard.len().saturating_sub(100));
        self.log.heard.extend_from_slice(bytes);
        let refusals = self.books.hear(&self.session, bytes);
        self.session.receive(bytes);
        books::are_verdicts(&self.session, &refusals);
        if let Some(twin) = &mut self.twin {
            if bytes.is_empty() {
                twin.receive(bytes);
            }
            for byte in bytes {
                twin.receive(std::slice::from_ref(byte));
            }
        }
    }

    fn flood(&mut self, text: &[u8]) {
        let line = [text, b"\r\n"].concat();
        let copies = FLOOD_LINES.min(FLOOD_BYTES / line.len());
        if !self.flooded {
            self.flooded = true;
            self.receive(&line.repeat(copies));
        }
        self.check_memory();
    }

    pub(crate) fn write(&mut self, bytes: Option<u64>) {
        let waiting = self.session.transmit();
        let count = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        let count = count.unwrap_or(usize::MAX).min(waiting.len());
        let written = &waiting[..count];
        self.log.written.extend_from_slice(written);
        self.books.wrote(&self.session, written);
        self.both(|session| session.transmitted(count));
    }

    fn control_fails(&mut self, failure: Failure) {
        self.report(Report::Failed {
            link: Link::Control,
            failure,
        });
    }

    fn report(&mut self, report: Report) {
        self.watch.reported(&self.session, report);
        self.both(|session| session.report(report));
    }

    // -- time and actions -------------------------------------------------------------------------

    fn pass(&mut self, millis: Option<u64>) {
        let deadline = self.session.deadline().map(|deadline| deadline.at);
        self.now = match millis {
            Some(millis) => self.now + Duration::from_millis(millis),
            None => deadline.map_or(self.now, |at| at.max(self.now)),
        };
    }

    /// Takes all actions, as a driver does before it waits; whether there were any.
    pub(crate) fn act(&mut self) -> bool {
        let due = self
            .session
            .deadline()
            .is_some_and(|deadline| deadline.at <= self.now);
        let awaited = if due { self.awaited() } else { Vec::new() };
        let mut acted = false;
        while self.act_once().is_some() {
            acted = true;
        }
        if !acted && self.session.transmit().is_empty() {
            // The driver would now wait for something to happen, although it already has.
            assert_eq!(
                self.still_awaited(&awaited),
                awaited.len(),
                "a timer gave an answer silently"
            );
        }
        acted
    }

    fn act_once(&mut self) -> Option<Action> {
        let now = self.now;
        let action = self.both(|session| session.poll_action(now));
        match action {
            Some(action) => {
                holds(self.watch.acted(&self.session, action));
                self.take_on(action);
            }
            None => holds(self.watch.look(&self.session, now)),
        }
        action
    }

    // -- the application --------------------------------------------------------------------------

    pub(crate) fn submit(&mut self, command: &Command) {
        if let Ok(ticket) = self.both(|session| session.submit(command.clone())) {
            assert!(
                self.tickets.iter().all(|(known, _)| *known != ticket),
                "a ticket was issued twice"
            );
            self.tickets.push((ticket, Fate::Open));
        }
    }

    pub(crate) fn begin(&mut self, transfer: &ftp_proto::Transfer) {
        if let Ok(id) = self.both(|session| session.begin(transfer.clone())) {
            self.earlier = self.transfer.replace((id, Fate::Open));
        }
    }

    pub(crate) fn abort(&mut self) {
        let current = self
            .transfer
            .map(|(id, _)| id)
            .or(self.session.current_transfer());
        if let Some(id) = current {
            self.both(|session| session.abort(id));
        }
    }

    pub(crate) fn discard(&mut self, index: u64) {
        if let Some(at) = pick(self.tickets.len(), index) {
            let (ticket, fate) = self.tickets[at];
            self.both(|session| session.discard(ticket));
            if fate == Fate::Open {
                self.tickets[at].1 = Fate::Discarded;
            }
        }
    }

    pub(crate) fn close(&mut self) {
        self.both(Session::close);
    }

    /// Polls a ticket; whether it is answered by now.
    pub(crate) fn poll_ticket(&mut self, index: u64) -> bool {
        let Some(at) = pick(self.tickets.len(), index) else {
            return true;
        };
        let (ticket, fate) = self.tickets[at];
        let answer = self.both(|session| session.poll_reply(ticket));
        if fate != Fate::Open {
            assert!(is_spent(&answer), "a spent ticket was answered: {answer:?}");
            return true;
        }
        let Poll::Ready(answer) = answer else {
            return false;
        };
        assert!(
            !is_spent(&Poll::Ready(answer.clone())),
            "a ticket was never answered"
        );
        if let Err(error) = &answer {
            self.check_error(error);
        }
        self.tickets[at].1 = Fate::Spent;
        true
    }

    /// Polls the latest two transfers; whether there are verdicts by now.
    pub(crate) fn poll_transfer(&mut self) -> bool {
        let mut judged = true;
        self.earlier = self.earlier.map(|known| self.poll_one(known, &mut judged));
        self.transfer = self.transfer.map(|known| self.poll_one(known, &mut judged));
        judged
    }

    fn poll_one(
        &mut self,
        (id, fate): (TransferId, Fate),
        judged: &mut bool,
    ) -> (TransferId, Fate) {
        let verdict = self.both(|session| session.poll_transfer(id));
        if fate == Fate::Spent {
            assert!(is_spent(&verdict), "a verdict was given twice: {verdict:?}");
            return (id, fate);
        }
        let Poll::Ready(verdict) = verdict else {
            *judged = false;
            return (id, fate);
        };
        assert!(
            !is_spent(&Poll::Ready(verdict.clone())),
            "a verdict was never given"
        );
        holds(self.watch.judged(&self.session, id, &verdict));
        if let Err(error) = &verdict {
            self.check_error(error);
        }
        (id, Fate::Spent)
    }

    pub(crate) fn poll_event(&mut self) -> bool {
        let event = self.both(Session::poll_event);
        if let Some(event) = &event {
            self.check_event(event);
        }
        event.is_some()
    }

    /// The script is over, and somebody still waits: everything is written, and time passes until
    /// the deadline.
    pub(crate) fn wait_in_vain(&mut self) {
        self.write(None);
        if self.session.deadline().is_none() {
            self.release();
            self.act();
        }
        assert!(
            self.session.deadline().is_some(),
            "waits for ever: {:?}",
            self.session
        );
        self.pass(None);
    }

    // -- the end ----------------------------------------------------------------------------------

    /// Nothing happens any more but time: everything has to come to an end.
    pub(crate) fn rest(&mut self) {
        self.release();
        for _ in 0..ROUNDS_MAX {
            self.act();
            self.check();
            if self.session.deadline().is_none() {
                return self.check_rest();
            }
            self.pass(None);
        }
        panic!("the session does not come to rest: {:?}", self.session);
    }
}

fn pick(length: usize, index: u64) -> Option<usize> {
    let index = usize::try_from(index).unwrap_or_default();
    index.checked_rem(length)
}

trait Answer {}
impl Answer for Reply {}
impl Answer for Completed {}

fn is_spent<T: Answer>(answer: &Poll<Result<T, Error>>) -> bool {
    let spent = ftp_proto::ErrorKind::Misuse(ftp_proto::Misuse::SpentTicket);
    matches!(answer, Poll::Ready(Err(error)) if *error.kind() == spent)
}
