//! A minimal use of the library: one segment, its regions, and its folding.
//!
//! ```text
//! cargo run --release --example first_trace
//! ```

use plica::{data::Point, fold::Folding, line::Tracer, network::load};
use rug::Rational;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let network = load("cantor:2")?;
    let height = Rational::from((3, 4));
    let from = Point::from_rationals(vec![Rational::new(), height.clone()])?;
    let to = Point::from_rationals(vec![Rational::from(1), height])?;

    let trace = Tracer::new(&network).exact_times(true).trace(&from, &to)?;
    for (pattern, crossing) in trace.patterns().zip(trace.crossings()) {
        let time = crossing.t_exact.map_or_else(String::new, Rational::to_string);
        println!("{pattern}  until t = {time}, where {} units flip", crossing.flips.len());
    }
    println!("{}  to the end", trace.end());

    let folding = Folding::of(&trace);
    println!("r1 = {}, r2 = {}, chi = {}", folding.r1, folding.r2, folding.chi());
    Ok(())
}
