//! Blocks of ports that several test processes can use at the same time.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that Linux hands out by itself (32,768 and above), above those with well-known
/// uses.
const FIRST: u16 = 10_000;
/// Enough for series of hundreds of transfers whose closed connections still hold their ports.
const BLOCK: u16 = 500;
const BLOCKS: u16 = 45;

/// A block of ports, claimed for as long as this value lives.
#[derive(Debug)]
pub(super) struct Ports {
    /// The port of the control connection.
    pub(super) control: u16,
    /// The ports for passive mode.
    pub(super) passive: RangeInclusive<u16>,
    /// Listens on the last port of the block: whoever holds it holds the block. The kernel gives it
    /// back even when the process is killed, which no lock file does.
    _claim: TcpListener,
}

impl Ports {
    /// Claims a free block. Processes begin their search at different blocks.
    pub(super) fn claim() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let begin = process::id().wrapping_mul(7).wrapping_add(turn);
        (0..u32::from(BLOCKS))
            .filter_map(|step| {
                let block = begin.wrapping_add(step) % u32::from(BLOCKS);
                Self::claim_block(FIRST + BLOCK * u16::try_from(block).ok()?)
            })
            .next()
            .ok_or_else(|| io::Error::other(format!("all {BLOCKS} blocks of ports are in use")))
    }

    fn claim_block(control: u16) -> Option<Self> {
        let last = control + BLOCK - 1;
        let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, last)).ok()?;
        // A stranger, or a server that outlived its test process, may sit here.
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, control)).ok()?;
        Some(Self {
            control,
            passive: control + 1..=last - 1,
            _claim: claim,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_claims_never_share_a_port() {
        let one = Ports::claim().unwrap();
        let two = Ports::claim().unwrap();
        let apart = *one.passive.end() < two.control || *two.passive.end() < one.control;
        assert!(apart, "{one:?} {two:?}");
    }

    #[test]
    fn a_block_is_free_again_after_drop() {
        let ports = Ports::claim().unwrap();
        let control = ports.control;
        assert!(Ports::claim_block(control).is_none());
        drop(ports);
        // Another test of this process may have taken it meanwhile, but then under a claim of its
        // own.
        let again = Ports::claim_block(control);
        assert!(again.is_none_or(|ports| ports.control == control));
    }
}
