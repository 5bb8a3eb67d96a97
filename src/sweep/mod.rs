//! Many segments: which pairs of points, what is tallied along them, and how the work is split, interrupted and taken up again.

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
