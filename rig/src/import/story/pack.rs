//! What the pack gave: what the lock measured, and what it must have been for the motor to fare as it
//! did.

use super::Teller;
use crate::trace::Nanos;

/// The motor's current while it moves the bolt, in milliamperes.
const RUNNING: u32 = 150;
/// A pack that gives this many millivolts under the motor collapses: the lock stops at 3600, the
/// processor browns out at 2400.
pub(super) const SAGS: u32 = 3_000;
/// By this the bolt isn't there after 1.5 s.
pub(super) const SLOW: u32 = 3_800;
/// No pack of four cells has more.
const MOST: u32 = 9_000;

impl Teller<'_> {
    /// What an entry of the lock's event log tells of the pack.
    pub(super) fn volts(&mut self, index: usize, at: Nanos, charge: u8, tenths: u8) {
        let millivolts = measured(charge, tenths);
        self.pack = millivolts;
        if self.weak_at == Some(at) {
            return;
        }
        let mark = "the log tells tenths of a volt, and not what cells";
        self.put_in(index, self.before(index, at), &volts(millivolts), mark);
    }

    /// The pack gives no more than this.
    pub(super) fn gives(&mut self, index: usize, at: Nanos, millivolts: u32) {
        if self.pack <= millivolts {
            return;
        }
        self.pack = millivolts;
        let mark = "how low and by what use it was noticed, the log doesn't tell";
        self.put_in(index, self.before(index, at), &volts(millivolts), mark);
    }

    /// The pack is one that gives so many millivolts under the motor.
    pub(super) fn weak(&mut self, index: usize, at: Nanos, under_load: u32) {
        let together = self.entries[index + 1..].iter();
        let told = together
            .take_while(|entry| entry.at == at)
            .find_map(|entry| match entry.told {
                super::Told::Event([5, charge, tenths]) => Some(measured(charge, tenths)),
                _ => None,
            });
        self.weak_at = Some(at);
        self.pack = told.unwrap_or(self.pack);
        let ohms = self.pack.saturating_sub(under_load).div_ceil(RUNNING);
        let pack = volts(self.pack);
        let weak = format!("{{ volts: {pack}, resistance: {ohms} ohm }}");
        let mark = "what cells these were, the log doesn't tell, but the motor fared so";
        self.put_in(index, self.before(index, at), &weak, mark);
    }

    /// From `at` on the lock has this pack.
    pub(super) fn put_in(&mut self, index: usize, at: Nanos, pack: &str, mark: &str) {
        let step = format!("battery: {pack}");
        self.act(index, at, vec![step], Nanos::ZERO, Some(mark));
    }
}

/// Millivolts that are told as so many tenths of a volt.
fn measured(charge: u8, tenths: u8) -> u32 {
    // The lock rounds down; at its own thresholds it is the threshold.
    let millivolts = match (charge, tenths) {
        (1, 48) | (2, 45) => u32::from(tenths) * 100,
        (0, 50) => 5_100,
        _ => u32::from(tenths) * 100 + 50,
    };
    millivolts.min(MOST)
}

/// A pack as a scenario has it.
pub(super) fn volts(millivolts: u32) -> String {
    format!("{}.{:02} V", millivolts / 1_000, millivolts % 1_000 / 10)
}
