//! The folding of traces with windows: the range of values that the windows leave open.

use super::Folding;
use crate::line::{EnclosedTrace, Event};
use rug::Rational;

/// The values that r1, r2 and chi of a trace may have, over all that may happen in its windows.
///
/// In a window, some bits flip once in an order that is not known: this changes r1 alone. Bits that are undecided may flip any number of
/// times; then r2 has no upper bound, and chi comes as close to 1 as one likes. The bounds are attained if the states of all bits are
/// known at the ends of all windows.
///
/// ```
/// use plica::{data::Point, fold::FoldingRange, line::Tracer, network::load};
/// let network = load("cantor:1").unwrap();
/// let (a, b) = (Point::from_f64(&[0.0, 0.75]).unwrap(), Point::from_f64(&[1.0, 0.75]).unwrap());
/// let range = FoldingRange::of(&Tracer::new(&network).enclose(&a, &b).unwrap());
/// assert_eq!((range.r2.0, range.r2.1), (4, Some(4)));
/// assert!(range.folding().is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct FoldingRange {
    /// The smallest and the largest r1.
    pub r1: (u64, u64),
    /// The smallest r2, and the largest one if there is one.
    pub r2: (u64, Option<u64>),
    /// The smallest and the largest chi; if r2 has no upper bound, the latter is the limit 1.
    pub chi: (Rational, Rational),
}

/// The largest distances of a window: without further flips, and the number of bits that may add 1 for two further flips.
struct Peak {
    distance: u64,
    more: u64,
}

impl FoldingRange {
    /// The range of a trace.
    pub fn of(trace: &EnclosedTrace) -> Self {
        let start = trace.start();
        let mut now = start.to_vec();
        let position = |bit| trace.units().position(bit);
        // Certain and possible differences from the start.
        let distances = |now: &[Option<bool>]| {
            let pairs = || start.iter().zip(now);
            let certain = pairs().filter(|(a, b)| a.is_some() && b.is_some() && a != b).count() as u64;
            (certain, certain + pairs().filter(|(a, b)| a.is_none() || b.is_none()).count() as u64)
        };
        let (first, last) = distances(&now);
        let (mut least, mut peaks) = (first, vec![Peak { distance: last, more: 0 }]);
        let (mut r2, mut is_bounded, mut is_sharp) = (0, true, start.iter().all(Option::is_some));
        for event in trace.events() {
            let (_, before) = distances(&now);
            let flip = |state: &mut Option<bool>| *state = state.map(|active| !active);
            match event {
                Event::Crossing { flips, .. } => {
                    r2 += flips.len() as u64;
                    flips.iter().for_each(|&bit| flip(&mut now[position(bit)]));
                }
                Event::Window { once, undecided, .. } => {
                    let is_at_start = |p: usize, now: &[Option<bool>]| start[p].is_some() && now[p] == start[p];
                    let mut peak = Peak { distance: before, more: 0 };
                    for &bit in once {
                        let p = position(bit);
                        r2 += 1;
                        peak.distance += u64::from(is_at_start(p, &now));
                        flip(&mut now[p]);
                    }
                    for one in undecided {
                        let p = position(one.bit);
                        is_bounded = false;
                        is_sharp &= now[p].is_some() && one.after.is_some();
                        let must = now[p].is_some() && one.after.is_some() && now[p] != one.after;
                        r2 += u64::from(must);
                        if is_at_start(p, &now) {
                            if must { peak.distance += 1 } else { peak.more += 1 }
                        }
                        now[p] = one.after;
                    }
                    peaks.push(peak);
                }
            }
            let (certain, possible) = distances(&now);
            least = least.max(certain);
            peaks.push(Peak { distance: possible, more: 0 });
        }
        let most = peaks.iter().map(|peak| peak.distance + peak.more).max().unwrap_or(0);
        let chi = |r1: u64, r2: u64| if r2 == 0 || r1 >= r2 { Rational::new() } else { Folding { r1, r2 }.chi() };
        let smallest = if is_sharp {
            // Each further unit of distance takes two further flips.
            let base = peaks.iter().map(|peak| peak.distance).max().unwrap_or(0);
            let of = |peak: &Peak| (0..=peak.more).map(|k| chi(base.max(peak.distance + k), r2 + 2 * k)).min();
            peaks.iter().filter_map(of).min().unwrap_or_default()
        } else {
            chi(most, r2)
        };
        let largest = if is_bounded { chi(least, r2) } else { Rational::from(1) };
        Self { r1: (least, most), r2: (r2, is_bounded.then_some(r2)), chi: (smallest, largest) }
    }

    /// The folding, if it has only one value.
    #[must_use]
    pub fn folding(&self) -> Option<Folding> {
        let (r1, r2) = (self.r1.0, self.r2.0);
        (self.r1.1 == r1 && self.r2.1 == Some(r2)).then_some(Folding { r1, r2 })
    }
}
