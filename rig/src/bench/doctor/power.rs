//! Checks of the supply and the monitor: voltages are set, read back and measured with the lock
//! disconnected.

use std::time::Duration;

use crate::bench::file::{BenchFile, Source};
use crate::bench::supply::{Measured, Millivolts, Monitor, Supply, SupplyError};

use super::Notes;

/// Voltages that are tried, in millivolts, as far as the limit allows.
const VOLTS: [Millivolts; 4] = [3_000, 4_500, 5_100, 6_000];

/// How long a voltage has to settle.
const SETTLE: Duration = Duration::from_millis(300);

/// What a disconnected lock may seem to draw, in milliamperes.
const OFFSET: i32 = 10;

/// The monitor by itself.
pub(super) fn monitor(
    opened: Result<Option<Monitor>, SupplyError>,
    notes: &mut Notes<'_>,
) -> Option<Monitor> {
    let read = opened.and_then(|opened| {
        let Some(mut monitor) = opened else {
            return Ok(None);
        };
        let measured = monitor.measure()?;
        Ok(Some((monitor, measured)))
    });
    match read {
        Ok(Some((monitor, measured))) => {
            let volts = measured.millivolts;
            notes.passed("monitor", format!("{}, {volts} mV now", monitor.name()));
            Some(monitor)
        }
        Ok(None) => {
            notes.unknown("monitor", "the bench file has no `monitor`");
            None
        }
        Err(error) => {
            notes.failed("monitor", error);
            None
        }
    }
}

/// The supply, with the lock disconnected: `apart` says that its lines are known to be open.
pub(super) fn examine(
    file: &BenchFile,
    apart: bool,
    supply: &mut dyn Supply,
    monitor: Option<&mut Monitor>,
    notes: &mut Notes<'_>,
) {
    notes.passed("supply", supply.name());
    match file.supply {
        Source::Scpi(_) => notes.passed(
            "current limit",
            format!("{} mA, read back", file.limits.milliamperes),
        ),
        _ => notes.unknown(
            "current limit",
            "this supply has none that can be set: a fuse must do",
        ),
    }
    if !apart || file.enable.is_none() {
        let why = match apart {
            true => "without an `enable` line every voltage would reach the lock",
            false => "without its header nobody knows whether the lock is connected",
        };
        notes.unknown("supply accuracy", why);
    } else {
        accuracy(file, supply, monitor, notes);
    }
    if let Err(error) = supply.switch(false) {
        notes.failed("supply", error);
    }
}

/// Sets each voltage with the lock disconnected, and measures.
fn accuracy(
    file: &BenchFile,
    supply: &mut dyn Supply,
    mut monitor: Option<&mut Monitor>,
    notes: &mut Notes<'_>,
) {
    let fixed = match file.supply {
        Source::Fixed(millivolts) => vec![millivolts],
        _ => VOLTS.to_vec(),
    };
    let mut off = Vec::new();
    let mut last = None;
    for volts in fixed
        .into_iter()
        .filter(|volts| *volts <= file.limits.millivolts)
    {
        if notes.stopped() {
            return;
        }
        match try_volts(supply, monitor.as_deref_mut(), volts) {
            Ok(Some(measured)) => {
                let set = i32::try_from(volts).unwrap_or(i32::MAX);
                off.push((volts, measured.millivolts - set));
                last = Some(measured);
            }
            Ok(None) => {
                return notes.unknown("supply accuracy", "neither supply nor monitor measures");
            }
            Err(error) => return notes.failed("supply accuracy", error),
        }
    }
    let Some(measured) = last else {
        return notes.unknown(
            "supply accuracy",
            "the limit allows none of the voltages tried",
        );
    };
    let tolerance = file.limits.tolerance_millivolts;
    let each: Vec<String> = off
        .iter()
        .map(|(volts, off)| format!("{off:+} mV at {volts} mV"))
        .collect();
    let said = format!("{}; {tolerance} mV are allowed", each.join(", "));
    if off.iter().all(|(_, off)| off.unsigned_abs() <= tolerance) {
        notes.passed("supply accuracy", said);
    } else {
        notes.wrong(
            "supply accuracy",
            format!("{said}; check `full-scale`, wiring and channel"),
        );
    }
    match measured.milliamperes {
        Some(drawn) if drawn.abs() > OFFSET => notes.wrong(
            "current at rest",
            format!("{drawn} mA with the lock disconnected: does `enable` disconnect it?"),
        ),
        Some(drawn) => notes.passed(
            "current at rest",
            format!("{drawn} mA with the lock disconnected"),
        ),
        None => notes.unknown("current at rest", "nothing measures it"),
    }
}

fn try_volts(
    supply: &mut dyn Supply,
    monitor: Option<&mut Monitor>,
    volts: Millivolts,
) -> Result<Option<Measured>, SupplyError> {
    supply.set(volts)?;
    supply.switch(true)?;
    std::thread::sleep(SETTLE);
    Ok(match monitor {
        Some(monitor) => Some(monitor.measure()?),
        None => supply.measure()?,
    })
}
