//! Cuts a face unit by unit, in any position: each unit splits the parts that it cuts, in order of dimension.

use super::parts::{Limit, Parts};
use super::topology::{Mask, units_of};

/// Marks that there is no edge.
const NONE: u32 = u32::MAX;

/// The round in which a part was cut, its negative half, and the face between the two halves.
#[derive(Clone, Copy)]
struct Half {
    round: usize,
    minus: u32,
    cut: u32,
}

/// A part that was not cut; rounds begin at 1.
const UNCUT: Half = Half { round: 0, minus: NONE, cut: NONE };

/// Buffers that are used for all faces.
#[derive(Default)]
pub(super) struct Room {
    /// The first part of each dimension.
    first: Vec<u32>,
    /// For each part, the result of the last unit that cut it.
    halves: Vec<Vec<Half>>,
    lists: [Vec<u32>; 3],
}

/// The parts inside one old face.
pub(super) struct Splitting<'c, 'a, 's> {
    parts: &'c mut Parts<'a, 's>,
    k: usize,
    room: &'c mut Room,
    round: usize,
}

impl<'c, 'a, 's> Splitting<'c, 'a, 's> {
    pub(super) fn new(parts: &'c mut Parts<'a, 's>, room: &'c mut Room, k: usize) -> Self {
        room.first.clear();
        room.first.extend((0..=k).map(|j| parts.len(j)));
        room.halves.resize(room.halves.len().max(k + 1), Vec::new());
        room.halves.iter_mut().for_each(Vec::clear);
        Self { parts, k, room, round: 0 }
    }

    /// Cuts the face; its facets have been cut before.
    pub(super) fn run(mut self, face: u32, mask: Mask) -> Result<(), Limit> {
        let k = self.k;
        let facets = self.parts.old.levels[k].facets(face);
        let mut parts = std::mem::take(&mut self.room.lists[0]);
        parts.clear();
        parts.extend(facets.iter().flat_map(|&g| self.parts.inside(k - 1, g, k - 1)));
        self.push(k, &parts, mask);
        self.room.lists[0] = parts;
        for unit in units_of(mask.mixed()) {
            self.round += 1;
            for j in 1..=k {
                for part in self.room.first[j]..self.parts.len(j) {
                    if self.parts.masks[j][part as usize].mixed() >> unit & 1 == 1 {
                        self.split(j, part, unit as u32);
                        self.parts.check(j, 0, 0)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, j: usize, facets: &[u32], mask: Mask) -> u32 {
        self.parts.masks[j].push(mask);
        self.room.halves[j].push(UNCUT);
        self.parts.new.levels[j].push(facets)
    }

    fn push_edge(&mut self, ends: [u32; 2], mask: Mask, base: [u32; 2]) -> u32 {
        self.parts.new.bases.push(base);
        self.push(1, &ends, mask)
    }

    #[inline]
    fn mask_of(&self, j: usize, part: u32) -> Mask {
        if j == 0 { self.parts.signs.mask(part) } else { self.parts.masks[j][part as usize] }
    }

    /// Cuts a part on whose facets the unit has one sign each. The part keeps its positive half; the negative one is new.
    fn split(&mut self, j: usize, part: u32, unit: u32) {
        let (minus, cut) = if j == 1 { self.split_edge(part, unit) } else { self.split_part(j, part, unit) };
        self.room.halves[j][(part - self.room.first[j]) as usize] = Half { round: self.round, minus, cut };
    }

    fn split_edge(&mut self, edge: u32, unit: u32) -> (u32, u32) {
        let (ends, base) = (self.parts.new.ends(edge), self.parts.new.bases[edge as usize]);
        let mixed = self.parts.masks[1][edge as usize].mixed();
        let cut = self.parts.signs.cut(ends, base, unit, mixed);
        let [p, q] = if self.mask_of(0, ends[0]).pos >> unit & 1 == 1 { ends } else { [ends[1], ends[0]] };
        // Other units that are 0 at neither end may be 0 at the cut.
        let of_cut = self.mask_of(0, cut);
        self.parts.masks[1][edge as usize] = self.mask_of(0, p).or(of_cut);
        self.parts.new.levels[1].replace(edge, &[p, cut]);
        let minus = self.push_edge([q, cut], self.mask_of(0, q).or(of_cut), base);
        (minus, cut)
    }

    fn split_part(&mut self, j: usize, part: u32, unit: u32) -> (u32, u32) {
        let [mut plus, mut minus, mut rim] = std::mem::take(&mut self.room.lists);
        [&mut plus, &mut minus, &mut rim].into_iter().for_each(Vec::clear);
        let [of_plus, of_minus] = self.split_facets(j, part, unit, [&mut plus, &mut minus, &mut rim]);
        let mut of_cut = rim.iter().fold(Mask::default(), |mask, &r| mask.or(self.mask_of(j - 2, r)));
        of_cut.pos &= !(1 << unit);
        of_cut.neg &= !(1 << unit);
        let cut = if j == 2 { self.push_edge([rim[0], rim[1]], of_cut, [rim[0], rim[1]]) } else { self.push(j - 1, &rim, of_cut) };
        plus.push(cut);
        minus.push(cut);
        self.parts.masks[j][part as usize] = of_plus.or(of_cut);
        self.parts.new.levels[j].replace(part, &plus);
        let half = self.push(j, &minus, of_minus.or(of_cut));
        self.room.lists = [plus, minus, rim];
        (half, cut)
    }

    /// Distributes the facets of a part to its two halves, and finds the facets of the cut between them; returns the masks of the halves.
    ///
    /// Facets of the cut are where positive facets end: the cut through a facet that was cut itself, else a facet of it on which the unit
    /// is 0. One positive facet can give several, since the sides of a part that are in old faces have been cut by all units, including
    /// later ones.
    fn split_facets(&mut self, j: usize, part: u32, unit: u32, [plus, minus, rim]: [&mut Vec<u32>; 3]) -> [Mask; 2] {
        let bit = 1 << unit;
        let (mut of_plus, mut of_minus) = (Mask::default(), Mask::default());
        let (masks, halves, first) = (&self.parts.masks[j - 1], &self.room.halves[j - 1], self.room.first[j - 1]);
        for &g in self.parts.new.levels[j].facets(part) {
            let mask = masks[g as usize];
            // Facets on the boundary of the old face are not parts inside.
            let half = g.checked_sub(first).map_or(UNCUT, |at| halves[at as usize]);
            if half.round == self.round {
                plus.push(g);
                minus.push(half.minus);
                rim.push(half.cut);
                of_plus = of_plus.or(mask);
                of_minus = of_minus.or(masks[half.minus as usize]);
            } else if mask.pos & bit != 0 {
                plus.push(g);
                of_plus = of_plus.or(mask);
                let vanishes = |&&r: &&u32| self.mask_of(j - 2, r).vanish(bit) != 0;
                rim.extend(self.parts.new.levels[j - 1].facets(g).iter().filter(vanishes));
            } else {
                debug_assert!(mask.neg & bit != 0, "a facet of a part that is cut is not in the cut");
                minus.push(g);
                of_minus = of_minus.or(mask);
            }
        }
        [of_plus, of_minus]
    }
}
