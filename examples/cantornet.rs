//! CantorNet from (0, 3/4) to (1, 3/4): chi from 11 sampled points, as in the authors' published code, the exact chi,
//! and the closed form.
//!
//! Sampling is right for k = 1 and 2, and too low from k = 3 on. (Paper 1, arXiv 2502.09954.)
//!
//! ```text
//! cargo run --release --example cantornet
//! ```

use plica::data::Point;
use plica::exact::nearest_f64;
use plica::fold::Folding;
use plica::line::{TraceError, Tracer};
use plica::network::{Network, Pattern, Selection, UnitSet, load};
use rug::Rational;

/// The point (x, 3/4).
fn point(x: Rational) -> Result<Point, plica::data::PointsError> {
    Point::from_rationals(vec![x, Rational::from((3, 4))])
}

/// The pattern at a point: that of a segment of length 0.
fn pattern_at(network: &Network, units: &UnitSet, point: &Point) -> Result<Pattern, TraceError> {
    Ok(Tracer::new(network).units(units).trace(point, point)?.start().clone())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("chi of CantorNet from (0, 3/4) to (1, 3/4), all 5k + 1 bits compared\n");
    println!("{:>4} {:>9} {:>6} {:>8} {:>14} {:>10} {:>10} {:>10}", "k", "regions", "r1", "r2", "exact chi", "exact", "closed", "sampled");
    for k in 1..=8u32 {
        let network = load(&format!("cantor:{k}"))?;
        let units = network.units(&Selection::All)?;
        let trace = Tracer::new(&network).units(&units).trace(&point(Rational::new())?, &point(Rational::from(1))?)?;
        let exact = Folding::of(&trace);

        let closed = Folding { r1: u64::from(2 * k + 1), r2: 5 * (1 << k) - 4 };
        assert_eq!(exact, closed, "chi = 1 - (2k + 1) / (5 2^k - 4)");

        let sampled = (0..=10).map(|i| Ok(pattern_at(&network, &units, &point(Rational::from((i, 10)))?)?));
        let sampled = Folding::of(&sampled.collect::<Result<Vec<Pattern>, Box<dyn std::error::Error>>>()?);

        let [decimal, closed, sampled] = [exact, closed, sampled].map(|folding| format!("{:.5}", nearest_f64(&folding.chi())));
        let chi = exact.chi().to_string();
        println!("{k:>4} {:>9} {:>6} {:>8} {chi:>14} {decimal:>10} {closed:>10} {sampled:>10}", trace.regions(), exact.r1, exact.r2);
    }
    Ok(())
}
