//! EGU: sixteen software triggers, each a task that becomes an event at once.

use super::wires::{Events, Gap, Peripheral, Wires};

/// An EGU peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Egu {
    events: Events,
}

impl Egu {
    pub(crate) fn new(id: u8) -> Egu {
        Egu {
            events: Events::new(id, 0xFFFF),
        }
    }
}

impl Peripheral for Egu {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        self.events.read(offset)
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000..0x040 if value == 1 => self.task(offset, wires),
            _ => self.events.write(offset, value),
        }
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        if offset >= 0x40 {
            return Err(Gap);
        }
        self.events.raise((offset / 4) as u8, wires);
        Ok(())
    }

    fn interrupt(&self) -> bool {
        self.events.interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Flash;
    use super::*;
    use crate::time::Ticks;

    #[test]
    fn a_trigger_is_an_event() {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut egu = Egu::new(0x14);
        egu.write(0x304, 1 << 15, &mut wires).unwrap();
        egu.write(0x03C, 1, &mut wires).unwrap();
        assert!(egu.interrupt());
        assert_eq!(egu.read(0x13C, &mut wires), Ok(1));
    }
}
