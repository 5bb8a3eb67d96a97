//! Linear programs over the rationals, decided exactly, each answer with its certificate.
//!
//! A [`Program`] is a list of rows a.x <= b, a.x < b or a.x = b. A solver in floating point guesses which rows are tight. The guess is then
//! computed and checked in integers; if the check fails, an exact simplex method with Bland's rule (Bland 1977, Math. Oper. Res. 2)
//! decides. So no answer depends on a rounded number. `verify` of an answer checks its certificate with separate code.
//!
//! ```
//! use plica::exact::lp::{Feasibility, Optimum, Program, Sense::{AtMost, Below}};
//! let triangle = Program::from_rows(2, [([-1, 0], AtMost, 0), ([0, -1], AtMost, 0), ([1, 2], AtMost, 1)]).unwrap();
//! match triangle.maximise(&[1.into(), 1.into()]).unwrap() {
//!     Optimum::Optimal { point, .. } => assert_eq!(point, [1, 0]),
//!     other => panic!("{other:?}"),
//! }
//! // Two strict rows, and a third that touches the set they bound only at its open corner: there is no point.
//! let empty = Program::from_rows(2, [([-1, 0], Below, 0), ([0, -1], Below, 0), ([1, 1], AtMost, 0)]).unwrap();
//! assert!(matches!(empty.feasible(), Feasibility::Infeasible { .. }));
//! ```

mod answer;
mod ask;
mod basis;
mod bland;
mod closed;
mod good;
mod guess;
mod program;
mod row;
mod solve;
mod verify;

pub(crate) use answer::Multipliers;
pub use answer::{Feasibility, LpError, Optimum, Redundancy, RelativeInterior};
pub use program::{Program, Sense, Solver};
pub(crate) use row::Row;
pub(crate) use solve::{Interior, interior};
