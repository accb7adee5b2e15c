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

/// What a supply that is off may still show, in millivolts: far less than any lock starts at.
const STRAY: i32 = 500;

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

/// Whether a lock that is connected stays without power; if that isn't known, why.
pub(super) fn off(
    file: &BenchFile,
    opened: bool,
    monitor: Option<&mut Monitor>,
) -> Result<(), String> {
    if matches!(file.supply, Source::Fixed(_)) {
        return Err("a fixed supply is always on".to_owned());
    }
    // To open it is to switch it off.
    if !opened {
        return Err("the supply does not answer and may be on".to_owned());
    }
    match monitor.map(Monitor::measure) {
        Some(Ok(measured)) if measured.millivolts > STRAY => Err(format!(
            "{} mV come from a supply that is off",
            measured.millivolts
        )),
        _ => Ok(()),
    }
}

/// The supply; its voltages only where `apart` says that none can reach the lock.
pub(super) fn examine(
    file: &BenchFile,
    apart: Result<(), &str>,
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
    match apart {
        Ok(()) => accuracy(file, supply, monitor, notes),
        Err(why) => notes.unknown("supply accuracy", why),
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
