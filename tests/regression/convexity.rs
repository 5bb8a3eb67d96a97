//! Convexity of unions of half-open regions, which contain a part of their boundary, against a plain oracle.

use super::*;
use crate::support::{config, networks::from_rows, plain::Plain};
use plica::convexity::{Cells, Enumerator, Finding, Judge, PatternSet, RandomSets, Regions, Smallest};
use plica::network::{Network, Pattern};
use proptest::prelude::*;
use rug::Rational;
use std::collections::BTreeSet;

/// Units x + y, -x, -y: on the segment from (-1, 0), which has 010, to (1, 0), which has 100, the middle has 000.
const CROSS: &str = r#"{"layers":[{"W":[[1,1],[-1,0],[0,-1]],"b":[0,0,0]},{"W":[[1,1,1]],"b":[0]}]}"#;

#[test]
fn a_half_open_union_with_a_gap_between_boundary_points_is_not_convex() {
    let (net, sets) = (file("cross.json", CROSS), file("cross.txt", "010\n100\n110\n"));
    let report = json(&["convexity", &net, "--half-open", "--patterns", &sets]);
    let set = &report["sets"][0];
    assert_eq!((&set["convex"], &set["counterexample"]["between"]["pattern"]), (&false.into(), &"000".into()));
    let around: Vec<&str> = set["least_convex_union"].as_array().unwrap().iter().map(|pattern| pattern.as_str().unwrap()).collect();
    assert_eq!(around, ["000", "010", "100", "110"]);
    let closed = json(&["convexity", &net, "--patterns", &sets]);
    assert_eq!(closed["sets"][0]["convex"], true);
}

/// Units x and -x on the line: both half-lines are open, and 0 between them is in neither.
#[test]
fn a_region_without_interior_between_two_open_ones_is_a_gap() {
    let regions = half_open(&Small { inputs: 1, layers: vec![vec![vec![1, 0], vec![-1, 0]]] }.network());
    let set: PatternSet = [1, 2].into_iter().collect();
    assert_eq!(Judge::new(&regions).euclidean(&set).unwrap().between.point, [0]);
    // Unit x alone: two half-lines; one contains 0, so that their union is the line.
    let regions = half_open(&Small { inputs: 1, layers: vec![vec![vec![1, 0]]] }.network());
    assert!((1..4).all(|mask| Judge::new(&regions).is_convex(&subset(2, mask))));
}

#[test]
fn random_half_open_sets_are_judged_with_their_boundaries() {
    let small = Small { inputs: 2, layers: vec![vec![vec![1, 1, 0], vec![-1, 0, 0], vec![0, -1, 0]]] };
    let (regions, oracle) = (half_open(&small.network()), Oracle::new(&small));
    let (mut judge, mut random) = (Judge::new(&regions), RandomSets::new(3));
    let mut counts = [0; 4];
    for _ in 0..60 {
        let set = random.draw(&mut judge);
        counts[usize::from(oracle.is_hamming_convex(&set)) + 2 * usize::from(oracle.is_convex(&set))] += 1;
    }
    let report = json(&["convexity", &file("random-cross.json", CROSS), "--half-open", "--random", "60@3"]);
    assert_eq!(["neither", "hamming_only", "euclidean_only", "both"].map(|key| report["random"][key].as_u64().unwrap()), counts);
    assert!(counts[0] > 0 && counts[3] > 0);
}

// ------------------------------------------------------------------------------------------------------------- the oracle

/// A network of one or two inputs with small whole numbers: the hidden layers as rows, the bias last.
#[derive(Clone, Debug)]
struct Small {
    inputs: usize,
    layers: Vec<Vec<Vec<i64>>>,
}

/// a x + b y + c, and with (x, y, w) in place of a point (x/w, y/w), or of the direction (x, y) where w = 0, a x + b y + c w.
type Form = [i64; 3];

/// A form, and the bit of its unit.
type Line = (Form, bool);

fn value(form: &Form, at: &[i64; 3]) -> i64 {
    form.iter().zip(at).map(|(a, x)| a * x).sum()
}

impl Small {
    fn units(&self) -> usize {
        self.layers.iter().map(Vec::len).sum()
    }

    fn network(&self) -> Network {
        let width = self.layers.last().unwrap().len();
        let rows = |layer: &Vec<Vec<i64>>| layer.iter().map(|row| row.iter().map(|&x| Rational::from(x)).collect()).collect();
        let output = vec![vec![Rational::from(1); width + 1]];
        from_rows(&self.layers.iter().map(rows).chain([output]).collect::<Vec<_>>())
    }

    /// The pre-activations of all units where they have these bits. With one input it is x, and y is free.
    fn forms(&self, bits: &[bool]) -> Vec<Form> {
        let (mut all, mut below) = (Vec::new(), vec![[1, 0, 0], [0, 1, 0]]);
        below.truncate(self.inputs);
        for layer in &self.layers {
            let form = |row: &Vec<i64>| {
                let mut form = [0, 0, row[below.len()]];
                below.iter().zip(row).for_each(|(x, weight)| (0..3).for_each(|k| form[k] += weight * x[k]));
                form
            };
            let forms: Vec<Form> = layer.iter().map(form).collect();
            below = forms.iter().enumerate().map(|(i, form)| if bits[all.len() + i] { *form } else { [0; 3] }).collect();
            all.extend(forms);
        }
        all
    }
}

/// A half-open region as a union of relatively open faces, each by generators: the corners and the directions of its closure.
struct Face(Vec<[i64; 3]>);

struct PlainRegion {
    bits: Vec<bool>,
    has_interior: bool,
    faces: Vec<Face>,
}

impl PlainRegion {
    /// The faces into which the lines of a pattern's own forms cut its region; none if it has no points.
    ///
    /// A face is a vector of signs: of a corner where two lines meet, of a point on a line, and of a point beside one.
    fn of(small: &Small, bits: Vec<bool>) -> Self {
        let forms = small.forms(&bits);
        let (constant, mut lines): (Vec<Line>, Vec<Line>) =
            forms.into_iter().zip(bits.iter().copied()).partition(|(form, _)| form[..2] == [0, 0]);
        let nothing = Self { bits: bits.clone(), has_interior: false, faces: Vec::new() };
        if constant.iter().any(|&(form, bit)| (form[2] > 0) != bit) {
            return nothing;
        }
        let own = lines.len();
        // Both axes are added, so that lines meet and every face has a corner; they only cut faces in two.
        lines.extend([([1, 0, 0], false), ([0, 1, 0], false)]);
        let forms: Vec<Form> = lines.iter().map(|(form, _)| *form).collect();
        let mut corners = BTreeSet::new();
        for f in &forms {
            for g in &forms {
                let (x, y, w) = (f[1] * g[2] - f[2] * g[1], f[2] * g[0] - f[0] * g[2], f[0] * g[1] - f[1] * g[0]);
                if w > 0 {
                    let divisor = [y, w].into_iter().fold(x.abs(), gcd);
                    corners.insert([x / divisor, y / divisor, w / divisor]);
                }
            }
        }
        let directions: Vec<[i64; 3]> = forms.iter().flat_map(|f| [[f[1], -f[0], 0], [-f[1], f[0], 0]]).collect();
        let signs = |at: &[i64; 3]| forms.iter().map(|form| value(form, at).signum()).collect::<Vec<i64>>();
        // At a point, or so close to it that only forms that are 0 there change their sign.
        let beside = |at: &[i64; 3], to: [i64; 3]| -> Vec<i64> {
            signs(at).into_iter().zip(signs(&to)).map(|(here, there)| if here == 0 { there } else { here }).collect()
        };
        let mut faces: BTreeSet<Vec<i64>> = corners.iter().map(signs).collect();
        for f in &forms {
            let on: Vec<[i64; 3]> = corners.iter().copied().filter(|corner| value(f, corner) == 0).collect();
            let middles =
                on.iter().flat_map(|p| on.iter().map(|q| [p[0] * q[2] + q[0] * p[2], p[1] * q[2] + q[1] * p[2], 2 * p[2] * q[2]]));
            let outside = on.iter().flat_map(|p| [1, -1].map(|k| [p[0] + k * f[1] * p[2], p[1] - k * f[0] * p[2], p[2]]));
            for point in middles.chain(outside) {
                faces.extend([signs(&point), beside(&point, [f[0], f[1], 0]), beside(&point, [-f[0], -f[1], 0])]);
            }
        }
        faces.retain(|face| lines[..own].iter().zip(face).all(|(&(_, bit), &sign)| (sign > 0) == bit));
        let has_interior = faces.iter().any(|face| face[..own].iter().all(|&sign| sign != 0));
        let holds = |face: &[i64], at: &[i64; 3]| signs(at).iter().zip(face).all(|(&sign, &own)| sign == 0 || sign == own);
        let generators = |face: &Vec<i64>| Face(corners.iter().chain(&directions).copied().filter(|at| holds(face, at)).collect());
        Self { has_interior, faces: faces.iter().map(generators).collect(), ..nothing }
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b).abs() }
}

/// Whether 0 is a sum of all vectors with positive factors, and so in the relative interior of their span as points and directions.
///
/// Otherwise a line through 0 has all of them on one side and not all on itself. It can be turned until it contains one of them, unless they are all
/// on one line; then it is orthogonal to them.
fn is_inside(vectors: &[[i64; 2]]) -> bool {
    let separates = |c: [i64; 2]| {
        let heights = || vectors.iter().map(|g| c[0] * g[0] + c[1] * g[1]);
        heights().all(|height| height >= 0) && heights().any(|height| height > 0)
    };
    !vectors.iter().any(|&[x, y]| [[x, y], [-x, -y], [y, -x], [-y, x]].into_iter().any(separates))
}

/// Whether a point strictly between a point of one relatively open face and a point of another is in a third.
///
/// These points are the relative interior of the span of both sets of generators. It meets another one if 0 is in the relative interior of the differences.
fn meets(from: &Face, between: &Face, to: &Face) -> bool {
    let mut differences = Vec::new();
    for a in from.0.iter().chain(&to.0) {
        for b in &between.0 {
            match (a[2], b[2]) {
                (0, 0) => differences.extend([[a[0], a[1]], [-b[0], -b[1]]]),
                (0, _) => differences.push([a[0], a[1]]),
                (_, 0) => differences.push([-b[0], -b[1]]),
                (p, q) => differences.push([a[0] * q - b[0] * p, a[1] * q - b[1] * p]),
            }
        }
    }
    differences.sort_unstable();
    differences.dedup();
    is_inside(&differences)
}

struct Oracle {
    regions: Vec<PlainRegion>,
    /// Whether a segment from one to another passes through a third, by three indices, the third in the middle.
    passes: Vec<bool>,
}

impl Oracle {
    /// Tries every pattern.
    fn new(small: &Small) -> Self {
        let units = small.units();
        let bits = |n: usize| (0..units).map(|i| n >> (units - 1 - i) & 1 == 1).collect();
        let regions: Vec<PlainRegion> =
            (0..1 << units).map(|n| PlainRegion::of(small, bits(n))).filter(|region| !region.faces.is_empty()).collect();
        let n = regions.len();
        let any = |p: usize, r: usize, q: usize| {
            let [from, between, to] = [p, r, q].map(|k| &regions[k].faces);
            p < q && r != p && r != q && from.iter().any(|f| to.iter().any(|g| between.iter().any(|h| meets(f, h, g))))
        };
        let passes = (0..n * n * n).map(|k| any(k / n / n, k / n % n, k % n)).collect();
        Self { regions, passes }
    }

    fn outside<'s>(&'s self, set: &'s PatternSet) -> impl Iterator<Item = usize> + 's {
        (0..self.regions.len()).filter(|&r| !set.contains(r))
    }

    fn is_convex(&self, set: &PatternSet) -> bool {
        let n = self.regions.len();
        !self.outside(set).any(|r| set.iter().any(|p| set.iter().any(|q| self.passes[(p * n + r) * n + q])))
    }

    fn is_hamming_convex(&self, set: &PatternSet) -> bool {
        let d = |p: usize, q: usize| self.regions[p].bits.iter().zip(&self.regions[q].bits).filter(|(a, b)| a != b).count();
        !self.outside(set).any(|r| set.iter().any(|p| set.iter().any(|q| d(p, r) + d(r, q) == d(p, q))))
    }
}

fn half_open(network: &Network) -> Regions {
    Enumerator::new(network).cells(Cells::HalfOpen).run().unwrap()
}

fn subset(regions: usize, mask: usize) -> PatternSet {
    (0..regions).filter(|k| mask >> k & 1 == 1).collect()
}

// ---------------------------------------------------------------------------------------------------------- the comparison

/// One or two hidden layers of few units, with many ties.
fn small() -> impl Strategy<Value = Small> {
    let widths = prop_oneof![
        3 => (2usize..=4).prop_map(|n| vec![n]),
        1 => Just(vec![1, 2]),
        2 => (1usize..=2).prop_map(|n| vec![2, n]),
        1 => Just(vec![3, 1])
    ];
    (1usize..=2, widths, 1i64..=2, 0i64..=1).prop_flat_map(|(inputs, widths, largest, bias)| {
        let mut below = inputs;
        let mut layers = Vec::new();
        for width in widths {
            let row = (prop::collection::vec(-largest..=largest, below), -bias..=bias).prop_map(|(row, bias)| [row, vec![bias]].concat());
            layers.push(prop::collection::vec(row, width));
            below = width;
        }
        layers.prop_map(move |layers| Small { inputs, layers })
    })
}

/// The ends of a counter-example are in the union, and the point between is not, by a plain forward pass.
fn check_counterexample(plain: &Plain, judge: &mut Judge<'_>, set: &PatternSet) {
    let found = judge.euclidean(set).unwrap();
    let patterns: Vec<&Pattern> = judge.regions().patterns(set).collect();
    for (vertex, inside) in [(&found.from, true), (&found.to, true), (&found.between, false)] {
        assert_eq!(plain.pattern(&vertex.point, false), vertex.pattern);
        assert_eq!(patterns.contains(&&vertex.pattern), inside);
    }
    assert!(found.t > 0 && found.t < 1);
    for ((x, y), z) in found.from.point.iter().zip(&found.to.point).zip(&found.between.point) {
        assert_eq!(*z, x + Rational::from(y - x) * &found.t);
    }
}

proptest! {
    #![proptest_config(config(480))]

    #[test]
    fn half_open_unions_are_judged_as_a_plain_oracle_does(small in small(), seed: usize) {
        let (network, oracle) = (small.network(), Oracle::new(&small));
        let (plain, regions) = (Plain::new(&network), half_open(&network));
        let found: Vec<(Vec<bool>, bool)> = regions.iter().map(|region| (region.pattern().iter().collect(), region.has_interior())).collect();
        let expected: Vec<(Vec<bool>, bool)> = oracle.regions.iter().map(|region| (region.bits.clone(), region.has_interior)).collect();
        prop_assert_eq!(found, expected);
        for region in &regions {
            prop_assert_eq!(&plain.pattern(region.witness(), false), region.pattern());
        }
        let n = regions.len();
        prop_assume!(n <= 10);
        let all: Vec<PatternSet> = (1..1 << n).map(|mask| subset(n, mask)).collect();
        // All sets, or some.
        let tried = if n <= 6 { 0..all.len() } else { let first = seed % (all.len() - 60); first..first + 60 };
        let mut judge = Judge::new(&regions);
        let convex: Vec<bool> = all.iter().map(|set| oracle.is_convex(set)).collect();
        for k in tried {
            let set = &all[k];
            prop_assert_eq!(judge.is_convex(set), convex[k], "{:?}", set);
            prop_assert!(small.layers.len() > 1 || convex[k] || !judge.is_hamming_convex(set), "HalfOpen.v: halfopen_convex_of_hconvex");
            if !convex[k] {
                check_counterexample(&plain, &mut judge, set);
            }
            // The least convex union is the intersection of all that are convex.
            let around = (0..all.len()).filter(|&other| convex[other] && set.is_subset(&all[other]));
            let least = around.fold(subset(n, !0), |least, other| least.iter().filter(|&place| all[other].contains(place)).collect());
            prop_assert_eq!(judge.least_convex_union(set), least);
        }
        let first = |wanted: (bool, bool)| {
            let sets = all.iter().zip(&convex).filter(|(set, convex)| (oracle.is_hamming_convex(set), **convex) == wanted);
            sets.min_by_key(|(set, _)| (set.len(), (*set).clone())).map_or(Finding::None, |(set, _)| Finding::Found(set.clone()))
        };
        let smallest = Smallest::of(&mut judge, all.len());
        prop_assert_eq!((smallest.hamming_only, smallest.euclidean_only), (first((true, false)), first((false, true))));
    }

    /// One direction of the definition: the middle of two grid points in a convex union is in it.
    #[test]
    fn no_middle_of_two_points_of_a_grid_leaves_a_convex_half_open_union(small in small(), seed: usize) {
        let network = small.network();
        let (plain, regions) = (Plain::new(&network), half_open(&network));
        // Whole numbers from -3 to 3, and the halves between.
        let coordinates = || -6i64..=6;
        let at = |x: i64, y: i64| {
            let point: Vec<Rational> = [x, y][..small.inputs].iter().map(|&x| Rational::from((x, 2))).collect();
            regions.set([plain.pattern(&point, false)]).unwrap().iter().next().unwrap()
        };
        let place: Vec<Vec<usize>> = coordinates().map(|x| coordinates().map(|y| at(x, y)).collect()).collect();
        let whole: Vec<(usize, usize)> = (0..=6).flat_map(|x| (0..=6).map(move |y| (2 * x, 2 * y))).collect();
        let mut passes = BTreeSet::new();
        for &(x, y) in &whole {
            for &(z, w) in &whole {
                passes.insert([place[x][y], place[(x + z) / 2][(y + w) / 2], place[z][w]]);
            }
        }
        let (n, mut judge) = (regions.len(), Judge::new(&regions));
        for k in 0..40 {
            let set = subset(n, 1 + seed.wrapping_add(k * 0x9e37_79b9) % ((1 << n) - 1));
            let leaves = passes.iter().any(|&[p, r, q]| set.contains(p) && set.contains(q) && !set.contains(r));
            prop_assert!(!leaves || !judge.is_convex(&set), "{:?}", set);
        }
    }
}
