//! The parts that a bench file names, opened; and each made safe, for the bench itself and for its
//! guard.

use crate::bench::BenchError;
use crate::bench::file::{BenchFile, Source};
use crate::bench::lines::{
    Bias, Board, Gpio, LineError, Lines, RaspberryPi, Reader, Rehearsal, Wires,
};
use crate::bench::probe::Image;
use crate::bench::supply::{Dac, Fixed, Monitor, Scpi, Supply, SupplyError, open_bus};
use crate::trace::Channel;

use super::PiError;
use super::stand_in::StandIn;

/// The header, and in a rehearsal whatever stands in for the lock.
pub(crate) fn open_lines(file: &BenchFile) -> Result<Box<dyn Lines>, PiError> {
    if !file.header.is_rehearsal() {
        return Ok(Box::new(RaspberryPi::open()?));
    }
    let board: Box<dyn Board> = match &file.image {
        None => Box::new(Wires::new(&file.loopback)),
        Some(path) => {
            let bytes = std::fs::read(path)
                .map_err(|error| PiError::StandIn(format!("{}: {error}", path.display())))?;
            let image = Image::from_elf(&bytes).map_err(BenchError::from);
            let lock = image.and_then(|image| StandIn::flashed(file, &image));
            Box::new(lock.map_err(|error| PiError::StandIn(error.to_string()))?)
        }
    };
    Ok(Box::new(Rehearsal::open(
        file.state.as_deref(),
        Some(board),
    )?))
}

/// The header, for whoever only drives it.
pub(crate) fn lines_for_guard(file: &BenchFile) -> Result<Box<dyn Lines>, LineError> {
    if file.header.is_rehearsal() {
        return Ok(Box::new(Rehearsal::open(file.state.as_deref(), None)?));
    }
    Ok(Box::new(RaspberryPi::open()?))
}

/// Begins to watch every signal of the file.
pub(crate) fn read_signals(file: &BenchFile, lines: &mut dyn Lines) -> Result<Reader, LineError> {
    let senses: Vec<(Gpio, Bias)> = file
        .signals
        .values()
        .map(|sense| (sense.line, sense.pull))
        .collect();
    let beeper = file.signals.get(&Channel::Beeper);
    let tones: Vec<Gpio> = beeper.iter().map(|sense| sense.line).collect();
    Reader::start(lines, &senses, &tones, file.lag)
}

/// The supply, switched off.
pub(crate) fn open_supply(file: &BenchFile) -> Result<Box<dyn Supply>, SupplyError> {
    Ok(match &file.supply {
        Source::Scpi(settings) => Box::new(Scpi::open(settings, file.limits)?),
        Source::Dac(settings) => {
            Box::new(Dac::open(open_bus(settings.bus)?, *settings, file.limits)?)
        }
        Source::Fixed(millivolts) => Box::new(Fixed::new(*millivolts)),
    })
}

/// The monitor, if there is one.
pub(crate) fn open_monitor(file: &BenchFile) -> Result<Option<Monitor>, SupplyError> {
    let Some(settings) = file.monitor else {
        return Ok(None);
    };
    let bus = open_bus(settings.bus)?;
    Ok(Some(Monitor::open(
        bus,
        settings.address,
        settings.shunt_milliohms,
    )?))
}

/// Takes the pack out and opens every contact. One line that fails keeps none of the others.
pub(crate) fn make_lines_safe(file: &BenchFile, lines: &mut dyn Lines) -> Result<(), LineError> {
    let mut first = Ok(());
    for switch in file.enable.iter().chain(file.contacts.values()) {
        let done = lines.set(switch.line, switch.drive(false));
        first = first.and(done);
    }
    first
}

/// Switches the supply off, whatever state it is found in.
pub(crate) fn safe_supply(file: &BenchFile) -> Result<(), SupplyError> {
    // To open a supply is to switch it off.
    open_supply(file).map(drop)
}
