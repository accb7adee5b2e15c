//! Single-precision numbers taken apart and put together again (ARMv7-M A2.5): exact values,
//! rounding in every mode, flush-to-zero, and the cumulative exception flags.

/// FPSCR bits.
pub(super) mod fpscr {
    pub(in super::super) const INVALID: u32 = 1;
    pub(in super::super) const DIVIDE_BY_ZERO: u32 = 1 << 1;
    pub(in super::super) const OVERFLOW: u32 = 1 << 2;
    pub(in super::super) const UNDERFLOW: u32 = 1 << 3;
    pub(in super::super) const INEXACT: u32 = 1 << 4;
    pub(in super::super) const INPUT_DENORMAL: u32 = 1 << 7;
    pub(in super::super) const FLUSH_TO_ZERO: u32 = 1 << 24;
    pub(in super::super) const DEFAULT_NAN: u32 = 1 << 25;
    pub(in super::super) const ALTERNATIVE_HALF: u32 = 1 << 26;
    /// What FPDSCR gives to a new context.
    pub(in super::super) const DEFAULTS: u32 = 0x07C0_0000;
    pub(in super::super) const ALL: u32 = 0xF7C0_009F;
}

/// `FPSCR.RMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    Nearest,
    Up,
    Down,
    Zero,
}

/// A finite number but zero: `mantissa * 2^(exponent - 125)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finite {
    pub(super) negative: bool,
    pub(super) exponent: i32,
    pub(super) mantissa: u128,
}

/// The bit of a [`Finite`]'s mantissa that is worth `2^exponent`.
pub(super) const POINT: u32 = 125;

/// A number taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Zero { negative: bool },
    Finite(Finite),
    Infinity { negative: bool },
    Nan,
}

pub(super) const DEFAULT_NAN: u32 = 0x7FC0_0000;
const QUIET: u32 = 1 << 22;

/// Whether a bit pattern is any NaN.
pub(super) fn is_nan(bits: u32) -> bool {
    bits & 0x7FFF_FFFF > 0x7F80_0000
}

/// Whether a bit pattern is a NaN that signals.
pub(super) fn signals(bits: u32) -> bool {
    is_nan(bits) && bits & QUIET == 0
}

pub(super) fn infinity(negative: bool) -> u32 {
    u32::from(negative) << 31 | 0x7F80_0000
}

pub(super) fn zero(negative: bool) -> u32 {
    u32::from(negative) << 31
}

/// Exponent and fraction widths of a format.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) exponent: u32,
    pub(super) fraction: u32,
}

pub(super) const SINGLE: Format = Format {
    exponent: 8,
    fraction: 23,
};
pub(super) const HALF: Format = Format {
    exponent: 5,
    fraction: 10,
};

/// What an operation goes by and adds to: FPSCR.
pub(super) struct Context {
    pub(super) fpscr: u32,
}

impl Context {
    pub(super) fn rounding(&self) -> Rounding {
        match self.fpscr >> 22 & 3 {
            0 => Rounding::Nearest,
            1 => Rounding::Up,
            2 => Rounding::Down,
            _ => Rounding::Zero,
        }
    }

    pub(super) fn raise(&mut self, flag: u32) {
        self.fpscr |= flag;
    }

    pub(super) fn has(&self, flag: u32) -> bool {
        self.fpscr & flag != 0
    }

    /// Takes a number apart; a denormal one may count as zero.
    pub(super) fn unpack(&mut self, bits: u32) -> Number {
        let negative = bits >> 31 != 0;
        let exponent = (bits >> 23 & 0xFF) as i32;
        let fraction = bits & 0x7F_FFFF;
        match (exponent, fraction) {
            (0, 0) => Number::Zero { negative },
            (0, _) if self.has(fpscr::FLUSH_TO_ZERO) => {
                self.raise(fpscr::INPUT_DENORMAL);
                Number::Zero { negative }
            }
            (0, _) => Number::Finite(Finite {
                negative,
                exponent: -126,
                mantissa: u128::from(fraction) << (POINT - 23),
            }),
            (0xFF, 0) => Number::Infinity { negative },
            (0xFF, _) => Number::Nan,
            _ => Number::Finite(Finite {
                negative,
                exponent: exponent - 127,
                mantissa: u128::from(fraction | 1 << 23) << (POINT - 23),
            }),
        }
    }

    /// The NaN that an operation on these gives, if one of them is one: the first that signals, or
    /// the first.
    pub(super) fn nan_of(&mut self, operands: &[u32]) -> Option<u32> {
        let signalling = operands.iter().copied().find(|bits| signals(*bits));
        let nan = signalling.or_else(|| operands.iter().copied().find(|bits| is_nan(*bits)))?;
        if signalling.is_some() {
            self.raise(fpscr::INVALID);
        }
        Some(if self.has(fpscr::DEFAULT_NAN) {
            DEFAULT_NAN
        } else {
            nan | QUIET
        })
    }

    /// The result of an operation that has none.
    pub(super) fn invalid(&mut self) -> u32 {
        self.raise(fpscr::INVALID);
        DEFAULT_NAN
    }

    /// A value rounded to single precision.
    pub(super) fn round(&mut self, value: Finite) -> u32 {
        self.round_as(value, self.rounding(), SINGLE)
    }

    /// A value rounded to a format.
    pub(super) fn round_as(&mut self, value: Finite, mode: Rounding, format: Format) -> u32 {
        let negative = value.negative;
        let sign = u32::from(negative) << (format.exponent + format.fraction);
        let bias = (1 << (format.exponent - 1)) - 1;
        let zeros = value.mantissa.leading_zeros();
        if zeros == 128 {
            return sign;
        }
        let mut mantissa = value.mantissa << zeros;
        let mut biased = value.exponent + (127 - POINT as i32) - zeros as i32 + bias;
        let single = format.fraction == SINGLE.fraction;
        let tiny = biased < 1;
        if tiny {
            if single && self.has(fpscr::FLUSH_TO_ZERO) {
                self.raise(fpscr::UNDERFLOW);
                return sign;
            }
            mantissa = shift_right(mantissa, (1 - biased) as u32);
            biased = 0;
        }
        let kept = 127 - format.fraction;
        let fraction = (mantissa >> kept) as u32;
        let rest = mantissa << (128 - kept);
        let rounded = fraction + u32::from(rounds_up(mode, negative, fraction & 1 != 0, rest));
        // The leading one adds one to the exponent, as does a carry out of the fraction.
        let exponent = u32::try_from(biased).unwrap_or(0).saturating_sub(1);
        let bits = if biased == 0 {
            rounded
        } else {
            exponent
                .saturating_mul(1 << format.fraction)
                .saturating_add(rounded)
        };
        let most = (1 << format.exponent) - 1;
        if !single && self.has(fpscr::ALTERNATIVE_HALF) {
            // No infinity: one more exponent, and what is beyond is invalid.
            if bits >> format.fraction > most {
                self.raise(fpscr::INVALID);
                return sign | 0x7FFF;
            }
        } else if bits >> format.fraction >= most {
            self.raise(fpscr::OVERFLOW | fpscr::INEXACT);
            let to_infinity = match mode {
                Rounding::Nearest => true,
                Rounding::Zero => false,
                Rounding::Up => !negative,
                Rounding::Down => negative,
            };
            let infinity = most << format.fraction;
            return sign | if to_infinity { infinity } else { infinity - 1 };
        }
        if rest != 0 {
            self.raise(fpscr::INEXACT);
            if tiny {
                self.raise(fpscr::UNDERFLOW);
            }
        }
        sign | bits
    }

    /// A value times `2^scale` rounded to an integer of 32 or 16 bits, saturating.
    pub(super) fn integer_of(
        &mut self,
        bits: u32,
        scale: i32,
        mode: Rounding,
        range: (i64, i64),
    ) -> u32 {
        let (least, most) = range;
        let value = match self.unpack(bits) {
            Number::Zero { .. } => return 0,
            Number::Nan => {
                self.raise(fpscr::INVALID);
                return 0;
            }
            Number::Infinity { negative } => {
                self.raise(fpscr::INVALID);
                return if negative { least } else { most } as u32;
            }
            Number::Finite(value) => value,
        };
        let point = POINT as i32 - value.exponent - scale;
        let (whole, rest) = match point {
            // Beyond any integer register.
            ..64 => (i64::from(u32::MAX) + 1, 0),
            64..=127 => (
                (value.mantissa >> point) as i64,
                value.mantissa << (128 - point),
            ),
            128 => (0, value.mantissa),
            _ => (0, shift_right(value.mantissa, (point - 128) as u32)),
        };
        let up = rounds_up(mode, value.negative, whole & 1 != 0, rest);
        let magnitude = whole + i64::from(up);
        let integer = if value.negative {
            -magnitude
        } else {
            magnitude
        };
        if integer < least || integer > most {
            self.raise(fpscr::INVALID);
        } else if rest != 0 {
            self.raise(fpscr::INEXACT);
        }
        integer.clamp(least, most) as u32
    }
}

/// Shifts right; what falls out leaves a one behind.
pub(super) fn shift_right(value: u128, amount: u32) -> u128 {
    match amount {
        0 => value,
        1..=127 => value >> amount | u128::from(value << (128 - amount) != 0),
        _ => u128::from(value != 0),
    }
}

/// Whether rounding goes away from zero. `rest` is what is cut off, as a fraction of `2^128`.
fn rounds_up(mode: Rounding, negative: bool, odd: bool, rest: u128) -> bool {
    const HALFWAY: u128 = 1 << 127;
    match mode {
        Rounding::Nearest => rest > HALFWAY || (rest == HALFWAY && odd),
        Rounding::Up => rest != 0 && !negative,
        Rounding::Down => rest != 0 && negative,
        Rounding::Zero => false,
    }
}
