//! PPI: events to tasks without the core, in the same tick. 20 channels to program, 12 with fixed
//! ends, a second task (FORK) for each, and six groups.

use super::wires::{Gap, Source, Wires, fits};

pub(crate) const ID: u8 = 0x1F;
const APB: u32 = 0x4000_0000;
const PROGRAMMABLE: usize = 20;
const CHANNELS: usize = 32;

/// Event and task of the fixed channels, 20 to 31.
const FIXED: [(u32, u32); CHANNELS - PROGRAMMABLE] = [
    (0x4000_8140, 0x4000_1000),
    (0x4000_8140, 0x4000_1004),
    (0x4000_8144, 0x4000_1010),
    (0x4000_1128, 0x4000_F000),
    (0x4000_1100, 0x4000_F000),
    (0x4000_1104, 0x4000_F004),
    (0x4000_1104, 0x4000_8044),
    (0x4000_110C, 0x4000_8048),
    (0x4000_B140, 0x4000_1000),
    (0x4000_B140, 0x4000_1004),
    (0x4000_B140, 0x4000_800C),
    (0x4000_B140, 0x4000_8000),
];

/// The PPI peripheral. It has no events of its own.
#[derive(Clone, Debug)]
pub(crate) struct Ppi {
    enabled: u32,
    ends: [(u32, u32); CHANNELS],
    /// What each event end is, where it is one.
    sources: [Option<Source>; CHANNELS],
    fork: [u32; CHANNELS],
    groups: [u32; 6],
}

/// Where an event register is, as a source of events.
fn source(address: u32) -> Option<Source> {
    let number = (address & 0xFFF).checked_sub(0x100)? / 4;
    let id = (address - APB.min(address)) >> 12;
    (address >= APB && id < 64 && number < 32).then_some((id as u8, number as u8))
}

impl Ppi {
    pub(crate) fn new() -> Ppi {
        let mut ends = [(0, 0); CHANNELS];
        ends[PROGRAMMABLE..].copy_from_slice(&FIXED);
        Ppi {
            enabled: 0,
            ends,
            sources: ends.map(|(from, _)| source(from)),
            fork: [0; CHANNELS],
            groups: [0; 6],
        }
    }

    /// The channels that `event` goes through, one bit each.
    pub(crate) fn route(&self, event: Source) -> u32 {
        let mut left = self.enabled;
        let mut through = 0;
        while left != 0 {
            let channel = left.trailing_zeros();
            left &= left - 1;
            if self.sources[channel as usize] == Some(event) {
                through |= 1 << channel;
            }
        }
        through
    }

    /// The addresses of the tasks of the lowest of `channels`, 0 where there is none.
    pub(crate) fn tasks(&self, channels: u32) -> [u32; 2] {
        let channel = channels.trailing_zeros() as usize % CHANNELS;
        [self.ends[channel].1, self.fork[channel]]
    }

    fn watch(&self, wires: &mut Wires) {
        wires.watched = [0; 64];
        for channel in (0..CHANNELS).filter(|channel| self.enabled >> channel & 1 == 1) {
            if let Some((id, number)) = self.sources[channel] {
                wires.watched[usize::from(id)] |= 1 << number;
            }
        }
    }

    pub(crate) fn read(&self, offset: u32) -> Result<u32, Gap> {
        let word = offset as usize / 4;
        Ok(match offset {
            0x500 | 0x504 | 0x508 => self.enabled,
            0x510..0x5B0 if word.is_multiple_of(2) => self.ends[(word - 0x144) / 2].0,
            0x510..0x5B0 => self.ends[(word - 0x144) / 2].1,
            0x800..0x818 => self.groups[word - 0x200],
            0x910..0x990 => self.fork[word - 0x244],
            _ => return Err(Gap),
        })
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        let word = offset as usize / 4;
        match offset {
            0x000..0x030 if value == 1 => return self.task(offset, wires),
            0x500 => self.enabled = value,
            0x504 => self.enabled |= value,
            0x508 => self.enabled &= !value,
            0x510..0x5B0 if word.is_multiple_of(2) => {
                // An event end that no peripheral has would be silence.
                let (channel, source) = ((word - 0x144) / 2, source(value));
                if value != 0 && source.is_none() {
                    return Err(Gap);
                }
                self.ends[channel].0 = value;
                self.sources[channel] = source;
            }
            0x510..0x5B0 => self.ends[(word - 0x144) / 2].1 = fits(value, !3)?,
            0x800..0x818 => self.groups[word - 0x200] = value,
            0x910..0x990 => self.fork[word - 0x244] = fits(value, !3)?,
            _ => return Err(Gap),
        }
        self.watch(wires);
        Ok(())
    }

    /// Enables (`EN`) or disables (`DIS`) a channel group.
    pub(crate) fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        let group = *self.groups.get(offset as usize / 8).ok_or(Gap)?;
        if offset & 4 == 0 {
            self.enabled |= group
        } else {
            self.enabled &= !group
        }
        self.watch(wires);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Flash;
    use super::*;
    use crate::time::Ticks;

    fn ppi() -> (Ppi, Wires) {
        (Ppi::new(), Wires::new(Flash::erased(), Ticks(0)))
    }

    fn routed(ppi: &Ppi, event: Source) -> Vec<u32> {
        let mut channels = ppi.route(event);
        let mut all = Vec::new();
        while channels != 0 {
            let tasks = ppi.tasks(channels).into_iter();
            all.extend(tasks.filter(|task| *task != 0));
            channels &= channels - 1;
        }
        all
    }

    #[test]
    fn a_channel_routes_to_its_task_and_fork() {
        let (mut ppi, mut wires) = ppi();
        ppi.write(0x518, 0x4000_8140, &mut wires).unwrap();
        ppi.write(0x51C, 0x4000_7004, &mut wires).unwrap();
        ppi.write(0x914, 0x4000_6030, &mut wires).unwrap();
        assert_eq!(routed(&ppi, (8, 16)), []);
        assert_eq!(wires.watched[8], 0);
        ppi.write(0x504, 2, &mut wires).unwrap();
        assert_eq!(routed(&ppi, (8, 16)), [0x4000_7004, 0x4000_6030]);
        assert_eq!(wires.watched[8], 1 << 16);
        ppi.write(0x508, 2, &mut wires).unwrap();
        assert_eq!(wires.watched[8], 0);
    }

    #[test]
    fn groups_switch_channels() {
        let (mut ppi, mut wires) = ppi();
        ppi.write(0x804, 0x21, &mut wires).unwrap();
        ppi.write(0x008, 1, &mut wires).unwrap();
        assert_eq!(ppi.read(0x500), Ok(0x21));
        ppi.task(0x00C, &mut wires).unwrap();
        assert_eq!(ppi.read(0x500), Ok(0));
        assert_eq!(ppi.write(0x030, 1, &mut wires), Err(Gap));
    }

    #[test]
    fn fixed_channels_have_their_ends() {
        let (mut ppi, mut wires) = ppi();
        ppi.write(0x500, 1 << 31, &mut wires).unwrap();
        assert_eq!(routed(&ppi, (0xB, 16)), [0x4000_8000]);
        assert_eq!(ppi.write(0x5B0, 1, &mut wires), Err(Gap));
    }
}
