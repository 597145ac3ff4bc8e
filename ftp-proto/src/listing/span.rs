//! Where a part of a line stands.

/// A part of an entry's text. Half the size of a slice, and it survives the move of a borrowed line
/// into an owned one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// No part; an empty part has equal bounds.
    pub(super) const NONE: Self = Self {
        start: u32::MAX,
        end: 0,
    };

    #[inline]
    pub(super) const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// Where `part` lies inside `text`, by address.
    #[inline]
    pub(super) fn of(part: &[u8], text: &[u8]) -> Option<Self> {
        if part.is_empty() {
            return Some(Self { start: 0, end: 0 });
        }
        // A part in front of the text comes out far behind it.
        let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
        let end = start.checked_add(part.len())?;
        let last = u32::try_from(end).ok()?;
        if end > text.len() {
            return None;
        }
        Some(Self {
            start: u32::try_from(start).ok()?,
            end: last,
        })
    }

    /// The part without its last byte.
    pub(super) const fn without_last(self) -> Self {
        Self::new(self.start, self.end.saturating_sub(1))
    }

    #[inline]
    pub(super) const fn start(self) -> u32 {
        self.start
    }

    #[inline]
    pub(super) const fn end(self) -> u32 {
        self.end
    }

    #[inline]
    pub(super) fn slice(self, text: &[u8]) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        text.get(start..usize::try_from(self.end).ok()?)
    }
}
