//! The SWD line as an SWJ-DP watches it: line resets, the switch codes between JTAG and SWD, and
//! whether a register access would be acknowledged at all (Arm Debug Interface v5.2, chapter B5).

/// Ones in a row that reset the line.
const RESET_ONES: u32 = 50;
/// Switch codes follow a line reset, lowest bit first.
const JTAG_TO_SWD: u16 = 0xE79E;
const JTAG_TO_SWD_OLD: u16 = 0xEDB6;
const SWD_TO_JTAG: u16 = 0xE73C;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Listening to JTAG, which no one speaks here. An SWJ-DP powers up like this.
    Jtag,
    /// Confused by bits that are no request: only a line reset helps.
    Lost,
    /// After a line reset: DPIDR has to be read first.
    Reset,
    /// Ready for any access.
    Ready,
}

/// What the line has seen.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    state: State,
    /// Ones in a row, so far.
    ones: u32,
    /// Bits since the last line reset ended, while they may yet be a switch code.
    code: Option<(u16, u32)>,
}

impl Line {
    pub(crate) fn new() -> Line {
        Line {
            state: State::Jtag,
            ones: 0,
            code: None,
        }
    }

    /// Takes `length` bits that the probe drives, lowest first.
    pub(crate) fn sequence(&mut self, length: u32, bits: u32) {
        for bit in 0..length {
            self.bit(bits >> bit & 1 != 0);
        }
    }

    fn bit(&mut self, high: bool) {
        if high {
            self.ones += 1;
            if self.ones == RESET_ONES {
                self.code = None;
                if self.state != State::Jtag {
                    self.state = State::Reset;
                }
                return;
            }
        } else {
            if self.ones >= RESET_ONES {
                self.code = Some((0, 0));
            } else if self.ones > 0 && self.code.is_none() {
                self.lose();
            }
            self.ones = 0;
        }
        if let Some((code, count)) = self.code {
            let code = code | u16::from(high) << count;
            self.code = Some((code, count + 1));
            if count + 1 == 16 {
                self.switch(code);
            }
        }
    }

    /// Acts on the 16 bits after a line reset.
    fn switch(&mut self, code: u16) {
        self.code = None;
        self.ones = 0;
        match code {
            JTAG_TO_SWD | JTAG_TO_SWD_OLD => self.state = State::Reset,
            SWD_TO_JTAG => self.state = State::Jtag,
            0 => {}
            _ => self.lose(),
        }
    }

    fn lose(&mut self) {
        if self.state != State::Jtag {
            self.state = State::Lost;
        }
    }

    /// A register access starts. Returns whether the port acknowledges it.
    pub(crate) fn access(&mut self, reads_dpidr: bool) -> bool {
        if self.ones > 0 && self.ones < RESET_ONES {
            self.lose();
        }
        self.ones = 0;
        self.code = None;
        match self.state {
            State::Ready => true,
            State::Reset if reads_dpidr => {
                self.state = State::Ready;
                true
            }
            State::Reset => {
                self.state = State::Lost;
                false
            }
            State::Jtag | State::Lost => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset(line: &mut Line) {
        line.sequence(32, u32::MAX);
        line.sequence(19, 0x7_FFFF);
    }

    fn select_swd(line: &mut Line) {
        reset(line);
        line.sequence(16, u32::from(JTAG_TO_SWD));
        reset(line);
        line.sequence(3, 0);
    }

    #[test]
    fn powers_up_listening_to_jtag() {
        let mut line = Line::new();
        assert!(!line.access(true));
        reset(&mut line);
        assert!(!line.access(true));
        select_swd(&mut line);
        assert!(line.access(true));
        assert!(line.access(false));
    }

    #[test]
    fn a_reset_asks_for_dpidr_first() {
        let mut line = Line::new();
        select_swd(&mut line);
        assert!(!line.access(false));
        assert!(!line.access(true));
        reset(&mut line);
        assert!(line.access(true));
    }

    #[test]
    fn idle_cycles_change_nothing_and_noise_needs_a_reset() {
        let mut line = Line::new();
        select_swd(&mut line);
        assert!(line.access(true));
        line.sequence(32, 0);
        assert!(line.access(false));
        line.sequence(8, 0xFF);
        assert!(!line.access(false));
        reset(&mut line);
        assert!(line.access(true));
    }

    #[test]
    fn leaving_a_dormant_state_that_it_does_not_have_is_tolerated() {
        let mut line = Line::new();
        select_swd(&mut line);
        reset(&mut line);
        for (length, bits) in [
            (31, 0x33BB_BBBA),
            (8, 0xFF),
            (32, 0x6209_F392),
            (32, 0x8685_2D95),
            (32, 0xE3DD_AFE9),
            (32, 0x19BC_0EA2),
            (12, 0x1A0),
        ] {
            line.sequence(length, bits);
        }
        assert!(!line.access(true));
        reset(&mut line);
        line.sequence(3, 0);
        assert!(line.access(true));
    }

    #[test]
    fn switches_to_jtag_and_back() {
        let mut line = Line::new();
        select_swd(&mut line);
        assert!(line.access(true));
        reset(&mut line);
        line.sequence(16, u32::from(SWD_TO_JTAG));
        reset(&mut line);
        assert!(!line.access(true));
        select_swd(&mut line);
        assert!(line.access(true));
    }
}
