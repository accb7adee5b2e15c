//! The bytes between probe-rs's Glasgow driver and a probe: COBS frames ended by a zero byte, whose
//! first byte names an endpoint and whose rest is that endpoint's stream of commands. Frame
//! boundaries mean nothing within a stream; a command may be split over frames.

use super::dp::{Access, Port, Refusal, Transfer};

/// What the probe answers to be recognised.
pub(crate) const IDENTIFIER: &[u8; 12] = b"probe-rs,v01";

/// The longest frame taken, as encoded. The driver's longest is 256 writes of five bytes.
pub(crate) const MAX_FRAME: usize = 1 << 20;

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    #[error("a frame is longer than {MAX_FRAME} bytes")]
    FrameTooLong,
    #[error("a frame is not COBS")]
    NotCobs,
    #[error("a frame names no endpoint")]
    NoEndpoint,
    #[error("a frame is for endpoint {0:#04x}, which does not exist")]
    UnknownEndpoint(u8),
    #[error("root command {0:#04x} does not exist")]
    UnknownRootCommand(u8),
    #[error("SWD command {0:#04x} does not exist")]
    UnknownSwdCommand(u8),
}

/// The part of the probe that a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Identity, clock and reset line.
    Root,
    /// The SWD line.
    Swd,
}

/// Cuts a byte stream into frames.
#[derive(Debug, Default)]
pub(crate) struct Deframer {
    pending: Vec<u8>,
    /// How much of `pending` is known to hold no delimiter.
    searched: usize,
}

impl Deframer {
    /// Takes what has arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole frame. A delimiter right after another is no frame.
    pub(crate) fn next(&mut self) -> Result<Option<(Endpoint, Vec<u8>)>, WireError> {
        loop {
            let Some(found) = self.pending[self.searched..].iter().position(|&b| b == 0) else {
                self.searched = self.pending.len();
                if self.searched > MAX_FRAME {
                    return Err(WireError::FrameTooLong);
                }
                return Ok(None);
            };
            let end = self.searched + found;
            let mut frame: Vec<u8> = self.pending.drain(..=end).collect();
            self.searched = 0;
            frame.pop();
            if frame.is_empty() {
                continue;
            }
            if frame.len() > MAX_FRAME {
                return Err(WireError::FrameTooLong);
            }
            let length = cobs::decode_in_place(&mut frame).map_err(|_| WireError::NotCobs)?;
            frame.truncate(length);
            let endpoint = match frame.first() {
                None => return Err(WireError::NoEndpoint),
                Some(0) => Endpoint::Root,
                Some(1) => Endpoint::Swd,
                Some(&other) => return Err(WireError::UnknownEndpoint(other)),
            };
            frame.remove(0);
            return Ok(Some((endpoint, frame)));
        }
    }
}

/// Appends a frame with `bytes` of `endpoint` to `out`.
pub(crate) fn enframe(endpoint: Endpoint, bytes: &[u8], out: &mut Vec<u8>) {
    let mut frame = Vec::with_capacity(bytes.len() + 1);
    frame.push(endpoint as u8);
    frame.extend_from_slice(bytes);
    out.extend_from_slice(&cobs::encode_vec(&frame));
    out.push(0);
}

/// A command to the root endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootCommand {
    /// Answered with [`IDENTIFIER`].
    Identify,
    /// Answered with the reference clock in hertz, 32 bits.
    ReferenceClock,
    /// Answered with the divisor, 16 bits: SWCLK is the reference clock over divisor plus one.
    Divisor,
    /// No answer.
    SetDivisor(u16),
    /// Pulls nRESET low. No answer.
    AssertReset,
    /// Lets nRESET go. No answer.
    ClearReset,
}

/// A command to the SWD endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SwdCommand {
    /// A register access, answered by [`answer`].
    Transfer(Transfer),
    /// Drives `length` bits, lowest first. No answer.
    Sequence {
        /// 1 to 32.
        length: u32,
        /// The bits.
        bits: u32,
    },
}

/// The first command in `bytes` and its length, or `None` when more bytes are needed.
pub(crate) fn root_command(bytes: &[u8]) -> Result<Option<(RootCommand, usize)>, WireError> {
    Ok(match bytes {
        [] => None,
        [0x00, ..] => Some((RootCommand::Identify, 1)),
        [0x10, ..] => Some((RootCommand::ReferenceClock, 1)),
        [0x11, ..] => Some((RootCommand::Divisor, 1)),
        &[0x12, low, high, ..] => {
            Some((RootCommand::SetDivisor(u16::from_le_bytes([low, high])), 3))
        }
        [0x12, ..] => None,
        [0x20, ..] => Some((RootCommand::AssertReset, 1)),
        [0x21, ..] => Some((RootCommand::ClearReset, 1)),
        &[other, ..] => return Err(WireError::UnknownRootCommand(other)),
    })
}

const SEQUENCE: u8 = 1 << 5;
const SEQUENCE_LENGTH: u8 = 0x1F;
const ACCESS_PORT: u8 = 1 << 0;
const READ: u8 = 1 << 1;
const ADDRESS: u8 = 0b1100;

/// The first command in `bytes` and its length, or `None` when more bytes are needed.
pub(crate) fn swd_command(bytes: &[u8]) -> Result<Option<(SwdCommand, usize)>, WireError> {
    let Some((&command, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let word = rest.first_chunk().map(|&data| u32::from_le_bytes(data));
    if command & !(SEQUENCE | SEQUENCE_LENGTH) != 0 {
        return Err(WireError::UnknownSwdCommand(command));
    }
    if command & SEQUENCE != 0 {
        let length = match command & SEQUENCE_LENGTH {
            0 => 32,
            length => u32::from(length),
        };
        return Ok(word.map(|bits| (SwdCommand::Sequence { length, bits }, 5)));
    }
    if command & !(ACCESS_PORT | READ | ADDRESS) != 0 {
        return Err(WireError::UnknownSwdCommand(command));
    }
    let port = if command & ACCESS_PORT != 0 {
        Port::Access
    } else {
        Port::Debug
    };
    let address = command & ADDRESS;
    let (access, length) = match (command & READ != 0, word) {
        (true, _) => (Access::Read, 1),
        (false, Some(value)) => (Access::Write(value), 5),
        (false, None) => return Ok(None),
    };
    Ok(Some((
        SwdCommand::Transfer(Transfer {
            port,
            address,
            access,
        }),
        length,
    )))
}

const ACK_OK: u8 = 0b001;
const ACK_FAULT: u8 = 0b100;
const TYPE_NO_DATA: u8 = 0x10;
const TYPE_ERROR: u8 = 0x20;

/// Appends the answer to a transfer to `out`.
pub(crate) fn answer(result: Result<Option<u32>, Refusal>, out: &mut Vec<u8>) {
    match result {
        Ok(Some(data)) => {
            out.push(ACK_OK);
            out.extend_from_slice(&data.to_le_bytes());
        }
        Ok(None) => out.push(TYPE_NO_DATA | ACK_OK),
        Err(Refusal::Fault) => out.push(TYPE_NO_DATA | ACK_FAULT),
        Err(Refusal::NoAcknowledge) => out.push(TYPE_ERROR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(bytes: &[u8]) -> Result<Vec<(Endpoint, Vec<u8>)>, WireError> {
        let mut deframer = Deframer::default();
        deframer.push(bytes);
        let mut frames = Vec::new();
        while let Some(frame) = deframer.next()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn malformed_frames_are_told_apart() {
        assert_eq!(frames(&[0, 0, 0]), Ok(vec![]));
        assert_eq!(frames(&[9, 1, 0]), Err(WireError::NotCobs));
        assert_eq!(frames(&[1, 1, 1, 0]), Ok(vec![(Endpoint::Root, vec![0])]));
        assert_eq!(frames(&[2, 7, 0]), Err(WireError::UnknownEndpoint(7)));
        assert_eq!(
            frames(&vec![1; MAX_FRAME + 1]),
            Err(WireError::FrameTooLong)
        );
    }

    #[test]
    fn commands_wait_for_their_last_byte() {
        assert_eq!(root_command(&[0x12, 1]), Ok(None));
        assert_eq!(
            root_command(&[0x12, 1, 2]),
            Ok(Some((RootCommand::SetDivisor(0x201), 3)))
        );
        assert_eq!(
            root_command(&[0x13]),
            Err(WireError::UnknownRootCommand(0x13))
        );
        assert_eq!(swd_command(&[0x20, 1, 2, 3]), Ok(None));
        assert_eq!(
            swd_command(&[0x20, 1, 2, 3, 4]),
            Ok(Some((
                SwdCommand::Sequence {
                    length: 32,
                    bits: 0x0403_0201
                },
                5
            )))
        );
        assert_eq!(swd_command(&[0x0D, 1, 2]), Ok(None));
        assert_eq!(
            swd_command(&[0x10]),
            Err(WireError::UnknownSwdCommand(0x10))
        );
        assert_eq!(
            swd_command(&[0x42]),
            Err(WireError::UnknownSwdCommand(0x42))
        );
    }

    proptest! {
        #[test]
        fn any_frame_comes_back_however_it_is_cut(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            cut in 1usize..40,
        ) {
            let mut wire = Vec::new();
            enframe(Endpoint::Swd, &bytes, &mut wire);
            enframe(Endpoint::Root, &bytes, &mut wire);
            let mut deframer = Deframer::default();
            let mut frames = Vec::new();
            for chunk in wire.chunks(cut) {
                deframer.push(chunk);
                while let Some(frame) = deframer.next().unwrap() {
                    frames.push(frame);
                }
            }
            prop_assert_eq!(frames, vec![(Endpoint::Swd, bytes.clone()), (Endpoint::Root, bytes)]);
        }
    }
}
