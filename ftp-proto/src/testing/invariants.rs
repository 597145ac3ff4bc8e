//! What holds after every step of a session, whatever the server and the driver do.

use alloc::format;
use alloc::string::String;
use core::net::IpAddr;

use crate::action::{Action, DataId, Link, Report, Target};
use crate::error::Closed;
use crate::session::{Session, State, TlsPolicy};
use crate::time::Instant;

/// A rule that was broken, and how.
pub type Broken = String;

/// Watches one session: is told what goes in and out, and looks at the session after every step.
///
/// ```
/// use ftp_proto::testing::Watch;
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
    /// Payload may move on the live connection.
    moving: bool,
    /// The application takes or gives nothing for now.
    held: bool,
    closed: Option<Closed>,
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
                self.begin(data)?;
                address_is_allowed(session, target)
            }
            Action::Listen { data } => self.begin(data),
            Action::Move { .. } => {
                self.moving = true;
                Ok(())
            }
            Action::Discard { data } => {
                self.forget(data);
                Ok(())
            }
            Action::Close => {
                let again = core::mem::replace(&mut self.control_closed, true);
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
            Action::Discard { .. } | Action::Close => true,
            _ => !self.control_closed,
        };
        require(allowed, || {
            format!("{action:?} while {:?} lives", self.live)
        })
    }

    fn begin(&mut self, data: DataId) -> Result<(), Broken> {
        require(self.live.is_none(), || {
            format!("{data:?} begins while {:?} lives", self.live)
        })?;
        require(data.get() > self.latest, || format!("{data:?} comes again"))?;
        self.live = Some(data);
        self.latest = data.get();
        Ok(())
    }

    fn forget(&mut self, data: DataId) {
        if self.live == Some(data) {
            self.live = None;
            self.moving = false;
            self.held = false;
        }
    }

    /// The driver reports this. What is no payload cannot end as payload does.
    pub fn reported(&mut self, report: Report) {
        match report {
            Report::Finished { data, .. } if self.moving => self.forget(data),
            Report::Failed {
                link: Link::Data(data),
                ..
            } => self.forget(data),
            Report::Held { held, .. } => self.held = held,
            _ => {}
        }
    }

    /// Looks at the session after it has been asked for actions at `now` until there were none.
    ///
    /// # Errors
    /// - Progress: who waits has a deadline, and it lies ahead; an idle session has none.
    /// - The end is final: a session that is over stays over for the same reason and writes nothing.
    /// - What is written is whole lines without NUL, and no name or password goes out in clear where the policy forbids
    ///   it; nothing is written when nothing was asked for.
    pub fn look(&mut self, session: &Session, now: Instant) -> Result<(), Broken> {
        let state = session.state();
        let deadline = session.deadline();
        require(deadline.is_none_or(|deadline| deadline.at > now), || {
            format!("the deadline {deadline:?} has passed at {now}")
        })?;
        match state {
            State::Busy | State::Draining { .. } => {
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
        }
        require(
            self.closed.is_none() || matches!(state, State::Dead(_)),
            || format!("from the dead to {state:?}"),
        )?;
        lines_are_clean(session)
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
        require(!waits || self.live.is_some(), || "over, and waits".into())
    }
}

fn require(holds: bool, why: impl FnOnce() -> Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(why()) }
}

fn address_is_allowed(session: &Session, target: Target) -> Result<(), Broken> {
    let policy = session.config().host_policy;
    match target {
        Target::Address(address) if policy == crate::address::HostPolicy::default() => {
            let host: IpAddr = address.ip();
            Err(format!("{host} is dialled against the policy"))
        }
        _ => Ok(()),
    }
}

/// The first line may have been written in part; the others are whole.
fn lines_are_clean(session: &Session) -> Result<(), Broken> {
    let unsent = session.transmit();
    require(unsent.is_empty() || unsent.ends_with(b"\n"), || {
        "half a line is to be written".into()
    })?;
    for line in unsent.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let clean = !text.iter().any(|byte| matches!(byte, b'\r' | 0));
        require(clean, || {
            format!("{:?} is to be written", text.escape_ascii())
        })?;
        let is_secret = [&b"USER "[..], b"PASS ", b"ACCT "]
            .iter()
            .any(|verb| text.starts_with(verb));
        let in_clear = session.config().tls != TlsPolicy::None && !session.is_secured();
        require(!(is_secret && in_clear), || {
            "a secret goes out in clear".into()
        })?;
    }
    Ok(())
}
