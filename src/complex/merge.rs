//! Merges cells: the comparisons in a tournament cut further than its winner requires, and the parts are joined again.
//!
//! The cells of the hidden layers' patterns meet face to face, and each is a union of finer cells. A face of the cells is determined by the
//! cells that contain it and the sides of the domain that contain it (proofs/complex.md, section 8). So finer faces with the same cells and
//! sides are parts of one face, or are inside it if their dimension is lower.

use super::topology::Faces;
use std::collections::HashMap;
use std::hash::Hash;

/// The faces after merging, and their relation to the finer ones.
pub(super) struct Merged {
    pub levels: Vec<Faces>,
    /// For each face of each dimension below d, the sides of the domain that contain it.
    pub sides: Vec<Vec<u32>>,
    /// The remaining vertices, by their old numbers.
    pub vertices: Vec<u32>,
    /// For each finer cell the cell that contains it.
    pub cell_of: Vec<u32>,
}

/// Lists of cells and sides, numbered in the order of first occurrence.
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

/// Merges the cells with the same name.
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
    // The dimension of a face is that of its largest parts. A finer face in only one cell, and on no side, is inside that cell.
    let mut dimension = vec![0; keys.numbers.len()];
    key_of.iter().enumerate().for_each(|(k, keys)| keys.iter().for_each(|&key| dimension[key as usize] = k));
    keys.numbers.iter().filter(|((cells, sides), _)| cells.len() == 1 && *sides == 0).for_each(|(_, &key)| dimension[key as usize] = d);
    let mut merged = Merged { levels: vec![Faces::default()], sides: Vec::with_capacity(d), vertices: Vec::new(), cell_of };
    // The number of each face among those of its dimension, by its key.
    let mut number = vec![u32::MAX; dimension.len()];
    for k in 0..d {
        let (mut facets, mut of_sides): (Vec<Vec<u32>>, _) = (Vec::new(), Vec::new());
        for (part, &key) in key_of[k].iter().enumerate() {
            let face = &mut number[key as usize];
            if dimension[key as usize] != k {
                continue;
            }
            if *face == u32::MAX {
                *face = of_sides.len() as u32;
                of_sides.push(sides[k][part]);
                facets.push(Vec::new());
                if k == 0 {
                    merged.vertices.push(part as u32);
                }
            }
            if k > 0 {
                let face = *face as usize;
                facets[face].extend(boundary(&levels[k], part, &key_of[k - 1], &dimension, k - 1).map(|key| number[key as usize]));
            }
        }
        if k > 0 {
            merged.levels.push(listed(facets));
        }
        merged.sides.push(of_sides);
    }
    let mut facets = vec![Vec::new(); number_of.len()];
    for (part, &cell) in merged.cell_of.iter().enumerate() {
        let boundary = boundary(&levels[d], part, &key_of[d - 1], &dimension, d - 1);
        facets[cell as usize].extend(boundary.map(|key| number[key as usize]));
    }
    merged.levels.push(listed(facets));
    merged
}

/// The keys of a part's facets, of dimension k, that are on facets of its face. A facet inside the face has the key of the face.
fn boundary<'a>(level: &'a Faces, part: usize, key_of: &'a [u32], dimension: &'a [usize], k: usize) -> impl Iterator<Item = u32> + 'a {
    level.facets(part as u32).iter().map(|&g| key_of[g as usize]).filter(move |&key| dimension[key as usize] == k)
}

/// The faces with these facets, each of which is listed by several parts.
fn listed(facets: Vec<Vec<u32>>) -> Faces {
    let mut level = Faces::default();
    for mut list in facets {
        list.sort_unstable();
        list.dedup();
        level.push(&list);
    }
    level
}

/// For each finer face of each dimension below d the cells that contain it, ascending.
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
