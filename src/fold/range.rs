//! The folding of traces with windows: the range of values that the windows leave open.

use super::{Folding, Measure, Step};
use crate::line::{EnclosedTrace, Event, Undecided};
use crate::network::Bit;
use rug::Rational;

/// The values that r1, r2, chi and the peak of a trace may have, over all that may happen in its windows.
///
/// In a window, some bits flip once in an order that is not known: this changes neither r2 nor the ends of the window. Bits that are
/// undecided may flip any number of times; then r2 has no upper bound, and chi and the peak come as close to 1 as one likes. The bounds of
/// r1, r2 and chi are attained if the states of all bits are known at the ends of all windows, those of the peak if no bit is undecided.
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
    /// Bounds on the largest chi of a prefix; if r2 has no upper bound, the upper one is the limit 1.
    pub peak: (Rational, Rational),
}

impl FoldingRange {
    /// The range of a trace.
    pub fn of(trace: &EnclosedTrace) -> Self {
        if let Some(trace) = trace.to_trace() {
            let measure = Measure::of(&trace);
            return Self::between(&measure, &measure);
        }
        let is_open = |event: &Event| matches!(event, Event::Window { undecided, .. } if !undecided.is_empty());
        if trace.events().iter().any(is_open) { Open::range(trace) } else { in_any_order(trace) }
    }

    /// The range of paths of one length: the first one has the smallest r1, the second one the largest.
    fn between(near: &Measure, far: &Measure) -> Self {
        let (least, most) = (far.folding(), near.folding());
        Self {
            r1: (most.r1, least.r1),
            r2: (most.r2, Some(most.r2)),
            chi: (least.chi(), most.chi()),
            peak: (far.peak().chi(), near.peak().chi()),
        }
    }

    /// The folding, if it has only one value.
    #[must_use]
    pub fn folding(&self) -> Option<Folding> {
        let (r1, r2) = (self.r1.0, self.r2.0);
        (self.r1.1 == r1 && self.r2.1 == Some(r2)).then_some(Folding { r1, r2 })
    }
}

/// The range if all bits of windows flip once.
///
/// Of all orders, the flips back to the start first, one by one, have the smallest distances after every number of flips, hence the smallest
/// r1, and the largest chi of every prefix. The flips away from the start first, all at once, have the largest r1 and the smallest peak.
fn in_any_order(trace: &EnclosedTrace) -> FoldingRange {
    let mut differs = vec![false; trace.start().len()];
    let (mut near, mut far) = (Measure::default(), Measure::default());
    let mut distance = 0;
    for event in trace.events() {
        let flips = event.flips();
        let mut back = 0;
        for &bit in flips {
            let differs = &mut differs[trace.units().position(bit)];
            back += u64::from(*differs);
            *differs = !*differs;
        }
        let away = flips.len() as u64 - back;
        let end = distance - back + away;
        if let Event::Crossing { .. } = event {
            near.push(Step { size: back + away, distance: end });
            far.push(Step { size: back + away, distance: end });
        } else {
            (1..=back).for_each(|k| near.push(Step { size: 1, distance: distance - k }));
            (1..=away).for_each(|k| near.push(Step { size: 1, distance: distance - back + k }));
            far.push(Step { size: away, distance: distance + away });
            far.push(Step { size: back, distance: end });
        }
        distance = end;
    }
    FoldingRange::between(&near, &far)
}

/// The state of a pass over a trace with undecided bits.
struct Open {
    /// The states of the bits at the start, and now.
    start: Vec<Option<bool>>,
    now: Vec<Option<bool>>,
    /// The largest distance that is certain somewhere, and the largest one that is possible without flips beyond the least number.
    least: u64,
    base: u64,
    /// The smallest r2.
    r2: u64,
    /// The windows in which further flips may make the distance larger: the largest distance without, and by how much.
    windows: Vec<(u64, u64)>,
    /// Whether all states are known outside the windows. Then each further unit of distance takes two further flips.
    is_sharp: bool,
}

impl Open {
    fn range(trace: &EnclosedTrace) -> FoldingRange {
        let start = trace.start().to_vec();
        let is_sharp = start.iter().all(Option::is_some);
        let mut state = Self { now: start.clone(), start, least: 0, base: 0, r2: 0, windows: Vec::new(), is_sharp };
        let position = |bit: Bit| trace.units().position(bit);
        state.look();
        let mut peak = state.smallest();
        for event in trace.events() {
            let flips = || event.flips().iter().map(|&bit| position(bit));
            match event {
                Event::Crossing { .. } => flips().for_each(|p| state.flip(p)),
                Event::Window { undecided, .. } => state.pass_window(flips(), undecided, position),
            }
            state.look();
            peak = peak.max_by_chi(state.smallest());
        }
        FoldingRange {
            r1: (state.least, state.largest()),
            r2: (state.r2, None),
            chi: (state.smallest().chi(), Rational::from(1)),
            peak: (peak.chi(), Rational::from(1)),
        }
    }

    /// The certain and the largest possible distance from the start.
    fn distances(&self) -> (u64, u64) {
        let pairs = || self.start.iter().zip(&self.now);
        let certain = pairs().filter(|(a, b)| a.is_some() && b.is_some() && a != b).count() as u64;
        (certain, certain + pairs().filter(|(a, b)| a.is_none() || b.is_none()).count() as u64)
    }

    /// Takes account of the present distance.
    fn look(&mut self) {
        let (certain, possible) = self.distances();
        self.least = self.least.max(certain);
        self.base = self.base.max(possible);
    }

    fn is_as_at_start(&self, position: usize) -> bool {
        self.start[position].is_some() && self.now[position] == self.start[position]
    }

    fn flip(&mut self, position: usize) {
        self.now[position] = self.now[position].map(|active| !active);
        self.r2 += 1;
    }

    fn pass_window(&mut self, once: impl Iterator<Item = usize>, undecided: &[Undecided], position: impl Fn(Bit) -> usize) {
        let (_, mut distance) = self.distances();
        let mut more = 0;
        for p in once {
            distance += u64::from(self.is_as_at_start(p));
            self.flip(p);
        }
        for one in undecided {
            let p = position(one.bit);
            self.is_sharp &= self.now[p].is_some() && one.after.is_some();
            let must = self.now[p].is_some() && one.after.is_some() && self.now[p] != one.after;
            self.r2 += u64::from(must);
            let is_as_at_start = u64::from(self.is_as_at_start(p));
            if must {
                distance += is_as_at_start
            } else {
                more += is_as_at_start
            }
            self.now[p] = one.after;
        }
        self.base = self.base.max(distance);
        self.windows.push((distance, more));
    }

    /// The largest r1 so far.
    fn largest(&self) -> u64 {
        self.windows.iter().map(|(distance, more)| distance + more).fold(self.base, u64::max)
    }

    /// A folding with the smallest chi so far, or below it.
    fn smallest(&self) -> Folding {
        let of = |r1: u64, r2: u64| Folding { r1: r1.min(r2), r2 };
        if !self.is_sharp {
            return of(self.largest(), self.r2);
        }
        // k further units of distance, and 2k further flips: between its ends, this ratio has no minimum.
        let further = |&(distance, more): &(u64, u64)| of(self.base.max(distance + more), self.r2 + 2 * more);
        let all = self.windows.iter().map(further).chain([of(self.base, self.r2)]);
        all.min_by(Folding::cmp_chi).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{Decisions, Enclosure};
    use crate::network::{Selection, UnitSet, zoo};
    use std::collections::HashSet;
    use std::sync::Arc;

    /// The number of bits of the traces, and the largest number of flips of an undecided bit in a window.
    const BITS: usize = 3;
    const MOST: u8 = 3;

    /// A path so far: its pattern, the first one, r1, r2, and the largest chi of a prefix.
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Walk {
        now: [bool; BITS],
        start: [bool; BITS],
        r1: u64,
        r2: u64,
        peak: Rational,
    }

    impl Walk {
        fn chi(&self) -> Rational {
            if self.r2 == 0 { Rational::new() } else { 1 - Rational::from((self.r1, self.r2)) }
        }

        fn flip(&self, which: u8) -> Self {
            let mut next = self.clone();
            for bit in (0..BITS).filter(|bit| which >> bit & 1 == 1) {
                next.now[bit] = !next.now[bit];
                next.r2 += 1;
            }
            next.r1 = next.r1.max((0..BITS).filter(|&bit| next.now[bit] != next.start[bit]).count() as u64);
            next.peak = self.peak.clone().max(next.chi());
            next
        }
    }

    /// All paths through a window in which bit i flips as often as `counts` allow: exactly so often, or up to so often.
    fn through(walks: HashSet<Walk>, once: &[usize], undecided: &[usize]) -> HashSet<Walk> {
        let mut counts = [0; BITS];
        once.iter().for_each(|&bit| counts[bit] = 1);
        undecided.iter().for_each(|&bit| counts[bit] = MOST);
        let (mut open, mut found) = (walks.into_iter().map(|walk| (walk, counts)).collect::<HashSet<_>>(), HashSet::new());
        while !open.is_empty() {
            found.extend(open.iter().filter(|(_, left)| once.iter().all(|&bit| left[bit] == 0)).map(|(walk, _)| walk.clone()));
            let mut next = HashSet::new();
            for (walk, left) in &open {
                for which in 1u8..1 << BITS {
                    if (0..BITS).all(|bit| which >> bit & 1 <= left[bit]) {
                        let mut left = *left;
                        (0..BITS).for_each(|bit| left[bit] -= which >> bit & 1);
                        next.insert((walk.flip(which), left));
                    }
                }
            }
            open = next;
        }
        found
    }

    struct Random(u64);

    impl Random {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = crate::exact::random::next(self.0);
            (self.0 >> 33) % n
        }

        fn bits(&mut self) -> Vec<usize> {
            (0..BITS).filter(|_| self.below(3) == 0).collect()
        }
    }

    /// A random trace with up to three events, and all paths that it leaves open; and whether all states are known outside windows.
    fn random_trace(random: &mut Random, units: &Arc<UnitSet>, may_be_open: bool) -> (EnclosedTrace, HashSet<Walk>, bool) {
        let t = Enclosure { lo: 0.0, hi: 1.0 };
        let all = |bits: &[usize]| bits.iter().map(|&index| Bit { layer: 0, index: index as u32 }).collect::<Vec<_>>();
        let mut now = [Some(false); BITS];
        let mut undecided = if may_be_open { random.bits() } else { Vec::new() };
        let mut is_known = true;
        // Bits whose state at the start is not known are undecided in a window that begins there.
        let mut windows_at_start = Vec::new();
        for &bit in &undecided {
            if random.below(2) == 0 {
                now[bit] = None;
                is_known = false;
                windows_at_start.push(bit);
            }
        }
        let start = now;
        undecided.retain(|bit| windows_at_start.contains(bit));
        let starts = (0u8..1 << BITS).map(|which| [0, 1, 2].map(|bit| which >> bit & 1 == 1));
        let starts = starts.filter(|real| (0..BITS).all(|bit| start[bit].is_none_or(|known| known == real[bit])));
        let mut walks: HashSet<Walk> = starts.map(|start| Walk { now: start, start, r1: 0, r2: 0, peak: Rational::new() }).collect();
        let mut events = Vec::new();
        for k in 0..3 {
            let mut once = random.bits();
            once.retain(|&bit| now[bit].is_some() && !undecided.contains(&bit));
            if k > 0 {
                undecided = if may_be_open { random.bits() } else { Vec::new() };
                once.retain(|bit| !undecided.contains(bit));
                undecided.extend((0..BITS).filter(|&bit| now[bit].is_none()));
                undecided.sort_unstable();
                undecided.dedup();
            }
            let is_crossing = undecided.is_empty() && random.below(2) == 0;
            if once.is_empty() && undecided.is_empty() {
                continue;
            }
            once.iter().for_each(|&bit| now[bit] = now[bit].map(|state| !state));
            if is_crossing {
                let which = once.iter().map(|bit| 1 << bit).sum();
                walks = walks.iter().map(|walk| walk.flip(which)).collect();
                events.push(Event::Crossing { t, flips: all(&once) });
                continue;
            }
            walks = through(walks, &once, &undecided);
            for &bit in &undecided {
                now[bit] = Some(random.below(2) == 0).filter(|_| random.below(4) > 0);
                is_known &= now[bit].is_some();
            }
            walks.retain(|walk| (0..BITS).all(|bit| now[bit].is_none_or(|known| known == walk.now[bit])));
            let after = |&bit: &usize| Undecided { bit: Bit { layer: 0, index: bit as u32 }, after: now[bit] };
            events.push(Event::Window { t, once: all(&once), undecided: undecided.iter().map(after).collect() });
        }
        (EnclosedTrace::new(Arc::clone(units), start.to_vec(), events, [Vec::new(), Vec::new()], Decisions::default()), walks, is_known)
    }

    #[test]
    fn a_range_is_that_of_all_paths_through_the_windows() {
        let network = zoo::random(&[1, BITS as u64, 1], zoo::Scheme::Kaiming, 1).unwrap();
        let units = Arc::new(network.units(&Selection::Hidden).unwrap());
        let mut random = Random(7);
        let mut seen = [0; 3];
        for case in 0..600 {
            let may_be_open = case % 2 == 0;
            let (trace, walks, is_known) = random_trace(&mut random, &units, may_be_open);
            let range = FoldingRange::of(&trace);
            let of = |number: fn(&Walk) -> Rational| {
                let values = || walks.iter().map(number);
                (values().min().unwrap(), values().max().unwrap())
            };
            let (r1, r2) = (of(|walk| walk.r1.into()), of(|walk| walk.r2.into()));
            let (chi, peak) = (of(Walk::chi), of(|walk| walk.peak.clone()));
            assert!(range.r1.0 <= r1.0 && r1.1 <= range.r1.1 && range.r2.0 <= r2.0, "{trace:?}");
            assert!(range.chi.0 <= chi.0 && chi.1 <= range.chi.1, "{trace:?}: {chi:?}");
            assert!(range.peak.0 <= peak.0 && peak.1 <= range.peak.1, "{trace:?}: {peak:?}");
            if is_known {
                // All but the peak is attained, but for the limits where flips are not bounded.
                assert!(range.r1.0 == r1.0 && range.r1.1 == r1.1 && range.r2.0 == r2.0, "{trace:?}: {r1:?} {r2:?}");
                assert_eq!(range.chi.0, chi.0, "{trace:?}");
            }
            seen[usize::from(!trace.is_certified()) + usize::from(range.r2.1.is_none())] += 1;
            match range.r2.1 {
                Some(most) => {
                    assert_eq!((Rational::from(most), &range.chi.1, &range.peak), (r2.1, &chi.1, &peak), "{trace:?}");
                }
                None => assert!(range.chi.1 == 1 && range.peak.1 == 1),
            }
            let back = trace.reversed();
            assert_eq!((back.reversed().start(), back.reversed().events().len()), (trace.start(), trace.events().len()));
            assert_eq!(FoldingRange::of(&back).r2, range.r2);
        }
        assert!(seen.iter().all(|&n| n > 60), "certified, in any order, and open: {seen:?}");
    }
}
