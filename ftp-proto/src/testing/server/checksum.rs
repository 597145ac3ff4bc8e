//! Checksums: HASH, and the commands of one algorithm each. The test brings the functions.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::checksum::{Algorithm, Checksum};

use super::super::files::resolve;
use super::{Answer, Server, answer};

/// Computes a checksum's bytes.
pub(super) type Digest = fn(&[u8]) -> Vec<u8>;

const COMMANDS: [(Algorithm, &str); 4] = [
    (Algorithm::Sha256, "XSHA256"),
    (Algorithm::Sha1, "XSHA1"),
    (Algorithm::Md5, "XMD5"),
    (Algorithm::Crc32, "XCRC"),
];

impl Server {
    /// The lines in FEAT.
    pub(super) fn checksum_features(&self) -> String {
        if self.config.checksums.is_empty() {
            return String::new();
        }
        let known = self.config.checksums.iter().map(|(algorithm, _)| {
            let star = if self.selected() == Some(*algorithm) {
                "*"
            } else {
                ""
            };
            format!("{algorithm}{star};")
        });
        let commands = COMMANDS
            .iter()
            .filter(|(algorithm, _)| self.digest(*algorithm).is_some())
            .map(|(_, command)| format!(" {command}\n"));
        let hash: String = known.collect();
        let commands: String = commands.collect();
        format!(" HASH {hash}\n RANG STREAM\n{commands}")
    }

    /// `None` when it is another command.
    pub(super) fn checksum_command(
        &mut self,
        verb: &[u8],
        argument: &[u8],
    ) -> Option<Option<Answer>> {
        if verb == b"RANG" {
            return (!self.config.checksums.is_empty()).then(|| self.set_range(argument));
        }
        if verb == b"HASH" {
            let algorithm = self.selected()?;
            let range = self.private.range;
            let Some((checksum, length)) = self.compute(algorithm, argument, range) else {
                return Some(answer(550, "No such file."));
            };
            let (start, end) = range.unwrap_or((0, length));
            let told = format!("{algorithm} {start}-{end} {checksum} ");
            return Some(answer(213, [told.as_bytes(), argument].concat()));
        }
        let (algorithm, _) = COMMANDS
            .into_iter()
            .find(|(_, command)| command.as_bytes() == verb)?;
        self.digest(algorithm)?;
        let (path, range) = split_range(argument);
        let path = unquoted(path);
        Some(match self.compute(algorithm, path, range) {
            Some((checksum, _)) => answer(250, format!("{checksum}")),
            None => answer(550, "No such file."),
        })
    }

    /// OPTS HASH.
    pub(super) fn select_checksum(&mut self, name: &[u8]) -> Option<Answer> {
        let known = self
            .config
            .checksums
            .iter()
            .map(|(algorithm, _)| *algorithm);
        let found = known
            .into_iter()
            .find(|it| it.name().as_bytes().eq_ignore_ascii_case(name));
        match found {
            Some(algorithm) => {
                self.private.checksum = Some(algorithm);
                answer(200, algorithm.name())
            }
            None => answer(501, "Unknown algorithm."),
        }
    }

    /// RANG, whose end is the last byte; `1 0` stands for whole files.
    fn set_range(&mut self, argument: &[u8]) -> Option<Answer> {
        match numbers(argument) {
            Some((1, 0)) => self.private.range = None,
            Some((start, last)) if start <= last => {
                self.private.range = Some((start, last.saturating_add(1)));
            }
            _ => return answer(501, "Not a range."),
        }
        answer(350, "Range is set.")
    }

    fn selected(&self) -> Option<Algorithm> {
        let first = self.config.checksums.first();
        self.private
            .checksum
            .or_else(|| first.map(|(algorithm, _)| *algorithm))
    }

    fn digest(&self, algorithm: Algorithm) -> Option<Digest> {
        let known = self.config.checksums.iter();
        let mut digests = known.filter(|(it, _)| *it == algorithm);
        digests.next().map(|(_, digest)| *digest)
    }

    /// The checksum and the number of bytes of the file.
    fn compute(
        &self,
        algorithm: Algorithm,
        path: &[u8],
        range: Option<(u64, u64)>,
    ) -> Option<(Checksum, u64)> {
        let path = resolve(&self.state.directory, path);
        let content = self.files.content(&path)?;
        let part = match range {
            None => content,
            Some((start, end)) => {
                content.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)?
            }
        };
        let digest = self.digest(algorithm)?;
        let checksum = Checksum::new(algorithm, &digest(part))?;
        Some((checksum, u64::try_from(content.len()).ok()?))
    }
}

/// `path start end`.
fn split_range(argument: &[u8]) -> (&[u8], Option<(u64, u64)>) {
    let mut blanks = memchr::memrchr_iter(b' ', argument).skip(1);
    let split = blanks.next().and_then(|at| argument.split_at_checked(at));
    match split.and_then(|(path, range)| Some((path, numbers(range.trim_ascii())?))) {
        Some((path, range)) => (path, Some(range)),
        None => (argument, None),
    }
}

fn unquoted(path: &[u8]) -> &[u8] {
    let inner = path.strip_prefix(b"\"");
    inner
        .and_then(|inner| inner.strip_suffix(b"\""))
        .unwrap_or(path)
}

fn numbers(text: &[u8]) -> Option<(u64, u64)> {
    let (start, end) = core::str::from_utf8(text).ok()?.split_once(' ')?;
    Some((start.parse().ok()?, end.parse().ok()?))
}
