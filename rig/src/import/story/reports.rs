//! What the lock told its hub, and the hub the lock: frames of a capture, or alarm reports, and what each
//! tells that someone did.

use super::super::capture::{Frame, SILENCE};
use super::super::code::digits;
use super::super::programming::Change;
use super::super::{Entry, Format, Told, written, zwave};
use super::bolt::Bolt;
use super::{DEBOUNCE, FRAME, JAMMED, Teller};
use crate::scenario::{GAP, HUB_ANSWER, PRESS};
use crate::trace::Nanos;

/// No move lasts longer: a motor that nothing stops is stopped after 1.5 s.
const LONGEST_MOVE: Nanos = Nanos::from_secs(2);
/// A use is measured, and refused, within this.
const JUST: Nanos = Nanos::from_millis(500);

impl Teller<'_> {
    /// Frames and alarm reports: both tell what the lock told the hub.
    pub(super) fn reports(&mut self) {
        let entries = self.entries;
        let mut paired = None;
        // Entries before this were sent with an earlier one.
        let mut sent = 0;
        for (index, entry) in entries.iter().enumerate() {
            let at = entry.at + self.lead;
            match &entry.told {
                Told::Alarm(kind, level) => self.alarm(index, at, *kind, *level),
                Told::ToLock(_) if paired == Some(index) || index < sent => {}
                Told::ToLock(bytes) => {
                    let (bytes, next) = in_one_go(entries, index, bytes);
                    sent = next;
                    self.request(index, at, &bytes);
                }
                Told::FromLock(bytes) => {
                    let Some(frame) = Frame::of(bytes).filter(|frame| frame.kind == 0xE7) else {
                        continue;
                    };
                    if frame.command == 0x0E {
                        paired = hello_after(entries, index);
                        if paired.is_some() {
                            self.hub(index, at.since(DEBOUNCE), "hub: pair", PRESS + GAP, None);
                        } else {
                            self.press(index, at.since(DEBOUNCE), "hub");
                        }
                        continue;
                    }
                    let after = entries.get(index + 1..).unwrap_or_default().iter().take(2);
                    let itself = after
                        .filter_map(|next| next.told.report())
                        .any(|(kind, _)| kind == 27);
                    match zwave::report(bytes) {
                        // An auto-lock is told as a lock by nobody first.
                        Some((21, _)) if itself => {}
                        // What the hub asked for is there already as its own frame.
                        Some((24, _)) => self.jam_if(index, at, false, "closing"),
                        Some((25, _)) => self.jam_if(index, at, false, "opening"),
                        Some((23, _)) => self.jam_if(index, at, true, "closing"),
                        // A jam of the move that it asked for.
                        Some((9, _))
                            if asked(&entries[..index], entry.at, LONGEST_MOVE, &[0x05]) =>
                        {
                            self.jam_if(index, at, true, "opening");
                        }
                        Some((kind, level)) => self.alarm(index, at, kind, level),
                        None => {}
                    }
                }
                Told::Event(_) => {}
            }
            if let Some((kind, _)) = entry.told.report() {
                self.bolt = match kind {
                    18 | 21 | 24 | 27 => Bolt::Locked,
                    // A jam while closing reverses to open.
                    17 | 19 | 22 | 23 | 25 | 26 | 162 => Bolt::Open,
                    9 => Bolt::Between,
                    _ => self.bolt,
                };
            }
        }
    }

    fn alarm(&mut self, index: usize, at: Nanos, kind: u8, level: u8) {
        let moved = at.since(self.travel());
        let jammed = at.since(JAMMED);
        match kind {
            9 => {
                self.jam_if(index, at, true, "opening");
                let code = self.codes.slot(1, index);
                self.enter(
                    index,
                    at.since(Nanos::from_millis(600)),
                    &code,
                    Some("whose code, the log doesn't tell"),
                );
            }
            17 => {
                self.jam_if(index, at, true, "closing");
                self.press(index, jammed.since(DEBOUNCE), "lock");
            }
            18 => {
                self.jam_if(index, at, false, "closing");
                self.press(index, moved.since(DEBOUNCE), "lock");
            }
            19 => {
                self.jam_if(index, at, false, "opening");
                self.enter(index, moved, &self.codes.slot(level.max(1), index), None);
            }
            21 => self.key(index, at, "lock"),
            22 => self.key(index, at, "unlock"),
            23 => {
                self.jam_if(index, at, true, "closing");
                self.hub(index, jammed.since(FRAME), "hub: lock", Nanos::ZERO, None);
            }
            24 => {
                self.jam_if(index, at, false, "closing");
                self.hub(index, moved.since(FRAME), "hub: lock", Nanos::ZERO, None);
            }
            25 => {
                self.jam_if(index, at, false, "opening");
                self.hub(index, moved.since(FRAME), "hub: unlock", Nanos::ZERO, None);
            }
            26 => self.jam_if(index, at, true, "closing"),
            27 => self.jam_if(index, at, false, "closing"),
            32 => self.programming(index, at, Change::AllDeleted, None),
            33 => self.programming(index, at, Change::Deleted(level), None),
            112 => self.programming(index, at, Change::Set(level), None),
            113 => self.programming(index, at, Change::Duplicate, Change::Duplicate.mark()),
            161 => {
                for before in [10, 5, 0] {
                    self.wrong(index, at.since(Nanos::from_secs(before)));
                }
            }
            162 => {
                let code = self.codes.slot(level.max(1), index);
                let mark = "this lock has no schedules: here it is any time for that code";
                self.enter(index, at, &code, Some(mark));
            }
            167 => self.low(index, at, 4_700),
            168 => self.low(index, at, 4_400),
            // Told of every use that is refused; the critical alarm comes once, after it.
            169 => {
                self.gives(index, at, 4_400);
                let before = &self.entries[..index];
                if !asked(before, self.entries[index].at, JUST, &[0x03, 0x05]) {
                    self.refused_use(index, at);
                }
            }
            _ => self.note(index, at, "how that came about the rig can't tell"),
        }
    }

    /// A frame of the hub's, as a scenario says it.
    fn request(&mut self, index: usize, at: Nanos, bytes: &[u8]) {
        let frame = Frame::of(bytes);
        // Its answers to the lock the rig's hub gives by itself.
        if frame.as_ref().is_some_and(|frame| frame.kind != 0xE7) {
            return;
        }
        let word = frame.and_then(|frame| {
            Some(match (frame.command, frame.args.as_slice()) {
                (0x03, []) => "hub: lock".to_owned(),
                (0x05, []) => "hub: unlock".to_owned(),
                (0x07, []) => "hub: status".to_owned(),
                (0x09, []) => "hub: battery".to_owned(),
                (0x10, []) => "hub: clock".to_owned(),
                (0x18, []) => "hub: hello".to_owned(),
                (0x11, [event]) => format!("hub: {{ event: {event} }}"),
                (0x0B, [hi, lo, keys @ ..]) if keys.len() == 8 => {
                    let code = digits(keys, self.model).filter(|code| !code.is_empty())?;
                    let slot = u16::from_be_bytes([*hi, *lo]);
                    format!("hub: {{ set-code: \"{code}\", slot: {slot} }}")
                }
                (0x0C, [hi, lo]) => {
                    format!("hub: {{ get-code: {} }}", u16::from_be_bytes([*hi, *lo]))
                }
                (0x0D, [hi, lo]) => {
                    format!("hub: {{ delete-code: {} }}", u16::from_be_bytes([*hi, *lo]))
                }
                (0x0F, time) if time.len() == 7 => {
                    format!("hub: {{ set-clock: \"{}\" }}", written(time))
                }
                _ => return None,
            })
        });
        let word = word.unwrap_or_else(|| format!("hub: {{ bytes: \"{}\" }}", written(bytes)));
        self.answered(index, at);
        let sending = sending(bytes);
        self.act(index, at, vec![word], sending + HUB_ANSWER, None);
    }

    /// The pack gives no more than this, which was noticed by what else is told, or by a use that tells
    /// nothing else.
    fn low(&mut self, index: usize, at: Nanos, millivolts: u32) {
        self.gives(index, at, millivolts);
        if self.used_around(index) {
            return;
        }
        match self.format {
            Format::ZWave => {
                self.hub(index, at.since(FRAME), "hub: battery", Nanos::ZERO, None);
            }
            // A hub that asks is part of a capture.
            Format::Capture | Format::Events => self.press(index, at.since(DEBOUNCE), "lock"),
        }
    }

    /// A use for which the pack was too low.
    fn refused_use(&mut self, index: usize, at: Nanos) {
        match self.bolt {
            Bolt::Open => self.press(index, at.since(DEBOUNCE), "lock"),
            Bolt::Locked | Bolt::Between | Bolt::Unknown => {
                let code = self.codes.slot(1, index);
                self.enter(index, at, &code, Some("whose code, the log doesn't tell"));
            }
        }
    }

    /// Whether a use by which the pack was measured is told at about the time of entry `index`.
    pub(super) fn used_around(&self, index: usize) -> bool {
        let at = self.entries[index].at;
        let near = self.entries.iter().enumerate().filter(|(other, entry)| {
            let soon = entry.at >= at && entry.at.since(at) < LONGEST_MOVE;
            let just = entry.at < at && at.since(entry.at) < JUST;
            *other != index && (soon || just)
        });
        near.map(|(_, entry)| entry).any(|entry| match &entry.told {
            Told::Event([2, 1, _] | [3, ..] | [7, 0x03 | 0x05 | 0x09, _]) => true,
            Told::ToLock(bytes) => {
                Frame::of(bytes).is_some_and(|frame| matches!(frame.command, 0x03 | 0x05 | 0x09))
            }
            told => matches!(told.report(), Some((9 | 17..=19 | 23..=27 | 169, _))),
        })
    }
}

/// Whether the hub asked for one of these so shortly before `at`.
fn asked(before: &[Entry], at: Nanos, within: Nanos, commands: &[u8]) -> bool {
    let recent = before.iter().rev();
    let mut recent = recent.take_while(|entry| at.since(entry.at) < within);
    recent.any(|entry| {
        matches!(&entry.told, Told::ToLock(bytes)
            if Frame::of(bytes).is_some_and(|frame| frame.kind == 0xE7 && commands.contains(&frame.command)))
    })
}

/// The hello that follows the hub button of entry `index`.
fn hello_after(entries: &[Entry], index: usize) -> Option<usize> {
    let pressed = entries[index].at;
    let after = entries.get(index + 1..)?.iter().take(3);
    let after = after.take_while(|entry| entry.at.since(pressed) < Nanos::from_secs(2));
    let place = after.enumerate().find(|(_, entry)| {
        matches!(&entry.told, Told::ToLock(bytes)
            if Frame::of(bytes).is_some_and(|frame| frame.kind == 0xE7 && frame.command == 0x18))
    });
    place.map(|(offset, _)| index + 1 + offset)
}

/// How long bytes take on the bus.
const fn sending(bytes: &[u8]) -> Nanos {
    Nanos::from_micros(bytes.len() as u64 * 1_042)
}

/// What the hub sent without a pause, from entry `index` on, and the first entry that isn't of it. A line of
/// a capture ends with a frame, or after so many bytes of noise.
fn in_one_go(entries: &[Entry], index: usize, bytes: &[u8]) -> (Vec<u8>, usize) {
    let (mut all, mut next) = (bytes.to_vec(), index + 1);
    while Frame::of(&all).is_none()
        && let Some(Entry {
            at,
            told: Told::ToLock(more),
            ..
        }) = entries.get(next)
        && at.since(entries[index].at + sending(&all)) < SILENCE
    {
        all.extend(more);
        next += 1;
    }
    (all, next)
}
