//! The networks of the papers, given by their names.
//!
//! | name | network |
//! |---|---|
//! | `cantor:K` | CantorNet A of recursion depth K, 2-3-2-3-2-...-1: K times h <- relu(W1 h + b1), h <- relu(W2 h), where the first maps (x, y) to (3x - 2, 1 - 3x, y) and the second adds the first two. After j of these h = (A^j(x), y) with A(x) = max(3x - 2, 0, 1 - 3x); the output is y - (A^K(x) + 1) / 2 |
//! | `cantor-b:K`, `cantor-c:K` | CantorNet B and C, minima of maxima of affine forms, which have the zero set of A |
//! | `sawtooth:K` | Telgarsky's sawtooth 1-2-2-...-1: with the tent m(x) = 2 relu(x) - 4 relu(x - 1/2), layer l has the units m^l(x) and m^l(x) - 1/2, and the output is m^K(x); 2^K regions on [0, 1] |
//! | `zigzag:N:P:L` | the network of Montufar, Pascanu, Cho and Bengio: N inputs, L layers of N P units; unit w P + j of layer l is P z^l(x_w) - j, where z is the zig-zag of P pieces from [0, 1] onto [0, 1]; P^(N L) regions in the unit cube |
//! | `random:784-30-30-10@SEED`, `random-kaiming:...` | random weights, see [`random`] |
//! | `digits:3x20` | 60 hidden units in 3 layers, trained on the digits: 64 pixels n/16, ten outputs; also `2x30`, `4x15`, `5x12`, `6x10`, `10x6` |
//! | `digits:gelu:3x20`, `digits:tanh:3x20` | the same shapes, trained with GELU or tanh instead of ReLU |

mod cantor;
mod digits;
mod min_max;
mod random;
mod sawtooth;
mod size;
mod zigzag;

pub use cantor::cantor_first_maps;
pub use min_max::cantor_min_max_units;
pub use random::{Scheme, random};

use cantor::cantor;
use digits::digits;
use min_max::{cantor_b, cantor_c};
use sawtooth::sawtooth;
use zigzag::zigzag;

use super::Network;

/// The forms of all names, used in messages.
pub(crate) const FORMS: &str = "cantor:K, cantor-b:K, cantor-c:K, sawtooth:K, zigzag:N:P:L, random:784-30-30-10@SEED, \
    random-kaiming:784-30-30-10@SEED, digits:3x20, digits:gelu:3x20";

/// The errors of the name of a built-in network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZooError {
    /// The text after the name of the family is malformed.
    #[error("`{text}` is not a built-in network of the form {form}")]
    Syntax {
        /// The text.
        text: String,
        /// The expected form.
        form: &'static str,
    },
    /// A parameter is outside its range.
    #[error("{name} = {value} is not in the range {least} to {most} of {form}")]
    Range {
        /// The form of the name.
        form: &'static str,
        /// The name of the parameter.
        name: &'static str,
        /// The value that was given.
        value: u64,
        /// The least value.
        least: u64,
        /// The greatest value.
        most: u64,
    },
    /// The network would have too many coefficients.
    #[error("{what} would have {coefficients} weights and biases, expected at most {most}")]
    TooLarge {
        /// The name of the network.
        what: String,
        /// The number of its weights and biases.
        coefficients: u128,
        /// The limit for built-in networks.
        most: u128,
    },
    /// The system has not enough memory.
    #[error("there is not enough memory for the weights of {what}")]
    Memory {
        /// The name of the network.
        what: String,
    },
}

/// The built-in network of this name; `None` if the text does not begin with the name of a family.
///
/// # Errors
/// The name is malformed, a parameter is outside its range, or the network is too large.
///
/// ```
/// use plica::network::zoo;
/// assert_eq!(zoo::parse("zigzag:2:3:1").unwrap().unwrap().shape(), "2-6-2");
/// assert!(zoo::parse("zigzag:2").unwrap().is_err());
/// assert!(zoo::parse("network.npz").is_none());
/// ```
pub fn parse(spec: &str) -> Option<Result<Network, ZooError>> {
    let (family, rest) = spec.split_once(':').unwrap_or((spec, ""));
    let build: fn(&Name) -> Result<Network, ZooError> = match family {
        "cantor" => |name| cantor(name.one("cantor:K")?),
        "cantor-b" => |name| cantor_b(name.one("cantor-b:K")?),
        "cantor-c" => |name| cantor_c(name.one("cantor-c:K")?),
        "sawtooth" => |name| sawtooth(name.one("sawtooth:K")?),
        "zigzag" => |name| {
            let [n, p, l] = name.numbers("zigzag:N:P:L")?;
            zigzag(n, p, l)
        },
        "random" => |name| name.random("random:784-30-30-10@SEED", Scheme::Torch),
        "random-kaiming" => |name| name.random("random-kaiming:784-30-30-10@SEED", Scheme::Kaiming),
        "digits" => |name| digits(name.rest),
        _ => return None,
    };
    Some(build(&Name { spec, rest }))
}

/// The name of a network, and the text after the name of the family.
struct Name<'s> {
    spec: &'s str,
    rest: &'s str,
}

impl Name<'_> {
    fn bad(&self, form: &'static str) -> ZooError {
        ZooError::Syntax { text: self.spec.to_string(), form }
    }

    fn numbers<const N: usize>(&self, form: &'static str) -> Result<[u64; N], ZooError> {
        let numbers: Result<Vec<u64>, _> = self.rest.split(':').map(number).collect();
        numbers.ok().and_then(|n| n.try_into().ok()).ok_or_else(|| self.bad(form))
    }

    fn one(&self, form: &'static str) -> Result<u64, ZooError> {
        self.numbers(form).map(|[k]: [u64; 1]| k)
    }

    fn random(&self, form: &'static str, scheme: Scheme) -> Result<Network, ZooError> {
        let (widths, seed) = self.rest.split_once('@').unwrap_or((self.rest, "0"));
        let widths: Result<Vec<u64>, _> = widths.split('-').map(number).collect();
        let (Ok(widths), Ok(seed)) = (widths, number(seed)) else { return Err(self.bad(form)) };
        if widths.len() < 2 || widths.contains(&0) {
            return Err(self.bad(form));
        }
        random(&widths, scheme, seed)
    }
}

/// A number of digits only; `parse` alone would accept a plus sign too.
fn number(text: &str) -> Result<u64, ()> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().map_err(drop) } else { Err(()) }
}
