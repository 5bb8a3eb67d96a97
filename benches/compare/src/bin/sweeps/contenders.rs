//! Those that are measured: sweeps and samplers of one case.

use plica::data::Points;
use plica::network::{Network, Selection, UnitSet};
use plica::sweep::{PairGroup, Sweep, SweepState};
use plica_compare::sampling_baseline::{Method, Sampled, Sampling, Settings};
use plica_compare::setup::to_f32;
use std::time::Instant;

/// Points of a segment that the samplers look at.
const SAMPLES: usize = 100;

/// How the columns of a group of 81 segments are cut: in blocks that fit the caches, or not at all.
const BLOCKS: [(usize, &str); 4] = [(128, "blocks of 128"), (256, "blocks of 256"), (512, "blocks of 512"), (usize::MAX, "one block")];

/// The whole of a sweep.
pub fn run(sweep: &Sweep<'_>, threads: usize) -> SweepState {
    sweep.run(sweep.begin(), threads, |_| true).expect("threads")
}

pub fn hidden(network: &Network) -> UnitSet {
    Selection::Hidden.resolve(network).expect("hidden units can always be selected")
}

/// One of the two samplers, in its fastest way.
pub struct Sampler {
    sampling: Sampling,
    /// The points, or their first layers.
    rows: Vec<f32>,
    shares: bool,
    pairs: Vec<(usize, usize)>,
    out: Vec<Sampled>,
    /// How the work is cut.
    pub way: String,
}

impl Sampler {
    /// Tries all ways and keeps the fastest, with as many segments as take about so many seconds.
    pub fn fastest(network: &Network, points: &Points, groups: &[PairGroup], shares: bool, seconds: f64) -> Self {
        let methods: &[Method] = if shares { &[Method::Product, Method::Fused] } else { &[Method::Product] };
        let ways = methods.iter().flat_map(|&method| BLOCKS.map(|(block, text)| (method, block, text)));
        let (_, (method, block, text)) = ways
            .map(|way @ (method, block, _)| {
                let mut sampler = Self::new(network, points, shares, Settings { n: SAMPLES, block, method });
                sampler.take(groups, if shares { 8100 } else { 810 });
                (sampler.segment_seconds(), way)
            })
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
            .expect("some ways");
        let mut sampler = Self::new(network, points, shares, Settings { n: SAMPLES, block, method });
        sampler.way = match method {
            Method::Fused => format!("own loop, {text}"),
            Method::Product => format!("product crate, {text}"),
        };
        sampler.take(groups, 810);
        let count = (seconds / sampler.segment_seconds()) as usize;
        sampler.take(groups, count);
        sampler
    }

    fn new(network: &Network, points: &Points, shares: bool, settings: Settings) -> Self {
        let sampling = Sampling::new(&to_f32(network), settings);
        let floats: Vec<f32> = (0..points.len()).flat_map(|row| points.nearest(row).iter().map(|&x| x as f32)).collect();
        let rows = if shares { sampling.first_layer(&floats) } else { floats };
        Self { sampling, rows, shares, pairs: vec![], out: vec![], way: String::new() }
    }

    /// Takes about so many pairs, spread evenly over all.
    fn take(&mut self, groups: &[PairGroup], count: usize) {
        let all: usize = groups.iter().map(|group| group.count() as usize).sum();
        self.pairs = groups.iter().flat_map(PairGroup::iter).step_by((all / count.max(1)).max(1)).collect();
        self.out = vec![Sampled::default(); self.pairs.len()];
    }

    pub fn segments(&self) -> usize {
        self.pairs.len()
    }

    /// Samples all segments; returns the sum of chi.
    pub fn run(&mut self) -> f64 {
        if self.shares {
            self.sampling.sample_shared(&self.rows, &self.pairs, &mut self.out);
        } else {
            self.sampling.sample(&self.rows, &self.pairs, &mut self.out);
        }
        self.out.iter().map(Sampled::chi).sum()
    }

    /// The least time of a segment in three runs.
    fn segment_seconds(&mut self) -> f64 {
        let mut time = || {
            let start = Instant::now();
            self.run();
            start.elapsed().as_secs_f64() / self.pairs.len() as f64
        };
        (0..3).map(|_| time()).fold(f64::INFINITY, f64::min)
    }
}
