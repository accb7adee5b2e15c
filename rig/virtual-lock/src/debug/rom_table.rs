//! What the nRF52840's debug components say of themselves: the core's ROM table and the CoreSight
//! identification registers that it leads to (Cortex-M4 TRM, chapters 4 and 9 to 11). Debuggers walk
//! them to find out what they are attached to; the core's own software has no use for them.

/// Where the ROM table is.
const ROM_TABLE: u32 = 0xE00F_F000;
/// DEVARCH, the first of a component's identification registers; components as old as these have zero there.
const FIRST_ID: u32 = 0xFBC;
/// DEVTYPE, or the ROM table's MEMTYPE.
const KIND: u32 = 0xFCC;
const PERIPHERAL_ID_4: u32 = 0xFD0;
const PERIPHERAL_ID_0: u32 = 0xFE0;
const COMPONENT_ID_0: u32 = 0xFF0;

/// JEP106 continuation count and code.
const ARM: (u32, u32) = (4, 0x3B);
const NORDIC: (u32, u32) = (2, 0x44);

const CLASS_ROM_TABLE: u32 = 0x1;
const CLASS_CORESIGHT: u32 = 0x9;
const CLASS_GENERIC: u32 = 0xE;

struct Component {
    base: u32,
    designer: (u32, u32),
    part: u32,
    revision: u32,
    class: u32,
    /// DEVTYPE or MEMTYPE.
    kind: u32,
}

const fn arm(base: u32, part: u32, revision: u32, class: u32, kind: u32) -> Component {
    Component {
        base,
        designer: ARM,
        part,
        revision,
        class,
        kind,
    }
}

/// The ROM table itself, then what it lists, in its order.
const COMPONENTS: [Component; 7] = [
    Component {
        base: ROM_TABLE,
        designer: NORDIC,
        part: 0x008,
        revision: 0,
        class: CLASS_ROM_TABLE,
        kind: 1,
    },
    // SCS, DWT, FPB, ITM, TPIU, ETM.
    arm(0xE000_E000, 0x00C, 0, CLASS_GENERIC, 0),
    arm(0xE000_1000, 0x002, 3, CLASS_GENERIC, 0),
    arm(0xE000_2000, 0x003, 2, CLASS_GENERIC, 0),
    arm(0xE000_0000, 0x001, 3, CLASS_GENERIC, 0),
    arm(0xE004_0000, 0x9A1, 0, CLASS_CORESIGHT, 0x11),
    arm(0xE004_1000, 0x925, 0, CLASS_CORESIGHT, 0x13),
];

/// The word at `address` if it is one of the ROM table or an identification register.
pub(crate) fn read(address: u32) -> Option<u32> {
    let offset = address % 0x1000;
    let component = COMPONENTS
        .iter()
        .find(|component| component.base == address - offset)?;
    if offset >= FIRST_ID {
        return Some(component.id(offset));
    }
    if component.base != ROM_TABLE {
        return None;
    }
    let entry = COMPONENTS.get(1 + offset as usize / 4);
    Some(entry.map_or(0, |listed| listed.base.wrapping_sub(ROM_TABLE) | 3))
}

impl Component {
    fn id(&self, offset: u32) -> u32 {
        let (continuation, code) = self.designer;
        match offset & !3 {
            KIND => self.kind,
            PERIPHERAL_ID_4 => continuation,
            PERIPHERAL_ID_0 => self.part & 0xFF,
            0xFE4 => (code & 0xF) << 4 | self.part >> 8,
            0xFE8 => self.revision << 4 | 1 << 3 | code >> 4,
            COMPONENT_ID_0 => 0x0D,
            0xFF4 => self.class << 4,
            0xFF8 => 0x05,
            0xFFC => 0xB1,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_leads_to_its_components_and_ends() {
        let entries: Vec<u32> = (0..7)
            .filter_map(|entry| read(ROM_TABLE + 4 * entry))
            .collect();
        insta::assert_snapshot!(format!("{entries:#010x?}"), @"
        [
            0xfff0f003,
            0xfff02003,
            0xfff03003,
            0xfff01003,
            0xfff41003,
            0xfff42003,
            0x00000000,
        ]
        ");
    }

    #[test]
    fn an_nrf52840_is_nordics_part_8() {
        let id: Vec<u32> = (0xFD0..0x1000)
            .step_by(4)
            .filter_map(|at| read(ROM_TABLE + at))
            .collect();
        assert_eq!(
            id,
            [2, 0, 0, 0, 0x08, 0x40, 0x0C, 0, 0x0D, 0x10, 0x05, 0xB1]
        );
    }

    #[test]
    fn other_registers_are_left_to_the_core() {
        assert_eq!(read(0xE000_EDF0), None);
        assert_eq!(read(0xE000_EFE0), Some(0x0C));
        assert_eq!(read(0xE004_0FBC), Some(0));
        assert_eq!(read(0xE004_0FCC), Some(0x11));
        assert_eq!(read(0xE004_0FB8), None);
        assert_eq!(read(0x2000_0FE0), None);
    }
}
