//! Cells that are one: a knock-out cuts further than its winners tell, and what it cut is joined again.
//!
//! The cells of the hidden layers' patterns meet face to face, and each is a union of finer cells. A face of theirs is told by the cells that hold it
//! and the sides of the domain that it lies on (proofs/complex.md, section 8), so finer faces with the same cells and sides are parts of one face,
//! or lie inside it, where their dimension is less.

use super::topology::Faces;
use std::collections::HashMap;
use std::hash::Hash;

/// The faces after merging, and what the finer ones became.
pub(super) struct Merged {
    pub levels: Vec<Faces>,
    /// For each face of each dimension below d the sides of the domain that it lies on.
    pub sides: Vec<Vec<u32>>,
    /// The vertices that are left, by their old numbers.
    pub vertices: Vec<u32>,
    /// For each finer cell the cell that it is part of.
    pub cell_of: Vec<u32>,
}

/// Lists of cells and sides, numbered as they first occur.
#[derive(Default)]
struct Keys {
    numbers: HashMap<(Vec<u32>, u32), u32>,
}

impl Keys {
    fn number(&mut self, cells: Vec<u32>, sides: u32) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry((cells, sides)).or_insert(next)
    }
}

/// Merges the cells that have the same name.
pub(super) fn merge<N: Hash + Eq>(levels: &[Faces], sides: &[Vec<u32>], name: impl Fn(usize) -> N) -> Merged {
    let d = levels.len() - 1;
    let mut number_of: HashMap<N, u32> = HashMap::new();
    let cell_of: Vec<u32> = (0..levels[d].len())
        .map(|cell| {
            let next = number_of.len() as u32;
            *number_of.entry(name(cell)).or_insert(next)
        })
        .collect();
    let holders = holders(levels, sides, &cell_of);
    let mut keys = Keys::default();
    let mut key_of: Vec<Vec<u32>> = Vec::with_capacity(d);
    for (holders, sides) in holders.into_iter().zip(sides) {
        key_of.push(holders.into_iter().zip(sides).map(|(cells, &sides)| keys.number(cells, sides)).collect());
    }
    // The dimension of a face is that of its largest parts; what one cell alone holds, and no side, is inside it.
    let mut dimension = vec![0; keys.numbers.len()];
    key_of.iter().enumerate().for_each(|(k, keys)| keys.iter().for_each(|&key| dimension[key as usize] = k));
    keys.numbers.iter().filter(|((cells, sides), _)| cells.len() == 1 && *sides == 0).for_each(|(_, &key)| dimension[key as usize] = d);
    let mut merged = Merged { levels: vec![Faces::default()], sides: Vec::with_capacity(d), vertices: Vec::new(), cell_of };
    // The number of each face among those of its dimension, by its key.
    let mut number = vec![u32::MAX; dimension.len()];
    for k in 0..=d {
        let is_cell = k == d;
        let face_of = |part: usize| if is_cell { merged.cell_of[part] } else { key_of[k][part] };
        let parts = if k == 0 { sides[0].len() } else { levels[k].len() };
        let mut facets: Vec<Vec<u32>> = if is_cell { vec![Vec::new(); number_of.len()] } else { Vec::new() };
        let mut of_sides = Vec::new();
        for part in 0..parts {
            let face = face_of(part) as usize;
            if !is_cell && dimension[face] != k {
                continue;
            }
            let at = if is_cell { face } else { number[face] as usize };
            let at = if at == u32::MAX as usize {
                number[face] = of_sides.len() as u32;
                of_sides.push(sides[k][part]);
                facets.push(Vec::new());
                if k == 0 {
                    merged.vertices.push(part as u32);
                }
                of_sides.len() - 1
            } else {
                at
            };
            if k > 0 {
                let below = levels[k].facets(part as u32).iter().map(|&g| key_of[k - 1][g as usize]);
                // A facet of a part either is inside the face, and then told by the same cells, or lies on one of its facets.
                let boundary = below.filter(|&key| dimension[key as usize] == k - 1).map(|key| number[key as usize]);
                facets[at].extend(boundary);
            }
        }
        if k > 0 {
            let mut level = Faces::default();
            for list in &mut facets {
                list.sort_unstable();
                list.dedup();
                level.push(list);
            }
            merged.levels.push(level);
        }
        if !is_cell {
            merged.sides.push(of_sides);
        }
    }
    merged
}

/// For each finer face of each dimension below d the cells that hold it, ascending.
fn holders(levels: &[Faces], sides: &[Vec<u32>], cell_of: &[u32]) -> Vec<Vec<Vec<u32>>> {
    let d = levels.len() - 1;
    let mut above: Vec<Vec<u32>> = cell_of.iter().map(|&cell| vec![cell]).collect();
    let mut all = Vec::with_capacity(d);
    for k in (1..=d).rev() {
        let mut here: Vec<Vec<u32>> = vec![Vec::new(); sides[k - 1].len()];
        for (face, cells) in above.iter().enumerate() {
            for &facet in levels[k].facets(face as u32) {
                here[facet as usize].extend_from_slice(cells);
            }
        }
        for cells in &mut here {
            cells.sort_unstable();
            cells.dedup();
        }
        if k < d {
            all.push(above);
        }
        above = here;
    }
    all.push(above);
    all.reverse();
    all
}
