//! What holds after every step of a session, whatever the server and the driver do.

mod data;
mod probes;
mod written;

use ftp_proto::address::HostPolicy;
use ftp_proto::{
    Action, Closed, Completed, DataId, Direction, End, Error, ErrorKind, Instant, Leniency, Link,
    Report, Session, State, Target, TransferId,
};

use data::Stage;

/// A rule that was broken, and how.
pub type Broken = String;

/// Watches one session: is told what goes in and out, and looks at the session after every step.
///
/// ```
/// use ftp_testkit::Watch;
/// use ftp_proto::{Config, Control, Instant, Session};
///
/// let mut session = Session::new(Config::default(), Control::default());
/// let mut watch = Watch::new();
/// session.receive(b"220 Ready.\r\n");
/// while let Some(action) = session.poll_action(Instant::EPOCH) {
///     watch.acted(&session, action)?;
/// }
/// watch.look(&session, Instant::EPOCH)?;
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Watch {
    /// The data connection that the driver holds something of, or was asked to make, and how far it
    /// is.
    live: Option<(DataId, Stage)>,
    /// The highest number of a data connection so far.
    latest: u32,
    /// The transfer that a data connection was made for last, and how many bytes were reported for
    /// it.
    transfer: Option<TransferId>,
    bytes: u64,
    /// How its payload was said to end, if it was received.
    end: Option<End>,
    /// The payload on the data connection that lives is received.
    receives: bool,
    /// The data connection that failed last: the driver holds nothing of it.
    failed: Option<DataId>,
    /// The number and the bytes of the transfer before, whose verdict may not have been polled.
    before: Option<(TransferId, u64)>,
    /// The application takes or gives nothing for now.
    held: bool,
    closed: Option<Closed>,
    /// What a session that is over answers to everything.
    fatal: Option<ErrorKind>,
    /// TLS begins or ends on the control connection.
    changing: bool,
    /// TLS was ended with CCC.
    cleared: bool,
    /// The driver was told to close the control connection.
    control_closed: bool,
}

impl Watch {
    /// Of a session that has just begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// The session asked for this.
    ///
    /// # Errors
    /// At most one data connection lives at a time, its number is new, and what is asked about it
    /// comes in an order that makes sense, protected where the policy demands it. Only the control
    /// connection's host is dialled, where the policy says so. TLS begins and ends on the control
    /// connection when everything was written. Of a data connection that failed nothing is asked.
    /// Behind the end nothing is asked but to receive to
    /// the end, and to end a data connection.
    pub fn acted(&mut self, session: &Session, action: Action) -> Result<(), Broken> {
        if self.control_closed {
            require(data::is_allowed_at_the_end(action), || {
                format!("{action:?} behind the end")
            })?;
        }
        let gone = action.data().filter(|data| self.failed == Some(*data));
        require(gone.is_none(), || format!("{action:?} behind its failure"))?;
        match action {
            Action::Connect { data, target } => {
                self.begin(session, data, Stage::Connecting)?;
                address_is_allowed(session, target)
            }
            Action::Listen { data } => self.begin(session, data, Stage::Binding),
            Action::Accept { data }
            | Action::Move { data, .. }
            | Action::Finish { data }
            | Action::Secure {
                link: Link::Data(data),
            } => self.go_on(session, data, action),
            Action::Secure {
                link: Link::Control,
            }
            | Action::Unsecure => {
                self.changing = true;
                require(session.transmit().is_empty(), || {
                    format!("{action:?}, with bytes to write")
                })
            }
            Action::Discard { data } => {
                self.forget(data);
                Ok(())
            }
            Action::Close => {
                let again = std::mem::replace(&mut self.control_closed, true);
                require(!again, || "the control connection was closed twice".into())
            }
            Action::Poll => Ok(()),
        }
    }

    fn begin(&mut self, session: &Session, data: DataId, stage: Stage) -> Result<(), Broken> {
        require(self.live.is_none(), || {
            format!("{data:?} begins while {:?} lives", self.live)
        })?;
        require(data.get() > self.latest, || format!("{data:?} comes again"))?;
        self.live = Some((data, stage));
        self.latest = data.get();
        let transfer = session.current_transfer();
        if self.transfer != transfer {
            self.before = self.transfer.map(|before| (before, self.bytes));
            self.transfer = transfer;
            self.bytes = 0;
            self.end = None;
        }
        Ok(())
    }

    /// The next action on the data connection that lives.
    fn go_on(&mut self, session: &Session, data: DataId, action: Action) -> Result<(), Broken> {
        let next = self.stage(data).and_then(|stage| stage.acted(action));
        let Some(next) = next else {
            return Err(format!("{action:?} while {:?} lives", self.live));
        };
        self.live = Some((data, next));
        if let Action::Move { flow, .. } = action {
            self.receives = flow.direction == Direction::Receive;
        }
        data::is_protected(session, action)
    }

    fn stage(&self, data: DataId) -> Option<Stage> {
        let live = self.live.filter(|(live, _)| *live == data);
        live.map(|(_, stage)| stage)
    }

    fn forget(&mut self, data: DataId) {
        if self.stage(data).is_some() {
            self.live = None;
            self.held = false;
        }
    }

    /// The driver is about to report this to the session. What answers nothing changes nothing.
    pub fn reported(&mut self, session: &Session, report: Report) {
        match report {
            // What moves when the transfer has its verdict counts no more.
            Report::Moved { data, bytes } if self.counts(session, data) => {
                self.bytes = self.bytes.saturating_add(bytes);
            }
            Report::Finished { data, end } if self.stage(data) == Some(Stage::Moving) => {
                if self.receives && self.counts(session, data) {
                    self.end = Some(end);
                }
                self.forget(data);
            }
            Report::Failed {
                link: Link::Data(data),
                ..
            } => {
                if self.stage(data).is_some() {
                    self.failed = Some(data);
                }
                self.forget(data);
            }
            Report::Held { data, held } if self.stage(data) == Some(Stage::Moving) => {
                self.held = held;
            }
            Report::Unsecured
            | Report::Secured {
                link: Link::Control,
            }
            | Report::Failed {
                link: Link::Control,
                ..
            } => {
                self.cleared |= self.changing && report == Report::Unsecured;
                self.changing = false;
            }
            _ => {
                self.live = self
                    .live
                    .map(|(data, stage)| (data, stage.reported(data, report)));
            }
        }
    }

    /// The payload of a listing for tickets is no transfer's.
    fn counts(&self, session: &Session, data: DataId) -> bool {
        let current = session.current_transfer();
        let moves = self.stage(data) == Some(Stage::Moving);
        let is_ours = current.is_some() && current == self.transfer;
        moves && is_ours && session.current_command().is_some()
    }

    /// A command or a transfer came to this error.
    ///
    /// # Errors
    /// The error is fatal where the session is over, and only there.
    pub fn failed(session: &Session, error: &Error) -> Result<(), Broken> {
        let over = matches!(session.state(), State::Dead(_));
        require(error.is_fatal() == over, || {
            format!("{error} in state {:?}", session.state())
        })
    }

    /// The verdict on a transfer.
    ///
    /// # Errors
    /// The bytes that it tells are those that were reported. An error is one that
    /// [`failed`](Self::failed) accepts. A success has a positive final reply or the range that was
    /// wanted, the end of the data that was reported, an orderly one, and all bytes that are known to be there.
    pub fn judged(
        &self,
        session: &Session,
        id: TransferId,
        verdict: &Result<Completed, Error>,
    ) -> Result<(), Broken> {
        let told = match verdict {
            Ok(completed) => {
                is_success(session, completed)?;
                if self.transfer == Some(id) {
                    self.ended(completed)?;
                }
                completed.bytes
            }
            Err(error) => {
                Self::failed(session, error)?;
                match error.interrupted() {
                    Some(interrupted) => interrupted.bytes,
                    None => return Ok(()),
                }
            }
        };
        let latest = self.transfer.map(|transfer| (transfer, self.bytes));
        let mut known = latest.into_iter().chain(self.before);
        let moved = known.find(|(transfer, _)| *transfer == id);
        let moved = moved.map_or(0, |(_, bytes)| bytes);
        require(told == moved, || {
            format!("{told} bytes are told of, {moved} were reported")
        })
    }

    /// The success of an operation, which keeps the number of its last transfer to itself.
    ///
    /// # Errors
    /// As [`judged`](Self::judged). An operation that found nothing to move has no mark.
    pub fn succeeded(&self, session: &Session, completed: &Completed) -> Result<(), Broken> {
        is_success(session, completed)?;
        if completed.mark.is_some() {
            self.ended(completed)?;
        }
        let told = completed.bytes;
        require(completed.mark.is_none() || told == self.bytes, || {
            format!("{told} bytes are told of, {} were reported", self.bytes)
        })
    }

    /// A success tells the end that was reported.
    fn ended(&self, completed: &Completed) -> Result<(), Broken> {
        require(self.end.is_none_or(|end| completed.end == end), || {
            format!("{:?} was reported: {completed:?}", self.end)
        })
    }

    /// Nothing can happen any more.
    ///
    /// # Errors
    /// Every data connection has ended, or was discarded.
    pub fn rests(&self) -> Result<(), Broken> {
        require(self.live.is_none(), || {
            format!("at rest, and {:?} lives", self.live)
        })
    }

    /// Looks at the session after it has been asked for actions at `now` until there were none.
    ///
    /// # Errors
    /// - Progress: who waits has a deadline, and it lies ahead; an idle session has none.
    /// - A session that is over tells everybody the same error.
    /// - Nothing is written when nothing was asked for.
    /// - Misuse is refused and changes nothing.
    /// - And everything that [`glance`](Self::glance) says.
    pub fn look(&mut self, session: &Session, now: Instant) -> Result<(), Broken> {
        self.glance(session)?;
        let state = session.state();
        let deadline = session.deadline();
        require(deadline.is_none_or(|deadline| deadline.at > now), || {
            format!("the deadline {deadline:?} has passed at {now}")
        })?;
        match state {
            State::Busy | State::Settling { .. } => {
                require(state != State::Settling { replies: 0 }, || {
                    "settling, and nothing is owed".into()
                })?;
                require(deadline.is_some() || self.held, || {
                    format!("{state:?} without a deadline")
                })?;
            }
            State::Usable => {
                require(session.transmit().is_empty(), || {
                    "idle, with bytes to write".into()
                })?;
                require(deadline.is_none(), || {
                    format!("idle, waiting for {deadline:?}")
                })?;
                require(self.live.is_none(), || {
                    format!("idle, {:?} lives", self.live)
                })?;
            }
            State::Dead(_) => self.is_final(session)?,
            _ => return Err(format!("{state:?} is not known here")),
        }
        probes::misuse_changes_nothing(session)
    }

    /// Looks at the session at any moment.
    ///
    /// # Errors
    /// - A session that is over stays over for the same reason and writes nothing.
    /// - What is written is whole lines without CR, LF or NUL inside them. Where the policy demands
    ///   TLS, no name or password, and nothing of a transfer, goes out before that. Nothing goes
    ///   out while TLS begins or ends.
    pub fn glance(&mut self, session: &Session) -> Result<(), Broken> {
        if let State::Dead(closed) = session.state() {
            self.closed.get_or_insert(closed);
        }
        if let Some(closed) = self.closed {
            require(session.state() == State::Dead(closed), || {
                format!("over by {closed:?}, then {:?}", session.state())
            })?;
            require(session.transmit().is_empty(), || {
                "writes when it is over".into()
            })?;
        }
        require(!self.changing || session.transmit().is_empty(), || {
            "writes while TLS begins or ends".into()
        })?;
        written::is_allowed(session, self.cleared)
    }

    /// How much of the server's replies the session holds, and the most that its limits allow.
    ///
    /// # Errors
    /// It holds no more than that.
    pub fn holds(held: usize, max: usize) -> Result<(), Broken> {
        require(held <= max, || format!("{held} bytes held, {max} allowed"))
    }

    fn is_final(&mut self, session: &Session) -> Result<(), Broken> {
        require(self.control_closed, || {
            "over, and nobody was told to close".into()
        })?;
        let waits = session.deadline().is_some();
        require(!waits || self.live.is_some(), || "over, and waits".into())?;
        require(waits || self.held || self.live.is_none(), || {
            format!("over, and {:?} lives without a deadline", self.live)
        })?;
        let Some(error) = probes::fatal_error(session)? else {
            return Ok(());
        };
        let first = self.fatal.get_or_insert_with(|| error.clone());
        require(*first == error, || {
            format!("over with {first:?}, then with {error:?}")
        })
    }
}

fn require(holds: bool, why: impl FnOnce() -> Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(why()) }
}

fn is_success(session: &Session, completed: &Completed) -> Result<(), Broken> {
    let confirmed = match &completed.reply {
        Some(reply) => reply.is_positive(),
        None => completed.end == End::Limit,
    };
    let forgives = session.config().lenient.contains(Leniency::NoCloseNotify);
    let ended = completed.end != End::Truncated || forgives;
    let expected = completed.compared.expected();
    let whole = expected.is_none_or(|bytes| completed.bytes >= bytes);
    require(confirmed && ended && whole, || {
        format!("not a success: {completed:?}")
    })
}

fn address_is_allowed(session: &Session, target: Target) -> Result<(), Broken> {
    let believed = matches!(
        session.config().host_policy,
        HostPolicy::AsReported | HostPolicy::AsReportedIfPublicOrSame
    );
    match target {
        Target::Address(address) if !believed => {
            Err(format!("{address} is dialled against the policy"))
        }
        _ => Ok(()),
    }
}
