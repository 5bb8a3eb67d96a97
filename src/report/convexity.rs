//! The report of the two kinds of convexity.

use super::convexity_sets::SetError;
use crate::convexity::{
    Cells, EuclideanCounterexample, Finding, HammingCounterexample, Judge, PatternSet, RandomSets, Region, Regions, Smallest,
};
use crate::network::Pattern;
use serde::Serialize;

/// How many sets the search for the smallest ones tries in each direction.
const TRIED: usize = 100_000;

/// The result of `plica convexity` for a network.
///
/// ```
/// use plica::convexity::{Judge, Regions};
/// let regions = Regions::of(&plica::network::load("sawtooth:2").unwrap()).unwrap();
/// let report = plica::report::ConvexityReport::of("sawtooth:2", &mut Judge::new(&regions));
/// assert_eq!((report.regions, report.hidden_layers), (6, 2));
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct ConvexityReport<'a> {
    /// The name of the network.
    pub network: String,
    /// `closed` or `half-open`: what counts as a region.
    pub cells: &'static str,
    /// The dimension of the input space.
    pub inputs: usize,
    /// The number of hidden layers.
    pub hidden_layers: usize,
    /// The number of hidden units.
    pub units: usize,
    /// The number of realisable patterns.
    pub regions: usize,
    /// The realisable patterns in order.
    pub patterns: Vec<&'a Region>,
    /// The verdicts on given sets.
    pub sets: Option<Vec<SetReport>>,
    /// The verdicts on random sets.
    pub random: Option<RandomReport>,
    /// The smallest sets on which the verdicts differ.
    pub smallest: Option<SmallestReport>,
}

/// Both verdicts on a set of patterns.
#[derive(Clone, Debug, Serialize)]
pub struct SetReport {
    /// The patterns in order.
    pub patterns: Vec<Pattern>,
    /// Whether the set is Hamming-convex relative to the realisable patterns.
    pub hamming_convex: bool,
    /// Whether the union of its regions is convex.
    pub convex: bool,
    /// Why it is not Hamming-convex.
    pub hamming_counterexample: Option<HammingCounterexample>,
    /// Why the union is not convex.
    pub counterexample: Option<EuclideanCounterexample>,
    /// The relative Hamming hull.
    pub hamming_hull: Vec<Pattern>,
    /// The least set around it whose union of regions is convex.
    pub least_convex_union: Vec<Pattern>,
}

/// How often random sets are convex in either sense.
#[derive(Clone, Debug, Serialize)]
pub struct RandomReport {
    /// How many sets were drawn.
    pub sets: u64,
    /// The seed.
    pub seed: u64,
    /// Convex in both senses.
    pub both: u64,
    /// In neither.
    pub neither: u64,
    /// Hamming-convex, while the union is not convex.
    pub hamming_only: u64,
    /// The union is convex, while the set is not Hamming-convex.
    pub euclidean_only: u64,
    /// The first set on which the verdicts differ.
    pub first_disagreement: Option<SetReport>,
}

/// The smallest counter-examples to the equivalence, in either direction.
#[derive(Clone, Debug, Serialize)]
pub struct SmallestReport {
    /// A set that is Hamming-convex while its union is not convex.
    pub hamming_only: FindingReport,
    /// A set whose union is convex while it is not Hamming-convex.
    pub euclidean_only: FindingReport,
}

/// What a search found.
#[derive(Clone, Debug, Serialize)]
pub struct FindingReport {
    /// The first of the smallest sets.
    pub set: Option<SetReport>,
    /// No set has up to this many patterns; null where a set was found or all sets were tried.
    pub none_up_to: Option<usize>,
}

impl<'a> ConvexityReport<'a> {
    /// The report of the regions alone.
    pub fn of(name: &str, judge: &mut Judge<'a>) -> Self {
        let regions = judge.regions();
        Self {
            network: name.to_string(),
            cells: match regions.cells() {
                Cells::Closed => "closed",
                Cells::HalfOpen => "half-open",
            },
            inputs: regions.dimension(),
            hidden_layers: regions.depth(),
            units: regions.units(),
            regions: regions.len(),
            patterns: regions.iter().collect(),
            sets: None,
            random: None,
            smallest: None,
        }
    }

    /// Adds the verdicts on sets of patterns, each pattern given with the place where it is written.
    ///
    /// # Errors
    /// A pattern is not realised or has another length; the error gives its place.
    pub fn with_sets(self, judge: &mut Judge<'_>, sets: Vec<Vec<(String, Pattern)>>) -> Result<Self, SetError> {
        let regions = judge.regions();
        let mut reports = Vec::with_capacity(sets.len());
        for set in sets {
            let mut places = PatternSet::default();
            for (place, pattern) in set {
                let one = regions.set([pattern]).map_err(|error| SetError::new(&place, error))?;
                one.iter().for_each(|place| {
                    places.insert(place);
                });
            }
            reports.push(SetReport::of(judge, &places));
        }
        Ok(Self { sets: Some(reports), ..self })
    }

    /// Adds the smallest sets on which the two kinds of convexity differ, if they can: for deeper networks, and for half-open regions.
    pub fn with_smallest(self, judge: &mut Judge<'_>) -> Self {
        let regions = judge.regions();
        if regions.depth() <= 1 && regions.cells() == Cells::Closed {
            return self;
        }
        let smallest = Smallest::of(judge, TRIED);
        Self { smallest: Some(SmallestReport::of(judge, &smallest)), ..self }
    }
}

impl SetReport {
    /// Both verdicts on a set, and the convex sets around it.
    pub fn of(judge: &mut Judge<'_>, set: &PatternSet) -> Self {
        let patterns = |regions: &Regions, set: &PatternSet| regions.patterns(set).cloned().collect();
        let (hamming, euclidean) = (judge.hamming(set), judge.euclidean(set));
        let (hull, union) = (judge.hamming_hull(set), judge.least_convex_union(set));
        Self {
            patterns: patterns(judge.regions(), set),
            hamming_convex: hamming.is_none(),
            convex: euclidean.is_none(),
            hamming_counterexample: hamming,
            counterexample: euclidean,
            hamming_hull: patterns(judge.regions(), &hull),
            least_convex_union: patterns(judge.regions(), &union),
        }
    }
}

impl RandomReport {
    /// Draws sets and counts the verdicts.
    pub fn of(judge: &mut Judge<'_>, sets: u64, seed: u64) -> Self {
        let mut report = Self { sets, seed, both: 0, neither: 0, hamming_only: 0, euclidean_only: 0, first_disagreement: None };
        let mut random = RandomSets::new(seed);
        for _ in 0..sets {
            let set = random.draw(judge);
            let verdicts = (judge.is_hamming_convex(&set), judge.is_convex(&set));
            *match verdicts {
                (true, true) => &mut report.both,
                (false, false) => &mut report.neither,
                (true, false) => &mut report.hamming_only,
                (false, true) => &mut report.euclidean_only,
            } += 1;
            if verdicts.0 != verdicts.1 && report.first_disagreement.is_none() {
                report.first_disagreement = Some(SetReport::of(judge, &set));
            }
        }
        report
    }
}

impl SmallestReport {
    /// The findings with their verdicts.
    pub fn of(judge: &mut Judge<'_>, smallest: &Smallest) -> Self {
        let mut finding = |finding: &Finding| match finding {
            Finding::Found(set) => FindingReport { set: Some(SetReport::of(judge, set)), none_up_to: None },
            Finding::None => FindingReport { set: None, none_up_to: None },
            Finding::NoneUpTo(size) => FindingReport { set: None, none_up_to: Some(*size) },
        };
        Self { hamming_only: finding(&smallest.hamming_only), euclidean_only: finding(&smallest.euclidean_only) }
    }
}
