//! The configuration as words, `name=value`: what differs from the default.

use alloc::string::String;
use core::fmt::{self, Write};
use core::time::Duration;

use crate::address::HostPolicy;
use crate::config::{
    AbortStyle, Config, Detail, Encoding, Leniency, Limits, Pipeline, Telnet, Timeouts, TlsPolicy,
};
use crate::operation::rung::Rung;
use crate::reply;

/// A setting: its name, how it is read from a configuration and written into one.
struct Setting {
    name: &'static str,
    get: fn(&Config) -> String,
    set: fn(&mut Config, &str) -> Option<()>,
}

macro_rules! named {
    ($field:ident: $($name:literal = $value:expr),+ $(,)?) => {
        Setting {
            name: stringify!($field),
            get: |config| match config.$field {
                $(value if value == $value => String::from($name),)+
                _ => String::from("?"),
            },
            set: |config, text| {
                config.$field = match text {
                    $($name => $value,)+
                    _ => return None,
                };
                Some(())
            },
        }
    };
}

macro_rules! duration {
    ($field:ident) => {
        Setting {
            name: stringify!($field),
            get: |config| shown(config.timeouts.$field),
            set: |config, text| {
                config.timeouts.$field = duration(text)?;
                Some(())
            },
        }
    };
}

macro_rules! number {
    ($name:ident: $($path:ident).+) => {
        Setting {
            name: stringify!($name),
            get: |config| alloc::format!("{}", config.$($path).+),
            set: |config, text| {
                config.$($path).+ = text.parse().ok()?;
                Some(())
            },
        }
    };
}

macro_rules! optional_duration {
    ($name:ident: $($path:ident).+) => {
        Setting {
            name: stringify!($name),
            get: |config| config.$($path).+.map_or_else(|| String::from("none"), shown),
            set: |config, text| {
                config.$($path).+ = if text == "none" { None } else { Some(duration(text)?) };
                Some(())
            },
        }
    };
}

const SETTINGS: &[Setting] = &[
    Setting {
        name: "data_mode",
        get: |config| String::from(super::names::mode_name(config.data_mode)),
        set: |config, text| {
            config.data_mode = super::names::mode(text)?;
            Some(())
        },
    },
    named!(host_policy: "control" = HostPolicy::ControlHost, "reported" = HostPolicy::AsReported,
        "public" = HostPolicy::AsReportedIfPublicOrSame, "reject" = HostPolicy::RejectMismatch),
    named!(tls: "none" = TlsPolicy::None, "control" = TlsPolicy::Control, "full" = TlsPolicy::Full),
    named!(abort: "abor" = AbortStyle::Abor, "data" = AbortStyle::CloseData, "control" = AbortStyle::CloseControl),
    named!(telnet: "doubled" = Telnet::Doubled, "literal" = Telnet::Literal),
    named!(encoding: "negotiated" = Encoding::Negotiated, "as_it_is" = Encoding::AsItIs),
    named!(listing_begins_at: "offered" = None, "mlsd" = Some(Rung::MachineList), "list_all" = Some(Rung::ListAll),
        "list" = Some(Rung::List), "stat" = Some(Rung::Status)),
    named!(listing_by_argument: "yes" = true, "no" = false),
    named!(active_fallback: "yes" = true, "no" = false),
    named!(lookahead: "yes" = true, "no" = false),
    named!(eager: "yes" = true, "no" = false),
    named!(early_tls: "yes" = true, "no" = false),
    named!(clear_control: "yes" = true, "no" = false),
    Setting {
        name: "lenient",
        get: leniencies,
        set: set_leniencies,
    },
    Setting {
        name: "pipeline",
        get: |config| alloc::format!("{}", config.pipeline.get()),
        set: set_pipeline,
    },
    optional_duration!(keepalive: keepalive),
    optional_duration!(idle_keepalive: idle_keepalive),
    optional_duration!(data_total: timeouts.data_total),
    optional_duration!(operation: timeouts.operation),
    duration!(connect),
    duration!(greeting),
    duration!(reply),
    duration!(mark),
    duration!(data_open),
    duration!(securing),
    duration!(data_idle),
    duration!(tls_close),
    duration!(completion),
    duration!(drain),
    duration!(abort_linger),
    duration!(abort_grace),
    duration!(fence),
    number!(line_bytes_max: limits.reply.line_bytes_max),
    number!(reply_bytes_max: limits.reply.reply_bytes_max),
    number!(reply_lines_max: limits.reply.reply_lines_max),
    number!(discard_bytes_max: limits.reply.discard_bytes_max),
    number!(preliminary_replies_max: limits.preliminary_replies_max),
    number!(unsolicited_replies_max: limits.unsolicited_replies_max),
    number!(in_flight_max: limits.in_flight_max),
    number!(keepalives_max: limits.keepalives_max),
    number!(strangers_max: limits.strangers_max),
    number!(data_progress_min: limits.data_progress_min),
    number!(listing_entries_max: limits.listing_entries_max),
    number!(listing_bytes_max: limits.listing_bytes_max),
    number!(trace_records_max: limits.trace_records_max),
];

/// Names every field: one that is added does not compile until it is named here, which is the time
/// to give it a setting above. `tests/traces.rs` changes each field and reads it back.
const fn names_every_field(config: &Config) {
    let Config {
        timeouts,
        limits,
        data_mode: _,
        active_fallback: _,
        host_policy: _,
        tls: _,
        clear_control: _,
        abort: _,
        lenient: _,
        encoding: _,
        telnet: _,
        listing_begins_at: _,
        listing_by_argument: _,
        detail: _, // what is recorded is everything, or there is no line to write
        keepalive: _,
        idle_keepalive: _,
        pipeline: _,
        lookahead: _,
        eager: _,
        early_tls: _,
    } = config;
    let Timeouts {
        connect: _,
        greeting: _,
        reply: _,
        mark: _,
        data_open: _,
        securing: _,
        data_idle: _,
        data_total: _,
        tls_close: _,
        completion: _,
        drain: _,
        abort_linger: _,
        abort_grace: _,
        fence: _,
        operation: _,
    } = timeouts;
    let Limits {
        reply,
        preliminary_replies_max: _,
        unsolicited_replies_max: _,
        in_flight_max: _,
        keepalives_max: _,
        strangers_max: _,
        data_progress_min: _,
        listing_entries_max: _,
        listing_bytes_max: _,
        trace_records_max: _,
    } = limits;
    let reply::Limits {
        line_bytes_max: _,
        reply_bytes_max: _,
        reply_lines_max: _,
        discard_bytes_max: _,
    } = reply;
}

/// Writes ` name=value` for each setting that differs from the default.
pub(super) fn write(config: &Config, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    names_every_field(config);
    let usual = Config::default();
    for setting in SETTINGS {
        let value = (setting.get)(config);
        if value != (setting.get)(&usual) {
            write!(f, " {}={value}", setting.name)?;
        }
    }
    Ok(())
}

/// Reads one `name=value` into `config`. What is recorded is always everything: a trace of less has
/// no such line.
pub(super) fn read(config: &mut Config, name: &str, value: &str) -> Option<()> {
    config.detail = Detail::Everything;
    let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
    (setting.set)(config, value)
}

/// Whole milliseconds where that loses nothing, else seconds and nanoseconds.
fn shown(duration: Duration) -> String {
    if duration.subsec_nanos() % 1_000_000 == 0 {
        alloc::format!("{}ms", duration.as_millis())
    } else {
        alloc::format!("{}.{:09}s", duration.as_secs(), duration.subsec_nanos())
    }
}

/// Reads what [`shown`] wrote.
fn duration(text: &str) -> Option<Duration> {
    if let Some(millis) = text.strip_suffix("ms") {
        let millis: u128 = millis.parse().ok()?;
        let secs = u64::try_from(millis / 1000).ok()?;
        let rest = u32::try_from(millis % 1000).ok()?;
        return Some(Duration::new(secs, rest.checked_mul(1_000_000)?));
    }
    let (secs, nanos) = text.strip_suffix('s')?.split_once('.')?;
    let nanos = Some(nanos).filter(|nanos| nanos.len() == 9)?;
    Some(Duration::new(secs.parse().ok()?, nanos.parse().ok()?))
}

const LENIENCIES: [(&str, Leniency); 6] = [
    ("other-code", Leniency::OtherCodeEndsReply),
    ("quotes", Leniency::UndoubledQuotes),
    ("no-close-notify", Leniency::NoCloseNotify),
    ("early-completion", Leniency::EarlyCompletion),
    ("no-mark", Leniency::NoMark),
    ("surplus", Leniency::SurplusCompletion),
];

fn leniencies(config: &Config) -> String {
    let mut text = String::new();
    for (name, leniency) in LENIENCIES {
        if config.lenient.contains(leniency) {
            let separator = if text.is_empty() { "" } else { "," };
            // Writing into a string cannot fail.
            let _ = write!(text, "{separator}{name}");
        }
    }
    text
}

fn set_leniencies(config: &mut Config, text: &str) -> Option<()> {
    for word in text.split(',').filter(|word| !word.is_empty()) {
        let (_, leniency) = LENIENCIES.iter().find(|(name, _)| *name == word)?;
        config.lenient = config.lenient.with(*leniency);
    }
    Some(())
}

fn set_pipeline(config: &mut Config, text: &str) -> Option<()> {
    config.pipeline = Pipeline::window(text.parse().ok()?);
    Some(())
}
