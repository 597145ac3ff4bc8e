//! The transfer commands and their payload: RFC 959, 4.1.3 and 5; RFC 3659.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::files::{Entry, parent};
use super::super::listing;
use super::running::{Load, Upload};
use super::tree::missing;
use super::{Answer, Server, answer};

impl Server {
    /// Commands that move data. `None` when it is another one.
    pub(super) fn transfer_command(
        &mut self,
        verb: &[u8],
        argument: &[u8],
    ) -> Option<Option<Answer>> {
        let is_transfer = matches!(
            verb,
            b"RETR" | b"LIST" | b"NLST" | b"MLSD" | b"STOR" | b"APPE" | b"STOU"
        );
        Some(match verb {
            _ if is_transfer && self.transfer.is_some() => answer(450, "Another transfer runs."),
            b"RETR" => self.retrieve(argument),
            b"LIST" => self.list(argument),
            b"NLST" => self.name_list(argument),
            b"MLSD" => self.machine_list(argument),
            b"STOR" => self.store(argument, false),
            b"APPE" => self.store(argument, true),
            b"STOU" => self.store_unique(),
            b"REST" => self.restart(argument),
            b"ABOR" => self.abort_nothing(),
            _ => return None,
        })
    }

    fn restart(&mut self, argument: &[u8]) -> Option<Answer> {
        let offset = core::str::from_utf8(argument)
            .ok()
            .and_then(|digits| digits.parse().ok());
        match offset {
            None => answer(501, "Not an offset."),
            Some(offset) if offset > 0 && self.state.ascii => {
                answer(501, "REST not allowed in ASCII type.")
            }
            Some(offset) => {
                self.state.restart = offset;
                answer(350, format!("Restarting at {offset}."))
            }
        }
    }

    fn retrieve(&mut self, name: &[u8]) -> Option<Answer> {
        let content = match self.content(name) {
            Err(refusal) => return refusal,
            Ok(content) => content,
        };
        let start = usize::try_from(self.state.restart).unwrap_or(usize::MAX);
        if start > content.len() {
            return beyond_the_end();
        }
        let size = format!(" ({} bytes).", content.len());
        let mark = [self.mark_of(name).as_slice(), size.as_bytes()].concat();
        let bytes = if self.state.ascii {
            to_network(&content).into()
        } else {
            content
        };
        self.begin(Load::Down { bytes, start }, mark)
    }

    fn list(&mut self, argument: &[u8]) -> Option<Answer> {
        let name = without_options(argument);
        let path = self.path(name);
        self.send_listing(name, |server| {
            listing::unix(&server.files, &path, name, server.config.time)
        })
    }

    fn name_list(&mut self, argument: &[u8]) -> Option<Answer> {
        let name = without_options(argument);
        let path = self.path(name);
        let separator: &[u8] = if name.is_empty() || name.ends_with(b"/") {
            b""
        } else {
            b"/"
        };
        let prefix = [name, separator].concat();
        self.send_listing(name, |server| {
            listing::names(&server.files, &path, name, &prefix)
        })
    }

    fn machine_list(&mut self, name: &[u8]) -> Option<Answer> {
        let path = self.path(name);
        if self
            .files
            .get(&path)
            .is_some_and(|entry| !entry.is_directory())
        {
            return answer(501, [name, b": not a directory."].concat());
        }
        self.send_listing(name, |server| {
            listing::machine(&server.files, &path, server.private.facts)
        })
    }

    fn send_listing(&mut self, name: &[u8], text: impl Fn(&Self) -> Vec<u8>) -> Option<Answer> {
        if self.files.get(self.path(name)).is_none() {
            return missing(name);
        }
        let bytes = text(self).into();
        self.begin(
            Load::Down { bytes, start: 0 },
            b"Here comes the directory listing.".to_vec(),
        )
    }

    fn store(&mut self, name: &[u8], append: bool) -> Option<Answer> {
        let path = self.path(name);
        if let Some(refusal) = self.refuse_writing() {
            return Some(refusal);
        }
        let fits = self
            .files
            .get(parent(&path))
            .is_some_and(Entry::is_directory);
        if name.is_empty() || !fits || self.files.get(&path).is_some_and(Entry::is_directory) {
            return answer(553, [name, b": cannot be written."].concat());
        }
        let before = self.files.content(&path).unwrap_or_default();
        let kept = if append {
            before.len()
        } else {
            usize::try_from(self.state.restart).unwrap_or(usize::MAX)
        };
        let Some(kept) = before.get(..kept) else {
            return beyond_the_end();
        };
        let kept = kept.to_vec();
        self.take_upload(path, kept, [self.mark_of(name).as_slice(), b"."].concat())
    }

    fn store_unique(&mut self) -> Option<Answer> {
        if let Some(refusal) = self.refuse_writing() {
            return Some(refusal);
        }
        let names = (1_u64..).map(|number| format!("ftp.{number}"));
        let free = |name: &String| self.files.get(self.path(name.as_bytes())).is_none();
        let name = names.into_iter().find(free)?;
        // RFC 1123, 4.1.2.9 fixes this form.
        let mark = format!("FILE: {name}");
        self.take_upload(self.path(name.as_bytes()), Vec::new(), mark.into())
    }

    fn take_upload(&mut self, path: Vec<u8>, kept: Vec<u8>, mark: Vec<u8>) -> Option<Answer> {
        let upload = Upload {
            path,
            kept,
            arrived: Vec::new(),
            ascii: self.state.ascii,
        };
        self.begin(Load::Up(upload), mark)
    }

    fn mark_of(&self, name: &[u8]) -> Vec<u8> {
        let kind: &[u8] = if self.state.ascii {
            b"ASCII"
        } else {
            b"BINARY"
        };
        [b"Opening ", kind, b" mode data connection for ", name].concat()
    }
}

fn beyond_the_end() -> Option<Answer> {
    // RFC 1123, 4.1.3.4
    answer(554, "Requested action not taken: invalid REST parameter.")
}

/// The name behind options such as `-la`, which are accepted and have no effect.
fn without_options(argument: &[u8]) -> &[u8] {
    if !argument.starts_with(b"-") {
        return argument;
    }
    match memchr::memchr(b' ', argument) {
        None => &[],
        Some(at) => without_options(argument.get(at.saturating_add(1)..).unwrap_or_default()),
    }
}

/// LF becomes CR LF (RFC 959, 3.1.1.1).
fn to_network(content: &[u8]) -> Vec<u8> {
    content
        .split(|byte| *byte == b'\n')
        .collect::<Vec<_>>()
        .join(&b"\r\n"[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_type_conversion() {
        assert_eq!(to_network(b"a\nb\n\nc"), b"a\r\nb\r\n\r\nc");
        assert_eq!(to_network(b""), b"");
    }

    #[test]
    fn options_of_a_listing_are_no_name() {
        for (argument, name) in [
            ("-la", ""),
            ("-a -l x y", "x y"),
            ("x -a", "x -a"),
            ("", ""),
        ] {
            assert_eq!(without_options(argument.as_bytes()), name.as_bytes());
        }
    }
}
