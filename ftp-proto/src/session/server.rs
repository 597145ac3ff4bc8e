//! What is known of the server.

use crate::action::Representation;
use crate::features::Features;
use crate::reply::Reply;

use super::{Rung, Session};

/// What is known of the server, as far as the machine acts by it. Whatever is not certain is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Server {
    /// The TYPE that is in force.
    pub(super) representation: Option<Representation>,
    /// EPSV was refused, or led nowhere.
    pub(super) no_extended_passive: bool,
    pub(super) no_extended_active: bool,
    /// The server does not keep what is asked ahead until the transfer is over.
    pub(super) no_lookahead: bool,
    /// PROT P is in force.
    pub(super) protected: bool,
    pub(super) features: Option<Features>,
    /// OPTS UTF8 ON was sent.
    pub(super) utf8_settled: bool,
    /// The way to list a directory that worked.
    pub(super) listing: Option<Rung>,
}

impl Session {
    /// The reply to FEAT. It is read when it comes, and not when somebody polls it: by then TLS may have begun, and what
    /// was said in clear does not count any more. A server that refuses for now (530 or 503 before the login) may be
    /// asked again.
    pub(super) fn learn_features(&mut self, reply: &Reply) {
        let features = Features::decode(reply);
        if features.is_ok() || matches!(reply.code().get(), 500 | 501 | 502 | 504) {
            self.server.features = Some(features.unwrap_or_default());
        }
    }

    /// Whether OPTS UTF8 ON has been sent already; from now on it counts as sent.
    pub(crate) const fn settle_utf8(&mut self) -> bool {
        core::mem::replace(&mut self.server.utf8_settled, true)
    }

    pub(crate) const fn listing_rung(&self) -> Option<Rung> {
        self.server.listing
    }

    pub(crate) fn remember_listing_rung(&mut self, rung: Rung) {
        self.server.listing = Some(rung);
    }

    /// After AUTH and REIN the server is as new.
    pub(super) fn forget_server(&mut self) {
        self.server = Server::default();
    }
}
