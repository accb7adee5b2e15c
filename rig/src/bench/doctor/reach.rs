//! Checks of what a bench is reached by: device files and who may open them, the hub's port, and the
//! debug probe.

use std::path::Path;

use probe_rs::probe::DebugProbeSelector;
use probe_rs::probe::list::Lister;
use rustix::fs::{Access, access};
use rustix::io::Errno;

use crate::bench::file::{BenchFile, Source};
use crate::bench::pi::hub::HubPort;
use crate::bench::pi::usb;

use super::Notes;

/// Registers of the header, where each kernel has them; the last is for root alone.
const REGISTERS: [&str; 3] = ["/dev/gpiomem", "/dev/gpiomem0", "/dev/mem"];

/// A device file, the group that may open it, and what to do if it isn't there.
struct Device {
    path: String,
    group: &'static str,
    absent: &'static str,
}

/// Whether this user may open what the file names.
pub(super) fn permissions(file: &BenchFile, notes: &mut Notes<'_>) {
    let devices = devices(file);
    let count = devices.len();
    let mut closed = false;
    for device in devices {
        if let Some(wrong) = closed_to_us(&device) {
            closed = true;
            notes.wrong("permissions", wrong);
        }
    }
    if closed {
        return;
    }
    match count {
        0 => notes.unknown("permissions", "this bench needs no device file"),
        1 => notes.passed("permissions", "the one device file may be opened"),
        _ => notes.passed(
            "permissions",
            format!("all {count} device files may be opened"),
        ),
    }
}

fn devices(file: &BenchFile) -> Vec<Device> {
    let mut devices = Vec::new();
    if !file.header.is_rehearsal() {
        let there = REGISTERS.iter().find(|path| Path::new(path).exists());
        for path in ["/dev/gpiochip0", there.unwrap_or(&REGISTERS[0])] {
            devices.push(Device {
                path: path.to_owned(),
                group: "gpio",
                absent: "is this a Raspberry Pi?",
            });
        }
    }
    let dac = match &file.supply {
        Source::Dac(dac) => Some(dac.bus),
        _ => None,
    };
    let mut buses: Vec<u8> = dac
        .into_iter()
        .chain(file.monitor.map(|monitor| monitor.bus))
        .collect();
    buses.dedup();
    devices.extend(buses.into_iter().map(|bus| Device {
        path: format!("/dev/i2c-{bus}"),
        group: "i2c",
        absent: "switch it on with `sudo raspi-config nonint do_i2c 0`",
    }));
    let supply = match &file.supply {
        Source::Scpi(scpi) => Some(&scpi.port),
        _ => None,
    };
    devices.extend(supply.into_iter().chain(&file.hub).map(|port| Device {
        path: port.clone(),
        group: "dialout",
        absent: "is it plugged in? `ls /dev/serial/by-id` shows what is",
    }));
    devices
}

/// Why a device file can't be used.
fn closed_to_us(device: &Device) -> Option<String> {
    let Device {
        path,
        group,
        absent,
    } = device;
    match access(path.as_str(), Access::READ_OK | Access::WRITE_OK) {
        Ok(()) => None,
        Err(Errno::NOENT) => Some(format!("there is no {path}: {absent}")),
        Err(Errno::ACCESS | Errno::PERM) => Some(format!(
            "{path} is closed to this user: add yourself to the `{group}` group and log in again"
        )),
        Err(error) => Some(format!("{path} can't be used: {error}")),
    }
}

/// The hub's port; whether a lock is behind it only a lock with power can say.
pub(super) fn hub(file: &BenchFile, notes: &mut Notes<'_>) {
    match &file.hub {
        None => notes.unknown("hub", "the bench file has no `hub`"),
        Some(port) => match HubPort::open(port) {
            Ok(_) => notes.passed("hub", format!("{port} opens at 9600 baud")),
            Err(error) => notes.failed("hub", error),
        },
    }
}

/// The probe by itself. The chip behind it is asked only while the lock is fed.
pub(super) fn probe(file: &BenchFile, notes: &mut Notes<'_>) {
    let Some(settings) = &file.probe else {
        return notes.unknown("probe", "the bench file has no `probe`");
    };
    let opened = usb::choose(&settings.which).and_then(|chosen| {
        let opened = chosen.open(|selector| {
            let parsed = selector.parse::<DebugProbeSelector>();
            let parsed = parsed.map_err(|error| error.to_string())?;
            Lister::new()
                .open(parsed)
                .map_err(|error| error.to_string())
        });
        Ok((chosen.selector().to_owned(), opened?))
    });
    let (selector, opened) = match opened {
        Ok(opened) => opened,
        Err(error) => return notes.failed("probe", error),
    };
    match opened {
        Ok(_) => notes.passed("probe", format!("{selector} opens")),
        Err(error) => notes.wrong(
            "probe",
            format!(
                "{selector} does not open: {error}; is it plugged in, and may this user open it (udev rules)? `probe-rs list` shows what is there"
            ),
        ),
    }
}
