//! Affine forms of the results of a step.

use crate::exact::Coefficient;

/// An affine form: terms (column, coefficient) with ascending columns, and a constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Form {
    pub terms: Vec<(u32, Coefficient)>,
    pub constant: Coefficient,
}

impl Default for Form {
    fn default() -> Self {
        Self { terms: Vec::new(), constant: Coefficient::ZERO }
    }
}

impl Form {
    /// The form of one column.
    pub(crate) fn column(column: u32) -> Self {
        Self { terms: vec![(column, Coefficient::ONE)], constant: Coefficient::ZERO }
    }

    /// The sum of some forms, each times a factor, and a constant.
    pub(crate) fn sum<'a>(parts: impl Iterator<Item = (Coefficient, &'a Form)>, mut constant: Coefficient) -> Self {
        let mut terms: Vec<(u32, Coefficient)> = Vec::new();
        for (factor, form) in parts {
            if !form.constant.is_zero() {
                constant = constant.plus(&factor.times(&form.constant));
            }
            terms.extend(form.terms.iter().map(|(column, x)| (*column, factor.times(x))));
        }
        terms.sort_by_key(|&(column, _)| column);
        terms.dedup_by(|(column, x), (last, sum)| {
            let is_same = column == last;
            if is_same {
                *sum = sum.plus(x);
            }
            is_same
        });
        terms.retain(|(_, x)| !x.is_zero());
        Self { terms, constant }
    }

    /// The difference of two forms.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self::sum([(Coefficient::ONE, self), (Coefficient::of(-1.0), other)].into_iter(), Coefficient::ZERO)
    }
}
