//! FICR: what the factory programmed, for a chip of our own: nRF52840 `QIAA-D0`, 1 MiB flash, 256 KiB
//! RAM, a fixed device id. The temperature calibration is that of the reset values.

use super::wires::Gap;

/// Reads the word at `offset` bytes. Words that the factory leaves blank read as erased; offsets
/// without a register are gaps.
pub(crate) fn read(offset: u32) -> Result<u32, Gap> {
    Ok(match offset {
        0x010 => 4096,
        0x014 => 256,
        0x060 => 0x5256_4C30,
        0x064 => 0x4C4F_434B,
        // ER and IR, the roots of Bluetooth keys.
        0x080..0x0A0 => 0x0101_0101u32.wrapping_mul(offset >> 2),
        0x0A0 => 0xFFFF_FFFF,
        0x0A4 => 0x4C4F_434B,
        0x0A8 => 0xFFFF_C0DE,
        0x100 => 0x0005_2840,
        // 'AAD0', as ASCII.
        0x104 => 0x4141_4430,
        // QI package; KiB of RAM and of flash.
        0x108 => 0x2004,
        0x10C => 256,
        0x110 => 1024,
        // Two words that errata checks of start-up code read: build code, and its revision 2.
        0x130 => 8,
        0x134 => 2,
        0x350 => 0xBB42_319F,
        0x354 => 0xBB42_319F,
        0x358 => 0xBB42_319F,
        0x404 => 0x326,
        0x408 => 0x348,
        0x40C => 0x3AA,
        0x410 => 0x40E,
        0x414 => 0x4BD,
        0x418 => 0x5A3,
        0x41C => 0x3FEF,
        0x420 => 0x3FBE,
        0x424 => 0x3FBE,
        0x428 => 0x12,
        0x42C => 0x124,
        0x430 => 0x27C,
        0x434 => 0xE2,
        0x438 => 0x00,
        0x43C => 0x19,
        0x440 => 0x3C,
        0x444 => 0x50,
        0x450 => 0xFFFF_FF5F,
        0x454..0x460 | 0xC00..0xC20 => u32::MAX,
        _ => return Err(Gap),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_chip_it_is() {
        let text = |offset| String::from_utf8(read(offset).unwrap().to_be_bytes().to_vec());
        assert_eq!(read(0x100), Ok(0x52840));
        assert_eq!(text(0x104).unwrap(), "AAD0");
        assert_eq!(read(0x010).unwrap() * read(0x014).unwrap(), 1 << 20);
        assert_eq!(read(0x018), Err(Gap));
    }
}
