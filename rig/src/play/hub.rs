//! The hub's end of the bus: the frames that a scenario's hub sends, and its answers to what the lock
//! tells it.

use crate::lock::LockModel;
use crate::scenario::Request;
use crate::trace::{Contact, Key, Nanos};

const START: u8 = 0xBD;
const REQUEST: u8 = 0xE7;
const ACK: u8 = 0xAA;
/// Bytes after the length: sequence, type, command and checksum at least.
const FEWEST: usize = 4;
/// A frame that pauses this long is broken off.
const PAUSE: Nanos = Nanos::from_millis(50);

/// The hub of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct HubCard {
    /// Whether it answers what the lock tells it.
    pub(super) answers: bool,
    seq: u8,
    heard: Vec<u8>,
    last: Nanos,
}

impl HubCard {
    /// The frame of a request, with the next sequence number.
    pub(super) fn request(&mut self, request: &Request, model: LockModel) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        let slot = |slot: &u16| slot.to_be_bytes().to_vec();
        let (command, args) = match request {
            Request::Lock => (0x03, Vec::new()),
            Request::Unlock => (0x05, Vec::new()),
            Request::Status => (0x07, Vec::new()),
            Request::Battery => (0x09, Vec::new()),
            Request::SetCode { slot, digits } => {
                let mut args = slot.to_be_bytes().to_vec();
                args.extend(keys(digits, model));
                (0x0B, args)
            }
            Request::GetCode(number) => (0x0C, slot(number)),
            Request::DeleteCode(number) => (0x0D, slot(number)),
            Request::SetClock(bcd) => (0x0F, bcd.to_vec()),
            Request::Clock => (0x10, Vec::new()),
            Request::Event(index) => (0x11, vec![*index]),
            Request::Hello => (0x18, Vec::new()),
        };
        frame(self.seq, REQUEST, command, &args)
    }

    /// Takes a byte from the lock; the answer, where it completes something that wants one.
    pub(super) fn hear(&mut self, byte: u8, at: Nanos) -> Option<Vec<u8>> {
        if at.since(self.last) >= PAUSE {
            self.heard.clear();
        }
        self.last = at;
        if self.heard.is_empty() && byte != START {
            return None;
        }
        self.heard.push(byte);
        let length = usize::from(*self.heard.get(1)?);
        if length < FEWEST {
            self.heard.clear();
            return None;
        }
        if self.heard.len() < 2 + length {
            return None;
        }
        let frame_heard = std::mem::take(&mut self.heard);
        match frame_heard.as_slice() {
            [_, _, seq, REQUEST, command, ..] if self.answers => {
                Some(frame(*seq, ACK, *command, &[]))
            }
            _ => None,
        }
    }
}

/// `BD len seq type cmd args.. lrc`.
pub(crate) fn frame(seq: u8, kind: u8, command: u8, args: &[u8]) -> Vec<u8> {
    // The longest arguments that are ever asked for are ten bytes.
    let mut bytes = vec![START, (FEWEST + args.len()) as u8, seq, kind, command];
    bytes.extend_from_slice(args);
    let lrc = bytes.iter().skip(1).fold(0xFF, |lrc, byte| lrc ^ byte);
    bytes.push(lrc);
    bytes
}

/// The eight key bytes of a code: a five-key lock's have both digits of the key, a ten-key lock's are
/// digits in ASCII.
fn keys(digits: &[u8], model: LockModel) -> [u8; 8] {
    let mut keys = [0; 8];
    for (key, digit) in keys.iter_mut().zip(digits) {
        *key = match model.contact(Contact::Key(Key::Digit(*digit))) {
            Some(Contact::Key(Key::Pair(first))) => (first << 4) | ((first + 1) % 10),
            _ => b'0' + digit,
        };
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::written;

    #[test]
    fn requests_are_framed_with_length_sequence_and_checksum() {
        let mut hub = HubCard::default();
        let set = Request::SetCode {
            slot: 2,
            digits: vec![1, 2, 3, 4],
        };
        let mut frame = |request: &Request, model| written(&hub.request(request, model));
        assert_eq!(
            frame(&Request::Unlock, LockModel::TenKey),
            "BD 04 01 E7 05 18"
        );
        assert_eq!(
            frame(&set, LockModel::FiveKey),
            "BD 0E 02 E7 0B 00 02 12 12 34 34 00 00 00 00 1D"
        );
        assert_eq!(
            frame(&set, LockModel::TenKey),
            "BD 0E 03 E7 0B 00 02 31 32 33 34 00 00 00 00 18"
        );
    }

    #[test]
    fn a_message_of_the_lock_is_answered_and_an_answer_is_not() {
        let mut hub = HubCard {
            answers: true,
            ..HubCard::default()
        };
        let mut hear = |bytes: &[u8], from: u64| -> Vec<String> {
            bytes
                .iter()
                .enumerate()
                .filter_map(|(index, byte)| {
                    hub.hear(*byte, Nanos::from_millis(from + index as u64))
                })
                .map(|answer| written(&answer))
                .collect()
        };
        let told = frame(9, REQUEST, 0x27, &[0, 1, 0x42]);
        assert_eq!(hear(&told, 0), ["BD 04 09 AA 27 7F"]);
        assert_eq!(hear(&frame(1, ACK, 0x05, &[]), 100), Vec::<String>::new());
        // Noise, then a frame broken off, then a whole one.
        let mut bytes = vec![0x00, 0xFF];
        bytes.extend(&told[..4]);
        assert_eq!(hear(&bytes, 200), Vec::<String>::new());
        assert_eq!(hear(&told, 400).len(), 1);
        assert_eq!(hear(&[START, 1], 500), Vec::<String>::new());
        assert_eq!(hear(&told, 510).len(), 1);
    }
}
