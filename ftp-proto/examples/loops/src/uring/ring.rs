//! A ring that is safe to use: what the kernel reads and writes belongs to the ring until its
//! completion has come, also when the ring is dropped.
#![allow(unsafe_code, reason = "the kernel gets pointers, and gives descriptors")]

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd};
use std::rc::Rc;
use std::time::Duration;

use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, opcode, squeue};
use socket2::{SockAddr, Socket};

pub(super) struct Ring {
    ring: IoUring,
    operations: HashMap<Key, Operation>,
    next: Key,
    /// Something was completed since the last wait.
    completed: bool,
}

pub(super) type Key = u64;

/// Of cancellations, whose own completions tell nothing.
const NOBODY: Key = Key::MAX;

/// What is done with a socket.
pub(super) enum Work {
    Connect(Rc<SockAddr>),
    Accept,
    /// Into this buffer.
    Receive(Vec<u8>),
    Send(Vec<u8>),
}

/// What came of it.
pub(super) struct Done {
    pub(super) count: usize,
    pub(super) received: Vec<u8>,
    pub(super) caller: Option<Socket>,
}

struct Operation {
    socket: Rc<Socket>,
    work: Work,
    result: Option<i32>,
    caller: Option<Socket>,
}

impl Ring {
    pub(super) fn new() -> io::Result<Self> {
        let ring = IoUring::new(32)?;
        if !ring.params().is_feature_ext_arg() {
            return Err(ErrorKind::Unsupported.into()); // Linux 5.11 can wait with a limit
        }
        Ok(Self { ring, operations: HashMap::new(), next: 0, completed: false })
    }

    /// Begins. The socket stays open until this is over.
    pub(super) fn submit(&mut self, socket: &Rc<Socket>, mut work: Work) -> io::Result<Key> {
        let (key, fd) = (self.next, Fd(socket.as_raw_fd()));
        let entry = match &mut work {
            Work::Connect(to) => opcode::Connect::new(fd, to.as_ptr().cast(), to.len()).build(),
            Work::Accept => {
                let nowhere = std::ptr::null_mut();
                opcode::Accept::new(fd, nowhere, nowhere.cast()).build()
            }
            Work::Receive(buffer) => {
                opcode::Recv::new(fd, buffer.as_mut_ptr(), length(buffer)).build()
            }
            Work::Send(bytes) => opcode::Send::new(fd, bytes.as_ptr(), length(bytes))
                .flags(libc::MSG_NOSIGNAL)
                .build(),
        };
        self.push(entry.user_data(key))?;
        let socket = Rc::clone(socket);
        self.operations.insert(key, Operation { socket, work, result: None, caller: None });
        self.next += 1;
        self.enter(0, None)?;
        Ok(key)
    }

    /// What came of the work with that key, once it is complete; then there is no key any more.
    pub(super) fn take(&mut self, under_way: &mut Option<Key>) -> io::Result<Option<Done>> {
        self.reap();
        let Some(key) = *under_way else { return Ok(None) };
        let operation = self.operations.get(&key);
        let Some(result) = operation.and_then(|operation| operation.result) else {
            return Ok(None);
        };
        *under_way = None;
        let operation = self.operations.remove(&key);
        let Ok(count) = usize::try_from(result) else {
            return Err(io::Error::from_raw_os_error(-result));
        };
        Ok(operation.map(|Operation { work, caller, .. }| {
            let mut received = if let Work::Receive(buffer) = work { buffer } else { Vec::new() };
            received.truncate(count);
            Done { count, received, caller }
        }))
    }

    /// Waits for a completion that nobody has had a chance to take yet.
    pub(super) fn wait(&mut self, limit: Option<Duration>) -> io::Result<()> {
        self.reap();
        if mem::take(&mut self.completed) {
            return Ok(());
        }
        self.enter(1, limit)
    }

    /// Ends all work on a socket. What cannot be awaited stays with the ring.
    pub(super) fn cancel(&mut self, socket: &Rc<Socket>) {
        let mut under_way = Vec::new();
        for (key, operation) in &self.operations {
            if Rc::ptr_eq(&operation.socket, socket) {
                under_way.push(*key);
            }
        }
        for key in under_way {
            let cancel = opcode::AsyncCancel::new(key).build().user_data(NOBODY);
            let mut outcome = self.push(cancel);
            while outcome.is_ok() && self.operations[&key].result.is_none() {
                outcome = self.enter(1, None);
            }
            if outcome.is_ok() {
                self.operations.remove(&key);
            }
        }
    }

    fn push(&mut self, entry: squeue::Entry) -> io::Result<()> {
        // SAFETY: What the entry points to is on the heap, and belongs to an operation that is kept
        // until its completion. Nothing touches it there, since `take` and `cancel` remove nothing
        // that has no result, and `drop` forgets what has none.
        unsafe { self.ring.submission().push(&entry) }.map_err(io::Error::other)
    }

    /// Lets the kernel see what was submitted, and waits for so many completions.
    fn enter(&mut self, completions: usize, limit: Option<Duration>) -> io::Result<()> {
        let limit = limit.map(Timespec::from);
        let mut arguments = SubmitArgs::new();
        if let Some(limit) = &limit {
            arguments = arguments.timespec(limit);
        }
        let entered = self.ring.submitter().submit_with_args(completions, &arguments);
        self.reap();
        match entered {
            Err(error) if error.raw_os_error() == Some(libc::ETIME) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            entered => entered.map(drop),
        }
    }

    fn reap(&mut self) {
        for entry in self.ring.completion() {
            let Some(operation) = self.operations.get_mut(&entry.user_data()) else { continue };
            operation.result = Some(entry.result());
            self.completed = true;
            if let (Work::Accept, 0..) = (&operation.work, entry.result()) {
                // SAFETY: The kernel has just opened this descriptor, and told nobody else.
                operation.caller = Some(unsafe { Socket::from_raw_fd(entry.result()) });
            }
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let sockets: Vec<_> = self.operations.values().map(|it| Rc::clone(&it.socket)).collect();
        sockets.iter().for_each(|socket| self.cancel(socket));
        mem::forget(mem::take(&mut self.operations));
    }
}

fn length(bytes: &[u8]) -> u32 {
    bytes.len().try_into().unwrap_or(u32::MAX)
}
