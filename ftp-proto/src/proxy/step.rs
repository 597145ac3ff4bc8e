//! What a part of a proxy's answer brings.

use alloc::vec::Vec;

/// The effect of one complete part of an answer.
pub(super) struct Step {
    /// How many bytes it has.
    pub(super) used: usize,
    /// What to send next.
    pub(super) send: Vec<u8>,
    /// Whether the connection is open.
    pub(super) open: bool,
}

impl Step {
    pub(super) const fn go_on(used: usize) -> Self {
        Self::send(used, Vec::new())
    }

    pub(super) const fn send(used: usize, send: Vec<u8>) -> Self {
        let open = false;
        Self { used, send, open }
    }

    pub(super) const fn open(used: usize) -> Self {
        Self {
            used,
            send: Vec::new(),
            open: true,
        }
    }
}
