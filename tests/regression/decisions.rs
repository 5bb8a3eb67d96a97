//! Cells cut by decision.
