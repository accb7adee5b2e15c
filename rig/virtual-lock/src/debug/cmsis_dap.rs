//! A probe as CMSIS-DAP describes one (Arm, CMSIS-DAP protocol, version 2), in front of a
//! [`DebugPort`]: one request in, one answer out, whatever carries them. Virtual time passes as with
//! [`super::glasgow`], by what crosses the line. Only SWD is there; a request that is cut short,
//! unknown or not offered is answered as invalid.

use super::dp::{Access, DebugPort, Port, Refusal, Transfer};
use super::target::DebugTarget;
use crate::time::Ticks;

/// The most bytes of a request or an answer.
pub const PACKET: usize = 512;

/// What SWCLK is until the client says.
const FIRST_HERTZ: u32 = 1_000_000;
const SECOND: Ticks = Ticks::from_millis(1_000);

/// SWCLK cycles of a transfer with data, and of one that is refused.
const TRANSFER_CYCLES: u64 = 46;
const REFUSAL_CYCLES: u64 = 13;

const OK: u8 = 0;
const ERROR: u8 = 0xFF;
/// Stands for the command's number in the answer to what is no command.
const INVALID: u8 = 0xFF;

/// Port and capability number of SWD.
const SWD: u8 = 1;
/// Pins in DAP_SWJ_Pins.
const SWCLK: u8 = 1 << 0;
const SWDIO: u8 = 1 << 1;
const NRESET: u8 = 1 << 7;

/// DAP_Transfer's request byte: APnDP, RnW, A[3:2], and what this probe doesn't offer.
const ACCESS_PORT: u8 = 1 << 0;
const READ: u8 = 1 << 1;
const ADDRESS: u8 = 0xC;
const EXTRAS: u8 = 0xF0;

/// Its acknowledge.
const ACK_OK: u8 = 1;
const ACK_FAULT: u8 = 4;
const ACK_NONE: u8 = 7;

const READ_BUFFER: Transfer = Transfer {
    port: Port::Debug,
    address: 0xC,
    access: Access::Read,
};

/// The probe, with the debug port of the one target that it is wired to.
#[derive(Debug)]
pub struct CmsisDap {
    port: DebugPort,
    hertz: u32,
}

impl Default for CmsisDap {
    fn default() -> CmsisDap {
        CmsisDap {
            port: DebugPort::hasty(),
            hertz: FIRST_HERTZ,
        }
    }
}

impl CmsisDap {
    /// Takes a request and acts on it. The answer has at most [`PACKET`] bytes; there is none to a
    /// request that asks for none.
    pub fn answer(&mut self, request: &[u8], target: &mut impl DebugTarget) -> Vec<u8> {
        let mut bytes = Bytes(request);
        let answer = bytes
            .next()
            .and_then(|command| self.act(command, &mut bytes, target));
        answer.unwrap_or_else(|| vec![INVALID])
    }

    /// The probe lost its client or its own power: it lets go of the reset line.
    pub fn let_go(&mut self, target: &mut impl DebugTarget) {
        self.port.drive_reset(false, target);
    }

    /// `None` to what is invalid.
    fn act(
        &mut self,
        command: u8,
        bytes: &mut Bytes<'_>,
        target: &mut impl DebugTarget,
    ) -> Option<Vec<u8>> {
        let rest = match command {
            // DAP_Info
            0x00 => match bytes.next()? {
                0xF0 => vec![1, SWD],
                0xFE => vec![1, 1],
                0xFF => {
                    let [low, high] = (PACKET as u16).to_le_bytes();
                    vec![2, low, high]
                }
                _ => vec![0],
            },
            // DAP_HostStatus
            0x01 => bytes.next().and(bytes.next()).map(|_| vec![OK])?,
            // DAP_Connect
            0x02 => {
                self.port.drive_reset(false, target);
                match bytes.next()? {
                    0 | SWD => vec![SWD],
                    _ => vec![0],
                }
            }
            // DAP_Disconnect
            0x03 => {
                self.port.drive_reset(false, target);
                vec![OK]
            }
            // DAP_TransferConfigure: an access here never asks to wait.
            0x04 => bytes.take(5).map(|_| vec![OK])?,
            0x05 => self.transfers(bytes, target)?,
            0x06 => self.block(bytes, target)?,
            // DAP_TransferAbort has no answer.
            0x07 => return Some(Vec::new()),
            // DAP_WriteABORT
            0x08 => {
                bytes.next()?;
                let access = Access::Write(bytes.word()?);
                let abort = Transfer {
                    port: Port::Debug,
                    address: 0,
                    access,
                };
                let done = self.transfer(abort, target);
                vec![if done.is_ok() { OK } else { ERROR }]
            }
            // DAP_Delay
            0x09 => {
                let micros = u64::from(bytes.half()?);
                self.port.advance(Ticks::from_micros(micros), target);
                vec![OK]
            }
            // DAP_ResetTarget: there is no sequence of the device's own.
            0x0A => vec![OK, 0],
            0x10 => self.pins(bytes, target)?,
            // DAP_SWJ_Clock
            0x11 => match bytes.word()? {
                0 => vec![ERROR],
                hertz => {
                    self.hertz = hertz;
                    vec![OK]
                }
            },
            0x12 => self.sequence(bytes, target)?,
            // DAP_SWD_Configure: the nRF52840's turnaround is one cycle, with data after a refusal
            // never.
            0x13 => vec![if bytes.next()? == 0 { OK } else { ERROR }],
            _ => return None,
        };
        let mut answer = vec![command];
        answer.extend(rest);
        Some(answer)
    }

    /// DAP_Transfer.
    fn transfers(
        &mut self,
        bytes: &mut Bytes<'_>,
        target: &mut impl DebugTarget,
    ) -> Option<Vec<u8>> {
        bytes.next()?;
        let count = bytes.next()?;
        // All of it is understood before any of it is done.
        let transfers = (0..count)
            .map(|_| request(bytes.next()?, || bytes.word()))
            .collect::<Option<Vec<Transfer>>>()?;
        let (done, acknowledge, data) = self.run(&transfers, target);
        let mut answer = vec![done as u8, acknowledge];
        answer.extend(data);
        (answer.len() < PACKET).then_some(answer)
    }

    /// DAP_TransferBlock.
    fn block(&mut self, bytes: &mut Bytes<'_>, target: &mut impl DebugTarget) -> Option<Vec<u8>> {
        bytes.next()?;
        let count = bytes.half()?;
        let what = bytes.next()?;
        if what & READ != 0 && usize::from(count) * 4 + 4 > PACKET {
            return None;
        }
        let transfers = (0..count)
            .map(|_| request(what, || bytes.word()))
            .collect::<Option<Vec<Transfer>>>()?;
        let (done, acknowledge, data) = self.run(&transfers, target);
        let [low, high] = (done as u16).to_le_bytes();
        let mut answer = vec![low, high, acknowledge];
        answer.extend(data);
        Some(answer)
    }

    /// Makes transfers until one is refused: how many were made, the last acknowledge, and what was
    /// read.
    fn run(
        &mut self,
        transfers: &[Transfer],
        target: &mut impl DebugTarget,
    ) -> (usize, u8, Vec<u8>) {
        let mut data = Vec::new();
        for (done, transfer) in transfers.iter().enumerate() {
            // An access port's answer comes with the next access.
            let made = match self.transfer(*transfer, target) {
                Ok(Some(_)) if transfer.port == Port::Access => self.transfer(READ_BUFFER, target),
                made => made,
            };
            match made {
                Ok(value) => data.extend(value.into_iter().flat_map(u32::to_le_bytes)),
                Err(refusal) => return (done, acknowledge(refusal), data),
            }
        }
        // Whether a write was made shows at the next access.
        let checked = match transfers.last() {
            Some(Transfer {
                access: Access::Write(_),
                ..
            }) => self.transfer(READ_BUFFER, target),
            _ => Ok(None),
        };
        let last = checked.map_or_else(acknowledge, |_| ACK_OK);
        (transfers.len(), last, data)
    }

    fn transfer(
        &mut self,
        transfer: Transfer,
        target: &mut impl DebugTarget,
    ) -> Result<Option<u32>, Refusal> {
        let result = self.port.transfer(transfer, target);
        let cycles = match result {
            Ok(_) => TRANSFER_CYCLES,
            Err(_) => REFUSAL_CYCLES,
        };
        self.clock(cycles, target);
        result
    }

    /// DAP_SWJ_Pins. Of the pins only nRESET is driven by it, and is low or not; the others rest high.
    fn pins(&mut self, bytes: &mut Bytes<'_>, target: &mut impl DebugTarget) -> Option<Vec<u8>> {
        let (output, select) = (bytes.next()?, bytes.next()?);
        let wait = Ticks::from_micros(u64::from(bytes.word()?.min(3_000_000)));
        if select & NRESET != 0 {
            self.port.drive_reset(output & NRESET == 0, target);
        }
        self.port.advance(wait, target);
        let reset = if self.port.drives_reset() { 0 } else { NRESET };
        Some(vec![reset | SWCLK | SWDIO])
    }

    /// DAP_SWJ_Sequence.
    fn sequence(
        &mut self,
        bytes: &mut Bytes<'_>,
        target: &mut impl DebugTarget,
    ) -> Option<Vec<u8>> {
        let length = match bytes.next()? {
            0 => 256,
            length => u32::from(length),
        };
        for (byte, begin) in bytes
            .take(length.div_ceil(8) as usize)?
            .iter()
            .zip((0..).step_by(8))
        {
            self.port
                .sequence((length - begin).min(8), u32::from(*byte));
        }
        self.clock(u64::from(length), target);
        Some(vec![OK])
    }

    fn clock(&mut self, cycles: u64, target: &mut impl DebugTarget) {
        let time = Ticks(cycles * SECOND.0 / u64::from(self.hertz));
        let time = time + self.port.take_patience();
        self.port.advance(time, target);
    }
}

/// One access, as its request byte and perhaps its value say.
fn request(what: u8, value: impl FnOnce() -> Option<u32>) -> Option<Transfer> {
    if what & EXTRAS != 0 {
        return None;
    }
    Some(Transfer {
        port: match what & ACCESS_PORT {
            0 => Port::Debug,
            _ => Port::Access,
        },
        address: what & ADDRESS,
        access: match what & READ {
            0 => Access::Write(value()?),
            _ => Access::Read,
        },
    })
}

fn acknowledge(refusal: Refusal) -> u8 {
    match refusal {
        Refusal::Fault => ACK_FAULT,
        Refusal::NoAcknowledge => ACK_NONE,
    }
}

/// What is left of a request.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn next(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn half(&mut self) -> Option<u16> {
        let bytes = self.take(2)?.try_into().ok()?;
        Some(u16::from_le_bytes(bytes))
    }

    fn word(&mut self) -> Option<u32> {
        let bytes = self.take(4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, RAM};
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    struct Client {
        probe: CmsisDap,
        fake: Fake,
        transcript: String,
    }

    impl Client {
        fn new() -> Client {
            Client {
                probe: CmsisDap::default(),
                fake: Fake::new(),
                transcript: String::new(),
            }
        }

        fn send(&mut self, request: &[u8]) -> Vec<u8> {
            let answer = self.probe.answer(request, &mut self.fake);
            let now = self.fake.now.to_nanos() as f64 / 1000.0;
            let hex = |bytes: &[u8]| -> String {
                bytes.iter().map(|byte| format!("{byte:02x}")).collect()
            };
            let (request, answer_hex) = (hex(request), hex(&answer));
            writeln!(self.transcript, "{now:>9.2} us  {request} -> {answer_hex}").unwrap();
            answer
        }

        /// From JTAG to SWD, identified and with power in the debug domain.
        fn attach(&mut self) {
            let ones = [0xFF; 7];
            self.send(&[&[0x12, 51][..], &ones].concat());
            self.send(&[0x12, 16, 0x9E, 0xE7]);
            self.send(&[&[0x12, 51][..], &ones].concat());
            self.send(&[0x12, 8, 0]);
            self.send(&[0x05, 0, 1, 0x02]);
            self.send(&[0x05, 0, 2, 0x08, 0, 0, 0, 0, 0x04, 0x00, 0x0F, 0x00, 0x50]);
        }

        /// CSW for words with increment, and TAR.
        fn address(&mut self, address: u32) -> Vec<u8> {
            let [a, b, c, d] = address.to_le_bytes();
            self.send(&[0x05, 0, 2, 0x01, 0x12, 0, 0, 0, 0x05, a, b, c, d])
        }
    }

    #[test]
    fn a_client_learns_what_it_is_attaches_and_moves_memory() {
        let mut client = Client::new();
        client.send(&[0x00, 0xF0]);
        client.send(&[0x00, 0xFF]);
        client.send(&[0x00, 0x04]);
        client.send(&[0x02, 1]);
        client.send(&[0x11, 0x00, 0x12, 0x7A, 0x00]);
        client.attach();
        client.address(RAM);
        client.send(&[0x06, 0, 2, 0, 0x0D, 0x11, 0, 0, 0, 0x22, 0, 0, 0]);
        client.address(RAM);
        client.send(&[0x06, 0, 2, 0, 0x0F]);
        insta::assert_snapshot!(client.transcript);
    }

    #[test]
    fn what_is_refused_ends_its_packet_until_the_error_is_cleared() {
        let mut client = Client::new();
        client.attach();
        assert_eq!(client.address(0x7000_0000), [0x05, 2, ACK_OK]);
        assert_eq!(client.send(&[0x06, 0, 2, 0, 0x0F]), [0x06, 0, 0, ACK_FAULT]);
        assert_eq!(client.send(&[0x05, 0, 1, 0x0F]), [0x05, 0, ACK_FAULT]);
        assert_eq!(client.send(&[0x08, 0, 4, 0, 0, 0]), [0x08, OK]);
        assert_eq!(client.address(RAM), [0x05, 2, ACK_OK]);
        // A write that fails is told by its own packet.
        client.address(0x7000_0000);
        let written = client.send(&[0x05, 0, 1, 0x0D, 1, 0, 0, 0]);
        assert_eq!(written, [0x05, 1, ACK_FAULT]);
    }

    #[test]
    fn without_power_nothing_acknowledges() {
        let mut client = Client::new();
        client.fake.powered = false;
        client.attach();
        assert_eq!(client.send(&[0x05, 0, 1, 0x02]), [0x05, 0, ACK_NONE]);
    }

    #[test]
    fn the_reset_line_goes_with_the_probe() {
        let mut client = Client::new();
        client.send(&[0x10, 0, NRESET, 0, 0, 0, 0]);
        assert!(client.fake.in_reset);
        client.probe.let_go(&mut client.fake);
        assert!(!client.fake.in_reset);
    }

    #[test]
    fn what_is_cut_short_unknown_or_not_offered_is_invalid_and_does_nothing() {
        let mut client = Client::new();
        client.attach();
        client.address(RAM);
        let now = client.fake.now;
        for request in [
            &[][..],
            &[0x44],
            &[0x10, 0, NRESET],
            &[0x05, 0, 2, 0x0D, 1, 0, 0, 0, 0x0D, 1],
            &[0x05, 0, 1, 0x12, 0, 0, 0, 0],
            &[0x06, 0, 0x80, 0, 0x0F],
        ] {
            assert_eq!(client.send(request), [INVALID]);
        }
        assert_eq!((client.fake.now, client.fake.word(RAM)), (now, 0));
    }

    proptest! {
        #[test]
        fn no_request_upsets_it_or_gets_more_than_a_packet(
            requests in proptest::collection::vec(
                (0u8..0x20, proptest::collection::vec(any::<u8>(), 0..80)), 0..40),
        ) {
            let mut client = Client::new();
            client.attach();
            for (command, rest) in &requests {
                let answer = client.probe.answer(&[&[*command][..], rest].concat(), &mut client.fake);
                prop_assert!(answer.len() <= PACKET);
            }
        }
    }

    #[test]
    fn pins_are_read_as_they_are_and_who_disconnects_lets_go_of_reset() {
        let pins = |client: &mut Client, output, select| {
            client.send(&[0x10, output, select, 0, 0, 0, 0])[1]
        };
        let mut client = Client::new();
        assert_eq!(pins(&mut client, 0, 0), NRESET | SWDIO | SWCLK);
        for command in [&[0x02, 1][..], &[0x03]] {
            assert_eq!(pins(&mut client, 0, NRESET), SWDIO | SWCLK);
            assert_eq!(pins(&mut client, NRESET, 0), SWDIO | SWCLK);
            client.send(command);
            assert_eq!(pins(&mut client, 0, 0), NRESET | SWDIO | SWCLK);
        }
    }
}
