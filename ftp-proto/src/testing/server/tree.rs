//! Directories and files by name: RFC 959, 4.1.3; RFC 3659.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::super::calendar;
use super::super::files::{Entry, is_at_or_below, parent, resolve};
use super::super::listing;
use super::super::peer::split_line;
use super::{Answer, Server, answer};

impl Server {
    /// Commands on names. `None` when it is another one.
    pub(super) fn tree_command(&mut self, verb: &[u8], argument: &[u8]) -> Option<Option<Answer>> {
        if matches!(verb, b"PWD" | b"XPWD") {
            let quoted = self.quoted(&self.state.directory);
            return Some(answer(
                257,
                [quoted.as_slice(), b" is the current directory."].concat(),
            ));
        }
        if matches!(verb, b"CDUP" | b"XCUP") {
            return Some(self.change_directory(b".."));
        }
        if verb == b"MLST" {
            return Some(self.facts_of(argument));
        }
        let command: fn(&mut Self, &[u8]) -> Option<Answer> = match verb {
            b"CWD" | b"XCWD" => Self::change_directory,
            b"MKD" | b"XMKD" => Self::make_directory,
            b"RMD" | b"XRMD" => Self::remove_directory,
            b"DELE" => Self::delete,
            b"RNFR" => Self::rename_from,
            b"RNTO" => Self::rename_to,
            b"SIZE" => Self::size,
            b"MDTM" => Self::modified,
            b"MFMT" => Self::set_modified,
            _ => return None,
        };
        if argument.is_empty() {
            return Some(answer(501, "An argument is needed."));
        }
        Some(command(self, argument))
    }

    pub(super) fn path(&self, name: &[u8]) -> Vec<u8> {
        resolve(&self.state.directory, name)
    }

    /// Why this path cannot be changed, if it cannot.
    pub(super) fn refuse_change(&self, path: &[u8]) -> Option<Answer> {
        if self.files.get(path).is_none() {
            return missing(path);
        }
        self.refuse_writing()
    }

    pub(super) fn refuse_writing(&self) -> Option<Answer> {
        if self.config.read_only {
            answer(550, "Permission denied.")
        } else {
            None
        }
    }

    fn change_directory(&mut self, name: &[u8]) -> Option<Answer> {
        let path = self.path(name);
        match self.files.get(&path) {
            None => missing(name),
            Some(entry) if !entry.is_directory() => {
                answer(550, [name, b": not a directory."].concat())
            }
            Some(_) => {
                self.state.directory = path;
                answer(250, "Directory changed.")
            }
        }
    }

    fn make_directory(&mut self, name: &[u8]) -> Option<Answer> {
        let path = self.path(name);
        if let Some(refusal) = self.refuse_writing() {
            return Some(refusal);
        }
        if self.files.get(&path).is_some() {
            return answer(550, [name, b": already exists."].concat());
        }
        if !self
            .files
            .get(parent(&path))
            .is_some_and(Entry::is_directory)
        {
            return missing(name);
        }
        self.files.make_directories(&path, self.config.time);
        answer(257, [self.quoted(&path).as_slice(), b" created."].concat())
    }

    fn remove_directory(&mut self, name: &[u8]) -> Option<Answer> {
        let path = self.path(name);
        if let Some(refusal) = self.refuse_change(&path) {
            return Some(refusal);
        }
        if !self.files.get(&path).is_some_and(Entry::is_directory) {
            return answer(550, [name, b": not a directory."].concat());
        }
        if self.files.names(&path).next().is_some() || path == b"/" {
            return answer(550, [name, b": directory not empty."].concat());
        }
        self.files.remove(&path);
        answer(250, "Directory removed.")
    }

    fn delete(&mut self, name: &[u8]) -> Option<Answer> {
        let path = self.path(name);
        if let Some(refusal) = self.refuse_change(&path) {
            return Some(refusal);
        }
        if self.files.get(&path).is_some_and(Entry::is_directory) {
            return answer(550, [name, b": is a directory."].concat());
        }
        self.files.remove(&path);
        answer(250, "File removed.")
    }

    fn rename_from(&mut self, name: &[u8]) -> Option<Answer> {
        let path = self.path(name);
        if let Some(refusal) = self.refuse_change(&path) {
            return Some(refusal);
        }
        self.private.rename_from = Some(path);
        answer(350, "Ready for RNTO.")
    }

    fn rename_to(&mut self, name: &[u8]) -> Option<Answer> {
        let Some(from) = self.private.rename_from.take() else {
            return answer(503, "RNFR must come first.");
        };
        let to = self.path(name);
        let fits = self.files.get(parent(&to)).is_some_and(Entry::is_directory);
        let taken = self.files.get(&to).is_some_and(Entry::is_directory);
        if !fits || taken || is_at_or_below(&to, &from) && to != from {
            return answer(553, [name, b": cannot be the new name."].concat());
        }
        if to != from {
            self.files.remove(&to);
            self.files.rename(&from, &to);
        }
        answer(250, "Renamed.")
    }

    fn size(&mut self, name: &[u8]) -> Option<Answer> {
        match self.content(name) {
            Err(refusal) => refusal,
            Ok(_) if self.state.ascii => answer(550, "SIZE not allowed in ASCII type."),
            Ok(content) => answer(213, format!("{}", content.len())),
        }
    }

    fn modified(&mut self, name: &[u8]) -> Option<Answer> {
        match self.files.get(self.path(name)) {
            None => missing(name),
            Some(entry) => answer(213, calendar::time_val(entry.modified())),
        }
    }

    fn set_modified(&mut self, argument: &[u8]) -> Option<Answer> {
        let (time, name) = split_line(argument);
        let Some(seconds) = calendar::parse_time_val(&time) else {
            return answer(501, "Not a time.");
        };
        let path = self.path(name);
        if let Some(refusal) = self.refuse_change(&path) {
            return Some(refusal);
        }
        self.files.set_modified(&path, seconds);
        let told = format!("Modify={}; ", calendar::time_val(seconds));
        answer(213, [told.as_bytes(), name].concat())
    }

    fn facts_of(&self, name: &[u8]) -> Option<Answer> {
        let path = self.path(name);
        let Some(entry) = self.files.get(&path) else {
            return missing(name);
        };
        let line = listing::fact_line(&path, entry, listing::kind(entry), self.private.facts);
        answer(
            250,
            [b"Facts follow:\n ", line.as_slice(), b"\nEnd."].concat(),
        )
    }

    /// The bytes of a file, or the refusal.
    pub(super) fn content(&self, name: &[u8]) -> Result<Arc<[u8]>, Option<Answer>> {
        match self.files.get(self.path(name)) {
            None => Err(missing(name)),
            Some(entry) => entry
                .shared_content()
                .ok_or_else(|| answer(550, [name, b": not a plain file."].concat())),
        }
    }

    /// A path in quotes, with its own quotes doubled (RFC 959, appendix II).
    fn quoted(&self, path: &[u8]) -> Vec<u8> {
        let mut quoted = Vec::from(*b"\"");
        for byte in path {
            quoted.push(*byte);
            if *byte == b'"' && self.config.behaviour.quotes_doubled {
                quoted.push(*byte);
            }
        }
        quoted.push(b'"');
        quoted
    }
}

pub(super) fn missing(name: &[u8]) -> Option<Answer> {
    answer(550, [name, b": no such file or directory."].concat())
}
