//! Which pin of the nRF52840 is wired to what, chosen so that an nRF52840-DK (PCA10056) can carry
//! the board: its LEDs, its first three buttons and its virtual COM port keep their own pins.
//! `firmware/board/src/wiring.rs` is the other half of this table.

use super::signal::{Contact, Signal};

/// A pin: port 0 or 1, and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin {
    /// Port, 0 or 1.
    pub port: u8,
    /// Number in the port.
    pub number: u8,
}

const fn p0(number: u8) -> Pin {
    Pin { port: 0, number }
}

const fn p1(number: u8) -> Pin {
    Pin { port: 1, number }
}

/// Where a contact is wired. All contacts are active low; the chip's pull-up holds them high.
/// `None` for a contact that no lock has.
pub const fn contact(contact: Contact) -> Option<Pin> {
    Some(match contact {
        Contact::Digit(digit @ 1..=8) => p1(digit),
        Contact::Digit(9) => p1(10),
        Contact::Digit(0) => p1(11),
        Contact::Pair(1) => p1(1),
        Contact::Pair(3) => p1(2),
        Contact::Pair(5) => p1(3),
        Contact::Pair(7) => p1(4),
        Contact::Pair(9) => p1(5),
        Contact::Lock => p1(12),
        Contact::Program => p1(13),
        Contact::Hub => p1(14),
        Contact::Switch(1) => p0(11),
        Contact::Switch(2) => p0(12),
        Contact::Switch(3) => p0(24),
        _ => return None,
    })
}

/// Where a signal is wired, and whether it is active low.
pub const fn signal(signal: Signal) -> (Pin, bool) {
    match signal {
        Signal::MotorOpen => (p0(26), false),
        Signal::MotorClose => (p0(27), false),
        Signal::StatusRed => (p0(13), true),
        Signal::StatusGreen => (p0(14), true),
        Signal::KeypadRed => (p0(15), true),
        Signal::KeypadGreen => (p0(16), true),
        Signal::Beeper => (p0(28), false),
        Signal::BoltRetracted => (p0(29), true),
        Signal::BoltExtended => (p0(30), true),
    }
}

/// Hub UART, the lock's transmit line (the DK's virtual COM port).
pub const HUB_TXD: Pin = p0(6);
/// Hub UART, the lock's receive line.
pub const HUB_RXD: Pin = p0(8);
/// SAADC channel of the pack voltage, behind a divider by three: AIN1.
pub const BATTERY_SENSE: Pin = p0(3);
/// The pack's divider: pack volts over volts at the pin.
pub const BATTERY_DIVIDER: f64 = 3.0;
/// SAADC channel of the motor current, across a shunt to ground: AIN2.
pub const MOTOR_SENSE: Pin = p0(4);
/// The motor's shunt, in ohms: 0.4 V at the stall current of 0.8 A.
pub const MOTOR_SHUNT: f64 = 0.5;
