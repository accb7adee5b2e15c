//! What the lock told its hub, and the hub the lock: frames of a capture, or alarm reports, and what each
//! tells that someone did.

use super::super::capture::Frame;
use super::super::code::digits;
use super::super::programming::Change;
use super::super::{Entry, Told, written, zwave};
use super::{BEFORE, DEBOUNCE, FRAME, JAMMED, LEAD, TRAVEL, Teller};
use crate::scenario::{GAP, HUB_ANSWER, PRESS};
use crate::trace::Nanos;

/// No move lasts longer: a motor that nothing stops is stopped after 1.5 s.
const LONGEST_MOVE: Nanos = Nanos::from_secs(2);

impl Teller<'_> {
    /// Frames and alarm reports: both tell what the lock told the hub.
    pub(super) fn reports(&mut self, entries: &[Entry]) {
        let mut paired = None;
        for (index, entry) in entries.iter().enumerate() {
            let at = entry.at + LEAD;
            match &entry.told {
                Told::Alarm(kind, level) => self.alarm(index, at, *kind, *level),
                Told::ToLock(_) if paired == Some(index) => {}
                Told::ToLock(bytes) => self.request(index, at, bytes),
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
                        Some((9, _)) if asked_to_open(&entries[..index], entry.at) => {
                            self.jam_if(index, at, true, "opening");
                        }
                        Some((kind, level)) => self.alarm(index, at, kind, level),
                        None => {}
                    }
                }
                Told::Event(_) => {}
            }
        }
    }

    fn alarm(&mut self, index: usize, at: Nanos, kind: u8, level: u8) {
        let moved = at.since(TRAVEL);
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
            167 => self.low(index, at, "4.7 V", "press: lock"),
            168 => self.low(index, at, "4.4 V", "press: lock"),
            // Follows the critical alarm of the same use.
            169 => {}
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
        let sending = Nanos::from_micros(bytes.len() as u64 * 1_042);
        self.act(index, at, vec![word], sending + HUB_ANSWER, None);
    }

    fn low(&mut self, index: usize, at: Nanos, volts: &str, using: &str) {
        let mark = "how low and by what use it was noticed, the log doesn't tell";
        self.act(
            index,
            at.since(BEFORE),
            vec![format!("battery: {volts}")],
            Nanos::ZERO,
            Some(mark),
        );
        self.act(
            index,
            at.since(Nanos::from_millis(60)),
            vec![using.to_owned()],
            PRESS + GAP,
            None,
        );
    }
}

/// Whether the hub asked the lock to open so shortly before `at` that a jam then is of that move.
fn asked_to_open(before: &[Entry], at: Nanos) -> bool {
    let recent = before.iter().rev();
    let mut recent = recent.take_while(|entry| at.since(entry.at) < LONGEST_MOVE);
    recent.any(|entry| {
        matches!(&entry.told, Told::ToLock(bytes)
            if Frame::of(bytes).is_some_and(|frame| frame.kind == 0xE7 && frame.command == 0x05))
    })
}

/// The hello that follows the hub button of entry `index`.
fn hello_after(entries: &[Entry], index: usize) -> Option<usize> {
    let after = entries.get(index + 1..)?.iter().take(3);
    let place = after.enumerate().find(|(_, entry)| {
        matches!(&entry.told, Told::ToLock(bytes)
            if Frame::of(bytes).is_some_and(|frame| frame.kind == 0xE7 && frame.command == 0x18))
    });
    place.map(|(offset, _)| index + 1 + offset)
}
