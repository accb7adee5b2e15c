//! Operations on single-precision numbers (ARMv7-M A2.5 and the FP pseudocode of A7.7): bit
//! patterns in, a bit pattern out, flags into FPSCR.

use super::number::{
    Context, DEFAULT_NAN, Finite, Format, HALF, Number, POINT, Rounding, SINGLE, fpscr, infinity,
    is_nan, shift_right, signals, zero,
};

const SIGN: u32 = 0x8000_0000;

pub(super) fn negate(bits: u32) -> u32 {
    bits ^ SIGN
}

pub(super) fn absolute(bits: u32) -> u32 {
    bits & !SIGN
}

/// The sum of two finite numbers, exact but for a sticky last bit; none where they cancel.
fn exact_sum(a: Finite, b: Finite) -> Option<Finite> {
    let normal = |value: Finite| {
        let zeros = value.mantissa.leading_zeros() as i32;
        let shift = zeros - (127 - POINT as i32);
        let mantissa = if shift >= 0 {
            value.mantissa << shift
        } else {
            value.mantissa >> -shift
        };
        Finite {
            exponent: value.exponent - shift,
            mantissa,
            ..value
        }
    };
    let (a, b) = (normal(a), normal(b));
    let (large, small) = if (a.exponent, a.mantissa) >= (b.exponent, b.mantissa) {
        (a, b)
    } else {
        (b, a)
    };
    let aligned = shift_right(small.mantissa, (large.exponent - small.exponent) as u32);
    let mantissa = if large.negative == small.negative {
        large.mantissa + aligned
    } else {
        large.mantissa - aligned
    };
    (mantissa != 0).then_some(Finite { mantissa, ..large })
}

/// The product of two finite numbers, exact.
fn exact_product(a: Finite, b: Finite) -> Finite {
    // 24 significant bits each, below the point's bit.
    let down = POINT - 23;
    Finite {
        negative: a.negative != b.negative,
        exponent: a.exponent + b.exponent,
        mantissa: ((a.mantissa >> down) * (b.mantissa >> down)) << (POINT - 46),
    }
}

impl Context {
    /// The sign of an exact zero that a sum gives.
    fn zero_sum(&self) -> u32 {
        zero(self.rounding() == Rounding::Down)
    }

    pub(super) fn add(&mut self, a: u32, b: u32) -> u32 {
        let (x, y) = (self.unpack(a), self.unpack(b));
        if let Some(nan) = self.nan_of(&[a, b]) {
            return nan;
        }
        match (x, y) {
            (Number::Infinity { negative: n }, Number::Infinity { negative: m }) if n != m => {
                self.invalid()
            }
            (Number::Infinity { negative }, _) | (_, Number::Infinity { negative }) => {
                infinity(negative)
            }
            (Number::Zero { negative: n }, Number::Zero { negative: m }) if n == m => zero(n),
            (Number::Zero { .. }, Number::Zero { .. }) => self.zero_sum(),
            (Number::Finite(value), Number::Zero { .. })
            | (Number::Zero { .. }, Number::Finite(value)) => self.round(value),
            (Number::Finite(x), Number::Finite(y)) => match exact_sum(x, y) {
                Some(sum) => self.round(sum),
                None => self.zero_sum(),
            },
            (Number::Nan, _) | (_, Number::Nan) => DEFAULT_NAN,
        }
    }

    pub(super) fn subtract(&mut self, a: u32, b: u32) -> u32 {
        // A NaN keeps its sign.
        if is_nan(a) || is_nan(b) {
            self.add(a, b)
        } else {
            self.add(a, negate(b))
        }
    }

    pub(super) fn multiply(&mut self, a: u32, b: u32) -> u32 {
        let (x, y) = (self.unpack(a), self.unpack(b));
        if let Some(nan) = self.nan_of(&[a, b]) {
            return nan;
        }
        let negative = (a ^ b) & SIGN != 0;
        match (x, y) {
            (Number::Infinity { .. }, Number::Zero { .. })
            | (Number::Zero { .. }, Number::Infinity { .. }) => self.invalid(),
            (Number::Infinity { .. }, _) | (_, Number::Infinity { .. }) => infinity(negative),
            (Number::Finite(x), Number::Finite(y)) => self.round(exact_product(x, y)),
            _ => zero(negative),
        }
    }

    pub(super) fn divide(&mut self, a: u32, b: u32) -> u32 {
        let (x, y) = (self.unpack(a), self.unpack(b));
        if let Some(nan) = self.nan_of(&[a, b]) {
            return nan;
        }
        let negative = (a ^ b) & SIGN != 0;
        match (x, y) {
            (Number::Infinity { .. }, Number::Infinity { .. })
            | (Number::Zero { .. }, Number::Zero { .. }) => self.invalid(),
            (Number::Infinity { .. }, _) => infinity(negative),
            (Number::Finite(_), Number::Zero { .. }) => {
                self.raise(fpscr::DIVIDE_BY_ZERO);
                infinity(negative)
            }
            (Number::Finite(x), Number::Finite(y)) => {
                let dividend = x.mantissa >> (POINT - 23);
                let divisor = y.mantissa >> (POINT - 23);
                let wide = dividend << 64;
                let quotient = (wide / divisor) | u128::from(!wide.is_multiple_of(divisor));
                self.round(Finite {
                    negative,
                    exponent: x.exponent - y.exponent + (POINT as i32 - 64),
                    mantissa: quotient,
                })
            }
            _ => zero(negative),
        }
    }

    pub(super) fn square_root(&mut self, a: u32) -> u32 {
        let x = self.unpack(a);
        if let Some(nan) = self.nan_of(&[a]) {
            return nan;
        }
        match x {
            Number::Zero { negative } => zero(negative),
            Number::Infinity { negative: false } => a,
            Number::Finite(x) if !x.negative => {
                // mantissa * 2^(exponent - 125), with an even exponent in all.
                let power = x.exponent - POINT as i32;
                let (mantissa, power) = if power & 1 == 0 {
                    (x.mantissa, power)
                } else {
                    (x.mantissa << 1, power - 1)
                };
                let root = mantissa.isqrt();
                let inexact = root * root != mantissa;
                self.round(Finite {
                    negative: false,
                    exponent: power / 2 + POINT as i32 - 1,
                    mantissa: root << 1 | u128::from(inexact),
                })
            }
            _ => self.invalid(),
        }
    }

    /// `addend + a * b`, rounded once.
    pub(super) fn multiply_add(&mut self, addend: u32, a: u32, b: u32) -> u32 {
        let (x, y) = (self.unpack(a), self.unpack(b));
        let z = self.unpack(addend);
        let negative = (a ^ b) & SIGN != 0;
        let no_product = matches!(
            (x, y),
            (Number::Infinity { .. }, Number::Zero { .. })
                | (Number::Zero { .. }, Number::Infinity { .. })
        );
        if no_product && is_nan(addend) && !signals(addend) {
            return self.invalid();
        }
        if let Some(nan) = self.nan_of(&[addend, a, b]) {
            return nan;
        }
        if no_product {
            return self.invalid();
        }
        let product_infinite =
            matches!(x, Number::Infinity { .. }) || matches!(y, Number::Infinity { .. });
        match (z, product_infinite) {
            (Number::Infinity { negative: n }, true) if n != negative => return self.invalid(),
            (Number::Infinity { negative: n }, _) => return infinity(n),
            (_, true) => return infinity(negative),
            _ => {}
        }
        match (x, y, z) {
            (Number::Finite(x), Number::Finite(y), Number::Finite(z)) => {
                match exact_sum(exact_product(x, y), z) {
                    Some(sum) => self.round(sum),
                    None => self.zero_sum(),
                }
            }
            (Number::Finite(x), Number::Finite(y), _) => self.round(exact_product(x, y)),
            (_, _, Number::Finite(z)) => self.round(z),
            (_, _, Number::Zero { negative: n }) if n == negative => zero(n),
            _ => self.zero_sum(),
        }
    }

    /// Compares; N, Z, C, V as FPSCR has them. `quiet` NaNs are invalid, too, where asked for.
    pub(super) fn compare(&mut self, a: u32, b: u32, quiet_is_invalid: bool) -> u32 {
        let (x, y) = (self.unpack(a), self.unpack(b));
        if is_nan(a) || is_nan(b) {
            if quiet_is_invalid || signals(a) || signals(b) {
                self.raise(fpscr::INVALID);
            }
            return 0b0011;
        }
        let order = |number, bits: u32| match number {
            Number::Zero { .. } => 0,
            _ if bits & SIGN != 0 => -i64::from(absolute(bits)),
            _ => i64::from(bits),
        };
        match order(x, a).cmp(&order(y, b)) {
            std::cmp::Ordering::Equal => 0b0110,
            std::cmp::Ordering::Less => 0b1000,
            std::cmp::Ordering::Greater => 0b0010,
        }
    }

    /// An integer times `2^-scale`.
    pub(super) fn float_of(&mut self, integer: i64, scale: i32, mode: Rounding) -> u32 {
        if integer == 0 {
            return 0;
        }
        let value = Finite {
            negative: integer < 0,
            exponent: POINT as i32 - scale,
            mantissa: integer.unsigned_abs().into(),
        };
        self.round_as(value, mode, SINGLE)
    }

    pub(super) fn half_to_single(&mut self, half: u16) -> u32 {
        let bits = u32::from(half);
        let sign = bits >> 15 << 31;
        let (exponent, fraction) = (bits >> 10 & 0x1F, bits & 0x3FF);
        if exponent == 0x1F && !self.has(fpscr::ALTERNATIVE_HALF) {
            // The same NaN, wider.
            let wide = sign | 0x7F80_0000 | fraction << 13;
            return self.nan_of(&[wide]).unwrap_or(wide);
        }
        let (leading, exponent) = match exponent {
            0 => (0, -14),
            _ => (0x400, exponent as i32 - 15),
        };
        let value = Finite {
            negative: sign != 0,
            exponent: exponent + POINT as i32 - 10,
            mantissa: u128::from(fraction | leading),
        };
        // Always exact.
        self.round_as(value, Rounding::Nearest, SINGLE)
    }

    pub(super) fn single_to_half(&mut self, bits: u32) -> u16 {
        let sign = (bits >> 16) as u16 & 0x8000;
        let alternative = self.has(fpscr::ALTERNATIVE_HALF);
        match self.unpack(bits) {
            Number::Zero { .. } => sign,
            Number::Infinity { .. } if alternative => {
                self.raise(fpscr::INVALID);
                sign | 0x7FFF
            }
            Number::Infinity { .. } => sign | 0x7C00,
            Number::Nan => {
                if alternative || signals(bits) {
                    self.raise(fpscr::INVALID);
                }
                if alternative {
                    sign
                } else if self.has(fpscr::DEFAULT_NAN) {
                    0x7E00
                } else {
                    sign | 0x7E00 | (bits >> 13 & 0x1FF) as u16
                }
            }
            Number::Finite(value) => {
                let format: Format = HALF;
                self.round_as(value, self.rounding(), format) as u16
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn context() -> Context {
        Context { fpscr: 0 }
    }

    /// Any pattern, but often with an exponent where something happens.
    fn operand() -> impl Strategy<Value = u32> {
        let exponents = prop::sample::select(vec![0u32, 1, 2, 126, 127, 128, 150, 253, 254, 255]);
        let close = (any::<u32>(), exponents).prop_map(|(bits, e)| bits & 0x807F_FFFF | e << 23);
        prop_oneof![any::<u32>(), close]
    }

    /// The host's result, with NaNs as one. The bits decide: an optimiser may take a question about
    /// the number for one about what it was computed from.
    fn host(result: f32) -> u32 {
        ours(std::hint::black_box(result).to_bits())
    }

    fn ours(result: u32) -> u32 {
        if is_nan(result) { DEFAULT_NAN } else { result }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn rounded_to_nearest_the_host_says_the_same(a in operand(), b in operand(), c in operand()) {
            let [x, y, z] = [a, b, c].map(f32::from_bits);
            prop_assert_eq!(ours(context().add(a, b)), host(x + y));
            prop_assert_eq!(ours(context().subtract(a, b)), host(x - y));
            prop_assert_eq!(ours(context().multiply(a, b)), host(x * y));
            prop_assert_eq!(ours(context().divide(a, b)), host(x / y));
            prop_assert_eq!(ours(context().square_root(a)), host(x.sqrt()));
            prop_assert_eq!(ours(context().multiply_add(c, a, b)), host(x.mul_add(y, z)));
        }

        #[test]
        fn integers_go_there_and_back(value: i32, fraction in 0i32..8) {
            let mut context = context();
            let small = i64::from(value >> 8);
            let bits = context.float_of(small, fraction, Rounding::Nearest);
            let range = (i64::from(i32::MIN), i64::from(i32::MAX));
            let back = context.integer_of(bits, fraction, Rounding::Zero, range);
            prop_assert_eq!(i64::from(back as i32), small);
            prop_assert_eq!(context.fpscr, 0, "exactly");
        }

        #[test]
        fn halves_go_there_and_back(half: u16) {
            let mut context = context();
            let wide = context.half_to_single(half);
            let signalling = half & 0x7C00 == 0x7C00 && half & 0x3FF != 0 && half & 0x200 == 0;
            let expected = if signalling { half | 0x200 } else { half };
            prop_assert_eq!(context.single_to_half(wide), expected);
        }
    }

    #[test]
    fn rounding_modes_differ_by_one_in_the_last_place() {
        let third = |mode: u32| {
            let mut context = Context { fpscr: mode << 22 };
            let bits = context.divide(1f32.to_bits(), (-3f32).to_bits());
            (bits & 0xF, context.fpscr & 0x9F)
        };
        let inexact = fpscr::INEXACT;
        assert_eq!(
            [0, 1, 2, 3].map(third),
            [
                (0xB, inexact),
                (0xA, inexact),
                (0xB, inexact),
                (0xA, inexact)
            ]
        );
    }
}
