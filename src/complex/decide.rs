//! Decisions: cells are cut further by the output, so that one class is decided on each part.

use super::build::Builder;
use super::cells::Complex;
use super::domain::Domain;
use super::error::{ComplexError, MOST_OUTPUTS, RuleError};
use super::slice::Plane;
use crate::exact::ParseError;
use crate::network::Pattern;
use crate::network::lowered::Lowered;
use crate::network::lowered::{Judge, with_winner};
use rug::Rational;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

/// The rule by which the output of a network decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// By the sign of the only output: classes 1, -1, and 0 where it is 0 on a whole cell.
    Sign,
    /// By the largest of several outputs, the lowest index in case of ties: classes 0, 1, ...
    Argmax,
}

impl FromStr for Rule {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "sign" => Ok(Self::Sign),
            "argmax" => Ok(Self::Argmax),
            _ => Err(ParseError::new(format!("`{text}` is not a rule: expected sign or argmax"))),
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sign => "sign",
            Self::Argmax => "argmax",
        })
    }
}

impl Rule {
    /// Checks that the rule can decide by this number of outputs.
    ///
    /// # Errors
    /// The number of outputs does not fit the rule.
    pub fn fits(self, outputs: usize) -> Result<(), RuleError> {
        match self {
            Self::Sign if outputs != 1 => Err(RuleError::Several(outputs)),
            Self::Argmax if outputs < 2 => Err(RuleError::One),
            Self::Argmax if outputs > MOST_OUTPUTS => Err(RuleError::TooMany(outputs)),
            _ => Ok(()),
        }
    }

    /// The steps of a network with one more hidden layer, which decides.
    pub(super) fn after(self, steps: Lowered, limit: u64, judge: Option<&mut Judge<'_, ComplexError>>) -> Result<Lowered, ComplexError> {
        match self {
            Self::Sign => Ok(steps.with_sign()),
            Self::Argmax => with_winner(steps, limit, judge),
        }
    }

    /// The class of a cell, from its bits; `step` is the first step that decides.
    fn class(self, steps: &Lowered, step: usize, words: &[u64]) -> i64 {
        match self {
            Self::Sign => i64::from(steps.is_active(words, step, 0)) - i64::from(steps.is_active(words, step, 1)),
            Self::Argmax => steps.last_winner(words) as i64,
        }
    }
}

/// A complex whose cells are cut further, so that one class is decided on each.
///
/// An activation region has one part for each class that is decided on a subset of it with interior. The parts are convex, since the output
/// is affine on the region. Cuts are only where two classes tie for the decision.
///
/// ```
/// use plica::{complex::{Builder, Domain, Rule}, network::load};
/// let network = load("cantor:1").unwrap();
/// let decided = Builder::new(&network).decide(Rule::Sign, &Domain::parse_box("0,1", 2).unwrap(), None).unwrap();
/// let regions = decided.regions().unwrap();
/// let volumes: rug::Rational = regions.iter().map(|region| region.volume.clone().unwrap()).sum();
/// assert_eq!(volumes, 1);
/// ```
#[derive(Debug)]
pub struct Decided {
    /// The finer complex.
    pub complex: Complex,
    /// The class of each of its cells.
    pub class_of: Vec<i64>,
    /// For each of its cells, the activation region that contains it, by its number in the complex without decisions.
    pub parent_of: Vec<u32>,
    /// The rule of the decision.
    pub rule: Rule,
}

/// A maximal connected set with one class, where cells with a common facet are connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRegion {
    /// The class that is decided.
    pub class: i64,
    /// The cells of the region in the finer complex.
    pub cells: Vec<usize>,
    /// The exact volume, `None` if the region is unbounded.
    pub volume: Option<Rational>,
}

/// A piece of the boundary between two classes: a convex polytope of dimension d - 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundaryPiece {
    /// The two classes, the lower one first.
    pub classes: [i64; 2],
    /// The activation regions on both sides, in order. There is only one if the piece is inside it.
    pub within: Vec<usize>,
    /// The facets of the finer complex whose union is the piece.
    pub facets: Vec<usize>,
}

impl Builder {
    /// Builds the complex of a domain, or of a plane slice, cut further by the decisions of the output.
    ///
    /// # Errors
    /// As [`Builder::build`], or the rule does not fit the number of outputs.
    pub fn decide(&self, rule: Rule, domain: &Domain, plane: Option<&Plane>) -> Result<Decided, ComplexError> {
        rule.fits(self.outputs())?;
        let (complex, first) = self.cells(domain, plane, Some(rule))?;
        let class_of = (0..complex.activation_regions()).map(|cell| rule.class(&complex.steps, first, complex.words(cell))).collect();
        let parent_of = parents(&complex, first);
        Ok(Decided { complex, class_of, parent_of, rule })
    }
}

/// For each cell of a complex cut by decisions, the activation region that contains it. It is the only one with the pattern of the cell.
///
/// Regions are numbered in the order of first occurrence, as in the complex without decisions; `step` is the first step that decides.
fn parents(complex: &Complex, step: usize) -> Vec<u32> {
    let cells = 0..complex.activation_regions();
    let pattern = |cell: usize| complex.steps.pattern_below(complex.steps.hidden.len() - 1, complex.words(cell));
    let mut numbers: HashMap<Pattern, u32> = HashMap::new();
    let mut last: Option<(&[u64], u32)> = None;
    let first = complex.steps.first_words[step];
    let parent = |cell: usize| {
        let words = &complex.words(cell)[..first];
        // Cells with the same bits are mostly neighbours in the list.
        if let Some((_, number)) = last.filter(|(before, _)| *before == words) {
            return number;
        }
        let next = numbers.len() as u32;
        let number = *numbers.entry(pattern(cell)).or_insert(next);
        last = Some((words, number));
        number
    };
    cells.map(parent).collect()
}

impl Decided {
    /// The decision regions, in the order of their first cells, with their exact volumes.
    ///
    /// # Errors
    /// The volumes take more memory than allowed, as for [`Complex::volumes`].
    pub fn regions(&self) -> Result<Vec<DecisionRegion>, ComplexError> {
        let region_of = self.complex.components(|a, b| self.class_of[a] == self.class_of[b]);
        let mut regions: Vec<DecisionRegion> = Vec::new();
        for (cell, &region) in region_of.iter().enumerate() {
            if region as usize == regions.len() {
                regions.push(DecisionRegion { class: self.class_of[cell], cells: Vec::new(), volume: None });
            }
            regions[region as usize].cells.push(cell);
        }
        // A region with an unbounded cell has no volume, whatever the volumes of its other cells.
        let is_bounded: Vec<bool> =
            regions.iter().map(|region| region.cells.iter().all(|&cell| self.complex.cell(cell).bounded())).collect();
        let mut volumes = self.complex.volumes_of(|cell| is_bounded[region_of[cell] as usize])?;
        for region in &mut regions {
            let parts: Option<Vec<Rational>> = region.cells.iter().map(|&cell| volumes[cell].take()).collect();
            region.volume = parts.map(|parts| super::check::exact_sum(&parts));
        }
        Ok(regions)
    }

    /// The pieces of the boundaries between classes. Each is convex, since the output is affine on an activation region.
    pub fn boundary(&self) -> Vec<BoundaryPiece> {
        let mut pieces: BTreeMap<(Vec<usize>, [i64; 2]), Vec<usize>> = BTreeMap::new();
        for facet in self.complex.facets() {
            let [a, b] = facet.cells()[..] else { continue };
            let (x, y) = (self.class_of[a], self.class_of[b]);
            if x == y {
                continue;
            }
            let mut within = vec![self.parent_of[a] as usize, self.parent_of[b] as usize];
            within.sort_unstable();
            within.dedup();
            pieces.entry((within, [x.min(y), x.max(y)])).or_default().push(facet.index());
        }
        pieces.into_iter().map(|((within, classes), facets)| BoundaryPiece { classes, within, facets }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Layer, Network};
    use nalgebra::{dmatrix, dvector};

    fn domain() -> Domain {
        Domain::parse_box("-1,1", 2).unwrap()
    }

    /// |x| - 1/2: three strips, of areas 1, 2 and 1.
    #[test]
    fn a_sign_has_its_regions_and_boundary() {
        let network = Network::new(vec![
            Layer::from_f64(dmatrix![1.0, 0.0; -1.0, 0.0], dvector![0.0, 0.0]),
            Layer::from_f64(dmatrix![1.0, 1.0], dvector![-0.5]),
        ]);
        let decided = Builder::new(&network.unwrap()).decide(Rule::Sign, &domain(), None).unwrap();
        let regions = decided.regions().unwrap();
        let mut found: Vec<(i64, Rational, usize)> =
            regions.into_iter().map(|region| (region.class, region.volume.unwrap(), region.cells.len())).collect();
        found.sort();
        let whole = |n: u32| Rational::from(n);
        assert_eq!(found, [(-1, whole(2), 2), (1, whole(1), 1), (1, whole(1), 1)]);
        let boundary = decided.boundary();
        assert_eq!(boundary.iter().map(|piece| piece.within.clone()).collect::<Vec<_>>(), [[0], [1]]);
    }

    /// An output that is 0 where a unit is inactive: a third class.
    #[test]
    fn an_output_that_vanishes_on_a_cell_is_a_class() {
        let network = Network::new(vec![Layer::from_f64(dmatrix![1.0, 0.0], dvector![0.0]), Layer::from_f64(dmatrix![2.0], dvector![0.0])]);
        let decided = Builder::new(&network.unwrap()).decide(Rule::Sign, &domain(), None).unwrap();
        let mut classes = decided.class_of.clone();
        classes.sort_unstable();
        assert_eq!((classes, decided.boundary()[0].within.clone()), (vec![0, 1], vec![0, 1]));
    }

    /// Three outputs: x, y, and the maximum of both. Ties go to the lower index, so the third one never wins.
    #[test]
    fn ties_go_to_the_lowest_index() {
        let network = Network::new(vec![
            Layer::from_f64(dmatrix![1.0, -1.0; 0.0, 1.0; 0.0, -1.0], dvector![0.0, 0.0, 0.0]),
            Layer::from_f64(dmatrix![0.0, 1.0, -1.0; 1.0, 1.0, -1.0; 1.0, 1.0, -1.0], dvector![0.0, 0.0, 0.0]),
        ]);
        // The outputs are y, relu(x - y) + y = max(x, y), and the latter once more.
        let decided = Builder::new(&network.unwrap()).decide(Rule::Argmax, &domain(), None).unwrap();
        let regions = decided.regions().unwrap();
        let mut found: Vec<(i64, Rational)> = regions.into_iter().map(|region| (region.class, region.volume.unwrap())).collect();
        found.sort();
        assert_eq!(found, [(0, Rational::from(2)), (1, Rational::from(2))]);
    }

    #[test]
    fn a_rule_fits_its_outputs() {
        assert!(Rule::Sign.fits(3).unwrap_err().to_string().contains("argmax"));
        assert!(Rule::Argmax.fits(1).unwrap_err().to_string().contains("sign"));
        assert!(Rule::Argmax.fits(65).is_err() && Rule::Argmax.fits(64).is_ok());
    }
}
