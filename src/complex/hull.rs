//! The exact affine hull of a face: on some axes the coordinates are free, and the others are affine functions of these.

use super::simplex::WholePoint;
use rug::Integer;

/// An affine hull of dimension k. Its axes are the lexicographically first k axes onto which it projects one to one.
///
/// On another axis j, x_j = (c_j + sum_i a_ji x_i) / scale, with integers that have no common factor with the scale.
#[derive(Debug)]
pub(super) struct Hull {
    /// Ascending.
    pub axes: Vec<usize>,
    /// Positive.
    pub scale: Integer,
    /// For each other axis, in ascending order, the constant and the coefficients.
    forms: Vec<Integer>,
}

impl Hull {
    /// The hull of one point.
    pub(super) fn of_point(point: &WholePoint) -> Self {
        Self { axes: Vec::new(), scale: point.denominator.clone(), forms: point.numerators.clone() }
    }

    /// The integers of the hull.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &Integer> {
        self.forms.iter().chain([&self.scale])
    }

    /// The hull of this one and a point outside it.
    ///
    /// # Panics
    /// If the point is in the hull.
    pub(super) fn with(&self, point: &WholePoint) -> Self {
        let others: Vec<(usize, Integer)> = self.other_axes().map(|axis| (axis, self.height(axis, point))).collect();
        let (axis, along) = others.iter().find(|(_, height)| !height.is_zero()).expect("the point is not in the hull");
        let place = self.axes.partition_point(|own| own < axis);
        let mut axes = self.axes.clone();
        axes.insert(place, *axis);
        // The changes of x_j along the axis are proportional to the heights.
        let of_axis = self.form(*axis);
        let mut forms = Vec::with_capacity((others.len() - 1) * (axes.len() + 1));
        for (other, height) in others.iter().filter(|(other, _)| other != axis) {
            let mut entries = self.form(*other).iter().zip(of_axis).map(|(x, y)| Integer::from(along * x) - Integer::from(height * y));
            forms.extend(entries.by_ref().take(place + 1));
            forms.push(Integer::from(height * &self.scale));
            forms.extend(entries);
        }
        let mut hull = Self { axes, scale: Integer::from(along * &self.scale), forms };
        hull.reduce();
        hull
    }

    /// Divides by the common factor.
    fn reduce(&mut self) {
        let mut common = Integer::from(self.scale.abs_ref());
        for x in &self.forms {
            if !x.is_divisible(&common) {
                common.gcd_mut(x);
            }
        }
        if self.scale.is_negative() {
            common = -common;
        }
        self.forms.iter_mut().chain([&mut self.scale]).for_each(|x| x.div_exact_mut(&common));
    }

    /// The axes that are not those of the hull.
    pub(super) fn other_axes(&self) -> impl Iterator<Item = usize> {
        let dimension = self.axes.len() + self.forms.len() / (self.axes.len() + 1);
        (0..dimension).filter(|axis| !self.axes.contains(axis))
    }

    fn form(&self, axis: usize) -> &[Integer] {
        let (place, width) = (axis - self.axes.partition_point(|&own| own < axis), self.axes.len() + 1);
        &self.forms[place * width..][..width]
    }

    /// The form of another axis at a point, without the scale. The point is given by its numerators on all axes and its denominator.
    pub(super) fn value(&self, axis: usize, denominator: &Integer, numerators: &[Integer]) -> Integer {
        let form = self.form(axis);
        let mut sum = Integer::from(&form[0] * denominator);
        form[1..].iter().zip(&self.axes).for_each(|(x, &own)| sum += x * &numerators[own]);
        sum
    }

    /// The height of a point over the hull along another axis, times the scale and the denominator of the point.
    pub(super) fn height(&self, axis: usize, point: &WholePoint) -> Integer {
        Integer::from(&self.scale * &point.numerators[axis]) - self.value(axis, &point.denominator, &point.numerators)
    }

    /// The one axis that is not an axis of the hull of a facet of its face.
    pub(super) fn axis_beyond(&self, facet: &Self) -> usize {
        let place = self.axes.iter().zip(&facet.axes).position(|(own, other)| own != other).unwrap_or(facet.axes.len());
        debug_assert_eq!(self.axes[place + 1..], facet.axes[place..], "the first axes of a hull are among those of a larger one");
        self.axes[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(denominator: i32, numerators: &[i32]) -> WholePoint {
        WholePoint { denominator: denominator.into(), numerators: numerators.iter().map(|&x| x.into()).collect() }
    }

    /// The hull contains all points from which it is computed, and is the same for any order of them.
    #[test]
    fn hulls_are_those_of_their_points() {
        let points = [point(2, &[1, 4, 3, -1]), point(3, &[2, 8, 1, 0]), point(5, &[7, 20, 2, 2])];
        let hull = |order: [usize; 3]| Hull::of_point(&points[order[0]]).with(&points[order[1]]).with(&points[order[2]]);
        let first = hull([0, 1, 2]);
        // On axis 1 all points agree up to multiples of 2, 8/3 and 4: axes 0 and 1 are free.
        assert_eq!(first.axes, [0, 1]);
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]] {
            let hull = hull(order);
            assert_eq!((&hull.axes, &hull.scale, &hull.forms), (&first.axes, &first.scale, &first.forms));
            assert!(points.iter().all(|point| hull.other_axes().all(|axis| hull.height(axis, point).is_zero())));
        }
    }

    /// A point, a line and a plane on a side of a box, where the first coordinate is constant.
    #[test]
    fn axes_are_the_first_that_are_free() {
        let points = [point(1, &[2, 0, 0]), point(1, &[2, 0, 1]), point(1, &[2, 3, 1]), point(7, &[1, 1, 1])];
        let mut hull = Hull::of_point(&points[0]);
        let mut axes = vec![hull.axes.clone()];
        for next in &points[1..] {
            let larger = hull.with(next);
            axes.push(larger.axes.clone());
            assert_eq!(larger.axis_beyond(&hull), *larger.axes.iter().find(|axis| !hull.axes.contains(axis)).unwrap());
            hull = larger;
        }
        assert_eq!(axes, [vec![], vec![2], vec![1, 2], vec![0, 1, 2]]);
        assert_eq!(hull.scale, 1);
    }
}
