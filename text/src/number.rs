//! Counts, exact numbers and times as text, and lines cut to a width.

use plica::line::Enclosure;
use plica::report::{decimal, places, plain, scientific};
use rug::Rational;

/// An integer with its digits in groups of three.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let head = digits.len() % 3;
    let groups = digits.as_bytes()[head..].chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let first = (head > 0).then(|| digits[..head].to_string());
    first.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

/// A number of things, such as `1 unit` or `1,024 units`.
pub(crate) fn count(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// A rational from 0.001 to 10^6 to four places, or exactly where it is whole; any other by its four leading digits.
pub(crate) fn four(q: &Rational) -> String {
    // To one digit these are 0.001 and 10^6.
    let (small, large) = (Rational::from((95, 100_000)), Rational::from(950_000));
    let size = Rational::from(q.abs_ref());
    match size < large {
        true if q.is_integer() => q.to_string(),
        true if size >= small => places(q, 4),
        _ => scientific(q, 4),
    }
}

/// A rational exactly and as a decimal, or the decimal alone where the exact number is long.
pub(crate) fn exact_and_decimal(q: &Rational) -> String {
    let is_short = || q.numer().significant_bits().max(q.denom().significant_bits()) <= 64;
    match is_short().then(|| q.to_string()) {
        Some(exact) if exact.len() <= 16 && !q.is_integer() => format!("{exact} = {}", decimal(q)),
        _ => decimal(q),
    }
}

/// The same of a number that may be undefined.
pub(crate) fn exact_or_undefined(q: Option<&Rational>) -> String {
    q.map_or_else(|| "undefined".to_string(), exact_and_decimal)
}

/// A number between two bounds, each of which may be undefined.
pub(crate) fn between([low, high]: [Option<&Rational>; 2]) -> String {
    match (low, high) {
        (Some(low), Some(high)) if low != high => format!("{} to {}", decimal(low), decimal(high)),
        (number, _) => exact_or_undefined(number),
    }
}

/// A time strictly between 0 and 1, to as many places as its enclosure determines, at most 12. Near 0 it is written by its leading digits, near 1 as a
/// difference: `1-2.5e-17`.
pub(crate) fn time(Enclosure { lo, hi }: Enclosure) -> String {
    let text = |places: &usize| format!("{lo:.places$}");
    let inside = |text: &str| text.starts_with("0.") && text.contains(|digit| ('1'..='9').contains(&digit));
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

/// A small positive number, to as many digits as two doubles around it determine.
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

/// Text that can be shown ([`plain`]), cut to a width; two dots mark the cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let text = plain(text);
    if text.chars().count() <= width {
        return text.into_owned();
    }
    text.chars().take(width.saturating_sub(2)).chain("..".chars()).collect()
}

/// The lines above a report, each cut to the width of a page, and a blank one.
pub(crate) fn heading(lines: &str) -> String {
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
    fn short_numbers_are_exact_too() {
        assert_eq!(exact_and_decimal(&Rational::from((2, 3))), "2/3 = 0.666667");
    }

    #[test]
    fn four_digits_are_places_or_leading_ones() {
        for (p, q, text) in [
            (0, 1, "0"),
            (949_999, 1, "949999"),
            (950_000, 1, "9.5e5"),
            (-1, 3, "-0.3333"),
            (2_849_999, 3, "949999.6667"),
            (95, 100_000, "0.0010"),
            (94, 100_000, "9.4e-4"),
            (1, 3_000, "3.333e-4"),
        ] {
            assert_eq!(four(&Rational::from((p, q))), text, "{p}/{q}");
        }
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(cut("0123456789", 10), "0123456789");
        assert_eq!(cut("0123456789a", 10), "01234567..");
    }
}
