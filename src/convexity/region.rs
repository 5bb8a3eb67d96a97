//! Regions: a pattern, the rows that say where it holds, and a point there.

use super::forms::{Forms, Layers};
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

/// What a region is, and which patterns count as realisable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cells {
    /// Omega are the patterns whose region has interior, and a region is closed: the closure of its interior.
    #[default]
    Closed,
    /// Omega are the patterns of all points, those realised on lower-dimensional sets alone included, and a region is the set of points
    /// with its pattern: z > 0 where a unit is active, z <= 0 where not.
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
    /// Whether points on the hyperplane itself do not count: of closed regions for the inside, of half-open ones where the unit is active.
    ///
    /// A half-open region holds what it has of its boundary, whether it has interior or not.
    pub fn is_strict(&self, cells: Cells) -> bool {
        self.active || cells == Cells::Closed
    }

    /// Whether a slack of this sign is that of a point on this side.
    pub fn allows(&self, slack: Ordering, cells: Cells) -> bool {
        if self.is_strict(cells) { slack.is_gt() } else { slack.is_ge() }
    }
}

/// An activation region: a realisable pattern, with a point that witnesses it. Written as `{"pattern", "witness", "interior"}`.
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

    /// A point with the pattern, in the interior where there is one.
    pub fn witness(&self) -> &[Rational] {
        &self.witness
    }

    /// Whether the region is full-dimensional.
    pub fn has_interior(&self) -> bool {
        self.has_interior
    }

    /// Whether a point is inside of the closed region, or in the half-open one: whether it has the pattern.
    pub(super) fn contains(&self, place: &Place, cells: Cells) -> bool {
        self.sides.iter().all(|side| side.allows(place.slack_sign(&side.row), cells))
    }

    /// The point itself, or one with shorter coordinates that the region holds too.
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
    /// The regions with interior. An [`Enumerator`] has the options.
    ///
    /// # Errors
    /// More regions than [`Enumerator::MOST_REGIONS`].
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

    /// Whether there are none, which is never so.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What counts as a region.
    pub fn cells(&self) -> Cells {
        self.cells
    }

    /// The dimension of the input space.
    pub fn dimension(&self) -> usize {
        self.layers.inputs
    }

    /// The number of hidden layers.
    pub fn depth(&self) -> usize {
        self.layers.hidden.len()
    }

    /// The number of hidden units.
    pub fn units(&self) -> usize {
        self.layers.hidden.iter().map(|layer| layer.outputs).sum()
    }

    /// The regions in the order of their patterns.
    pub fn iter(&self) -> std::slice::Iter<'_, Region> {
        self.all.iter()
    }

    /// The region of a pattern, if it is realisable.
    pub fn get(&self, pattern: &Pattern) -> Option<&Region> {
        self.position(pattern).map(|index| &self.all[index])
    }

    pub(super) fn position(&self, pattern: &Pattern) -> Option<usize> {
        self.index.get(pattern).copied()
    }

    /// A set of realisable patterns; one that occurs twice counts once.
    ///
    /// # Errors
    /// A pattern of another length than there are units, or one that is not realisable.
    pub fn set(&self, patterns: impl IntoIterator<Item = Pattern>) -> Result<PatternSet, ConvexityError> {
        let position = |pattern: Pattern| match self.position(&pattern) {
            Some(index) => Ok(index),
            None if pattern.len() != self.units() => Err(ConvexityError::Length { expected: self.units(), found: pattern.len(), pattern }),
            None => Err(ConvexityError::NotRealised { pattern, closed: self.cells == Cells::Closed }),
        };
        patterns.into_iter().map(position).collect()
    }

    /// The patterns of a set, in order.
    pub fn patterns<'a>(&'a self, set: &'a PatternSet) -> impl ExactSizeIterator<Item = &'a Pattern> {
        set.iter().map(|index| &self.all[index].pattern)
    }

    /// The forms of the first layer.
    pub(super) fn first_forms(layers: &Layers) -> Option<Forms> {
        (!layers.hidden.is_empty()).then(|| Forms::first(layers))
    }
}

impl<'a> IntoIterator for &'a Regions {
    type Item = &'a Region;
    type IntoIter = std::slice::Iter<'a, Region>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
