//! Cuts the faces of a complex by hyperplanes, one old face after the other, in order of dimension.
//!
//! All units are affine on an old face, so its parts are distinguished by the signs of the units inside. If the units are in general
//! position, parts are found from their facets: a part of dimension j - 1 inside the old face on which some units are 0 is a facet of two
//! parts for each of these units. Edges and polygons are cut in this way in any position. Other faces in special position are cut unit by
//! unit (`split`); so are all faces if every decision is left to integers, so that tests compare the two methods.

use super::groups::Groups;
use super::parts::{Limit, Limits, Parts};
use super::signs::Signs;
use super::split::{Room, Splitting};
use super::topology::{Faces, Mask, Topology, units_of};
use crate::network::lowered::STAGE;
use std::cell::Cell;

/// Marks that there is no vertex.
const NONE: u32 = u32::MAX;

/// The result of cutting a complex.
pub(super) struct Cut {
    pub topology: Topology,
    /// For each cell, the old cell that contains it.
    pub parents: Vec<u32>,
    /// For each cell, the units that are positive inside.
    pub patterns: Vec<u64>,
    /// The number of bytes at the end, including those of the old complex.
    pub bytes: u64,
}

/// Cuts all faces by the units of the present word of `signs`, at most 64.
///
/// All units must be affine on every face of the old complex. The search ends early at a limit.
pub(super) fn cut(old: &Topology, signs: &mut Signs, limits: Limits<'_>) -> Result<Cut, Limit> {
    let d = old.dimension();
    let new = Topology { levels: vec![Faces::default(); d + 1], bases: Vec::new() };
    let (masks, starts) = (vec![Vec::new(); d + 1], vec![Vec::new(); d + 1]);
    let parts = Parts { old, signs, new, masks, starts, limits, checks: Cell::new(0) };
    let (groups, room) = (Groups::default(), Room::default());
    Cutting { parts, groups, room, points: Vec::new(), ends: [[NONE; 2]; STAGE], against: [0; STAGE] }.run()
}

/// The signs of the units on a closed face of the old complex.
#[derive(Clone, Copy, Default)]
struct Closed {
    mask: Mask,
    /// The units that are 0 at one of its vertices.
    zero: u64,
    /// Whether the units that cut the face may be in special position: more of them meet in a point than its dimension, or some meet in one
    /// of its vertices.
    special: bool,
}

/// The new faces, which grow while those of the old complex are cut.
struct Cutting<'a, 's> {
    parts: Parts<'a, 's>,
    groups: Groups,
    room: Room,
    /// The vertices on a line, each with its position there.
    points: Vec<(u32, u32)>,
    /// For each unit, the two vertices on the boundary of the present polygon at which it is 0.
    ends: [[u32; 2]; STAGE],
    /// For the first unit of each line of the present polygon, the units that are 0 on the same line and have the opposite sign elsewhere.
    against: [u64; STAGE],
}

impl Cutting<'_, '_> {
    fn run(mut self) -> Result<Cut, Limit> {
        let (old, d) = (self.parts.old, self.parts.old.dimension());
        let mut below: Vec<Closed> = Vec::new();
        for k in 1..=d {
            let faces = &old.levels[k];
            self.reserve(k);
            let mut closed = Vec::with_capacity(faces.len());
            for face in 0..faces.len() as u32 {
                self.begin(k);
                closed.push(self.divide(k, face, &below)?);
            }
            self.begin(k);
            below = closed;
        }
        let parts = |(face, part): (usize, &[u32])| std::iter::repeat_n(face as u32, (part[1] - part[0]) as usize);
        let first: Vec<u32> = self.parts.starts[d].iter().skip(d).step_by(d + 1).copied().collect();
        let parents = first.windows(2).enumerate().flat_map(parts).collect();
        let patterns = self.parts.masks[d].iter().map(|mask| mask.pos).collect();
        let bytes = self.parts.bytes();
        let Topology { levels, bases } = self.parts.new;
        let topology = Topology { levels: levels.into_iter().map(Faces::compact).collect(), bases };
        Ok(Cut { topology, parents, patterns, bytes })
    }

    /// Reserves room for the old faces of a dimension and for some parts of them.
    fn reserve(&mut self, k: usize) {
        let faces = &self.parts.old.levels[k];
        let room = faces.len() + faces.len() / 2;
        self.parts.masks[k].reserve(room);
        self.parts.new.levels[k].reserve(room, faces.entries() + faces.entries() / 2);
        self.parts.starts[k].reserve((k + 1) * (faces.len() + 1));
    }

    /// Records where the new faces inside the next old one begin.
    fn begin(&mut self, k: usize) {
        for j in 0..=k {
            let start = self.parts.len(j);
            self.parts.starts[k].push(start);
        }
    }

    /// Adds the parts of an old face to the new complex. Its facets have been added before.
    fn divide(&mut self, k: usize, face: u32, below: &[Closed]) -> Result<Closed, Limit> {
        let facets = self.parts.old.levels[k].facets(face);
        let mut closed = Closed::default();
        for &g in facets {
            let facet = if k == 1 {
                let mask = self.parts.signs.mask(g);
                Closed { mask, zero: mask.vanish(u64::MAX), special: false }
            } else {
                below[g as usize]
            };
            closed.mask = closed.mask.or(facet.mask);
            closed.zero |= facet.zero;
            closed.special |= facet.special;
        }
        let mixed = closed.mask.mixed();
        closed.special |= closed.zero & mixed != 0;
        if mixed == 0 {
            self.copy(k, face, closed.mask)?;
            return Ok(closed);
        }
        match k {
            1 => closed.special |= self.cut_edge(face, mixed)?,
            _ if self.parts.signs.exact_only() => Splitting::new(&mut self.parts, &mut self.room, k).run(face, closed.mask)?,
            2 => closed.special |= self.cut_polygon(face, &closed)?,
            _ => {
                closed.special = closed.special || !self.cut_face(k, face, closed.mask)?;
                if closed.special {
                    Splitting::new(&mut self.parts, &mut self.room, k).run(face, closed.mask)?;
                }
            }
        }
        Ok(closed)
    }

    /// Copies an old face that no unit cuts; its facets are not cut either.
    fn copy(&mut self, k: usize, face: u32, mask: Mask) -> Result<(), Limit> {
        let facets = self.parts.old.levels[k].facets(face);
        self.parts.masks[k].push(mask);
        if k == 1 {
            self.parts.new.bases.push(self.parts.old.bases[face as usize]);
            self.parts.new.levels[1].push(facets);
        } else {
            let starts = &self.parts.starts[k - 1];
            self.parts.new.levels[k].push_of(facets.iter().map(|&g| starts[g as usize * k + k - 1]));
        }
        self.parts.check(k, 0, 0)
    }

    /// Adds a new vertex inside an old face: the zero of a unit between two vertices, at which the `mixed` units have opposite signs.
    fn add_vertex(&mut self, ends: [u32; 2], base: [u32; 2], unit: u32, mixed: u64, first: u32) -> Result<u32, Limit> {
        // There are at least as many cells as vertices inside one old face.
        if (self.parts.len(0) - first) as usize >= self.parts.limits.cells {
            return Err(Limit::Cells);
        }
        Ok(self.parts.signs.cut(ends, base, unit, mixed))
    }

    /// Cuts an edge; returns whether several units are 0 at a point inside.
    fn cut_edge(&mut self, edge: u32, mixed: u64) -> Result<bool, Limit> {
        let (ends, base) = (self.parts.old.ends(edge), self.parts.old.bases[edge as usize]);
        let (first, mut open, mut special) = (self.parts.len(0), mixed, false);
        self.points.clear();
        while open != 0 {
            let vertex = self.add_vertex(ends, base, open.trailing_zeros(), mixed, first)?;
            let zero = self.parts.signs.mask(vertex).vanish(mixed);
            special |= zero.count_ones() > 1;
            open &= !zero;
            self.points.push((0, vertex));
        }
        self.add_edges(ends, base, mixed)?;
        Ok(special)
    }

    /// Adds the edges between the points of a segment, on which the `mixed` units change sign; `base` is a segment that contains it.
    fn add_edges(&mut self, [p, q]: [u32; 2], base: [u32; 2], mixed: u64) -> Result<(), Limit> {
        let of_q = self.parts.signs.mask(q);
        // The farther a point is from p, the more units have the sign that they have at q.
        for (place, vertex) in &mut self.points {
            let mask = self.parts.signs.mask(*vertex);
            *place = ((mask.pos & of_q.pos | mask.neg & of_q.neg) & mixed).count_ones();
        }
        self.points.sort_unstable();
        let mut from = (p, self.parts.signs.mask(p));
        for to in self.points.iter().map(|&(_, v)| v).chain([q]) {
            let mask = self.parts.signs.mask(to);
            self.parts.new.levels[1].push(&[from.0, to]);
            self.parts.new.bases.push(base);
            self.parts.masks[1].push(from.1.or(mask));
            from = (to, mask);
        }
        self.parts.check(1, 0, 0)
    }

    /// Cuts a polygon by lines in any position; returns whether more than two units are 0 at a point inside.
    fn cut_polygon(&mut self, face: u32, closed: &Closed) -> Result<bool, Limit> {
        let (old, mixed) = (self.parts.old, closed.mask.mixed());
        let edges = old.levels[2].facets(face);
        units_of(mixed).for_each(|unit| self.ends[unit] = [NONE; 2]);
        for &edge in edges {
            self.parts.inside(1, edge, 0).for_each(|v| self.note_end(v, mixed));
            if closed.zero & mixed != 0 {
                old.ends(edge).into_iter().for_each(|v| self.note_end(v, mixed));
            }
        }
        let (first, mut open, mut special) = (self.parts.len(0), mixed, false);
        while open != 0 {
            let unit = open.trailing_zeros() as usize;
            let [p, q] = self.ends[unit];
            debug_assert!(p != NONE && q != NONE, "a line that cuts a polygon meets its boundary twice");
            let [of_p, of_q] = [p, q].map(|v| self.parts.signs.mask(v));
            let line = of_p.or(of_q).vanish(mixed);
            open &= !line;
            self.against[unit] = if line.is_power_of_two() { 0 } else { self.opposite(unit, line, edges) };
            let across = (of_p.pos & of_q.neg | of_p.neg & of_q.pos) & mixed;
            let mut left = across;
            self.points.clear();
            for v in first..self.parts.len(0) {
                let zero = self.parts.signs.mask(v).vanish(mixed);
                if zero >> unit & 1 == 1 {
                    left &= !zero;
                    self.points.push((0, v));
                }
            }
            while left != 0 {
                let vertex = self.add_vertex([p, q], [p, q], left.trailing_zeros(), across, first)?;
                let zero = self.parts.signs.mask(vertex).vanish(mixed);
                special |= zero.count_ones() > 2;
                left &= !zero;
                self.points.push((0, vertex));
            }
            self.add_edges([p, q], [p, q], across)?;
        }
        self.gather(2, face, 2, closed.mask)?;
        Ok(special)
    }

    /// Records a vertex on the boundary of the present polygon as an end of the lines through it.
    fn note_end(&mut self, vertex: u32, mixed: u64) {
        for unit in units_of(self.parts.signs.mask(vertex).vanish(mixed)) {
            let ends = &mut self.ends[unit];
            if ends[0] == NONE {
                ends[0] = vertex;
            } else if ends[0] != vertex {
                ends[1] = vertex;
            }
        }
    }

    /// Among the units of a line, those whose sign is opposite to that of `unit`.
    fn opposite(&self, unit: usize, line: u64, edges: &[u32]) -> u64 {
        let masks = edges.iter().flat_map(|&edge| self.parts.old.ends(edge)).map(|v| self.parts.signs.mask(v));
        let beside = masks.into_iter().find(|mask| (mask.pos | mask.neg) >> unit & 1 == 1).unwrap_or_default();
        line & if beside.pos >> unit & 1 == 1 { beside.neg } else { beside.pos }
    }

    /// Cuts a face of at least three dimensions. Returns `false` without a change if units inside it are in special position.
    fn cut_face(&mut self, k: usize, face: u32, mask: Mask) -> Result<bool, Limit> {
        let mixed = mask.mixed();
        let least = k.saturating_sub(mixed.count_ones() as usize);
        if least <= 1 && !self.cut_chords(k, face, mixed)? {
            return Ok(false);
        }
        for j in least.max(2)..=k {
            self.gather(k, face, j, mask)?;
        }
        Ok(true)
    }

    /// Finds the vertices and edges inside a face on the segments on which k - 1 units are 0. The ends of these segments are on its
    /// boundary.
    fn cut_chords(&mut self, k: usize, face: u32, mixed: u64) -> Result<bool, Limit> {
        let (vertices, edges) = (self.parts.len(0), self.parts.len(1));
        let mut ends: Vec<(u64, u32)> = Vec::new();
        for &g in self.parts.old.levels[k].facets(face) {
            ends.extend(self.parts.inside(k - 1, g, 0).map(|v| (self.parts.signs.mask(v).vanish(mixed), v)));
        }
        ends.sort_unstable();
        let mut groups = std::mem::take(&mut self.groups);
        groups.clear(ends.len());
        let mut simple = ends.len().is_multiple_of(2);
        'chords: for pair in ends.chunks_exact(2) {
            let [(line, p), (other, q)] = [pair[0], pair[1]];
            let [of_p, of_q] = [p, q].map(|v| self.parts.signs.mask(v));
            let across = (of_p.pos & of_q.neg | of_p.neg & of_q.pos) & mixed;
            simple &= line == other;
            self.points.clear();
            for unit in units_of(across) {
                let here = line | 1 << unit;
                let number = groups.number([here, 0]);
                if number == self.parts.len(0) - vertices {
                    let vertex = self.add_vertex([p, q], [p, q], unit as u32, across, vertices)?;
                    simple &= self.parts.signs.mask(vertex).vanish(mixed) == here;
                }
                if !simple {
                    break 'chords;
                }
                self.points.push((0, vertices + number));
            }
            self.add_edges([p, q], [p, q], across)?;
        }
        self.groups = groups;
        if !simple {
            self.parts.signs.truncate(vertices as usize);
            self.parts.new.levels[1].truncate(edges as usize);
            self.parts.new.bases.truncate(edges as usize);
            self.parts.masks[1].truncate(edges as usize);
        }
        Ok(simple)
    }

    /// Finds the parts of dimension j inside an old face of dimension k from the parts of dimension j - 1 inside it and inside its facets.
    fn gather(&mut self, k: usize, face: u32, j: usize, mask: Mask) -> Result<(), Limit> {
        let mixed = mask.mixed();
        let facets = self.parts.old.levels[k].facets(face);
        let inner = self.parts.inside(k, face, j - 1);
        let outer = facets.iter().map(|&g| self.parts.inside(k - 1, g, j - 1).len()).sum::<usize>();
        // In a polygon a line counts as one crossing, for any number of units that are 0 on it.
        let crossed = if k == 2 { 1 } else { k - j + 1 };
        let entries = outer + 2 * crossed * inner.len();
        self.parts.check(j, 0, entries)?;
        let mut groups = std::mem::take(&mut self.groups);
        groups.clear(entries / (j + 1));
        let masks = &self.parts.masks[j - 1];
        for &g in facets {
            for part in self.parts.inside(k - 1, g, j - 1) {
                let here = masks[part as usize];
                groups.add([here.vanish(mixed), here.pos & mixed], part);
            }
        }
        for part in inner {
            let here = masks[part as usize];
            let (zero, pos) = (here.vanish(mixed), here.pos & mixed);
            if k == 2 {
                let against = self.against[zero.trailing_zeros() as usize];
                groups.add([0, pos | zero & !against], part);
                groups.add([0, pos | against], part);
            } else {
                for unit in units_of(zero) {
                    let bit = 1 << unit;
                    groups.add([zero & !bit, pos], part);
                    groups.add([zero & !bit, pos | bit], part);
                }
            }
        }
        self.parts.check(j, groups.keys.len(), entries)?;
        let pure = Mask { pos: mask.pos & !mixed, neg: mask.neg & !mixed };
        self.parts.masks[j].extend(groups.keys.iter().map(|&[zero, pos]| pure.or(Mask { pos, neg: mixed & !zero & !pos })));
        self.parts.new.levels[j].push_all(&mut groups.lengths, &groups.entries);
        self.groups = groups;
        Ok(())
    }
}
