//! Closed-form bounds on the number of regions and faces, each with its source and the status of its proof.
//!
//! A network has widths n_0 (inputs), n_1, ..., n_L (hidden layers) and N = n_1 + ... + n_L hidden units. Bounds on the number of
//! activation regions are valid in the whole space, and so in every box.

mod counting;

use crate::exact::{ExactNumber, ParseError};
use crate::network::Network;
use counting::{binomial_sum, binomials, cyclic_facets, power, serra_rank, serra_ranks, sums};
use rug::{Integer, Rational};
use serde::Serialize;

/// The quantity that a bound is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// The number of activation regions.
    Regions,
    /// The number of activation regions along a line.
    RegionsOnALine,
    /// The mean number of facets of a region of the whole space.
    MeanFacets,
    /// The least number of facets of a region of the whole space.
    LeastFacets,
    /// The number of simplices of the pulling triangulation of one bounded region of the whole space.
    Simplices,
}

/// The relation between the quantity and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// No network of this shape has a larger quantity.
    AtMost,
    /// No generic network of this shape has a smaller quantity.
    AtLeast,
    /// Some network of this shape has this value.
    Attained,
    /// No network of this shape has a larger quantity, and some network has this value.
    Maximum,
    /// Every generic network of this shape has exactly this value.
    Exactly,
    /// Random networks have approximately this value on average.
    Expected,
}

/// The evidence for a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A proof in the documentation of the function, or a textbook theorem.
    Proved,
    /// A theorem of the source.
    Published,
    /// A statement that is quoted elsewhere. The text of its proof was not available.
    Quoted,
}

/// One bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// The quantity.
    pub quantity: Quantity,
    /// The relation: at most, at least, exactly, ...
    pub relation: Relation,
    /// The value; `None` if it is too large to be computed.
    pub value: Option<ExactNumber>,
    /// The source of the bound.
    pub source: &'static str,
    /// The assumptions on the network beyond its shape; empty if there are none.
    pub condition: &'static str,
    /// The evidence.
    pub evidence: Evidence,
}

/// The shape of a fully connected network, as far as bounds depend on it.
///
/// ```
/// use plica::bounds::Shape;
/// let shape: Shape = "2-16-16-16-1".parse().unwrap();
/// assert_eq!(shape.serra_upper(), 2571353);
/// assert_eq!(shape.serra_lower().unwrap(), 898857);
/// assert_eq!(shape.montufar_lower().unwrap(), 561152);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Shape {
    inputs: usize,
    hidden: Vec<usize>,
}

/// The limit for the width of a layer: the length of numbers of regions is proportional to the number of units.
const WIDEST: usize = 20_000;

/// The limit for the length of numbers, in bits.
const MOST_BITS: usize = 1 << 21;

/// The limit for the products of machine words for one bound.
const MOST_WORK: f64 = 8e9;

/// The limit for the machine words that are stored for one bound.
const MOST_WORDS: f64 = (1u64 << 26) as f64;

impl std::str::FromStr for Shape {
    type Err = ParseError;

    /// Reads widths from the inputs to the outputs, such as `2-16-16-1`; `2-1` has no hidden layer.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let is_width = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && part.bytes().any(|byte| byte != b'0');
        let parts: Vec<&str> = text.split('-').collect();
        if parts.len() < 2 || !parts.iter().all(|part| is_width(part)) {
            return Err(ParseError::new(format!(
                "`{text}` is not a shape: expected widths of at least 1, from the inputs to the outputs, such as 2-16-16-1"
            )));
        }
        let width = |part: &&str| match part.parse() {
            Ok(width) if width <= WIDEST => Ok(width),
            _ => Err(ParseError::new(format!("`{text}`: a layer of {part} is too wide: expected at most {WIDEST}"))),
        };
        let widths = parts.iter().map(width).collect::<Result<Vec<usize>, _>>()?;
        Ok(Self { inputs: widths[0], hidden: widths[1..widths.len() - 1].to_vec() })
    }
}

impl Shape {
    /// The shape of a network; `None` if the network is not a sequence of affine maps with a ReLU of all elements between them, for which
    /// bounds are known.
    ///
    /// Convolutions and average pooling are affine maps.
    pub fn of(network: &Network) -> Option<Self> {
        let hidden = network.hidden_widths()?;
        Some(Self { inputs: network.inputs(), hidden })
    }

    /// The number of hidden units.
    pub fn units(&self) -> usize {
        self.hidden.iter().sum()
    }

    /// The same hidden layers with another number of inputs. For example, a plane slice of a network is a network with two inputs.
    pub fn restricted(&self, inputs: usize) -> Self {
        Self { inputs, hidden: self.hidden.clone() }
    }

    /// 2^N, the number of all patterns.
    pub fn patterns(&self) -> Integer {
        Integer::from(1) << self.units() as u32
    }

    /// sum_{j <= n_0} C(n_1, j), the largest number of regions of n_1 hyperplanes (Zaslavsky 1975; Buck 1943), which is that of one hidden
    /// layer.
    pub fn zaslavsky(&self) -> Option<Integer> {
        (self.hidden.len() == 1).then(|| binomial_sum(self.hidden[0], self.inputs))
    }

    /// prod_l sum_{j <= d_l} C(n_l, j) with d_l = min(n_0, ..., n_l) (Montufar 2017).
    pub fn montufar_upper(&self) -> Integer {
        let mut known = std::collections::HashMap::new();
        let ranks = self.ranks();
        let mut factor = |(l, &width): (usize, &usize)| {
            let rank = ranks[l].min(width);
            known.entry((width, rank)).or_insert_with(|| binomial_sum(width, rank)).clone()
        };
        self.hidden.iter().enumerate().fold(Integer::from(1), |product, layer| product * factor(layer))
    }

    /// The upper bound of Serra, Tjandraatmadja and Ramalingam (2018, Theorem 1), by the recursion
    /// R(l, r) = sum_{j <= min(r, n_l)} C(n_l, j) R(l + 1, min(r, n_l - j)), R(L + 1, r) = 1, from R(1, n_0).
    ///
    /// Time: O(L r) products of large integers, where r is the largest rank, since the sums of neighbouring ranks share all but a few
    /// terms.
    pub fn serra_upper(&self) -> Integer {
        // The numbers R(l + 1, r) for each rank r that occurs there; `None` if all of them are 1.
        let mut above: Option<Vec<Integer>> = None;
        let ranks = self.ranks();
        for (l, &width) in self.hidden.iter().enumerate().rev() {
            let most = ranks[l].min(width);
            let binomials: Vec<Integer> = binomials(width).take(most + 1).collect();
            above = Some(match above {
                None => sums(&binomials),
                Some(above) if l > 0 => serra_ranks(width, &binomials, &above),
                Some(above) => return serra_rank(width, most, &binomials, &above),
            });
        }
        above.and_then(|mut ranks| ranks.pop()).unwrap_or_else(|| Integer::from(1))
    }

    /// min(n_0, ..., n_(l-1)) for each hidden layer l from 0: the largest dimension that its inputs span.
    fn ranks(&self) -> Vec<usize> {
        let lesser = |rank: &mut usize, &width: &usize| Some(std::mem::replace(rank, (*rank).min(width)));
        self.hidden.iter().scan(self.inputs, lesser).collect()
    }

    /// The approximate number of products of machine words in [`serra_upper`](Self::serra_upper), and that of the words that it stores.
    fn serra_work(&self) -> (f64, f64) {
        let words = |units: usize| units as f64 / 64.0 + 1.0;
        let (mut work, mut most, mut above) = (0.0, 0.0f64, 0);
        let all = self.ranks();
        for (l, &width) in self.hidden.iter().enumerate().rev() {
            let ranks = all[l].min(width) as f64 + 1.0;
            // The average is two products for each rank. The first layer needs one rank, whose sum has about half as many terms.
            let products = if l > 0 { 2.0 * ranks } else { ranks / 2.0 };
            work += products * words(width) * words(above);
            above += width;
            most = most.max(ranks * words(above));
        }
        (work, most)
    }

    /// (prod_{l < L} (floor(n_l / n_0) + 1)^{n_0}) sum_{j <= n_0} C(n_L, j), attained by some network if all n_l >= 3 n_0 (Serra et al.
    /// 2018, Theorem 6).
    pub fn serra_lower(&self) -> Option<Integer> {
        self.is_wide(3 * self.inputs).then(|| self.folded(1))
    }

    /// (prod_{l < L} floor(n_l / n_0)^{n_0}) sum_{j <= n_0} C(n_L, j), attained by some network if all n_l >= n_0 (Montufar et al. 2014).
    pub fn montufar_lower(&self) -> Option<Integer> {
        self.is_wide(self.inputs).then(|| self.folded(0))
    }

    /// Whether there are hidden layers, and all of them have at least this width.
    fn is_wide(&self, width: usize) -> bool {
        !self.hidden.is_empty() && self.hidden.iter().all(|&n| n >= width)
    }

    fn folded(&self, more: usize) -> Integer {
        let (last, below) = self.hidden.split_last().expect("a shape has hidden layers");
        let folds = below.iter().map(|n| power(n / self.inputs + more, self.inputs)).fold(Integer::from(1), |product, n| product * n);
        folds * binomial_sum(*last, self.inputs)
    }

    /// prod_l (n_l + 1), the maximum for one input if all n_l >= 3 (Serra et al. 2018, Theorem 5).
    pub fn one_dimension(&self) -> Option<Integer> {
        (self.inputs == 1 && self.is_wide(3)).then(|| self.hidden.iter().map(|&n| Integer::from(n + 1)).product())
    }

    /// 2 n sum_{j < d} C(n - 1, j) / sum_{j <= d} C(n, j), the mean number of facets of n hyperplanes in general position, d = n_0.
    ///
    /// The other hyperplanes cut each hyperplane into as many facets as there are regions of n - 1 hyperplanes in general position in d - 1
    /// dimensions, and each facet belongs to two cells.
    pub fn mean_facets_of_one_layer(&self) -> Option<Rational> {
        let [n] = self.hidden[..] else { return None };
        let facets = binomial_sum(n - 1, self.inputs - 1) * 2u32 * n as u64;
        Some(Rational::from((facets, binomial_sum(n, self.inputs))))
    }

    /// (N + s - d)^{d - 1}, an upper bound on the number of simplices of the pulling triangulation of a bounded region, d = n_0, in a
    /// domain with s sides; `None` if no region is bounded.
    ///
    /// On a region each unit is one form, so the region has m <= N + s facets. Its lowest vertex is on at least d of them. So the simplices
    /// of a polytope with m facets are those of at most m - d facets, which have at most m - 1 facets themselves: S_d(m) <= (m - d)
    /// S_{d-1}(m - 1), and S_1 = 1.
    pub fn most_simplices(&self, sides: usize) -> Option<Integer> {
        let facets = self.units() + sides;
        (facets > self.inputs).then(|| power(facets - self.inputs, self.inputs - 1))
    }

    /// f - d simplices, where f is the number of facets of the cyclic polytope with n_1 vertices in d = n_0 dimensions: some network has a
    /// region with this number.
    ///
    /// The region on which all units of the first layer are active can be any simple polytope with n_1 facets, and the polar of the cyclic
    /// polytope has f vertices (McMullen 1970). A triangulation of v points in d dimensions has at least v - d simplices: in some order
    /// each simplex shares a facet with one before it, so each simplex after the first adds at most one vertex.
    pub fn attained_simplices(&self) -> Option<Integer> {
        let (&n, d) = (self.hidden.first()?, self.inputs);
        (n > d).then(|| cyclic_facets(n, d) - d as u64)
    }

    /// Whether numbers of regions are computed. They have up to one bit for each unit, and are sums of binomial coefficients.
    fn is_computed(&self) -> bool {
        let ranks = self.ranks();
        let sum = |(l, &n): (usize, &usize)| {
            let terms = ranks[l].min(n);
            terms.min(n - terms) as f64 * (n as f64 / 64.0 + 1.0)
        };
        self.units() <= MOST_BITS && self.hidden.iter().enumerate().map(sum).sum::<f64>() <= MOST_WORK
    }

    /// All bounds for this shape: in the whole space (`sides` = 0), in a box (`sides` = 2 n_0) or in a simplex (`sides` = n_0 + 1).
    pub fn all(&self, sides: usize) -> Vec<Bound> {
        use Evidence::{Proved, Published, Quoted};
        use Quantity::{LeastFacets, MeanFacets, Regions, RegionsOnALine, Simplices};
        use Relation::{AtLeast, AtMost, Attained, Exactly, Expected, Maximum};
        let d = self.inputs;
        let mut all = Vec::new();
        // The value is `None` if the bound is not valid for this shape, and `Some(None)` if it is too large to be computed.
        let mut add = |quantity, relation, value: Option<Option<Rational>>, source, condition, evidence| {
            all.extend(value.map(|value| Bound { quantity, relation, value: value.map(ExactNumber), source, condition, evidence }));
        };
        if self.hidden.is_empty() {
            let one = || Some(Some(Rational::from(1)));
            add(Regions, Exactly, one(), "one affine map", "", Proved);
            add(RegionsOnALine, Exactly, one(), "one affine map", "", Proved);
            return all;
        }
        let computed = self.is_computed();
        let number = |holds: bool, compute: &dyn Fn() -> Option<Integer>| holds.then(|| compute().map(Rational::from));
        let regions = |holds: bool, compute: &dyn Fn() -> Option<Integer>| number(holds, &|| if computed { compute() } else { None });
        let all_at_least = |least: usize| self.hidden.iter().all(|&n| n >= least);
        let (work, words) = self.serra_work();
        let serra_upper = || (work <= MOST_WORK && words <= MOST_WORDS).then(|| self.serra_upper());
        let one_input = d == 1 && all_at_least(3);
        add(Regions, AtMost, regions(true, &|| Some(self.patterns())), "every pattern, 2^N", "", Proved);
        add(Regions, Maximum, regions(self.hidden.len() == 1, &|| self.zaslavsky()), "Zaslavsky 1975", "", Proved);
        add(Regions, AtMost, regions(true, &|| Some(self.montufar_upper())), "Montufar 2017", "", Published);
        add(Regions, AtMost, regions(true, &serra_upper), "Serra et al. 2018, Thm 1", "", Published);
        add(Regions, Maximum, regions(one_input, &|| self.one_dimension()), "Serra et al. 2018, Thm 5", "", Published);
        add(Regions, Attained, regions(all_at_least(3 * d), &|| self.serra_lower()), "Serra et al. 2018, Thm 6", "", Published);
        add(Regions, Attained, regions(all_at_least(d), &|| self.montufar_lower()), "Montufar et al. 2014", "", Published);
        let on_a_line = Some(Some(Rational::from(self.units() as u64 + 1)));
        add(RegionsOnALine, Expected, on_a_line, "Hanin and Rolnick 2019", "random weights and biases; leading term", Quoted);
        let facets = |n: usize| Some(Some(Rational::from(n as u64)));
        // m^(d - 1), where m is the largest number of facets.
        let is_short = |m: usize| (d - 1) as f64 * (m as f64 + 1.0).log2() <= MOST_BITS as f64;
        let most_simplices = |sides: usize| {
            number(self.units() + sides > d, &|| if is_short(self.units() + sides) { self.most_simplices(sides) } else { None })
        };
        if sides > 0 {
            // By Euler's relation: inner vertices have degree 4, those on a side 3, and corners 2.
            add(MeanFacets, Exactly, if (d, sides) == (2, 4) { facets(4) } else { None }, "Euler's relation", "generic weights", Proved);
            add(Simplices, AtMost, most_simplices(sides), "(N + s - d)^(d - 1)", "", Proved);
            return all;
        }
        let mean = (self.hidden.len() == 1).then(|| if computed { self.mean_facets_of_one_layer() } else { None });
        add(MeanFacets, Exactly, mean, "counted", "general position", Proved);
        add(MeanFacets, AtMost, facets(2 * d), "Gaines and Bi 2026, Thm 3.4", "generic weights", Published);
        let fan_one = (self.hidden.len() == 1).then(|| Some(Rational::from(2 * d as u64 + 1)));
        add(MeanFacets, AtMost, fan_one, "Fan et al. 2023", "general position, wide layer", Quoted);
        let fan = (self.hidden.len() > 1).then(|| Some(Rational::from(3 * d as u64 - 1)));
        add(MeanFacets, AtMost, fan, "Fan et al. 2023", "zero biases, wide first layer", Quoted);
        add(LeastFacets, AtLeast, facets(d.min(self.hidden[0])), "Gaines and Bi 2026, Thm 3.5", "generic weights", Published);
        add(Simplices, AtMost, most_simplices(0), "(N - d)^(d - 1)", "", Proved);
        add(Simplices, Attained, regions(self.hidden[0] > d, &|| self.attained_simplices()), "cyclic polytopes", "", Proved);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        text.parse().unwrap()
    }

    /// Values computed elsewhere: Serra's upper bound, the product form, and the two lower bounds.
    #[test]
    fn known_values() {
        for (text, serra, product, serra_lower, montufar_lower) in [
            ("1-3-3-1", 16u64, 16u64, Some(16u64), 12u64),
            ("1-4-4-4-1", 125, 125, Some(125), 80),
            ("2-8-1", 37, 37, Some(37), 37),
            ("2-8-8-1", 1369, 1369, Some(925), 592),
            ("2-6-6-1", 484, 484, Some(352), 198),
            ("2-16-16-16-1", 2571353, 2571353, Some(898857), 561152),
            ("3-40-20-1", 14457051, 14457051, Some(3707144), 2968147),
            ("4-16-16-1", 6335289, 6335289, Some(1573125), 644352),
            ("2-2-2-2-1", 30, 64, None, 4),
            ("784-20-20-20-10", 359704738618938709, 1 << 60, None, 0),
            ("784-12-12-12-12-12-10", 125673334375300455, 1 << 60, None, 0),
        ] {
            let shape = shape(text);
            assert_eq!((shape.serra_upper(), shape.montufar_upper()), (Integer::from(serra), Integer::from(product)), "{text}");
            assert_eq!(shape.serra_lower(), serra_lower.map(Integer::from), "{text}");
            assert_eq!(shape.montufar_lower().unwrap_or_default(), montufar_lower, "{text}");
        }
        assert_eq!(shape("1-3-3-1").one_dimension(), Some(Integer::from(16)));
        assert_eq!(shape("1-2-3-1").one_dimension(), None);
    }

    /// The recursion as stated in the theorem.
    fn serra_by_definition(widths: &[usize], rank: usize) -> Integer {
        let Some((&width, above)) = widths.split_first() else { return Integer::from(1) };
        let term = |j: usize| Integer::from(width).binomial(j as u32) * serra_by_definition(above, rank.min(width - j));
        (0..=rank.min(width)).map(term).fold(Integer::new(), |sum, term| sum + term)
    }

    #[test]
    fn the_recursion_by_ranks_is_that_of_the_theorem() {
        for inputs in 1..8 {
            for code in 0..343usize {
                let hidden: Vec<usize> = [code % 7, code / 7 % 7, code / 49].into_iter().filter(|&n| n > 0).collect();
                if !hidden.is_empty() {
                    let shape = Shape { inputs, hidden };
                    assert_eq!(shape.serra_upper(), serra_by_definition(&shape.hidden, inputs), "{shape:?}");
                }
            }
        }
    }

    #[test]
    fn mean_facets_of_one_layer() {
        for (text, value) in [("2-8-1", 3.4595), ("3-40-1", 5.8387), ("4-8-1", 6.2822), ("4-16-1", 7.3230), ("5-16-1", 9.0214)] {
            let exact = shape(text).mean_facets_of_one_layer().unwrap();
            assert!((crate::exact::nearest_f64(&exact) - value).abs() < 5e-5, "{text}: {exact}");
        }
    }

    /// Bounds do not contradict each other.
    #[test]
    fn what_is_attained_is_allowed() {
        for d in 1..5 {
            for widths in [vec![5], vec![9, 4], vec![3, 3, 3], vec![12, 12]] {
                let shape = Shape { inputs: d, hidden: widths };
                let all = shape.all(0);
                assert!(all.iter().all(|bound| bound.value.is_some()));
                for low in all.iter().filter(|bound| matches!(bound.relation, Relation::Attained | Relation::Maximum)) {
                    let highs = all.iter().filter(|bound| matches!(bound.relation, Relation::AtMost | Relation::Maximum));
                    assert!(highs.filter(|high| high.quantity == low.quantity).all(|high| low.value <= high.value), "{shape:?}: {low:?}");
                }
            }
        }
    }

    #[test]
    fn shapes_are_read_or_refused() {
        for text in ["", "2", "2--1", "0-3-1", "2-00-1", "2-x-1", "2-99999-1", "2-99999999999999999999-1"] {
            assert!(text.parse::<Shape>().is_err(), "{text}");
        }
        assert_eq!(shape("2-1"), Shape { inputs: 2, hidden: Vec::new() });
        assert_eq!(shape("2-3-1"), Shape { inputs: 2, hidden: vec![3] });
    }
}
