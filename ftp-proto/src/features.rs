//! Features beyond RFC 959: the reply to FEAT (RFC 2389).

use alloc::string::String;
use alloc::vec::Vec;
use core::{mem, str};

use crate::reply::{Class, Reply};

/// The features that a server lists.
///
/// ```
/// use ftp_proto::features::Features;
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let text = b"Features:\n SIZE\n REST STREAM\n AUTH TLS\n MLST type*;size*;unix.mode;\nEnd";
/// let features = Features::decode(&Reply::new(ReplyCode::SYSTEM_STATUS, text)).unwrap();
/// assert!(features.has("size"));
/// assert!(features.has_rest_stream());
/// assert!(features.has_parameter("AUTH", "tls"));
/// assert!(features.has_mlsd());
/// assert!(features.facts().unwrap().iter().any(|fact| fact.name == "size" && fact.default));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Features {
    /// The names, one behind the other, and the parameters likewise. An allocation for each would
    /// be most of what a line costs.
    names: String,
    parameters: Vec<u8>,
    ends: Vec<Ends>,
}

/// Where the texts of a feature end. They begin where those of the feature before end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Ends {
    name: usize,
    parameters: usize,
}

/// One line of the list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Feature<'a> {
    name: &'a str,
    parameters: &'a [u8],
}

/// A fact of MLST and MLSD that the server knows (RFC 3659 section 7.8).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OfferedFact {
    /// The name in lower case, such as `modify` or `unix.mode`.
    pub name: String,
    /// Whether the server sends the fact by default, before OPTS MLST.
    pub default: bool,
}

/// Why a reply gives no features.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeaturesError {
    /// The code is not one of completion (2yz): FEAT was refused.
    #[error("the reply carries no features")]
    Code,
}

impl Features {
    /// Reads the reply to FEAT (RFC 2389 section 3.2): the lines between the first and the last one
    /// are features.
    ///
    /// The indentation, which the standard prescribes, is not required. A truncated reply gives the
    /// features that were kept.
    ///
    /// # Errors
    ///
    /// [`FeaturesError::Code`] if the reply is not positive. A server that knows FEAT but offers
    /// nothing is not an error.
    pub fn decode(reply: &Reply) -> Result<Self, FeaturesError> {
        if reply.class() != Class::Completion {
            return Err(FeaturesError::Code);
        }
        let text = reply.text();
        // The last line only ends the list. A truncated reply lacks it.
        let end = match memchr::memrchr(b'\n', text) {
            Some(end) if !reply.is_truncated() => end,
            _ => text.len(),
        };
        let mut features = Self::default();
        let mut lines = text.get(..end).unwrap_or_default();
        while let Some(end) = memchr::memchr(b'\n', lines) {
            lines = lines.get(end.saturating_add(1)..).unwrap_or_default();
            let end = memchr::memchr(b'\n', lines).unwrap_or(lines.len());
            features.push(lines.get(..end).unwrap_or_default());
        }
        Ok(features)
    }

    fn push(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        let name_end = line.iter().position(u8::is_ascii_whitespace);
        let (name, parameters) = line
            .split_at_checked(name_end.unwrap_or(line.len()))
            .unwrap_or_default();
        if name.is_empty() {
            return;
        }
        let start = self.names.len();
        match str::from_utf8(name) {
            Ok(name) => self.names.push_str(name),
            Err(_) => self.names.push_str(&String::from_utf8_lossy(name)),
        }
        if let Some(name) = self.names.get_mut(start..) {
            name.make_ascii_uppercase();
        }
        self.parameters
            .extend_from_slice(parameters.trim_ascii_start());
        self.ends.push(Ends {
            name: self.names.len(),
            parameters: self.parameters.len(),
        });
    }

    /// All features in the order of the server. A name may occur more than once.
    pub fn iter(&self) -> impl Iterator<Item = Feature<'_>> {
        let mut start = Ends::default();
        self.ends.iter().map(move |end| {
            let begun = mem::replace(&mut start, *end);
            let parameters = self.parameters.get(begun.parameters..end.parameters);
            Feature {
                name: self.names.get(begun.name..end.name).unwrap_or_default(),
                parameters: parameters.unwrap_or_default(),
            }
        })
    }

    /// Whether the server lists this feature. Letter case does not matter.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// The features of this name. Letter case does not matter.
    pub fn named(&self, name: &str) -> impl Iterator<Item = Feature<'_>> {
        self.iter()
            .filter(move |feature| feature.name.eq_ignore_ascii_case(name))
    }

    /// Whether a feature of this name has this parameter, for example `AUTH` and `TLS`. Letter case
    /// does not matter.
    #[must_use]
    pub fn has_parameter(&self, name: &str, parameter: &str) -> bool {
        self.named(name)
            .flat_map(Feature::parameter_list)
            .any(|(listed, _)| listed.eq_ignore_ascii_case(parameter.as_bytes()))
    }

    /// Whether a star marks this parameter of a feature, as the one in force.
    pub(crate) fn is_marked(&self, name: &str, parameter: &str) -> bool {
        self.named(name)
            .flat_map(Feature::parameter_list)
            .any(|(it, marked)| marked && it.eq_ignore_ascii_case(parameter.as_bytes()))
    }

    /// Whether transfers in stream mode can be resumed (RFC 3659 section 5.3: `REST STREAM`).
    #[must_use]
    pub fn has_rest_stream(&self) -> bool {
        self.has_parameter("REST", "STREAM")
    }

    /// Whether pathnames are UTF-8 (RFC 2640 section 3.2: `UTF8`).
    #[must_use]
    pub fn has_utf8(&self) -> bool {
        self.has("UTF8")
    }

    /// Whether the server has MLST and MLSD (RFC 3659 section 7.8: `MLST` stands for both; some
    /// servers list MLSD instead).
    #[must_use]
    pub fn has_mlsd(&self) -> bool {
        self.has("MLST") || self.has("MLSD")
    }

    /// Whether pathnames have the common form with slashes (RFC 3659 section 6: `TVFS`).
    #[must_use]
    pub fn has_tvfs(&self) -> bool {
        self.has("TVFS")
    }

    /// The facts that the server knows for MLST and MLSD, `None` without MLST (RFC 3659 section
    /// 7.8: a star marks the default ones).
    #[must_use]
    pub fn facts(&self) -> Option<Vec<OfferedFact>> {
        let feature = self.named("MLST").next()?;
        let facts = feature.parameter_list().map(|(name, default)| OfferedFact {
            name: String::from_utf8_lossy(name).to_ascii_lowercase(),
            default,
        });
        Some(facts.collect())
    }
}

impl<'a> Feature<'a> {
    /// The name in upper case, such as `REST`.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The text after the name, as the server sent it.
    #[must_use]
    pub const fn parameters(&self) -> Option<&'a [u8]> {
        match self.parameters {
            [] => None,
            parameters => Some(parameters),
        }
    }

    /// The parameters one by one, with whether a star marks them. Servers separate them by
    /// semicolons, by commas or by blanks.
    fn parameter_list(self) -> impl Iterator<Item = (&'a [u8], bool)> {
        let separates = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b';' | b',');
        self.parameters
            .split(separates)
            .map(|parameter| match parameter.strip_suffix(b"*") {
                Some(parameter) => (parameter, true),
                None => (parameter, false),
            })
            .filter(|(parameter, _)| !parameter.is_empty())
    }
}
