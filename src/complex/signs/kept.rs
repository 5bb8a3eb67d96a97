//! Units that have one sign on the whole domain. They cut nothing, and are omitted from the rows (proofs/complex.md, section 4).

use super::super::topology::Mask;
use super::super::words::gather;
use super::Signs;
use crate::network::lowered::STAGE;

/// The results of a step that are in the rows, in this order: units that may cut, then results that only later steps need.
pub(super) struct Kept {
    pub results: Vec<u32>,
    /// The number of units that may cut.
    pub cutting: usize,
    /// The units that are active everywhere, as words of all units; `None` if all units may cut.
    pub always: Option<Vec<u64>>,
}

impl Kept {
    /// All results of a step.
    pub fn all(units: usize, outputs: usize) -> Self {
        Self { results: (0..outputs as u32).collect(), cutting: units, always: None }
    }
}

impl Signs {
    /// Omits the constant units and the units that have one sign at all vertices, as far as doubles are certain: none of them cuts.
    ///
    /// Units that are active everywhere are still needed if another layer follows; units that are inactive everywhere are not.
    pub(super) fn keep_what_matters(&mut self) {
        let (units, outputs) = (self.kept.cutting, self.kept.results.len());
        let mut signs = vec![Mask { pos: u64::MAX, neg: u64::MAX }; self.stages()];
        for (stage, all) in signs.iter_mut().enumerate() {
            self.certain_signs(stage);
            for mask in &self.masks {
                all.pos &= mask.pos;
                all.neg &= mask.neg;
            }
        }
        let step = &self.steps.steps[self.layer];
        for i in 0..units {
            let (all, bit) = (&mut signs[i / STAGE], 1 << (i % STAGE));
            if (all.pos | all.neg) & bit == 0 && step.is_constant(i) {
                // A constant that is not positive is treated as negative.
                let sign = if self.constants[0][i / STAGE] & bit != 0 { &mut all.pos } else { &mut all.neg };
                *sign |= bit;
            }
        }
        let is = |word: fn(&Mask) -> u64, i: usize| word(&signs[i / STAGE]) >> (i % STAGE) & 1 == 1;
        let (active, inactive) = (|i: &usize| is(|all| all.pos, *i), |i: &usize| is(|all| all.neg, *i));
        let mut results: Vec<u32> = (0..units).filter(|i| !active(i) && !inactive(i)).map(|i| i as u32).collect();
        let mut cutting = results.len();
        if cutting == units {
            return;
        }
        self.decisions.filtered += (units - cutting) as u64 * self.len() as u64;
        if !self.steps.is_last(self.layer) {
            results.extend((0..units).filter(active).chain(units..outputs).map(|i| i as u32));
            if results.is_empty() {
                // A layer has at least one input, which may be one that is 0 everywhere.
                (results, cutting) = (vec![0], 1);
            }
        }
        let mut always = vec![0u64; units.div_ceil(STAGE)];
        (0..units).filter(active).for_each(|i| always[i / STAGE] |= 1 << (i % STAGE));
        self.rows = self.rows.select(&results);
        if let Some(far) = &mut self.far {
            far.slopes = far.slopes.select(&results);
        }
        let words = outputs.div_ceil(STAGE);
        self.constant_results = self.constant_results.chunks_exact(words).flat_map(|all| gather(all, &results)).collect();
        self.constants = [0, 1].map(|sign| gather(&self.constants[sign], &results));
        self.kept = Kept { results, cutting, always: Some(always) };
    }

    /// The bits of all units of the present step, from those of the units that may cut; for each of some cells, after `before` other words.
    pub(in super::super) fn bits_of_all(&self, bits: Vec<u64>, before: usize, cells: usize) -> Vec<u64> {
        let Some(always) = &self.kept.always else { return bits };
        let words = before + self.stages();
        let mut all = Vec::with_capacity(cells * (before + always.len()));
        for cell in 0..cells {
            let (before, here) = bits[cell * words..][..words].split_at(before);
            all.extend_from_slice(before);
            let first = all.len();
            all.extend_from_slice(always);
            for (k, &unit) in self.kept.results[..self.kept.cutting].iter().enumerate() {
                all[first + unit as usize / STAGE] |= (here[k / STAGE] >> (k % STAGE) & 1) << (unit as usize % STAGE);
            }
        }
        all
    }
}
