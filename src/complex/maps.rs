//! Finds the cells with the same affine map, and the three counts that other tools confuse.

use super::cells::Complex;
use super::counts::Counts;
use super::layer::{FloatStep, Values};
use super::live::Live;
use super::residues::Residues;
use super::scale;
use super::words::gather;
use crate::exact::Instructions;
use crate::exact::bound::{TINY, gamma, round_up};
use crate::network::lowered::STAGE;
use rayon::prelude::*;
use rug::Rational;
use std::collections::HashMap;
use std::sync::OnceLock;

fn counts(complex: &Complex) -> Counts {
    let map_of = maps(complex);
    let linear_region_of = complex.components(|a, b| map_of[a] == map_of[b]);
    let distinct = |numbers: &[u32]| numbers.iter().max().map_or(0, |&most| u64::from(most) + 1);
    Counts {
        activation_regions: map_of.len() as u64,
        affine_maps: distinct(&map_of),
        linear_regions: distinct(&linear_region_of),
        map_of,
        linear_region_of,
    }
}

impl Complex {
    /// The numbers of activation regions, affine maps and linear regions.
    pub fn counts(&self) -> &Counts {
        self.counts.get_or_init(|| counts(self))
    }

    /// For each cell the number of its component, where cells with a common facet are joined if `are_alike`.
    pub(super) fn components(&self, are_alike: impl Fn(usize, usize) -> bool) -> Vec<u32> {
        let mut components = Forest::new(self.activation_regions());
        for facet in self.facets() {
            if let Some([a, b]) = facet.between()
                && are_alike(a, b)
            {
                components.join(a, b);
            }
        }
        numbered((0..self.activation_regions()).map(|cell| components.root(cell) as u32))
    }
}

/// Numbers for cells, in order. Each cell is given by the representative of its class.
fn numbered(representatives: impl ExactSizeIterator<Item = u32>) -> Vec<u32> {
    let mut number_of = vec![u32::MAX; representatives.len()];
    let mut next = 0;
    let number = |representative: u32| {
        let number = &mut number_of[representative as usize];
        if *number == u32::MAX {
            *number = next;
            next += 1;
        }
        *number
    };
    representatives.map(number).collect()
}

/// The affine map of each cell, numbered.
///
/// Maps that differ at one point are different. All maps are evaluated at the same point, in doubles with a bound on the error. Only those
/// that agree there within their bounds are compared modulo a prime, and those that agree there too are compared by the parts on which they
/// depend, and in integers.
fn maps(complex: &Complex) -> Vec<u32> {
    let mut order: Vec<(f64, f64, u32)> =
        values_at_one_point(complex).into_iter().zip(0..).map(|((lo, hi), cell)| (lo, hi, cell)).collect();
    let mut representatives: Vec<u32> = (0..order.len() as u32).collect();
    // A value without a bound can be any number.
    let unbounded = order.iter().any(|&(lo, hi, _)| !(lo.is_finite() && hi.is_finite()));
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let residues = OnceLock::new();
    let mut rest = &order[..];
    while let Some(&(_, mut most, _)) = rest.first() {
        let meets = |&&(lo, hi, _): &&(f64, f64, u32)| {
            let meets = unbounded || lo <= most;
            most = most.max(hi);
            meets
        };
        let (near, others) = rest.split_at(rest.iter().take_while(meets).count());
        rest = others;
        if near.len() > 1 {
            let residues = residues.get_or_init(|| Residues::new(&complex.steps));
            compare(complex, residues.as_ref(), near.iter().map(|&(_, _, cell)| cell).collect(), &mut representatives);
        }
    }
    numbered(representatives.into_iter())
}

/// Finds which of some cells have the same map: for each cell the first one with its map.
///
/// Maps with different residues are different. Among the others, maps of a graph whose outputs depend on the same parts and winners are
/// equal. The remaining ones are compared in integers, as maps of the inputs in which the cells were cut: the other inputs distinguish no
/// two maps (proofs/complex.md, section 4.3).
fn compare(complex: &Complex, residues: Option<&Residues<'_>>, mut cells: Vec<u32>, representatives: &mut [u32]) {
    // Neighbouring cells in the list have most bits in common.
    cells.sort_unstable();
    let words: Vec<&[u64]> = cells.iter().map(|&cell| complex.words(cell as usize)).collect();
    let outputs = residues.map_or_else(|| vec![Vec::new(); words.len()], |residues| residues.outputs(&words));
    let mut alike: HashMap<Vec<u64>, Vec<u32>> = HashMap::new();
    cells.iter().zip(outputs).for_each(|(&cell, outputs)| alike.entry(outputs).or_default().push(cell));
    let live = complex.steps.graph.as_deref().map(Live::new);
    for group in alike.into_values().filter(|group| group.len() > 1) {
        let mut different = group.clone();
        if let Some(live) = &live {
            let keys: Vec<Vec<u32>> = group.par_iter().map(|&cell| live.key(&complex.cell(cell as usize).pattern())).collect();
            let mut first_with: HashMap<Vec<u32>, u32> = HashMap::new();
            for (&cell, key) in group.iter().zip(keys) {
                representatives[cell as usize] = *first_with.entry(key).or_insert(cell);
            }
            different.retain(|&cell| representatives[cell as usize] == cell);
        }
        if different.len() > 1 {
            let mut first_with: HashMap<Vec<Vec<Rational>>, u32> = HashMap::new();
            let maps = different.iter().map(|&cell| (cell, complex.cell(cell as usize).essential_map()));
            let first: HashMap<u32, u32> = maps.map(|(cell, map)| (cell, *first_with.entry(map).or_insert(cell))).collect();
            group.iter().for_each(|&cell| representatives[cell as usize] = first[&representatives[cell as usize]]);
        }
    }
}

/// For each cell two doubles that enclose one combination of its outputs at one point.
fn values_at_one_point(complex: &Complex) -> Vec<(f64, f64)> {
    const BLOCK: usize = 1024;
    let steps = &complex.steps;
    let exponents = scale::of_steps(steps, &vec![0; steps.inputs()]);
    let through: Vec<Through> = (0..steps.steps.len()).map(|l| Through::new(complex, l, [&exponents[l], &exponents[l + 1]])).collect();
    // The point is arbitrary; one without simple coordinates separates more maps.
    let point: Vec<f64> = (1..=complex.dimension()).map(|k| (k as f64 * 0.618_033_988_749_895).fract() - 0.309_016_994_374_947).collect();
    let instructions = Instructions::detect();
    // Neighbouring cells in the list often have the same bits in the lower layers. Such a run goes through these layers as one row.
    let of_block = |start: usize| {
        let cells = start..(start + BLOCK).min(complex.activation_regions());
        let mut runs = vec![start];
        let mut rows = Values { stride: point.len(), ..Values::default() };
        rows.push(&point, 0.0);
        rows = through[0].fixed.as_ref().expect("the inputs are not rectified").forward(instructions, rows, &[]);
        for (l, through) in through.iter().enumerate().skip(1) {
            let below_step = &steps.steps[l - 1];
            let bits = |cell: usize| &complex.words(cell)[steps.first_words[l - 1]..][..below_step.words()];
            let (below, mut run) = (runs, 0);
            // For each new run, the run below and its bits.
            let (mut runs_below, mut active) = (Vec::new(), Vec::new());
            runs = Vec::new();
            for cell in cells.clone() {
                let next = below.get(run + 1) == Some(&cell);
                run += usize::from(next);
                if next || cell == start || bits(cell) != bits(cell - 1) {
                    runs.push(cell);
                    runs_below.push(run);
                    active.extend(gather(bits(cell), &through.varying));
                }
            }
            rows = through.forward(instructions, &rows, &runs_below, &active);
        }
        let combined = |(row, error): (&[f64], &f64)| {
            let outputs = &row[..steps.outputs()];
            let weight = |k: usize| 1.0 / (1.0 + k as f64);
            let (mut sum, mut size) = (0.0, 0.0);
            for (k, y) in outputs.iter().enumerate() {
                sum += weight(k) * y;
                size += weight(k) * (y.abs() + error);
            }
            let weights: f64 = (0..outputs.len()).map(weight).sum();
            let error = round_up(weights * error + gamma(outputs.len() + 4) * size + TINY);
            (sum - error, sum + error)
        };
        rows.values.chunks_exact(rows.stride).zip(&rows.errors).map(combined).collect::<Vec<_>>()
    };
    let starts: Vec<usize> = (0..complex.activation_regions()).step_by(BLOCK).collect();
    starts.into_par_iter().map(of_block).collect::<Vec<_>>().concat()
}

/// A step for all cells. The parts that are equal for all cells are computed once for each run of the layer below.
struct Through {
    /// The inputs that are nonzero on all cells: units that are active on all of them, and results without ReLU; `None` if there are none.
    fixed: Option<FloatStep>,
    fixed_inputs: Vec<u32>,
    /// The units that are active on some cells only. Units that are active on no cell are omitted.
    part: Option<FloatStep>,
    varying: Vec<u32>,
}

impl Through {
    /// The step between inputs and results that are scaled by these exponents.
    fn new(complex: &Complex, l: usize, exponents: [&[i32]; 2]) -> Self {
        let steps = &complex.steps;
        let units = if l == 0 { 0 } else { steps.steps[l - 1].units };
        let words = units.div_ceil(STAGE);
        let (mut all, mut any) = (vec![u64::MAX; words], vec![0; words]);
        for cell in 0..complex.activation_regions() {
            let bits = complex.words(cell).iter().skip(l.checked_sub(1).map_or(0, |below| steps.first_words[below]));
            all.iter_mut().zip(&mut any).zip(bits).for_each(|((all, any), bits)| {
                *all &= bits;
                *any |= bits;
            });
        }
        let is_on = |words: &[u64], i: usize| words[i / STAGE] >> (i % STAGE) & 1 == 1;
        let mut varying: Vec<u32> = (0..units).filter(|&i| is_on(&any, i) && !is_on(&all, i)).map(|i| i as u32).collect();
        let fixed_inputs: Vec<u32> = (0..steps.steps[l].inputs()).filter(|&i| i >= units || is_on(&all, i)).map(|i| i as u32).collect();
        if varying.is_empty() && fixed_inputs.is_empty() {
            // A step has at least one input, which may be one that is never active.
            varying.push(0);
        }
        let step = |inputs: &[u32]| (!inputs.is_empty()).then(|| FloatStep::of_inputs(&steps.steps[l], inputs, exponents));
        Self { fixed: step(&fixed_inputs), part: step(&varying), fixed_inputs, varying }
    }

    /// The results for some runs of cells. Each is given by its row in the layer below and the bits of the varying inputs.
    fn forward(&self, instructions: Instructions, below: &Values, runs_below: &[usize], active: &[u64]) -> Values {
        let fixed = self.fixed.as_ref().map(|step| step.forward(instructions, below.select(&self.fixed_inputs), &[]));
        let part = self.part.as_ref().map(|step| {
            let rows = below.select(&self.varying).rows(runs_below);
            // If there is a fixed part, the constants are in it.
            if fixed.is_some() { step.forward_linear(instructions, rows, active) } else { step.forward(instructions, rows, active) }
        });
        match (fixed, part) {
            (Some(fixed), Some(mut sum)) => {
                runs_below.iter().enumerate().for_each(|(place, &run)| sum.add_to(place, &fixed, run));
                sum
            }
            (Some(fixed), None) => fixed.rows(runs_below),
            (None, part) => part.expect("a step has inputs"),
        }
    }
}

/// A forest of disjoint sets.
struct Forest {
    parents: Vec<u32>,
}

impl Forest {
    fn new(len: usize) -> Self {
        Self { parents: (0..len as u32).collect() }
    }

    fn root(&mut self, of: usize) -> usize {
        let mut at = of;
        while self.parents[at] as usize != at {
            self.parents[at] = self.parents[self.parents[at] as usize];
            at = self.parents[at] as usize;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b) as u32;
    }
}
