//! Scripts: what happens to a session, a line each, so that a seed can be written by hand and a
//! crash be read.
//!
//! A line is a letter and an operand; a blank between them is skipped, and a line that makes no
//! sense does nothing. Operands that are bytes may hold `\r`, `\n`, `\0`, `\\` and `\xHH`.
//!
//! | Line | What happens |
//! |------|--------------|
//! | `=name value` | sets the session up, wherever the line stands; see [`setup`] |
//! | `!name argument` | an operation, for [`conversation`](crate::conversation) only; they run one after the other |
//! | `r text` | the server sends the text and CR LF |
//! | `b bytes` | the server sends the bytes, nothing added |
//! | `F text` | the server sends the text and CR LF thousands of times, once in a script |
//! | `e` | the server ends the control connection |
//! | `w n` | n bytes of what waits are written; all without a number |
//! | `+ n` | n milliseconds pass; without a number: until the deadline |
//! | `.` | the driver takes all actions |
//! | `,` | the driver takes one action |
//! | `y n` | the n-th duty of the driver succeeds (without a number: the oldest) |
//! | `n how` | the oldest duty fails; the letter says how: refused, unreachable, timed out, reset, tls, local, other |
//! | `s` | a stranger is accepted |
//! | `t` | the payload ends without close_notify |
//! | `l` | the payload's limit is reached |
//! | `c` | everything was sent and the end of TLS is under way |
//! | `u n` | n bytes of payload move |
//! | `h n` | the application gives or takes no payload (1), or does again (0) |
//! | `x how` | the control connection fails |
//! | `f n kind` | a report that nothing asked for, about the n-th data connection |
//! | `C line` | a command is submitted |
//! | `P` | a password is submitted |
//! | `g line` | a transfer begins, by its command |
//! | `o n`, `m n`, `q n`, `a`, `M n` | sets for the next transfer: offset, limit, expected length, ASCII type, data mode |
//! | `A` | the transfer is aborted |
//! | `D n` | the n-th ticket is discarded |
//! | `p n` | the n-th ticket is polled |
//! | `T` | the transfer is polled |
//! | `v` | an event is polled |
//! | `Z` | the session is closed |
//!
//! [`setup`]: fn@setup

use std::net::IpAddr;
use std::time::Duration;

use ftp_proto::address::HostPolicy;
use ftp_proto::{
    AbortStyle, Config, Control, DataMode, Detail, Leniencies, Leniency, Pipeline, Telnet,
    Timeouts, TlsPolicy,
};

/// No script goes on for longer.
const LINES_MAX: usize = 400;

/// One line of a script.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What happens.
    pub letter: u8,
    /// With what.
    pub operand: &'a [u8],
}

impl Line<'_> {
    /// The operand as a number, if it begins with one.
    pub fn number(&self) -> Option<u64> {
        number(self.operand)
    }

    /// The operand with its escapes undone.
    pub fn bytes(&self) -> Vec<u8> {
        unescape(self.operand)
    }
}

/// The lines of a script.
pub fn lines(script: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let lines = script.split(|&byte| byte == b'\n').filter_map(|line| {
        let (&letter, operand) = line.split_first()?;
        let operand = operand.strip_prefix(b" ").unwrap_or(operand);
        Some(Line { letter, operand })
    });
    lines.take(LINES_MAX)
}

/// Leading digits.
pub fn number(text: &[u8]) -> Option<u64> {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let digits = String::from_utf8_lossy(&text[..end.min(20)]);
    (end > 0).then(|| digits.parse().unwrap_or(u64::MAX))
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after) {
            (b'\\', [b'r', after @ ..]) => (b'\r', after),
            (b'\\', [b'n', after @ ..]) => (b'\n', after),
            (b'\\', [b'0', after @ ..]) => (0, after),
            (b'\\', [b'\\', after @ ..]) => (b'\\', after),
            (b'\\', [b'x', high, low, after @ ..]) => match hex(*high, *low) {
                Some(value) => (value, after),
                None => (b'\\', &rest[1..]),
            },
            _ => (byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    bytes
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// The configuration and the control connection that a script asks for. Limits of replies are small
/// unless it says `=limits default`, so that scripts can reach them.
pub fn setup(script: &[u8]) -> (Config, Control) {
    let mut config = Config::default();
    config.limits.reply.line_bytes_max = 64;
    config.limits.reply.reply_bytes_max = 256;
    config.limits.reply.reply_lines_max = 8;
    config.limits.reply.discard_bytes_max = 1024;
    config.limits.trace_records_max = 16;
    let mut control = Control::new(IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 9]));
    for line in lines(script).filter(|line| line.letter == b'=') {
        let mut words = line.operand.split(|&byte| byte == b' ');
        let name = words.next().unwrap_or_default();
        let value = words.next().unwrap_or_default();
        apply(name, value, &mut config, &mut control);
    }
    (config, control)
}

fn apply(name: &[u8], value: &[u8], config: &mut Config, control: &mut Control) {
    let count = number(value).unwrap_or_default();
    let time = if value == b"max" {
        Duration::MAX
    } else {
        Duration::from_millis(count)
    };
    match name {
        b"tls" if value == b"control" => config.tls = TlsPolicy::Control,
        b"tls" if value == b"full" => config.tls = TlsPolicy::Full,
        b"clear" => config.clear_control = true,
        b"secured" => control.secured = true,
        b"mode" => config.data_mode = data_mode(count),
        b"host" if value == b"reported" => config.host_policy = HostPolicy::AsReported,
        b"host" if value == b"public" => config.host_policy = HostPolicy::AsReportedIfPublicOrSame,
        b"host" if value == b"reject" => config.host_policy = HostPolicy::RejectMismatch,
        b"peer" => control.peer = address(value),
        b"local" => control.local = address(value),
        b"abort" if value == b"data" => config.abort = AbortStyle::CloseData,
        b"abort" if value == b"control" => config.abort = AbortStyle::CloseControl,
        b"lenient" => config.lenient = leniencies(count),
        b"literal" => config.telnet = Telnet::Literal,
        b"detail" if count == 1 => config.detail = Detail::Requests,
        b"detail" => config.detail = Detail::Everything,
        b"keepalive" => config.keepalive = Some(time),
        b"lookahead" => config.lookahead = true,
        b"eager" => config.eager = true,
        b"pipeline" => config.pipeline = Pipeline::window(u16::try_from(count).unwrap_or(8)),
        b"limits" => config.limits = ftp_proto::Limits::default(),
        b"timeouts" => config.timeouts = Timeouts::all(time),
        b"linger" => config.timeouts.abort_linger = time,
        b"total" => config.timeouts.data_total = Some(time),
        b"operation" => config.timeouts.operation = Some(time),
        _ => {}
    }
}

/// The data mode with that number.
pub fn data_mode(number: u64) -> DataMode {
    match number {
        1 => DataMode::ExtendedPassive,
        2 => DataMode::Passive,
        3 => DataMode::ExtendedActive,
        4 => DataMode::Active,
        5 => DataMode::AnyActive,
        _ => DataMode::Auto,
    }
}

fn address(value: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn leniencies(bits: u64) -> Leniencies {
    let choices = [
        Leniency::OtherCodeEndsReply,
        Leniency::UndoubledQuotes,
        Leniency::NoCloseNotify,
    ];
    let chosen = choices
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| bits >> bit & 1 == 1);
    chosen.fold(Leniencies::default(), |set, (_, leniency)| {
        set.with(leniency)
    })
}
