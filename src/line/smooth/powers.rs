//! Values and slopes of exponentials and powers over intervals (proofs/smooth.md, section 2.3).

use super::ball::{Ball, exp_up, up};
use super::functions::{Enclosures, exp};
use super::number::{Number, TINY};
use rug::Rational;

/// The relative change of a slope up to which it is taken from the middle. Beyond, it is taken from the ends of the interval.
const NEAR: f64 = 0.25;

/// exp on a ball, with its slopes on another ball that holds the first one. exp is its own slope, and it rises.
pub(super) fn exponential<N: Number>(z: &Ball<N>, wide: &Ball<N>) -> Enclosures<N> {
    if !z.is_finite() {
        return Enclosures { value: Ball::unknown(&z.mid), slope: Ball::unknown(&z.mid) };
    }
    let value = exp(z);
    let slope = if wide.rad <= NEAR || !wide.is_finite() {
        exp(wide)
    } else {
        let [lo, hi] = wide.ends().map(|end| exp(&Ball::exact(end)));
        lo.hull(&hi)
    };
    Enclosures { value, slope }
}

/// An exponent p in the precision of the numbers, and p - 1, that of the slope.
pub(super) struct Exponent<N> {
    whole: Option<i32>,
    factor: Ball<N>,
    own: Step<N>,
    of_slope: Step<N>,
}

/// An exponent: the largest integer up to it, and the rest.
struct Step<N> {
    /// An upper bound of the magnitude.
    size: f64,
    floor: i32,
    rest: Rest,
    exact: Ball<N>,
}

#[derive(Clone, Copy, PartialEq)]
enum Rest {
    Zero,
    Half,
    Other,
}

impl<N: Number> Exponent<N> {
    /// An exponent within the limits of [`Smooth`].
    pub fn new(like: &N, exponent: &Rational) -> Self {
        let step = |p: &Rational| {
            let floor = p.clone().floor();
            let rest = match Rational::from(p - &floor) {
                rest if rest.is_zero() => Rest::Zero,
                rest if *rest.denom() == 2 => Rest::Half,
                _ => Rest::Other,
            };
            let exact = Ball::of_rational(like, p);
            Step { size: exact.size(), floor: floor.numer().to_i32().expect("exponents have a limit"), rest, exact }
        };
        let own = step(exponent);
        let whole = (own.rest == Rest::Zero).then_some(own.floor);
        Self { whole, factor: own.exact.clone(), of_slope: step(&Rational::from(exponent - 1)), own }
    }
}

/// A power on a ball, with its slopes on another ball that holds the first one. Where an argument may be outside of the domain, they say nothing.
pub(super) fn power<N: Number>(exponent: &Exponent<N>, z: &Ball<N>, wide: &Ball<N>) -> Enclosures<N> {
    let factor = exponent.factor.clone();
    match exponent.whole {
        // f(-x) = +-f(x), and the slopes are opposite.
        Some(n) if z.is_negative() && (wide.is_negative() || n < 0) => {
            let Enclosures { value, slope } = power(exponent, &-z.clone(), &-wide.clone());
            if n % 2 == 0 { Enclosures { value, slope: -slope } } else { Enclosures { value: -value, slope } }
        }
        Some(n) if n > 0 && !wide.is_positive() => {
            Enclosures { value: repeated(z.clone(), n as u32), slope: factor * repeated(wide.clone(), n as u32 - 1) }
        }
        _ => {
            let value = if z.is_positive() { power_near(&exponent.own, z) } else { Ball::unknown(&z.mid) };
            let slope = if wide.is_positive() { factor * power_near(&exponent.of_slope, wide) } else { Ball::unknown(&z.mid) };
            Enclosures { value, slope }
        }
    }
}

/// A power of a ball of numbers above 0.
fn power_near<N: Number>(exponent: &Step<N>, x: &Ball<N>) -> Ball<N> {
    let (low, _) = x.bounds();
    // |(ln x^p)'| = |p| / x.
    let growth = up(up(exponent.size / low) * x.rad + TINY);
    if growth <= NEAR {
        // |f(m + d) - f(m)| <= f(m) (exp(growth) - 1) <= f(m) growth exp(growth).
        let middle = power_at(exponent, &x.mid);
        if x.rad == 0.0 {
            return middle;
        }
        let by = up(up(middle.size() * growth) * exp_up(growth) + TINY);
        return middle.widened(by);
    }
    let [lo, hi] = x.ends();
    if lo.is_negative() || lo.below() <= 0.0 {
        return Ball::unknown(&x.mid);
    }
    power_at(exponent, &lo).hull(&power_at(exponent, &hi))
}

/// A power of one number above 0.
fn power_at<N: Number>(exponent: &Step<N>, x: &N) -> Ball<N> {
    let ball = Ball::exact(x.clone());
    let root = match exponent.rest {
        Rest::Zero => ball.constant(1.0),
        Rest::Half => Ball::rounded(x.sqrt(), 0.0),
        Rest::Other => return exp(&(exponent.exact.clone() * Ball::rounded(x.ln(), 0.0))),
    };
    // The inverse of a large number comes first: its powers do not overflow.
    let base = if exponent.floor < 0 { ball.constant(1.0).over(&ball) } else { ball };
    root * repeated(base, exponent.floor.unsigned_abs())
}

/// x to a whole power, as products; the power 0 is 1.
fn repeated<N: Number>(x: Ball<N>, exponent: u32) -> Ball<N> {
    match exponent {
        0 => x.constant(1.0),
        1 => x,
        n => {
            let half = repeated(x.clone(), n / 2);
            let square = half.clone() * half;
            if n.is_multiple_of(2) { square } else { square * x }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::functions::enclosures;
    use super::super::functions::tests::{check_on_random_balls, plain};
    use super::*;
    use crate::network::Smooth;
    use rug::Float;

    fn functions() -> Vec<Smooth> {
        let exponents =
            [(-1, 1), (-2, 1), (-5, 1), (4, 1), (7, 1), (1, 2), (-1, 2), (3, 2), (-5, 2), (1, 3), (-7, 3), (1000, 1), (-999, 2)];
        exponents.into_iter().map(|q| Smooth::Power { exponent: Rational::from(q) }).chain([Smooth::Exp]).collect()
    }

    #[test]
    fn values_and_slopes_on_random_balls_are_in_their_enclosures() {
        check_on_random_balls(functions());
    }

    #[test]
    fn powers_and_exponentials_are_as_tight_as_their_slopes() {
        for function in functions() {
            for mid in [0.7, 1.3, 0.01, 60.0] {
                for relative in [0.0, 1e-12, 1e-4] {
                    let rad = relative * mid;
                    let found = enclosures(&function, &Ball::exact(mid), rad);
                    let (x, y) = (Float::with_val(1200, mid), plain(&function, &Float::with_val(1200, mid)));
                    // A relative error of the argument grows by the exponent, or by the argument of exp.
                    let growth = 1e4;
                    let steep = Float::with_val(64, y.clone().abs() * growth / x).to_f64();
                    if y.clone().abs() < 1e300 && y.clone().abs() > 1e-300 && steep * growth < 1e300 {
                        assert!(found.value.rad <= 1e-12 * y.to_f64().abs(), "{function} at {mid}: {:?}", found.value);
                        assert!(found.slope.rad <= (1e-12 + growth * relative) * steep, "{function} at {mid}: {:?}", found.slope);
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_known_of_a_power_outside_of_its_domain() {
        for (exponent, mid, rad) in
            [((1, 2), 0.0, 0.0), ((1, 2), 0.5, 0.5), ((-1, 2), -1.0, 0.5), ((-1, 1), 0.0, 0.0), ((-1, 1), -0.5, 0.5), ((1, 3), 0.1, 0.2)]
        {
            let ball = Ball { mid, rad };
            let found = power(&Exponent::new(&0.0, &Rational::from(exponent)), &ball, &ball);
            assert!(!found.value.is_finite() && !found.slope.is_finite(), "{exponent:?} of {ball:?}: {:?}", found.value);
        }
        // Negative numbers have negative reciprocals.
        let ball = Ball { mid: -2.0, rad: 1.0 };
        let found = power(&Exponent::new(&0.0, &Rational::from(-1)), &ball, &ball);
        assert!(found.value.is_negative() && found.slope.is_negative() && found.value.bounds().0 <= -1.0);
    }
}
