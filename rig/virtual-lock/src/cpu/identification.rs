//! CoreSight identification: the ROM table at `0xE00F_F000` by which a debugger finds the core's
//! components, and their peripheral and component ID registers.

/// JEP106 code: continuation count and identity.
type Designer = (u32, u32);
const ARM: Designer = (4, 0x3B);
const NORDIC: Designer = (2, 0x44);

/// Class of a component in CIDR1.
mod class {
    pub(super) const ROM_TABLE: u32 = 1;
    pub(super) const CORESIGHT: u32 = 9;
    pub(super) const GENERIC_IP: u32 = 14;
}

struct Component {
    designer: Designer,
    part: u32,
    class: u32,
    /// DEVTYPE, or a ROM table's MEMTYPE.
    kind: u32,
}

fn component(page: u32) -> Option<Component> {
    let (designer, part, class, kind) = match page {
        // Part 0x008 is the nRF52840.
        0xE00F_F000 => (NORDIC, 0x008, class::ROM_TABLE, 1),
        0xE000_0000 => (ARM, 0x001, class::GENERIC_IP, 0),
        0xE000_1000 => (ARM, 0x002, class::GENERIC_IP, 0),
        0xE000_2000 => (ARM, 0x003, class::GENERIC_IP, 0),
        0xE000_E000 => (ARM, 0x00C, class::GENERIC_IP, 0),
        0xE004_0000 => (ARM, 0x9A1, class::CORESIGHT, 0x11),
        _ => return None,
    };
    Some(Component {
        designer,
        part,
        class,
        kind,
    })
}

/// Entries of the ROM table: SCS, DWT, FPB, ITM, TPIU; an ETM that is not there; the end.
const ENTRIES: [u32; 7] = [
    0xFFF0_F003,
    0xFFF0_2003,
    0xFFF0_3003,
    0xFFF0_1003,
    0xFFF4_1003,
    0xFFF4_2002,
    0,
];

/// An identification register, or the ROM table itself; None where there is neither.
pub(super) fn read(address: u32) -> Option<u32> {
    let offset = address & 0xFFC;
    let component = component(address & !0xFFF)?;
    let (continuation, identity) = component.designer;
    Some(match offset {
        0xFD0 => continuation,
        0xFE0 => component.part & 0xFF,
        0xFE4 => (identity & 0xF) << 4 | component.part >> 8,
        0xFE8 => 1 << 3 | identity >> 4,
        0xFF0 => 0x0D,
        0xFF4 => component.class << 4,
        0xFF8 => 0x05,
        0xFFC => 0xB1,
        0xFCC => component.kind,
        0xFB8..0xFD0 | 0xFD4..0xFF0 => 0,
        _ if component.class == class::ROM_TABLE => ENTRIES
            .get(offset as usize / 4)
            .copied()
            .unwrap_or_default(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ROM table as a debugger walks it: `address: designer part class`.
    #[test]
    fn a_debugger_finds_every_component() {
        let table = 0xE00F_F000u32;
        let mut found = Vec::new();
        for index in 0.. {
            let entry = read(table + 4 * index).unwrap();
            if entry == 0 {
                break;
            }
            if entry & 1 != 0 {
                found.push(table.wrapping_add(entry & !0xFFF));
            }
        }
        found.push(table);
        let lines: Vec<String> = found
            .iter()
            .map(|base| {
                let register = |offset| read(base + offset).unwrap();
                let part = register(0xFE0) | (register(0xFE4) & 0xF) << 8;
                let identity = register(0xFE4) >> 4 | (register(0xFE8) & 7) << 4;
                format!(
                    "{base:#x}: {}/{identity:#x} {part:#x} class {}",
                    register(0xFD0),
                    register(0xFF4) >> 4
                )
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        0xe000e000: 4/0x3b 0xc class 14
        0xe0001000: 4/0x3b 0x2 class 14
        0xe0002000: 4/0x3b 0x3 class 14
        0xe0000000: 4/0x3b 0x1 class 14
        0xe0040000: 4/0x3b 0x9a1 class 9
        0xe00ff000: 2/0x44 0x8 class 1
        ");
    }
}
