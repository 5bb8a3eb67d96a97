//! Numbers as text.

use crate::exact::nearest_f64;
use crate::line::Enclosure;
use crate::words::plain;
use rug::Rational;

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

/// A rational to six places; exactly where it is whole.
pub(super) fn decimal(q: &Rational) -> String {
    if q.is_integer() { q.to_string() } else { format!("{:.6}", nearest_f64(q)) }
}

/// A rational exactly and to six places, or the places alone where the exact number is long.
pub(super) fn exact_and_decimal(q: &Rational) -> String {
    let exact = q.to_string();
    if q.is_integer() {
        exact
    } else if exact.len() <= 16 {
        format!("{exact} = {}", decimal(q))
    } else {
        decimal(q)
    }
}

/// The same of a number that may be undefined.
pub(super) fn exact_or_undefined(q: Option<&Rational>) -> String {
    q.map_or_else(|| "undefined".to_string(), exact_and_decimal)
}

/// A time as far as its enclosure determines it, at most 12 places.
pub(super) fn time(t: Enclosure) -> String {
    let agree = |places: &usize| format!("{:.*}", places, t.lo) == format!("{:.*}", places, t.hi);
    match (1..=12).rev().find(agree) {
        Some(places) => format!("{:.*}", places, t.lo),
        None => format!("{:.3}..{:.3}", t.lo, t.hi),
    }
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
    fn long_text_is_cut() {
        assert_eq!(cut("0123456789", 10), "0123456789");
        assert_eq!(cut("0123456789a", 10), "01234567..");
    }
}
