//! Whether a log comes out of a lock: the same things in the same order, at about the same times.

use super::capture::Frame;
use super::story::given_of;
use super::{Entry, Format, Log, Observed, Told, events, written, zwave};
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

/// Where a log, but for the entries that the given state explains, and all that a lock told part; `None` when
/// the log comes out.
pub(super) fn compare(log: &Log, observed: &Observed) -> Option<Parting> {
    part(log, observed, Until::ItsEnd)
}

/// Where a log and what a lock has told so far part already, whatever it tells after that. `None` for a log that
/// has an end only: what it is the end of nobody knows before.
pub(super) fn parted(log: &Log, so_far: &Observed, heard: Heard) -> Option<Parting> {
    if log.format == Format::Events && given_of(log).1 == 0 {
        return None;
    }
    part(log, so_far, Until::Now(heard))
}

/// The parting of the reading of which most came out.
fn part(log: &Log, observed: &Observed, until: Until) -> Option<Parting> {
    let wanted = wanted(log);
    let mut farthest: Option<Parting> = None;
    for got in readings(log, observed, wanted.len()) {
        let parting = hold(log, &wanted, &got, until).err()?;
        let farther = farthest
            .as_ref()
            .is_none_or(|best| parting.matched > best.matched);
        if farther {
            farthest = Some(parting);
        }
    }
    farthest
}

/// What a log tells of what the lock told.
fn wanted(log: &Log) -> Vec<&Entry> {
    let entries = log.entries.iter();
    entries
        .filter(|entry| !matches!(entry.told, Told::ToLock(_)))
        .collect()
}

/// What a lock told, in each of the ways in which it may be read.
fn readings(log: &Log, observed: &Observed, wanted: usize) -> Vec<Vec<(Nanos, Told)>> {
    let (_, explained) = given_of(log);
    match observed {
        Observed::Events(records) => {
            let all = records.iter().map(|record| {
                let [what, a, b, t0, t1, t2, t3, t4] = *record;
                let at = u64::from_le_bytes([t0, t1, t2, t3, t4, 0, 0, 0]);
                (Nanos::from_millis(at), Told::Event([what, a, b]))
            });
            let mut all: Vec<_> = all.collect();
            if explained == 0 {
                // A log that doesn't begin with the lock's first start has the end only.
                all.drain(..all.len().saturating_sub(wanted));
                return vec![all];
            }
            // A given state ends with a start of its own, which the log needn't tell.
            if all.get(explained).is_some_and(|(_, told)| starts(told)) {
                let mut without = all.clone();
                without.remove(explained);
                return vec![all, without];
            }
            vec![all]
        }
        Observed::Frames(frames) => {
            let told = frames
                .iter()
                .map(|(at, bytes)| (*at, Told::FromLock(bytes.clone())));
            vec![told.collect()]
        }
        Observed::Alarms(alarms) => {
            let told = alarms
                .iter()
                .map(|(at, kind, level)| (*at, Told::Alarm(*kind, *level)));
            vec![told.collect()]
        }
    }
}

/// What leads to the first entry takes no longer: a factory reset takes 35 s.
const FIRST: Nanos = Nanos::from_secs(100);

/// How long a lock has been heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    /// When its log's own steps began.
    pub(super) since: Nanos,
    pub(super) now: Nanos,
}

/// How far that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Now(Heard),
    ItsEnd,
}

/// Holds what a lock told, but for the times of what led to the given state, against what was wanted.
fn hold(log: &Log, wanted: &[&Entry], got: &[(Nanos, Told)], until: Until) -> Result<(), Parting> {
    let (_, explained) = given_of(log);
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
            if let Until::Now(heard) = until
                && !overdue(log, entry, before, heard)
            {
                return Ok(());
            }
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

/// Whether an entry should have been told by now, after the one before in the log's and in the lock's time.
/// Those of events begin anew with each start.
fn overdue(log: &Log, entry: &Entry, before: Option<(Nanos, Nanos)>, heard: Heard) -> bool {
    let begins = log.entries.first().map_or(Nanos::ZERO, |first| first.at);
    let (log_before, lock_before, leeway) = match before {
        Some((log_before, lock_before)) => (log_before, lock_before, log.format.slack()),
        None => (begins, heard.since, FIRST),
    };
    let wanted = entry.at.since(log_before);
    let slack = leeway + Nanos(wanted.0 / 50);
    log.format != Format::Events && heard.now.since(lock_before) > wanted + slack
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
