//! What every complex must satisfy, whatever the network: Euler's relation, two cells a facet, volumes that add up.

use super::build::ComplexError;
use super::cells::Complex;
use super::domain::Domain;
use rayon::prelude::*;
use rug::Rational;
use serde::Serialize;

/// A relation that failed: the complex is wrong, and nothing that was computed from it may be believed. Or one that was not checked, for want of memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The alternating sum of the f-vector.
    #[error("self-check failed: the alternating sum of the f-vector is {found}, and must be {expected}; please report this network")]
    Euler {
        /// What it must be.
        expected: i64,
        /// What it is.
        found: i64,
    },
    /// A facet inside the domain without two cells, or one on a side without one.
    #[error("self-check failed: facet {facet} has {cells} cells; please report this network")]
    Facet {
        /// The facet.
        facet: usize,
        /// Its cells.
        cells: usize,
    },
    /// Decisions cut the cells, so each must have a part at least.
    #[error("self-check failed: decisions cut {found} regions, and there are {expected}; please report this network")]
    Refinement {
        /// The activation regions.
        expected: u64,
        /// Those that have parts.
        found: u64,
    },
    /// The volumes of the cells.
    #[error("self-check failed: the volumes of the cells add up to {found}, and the domain has {expected}; please report this network")]
    Volume {
        /// The volume of the domain.
        expected: String,
        /// The sum over the cells.
        found: String,
    },
    /// There is too little memory for the volumes, so they are not checked.
    #[error(transparent)]
    Volumes(#[from] ComplexError),
}

/// The relations that were checked, and held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The alternating sum of the f-vector is 1, in the whole space (-1)^d.
    pub euler: bool,
    /// A facet inside the domain has two cells, one on a side has one.
    pub facets: bool,
    /// The exact volumes of the cells add up to exactly that of the domain.
    pub volumes: bool,
}

impl Complex {
    /// Checks Euler's relation and that facets have the right number of cells.
    ///
    /// # Errors
    /// A relation that fails.
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

    /// Checks that exact volumes add up to that of the domain, too; gives their sum, `None` of the whole space.
    ///
    /// # Errors
    /// A sum that is another; volumes that take more memory than allowed.
    pub fn check_volumes(&self) -> Result<Option<Rational>, CheckError> {
        let Some(expected) = self.domain().volume() else { return Ok(None) };
        let all: Vec<Rational> = self.volumes_alone()?.into_iter().flatten().collect();
        check_sum(&exact_sum(&all), &expected)?;
        Ok(Some(expected))
    }

    /// The sum of volumes that have been computed, and whether there is something that it was compared with.
    pub(crate) fn checked_sum(&self, volumes: &[Rational]) -> Result<(Rational, bool), CheckError> {
        let (sum, expected) = (exact_sum(volumes), self.domain().volume());
        expected.iter().try_for_each(|expected| check_sum(&sum, expected))?;
        Ok((sum, expected.is_some()))
    }
}

fn check_sum(found: &Rational, expected: &Rational) -> Result<(), CheckError> {
    if found == expected { Ok(()) } else { Err(CheckError::Volume { expected: expected.to_string(), found: found.to_string() }) }
}

/// The sum of many fractions, pair by pair, so that most additions are of short ones. Of cells in their order, the denominators of the vertices between
/// them cancel early.
pub(crate) fn exact_sum(terms: &[Rational]) -> Rational {
    let mut sums: Vec<Rational> = terms.par_chunks(2).map(|pair| pair.iter().sum()).collect();
    while sums.len() > 1 {
        sums = sums.par_chunks(2).map(|pair| pair.iter().sum()).collect();
    }
    sums.pop().unwrap_or_default()
}
