//! A network of one input as a piecewise linear function on the whole real line: its breakpoints, its pieces, and the least
//! number of units with which one hidden layer represents it.
//!
//! Qi and Wei (arXiv 2310.18725) announce in their abstract that there is "a minimum threshold for the number of neurons required to
//! express" a one-dimensional input. We do not have the text of that theorem; the following theorem, about functions, is proved here.
//!
//! Let f be continuous on the real line with breakpoints t_1 < ... < t_k, where the slope changes, and slopes s_0, ..., s_k; the jumps are
//! d_i = s_i - s_{i-1}, none of them 0. One hidden layer is c + sum_j a_j relu(w_j x + b_j).
//!
//! *The least number of units.* For k = 0 it is 0 if f is constant, else 2. For k >= 1 it is k if s_0 = -(the sum of d_i over i in S)
//! for some set S of breakpoints, which may be empty, and k + 1 if there is no such set.
//!
//! *Proof.* A unit with w_j = 0 is a constant, which c can include; a unit with a_j = 0 is 0. Any other unit has its kink at -b_j / w_j,
//! where the slope of a_j relu(w_j x + b_j) jumps by a_j |w_j|, which is not 0. If w_j > 0 (a right unit), its slope far on the left is
//! 0; if w_j < 0 (a left unit), it is a_j w_j, minus its jump. So s_0 is minus the sum of the jumps of all left units. Jumps at one place
//! add up, to d_i at t_i and to 0 elsewhere, so at least one unit has its kink at each t_i. With k units it is exactly one, with jump d_i, and
//! the left ones are S. Conversely, given S, the units d_i relu(t_i - x) for i in S and d_i relu(x - t_i) for the others have all jumps
//! and s_0 right; a function is given by these and one value, and c is free. Without S, two units at t_1 have the jumps -s_0 (left) and
//! d_1 + s_0 (right), and all others are right units: k + 1 in all. For k = 0 jumps cancel, so one unit alone is impossible, and s_0
//! relu(x) - s_0 relu(-x) = s_0 x needs no more than two.
//!
//! On an interval the same holds, with the breakpoints inside it, except for k = 0: there one unit is enough, with its kink outside.
//!
//! Whether S exists is a subset-sum problem, and every subset-sum problem occurs; so no fast algorithm is known for large k. If f is
//! constant on a piece, then S can be the breakpoints before it. Otherwise, up to 32 breakpoints, all sets are tried, half of the sums against
//! the other half; for more the answer is "k or k + 1".
//!
//! The program builds the network with this number of units. It must have the same breakpoints and the same affine maps, as rationals, and a plain
//! forward pass with rationals must give the same values.
//!
//! ```text
//! cargo run --release --example one_dimension            # built-in networks
//! cargo run --release --example one_dimension -- NET     # one input, one output
//! ```

use nalgebra::{DMatrix, DVector};
use plica::complex::{Builder, Domain};
use plica::exact::nearest_f64;
use plica::network::{Layer, Network, load};
use rug::{Integer, Rational};
use std::collections::HashMap;

/// The most breakpoints for which subset sums are searched.
const SEARCHED: usize = 32;
/// The most points at which values are compared.
const POINTS: usize = 200;
/// Longer lists are shown without their middle.
const ROWS: usize = 24;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A map x -> slope x + constant.
#[derive(Clone, Debug, PartialEq)]
struct Affine {
    slope: Rational,
    constant: Rational,
}

impl Affine {
    fn at(&self, x: &Rational) -> Rational {
        Rational::from(&self.slope * x) + &self.constant
    }
}

/// A continuous piecewise linear function of the real line.
#[derive(Clone, Debug, PartialEq)]
struct Piecewise {
    /// The points where the affine map changes, ascending.
    breakpoints: Vec<Rational>,
    /// The map on each piece; there is one more piece than breakpoints.
    maps: Vec<Affine>,
}

/// A boundary between activation regions.
struct Boundary {
    at: Rational,
    /// The units that flip, as layer.index.
    units: Vec<String>,
    /// Whether the affine map of the output changes too.
    is_breakpoint: bool,
}

/// The function of a network of one input and one output, and all boundaries of its activation regions.
fn analyse(network: &Network) -> Result<(Piecewise, Vec<Boundary>)> {
    let complex = Builder::new(network).build(&Domain::Space)?;
    let mut cells = Vec::new();
    for cell in complex.cells() {
        let [slope, constant] = &cell.affine_map()[0][..] else { return Err("the network has several inputs, expected one".into()) };
        cells.push((cell.interior_point(), Affine { slope: slope.clone(), constant: constant.clone() }, cell));
    }
    cells.sort_by(|a, b| a.0.cmp(&b.0));
    let mut function = Piecewise { breakpoints: Vec::new(), maps: cells.iter().take(1).map(|(_, map, _)| map.clone()).collect() };
    let mut boundaries = Vec::new();
    for pair in cells.windows(2) {
        let ((_, below, left), (_, above, right)) = (&pair[0], &pair[1]);
        let common = left.facets().find(|facet| facet.other(left.index()) == Some(right.index()));
        let common = common.ok_or("neighbouring cells have no common end")?;
        let at = complex.vertex(common.vertices()[0]).swap_remove(0);
        assert_eq!(below.at(&at), above.at(&at), "networks are continuous");
        let units = common.units().iter().map(|unit| format!("{}.{}", unit.layer, unit.index)).collect();
        let is_breakpoint = below != above;
        if is_breakpoint {
            function.breakpoints.push(at.clone());
            function.maps.push(above.clone());
        }
        boundaries.push(Boundary { at, units, is_breakpoint });
    }
    Ok((function, boundaries))
}

/// A unit of the one hidden layer: `jump` relu(x - kink), or for a left unit `jump` relu(kink - x).
struct OneUnit {
    kink: Rational,
    jump: Rational,
    is_left: bool,
}

/// One hidden layer for a function: its units, and whether fewer are impossible.
struct OneLayer {
    units: Vec<OneUnit>,
    is_least: bool,
}

impl Piecewise {
    /// d_i.
    fn jumps(&self) -> Vec<Rational> {
        self.maps.windows(2).map(|pair| Rational::from(&pair[1].slope - &pair[0].slope)).collect()
    }

    /// The units of the theorem above.
    fn one_layer(&self) -> OneLayer {
        let (jumps, first) = (self.jumps(), &self.maps[0].slope);
        let wanted = Rational::from(-first);
        let at = |i: usize, jump: Rational, is_left| OneUnit { kink: self.breakpoints[i].clone(), jump, is_left };
        if jumps.is_empty() {
            // Two jumps that cancel, or no units.
            let two = [(wanted, true), (first.clone(), false)].map(|(jump, is_left)| OneUnit { kink: Rational::new(), jump, is_left });
            return OneLayer { units: two.into_iter().filter(|unit| !unit.jump.is_zero()).collect(), is_least: true };
        }
        let (left, is_least) = match subset(&jumps, &wanted) {
            Search::Found(left) => (Some(left), true),
            Search::Impossible => (None, true),
            Search::TooMany => (None, false),
        };
        let is_left = |i: usize| left.as_ref().is_some_and(|left| left[i]);
        let mut units: Vec<OneUnit> = jumps.iter().enumerate().map(|(i, jump)| at(i, jump.clone(), is_left(i))).collect();
        if left.is_none() {
            units[0].jump += first;
            units.insert(0, at(0, wanted, true));
        }
        OneLayer { units, is_least }
    }

    /// The value.
    fn at(&self, x: &Rational) -> Rational {
        self.maps[self.breakpoints.partition_point(|t| t < x)].at(x)
    }

    /// The network of one hidden layer; without units only its constant.
    fn network(&self, units: &[OneUnit]) -> Result<Network> {
        let one = |unit: &OneUnit| Rational::from(if unit.is_left { -1 } else { 1 });
        let relu = |unit: &OneUnit| (-one(unit) * &unit.kink).max(Rational::new());
        // At x = 0 the sum of all units must be f(0) - c.
        let rest = self.at(&Rational::new()) - units.iter().map(|unit| relu(unit) * &unit.jump).sum::<Rational>();
        let constant = DVector::from_element(1, rest);
        let n = units.len();
        if n == 0 {
            return Ok(Network::new(vec![Layer::from_rationals(DMatrix::from_element(1, 1, Rational::new()), constant)])?);
        }
        let hidden = Layer::from_rationals(
            DMatrix::from_fn(n, 1, |i, _| one(&units[i])),
            DVector::from_fn(n, |i, _| -one(&units[i]) * &units[i].kink),
        );
        Ok(Network::new(vec![hidden, Layer::from_rationals(DMatrix::from_fn(1, n, |_, i| units[i].jump.clone()), constant)])?)
    }

    /// Breakpoints, points between them, and one on each side; a selection of these if there are many.
    fn points(&self) -> Vec<Rational> {
        let mut all = self.breakpoints.clone();
        all.extend(self.breakpoints.windows(2).map(|pair| Rational::from(&pair[0] + &pair[1]) / 2u32));
        let ends = [self.breakpoints.first(), self.breakpoints.last()].map(|end| end.cloned().unwrap_or_default());
        all.extend([Rational::from(&ends[0] - 1u32), Rational::from(&ends[1] + 1u32)]);
        let step = all.len().div_ceil(POINTS);
        all.into_iter().step_by(step).collect()
    }
}

/// The result of a search for a subset with a given sum.
enum Search {
    /// Whether each number is in the subset.
    Found(Vec<bool>),
    /// No subset has this sum.
    Impossible,
    /// There are too many numbers.
    TooMany,
}

/// A subset of the numbers with a given sum, which may be empty; the first few numbers if these have the sum.
fn subset(numbers: &[Rational], wanted: &Rational) -> Search {
    let n = numbers.len();
    let mut sum = Rational::new();
    for first in 0..=n {
        if sum == *wanted {
            return Search::Found((0..n).map(|i| i < first).collect());
        }
        sum += numbers.get(first).unwrap_or(&Rational::new());
    }
    if n > SEARCHED {
        return Search::TooMany;
    }
    // Integers over one denominator, so that no fraction is reduced.
    let denominator = numbers.iter().fold(wanted.denom().clone(), |all, q| all.lcm(q.denom()));
    let whole = |q: &Rational| q.numer() * Integer::from(&denominator / q.denom());
    let (low, high) = numbers.split_at(n / 2);
    let sums_of = |half: &[Rational]| sums(&half.iter().map(whole).collect::<Vec<_>>());
    let below: HashMap<Integer, usize> = sums_of(low).into_iter().enumerate().map(|(set, sum)| (sum, set)).collect();
    let wanted = whole(wanted);
    for (above, sum) in sums_of(high).iter().enumerate() {
        if let Some(set) = below.get(&Integer::from(&wanted - sum)) {
            let set = set | above << low.len();
            return Search::Found((0..n).map(|i| set >> i & 1 == 1).collect());
        }
    }
    Search::Impossible
}

/// The sums of all subsets; the bits of an index are the numbers in the subset.
fn sums(numbers: &[Integer]) -> Vec<Integer> {
    let mut all = vec![Integer::new()];
    for number in numbers {
        let with: Vec<Integer> = all.iter().map(|sum| Integer::from(sum + number)).collect();
        all.extend(with);
    }
    all
}

/// The output of a network by the definition, with rationals.
fn evaluate(network: &Network, x: &Rational) -> Rational {
    let mut values = vec![x.clone()];
    for (l, layer) in network.layers().expect("a stack of layers").iter().enumerate() {
        let unit = |i: usize| values.iter().enumerate().map(|(j, x)| layer.weight(i, j) * x).sum::<Rational>() + layer.bias_of(i);
        values = (0..layer.outputs()).map(unit).map(|z| if l < network.depth() { z.max(Rational::new()) } else { z }).collect();
    }
    values.swap_remove(0)
}

/// A short decimal.
fn decimal(q: &Rational) -> String {
    let x = nearest_f64(q);
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) { format!("{x:.6}") } else { format!("{x:.4e}") }
}

/// The fraction; if it is too long for a line, the first and last digits of its numbers, and their lengths.
fn fraction(q: &Rational) -> String {
    const LONGEST: usize = 54;
    let text = q.to_string();
    if text.len() <= LONGEST {
        return text;
    }
    let short = |n: String| if n.len() <= 12 { n } else { format!("{}..{}", &n[..6], &n[n.len() - 4..]) };
    let digits = |n: &Integer| Integer::from(n.abs_ref()).to_string().len();
    let (numerator, denominator) = (short(q.numer().to_string()), short(q.denom().to_string()));
    format!("{numerator}/{denominator} ({}/{} digits)", digits(q.numer()), digits(q.denom()))
}

/// Prints the rows; of a long list the middle is left out, and the number of rows left out is printed.
fn print_rows(rows: &[String]) {
    if rows.len() <= ROWS {
        rows.iter().for_each(|row| println!("{row}"));
        return;
    }
    let half = ROWS / 2;
    rows[..half].iter().for_each(|row| println!("{row}"));
    println!("    ... {} more, not shown ...", rows.len() - 2 * half);
    rows[rows.len() - half..].iter().for_each(|row| println!("{row}"));
}

/// The names of a few units.
fn few(units: &[String]) -> String {
    match units {
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
        [] => String::new(),
    }
}

fn print_function(function: &Piecewise, boundaries: &[Boundary]) {
    let breakpoints = function.breakpoints.len();
    let others = boundaries.len() - breakpoints;
    println!("  boundaries of activation regions: {}", boundaries.len());
    println!("  breakpoints: {breakpoints} of them; at the other {others} (=) the affine map stays");
    if !boundaries.is_empty() {
        println!("\n  {:<8} {:>13}  x exactly", "flips", "x");
        let row = |b: &Boundary| {
            let mark = if b.is_breakpoint { ' ' } else { '=' };
            format!("{mark} {:<8} {:>13}  {}", few(&b.units), decimal(&b.at), fraction(&b.at))
        };
        print_rows(&boundaries.iter().map(row).collect::<Vec<_>>());
    }
    println!("\n  {:>5} {:>15} {:>15} {:>15} {:>18}", "piece", "from x", "value there", "slope", "f(x) = slope x +");
    let row = |(i, map): (usize, &Affine)| {
        let from = i.checked_sub(1).map(|i| &function.breakpoints[i]);
        let start = from.map_or_else(|| "-inf".into(), decimal);
        let value = from.map_or_else(String::new, |t| decimal(&map.at(t)));
        format!("  {:>5} {start:>15} {value:>15} {:>15} {:>18}", i + 1, decimal(&map.slope), decimal(&map.constant))
    };
    print_rows(&function.maps.iter().enumerate().map(row).collect::<Vec<_>>());
}

/// Analyses a network, builds the equal network with one layer, and compares the two exactly.
fn report(name: &str, network: &Network) -> Result<()> {
    println!("{name}: {}, {} hidden units\n", network.shape(), network.hidden_units());
    let (function, boundaries) = analyse(network)?;
    print_function(&function, &boundaries);

    let OneLayer { units, is_least } = function.one_layer();
    let equal = function.network(&units)?;
    let (again, _) = analyse(&equal)?;
    assert_eq!(again, function, "the same breakpoints and maps");
    let points = function.points();
    for x in &points {
        assert_eq!(evaluate(network, x), evaluate(&equal, x), "the same value at {x}");
        assert_eq!(evaluate(network, x), function.at(x), "the value of the piece at {x}");
    }

    let (n, k) = (units.len(), function.breakpoints.len());
    let left = units.iter().filter(|unit| unit.is_left).count();
    let why = match (n, k) {
        _ if !is_least && network.depth() == 1 && network.hidden_units() == k => format!("{k} units, as the network itself has no more"),
        _ if !is_least => format!("{k} or {n} units: more than {SEARCHED} breakpoints, not decided"),
        (0, _) => "no units: the function is constant".into(),
        (_, 0) => format!("{n} units: no breakpoints, but a slope"),
        _ if n == k => format!("{n} units, one for each breakpoint"),
        _ => format!("{n} units, one more than breakpoints:\n  no set of jumps of the slope has the sum -(first slope)"),
    };
    println!("\n  one hidden layer needs {why}");
    println!("  built with {n} units, {left} of them relu(t - x), {} relu(x - t); as rationals", n - left);
    println!("  the same breakpoints and maps, and the same values at {} points\n", points.len());
    Ok(())
}

fn main() -> Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    match &given[..] {
        [] => {
            println!("Boundaries: the first unit that flips there, as layer.index from 0, and how many");
            println!("more. Pieces: the value is that at their left end.\n");
            for name in ["sawtooth:3", "random:1-8-1@0", "random:1-8-8-1@0", "random:1-4-4-4-1@9"] {
                report(name, &load(name)?)?;
            }
            Ok(())
        }
        [name] => {
            // Prints the message; the error itself would show its fields.
            let network = load(name).map_err(|error| error.to_string())?;
            if (network.inputs(), network.outputs()) != (1, 1) {
                return Err(format!("`{name}` is {}, expected one input and one output", network.shape()).into());
            }
            report(name, &network)
        }
        _ => Err("usage: one_dimension [NET]".into()),
    }
}
