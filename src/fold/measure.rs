//! The accumulator of measures: one pass over the steps of a path, with a few integers as its state.

use super::walk::Difference;
use super::{Folding, Path, Step};
use crate::line::{Flips, Trace};
use crate::network::UnitSet;
use rug::Rational;

/// The measures of the path so far, updated by one [`Step`] after the other.
///
/// ```
/// use plica::fold::{Measure, Step};
/// let mut measure = Measure::default();
/// measure.push(Step { size: 1, distance: 1 });
/// measure.push(Step { size: 1, distance: 0 });
/// assert_eq!((measure.folding().r1, measure.folding().r2), (1, 2));
/// assert_eq!(measure.regions(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Measure {
    folding: Folding,
    /// (1, 1) if every prefix has chi = 0, so that one comparison covers all cases.
    peak: Folding,
    distance: u64,
    changes: u64,
}

impl Default for Measure {
    fn default() -> Self {
        Self { folding: Folding::default(), peak: Folding { r1: 1, r2: 1 }, distance: 0, changes: 0 }
    }
}

impl Measure {
    /// The measures of a whole path.
    pub fn of<P: Path + ?Sized>(path: &P) -> Self {
        let mut measure = Self::default();
        path.steps().for_each(|step| measure.push(step));
        measure
    }

    /// chi of every prefix (p_1, ..., p_i), i = 1..n. The first value is 0; the values need not be monotone.
    ///
    /// (The quantity that is plotted in paper 1 and in the authors' CantorNet code.)
    ///
    /// ```
    /// use plica::{fold::Measure, network::Pattern};
    /// let path: Vec<Pattern> = ["0000", "1100", "0000", "0111"].map(|p| p.parse().unwrap()).to_vec();
    /// let values: Vec<String> = Measure::prefix_chi(&path).iter().map(|chi| chi.to_string()).collect();
    /// assert_eq!(values, ["0", "0", "1/2", "4/7"]);
    /// ```
    pub fn prefix_chi<P: Path + ?Sized>(path: &P) -> Vec<Rational> {
        let mut measure = Self::default();
        let after = path.steps().map(|step| {
            measure.push(step);
            measure.folding().chi()
        });
        std::iter::once(Rational::new()).chain(after).collect()
    }

    /// Adds a step. A step of size 0 changes nothing.
    #[inline]
    pub fn push(&mut self, step: Step) {
        self.distance = step.distance;
        self.changes += u64::from(step.size > 0);
        self.folding.r2 += step.size;
        // r1 increases at most by the size of the step; if it increases by the full size, chi does not increase.
        let unfolded = step.distance == self.folding.r1 + step.size;
        self.folding.r1 = self.folding.r1.max(step.distance);
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        if !unfolded && product(self.folding.r1, self.peak.r2) < product(self.peak.r1, self.folding.r2) {
            self.peak = self.folding;
        }
    }

    /// The range measures of the path so far.
    pub fn folding(&self) -> Folding {
        self.folding
    }

    /// The folding of the first prefix with the largest chi; (0, 0) if every prefix has chi = 0.
    ///
    /// ```
    /// use plica::{fold::{Folding, Measure}, network::Pattern};
    /// let path: Vec<Pattern> = ["0000", "1000", "0000", "0111"].map(|p| p.parse().unwrap()).to_vec();
    /// assert_eq!(Folding::of(&path).chi().to_string(), "2/5");
    /// assert_eq!(Measure::of(&path).peak().chi().to_string(), "1/2");
    /// ```
    pub fn peak(&self) -> Folding {
        if self.peak.is_flat() { Folding::default() } else { self.peak }
    }

    /// The distance d_H(p_1, p_n) between the two ends.
    pub fn distance(&self) -> u64 {
        self.distance
    }

    /// The number of regions: the patterns of the path, where consecutive repetitions count once.
    pub fn regions(&self) -> u64 {
        self.changes + 1
    }
}

/// Measures many traces with the same selection of units, without allocation.
///
/// The result for a trace is that of the trace [restricted](Trace::select) to the selection.
///
/// ```
/// use plica::{data::Point, fold::Meter, line::Tracer, network::{Layer, Network, Selection}};
/// use nalgebra::{dmatrix, dvector};
/// let network = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0; 1.0], dvector![0.0, -0.5]),
///     Layer::from_f64(dmatrix![2.0, -4.0], dvector![-0.5]),
/// ]).unwrap();
/// let (from, to) = (Point::from_f64(&[-1.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
/// let all = network.units(&Selection::All).unwrap();
/// let trace = Tracer::new(&network).units(&all).trace(&from, &to).unwrap();
/// assert_eq!(Meter::new(&all).measure(&trace).folding().chi().to_string(), "1/4");
/// let hidden = network.units(&Selection::Hidden).unwrap();
/// assert_eq!(Meter::new(&hidden).measure(&trace).folding().chi().to_string(), "0");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Meter {
    difference: Difference,
}

impl Meter {
    /// A meter for the bits of these units. All others are ignored.
    pub fn new(units: &UnitSet) -> Self {
        Self { difference: Difference::new(units) }
    }

    /// The measures of a segment, from its flips.
    #[inline]
    pub fn measure_flips(&mut self, flips: Flips<'_>) -> Measure {
        self.difference.restart();
        let mut measure = Measure::default();
        flips.for_each(|units| measure.push(self.difference.step(units)));
        measure
    }

    /// The measures of the reversed segment, from the flips of the segment.
    #[inline]
    pub fn measure_reversed_flips(&mut self, flips: Flips<'_>) -> Measure {
        self.difference.restart();
        let mut measure = Measure::default();
        flips.for_each_reversed(|units| measure.push(self.difference.step(units)));
        measure
    }

    /// The measures of a trace.
    pub fn measure(&mut self, trace: &Trace) -> Measure {
        self.difference.restart();
        let mut measure = Measure::default();
        for crossing in trace.crossings() {
            measure.push(self.difference.step(crossing.flips));
        }
        measure
    }
}
