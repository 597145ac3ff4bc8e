//! What is known of the server.

use crate::action::Representation;
use crate::features::Features;
use crate::reply::Reply;

use super::Rung;

/// What is known of the server. Whatever is not certain is forgotten; after AUTH and REIN the server is as new.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Server {
    /// The TYPE that is in force.
    representation: Option<Representation>,
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

impl Server {
    /// The TYPE that is in force, when that is certain.
    pub(super) const fn representation(&self) -> Option<Representation> {
        self.representation
    }

    pub(super) const fn set_representation(&mut self, representation: Option<Representation>) {
        self.representation = representation;
    }

    /// The reply to FEAT. It is read when it comes, and not when somebody polls it: by then TLS may have begun, and what
    /// was said in clear does not count any more. A server that refuses for now (530 or 503 before the login) may be
    /// asked again.
    pub(super) fn learn_features(&mut self, reply: &Reply) {
        let features = Features::decode(reply);
        if features.is_ok() || matches!(reply.code().get(), 500 | 501 | 502 | 504) {
            self.features = Some(features.unwrap_or_default());
        }
    }
}
