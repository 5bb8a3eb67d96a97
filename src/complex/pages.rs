//! A row with few known elements.

/// The number of elements for which memory is allocated as soon as one of them is known.
const PAGE: usize = 16;

/// Elements by position, as far as they are known.
#[derive(Debug)]
pub(super) struct Pages<T> {
    pages: Vec<Option<Box<[Option<T>; PAGE]>>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T> Pages<T> {
    /// The element at a position.
    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.pages.get(at / PAGE)?.as_ref()?[at % PAGE].as_ref()
    }

    /// Sets an element of a row of length `len`; returns the additional bytes.
    pub(super) fn set(&mut self, at: usize, len: usize, element: T) -> u64 {
        let mut bytes = 0;
        if self.pages.is_empty() {
            self.pages.resize_with(len.div_ceil(PAGE), || None);
            bytes += (size_of::<usize>() * self.pages.len()) as u64;
        }
        let page = self.pages[at / PAGE].get_or_insert_with(|| {
            bytes += size_of::<[Option<T>; PAGE]>() as u64;
            Box::new(std::array::from_fn(|_| None))
        });
        page[at % PAGE] = Some(element);
        bytes
    }

    /// All known elements.
    pub(super) fn known(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten().flat_map(|page| page.iter()).flatten()
    }

    /// The number of bytes, without the heap memory of the elements.
    pub(super) fn bytes(&self) -> u64 {
        let pages = self.pages.iter().flatten().count();
        (size_of::<usize>() * self.pages.len() + size_of::<[Option<T>; PAGE]>() * pages) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_known_and_counted() {
        let mut pages = Pages::default();
        let first = pages.set(99, 100, 'x');
        assert_eq!((first, pages.bytes()), (7 * 8 + 16 * 4, 7 * 8 + 16 * 4));
        assert_eq!((pages.set(96, 100, 'y'), pages.set(0, 100, 'z')), (0, 16 * 4));
        assert_eq!([99, 96, 0, 1, 50, 1000].map(|at| pages.get(at).copied()), [Some('x'), Some('y'), Some('z'), None, None, None]);
        assert_eq!(pages.known().collect::<String>(), "zyx");
    }
}
