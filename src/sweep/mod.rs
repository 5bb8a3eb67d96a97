//! Sweeps over many segments: the choice of pairs of points, the tallies, and the splitting, interruption and continuation of the work.

mod audit;
mod checkpoint;
mod fingerprint;
mod pairs;
mod rows;
mod run;
mod state;

pub use audit::{Audit, AuditError, Auditor, Fault, Precision, SamplerTally, Sampling, SequenceAudit};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use fingerprint::Fingerprint;
pub use pairs::{PairGroup, Pairs, PairsError};
pub use rows::{PathRow, RowSink};
pub use run::{Sweep, SweepError};
pub use state::{StateError, SweepState};
