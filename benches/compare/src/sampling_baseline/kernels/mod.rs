//! The loops around the products, compiled for what the processor offers.

mod loops;
mod measure;
mod sixteen;

use super::Sampled;
use sixteen::Sixteen;

/// The number of lanes that are processed at once.
pub const LANES: usize = 16;

/// Neighbouring points of one segment, in whole vectors.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The ends of the segment.
    pub from: &'a [f32],
    pub to: &'a [f32],
    /// The weight of each end at each point.
    pub s: &'a [f32],
    pub t: &'a [f32],
    /// Whether the first vector is added to the existing values.
    pub shared: bool,
}

/// A block of activations, one unit per row, and the bits of its columns, also one unit per row.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Numbers from one row of activations to the next.
    pub pitch: usize,
    /// Words from one row of bits to the next.
    pub bits_pitch: usize,
    /// The number of words, 64 columns each.
    pub words: usize,
}

/// A layer for [`Isa::layer`]: its outputs in tiles of at most [`TILE`], of nearly equal sizes.
pub struct TiledLayer {
    inputs: usize,
    biases: Vec<f32>,
    /// The outputs of each tile.
    tiles: Vec<usize>,
    /// Tile by tile, input by input, the weights to the outputs of the tile.
    weights: Vec<f32>,
}

/// Outputs whose sums are kept in registers.
const TILE: usize = 6;

impl TiledLayer {
    pub fn new(layer: &crate::F32Layer) -> Self {
        let (mut tiles, mut weights) = (vec![], vec![]);
        let count = layer.rows.div_ceil(TILE);
        for tile in 0..count {
            let rows = layer.rows * tile / count..layer.rows * (tile + 1) / count;
            tiles.push(rows.len());
            weights.extend((0..layer.cols).flat_map(|input| rows.clone().map(move |row| layer.w[row * layer.cols + input])));
        }
        Self { inputs: layer.cols, biases: layer.b.clone(), tiles, weights }
    }
}

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

macro_rules! dispatch {
    ($isa:expr, $name:ident($($arg:expr),*)) => {
        match $isa {
// SAFETY: `Isa` is private to this crate, and comes only from `available`, which has checked the processor.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { avx512::$name($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { avx2::$name($($arg),*) },
            Isa::Portable => portable::$name($($arg),*),
        }
    };
}

impl Isa {
    /// Every instruction set of this processor, best first.
    pub fn available() -> impl Iterator<Item = Self> {
        let mut list = vec![];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
        {
            if is_x86_feature_detected!("avx512f") {
                list.push(Isa::Avx512);
            }
            list.push(Isa::Avx2);
        }
        list.push(Isa::Portable);
        list.into_iter()
    }

    /// The best instruction set of this processor.
    pub fn detect() -> Self {
        Self::available().next().unwrap_or(Isa::Portable)
    }

    /// The points of a run, one per column; one coordinate per row, `pitch` apart.
    pub fn interpolate(self, run: Run, out: &mut [f32], pitch: usize) {
        dispatch!(self, interpolate(run, out, pitch));
    }

    /// The points of one segment with the given weights of its ends, one point per row.
    pub fn interpolate_rows(self, from: &[f32], to: &[f32], s: &[f32], t: &[f32], out: &mut [f32]) {
        dispatch!(self, interpolate_rows(from, to, s, t, out));
    }

    /// Adds the biases, takes the bits and rectifies.
    pub fn rectify(self, biases: &[f32], z: &mut [f32], bits: &mut [u64], shape: Shape) {
        dispatch!(self, rectify(biases, z, bits, shape));
    }

    /// A whole layer, from `x` to `z`: product, biases, bits and ReLU.
    pub fn layer(self, layer: &TiledLayer, x: &[f32], z: &mut [f32], bits: &mut [u64], shape: Shape) {
        dispatch!(self, layer(layer, x, z, bits, shape));
    }

    /// The measures of the `n` patterns from column `start` on; the bits of a unit are `pitch` words.
    pub fn measure(self, bits: &[u64], pitch: usize, start: usize, n: usize) -> Sampled {
        dispatch!(self, measure(bits, pitch, start, n))
    }
}

macro_rules! compile_for {
    ($name:ident, $vector:ident, $columns:literal $(, $features:literal)?) => {
        mod $name {
            use super::{Run, Sampled, Shape, TiledLayer, loops, measure, sixteen::$vector};

            $(#[target_feature(enable = $features)])?
            pub fn interpolate(run: Run, out: &mut [f32], pitch: usize) {
                loops::interpolate::<$vector>(run, out, pitch);
            }

            $(#[target_feature(enable = $features)])?
            pub fn interpolate_rows(from: &[f32], to: &[f32], s: &[f32], t: &[f32], out: &mut [f32]) {
                loops::interpolate_rows(from, to, s, t, out);
            }

            $(#[target_feature(enable = $features)])?
            pub fn rectify(biases: &[f32], z: &mut [f32], bits: &mut [u64], shape: Shape) {
                loops::rectify::<$vector>(biases, z, bits, shape);
            }

            $(#[target_feature(enable = $features)])?
            pub fn layer(layer: &TiledLayer, x: &[f32], z: &mut [f32], bits: &mut [u64], shape: Shape) {
                loops::layer::<$vector, $columns>(layer, x, z, bits, shape);
            }

            $(#[target_feature(enable = $features)])?
            pub fn measure(bits: &[u64], pitch: usize, start: usize, n: usize) -> Sampled {
                measure::measure(bits, pitch, start, n)
            }
        }
    };
}

// The last number: vectors of columns whose sums, for a tile of outputs, fit the registers.
#[cfg(target_arch = "x86_64")]
compile_for!(avx512, Avx512, 4, "avx512f,avx2,fma,bmi2,popcnt");
#[cfg(target_arch = "x86_64")]
compile_for!(avx2, Avx2, 1, "avx2,fma,bmi2,popcnt");
compile_for!(portable, Portable, 1);
