//! Relations that every complex satisfies: Euler's relation, two cells at each inner facet, and volumes with the right sum.

use super::cells::Complex;
use super::domain::Domain;
use super::error::ComplexError;
use rayon::prelude::*;
use rug::Rational;
use serde::Serialize;

/// A relation that is violated: the complex is wrong, and all results computed from it may be wrong. Or a relation that was not checked for
/// lack of memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The alternating sum of the f-vector is wrong.
    #[error("self-check failed: the alternating sum of the f-vector is {found}, expected {expected}; please report this network")]
    Euler {
        /// The correct sum.
        expected: i64,
        /// The sum found.
        found: i64,
    },
    /// A facet inside the domain does not have two cells, or one on a side does not have one.
    #[error("self-check failed: facet {facet} has {cells} cells; please report this network")]
    Facet {
        /// The number of the facet.
        facet: usize,
        /// The number of its cells.
        cells: usize,
    },
    /// Decisions cut the cells, so each activation region must have at least one part.
    #[error("self-check failed: decisions cut {found} regions, expected {expected}; please report this network")]
    Refinement {
        /// The number of activation regions.
        expected: u64,
        /// The number of regions that have parts.
        found: u64,
    },
    /// The sum of the volumes of the cells is wrong.
    #[error(
        "self-check failed: the volumes of the cells add up to {found}, expected {expected}: the volume of the domain; please report this network"
    )]
    Volume {
        /// The volume of the domain.
        expected: String,
        /// The sum of the volumes of the cells.
        found: String,
    },
    /// There is not enough memory for the volumes, so they were not checked.
    #[error(transparent)]
    Volumes(#[from] ComplexError),
}

/// The relations that were checked and are satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The alternating sum of the f-vector is 1; for the whole space (-1)^d.
    pub euler: bool,
    /// A facet inside the domain has two cells, and one on a side has one.
    pub facets: bool,
    /// The sum of the exact volumes of the cells is the volume of the domain.
    pub volumes: bool,
}

impl Complex {
    /// Checks Euler's relation and that facets have the right number of cells.
    ///
    /// # Errors
    /// A relation is violated.
    pub fn check(&self) -> Result<Check, CheckError> {
        let expected = if *self.domain() == Domain::Space && self.dimension() % 2 == 1 { -1 } else { 1 };
        let signed = |(k, &count): (usize, &u64)| if k % 2 == 0 { count as i64 } else { -(count as i64) };
        let found = self.f_vector().iter().enumerate().map(signed).sum();
        if found != expected {
            return Err(CheckError::Euler { expected, found });
        }
        for facet in self.facets() {
            let cells = facet.cells().len();
            if cells != if facet.side().is_some() { 1 } else { 2 } {
                return Err(CheckError::Facet { facet: facet.index(), cells });
            }
        }
        Ok(Check { euler: true, facets: true, volumes: false })
    }

    /// Also checks that the sum of the exact volumes is the volume of the domain. Returns the sum, `None` for the whole space.
    ///
    /// # Errors
    /// The sum is wrong, or the volumes take more memory than allowed.
    pub fn check_volumes(&self) -> Result<Option<Rational>, CheckError> {
        let Some(expected) = self.domain().volume() else { return Ok(None) };
        let all: Vec<Rational> = self.volumes_alone()?.into_iter().flatten().collect();
        check_sum(&exact_sum(&all), &expected)?;
        Ok(Some(expected))
    }

    /// The sum of computed volumes, and whether there is a volume to compare it with.
    pub(crate) fn checked_sum(&self, volumes: &[Rational]) -> Result<(Rational, bool), CheckError> {
        let (sum, expected) = (exact_sum(volumes), self.domain().volume());
        expected.iter().try_for_each(|expected| check_sum(&sum, expected))?;
        Ok((sum, expected.is_some()))
    }
}

fn check_sum(found: &Rational, expected: &Rational) -> Result<(), CheckError> {
    if found == expected { Ok(()) } else { Err(CheckError::Volume { expected: expected.to_string(), found: found.to_string() }) }
}

/// The sum of many fractions, added in pairs, so that most additions are of short numbers. If the cells are in order, the denominators of
/// the vertices between them cancel early.
pub(crate) fn exact_sum(terms: &[Rational]) -> Rational {
    let mut sums: Vec<Rational> = terms.par_chunks(2).map(|pair| pair.iter().sum()).collect();
    while sums.len() > 1 {
        sums = sums.par_chunks(2).map(|pair| pair.iter().sum()).collect();
    }
    sums.pop().unwrap_or_default()
}
