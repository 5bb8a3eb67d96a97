//! Faces without coordinates: which face lies in which, and how hyperplanes cut them.

use super::signs::Signs;

/// Lists of faces are addressed by words of 32 bits; one cut adds far fewer entries than are left above this.
const MOST_ENTRIES: usize = 1 << 31;

/// Why a complex grew too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// More cells than allowed.
    Cells,
    /// More faces than can be numbered.
    Faces,
}

/// No face.
const NONE: u32 = u32::MAX;

/// The faces of one dimension, each the list of its facets; an edge is its two vertices.
///
/// A list that has changed stands at the end of the pool, and its old place is lost until the next copy.
#[derive(Clone, Debug, Default)]
pub(super) struct Faces {
    spans: Vec<(u32, u32)>,
    pool: Vec<u32>,
}

impl Faces {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The facets of a face.
    #[inline]
    pub(super) fn facets(&self, face: u32) -> &[u32] {
        let (start, len) = self.spans[face as usize];
        &self.pool[start as usize..][..len as usize]
    }

    #[inline]
    pub(super) fn push(&mut self, facets: &[u32]) -> u32 {
        self.spans.push((self.pool.len() as u32, facets.len() as u32));
        self.pool.extend_from_slice(facets);
        self.spans.len() as u32 - 1
    }

    #[inline]
    fn replace(&mut self, face: u32, facets: &[u32]) {
        let (start, len) = self.spans[face as usize];
        if facets.len() <= len as usize {
            self.pool[start as usize..][..facets.len()].copy_from_slice(facets);
            self.spans[face as usize].1 = facets.len() as u32;
        } else {
            self.spans[face as usize] = (self.pool.len() as u32, facets.len() as u32);
            self.pool.extend_from_slice(facets);
        }
    }

    /// The same faces, with nothing lost in between.
    pub(super) fn compact(&self) -> Self {
        let mut new = Self { spans: Vec::with_capacity(self.len()), pool: Vec::with_capacity(self.pool.len()) };
        for face in 0..self.len() as u32 {
            new.push(self.facets(face));
        }
        new
    }
}

/// Where some units are positive and where negative on a closed face: one bit a unit. Neither: the unit vanishes on the face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask {
    pub pos: u64,
    pub neg: u64,
}

impl Mask {
    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        Self { pos: self.pos | other.pos, neg: self.neg | other.neg }
    }

    /// The units that cut the face.
    #[inline]
    pub(super) fn mixed(self) -> u64 {
        self.pos & self.neg
    }
}

/// The faces of a complex, by dimension from 1 on; vertices are numbers that never change.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    /// `levels[k]` are the faces of dimension k; the first is empty.
    pub levels: Vec<Faces>,
    /// For each edge the ends of a longer segment around it, on which all units of the layer at hand are affine.
    pub bases: Vec<[u32; 2]>,
}

impl Topology {
    pub(super) fn dimension(&self) -> usize {
        self.levels.len() - 1
    }

    /// The number of cells, at least 1.
    pub(super) fn cells(&self) -> usize {
        self.levels[self.dimension()].len()
    }

    /// Begins a layer: what its units are affine on are the edges as they are.
    pub(super) fn reset_bases(&mut self) {
        self.bases = (0..self.levels[1].len() as u32).map(|edge| self.levels[1].facets(edge).try_into().expect("two ends")).collect();
    }

    /// Cuts all faces by the units that `signs` speaks of, at most 64; gives the faces, and for each cell the one that it was in.
    ///
    /// Every face of the old complex must have every unit affine on it. It ends at the first
    /// cell more than `limit`.
    pub(super) fn cut(&self, signs: &mut Signs, limit: usize) -> Result<(Self, Vec<u32>, Vec<u64>), Excess> {
        Cutting::new(self, signs, limit).run()
    }
}

/// Faces that grow while those of the old complex are cut one after the other, in order of dimension.
struct Cutting<'a, 's> {
    old: &'a Topology,
    signs: &'s mut Signs,
    new: Topology,
    masks: Vec<Vec<Mask>>,
    /// For each new face that the unit at hand has cut: its other half, whose number says when.
    halves: Vec<Vec<(u32, u32)>>,
    round: u32,
    /// `children[k][f]..children[k][f + 1]` are the parts of the old face f of dimension k.
    children: Vec<Vec<u32>>,
    /// The new faces inside the old face at hand, by dimension.
    inside: Vec<Vec<u32>>,
    lists: [Vec<u32>; 3],
    limit: usize,
}

impl<'a, 's> Cutting<'a, 's> {
    fn new(old: &'a Topology, signs: &'s mut Signs, limit: usize) -> Self {
        let d = old.dimension();
        Self {
            old,
            signs,
            new: Topology { levels: vec![Faces::default(); d + 1], bases: Vec::new() },
            masks: vec![Vec::new(); d + 1],
            halves: vec![Vec::new(); d + 1],
            round: 0,
            children: vec![Vec::new(); d + 1],
            inside: vec![Vec::new(); d + 1],
            lists: Default::default(),
            limit,
        }
    }

    fn run(mut self) -> Result<(Topology, Vec<u32>, Vec<u64>), Excess> {
        let d = self.old.dimension();
        let mut below: Vec<Mask> = Vec::new();
        for k in 1..=d {
            let faces = &self.old.levels[k];
            let mut closed = Vec::with_capacity(faces.len());
            for face in 0..faces.len() as u32 {
                let mask = match k {
                    1 => faces.facets(face).iter().fold(Mask::default(), |mask, &v| mask.or(self.signs.mask(v))),
                    _ => faces.facets(face).iter().fold(Mask::default(), |mask, &g| mask.or(below[g as usize])),
                };
                closed.push(mask);
                self.children[k].push(self.new.levels[k].len() as u32);
                self.divide(k, face, mask)?;
            }
            self.children[k].push(self.new.levels[k].len() as u32);
            below = closed;
        }
        let parts = |(old, part): (usize, &[u32])| std::iter::repeat_n(old as u32, (part[1] - part[0]) as usize);
        let parents = self.children[d].windows(2).enumerate().flat_map(parts).collect();
        let patterns = self.masks[d].iter().map(|mask| mask.pos).collect();
        Ok((self.new, parents, patterns))
    }

    /// Whether the faces of a dimension are still few enough.
    fn check(&self, k: usize) -> Result<(), Excess> {
        let faces = &self.new.levels[k];
        if faces.pool.len() > MOST_ENTRIES {
            return Err(Excess::Faces);
        }
        if k == self.old.dimension() && faces.len() > self.limit { Err(Excess::Cells) } else { Ok(()) }
    }

    /// Brings the parts of an old face into the new complex; its facets have been brought already.
    fn divide(&mut self, k: usize, face: u32, mask: Mask) -> Result<(), Excess> {
        let mut list = std::mem::take(&mut self.lists[0]);
        list.clear();
        let facets = self.old.levels[k].facets(face);
        if k == 1 {
            list.extend_from_slice(facets);
        } else {
            let children = &self.children[k - 1];
            list.extend(facets.iter().flat_map(|&g| children[g as usize]..children[g as usize + 1]));
        }
        let base = if k == 1 { self.old.bases[face as usize] } else { [NONE; 2] };
        let first = self.push(k, &list, mask, base);
        self.lists[0] = list;
        self.check(k)?;
        let mut mixed = mask.mixed();
        if mixed == 0 {
            return Ok(());
        }
        self.inside[..k].iter_mut().for_each(Vec::clear);
        while mixed != 0 {
            let unit = mixed.trailing_zeros();
            mixed &= mixed - 1;
            self.round = self.round.checked_add(1).ok_or(Excess::Faces)?;
            for j in 1..k {
                for i in 0..self.inside[j].len() {
                    let id = self.inside[j][i];
                    if self.masks[j][id as usize].mixed() >> unit & 1 == 1 {
                        let half = self.split(j, id, unit);
                        self.inside[j].push(half);
                        self.check(j)?;
                    }
                }
            }
            for id in first..self.new.levels[k].len() as u32 {
                if self.masks[k][id as usize].mixed() >> unit & 1 == 1 {
                    self.split(k, id, unit);
                    self.check(k)?;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn push(&mut self, k: usize, facets: &[u32], mask: Mask, base: [u32; 2]) -> u32 {
        if k == 1 {
            self.new.bases.push(base);
        }
        self.masks[k].push(mask);
        self.halves[k].push((0, NONE));
        self.new.levels[k].push(facets)
    }

    #[inline]
    fn mask_of(&self, k: usize, face: u32) -> Mask {
        if k == 0 { self.signs.mask(face) } else { self.masks[k][face as usize] }
    }

    fn mask_of_all(&self, k: usize, faces: &[u32]) -> Mask {
        faces.iter().fold(Mask::default(), |mask, &g| mask.or(self.mask_of(k, g)))
    }

    /// Cuts a face whose facets do not have the unit mixed any more. It keeps its positive half; the negative one is new.
    fn split(&mut self, j: usize, face: u32, unit: u32) -> u32 {
        let bit = 1 << unit;
        let [mut plus, mut minus, mut rim] = std::mem::take(&mut self.lists);
        plus.clear();
        minus.clear();
        let base = if j == 1 { self.new.bases[face as usize] } else { [NONE; 2] };
        for &g in self.new.levels[j].facets(face) {
            let half = if j == 1 { (0, NONE) } else { self.halves[j - 1][g as usize] };
            if half.0 == self.round && half.1 != NONE {
                plus.push(g);
                minus.push(half.1);
            } else if self.mask_of(j - 1, g).pos & bit != 0 {
                plus.push(g);
            } else {
                debug_assert!(self.mask_of(j - 1, g).neg & bit != 0, "a facet of a face that is cut is not in the cut");
                minus.push(g);
            }
        }
        let cut = if j == 1 {
            let mixed = self.masks[1][face as usize].mixed();
            self.signs.cut([plus[0], minus[0]], base, unit, mixed)
        } else {
            // The facets of the cut: where a positive facet ends on it. Each of them ends exactly one positive facet.
            rim.clear();
            for &g in &plus {
                for &r in self.new.levels[j - 1].facets(g) {
                    let mask = self.mask_of(j - 2, r);
                    if (mask.pos | mask.neg) & bit == 0 {
                        rim.push(r);
                    }
                }
            }
            let mut mask = self.mask_of_all(j - 2, &rim);
            mask.pos &= !bit;
            mask.neg &= !bit;
            let base = if j == 2 { [rim[0], rim[1]] } else { [NONE; 2] };
            let cut = self.push(j - 1, &rim, mask, base);
            self.inside[j - 1].push(cut);
            cut
        };
        plus.push(cut);
        minus.push(cut);
        let mask = self.mask_of_all(j - 1, &plus);
        self.masks[j][face as usize] = mask;
        self.new.levels[j].replace(face, &plus);
        let mask = self.mask_of_all(j - 1, &minus);
        let half = self.push(j, &minus, mask, base);
        self.halves[j][face as usize] = (self.round, half);
        self.lists = [plus, minus, rim];
        half
    }
}
