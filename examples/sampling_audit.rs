//! The regions that 101 points on a segment miss, for the six networks of the built-in digits.
//!
//! The published numbers on folding come from sampled points. (Papers 1 and 2, arXiv 2502.09954 and 2503.08502.) This program counts the regions that
//! no point falls into, and compares sampled chi with exact chi. It does the same for sampling by bisection until neighbouring
//! patterns differ in at most one bit.
//!
//! ```text
//! cargo run --release --example sampling_audit
//! ```

use plica::data::{DataSet, LoadOptions};
use plica::network;
use plica::report::AuditReport;
use plica::sweep::{Auditor, Pairs, Sampling};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let digits = DataSet::load("digits", &LoadOptions::default())?;
    let pairs: Vec<(usize, usize)> = Pairs::Random { count: 500, seed: 0 }.groups(&digits)?[0].iter().collect();
    println!("{} segments between the built-in digits, double precision\n", pairs.len());
    println!("{:14} {:>8}  {:12} {:>7} {:>9} {:>9} {:>10}", "network", "regions", "sampling", "points", "missed", "inexact", "chi off by");
    for shape in ["2x30", "3x20", "4x15", "5x12", "6x10", "10x6"] {
        let name = format!("digits:{shape}");
        let network = network::load(&name)?;
        let found = Auditor::new(&network, &digits.points, &[Sampling::Points(101), Sampling::Adaptive])?.audit(&pairs)?;
        let report = AuditReport::new(&found);
        let regions = report.regions as f64 / report.segments as f64;
        for sampler in report.samplers.iter().filter(|sampler| sampler.precision == "f64") {
            let value = |number: &Option<plica::exact::ExactNumber>| number.as_ref().map_or(f64::NAN, |number| number.value());
            println!(
                "{name:14} {regions:>8.2}  {:12} {:>7.0} {:>7.2} % {:>7.1} % {:>10.4}",
                sampler.sampler,
                value(&sampler.points),
                100.0 * value(&sampler.missed),
                100.0 * value(&sampler.incomplete),
                value(&sampler.chi_error.largest),
            );
        }
    }
    Ok(())
}
