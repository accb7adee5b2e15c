//! PWM: four channels on one counter, fed with compare values from RAM. Edges reach their pins at their
//! exact tick; a sequence that has ended without edges left costs nothing.

use super::gpio::Pins;
use super::wires::{Events, Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

const STOPPED: u8 = 1;
const SEQSTARTED: u8 = 2;
const SEQEND: u8 = 4;
const PWMPERIODEND: u8 = 6;
const LOOPSDONE: u8 = 7;

/// `DECODER.LOAD`.
const GROUPED: u32 = 1;
const INDIVIDUAL: u32 = 2;
const WAVE_FORM: u32 = 3;

/// COUNTERTOP's range is 3 to 32767; what is below, in the register or in a wave form's values, counts as 3.
const LEAST_TOP: u32 = 3;

#[derive(Clone, Copy, Debug, Default)]
struct Sequence {
    pointer: u32,
    count: u32,
    refresh: u32,
    end_delay: u32,
}

/// Where in a sequence the generator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Playing {
    sequence: usize,
    /// Index of the next value in RAM.
    next: u32,
    /// Periods that the present value still stays, and that are added after the last.
    refresh: u32,
    end_delay: u32,
}

/// The PWM peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Pwm {
    events: Events,
    shorts: u32,
    enabled: u32,
    up_down: u32,
    counter_top: u32,
    prescaler: u32,
    decoder: u32,
    loops: u32,
    sequences: [Sequence; 2],
    pins: [u32; 4],
    /// Pulses are being generated, in a period that began then and ends then.
    running: bool,
    period_start: Ticks,
    period_end: Ticks,
    /// COUNTERTOP as the running period uses it.
    top: u32,
    /// Compare value and polarity of the channels, as loaded.
    values: [u16; 4],
    /// Edges left in this period: when, and to which level.
    edges: [[Option<(Ticks, bool)>; 2]; 4],
    playing: Option<Playing>,
    /// A sequence to start, and STOP, wait for the end of the period.
    start_next: Option<usize>,
    stop_next: bool,
    step_next: bool,
    loops_left: u32,
    /// PPI listens to PWMPERIODEND.
    period_heard: bool,
}

impl Pwm {
    pub(crate) fn new(id: u8) -> Pwm {
        Pwm {
            events: Events::new(id, 0xFE),
            shorts: 0,
            enabled: 0,
            up_down: 0,
            counter_top: 0x3FF,
            prescaler: 0,
            decoder: 0,
            loops: 0,
            sequences: [Sequence {
                refresh: 1,
                ..Sequence::default()
            }; 2],
            pins: [u32::MAX; 4],
            running: false,
            period_start: Ticks(0),
            period_end: Ticks::NEVER,
            top: 0x3FF,
            values: [0; 4],
            edges: [[None; 2]; 4],
            playing: None,
            start_next: None,
            stop_next: false,
            step_next: false,
            loops_left: 0,
            period_heard: false,
        }
    }

    /// PPI may listen to other events than before.
    pub(crate) fn ppi_changed(&mut self, wires: &Wires) {
        self.catch_up(wires.now);
        self.period_heard = self.events.watched(wires) >> PWMPERIODEND & 1 == 1;
    }

    fn clock(&self) -> u64 {
        Ticks::PCLK16M.0 << self.prescaler
    }

    /// The pin of a channel, if it is connected.
    fn pin(&self, channel: usize) -> Option<u8> {
        let select = self.pins[channel];
        (select >> 31 == 0).then_some((select & 0x3F) as u8)
    }

    /// Whether nobody but who looks at its pins learns what it does, and its pins are none of `heard`.
    pub(crate) fn is_unheard(&self, heard: Pins, wires: &Wires) -> bool {
        let mut pins = (0..4).filter_map(|channel| self.pin(channel));
        self.events.enabled() == 0
            && self.events.watched(wires) == 0
            && pins.all(|pin| heard >> pin & 1 == 0)
    }

    /// Does everything that is due until `to`, each at its own time.
    pub(crate) fn go_on(&mut self, to: Ticks, wires: &mut Wires) {
        let mut next = self.next_event();
        while next <= to && wires.gap.is_none() {
            wires.now = wires.now.max(next);
            self.advance(wires);
            self.repeat(to, wires);
            next = self.next_event();
        }
    }

    /// Where a period has just begun that all the next are like: lets those that end until `to` go by at
    /// once. What the first does to the pins the others do, each a period later.
    fn repeat(&mut self, to: Ticks, wires: &mut Wires) {
        let start = self.period_start;
        let alike = self.playing.is_none() && self.start_next.is_none() && !self.stop_next;
        if !self.running || self.rests() || !alike || start != wires.now {
            return;
        }
        let period = self.period();
        let more = (to.0 - start.0).checked_div(period).unwrap_or(0);
        if more < 2 {
            return;
        }
        let logged = wires.gpio.log_length();
        while self.period_start == start {
            wires.now = self.next_event();
            self.advance(wires);
        }
        let skipped = more - 1;
        wires.gpio.log_again(logged, Ticks(period), skipped);
        let skipped = Ticks(skipped * period);
        wires.now += skipped;
        self.period_start += skipped;
        self.period_end += skipped;
        for (at, _) in self.edges.iter_mut().flatten().flatten() {
            *at += skipped;
        }
    }

    /// Nothing will change by itself: no sequence, and constant levels. That periods end is then only
    /// known to who asks.
    fn rests(&self) -> bool {
        self.playing.is_none()
            && self.start_next.is_none()
            && !self.stop_next
            && !self.step_next
            && self.events.enabled() >> PWMPERIODEND & 1 == 0
            && !self.period_heard
            && (self.top == self.counter_top || self.decoder & 3 == WAVE_FORM)
            && self.values.iter().all(|value| {
                let compare = u32::from(value & 0x7FFF);
                compare == 0 || compare >= self.top
            })
    }

    fn period(&self) -> u64 {
        let ticks = u64::from(self.top) * self.clock();
        if self.up_down == 1 { 2 * ticks } else { ticks }
    }

    /// Where the period that is running now began, when nobody has followed the periods.
    fn catch_up(&mut self, now: Ticks) {
        if self.running && self.period_end < now {
            self.events.note(PWMPERIODEND);
            let periods = (now.0 - self.period_start.0) / self.period();
            self.period_start = Ticks(self.period_start.0 + periods * self.period());
            self.period_end = Ticks(self.period_start.0 + self.period());
        }
    }

    /// Loads the values of the next step of the running sequence.
    fn load(&mut self, playing: &mut Playing, wires: &mut Wires) {
        let sequence = self.sequences[playing.sequence];
        let mut half = |index: u32| {
            let address = sequence.pointer.wrapping_add(2 * (playing.next + index));
            let bytes = [
                wires.dma_read(address),
                wires.dma_read(address.wrapping_add(1)),
            ];
            u16::from_le_bytes(bytes)
        };
        let step;
        match self.decoder & 3 {
            GROUPED => {
                let (low, high) = (half(0), half(1));
                self.values = [low, low, high, high];
                step = 2;
            }
            INDIVIDUAL => {
                self.values = [half(0), half(1), half(2), half(3)];
                step = 4;
            }
            WAVE_FORM => {
                self.values[..3].copy_from_slice(&[half(0), half(1), half(2)]);
                self.top = u32::from(half(3) & 0x7FFF).max(LEAST_TOP);
                step = 4;
            }
            _ => {
                self.values = [half(0); 4];
                step = 1;
            }
        }
        playing.next += step;
        playing.refresh = sequence.refresh;
        if playing.next >= sequence.count {
            playing.end_delay = sequence.end_delay;
            self.events.raise(SEQEND + playing.sequence as u8, wires);
            if self.shorts >> playing.sequence & 1 == 1 {
                self.stop_next = true;
            }
        }
    }

    fn begin(&mut self, sequence: usize, wires: &mut Wires) {
        if self.sequences[sequence].count == 0 {
            self.playing = None;
            return;
        }
        let mut playing = Playing {
            sequence,
            next: 0,
            refresh: 0,
            end_delay: 0,
        };
        self.load(&mut playing, wires);
        self.playing = Some(playing);
        self.events.raise(SEQSTARTED + sequence as u8, wires);
    }

    /// At a period's end: what the next one plays.
    fn step(&mut self, wires: &mut Wires) {
        let Some(mut playing) = self.playing else {
            return;
        };
        let ended = playing.next >= self.sequences[playing.sequence].count;
        let by_task = self.decoder >> 8 & 1 == 1;
        if by_task && !ended {
            if std::mem::take(&mut self.step_next) {
                self.load(&mut playing, wires);
            }
        } else if playing.refresh > 0 && !by_task {
            playing.refresh -= 1;
        } else if !ended {
            self.load(&mut playing, wires);
        } else if playing.end_delay > 0 {
            playing.end_delay -= 1;
        } else {
            self.end_of(playing.sequence, wires);
            return;
        }
        self.playing = Some(playing);
    }

    /// A sequence is over: its loop goes on, or the last values stay.
    fn end_of(&mut self, sequence: usize, wires: &mut Wires) {
        self.playing = None;
        if self.loops_left == 0 {
            return;
        }
        if sequence == 0 {
            self.begin(1, wires);
            return;
        }
        self.loops_left -= 1;
        if self.loops_left > 0 {
            self.begin(0, wires);
            return;
        }
        self.events.raise(LOOPSDONE, wires);
        for next in 0..2 {
            if self.shorts >> (2 + next) & 1 == 1 {
                self.loops_left = self.loops;
                self.begin(next, wires);
            }
        }
        self.stop_next |= self.shorts >> 4 & 1 == 1;
    }

    /// Begins a period: first levels go out, later edges are worked out.
    fn begin_period(&mut self, wires: &mut Wires) {
        if self.decoder & 3 != WAVE_FORM {
            self.top = self.counter_top;
        }
        self.period_start = wires.now;
        self.period_end = Ticks(wires.now.0 + self.period());
        for channel in 0..4 {
            let compare = u32::from(self.values[channel] & 0x7FFF);
            // FallingEdge polarity starts high and falls at the compare value.
            let first = self.values[channel] >> 15 == 1;
            let (start, clock) = (wires.now.0, self.clock());
            let at = |ticks: u32| Ticks(start + u64::from(ticks) * clock);
            self.edges[channel] = [None; 2];
            let mut level = first;
            if compare == 0 {
                level = !first;
            } else if compare < self.top {
                self.edges[channel][0] = Some((at(compare), !first));
                if self.up_down == 1 {
                    self.edges[channel][1] = Some((at(2 * self.top - compare), first));
                }
            }
            match self.pin(channel) {
                Some(pin) if channel < 3 || self.decoder & 3 != WAVE_FORM => {
                    wires.gpio.take_over(pin, level, false, wires.now);
                }
                _ => self.edges[channel] = [None; 2],
            }
        }
    }

    fn end_period(&mut self, wires: &mut Wires) {
        self.events.raise(PWMPERIODEND, wires);
        if self.stop_next {
            self.halt(wires);
            self.events.raise(STOPPED, wires);
            return;
        }
        match self.start_next.take() {
            Some(sequence) => {
                self.loops_left = self.loops;
                self.begin(sequence, wires);
            }
            None => self.step(wires),
        }
        self.begin_period(wires);
    }

    /// Stops the generator: the pins go back to GPIO's OUT.
    fn halt(&mut self, wires: &mut Wires) {
        self.running = false;
        self.playing = None;
        self.start_next = None;
        (self.stop_next, self.step_next) = (false, false);
        self.edges = [[None; 2]; 4];
        self.period_end = Ticks::NEVER;
        for channel in 0..4 {
            if let Some(pin) = self.pin(channel) {
                wires.gpio.hand_back(pin, wires.now);
            }
        }
    }
}

impl Peripheral for Pwm {
    fn read(&mut self, offset: u32, wires: &mut Wires) -> Result<u32, Gap> {
        let word = offset as usize / 4;
        Ok(match offset {
            0x118 => {
                self.catch_up(wires.now);
                if self.running && self.period_end <= wires.now {
                    self.events.note(PWMPERIODEND);
                }
                return self.events.read(offset);
            }
            0x200 => self.shorts,
            0x500 => self.enabled,
            0x504 => self.up_down,
            0x508 => self.counter_top,
            0x50C => self.prescaler,
            0x510 => self.decoder,
            0x514 => self.loops,
            0x520..0x560 => {
                let sequence = self.sequences[(offset as usize - 0x520) / 0x20];
                match offset & 0x1F {
                    0x00 => sequence.pointer,
                    0x04 => sequence.count,
                    0x08 => sequence.refresh,
                    0x0C => sequence.end_delay,
                    _ => return Err(Gap),
                }
            }
            0x560..0x570 => self.pins[word - 0x158],
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        let word = offset as usize / 4;
        self.catch_up(wires.now);
        match offset {
            0x004..0x014 if value == 1 => return self.task(offset, wires),
            0x200 => self.shorts = fits(value, 0x1F)?,
            0x500 => {
                self.enabled = fits(value, 1)?;
                if value == 0 {
                    self.halt(wires);
                }
            }
            // The clock must not change under a running counter.
            0x504 if !self.running || value == self.up_down => self.up_down = fits(value, 1)?,
            0x508 => self.counter_top = fits(value, 0x7FFF)?.max(LEAST_TOP),
            0x50C if !self.running || value == self.prescaler => self.prescaler = fits(value, 7)?,
            0x510 => self.decoder = fits(value, 0x103)?,
            0x514 => self.loops = fits(value, 0xFFFF)?,
            0x520..0x560 => {
                let sequence = &mut self.sequences[(offset as usize - 0x520) / 0x20];
                match offset & 0x1F {
                    0x00 => sequence.pointer = value,
                    0x04 => sequence.count = fits(value, 0x7FFF)?,
                    0x08 => sequence.refresh = fits(value, 0xFF_FFFF)?,
                    0x0C => sequence.end_delay = fits(value, 0xFF_FFFF)?,
                    _ => return Err(Gap),
                }
            }
            0x560..0x570 if self.enabled == 0 || self.pins[word - 0x158] == value => {
                self.pins[word - 0x158] = value;
            }
            _ => return self.events.write(offset, value),
        }
        Ok(())
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        self.catch_up(wires.now);
        match offset {
            0x004 if self.running => self.stop_next = true,
            0x004 => self.events.raise(STOPPED, wires),
            0x008 | 0x00C if self.enabled == 0 => {}
            0x008 | 0x00C => {
                let sequence = (offset as usize - 8) / 4;
                if self.running {
                    self.start_next = Some(sequence);
                } else {
                    self.running = true;
                    self.stop_next = false;
                    self.loops_left = self.loops;
                    self.begin(sequence, wires);
                    self.begin_period(wires);
                }
            }
            0x010 => self.step_next = self.running,
            _ => return Err(Gap),
        }
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        if !self.running || self.rests() {
            return Ticks::NEVER;
        }
        let edges = self.edges.iter().flatten().flatten().map(|(at, _)| *at);
        edges.fold(self.period_end, Ticks::min)
    }

    fn advance(&mut self, wires: &mut Wires) {
        for channel in 0..4 {
            for edge in 0..2 {
                let Some((at, level)) = self.edges[channel][edge] else {
                    continue;
                };
                if at <= wires.now {
                    self.edges[channel][edge] = None;
                    if let Some(pin) = self.pin(channel) {
                        wires.gpio.drive(pin, level, wires.now);
                    }
                }
            }
        }
        if self.running && self.period_end <= wires.now {
            self.end_period(wires);
        }
    }

    fn interrupt(&self) -> bool {
        self.events.interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::gpio::Drive;
    use super::super::memory::Flash;
    use super::*;
    use proptest::prelude::*;

    /// 16 MHz / 4000 on P0.28, values from 0x2000_0000.
    fn pwm(values: &[u16]) -> (Pwm, Wires) {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        for (index, value) in values.iter().enumerate() {
            assert!(wires.ram.store(2 * index as u32, value.to_le_bytes()));
        }
        wires.gpio.write(0x518, 1 << 28, wires.now).unwrap();
        wires.gpio.drain_log().count();
        let mut pwm = Pwm::new(0x1C);
        let count = values.len() as u32;
        for (offset, value) in [
            (0x560, 28),
            (0x500, 1),
            (0x508, 4000),
            (0x520, 0x2000_0000),
            (0x524, count),
            (0x528, 0),
            (0x540, 0x2000_0000),
            (0x544, count),
            (0x548, 0),
        ] {
            pwm.write(offset, value, &mut wires).unwrap();
        }
        (pwm, wires)
    }

    fn go(pwm: &mut Pwm, wires: &mut Wires, to: u64) {
        while pwm.next_event() <= Ticks(to) {
            wires.now = pwm.next_event();
            pwm.advance(wires);
        }
        wires.now = Ticks(to);
    }

    /// Edges in cycles of 16 MHz.
    fn edges(wires: &mut Wires) -> String {
        let text = |drive| if drive == Drive::High { "+" } else { "-" };
        let log = wires.gpio.drain_log();
        let edges = log.map(|change| format!("{}{}", text(change.drive), change.at.0 / 32));
        edges.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn polarity_says_what_comes_first() {
        let (mut pwm, mut wires) = pwm(&[0x8000 | 1000]);
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 9000);
        insta::assert_snapshot!(edges(&mut wires), @"+0 -1000 +4000 -5000 +8000 -9000");
        let (mut pwm, mut wires) = super::tests::pwm(&[1000]);
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 9000);
        insta::assert_snapshot!(edges(&mut wires), @"+1000 -4000 +5000 -8000 +9000");
    }

    #[test]
    fn periods_end_where_every_level_is_constant_too() {
        // All of the period, and none of it.
        for value in [0x8000 | 4000, 0] {
            let (mut pwm, mut wires) = pwm(&[value]);
            pwm.write(0x008, 1, &mut wires).unwrap();
            go(&mut pwm, &mut wires, 32 * 3999);
            assert_eq!(pwm.read(0x118, &mut wires), Ok(0));
            for end in [4000, 8000, 400_000] {
                go(&mut pwm, &mut wires, 32 * end);
                assert_eq!(pwm.read(0x118, &mut wires), Ok(1), "at {end}");
                wires.now += Ticks(1);
                pwm.write(0x118, 0, &mut wires).unwrap();
                assert_eq!(pwm.read(0x118, &mut wires), Ok(0), "cleared after {end}");
            }
        }
    }

    #[test]
    fn a_longer_period_ends_a_constant_level() {
        let (mut pwm, mut wires) = pwm(&[0x8000 | 4000]);
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 5000);
        pwm.write(0x508, 5000, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 17_500);
        insta::assert_snapshot!(edges(&mut wires), @"+0 -12000 +13000 -17000");
    }

    #[test]
    fn up_and_down_is_centred() {
        let (mut pwm, mut wires) = pwm(&[0x8000 | 1000]);
        pwm.write(0x504, 1, &mut wires).unwrap();
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 15_999);
        insta::assert_snapshot!(edges(&mut wires), @"+0 -1000 +7000 -9000 +15000");
    }

    #[test]
    fn a_sequence_ends_with_its_last_value_on() {
        let (mut pwm, mut wires) = pwm(&[0x8000 | 1, 0x8000 | 2, 0x8000 | 3]);
        pwm.write(0x528, 1, &mut wires).unwrap();
        pwm.write(0x008, 1, &mut wires).unwrap();
        assert_eq!(pwm.read(0x108, &mut wires), Ok(1));
        go(&mut pwm, &mut wires, 32 * 15_999);
        assert_eq!(pwm.read(0x110, &mut wires), Ok(0));
        go(&mut pwm, &mut wires, 32 * 28_000);
        assert_eq!(pwm.read(0x110, &mut wires), Ok(1));
        insta::assert_snapshot!(
            edges(&mut wires),
            @"+0 -1 +4000 -4001 +8000 -8002 +12000 -12002 +16000 -16003 +20000 -20003 +24000 -24003 +28000"
        );
    }

    #[test]
    fn loops_play_both_sequences_and_stop() {
        let (mut pwm, mut wires) = pwm(&[0x8000 | 1000]);
        pwm.write(0x514, 2, &mut wires).unwrap();
        pwm.write(0x200, 1 << 4, &mut wires).unwrap();
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 100_000);
        // Two loops of two values, and the period in which LOOPSDONE asked to stop.
        insta::assert_snapshot!(
            edges(&mut wires),
            @"+0 -1000 +4000 -5000 +8000 -9000 +12000 -13000 +16000 -17000"
        );
        assert_eq!(pwm.read(0x11C, &mut wires), Ok(1));
        assert_eq!(pwm.read(0x104, &mut wires), Ok(1));
    }

    #[test]
    fn stop_waits_for_the_period_and_gives_the_pin_back() {
        let (mut pwm, mut wires) = pwm(&[0x8000 | 4000]);
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 10_000);
        assert_eq!(pwm.next_event(), Ticks::NEVER);
        pwm.write(0x004, 1, &mut wires).unwrap();
        assert_eq!(pwm.read(0x104, &mut wires), Ok(0));
        assert_eq!(pwm.next_event(), Ticks(32 * 12_000));
        go(&mut pwm, &mut wires, 32 * 20_000);
        insta::assert_snapshot!(edges(&mut wires), @"+0 -12000");
        assert_eq!(pwm.read(0x104, &mut wires), Ok(1));
    }

    #[test]
    fn a_new_sequence_begins_with_the_next_period() {
        let (mut pwm, mut wires) = pwm(&[0x8000]);
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 41_000);
        assert_eq!(pwm.next_event(), Ticks::NEVER);
        wires.ram.store(0, (0x8000u16 | 2000).to_le_bytes());
        pwm.write(0x110, 0, &mut wires).unwrap();
        pwm.write(0x008, 1, &mut wires).unwrap();
        assert_eq!(pwm.read(0x110, &mut wires), Ok(0));
        go(&mut pwm, &mut wires, 32 * 46_000);
        assert_eq!(pwm.read(0x110, &mut wires), Ok(1));
        insta::assert_snapshot!(edges(&mut wires), @"+44000 -46000");
    }

    #[test]
    fn the_wave_form_brings_its_own_top() {
        let (mut pwm, mut wires) = pwm(&[0x8000 | 10, 0, 0, 100]);
        pwm.write(0x510, 3, &mut wires).unwrap();
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 199);
        insta::assert_snapshot!(edges(&mut wires), @"+0 -10 +100 -110");
        let (mut pwm, mut wires) = super::tests::pwm(&[0x8000 | 1, 0, 0, 0]);
        pwm.write(0x510, 3, &mut wires).unwrap();
        pwm.write(0x008, 1, &mut wires).unwrap();
        go(&mut pwm, &mut wires, 32 * 5);
        insta::assert_snapshot!(edges(&mut wires), @"+0 -1 +3 -4");
    }

    proptest! {
        /// Registers, RAM, and what is started when, in cycles of 16 MHz.
        #[test]
        fn going_on_at_once_is_going_on_edge_by_edge(
            values in proptest::collection::vec(0_u16..60, 8),
            polarities in 0_u16..0x100,
            top in 3_u32..50,
            decoder in 0_u32..4,
            loops in 0_u32..3,
            (up_down, prescaler, shorts) in (0_u32..2, 0_u32..3, 0_u32..0x20),
            (refresh, end_delay) in (0_u32..3, 0_u32..3),
            channels in 1_usize..5,
            acts in proptest::collection::vec((0_u64..3_000, 0_u32..5), 1..6),
        ) {
            let polarity = |index: usize| (polarities >> index & 1) << 15;
            let values: Vec<u16> = (0..8).map(|index| values[index] | polarity(index)).collect();
            let (mut pwm, mut wires) = super::tests::pwm(&values);
            wires.gpio.write(0x518, 0xF << 28, wires.now).unwrap();
            pwm.write(0x500, 0, &mut wires).unwrap();
            for channel in 0..channels as u32 {
                pwm.write(0x560 + 4 * channel, 28 + channel, &mut wires).unwrap();
            }
            for (offset, value) in [
                (0x500, 1), (0x504, up_down), (0x508, top), (0x50C, prescaler), (0x510, decoder),
                (0x514, loops), (0x200, shorts), (0x528, refresh), (0x52C, end_delay),
            ] {
                pwm.write(offset, value, &mut wires).unwrap();
            }
            let (mut each, mut each_wires) = (pwm.clone(), wires.clone());
            for (time, act) in acts {
                let to = Ticks(wires.now.0 + 32 * time);
                pwm.go_on(to, &mut wires);
                go(&mut each, &mut each_wires, to.0);
                prop_assert_eq!(format!("{pwm:?}"), format!("{each:?}"));
                wires.now = to;
                prop_assert_eq!(format!("{:?}", wires.gpio), format!("{:?}", each_wires.gpio));
                for (pwm, wires) in [(&mut pwm, &mut wires), (&mut each, &mut each_wires)] {
                    match act {
                        0 => {}
                        4 => pwm.write(0x508, top + 7, wires).unwrap(),
                        task => pwm.task(4 * task, wires).unwrap(),
                    }
                }
            }
        }
    }
}
