//! What is under work: the command, how its data connection will be opened, and the transfer on it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::super::peer::{Channel, Received};

/// A command, as far as its replies need to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) verb: Vec<u8>,
    pub(super) serial: u32,
}

impl Asked {
    pub(super) fn of(received: &Received) -> Self {
        Self {
            verb: received.verb(),
            serial: received.serial,
        }
    }
}

/// How the data connection of the next transfer will be opened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Opening {
    None,
    /// The listener is being bound; the answer to EPSV, or to PASV, waits for it.
    Binding {
        channel: Channel,
        extended: bool,
    },
    Passive {
        channel: Channel,
    },
    Active {
        channel: Channel,
        to: SocketAddr,
    },
}

impl Opening {
    /// The listener, if there is one.
    pub(super) const fn channel(&self) -> Option<Channel> {
        match self {
            Self::None | Self::Active { .. } => None,
            Self::Binding { channel, .. } | Self::Passive { channel } => Some(*channel),
        }
    }
}

/// A transfer command that was accepted, until its final reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    pub(super) asked: Asked,
    pub(super) channel: Channel,
    /// Where to dial in active mode.
    pub(super) to: Option<SocketAddr>,
    pub(super) load: Load,
    pub(super) mark: Vec<u8>,
    pub(super) phase: Phase,
    /// A rule has stopped it.
    pub(super) hangs: bool,
    /// Bytes moved on the data connection.
    pub(super) moved: u64,
    /// The last byte at which rules were asked.
    pub(super) asked_at: Option<u64>,
    /// An ABOR waits until the client reads again.
    pub(super) abort_at_next_read: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    Opening,
    Securing,
    Moving,
    /// All was sent; the client has not closed its side.
    Lingering,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Load {
    /// The bytes from `start` on.
    Down {
        bytes: Arc<[u8]>,
        start: usize,
    },
    Up(Upload),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Upload {
    pub(super) path: Vec<u8>,
    /// What the file keeps from before.
    pub(super) kept: Vec<u8>,
    pub(super) arrived: Vec<u8>,
    pub(super) ascii: bool,
}

impl Transfer {
    pub(super) const fn is_upload(&self) -> bool {
        matches!(self.load, Load::Up(_))
    }

    pub(super) fn is_sending(&self) -> bool {
        !self.is_upload() && self.phase == Phase::Moving && !self.hangs
    }

    pub(super) fn to_send(&self) -> &[u8] {
        match &self.load {
            Load::Up(_) => &[],
            Load::Down { bytes, start } => {
                let moved = usize::try_from(self.moved).unwrap_or(usize::MAX);
                bytes.get(start.saturating_add(moved)..).unwrap_or_default()
            }
        }
    }
}
