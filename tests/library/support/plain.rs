//! The network from its definition: rational matrices, one layer after the other. The code is slow and simple.

use nalgebra::{DMatrix, DVector};
use plica::data::Point;
use plica::line::Trace;
use plica::network::{Bit, Network, Pattern};
use rug::Rational;

/// The exact weights and biases of a network.
pub struct Plain {
    layers: Vec<(DMatrix<Rational>, DVector<Rational>)>,
}

impl Plain {
    pub fn new(network: &Network) -> Self {
        Self { layers: network.layers().unwrap().iter().map(|layer| layer.to_rationals()).collect() }
    }

    pub fn layers(&self) -> &[(DMatrix<Rational>, DVector<Rational>)] {
        &self.layers
    }

    /// The pre-activations of every layer at x, the outputs last.
    pub fn pre_activations(&self, x: &[Rational]) -> Vec<Vec<Rational>> {
        let mut input = x.to_vec();
        let mut all = Vec::new();
        for (weights, bias) in &self.layers {
            let mut z = Vec::new();
            for i in 0..weights.nrows() {
                let mut sum = bias[i].clone();
                for j in 0..weights.ncols() {
                    if !input[j].is_zero() {
                        sum += Rational::from(&weights[(i, j)] * &input[j]);
                    }
                }
                z.push(sum);
            }
            input = z.iter().map(|z| if *z > 0 { z.clone() } else { Rational::new() }).collect();
            all.push(z);
        }
        all
    }

    /// The outputs at x.
    pub fn output(&self, x: &[Rational]) -> Vec<Rational> {
        self.pre_activations(x).pop().expect("a network has layers")
    }

    /// The bits of all hidden units at x, and of the outputs if requested.
    pub fn pattern(&self, x: &[Rational], with_output: bool) -> Pattern {
        let mut z = self.pre_activations(x);
        if !with_output {
            z.pop();
        }
        z.into_iter().flatten().map(|z| z > 0).collect()
    }

    /// The gradient of a unit's pre-activation on the region around x; x lies on no boundary.
    pub fn gradient(&self, x: &[Rational], unit: Bit) -> Vec<Rational> {
        let z = self.pre_activations(x);
        let layer = unit.layer as usize;
        let mut gradient: Vec<Rational> = self.layers[layer].0.row(unit.index as usize).iter().cloned().collect();
        for below in (0..layer).rev() {
            let weights = &self.layers[below].0;
            let mut next = vec![Rational::new(); weights.ncols()];
            for i in (0..weights.nrows()).filter(|&i| z[below][i] > 0) {
                for j in 0..weights.ncols() {
                    next[j] += Rational::from(&gradient[i] * &weights[(i, j)]);
                }
            }
            gradient = next;
        }
        gradient
    }
}

/// The bits of all hidden units at a point, and of the outputs if requested.
pub fn pattern_at(network: &Network, point: &Point, with_output: bool) -> Pattern {
    Plain::new(network).pattern(&point.to_rationals(), with_output)
}

/// The point x(t) = a + t (b - a).
pub fn on_segment(a: &[Rational], b: &[Rational], t: &Rational) -> Vec<Rational> {
    a.iter().zip(b).map(|(a, b)| Rational::from(b - a) * t + a).collect()
}

/// Between two times.
pub fn middle(s: &Rational, t: &Rational) -> Rational {
    Rational::from(s + t) / 2
}

/// A segment in a network's input space, evaluated by the plain forward pass.
pub struct PlainLine {
    pub plain: Plain,
    pub a: Vec<Rational>,
    pub b: Vec<Rational>,
}

impl PlainLine {
    pub fn new(network: &Network, from: &Point, to: &Point) -> Self {
        Self { plain: Plain::new(network), a: from.to_rationals(), b: to.to_rationals() }
    }

    pub fn point(&self, t: &Rational) -> Vec<Rational> {
        on_segment(&self.a, &self.b, t)
    }

    pub fn pattern(&self, t: &Rational, with_output: bool) -> Pattern {
        self.plain.pattern(&self.point(t), with_output)
    }

    /// Proves that a trace of all hidden units (and perhaps the outputs), with exact times, is right.
    ///
    /// On the closed interval between two crossings, layer after layer: if every unit of a layer has one sign at the
    /// middle and no opposite sign at either end, and if its pre-activation is affine there, then it has that sign on the whole
    /// open interval, and its ReLU is affine on the closed one. So the next layer is affine, and so on. The sign of
    /// each unit at three points of each interval therefore decides everything.
    pub fn certify(&self, trace: &Trace) -> Result<(), String> {
        let with_output = trace.units().has_output();
        let mut ends = super::times(trace);
        ends.insert(0, Rational::new());
        ends.push(Rational::from(1));
        if let Some(k) = (1..ends.len()).find(|&k| ends[k - 1] >= ends[k]) {
            return Err(format!("time {k} does not ascend: {} then {}", ends[k - 1], ends[k]));
        }
        let z_at = |t: &Rational| -> Vec<Rational> {
            let mut z = self.plain.pre_activations(&self.point(t));
            if !with_output {
                z.pop();
            }
            z.into_iter().flatten().collect()
        };
        let patterns: Vec<Pattern> = trace.patterns().collect();
        if patterns.len() != ends.len() - 1 || patterns[0] != *trace.start() || patterns[patterns.len() - 1] != *trace.end() {
            return Err("the first and the last pattern are not the start and the end".to_string());
        }
        let closed = trace.closed_sequence();
        if closed.len() != 2 * patterns.len() + 1 {
            return Err(format!("the closed sequence of {} regions has {} entries", patterns.len(), closed.len()));
        }
        let mut left = z_at(&ends[0]);
        for (k, pattern) in patterns.iter().enumerate() {
            let (inside, right) = (z_at(&middle(&ends[k], &ends[k + 1])), z_at(&ends[k + 1]));
            if inside.len() != pattern.len() {
                return Err(format!("{} bits for {} units", pattern.len(), inside.len()));
            }
            for (i, z) in inside.iter().enumerate() {
                if pattern.get(i) != (*z > 0) {
                    return Err(format!("region {k}, unit {i}: bit {} but the pre-activation in the middle is {z}", pattern.get(i)));
                }
                let turns = |end: &Rational| if *z > 0 { *end < 0 } else { *end > 0 };
                if turns(&left[i]) || turns(&right[i]) {
                    return Err(format!("region {k}, unit {i}: a crossing inside ({} to {}) is missing", ends[k], ends[k + 1]));
                }
            }
            if k > 0 {
                let crossing = trace.crossing(k - 1);
                let differ: Vec<Bit> =
                    trace.units().bits().enumerate().filter(|&(i, _)| pattern.get(i) != patterns[k - 1].get(i)).map(|(_, u)| u).collect();
                if crossing.flips != differ || differ.is_empty() {
                    return Err(format!("crossing {}: flips {:?}, but {differ:?} differ", k - 1, crossing.flips));
                }
                if !crossing.t.contains(&ends[k]) {
                    return Err(format!("crossing {}: {:?} does not enclose {}", k - 1, crossing.t, ends[k]));
                }
            }
            // The closed sequence: the left end of this region, then the region.
            let at_left: Pattern = left.iter().map(|z| *z > 0).collect();
            if closed[2 * k] != at_left || closed[2 * k + 1] != *pattern {
                return Err(format!("closed sequence at {}: {} {}, not {at_left} {pattern}", 2 * k, closed[2 * k], closed[2 * k + 1]));
            }
            left = right;
        }
        let at_end: Pattern = left.iter().map(|z| *z > 0).collect();
        if closed[2 * patterns.len()] != at_end {
            return Err(format!("closed sequence at the end: {}, not {at_end}", closed[2 * patterns.len()]));
        }
        Ok(())
    }

    /// The number of maximal intervals on which the output is one affine function of t, from a certified trace.
    ///
    /// On each region the output is the affine function through its values at two points; neighbours with one
    /// function are one piece.
    pub fn pieces(&self, trace: &Trace) -> Result<usize, String> {
        let mut ends = super::times(trace);
        ends.insert(0, Rational::new());
        ends.push(Rational::from(1));
        let mut functions: Vec<Vec<(Rational, Rational)>> = Vec::new();
        for pair in ends.windows(2) {
            let at = |k: i32| -> Rational { Rational::from(&pair[1] - &pair[0]) * Rational::from((k, 4)) + &pair[0] };
            let (s, m, t) = (at(1), at(2), at(3));
            let [first, second, third] = [&s, &m, &t].map(|t| self.plain.output(&self.point(t)));
            let mut function = Vec::new();
            for (i, ((first, second), third)) in first.iter().zip(&second).zip(&third).enumerate() {
                if *second != middle(first, third) {
                    return Err(format!("output {i} bends inside ({}, {})", pair[0], pair[1]));
                }
                let slope = Rational::from(third - first) / Rational::from(&t - &s);
                let at_zero = first - Rational::from(&slope * &s);
                function.push((slope, at_zero));
            }
            functions.push(function);
        }
        functions.dedup();
        Ok(functions.len())
    }
}

/// r1 = max d(p_1, p_i) and r2 = sum d(p_i, p_(i+1)), directly from the bits.
pub fn ranges(trace: &Trace) -> (usize, usize) {
    let patterns: Vec<String> = trace.patterns().map(|p| p.to_string()).collect();
    let d = |p: &str, q: &str| p.bytes().zip(q.bytes()).filter(|(a, b)| a != b).count();
    let r1 = patterns.iter().map(|p| d(&patterns[0], p)).max().unwrap_or(0);
    (r1, patterns.windows(2).map(|pair| d(&pair[0], &pair[1])).sum())
}
