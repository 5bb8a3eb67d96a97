//! The memory of a sweep: the peak of a separate process.

use super::cases::{random_network, random_pairs, uniform};
use super::contenders::{hidden, run};
use plica::network;
use plica::sweep::Sweep;
use std::process::Command;

/// The argument of a child process, before its points and its segments.
pub const CHILD: &str = "--sweep";

/// The target for 10,000 points, in bytes.
const LIMIT: f64 = 500e6;

/// Points, segments.
const SIZES: [(usize, u64); 4] = [(1_000, 1_000_000), (10_000, 10_000), (10_000, 100_000), (10_000, 1_000_000)];

/// Runs a sweep, and prints the peak of this process in KiB.
pub fn child(points: usize, segments: u64) {
    let network = network::load(&random_network(2, 30)).expect("a built-in network");
    let units = hidden(&network);
    let points = uniform(points);
    let groups = random_pairs(&points, segments);
    let sweep = Sweep::new(&network, &units, &points, &groups).expect("points of the right dimension");
    assert_eq!(run(&sweep, 2).paths(), segments);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    println!("{}", peak.map_or("unknown", str::trim));
}

/// Prints the peaks of processes that run sweeps.
pub fn print() {
    println!("peak memory of a process that sweeps random:2x30 on two threads");
    println!("  {:>10} {:>12} {:>14}", "points", "segments", "peak");
    let this = std::env::current_exe().expect("the path of this program");
    for (points, segments) in SIZES {
        let output = Command::new(&this).args([CHILD.to_string(), points.to_string(), segments.to_string()]).output();
        let output = output.expect("this program can be started again");
        let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
        let peak = match text.parse::<f64>() {
            Ok(kib) if kib * 1024.0 < LIMIT => format!("{:.0} MB   500 MB met", kib * 1.024e-3),
            Ok(kib) => format!("{:.0} MB   500 MB missed", kib * 1.024e-3),
            Err(_) => "unknown: not reported by this system".to_string(),
        };
        println!("  {points:>10} {segments:>12} {peak:>26}");
    }
}
