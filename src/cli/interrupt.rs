//! Ctrl-C: the first asks the work to come to a good end, the second stops it at once.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Exit code of a command that was stopped by Ctrl-C, as shells have it.
pub const STOPPED: u8 = 130;

/// Starts listening. Where no handler can be set, Ctrl-C ends the program as it always does:
/// files are written whole or not at all either way.
pub fn listen() {
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(STOPPED.into());
        }
    });
}

/// Whether Ctrl-C was pressed.
#[must_use]
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// Asks as Ctrl-C does.
pub fn ask() {
    ASKED.store(true, Ordering::SeqCst);
}
