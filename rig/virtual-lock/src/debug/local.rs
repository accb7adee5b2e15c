//! A probe in the debugger's own process and on its thread: register accesses on a target's debug port
//! without a byte stream between. What it does, and the virtual time that passes, is what
//! [`super::server`] does for a client that asks for the same.

pub use super::dp::{Port, Refusal};

use super::dp::{Access, DebugPort, Transfer};
use super::frame::{FIRST_DIVISOR, Frame};
use super::target::DebugTarget;

/// DP RDBUFF: what the last read of an access port found.
const RDBUFF: u8 = 0xC;

/// The probe, wired to a target.
#[derive(Debug)]
pub struct LocalProbe<T> {
    port: DebugPort,
    target: T,
}

impl<T: DebugTarget> LocalProbe<T> {
    /// Time passes as in [`super::server::Pace::Transactions`].
    pub fn new(target: T) -> LocalProbe<T> {
        LocalProbe {
            port: DebugPort::new(),
            target,
        }
    }

    /// Time passes as in [`super::server::Pace::Polls`].
    pub fn hasty(target: T) -> LocalProbe<T> {
        LocalProbe {
            port: DebugPort::hasty(),
            target,
        }
    }

    /// Lets go of the reset line and gives the target back.
    pub fn finish(mut self) -> T {
        self.drive_reset(false);
        self.target
    }

    /// Drives or frees nRESET.
    pub fn drive_reset(&mut self, asserted: bool) {
        self.port.drive_reset(asserted, &mut self.target);
    }

    /// Drives `length` bits, at most 32, lowest first.
    pub fn sequence(&mut self, length: u32, bits: u32) {
        let mut frame = Frame::default();
        frame.sequence(length.min(32), bits, &mut self.port);
        frame.end(FIRST_DIVISOR, &mut self.port, &mut self.target);
    }

    /// Reads register `address` (0, 4, 8 or 0xC) of the debug port.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub fn read(&mut self, address: u8) -> Result<u32, Refusal> {
        self.frame(|frame, port, target| read(frame, Port::Debug, address, port, target))
    }

    /// Reads register `address` of the selected access port's bank as often as there are `values`.
    ///
    /// # Errors
    ///
    /// When an access is refused: what follows it is not made.
    pub fn read_block(&mut self, address: u8, values: &mut [u32]) -> Result<(), Refusal> {
        let Some((last, first)) = values.split_last_mut() else {
            return Ok(());
        };
        self.frame(|frame, port, target| {
            // Each read returns what the one before found.
            read(frame, Port::Access, address, port, target)?;
            for value in first {
                *value = read(frame, Port::Access, address, port, target)?;
            }
            *last = read(frame, Port::Debug, RDBUFF, port, target)?;
            Ok(())
        })
    }

    /// Writes `values`, one after the other, to register `address`.
    ///
    /// # Errors
    ///
    /// When an access is refused: what follows it is not made.
    pub fn write(&mut self, half: Port, address: u8, values: &[u32]) -> Result<(), Refusal> {
        self.frame(|frame, port, target| {
            for value in values {
                let transfer = Transfer {
                    port: half,
                    address,
                    access: Access::Write(*value),
                };
                frame.transfer(transfer, port, target)?;
            }
            Ok(())
        })
    }

    fn frame<R>(
        &mut self,
        act: impl FnOnce(&mut Frame, &mut DebugPort, &mut T) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let mut frame = Frame::default();
        let result = act(&mut frame, &mut self.port, &mut self.target);
        frame.end(FIRST_DIVISOR, &mut self.port, &mut self.target);
        result
    }
}

fn read(
    frame: &mut Frame,
    half: Port,
    address: u8,
    port: &mut DebugPort,
    target: &mut impl DebugTarget,
) -> Result<u32, Refusal> {
    let transfer = Transfer {
        port: half,
        address,
        access: Access::Read,
    };
    // A read that is not refused has a value.
    Ok(frame.transfer(transfer, port, target)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, RAM};
    use super::super::glasgow::Applet;
    use super::super::wire::{self, Deframer, Endpoint};
    use super::*;
    use proptest::prelude::*;

    /// What a debugger may ask for.
    #[derive(Debug, Clone)]
    enum Ask {
        Sequence(u32, u32),
        Read(u8),
        ReadBlock(u8, usize),
        Write(bool, u8, Vec<u32>),
        Reset(bool),
    }

    fn asks() -> impl Strategy<Value = Ask> {
        let address = (0u8..4).prop_map(|index| 4 * index);
        let value = prop_oneof![
            any::<u32>(),
            Just(RAM),
            Just(RAM + 0x3FC),
            Just(0xE000_EDF0),
            Just(0x12),
            Just(0x5000_0F00),
            Just(0),
            Just(0x0100_0000),
        ];
        prop_oneof![
            (1u32..33, any::<u32>()).prop_map(|(length, bits)| Ask::Sequence(length, bits)),
            address.clone().prop_map(Ask::Read),
            (address.clone(), 1usize..6).prop_map(|(at, count)| Ask::ReadBlock(at, count)),
            (any::<bool>(), address, prop::collection::vec(value, 1..4))
                .prop_map(|(ap, at, values)| Ask::Write(ap, at, values)),
            any::<bool>().prop_map(Ask::Reset),
        ]
    }

    /// How a debugger selects SWD, and powers debug up.
    fn attach() -> Vec<Ask> {
        let ones = || Ask::Sequence(32, u32::MAX);
        vec![
            ones(),
            Ask::Sequence(19, 0x7_FFFF),
            Ask::Sequence(16, 0xE79E),
            ones(),
            Ask::Sequence(22, 0x7_FFFF),
            Ask::Read(0),
            Ask::Write(false, 4, vec![0x5000_0F00]),
        ]
    }

    /// The answer of the wire's far end, as the driver reads it.
    fn over_the_wire(
        ask: &Ask,
        applet: &mut Applet,
        port: &mut DebugPort,
        fake: &mut Fake,
    ) -> Result<Vec<u32>, Refusal> {
        let (mut endpoint, mut commands, mut answers) = (Endpoint::Swd, Vec::new(), 0);
        match ask {
            Ask::Sequence(length, bits) => {
                commands.push(0x20 | (length & 0x1F) as u8);
                commands.extend(bits.to_le_bytes());
            }
            Ask::Read(address) => {
                commands.push(0x02 | address);
                answers = 1;
            }
            Ask::ReadBlock(address, count) => {
                commands.extend(std::iter::repeat_n(0x03 | address, *count));
                commands.push(0x02 | RDBUFF);
                answers = count + 1;
            }
            Ask::Write(ap, address, values) => {
                for value in values {
                    commands.push(u8::from(*ap) | address);
                    commands.extend(value.to_le_bytes());
                }
                answers = values.len();
            }
            Ask::Reset(asserted) => {
                endpoint = Endpoint::Root;
                commands.push(if *asserted { 0x20 } else { 0x21 });
            }
        }
        let (mut frame, mut out) = (Vec::new(), Vec::new());
        wire::enframe(endpoint, &commands, &mut frame);
        applet.receive(&frame, port, fake, &mut out).unwrap();
        let mut deframer = Deframer::default();
        deframer.push(&out);
        let (_, bytes) = deframer.next().unwrap().unwrap_or((endpoint, Vec::new()));
        let (mut bytes, mut values) = (bytes.as_slice(), Vec::new());
        for _ in 0..answers {
            match bytes {
                [0x01, a, b, c, d, rest @ ..] => {
                    values.push(u32::from_le_bytes([*a, *b, *c, *d]));
                    bytes = rest;
                }
                [0x11, rest @ ..] => bytes = rest,
                [0x14] => return Err(Refusal::Fault),
                [0x20] => return Err(Refusal::NoAcknowledge),
                other => panic!("{other:02x?} answers {ask:?}"),
            }
        }
        // The first read of a block returns what was read before it.
        if matches!(ask, Ask::ReadBlock(..)) {
            values.remove(0);
        }
        Ok(values)
    }

    fn directly(ask: &Ask, probe: &mut LocalProbe<Fake>) -> Result<Vec<u32>, Refusal> {
        match ask {
            Ask::Sequence(length, bits) => probe.sequence(*length, *bits),
            Ask::Read(address) => return probe.read(*address).map(|value| vec![value]),
            Ask::ReadBlock(address, count) => {
                let mut values = vec![0; *count];
                return probe.read_block(*address, &mut values).map(|()| values);
            }
            Ask::Write(ap, address, values) => {
                let half = if *ap { Port::Access } else { Port::Debug };
                return probe.write(half, *address, values).map(|()| Vec::new());
            }
            Ask::Reset(asserted) => probe.drive_reset(*asserted),
        }
        Ok(Vec::new())
    }

    proptest! {
        #[test]
        fn answers_and_time_are_those_of_the_wire(asks in prop::collection::vec(asks(), 0..60)) {
            let (mut applet, mut port, mut fake) = (Applet::new(), DebugPort::new(), Fake::new());
            let mut probe = LocalProbe::new(Fake::new());
            for ask in attach().iter().chain(&asks) {
                let wire = over_the_wire(ask, &mut applet, &mut port, &mut fake);
                prop_assert_eq!(directly(ask, &mut probe), wire, "{:?}", ask);
                prop_assert_eq!(probe.target.now, fake.now, "{:?}", ask);
            }
            applet.disconnect(&mut port, &mut fake);
            prop_assert_eq!(probe.finish().in_reset, fake.in_reset);
        }
    }
}
