//! Continuous piecewise affine functions of one variable, for elementwise activations.

use rug::Rational;

/// A continuous, piecewise affine function y(z): slopes s_0, ..., s_k between breakpoints b_1 < ... < b_k, and a constant.
///
/// On (b_i, b_(i+1)] it is s_i z + c_i. A unit has one bit for each breakpoint, active where z > b_i.
///
/// ```
/// use plica::network::Piecewise;
/// use rug::Rational;
/// let hard_tanh = Piecewise::clip(Some((-1).into()), Some(1.into()));
/// assert_eq!(hard_tanh.breakpoints(), [Rational::from(-1), Rational::from(1)]);
/// assert_eq!(hard_tanh.at(&Rational::from((1, 3))), Rational::from((1, 3)));
/// assert_eq!(hard_tanh.at(&Rational::from(3)), Rational::from(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Piecewise {
    breakpoints: Vec<Rational>,
    slopes: Vec<Rational>,
    constants: Vec<Rational>,
}

impl Piecewise {
    /// The function with these breakpoints and slopes that is s_0 z + `constant` before the first breakpoint. `None` if the breakpoints do
    /// not ascend, or the number of slopes is not that of the breakpoints plus one.
    pub fn new(breakpoints: Vec<Rational>, slopes: Vec<Rational>, constant: Rational) -> Option<Self> {
        if slopes.len() != breakpoints.len() + 1 || breakpoints.windows(2).any(|pair| pair[0] >= pair[1]) {
            return None;
        }
        let mut constants = vec![constant];
        for (i, b) in breakpoints.iter().enumerate() {
            // s_i b + c_i = s_(i+1) b + c_(i+1).
            let jump = Rational::from(&slopes[i] - &slopes[i + 1]) * b;
            constants.push(jump + &constants[i]);
        }
        Some(Self { breakpoints, slopes, constants })
    }

    /// max(z, 0).
    pub fn relu() -> Self {
        Self::leaky_relu(Rational::new())
    }

    /// z where z > 0, and `slope` z elsewhere. A PReLU has one such function for each channel.
    pub fn leaky_relu(slope: Rational) -> Self {
        Self::new(vec![Rational::new()], vec![slope, 1.into()], Rational::new()).expect("one breakpoint, two slopes")
    }

    /// |z|.
    pub fn absolute() -> Self {
        Self::leaky_relu((-1).into())
    }

    /// min(max(z, lo), hi); either bound may be `None`. ReLU6 has the bounds 0 and 6, hard tanh -1 and 1.
    ///
    /// If `hi` <= `lo` it is the constant `hi`, without a breakpoint.
    pub fn clip(lo: Option<Rational>, hi: Option<Rational>) -> Self {
        let one = Rational::from(1);
        let (slopes, constant) = match (&lo, &hi) {
            (Some(lo), Some(hi)) if hi <= lo => return Self::new(vec![], vec![Rational::new()], hi.clone()).expect("no breakpoint"),
            (Some(lo), Some(_)) => (vec![Rational::new(), one, Rational::new()], lo.clone()),
            (Some(lo), None) => (vec![Rational::new(), one], lo.clone()),
            (None, Some(_)) => (vec![one, Rational::new()], Rational::new()),
            (None, None) => (vec![one], Rational::new()),
        };
        Self::new([lo, hi].into_iter().flatten().collect(), slopes, constant).expect("lo < hi")
    }

    /// max(0, min(1, alpha z + beta)) for alpha > 0; `None` for alpha <= 0.
    pub fn hard_sigmoid(alpha: &Rational, beta: &Rational) -> Option<Self> {
        let at = |y: u32| (Rational::from(y) - beta) / alpha;
        if *alpha <= 0 {
            return None;
        }
        Self::new(vec![at(0), at(1)], vec![Rational::new(), alpha.clone(), Rational::new()], Rational::new())
    }

    /// The identity with a breakpoint at 0: its bit says whether z > 0.
    pub(crate) fn probe() -> Self {
        Self::leaky_relu(1.into())
    }

    /// The breakpoints, ascending.
    pub fn breakpoints(&self) -> &[Rational] {
        &self.breakpoints
    }

    /// The slopes: one more than there are breakpoints.
    pub fn slopes(&self) -> &[Rational] {
        &self.slopes
    }

    /// The constants c_i of the parts s_i z + c_i.
    pub fn constants(&self) -> &[Rational] {
        &self.constants
    }

    /// The index of the part that contains z: the number of breakpoints below z.
    pub fn part(&self, z: &Rational) -> usize {
        self.breakpoints.partition_point(|b| b < z)
    }

    /// The value at z.
    pub fn at(&self, z: &Rational) -> Rational {
        let part = self.part(z);
        Rational::from(&self.slopes[part] * z) + &self.constants[part]
    }
}
