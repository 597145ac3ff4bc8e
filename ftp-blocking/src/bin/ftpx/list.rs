//! `ls`.

use std::io::{self, Write};

use ftp_blocking::proto::listing::{Entry, Kind, Name};
use serde_json::{Map, Value, json};

use crate::arguments::Ls;
use crate::connect::{Link, Origin};
use crate::exit::{Failure, Result, local};

pub(crate) fn ls<T: Link>(origin: &Origin<'_, T>, ls: &Ls) -> Result<()> {
    let mut retrying = origin.sessions(&ls.url)?.retrying();
    let mut out = io::stdout().lock();
    if !ls.recursive {
        for entry in retrying.list(ls.url.path())? {
            write(&mut out, ls, entry.name(), &entry).map_err(local("standard output"))?;
        }
        return out.flush().map_err(local("standard output"));
    }
    let mut written = Ok(());
    let walked = retrying.client()?.walk(ls.url.path(), |path, entry| {
        if written.is_ok() {
            written = write(&mut out, ls, Name::new(path.as_bytes()), entry);
        }
    })?;
    written.map_err(local("standard output"))?;
    for (path, unread) in &walked.unread {
        eprintln!("ftpx: {path} could not be read: {unread:?}");
    }
    match walked.unread.is_empty() && !walked.is_limited {
        true => Ok(()),
        false => Err(Failure::Partly("the list is not complete".to_owned())),
    }
}

fn write(out: &mut impl Write, ls: &Ls, name: Name<'_>, entry: &Entry<'_>) -> io::Result<()> {
    if ls.json {
        return writeln!(out, "{}", crate::plan::as_line(&as_json(name, entry)));
    }
    if !ls.long {
        return writeln!(out, "{name}");
    }
    let mode = or_dash(entry.mode().map(|mode| format!("{mode:04o}")));
    let size = or_dash(entry.size());
    let time = or_dash(entry.modified());
    let owner = Name::new(entry.owner().unwrap_or(b"-")).to_string();
    write!(
        out,
        "{} {mode:>4} {owner:<8} {size:>12} {time:<20} {name}",
        letter(entry.kind())
    )?;
    match entry.target() {
        Some(target) => writeln!(out, " -> {}", Name::new(target)),
        None => writeln!(out),
    }
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

const fn letter(kind: Kind) -> char {
    match kind {
        Kind::File => '-',
        Kind::Directory | Kind::CurrentDirectory | Kind::ParentDirectory => 'd',
        Kind::Symlink => 'l',
        Kind::Other => 'o',
        _ => '?',
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory | Kind::CurrentDirectory | Kind::ParentDirectory => "directory",
        Kind::Symlink => "link",
        Kind::Other => "other",
        _ => "unknown",
    }
}

/// What the server did not say is not there.
fn as_json(name: Name<'_>, entry: &Entry<'_>) -> Value {
    let mut object = Map::new();
    object.extend(crate::plan::bytes_as_json("name", name.as_bytes()));
    object.insert("kind".to_owned(), json!(word(entry.kind())));
    let mut add = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            object.insert(key.to_owned(), value);
        }
    };
    add("size", entry.size().map(Value::from));
    add(
        "modified",
        entry.modified().map(|time| time.to_string().into()),
    );
    add(
        "mode",
        entry.mode().map(|mode| format!("{mode:04o}").into()),
    );
    add(
        "owner",
        entry
            .owner()
            .map(|owner| String::from_utf8_lossy(owner).into()),
    );
    add(
        "target",
        entry
            .target()
            .map(|target| String::from_utf8_lossy(target).into()),
    );
    Value::Object(object)
}
