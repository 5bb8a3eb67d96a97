//! Puts the crossings of all bits in order: their times are narrowed until they are disjoint.

use super::forward::Line;
use super::isolate::Search;
use super::number::Number;
use super::plan::Plan;
use crate::line::Enclosure;
use rug::{Float, Rational};
use std::cmp::Ordering;

/// A crossing of one bit, or of several that cross at one time by proof; or an interval in which nothing is known of a bit.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub t: Enclosure,
    /// The ends as they were found in higher precision. Several crossings of one bit may be closer than doubles.
    pub ends: Option<[Float; 2]>,
    /// The positions of the bits.
    pub bits: Vec<usize>,
    pub kind: ItemKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ItemKind {
    /// A crossing of an element that is linear, at this time if it was needed already.
    Linear(Option<Rational>),
    /// The only crossing of an element in the interval, by proof: from below its threshold to above it, or back.
    Curved { rises: bool },
    /// Nothing is known but the signs before and after.
    Unknown { before: Option<Ordering>, after: Option<Ordering> },
}

/// What happens at one time, or in one window.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub t: Enclosure,
    /// One crossing, or the items of a window whose order is not known.
    pub items: Vec<Item>,
}

/// The passes that one crossing may take in each precision.
pub(super) const ROUNDS: usize = 64;

/// The items in order. Those whose order is not certain stand in one cluster.
pub(super) fn ordered(
    plan: &Plan,
    mut items: Vec<Item>,
    line: &Line<f64>,
    time: &dyn Fn(usize) -> Rational,
    finer: &dyn Fn(u32) -> Line<Float>,
    precisions: &[u32],
) -> Vec<Cluster> {
    let mut search = Search::new(plan, line, 0.0);
    narrow(&mut search, &mut items);
    // Exact times are slow, so only those that are still needed are computed.
    for range in overlapping(&items, |item| (item.t.lo, item.t.hi)) {
        for item in &mut items[range] {
            if item.kind == ItemKind::Linear(None) {
                let t = time(item.bits[0]);
                item.t = Enclosure::of(&t);
                item.kind = ItemKind::Linear(Some(t));
            }
        }
    }
    merge_equal(&mut items);
    narrow(&mut search, &mut items);
    let ranges = overlapping(&items, |item| (item.t.lo, item.t.hi));
    let (mut clusters, mut next) = (Vec::new(), 0);
    let mut single = |item: &Item| Cluster { t: item.t, items: vec![item.clone()] };
    for range in ranges {
        clusters.extend(items[next..range.start].iter().map(&mut single));
        clusters.extend(separated(plan, &items[range.clone()], finer, precisions));
        next = range.end;
    }
    clusters.extend(items[next..].iter().map(&mut single));
    clusters
}

/// Narrows the crossings that overlap others, in doubles, and sorts all items.
fn narrow(search: &mut Search<'_, f64>, items: &mut [Item]) {
    for _ in 0..ROUNDS {
        items.sort_by(|x, y| x.t.lo.total_cmp(&y.t.lo));
        let mut narrowed = false;
        for range in overlapping(items, |item| (item.t.lo, item.t.hi)) {
            for item in &mut items[range] {
                if let ItemKind::Curved { rises } = item.kind {
                    let [lo, hi] = narrower(search, item.bits[0], rises, [item.t.lo, item.t.hi]);
                    narrowed |= hi - lo < 0.9 * (item.t.hi - item.t.lo);
                    item.t = Enclosure { lo, hi };
                }
            }
        }
        if !narrowed {
            break;
        }
    }
    items.sort_by(|x, y| x.t.lo.total_cmp(&y.t.lo));
}

/// Merges crossings of linear elements at equal times, where these were computed.
fn merge_equal(items: &mut Vec<Item>) {
    let (mut linear, mut other): (Vec<Item>, Vec<Item>) = items.drain(..).partition(|item| matches!(item.kind, ItemKind::Linear(Some(_))));
    let time = |item: &Item| match &item.kind {
        ItemKind::Linear(Some(t)) => t.clone(),
        _ => unreachable!("only linear items are merged"),
    };
    linear.sort_by_cached_key(time);
    for mut item in linear {
        match other.last_mut() {
            Some(last) if last.kind == item.kind => last.bits.append(&mut item.bits),
            _ => other.push(item),
        }
    }
    *items = other;
}

/// The ranges of sorted items that overlap or touch, of two or more items.
fn overlapping<T, N: PartialOrd + Clone>(items: &[T], ends: impl Fn(&T) -> (N, N)) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut i = 0;
    while i < items.len() {
        let (_, mut reach) = ends(&items[i]);
        let mut j = i + 1;
        while j < items.len() {
            let (lo, hi) = ends(&items[j]);
            if lo > reach {
                break;
            }
            if hi > reach {
                reach = hi;
            }
            j += 1;
        }
        if j > i + 1 {
            ranges.push(i..j);
        }
        i = j;
    }
    ranges
}

/// The interval of a crossing after one more step: one of Newton's method, or at least a half.
pub(super) fn narrower<N: Number>(search: &mut Search<'_, N>, bit: usize, rises: bool, [lo, hi]: [N; 2]) -> [N; 2] {
    let plan = &search.plan.signs[bit];
    let element = plan.element as usize;
    search.pass.run(search.plan, search.line, [&lo, &hi], std::iter::once(element));
    // The half in which the sign changes, where the value at the middle is certain.
    let middle = search.pass.middle().clone();
    let [lo, hi] = match plan.above(&search.pass.value[element]).sign() {
        Some(Ordering::Greater) if lo < middle && middle < hi => {
            if rises {
                [lo, middle]
            } else {
                [middle, hi]
            }
        }
        Some(Ordering::Less) if lo < middle && middle < hi => {
            if rises {
                [middle, hi]
            } else {
                [lo, middle]
            }
        }
        _ => [lo, hi],
    };
    let slope = &search.pass.slope[element];
    if slope.is_positive() || slope.is_negative() { search.root(bit, &lo, &hi).unwrap_or([lo, hi]) } else { [lo, hi] }
}

/// Separates items whose times overlap in doubles, in higher precision.
fn separated(plan: &Plan, items: &[Item], finer: &dyn Fn(u32) -> Line<Float>, precisions: &[u32]) -> Vec<Cluster> {
    let start = |x: f64| Float::with_val(64, x);
    let ends = |item: &Item| {
        let [lo, hi] = [start(item.t.lo), start(item.t.hi)];
        match item.ends.clone() {
            // The doubles may have been narrowed since.
            Some([finer_lo, finer_hi]) => [if finer_lo < lo { lo } else { finer_lo }, if finer_hi > hi { hi } else { finer_hi }],
            None => [lo, hi],
        }
    };
    let mut timed: Vec<(Item, [Float; 2])> = items.iter().map(|item| (item.clone(), ends(item))).collect();
    // An end is never rounded: the interval beside it may have another crossing of the same bit.
    let least = timed.iter().flat_map(|(_, ends)| ends).map(Float::prec).max().unwrap_or(0);
    for &precision in precisions.iter().filter(|&&precision| precision >= least) {
        let line = finer(precision);
        let mut search = Search::new(plan, &line, 0.0);
        for (item, ends) in &mut timed {
            let wide = |x: &Float| Float::with_val(precision, x);
            *ends = match &item.kind {
                ItemKind::Linear(Some(t)) => super::ball::Ball::of_rational(&line.like, t).ends(),
                _ => [wide(&ends[0]), wide(&ends[1])],
            };
        }
        for _ in 0..ROUNDS {
            timed.sort_by(|(_, x), (_, y)| x[0].total_cmp(&y[0]));
            let ranges = overlapping(&timed, |(_, [lo, hi])| (lo.clone(), hi.clone()));
            let mut narrowed = false;
            for range in ranges {
                for (item, ends) in &mut timed[range] {
                    if let ItemKind::Curved { rises } = item.kind {
                        let before = Float::with_val(64, &ends[1] - &ends[0]);
                        *ends = narrower(&mut search, item.bits[0], rises, ends.clone());
                        narrowed |= Float::with_val(64, &ends[1] - &ends[0]) < before * 0.9f64;
                    }
                }
            }
            if !narrowed {
                break;
            }
        }
    }
    timed.sort_by(|(_, x), (_, y)| x[0].total_cmp(&y[0]));
    let ranges = overlapping(&timed, |(_, [lo, hi])| (lo.clone(), hi.clone()));
    let (mut clusters, mut next) = (Vec::new(), 0);
    let cluster = |items: &[(Item, [Float; 2])]| {
        let ends = |k: usize| items.iter().map(move |(_, ends)| &ends[k]);
        let lo = ends(0).map(Number::below).fold(f64::INFINITY, f64::min);
        let hi = ends(1).map(Number::above).fold(f64::NEG_INFINITY, f64::max);
        Cluster { t: Enclosure { lo: lo.max(0.0), hi: hi.min(1.0) }, items: items.iter().map(|(item, _)| item.clone()).collect() }
    };
    for range in ranges {
        clusters.extend((next..range.start).map(|i| cluster(&timed[i..=i])));
        clusters.push(cluster(&timed[range.clone()]));
        next = range.end;
    }
    clusters.extend((next..timed.len()).map(|i| cluster(&timed[i..=i])));
    clusters
}
