//! The words of a trace for failures, details and modes, both ways.

use crate::action::Failure;
use crate::config::Detail;
use crate::transfer::DataMode;

const FAILURES: [(Failure, &str); 8] = [
    (Failure::Refused, "refused"),
    (Failure::Unreachable, "unreachable"),
    (Failure::TimedOut, "timed-out"),
    (Failure::Reset, "reset"),
    (Failure::Tls, "tls"),
    (Failure::TlsTimedOut, "tls-timed-out"),
    (Failure::Local, "local"),
    (Failure::Other, "other"),
];

pub(super) fn failure_name(failure: Failure) -> &'static str {
    FAILURES
        .iter()
        .find(|(known, _)| *known == failure)
        .map_or("other", |(_, name)| name)
}

const DETAILS: [(Detail, &str); 4] = [
    (Detail::Off, "off"),
    (Detail::Requests, "requests"),
    (Detail::Steps, "steps"),
    (Detail::Everything, "everything"),
];

pub(super) fn detail_name(detail: Detail) -> &'static str {
    DETAILS
        .iter()
        .find(|(known, _)| *known == detail)
        .map_or("off", |(_, name)| name)
}

const MODES: [(DataMode, &str); 6] = [
    (DataMode::Auto, "auto"),
    (DataMode::ExtendedPassive, "epsv"),
    (DataMode::Passive, "pasv"),
    (DataMode::ExtendedActive, "eprt"),
    (DataMode::Active, "port"),
    (DataMode::AnyActive, "active"),
];

pub(super) fn mode_name(mode: DataMode) -> &'static str {
    MODES
        .iter()
        .find(|(known, _)| *known == mode)
        .map_or("auto", |(_, name)| name)
}

pub(super) fn failure(word: &str) -> Option<Failure> {
    let found = FAILURES.iter().find(|(_, name)| *name == word);
    found.map(|(failure, _)| *failure)
}

pub(super) fn detail(word: &str) -> Option<Detail> {
    let found = DETAILS.iter().find(|(_, name)| *name == word);
    found.map(|(detail, _)| *detail)
}

pub(super) fn mode(word: &str) -> Option<DataMode> {
    let found = MODES.iter().find(|(_, name)| *name == word);
    found.map(|(mode, _)| *mode)
}
