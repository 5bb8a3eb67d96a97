//! Numbers as text.

use super::digits::{Digits, fixed};
use crate::line::Enclosure;
use crate::words::plain;
use rug::{Integer, Rational, ops::Pow};

/// An integer with its digits in groups of three.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let head = digits.len() % 3;
    let groups = digits.as_bytes()[head..].chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let first = (head > 0).then(|| digits[..head].to_string());
    first.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

/// A number of things, such as `1 unit` or `1,024 units`.
pub(super) fn count(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// A rational for a line or a cell: whole numbers exactly, others to six places, and what is too small or too large for that by its leading digits.
/// Only 0 is written as 0.
pub(super) fn decimal(q: &Rational) -> String {
    if is_short_integer(q) {
        q.to_string()
    } else if (THOUSANDTH..MILLIARD).contains(&magnitude(q)) {
        signed(q, fixed(q, 6))
    } else {
        scientific(q, 6)
    }
}

/// A rational to four places, where these are digits of it, else by its four leading digits.
pub(super) fn four(q: &Rational) -> String {
    match magnitude(q) {
        ..6 if q.is_integer() => q.to_string(),
        THOUSANDTH..6 => signed(q, fixed(q, 4)),
        _ => scientific(q, 4),
    }
}

/// A rational to so many places, or by its two leading digits where these places would say 0.
pub(super) fn places(q: &Rational, places: u32) -> String {
    let text = fixed(q, places);
    if says_zero(&text) && !q.is_zero() { scientific(q, 2) } else { signed(q, text) }
}

/// A rational by so many leading digits and a power of ten: `1.23e-45`; without the zeros at the end where these are all its digits.
pub(super) fn scientific(q: &Rational, count: u32) -> String {
    let Some(Digits { digits, exponent, exact }) = Digits::of(q, count) else { return "0".to_string() };
    let (first, rest) = digits.split_at(1);
    let rest = if exact { rest.trim_end_matches('0') } else { rest };
    let point = if rest.is_empty() { "" } else { "." };
    signed(q, format!("{first}{point}{rest}e{exponent}"))
}

/// A share from 0 to 1 in units of 1/`of`: 0 and all of it are only said where it is that, else that it is below or above what so many places can say.
pub(super) fn share(q: &Rational, of: u32, places: u32) -> String {
    let text = fixed(&Rational::from(q * of), places);
    let (none, all) = (Rational::new(), Rational::from(1));
    // One unit of the last place.
    let step = Rational::from((1, Integer::from(10).pow(places)));
    if says_zero(&text) && *q != none {
        format!("<{}", fixed(&step, places))
    } else if text == fixed(&Rational::from(of), places) && *q < all {
        format!(">{}", fixed(&(Rational::from(of) - step), places))
    } else {
        text
    }
}

/// A share in per cent.
pub(super) fn percent(q: &Rational, places: u32) -> String {
    format!("{} %", share(q, 100, places))
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

/// A rational exactly and as a decimal, or the decimal alone where the exact number is long.
pub(super) fn exact_and_decimal(q: &Rational) -> String {
    let is_short = || q.numer().significant_bits().max(q.denom().significant_bits()) <= 64;
    match is_short().then(|| q.to_string()) {
        Some(exact) if exact.len() <= 16 && !q.is_integer() => format!("{exact} = {}", decimal(q)),
        _ => decimal(q),
    }
}

/// The same of a number that may be undefined.
pub(super) fn exact_or_undefined(q: Option<&Rational>) -> String {
    q.map_or_else(|| "undefined".to_string(), exact_and_decimal)
}

/// A time strictly between 0 and 1 as far as its enclosure determines it, at most 12 places; near 0 its leading digits, near 1 what is left: `1-2.5e-17`.
pub(super) fn time(Enclosure { lo, hi }: Enclosure) -> String {
    let text = |places: &usize| format!("{lo:.places$}");
    let inside = |text: &str| !says_zero(text) && !text.starts_with('1');
    let agree = |places: &usize| text(places) == format!("{hi:.places$}") && inside(&text(places));
    let found = (1..=12).rev().find(agree).filter(|_| hi >= 1e-3);
    match found {
        Some(places) => text(&places),
        None if hi < 1e-3 => small(lo, hi),
        // The difference of two such doubles is a double.
        None if lo > 0.999 && hi < 1.0 => format!("1-{}", small(1.0 - hi, 1.0 - lo)),
        None if lo > 0.999 => format!(">1-{}", above(1.0 - lo)),
        None if lo < 1e-3 => format!("{lo:.1e}..{hi:.3}"),
        None => format!("{lo:.3}..{hi:.3}"),
    }
}

/// A small positive number as far as two doubles around it determine it.
fn small(lo: f64, hi: f64) -> String {
    let agree = |places: &usize| format!("{lo:.places$e}") == format!("{hi:.places$e}");
    match (0..=9).rev().find(agree) {
        Some(places) => format!("{lo:.places$e}"),
        None if lo == 0.0 => format!("<{}", above(hi)),
        None => format!("{lo:.1e}..{hi:.1e}"),
    }
}

/// A small positive number rounded up to two digits.
fn above(x: f64) -> String {
    if x < f64::MIN_POSITIVE {
        return format!("{x:e}"); // few bits, and few digits
    }
    let nearest = format!("{x:.1e}");
    let number = |text: &str| text.parse::<f64>().expect("digits and a power of ten");
    let below = number(&nearest) < x;
    let unit = || 0.1 * number(&format!("1e{}", nearest.split_once('e').map_or("0", |(_, power)| power)));
    if below { format!("{:.1e}", number(&nearest) + unit()) } else { nearest }
}

/// Text, which may be of others, cut to a width, the cut marked with dots.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text = plain(text);
    if text.chars().count() <= width {
        return text.into_owned();
    }
    text.chars().take(width.saturating_sub(2)).chain("..".chars()).collect()
}

/// The lines above a report, each cut to the width of a page, and a blank one.
pub(super) fn heading(lines: &str) -> String {
    lines.lines().map(|line| cut(line, 80) + "\n").chain(["\n".to_string()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_grouped() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (123456, "123,456"), (1234567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
        assert_eq!((count(1, "unit"), count(2000, "unit")), ("1 unit".into(), "2,000 units".into()));
    }

    #[test]
    fn times_show_what_is_certain() {
        assert_eq!(time(Enclosure { lo: 0.5, hi: 0.5 }), "0.500000000000");
        assert_eq!(time(Enclosure { lo: 0.1234, hi: 0.1236 }), "0.12");
        assert_eq!(time(Enclosure { lo: 0.1, hi: 0.9 }), "0.100..0.900");
    }

    #[test]
    fn times_near_the_ends_are_neither_0_nor_1() {
        let t = |lo: f64, hi: f64| time(Enclosure { lo, hi });
        assert_eq!(t(1.25e-20, 1.25e-20), "1.250000000e-20");
        assert_eq!(t(1.2e-20, 1.3e-20), "1e-20");
        assert_eq!(t(0.0, 5e-324), "<5e-324");
        assert_eq!(t(1.0 - f64::EPSILON, 1.0 - f64::EPSILON), "1-2.220446049e-16");
        assert_eq!([t(1.0f64.next_down(), 1.0), t(0.0, 4.44e-16)], [">1-1.2e-16", "<4.5e-16"]);
        assert_eq!([t(0.96, 0.98), t(0.01, 0.04)], ["0.960..0.980", "0.010..0.040"]);
        assert_eq!(t(1e-9, 0.5), "1.0e-9..0.500");
    }

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
        assert_eq!(exact_and_decimal(&q("2/3")), "2/3 = 0.666667");
        assert_eq!(
            (places(&q("-0.00002"), 4), places(&q("-0.0002"), 4), places(&q("0"), 4)),
            ("-2e-5".into(), "-0.0002".into(), "0.0000".into())
        );
        assert_eq!(
            [q("0"), q("1e-9"), q("1/8"), q("0.99999"), q("1")].map(|q| percent(&q, 2)),
            ["0.00 %", "<0.01 %", "12.50 %", ">99.99 %", "100.00 %"]
        );
        assert_eq!([q("1/3"), q("1e-9"), q("0.99999")].map(|q| share(&q, 1, 3)), ["0.333", "<0.001", ">0.999"]);
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(cut("0123456789", 10), "0123456789");
        assert_eq!(cut("0123456789a", 10), "01234567..");
    }
}
