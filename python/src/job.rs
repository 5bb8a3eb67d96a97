//! Long computations: without the interpreter's lock, with progress, and ended by an interrupt.

use crate::error::Failure;
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The time between two checks of signals, and between two reports of progress.
const EVERY: Duration = Duration::from_millis(50);
/// The time after an interrupt that a computation may take to end; after it the call returns, and the computation ends in the background.
const GRACE: Duration = Duration::from_secs(2);

/// The messages between the computation and the thread that waits for it.
#[derive(Default)]
pub struct Control {
    stop: Arc<AtomicBool>,
    done: AtomicU64,
    all: AtomicU64,
}

impl Control {
    /// Reports the progress; `all` is 0 if it is not known.
    pub fn at(&self, done: u64, all: u64) {
        self.all.store(all, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }

    /// Whether the computation should end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The same as a flag.
    pub fn stop(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }
}

/// Computes without the interpreter's lock, on this thread; for short computations.
///
/// # Errors
/// The computation's; a panic in it becomes an `InternalError`.
pub fn here<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Failure> + Send) -> PyResult<T> {
    py.detach(|| guarded(work)).map_err(PyErr::from)
}

/// Computes on another thread while this one watches for signals and calls `progress(done, all)`.
///
/// # Errors
/// The computation's, those of `progress`, and `KeyboardInterrupt`: the computation then ends soon, or in the background.
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Arc<Control>) -> Result<T, Failure> + Send + 'static,
) -> PyResult<T> {
    let control = Arc::new(Control::default());
    let (sender, receiver) = mpsc::sync_channel(1);
    let shared = control.clone();
    let thread = thread::Builder::new().name("plica".to_string()).spawn(move || {
        // The waiting thread may have ended.
        let _ = sender.send(guarded(|| work(&shared)));
    });
    thread.map_err(|error| Failure::value(format!("threads: {error}")))?;
    let receiver = Mutex::new(receiver);
    let mut ended: Option<(PyErr, Instant)> = None;
    loop {
        let received =
            py.detach(|| receiver.lock().map_or(Err(mpsc::RecvTimeoutError::Disconnected), |receiver| receiver.recv_timeout(EVERY)));
        match (received, &ended) {
            (Ok(Ok(result)), None) => {
                report(progress, &control)?;
                return Ok(result);
            }
            (Ok(Err(failure)), None) => return Err(failure.into()),
            (Err(mpsc::RecvTimeoutError::Disconnected), None) => {
                return Err(Failure::Internal("the computation ended without a result".into()).into());
            }
            (Err(mpsc::RecvTimeoutError::Timeout), None) => {
                if let Err(error) = py.check_signals().and_then(|()| report(progress, &control)) {
                    control.stop.store(true, Ordering::Relaxed);
                    ended = Some((error, Instant::now()));
                }
            }
            (Err(mpsc::RecvTimeoutError::Timeout), Some((_, since))) if since.elapsed() < GRACE => {}
            (_, Some(_)) => break,
        }
    }
    Err(ended.map_or_else(|| Failure::Stopped.into(), |(error, _)| error))
}

fn report(progress: Option<&Bound<'_, PyAny>>, control: &Control) -> PyResult<()> {
    let numbers = (control.done.load(Ordering::Relaxed), control.all.load(Ordering::Relaxed));
    progress.map_or(Ok(()), |progress| progress.call1(numbers).map(|_| ()))
}

fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Failure::Internal(words.unwrap_or("a panic").to_string()))
    })
}
