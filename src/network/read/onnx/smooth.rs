//! Operators that become smooth functions.

use super::call::Call;
use super::operators::exact;
use crate::network::graph::Smooth;
use rug::Rational;

/// The smooth function of an operator; `None` for other operators. Its parameters are the numbers of the attributes, without rounding;
/// constants of a definition, such as the 1/6 of HardSwish, are the real numbers.
pub(super) fn function(call: &Call<'_>) -> Result<Option<Smooth>, String> {
    let one = || Rational::from(1);
    let alpha = || positive(call, "alpha", 1.0);
    let function = match call.operator {
        "Tanh" => Smooth::Tanh,
        "Sigmoid" => Smooth::Sigmoid,
        "Erf" => Smooth::Erf,
        "Softplus" => Smooth::Softplus { beta: one() },
        "Gelu" => match &call.attributes.text("approximate", "none")[..] {
            "none" => Smooth::Gelu,
            "tanh" => Smooth::GeluTanh,
            other => return Err(format!("approximate is {other}, expected none or tanh")),
        },
        "Swish" => Smooth::Silu { beta: alpha()? },
        "Elu" => Smooth::Elu { scale: one(), alpha: alpha()?, width: one() },
        "Celu" => Smooth::Elu { scale: one(), alpha: alpha()?, width: alpha()? },
        "Selu" => {
            let (alpha, gamma) = (positive(call, "alpha", 1.673_263_2)?, positive(call, "gamma", 1.050_701)?);
            Smooth::Elu { scale: gamma, alpha, width: one() }
        }
        "Mish" => Smooth::Mish,
        "Softsign" => Smooth::Softsign,
        "HardSwish" => Smooth::HardSwish,
        "Exp" => Smooth::Exp,
        _ => return Ok(None),
    };
    Ok(Some(function))
}

/// An attribute that is a number above 0.
fn positive(call: &Call<'_>, name: &str, default: f32) -> Result<Rational, String> {
    let x = call.attributes.float(name, default)?;
    if x > 0.0 { Ok(exact(x)) } else { Err(format!("{name} is {x}, expected a number above 0")) }
}
