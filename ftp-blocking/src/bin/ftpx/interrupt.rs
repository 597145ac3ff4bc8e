//! Ctrl-C: the first one asks for an end, the second one ends at once. At a prompt, the first does.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

static IS_ASKED: AtomicBool = AtomicBool::new(false);
static IS_AT_PROMPT: AtomicBool = AtomicBool::new(false);
static LEFT: Mutex<Option<String>> = Mutex::new(None);

pub(crate) fn install() -> Result<(), ctrlc::Error> {
    let handler = || {
        if IS_AT_PROMPT.load(Ordering::SeqCst) {
            eprintln!("\nftpx: interrupted");
            std::process::exit(130);
        }
        if IS_ASKED.swap(true, Ordering::SeqCst) {
            if let Some(left) = left_behind() {
                eprintln!("ftpx: left behind: {left}");
            }
            std::process::exit(130);
        }
        eprintln!("\nftpx: ending; once more ends at once");
    };
    ctrlc::set_handler(handler)
}

/// Asks the user something.
pub(crate) fn at_prompt<V>(ask: impl FnOnce() -> V) -> V {
    IS_AT_PROMPT.store(true, Ordering::SeqCst);
    let answer = ask();
    IS_AT_PROMPT.store(false, Ordering::SeqCst);
    answer
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

/// Notes what would be left if it ended now.
pub(crate) fn leaving(what: Option<String>) {
    *LEFT.lock().unwrap_or_else(PoisonError::into_inner) = what;
}

pub(crate) fn left_behind() -> Option<String> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
