//! The exact geometry of ReLU networks: no sampling, no tolerance.

pub mod data;
pub mod exact;
pub mod fold;
pub mod line;
pub mod network;
pub mod report;
pub mod sweep;
