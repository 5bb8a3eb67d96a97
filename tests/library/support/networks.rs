//! Random networks: generic ones, and ones full of ties.

use nalgebra::{DMatrix, DVector};
use plica::network::{Layer, Network};
use proptest::collection::vec;
use proptest::prelude::*;
use rug::{Integer, Rational};

/// m 2^e.
pub fn dyadic(m: i64, e: i32) -> Rational {
    let power = Integer::from(1) << e.unsigned_abs();
    if e >= 0 { Rational::from(Integer::from(m) * power) } else { Rational::from((Integer::from(m), power)) }
}

/// A double of at most 1 in magnitude, with all its bits.
pub fn float() -> BoxedStrategy<Rational> {
    (-(1i64 << 53)..=1 << 53).prop_map(|m| dyadic(m, -53)).boxed()
}

/// A small whole number.
pub fn integer(largest: i64) -> BoxedStrategy<Rational> {
    (-largest..=largest).prop_map(Rational::from).boxed()
}

/// n/d for small n.
pub fn fraction(largest: i64, d: i64) -> BoxedStrategy<Rational> {
    (-largest..=largest).prop_map(move |n| Rational::from((n, d))).boxed()
}

/// From subnormal to almost infinite.
pub fn extreme() -> BoxedStrategy<Rational> {
    let exponent = prop_oneof![3 => Just(0), 1 => Just(-1060), 1 => Just(-1000), 1 => Just(-537), 1 => Just(500), 1 => Just(1000)];
    prop_oneof![
        (-7i64..=7, exponent.clone()).prop_map(|(m, e)| dyadic(m, e)),
        (-(1i64 << 53)..=1 << 53, exponent).prop_map(|(m, e)| dyadic(m, e - 34))
    ]
    .boxed()
}

/// One coefficient, of any of the kinds.
pub fn mixture() -> BoxedStrategy<Rational> {
    prop_oneof![
        4 => integer(2),
        3 => fraction(16, 8),
        2 => fraction(6, 3),
        2 => float(),
        1 => (-3i64..=3, prop_oneof![Just(-20), Just(20)]).prop_map(|(m, e)| dyadic(m, e)),
    ]
    .boxed()
}

/// A layer as rows of weights, the bias last.
type Rows = Vec<Vec<Rational>>;

/// A change that makes a network difficult; indices wrap around.
#[derive(Clone, Debug)]
enum Twist {
    /// All biases become 0.
    ZeroBiases,
    /// The biases of a layer become 0.
    ZeroBiasesOf { layer: usize },
    /// A unit becomes a multiple of another, shifted: equal, opposite or parallel hyperplanes.
    Multiple { layer: usize, of: usize, unit: usize, factor: Rational, shift: Rational },
    /// A unit becomes a constant.
    Dead { layer: usize, unit: usize, bias: i32 },
    /// A unit becomes a multiple of another, and one above it the difference of the two: 0 everywhere, or on a stretch.
    Cancel { layer: usize, of: usize, unit: usize, above: usize, factor: Rational, shift: Rational, bias: i32 },
    /// A unit becomes the opposite of another, and one above it touches 0 (or `bias`) where both vanish, and turns back.
    Fold { layer: usize, of: usize, unit: usize, above: usize, factor: Rational, bias: Rational, downward: bool },
    /// A layer, or one unit of it, is scaled by a power of two.
    Scale { layer: usize, unit: Option<usize>, exponent: i32 },
}

fn twist() -> impl Strategy<Value = Twist> {
    let at = || 0usize..12;
    let positive = || prop_oneof![3 => Just(Rational::from(1)), 1 => Just(Rational::from(2)), 1 => Just(Rational::from((1, 2))), 1 => Just(Rational::from((1, 3))), 1 => Just(dyadic(1, 20))];
    let factor = || (positive(), proptest::bool::ANY).prop_map(|(q, minus)| if minus { -q } else { q });
    let shift = || prop_oneof![3 => Just(Rational::new()), 2 => fraction(8, 8), 1 => fraction(3, 3), 1 => Just(dyadic(1, -60))];
    prop_oneof![
        1 => Just(Twist::ZeroBiases),
        1 => at().prop_map(|layer| Twist::ZeroBiasesOf { layer }),
        4 => (at(), at(), at(), factor(), shift()).prop_map(|(layer, of, unit, factor, shift)| Twist::Multiple { layer, of, unit, factor, shift }),
        2 => (at(), at(), -1i32..=1).prop_map(|(layer, unit, bias)| Twist::Dead { layer, unit, bias }),
        3 => (at(), at(), at(), at(), positive(), shift(), prop_oneof![3 => Just(0i32), 1 => -1i32..=1])
            .prop_map(|(layer, of, unit, above, factor, shift, bias)| Twist::Cancel { layer, of, unit, above, factor, shift, bias }),
        7 => (at(), at(), at(), at(), positive(), shift(), proptest::bool::weighted(0.3))
            .prop_map(|(layer, of, unit, above, factor, bias, downward)| Twist::Fold { layer, of, unit, above, factor, bias, downward }),
        2 => (at(), proptest::option::of(at()), prop_oneof![Just(-20), Just(20)]).prop_map(|(layer, unit, exponent)| Twist::Scale { layer, unit, exponent }),
    ]
}

impl Twist {
    fn apply(&self, layers: &mut [Rows]) {
        let depth = layers.len();
        let multiple = |rows: &mut Rows, of: usize, unit: usize, factor: &Rational, shift: &Rational| {
            let (of, unit) = (of % rows.len(), unit % rows.len());
            let mut row: Vec<Rational> = rows[of].iter().map(|w| Rational::from(w * factor)).collect();
            *row.last_mut().expect("a row ends with its bias") += shift;
            rows[unit] = row;
        };
        match self {
            Self::ZeroBiases => layers.iter_mut().flatten().for_each(|row| *row.last_mut().unwrap() = Rational::new()),
            Self::ZeroBiasesOf { layer } => layers[layer % depth].iter_mut().for_each(|row| *row.last_mut().unwrap() = Rational::new()),
            Self::Multiple { layer, of, unit, factor, shift } => multiple(&mut layers[layer % depth], *of, *unit, factor, shift),
            Self::Dead { layer, unit, bias } => {
                let rows = &mut layers[layer % depth];
                let unit = unit % rows.len();
                rows[unit].iter_mut().for_each(|w| *w = Rational::new());
                *rows[unit].last_mut().unwrap() = Rational::from(*bias);
            }
            Self::Cancel { layer, of, unit, above, factor, shift, bias } => {
                let layer = layer % (depth - 1).max(1);
                let width = layers[layer].len();
                multiple(&mut layers[layer], *of, *unit, factor, shift);
                if layer + 1 < depth {
                    let rows = &mut layers[layer + 1];
                    let above = above % rows.len();
                    rows[above] = vec![Rational::new(); width + 1];
                    rows[above][of % width] += factor;
                    rows[above][unit % width] -= 1;
                    rows[above][width] = Rational::from(*bias);
                }
            }
            Self::Fold { layer, of, unit, above, factor, bias, downward } => {
                let layer = layer % (depth - 1).max(1);
                let width = layers[layer].len();
                multiple(&mut layers[layer], *of, *unit, &Rational::from(-factor), &Rational::new());
                if layer + 1 < depth {
                    let rows = &mut layers[layer + 1];
                    let above = above % rows.len();
                    let one = Rational::from(if *downward { -1 } else { 1 });
                    rows[above] = vec![Rational::new(); width + 1];
                    rows[above][of % width] += Rational::from(&one * factor);
                    rows[above][unit % width] += one;
                    rows[above][width] = bias.clone();
                }
            }
            Self::Scale { layer, unit, exponent } => {
                let rows = &mut layers[layer % depth];
                let factor = dyadic(1, *exponent);
                let width = rows.len();
                for row in rows.iter_mut().enumerate().filter(|(i, _)| unit.is_none_or(|u| u % width == *i)).map(|(_, row)| row) {
                    row.iter_mut().for_each(|w| *w *= &factor);
                }
            }
        }
    }
}

/// The network with these rows, bias last in each.
pub fn from_rows(layers: &[Rows]) -> Network {
    let layer = |rows: &Rows| {
        let inputs = rows[0].len() - 1;
        let weights = DMatrix::from_fn(rows.len(), inputs, |i, j| rows[i][j].clone());
        Layer::from_rationals(weights, DVector::from_fn(rows.len(), |i, _| rows[i][inputs].clone()))
    };
    Network::new(layers.iter().map(layer).collect()).expect("the rows chain")
}

/// The widths of a network, input first, output last: 1 to 5 inputs, up to `deepest` hidden layers.
fn widths(shallowest: usize, deepest: usize, widest: usize) -> impl Strategy<Value = Vec<usize>> {
    let hidden = prop_oneof![
        1 => vec(1..=widest, shallowest..=deepest),
        5 => vec(3..=widest, shallowest.max(1)..=deepest),
    ];
    (1..=5usize, hidden, 1..=3usize).prop_map(|(inputs, mut widths, outputs)| {
        widths.insert(0, inputs);
        widths.push(outputs);
        widths
    })
}

fn layers_of(widths: Vec<usize>, entry: BoxedStrategy<Rational>) -> impl Strategy<Value = Vec<Rows>> {
    widths.windows(2).map(|pair| vec(vec(entry.clone(), pair[0] + 1), pair[1])).collect::<Vec<_>>()
}

fn networks(
    widths: impl Strategy<Value = Vec<usize>>,
    entry: impl Strategy<Value = BoxedStrategy<Rational>>,
) -> impl Strategy<Value = Vec<Rows>> {
    (widths, entry).prop_flat_map(|(widths, entry)| layers_of(widths, entry))
}

/// The kinds of coefficients, one for a whole network.
fn kind() -> impl Strategy<Value = BoxedStrategy<Rational>> {
    prop_oneof![
        3 => Just(0),
        4 => Just(1),
        3 => Just(2),
        2 => Just(3),
        3 => Just(4),
        1 => Just(5),
        1 => Just(6),
    ]
    .prop_map(|kind| match kind {
        0 => float(),
        1 => integer(2),
        2 => fraction(16, 8),
        3 => fraction(6, 3),
        4 => mixture(),
        5 => extreme(),
        _ => (float(), prop_oneof![Just(-20), Just(0), Just(20)]).prop_map(|(q, e)| q * dyadic(1, e)).boxed(),
    })
}

/// Doubles in [-1, 1], one to five layers: generic, except for the shape.
pub fn generic() -> impl Strategy<Value = Network> {
    networks(widths(0, 4, 8), Just(float())).prop_map(|layers| from_rows(&layers))
}

/// Whole numbers in -2..2 in four dimensions: many hyperplanes through one vertex, and faces where they end.
pub fn four_dimensional() -> impl Strategy<Value = Network> {
    let widths =
        prop_oneof![2 => (4usize..=8).prop_map(|n| vec![4, n, 1]), 1 => (3usize..=5, 2usize..=4).prop_map(|(n, m)| vec![4, n, m, 1])];
    networks(widths, Just(integer(2))).prop_map(|layers| from_rows(&layers))
}

/// Hyperplanes through common flats in otherwise general position, in two to four dimensions: whole combinations of a few forms.
pub fn pencils() -> impl Strategy<Value = Network> {
    (2usize..=4).prop_flat_map(|d| {
        let forms = vec(vec(float(), d + 1), 2..=d);
        let combinations = vec(vec((0usize..4, -2i64..=2), 1..=3), 3..=7);
        let above = (0usize..=2).prop_flat_map(|width| vec(vec(integer(2), 8), width));
        (forms, combinations, above).prop_map(move |(forms, combinations, above)| {
            let combined = |terms: Vec<(usize, i64)>| {
                let coefficient = |k: usize| terms.iter().map(|&(form, times)| Rational::from(&forms[form % forms.len()][k] * times)).sum();
                (0..=d).map(coefficient).collect::<Vec<Rational>>()
            };
            let first: Rows = combinations.into_iter().map(combined).collect();
            // As wide as the layer below, with a bias.
            let fitted = |rows: Rows, width: usize| rows.into_iter().map(|row| row[7 - width..].to_vec()).collect::<Rows>();
            let above = fitted(above, first.len());
            let last = vec![vec![Rational::from(1); if above.is_empty() { first.len() } else { above.len() } + 1]];
            from_rows(&[first, above, last].into_iter().filter(|rows| !rows.is_empty()).collect::<Vec<_>>())
        })
    })
}

/// All kinds: one to six layers of all kinds of coefficients, with up to five changes.
pub fn any() -> impl Strategy<Value = Network> {
    (networks(widths(0, 5, 7), kind()), vec(twist(), 0..=5)).prop_map(|(mut layers, twists)| {
        twists.iter().for_each(|twist| twist.apply(&mut layers));
        from_rows(&layers)
    })
}

/// As [`any`], but with exactly one hidden layer.
pub fn one_hidden_layer() -> impl Strategy<Value = Network> {
    (networks(widths(1, 1, 12), kind()), vec(twist(), 0..=5)).prop_map(|(mut layers, twists)| {
        twists.iter().for_each(|twist| twist.apply(&mut layers));
        from_rows(&layers)
    })
}

/// Hyperplanes in one to four dimensions, of all kinds of coefficients, with up to three changes.
pub fn arrangement() -> impl Strategy<Value = Network> {
    let widths = (1usize..=4, 1usize..=8).prop_map(|(inputs, units)| vec![inputs, units, 1]);
    let all_kinds = (networks(widths, kind()), vec(twist(), 0..=3)).prop_map(|(mut layers, twists)| {
        twists.iter().for_each(|twist| twist.apply(&mut layers));
        from_rows(&layers)
    });
    let small = (1usize..=4, 2usize..=7).prop_map(|(inputs, units)| vec![inputs, units, 1]);
    prop_oneof![3 => all_kinds, 1 => networks(small, Just(integer(1))).prop_map(|layers| from_rows(&layers))]
}

/// One to three hidden layers of one to four units, at most this number of inputs, with up to three changes.
pub fn few_units(most_inputs: usize) -> impl Strategy<Value = Network> {
    let widths = (1..=most_inputs, vec(1usize..=4, 1..=3)).prop_map(|(inputs, mut widths)| {
        widths.insert(0, inputs);
        widths.push(1);
        widths
    });
    (networks(widths, kind()), vec(twist(), 0..=3)).prop_map(|(mut layers, twists)| {
        twists.iter().for_each(|twist| twist.apply(&mut layers));
        from_rows(&layers)
    })
}
