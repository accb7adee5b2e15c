//! Whether a log comes out of a lock: the same things in the same order, at about the same times.

use super::capture::Frame;
use super::story::given_of;
use super::{Entry, Log, Observed, Told, events, written, zwave};
use crate::trace::Nanos;

/// Where a log and a lock part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parting {
    /// How many entries came out.
    pub(crate) matched: usize,
    /// Line of the log; `None` past its end.
    pub(crate) line: Option<usize>,
    /// What the log tells there.
    pub(crate) log: String,
    /// What the lock tells there.
    pub(crate) lock: String,
}

/// Holds a log, but for the entries that the given state explains, against what a lock told.
pub(super) fn compare(log: &Log, observed: &Observed) -> Result<(), Parting> {
    let wanted: Vec<&Entry> = log
        .entries
        .iter()
        .filter(|entry| match &entry.told {
            Told::Event(_) | Told::Alarm(..) => true,
            Told::FromLock(_) => true,
            Told::ToLock(_) => false,
        })
        .collect();
    let (_, explained) = given_of(log);
    let got: Vec<(Nanos, Told)> = match observed {
        Observed::Events(records) => {
            let all = records.iter().map(|record| {
                let [what, a, b, t0, t1, t2, t3, t4] = *record;
                let at = u64::from_le_bytes([t0, t1, t2, t3, t4, 0, 0, 0]);
                (Nanos::from_millis(at), Told::Event([what, a, b]))
            });
            let mut all: Vec<_> = all.collect();
            if explained == 0 {
                // A log that doesn't begin with the lock's first start has the end only.
                all.drain(..all.len().saturating_sub(wanted.len()));
            } else if all.get(explained).is_some_and(|(_, told)| starts(told)) {
                // A given state ends with a start of its own, which the log needn't tell.
                let mut without = all.clone();
                without.remove(explained);
                let better = |error: &Parting, other: &Parting| error.matched >= other.matched;
                return match (
                    hold(log, &wanted, &all, explained),
                    hold(log, &wanted, &without, explained),
                ) {
                    (Ok(()), _) | (_, Ok(())) => Ok(()),
                    (Err(error), Err(other)) if better(&error, &other) => Err(error),
                    (Err(_), Err(other)) => Err(other),
                };
            }
            all
        }
        Observed::Frames(frames) => {
            let told = frames
                .iter()
                .map(|(at, bytes)| (*at, Told::FromLock(bytes.clone())));
            told.collect()
        }
        Observed::Alarms(alarms) => {
            let told = alarms
                .iter()
                .map(|(at, kind, level)| (*at, Told::Alarm(*kind, *level)));
            told.collect()
        }
    };
    hold(log, &wanted, &got, explained)
}

/// Holds entries that a lock told, but for those of this many that led to the given state by their times,
/// against what was wanted.
fn hold(
    log: &Log,
    wanted: &[&Entry],
    got: &[(Nanos, Told)],
    explained: usize,
) -> Result<(), Parting> {
    let mut before: Option<(Nanos, Nanos)> = None;
    let mut restarted = false;
    for (index, entry) in wanted.iter().enumerate() {
        let part = |lock: String| Parting {
            matched: index,
            line: Some(entry.line),
            log: words(&entry.told),
            lock,
        };
        let Some((at, told)) = got.get(index) else {
            return Err(part("nothing".to_owned()));
        };
        if !same(&entry.told, told) {
            return Err(part(words(told)));
        }
        // Nobody knows how long the given state lasted, nor when in its last seconds a program hung.
        let timeless = starts(told) || index <= explained || restarted;
        restarted = matches!(told, Told::Event([1, reason, _]) if *reason != 0);
        if let Some((log_before, lock_before)) = before
            && !timeless
        {
            let (wanted, got) = (entry.at.since(log_before), at.since(lock_before));
            let slack = log.format.slack() + Nanos(wanted.0 / 50);
            if wanted.distance(got) > slack {
                return Err(part(format!(
                    "{} {got} after the one before, not {wanted}",
                    words(told)
                )));
            }
        }
        before = Some((entry.at, *at));
    }
    match got.get(wanted.len()) {
        None => Ok(()),
        Some((_, told)) => Err(Parting {
            matched: wanted.len(),
            line: None,
            log: "nothing".to_owned(),
            lock: words(told),
        }),
    }
}

/// A start of the lock.
const fn starts(told: &Told) -> bool {
    matches!(told, Told::Event([1, ..]))
}

fn same(a: &Told, b: &Told) -> bool {
    match (a, b) {
        (Told::FromLock(a), Told::FromLock(b)) => match (Frame::of(a), Frame::of(b)) {
            // Sequence numbers go their own way.
            (Some(a), Some(b)) if a.command == 0x11 && b.command == 0x11 => {
                // How many events there are, and since when, depends on what was before.
                a.kind == b.kind && a.args.get(1..5) == b.args.get(1..5)
            }
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
        // A supply's tenth of a volt may round either way.
        (Told::Event([5, a, volts]), Told::Event([5, b, others])) => {
            a == b && volts.abs_diff(*others) <= 1
        }
        _ => a == b,
    }
}

fn words(told: &Told) -> String {
    match told {
        Told::Event(event) => events::words(*event),
        Told::Alarm(kind, level) => zwave::words(*kind, *level),
        Told::ToLock(bytes) | Told::FromLock(bytes) => written(bytes),
    }
}
