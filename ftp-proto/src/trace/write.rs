//! Records as lines of text: a word that says what it is, then its values, bytes last and in
//! quotes.

use core::fmt;

use crate::action::{Action, Direction, End, Link, Report, Representation, Target};
use crate::command::Command;
use crate::reply::Reply;
use crate::transfer::Transfer;

use super::names::{detail_name, failure_name, mode_name};
use super::{Record, config};

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { config, control } => {
                f.write_str("open")?;
                if let Some(peer) = control.peer {
                    write!(f, " peer={peer}")?;
                }
                if let Some(local) = control.local {
                    write!(f, " local={local}")?;
                }
                write!(f, " secured={}", if control.secured { "yes" } else { "no" })?;
                config::write(config, f)
            }
            Self::Command(command) => write!(f, "command {}", Quoted(command)),
            Self::Reply(reply) => write_reply(reply, f),
            Self::Received(bytes) => write!(f, "receive \"{}\"", bytes.escape_ascii()),
            Self::ReceivedEof => f.write_str("eof"),
            Self::Transmitted(bytes) => write!(f, "transmitted {bytes}"),
            Self::Polled(now) => write!(f, "poll {}", now.since_epoch().as_nanos()),
            Self::Performed(action) => write_action(*action, f),
            Self::Reported(report) => write_report(*report, f),
            Self::Submitted(command) => write!(f, "submit {}", Quoted(command)),
            Self::Batched(command) => write!(f, "batch {}", Quoted(command)),
            Self::Begun(transfer) => write_transfer(transfer, f),
            Self::Aborted(id) => write!(f, "abort {id}"),
            Self::Discarded(ticket) => write!(f, "discard {ticket}"),
            Self::DataModeSet(mode) => write!(f, "mode {}", mode_name(*mode)),
            Self::DetailSet(detail) => write!(f, "detail {}", detail_name(*detail)),
            Self::ResumptionsSet(None) => f.write_str("resumptions unknown"),
            Self::ResumptionsSet(Some(count)) => write!(f, "resumptions {count}"),
            Self::Closed => f.write_str("close"),
            Self::Dropped(count) => write!(f, "dropped {count}"),
        }
    }
}

/// A command line in quotes, with its bytes as they are.
struct Quoted<'a>(&'a Command);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}", self.0.verb())?;
        if let Some(argument) = self.0.masked().argument() {
            write!(f, " {}", argument.as_bytes().escape_ascii())?;
        }
        f.write_str("\"")
    }
}

fn write_reply(reply: &Reply, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "reply {} \"{}\"",
        reply.code(),
        reply.text().escape_ascii()
    )
}

fn write_action(action: Action, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match action {
        Action::Connect {
            data,
            target: Target::ControlHost { port },
        } => {
            write!(f, "action connect {} port={port}", data.get())
        }
        Action::Connect {
            data,
            target: Target::Address(address),
        } => {
            write!(f, "action connect {} address={address}", data.get())
        }
        Action::Listen { data } => write!(f, "action listen {}", data.get()),
        Action::Accept { data } => write!(f, "action accept {}", data.get()),
        Action::Secure { link } => write!(f, "action secure {}", Name(link)),
        Action::Unsecure => f.write_str("action unsecure"),
        Action::Move { data, flow } => {
            let way = direction(flow.direction);
            let kind = representation(flow.representation);
            write!(f, "action move {} {way} {kind}", data.get())?;
            write_some(f, "limit", flow.limit)?;
            write!(f, " secured={}", if flow.secured { "yes" } else { "no" })?;
            f.write_str(if flow.discard { " discard=yes" } else { "" })
        }
        Action::Finish { data } => write!(f, "action finish {}", data.get()),
        Action::Discard { data } => write!(f, "action discard {}", data.get()),
        Action::Poll => f.write_str("action poll"),
        Action::Close => f.write_str("action close"),
    }
}

fn write_report(report: Report, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match report {
        Report::Connected { data } => write!(f, "report connected {}", data.get()),
        Report::Listening { data, local } => write!(f, "report listening {} {local}", data.get()),
        Report::Accepted { data, peer } => write!(f, "report accepted {} {peer}", data.get()),
        Report::Secured { link } => write!(f, "report secured {}", Name(link)),
        Report::Unsecured => f.write_str("report unsecured"),
        Report::Moved { data, bytes } => write!(f, "report moved {} {bytes}", data.get()),
        Report::Held { data, held } => {
            write!(
                f,
                "report held {} {}",
                data.get(),
                if held { "yes" } else { "no" }
            )
        }
        Report::Closing { data } => write!(f, "report closing {}", data.get()),
        Report::Finished { data, end } => {
            write!(f, "report finished {} {}", data.get(), end_name(end))
        }
        Report::Failed { link, failure } => {
            write!(f, "report failed {} {}", Name(link), failure_name(failure))
        }
    }
}

fn write_transfer(transfer: &Transfer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let way = direction(transfer.direction());
    write!(
        f,
        "begin {way} {}",
        representation(transfer.representation())
    )?;
    write!(f, " offset={}", transfer.offset())?;
    write_some(f, "limit", transfer.limit())?;
    write_some(f, "length", transfer.length())?;
    if let Some(mode) = transfer.mode() {
        write!(f, " mode={}", mode_name(mode))?;
    }
    if let Some(directory) = transfer.directory() {
        // In digits, since a line has room for one text in quotes.
        f.write_str(" directory=")?;
        for byte in directory.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
    }
    write!(f, " {}", Quoted(transfer.command()))
}

fn write_some(f: &mut fmt::Formatter<'_>, name: &str, value: Option<u64>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, " {name}={value}"))
}

/// A link as a word: `control`, or the number of the data connection.
struct Name(Link);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Link::Control => f.write_str("control"),
            Link::Data(data) => write!(f, "{}", data.get()),
        }
    }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Receive => "receive",
        Direction::Send => "send",
    }
}

const fn representation(representation: Representation) -> &'static str {
    match representation {
        Representation::Image => "image",
        Representation::Ascii => "ascii",
    }
}

const fn end_name(end: End) -> &'static str {
    match end {
        End::Clean => "clean",
        End::Truncated => "truncated",
        End::Limit => "limit",
    }
}
