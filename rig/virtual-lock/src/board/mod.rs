//! The lock's board: the parts that the rig can touch or see, and what they do to each other. Its time is
//! given from outside; between its events nothing changes.

mod battery;
mod cell;
mod contacts;
mod event;
mod hub;
mod mechanism;
mod power;
pub mod signal;
pub mod wiring;

pub use battery::Supply;
pub use cell::{Cell, Chemistry};
pub use event::{Event, Start, What};
pub(crate) use hub::BIT as HUB_BIT;
pub use mechanism::{Handing, Jam, Way};
pub(crate) use power::PowerChange;

use crate::nrf52840::{Drive, PinChange, SerialByte};
use crate::time::Ticks;
use battery::Battery;
use contacts::Contacts;
use hub::Hub;
use mechanism::Mechanism;
use power::Power;
use signal::{Contact, Signal};
use wiring::Pin;

/// Every line that the processor drives.
const OUTPUTS: [Signal; 7] = [
    Signal::MotorOpen,
    Signal::MotorClose,
    Signal::StatusGreen,
    Signal::StatusRed,
    Signal::KeypadGreen,
    Signal::KeypadRed,
    Signal::Beeper,
];

/// The number the chip counts a pin by.
const fn number(pin: Pin) -> u8 {
    32 * pin.port + pin.number
}

/// Which of [`OUTPUTS`] a pin drives, if any, and how. A line that floats is pulled to where nothing
/// happens.
const OUTPUT_OF: [Option<(u8, Drive)>; 64] = {
    let mut outputs = [None; 64];
    let mut index = 0;
    while index < OUTPUTS.len() {
        let (pin, active_low) = wiring::signal(OUTPUTS[index]);
        let drive = if active_low { Drive::Low } else { Drive::High };
        outputs[number(pin) as usize] = Some((index as u8, drive));
        index += 1;
    }
    outputs
};

/// The board around the processor. A clone is a fork.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    now: Ticks,
    contacts: Contacts,
    battery: Battery,
    mechanism: Mechanism,
    hub: Hub,
    power: Power,
    /// Levels of [`OUTPUTS`], of the end switches, and the samples last told.
    outputs: [bool; OUTPUTS.len()],
    switches: [bool; 2],
    volts: f64,
    amperes: f64,
    millivolts: i32,
    milliamperes: i32,
    was_on: bool,
    events: Vec<Event>,
    /// Something below, or a voltage, has changed and was not yet passed on.
    changed: bool,
    /// What the board does to the processor's pins, changes not yet passed on.
    lines: Vec<(u8, Drive)>,
    /// Bytes for the processor, not yet passed on.
    bytes: Vec<u8>,
}

impl Board {
    /// A board without pack: every contact open, the door left-handed, the bolt retracted.
    pub(crate) fn new() -> Board {
        let mut board = Board {
            now: Ticks(0),
            contacts: Contacts::default(),
            battery: Battery::new(),
            mechanism: Mechanism::new(),
            hub: Hub::default(),
            power: Power::new(),
            outputs: [false; OUTPUTS.len()],
            switches: [false; 2],
            volts: 0.0,
            amperes: 0.0,
            millivolts: 0,
            milliamperes: 0,
            was_on: false,
            events: Vec::new(),
            changed: true,
            lines: Vec::new(),
            bytes: Vec::new(),
        };
        board.settle();
        board
    }

    pub(crate) fn now(&self) -> Ticks {
        self.now
    }

    /// Moves a contact, at the next event.
    pub(crate) fn set_contact(&mut self, contact: Contact, closed: bool) {
        self.contacts.set(contact, closed, self.now);
    }

    pub(crate) fn set_bounce(&mut self, time: Ticks) {
        self.contacts.set_bounce(time);
    }

    pub(crate) fn set_pack(&mut self, pack: Supply) {
        self.battery.set(pack);
        self.settle();
    }

    pub(crate) fn connect_pack(&mut self, connected: bool) {
        self.battery.connect(connected);
        self.settle();
    }

    pub(crate) fn set_handing(&mut self, handing: Handing) {
        self.mechanism.set_handing(handing);
        self.settle();
    }

    pub(crate) fn set_jam(&mut self, jam: Option<Jam>) {
        self.mechanism.set_jam(jam);
        self.settle();
    }

    pub(crate) fn turn_key(&mut self, to: Way) {
        self.mechanism.turn_key(to);
        self.settle();
    }

    pub(crate) fn hub_send(&mut self, bytes: &[u8]) {
        self.hub.send(bytes, self.now);
    }

    pub(crate) fn bolt(&self) -> f64 {
        self.mechanism.position()
    }

    /// Whether a pack is in.
    pub(crate) fn has_pack(&self) -> bool {
        self.battery.is_connected()
    }

    pub(crate) fn is_on(&self) -> bool {
        self.power.is_on()
    }

    pub(crate) fn vdd(&self) -> f64 {
        self.power.vdd()
    }

    pub(crate) fn take_power_change(&mut self) -> Option<PowerChange> {
        self.power.take_change()
    }

    /// Volts at the analogue inputs, as (AIN, volts).
    pub(crate) fn analog(&self) -> [(usize, f64); 2] {
        [
            (1, self.volts / wiring::BATTERY_DIVIDER),
            (2, self.amperes * wiring::MOTOR_SHUNT),
        ]
    }

    /// Whether the processor has to be told of something, since this was last asked.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    pub(crate) fn drain_lines(&mut self) -> impl Iterator<Item = (u8, Drive)> + '_ {
        self.lines.drain(..)
    }

    pub(crate) fn drain_bytes(&mut self) -> impl Iterator<Item = u8> + '_ {
        self.bytes.drain(..)
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The processor was reset while it had power.
    pub(crate) fn note_start(&mut self, start: Start) {
        self.note(What::Start(start));
    }

    /// Pins of the processor changed what they drive. A tone's come by the thousand.
    pub(crate) fn pins_changed(&mut self, changes: impl ExactSizeIterator<Item = PinChange>) {
        self.events.reserve(changes.len());
        for change in changes {
            self.now = self.now.max(change.at);
            let Some((index, drive)) = OUTPUT_OF[usize::from(change.pin & 63)] else {
                continue;
            };
            let index = usize::from(index);
            let level = change.drive == drive;
            if std::mem::replace(&mut self.outputs[index], level) == level {
                continue;
            }
            let output = OUTPUTS[index];
            self.note(What::Signal(output, level));
            if matches!(output, Signal::MotorOpen | Signal::MotorClose) {
                self.mechanism.advance(self.now);
                self.mechanism.set_bridge(self.outputs[0], self.outputs[1]);
                self.settle();
            }
        }
    }

    /// The processor has sent a byte. `Err` with what is wrong, where the hub would not understand it.
    pub(crate) fn byte_sent(&mut self, sent: SerialByte) -> Result<(), String> {
        self.now = self.now.max(sent.at);
        if sent.pin != number(wiring::HUB_TXD) {
            return Err(format!("a serial line on pin {}", sent.pin));
        }
        if sent.bit.0.abs_diff(hub::BIT.0) * 20 > hub::BIT.0 {
            let baud = Ticks::SECOND.0 / sent.bit.0.max(1);
            return Err(format!("a hub that listens at {baud} baud"));
        }
        self.note(What::HubFromLock(sent.byte));
        Ok(())
    }

    /// When something on the board next happens by itself.
    pub(crate) fn next_event(&self) -> Ticks {
        self.contacts
            .next_event()
            .min(self.mechanism.next_event())
            .min(self.hub.next_event())
            .min(self.power.next_event())
    }

    /// Lets time pass until `to`, before the next event.
    pub(crate) fn pass(&mut self, to: Ticks) {
        self.now = self.now.max(to);
        self.mechanism.advance(self.now);
    }

    /// Lets time pass until `to`, no later than the next event, and does what is due then.
    pub(crate) fn advance(&mut self, to: Ticks) {
        self.now = self.now.max(to);
        self.mechanism.advance(self.now);
        self.power.advance(self.now);
        while let Some(edge) = self.contacts.advance(self.now) {
            self.note(What::Contact(edge.contact, edge.closed));
            if let Some(pin) = wiring::contact(edge.contact) {
                self.set_line(pin, edge.closed);
            }
        }
        while let Some(byte) = self.hub.advance(self.now) {
            self.note(What::HubToLock(byte));
            self.bytes.push(byte);
            self.changed = true;
        }
        self.settle();
    }

    /// Time starts over, from 0: everything rests where it is.
    pub(crate) fn reset_clock(&mut self) {
        self.now = Ticks(0);
        self.contacts.reset_clock();
        self.mechanism.reset_clock();
        self.hub.reset_clock();
        self.events.clear();
        self.settle();
    }

    /// Tells every level as it is now, for whoever begins to watch.
    pub(crate) fn levels(&self) -> Vec<What> {
        let outputs = OUTPUTS.into_iter().zip(self.outputs);
        let mut levels: Vec<What> = outputs
            .map(|(signal, level)| What::Signal(signal, level))
            .collect();
        levels.extend(
            self.contacts
                .all()
                .map(|(contact, closed)| What::Contact(contact, closed)),
        );
        levels.push(What::Signal(Signal::BoltRetracted, self.switches[0]));
        levels.push(What::Signal(Signal::BoltExtended, self.switches[1]));
        levels.push(What::Supply(self.millivolts));
        levels.push(What::MotorCurrent(self.milliamperes));
        levels.push(What::Power(self.was_on));
        levels
    }

    /// A contact connects `pin` to ground, or leaves it.
    fn set_line(&mut self, pin: Pin, closed: bool) {
        let drive = if closed { Drive::Low } else { Drive::Floating };
        self.lines.push((number(pin), drive));
        self.changed = true;
    }

    fn note(&mut self, what: What) {
        self.events.push(Event { at: self.now, what });
    }

    /// Works out what follows from the parts' state at once: currents, volts, power, end switches.
    fn settle(&mut self) {
        self.mechanism.set_source(self.battery.source());
        let amperes = self.mechanism.amperes();
        let volts = self.battery.source().volts(amperes);
        let rounded = |quantity: f64| (quantity * 1000.0).round() as i32;
        if std::mem::replace(&mut self.milliamperes, rounded(amperes)) != rounded(amperes) {
            self.note(What::MotorCurrent(rounded(amperes)));
        }
        if std::mem::replace(&mut self.millivolts, rounded(volts)) != rounded(volts) {
            self.note(What::Supply(rounded(volts)));
        }
        if (volts, amperes) != (self.volts, self.amperes) {
            (self.volts, self.amperes) = (volts, amperes);
            self.changed = true;
        }
        self.power
            .set_volts(volts, self.battery.is_connected(), self.now);
        if std::mem::replace(&mut self.was_on, self.power.is_on()) != self.power.is_on() {
            self.note(What::Power(self.power.is_on()));
            self.changed = true;
        }
        let ends = [
            (Way::In, Signal::BoltRetracted),
            (Way::Out, Signal::BoltExtended),
        ];
        for (index, (way, signal)) in ends.into_iter().enumerate() {
            let closed = self.mechanism.switch(way);
            if std::mem::replace(&mut self.switches[index], closed) != closed {
                self.note(What::Signal(signal, closed));
                let (pin, _) = wiring::signal(signal);
                self.set_line(pin, closed);
            }
        }
    }
}

#[cfg(test)]
mod tests;
