//! SAADC: the analogue inputs, converted without noise or offset and put into RAM by EasyDMA. One
//! conversion takes the channel's acquisition time plus 2 us, a scan its channels one after another.

use super::wires::{Events, Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

pub(crate) const ID: u8 = 7;
const STARTED: u8 = 0;
const END: u8 = 1;
const DONE: u8 = 2;
const RESULTDONE: u8 = 3;
const CALIBRATEDONE: u8 = 4;
const STOPPED: u8 = 5;
const LIMITS: u8 = 6;

const CHANNELS: usize = 8;
/// `tCONV`.
const CONVERSION: Ticks = Ticks::from_micros(2);
/// Offset calibration; the product specification gives no time.
const CALIBRATION: Ticks = Ticks::from_micros(250);
/// Acquisition times by `TACQ`, in microseconds.
const ACQUISITION: [u64; 6] = [3, 5, 10, 15, 20, 40];
const GAIN: [f64; 8] = [
    1.0 / 6.0,
    1.0 / 5.0,
    1.0 / 4.0,
    1.0 / 3.0,
    1.0 / 2.0,
    1.0,
    2.0,
    4.0,
];
const INTERNAL_REFERENCE: f64 = 0.6;

#[derive(Clone, Copy, Debug)]
struct Channel {
    positive: u32,
    negative: u32,
    config: u32,
    limit: u32,
}

/// The SAADC peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Saadc {
    events: Events,
    /// The undocumented POWER register at 0xFFC (erratum 241's workaround switches it).
    powered: bool,
    enabled: u32,
    channels: [Channel; CHANNELS],
    resolution: u32,
    oversample: u32,
    sample_rate: u32,
    /// `RESULT.PTR`, `MAXCNT`, `AMOUNT`.
    pointer: u32,
    max_count: u32,
    amount: u32,
    /// The buffer being filled, since START: address and length in results.
    buffer: Option<(u32, u32)>,
    /// The channel being converted, when it is done, and how often it has been in this sum.
    converting: Option<(usize, Ticks)>,
    /// Conversions of a burst in this one task.
    repetitions: u32,
    /// Sum and number of the conversions that OVERSAMPLE averages.
    sum: i64,
    summed: u32,
    /// When the internal sample timer next samples.
    sample_at: Ticks,
    calibrated_at: Ticks,
}

impl Saadc {
    pub(crate) fn new() -> Saadc {
        let channel = Channel {
            positive: 0,
            negative: 0,
            config: 0x2_0000,
            limit: 0x7FFF_8000,
        };
        Saadc {
            events: Events::new(ID, 0x3F_FFFF),
            powered: true,
            enabled: 0,
            channels: [channel; CHANNELS],
            resolution: 1,
            oversample: 0,
            sample_rate: 0,
            pointer: 0,
            max_count: 0,
            amount: 0,
            buffer: None,
            converting: None,
            repetitions: 0,
            sum: 0,
            summed: 0,
            sample_at: Ticks::NEVER,
            calibrated_at: Ticks::NEVER,
        }
    }

    fn bits(&self) -> u32 {
        8 + 2 * self.resolution
    }

    /// The first channel at or after `from` that has an input.
    fn active(&self, from: usize) -> Option<usize> {
        (from..CHANNELS).find(|index| self.channels[*index].positive != 0)
    }

    fn begin(&mut self, index: usize, now: Ticks) {
        let channel = self.channels[index];
        let acquisition = ACQUISITION[(channel.config >> 16 & 7).min(5) as usize];
        let each = Ticks::from_micros(acquisition) + CONVERSION;
        let burst = channel.config >> 24 & 1 == 1;
        self.repetitions = if burst { 1 << self.oversample } else { 1 };
        let all = Ticks(each.0 * u64::from(self.repetitions));
        self.converting = Some((index, now + all));
    }

    fn sample(&mut self, now: Ticks) {
        if self.sample_rate >> 12 & 1 == 1 {
            let period = Ticks::PCLK16M.0 * u64::from(self.sample_rate & 0x7FF);
            self.sample_at = now + Ticks(period);
        }
        // A SAMPLE task while a conversion goes on is lost.
        if self.enabled == 1
            && self.converting.is_none()
            && let Some(first) = self.active(0)
        {
            self.begin(first, now);
        }
    }

    fn volts(&self, input: u32, wires: &mut Wires) -> f64 {
        match input {
            1..=8 => wires.analog[input as usize - 1],
            9 => wires.vdd,
            // VDDH is VDD: the chip runs in normal voltage mode.
            0xD => wires.vdd / 5.0,
            _ => {
                wires.stop(format!("SAADC input {input}"));
                0.0
            }
        }
    }

    /// One conversion, as the transfer function of the product specification gives it.
    fn convert(&self, index: usize, wires: &mut Wires) -> i64 {
        let channel = self.channels[index];
        let differential = channel.config >> 20 & 1 == 1;
        let positive = self.volts(channel.positive, wires);
        let negative = match channel.negative {
            input if differential && input != 0 => self.volts(input, wires),
            _ => 0.0,
        };
        let reference = if channel.config >> 12 & 1 == 1 {
            wires.vdd / 4.0
        } else {
            INTERNAL_REFERENCE
        };
        let gain = GAIN[(channel.config >> 8 & 7) as usize];
        let full = f64::from(1u32 << (self.bits() - u32::from(differential)));
        let result = ((positive - negative) * gain / reference * full).round();
        result.clamp(-full, full - 1.0) as i64
    }

    fn converted(&mut self, index: usize, wires: &mut Wires) {
        for _ in 0..self.repetitions {
            self.sum += self.convert(index, wires);
            self.summed += 1;
        }
        self.events.raise(DONE, wires);
        if self.summed >= 1 << self.oversample {
            let result = self.sum / i64::from(self.summed);
            (self.sum, self.summed) = (0, 0);
            self.finish(index, result as i16, wires);
        }
        match self.active(index + 1) {
            Some(next) => self.begin(next, wires.now),
            None => self.converting = None,
        }
    }

    /// A result is ready: limits are checked and it goes to RAM.
    fn finish(&mut self, index: usize, result: i16, wires: &mut Wires) {
        self.events.raise(RESULTDONE, wires);
        let limit = self.channels[index].limit;
        let number = LIMITS + 2 * index as u8;
        if result >= (limit >> 16) as i16 {
            self.events.raise(number, wires);
        }
        if result <= limit as i16 {
            self.events.raise(number + 1, wires);
        }
        if let Some((address, length)) = self.buffer {
            wires.dma_write(address + 2 * self.amount, result.to_le_bytes());
            self.amount += 1;
            if self.amount == length {
                self.buffer = None;
                self.events.raise(END, wires);
            }
        }
    }

    fn stop(&mut self) {
        self.converting = None;
        self.sample_at = Ticks::NEVER;
        self.buffer = None;
        (self.sum, self.summed) = (0, 0);
    }

    fn channel_register(&mut self, offset: u32) -> &mut u32 {
        let channel = &mut self.channels[(offset as usize - 0x510) / 0x10];
        match offset & 0xC {
            0x0 => &mut channel.positive,
            0x4 => &mut channel.negative,
            0x8 => &mut channel.config,
            _ => &mut channel.limit,
        }
    }
}

impl Peripheral for Saadc {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        Ok(match offset {
            0x400 => u32::from(self.converting.is_some()),
            0x500 => self.enabled,
            0x510..0x590 => *self.channel_register(offset),
            0x5F0 => self.resolution,
            0x5F4 => self.oversample,
            0x5F8 => self.sample_rate,
            0x62C => self.pointer,
            0x630 => self.max_count,
            0x634 => self.amount,
            0xFFC => u32::from(self.powered),
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000..0x010 if value == 1 => return self.task(offset, wires),
            0x500 => {
                self.enabled = fits(value, 1)?;
                if value == 0 {
                    self.stop();
                }
            }
            0x510..0x590 => {
                let mask = match offset & 0xC {
                    0x0 | 0x4 => 0x1F,
                    // RESP and RESN, the resistor ladders, have to stay off.
                    0x8 => 0x117_1700,
                    _ => u32::MAX,
                };
                *self.channel_register(offset) = fits(value, mask)?;
            }
            0x5F0 if value < 4 => self.resolution = value,
            0x5F4 if value < 9 => self.oversample = value,
            0x5F8 => {
                self.sample_rate = fits(value, 0x17FF)?;
                if value >> 12 & 1 == 0 {
                    self.sample_at = Ticks::NEVER;
                } else if value & 0x7FF < 80 {
                    return Err(Gap);
                }
            }
            0x62C => self.pointer = value,
            0x630 => self.max_count = fits(value, 0x7FFF)?,
            0xFFC => {
                let powered = fits(value, 1)? == 1;
                *self = Saadc {
                    powered,
                    ..Saadc::new()
                };
            }
            _ => return self.events.write(offset, value),
        }
        Ok(())
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            // An empty buffer has no defined end.
            0x000 if self.max_count == 0 => return Err(Gap),
            0x000 => {
                if self.enabled == 1 {
                    self.buffer = Some((self.pointer, self.max_count));
                    self.amount = 0;
                    self.events.raise(STARTED, wires);
                }
            }
            0x004 => self.sample(wires.now),
            0x008 => {
                // A buffer in use ends with it.
                if self.buffer.is_some() {
                    self.events.raise(END, wires);
                }
                self.stop();
                self.events.raise(STOPPED, wires);
            }
            0x00C => self.calibrated_at = wires.now + CALIBRATION,
            _ => return Err(Gap),
        }
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        let done = self.converting.map_or(Ticks::NEVER, |(_, at)| at);
        done.min(self.sample_at).min(self.calibrated_at)
    }

    fn advance(&mut self, wires: &mut Wires) {
        if let Some((index, at)) = self.converting
            && at <= wires.now
        {
            self.converted(index, wires);
        }
        if self.sample_at <= wires.now {
            self.sample(wires.now);
        }
        if self.calibrated_at <= wires.now {
            self.calibrated_at = Ticks::NEVER;
            self.events.raise(CALIBRATEDONE, wires);
        }
    }

    fn interrupt(&self) -> bool {
        self.events.interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Flash;
    use super::*;

    /// AIN1 on channel 0, gain 1/6, internal reference, 10 us; two results a buffer.
    fn saadc() -> (Saadc, Wires) {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        wires.analog[1] = 1.8;
        wires.vdd = 3.3;
        let mut saadc = Saadc::new();
        set(
            &mut saadc,
            &mut wires,
            &[(0x500, 1), (0x510, 2), (0x5F0, 2)],
        );
        set(
            &mut saadc,
            &mut wires,
            &[(0x62C, 0x2000_0100), (0x630, 2), (0x000, 1)],
        );
        (saadc, wires)
    }

    fn set(saadc: &mut Saadc, wires: &mut Wires, writes: &[(u32, u32)]) {
        for (offset, value) in writes {
            saadc.write(*offset, *value, wires).unwrap();
        }
    }

    fn step(saadc: &mut Saadc, wires: &mut Wires) {
        wires.now = saadc.next_event();
        saadc.advance(wires);
    }

    fn result(wires: &Wires, index: u32) -> i16 {
        wires
            .ram
            .load(0x100 + 2 * index)
            .map(i16::from_le_bytes)
            .unwrap()
    }

    #[test]
    fn stopping_ends_a_buffer_in_use() {
        let (mut saadc, mut wires) = saadc();
        set(&mut saadc, &mut wires, &[(0x004, 1)]);
        step(&mut saadc, &mut wires);
        assert_eq!(saadc.read(0x104, &mut wires), Ok(0));
        set(&mut saadc, &mut wires, &[(0x008, 1)]);
        assert_eq!(saadc.read(0x104, &mut wires), Ok(1), "END");
        assert_eq!(saadc.read(0x114, &mut wires), Ok(1), "STOPPED");
        assert_eq!(saadc.read(0x634, &mut wires), Ok(1), "AMOUNT");
        set(&mut saadc, &mut wires, &[(0x104, 0), (0x008, 1)]);
        assert_eq!(saadc.read(0x104, &mut wires), Ok(0), "no buffer, no END");
    }

    #[test]
    fn half_of_the_range_is_half_of_the_codes() {
        let (mut saadc, mut wires) = saadc();
        assert_eq!(saadc.read(0x100, &mut wires), Ok(1));
        set(&mut saadc, &mut wires, &[(0x004, 1)]);
        assert_eq!(saadc.next_event(), Ticks::from_micros(12));
        step(&mut saadc, &mut wires);
        assert_eq!(result(&wires, 0), 2048);
        assert_eq!(saadc.read(0x104, &mut wires), Ok(0));
        wires.analog[1] = 5.0;
        set(&mut saadc, &mut wires, &[(0x004, 1)]);
        step(&mut saadc, &mut wires);
        assert_eq!(result(&wires, 1), 4095);
        assert_eq!(saadc.read(0x104, &mut wires), Ok(1));
        assert_eq!(saadc.read(0x634, &mut wires), Ok(2));
    }

    #[test]
    fn a_scan_takes_its_channels_in_turn() {
        let (mut saadc, mut wires) = saadc();
        set(
            &mut saadc,
            &mut wires,
            &[(0x540, 9), (0x548, 0x5_0000), (0x004, 1)],
        );
        step(&mut saadc, &mut wires);
        assert_eq!(saadc.next_event(), Ticks::from_micros(12 + 42));
        step(&mut saadc, &mut wires);
        assert_eq!(result(&wires, 1), (3.3_f64 / 3.6 * 4096.0).round() as i16);
        assert_eq!(saadc.read(0x104, &mut wires), Ok(1));
        assert_eq!(saadc.next_event(), Ticks::NEVER);
    }

    #[test]
    fn a_burst_averages_in_one_task() {
        let (mut saadc, mut wires) = saadc();
        set(
            &mut saadc,
            &mut wires,
            &[(0x5F4, 2), (0x518, 0x102_0000), (0x004, 1)],
        );
        assert_eq!(saadc.next_event(), Ticks::from_micros(48));
        step(&mut saadc, &mut wires);
        assert_eq!(result(&wires, 0), 2048);
    }

    #[test]
    fn the_internal_timer_samples_until_stop() {
        let (mut saadc, mut wires) = saadc();
        set(
            &mut saadc,
            &mut wires,
            &[(0x5F8, 0x1000 | 1600), (0x004, 1)],
        );
        for _ in 0..4 {
            step(&mut saadc, &mut wires);
        }
        assert_eq!(wires.now, Ticks(1600 * 32 * 2));
        assert_eq!(saadc.read(0x104, &mut wires), Ok(1));
        set(&mut saadc, &mut wires, &[(0x008, 1)]);
        assert_eq!(saadc.read(0x114, &mut wires), Ok(1));
        assert_eq!(saadc.next_event(), Ticks::NEVER);
    }

    #[test]
    fn limits_are_inclusive() {
        let (mut saadc, mut wires) = saadc();
        set(
            &mut saadc,
            &mut wires,
            &[(0x51C, 2048 << 16 | 100), (0x004, 1)],
        );
        step(&mut saadc, &mut wires);
        assert_eq!(saadc.read(0x118, &mut wires), Ok(1));
        assert_eq!(saadc.read(0x11C, &mut wires), Ok(0));
    }

    #[test]
    fn results_outside_ram_end_the_run() {
        let (mut saadc, mut wires) = saadc();
        set(
            &mut saadc,
            &mut wires,
            &[(0x62C, 0x1000), (0x000, 1), (0x004, 1)],
        );
        step(&mut saadc, &mut wires);
        insta::assert_snapshot!(
            wires.gap.unwrap(),
            @"EasyDMA to 0x00001000, which is not RAM"
        );
    }

    #[test]
    fn switching_the_power_register_resets_it_all() {
        let (mut saadc, mut wires) = saadc();
        set(&mut saadc, &mut wires, &[(0xFFC, 0), (0xFFC, 1)]);
        assert_eq!(saadc.read(0x510, &mut wires), Ok(0));
        assert_eq!(saadc.read(0x500, &mut wires), Ok(0));
        assert_eq!(saadc.read(0xFFC, &mut wires), Ok(1));
    }
}
