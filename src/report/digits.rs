//! The leading digits of a rational, rounded from the rational itself: doubles overflow, underflow, and round a second time.

use rug::{Integer, Rational, ops::Pow};

/// A number that is not 0, rounded to some significant digits: d.ddd times a power of ten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    /// The first digit is not 0.
    pub digits: String,
    /// The power of ten of the first digit.
    pub exponent: i64,
    /// Whether no digits were lost.
    pub exact: bool,
}

impl Digits {
    /// The magnitude of q to so many digits, at least one, ties to even; `None` for 0.
    ///
    /// Computes one power of ten and one division, of the size of q.
    pub fn of(q: &Rational, count: u32) -> Option<Self> {
        if q.is_zero() {
            return None;
        }
        let bits = i64::from(q.numer().significant_bits()) - i64::from(q.denom().significant_bits());
        // |q| lies between 2^(bits - 1) and 2^(bits + 1): this is the exponent, or differs from it by one or two.
        let mut exponent = ((bits - 1) as f64 * std::f64::consts::LOG10_2).floor() as i64;
        let limit = ten(u64::from(count));
        let least = ten(u64::from(count) - 1);
        let scaled = loop {
            let scaled = Scaled::of(q, i64::from(count) - 1 - exponent);
            if scaled.whole >= limit {
                exponent += 1;
            } else if scaled.whole < least {
                exponent -= 1;
            } else {
                break scaled;
            }
        };
        let exact = scaled.rest.is_zero();
        let mut rounded = scaled.rounded();
        if rounded == limit {
            (rounded, exponent) = (least, exponent + 1);
        }
        Some(Self { digits: rounded.to_string(), exponent, exact })
    }
}

/// The magnitude of q with so many digits after the point, ties to even.
pub(super) fn fixed(q: &Rational, places: u32) -> String {
    let digits = Scaled::of(q, i64::from(places)).rounded().to_string();
    let places = places as usize;
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    if places == 0 { whole.to_string() } else { format!("{whole}.{fraction}") }
}

/// |q| times a power of ten: (whole + rest / denominator).
struct Scaled {
    whole: Integer,
    rest: Integer,
    denominator: Integer,
}

impl Scaled {
    fn of(q: &Rational, power: i64) -> Self {
        let (mut numerator, mut denominator) = (Integer::from(q.numer().abs_ref()), q.denom().clone());
        let factor = ten(power.unsigned_abs());
        if power >= 0 {
            numerator *= factor
        } else {
            denominator *= factor
        }
        let (whole, rest) = numerator.div_rem_ref(&denominator).into();
        Self { whole, rest, denominator }
    }

    /// The nearest integer, ties to even.
    fn rounded(self) -> Integer {
        let twice = self.rest * 2u32;
        let up = twice > self.denominator || (twice == self.denominator && self.whole.is_odd());
        self.whole + u32::from(up)
    }
}

fn ten(power: u64) -> Integer {
    Integer::from(10).pow(u32::try_from(power).expect("the exponent of a number that fits the memory"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(text: &str) -> Rational {
        let (p, q) = text.split_once('/').unwrap_or((text, "1"));
        Rational::from((p.parse::<Integer>().unwrap(), q.parse::<Integer>().unwrap()))
    }

    fn digits(q: &Rational, count: u32) -> (String, i64) {
        let found = Digits::of(q, count).unwrap();
        (found.digits, found.exponent)
    }

    #[test]
    fn digits_are_rounded_from_the_rational() {
        for (text, count, expected, exponent) in [
            ("1/3", 3, "333", -1),
            ("2/3", 3, "667", -1),
            ("1", 4, "1000", 0),
            ("999", 3, "999", 2),
            ("9995", 3, "100", 4),
            ("9985", 3, "998", 3), // a tie, to even
            ("9975", 3, "998", 3),
            ("-12345", 2, "12", 4),
            ("1/1000", 2, "10", -3),
            ("1/1024", 5, "97656", -4),
        ] {
            assert_eq!(digits(&q(text), count), (expected.to_string(), exponent), "{text}");
        }
        let far = q("3") / Rational::from(ten(5000));
        assert_eq!(digits(&far, 3), ("300".to_string(), -5000));
        assert_eq!(digits(&far.recip(), 3), ("333".to_string(), 4999));
        assert_eq!(Digits::of(&Rational::new(), 3), None);
    }

    /// Against the standard library, which writes the digits of doubles exactly.
    #[test]
    fn doubles_have_the_digits_that_the_standard_library_gives() {
        let mut bits = 1u64;
        for _ in 0..3000 {
            bits = crate::exact::random::next(bits);
            let x = f64::from_bits(bits ^ bits >> 29);
            let Some(exact) = Rational::from_f64(x).filter(|exact| !exact.is_zero()) else { continue };
            for count in [1, 2, 6, 17] {
                let expected = format!("{:.*e}", count - 1, x.abs());
                let (mantissa, exponent) = expected.split_once('e').unwrap();
                assert_eq!(digits(&exact, count as u32), (mantissa.replace('.', ""), exponent.parse().unwrap()), "{x:e}");
            }
            if x.abs() < 1e20 {
                assert_eq!(fixed(&exact, 6), format!("{:.6}", x.abs()));
            }
        }
        assert_eq!((fixed(&q("5/2"), 0), fixed(&q("7/2"), 0), fixed(&q("1/8"), 2)), ("2".into(), "4".into(), "0.12".into()));
    }
}
