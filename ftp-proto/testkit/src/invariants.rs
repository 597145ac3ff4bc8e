//! What holds after every step of a session, whatever the server and the driver do.

mod probes;
mod written;

use std::net::IpAddr;

use ftp_proto::address::HostPolicy;
use ftp_proto::{
    Action, Closed, Completed, DataId, Error, ErrorKind, Instant, Link, Report, Session, State,
    Target, TransferId,
};

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
    /// The data connection that the driver holds something of, or was asked to make.
    live: Option<DataId>,
    /// The highest number of a data connection so far.
    latest: u32,
    /// The transfer that a data connection was made for last, and how many bytes were reported for it.
    transfer: Option<TransferId>,
    bytes: u64,
    /// The same of the transfer before, whose verdict may not have been polled.
    before: Option<(TransferId, u64)>,
    /// Payload may move on the live connection.
    moving: bool,
    /// The application takes or gives nothing for now.
    held: bool,
    closed: Option<Closed>,
    /// What a session that is over answers to everything.
    fatal: Option<ErrorKind>,
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
    /// At most one data connection lives at a time, its number is new, and what is asked about it comes in an order
    /// that makes sense; only the control connection's host is dialled, where the policy says so; nothing is asked
    /// behind the end but to end a data connection.
    pub fn acted(&mut self, session: &Session, action: Action) -> Result<(), Broken> {
        self.is_in_order(action)?;
        match action {
            Action::Connect { data, target } => {
                self.begin(session, data)?;
                address_is_allowed(session, target)
            }
            Action::Listen { data } => self.begin(session, data),
            Action::Move { .. } => {
                self.moving = true;
                Ok(())
            }
            Action::Discard { data } => {
                self.forget(data);
                Ok(())
            }
            Action::Close => {
                let again = std::mem::replace(&mut self.control_closed, true);
                require(!again, || "the control connection was closed twice".into())
            }
            _ => Ok(()),
        }
    }

    fn is_in_order(&self, action: Action) -> Result<(), Broken> {
        let allowed = match action {
            Action::Accept { data }
            | Action::Secure {
                link: Link::Data(data),
            } => self.live == Some(data) && !self.moving && !self.control_closed,
            Action::Move { data, .. } => self.live == Some(data) && !self.moving,
            Action::Finish { data } => self.live == Some(data) && self.moving,
            Action::Discard { .. } | Action::Poll | Action::Close => true,
            _ => !self.control_closed,
        };
        require(allowed, || {
            format!("{action:?} while {:?} lives", self.live)
        })
    }

    fn begin(&mut self, session: &Session, data: DataId) -> Result<(), Broken> {
        require(self.live.is_none(), || {
            format!("{data:?} begins while {:?} lives", self.live)
        })?;
        require(data.get() > self.latest, || format!("{data:?} comes again"))?;
        self.live = Some(data);
        self.latest = data.get();
        let transfer = session.current_transfer();
        if self.transfer != transfer {
            self.before = self.transfer.map(|before| (before, self.bytes));
            self.transfer = transfer;
            self.bytes = 0;
        }
        Ok(())
    }

    fn forget(&mut self, data: DataId) {
        if self.live == Some(data) {
            self.live = None;
            self.moving = false;
            self.held = false;
        }
    }

    /// The driver is about to report this to the session. What is no payload cannot end as payload does.
    pub fn reported(&mut self, session: &Session, report: Report) {
        match report {
            // What moves when the transfer has its verdict counts no more.
            Report::Moved { data, bytes } if self.counts(session, data) => {
                self.bytes = self.bytes.saturating_add(bytes);
            }
            Report::Unsecured => self.cleared = true,
            Report::Finished { data, .. } if self.moving => self.forget(data),
            Report::Failed {
                link: Link::Data(data),
                ..
            } => self.forget(data),
            Report::Held { held, .. } => self.held = held,
            _ => {}
        }
    }

    /// The payload of a listing for tickets is no transfer's.
    fn counts(&self, session: &Session, data: DataId) -> bool {
        let current = session.current_transfer();
        let is_ours = current.is_some() && current == self.transfer;
        self.live == Some(data) && self.moving && is_ours && session.current_command().is_some()
    }

    /// The verdict on a transfer.
    ///
    /// # Errors
    /// The bytes that it tells are those that were reported.
    pub fn judged(&self, id: TransferId, verdict: &Result<Completed, Error>) -> Result<(), Broken> {
        let told = match verdict {
            Ok(completed) => completed.bytes,
            Err(error) => match error.interrupted() {
                Some(interrupted) => interrupted.bytes,
                None => return Ok(()),
            },
        };
        let latest = self.transfer.map(|transfer| (transfer, self.bytes));
        let mut known = latest.into_iter().chain(self.before);
        let moved = known.find(|(transfer, _)| *transfer == id);
        let moved = moved.map_or(0, |(_, bytes)| bytes);
        require(told == moved, || {
            format!("{told} bytes are told of, {moved} were reported")
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
    /// - The end is final: a session that is over stays over for the same reason, tells everybody the same error and
    ///   writes nothing.
    /// - What is written is whole lines without CR, LF or NUL inside them; where the policy demands TLS, no name or
    ///   password, and nothing of a transfer, goes out before that; nothing is written when nothing was asked for.
    /// - Misuse is refused and changes nothing.
    pub fn look(&mut self, session: &Session, now: Instant) -> Result<(), Broken> {
        let state = session.state();
        let deadline = session.deadline();
        require(deadline.is_none_or(|deadline| deadline.at > now), || {
            format!("the deadline {deadline:?} has passed at {now}")
        })?;
        match state {
            State::Busy | State::Draining { .. } => {
                require(state != State::Draining { replies: 0 }, || {
                    "draining, and nothing is owed".into()
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
            State::Dead(closed) => self.is_final(session, closed)?,
            _ => return Err(format!("{state:?} is not known here")),
        }
        require(
            self.closed.is_none() || matches!(state, State::Dead(_)),
            || format!("from the dead to {state:?}"),
        )?;
        written::is_allowed(session, self.cleared)?;
        probes::misuse_changes_nothing(session)
    }

    /// How much of the server's replies the session holds, and the most that its limits allow.
    ///
    /// # Errors
    /// It holds no more than that.
    pub fn holds(held: usize, max: usize) -> Result<(), Broken> {
        require(held <= max, || format!("{held} bytes held, {max} allowed"))
    }

    fn is_final(&mut self, session: &Session, closed: Closed) -> Result<(), Broken> {
        let first = *self.closed.get_or_insert(closed);
        require(first == closed, || {
            format!("over by {first:?}, then by {closed:?}")
        })?;
        require(self.control_closed, || {
            "over, and nobody was told to close".into()
        })?;
        require(session.transmit().is_empty(), || {
            "writes when it is over".into()
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

fn address_is_allowed(session: &Session, target: Target) -> Result<(), Broken> {
    let policy = session.config().host_policy;
    match target {
        Target::Address(address) if policy == HostPolicy::default() => {
            let host: IpAddr = address.ip();
            Err(format!("{host} is dialled against the policy"))
        }
        _ => Ok(()),
    }
}
