//! Functions of one variable that are not piecewise affine, by their exact definitions.

use rug::Rational;
use std::fmt;

/// A function y(z) of one variable that is not piecewise affine, applied to each element of a tensor.
///
/// Parameters are exact numbers; constants such as sqrt(2 / pi) are the real numbers, not their roundings.
///
/// All are activations, whose units have bits, but for [`Exp`](Self::Exp) and [`Power`](Self::Power). These two are arithmetic, as products are: softmax
/// and normalisation are composed of them, and they have no units.
///
/// ```
/// use plica::network::Smooth;
/// let silu = Smooth::silu(rug::Rational::from(1)).unwrap();
/// assert_eq!(silu.to_string(), "silu");
/// assert!(Smooth::celu(rug::Rational::from(0)).is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Smooth {
    /// tanh(z).
    Tanh,
    /// 1 / (1 + exp(-z)).
    Sigmoid,
    /// erf(z) = 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to z.
    Erf,
    /// ln(1 + exp(beta z)) / beta.
    Softplus {
        /// The gain beta > 0.
        beta: Rational,
    },
    /// z (1 + erf(z / sqrt(2))) / 2.
    Gelu,
    /// z (1 + tanh(sqrt(2 / pi) (z + c z^3))) / 2 with c = 0.044715, the decimal number.
    GeluTanh,
    /// z / (1 + exp(-beta z)), also called Swish.
    Silu {
        /// The gain beta > 0.
        beta: Rational,
    },
    /// scale z for z > 0, and scale alpha (exp(z / width) - 1) elsewhere: ELU, CELU and SELU.
    Elu {
        /// The factor of both sides, above 0.
        scale: Rational,
        /// The factor alpha > 0.
        alpha: Rational,
        /// The width, above 0.
        width: Rational,
    },
    /// z tanh(ln(1 + exp(z))).
    Mish,
    /// z / (1 + |z|).
    Softsign,
    /// z min(max(z + 3, 0), 6) / 6.
    HardSwish,
    /// exp(z). It has no units.
    Exp,
    /// z to a constant power. It has no units. With a negative whole exponent it is defined for all z but 0, with a fraction as exponent for
    /// z > 0.
    Power {
        /// The exponent: not 0 or 1, at most [`Smooth::MOST_EXPONENT`] in magnitude.
        exponent: Rational,
    },
}

/// The numbers for which a function is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// All numbers.
    All,
    /// All numbers but 0.
    NotZero,
    /// The numbers above 0.
    Positive,
}

impl Smooth {
    /// The limit for the magnitude of an exponent.
    pub const MOST_EXPONENT: u32 = 1024;

    /// z to a constant power; `None` for exponents 0 and 1, whose powers are affine, and for those above the limit.
    ///
    /// ```
    /// use plica::network::Smooth;
    /// let [root, cube] = [(1, 2), (3, 1)].map(|q| Smooth::power(q.into()).unwrap());
    /// assert_eq!((root.to_string(), cube.to_string()), ("square root".to_string(), "power 3".to_string()));
    /// assert!(Smooth::power(1.into()).is_none());
    /// ```
    pub fn power(exponent: Rational) -> Option<Self> {
        let function = Self::Power { exponent };
        function.has_valid_parameters().then_some(function)
    }

    /// Whether it is an activation, whose units have bits, and not arithmetic.
    #[must_use]
    pub fn is_activation(&self) -> bool {
        !matches!(self, Self::Exp | Self::Power { .. })
    }

    /// The numbers for which it is defined.
    pub(crate) fn domain(&self) -> Domain {
        match self {
            Self::Power { exponent } if !exponent.is_integer() => Domain::Positive,
            Self::Power { exponent } if *exponent < 0 => Domain::NotZero,
            _ => Domain::All,
        }
    }

    /// The exponent, if it is a power with a whole one. Its values are rational.
    pub(crate) fn whole_exponent(&self) -> Option<i32> {
        match self {
            Self::Power { exponent } if exponent.is_integer() => exponent.numer().to_i32(),
            _ => None,
        }
    }

    /// ln(1 + exp(beta z)) / beta for beta > 0; `None` for other beta.
    pub fn softplus(beta: Rational) -> Option<Self> {
        (beta > 0).then_some(Self::Softplus { beta })
    }

    /// z / (1 + exp(-beta z)) for beta > 0; `None` for other beta.
    pub fn silu(beta: Rational) -> Option<Self> {
        (beta > 0).then_some(Self::Silu { beta })
    }

    /// z for z > 0, and alpha (exp(z) - 1) elsewhere, for alpha > 0; `None` for other alpha.
    pub fn elu(alpha: Rational) -> Option<Self> {
        Self::selu(alpha, Rational::from(1))
    }

    /// z for z > 0, and alpha (exp(z / alpha) - 1) elsewhere, for alpha > 0; `None` for other alpha.
    pub fn celu(alpha: Rational) -> Option<Self> {
        (alpha > 0).then(|| Self::Elu { scale: Rational::from(1), width: alpha.clone(), alpha })
    }

    /// gamma z for z > 0, and gamma alpha (exp(z) - 1) elsewhere, for alpha > 0 and gamma > 0; `None` for others.
    pub fn selu(alpha: Rational, gamma: Rational) -> Option<Self> {
        (alpha > 0 && gamma > 0).then(|| Self::Elu { scale: gamma, alpha, width: Rational::from(1) })
    }

    /// Whether the parameters are those of a smooth function: all above 0, and an exponent within its limits.
    #[must_use]
    pub(super) fn has_valid_parameters(&self) -> bool {
        match self {
            Self::Softplus { beta } | Self::Silu { beta } => *beta > 0,
            Self::Elu { scale, alpha, width } => *scale > 0 && *alpha > 0 && *width > 0,
            Self::Power { exponent } => *exponent != 0 && *exponent != 1 && exponent.clone().abs() <= Self::MOST_EXPONENT,
            _ => true,
        }
    }

    /// Whether y(z) > 0 for all z, so that the sign of the output says nothing.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        matches!(self, Self::Sigmoid | Self::Softplus { .. } | Self::Exp)
    }
}

impl fmt::Display for Smooth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tanh => f.write_str("tanh"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::Erf => f.write_str("erf"),
            Self::Softplus { beta } if *beta == 1 => f.write_str("softplus"),
            Self::Softplus { beta } => write!(f, "softplus of gain {beta}"),
            Self::Gelu => f.write_str("gelu"),
            Self::GeluTanh => f.write_str("gelu by tanh"),
            Self::Silu { beta } if *beta == 1 => f.write_str("silu"),
            Self::Silu { beta } => write!(f, "silu of gain {beta}"),
            Self::Elu { scale, width, .. } if *scale == 1 && *width == 1 => f.write_str("elu"),
            Self::Elu { scale, alpha, width } if *scale == 1 && width == alpha => f.write_str("celu"),
            Self::Elu { .. } => f.write_str("selu"),
            Self::Mish => f.write_str("mish"),
            Self::Softsign => f.write_str("softsign"),
            Self::HardSwish => f.write_str("hard swish"),
            Self::Exp => f.write_str("exp"),
            Self::Power { exponent } if *exponent == Rational::from((1, 2)) => f.write_str("square root"),
            Self::Power { exponent } if *exponent == -1 => f.write_str("reciprocal"),
            Self::Power { exponent } => write!(f, "power {exponent}"),
        }
    }
}
