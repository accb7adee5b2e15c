//! A probe as Glasgow's `probe-rs` applet is one, in front of a [`DebugPort`]: bytes in, bytes out. What
//! a frame of commands does and how much virtual time it takes is [`Frame`]'s.

use super::dp::DebugPort;
use super::frame::{FIRST_DIVISOR, Frame, REFERENCE_CLOCK};
use super::target::DebugTarget;
use super::wire::{self, Deframer, Endpoint, RootCommand, SwdCommand, WireError};

/// One client's connection to the probe.
#[derive(Debug)]
pub(crate) struct Applet {
    deframer: Deframer,
    /// Commands that still lack bytes.
    root: Vec<u8>,
    swd: Vec<u8>,
    divisor: u16,
}

impl Applet {
    pub(crate) fn new() -> Applet {
        Applet {
            deframer: Deframer::default(),
            root: Vec::new(),
            swd: Vec::new(),
            divisor: FIRST_DIVISOR,
        }
    }

    /// Takes bytes from the client, acts on every whole frame and appends the answers to `out`.
    /// After an error the connection cannot go on.
    pub(crate) fn receive(
        &mut self,
        bytes: &[u8],
        port: &mut DebugPort,
        target: &mut impl DebugTarget,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        self.deframer.push(bytes);
        while let Some((endpoint, commands)) = self.deframer.next()? {
            let mut answers = Vec::new();
            match endpoint {
                Endpoint::Root => {
                    self.root.extend_from_slice(&commands);
                    self.run_root(port, target, &mut answers)?;
                }
                Endpoint::Swd => {
                    self.swd.extend_from_slice(&commands);
                    let frame = self.run_swd(port, target, &mut answers)?;
                    frame.end(self.divisor, port, target);
                }
            }
            if !answers.is_empty() {
                wire::enframe(endpoint, &answers, out);
            }
        }
        Ok(())
    }

    /// The client is gone: the probe lets go of the reset line.
    pub(crate) fn disconnect(self, port: &mut DebugPort, target: &mut impl DebugTarget) {
        port.drive_reset(false, target);
    }

    fn run_root(
        &mut self,
        port: &mut DebugPort,
        target: &mut impl DebugTarget,
        answers: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let mut done = 0;
        while let Some((command, length)) = wire::root_command(&self.root[done..])? {
            done += length;
            match command {
                RootCommand::Identify => answers.extend_from_slice(wire::IDENTIFIER),
                RootCommand::ReferenceClock => {
                    answers.extend_from_slice(&REFERENCE_CLOCK.to_le_bytes());
                }
                RootCommand::Divisor => answers.extend_from_slice(&self.divisor.to_le_bytes()),
                RootCommand::SetDivisor(divisor) => self.divisor = divisor,
                RootCommand::AssertReset => port.drive_reset(true, target),
                RootCommand::ClearReset => port.drive_reset(false, target),
            }
        }
        self.root.drain(..done);
        Ok(())
    }

    /// Returns the frame that the commands made.
    fn run_swd(
        &mut self,
        port: &mut DebugPort,
        target: &mut impl DebugTarget,
        answers: &mut Vec<u8>,
    ) -> Result<Frame, WireError> {
        let (mut done, mut frame) = (0, Frame::default());
        while let Some((command, length)) = wire::swd_command(&self.swd[done..])? {
            done += length;
            match command {
                SwdCommand::Sequence { length, bits } => frame.sequence(length, bits, port),
                SwdCommand::Transfer(transfer) => {
                    let result = frame.transfer(transfer, port, target);
                    wire::answer(result, answers);
                    if result.is_err() {
                        done = self.swd.len();
                        break;
                    }
                }
            }
        }
        self.swd.drain(..done);
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, RAM};
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    /// The driver's side: sends commands a frame at a time and writes down both directions.
    struct Client {
        applet: Applet,
        port: DebugPort,
        fake: Fake,
        transcript: String,
    }

    impl Client {
        fn new() -> Client {
            Client {
                applet: Applet::new(),
                port: DebugPort::new(),
                fake: Fake::new(),
                transcript: String::new(),
            }
        }

        fn send(&mut self, endpoint: Endpoint, commands: &[u8]) -> Vec<u8> {
            let mut wire = Vec::new();
            wire::enframe(endpoint, commands, &mut wire);
            let mut out = Vec::new();
            self.applet
                .receive(&wire, &mut self.port, &mut self.fake, &mut out)
                .unwrap();
            let mut deframer = Deframer::default();
            deframer.push(&out);
            let mut answers = Vec::new();
            while let Some((from, bytes)) = deframer.next().unwrap() {
                assert_eq!(from, endpoint);
                answers.extend(bytes);
            }
            writeln!(
                self.transcript,
                "{:>9.2} us  {endpoint:?} {} -> {}",
                self.fake.now.to_nanos() as f64 / 1000.0,
                hex(commands),
                hex(&answers),
            )
            .unwrap();
            answers
        }

        fn swd(&mut self, commands: &[u8]) -> Vec<u8> {
            self.send(Endpoint::Swd, commands)
        }

        fn attach(&mut self) {
            let ones = [0x20, 0xFF, 0xFF, 0xFF, 0xFF];
            self.swd(&ones);
            self.swd(&[0x33, 0xFF, 0xFF, 0x07, 0x00]);
            self.swd(&[0x30, 0x9E, 0xE7, 0x00, 0x00]);
            self.swd(&ones);
            self.swd(&[0x36, 0xFF, 0xFF, 0x07, 0x00]);
            self.swd(&[0x02]);
            self.swd(&[0x00, 0x1E, 0x00, 0x00, 0x00]);
            self.swd(&[0x08, 0x00, 0x00, 0x00, 0x00]);
            self.swd(&[0x04, 0x00, 0x0F, 0x00, 0x50]);
            self.swd(&[0x06]);
        }

        fn address(&mut self, address: u32) {
            self.swd(&[0x01, 0x12, 0x00, 0x00, 0x00]);
            let [a, b, c, d] = address.to_le_bytes();
            self.swd(&[0x05, a, b, c, d]);
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_client_identifies_the_probe_attaches_and_moves_memory() {
        let mut client = Client::new();
        client.send(Endpoint::Root, &[0x00]);
        client.send(Endpoint::Root, &[0x10]);
        client.send(Endpoint::Root, &[0x12, 0x03, 0x00, 0x11]);
        client.attach();
        client.address(RAM);
        client.swd(&[0x0D, 0x11, 0, 0, 0, 0x0D, 0x22, 0, 0, 0]);
        client.address(RAM);
        client.swd(&[0x0F, 0x0F, 0x0E]);
        insta::assert_snapshot!(client.transcript, @"
          0.00 us  Root 00 -> 70726f62652d72732c763031
          0.00 us  Root 10 -> 0024f400
          0.00 us  Root 12030011 -> 0300
          8.00 us  Swd 20ffffffff -> 
         12.75 us  Swd 33ffff0700 -> 
         16.75 us  Swd 309ee70000 -> 
         24.75 us  Swd 20ffffffff -> 
         30.25 us  Swd 36ffff0700 -> 
         41.75 us  Swd 02 -> 017714a02b
         53.25 us  Swd 001e000000 -> 11
         64.75 us  Swd 0800000000 -> 11
         76.25 us  Swd 04000f0050 -> 11
         87.75 us  Swd 06 -> 01000f00f0
         99.25 us  Swd 0112000000 -> 11
        110.75 us  Swd 0500000020 -> 11
        133.75 us  Swd 0d110000000d22000000 -> 1111
        145.25 us  Swd 0112000000 -> 11
        156.75 us  Swd 0500000020 -> 11
        191.25 us  Swd 0f0f0e -> 010000000001110000000122000000
        ");
    }

    #[test]
    fn a_refusal_ends_its_frame_and_the_next_one_starts_clean() {
        let mut client = Client::new();
        client.attach();
        client.transcript.clear();
        client.address(0x7000_0000);
        client.swd(&[0x0F, 0x0F, 0x0F, 0x0E]);
        client.swd(&[0x0D, 1, 0, 0, 0, 0x0D, 2, 0, 0, 0]);
        client.address(RAM);
        client.swd(&[0x0F, 0x0E]);
        insta::assert_snapshot!(client.transcript, @"
        49.62 us  Swd 0112000000 -> 11
        55.38 us  Swd 0500000070 -> 11
        62.75 us  Swd 0f0f0f0e -> 010000000014
        64.38 us  Swd 0d010000000d02000000 -> 14
        70.12 us  Swd 0112000000 -> 11
        75.88 us  Swd 0500000020 -> 11
        87.38 us  Swd 0f0e -> 01000000000100000000
        ");
    }

    #[test]
    fn without_power_every_transfer_is_an_error() {
        let mut client = Client::new();
        client.fake.powered = false;
        client.attach();
        assert_eq!(client.swd(&[0x02, 0x02]), [0x20]);
    }

    #[test]
    fn the_reset_line_goes_with_the_client() {
        let mut client = Client::new();
        client.send(Endpoint::Root, &[0x20]);
        assert!(client.fake.in_reset);
        client.applet.disconnect(&mut client.port, &mut client.fake);
        assert!(!client.fake.in_reset);
    }

    #[test]
    fn commands_may_be_split_over_frames() {
        let mut client = Client::new();
        client.attach();
        assert_eq!(client.swd(&[0x08, 0xF0, 0x00]), []);
        assert_eq!(
            client.swd(&[0x00, 0x00, 0x0F, 0x0E]),
            [0x11, 1, 0, 0, 0, 0, 1, 0x11, 0, 0x77, 0x24]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_and_no_cut_upset_it(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            cut in 1usize..64,
        ) {
            let mut client = Client::new();
            client.attach();
            let mut out = Vec::new();
            for chunk in bytes.chunks(cut) {
                let result = client.applet.receive(chunk, &mut client.port, &mut client.fake, &mut out);
                if result.is_err() {
                    break;
                }
            }
        }

        #[test]
        fn no_commands_upset_it_and_time_does_not_depend_on_how_bytes_arrive(
            frames in proptest::collection::vec(
                (any::<bool>(), proptest::collection::vec(0u8..0x40, 0..40)), 0..20),
            cut in 1usize..64,
        ) {
            let mut wire = Vec::new();
            for (swd, commands) in &frames {
                let endpoint = if *swd { Endpoint::Swd } else { Endpoint::Root };
                wire::enframe(endpoint, commands, &mut wire);
            }
            let run = |cut: usize| {
                let mut client = Client::new();
                client.attach();
                let mut out = Vec::new();
                for chunk in wire.chunks(cut) {
                    let result =
                        client.applet.receive(chunk, &mut client.port, &mut client.fake, &mut out);
                    if result.is_err() {
                        break;
                    }
                }
                (out, client.fake.now)
            };
            prop_assert_eq!(run(cut), run(usize::MAX));
        }
    }
}
