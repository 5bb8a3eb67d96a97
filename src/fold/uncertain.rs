//! Values of which some are known by bounds only, and the bounds of their statistics.

use super::Distribution;
use rug::Rational;

/// Values with counts. Each is between two bounds, and some may be absent.
#[derive(Clone, Debug, Default)]
pub(super) struct Uncertain {
    present: Vec<Value>,
    optional: Vec<Value>,
}

#[derive(Clone, Debug)]
struct Value {
    low: Rational,
    high: Rational,
    count: u64,
}

impl Uncertain {
    /// Adds a value that is known.
    pub fn add_exact(&mut self, value: Rational, count: u64) {
        self.add((value.clone(), value), count, false);
    }

    /// Adds a value between two bounds, which may be absent if it `is_optional`.
    pub fn add(&mut self, (low, high): (Rational, Rational), count: u64, is_optional: bool) {
        let values = if is_optional { &mut self.optional } else { &mut self.present };
        values.push(Value { low, high, count });
    }

    /// The values above 0, of values that are not negative: a value that may be 0 may be absent.
    pub fn positive(&self) -> Self {
        let all = self.present.iter().chain(&self.optional).filter(|value| value.high > 0);
        let (optional, present) = all.cloned().partition(|value| value.low <= 0);
        Self { present, optional }
    }

    /// Whether some value is certainly present.
    pub fn is_certain(&self) -> bool {
        !self.present.is_empty()
    }

    /// The bounds of the mean, the median or the largest value, over all cases in which there is a value; `None` if there is none in any
    /// case.
    ///
    /// They hold for every statistic of these properties: it increases with each value, and a further value moves it towards this value, at
    /// most as far.
    pub fn bounds(&self, statistic: fn(&Distribution) -> Option<Rational>) -> Option<[Rational; 2]> {
        if self.optional.is_empty() && self.present.iter().all(|value| value.low == value.high) {
            let value = statistic(&self.present.iter().map(|value| (value.low.clone(), value.count)).collect())?;
            return Some([value.clone(), value]);
        }
        Some([self.extreme(statistic, true)?, self.extreme(statistic, false)?])
    }

    /// The statistic of the low or the high end of every value, with those optional values that move it further to this side.
    fn extreme(&self, statistic: fn(&Distribution) -> Option<Rational>, is_low: bool) -> Option<Rational> {
        let end = |value: &Value| if is_low { value.low.clone() } else { value.high.clone() };
        let mut optional: Vec<(Rational, u64)> = self.optional.iter().map(|value| (end(value), value.count)).collect();
        optional.sort();
        if !is_low {
            optional.reverse();
        }
        let with = |n: usize| {
            let present = self.present.iter().map(|value| (end(value), value.count));
            statistic(&present.chain(optional[..n].iter().cloned()).collect())
        };
        // If one of these values does not move the statistic further, no later one does.
        let (mut least, mut most) = (0, optional.len());
        while least < most {
            let middle = least.midpoint(most);
            let next = &optional[middle].0;
            if with(middle).is_none_or(|now| if is_low { *next < now } else { *next > now }) {
                least = middle + 1;
            } else {
                most = middle;
            }
        }
        with(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every list that some values allow, if each has one of its two ends: a value may be absent if it is optional.
    fn choices(values: &[(u64, u64, bool)]) -> Vec<Vec<Rational>> {
        let Some((&(low, high, is_optional), rest)) = values.split_first() else { return vec![Vec::new()] };
        let mut lists = Vec::new();
        for list in choices(rest) {
            lists.extend([low, high].map(|end| [&list[..], &[Rational::from(end)]].concat()));
            if is_optional {
                lists.push(list);
            }
        }
        lists
    }

    fn plain(statistic: usize, mut list: Vec<Rational>) -> Option<Rational> {
        list.sort();
        let n = list.len();
        let middle = |list: &[Rational]| Rational::from(&list[(n - 1) / 2] + &list[n / 2]) / 2;
        match statistic {
            _ if n == 0 => None,
            0 => Some(list.iter().sum::<Rational>() / n as u64),
            1 => Some(middle(&list)),
            _ => list.pop(),
        }
    }

    #[test]
    fn bounds_are_those_of_all_choices() {
        let statistics = [Distribution::mean, Distribution::median, |values: &Distribution| values.max().cloned()];
        let mut state = 5;
        let mut below = |n: u64| {
            state = crate::exact::random::next(state);
            (state >> 33) % n
        };
        for _ in 0..400 {
            let values: Vec<(u64, u64, bool)> = (0..below(6))
                .map(|_| {
                    let (low, wide) = (below(8), below(3) * below(5));
                    (low, low + wide, below(2) == 0)
                })
                .collect();
            let mut uncertain = Uncertain::default();
            values.iter().for_each(|&(low, high, is_optional)| uncertain.add((low.into(), high.into()), 1, is_optional));
            for (k, statistic) in statistics.into_iter().enumerate() {
                let all: Vec<Rational> = choices(&values).into_iter().filter_map(|list| plain(k, list)).collect();
                let expected = all.iter().min().cloned().zip(all.iter().max().cloned()).map(|(low, high)| [low, high]);
                assert_eq!(uncertain.bounds(statistic), expected, "{values:?}");
            }
        }
    }

    #[test]
    fn a_value_that_may_be_0_may_not_be_positive() {
        let mut values = Uncertain::default();
        values.add_exact(Rational::from(2), 1);
        values.add((Rational::new(), Rational::from(4)), 3, false);
        values.add_exact(Rational::new(), 5);
        let bounds = values.positive().bounds(Distribution::median).unwrap();
        assert_eq!(bounds, [Rational::new(), Rational::from(4)]);
        assert!(values.positive().is_certain());
    }
}
