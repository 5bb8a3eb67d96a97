//! The memory of the search for regions: its limit, and its count.

use super::{error, json, path, run};
use plica::complex::{Builder, CheckError, Complex, ComplexError, Domain, Plane};
use plica::data::Point;
use plica::network::{Coefficients, ConvolutionOptions, Network, NetworkBuilder, Piecewise, Window, load};
use rug::Rational;
use std::process::Command;
use std::sync::{Arc, atomic::AtomicU64, atomic::AtomicUsize, atomic::Ordering::Relaxed};

#[test]
fn a_memory_limit_ends_with_status_3_and_says_how_far_it_came() {
    let message = error(3, &["regions", "random:3-40-40-1@1", "--box", "-1,1", "--max-memory", "2M"]);
    assert!(
        message.contains("expected at most 2.0 MiB") && message.contains("at layer ") && message.contains("--max-memory allows more"),
        "{message}"
    );
    assert!(message.contains("a smaller --box takes less") && message.contains("regions so far"), "{message}");
    assert_eq!(message.trim_end().lines().count(), 1);
}

#[test]
fn what_a_layer_will_take_is_refused_before_it_is_taken() {
    // The layer, and its 2,000 results at each of four corners.
    let network = load("random:2-2000-1@1").unwrap();
    let refused = Builder::new(&network).max_memory(100_000).build(&Domain::parse_box("0,1/1000000", 2).unwrap()).unwrap_err();
    assert!(matches!(refused, ComplexError::TooMuchMemory { layer: 0, cells: 1, .. }), "{refused}");
}

#[test]
fn sizes_that_are_none_are_errors_of_the_call() {
    for size in ["0", "4X", "", "G", "-1", "1e9", "99999999999999999999", "99999999T"] {
        let output = run(&["regions", "cantor:1", "--box", "0,1", &format!("--max-memory={size}")]);
        assert_eq!(output.status.code(), Some(2), "{size}");
    }
    for size in ["1000000000", "500m", "4G", "1T"] {
        assert_eq!(json(&["regions", "cantor:1", "--box", "0,1", "--max-memory", size])["volume"]["exact"], "1");
    }
}

/// The limit holds for decisions too, together with the memory of the first complex.
#[test]
fn decisions_keep_the_limit() {
    let arguments = ["regions", "random:2-30-30-20@1", "--box", "-3,3", "--decide", "argmax"];
    json(&arguments);
    let limit = (search("random:2-30-30-20@1", "-3,3", None).0 / 10 * 11).to_string();
    json(&["regions", "random:2-30-30-20@1", "--box", "-3,3", "--max-memory", &limit]);
    error(3, &[&arguments[..], &["--max-memory", &limit]].concat());
}

/// The counted memory of the search for the regions of a box, and the complex.
fn search(network: &str, ranges: &str, limit: Option<u64>) -> (u64, Complex) {
    let (network, most) = (load(network).unwrap(), Arc::new(AtomicU64::new(0)));
    let seen = most.clone();
    let builder = Builder::new(&network).on_progress(move |progress| seen.store(progress.memory, Relaxed));
    let builder = limit.map_or(builder.clone(), |limit| builder.max_memory(limit));
    let complex = builder.build(&Domain::parse_box(ranges, network.inputs()).unwrap()).unwrap();
    (most.load(Relaxed), complex)
}

#[test]
fn exact_volumes_keep_the_limit() {
    let name = "random:4-14-14-1@1";
    let (searched, complex) = search(name, "-1,1", None);
    let cells = complex.activation_regions();
    assert_eq!(complex.volumes().unwrap().len(), cells);
    let refused = search(name, "-1,1", Some(searched)).1.volumes().unwrap_err();
    assert!(
        matches!(refused, ComplexError::VolumesTooLarge { limit, needed, cells: found } if limit == searched && needed > limit && found < cells)
    );
    let refused = search(name, "-1,1", Some(searched)).1.check_volumes().unwrap_err();
    assert!(matches!(refused, CheckError::Volumes(ComplexError::VolumesTooLarge { .. })), "{refused}");
    let limit = searched.to_string();
    let arguments = ["regions", name, "--box", "-1,1", "--max-memory", &limit];
    json(&arguments);
    let file = path("volumes.json");
    for option in [&["--check"][..], &["--cells", file.to_str().unwrap()]] {
        let message = error(3, &[&arguments[..], option].concat());
        assert!(message.contains("with the exact volumes of ") && message.contains("--max-memory allows more"), "{message}");
        assert_eq!(message.trim_end().lines().count(), 1);
    }
    assert!(!file.exists());
}

/// In a separate process: the counted memory of volumes is within a factor of 2 of the memory that the process takes for them.
#[cfg(target_os = "linux")]
#[test]
fn what_is_counted_of_volumes_is_what_they_take() {
    let name = "random:4-16-16-1@1";
    let taken = numbers_of_a_process("memory::taken_by_volumes", name)[0];
    let with = |limit: u64| search(name, "-1,1", Some(limit)).1.volumes();
    assert!(with(2 * taken).is_ok() && with(taken / 2).is_err(), "{taken} bytes taken");
}

#[test]
#[ignore = "a part of what_is_counted_of_volumes_is_what_they_take"]
fn taken_by_volumes() {
    let before = status("VmRSS:");
    let complex = search(&std::env::var("PLICA_TEST_CASE").unwrap(), "-1,1", None).1;
    complex.volumes().unwrap();
    println!("\ncounted {}", status("VmHWM:") - before);
}

/// The output of an ignored test after `counted `, in a separate process.
fn numbers_of_a_process(test: &str, case: &str) -> Vec<u64> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("PLICA_TEST_CASE", case)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once("counted ")).unwrap_or_else(|| panic!("{text}")).1;
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// A number of bytes that Linux reports for this process.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    1024 * line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
}

/// In a separate process: the count is within a factor of 2 of the peak memory of the process.
#[cfg(target_os = "linux")]
#[test]
fn what_is_counted_is_what_is_taken() {
    for case in ["random:2-150-150-1@1", "random:4-20-20-1@1", "random:3-60-60-1@1", "pooled"] {
        let numbers = numbers_of_a_process("memory::counted_and_taken", case);
        let [counted, taken, _] = numbers[..] else { panic!("{numbers:?}") };
        assert!(taken < 2 * counted && counted < 2 * taken, "{case}: {counted} counted, {taken} taken");
    }
}

#[test]
#[ignore = "a part of what_is_counted_is_what_is_taken"]
fn counted_and_taken() {
    let case = std::env::var("PLICA_TEST_CASE").unwrap();
    let (most, before) = (Arc::new(AtomicU64::new(0)), status("VmRSS:"));
    let seen = most.clone();
    let watched = |builder: Builder| builder.on_progress(move |progress| seen.store(progress.memory, Relaxed));
    let complex = if case == "pooled" {
        let image = |k: u32| Point::from_rationals((0..144u32).map(|i| Rational::from((i * (7 + k) % 31, 31))).collect()).unwrap();
        let plane = Plane::new(&image(0), &image(1), &image(2)).unwrap();
        watched(Builder::new(&pooled())).build_slice(&plane, &Domain::parse_box("0,1", 2).unwrap())
    } else {
        let network = load(&case).unwrap();
        watched(Builder::new(&network)).build(&Domain::parse_box("-1,1", network.inputs()).unwrap())
    };
    let regions = complex.unwrap().activation_regions();
    println!("\ncounted {} taken {} regions {regions}", most.load(Relaxed), status("VmHWM:") - before);
}

/// A convolution, its ReLU, the largest of every two by two, and a dense layer, for 12 x 12 images.
fn pooled() -> Network {
    let mut state = 1u64;
    let mut weights = |count: usize, inputs: usize| {
        let mut weight = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            ((state >> 40) as f64 / f64::from(1 << 23) - 1.0) / (inputs as f64).sqrt()
        };
        Coefficients::from_f64((0..count).map(|_| weight()).collect())
    };
    let mut builder = NetworkBuilder::new(&[1, 12, 12]).unwrap();
    let x = builder.input();
    let x = builder.convolution(&x, weights(4 * 25, 25), [5; 2], Some(weights(4, 25)), ConvolutionOptions::default()).unwrap();
    let x = builder.activation(&x, Piecewise::relu()).unwrap();
    let x = builder.max_pool(&x, &Window { stride: [2, 2], ..Window::new([2, 2]) }).unwrap();
    let x = builder.reshape(&x, &[64]).unwrap();
    let x = builder.linear(&x, 16, weights(16 * 64, 64), Some(weights(16, 64))).unwrap();
    let x = builder.activation(&x, Piecewise::relu()).unwrap();
    let x = builder.linear(&x, 2, weights(32, 16), Some(weights(2, 16))).unwrap();
    builder.finish(&x).unwrap()
}

/// 16 planes per window: on the whole box only a few of them can be the largest. In the exact-only mode all are compared, and most comparisons cut nothing.
#[test]
fn a_maximum_cuts_less_than_all_its_candidates_would() {
    let mut numbers = Numbers(9);
    let windows = 6;
    let mut builder = NetworkBuilder::new(&[2]).unwrap();
    let x = builder.input();
    let planes = builder.linear(&x, 16 * windows, numbers.weights(32 * windows), Some(numbers.weights(16 * windows))).unwrap();
    let planes = builder.reshape(&planes, &[1, windows, 16]).unwrap();
    let largest = builder.max_pool(&planes, &Window { stride: [1, 16], ..Window::new([1, 16]) }).unwrap();
    let graph = builder.finish(&largest).unwrap();
    let domain = Domain::parse_box("-1,1", 2).unwrap();
    let built = |builder: Builder| {
        let most = Arc::new(AtomicUsize::new(0));
        let seen = most.clone();
        let complex = builder.on_progress(move |progress| _ = seen.fetch_max(progress.cells, Relaxed)).build(&domain).unwrap();
        (complex, most.load(Relaxed))
    };
    let (complex, cut) = built(Builder::new(&graph));
    complex.check().unwrap();
    let (exact, of_all) = built(Builder::new(&graph).exact_only(true));
    assert!(3 * cut < 2 * of_all, "{cut} cells cut, {of_all} by all candidates, and {} left", complex.activation_regions());
    assert_eq!((complex.f_vector(), complex.histograms()), (exact.f_vector(), exact.histograms()));
}

/// Candidates that lose everywhere are not compared and not carried on.
#[test]
fn candidates_that_never_win_are_not_compared() {
    let image = |k: u32| Point::from_rationals((0..144u32).map(|i| Rational::from((i * (7 + k) % 31, 31))).collect()).unwrap();
    let plane = Plane::new(&image(0), &image(1), &image(2)).unwrap();
    let domain = Domain::parse_box("0,1/1000", 2).unwrap();
    let builder = Builder::new(&pooled());
    let complex = builder.build_slice(&plane, &domain).unwrap();
    let decisions = complex.decisions();
    // 256 units below the maxima, 16 above: about one decision per vertex for each. Three comparisons per window would add 192.
    let vertices = complex.f_vector()[0];
    assert!(decisions.filtered + decisions.exact < 300 * vertices, "{decisions:?} at {vertices} vertices");
    let exact = builder.exact_only(true).build_slice(&plane, &domain).unwrap();
    assert_eq!((complex.f_vector(), complex.counts()), (exact.f_vector(), exact.counts()));
}

/// Of equal candidates the first wins: two that are equal everywhere, and two that are 0 on half of the line.
#[test]
fn ties_between_candidates_go_to_the_lowest_index() {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let weights = Coefficients::from_f64(vec![-1.0, 1.0, 2.0, 2.0]);
    let z = builder.linear(&x, 4, weights, Some(Coefficients::from_f64(vec![-1.0, -1.0, -2.0, -2.0]))).unwrap();
    let y = builder.activation(&z, Piecewise::relu()).unwrap();
    let y = builder.reshape(&y, &[1, 1, 4]).unwrap();
    let largest = builder.max_pool(&y, &Window::new([1, 4])).unwrap();
    let graph = builder.finish(&largest).unwrap();
    for exact_only in [false, true] {
        let complex = Builder::new(&graph).exact_only(exact_only).build(&Domain::parse_box("-2,2", 1).unwrap()).unwrap();
        let mut patterns: Vec<String> = complex.cells().map(|cell| cell.pattern().to_string()).collect();
        patterns.sort();
        assert_eq!(patterns, ["00001000", "01110010", "10001000"]);
    }
}

/// Doubles that are sure to be distinct, in -1 to 1.
struct Numbers(u64);

impl Numbers {
    fn weights(&mut self, count: usize) -> Coefficients {
        let mut weight = || {
            self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (self.0 >> 40) as f64 / f64::from(1 << 23) - 1.0
        };
        Coefficients::from_f64((0..count).map(|_| weight()).collect())
    }
}
