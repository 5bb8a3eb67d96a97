//! The Rust side of `benches/python/overhead.py`: for each line NETWORK PAIRS THREADS on standard input one sweep over the built-in digits, from points
//! to report, and the seconds that it took on standard output.

use plica::data;
use plica::network::{self, Network, Selection};
use plica::report::{FoldReport, PairReport};
use plica::sweep::{Pairs, Sweep};
use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let data = data::DataSet::load("digits", &Default::default())?;
    for line in stdin().lines() {
        let line = line?;
        let [network, pairs, threads] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err("expected lines NETWORK PAIRS THREADS".into());
        };
        let (network, pairs, threads): (Network, Pairs, usize) = (network::load(network)?, pairs.parse()?, threads.parse()?);
        let begun = Instant::now();
        let units = network.units(&Selection::Hidden)?;
        let groups = pairs.groups(&data)?;
        let sweep = Sweep::new(&network, &units, &data.points, &groups)?;
        let state = sweep.run(sweep.begin(), threads, |_| true)?;
        let reports = groups.iter().zip(state.tallies()).map(|(group, tally)| PairReport::new(group.from, group.to, tally.clone()));
        let report = FoldReport::new(reports.collect(), state.decisions());
        let seconds = begun.elapsed().as_secs_f64();
        println!("{seconds} {}", report.whole().paths());
        stdout().flush()?;
    }
    Ok(())
}
