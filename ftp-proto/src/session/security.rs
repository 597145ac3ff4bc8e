//! When TLS begins and ends on the control connection (RFC 4217), and which commands each state
//! allows.

use crate::action::{Action, Link};
use crate::command::Verb;
use crate::config::TlsPolicy;
use crate::error::{ErrorKind, Misuse, Policy};
use crate::reply::Reply;
use crate::time::Reason;

use super::Ticket;
use super::server::Server;
use super::shared::Shared;

/// Whether the security of the control connection is about to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Security {
    changing: Option<Change>,
}

/// TLS is about to begin or to end. Nothing is written and nothing may be read meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Change {
    agreement: Agreement,
    /// The action was issued.
    begun: bool,
}

/// The reply to AUTH or CCC, which is delivered when the connection has changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Agreement {
    pub(super) ticket: Option<Ticket>,
    pub(super) verb: Verb,
    pub(super) reply: Reply,
}

impl Security {
    pub(super) const fn is_changing(&self) -> bool {
        self.changing.is_some()
    }

    /// Whoever waits for the change.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        self.changing.as_ref()?.agreement.ticket
    }

    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.ticket() == Some(ticket)
    }

    /// The caller lost interest in the reply.
    pub(super) fn discard(&mut self, ticket: Ticket) {
        if let Some(change) = &mut self.changing {
            change.agreement.ticket.take_if(|known| *known == ticket);
        }
    }

    /// AUTH or CCC was accepted.
    pub(super) fn agreed(&mut self, shared: &mut Shared, agreement: Agreement) {
        let begun = false;
        self.changing = Some(Change { agreement, begun });
        self.written(shared);
    }

    /// Bytes were written. The change begins when nothing is left to write.
    pub(super) fn written(&mut self, shared: &mut Shared) {
        let Some(change) = &mut self.changing else {
            return;
        };
        if change.begun || !shared.wire.is_flushed() {
            return;
        }
        change.begun = true;
        shared.act(match change.agreement.verb {
            Verb::Auth => Action::Secure {
                link: Link::Control,
            },
            _ => Action::Unsecure,
        });
        shared.wait(Reason::Securing);
    }

    /// The driver has begun TLS (`secured`) or ended it. Returns what can be answered now.
    pub(super) fn changed(&mut self, shared: &mut Shared, secured: bool) -> Option<Agreement> {
        let change = self.changing.take()?;
        shared.rest(Reason::Securing);
        shared.control.secured = secured;
        shared.cleared = !secured;
        if secured {
            // Facts that were learnt in clear may be forged.
            shared.server = Server::default();
        }
        Some(change.agreement)
    }

    /// The session is over. Returns who waits for the change.
    pub(super) fn end(&mut self) -> Option<Agreement> {
        self.changing.take().map(|change| change.agreement)
    }
}

/// The policy that forbids a command in the present state of security, if one does.
pub(super) fn forbidden(shared: &Shared, verb: Verb) -> Option<ErrorKind> {
    let wants_tls = shared.config.tls != TlsPolicy::None;
    let secured = shared.control.secured;
    match verb {
        _ if wants_tls && !secured && verb.identifies_user() => {
            Some(Policy::ControlNotSecured.into())
        }
        _ if wants_tls && shared.is_in_clear() && !verb.comes_before_tls() => {
            Some(Policy::ControlNotSecured.into())
        }
        Verb::Auth if secured => Some(Misuse::WrongSecurity.into()),
        Verb::Ccc if !secured => Some(Misuse::WrongSecurity.into()),
        Verb::Ccc if !shared.config.clear_control => Some(Policy::ClearControl.into()),
        _ => None,
    }
}
