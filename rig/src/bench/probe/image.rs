//! A firmware image as flash will hold it: the loadable segments of an ELF file, laid out in whole
//! sectors. What a sector holds beside the image is blank, so that the same image always leaves the
//! same flash.

use super::SECTOR;
use object::Endianness;
use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use std::collections::BTreeMap;
use std::ops::Range;

/// Flash that images may occupy: all of it but the journal.
const IMAGE_FLASH: Range<u64> = super::FLASH.start as u64..super::JOURNAL.start as u64;

/// A firmware image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    sectors: BTreeMap<u32, Vec<u8>>,
    length: usize,
}

/// Why a file is no image for this chip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Not a 32-bit ELF file, or a damaged one.
    #[error("read the image: {0}")]
    NotElf(String),
    /// Built for another architecture.
    #[error("read the image: built for ELF machine {0}, not for Arm (40)")]
    NotArm(u16),
    /// Nothing in it goes to flash.
    #[error("read the image: no loadable segment")]
    Empty,
    /// A segment lies elsewhere than in the flash that images may occupy.
    #[error("read the image: bytes at {start:#010x}..{end:#010x}, outside of flash {:#010x}..{:#010x}", IMAGE_FLASH.start, IMAGE_FLASH.end)]
    OutsideFlash {
        /// First address of the segment.
        start: u64,
        /// Address after its last byte.
        end: u64,
    },
}

impl From<object::read::Error> for ImageError {
    fn from(error: object::read::Error) -> ImageError {
        ImageError::NotElf(error.to_string())
    }
}

impl Image {
    /// Takes the loadable segments of an ELF file, at their physical addresses.
    ///
    /// # Errors
    ///
    /// When `bytes` are no ELF image for the nRF52840's flash.
    pub fn from_elf(bytes: &[u8]) -> Result<Image, ImageError> {
        let header = FileHeader32::<Endianness>::parse(bytes)?;
        let endian = header.endian()?;
        let machine = header.e_machine(endian);
        if machine != object::elf::EM_ARM {
            return Err(ImageError::NotArm(machine.0));
        }
        let mut segments = Vec::new();
        for segment in header.program_headers(endian, bytes)? {
            if segment.p_type(endian) != PT_LOAD {
                continue;
            }
            let data = segment.data(endian, bytes).map_err(|()| {
                ImageError::NotElf("a segment lies outside of the file".to_owned())
            })?;
            segments.push((segment.p_paddr(endian), data));
        }
        Image::from_segments(&segments)
    }

    /// Takes bytes at their addresses.
    ///
    /// # Errors
    ///
    /// When there are none, or they lie outside of flash.
    pub fn from_segments(segments: &[(u32, &[u8])]) -> Result<Image, ImageError> {
        let mut image = Image {
            sectors: BTreeMap::new(),
            length: 0,
        };
        for (address, data) in segments {
            image.put(u64::from(*address), data)?;
        }
        if image.length == 0 {
            return Err(ImageError::Empty);
        }
        Ok(image)
    }

    fn put(&mut self, start: u64, data: &[u8]) -> Result<(), ImageError> {
        if data.is_empty() {
            return Ok(());
        }
        let end = start + data.len() as u64;
        if !IMAGE_FLASH.contains(&start) || end > IMAGE_FLASH.end {
            return Err(ImageError::OutsideFlash { start, end });
        }
        for (address, &byte) in (start as u32..).zip(data) {
            let offset = (address % SECTOR) as usize;
            let sector = self
                .sectors
                .entry(address - address % SECTOR)
                .or_insert_with(super::blank);
            sector[offset] = byte;
        }
        self.length += data.len();
        Ok(())
    }

    /// The sectors that the image occupies, by address, each [`SECTOR`] bytes.
    pub fn sectors(&self) -> &BTreeMap<u32, Vec<u8>> {
        &self.sectors
    }

    /// How many bytes the image itself has.
    pub fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A minimal ELF file with one loadable segment.
    pub(crate) fn elf(machine: u16, address: u32, data: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        file.extend_from_slice(b"\x7fELF\x01\x01\x01");
        file.resize(16, 0);
        for half in [2, machine] {
            file.extend_from_slice(&half.to_le_bytes());
        }
        for word in [1u32, address, 52, 0, 0] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        for half in [52u16, 32, 1, 40, 0, 0] {
            file.extend_from_slice(&half.to_le_bytes());
        }
        let length = data.len() as u32;
        for word in [1, 84, 0x2000_0000, address, length, length, 5, 4] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(data);
        file
    }

    #[test]
    fn lays_segments_out_in_whole_blank_sectors() {
        let image = Image::from_elf(&elf(40, 0xFFE, &[1, 2, 3])).unwrap();
        assert_eq!(image.length(), 3);
        assert_eq!(
            image.sectors().keys().copied().collect::<Vec<_>>(),
            [0, 0x1000]
        );
        assert_eq!(image.sectors()[&0][0xFFD..], [0xFF, 1, 2]);
        assert_eq!(image.sectors()[&0x1000][..2], [3, 0xFF]);
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let fault = |bytes: &[u8]| Image::from_elf(bytes).unwrap_err().to_string();
        let faults = [
            fault(b"hello"),
            fault(&elf(243, 0, &[1])),
            fault(&elf(40, 0, &[])),
            fault(&elf(40, 0xF_7FFF, &[1, 2])),
            fault(&elf(40, 0xFFFF_FFFF, &[1, 2])),
            fault(&elf(40, 0, &[1, 2])[..85]),
        ];
        insta::assert_snapshot!(faults.join("\n"), @"
        read the image: Invalid ELF header size or alignment
        read the image: built for ELF machine 243, not for Arm (40)
        read the image: no loadable segment
        read the image: bytes at 0x000f7fff..0x000f8001, outside of flash 0x00000000..0x000f8000
        read the image: bytes at 0xffffffff..0x100000001, outside of flash 0x00000000..0x000f8000
        read the image: a segment lies outside of the file
        ");
    }
}
