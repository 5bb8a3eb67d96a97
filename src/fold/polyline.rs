//! Polygonal paths: segments one after the other.

use super::walk::Walk;
use super::{Path, Step};
use crate::line::{Trace, TraceError};
use crate::network::{Bit, UnitSet};
use std::borrow::Cow;

/// The concatenation of traces: the segments of a polygonal path, in order.
///
/// If one part ends with the pattern with which the next one starts, that pattern occurs once. Otherwise the jump between them counts in
/// r2. (Paper 2, concatenation; the paths of iterated attacks in the authors' post on paper 3.)
///
/// ```
/// use plica::{data::Point, fold::{Folding, Polyline}, line::Tracer, network::{Layer, Network}};
/// use nalgebra::{dmatrix, dvector};
/// let network = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0; -1.0], dvector![0.0, 0.0]),
///     Layer::from_f64(dmatrix![1.0, 1.0], dvector![0.0]),
/// ]).unwrap();
/// let (a, b) = (Point::from_f64(&[-1.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
/// let mut tracer = Tracer::new(&network);
/// let (out, back) = (tracer.trace(&a, &b).unwrap(), tracer.trace(&b, &a).unwrap());
/// assert_eq!(Folding::of(&Polyline::new([&out, &back]).unwrap()).chi().to_string(), "1/2");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Polyline<'a> {
    units: Option<&'a UnitSet>,
    flips: Vec<Cow<'a, [Bit]>>,
}

impl<'a> Polyline<'a> {
    /// The path along these traces, in order.
    ///
    /// # Errors
    /// The traces have different units.
    pub fn new(parts: impl IntoIterator<Item = &'a Trace>) -> Result<Self, TraceError> {
        let mut polyline = Self { units: None, flips: Vec::new() };
        let mut before: Option<&Trace> = None;
        for (part, trace) in parts.into_iter().enumerate() {
            let units = trace.units();
            if *polyline.units.get_or_insert(units) != units {
                return Err(TraceError::UnitsDiffer { part });
            }
            if let Some(before) = before.filter(|before| before.end() != trace.start()) {
                let bits = before.end().iter().zip(trace.start().iter());
                let jump = units.bits().zip(bits).filter(|(_, (end, start))| end != start).map(|(unit, _)| unit);
                polyline.flips.push(Cow::Owned(jump.collect()));
            }
            polyline.flips.extend((0..trace.crossing_count()).map(|k| Cow::Borrowed(trace.crossing(k).flips)));
            before = Some(trace);
        }
        Ok(polyline)
    }
}

impl Path for Polyline<'_> {
    fn steps_from(&self, k: usize) -> impl Iterator<Item = Step> {
        self.units.into_iter().flat_map(move |units| Walk::new(units, self.flips.iter().skip(k)))
    }

    fn steps_back_from(&self, k: usize) -> impl Iterator<Item = Step> {
        self.units.into_iter().flat_map(move |units| Walk::new(units, self.flips.iter().rev().skip(k)))
    }
}
