//! Decides both kinds of convexity of a set of patterns, and computes the least convex sets that contain it.

use super::facet::{Facet, facets, reaches_beyond};
use super::segment::{EuclideanCounterexample, through};
use super::{Cells, PatternSet, Regions};
use crate::exact::lp::Row;
use crate::network::Pattern;
use serde::Serialize;
use std::collections::HashMap;
use std::rc::Rc;

/// Two patterns of a set, and a realisable pattern between them that is not in the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HammingCounterexample {
    /// A pattern of the set.
    pub from: Pattern,
    /// Another pattern of the set.
    pub to: Pattern,
    /// A pattern of Omega in the interval I(from, to) that is not in the set.
    pub between: Pattern,
}

/// Decides convexity of sets of patterns of the same regions. Intermediate results are kept, so that further sets cost little.
///
/// *Closed* regions: a union of regions is convex if and only if no region of the union has points beyond the hyperplane of a facet on
/// whose other side there is no region of the union. (Such a facet is on the boundary of the union, so a convex union is on one side of its
/// hyperplane. Conversely, if all regions are on one side of all such hyperplanes, the union is the intersection of these half-spaces: a
/// generic segment from an inner point of a region to a point of the intersection could leave the union only through the interior of such a
/// facet, and beyond it the intersection ends.) *Half-open* regions: the union is convex if and only if no segment between two of its
/// regions passes through a region that is not in it.
#[must_use]
pub struct Judge<'a> {
    regions: &'a Regions,
    facets: HashMap<usize, Rc<[Facet]>>,
    /// For the address of a row and the index of a region, whether the region has points beyond the row. The rows belong to the regions.
    beyond: HashMap<(*const Row, usize), bool>,
    /// For the indices of three half-open regions, whether a segment from the first to the last passes through the second.
    passes: HashMap<[usize; 3], bool>,
}

impl<'a> Judge<'a> {
    /// A judge for sets of these regions.
    pub fn new(regions: &'a Regions) -> Self {
        Self { regions, facets: HashMap::new(), beyond: HashMap::new(), passes: HashMap::new() }
    }

    /// The regions.
    pub fn regions(&self) -> &'a Regions {
        self.regions
    }

    /// `None` if the set is Hamming-convex relative to the realisable patterns; otherwise two of its patterns and one between them that is
    /// not in the set.
    ///
    /// Compares O(|B|^2 |Omega|) patterns.
    pub fn hamming(&self, set: &PatternSet) -> Option<HammingCounterexample> {
        let [from, between, to] = self.hamming_gap(set)?.map(|place| self.regions.all[place].pattern.clone());
        Some(HammingCounterexample { from, to, between })
    }

    /// `None` if the union of the regions is convex; otherwise two of its points and one between them that is not in the union.
    ///
    /// For closed regions it takes at most one linear program for each facet on the boundary and each region of the union; for half-open
    /// regions at most one for each two regions of the union and each region outside.
    pub fn euclidean(&mut self, set: &PatternSet) -> Option<EuclideanCounterexample> {
        let gap = self.euclidean_gap(set)?;
        Some(through(self.regions, gap.map(|place| &self.regions.all[place])).expect("three regions of a gap have a segment through them"))
    }

    /// Whether the union of the regions is convex.
    pub fn is_convex(&mut self, set: &PatternSet) -> bool {
        self.euclidean_gap(set).is_none()
    }

    /// Whether the set is Hamming-convex relative to the realisable patterns.
    pub fn is_hamming_convex(&self, set: &PatternSet) -> bool {
        self.hamming_gap(set).is_none()
    }

    /// The relative Hamming hull: the least set that contains this one and is Hamming-convex relative to the realisable patterns.
    ///
    /// It is the closure under adding all patterns between two of its patterns. For closed regions of one hidden layer it consists of all
    /// patterns of Omega with the bits that all patterns of the set share (`proofs/coq/Convexity.v`, `closed_convex_iff_common`).
    pub fn hamming_hull(&self, set: &PatternSet) -> PatternSet {
        if self.regions.depth() == 1 && self.regions.cells() == Cells::Closed {
            return self.with_the_shared_bits(set);
        }
        let all = &self.regions.all;
        let mut hull = set.clone();
        // Bits that all patterns of the set share are shared by all patterns of the hull, and by the patterns between these.
        let mut outside: Vec<usize> = self.with_the_shared_bits(set).iter().filter(|&place| !set.contains(place)).collect();
        let mut done: Vec<usize> = Vec::with_capacity(set.len());
        let mut waiting: Vec<usize> = set.iter().collect();
        while let Some(p) = waiting.pop() {
            for &q in &done {
                outside.retain(|&place| {
                    let is_new = all[place].pattern.is_between(&all[p].pattern, &all[q].pattern) && hull.insert(place);
                    waiting.extend(is_new.then_some(place));
                    !is_new
                });
            }
            done.push(p);
        }
        hull
    }

    /// The least set that contains this one and whose union of regions is convex.
    ///
    /// It is the closure under adding all regions through which a segment between two of its regions passes.
    pub fn least_convex_union(&mut self, set: &PatternSet) -> PatternSet {
        let mut union = set.clone();
        if self.regions.cells() == Cells::HalfOpen {
            while let Some([_, between, _]) = self.half_open_gap(&union) {
                union.insert(between);
            }
            return union;
        }
        // The facets on the boundary beyond which no region has points so far, with the region on the other side.
        let mut boundary: Vec<(Rc<[Facet]>, usize, usize)> = Vec::new();
        let mut done: Vec<usize> = Vec::new();
        let mut waiting: Vec<usize> = set.iter().collect();
        while let Some(place) = waiting.pop() {
            done.push(place);
            boundary.retain(|(facets, index, beyond)| {
                let crossed = !union.contains(*beyond) && self.reaches_beyond(&facets[*index], place);
                waiting.extend((crossed && union.insert(*beyond)).then_some(*beyond));
                !union.contains(*beyond)
            });
            let facets = self.facets(place);
            for (index, facet) in facets.iter().enumerate() {
                let beyond = self.beyond(facet);
                if union.contains(beyond) {
                    continue;
                }
                if done.iter().any(|&other| self.reaches_beyond(facet, other)) {
                    union.insert(beyond);
                    waiting.push(beyond);
                } else {
                    boundary.push((facets.clone(), index, beyond));
                }
            }
        }
        union
    }

    fn with_the_shared_bits(&self, set: &PatternSet) -> PatternSet {
        let mut patterns = self.regions.patterns(set);
        let Some(first) = patterns.next() else { return set.clone() };
        let mut differs = Pattern::zeros(first.len());
        patterns.for_each(|pattern| differs.mark_differences(first, pattern));
        let shares = |place: &usize| differs.allows_differences(first, &self.regions.all[*place].pattern);
        (0..self.regions.len()).filter(shares).collect()
    }

    /// Two patterns of the set and one between them that is not in it: their indices, with that one in the middle.
    fn hamming_gap(&self, set: &PatternSet) -> Option<[usize; 3]> {
        let all = &self.regions.all;
        let members: Vec<usize> = set.iter().collect();
        // A pattern between two patterns of the set has the bits that all patterns of the set share.
        let outside: Vec<usize> = self.with_the_shared_bits(set).iter().filter(|&place| !set.contains(place)).collect();
        for (k, &p) in members.iter().enumerate() {
            for &q in &members[k + 1..] {
                if let Some(&r) = outside.iter().find(|&&r| all[r].pattern.is_between(&all[p].pattern, &all[q].pattern)) {
                    return Some([p, r, q]);
                }
            }
        }
        None
    }

    /// Two regions of the union and one between them that is not in it, with a segment through it: their indices, with that one in the
    /// middle.
    fn euclidean_gap(&mut self, set: &PatternSet) -> Option<[usize; 3]> {
        match self.regions.cells() {
            Cells::Closed => self.closed_gap(set),
            Cells::HalfOpen => self.half_open_gap(set),
        }
    }

    fn closed_gap(&mut self, set: &PatternSet) -> Option<[usize; 3]> {
        for place in set.iter() {
            let facets = self.facets(place);
            for facet in facets.iter() {
                let beyond = self.beyond(facet);
                if set.contains(beyond) {
                    continue;
                }
                if let Some(other) = set.iter().find(|&other| other != place && self.reaches_beyond(facet, other)) {
                    return Some([place, beyond, other]);
                }
            }
        }
        None
    }

    fn half_open_gap(&mut self, set: &PatternSet) -> Option<[usize; 3]> {
        let regions = self.regions;
        let first = regions.layers.bits(1);
        let members: Vec<usize> = set.iter().collect();
        for (k, &p) in members.iter().enumerate() {
            for &q in &members[k + 1..] {
                for r in (0..regions.len()).filter(|&r| !set.contains(r)) {
                    // The bits of the first layer are signs of affine forms, so a segment changes each of them at most once.
                    let [from, between, to] = [p, r, q].map(|place| &regions.all[place].pattern);
                    let is_geodesic = (0..first).all(|i| from.get(i) != to.get(i) || between.get(i) == from.get(i));
                    if is_geodesic && self.passes([p, r, q]) {
                        return Some([p, r, q]);
                    }
                }
            }
        }
        None
    }

    /// The indices of the regions beyond the facets of a region.
    pub(super) fn neighbours(&mut self, place: usize) -> Vec<usize> {
        self.facets(place).iter().map(|facet| self.beyond(facet)).collect()
    }

    /// The index of the region on the other side of a facet.
    fn beyond(&self, facet: &Facet) -> usize {
        self.regions.position(&facet.beyond).expect("the region beyond a facet has interior")
    }

    fn facets(&mut self, place: usize) -> Rc<[Facet]> {
        let regions = self.regions;
        self.facets.entry(place).or_insert_with(|| facets(regions, &regions.all[place]).into()).clone()
    }

    fn reaches_beyond(&mut self, facet: &Facet, place: usize) -> bool {
        let regions = self.regions;
        let key = (std::sync::Arc::as_ptr(&facet.row), place);
        *self.beyond.entry(key).or_insert_with(|| reaches_beyond(regions.dimension(), &regions.all[place], &facet.row))
    }

    fn passes(&mut self, places: [usize; 3]) -> bool {
        let regions = self.regions;
        *self.passes.entry(places).or_insert_with(|| through(regions, places.map(|place| &regions.all[place])).is_some())
    }
}
