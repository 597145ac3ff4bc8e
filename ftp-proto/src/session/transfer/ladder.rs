//! The ladders of data modes: which command opens the data connection, and which one is next.

use crate::command::Verb;
use crate::transfer::DataMode;

use super::prelude::Next;
use crate::session::server::Pret;
use crate::session::shared::Shared;

/// The first mode: a ladder begins at the way to which earlier transfers of this session had to
/// descend.
pub(super) fn way(shared: &Shared, ladder: DataMode) -> DataMode {
    let ipv4 = shared.control.is_ipv4();
    let refused = |mode| ipv4 && shared.server.refuses_mode(mode);
    match ladder {
        DataMode::Auto if refused(DataMode::ExtendedPassive) => DataMode::Passive,
        DataMode::Auto => DataMode::ExtendedPassive,
        DataMode::AnyActive if refused(DataMode::ExtendedActive) => DataMode::Active,
        DataMode::AnyActive => DataMode::ExtendedActive,
        chosen => chosen,
    }
}

pub(super) const fn passive_verb(mode: DataMode) -> Verb {
    match mode {
        DataMode::Passive => Verb::Pasv,
        _ => Verb::Epsv,
    }
}

/// How a ladder goes on behind `mode`. IPv6 has no older command. `asked`: FEAT was sent for this
/// ladder, and is not sent again.
pub(super) fn next(shared: &Shared, ladder: DataMode, mode: DataMode, asked: bool) -> Next {
    let ipv4 = shared.control.is_ipv4();
    let may_be_active = ladder == DataMode::Auto && shared.config.active_fallback;
    match (ladder, mode) {
        (DataMode::Auto, DataMode::ExtendedPassive)
        | (DataMode::Auto | DataMode::AnyActive, DataMode::ExtendedActive)
            if ipv4 =>
        {
            Next::Way
        }
        (_, DataMode::ExtendedPassive | DataMode::Passive) => match shared.server.pret() {
            Pret::Unknown if !asked => Next::Features,
            Pret::Named => Next::Pret,
            _ if may_be_active => Next::Active,
            _ => Next::Nothing,
        },
        _ => Next::Nothing,
    }
}
