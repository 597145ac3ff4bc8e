//! What is known of the server.

use crate::action::Representation;
use crate::features::Features;
use crate::operation::memory::Memory;
use crate::reply::Reply;

use super::Session;

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
    /// What operations remember.
    pub(super) memory: Memory,
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

    /// After AUTH and REIN the server is as new.
    pub(super) fn forget_server(&mut self) {
        self.server = Server::default();
    }
}
