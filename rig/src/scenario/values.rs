//! Quantities as a scenario writes them, always with their unit: `30s`, `4.6 V`, `5ms + 2%`.

use crate::outcome::number;
use crate::snapshot::Tolerance;
use crate::trace::Nanos;

/// What is wrong with a quantity, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) what: String,
    pub(crate) help: String,
}

impl Wrong {
    pub(crate) fn new(what: impl Into<String>, help: impl Into<String>) -> Wrong {
        Wrong {
            what: what.into(),
            help: help.into(),
        }
    }
}

const TIME_UNITS: [(&str, u64); 4] = [
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
];

/// The longest time a step may take.
const LONGEST: Nanos = Nanos::from_secs(24 * 3600);

/// A time longer than zero and no longer than a day.
pub(crate) fn duration(text: &str) -> Result<Nanos, Wrong> {
    let time = any_duration(text)?;
    if time == Nanos::ZERO {
        return Err(Wrong::new(
            format!("`{text}` is no time at all"),
            "leave the step out, or give it a time above zero",
        ));
    }
    Ok(time)
}

fn any_duration(text: &str) -> Result<Nanos, Wrong> {
    let help = "write a time like `250ms`, `1.5s` or `2min`";
    let (number, unit) = split(text);
    let Some(number) = Decimal::parse(number) else {
        return Err(Wrong::new(format!("`{text}` is not a time"), help));
    };
    let Some((_, scale)) = TIME_UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(if unit.is_empty() {
            Wrong::new(
                format!("`{text}` has no unit"),
                format!("write `{text}s` or `{text}ms`"),
            )
        } else {
            Wrong::new(format!("`{unit}` is not a unit of time"), help)
        });
    };
    let nanos = number
        .times(*scale)
        .ok_or_else(|| Wrong::new(format!("`{text}` is finer than a nanosecond"), help))?;
    if nanos > LONGEST.0 {
        return Err(Wrong::new(
            format!("`{text}` is longer than a day"),
            "a step takes 24 hours at most",
        ));
    }
    Ok(Nanos(nanos))
}

/// A pack voltage, in millivolts.
pub(crate) fn millivolts(text: &str) -> Result<u32, Wrong> {
    let help = "write a voltage like `4.6 V` or `4600 mV`";
    let most = 9_000;
    let value = quantity(text, &[("mV", 1), ("V", 1_000)], "voltage", help)?;
    if value > most {
        return Err(Wrong::new(
            format!("`{text}` is more than the lock survives"),
            "four cells give 0 V to 9 V",
        ));
    }
    Ok(value)
}

/// A resistance, in milliohms.
pub(crate) fn milliohms(text: &str) -> Result<u32, Wrong> {
    let help = "write a resistance like `0.6 ohm` or `600 mohm`";
    quantity(text, &[("mohm", 1), ("ohm", 1_000)], "resistance", help)
}

/// A share from 0% to 100%, in thousandths.
pub(crate) fn share(text: &str) -> Result<u32, Wrong> {
    text.strip_suffix('%')
        .and_then(|number| Decimal::parse(number.trim()))
        .and_then(|number| number.times(10))
        .and_then(|permille| u32::try_from(permille).ok())
        .filter(|permille| *permille <= 1_000)
        .ok_or_else(|| {
            Wrong::new(
                format!("`{text}` is not a share from 0% to 100%"),
                "write a share like `20%`",
            )
        })
}

/// A count of at least one and at most `most`.
pub(crate) fn count(text: &str, most: u32) -> Result<u32, Wrong> {
    match number(text) {
        Some(count) if (1..=most).contains(&count) => Ok(count),
        _ => Err(Wrong::new(
            format!("`{text}` is not a number of times"),
            format!("write a whole number from 1 to {most}"),
        )),
    }
}

/// `5ms`, `2%` or `5ms + 2%`.
pub(crate) fn tolerance(text: &str) -> Result<Tolerance, Wrong> {
    let help = "write a tolerance like `5ms`, `2%` or `5ms + 2%`";
    let mut tolerance = Tolerance::EXACT;
    let parts: Vec<&str> = text.split('+').map(str::trim).collect();
    let (fixed, share) = match parts.as_slice() {
        [one] if one.ends_with('%') => (None, Some(*one)),
        [one] => (Some(*one), None),
        [fixed, share] if share.ends_with('%') => (Some(*fixed), Some(*share)),
        _ => return Err(Wrong::new(format!("`{text}` is not a tolerance"), help)),
    };
    if let Some(fixed) = fixed {
        let time = any_duration(fixed)?;
        if time.0 % 1_000_000 != 0 {
            return Err(Wrong::new(
                format!("`{fixed}` is finer than a millisecond"),
                help,
            ));
        }
        // A day is the longest, in milliseconds it fits.
        tolerance.millis = (time.0 / 1_000_000) as u32;
    }
    if let Some(share) = share {
        tolerance.permille = Decimal::parse(share.trim_end_matches('%').trim())
            .and_then(|number| number.times(10))
            .and_then(|permille| u32::try_from(permille).ok())
            .filter(|permille| *permille <= 500)
            .ok_or_else(|| Wrong::new(format!("`{share}` is not a share from 0% to 50%"), help))?;
    }
    Ok(tolerance)
}

/// A number with one of `units`, in the smallest of them.
pub(crate) fn quantity(
    text: &str,
    units: &[(&str, u64)],
    noun: &str,
    help: &str,
) -> Result<u32, Wrong> {
    let (number, unit) = split(text);
    let Some(number) = Decimal::parse(number) else {
        return Err(Wrong::new(format!("`{text}` is not a {noun}"), help));
    };
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(if unit.is_empty() {
            Wrong::new(format!("`{text}` has no unit"), help)
        } else {
            Wrong::new(format!("`{unit}` is not a unit of {noun}"), help)
        });
    };
    number
        .times(*scale)
        .and_then(|value| u32::try_from(value).ok())
        .ok_or_else(|| Wrong::new(format!("`{text}` is too large or too fine"), help))
}

/// The number in front and the unit after it.
pub(super) fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

/// A decimal as written: binary fractions would make 0.1 s some other time.
pub(super) struct Decimal {
    digits: u64,
    decimals: u32,
}

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || (text.contains('.') && part.is_empty()) {
            return None;
        }
        let digits = format!("{whole}{part}");
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Decimal {
            digits: digits.parse().ok()?,
            decimals: u32::try_from(part.len()).ok()?,
        })
    }

    /// How many digits are behind the point.
    pub(super) const fn decimals(&self) -> u32 {
        self.decimals
    }

    /// This many `scale`s, when that is a whole number.
    pub(super) fn times(&self, scale: u64) -> Option<u64> {
        let value = u128::from(self.digits) * u128::from(scale);
        let divisor = 10u128.checked_pow(self.decimals)?;
        if value % divisor != 0 {
            return None;
        }
        u64::try_from(value / divisor).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_exact() {
        for (text, nanos) in [
            ("30s", 30_000_000_000),
            ("250ms", 250_000_000),
            ("0.1 s", 100_000_000),
            ("2 min", 120_000_000_000),
            ("0.000000001s", 1),
            ("15us", 15_000),
        ] {
            assert_eq!(duration(text), Ok(Nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn wrong_quantities_say_what_would_be_right() {
        let mut out = String::new();
        let mut note = |text: &str, wrong: Wrong| {
            out += &format!("{text:?}: {}; {}\n", wrong.what, wrong.help);
        };
        for text in [
            "30",
            "",
            "s",
            "30 sec",
            "0s",
            "-5s",
            "1.s",
            ".5s",
            "1e3s",
            "25h",
            "25000min",
            "0.0000000001s",
            "99999999999999999999s",
        ] {
            note(text, duration(text).unwrap_err());
        }
        for text in ["4.6", "six V", "4.6 v", "12 V", "4.00001 V", "9999999 V"] {
            note(text, millivolts(text).unwrap_err());
        }
        note("2", milliohms("2").unwrap_err());
        note("0", count("0", 9).unwrap_err());
        for text in ["5", "2% + 5ms", "60%", "5ms + 2ms", "5ms + x%", "500us"] {
            note(text, tolerance(text).unwrap_err());
        }
        insta::assert_snapshot!(out);
    }

    #[test]
    fn a_tolerance_has_two_parts() {
        let both = tolerance("5ms + 2.5 %").unwrap();
        assert_eq!((both.millis, both.permille), (5, 25));
        assert_eq!(tolerance("1%").unwrap().millis, 0);
        assert_eq!(tolerance("0ms"), Ok(Tolerance::EXACT));
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_a_mistake(text in "\\PC*") {
            let _ = duration(&text);
            let _ = millivolts(&text);
            let _ = tolerance(&text);
        }

        #[test]
        fn milliseconds_come_out_as_they_went_in(ms in 1u64..86_400_000) {
            prop_assert_eq!(duration(&format!("{ms}ms")), Ok(Nanos::from_millis(ms)));
            prop_assert_eq!(duration(&format!("{}.{:03}s", ms / 1000, ms % 1000)), Ok(Nanos::from_millis(ms)));
        }
    }
}
