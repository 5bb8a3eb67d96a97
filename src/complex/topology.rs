//! The incidences of faces, without coordinates.

/// The faces of one dimension, each as the list of its facets; an edge is the list of its two vertices.
///
/// A list that has grown is moved to the end of the pool, and its old place is unused until the lists are compacted.
#[derive(Clone, Debug, Default)]
pub(super) struct Faces {
    spans: Vec<(u32, u32)>,
    pool: Vec<u32>,
    /// Whether places in the pool are unused.
    loose: bool,
}

impl Faces {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The total length of all lists.
    pub(super) fn entries(&self) -> usize {
        self.pool.len()
    }

    /// The number of bytes of the lists.
    pub(super) fn bytes(&self) -> u64 {
        (8 * self.spans.capacity() + 4 * self.pool.capacity()) as u64
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
    pub(super) fn push_of(&mut self, facets: impl Iterator<Item = u32>) {
        let start = self.pool.len();
        self.pool.extend(facets);
        self.spans.push((start as u32, (self.pool.len() - start) as u32));
    }

    /// Reserves room for this number of additional faces and entries.
    pub(super) fn reserve(&mut self, faces: usize, entries: usize) {
        self.spans.reserve(faces);
        self.pool.reserve(entries);
    }

    /// Adds some faces: the number of facets of each, and pairs of the number of a face among them and a facet of it.
    ///
    /// `lengths` is overwritten.
    pub(super) fn push_all(&mut self, lengths: &mut [u32], entries: &[(u32, u32)]) {
        let mut at = self.pool.len() as u32;
        self.pool.resize(self.pool.len() + entries.len(), 0);
        for length in lengths.iter_mut() {
            self.spans.push((at, *length));
            at += std::mem::replace(length, at);
        }
        for &(face, facet) in entries {
            let next = &mut lengths[face as usize];
            self.pool[*next as usize] = facet;
            *next += 1;
        }
    }

    #[inline]
    pub(super) fn replace(&mut self, face: u32, facets: &[u32]) {
        let (start, len) = self.spans[face as usize];
        if facets.len() <= len as usize {
            self.pool[start as usize..][..facets.len()].copy_from_slice(facets);
            self.spans[face as usize].1 = facets.len() as u32;
        } else {
            self.spans[face as usize] = (self.pool.len() as u32, facets.len() as u32);
            self.pool.extend_from_slice(facets);
        }
        self.loose |= facets.len() != len as usize;
    }

    /// Removes the last faces; none of them may have been replaced.
    pub(super) fn truncate(&mut self, len: usize) {
        if let Some(&(start, _)) = self.spans.get(len) {
            self.spans.truncate(len);
            self.pool.truncate(start as usize);
        }
    }

    /// The same faces without unused places.
    pub(super) fn compact(self) -> Self {
        if !self.loose {
            return self;
        }
        let mut new = Self::default();
        new.reserve(self.len(), self.spans.iter().map(|&(_, len)| len as usize).sum());
        for face in 0..self.len() as u32 {
            new.push(self.facets(face));
        }
        new
    }
}

/// The signs of some units on a closed face, one bit for each unit: whether it is positive somewhere, and whether it is negative somewhere.
/// If neither, the unit is 0 on the face.
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

    /// The units that are positive somewhere and negative somewhere: those that cut the face.
    #[inline]
    pub(super) fn mixed(self) -> u64 {
        self.pos & self.neg
    }

    /// Among some units, those that are 0 on the face.
    #[inline]
    pub(super) fn vanish(self, units: u64) -> u64 {
        units & !(self.pos | self.neg)
    }
}

/// The faces of a complex, by dimension from 1 on. Vertices are numbers that do not change.
#[derive(Clone, Debug, Default)]
pub(super) struct Topology {
    /// `levels[k]` are the faces of dimension k; the first is empty.
    pub levels: Vec<Faces>,
    /// For each edge the ends of a segment that contains it, on which all units of the present layer are affine.
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

    /// The number of bytes of the topology.
    pub(super) fn bytes(&self) -> u64 {
        self.levels.iter().map(Faces::bytes).sum::<u64>() + 8 * self.bases.capacity() as u64
    }

    /// The vertices of a cell.
    pub(super) fn vertices_of(&self, cell: u32) -> Vec<u32> {
        let mut faces = vec![cell];
        for level in self.levels[1..].iter().rev() {
            faces = faces.iter().flat_map(|&face| level.facets(face).iter().copied()).collect();
            faces.sort_unstable();
            faces.dedup();
        }
        faces
    }

    /// Begins a layer: the segments on which its units are affine are the present edges.
    pub(super) fn reset_bases(&mut self) {
        self.bases = (0..self.levels[1].len() as u32).map(|edge| self.ends(edge)).collect();
    }

    /// The ends of an edge.
    #[inline]
    pub(super) fn ends(&self, edge: u32) -> [u32; 2] {
        self.levels[1].facets(edge).try_into().expect("an edge has two ends")
    }
}

/// The indices of the units whose bits are set.
#[inline]
pub(super) fn units_of(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let unit = word.trailing_zeros() as usize;
        (word != 0).then(|| {
            word &= word - 1;
            unit
        })
    })
}
