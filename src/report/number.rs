//! Exact numbers rounded for pictures and text.

use super::digits::{Digits, fixed};
use rug::{Integer, Rational, ops::Pow};

/// A rational in at most 20 digits: whole numbers exactly, others to six places; those below 0.001 and from 10^9 on, and longer whole numbers, by six
/// leading digits. Only 0 is written as 0.
///
/// ```
/// use plica::report::decimal;
/// assert_eq!([(1, 3), (5, 1), (1, 3000)].map(|q| decimal(&q.into())), ["0.333333", "5", "3.33333e-4"]);
/// ```
pub fn decimal(q: &Rational) -> String {
    if is_short_integer(q) {
        q.to_string()
    } else if (THOUSANDTH..MILLIARD).contains(&magnitude(q)) {
        signed(q, fixed(q, 6))
    } else {
        scientific(q, 6)
    }
}

/// A rational to so many places; by two leading digits if it is not 0 and these places are all 0.
///
/// ```
/// assert_eq!(plica::report::places(&(1, 30_000).into(), 3), "3.3e-5");
/// ```
pub fn places(q: &Rational, places: u32) -> String {
    let text = fixed(q, places);
    if says_zero(&text) && !q.is_zero() { scientific(q, 2) } else { signed(q, text) }
}

/// A rational by so many leading digits, at least one, and a power of ten; without zeros at the end if it has no more digits.
///
/// ```
/// assert_eq!(plica::report::scientific(&(2, 3).into(), 3), "6.67e-1");
/// ```
pub fn scientific(q: &Rational, count: u32) -> String {
    let Some(Digits { digits, exponent, exact }) = Digits::of(q, count) else { return "0".to_string() };
    let (first, rest) = digits.split_at(1);
    let rest = if exact { rest.trim_end_matches('0') } else { rest };
    let point = if rest.is_empty() { "" } else { "." };
    signed(q, format!("{first}{point}{rest}e{exponent}"))
}

/// A share from 0 to 1, to so many places. 0 and 1 are exact; else `<0.001` and `>0.999` stand for what is nearer to them than a unit of the last place.
///
/// ```
/// use plica::report::share;
/// assert_eq!([(1, 3), (1, 10_000)].map(|q| share(&q.into(), 3)), ["0.333", "<0.001"]);
/// ```
pub fn share(q: &Rational, places: u32) -> String {
    share_of(1, q, places)
}

/// A share from 0 to 1 in per cent, rounded as by [`share`].
///
/// ```
/// assert_eq!(plica::report::percent(&(1, 8).into(), 2), "12.50 %");
/// ```
pub fn percent(q: &Rational, places: u32) -> String {
    format!("{} %", share_of(100, q, places))
}

/// A share in units of 1/`whole`.
fn share_of(whole: u32, q: &Rational, places: u32) -> String {
    let text = fixed(&Rational::from(q * whole), places);
    // One unit of the last place.
    let step = || Rational::from((1, Integer::from(10).pow(places)));
    if says_zero(&text) && !q.is_zero() {
        format!("<{}", fixed(&step(), places))
    } else if text == fixed(&Rational::from(whole), places) && *q < 1 {
        format!(">{}", fixed(&(whole - step()), places))
    } else {
        text
    }
}

const THOUSANDTH: i64 = -3;
const MILLIARD: i64 = 9;

/// The power of ten of the leading digit.
fn magnitude(q: &Rational) -> i64 {
    Digits::of(q, 1).map_or(0, |digits| digits.exponent)
}

/// Whether a number is whole and has at most 20 digits.
fn is_short_integer(q: &Rational) -> bool {
    q.is_integer() && q.numer().significant_bits() <= 66
}

fn says_zero(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

fn signed(q: &Rational, magnitude: String) -> String {
    if q.is_negative() { format!("-{magnitude}") } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_0_is_0_and_nothing_is_infinite() {
        let q = |text: &str| crate::exact::parse_rational(text).unwrap();
        for (text, expected) in [
            ("0", "0"),
            ("1/3", "0.333333"),
            ("-1/3", "-0.333333"),
            ("0.0004", "4e-4"),
            ("1/3000", "3.33333e-4"),
            ("-1e-5000", "-1e-5000"),
            ("1e500", "1e500"),
            ("123456789012345", "123456789012345"),
            ("4e9/3", "1.33333e9"),
        ] {
            let q = text.split_once('/').map_or_else(|| q(text), |(a, b)| q(a) / q(b));
            assert_eq!(decimal(&q), expected, "{text}");
        }
        assert_eq!(
            (places(&q("-0.00002"), 4), places(&q("-0.0002"), 4), places(&q("0"), 4)),
            ("-2e-5".into(), "-0.0002".into(), "0.0000".into())
        );
        assert_eq!(
            [q("0"), q("1e-9"), q("1/8"), q("0.99999"), q("1")].map(|q| percent(&q, 2)),
            ["0.00 %", "<0.01 %", "12.50 %", ">99.99 %", "100.00 %"]
        );
        assert_eq!([q("1/3"), q("1e-9"), q("0.99999")].map(|q| share(&q, 3)), ["0.333", "<0.001", ">0.999"]);
    }
}
