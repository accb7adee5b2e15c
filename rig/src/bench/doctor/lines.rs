//! Checks of the header: each contact is driven and read back with the lock off, and loopback wires
//! tell whether edges arrive whole and when.

use std::time::Duration;

use crate::bench::file::{BenchFile, Closes, Switch};
use crate::bench::lines::{Bias, Drive, Edge, Gpio, Level, LineError, Lines, Reader};
use crate::trace::Nanos;

use super::Notes;

/// Edges timed one by one over a loopback wire.
const EDGES: usize = 200;

/// Edges sent as a tone, back to back at 4 kHz.
const TONE: usize = 800;

/// Half a period of 4 kHz.
const HALF: Nanos = Nanos::from_micros(125);

pub(super) fn header(file: &BenchFile, header: &dyn Lines, notes: &mut Notes<'_>) {
    let name = header.name();
    if file.header.is_rehearsal() || file.header.is(&name) {
        notes.passed("header", name);
    } else {
        let says = file.header.title();
        notes.wrong(
            "header",
            format!("this is a {name}, the bench file says {says}"),
        );
    }
}

/// Closes and opens the enable line, where the supply is known to be `off`, and every contact, unless
/// the lock may have power. Whether no voltage can reach the lock; if that isn't known, why.
pub(super) fn drives(
    file: &BenchFile,
    header: &mut dyn Lines,
    off: Result<(), String>,
    notes: &mut Notes<'_>,
) -> Result<(), &'static str> {
    let mut count = Count::default();
    let apart = match (file.enable, &off) {
        (None, _) => Err("without an `enable` line every voltage would reach the lock"),
        (Some(enable), Ok(())) if count.both_ways(header, "enable", enable, notes) => Ok(()),
        (Some(enable), Err(why)) if drive(header, "enable", enable, false, notes) => {
            notes.unknown("enable", format!("whether it closes was not tried: {why}"));
            Ok(())
        }
        _ => Err("without a sound `enable` line every voltage may reach the lock"),
    };
    match &off {
        Err(why) if apart.is_err() => notes.unknown(
            "contacts",
            format!("not tried, the lock may have power: {why}"),
        ),
        _ => {
            for (contact, switch) in &file.contacts {
                count.both_ways(header, &format!("contact {contact}"), *switch, notes);
            }
            count.tell(notes);
        }
    }
    apart
}

/// Lines that did what they were told.
#[derive(Default)]
struct Count {
    right: usize,
    floats: usize,
}

impl Count {
    /// Closes and opens a line, and reads it back; whether it is sound.
    fn both_ways(
        &mut self,
        header: &mut dyn Lines,
        name: &str,
        switch: Switch,
        notes: &mut Notes<'_>,
    ) -> bool {
        let sound = [true, false]
            .into_iter()
            .all(|closed| drive(header, name, switch, closed, notes));
        match switch.closes {
            _ if !sound => {}
            Closes::Sink => self.floats += 1,
            _ => self.right += 1,
        }
        sound
    }

    fn tell(&self, notes: &mut Notes<'_>) {
        if self.right > 0 {
            let right = self.right;
            notes.passed("lines", format!("{right} driven and read back both ways"));
        }
        if self.floats > 0 {
            let what =
                "lines that sink, when open: the lock's own pull-up holds them, and it is off";
            notes.unknown("lines", format!("{} {what}", self.floats));
        }
        notes.unknown(
            "contacts",
            "whether the lock sees each of them close: play a scenario that uses it",
        );
    }
}

/// Drives a line and reads it back, if it is driven at all; whether it follows. One that doesn't is
/// left open.
fn drive(
    header: &mut dyn Lines,
    name: &str,
    switch: Switch,
    closed: bool,
    notes: &mut Notes<'_>,
) -> bool {
    match read_back(header, switch, closed) {
        Ok(None) => return true,
        Ok(Some((drives, reads))) => notes.wrong(
            name,
            format!(
                "{} reads {reads} while it is driven {drives}: a short circuit, or wired to another output",
                switch.line
            ),
        ),
        Err(error) => notes.failed(name, error),
    }
    if let Err(error) = header.set(switch.line, switch.drive(false)) {
        notes.failed(name, error);
    }
    false
}

/// What a line is driven to and what it reads instead.
fn read_back(
    header: &mut dyn Lines,
    switch: Switch,
    closed: bool,
) -> Result<Option<(Level, Level)>, LineError> {
    let drive = switch.drive(closed);
    header.set(switch.line, drive)?;
    // A line with a filter or a long wire needs its time.
    std::thread::sleep(Duration::from_millis(2));
    let drives = match drive {
        Drive::High => Level::High,
        Drive::Low => Level::Low,
        Drive::Float => return Ok(None),
    };
    let reads = header.read(switch.line)?;
    Ok((reads != drives).then_some((drives, reads)))
}

/// Sends edges over each wire and times them.
pub(super) fn loopback(file: &BenchFile, header: &mut dyn Lines, notes: &mut Notes<'_>) {
    if file.loopback.is_empty() {
        let why = "the bench file has no `loopback` wire";
        notes.unknown("edge times", why);
        notes.unknown("beeper rate", why);
    }
    for (out, back) in &file.loopback {
        if notes.stopped() {
            return;
        }
        let name = format!("loopback {}-{}", out.0, back.0);
        let done = send(header, *out, *back, file.lag);
        // Not driven any more, whatever came of it.
        let rest = header.set(*out, Drive::Float);
        match done.and_then(|report| rest.map(|()| report)) {
            Ok(Ok(Sent { times, tone })) => {
                notes.passed(&name, times);
                match tone {
                    Ok(()) => notes.passed(
                        "beeper rate",
                        format!("all {TONE} edges of a 4 kHz tone came back"),
                    ),
                    Err(lost) => notes.wrong(
                        "beeper rate",
                        format!("{lost}: does another program keep this Pi busy?"),
                    ),
                }
            }
            Ok(Err(wrong)) => notes.wrong(&name, wrong),
            Err(error) => notes.failed(&name, error),
        }
    }
}

/// What came back over a wire.
struct Sent {
    /// When single edges did, in words.
    times: String,
    /// Whether a tone came back whole; or what is missing.
    tone: Result<(), String>,
}

/// What came back; or what was wrong with it.
fn send(
    header: &mut dyn Lines,
    out: Gpio,
    back: Gpio,
    lag: Nanos,
) -> Result<Result<Sent, String>, LineError> {
    header.set(out, Drive::Low)?;
    // Not as a tone: how even it is depends on who else wants this processor. All are counted.
    let reader = Reader::start(header, &[(back, Bias::Off)], &[], lag)?;
    // At rest before the first edge.
    settle(header, &reader)?;
    let mut late: Vec<Nanos> = Vec::with_capacity(EDGES);
    for i in 0..EDGES {
        let sent = header.now();
        header.set(out, if i % 2 == 0 { Drive::High } else { Drive::Low })?;
        let edges = settle(header, &reader)?;
        let [edge] = edges.as_slice() else {
            let count = edges.len();
            return Ok(Err(format!(
                "{count} edges came back for one: is the wire there, and nothing else on it?"
            )));
        };
        late.push(edge.at.since(sent));
    }
    let begin = header.now();
    for i in 0..TONE {
        while header.now() < begin + Nanos(HALF.0 * i as u64) {
            std::hint::spin_loop();
        }
        header.set(out, if i % 2 == 0 { Drive::High } else { Drive::Low })?;
    }
    let tone = match settle(header, &reader) {
        Ok(edges) if edges.len() == TONE => Ok(()),
        Ok(edges) => Err(format!(
            "{} of {TONE} edges of a 4 kHz tone came back",
            edges.len()
        )),
        Err(LineError::Doubt(_)) => Err("edges of a 4 kHz tone were lost on the way".to_owned()),
        Err(error) => return Err(error),
    };
    late.sort_unstable();
    let micros = |nanos: Nanos| nanos.0 / 1_000;
    Ok(Ok(Sent {
        times: format!(
            "{EDGES} edges, timed {} us after sending (median), {} us at worst",
            micros(late[EDGES / 2]),
            micros(late[EDGES - 1])
        ),
        tone,
    }))
}

/// Waits until everything up to now is known.
fn settle(header: &dyn Lines, reader: &Reader) -> Result<Vec<Edge>, LineError> {
    let until = header.now() + Nanos::from_millis(1);
    let mut edges = Vec::new();
    loop {
        let (more, complete_to) = reader.edges(until, Duration::from_millis(20))?;
        edges.extend(more);
        if complete_to >= until {
            return Ok(edges);
        }
        if header.now() > until + Nanos::from_secs(2) {
            return Err(LineError::Read {
                reason: "none were reported for 2 s".to_owned(),
            });
        }
    }
}
