//! Checks that need a lock with power: a digit key is pressed for its click, the chip behind the
//! probe is asked what it is, and the lock's answer on the hub's bus is waited for.

use std::time::Duration;

use crate::bench::file::BenchFile;
use crate::bench::lines::{Edge, Gpio, Level, Lines, Reader};
use crate::bench::pi::hub::HubPort;
use crate::bench::pi::{PiError, read_signals, usb, with_probe};
use crate::bench::supply::Supply;
use crate::scenario::NOMINAL_PACK;
use crate::trace::{Channel, Contact, Nanos};

use super::Notes;

/// How long a lock may take to hear keys after power came.
const AWAKE: Nanos = Nanos::from_secs(4);

/// How long a key is pressed, and how long its click may take.
const PRESS: Nanos = Nanos::from_millis(100);
const CLICK: Nanos = Nanos::from_millis(400);

/// A lock that is silent shows light when it has waited long enough for a second key.
const LIGHT: Nanos = Nanos::from_secs(7);

/// A hub's question for the lock's status, number 1. A lock that isn't paired refuses it, which is an
/// answer too.
const STATUS: [u8; 6] = [0xBD, 0x04, 0x01, 0xE7, 0x07, 0x1A];

/// What a frame on the hub's bus begins with.
const START: u8 = 0xBD;

/// What is left to `--live`, when it wasn't asked for or can't be.
pub(super) fn left_out(file: &BenchFile, depth: super::Depth, notes: &mut Notes<'_>) {
    let why = if depth.live {
        "the lock can't be fed, see above"
    } else {
        "only a lock with power tells: `rig doctor --live`, or play a scenario"
    };
    notes.unknown(
        "signals",
        format!("{} watched lines: {why}", file.signals.len()),
    );
    if file.hub.is_some() {
        notes.unknown("hub's lock", why);
    }
    if file.probe.is_some() {
        notes.unknown("chip", why);
    }
}

/// Feeds the lock, and asks it everything.
pub(super) fn examine(
    file: &BenchFile,
    header: &mut dyn Lines,
    supply: &mut dyn Supply,
    notes: &mut Notes<'_>,
) {
    let done = feed_and_ask(file, header, supply, notes);
    if let Err(error) = done {
        notes.failed("live", error);
    }
    // The lines come after: the end of the examination sees to both again.
    if let Err(error) = supply.switch(false) {
        notes.failed("supply", error);
    }
}

fn feed_and_ask(
    file: &BenchFile,
    header: &mut dyn Lines,
    supply: &mut dyn Supply,
    notes: &mut Notes<'_>,
) -> Result<(), PiError> {
    let reader = read_signals(file, header)?;
    // Without it there is no click to hear.
    if let Some(audio) = file.contacts.get(&Contact::Switch(3)) {
        header.set(audio.line, audio.drive(true))?;
    }
    supply.set(file.limits.millivolts.min(NOMINAL_PACK))?;
    supply.switch(true)?;
    if let Some(enable) = file.enable {
        header.set(enable.line, enable.drive(true))?;
    }
    let awake = header.now() + AWAKE;
    watch(header, &reader, awake, notes)?;
    if notes.stopped() {
        return Ok(());
    }
    chip(file, notes);
    lock_on_hub(file, notes);
    let key = file
        .contacts
        .iter()
        .find(|(contact, _)| matches!(contact, Contact::Key(_)));
    let Some((contact, switch)) = key else {
        notes.unknown("signals", "no digit key is wired to be pressed");
        return Ok(());
    };
    let now = header.now();
    watch(header, &reader, now, notes)?;
    header.set(switch.line, switch.drive(true))?;
    let pressed = header.now();
    let mut edges = watch(header, &reader, pressed + PRESS, notes)?;
    header.set(switch.line, switch.drive(false))?;
    let released = header.now();
    edges.extend(watch(header, &reader, released + CLICK, notes)?);
    if edges.is_empty() {
        edges = watch(header, &reader, released + LIGHT, notes)?;
    }
    heard(file, *contact, &edges, notes);
    Ok(())
}

/// Watches until `until`, or until it is stopped; what moved.
fn watch(
    header: &dyn Lines,
    reader: &Reader,
    until: Nanos,
    notes: &Notes<'_>,
) -> Result<Vec<Edge>, PiError> {
    let mut edges = Vec::new();
    loop {
        let (more, complete_to) = reader.edges(until, Duration::from_millis(20))?;
        edges.extend(more);
        if complete_to >= until || notes.stopped() {
            return Ok(edges);
        }
        if header.now() > until + Nanos::from_secs(2) {
            return Err(PiError::Stalled);
        }
    }
}

/// What a press moved, and how high the beeper sang.
fn heard(file: &BenchFile, contact: Contact, edges: &[Edge], notes: &mut Notes<'_>) {
    if notes.stopped() {
        return;
    }
    let on = |line: Gpio| edges.iter().filter(move |edge| edge.line == line);
    let moved: Vec<String> = file
        .signals
        .iter()
        .map(|(channel, sense)| (channel, on(sense.line).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(channel, count)| format!("{channel} {count} edges"))
        .collect();
    if moved.is_empty() {
        notes.wrong(
            "signals",
            format!(
                "contact {contact} was pressed and no signal moved: check power, contact and signals with `rig wiring`"
            ),
        );
    } else {
        notes.passed(
            "signals",
            format!("contact {contact} pressed: {}", moved.join(", ")),
        );
    }
    let Some(sense) = file.signals.get(&Channel::Beeper) else {
        return;
    };
    let rises: Vec<Nanos> = on(sense.line)
        .filter(|edge| edge.level == Level::High)
        .map(|edge| edge.at)
        .collect();
    match rises.as_slice() {
        [first, .., last] => {
            let periods = rises.len() as u64 - 1;
            let hertz = periods * 1_000_000_000 / last.since(*first).0.max(1);
            notes.passed("beeper", format!("{hertz} Hz, every edge accounted for"));
        }
        _ => notes.unknown(
            "beeper",
            "the key gave no click; is the lock's switch 3 off?",
        ),
    }
}

/// The chip behind the probe, left running as it is.
fn chip(file: &BenchFile, notes: &mut Notes<'_>) {
    let Some(settings) = &file.probe else {
        return;
    };
    let attached = usb::choose(&settings.which)
        .map_err(PiError::from)
        .and_then(|chosen| with_probe(&chosen, false, &mut |_| {}, |_, _| Ok(())))
        .map_err(|error| error.to_string())
        .and_then(|done| done.map_err(|failed| failed.error.to_string()));
    match attached {
        Ok(()) => notes.passed("chip", format!("{} answers", settings.chip)),
        Err(error) => notes.failed("chip", error),
    }
}

/// Whether a lock answers on the hub's bus.
fn lock_on_hub(file: &BenchFile, notes: &mut Notes<'_>) {
    const PART: &str = "hub's lock";
    let Some(port) = &file.hub else {
        return;
    };
    let answered = HubPort::open(port).and_then(|mut hub| {
        // What came while the lock started is no answer.
        hub.heard()?;
        hub.send(&STATUS)?;
        std::thread::sleep(Duration::from_millis(300));
        hub.heard()
    });
    match answered {
        Ok(bytes) if bytes.iter().any(|(_, byte)| *byte == START) => {
            notes.passed(PART, "it answers a request for its status");
        }
        Ok(bytes) if bytes.is_empty() => notes.wrong(
            PART,
            "no answer to a request for its status: are transmit and receive crossed, and grounds joined?",
        ),
        Ok(bytes) => notes.wrong(
            PART,
            format!("{} bytes that are no frame: is it 9600 baud, and 3 V logic?", bytes.len()),
        ),
        Err(error) => notes.failed(PART, error),
    }
}
