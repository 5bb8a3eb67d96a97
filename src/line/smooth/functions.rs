//! Values and slopes of activations over intervals (proofs/smooth.md, section 2).
//!
//! An interval is a midpoint with two radii: the value is wanted close to the midpoint, the slope on the whole interval. The slope there is
//! the slope close to the midpoint, plus or minus the largest second derivative times the larger radius; and it is never outside the
//! bounds that hold everywhere.

use super::ball::{Ball, exp_up, up};
use super::number::{Number, TINY};
use super::powers::{Exponent, exponential, power};
use crate::network::{Piecewise, Smooth};
use rug::Rational;

/// The value of a function on a ball, and its slopes on the ball with the same midpoint and the radius `spread`, at least as large.
pub(super) struct Enclosures<N> {
    pub value: Ball<N>,
    pub slope: Ball<N>,
}

pub(super) fn enclosures<N: Number>(function: &Smooth, z: &Ball<N>, spread: f64) -> Enclosures<N> {
    let wide = Ball { mid: z.mid.clone(), rad: spread };
    if !z.is_finite() {
        let (value, slope) = (Ball::unknown(&z.mid), Ball::unknown(&z.mid));
        return Enclosures { value, slope };
    }
    let one = z.constant(1.0);
    // The slope from its value near the midpoint, the second derivative on the whole interval, and its bounds everywhere.
    let slope = |near: Ball<N>, second: &Ball<N>, bounds: (f64, f64)| near.widened(second.size() * spread).clipped(bounds.0, bounds.1);
    let vanishes = z.is_zero() && !function.is_positive();
    let mut found = match function {
        Smooth::Tanh => {
            let [t, over] = tanh(&z.mid, [z.rad, spread]);
            let second = z.constant(2.0) * over.clone() * (one.clone() - square(&over));
            Enclosures { slope: slope(one - square(&t), &second, (0.0, 1.0)), value: t }
        }
        Smooth::Erf => {
            // The slope is 2 / sqrt(pi) exp(-z^2) = 1.128.. exp(-z^2), with the second derivative -2 z times that.
            let pi = Ball::rounded(z.mid.pi(), 0.0);
            let root = Ball::rounded(pi.mid.sqrt(), pi.rad);
            let near = z.constant(2.0).over(&root) * exp(&-square(z)).clipped(0.0, 1.0);
            let reach = wide.size();
            // 2 |z| exp(-z^2) is at most sqrt(2 / e) < 0.858, and 0.858 times 1.129 is below 0.97.
            let second = z.constant((2.0 * 1.129 * reach).min(0.97));
            let by = up(z.rad * 1.129);
            Enclosures { value: Ball::rounded(z.mid.erf(), by).clipped(-1.0, 1.0), slope: slope(near, &second, (0.0, 1.129)) }
        }
        Smooth::Sigmoid => {
            let [(s, rest), (over, over_rest)] = sigmoid(&z.mid, [z.rad, spread]);
            let second = over.clone() * over_rest.clone() * (over_rest - over);
            Enclosures { slope: slope(s.clone() * rest, &second, (0.0, 0.25)), value: s }
        }
        Smooth::Softplus { beta } => {
            let (y, wide) = (scaled(z, beta), scaled(&wide, beta));
            let [(s, _), (over, over_rest)] = sigmoid(&y.mid, [y.rad, wide.rad]);
            let second = scaled(&(over * over_rest), beta);
            let value = softplus(&y, &s);
            Enclosures { slope: slope(s, &second, (0.0, 1.0)), value: divided(value, beta) }
        }
        Smooth::Gelu => {
            let ([p, density], [_, over]) = normal(&z.mid, [z.rad, spread]);
            let second = over.clone() * z.constant(2.0) - times_square(&over, &wide);
            let near = p.clone() + times(&density, z);
            Enclosures { value: z.clone() * p, slope: slope(near, &second, (-0.13, 1.13)) }
        }
        Smooth::Silu { beta } => {
            let (y, wide) = (scaled(z, beta), scaled(&wide, beta));
            let [(s, rest), (over, over_rest)] = sigmoid(&y.mid, [y.rad, wide.rad]);
            let second = over.clone() * over_rest.clone() * (z.constant(2.0) + wide * (over_rest - over));
            let near = s.clone() + y * s.clone() * rest;
            Enclosures { value: z.clone() * s, slope: slope(near, &scaled(&second, beta), (-0.1, 1.1)) }
        }
        Smooth::Elu { scale, alpha, width } => elu(z, &wide, scale, alpha, width),
        Smooth::Mish => {
            let [(s, _), (over, over_rest)] = sigmoid(&z.mid, [z.rad, spread]);
            let (p, over_p) = (softplus(z, &s), softplus(&wide, &over));
            let (u, over_u) = (tanh_of(&p), tanh_of(&over_p));
            let (sech, over_sech) = (one.clone() - square(&u), one - square(&over_u));
            let near = u.clone() + z.clone() * s * sech;
            // u' = s (1 - u^2), and u'' = (1 - u^2) s (1 - s - 2 u s).
            let first = over.clone() * over_sech;
            let second = z.constant(2.0) * first.clone() + wide * first * (over_rest - z.constant(2.0) * over_u * over);
            Enclosures { value: z.clone() * u, slope: slope(near, &second, (-0.4, 1.75)) }
        }
        Smooth::GeluTanh => gelu_tanh(z, &wide),
        Smooth::Softsign => softsign(z, &wide),
        Smooth::HardSwish => hard_swish(z, &wide),
        // A pass has these prepared, and its own intervals.
        Smooth::Exp => return exponential(z, &wide),
        Smooth::Power { exponent } => return power(&Exponent::new(&z.mid, exponent), z, &wide),
    };
    if vanishes {
        found.value = z.clone();
    }
    found
}

/// The same for a piecewise affine function.
pub(super) fn piecewise<N: Number>(function: &Piecewise, z: &Ball<N>, spread: f64) -> Enclosures<N> {
    // Rationals far below the doubles are long.
    if z.is_finite() && !z.is_zero() && z.mid.size() < TINY && z.mid.size() != 0.0 {
        let near = Ball { mid: z.mid.like(0.0), rad: up(z.rad + TINY) };
        return piecewise(function, &near, up(spread + TINY));
    }
    let unknown = || Ball::unknown(&z.mid);
    let Some(mid) = z.mid.to_rational().filter(|_| z.is_finite() && spread.is_finite()) else {
        return Enclosures { value: unknown(), slope: unknown() };
    };
    let part = |by: f64, sign: i32| {
        let end = mid.clone() + crate::exact::rational(by).expect("finite") * sign;
        function.part(&end)
    };
    let (first, last) = (part(z.rad, -1), part(z.rad, 1));
    let value = if first == last {
        let [s, c] = [function.slopes(), function.constants()].map(|list| Ball::of_rational(&z.mid, &list[first]));
        s * z.clone() + c
    } else {
        let steepest = function.slopes()[first..=last].iter().map(|s| Ball::of_rational(&z.mid, s).size()).fold(0.0, f64::max);
        Ball::of_rational(&z.mid, &function.at(&mid)).widened(steepest * z.rad + TINY)
    };
    let slopes = &function.slopes()[part(spread, -1)..=part(spread, 1)];
    let mut slopes = slopes.iter().map(|s| Ball::of_rational(&z.mid, s));
    let first = slopes.next().expect("a function has a part");
    Enclosures { value, slope: slopes.fold(first, |hull, slope| hull.hull(&slope)) }
}

fn square<N: Number>(x: &Ball<N>) -> Ball<N> {
    x.clone() * x.clone()
}

fn scaled<N: Number>(x: &Ball<N>, by: &Rational) -> Ball<N> {
    if *by == 1 { x.clone() } else { x.clone() * Ball::of_rational(&x.mid, by) }
}

fn divided<N: Number>(x: Ball<N>, by: &Rational) -> Ball<N> {
    if *by == 1 {
        return x;
    }
    let by = Ball::of_rational(&x.mid, by);
    x.over(&by)
}

/// exp on a ball.
pub(super) fn exp<N: Number>(x: &Ball<N>) -> Ball<N> {
    let y = x.mid.exp();
    // |exp(x + d) - exp(x)| <= exp(x) |d| exp(|d|), and y is exp(x) up to a rounding.
    let rad = if x.rad == 0.0 { 0.0 } else { up(up(y.size() * (1.0 + 1e-15) + TINY) * x.rad) * exp_up(x.rad) };
    Ball::rounded(y, rad)
}

/// tanh on balls around one midpoint.
fn tanh<N: Number>(mid: &N, radii: [f64; 2]) -> [Ball<N>; 2] {
    let t = mid.tanh();
    let size = t.size();
    // tanh' = 1 - tanh^2, and |(ln tanh')'| = 2 |tanh| <= 2.
    let slope = up((1.0 - size * size).max(0.0) + 1e-15);
    radii.map(|r| Ball::rounded(t.clone(), r * (slope * exp_up(2.0 * r)).min(1.0)).clipped(-1.0, 1.0))
}

fn tanh_of<N: Number>(x: &Ball<N>) -> Ball<N> {
    let [t, _] = tanh(&x.mid, [x.rad, x.rad]);
    t
}

/// 1 / (1 + exp(-x)) and 1 minus that, on balls around one midpoint.
fn sigmoid<N: Number>(mid: &N, radii: [f64; 2]) -> [(Ball<N>, Ball<N>); 2] {
    let negative = mid.is_negative();
    // Of the smaller exponential both parts are computed without cancellation.
    let e = exp(&Ball::exact(if negative { mid.clone() } else { mid.neg() }));
    let one = Ball::exact(mid.like(1.0));
    let sum = one.clone() + e.clone();
    let (large, small) = (one.over(&sum), e.over(&sum));
    // sigma' = sigma (1 - sigma) <= 1/4, and |(ln sigma')'| <= 1.
    let slope = up(large.size() * small.size());
    radii.map(|r| {
        let by = r * (slope * exp_up(r)).min(0.25);
        let [large, small] = [&large, &small].map(|ball| ball.widened(by).clipped(0.0, 1.0));
        if negative { (small, large) } else { (large, small) }
    })
}

/// ln(1 + exp(x)), given sigma(x) on the same ball.
fn softplus<N: Number>(x: &Ball<N>, s: &Ball<N>) -> Ball<N> {
    let negative = x.mid.is_negative();
    let e = exp(&Ball::exact(if negative { x.mid.clone() } else { x.mid.neg() }));
    // ln(1 + e) <= e has the derivative 1 / (1 + e) <= 1.
    let tail = Ball::rounded(e.mid.ln_1p(), e.rad);
    let value = if negative { tail } else { Ball::exact(x.mid.clone()) + tail };
    value.widened(x.rad * s.size().min(1.0))
}

/// The distribution function of the standard normal distribution and its density, on balls around one midpoint.
fn normal<N: Number>(mid: &N, radii: [f64; 2]) -> ([Ball<N>; 2], [Ball<N>; 2]) {
    let two = mid.like(2.0);
    let root = Ball::rounded(two.sqrt(), 0.0);
    let x = Ball::exact(mid.clone());
    // 1 / sqrt(2 pi) = 1 / (sqrt(2) sqrt(pi)).
    let pi = Ball::rounded(mid.pi(), 0.0);
    let root_pi = Ball::rounded(pi.mid.sqrt(), pi.rad);
    let y = (-x.clone()).over(&root);
    // |erfc'| <= 2 / sqrt(pi) < 1.13 exp(-y^2), and the exponential over y +- r is at most exp(-y^2) exp(2 |y| r).
    let bell = exp(&-(square(&x).over(&Ball::exact(two))));
    let steep = up(1.13 * bell.size() * exp_up(up(2.0 * y.size() * y.rad))).min(1.13);
    let p = Ball::rounded(y.mid.erfc(), y.rad * steep) * Ball::exact(mid.like(0.5));
    let density = bell.over(&(root * root_pi));
    let of = |r: f64| {
        // From below: the size is rounded up.
        let far = mid.size() * (1.0 - 1e-15) - r;
        // Beyond 38.6 the density, and its products with x and x^2, are below 2^-1060.
        let density = if far > 38.6 {
            Ball { mid: mid.like(0.0), rad: f64::from_bits(1 << 14) }
        } else {
            // |phi'| = |x| phi, and |(ln phi)'| = |x|.
            let reach = up(mid.size() + r);
            density.widened(r * up(reach * density.size() * exp_up(up(reach * r)))).clipped(0.0, 0.4)
        };
        let (_, high) = density.bounds();
        [p.widened(r * up(high).max(0.0)).clipped(0.0, 1.0), density]
    };
    (of(radii[0]), of(radii[1]))
}

/// The density times x. Beyond 38.6 it is below its own bound.
fn times<N: Number>(density: &Ball<N>, x: &Ball<N>) -> Ball<N> {
    if is_far(density, x) { density.clone() } else { density.clone() * x.clone() }
}

fn is_far<N: Number>(density: &Ball<N>, x: &Ball<N>) -> bool {
    density.mid.size() == 0.0 && x.mid.size() * (1.0 - 1e-15) - x.rad > 38.6
}

fn times_square<N: Number>(density: &Ball<N>, x: &Ball<N>) -> Ball<N> {
    if is_far(density, x) { density.clone() } else { density.clone() * square(x) }
}

fn elu<N: Number>(z: &Ball<N>, wide: &Ball<N>, scale: &Rational, alpha: &Rational, width: &Rational) -> Enclosures<N> {
    let of = |q: &Rational| Ball::of_rational(&z.mid, q);
    let (right, left) = (of(scale), of(&(Rational::from(scale * alpha) / width)));
    // scale alpha (exp(x / width) - 1) at the midpoint; its slope is at most left.
    let below = || {
        let y = divided(Ball::exact(z.mid.clone()), width);
        let value = Ball::rounded(y.mid.exp_m1(), y.rad * exp_up(y.rad));
        (of(&Rational::from(scale * alpha)) * value).widened(z.rad * left.size())
    };
    let steepest = right.size().max(left.size());
    let value = if z.is_positive() {
        right.clone() * z.clone()
    } else if z.is_negative() {
        below()
    } else {
        Ball { mid: z.mid.like(0.0), rad: up(steepest * z.size() + TINY) }
    };
    let slope = if wide.is_positive() {
        right
    } else if wide.is_negative() {
        let e = exp(&divided(wide.clone(), width)).clipped(0.0, 1.0);
        left * e
    } else {
        // exp(x) >= 1 + x.
        let (low, _) = divided(wide.clone(), width).bounds();
        let least = if low.is_finite() { (1.0 + low).next_down().max(0.0) } else { 0.0 };
        (left * Ball::around(&z.mid, least, 1.0)).hull(&right)
    };
    Enclosures { value, slope }
}

/// (1 + tanh(y / 2)) / 2 is the logistic function of y, which does not cancel on the left.
fn gelu_tanh<N: Number>(z: &Ball<N>, wide: &Ball<N>) -> Enclosures<N> {
    let [one, two, three, twelve] = [1.0, 2.0, 3.0, 12.0].map(|x| z.constant(x));
    let ratio = two.clone().over(&Ball::rounded(z.mid.pi(), 0.0));
    // The root of a ball around 2 / pi > 0.6: its slope is 1 / (2 sqrt) < 0.7.
    let k = Ball::rounded(ratio.mid.sqrt(), ratio.rad * 0.7);
    let c = Ball::of_rational(&z.mid, &Rational::from((44_715, 1_000_000)));
    // y = 2 k (x + c x^3), y' = 2 k (1 + 3 c x^2), and the logistic function of y with 1 minus it.
    let inner = |x: &Ball<N>| {
        let cube = c.clone() * square(x);
        let first = two.clone() * (k.clone() * (one.clone() + three.clone() * cube.clone()));
        let y = two.clone() * (k.clone() * (x.clone() * (one.clone() + cube)));
        let [(s, rest), _] = sigmoid(&y.mid, [y.rad, y.rad]);
        (s, rest, first)
    };
    let (s, rest, first) = inner(z);
    let value = z.clone() * s.clone();
    let near = s.clone() + z.clone() * (s * rest * first);
    let (s, rest, first) = inner(wide);
    let bend = (rest.clone() - s.clone()) * square(&first) + twelve * (k * (c * wide.clone()));
    let second = s * rest * (two * first + wide.clone() * bend);
    Enclosures { value, slope: near.widened(second.size() * wide.rad).clipped(-1.11, 2.11) }
}

fn softsign<N: Number>(z: &Ball<N>, wide: &Ball<N>) -> Enclosures<N> {
    let mid = Ball::exact(z.mid.clone());
    let size = if z.mid.is_negative() { -mid.clone() } else { mid.clone() };
    let value = mid.over(&(z.constant(1.0) + size)).widened(z.rad);
    let (low, high) = wide.bounds();
    let least = if low > 0.0 {
        low
    } else if high < 0.0 {
        -high
    } else {
        0.0
    };
    let most = low.abs().max(high.abs());
    let slope = |x: f64| 1.0 / ((1.0 + x) * (1.0 + x));
    let slope = if wide.is_finite() {
        // Far away the slope is below the doubles, and not 0.
        let (lo, hi) = (slope(most) * (1.0 - 1e-15) - TINY, slope(least) * (1.0 + 1e-15) + TINY);
        Ball::around(&z.mid, lo.max(0.0), hi.min(1.0))
    } else {
        Ball::around(&z.mid, 0.0, 1.0)
    };
    Enclosures { value, slope }
}

fn hard_swish<N: Number>(z: &Ball<N>, wide: &Ball<N>) -> Enclosures<N> {
    let (three, six) = (z.constant(3.0), z.constant(6.0));
    let middle = |x: &Ball<N>| (x.clone() * (x.clone() + three.clone())).over(&six);
    let is_above = |x: &Ball<N>| (x.clone() - three.clone()).is_positive();
    let is_below = |x: &Ball<N>| (x.clone() + three.clone()).is_negative();
    let is_inside = |x: &Ball<N>| (three.clone() - x.clone()).is_positive() && (x.clone() + three.clone()).is_positive();
    let mid = Ball::exact(z.mid.clone());
    let value = if is_inside(z) {
        middle(z)
    } else if is_above(z) {
        z.clone()
    } else if is_below(z) {
        z.constant(0.0)
    } else {
        let at = if is_above(&mid) {
            mid
        } else if is_below(&mid) {
            z.constant(0.0)
        } else {
            middle(&mid)
        };
        // The slopes are between -1/2 and 3/2.
        at.widened(1.5 * z.rad)
    };
    let slope = if is_above(wide) {
        z.constant(1.0)
    } else if is_below(wide) {
        z.constant(0.0)
    } else {
        let inside = (z.constant(2.0) * wide.clone() + three.clone()).over(&six);
        if is_inside(wide) {
            inside
        } else {
            let (low, high) = wide.clone().clipped(-3.0, 3.0).bounds();
            let mut hull =
                Ball::around(&z.mid, ((2.0 * low + 3.0) / 6.0).next_down() - 1e-15, ((2.0 * high + 3.0) / 6.0).next_up() + 1e-15);
            let (low, high) = wide.bounds();
            let (is_below, is_above) = (high < 3.0, low > -3.0);
            if !is_below {
                hull = hull.hull(&z.constant(1.0));
            }
            if !is_above {
                hull = hull.hull(&z.constant(0.0));
            }
            hull
        }
    };
    Enclosures { value, slope }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rug::Float;
    use rug::ops::Pow;

    fn random(state: &mut u64) -> f64 {
        *state = crate::exact::random::next(*state);
        (*state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn functions() -> Vec<Smooth> {
        let q = |n: i64, d: i64| Rational::from((n, d));
        vec![
            Smooth::Tanh,
            Smooth::Sigmoid,
            Smooth::Softplus { beta: q(1, 1) },
            Smooth::Softplus { beta: q(1 << 20, 1) },
            Smooth::Softplus { beta: q(1, 3) },
            Smooth::Erf,
            Smooth::Gelu,
            Smooth::GeluTanh,
            Smooth::Silu { beta: q(1, 1) },
            Smooth::Silu { beta: q(1702, 1000) },
            Smooth::Silu { beta: q(1 << 20, 1) },
            Smooth::Elu { scale: q(1, 1), alpha: q(1, 1), width: q(1, 1) },
            Smooth::Elu { scale: q(105, 100), alpha: q(5, 3), width: q(1, 1) },
            Smooth::Elu { scale: q(1, 3), alpha: q(1, 10), width: q(1, 7) },
            Smooth::Mish,
            Smooth::Softsign,
            Smooth::HardSwish,
        ]
    }

    /// The functions by their definitions.
    pub(in super::super) fn plain(function: &Smooth, x: &Float) -> Float {
        let of = |q: &Rational| Float::with_val(x.prec(), q);
        let logistic = |y: Float| 1 / (1 + (-y).exp());
        let softplus = |y: Float| if y > 1000 { y } else { y.exp().ln_1p() };
        match function {
            Smooth::Tanh => x.clone().tanh(),
            Smooth::Erf => x.clone().erf(),
            Smooth::Sigmoid => logistic(x.clone()),
            Smooth::Softplus { beta } => softplus(x * of(beta)) / of(beta),
            Smooth::Gelu => x * (-x.clone() / of(&Rational::from(2)).sqrt()).erfc() / 2,
            Smooth::GeluTanh => {
                let pi = Float::with_val(x.prec(), rug::float::Constant::Pi);
                let k = Float::with_val(x.prec(), 2 / pi).sqrt();
                x * logistic(2 * k * (x + of(&Rational::from((44_715, 1_000_000))) * x.clone().pow(3)))
            }
            Smooth::Silu { beta } => x * logistic(x * of(beta)),
            Smooth::Elu { scale, .. } if *x > 0 => x * of(scale),
            Smooth::Elu { scale, alpha, width } => (x / of(width)).exp_m1() * of(scale) * of(alpha),
            Smooth::Mish => x * softplus(x.clone()).tanh(),
            Smooth::Softsign => x / (1 + x.clone().abs()),
            Smooth::HardSwish => x * Float::with_val(x.prec(), x + 3).max(&of(&Rational::new())).min(&of(&Rational::from(6))) / 6,
            Smooth::Exp => x.clone().exp(),
            Smooth::Power { exponent } => match function.whole_exponent() {
                Some(n) => x.clone().pow(n),
                None => x.clone().pow(of(exponent)),
            },
        }
    }

    fn holds<N: Number>(ball: &Ball<N>, y: &Float, slack: &Float) -> bool {
        if !ball.is_finite() {
            return true;
        }
        let mid = Float::with_val(2000, &ball.mid.to_rational().expect("finite"));
        Float::with_val(2000, y - mid).abs() <= Float::with_val(2000, slack + ball.rad)
    }

    /// Values at points of the ball, and difference quotients between points of the interval.
    fn check<N: Number>(like: &N, function: &Smooth, mid: f64, rad: f64, spread: f64, state: &mut u64) {
        let z = Ball { mid: like.like(mid), rad };
        let found = enclosures(function, &z, spread);
        let place = |by: f64| Float::with_val(1200, mid) + Float::with_val(1200, by);
        let fractions: Vec<f64> = [-1.0, 0.0, 1.0].into_iter().chain((0..3).map(|_| random(state))).collect();
        let show = || format!("{function:?} at {mid:e} +- {rad:e}, {spread:e}");
        for f in &fractions {
            let y = plain(function, &place(rad * f));
            // What is exact in the definition is rounded in 1200 bits.
            let slack = Float::with_val(64, y.clone().abs() >> 1190);
            assert!(holds(&found.value, &y, &slack), "{}: value {:?} without {y:e}", show(), found.value);
        }
        if spread == 0.0 {
            return;
        }
        for pair in fractions.windows(2) {
            let (x, y) = (place(spread * pair[0]), place(spread * pair[1]));
            if x == y {
                continue;
            }
            let [f, g] = [&x, &y].map(|x| plain(function, x));
            let run = Float::with_val(1200, &x - &y);
            let slack = Float::with_val(64, Float::with_val(64, f.clone().abs() + g.clone().abs()) / run.clone().abs()) >> 1150;
            let slope = Float::with_val(1200, &f - &g) / run;
            assert!(holds(&found.slope, &slope, &slack), "{}: slope {:?} without {slope:e}", show(), found.slope);
        }
    }

    /// Checks functions on random balls of all sizes.
    pub(in super::super) fn check_on_random_balls(functions: Vec<Smooth>) {
        let mut state = 7;
        for function in functions {
            for case in 0..60 {
                let mut power = |range: f64| 10f64.powf(range * random(&mut state));
                let scale = match case % 4 {
                    0 => 1.0,
                    1 => 40.0,
                    2 => power(4.0),
                    _ => power(290.0),
                };
                let spread = match case % 5 {
                    0 => 0.0,
                    1 => power(3.0),
                    2 => scale * power(20.0).min(1.0),
                    3 => power(100.0),
                    _ => 0.01 * scale,
                };
                let mid = match case % 7 {
                    0 => 0.0,
                    1 => 3.0 * random(&mut state).signum(),
                    2 => 38.6 * random(&mut state).signum(),
                    _ => scale * random(&mut state),
                };
                let rad = if case % 3 == 0 { 0.0 } else { spread * random(&mut state).abs() };
                check(&0.0, &function, mid, rad, spread, &mut state);
                check(&Float::new(128), &function, mid, rad, spread, &mut state);
            }
        }
    }

    #[test]
    fn values_and_slopes_on_random_balls_are_in_their_enclosures() {
        check_on_random_balls(functions());
    }

    #[test]
    fn products_and_quotients_below_the_doubles_have_radii() {
        // The error of the quotient of the midpoints is 1e-165.
        let (m, n) = (Ball::exact(1e-320), Ball { mid: 1e-160, rad: 1e-165 });
        assert!(m.over(&n).rad > 1e-165);
        // A weight of 1e-400 is 0 in doubles.
        let exact = [Rational::from(1) >> 1330];
        let zero = Rational::new();
        let row = super::super::number::Row {
            columns: &[0],
            weights: &[0.0],
            exact: &exact,
            bias: &zero,
            bias_double: 0.0,
            bias_is_double: true,
        };
        assert!(f64::row(&0.0, row, &[Ball::exact(1e308)]).rad > 1e-93);
        // The slope of a softsign far away is not 0.
        assert!(!enclosures(&Smooth::Softsign, &Ball::exact(1e200), 1.0).slope.is_zero());
        // Near 0, the value of a function of small slope is not exactly 0.
        let leaky = Piecewise::leaky_relu(Rational::from(1) >> 900);
        assert!(!piecewise(&leaky, &Ball { mid: 0.0, rad: 1e-200 }, 1e-200).value.is_zero());
    }
}
