//! What is known of the server.

use crate::action::Representation;
use crate::features::Features;
use crate::operation::memory::Memory;
use crate::reply::Reply;
use crate::transfer::DataMode;

use super::wire::Effect;

/// What is known of the server. Uncertain facts are forgotten. AUTH and REIN reset all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Server {
    /// The TYPE that is in force.
    representation: Option<Representation>,
    /// EPSV was refused, or led nowhere.
    no_extended_passive: bool,
    /// EPRT was refused.
    no_extended_active: bool,
    /// PRET was sent once, since the server wants it.
    wants_pret: bool,
    /// The server answers a port that is asked ahead before the transfer is over.
    pub(super) no_lookahead: bool,
    /// The server has sent its mark only after the TLS handshake on the data connection.
    pub(super) mark_follows_tls: bool,
    /// A keepalive has ended a transfer.
    pub(super) no_keepalive: bool,
    /// PROT P is in force.
    pub(super) protected: bool,
    pub(super) features: Option<Features>,
    /// What operations remember.
    pub(super) memory: Memory,
}

/// Whether the server wants PRET before EPSV and PASV (DrFTPD).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pret {
    /// Nobody asked for FEAT.
    Unknown,
    /// FEAT does not name it.
    No,
    /// FEAT names it. Some servers do not need it all the same (Pure-FTPd).
    Named,
    /// It is sent.
    Wanted,
}

impl Server {
    /// A way to open data connections was refused; `lasts`: for good.
    pub(super) const fn refuse_mode(&mut self, mode: DataMode, lasts: bool) {
        match mode {
            DataMode::ExtendedPassive => self.no_extended_passive |= lasts,
            DataMode::ExtendedActive => self.no_extended_active |= lasts,
            _ => {}
        }
    }

    /// Whether a newer command was refused for good.
    pub(super) const fn refuses_mode(&self, mode: DataMode) -> bool {
        match mode {
            DataMode::ExtendedPassive => self.no_extended_passive,
            DataMode::ExtendedActive => self.no_extended_active,
            _ => false,
        }
    }

    pub(super) fn pret(&self) -> Pret {
        match &self.features {
            _ if self.wants_pret => Pret::Wanted,
            None => Pret::Unknown,
            Some(features) if features.has("PRET") => Pret::Named,
            Some(_) => Pret::No,
        }
    }

    pub(super) const fn wants_pret(&self) -> bool {
        self.wants_pret
    }

    /// From now on PRET is sent before EPSV and PASV, which are tried anew.
    pub(super) const fn want_pret(&mut self) {
        if !self.wants_pret {
            self.wants_pret = true;
            self.no_extended_passive = false;
        }
    }

    /// The TYPE that is in force, when that is certain.
    pub(super) const fn representation(&self) -> Option<Representation> {
        self.representation
    }

    pub(super) const fn set_representation(&mut self, representation: Option<Representation>) {
        self.representation = representation;
    }

    /// Applies the final reply to a command. `granted`: it is a success that the command can have.
    pub(super) fn learn(&mut self, effect: Effect, reply: &Reply, granted: bool) {
        match effect {
            Effect::Protect(protected) if granted => self.protected = protected,
            Effect::Represent(representation) => {
                self.representation = representation.filter(|_| granted);
            }
            Effect::Offer => self.learn_features(reply),
            Effect::Forget if granted => *self = Self::default(),
            _ => {}
        }
    }

    /// Reads the reply to FEAT when it comes, not when it is polled: TLS may begin in between, and
    /// then facts from clear text no longer count. A server that refuses for now (530 or 503 before
    /// the login) may be asked again.
    pub(super) fn learn_features(&mut self, reply: &Reply) {
        let features = Features::decode(reply);
        if features.is_ok() || reply.code().is_not_done_here() {
            self.features = Some(features.unwrap_or_default());
        }
    }
}
