//! Networks with random weights, as before training.

use super::ZooError;
use super::size::{check_widths, matrix};
use crate::network::{Layer, Network};
use nalgebra::DVector;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The distribution of the weights of a random network. The biases are always uniform in +-1/sqrt(fan-in).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// PyTorch's default for Linear layers: weights uniform in +-1/sqrt(fan-in).
    Torch,
    /// He's initialisation for ReLU networks: weights uniform in +-sqrt(6/fan-in).
    Kaiming,
}

/// A random network of these widths, from the input to the output, with single-precision coefficients. It has the same bits on every
/// machine.
///
/// The random bits come from ChaCha with 8 rounds; the key is the seed in little-endian order, followed by zeros. 52 bits k give the number
/// (k + 1/2) / 2^51 - 1 in (-1, 1), which is multiplied by the bound and rounded to single precision. The numbers are drawn layer by layer,
/// in each layer the weights row by row and then the bias.
///
/// # Errors
/// There are fewer than two widths, a width is 0, there are more than 100 million weights and biases, or the memory is not enough.
///
/// ```
/// use plica::network::zoo::{Scheme, random};
/// let network = random(&[784, 30, 30, 10], Scheme::Torch, 7).unwrap();
/// assert!(network.layers().unwrap()[0].weights().iter().all(|w| w.abs() <= 1.0 / 28.0));
/// ```
pub fn random(widths: &[u64], scheme: Scheme, seed: u64) -> Result<Network, ZooError> {
    let shape = || format!("random:{}", widths.iter().map(u64::to_string).collect::<Vec<_>>().join("-"));
    if widths.len() < 2 || widths.contains(&0) {
        return Err(ZooError::Syntax { text: shape(), form: "random:784-30-30-10@SEED" });
    }
    check_widths(shape, widths.iter().copied())?;
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut bits = ChaCha8Rng::from_seed(key);
    let mut uniform = |bound: f64| {
        let k = (bits.next_u64() >> 12) as f64;
        let x = (k + 0.5) / (1u64 << 51) as f64 - 1.0; // exact: a multiple of 2^-52 in (-1, 1)
        f64::from((x * bound) as f32)
    };
    let mut layers = Vec::with_capacity(widths.len() - 1);
    for pair in widths.windows(2) {
        let fan_in = pair[0] as f64;
        let (inputs, outputs) = (pair[0] as usize, pair[1] as usize);
        let small = 1.0 / fan_in.sqrt();
        let bound = match scheme {
            Scheme::Torch => small,
            Scheme::Kaiming => (6.0 / fan_in).sqrt(),
        };
        let weights = matrix(shape, outputs, inputs, |_, _| uniform(bound))?;
        let bias: Vec<f64> = (0..outputs).map(|_| uniform(small)).collect();
        layers.push(Layer::from_f64(weights, DVector::from_vec(bias)));
    }
    Ok(Network::new(layers).expect("neighbouring widths chain"))
}
