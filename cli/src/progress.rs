//! A line of progress on standard error, if that is a terminal.

use plica::report::plain;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(200);

/// The progress of a long job.
pub struct Progress {
    shown: bool,
    what: String,
    before: u64,
    done: u64,
    all: u64,
    start: Instant,
    next: Instant,
}

impl Progress {
    /// Progress from `done` to `all`, shown only on a terminal and unless `quiet`.
    pub fn new(what: &str, done: u64, all: u64, quiet: bool) -> Self {
        let start = Instant::now();
        let shown = !quiet && stderr().is_terminal();
        Self { shown, what: plain(what).into_owned(), before: done, done, all, start, next: start + EVERY }
    }

    /// Sets the number of segments done.
    pub fn at(&mut self, done: u64) {
        self.done = done;
        if self.shown {
            self.show();
        }
    }

    fn show(&mut self) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + EVERY;
        let rate = (self.done - self.before) as f64 / (now - self.start).as_secs_f64();
        let left = (self.all - self.done) as f64 / rate;
        let percent = 100.0 * self.done as f64 / self.all as f64;
        let _ = write!(stderr(), "\r\x1b[K{}: {percent:.1} % of {} segments, {rate:.0} a second, {left:.0} s left", self.what, self.all);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[K"); // an error here does not matter
        }
    }
}
