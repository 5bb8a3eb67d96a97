//! Ctrl-C: at once, or where there is something to save, after what is begun.

use plica::files::discard_unfinished;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the running command checks [`ASKED`] regularly.
static CAUGHT: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt ends the process with status 130: at once, or by way of [`Stop`]; a second one at once in any case.
pub fn install() {
    // Without the handler an interrupt still ends the process, and shells report 130.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) || !CAUGHT.load(Ordering::Relaxed) {
            discard_unfinished();
            std::process::exit(130);
        }
    });
}

/// While it lives, an interrupt does not end the process.
pub struct Stop;

/// Catches interrupts, or leaves them as they are.
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
