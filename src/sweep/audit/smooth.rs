//! Smooth functions in doubles, as a sampler computes them.

use crate::exact::nearest_f64;
use crate::network::Smooth;

/// A function of one double.
pub(super) type Function = Box<dyn Fn(f64) -> f64 + Send + Sync>;

/// The function by its usual formula in doubles, with rounded parameters.
pub(super) fn in_doubles(function: &Smooth) -> Function {
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    // For large z the exponential overflows, and the function is z.
    let softplus = |z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p();
    match function {
        Smooth::Tanh => Box::new(f64::tanh),
        Smooth::Sigmoid => Box::new(sigmoid),
        Smooth::Erf => Box::new(core_math::erf),
        Smooth::Softplus { beta } => {
            let beta = nearest_f64(beta);
            Box::new(move |z| softplus(beta * z) / beta)
        }
        Smooth::Gelu => Box::new(|z| 0.5 * z * (1.0 + core_math::erf(z * std::f64::consts::FRAC_1_SQRT_2))),
        Smooth::GeluTanh => {
            let factor = (2.0 / std::f64::consts::PI).sqrt();
            Box::new(move |z| 0.5 * z * (1.0 + (factor * (z + 0.044715 * z * z * z)).tanh()))
        }
        Smooth::Silu { beta } => {
            let beta = nearest_f64(beta);
            Box::new(move |z| z * sigmoid(beta * z))
        }
        Smooth::Elu { scale, alpha, width } => {
            let [scale, alpha, width] = [scale, alpha, width].map(nearest_f64);
            Box::new(move |z| if z > 0.0 { scale * z } else { scale * alpha * (z / width).exp_m1() })
        }
        Smooth::Mish => Box::new(move |z| z * softplus(z).tanh()),
        Smooth::Softsign => Box::new(|z| z / (1.0 + z.abs())),
        Smooth::Exp => Box::new(f64::exp),
        Smooth::Power { exponent } => {
            let exponent = nearest_f64(exponent);
            Box::new(move |z| z.powf(exponent))
        }
        Smooth::HardSwish => Box::new(|z| z * (z + 3.0).clamp(0.0, 6.0) / 6.0),
    }
}
