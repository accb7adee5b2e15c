//! Checks of the supply and the monitor: voltages are set, read back and measured with the lock
//! disconnected; only when asked to go live is the lock fed, and a key pressed for its click.

use std::time::Duration;

use crate::bench::file::{BenchFile, Source};
use crate::bench::lines::{Bias, Gpio, Lines, Reader};
use crate::bench::pi::{PiError, open_monitor, open_supply, usb};
use crate::bench::probe::Probe;
use crate::bench::supply::{Measured, Millivolts, Monitor, Supply, SupplyError};
use crate::trace::{Channel, Contact, Nanos};

use super::{Depth, Notes};

/// Voltages that are tried, in millivolts, as far as the limit allows.
const VOLTS: [Millivolts; 4] = [3_000, 4_500, 5_100, 6_000];

/// How long a voltage has to settle.
const SETTLE: Duration = Duration::from_millis(300);

/// How long a lock may take to hear keys after power came.
const AWAKE: Duration = Duration::from_secs(4);

/// What a disconnected lock may seem to draw, in milliamperes.
const OFFSET: i32 = 10;

pub(super) fn examine(
    file: &BenchFile,
    header: &mut dyn Lines,
    depth: Depth,
    notes: &mut Notes<'_>,
) {
    let mut supply = match open_supply(file) {
        Ok(supply) => supply,
        Err(error) => return notes.failed("supply", error),
    };
    notes.passed("supply", supply.name());
    let mut monitor = match open_monitor(file) {
        Ok(monitor) => monitor,
        Err(error) => {
            notes.failed("monitor", error);
            None
        }
    };
    if file.enable.is_none() {
        notes.unknown(
            "supply accuracy",
            "without an `enable` line every voltage would reach the lock",
        );
    } else {
        accuracy(file, &mut *supply, monitor.as_mut(), notes);
    }
    if let Err(error) = supply.switch(false) {
        return notes.failed("supply", error);
    }
    if !depth.live {
        return;
    }
    if let Err(error) = live(file, header, &mut *supply, notes) {
        notes.failed("live", error);
    }
    // The lines come after: `end_safe` sees to both again.
    let _ = supply.switch(false);
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
    let mut worst: Option<(Millivolts, Measured, i32)> = None;
    for volts in fixed
        .into_iter()
        .filter(|volts| *volts <= file.limits.millivolts)
    {
        match try_volts(supply, monitor.as_deref_mut(), volts) {
            Ok(Some(measured)) => {
                let off = measured.millivolts - i32::try_from(volts).unwrap_or(i32::MAX);
                if worst.is_none_or(|(.., before)| off.abs() > before.abs()) {
                    worst = Some((volts, measured, off));
                }
            }
            Ok(None) => {
                return notes.unknown("supply accuracy", "neither supply nor monitor measures");
            }
            Err(error) => return notes.failed("supply accuracy", error),
        }
    }
    let Some((volts, measured, off)) = worst else {
        return notes.unknown(
            "supply accuracy",
            "the limit allows none of the voltages tried",
        );
    };
    let tolerance = file.limits.tolerance_millivolts;
    let said = format!("off by {off} mV at {volts} mV, at worst; {tolerance} mV are allowed");
    if off.unsigned_abs() <= tolerance {
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

/// Feeds the lock, presses a key, and listens for its click.
fn live(
    file: &BenchFile,
    header: &mut dyn Lines,
    supply: &mut dyn Supply,
    notes: &mut Notes<'_>,
) -> Result<(), PiError> {
    let key = file
        .contacts
        .iter()
        .find(|(contact, _)| matches!(contact, Contact::Key(_)));
    let Some((contact, switch)) = key else {
        notes.unknown("live", "no digit key is wired");
        return Ok(());
    };
    let senses: Vec<(Gpio, Bias)> = file
        .signals
        .values()
        .map(|sense| (sense.line, sense.pull))
        .collect();
    let tones: Vec<Gpio> = file
        .signals
        .get(&Channel::Beeper)
        .map(|sense| sense.line)
        .into_iter()
        .collect();
    let reader = Reader::start(header, &senses, &tones, file.lag)?;
    supply.set(file.limits.millivolts.min(6_000))?;
    supply.switch(true)?;
    if let Some(enable) = file.enable {
        header.set(enable.line, enable.drive(true))?;
    }
    std::thread::sleep(AWAKE);
    chip(file, notes);
    reader.edges(header.now(), Duration::from_millis(100))?;
    let pressed = header.now();
    header.set(switch.line, switch.drive(true))?;
    std::thread::sleep(Duration::from_millis(100));
    header.set(switch.line, switch.drive(false))?;
    let until = header.now() + Nanos::from_millis(400);
    let mut edges = Vec::new();
    loop {
        let (more, complete_to) = reader.edges(until, Duration::from_millis(20))?;
        edges.extend(more.into_iter().filter(|edge| edge.at >= pressed));
        if complete_to >= until {
            break;
        }
    }
    let heard: Vec<String> = file
        .signals
        .iter()
        .filter_map(|(channel, sense)| {
            let count = edges.iter().filter(|edge| edge.line == sense.line).count();
            (count > 0).then(|| format!("{channel} {count} edges"))
        })
        .collect();
    if heard.is_empty() {
        notes.wrong(
            "live",
            format!(
                "contact {contact} was pressed and no signal moved: check power, contact and signals with `rig wiring`"
            ),
        );
    } else {
        notes.passed(
            "live",
            format!("contact {contact} pressed: {}", heard.join(", ")),
        );
    }
    Ok(())
}

/// The chip behind the probe, left running as it is.
fn chip(file: &BenchFile, notes: &mut Notes<'_>) {
    let Some(settings) = &file.probe else {
        return;
    };
    let attached = usb::selector(&settings.which)
        .map_err(|error| error.to_string())
        .and_then(|selector| Probe::attach(&selector).map_err(|error| error.to_string()));
    match attached {
        Ok(_) => notes.passed("chip", format!("{} answers", settings.chip)),
        Err(error) => notes.failed("chip", error),
    }
}
