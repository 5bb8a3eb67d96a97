//! Points with optional labels.

use super::Points;

/// Points with their labels, if they have any.
///
/// ```
/// let digits = plica::data::DataSet::load("digits", &Default::default()).unwrap();
/// assert_eq!((digits.points.len(), digits.points.dimension()), (1797, 64));
/// assert_eq!(digits.classes(), (0..10).collect::<Vec<_>>());
/// assert_eq!(digits.rows_of(3).len(), 183);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct DataSet {
    /// The text or path that it was loaded from.
    pub name: String,
    /// The points, n of dimension d.
    pub points: Points,
    /// n labels, or none.
    pub labels: Option<Vec<i64>>,
}

impl DataSet {
    /// The labels that occur, ascending; an empty list if there are no labels.
    pub fn classes(&self) -> Vec<i64> {
        let mut classes = self.labels.clone().unwrap_or_default();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// The indices of the points of one class, ascending.
    pub fn rows_of(&self, class: i64) -> Vec<usize> {
        let labels = self.labels.iter().flatten().enumerate();
        labels.filter(|&(_, &label)| label == class).map(|(row, _)| row).collect()
    }
}
