//! When TLS begins and ends on the control connection (RFC 4217), and what is forgotten then.

use crate::action::{Action, Link};
use crate::command::Verb;
use crate::reply::Reply;
use crate::time::Reason;

use super::{Session, Ticket};

/// TLS is about to begin or to end. Nothing is written and nothing may be read meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Securing {
    pub(super) ticket: Option<Ticket>,
    pub(super) verb: Verb,
    reply: Reply,
    /// The action was issued.
    begun: bool,
}

impl Securing {
    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.ticket == Some(ticket)
    }
}

impl Session {
    /// AUTH or CCC was accepted. Its answer is given when the connection has changed.
    pub(super) fn agree_on_security(&mut self, ticket: Option<Ticket>, verb: Verb, reply: Reply) {
        self.securing = Some(Securing {
            ticket,
            verb,
            reply,
            begun: false,
        });
        self.begin_securing_when_flushed();
    }

    pub(super) fn begin_securing_when_flushed(&mut self) {
        let flushed = self.outbox.is_empty();
        let Some(securing) = self
            .securing
            .as_mut()
            .filter(|securing| flushed && !securing.begun)
        else {
            return;
        };
        securing.begun = true;
        let action = match securing.verb {
            Verb::Auth => Action::Secure {
                link: Link::Control,
            },
            _ => Action::Unsecure,
        };
        self.actions.push_back(action);
        self.timers.begin(Reason::Securing, &self.config.timeouts);
    }

    pub(super) fn control_secured(&mut self) {
        self.security_changed(Verb::Auth, true);
    }

    pub(super) fn control_unsecured(&mut self) {
        self.security_changed(Verb::Ccc, false);
    }

    fn security_changed(&mut self, verb: Verb, secured: bool) {
        if let Some(changed) = self
            .securing
            .take_if(|securing| securing.begun && securing.verb == verb)
        {
            self.timers.cancel(Reason::Securing);
            self.control.secured = secured;
            self.cleared = !secured;
            if secured {
                // Whatever was learnt in clear may have been put there by somebody else.
                self.forget_server();
            }
            self.answer_reply(changed.ticket, verb, changed.reply);
        }
    }

    /// Whether the control connection is in clear although nobody agreed to that with CCC.
    pub(super) const fn is_in_clear(&self) -> bool {
        !self.control.secured && !self.cleared
    }
}
