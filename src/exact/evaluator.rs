//! The exact evaluator: integer forms of the elements of any network along a segment, computed on demand.
//!
//! A network is a list of *nodes*, which have elements. On one linear piece of a segment every element has a form (b + a t) / scale with integers
//! a and b: a constant, plus a sum of integer weights times forms of earlier nodes. The *state* of the network on the piece determines the
//! weights and the elements of this sum. Forms that are known to fit are computed in 128-bit integers, the others in integers of any length.

use super::forms::{Form, WideSum};
use rug::Integer;

/// The limit for the bits of a sum in 128-bit integers, with a reserve.
const WORD_BITS: u32 = 120;

/// An integer coefficient.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weight<'a> {
    Word(i64),
    Long(&'a Integer),
}

impl Weight<'_> {
    fn times(self, x: &Integer) -> Integer {
        match self {
            Self::Word(w) => Integer::from(x * w),
            Self::Long(w) => Integer::from(x * w),
        }
    }

    /// The coefficient of a node whose coefficients are all words.
    fn word(self) -> i128 {
        match self {
            Self::Word(w) => w.into(),
            Self::Long(_) => unreachable!("all coefficients of the node are words"),
        }
    }
}

/// The size of a node and of its coefficients.
pub(crate) struct Size<'a> {
    /// The number of elements.
    pub len: usize,
    /// The number of bits of the largest coefficient, if all are words.
    pub bits: Option<u32>,
    /// The largest number of terms of an element.
    pub terms: usize,
    /// The scale of the constants: the form of an element is the sum of its weights times forms, plus its constant times this scale times the
    /// scale of the input.
    pub scale: &'a Integer,
}

/// A network with integer coefficients. Node 0 is the input.
pub(crate) trait Rows {
    /// The state of a network on one linear piece.
    type State: ?Sized;

    /// The number of nodes.
    fn nodes(&self) -> usize;

    /// The size of a node other than the input.
    fn size(&self, node: usize) -> Size<'_>;

    /// Visits the nodes of the terms of a node.
    fn for_nodes_below(&self, node: usize, visit: impl FnMut(usize));

    /// Visits the terms of an element: an earlier node, an element of it, and the weight. Terms that are 0 in this state may be left out.
    fn for_terms<'a>(&'a self, node: usize, element: usize, state: &Self::State, visit: impl FnMut(usize, usize, Weight<'a>));

    /// The constant of an element.
    fn constant(&self, node: usize, element: usize, state: &Self::State) -> Weight<'_>;
}

/// The exact forms along one segment. Each is kept until it is discarded.
#[derive(Debug)]
pub(crate) struct Evaluator {
    nodes: Vec<Node>,
    /// The elements whose forms are being computed; kept to reuse its memory.
    missing: Vec<(u32, u32)>,
}

#[derive(Debug)]
struct Node {
    /// The scale of the constants, and the same as a word if the forms of the node fit into words.
    scale: Integer,
    word_scale: Option<i128>,
    forms: Vec<Option<Form>>,
}

impl Evaluator {
    /// An evaluator with the forms of the input over a common scale. If `bits` is given, they are words with coefficients below 2^bits.
    pub(crate) fn new<R: Rows>(rows: &R, input: Vec<Option<Form>>, scale: &Integer, bits: Option<u32>) -> Self {
        let mut all_bits = vec![bits];
        let mut nodes = vec![Node { scale: Integer::from(1), word_scale: None, forms: input }];
        for n in 1..rows.nodes() {
            let size = rows.size(n);
            let scale = Integer::from(scale * size.scale);
            // The scale, |b| and |a| are below 2^below, so sums are below 2^(below + own + bits of the number of terms + 1).
            let mut below = Some(scale.significant_bits());
            rows.for_nodes_below(n, |node| below = below.zip(all_bits[node]).map(|(x, y)| x.max(y)));
            let bits = below.zip(size.bits).map(|(below, own)| below + own + usize::BITS - size.terms.leading_zeros() + 1);
            all_bits.push(bits.filter(|&bits| bits <= WORD_BITS));
            let word_scale = all_bits[n].and_then(|_| scale.to_i128());
            nodes.push(Node { scale, word_scale, forms: vec![None; size.len] });
        }
        Self { nodes, missing: Vec::new() }
    }

    /// Sets the form of an element.
    pub(crate) fn set(&mut self, node: usize, element: usize, form: Form) {
        self.nodes[node].forms[element] = Some(form);
    }

    /// Discards the form of an element.
    #[inline]
    pub(crate) fn forget(&mut self, node: usize, element: usize) {
        self.nodes[node].forms[element] = None;
    }

    /// Discards the forms of a node and of all later ones.
    pub(crate) fn forget_from(&mut self, node: usize) {
        self.nodes[node..].iter_mut().for_each(|node| node.forms.fill(None));
    }

    /// The form of an element in a state. All forms that are kept must be those of this state.
    pub(crate) fn form<R: Rows>(&mut self, rows: &R, node: usize, element: usize, state: &R::State) -> &Form {
        self.fill(rows, node, element, state);
        self.nodes[node].forms[element].as_ref().expect("just filled")
    }

    /// Computes one form after the forms of its terms, with an explicit stack instead of recursion.
    fn fill<R: Rows>(&mut self, rows: &R, node: usize, element: usize, state: &R::State) {
        let mut missing = std::mem::take(&mut self.missing);
        missing.push((node as u32, element as u32));
        while let Some(&(node, element)) = missing.last() {
            let (n, i, before) = (node as usize, element as usize, missing.len());
            if self.nodes[n].forms[i].is_none() {
                rows.for_terms(n, i, state, |below, j, _| {
                    if self.nodes[below].forms[j].is_none() {
                        missing.push((below as u32, j as u32));
                    }
                });
                if missing.len() > before {
                    continue;
                }
                let form = match self.nodes[n].word_scale {
                    Some(scale) => self.word_sum(rows, n, i, state, scale),
                    None => self.long_sum(rows, n, i, state),
                };
                self.nodes[n].forms[i] = Some(form);
            }
            missing.pop();
        }
        self.missing = missing;
    }

    #[inline]
    fn known(&self, node: usize, element: usize) -> &Form {
        self.nodes[node].forms[element].as_ref().expect("forms of terms are computed first")
    }

    fn word_sum<R: Rows>(&self, rows: &R, n: usize, i: usize, state: &R::State, scale: i128) -> Form {
        let (mut b, mut a) = (rows.constant(n, i, state).word() * scale, 0);
        rows.for_terms(n, i, state, |below, j, w| match self.known(below, j) {
            Form::Word { b: x, a: d } => {
                b += w.word() * x;
                a += w.word() * d;
            }
            Form::Long { .. } => unreachable!("all terms of the node are words"),
        });
        Form::Word { b, a }
    }

    fn long_sum<R: Rows>(&self, rows: &R, n: usize, i: usize, state: &R::State) -> Form {
        let (mut b, mut a) = (rows.constant(n, i, state).times(&self.nodes[n].scale), Integer::new());
        // Products of 64-bit words, whose sum may exceed 128 bits.
        let (mut words, mut slopes) = (WideSum::default(), WideSum::default());
        let word = |x: i128| i64::try_from(x).ok();
        rows.for_terms(n, i, state, |below, j, w| match (w, self.known(below, j)) {
            (Weight::Word(w), Form::Word { b: x, a: d }) if word(*x).is_some() && word(*d).is_some() => {
                words.add(*x as i64, w);
                slopes.add(*d as i64, w);
            }
            (w, Form::Word { b: x, a: d }) => {
                b += w.times(&Integer::from(*x));
                a += w.times(&Integer::from(*d));
            }
            (Weight::Word(w), Form::Long { b: x, a: d }) => {
                b += x * w;
                a += d * w;
            }
            (Weight::Long(w), Form::Long { b: x, a: d }) => {
                b += x * w;
                a += d * w;
            }
        });
        Form::Long { b: b + words.total(), a: a + slopes.total() }
    }

    /// Updates the forms of a node after elements of an earlier node joined the terms (`true`) or left them (`false`).
    ///
    /// `weight(i, j)` is the weight of element j of the earlier node in element i of the node.
    pub(crate) fn turn<'a>(&mut self, node: usize, below: usize, changes: &[(usize, bool)], weight: impl Fn(usize, usize) -> Weight<'a>) {
        let (earlier, later) = self.nodes.split_at_mut(node);
        for (i, form) in later[0].forms.iter_mut().enumerate() {
            let Some(form) = form else { continue };
            for &(j, joins) in changes {
                let input = earlier[below].forms[j].as_ref().expect("the forms of these elements are known");
                form.add(weight(i, j), input, joins);
            }
        }
    }
}

impl Form {
    /// Adds w x if it joins, else subtracts it. Either all are words and the sum fits, or the sum has any length.
    fn add(&mut self, w: Weight<'_>, x: &Self, joins: bool) {
        match (w, x, &mut *self) {
            (Weight::Word(w), Self::Word { b: x, a: d }, Self::Word { b, a }) => {
                let w = if joins { i128::from(w) } else { -i128::from(w) };
                *b += w * x;
                *a += w * d;
            }
            (w, x, form) => {
                let (x, d) = x.long();
                let (mut b, mut a) = std::mem::replace(form, Self::Word { b: 0, a: 0 }).into_long();
                let sign = |x: Integer| if joins { x } else { -x };
                b += sign(w.times(&x));
                a += sign(w.times(&d));
                *form = Self::Long { b, a };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes whose elements are sums over the two nodes before them. A state says which elements count.
    struct Sums {
        nodes: Vec<Vec<(Vec<i64>, i64)>>,
        factor: Integer,
        bits: u32,
    }

    impl Rows for Sums {
        type State = [Vec<bool>];

        fn nodes(&self) -> usize {
            self.nodes.len()
        }

        fn size(&self, node: usize) -> Size<'_> {
            Size { len: self.nodes[node].len(), bits: Some(self.bits), terms: self.nodes[node][0].0.len(), scale: &self.factor }
        }

        fn for_nodes_below(&self, node: usize, visit: impl FnMut(usize)) {
            (node.saturating_sub(2)..node).for_each(visit);
        }

        fn for_terms<'a>(&'a self, node: usize, element: usize, on: &[Vec<bool>], mut visit: impl FnMut(usize, usize, Weight<'a>)) {
            let below = (node.saturating_sub(2)..node).flat_map(|n| (0..self.nodes[n].len()).map(move |j| (n, j)));
            for ((n, j), &w) in below.zip(&self.nodes[node][element].0).filter(|((n, j), _)| on[*n][*j]) {
                visit(n, j, Weight::Word(w));
            }
        }

        fn constant(&self, node: usize, element: usize, _: &[Vec<bool>]) -> Weight<'_> {
            Weight::Word(self.nodes[node][element].1)
        }
    }

    /// A form by its definition.
    fn plain(rows: &Sums, input: &[(i64, i64)], scale: &Integer, node: usize, element: usize, on: &[Vec<bool>]) -> (Integer, Integer) {
        if node == 0 {
            return (input[element].0.into(), input[element].1.into());
        }
        let (mut b, mut a) = (Integer::from(scale * &rows.factor) * rows.nodes[node][element].1, Integer::new());
        rows.for_terms(node, element, on, |n, j, w| {
            let (x, d) = plain(rows, input, scale, n, j, on);
            b += w.times(&x);
            a += w.times(&d);
        });
        (b, a)
    }

    #[test]
    fn forms_in_words_and_of_any_length_are_those_of_the_definition() {
        let mut state = 3u64;
        let mut random = |bits: u32| {
            state = crate::exact::random::next(state);
            (state as i64) >> (63 - bits)
        };
        let (mut words, mut longs) = (0, 0);
        for round in 0..200u32 {
            let bits = [3, 20, 30, 45, 62][round as usize % 5];
            let lens = [3, 4, 2, 5];
            let mut nodes: Vec<Vec<(Vec<i64>, i64)>> = vec![vec![(Vec::new(), 0); lens[0]]];
            for n in 1..lens.len() {
                let below: usize = lens[n.saturating_sub(2)..n].iter().sum();
                nodes.push((0..lens[n]).map(|_| ((0..below).map(|_| random(bits)).collect(), random(bits))).collect());
            }
            let rows = Sums { nodes, factor: Integer::from(6), bits };
            let input: Vec<(i64, i64)> = (0..lens[0]).map(|_| (random(bits), random(bits))).collect();
            let scale = Integer::from(random(bits).abs() + 1);
            let known = || input.iter().map(|&(b, a)| Some(Form::Word { b: b.into(), a: a.into() })).collect();
            let mut forms = [Some(bits + 1), None].map(|bits| Evaluator::new(&rows, known(), &scale, bits));
            let mut on: Vec<Vec<bool>> = lens.iter().map(|&len| (0..len).map(|_| random(3) > -4).collect()).collect();
            for _ in 0..4 {
                for element in 0..lens[3] {
                    let expected = plain(&rows, &input, &scale, 3, element, &on);
                    for forms in &mut forms {
                        let form = forms.form(&rows, 3, element, &on);
                        *(if matches!(form, Form::Word { .. }) { &mut words } else { &mut longs }) += 1;
                        assert_eq!(form.long(), expected, "round {round}, element {element}");
                    }
                }
                // Either an element of node 2 joins or leaves the sums of node 3, or an element of node 1 changes and nodes 2 and 3 are discarded.
                if random(1) == 0 {
                    on[2][0] = !on[2][0];
                    let changes = [(0, on[2][0])];
                    for forms in &mut forms {
                        forms.form(&rows, 2, 0, &on);
                        forms.turn(3, 2, &changes, |element, _| Weight::Word(rows.nodes[3][element].0[lens[1]]));
                    }
                } else {
                    on[1][0] = !on[1][0];
                    forms.iter_mut().for_each(|forms| forms.forget_from(2));
                }
            }
        }
        assert!(words > 500 && longs > 2000, "{words} {longs}");
    }

    /// All numbers have the largest magnitude that their bits allow, and one sign: words stay below 2^120, and come within 2^10 of it.
    #[test]
    fn words_are_used_up_to_their_limit_and_not_beyond() {
        let (mut most, mut longs) = (0, 0);
        for bits in 1..=62u32 {
            for len in [1, 2, 3, 7, 8, 31, 32] {
                let largest = (1i64 << bits) - 1;
                let node = |below: usize| vec![(vec![largest; below], largest); len];
                let rows = Sums { nodes: vec![vec![(Vec::new(), 0); len], node(len), node(2 * len)], factor: Integer::from(largest), bits };
                // The scale of the constants is the largest word too.
                let form = || Some(Form::Word { b: largest.into(), a: largest.into() });
                let on = vec![vec![true; len]; 3];
                let mut forms = Evaluator::new(&rows, (0..len).map(|_| form()).collect(), &Integer::from(1), Some(bits));
                for node in 1..3 {
                    let expected = plain(&rows, &vec![(largest, largest); len], &Integer::from(1), node, 0, &on);
                    let form = forms.form(&rows, node, 0, &on);
                    assert_eq!(form.long(), expected, "{bits} bits, {len} elements, node {node}");
                    match form {
                        Form::Word { b, a } => {
                            let magnitude = u128::BITS - b.unsigned_abs().max(a.unsigned_abs()).leading_zeros();
                            assert!(magnitude <= WORD_BITS, "{bits} bits, {len} elements, node {node}: {magnitude}");
                            most = most.max(magnitude);
                        }
                        Form::Long { .. } => longs += 1,
                    }
                }
            }
        }
        assert!(most + 10 >= WORD_BITS && longs > 100, "{most} {longs}");
    }
}
