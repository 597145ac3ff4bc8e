//! The facts of an MLSx line, as text.

use super::scan::{find, find_either};

/// The facts of an MLSx line: names and values in the order sent, unknown ones included, as
/// [`Entry::facts`](super::Entry::facts) yields them.
///
/// What is not a fact, because it has no `=` or no name, is passed over.
///
/// ```
/// use ftp_proto::listing::Entry;
/// let entry = Entry::from_mlsd(b"type=file;x.colour=red; a.txt").unwrap();
/// let facts: Vec<_> = entry.facts().collect();
/// assert_eq!(facts, [(&b"type"[..], &b"file"[..]), (b"x.colour", b"red")]);
/// ```
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    rest: &'a [u8],
}

impl<'a> Facts<'a> {
    /// Reads the text before the blank that separates facts and name.
    pub(super) const fn new(facts: &'a [u8]) -> Self {
        Self { rest: facts }
    }
}

impl<'a> Iterator for Facts<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Blanks and tabs before the first fact are not part of its name.
            while let [b';' | b' ' | b'\t', rest @ ..] = self.rest {
                self.rest = rest;
            }
            let at = find_either(self.rest, b'=', b';')?;
            let (name, behind) = self.rest.split_at_checked(at)?;
            let Some(value) = behind.strip_prefix(b"=") else {
                self.rest = behind;
                continue;
            };
            let end = find(value, b';').unwrap_or(value.len());
            let (value, rest) = value.split_at_checked(end)?;
            self.rest = rest;
            if !name.is_empty() && name.iter().all(u8::is_ascii_graphic) {
                return Some((name, value));
            }
        }
    }
}
