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

/// In a face above a polygon that more units than this cut, edges inside are found on the longest segments; in a polygon it always pays.
const MANY: u32 = 12;

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

/// What some units are somewhere on a closed face: one bit a unit. Neither positive nor negative: the unit vanishes on the face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask {
    pub pos: u64,
    pub neg: u64,
    /// Units that vanish at a vertex.
    pub zero: u64,
}

impl Mask {
    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        Self { pos: self.pos | other.pos, neg: self.neg | other.neg, zero: self.zero | other.zero }
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

/// The round in which a face was cut, its negative half, and the face in between.
#[derive(Clone, Copy, Debug)]
struct Half {
    round: u32,
    minus: u32,
    cut: u32,
}

/// A face that was never cut: rounds begin at 1.
const UNCUT: Half = Half { round: 0, minus: NONE, cut: NONE };

/// Faces that grow while those of the old complex are cut one after the other, in order of dimension.
struct Cutting<'a, 's> {
    old: &'a Topology,
    signs: &'s mut Signs,
    new: Topology,
    masks: Vec<Vec<Mask>>,
    /// For each new face what the last unit that cut it left.
    halves: Vec<Vec<Half>>,
    round: u32,
    /// `children[k][f]..children[k][f + 1]` are the parts of the old face f of dimension k.
    children: Vec<Vec<u32>>,
    /// The new faces inside the old face at hand, by dimension.
    inside: Vec<Vec<u32>>,
    lists: [Vec<u32>; 3],
    /// The vertices on the boundary of the old face at hand and the units that vanish at them, in order; empty where it is cut by few.
    boundary: Vec<(u64, u32)>,
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
            boundary: Vec::new(),
            limit,
        }
    }

    fn run(mut self) -> Result<(Topology, Vec<u32>, Vec<u64>), Excess> {
        let d = self.old.dimension();
        let mut below: Vec<Mask> = Vec::new();
        for k in 1..=d {
            let faces = &self.old.levels[k];
            let mut closed = Vec::with_capacity(faces.len());
            self.reserve(k);
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

    /// Makes room for the old faces of a dimension, and some parts of them.
    fn reserve(&mut self, k: usize) {
        let faces = &self.old.levels[k];
        let room = faces.len() + faces.len() / 2;
        self.masks[k].reserve(room);
        self.halves[k].reserve(room);
        self.children[k].reserve(faces.len() + 1);
        self.new.levels[k].spans.reserve(room);
        self.new.levels[k].pool.reserve(2 * faces.pool.len());
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
        self.boundary.clear();
        if k >= 2 && mask.mixed().count_ones() > if k == 2 { 2 } else { MANY } {
            self.find_boundary(k, &list);
        }
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

    /// Finds the vertices on the boundary of the old face at hand, with the units that vanish at each.
    fn find_boundary(&mut self, k: usize, facets: &[u32]) {
        let mut faces = facets.to_vec();
        for j in (1..k).rev() {
            faces = faces.iter().flat_map(|&face| self.new.levels[j].facets(face)).copied().collect();
            faces.sort_unstable();
            faces.dedup();
        }
        self.boundary.extend(faces.into_iter().map(|v| (self.signs.mask(v).zero, v)));
        self.boundary.sort_unstable();
    }

    /// The two vertices on the boundary of the old face at hand between which just these units vanish, if they are known.
    ///
    /// On all of this segment the units of the layer are affine. The longer the segment on which a vertex is found, the fewer
    /// vertices it depends on: bounds stay small and integers short.
    fn chord(&self, units: u64) -> Option<[u32; 2]> {
        let first = self.boundary.partition_point(|&(zero, _)| zero < units);
        match self.boundary[first..] {
            [(a, p), (b, q), ..] if a == units && b == units => Some([p, q]),
            _ => None,
        }
    }

    #[inline]
    fn push(&mut self, k: usize, facets: &[u32], mask: Mask, base: [u32; 2]) -> u32 {
        if k == 1 {
            self.new.bases.push(base);
        }
        self.masks[k].push(mask);
        self.halves[k].push(UNCUT);
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
        let [mut plus, mut minus, mut rim] = std::mem::take(&mut self.lists);
        plus.clear();
        minus.clear();
        rim.clear();
        let (base, cut, [of_plus, of_minus]) = if j == 1 {
            let base = self.new.bases[face as usize];
            let facets = self.new.levels[1].facets(face);
            let (a, b) = (facets[0], facets[1]);
            let [p, q] = if self.signs.mask(a).pos >> unit & 1 == 1 { [a, b] } else { [b, a] };
            plus.push(p);
            minus.push(q);
            let mixed = self.masks[1][face as usize].mixed();
            (base, self.signs.cut([p, q], base, unit, mixed), [p, q].map(|v| self.signs.mask(v)))
        } else {
            let halves = self.split_facets(j, face, unit, [&mut plus, &mut minus, &mut rim]);
            let bit = 1 << unit;
            let mut mask = self.mask_of_all(j - 2, &rim);
            mask.pos &= !bit;
            mask.neg &= !bit;
            let base = if j == 2 { self.chord(mask.zero & !(mask.pos | mask.neg)).unwrap_or([rim[0], rim[1]]) } else { [NONE; 2] };
            let cut = self.push(j - 1, &rim, mask, base);
            self.inside[j - 1].push(cut);
            ([NONE; 2], cut, halves)
        };
        plus.push(cut);
        minus.push(cut);
        // Of an edge: other units can vanish at the cut that vanish at neither end.
        let of_cut = self.mask_of(j - 1, cut);
        self.masks[j][face as usize] = of_plus.or(of_cut);
        self.new.levels[j].replace(face, &plus);
        let half = self.push(j, &minus, of_minus.or(of_cut), base);
        self.halves[j][face as usize] = Half { round: self.round, minus: half, cut };
        self.lists = [plus, minus, rim];
        half
    }

    /// Sorts the facets of a face into those of its two halves, and finds the facets of the cut between them; gives the masks of the halves.
    ///
    /// A facet of the cut is where a positive facet ends: the cut through one that was cut itself, else a facet of it that the unit
    /// vanishes on. There can be several: of a face inside, the sides in old faces are cut by all units, those to come as well.
    fn split_facets(&mut self, j: usize, face: u32, unit: u32, [plus, minus, rim]: [&mut Vec<u32>; 3]) -> [Mask; 2] {
        let bit = 1 << unit;
        let (mut of_plus, mut of_minus) = (Mask::default(), Mask::default());
        let (masks, halves) = (&self.masks[j - 1], &self.halves[j - 1]);
        for &g in self.new.levels[j].facets(face) {
            let (mask, half) = (masks[g as usize], halves[g as usize]);
            if half.round == self.round {
                plus.push(g);
                minus.push(half.minus);
                rim.push(half.cut);
                of_plus = of_plus.or(mask);
                of_minus = of_minus.or(masks[half.minus as usize]);
            } else if mask.pos & bit != 0 {
                plus.push(g);
                of_plus = of_plus.or(mask);
                if mask.zero & bit != 0 {
                    let vanishes = |&&r: &&u32| {
                        let mask = self.mask_of(j - 2, r);
                        (mask.pos | mask.neg) & bit == 0
                    };
                    rim.extend(self.new.levels[j - 1].facets(g).iter().filter(vanishes));
                }
            } else {
                debug_assert!(mask.neg & bit != 0, "a facet of a face that is cut is not in the cut");
                minus.push(g);
                of_minus = of_minus.or(mask);
            }
        }
        [of_plus, of_minus]
    }
}
