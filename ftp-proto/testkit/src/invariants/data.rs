//! In which order a data connection is asked for things.

use ftp_proto::{Action, DataId, Direction, Link, Report, Session, TlsPolicy};

use super::{Broken, require};

/// How far a data connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    Connecting,
    Binding,
    Listening,
    Accepting,
    Open,
    Securing,
    Secured,
    Moving,
}

impl Stage {
    /// The stage behind an action. `None` where the action comes out of order.
    pub(super) fn acted(self, action: Action) -> Option<Self> {
        match (action, self) {
            // A stranger that was accepted is turned away, and the next one accepted.
            (Action::Accept { .. }, Self::Listening | Self::Open) => Some(Self::Accepting),
            (Action::Secure { .. }, Self::Open) => Some(Self::Securing),
            (Action::Move { flow, .. }, Self::Secured) if flow.secured => Some(Self::Moving),
            (Action::Move { flow, .. }, Self::Open) if !flow.secured => Some(Self::Moving),
            (Action::Finish { .. }, Self::Moving) => Some(Self::Moving),
            _ => None,
        }
    }

    /// The stage behind a report on the data connection `live`.
    pub(super) fn reported(self, live: DataId, report: Report) -> Self {
        match (report, self) {
            (Report::Connected { data }, Self::Connecting) if data == live => Self::Open,
            (Report::Listening { data, .. }, Self::Binding) if data == live => Self::Listening,
            (Report::Accepted { data, .. }, Self::Accepting) if data == live => Self::Open,
            (Report::Secured { link }, Self::Securing) if link == Link::Data(live) => Self::Secured,
            _ => self,
        }
    }
}

/// Whether payload moves as the policy demands.
pub(super) fn is_protected(session: &Session, action: Action) -> Result<(), Broken> {
    let demanded = session.config().tls == TlsPolicy::Full;
    let clear = matches!(action, Action::Move { flow, .. } if !flow.secured);
    require(!(clear && demanded), || "payload in clear".into())
}

/// Whether a session that is over may ask for this.
pub(super) fn is_allowed_at_the_end(action: Action) -> bool {
    match action {
        Action::Move { flow, .. } => flow.direction == Direction::Receive,
        Action::Finish { .. } | Action::Discard { .. } | Action::Poll | Action::Close => true,
        _ => false,
    }
}
