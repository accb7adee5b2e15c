//! Loads and stores beyond the interpreter's hot arms: multiple and dual registers, write-back,
//! literals, exclusives, table branches.

use super::bus::{Bus, Size};
use super::memory::Trap;
use super::op::{Op, transfer};
use super::state::{PLAIN_STORE, State};

fn size(x: u8) -> Size {
    match x & 3 {
        0 => Size::Byte,
        1 => Size::Half,
        _ => Size::Word,
    }
}

/// A loaded value as its register gets it.
fn extend(value: u32, x: u8) -> u32 {
    match x & 7 {
        0x4 => value as u8 as i8 as u32,
        0x5 => value as u16 as i16 as u32,
        _ => value,
    }
}

/// LDM and POP, but for the program counter, which is returned to be branched to.
pub(super) fn load_multiple<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<u32, Trap> {
    let base = s.reg(op.rn);
    let bytes = op.imm.count_ones() * 4;
    let (mut address, end) = span(base, bytes, op.x);
    aligned(address)?;
    if let Some(words) = bus.memory(address, bytes as usize) {
        return Ok(load_words(s, op, words, end));
    }
    let mut list = op.imm & 0x7FFF;
    // A faulting load leaves the base as it was, so the base goes last.
    let mut new_base = (op.x & transfer::WRITE_BACK != 0).then_some(end);
    while list != 0 {
        let register = list.trailing_zeros() as u8;
        list &= list - 1;
        let value = s.load(bus, address, Size::Word)?;
        if register == op.rn {
            new_base = Some(value);
        } else {
            s.set_reg(register, value);
        }
        address = address.wrapping_add(4);
    }
    let target = if op.imm & 0x8000 != 0 {
        s.load(bus, address, Size::Word)?
    } else {
        0
    };
    if let Some(value) = new_base {
        s.set_reg(op.rn, value);
    }
    Ok(target)
}

/// The same from plain memory: nothing of it can fault.
#[inline]
fn load_words(s: &mut State, op: Op, words: &[u8], end: u32) -> u32 {
    if op.x & transfer::WRITE_BACK != 0 {
        s.set_reg(op.rn, end);
    }
    let mut list = op.imm;
    let mut target = 0;
    for word in words.as_chunks().0 {
        let register = list.trailing_zeros() as u8;
        list &= list.wrapping_sub(1);
        target = u32::from_le_bytes(*word);
        if register != 15 {
            s.set_reg(register, target);
        }
    }
    target
}

/// STM and PUSH.
pub(super) fn store_multiple<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<(), Trap> {
    let base = s.reg(op.rn);
    let bytes = op.imm.count_ones() * 4;
    let (mut address, end) = span(base, bytes, op.x);
    aligned(address)?;
    let mut list = op.imm;
    if s.plain_store == PLAIN_STORE
        && let Some(words) = bus.ram_mut(address, bytes as usize)
    {
        for word in words.as_chunks_mut().0 {
            *word = s.reg(list.trailing_zeros() as u8).to_le_bytes();
            list &= list.wrapping_sub(1);
        }
    }
    while list != 0 {
        let register = list.trailing_zeros() as u8;
        list &= list - 1;
        s.store(bus, address, Size::Word, s.reg(register))?;
        address = address.wrapping_add(4);
    }
    if op.x & transfer::WRITE_BACK != 0 {
        s.set_reg(op.rn, end);
    }
    Ok(())
}

/// First address of a multiple transfer, and its base afterwards.
fn span(base: u32, bytes: u32, x: u8) -> (u32, u32) {
    if x & transfer::DECREMENT != 0 {
        let low = base.wrapping_sub(bytes);
        (low, low)
    } else {
        (base, base.wrapping_add(bytes))
    }
}

/// Transfers of more than one word are never unaligned.
fn aligned(address: u32) -> Result<(), Trap> {
    if address & 3 == 0 {
        Ok(())
    } else {
        Err(Trap::Unaligned)
    }
}

/// Address of a general load or store, and the base to be written back.
fn address(s: &State, op: Op) -> (u32, Option<u32>) {
    if op.x & transfer::LITERAL != 0 {
        return (op.imm, None);
    }
    let base = s.reg(op.rn);
    let offset = if op.rm == 15 {
        op.imm
    } else {
        s.reg(op.rm) << op.imm
    };
    let sum = base.wrapping_add(offset);
    let address = if op.x & transfer::POST_INDEX != 0 {
        base
    } else {
        sum
    };
    let written_back = (op.x & transfer::WRITE_BACK != 0).then_some(sum);
    (address, written_back)
}

/// The private peripheral bus is closed to accesses as unprivileged.
fn check_privilege(op: Op, address: u32) -> Result<(), Trap> {
    if op.x & transfer::UNPRIVILEGED != 0 && address >> 20 == 0xE00 {
        return Err(Trap::DataBus(address));
    }
    Ok(())
}

/// Any single load. A load of the program counter returns where to branch.
pub(super) fn load_general<B: Bus>(
    s: &mut State,
    bus: &mut B,
    op: Op,
) -> Result<Option<u32>, Trap> {
    let (address, written_back) = address(s, op);
    check_privilege(op, address)?;
    if op.rd == 15 {
        aligned(address)?;
    }
    let value = s.load(bus, address, size(op.x))?;
    if let Some(base) = written_back {
        s.set_reg(op.rn, base);
    }
    if op.rd == 15 {
        return Ok(Some(value));
    }
    s.set_reg(op.rd, extend(value, op.x));
    Ok(None)
}

/// Any single store.
pub(super) fn store_general<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<(), Trap> {
    let (address, written_back) = address(s, op);
    check_privilege(op, address)?;
    s.store(bus, address, size(op.x), s.reg(op.rd))?;
    if let Some(base) = written_back {
        s.set_reg(op.rn, base);
    }
    Ok(())
}

/// Offset of a dual transfer, which is never by register.
fn dual_address(s: &State, op: Op) -> Result<(u32, Option<u32>), Trap> {
    let (address, written_back) = address(s, Op { rm: 15, ..op });
    aligned(address)?;
    Ok((address, written_back))
}

/// LDRD; the second register is `rm`.
pub(super) fn load_dual<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<(), Trap> {
    let (address, written_back) = dual_address(s, op)?;
    let (first, second) = match bus.memory(address, 8).map(|words| words.as_chunks().0) {
        Some([first, second]) => (u32::from_le_bytes(*first), u32::from_le_bytes(*second)),
        _ => (
            s.load(bus, address, Size::Word)?,
            s.load(bus, address.wrapping_add(4), Size::Word)?,
        ),
    };
    s.set_reg(op.rd, first);
    s.set_reg(op.rm, second);
    if let Some(base) = written_back {
        s.set_reg(op.rn, base);
    }
    Ok(())
}

/// STRD; the second register is `rm`.
pub(super) fn store_dual<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<(), Trap> {
    let (address, written_back) = dual_address(s, op)?;
    let plain = if s.plain_store == PLAIN_STORE {
        bus.ram_mut(address, 8)
    } else {
        None
    };
    match plain.map(|words| words.as_chunks_mut().0) {
        Some([first, second]) => {
            *first = s.reg(op.rd).to_le_bytes();
            *second = s.reg(op.rm).to_le_bytes();
        }
        _ => {
            s.store(bus, address, Size::Word, s.reg(op.rd))?;
            s.store(bus, address.wrapping_add(4), Size::Word, s.reg(op.rm))?;
        }
    }
    if let Some(base) = written_back {
        s.set_reg(op.rn, base);
    }
    Ok(())
}

/// LDREX and STREX of any size; STREX's result goes to `rm`.
pub(super) fn exclusive<B: Bus>(s: &mut State, bus: &mut B, op: Op) -> Result<(), Trap> {
    let address = s.reg(op.rn).wrapping_add(op.imm);
    let size = size(op.x);
    let misaligned = match size {
        Size::Byte => 0,
        Size::Half => address & 1,
        Size::Word => address & 3,
    };
    if misaligned != 0 {
        return Err(Trap::Unaligned);
    }
    if op.x & transfer::SIGNED != 0 {
        let value = s.load(bus, address, size)?;
        s.exclusive = true;
        s.set_reg(op.rd, value);
    } else if s.exclusive {
        s.store(bus, address, size, s.reg(op.rd))?;
        s.exclusive = false;
        s.set_reg(op.rm, 0);
    } else {
        s.set_reg(op.rm, 1);
    }
    Ok(())
}

/// TBB and TBH: where to branch.
pub(super) fn table_branch<B: Bus>(
    s: &mut State,
    bus: &mut B,
    op: Op,
    pc: u32,
) -> Result<u32, Trap> {
    let next = pc.wrapping_add(4);
    let base = if op.rn == 15 { next } else { s.reg(op.rn) };
    let index = s.reg(op.rm);
    let distance = if op.x == 0 {
        s.load(bus, base.wrapping_add(index), Size::Byte)?
    } else {
        s.load(bus, base.wrapping_add(index << 1), Size::Half)?
    };
    Ok(next.wrapping_add(distance * 2))
}
