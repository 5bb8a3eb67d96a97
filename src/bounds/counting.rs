//! The numbers from which bounds are computed: binomial coefficients, their sums, and the recursion over ranks.

use rug::Integer;
use rug::ops::Pow;

/// The binomial coefficients C(n, 0), C(n, 1), ..., C(n, n).
pub(super) fn binomials(n: usize) -> impl Iterator<Item = Integer> {
    let mut next = Integer::from(1);
    (0..=n as u64).map(move |k| {
        let this = next.clone();
        next *= n as u64 - k;
        next.div_exact_mut(&Integer::from(k + 1));
        this
    })
}

/// The sum of C(n, j) over j <= most.
pub(super) fn binomial_sum(n: usize, most: usize) -> Integer {
    let first = |terms: usize| binomials(n).take(terms).fold(Integer::new(), |sum, term| sum + term);
    if most >= n {
        power(2, n)
    } else if most > n / 2 {
        // The sum of all coefficients minus the remaining ones, which is a sum from the other end.
        power(2, n) - first(n - most)
    } else {
        first(most + 1)
    }
}

/// The sums of the first 1, 2, ... numbers.
pub(super) fn sums(numbers: &[Integer]) -> Vec<Integer> {
    let add = |sum: &mut Integer, x: &Integer| {
        *sum += x;
        Some(sum.clone())
    };
    numbers.iter().scan(Integer::new(), add).collect()
}

/// R(l, r) for all ranks r < `binomials.len()` <= n + 1, from R(l + 1, r): see [`Shape::serra_upper`](super::Shape::serra_upper).
///
/// For j <= n - r the rank above is r. So R(l, r) = R(l + 1, r) sum_{j <= min(r, n - r)} C(n, j) + S(r), where S(r) = sum_{n - r < j <= r}
/// C(n, j) R(l + 1, n - j). S(r) has two terms more than S(r - 1), or one if the two new terms coincide.
pub(super) fn serra_ranks(n: usize, binomials: &[Integer], above: &[Integer]) -> Vec<Integer> {
    let sums = sums(binomials);
    // For a rank above all ranks of the layer, the value is that of the largest one.
    let above = |r: usize| &above[r.min(above.len() - 1)];
    let mut rest = Integer::new();
    let of_rank = |r: usize| {
        if r > n - r {
            rest += &binomials[r] * above(n - r);
            if n - r + 1 < r {
                rest += &binomials[n - r + 1] * above(r - 1);
            }
        }
        Integer::from(above(r) * &sums[r.min(n - r)]) + &rest
    };
    (0..binomials.len()).map(of_rank).collect()
}

/// R(l, r) for one rank r, with C(n, j) = C(n, n - j) to halve the number of products.
pub(super) fn serra_rank(n: usize, r: usize, binomials: &[Integer], above: &[Integer]) -> Integer {
    let above = |r: usize| &above[r.min(above.len() - 1)];
    let first = r.min(n - r);
    let mut total = above(r) * binomials[..=first].iter().fold(Integer::new(), |sum, x| sum + x);
    if r > n - r {
        total += &binomials[r] * above(n - r);
        // The terms j and n - j, for n - r < j < r.
        for (j, binomial) in binomials.iter().enumerate().take(n / 2 + 1).skip(n - r + 1) {
            total += binomial * if 2 * j == n { above(j).clone() } else { Integer::from(above(j) + above(n - j)) };
        }
    }
    total
}

pub(super) fn power(base: usize, exponent: usize) -> Integer {
    Integer::from(base).pow(u32::try_from(exponent).expect("powers of shapes fit"))
}

/// The number of facets of the cyclic polytope with n vertices in d dimensions, n > d.
pub(super) fn cyclic_facets(n: usize, d: usize) -> Integer {
    let p = d / 2;
    let choose = |n: usize, k: usize| Integer::from(n).binomial(k as u32);
    if d % 2 == 1 {
        choose(n - p - 1, p) * 2u32
    } else {
        // n / (n - p) C(n - p, p)
        (choose(n - p, p) * n as u64).div_exact(&Integer::from(n - p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_binomials_from_either_end() {
        for n in 0..12 {
            let plain = |most: usize| (0..=most).map(|j| Integer::from(n).binomial(j as u32)).fold(Integer::new(), |sum, x| sum + x);
            assert!((0..14).all(|most| binomial_sum(n, most) == plain(most)), "{n}");
        }
    }

    #[test]
    fn cyclic_polytopes_of_few_dimensions() {
        // A polygon, 2 n - 4 triangles, n (n - 3) / 2 tetrahedra; a simplex.
        assert_eq!((cyclic_facets(7, 2), cyclic_facets(7, 3), cyclic_facets(7, 4)), (7.into(), 10.into(), 14.into()));
        assert!((1..9).all(|d| cyclic_facets(d + 1, d) == d as u64 + 1));
    }
}
