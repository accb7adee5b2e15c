//! The logs that a virtual lock leaves when a scenario is played on it.

use super::capture::Frame;
use super::events::Record;
use super::{Format, zwave};
use crate::bench::Bench;
use crate::outcome::{Outcomes, Phrase};
use crate::play::{Limits, PlayError, Sitting, Situation};
use crate::trace::{Nanos, Trace};

/// What a lock told, as the formats of logs have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Observed {
    /// Its events, the oldest first.
    Events(Vec<Record>),
    /// The frames that it sent.
    Frames(Vec<(Nanos, Vec<u8>)>),
    /// The alarm reports that its radio sends.
    Alarms(Vec<(Nanos, u8, u8)>),
}

impl Observed {
    /// What the lock on `bench` told in a run with this trace, from the step with this index on.
    pub(crate) fn of(
        format: Format,
        trace: &Trace,
        from: usize,
        bench: &mut dyn Bench,
        situation: &mut Situation,
        limits: Limits<'_>,
    ) -> Result<Observed, PlayError> {
        let frames = frames(trace, from);
        Ok(match format {
            Format::Events => {
                Observed::Events(events_of(bench, situation, limits)?.unwrap_or_default())
            }
            Format::Capture => Observed::Frames(frames),
            Format::ZWave => Observed::Alarms(zwave::reports(&frames)),
        })
    }
}

/// The frames from the lock, since the step with this index; what is repeated because nobody answered
/// is told once.
pub(crate) fn frames(trace: &Trace, from: usize) -> Vec<(Nanos, Vec<u8>)> {
    let outcomes = Outcomes::of(trace);
    let mut frames: Vec<(Nanos, Vec<u8>)> = Vec::new();
    for (block, step) in outcomes.blocks.iter().zip(&trace.steps).skip(from) {
        for outcome in &block.outcomes {
            if let Phrase::Frame(bytes) = &outcome.phrase
                && frames.last().is_none_or(|(_, last)| last != bytes)
            {
                frames.push((step.start + Nanos::from_millis(outcome.at), bytes.clone()));
            }
        }
    }
    frames
}

/// Puts the pack in, and gives the lock its time to start.
const CONNECT: &str = "  - battery: connect\n  - wait: 4s\n";

/// Reads the event log of the lock on `bench` over the hub's bus, the oldest first, feeding and pairing
/// it first where that is needed; without what the reading itself adds. `None` when the lock doesn't tell it.
pub(crate) fn events_of(
    bench: &mut dyn Bench,
    situation: &mut Situation,
    limits: Limits<'_>,
) -> Result<Option<Vec<Record>>, PlayError> {
    let mut sitting = Sitting::begin(bench, situation, limits)?;
    let mut added = 1;
    if !sitting.pack_in() {
        sitting.perform(CONNECT)?;
        added += 1;
    }
    match answer(&mut sitting, "hello", 0x18)?.as_deref() {
        Some([1]) => {}
        Some(_) => {
            added += 2;
            if answer(&mut sitting, "pair", 0x18)?.as_deref() != Some(&[1]) {
                return Ok(None);
            }
        }
        None => return Ok(None),
    }
    let mut records = Vec::new();
    let mut index = added;
    loop {
        let told = answer(&mut sitting, &format!("{{ event: {index} }}"), 0x11)?;
        let Some([count, _, record @ ..]) = told.as_deref() else {
            break;
        };
        let Ok(record) = Record::try_from(record) else {
            return Ok(None);
        };
        records.push(record);
        index += 1;
        if index >= usize::from(*count) {
            break;
        }
    }
    records.reverse();
    Ok(Some(records))
}

/// The arguments of the lock's acknowledgement of a request; `None` for a refusal or silence.
fn answer(
    sitting: &mut Sitting<'_, '_>,
    request: &str,
    command: u8,
) -> Result<Option<Vec<u8>>, PlayError> {
    let passage = sitting.perform(&format!("  - hub: {request}\n"))?;
    let outcomes = passage.blocks.iter().flat_map(|block| &block.outcomes);
    let frames = outcomes.filter_map(|outcome| match &outcome.phrase {
        Phrase::Frame(bytes) => Frame::of(bytes),
        _ => None,
    });
    let mut acks = frames.filter(|frame| frame.kind == 0xAA && frame.command == command);
    Ok(acks.next().map(|frame| frame.args))
}
