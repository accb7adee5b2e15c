//! A bench file as a table of wires and a list of parts, for whoever builds the bench.

use std::fmt::{self, Write};

use virtual_lock::board::{signal, wiring};

use crate::trace::{Channel, Contact, Key};

use super::{BenchFile, Closes, Sense, Source, Switch, Via, pin};
use crate::bench::lines::{Bias, Gpio, Level};

/// One wire.
struct Row {
    line: Gpio,
    what: String,
    does: String,
    lock: String,
}

/// The table of wires and the list of parts.
pub(crate) fn wiring(bench: &BenchFile) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    let _ = write(&mut out, bench);
    out
}

fn write(out: &mut String, bench: &BenchFile) -> fmt::Result {
    writeln!(
        out,
        "{}: {} lock, {}",
        bench.title,
        bench.lock,
        bench.header.title()
    )?;
    let mut rows = rows(bench);
    rows.sort_by_key(|row| row.line);
    let width = |of: fn(&Row) -> &str, title: &str| {
        rows.iter()
            .map(|row| of(row).len())
            .max()
            .unwrap_or(0)
            .max(title.len())
    };
    let what = width(|row| &row.what, "for");
    let does = width(|row| &row.does, "line");
    writeln!(out, "\npin  line    {:what$}  {:does$}  lock", "for", "how")?;
    for row in &rows {
        let pin = pin(row.line).map_or_else(String::new, |pin| pin.to_string());
        let line = row.line.to_string();
        let wire = format!(
            "{pin:>3}  {line:6}  {:what$}  {:does$}  {}",
            row.what, row.does, row.lock
        );
        writeln!(out, "{}", wire.trim_end())?;
    }
    writeln!(out, "  6  ground  {}", ground(bench))?;
    if uses_i2c(bench) {
        writeln!(
            out,
            "  1  3.3 V   I2C chips' supply; 3 SDA (GPIO2), 5 SCL (GPIO3)"
        )?;
    }
    writeln!(out, "\nSupply: {}", supply(bench))?;
    if let Some(monitor) = bench.monitor {
        writeln!(
            out,
            "Monitor: INA219 at {:#04x} on I2C bus {}, shunt {} mOhm, in the lock's positive lead",
            monitor.address, monitor.bus, monitor.shunt_milliohms
        )?;
    }
    if let Some(port) = &bench.hub {
        writeln!(
            out,
            "Hub: {port}, 9600 8N1, crossed: its transmit to the lock's receive"
        )?;
    }
    if let Some(probe) = &bench.probe {
        writeln!(out, "Probe: {}, chip {}", probe.which, probe.chip)?;
    }
    writeln!(out, "\nParts")?;
    for (count, part) in parts(bench) {
        writeln!(out, "{count:3}  {part}")?;
    }
    for caution in &bench.cautions {
        writeln!(out, "\nCaution: {caution}")?;
    }
    Ok(())
}

fn rows(bench: &BenchFile) -> Vec<Row> {
    let mut rows = Vec::new();
    // Only this project's own board has known pins behind its contacts.
    let ours = bench.probe.is_some() && bench.profile.is_none();
    for (contact, switch) in &bench.contacts {
        rows.push(Row {
            line: switch.line,
            what: format!("contact {contact}"),
            does: drives(*switch),
            lock: board_contact(*contact).filter(|_| ours).map_or_else(
                || "both sides of the contact".to_owned(),
                |pin| match switch.closes {
                    Closes::Sink => pin,
                    _ => format!("{pin} to ground"),
                },
            ),
        });
    }
    for (channel, sense) in &bench.signals {
        rows.push(Row {
            line: sense.line,
            what: channel.to_string(),
            does: watches(*sense),
            lock: board_signal(*channel).filter(|_| ours).unwrap_or_default(),
        });
    }
    if let Some(enable) = bench.enable {
        rows.push(Row {
            line: enable.line,
            what: "enable".to_owned(),
            does: drives(enable),
            lock: "switch in the lock's positive lead".to_owned(),
        });
    }
    for (out, back) in &bench.loopback {
        rows.push(Row {
            line: *out,
            what: "loopback".to_owned(),
            does: "drives".to_owned(),
            lock: format!("wire to {back}"),
        });
        rows.push(Row {
            line: *back,
            what: "loopback".to_owned(),
            does: "watches".to_owned(),
            lock: format!("wire to {out}"),
        });
    }
    rows
}

fn drives(switch: Switch) -> String {
    let via = switch.via.name();
    match switch.closes {
        Closes::High => format!("drives, high closes, {via}"),
        Closes::Low => format!("drives, low closes, {via}"),
        Closes::Sink => format!("sinks to close, {via}"),
    }
}

fn watches(sense: Sense) -> String {
    let active = match sense.active {
        Level::High => "high",
        Level::Low => "low",
    };
    let pull = match sense.pull {
        Bias::Off => "",
        Bias::Down => ", pulled down",
        Bias::Up => ", pulled up",
    };
    format!("watches, {active} is on{pull}, {}", sense.via.name())
}

fn board_contact(contact: Contact) -> Option<String> {
    let contact = match contact {
        Contact::Key(Key::Digit(digit)) => signal::Contact::Digit(digit),
        Contact::Key(Key::Pair(first)) => signal::Contact::Pair(first),
        Contact::Lock => signal::Contact::Lock,
        Contact::Program => signal::Contact::Program,
        Contact::Hub => signal::Contact::Hub,
        Contact::Switch(number) => signal::Contact::Switch(number),
    };
    wiring::contact(contact).map(|pin| board_pin(&pin))
}

fn board_signal(channel: Channel) -> Option<String> {
    let signal = match channel {
        Channel::MotorOpen => signal::Signal::MotorOpen,
        Channel::MotorClose => signal::Signal::MotorClose,
        Channel::StatusGreen => signal::Signal::StatusGreen,
        Channel::StatusRed => signal::Signal::StatusRed,
        Channel::KeypadGreen => signal::Signal::KeypadGreen,
        Channel::KeypadRed => signal::Signal::KeypadRed,
        Channel::Beeper => signal::Signal::Beeper,
        Channel::BoltRetracted => signal::Signal::BoltRetracted,
        Channel::BoltExtended => signal::Signal::BoltExtended,
        _ => return None,
    };
    Some(board_pin(&wiring::signal(signal).0))
}

/// As the nRF52840's manual writes it.
fn board_pin(pin: &wiring::Pin) -> String {
    format!("P{}.{:02}", pin.port, pin.number)
}

fn ground(bench: &BenchFile) -> &'static str {
    let wired = bench
        .contacts
        .values()
        .any(|switch| switch.via != Via::Opto)
        || bench.signals.values().any(|sense| sense.via != Via::Opto);
    if wired {
        "common with the lock's ground"
    } else if uses_i2c(bench) {
        "the Pi's side of the opto-couplers, and the supply's negative lead by the I2C chips"
    } else {
        "the Pi's side of the opto-couplers only, not the lock's ground"
    }
}

fn uses_i2c(bench: &BenchFile) -> bool {
    let dac = matches!(&bench.supply, Source::Dac(dac) if dac.bus == 1);
    dac || bench.monitor.is_some_and(|monitor| monitor.bus == 1)
}

fn supply(bench: &BenchFile) -> String {
    let volts = |millivolts: u32| format!("{:.2} V", f64::from(millivolts) / 1000.0);
    let limits = format!(
        "at most {} and {} mA",
        volts(bench.limits.millivolts),
        bench.limits.milliamperes
    );
    match &bench.supply {
        Source::Scpi(scpi) => format!(
            "{}, {} baud, dialect {}, channel {}; {limits}",
            scpi.port, scpi.baud, scpi.dialect.name, scpi.channel
        ),
        Source::Dac(dac) => format!(
            "MCP4725 at {:#04x} on I2C bus {}, amplified to {} at full scale; {limits}",
            dac.address,
            dac.bus,
            volts(dac.full_scale)
        ),
        Source::Fixed(millivolts) => format!("{}, fixed; {limits}", volts(*millivolts)),
    }
}

fn parts(bench: &BenchFile) -> Vec<(usize, String)> {
    let contacts = |via| {
        bench
            .contacts
            .values()
            .filter(|switch| switch.via == via)
            .count()
    };
    let beeper = bench.signals.get(&Channel::Beeper);
    let fast = usize::from(beeper.is_some_and(|sense| sense.via == Via::Opto));
    let senses = |via| {
        bench
            .signals
            .values()
            .filter(|sense| sense.via == via)
            .count()
    };
    let buffers = senses(Via::Switch) + contacts(Via::Switch);
    let mut parts = vec![
        (1, bench.header.title()),
        (contacts(Via::Opto), "photo relay, one a contact (AQY212, TLP222A, CPC1017N or alike)".to_owned()),
        (contacts(Via::Opto), "resistor 470 Ohm, photo relay's light".to_owned()),
        (contacts(Via::Wire), "resistor 470 Ohm, one a contact, in series".to_owned()),
        (senses(Via::Opto) - fast, "opto-coupler (a quarter of an LTV-847 or alike)".to_owned()),
        (fast, "fast opto-coupler with Schmitt trigger for the beeper (H11L1)".to_owned()),
        (senses(Via::Opto), "resistor for 2 mA through each opto-coupler's light: 2.2 kOhm at 6 V, 680 Ohm at 3 V".to_owned()),
        (senses(Via::Wire), "resistor 1 kOhm, one a signal, in series".to_owned()),
        (buffers.div_ceil(4), "quad analog switch or buffer, powered by the lock's logic (74HC4066, 74LVC125A)".to_owned()),
        (usize::from(bench.monitor.is_some()), "INA219 board".to_owned()),
        (usize::from(bench.enable.is_some()), "P-channel MOSFET (AO3401A, 30 V) driven by an NPN transistor, or a photo relay for 2 A".to_owned()),
        (1, "resistor 1 kOhm across the lock's terminals, so that they fall when the pack goes".to_owned()),
        (bench.loopback.len(), "wire, loopback".to_owned()),
    ];
    match &bench.supply {
        Source::Scpi(_) => parts.push((
            1,
            "bench supply with serial port, floating output".to_owned(),
        )),
        Source::Dac(_) => {
            parts.push((1, "MCP4725 board".to_owned()));
            parts.push((
                1,
                "power amplifier for 2 A, gain to full scale (OPA548, OPA549 or alike)".to_owned(),
            ));
            parts.push((1, "supply for the amplifier, 12 V 3 A".to_owned()));
        }
        Source::Fixed(_) => {
            parts.push((1, "pack of four AA cells, or a plug-in supply".to_owned()))
        }
    }
    if bench.profile.is_none() && bench.probe.is_some() {
        parts.push((1, "nRF52840-DK (PCA10056)".to_owned()));
        parts.push((
            1,
            "H-bridge for 1 A at 3 V to 7 V, brake on both inputs low (DRV8837C, DRV8838 or alike)"
                .to_owned(),
        ));
        parts.push((
            1,
            "shunt 0.5 Ohm 1 W, from the H-bridge's ground to the lock's".to_owned(),
        ));
        parts.push((
            1,
            "divider 2:1 of 200 kOhm and 100 kOhm, pack to P0.03".to_owned(),
        ));
        parts.push((
            1,
            "geared motor with a deadbolt and two end switches, or those of a scrapped lock"
                .to_owned(),
        ));
    }
    parts.retain(|(count, _)| *count > 0);
    parts
}
