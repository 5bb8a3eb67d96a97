//! The text of bounds.

use crate::number::{count, cut, grouped};
use crate::table::{Left, Right, Table};
use plica::bounds::{Bound, Evidence, Quantity, Relation};
use plica::report::{BoundsReport, decimal, scientific};
use rug::Rational;

/// The text of a report of bounds: a row for each, and what the words mean.
pub fn bounds(report: &BoundsReport) -> String {
    let units = count(report.units as u64, "hidden unit");
    format!("{}, {units}\n\n{}", cut(&report.network, 60), table(&report.bounds))
}

/// The table of bounds, and below it what the words in it mean.
pub(crate) fn table(bounds: &[Bound]) -> String {
    let mut table = Table::new([Left, Left, Right, Left, Left], ["bound of", "", "value", "source", ""]);
    for Bound { quantity, relation, value, source, evidence, .. } in bounds {
        let mark = match evidence {
            Evidence::Proved => "proved",
            Evidence::Published => "published",
            Evidence::Quoted => "quoted",
        };
        table.push([
            name(*quantity).into(),
            word(*relation).into(),
            value.as_ref().map_or_else(|| "too large".into(), |n| short(&n.0)),
            (*source).into(),
            mark.into(),
        ]);
    }
    let mut text = table.to_string();
    let conditions = bounds.iter().filter(|bound| !bound.condition.is_empty());
    let notes: Vec<String> = conditions.map(|bound| format!("    {}: {}\n", bound.source, bound.condition)).collect();
    if !notes.is_empty() {
        text += &format!("\n  assumed:\n{}", notes.concat());
    }
    text + "\n  attained: by some network of this shape. quoted: its proof was not seen.\n"
}

fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Regions => "regions",
        Quantity::RegionsOnALine => "line regions",
        Quantity::MeanFacets => "mean facets",
        Quantity::LeastFacets => "least facets",
        Quantity::Simplices => "simplices",
    }
}

fn word(relation: Relation) -> &'static str {
    match relation {
        Relation::AtMost => "at most",
        Relation::AtLeast => "at least",
        Relation::Attained => "attained",
        Relation::Maximum => "maximum",
        Relation::Exactly => "exactly",
        Relation::Expected => "about",
    }
}

/// A number in at most 12 characters: as it is, or its first digits and a power of ten.
fn short(q: &Rational) -> String {
    if !q.is_integer() {
        return decimal(q);
    }
    q.numer().to_u64().filter(|&n| n < 1_000_000_000).map_or_else(|| scientific(q, 3), grouped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_fits_a_page_and_large_numbers_are_short() {
        for shape in [
            "2-16-16-16-1",
            "1-4-4-1",
            "784-20-20-20-10",
            "3-8-1",
            "784-12000-12000-10",
            "20000-20000-20000-1",
            "9-20000-20000-20000-20000-1",
        ] {
            let text = bounds(&BoundsReport::of(shape, &shape.parse().unwrap()));
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
        assert_eq!(short(&Rational::from(1u64 << 60)), "1.15e18");
        assert_eq!(short(&Rational::from(2_571_353)), "2,571,353");
    }
}
