//! The hub's end of the UART: bytes go to the lock one after another at 9600 8N1.

use std::collections::VecDeque;

use crate::time::Ticks;

/// A bit at 9600 baud, rounded to a tick.
pub(crate) const BIT: Ticks = Ticks(53_333);
/// A byte: start, eight data and stop bit, exactly 1/960 s.
const BYTES_A_SECOND: u64 = 960;

/// What the hub sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hub {
    /// Bytes, and when their stop bits end.
    sending: VecDeque<(Ticks, u8)>,
}

impl Hub {
    /// Sends `bytes`, after what is still being sent.
    pub(crate) fn send(&mut self, bytes: &[u8], now: Ticks) {
        let start = self.sending.back().map_or(now, |(at, _)| *at);
        for (index, byte) in bytes.iter().enumerate() {
            let bytes = index as u64 + 1;
            let after = Ticks((Ticks::SECOND.0 * bytes).div_ceil(BYTES_A_SECOND));
            self.sending.push_back((start + after, *byte));
        }
    }

    /// When the next byte has been sent.
    pub(crate) fn next_event(&self) -> Ticks {
        self.sending.front().map_or(Ticks::NEVER, |(at, _)| *at)
    }

    /// The next byte that has been sent by `now`.
    pub(crate) fn advance(&mut self, now: Ticks) -> Option<u8> {
        self.sending
            .pop_front_if(|(at, _)| *at <= now)
            .map(|(_, byte)| byte)
    }

    /// Time starts over: what was being sent is dropped.
    pub(crate) fn reset_clock(&mut self) {
        self.sending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time_and_their_turn() {
        let mut hub = Hub::default();
        hub.send(&[1, 2], Ticks(0));
        hub.send(&[3], Ticks(10));
        let mut seen = Vec::new();
        while hub.next_event() != Ticks::NEVER {
            let at = hub.next_event();
            seen.push((at.0, hub.advance(at)));
        }
        assert_eq!(
            seen,
            [
                (533_334, Some(1)),
                (1_066_667, Some(2)),
                (1_600_001, Some(3))
            ]
        );
    }
}
