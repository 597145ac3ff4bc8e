//! The operations that were started on a client.

use std::any::Any;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use ftp_proto::driver::{Error, Result};
use ftp_proto::operation::Receiving;
use ftp_proto::{Operation, Session, Ticket};

/// Stands for an operation that was started, until its outcome is taken with
/// [`Client::poll`](crate::Client::poll).
///
/// Dropping it changes nothing: the operation goes on and its outcome is kept.
/// [`Client::cancel`](crate::Client::cancel) ends it.
pub struct Handle<O> {
    number: u64,
    output: PhantomData<fn() -> O>,
}

/// Numbers are unique in the process, so that a client detects another client's handle.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl<O> Handle<O> {
    pub(crate) fn next() -> Self {
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            output: PhantomData,
        }
    }

    /// The number of the operation, for logs and as a key.
    pub const fn number(&self) -> u64 {
        self.number
    }
}

impl<O> Clone for Handle<O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Handle<O> {}

impl<O> fmt::Debug for Handle<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.number)
    }
}

type Outcome = Result<Box<dyn Any + Send>>;

/// An operation whose output is boxed.
trait Run: Send {
    fn poll(
        &mut self,
        session: &mut Session,
    ) -> Poll<std::result::Result<Box<dyn Any + Send>, ftp_proto::Error>>;

    fn feed(&mut self, chunk: &[u8]);
}

struct Boxed<O>(O);

impl<O> Run for Boxed<O>
where
    O: Receiving + Send,
    O::Output: Send + 'static,
{
    fn poll(
        &mut self,
        session: &mut Session,
    ) -> Poll<std::result::Result<Box<dyn Any + Send>, ftp_proto::Error>> {
        self.0
            .poll(session)
            .map_ok(|output| Box::new(output) as Box<dyn Any + Send>)
    }

    fn feed(&mut self, chunk: &[u8]) {
        self.0.feed(chunk);
    }
}

/// An operation that is never given payload.
pub(crate) struct Unfed<O>(pub(crate) O);

impl<O: Operation> Operation for Unfed<O> {
    type Output = O::Output;

    fn poll(
        &mut self,
        session: &mut Session,
    ) -> Poll<std::result::Result<O::Output, ftp_proto::Error>> {
        self.0.poll(session)
    }
}

impl<O: Operation> Receiving for Unfed<O> {
    fn feed(&mut self, _: &[u8]) {}
}

struct Task {
    number: u64,
    state: State,
}

enum State {
    Running {
        run: Box<dyn Run>,
        /// The operation reads its payload itself, without the application.
        reads: bool,
        /// The tickets of the operation.
        tickets: Vec<Range<Ticket>>,
        /// The operation has begun a transfer. One operation runs at a time, so the transfer under
        /// way is its own.
        transfers: bool,
    },
    Over(Outcome),
}

#[derive(Default)]
pub(crate) struct Tasks(Vec<Task>);

impl Tasks {
    pub(crate) fn start<O>(&mut self, operation: O, reads: bool) -> Handle<O::Output>
    where
        O: Receiving + Send + 'static,
        O::Output: Send + 'static,
    {
        let handle = Handle::next();
        self.0.push(Task {
            number: handle.number,
            state: State::Running {
                run: Box::new(Boxed(operation)),
                reads,
                tickets: Vec::new(),
                transfers: false,
            },
        });
        handle
    }

    /// Polls the operations in order. Each begins when the one before is over, because an operation
    /// may need several commands in a row. The first one that fails takes the cause.
    pub(crate) fn poll(&mut self, session: &mut Session, source: &mut Option<io::Error>) {
        for task in &mut self.0 {
            if task.poll(session, source).is_pending() {
                return;
            }
        }
    }

    /// Whether the operation that runs reads its payload itself.
    pub(crate) fn reads_payload(&self) -> bool {
        let running = self.0.iter().find_map(|task| match &task.state {
            State::Running { reads, .. } => Some(*reads),
            State::Over(_) => None,
        });
        running.unwrap_or_default()
    }

    /// Gives payload to the operation that runs.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        let running = self.0.iter_mut().find_map(|task| match &mut task.state {
            State::Running { run, .. } => Some(run),
            State::Over(_) => None,
        });
        if let Some(run) = running {
            run.feed(chunk);
        }
    }

    /// Whether an operation is not over.
    pub(crate) fn are_running(&self) -> bool {
        let running = |task: &Task| matches!(task.state, State::Running { .. });
        self.0.iter().any(running)
    }

    /// Ends all operations with the same error.
    pub(crate) fn fail(&mut self, mut error: impl FnMut() -> Error) {
        for task in &mut self.0 {
            if matches!(task.state, State::Running { .. }) {
                task.state = State::Over(Err(error()));
            }
        }
    }

    pub(crate) fn take<O: 'static>(&mut self, handle: Handle<O>) -> Poll<Result<O>> {
        let Some(index) = self.position(handle.number) else {
            return Poll::Ready(Err(Error::Spent));
        };
        if let Some(State::Running { .. }) = self.0.get(index).map(|task| &task.state) {
            return Poll::Pending;
        }
        let State::Over(outcome) = self.remove(index).state else {
            return Poll::Ready(Err(Error::Spent));
        };
        Poll::Ready(outcome.and_then(|output| {
            let output = output.downcast::<O>().map_err(|_| Error::Spent)?;
            Ok(*output)
        }))
    }

    /// Cancels an operation: takes back its unsent commands, drops the replies to the others, and
    /// aborts its transfers.
    pub(crate) fn cancel(&mut self, number: u64, session: Option<&mut Session>) {
        let Some(index) = self.position(number) else {
            return;
        };
        let cancelled = self.remove(index).state;
        if let (
            State::Running {
                tickets, transfers, ..
            },
            Some(session),
        ) = (cancelled, session)
        {
            for range in tickets {
                session.discard_all(range);
            }
            if transfers {
                session.abort_all();
            }
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// A client without operations keeps no memory for them.
    fn remove(&mut self, index: usize) -> Task {
        let task = self.0.remove(index);
        if self.0.is_empty() {
            self.0.shrink_to_fit();
        }
        task
    }

    fn position(&self, number: u64) -> Option<usize> {
        self.0.iter().position(|task| task.number == number)
    }
}

impl Task {
    fn poll(&mut self, session: &mut Session, source: &mut Option<io::Error>) -> Poll<()> {
        let State::Running {
            run,
            tickets,
            transfers,
            ..
        } = &mut self.state
        else {
            return Poll::Ready(());
        };
        let (first, earlier) = (session.next_ticket(), session.current_transfer());
        let polled = run.poll(session);
        let next = session.next_ticket();
        match tickets.last_mut() {
            Some(last) if last.end == first => last.end = next,
            _ if first != next => tickets.push(first..next),
            _ => {}
        }
        let now = session.current_transfer();
        *transfers |= now != earlier;
        polled.map(|result| {
            let source = source.take();
            let outcome = result.map_err(|error| {
                let source = source.filter(|_| error.concerns_a_socket());
                Error::Session(error, source)
            });
            self.state = State::Over(outcome);
        })
    }
}
