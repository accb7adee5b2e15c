//! Frames of the bus: `BD len seq type cmd args.. lrc`. `len` counts the bytes after it, `lrc` is
//! `FF` xor every byte after `BD`.

use crate::time::{Moment, Span};

const START: u8 = 0xBD;
/// The most arguments that any frame has.
const MOST_ARGS: usize = 12;
/// `seq`, `type`, `cmd` and `lrc`.
const FEWEST: usize = 4;
/// Bytes of the longest frame.
pub const LONGEST_FRAME: usize = 2 + FEWEST + MOST_ARGS;
/// A byte takes 1 ms; a frame that pauses this long is broken off.
const PAUSE: Span = Span::millis(50);

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Request = 0xE7,
    Ack = 0xAA,
    Nak = 0x55,
}

/// A frame, ready to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    bytes: [u8; LONGEST_FRAME],
    length: usize,
}

impl Frame {
    /// A frame with these arguments, of which there are `MOST_ARGS` at most.
    pub(crate) fn new(seq: u8, kind: Kind, command: u8, args: &[u8]) -> Self {
        debug_assert!(args.len() <= MOST_ARGS);
        let args = &args[..args.len().min(MOST_ARGS)];
        let mut bytes = [0; LONGEST_FRAME];
        let length = 2 + FEWEST + args.len();
        bytes[..5].copy_from_slice(&[START, (FEWEST + args.len()) as u8, seq, kind as u8, command]);
        bytes[5..5 + args.len()].copy_from_slice(args);
        bytes[length - 1] = lrc(&bytes[1..length - 1]);
        Self { bytes, length }
    }

    /// The bytes to send.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

fn lrc(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0xFF, |lrc, byte| lrc ^ byte)
}

/// A frame that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) seq: u8,
    /// The type byte, known or not.
    pub(crate) kind: u8,
    pub(crate) command: u8,
    args: [u8; MOST_ARGS],
    count: usize,
    /// Whether the checksum is right.
    pub(crate) intact: bool,
}

impl Heard {
    pub(crate) fn args(&self) -> &[u8] {
        &self.args[..self.count]
    }
}

/// Finds frames in what comes in. Bytes that belong to none are dropped.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    bytes: [u8; LONGEST_FRAME],
    count: usize,
    last: Moment,
}

impl Parser {
    /// Takes a byte, and gives the frame that it completes.
    pub(crate) fn push(&mut self, now: Moment, byte: u8) -> Option<Heard> {
        if now.since(self.last) >= PAUSE {
            self.count = 0;
        }
        self.last = now;
        if self.count == 0 && byte != START {
            return None;
        }
        self.bytes[self.count] = byte;
        self.count += 1;
        if self.count < 2 {
            return None;
        }
        let length = usize::from(self.bytes[1]);
        if !(FEWEST..=FEWEST + MOST_ARGS).contains(&length) {
            // No frame has this length; its start may be one's that does.
            self.count = usize::from(byte == START);
            return None;
        }
        if self.count < 2 + length {
            return None;
        }
        let frame = &self.bytes[..self.count];
        let mut heard = Heard {
            seq: frame[2],
            kind: frame[3],
            command: frame[4],
            args: [0; MOST_ARGS],
            count: length - FEWEST,
            intact: lrc(&frame[1..self.count - 1]) == frame[self.count - 1],
        };
        heard.args[..heard.count].copy_from_slice(&frame[5..5 + heard.count]);
        self.count = 0;
        Some(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Vec<Heard> {
        let mut parser = Parser::default();
        bytes
            .iter()
            .filter_map(|&byte| parser.push(Moment::BOOT, byte))
            .collect()
    }

    #[test]
    fn a_request_to_lock() {
        let frame = Frame::new(1, Kind::Request, 0x03, &[]);
        assert_eq!(frame.bytes(), [0xBD, 4, 1, 0xE7, 3, 0x1E]);
    }

    #[test]
    fn a_captured_clock_frame_is_intact() {
        // Set clock to 2014-06-21 03:46:47, weekday 6.
        let args = [0x14, 0x06, 0x21, 0x03, 0x46, 0x47, 0x06];
        let frame = Frame::new(0x12, Kind::Request, 0x0F, &args);
        let heard = parse(frame.bytes());
        assert!(heard[0].intact);
        assert_eq!(heard[0].args(), args);
    }

    #[test]
    fn a_wrong_checksum_is_told() {
        let frame = Frame::new(1, Kind::Request, 0x03, &[]);
        let mut bytes = frame.bytes().to_vec();
        bytes[5] ^= 1;
        assert!(!parse(&bytes)[0].intact);
    }

    #[test]
    fn a_frame_broken_off_doesnt_spoil_the_next() {
        let frame = Frame::new(1, Kind::Request, 0x03, &[]);
        let mut parser = Parser::default();
        for &byte in &frame.bytes()[..4] {
            parser.push(Moment::BOOT, byte);
        }
        let later = Moment::BOOT + PAUSE;
        let heard: Vec<_> = frame
            .bytes()
            .iter()
            .filter_map(|&byte| parser.push(later, byte))
            .collect();
        assert_eq!(heard.len(), 1);
    }

    #[test]
    fn an_impossible_length_is_dropped() {
        let mut bytes = vec![START, 200, START, 3];
        bytes.extend_from_slice(Frame::new(1, Kind::Request, 0x03, &[]).bytes());
        assert_eq!(parse(&bytes).len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
        }

        #[test]
        fn what_is_sent_is_heard(
            seq: u8,
            command: u8,
            args in prop::collection::vec(any::<u8>(), 0..=MOST_ARGS),
        ) {
            let heard = parse(Frame::new(seq, Kind::Ack, command, &args).bytes());
            prop_assert_eq!(heard.len(), 1);
            prop_assert!(heard[0].intact);
            prop_assert_eq!(heard[0].seq, seq);
            prop_assert_eq!(heard[0].kind, Kind::Ack as u8);
            prop_assert_eq!(heard[0].command, command);
            prop_assert_eq!(heard[0].args(), args);
        }
    }
}
