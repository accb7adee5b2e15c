//! A CMSIS-DAP v2 probe as the kernel's USB/IP host controller talks to it (Linux,
//! Documentation/usb/usbip_protocol.rst, from USBIP_CMD_SUBMIT on): descriptors, two bulk endpoints, and
//! one answer for each request.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;

/// The test code of pid.codes. Every probe here says the same, serial number and all, as clones do.
const VENDOR: u16 = 0x1209;
const PRODUCT: u16 = 0x0001;
const VERSION: u16 = 0x0100;
const STRINGS: [&str; 4] = ["rig", "A virtual CMSIS-DAP", "0001", "CMSIS-DAP v2"];

/// Endpoints, and the most bytes of a packet at high speed.
const OUT: u8 = 0x01;
const IN: u8 = 0x81;
const PACKET: u16 = 512;

const SUBMIT: u32 = 1;
const UNLINK: u32 = 2;
const SUBMITTED: u32 = 3;
const UNLINKED: u32 = 4;
/// Where things are in a header of 48 bytes: command, number, device, direction, endpoint, then what
/// the command needs.
const HEADER: usize = 48;
const NUMBER: usize = 4;
const DIRECTION: usize = 12;
const ENDPOINT: usize = 16;
const UNLINKED_NUMBER: usize = 20;
const STATUS: usize = 20;
const LENGTH: usize = 24;
const SETUP: usize = 40;

/// Linux's error numbers.
const EPIPE: u32 = 32;
const ECONNRESET: u32 = 104;

const GET_STATUS: u8 = 0;
const GET_DESCRIPTOR: u8 = 6;
const GET_CONFIGURATION: u8 = 8;
const GET_INTERFACE: u8 = 10;

/// Is a probe at the other end of `socket` until that is shut. `answer` acts on a request of
/// CMSIS-DAP.
pub(crate) fn probe(socket: TcpStream, mut answer: impl FnMut(Vec<u8>) -> Vec<u8>) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut device = Device {
        socket,
        asked: VecDeque::new(),
        answers: VecDeque::new(),
    };
    loop {
        match device.serve(&mut answer) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            served => served?,
        }
    }
}

struct Device {
    socket: TcpStream,
    /// Who waits for an answer, and how much of it they take.
    asked: VecDeque<(u32, usize)>,
    answers: VecDeque<Vec<u8>>,
}

impl Device {
    /// Takes one command.
    fn serve(&mut self, answer: &mut impl FnMut(Vec<u8>) -> Vec<u8>) -> Result<()> {
        let mut header = [0; HEADER];
        self.socket.read_exact(&mut header)?;
        let number = word(&header, NUMBER);
        match word(&header, 0) {
            SUBMIT => {
                let length = word(&header, LENGTH) as usize;
                let reads = word(&header, DIRECTION) != 0;
                let mut data = vec![0; if reads { 0 } else { length }];
                self.socket.read_exact(&mut data)?;
                match (word(&header, ENDPOINT), reads) {
                    (0, _) => self.control(number, &header[SETUP..], length),
                    (_, true) => {
                        self.asked.push_back((number, length));
                        self.give()
                    }
                    (_, false) => {
                        self.answers.push_back(answer(data));
                        self.done(number, Ok((length, &[])))?;
                        self.give()
                    }
                }
            }
            UNLINK => {
                let unlinked = word(&header, UNLINKED_NUMBER);
                let before = self.asked.len();
                self.asked.retain(|(asked, _)| *asked != unlinked);
                let status = match self.asked.len() < before {
                    true => 0u32.wrapping_sub(ECONNRESET),
                    false => 0,
                };
                self.send(UNLINKED, number, status, 0, &[])
            }
            command => Err(Error::new(
                ErrorKind::InvalidData,
                format!("no USB/IP command has the number {command}"),
            )),
        }
    }

    /// Gives answers to who waits for them.
    fn give(&mut self) -> Result<()> {
        while !self.asked.is_empty()
            && let Some(mut answer) = self.answers.pop_front()
            && let Some((number, length)) = self.asked.pop_front()
        {
            let rest = answer.split_off(length.min(answer.len()));
            if !rest.is_empty() {
                self.answers.push_front(rest);
            }
            self.done(number, Ok((answer.len(), &answer)))?;
        }
        Ok(())
    }

    /// Standard requests to a device that has nothing else.
    fn control(&mut self, number: u32, setup: &[u8], length: usize) -> Result<()> {
        let reads = setup[0] & 0x80 != 0;
        let data = match setup[1] {
            GET_DESCRIPTOR => descriptor(setup[3], setup[2]),
            GET_STATUS => Some(vec![0, 0]),
            GET_CONFIGURATION => Some(vec![1]),
            GET_INTERFACE => Some(vec![0]),
            _ => (!reads).then(Vec::new),
        };
        let answer = data.map(|mut data| {
            data.truncate(length);
            data
        });
        match &answer {
            Some(data) => self.done(number, Ok((data.len(), data))),
            None => self.done(number, Err(EPIPE)),
        }
    }

    /// Tells how a transfer ended: bytes moved and those that were read, or an error's number.
    fn done(
        &mut self,
        number: u32,
        result: std::result::Result<(usize, &[u8]), u32>,
    ) -> Result<()> {
        match result {
            Ok((length, data)) => self.send(SUBMITTED, number, 0, length, data),
            Err(error) => self.send(SUBMITTED, number, 0u32.wrapping_sub(error), 0, &[]),
        }
    }

    fn send(
        &mut self,
        command: u32,
        number: u32,
        status: u32,
        length: usize,
        data: &[u8],
    ) -> Result<()> {
        let mut packet = vec![0; HEADER];
        for (at, word) in [
            (0, command),
            (NUMBER, number),
            (STATUS, status),
            (LENGTH, length as u32),
        ] {
            packet[at..at + 4].copy_from_slice(&word.to_be_bytes());
        }
        packet.extend(data);
        self.socket.write_all(&packet)
    }
}

fn descriptor(kind: u8, index: u8) -> Option<Vec<u8>> {
    let [v0, v1] = VENDOR.to_le_bytes();
    let [p0, p1] = PRODUCT.to_le_bytes();
    let [r0, r1] = VERSION.to_le_bytes();
    let [s0, s1] = PACKET.to_le_bytes();
    match (kind, index) {
        (1, _) => Some(vec![
            18, 1, 0, 2, 0, 0, 0, 64, v0, v1, p0, p1, r0, r1, 1, 2, 3, 1,
        ]),
        (2, 0) => Some(
            [
                &[9, 2, 32, 0, 1, 1, 0, 0x80, 50][..],
                &[9, 4, 0, 0, 2, 0xFF, 0, 0, 4],
                &[7, 5, OUT, 2, s0, s1, 0],
                &[7, 5, IN, 2, s0, s1, 0],
            ]
            .concat(),
        ),
        (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
        (3, index) => {
            let text = STRINGS.get(usize::from(index) - 1)?;
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            Some([&[units.len() as u8 + 2, 3], &units[..]].concat())
        }
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let bytes = &bytes[at..at + 4];
    bytes
        .iter()
        .fold(0, |word, byte| word << 8 | u32::from(*byte))
}
