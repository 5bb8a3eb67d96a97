//! The measured programs: sweeps and samplers of one case.

use plica::data::Points;
use plica::network::{Network, Selection, UnitSet};
use plica::sweep::{PairGroup, Sweep, SweepState};
use plica_compare::sampling_baseline::{Cut, Method, Sampled, Sampling, Settings};
use plica_compare::setup::to_f32;
use std::time::Instant;

/// The number of points on a segment for the samplers.
const SAMPLES: usize = 100;

/// The methods of the samplers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Algorithm 1, 64 segments in one batch.
    Batch,
    /// Algorithm 1, 81 segments cut into blocks that fit the caches.
    Blocks,
    /// With the first layer shared.
    Sharing,
}

impl Kind {
    /// The options of cutting and multiplying to try.
    fn ways(self) -> Vec<(Cut, Method)> {
        let blocks = [128, 256, 512].map(Cut::Blocks);
        let with = |method: Method| blocks.map(|cut| (cut, method));
        match self {
            Self::Batch => vec![(Cut::Whole, Method::Product)],
            Self::Blocks => with(Method::Product).to_vec(),
            Self::Sharing => [with(Method::Product), with(Method::Fused)].concat(),
        }
    }
}

/// A complete sweep.
pub fn run(sweep: &Sweep<'_>, threads: usize) -> SweepState {
    sweep.run(sweep.begin(), threads, |_| true).expect("threads")
}

pub fn hidden(network: &Network) -> UnitSet {
    network.units(&Selection::Hidden).expect("hidden units can always be selected")
}

/// A sampler with its fastest options.
pub struct Sampler {
    sampling: Sampling,
    shares: bool,
    /// The points, or their first layers.
    rows: Vec<f32>,
    pairs: Vec<(usize, usize)>,
    out: Vec<Sampled>,
    way: (Cut, Method),
}

impl Sampler {
    /// Tries all options and keeps the fastest, with enough segments for about this number of seconds.
    pub fn fastest(network: &Network, points: &Points, groups: &[PairGroup], kind: Kind, seconds: f64) -> Self {
        let tried = kind.ways().into_iter().map(|way| {
            let mut sampler = Self::new(network, points, kind, way);
            sampler.take(groups, if sampler.shares { 8100 } else { 810 });
            (sampler.segment_seconds(), sampler)
        });
        let (time, mut sampler) = tried.min_by(|(a, _), (b, _)| a.total_cmp(b)).expect("some ways");
        sampler.take(groups, (seconds / time) as usize);
        sampler
    }

    fn new(network: &Network, points: &Points, kind: Kind, way: (Cut, Method)) -> Self {
        let sampling = Sampling::new(&to_f32(network), Settings { n: SAMPLES, cut: way.0, method: way.1 });
        let floats: Vec<f32> = (0..points.len()).flat_map(|row| points.nearest(row).iter().map(|&x| x as f32)).collect();
        let shares = kind == Kind::Sharing;
        let rows = if shares { sampling.first_layer(&floats) } else { floats };
        Self { sampling, shares, rows, pairs: vec![], out: vec![], way }
    }

    /// The options of cutting and multiplying, as text.
    pub fn way(&self) -> String {
        let (cut, method) = self.way;
        let cut = match cut {
            Cut::Blocks(columns) => format!("blocks of {columns}"),
            Cut::Whole => "one product per layer".to_string(),
        };
        match method {
            Method::Product => cut,
            Method::Fused => format!("{cut}, own loop"),
        }
    }

    /// Takes about this number of pairs, spread evenly over all.
    fn take(&mut self, groups: &[PairGroup], count: usize) {
        let all: usize = groups.iter().map(|group| group.count() as usize).sum();
        self.pairs = groups.iter().flat_map(PairGroup::iter).step_by((all / count.max(1)).max(1)).collect();
        self.out = vec![Sampled::default(); self.pairs.len()];
    }

    pub fn segments(&self) -> f64 {
        self.pairs.len() as f64
    }

    /// Samples all segments; returns the mean of chi.
    pub fn run(&mut self) -> f64 {
        if self.shares {
            self.sampling.sample_shared(&self.rows, &self.pairs, &mut self.out);
        } else {
            self.sampling.sample(&self.rows, &self.pairs, &mut self.out);
        }
        self.out.iter().map(Sampled::chi).sum::<f64>() / self.segments()
    }

    /// The least time of a segment in three runs.
    fn segment_seconds(&mut self) -> f64 {
        let mut time = || {
            let start = Instant::now();
            self.run();
            start.elapsed().as_secs_f64() / self.segments()
        };
        (0..3).map(|_| time()).fold(f64::INFINITY, f64::min)
    }
}
