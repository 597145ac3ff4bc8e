//! Ctrl-C: where a transfer would leave something behind, the first one asks for an end and the
//! second one ends at once. Elsewhere the first one does.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

static IS_ASKED: AtomicBool = AtomicBool::new(false);
static LEFT: Mutex<Option<String>> = Mutex::new(None);

pub(crate) fn install() -> Result<(), ctrlc::Error> {
    let handler = || {
        let left = left_behind();
        if IS_ASKED.swap(true, Ordering::SeqCst) || left.is_none() {
            eprintln!("\nftpx: interrupted");
            if let Some(left) = left {
                eprintln!("ftpx: left behind: {left}");
            }
            std::process::exit(130);
        }
        eprintln!("\nftpx: ending; once more ends at once");
    };
    ctrlc::set_handler(handler)
}

pub(crate) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::SeqCst)
}

/// An error if an end was asked for, so that a transfer stops.
pub(crate) fn check() -> io::Result<()> {
    match is_asked() {
        true => Err(io::Error::other("interrupted")),
        false => Ok(()),
    }
}

/// Notes what is left if it is ended from now on.
pub(crate) fn leaving(what: String) {
    *LEFT.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
}

pub(crate) fn left_behind() -> Option<String> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
