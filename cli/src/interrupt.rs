//! Ctrl-C ends the process at once, or after the current step if there is a checkpoint to save.

use plica::files::discard_unfinished;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the running command checks [`ASKED`] regularly.
static CAUGHT: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt ends the process with status 130: at once, or through [`Stop`]. A second interrupt always ends it at once.
pub fn install() {
    // Without the handler an interrupt still ends the process, and shells report 130.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) || !CAUGHT.load(Ordering::Relaxed) {
            discard_unfinished();
            std::process::exit(130);
        }
    });
}

/// While this value exists, the first interrupt does not end the process.
pub struct Stop;

/// Catches interrupts if `yes`.
pub fn catch(yes: bool) -> Stop {
    CAUGHT.store(yes, Ordering::Relaxed);
    Stop
}

impl Stop {
    /// Whether there was an interrupt.
    pub fn asked(&self) -> bool {
        ASKED.load(Ordering::Relaxed)
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        CAUGHT.store(false, Ordering::Relaxed);
    }
}
