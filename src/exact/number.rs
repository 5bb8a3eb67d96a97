//! Conversions of exact numbers: from text, from doubles, and to the nearest doubles.

use crate::words::quoted;
use rug::{Integer, Rational, ops::Pow};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeStruct};

/// The rational number that a finite double denotes; `None` for NaN and infinities.
pub(crate) fn rational(x: f64) -> Option<Rational> {
    Rational::from_f64(x)
}

/// Splits a finite double into an integer and a power of two: x = m 2^e, m odd or zero.
pub(crate) fn dyadic_parts(x: f64) -> (i64, i32) {
    let bits = x.to_bits();
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let biased = ((bits >> 52) & 0x7ff) as i32;
    let (magnitude, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    if magnitude == 0 {
        return (0, 0);
    }
    let shift = magnitude.trailing_zeros();
    let m = magnitude >> shift;
    (if x.is_sign_negative() { -m } else { m }, exponent + shift as i32)
}

/// The double nearest to a rational, ties to even; infinite if the rational rounds beyond the largest double.
///
/// ```
/// use plica::exact::{nearest_f64, parse_rational};
/// assert_eq!(nearest_f64(&parse_rational("1/3").unwrap()), 1.0 / 3.0);
/// assert_eq!(nearest_f64(&parse_rational("0.1").unwrap()), 0.1);
/// ```
pub fn nearest_f64(q: &Rational) -> f64 {
    nearest_quotient(q.numer(), q.denom())
}

/// The double nearest to the quotient n / d, d > 0.
pub(super) fn nearest_quotient(n: &Integer, d: &Integer) -> f64 {
    if n.is_zero() {
        return 0.0;
    }
    // A quotient m of 55 or 56 bits, |q| = (m + rest) 2^-shift with 0 <= rest < 1.
    let magnitude = Integer::from(n.abs_ref());
    let shift = 55 - (i64::from(magnitude.significant_bits()) - i64::from(d.significant_bits()));
    let (numerator, denominator) =
        if shift >= 0 { (magnitude << shift as u32, d.clone()) } else { (magnitude, d.clone() << (-shift) as u32) };
    let (m, rest) = numerator.div_rem(denominator);
    let mut m = m.to_u64().expect("the quotient has at most 56 bits");
    // The lowest bit is the sticky bit: it says whether the remainder is not 0. The 54 bits above it decide the rounding.
    m = m << 1 | u64::from(!rest.is_zero());
    let mut exponent = -shift - 1; // |q| is between m and m + 1 times 2^exponent, and is m where the sticky bit is 0
    let bits = 64 - i64::from(m.leading_zeros());
    // Drop all bits but 53, or more of them if the result is subnormal.
    let drop = (bits - 53).max(-1074 - exponent);
    let rounded = if drop > 63 {
        0
    } else {
        let half = 1u64 << (drop - 1);
        let kept = m >> drop;
        let tail = m & ((1u64 << drop) - 1);
        kept + u64::from(tail > half || (tail == half && kept & 1 == 1))
    };
    exponent += drop;
    let x = scale_by_power_of_two(rounded as f64, exponent);
    if n.is_negative() { -x } else { x }
}

/// The rational as a double, if it is one.
pub(crate) fn as_f64(q: &Rational) -> Option<f64> {
    let bits = |x: &Integer| x.significant_bits() - x.find_one(0).unwrap_or(0);
    // This test excludes most other numbers without a division.
    let may_be = q.denom().is_power_of_two() && bits(q.numer()) <= 53;
    may_be.then(|| nearest_f64(q)).filter(|&x| rational(x).as_ref() == Some(q))
}

/// x 2^e for an integer x of at most 53 bits, where the result is representable or overflows.
fn scale_by_power_of_two(x: f64, e: i64) -> f64 {
    let power = |e: i64| f64::from_bits(((e + 1023) as u64) << 52);
    if x == 0.0 || e < -1200 {
        0.0
    } else if e > 1023 {
        f64::INFINITY
    } else if e < -1022 {
        x * power(-1022 + 60) * power(e + 1022 - 60)
    } else {
        x * power(e)
    }
}

/// An error of text that is not of the expected form: a number, a pattern, a choice of pairs. The message is one line that says what is
/// wrong and what is expected.
///
/// ```
/// let error = plica::exact::parse_rational("a third").unwrap_err();
/// assert_eq!(error.to_string(), "`a third` is not a number (an integer, a decimal or p/q)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

impl ParseError {
    pub(crate) fn new(message: String) -> Self {
        Self(message)
    }
}

/// The largest magnitude of an exponent in text; that of a double is at most 324.
const MOST_EXPONENT: u32 = 10_000;

/// The largest number of digits of p, of q, or of both, for a number in text that is written as p/q. A double has at most 1,077.
const MOST_DIGITS: usize = 20_000;

/// Reads an integer, a decimal such as `-0.1` or `2.5e-3`, or `p/q`, as exactly that rational.
///
/// # Errors
/// The text is empty or not a number, the denominator is zero, the exponent is beyond 10,000, or the numerator or the denominator has more
/// than 20,000 digits when the number is written as p/q.
///
/// ```
/// use plica::exact::parse_rational;
/// assert_eq!(parse_rational("0.1").unwrap().to_string(), "1/10");
/// assert!(parse_rational("1/0").is_err());
/// ```
pub fn parse_rational(text: &str) -> Result<Rational, ParseError> {
    let text = text.trim();
    let bad = || ParseError::new(format!("{} is not a number (an integer, a decimal or p/q)", quoted(text)));
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    let short = |digits: usize| match digits {
        0..=MOST_DIGITS => Ok(()),
        _ => Err(ParseError::new(format!("{} has more than 20,000 digits, the limit", quoted(text)))),
    };
    let is_decimal = text.contains(['.', 'e', 'E']);
    if !is_decimal || text.contains('/') {
        text.split('/').try_for_each(|part| short(digits(part)))?;
        return whole_or_ratio(text);
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, small_exponent(exponent).ok_or_else(bad)?),
        None => (text, Some(0)),
    };
    let exponent = exponent.ok_or_else(|| ParseError::new(format!("{} has an exponent beyond 10,000", quoted(text))))?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unsigned = whole.trim_start_matches(['-', '+']);
    short(digits(mantissa))?;
    let power = exponent - fraction.len() as i32;
    // 10^-power has a 1 and `power` zeros.
    short(if power >= 0 { digits(whole) + power as usize } else { power.unsigned_abs() as usize + 1 })?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || (fraction.is_empty() && unsigned.is_empty()) {
        return Err(bad());
    }
    let zero = if unsigned.is_empty() { "0" } else { "" };
    let number = integer(&format!("{whole}{zero}{fraction}")).ok_or_else(bad)?;
    let ten = Integer::from(10).pow(power.unsigned_abs());
    Ok(if power >= 0 { Rational::from(number * ten) } else { Rational::from((number, ten)) })
}

/// An exponent in text: `None` if it is no integer, `Some(None)` if it is beyond the limit.
fn small_exponent(text: &str) -> Option<Option<i32>> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_integer = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_integer.then(|| text.parse().ok().filter(|e: &i32| e.unsigned_abs() <= MOST_EXPONENT))
}

fn integer(text: &str) -> Option<Integer> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Integer::parse(text.strip_prefix('+').unwrap_or(text)).map(Integer::from).ok()
}

/// Reads an integer or p/q of any length, as reports write them.
fn whole_or_ratio(text: &str) -> Result<Rational, ParseError> {
    let bad = || ParseError::new(format!("{} is not a number (an integer, a decimal or p/q)", quoted(text)));
    let part = |part: &str| integer(part).ok_or_else(bad);
    let Some((p, q)) = text.split_once('/') else { return part(text).map(Rational::from) };
    let (p, q) = (part(p.trim())?, part(q.trim())?);
    if q.is_zero() {
        return Err(ParseError::new(format!("{} has a zero denominator", quoted(text))));
    }
    Ok(Rational::from((p, q)))
}

/// A rational number as every report writes it: `{"exact": "p/q", "value": x}`, with p/q in lowest terms and x the nearest double. The
/// value is null if the number rounds beyond the largest double, since JSON has no infinity.
///
/// ```
/// use plica::exact::ExactNumber;
/// let third = ExactNumber(rug::Rational::from((1, 3)));
/// assert_eq!(serde_json::to_string(&third).unwrap(), r#"{"exact":"1/3","value":0.3333333333333333}"#);
/// let large = ExactNumber(plica::exact::parse_rational("1e400").unwrap());
/// assert!(serde_json::to_value(&large).unwrap()["value"].is_null());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExactNumber(pub Rational);

impl ExactNumber {
    /// The nearest double.
    pub fn value(&self) -> f64 {
        nearest_f64(&self.0)
    }
}

impl Serialize for ExactNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("ExactNumber", 2)?;
        s.serialize_field("exact", &self.0.to_string())?;
        s.serialize_field("value", &nearest_f64(&self.0))?;
        s.end()
    }
}

impl<'de> Deserialize<'de> for ExactNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Parts {
            exact: String,
        }
        let parts = Parts::deserialize(deserializer)?;
        parts.exact.parse().map_err(D::Error::custom)
    }
}

/// Reads an integer or `p/q`, as reports write them. Unlike [`parse_rational`], it has no limit of length.
impl std::str::FromStr for ExactNumber {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        whole_or_ratio(text).map(Self)
    }
}

impl std::fmt::Display for ExactNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The least common multiple of the denominators.
pub(crate) fn common_denominator(values: impl Iterator<Item = Rational>) -> Integer {
    let mut factor = Integer::from(1);
    for q in values {
        if !factor.is_divisible(q.denom()) {
            factor.lcm_mut(q.denom());
        }
    }
    factor
}

/// Numbers as integers over their least common denominator.
pub(crate) fn over_common_denominator<'a>(values: impl IntoIterator<Item = &'a Rational, IntoIter: Clone>) -> (Vec<Integer>, Integer) {
    let values = values.into_iter();
    let mut denominator = Integer::from(1);
    for q in values.clone() {
        // A denominator that is greater than all before it is mostly a multiple of them.
        if q.denom() > &denominator && q.denom().is_divisible(&denominator) {
            denominator.clone_from(q.denom());
        } else if !denominator.is_divisible(q.denom()) {
            denominator.lcm_mut(q.denom());
        }
    }
    // Most numbers are dyadic: then all denominators are powers of two.
    let power = |x: &Integer| x.is_power_of_two().then(|| x.significant_bits() - 1);
    let whole = |q: &Rational| match power(&denominator).zip(power(q.denom())) {
        Some((all, own)) => Integer::from(q.numer() << (all - own)),
        None => Integer::from(denominator.div_exact_ref(q.denom())) * q.numer(),
    };
    (values.map(whole).collect(), denominator)
}

/// The integer q times `factor`, a multiple of the denominator of q.
pub(crate) fn scaled(q: Rational, factor: &Integer) -> Integer {
    let (numerator, denominator) = q.into_numer_denom();
    numerator * Integer::from(factor.div_exact_ref(&denominator))
}

/// A rational as an [`ExactNumber`].
pub(crate) fn exact_number<S: Serializer>(q: &Rational, serializer: S) -> Result<S::Ok, S::Error> {
    ExactNumber(q.clone()).serialize(serializer)
}

/// Rationals as a list of [`ExactNumber`]s.
pub(crate) fn exact_numbers<S: Serializer>(all: &[Rational], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().cloned().map(ExactNumber))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    #[test]
    fn nearest_rounds_ties_to_even_and_reaches_the_ends() {
        let q = |s: &str| parse_rational(s).unwrap();
        assert_eq!(nearest_f64(&q("9007199254740993")), 9007199254740992.0);
        assert_eq!(nearest_f64(&q("9007199254740995")), 9007199254740996.0);
        let tiny = rational(f64::from_bits(1)).unwrap();
        assert_eq!(nearest_f64(&tiny), f64::from_bits(1));
        assert_eq!(nearest_f64(&(tiny.clone() / 2u32)), 0.0);
        assert_eq!(nearest_f64(&(tiny * Rational::from((3, 4)))), f64::from_bits(1));
        assert_eq!(nearest_f64(&q("1e400")), f64::INFINITY);
        assert_eq!(nearest_f64(&q("-1e400")), f64::NEG_INFINITY);
        assert_eq!(nearest_f64(&q("1e-400")), 0.0);
        for text in ["9007199254740993", "1e400", "1/3"] {
            assert_eq!(as_f64(&q(text)), None, "{text}");
        }
        for power in [-1075, 1024] {
            assert_eq!(as_f64(&(Rational::from(1) << power)), None);
        }
    }

    #[test]
    fn every_double_is_read_written_out_in_full() {
        for x in [f64::from_bits(1), -f64::from_bits((1 << 52) - 1), f64::MIN_POSITIVE, f64::MAX, 0.1] {
            assert_eq!(nearest_f64(&parse_rational(&format!("{x:.1075}")).unwrap()), x);
            assert_eq!(parse_rational(&rational(x).unwrap().to_string()).unwrap(), rational(x).unwrap());
        }
        assert_eq!(parse_rational("1e-324").unwrap().to_string().len(), 2 + 325);
    }

    #[test]
    fn what_is_read_as_a_decimal_is_read_again_as_a_fraction() {
        let nines = "9".repeat(10_000);
        for text in ["1e10000", "-1e-10000", &format!("{nines}e10000"), &format!("0.{nines}e-9999"), &"9".repeat(20_000)] {
            let q = parse_rational(text).unwrap();
            assert_eq!(parse_rational(&q.to_string()).unwrap(), q);
        }
    }

    #[test]
    fn long_numbers_and_exponents_are_refused_before_they_are_computed() {
        for e in ["10001", "-10001", "2147483647", "-2147483648", "99999999999999999999", "-99999999999999999999"] {
            assert_eq!(parse_rational(&format!("1e{e}")).unwrap_err().to_string(), format!("`1e{e}` has an exponent beyond 10,000"));
        }
        let nines = "9".repeat(10_001);
        let long = "9".repeat(20_001);
        for text in [
            &long,
            &format!("1/{long}"),
            &format!("{long}/3"),
            &format!("{nines}e10000"),
            &format!("0.{nines}e-9999"),
            &format!("0.{long}"),
        ] {
            let error = parse_rational(text).unwrap_err().to_string();
            assert!(error.ends_with("has more than 20,000 digits, the limit") && error.len() < 160, "{error}");
        }
        for text in ["1e", "1e+", "1e1.5", "e5", ".", "-.", "+-1", "1/2/3", "0x10", "1e5/2", "1_000"] {
            assert!(parse_rational(text).unwrap_err().to_string().ends_with("is not a number (an integer, a decimal or p/q)"), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
        #[test]
        fn every_double_is_its_own_nearest(bits: u64) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite());
            prop_assert_eq!(nearest_f64(&rational(x).unwrap()), x);
            prop_assert_eq!(as_f64(&rational(x).unwrap()), Some(x));
            prop_assert_eq!(as_f64(&(rational(x).unwrap() + Rational::from((1, 3)))), None);
            let (m, e) = dyadic_parts(x);
            let back = Rational::from(m) * if e >= 0 { Rational::from(Integer::from(1) << e as u32) } else { Rational::from((1, Integer::from(1) << (-e) as u32)) };
            prop_assert_eq!(back, rational(x).unwrap());
        }

        #[test]
        fn nearest_agrees_with_the_standard_parser(m in -1_000_000_000_000_000_000i64..1_000_000_000_000_000_000, e in -340i32..300) {
            let text = format!("{m}e{e}");
            prop_assert_eq!(nearest_f64(&parse_rational(&text).unwrap()), text.parse::<f64>().unwrap());
        }
    }

    #[test]
    fn doubles_are_odd_integers_times_powers_of_two() {
        assert_eq!([-0.75, 0.0, 1.0, f64::from_bits(1)].map(dyadic_parts), [(-3, -2), (0, 0), (1, 0), (1, -1074)]);
        assert_eq!((rational(0.75), rational(f64::NAN)), (Some(Rational::from((3, 4))), None));
    }
}
