//! Compares a list of patterns with the exact sequence of a segment.

use crate::line::Trace;
use crate::network::Pattern;
use std::collections::HashMap;

/// The errors of a pattern in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It occurs nowhere on the segment; the cause is rounding.
    Unknown,
    /// It occurs on the segment, but only before an earlier pattern of the list.
    OutOfOrder,
}

/// The relation of a list of patterns to the closed sequence of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SequenceAudit {
    /// The number of regions of the segment whose pattern is not in the list.
    pub missed: usize,
    /// The number of patterns of the list, without consecutive repetitions, that occur at a crossing or an end but in no region next to it.
    pub boundary: usize,
    /// The patterns that do not fit, with their indices in the list.
    pub faults: Vec<(usize, Fault)>,
}

impl SequenceAudit {
    /// Compares a given list of patterns along a segment, one for each sampled point, with the exact trace of all hidden units.
    ///
    /// The patterns of points in their order, without consecutive repetitions, form a subsequence of [`Trace::closed_sequence`]. All other
    /// patterns are wrong.
    ///
    /// ```
    /// use plica::{data::Point, line::Tracer, network::zoo, sweep::{Fault, SequenceAudit}};
    /// let network = zoo::parse("sawtooth:1").unwrap().unwrap();
    /// let (a, b) = (Point::from_f64(&[-1.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
    /// let trace = Tracer::new(&network).trace(&a, &b).unwrap();
    /// let list = |text: &str| text.split(' ').map(|p| p.parse().unwrap()).collect::<Vec<_>>();
    /// assert!(SequenceAudit::of(&trace, &list("00 10 10 11")).is_complete());
    /// assert_eq!(SequenceAudit::of(&trace, &list("00 11")).missed, 1);
    /// assert_eq!(SequenceAudit::of(&trace, &list("00 01 11")).faults, [(1, Fault::Unknown)]);
    /// assert_eq!(SequenceAudit::of(&trace, &list("10 00 11")).faults, [(1, Fault::OutOfOrder)]);
    /// ```
    pub fn of(trace: &Trace, patterns: &[Pattern]) -> Self {
        let closed = trace.closed_sequence();
        let mut places: HashMap<&Pattern, Vec<usize>> = HashMap::new();
        for (place, pattern) in closed.iter().enumerate() {
            places.entry(pattern).or_default().push(place);
        }
        // In the closed sequence the regions are between the crossings and the ends, at odd indices.
        let is_region = |places: &[usize]| places.iter().any(|place| place % 2 == 1);
        let mut seen = vec![false; closed.len()];
        let mut audit = SequenceAudit::default();
        let (mut reached, mut last) = (0, None);
        for (index, pattern) in patterns.iter().enumerate() {
            if last == Some(pattern) {
                continue;
            }
            last = Some(pattern);
            let Some(at) = places.get(pattern) else {
                audit.faults.push((index, Fault::Unknown));
                continue;
            };
            match at.iter().find(|&&place| place >= reached) {
                Some(&place) => reached = place,
                None => audit.faults.push((index, Fault::OutOfOrder)),
            }
            if is_region(at) {
                at.iter().for_each(|&place| seen[place] = true);
            } else {
                audit.boundary += 1;
            }
        }
        audit.missed = seen.iter().skip(1).step_by(2).filter(|seen| !**seen).count();
        audit
    }

    /// Whether the list is, repeats aside, a subsequence of the closed sequence.
    pub fn is_subsequence(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether every region is in the list, and nothing is wrong in it.
    pub fn is_complete(&self) -> bool {
        self.missed == 0 && self.faults.is_empty()
    }
}
