//! Access port 0: the Cortex-M4's AHB-AP, through which a debugger reads and writes everything that
//! the core's bus and private peripheral bus reach (Arm Debug Interface v5.2, chapter C2).

use super::rom_table;
use super::target::DebugTarget;
use crate::cpu::bus::{AccessError, Size};

const CSW: u8 = 0x00;
const TAR: u8 = 0x04;
const DRW: u8 = 0x0C;
const BD0: u8 = 0x10;
const BD3: u8 = 0x1C;
const CFG: u8 = 0xF4;
const BASE: u8 = 0xF8;
const IDR: u8 = 0xFC;

/// AHB-AP of a Cortex-M4.
const IDR_VALUE: u32 = 0x2477_0011;
/// The core's ROM table.
const BASE_VALUE: u32 = 0xE00F_F003;

/// Size, AddrInc, HPROT1 and MasterType.
const CSW_WRITABLE: u32 = 0x2200_0037;
/// DeviceEn, and a bit of Prot that reads as one.
const CSW_FIXED: u32 = 0x0100_0040;
const CSW_RESET: u32 = 0x2200_0002;

/// Addresses count up within this many bytes.
const INCREMENT_WRAP: u32 = 0x400;

/// The port's registers.
#[derive(Debug, Clone)]
pub(crate) struct AhbAp {
    csw: u32,
    tar: u32,
}

impl AhbAp {
    pub(crate) fn new() -> AhbAp {
        AhbAp {
            csw: CSW_RESET,
            tar: 0,
        }
    }

    /// Where the next access through DRW goes.
    pub(crate) fn address(&self) -> u32 {
        self.tar
    }

    pub(crate) fn read(
        &mut self,
        register: u8,
        target: &mut impl DebugTarget,
    ) -> Result<u32, AccessError> {
        match register {
            CSW => Ok(self.csw | CSW_FIXED),
            TAR => Ok(self.tar),
            DRW => {
                let mut value = 0;
                for _ in 0..self.accesses() {
                    let address = self.aligned()?;
                    let lane = 8 * (address & 3);
                    value |= read_bus(address, self.size(), target)? << lane;
                    self.increment();
                }
                Ok(value)
            }
            BD0..=BD3 => read_bus(self.banked(register), Size::Word, target),
            CFG => Ok(0),
            BASE => Ok(BASE_VALUE),
            IDR => Ok(IDR_VALUE),
            _ => Ok(0),
        }
    }

    pub(crate) fn write(
        &mut self,
        register: u8,
        value: u32,
        target: &mut impl DebugTarget,
    ) -> Result<(), AccessError> {
        match register {
            CSW => self.csw = value & CSW_WRITABLE,
            TAR => self.tar = value,
            DRW => {
                for _ in 0..self.accesses() {
                    let address = self.aligned()?;
                    let (size, mask) = match self.size() {
                        Size::Byte => (Size::Byte, 0xFF),
                        Size::Half => (Size::Half, 0xFFFF),
                        Size::Word => (Size::Word, u32::MAX),
                    };
                    let lane = 8 * (address & 3);
                    target.debug_write(address, size, value >> lane & mask)?;
                    self.increment();
                }
            }
            BD0..=BD3 => target.debug_write(self.banked(register), Size::Word, value)?,
            _ => tracing::debug!("write of {value:#010x} to AHB-AP register {register:#04x}"),
        }
        Ok(())
    }

    /// Reserved sizes count as words.
    fn size(&self) -> Size {
        match self.csw & 7 {
            0 => Size::Byte,
            1 => Size::Half,
            _ => Size::Word,
        }
    }

    fn bytes(&self) -> u32 {
        match self.size() {
            Size::Byte => 1,
            Size::Half => 2,
            Size::Word => 4,
        }
    }

    fn packed(&self) -> bool {
        self.csw >> 4 & 3 == 2
    }

    /// How many accesses one use of DRW makes.
    fn accesses(&self) -> u32 {
        if self.packed() { 4 / self.bytes() } else { 1 }
    }

    fn aligned(&self) -> Result<u32, AccessError> {
        if self.tar.is_multiple_of(self.bytes()) {
            Ok(self.tar)
        } else {
            Err(AccessError::Fault { address: self.tar })
        }
    }

    fn increment(&mut self) {
        if self.packed() || self.csw >> 4 & 3 == 1 {
            let low = self.tar.wrapping_add(self.bytes()) % INCREMENT_WRAP;
            self.tar = self.tar - self.tar % INCREMENT_WRAP + low;
        }
    }

    fn banked(&self, register: u8) -> u32 {
        self.tar & !0xF | u32::from(register & 0xF)
    }
}

fn read_bus(address: u32, size: Size, target: &mut impl DebugTarget) -> Result<u32, AccessError> {
    match rom_table::read(address) {
        Some(word) if size == Size::Word => Ok(word),
        _ => target.debug_read(address, size),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, RAM};
    use super::*;

    fn port(csw: u32, tar: u32) -> (AhbAp, Fake) {
        let (mut ap, mut fake) = (AhbAp::new(), Fake::new());
        ap.write(CSW, csw, &mut fake).unwrap();
        ap.write(TAR, tar, &mut fake).unwrap();
        (ap, fake)
    }

    #[test]
    fn identifies_itself() {
        let (mut ap, mut fake) = port(u32::MAX, 0);
        let read = |ap: &mut AhbAp, fake: &mut Fake, register| ap.read(register, fake).unwrap();
        assert_eq!(read(&mut ap, &mut fake, IDR), 0x2477_0011);
        assert_eq!(read(&mut ap, &mut fake, BASE), 0xE00F_F003);
        assert_eq!(read(&mut ap, &mut fake, CFG), 0);
        assert_eq!(read(&mut ap, &mut fake, CSW), 0x2300_0077);
    }

    #[test]
    fn words_count_up_and_wrap_at_a_kibibyte() {
        let (mut ap, mut fake) = port(0x12, RAM + 0x3FC);
        ap.write(DRW, 1, &mut fake).unwrap();
        assert_eq!(ap.address(), RAM);
        ap.write(DRW, 2, &mut fake).unwrap();
        assert_eq!(fake.word(RAM + 0x3FC), 1);
        assert_eq!(fake.word(RAM), 2);
    }

    #[test]
    fn bytes_and_halves_travel_in_their_lane() {
        let (mut ap, mut fake) = port(0x10, RAM + 1);
        ap.write(DRW, 0xDDCC_BBAA, &mut fake).unwrap();
        assert_eq!(fake.word(RAM), 0xBB00);
        ap.write(CSW, 0x11, &mut fake).unwrap();
        ap.write(DRW, 0xDDCC_BBAA, &mut fake).unwrap();
        assert_eq!(fake.word(RAM), 0xDDCC_BB00);
        ap.write(TAR, RAM + 2, &mut fake).unwrap();
        assert_eq!(ap.read(DRW, &mut fake), Ok(0xDDCC_0000));
    }

    #[test]
    fn packed_bytes_fill_a_word() {
        let (mut ap, mut fake) = port(0x20, RAM);
        ap.write(DRW, 0xDDCC_BBAA, &mut fake).unwrap();
        assert_eq!(fake.word(RAM), 0xDDCC_BBAA);
        assert_eq!(ap.address(), RAM + 4);
        ap.write(TAR, RAM, &mut fake).unwrap();
        assert_eq!(ap.read(DRW, &mut fake), Ok(0xDDCC_BBAA));
    }

    #[test]
    fn banked_registers_reach_four_words_and_stay() {
        let (mut ap, mut fake) = port(0x12, RAM + 8);
        ap.write(BD3, 7, &mut fake).unwrap();
        assert_eq!(fake.word(RAM + 12), 7);
        assert_eq!(ap.read(BD3, &mut fake), Ok(7));
        assert_eq!(ap.address(), RAM + 8);
    }

    #[test]
    fn a_fault_leaves_the_address() {
        let (mut ap, mut fake) = port(0x12, 0x7000_0000);
        assert!(ap.read(DRW, &mut fake).is_err());
        assert_eq!(ap.address(), 0x7000_0000);
        ap.write(TAR, RAM + 2, &mut fake).unwrap();
        assert_eq!(
            ap.read(DRW, &mut fake),
            Err(AccessError::Fault { address: RAM + 2 })
        );
    }
}
