//! What no single entry of a bench file can tell: lines used twice, lines that the header lacks or
//! needs for something else, and parts that need other parts.

use crate::bench::lines::{Gpio, Level};
use crate::scenario::NOMINAL_PACK;
use crate::scenario::fields::{Fields, Reader};
use crate::trace::Contact;

use super::header::at_boot;
use super::wires::{Use, Uses};
use super::{BenchFile, Closes, Source};

/// Checks a bench whose entries are each right by themselves.
pub(super) fn across(reader: &mut Reader, fields: &Fields<'_>, bench: &mut BenchFile, uses: &Uses) {
    for (index, one) in uses.iter().enumerate() {
        if !bench.header.has(one.line) {
            reader.wrong::<()>(
                &one.span,
                format!(
                    "{} has no {} for {}",
                    bench.header.title(),
                    one.line,
                    one.what
                ),
                bench.header.range(),
            );
            continue;
        }
        if let Some(other) = uses[..index].iter().find(|other| other.line == one.line) {
            twice(reader, one, other);
        } else if let Some(owner) = taken(bench, one.line) {
            reader.wrong::<()>(
                &one.span,
                format!(
                    "{} carries {owner}, it is not free for {}",
                    one.line, one.what
                ),
                "give it another line",
            );
        }
    }
    if bench.contacts.is_empty() {
        needs(
            reader,
            fields,
            "contacts",
            "a bench closes at least one contact",
        );
    }
    if bench.signals.is_empty() {
        needs(
            reader,
            fields,
            "signals",
            "a bench watches at least one signal",
        );
    }
    if bench.enable.is_none() && matches!(bench.supply, Source::Fixed(_)) {
        needs(
            reader,
            fields,
            "supply",
            "a fixed supply needs an `enable` line: nothing else switches it off",
        );
    }
    nominal(reader, fields, bench);
    if bench.state.is_some() && !bench.header.is_rehearsal() {
        needs(
            reader,
            fields,
            "state",
            "only a rehearsal keeps its lines in a file",
        );
    }
    if bench.image.is_some() && !bench.header.is_rehearsal() {
        needs(
            reader,
            fields,
            "image",
            "only a rehearsal has a virtual lock behind its lines",
        );
    }
    bench.cautions = cautions(bench);
}

/// Every run begins with the pack of four good cells.
fn nominal(reader: &mut Reader, fields: &Fields<'_>, bench: &BenchFile) {
    let volts = |millivolts: u32| format!("{:.1} V", f64::from(millivolts) / 1_000.0);
    let pack = volts(NOMINAL_PACK);
    let mut refuse = |part: &str, key: &str, what: String, help: String| {
        let node = fields.get(part).map(|part| part.entry(key).unwrap_or(part));
        if let Some(node) = node {
            reader.wrong::<()>(&node.span, what, help);
        }
    };
    if bench.limits.millivolts < NOMINAL_PACK {
        refuse(
            "limits",
            "volts",
            format!("a run begins with a pack of {pack}, which is above this limit"),
            format!("allow at least {pack}"),
        );
    }
    match &bench.supply {
        Source::Fixed(fixed) if *fixed != NOMINAL_PACK => refuse(
            "supply",
            "volts",
            format!("a run begins with a pack of {pack}, which this supply can't be"),
            format!("take a source of {pack} and write `volts: {pack}`, or one that can be set"),
        ),
        Source::Dac(dac) if dac.full_scale < NOMINAL_PACK => refuse(
            "supply",
            "full-scale",
            format!("a run begins with a pack of {pack}, more than this amplifier delivers"),
            format!("give it a gain that makes at least {pack} of the largest code"),
        ),
        _ => {}
    }
}

fn twice(reader: &mut Reader, one: &Use, other: &Use) {
    let what = match (one.driven, other.driven) {
        (true, true) => format!("{} is driven for {} already", one.line, other.what),
        (false, false) => format!("{} watches {} already", one.line, other.what),
        (true, false) => format!(
            "{} would be driven for {} and watches {}: an output on a sense line",
            one.line, one.what, other.what
        ),
        (false, true) => format!(
            "{} would watch {} and is driven for {}: an output on a sense line",
            one.line, one.what, other.what
        ),
    };
    reader.wrong::<()>(&one.span, what, "give it another line");
}

/// What a line carries because of the bench's other parts.
fn taken(bench: &BenchFile, line: Gpio) -> Option<&'static str> {
    let dac = match &bench.supply {
        Source::Dac(dac) => Some(dac.bus),
        _ => None,
    };
    let i2c = [dac, bench.monitor.map(|monitor| monitor.bus)].contains(&Some(1));
    let port = match &bench.supply {
        Source::Scpi(scpi) => Some(scpi.port.as_str()),
        _ => None,
    };
    let header_port = [port, bench.hub.as_deref()]
        .into_iter()
        .flatten()
        .any(|port| ["/dev/serial0", "/dev/serial1", "/dev/ttyAMA0", "/dev/ttyS0"].contains(&port));
    match line.0 {
        2 | 3 if i2c => Some("I2C bus 1"),
        14 | 15 if header_port => Some("the header's serial port"),
        _ => None,
    }
}

fn needs(reader: &mut Reader, fields: &Fields<'_>, key: &str, what: &str) {
    if let Some(node) = fields.get(key) {
        reader.wrong::<()>(&node.span, what, "see `rig/hardware/README.md`");
    }
}

fn cautions(bench: &BenchFile) -> Vec<String> {
    let mut cautions = Vec::new();
    let named = bench
        .contacts
        .iter()
        .map(|(contact, switch)| (format!("`{contact}`"), switch))
        .chain(
            bench
                .enable
                .iter()
                .map(|switch| ("`enable`".to_owned(), switch)),
        );
    for (name, switch) in named {
        let closed = match switch.closes {
            Closes::High => Level::High,
            Closes::Low => Level::Low,
            Closes::Sink => continue,
        };
        if at_boot(switch.line) == closed {
            cautions.push(format!(
                "{} is pulled {closed} while the Pi starts, which may close {name}: add a resistor of 10 kOhm the other way, or use another line",
                switch.line
            ));
        }
    }
    if bench.lock.confirms() && !bench.contacts.contains_key(&Contact::Lock) {
        cautions.push("no line closes `lock`: no code can be confirmed".to_owned());
    }
    if bench.enable.is_none() {
        cautions.push(
            "without an `enable` line the supply's own output is all that disconnects the lock, and it takes its time"
                .to_owned(),
        );
    }
    cautions
}
