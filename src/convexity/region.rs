//! Regions: a pattern, the rows that describe the set with this pattern, and a point of it.

use super::layers::Layers;
use super::place::Place;
use super::{ConvexityError, Enumerator, PatternSet};
use crate::exact::exact_numbers;
use crate::exact::lp::Row;
use crate::network::{Network, Pattern};
use rug::Rational;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// Which sets are regions, and which patterns are realisable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cells {
    /// Omega consists of the patterns whose region has interior. A region is closed: it is the closure of its interior.
    #[default]
    Closed,
    /// Omega consists of the patterns of all points, including those of lower-dimensional sets. A region is the set of points with its
    /// pattern: z > 0 for active units, and z <= 0 for inactive ones.
    HalfOpen,
}

/// One side of a unit's hyperplane.
#[derive(Clone)]
pub(super) struct Side {
    /// a.x < b or a.x <= b.
    pub row: Arc<Row>,
    /// Whether the unit is active.
    pub active: bool,
}

impl Side {
    /// Whether points on the hyperplane itself are excluded: for closed regions, from the interior; for half-open ones, if the unit is
    /// active.
    ///
    /// A half-open region contains a part of its boundary, whether it has interior or not.
    pub fn is_strict(&self, cells: Cells) -> bool {
        self.active || cells == Cells::Closed
    }

    /// Whether a point with this sign of the slack is on this side.
    pub fn allows(&self, slack: Ordering, cells: Cells) -> bool {
        if self.is_strict(cells) { slack.is_gt() } else { slack.is_ge() }
    }
}

/// An activation region: a realisable pattern, with a point as its witness. Written as `{"pattern", "witness", "interior"}`.
#[derive(Clone, Serialize)]
pub struct Region {
    pub(super) pattern: Pattern,
    #[serde(serialize_with = "exact_numbers")]
    pub(super) witness: Vec<Rational>,
    #[serde(rename = "interior")]
    pub(super) has_interior: bool,
    #[serde(skip)]
    pub(super) sides: Vec<Side>,
}

impl Region {
    /// The pattern.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// A point with the pattern, in the interior if there is one.
    pub fn witness(&self) -> &[Rational] {
        &self.witness
    }

    /// Whether the region is full-dimensional.
    pub fn has_interior(&self) -> bool {
        self.has_interior
    }

    /// Whether a point is in the interior of the closed region, or in the half-open region, where points have the pattern.
    pub(super) fn contains(&self, place: &Place, cells: Cells) -> bool {
        self.sides.iter().all(|side| side.allows(place.slack_sign(&side.row), cells))
    }

    /// The point, or another point of the region with shorter coordinates.
    pub(super) fn shortened(&self, place: Place, cells: Cells) -> Place {
        (0..=24).map(|bits| place.rounded(bits)).find(|short| self.contains(short, cells)).unwrap_or(place)
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Region").field("pattern", &self.pattern).field("witness", &self.witness).finish_non_exhaustive()
    }
}

/// All regions of a network, in the order of their patterns.
#[must_use]
pub struct Regions {
    pub(super) layers: Layers,
    pub(super) cells: Cells,
    pub(super) all: Vec<Region>,
    index: HashMap<Pattern, usize>,
}

impl Regions {
    /// The regions with interior, with default options; see [`Enumerator`].
    ///
    /// # Errors
    /// As for [`Enumerator::run`], with the limit [`Enumerator::MOST_REGIONS`].
    ///
    /// ```
    /// use plica::convexity::Regions;
    /// let regions = Regions::of(&plica::network::load("sawtooth:1").unwrap()).unwrap();
    /// let patterns: Vec<String> = regions.iter().map(|region| region.pattern().to_string()).collect();
    /// assert_eq!(patterns, ["00", "10", "11"]);
    /// ```
    pub fn of(network: &Network) -> Result<Self, ConvexityError> {
        Enumerator::new(network).run()
    }

    pub(super) fn new(layers: Layers, cells: Cells, mut all: Vec<Region>) -> Self {
        all.sort_unstable_by(|a, b| a.pattern.iter().cmp(b.pattern.iter()));
        let index = all.iter().enumerate().map(|(index, region)| (region.pattern.clone(), index)).collect();
        Self { layers, cells, all, index }
    }

    /// The number of regions.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are no regions. This is always false.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Which sets are regions.
    pub fn cells(&self) -> Cells {
        self.cells
    }

    /// The dimension of the input space.
    pub fn dimension(&self) -> usize {
        self.layers.inputs()
    }

    /// The number of hidden layers.
    pub fn depth(&self) -> usize {
        self.layers.depth()
    }

    /// The number of hidden units.
    pub fn units(&self) -> usize {
        self.layers.units()
    }

    /// The regions, in the order of their patterns.
    pub fn iter(&self) -> std::slice::Iter<'_, Region> {
        self.all.iter()
    }

    /// The region with a pattern, if the pattern is realisable.
    pub fn get(&self, pattern: &Pattern) -> Option<&Region> {
        self.position(pattern).map(|index| &self.all[index])
    }

    pub(super) fn position(&self, pattern: &Pattern) -> Option<usize> {
        self.index.get(pattern).copied()
    }

    /// A set of realisable patterns. Repetitions are ignored.
    ///
    /// # Errors
    /// The length of a pattern is not the number of bits of all hidden units, or a pattern is not realisable.
    pub fn set(&self, patterns: impl IntoIterator<Item = Pattern>) -> Result<PatternSet, ConvexityError> {
        let bits = self.layers.bits(self.depth());
        let position = |pattern: Pattern| match self.position(&pattern) {
            Some(index) => Ok(index),
            None if pattern.len() != bits => Err(ConvexityError::Length { expected: bits, found: pattern.len(), pattern }),
            None => Err(ConvexityError::NotRealised { pattern, closed: self.cells == Cells::Closed }),
        };
        patterns.into_iter().map(position).collect()
    }

    /// The patterns of a set, in their order.
    pub fn patterns<'a>(&'a self, set: &'a PatternSet) -> impl ExactSizeIterator<Item = &'a Pattern> {
        set.iter().map(|index| &self.all[index].pattern)
    }
}

impl<'a> IntoIterator for &'a Regions {
    type Item = &'a Region;
    type IntoIter = std::slice::Iter<'a, Region>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
