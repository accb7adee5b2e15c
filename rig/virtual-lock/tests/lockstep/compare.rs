//! One program on both machines, one instruction at a time: how many were compared, or the first
//! difference with the way to it. A second core of ours, the shadow, does many instructions at once, as
//! the virtual lock does, and has to arrive where the first one is.

use std::collections::VecDeque;

use super::memory::Memory;
use super::program;
use super::qemu::{Qemu, Registers};
use virtual_lock::cpu::bus::Size;
use virtual_lock::cpu::{Core, Exit};
use virtual_lock::time::Ticks;

/// Instructions shown before a difference.
const TRAIL: usize = 40;

/// Instructions that the shadow does at once: no multiple of a pair's or a loop's length.
const STRIDE: u64 = 61;

/// `b .`
const BRANCH_TO_ITSELF: u16 = 0xE7FE;

/// Where a program ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// At an address.
    At(u32),
    /// At the first branch to itself.
    BranchToItself,
    /// It does not: enough is enough.
    Never,
}

/// A program to compare.
pub(crate) struct Subject<'p> {
    /// Bytes from address 0.
    pub(crate) image: &'p [u8],
    pub(crate) end: End,
    /// Instructions to compare at most.
    pub(crate) limit: u64,
    /// FPSCR and S0 to S31 are compared, too.
    pub(crate) float: bool,
}

/// The core that does many instructions at once.
struct Shadow {
    core: Core,
    memory: Memory,
    /// The first core was told something by QEMU that this one was not.
    misled: bool,
}

impl Shadow {
    /// What differs after a stride, if anything does. One that was misled starts over from the first.
    /// Memory is compared seldom: what went wrong there stays.
    fn arrive(&mut self, core: &Core, memory: &Memory, seldom: bool) -> Result<(), String> {
        if self.misled {
            self.core = core.clone();
            self.memory.clone_from(memory);
            self.misled = false;
            return Ok(());
        }
        let exit = self.core.run(&mut self.memory, core.now());
        let (here, there) = (registers(core, true), registers(&self.core, true));
        if !matches!(exit, Exit::Reached) || here != there || seldom && self.memory != *memory {
            return Err(format!(
                "{exit:?}: {STRIDE} instructions at once differ from one at a time\n{here:x?}\n{there:x?}\n"
            ));
        }
        Ok(())
    }
}

fn registers(core: &Core, float: bool) -> Registers {
    std::array::from_fn(|index| match index as u32 {
        number @ 0..=16 => core.register(number),
        _ if !float => 0,
        17 => core.register(0x21),
        number => core.register(0x40 + number - 18),
    })
}

/// Runs one program on both; how many instructions were compared, or the first difference.
pub(crate) fn run(subject: &Subject<'_>, version: u32) -> Result<u64, String> {
    let float = subject.float;
    let mut memory = Memory::new(subject.image);
    let mut qemu = Qemu::start(subject.image, version, float).map_err(|e| e.to_string())?;
    let mut core = Core::new();
    core.reset(&mut memory).map_err(|stop| stop.to_string())?;
    let mut shadow = Shadow {
        core: core.clone(),
        memory: memory.clone(),
        misled: true,
    };
    let mut compared = 0;
    let mut before = registers(&core, float);
    let mut was_active = 0;
    let mut trail = VecDeque::new();
    loop {
        let mut next = || {
            let registers = qemu.next().map_err(|e| e.to_string())?;
            registers.ok_or("QEMU ended".to_owned())
        };
        let mut theirs = next()?;
        if compared == 0 {
            // Flags after reset are unknown.
            core.set_register(16, theirs[16]);
        }
        let mut ours = registers(&core, float);
        // QEMU also logs an instruction that it then interrupts.
        if ours[16] & 0x1FF != before[16] & 0x1FF && ours[15] != theirs[15] {
            theirs = next()?;
        }
        // State that was stacked, and not lazily, is unknown afterwards; QEMU clears it.
        let entered = ours[16] & 0x1FF != before[16] & 0x1FF;
        if float && entered && ours[17..] != theirs[17..] && !lazy(&mut core, &mut memory) {
            core.set_register(0x21, theirs[17]);
            shadow.misled = true;
            for register in 0..16 {
                core.set_register(0x40 + register, theirs[18 + register as usize]);
            }
            ours[17..34].copy_from_slice(&theirs[17..34]);
        }
        // A new context takes its modes from FPDSCR (ARMv7-M B1.5.7); QEMU clears the flags, too.
        let active = core.register(20) >> 26 & 1;
        // It may have begun and been stacked at once, by an instruction that then faulted.
        let stacked = entered && ours[14] & 0x10 == 0;
        let began = was_active == 0 && (active == 1 || stacked);
        if began && (ours[17] ^ theirs[17]) & 0x07C0_0000 == 0 {
            core.set_register(0x21, theirs[17]);
            ours[17] = theirs[17];
            shadow.misled = true;
            // Where it begins with VMRS, that has read the flags as they were.
            let read = memory.halfword(before[15] + 2);
            if memory.halfword(before[15]) == 0xEEF1 && read & 0xFFF == 0xA10 {
                let target = match read >> 12 {
                    15 => 16,
                    register => u32::from(register),
                };
                core.set_register(target, theirs[target as usize]);
                ours[target as usize] = theirs[target as usize];
            }
        }
        was_active = active;
        // Of an unaligned access, cores may name any byte.
        if before[15] == program::READS_BFAR && (ours[3] ^ theirs[3]) < 8 {
            core.set_register(3, theirs[3]);
            ours[3] = theirs[3];
            shadow.misled = true;
        }
        if ours != theirs {
            let report = difference(&memory, compared, &before, &ours, &theirs);
            return Err(format!("{}{report}", path(&memory, &trail)));
        }
        if compared % STRIDE == 0 {
            let seldom = compared % (64 * STRIDE) == 0;
            let arrived = shadow.arrive(&core, &memory, seldom);
            arrived.map_err(|what| path(&memory, &trail) + &what)?;
        }
        let ends = match subject.end {
            End::At(end) => ours[15] == end,
            End::BranchToItself => memory.halfword(ours[15]) == BRANCH_TO_ITSELF,
            End::Never => compared == subject.limit,
        };
        if ends {
            return Ok(compared);
        }
        if compared > subject.limit {
            return Err(format!("{}the program does not end", path(&memory, &trail)));
        }
        before = ours;
        trail.push_back(before[15]);
        if trail.len() > TRAIL {
            trail.pop_front();
        }
        match core.run(&mut memory, core.now() + Ticks::CYCLE) {
            Exit::Reached => {}
            other => {
                let theirs = qemu.next().map_err(|e| e.to_string())?.unwrap_or([0; 50]);
                return Err(format!(
                    "{other:?}\n{}{}",
                    path(&memory, &trail),
                    difference(
                        &memory,
                        compared,
                        &before,
                        &registers(&core, float),
                        &theirs
                    )
                ));
            }
        }
        compared += 1;
    }
}

/// `FPCCR.LSPEN`.
fn lazy(core: &mut Core, memory: &mut Memory) -> bool {
    let control = core.ppb_read(memory, 0xE000_EF34, Size::Word);
    control.is_ok_and(|control| control & 1 << 30 != 0)
}

/// The way to a difference, as address and encoding.
fn path(memory: &Memory, trail: &VecDeque<u32>) -> String {
    let mut text = String::from("\n");
    for &pc in trail {
        let (first, second) = (memory.halfword(pc), memory.halfword(pc + 2));
        text += &format!("{pc:#8x} {first:04x} {second:04x}\n");
    }
    text
}

/// A difference, with the instruction that made it.
fn difference(
    memory: &Memory,
    index: u64,
    before: &Registers,
    ours: &Registers,
    theirs: &Registers,
) -> String {
    let pc = before[15];
    let mut report = format!(
        "instruction {index} at {pc:#x}, {:04x} {:04x}\n        before     ours       theirs\n",
        memory.halfword(pc),
        memory.halfword(pc + 2)
    );
    for number in 0..50 {
        if number > 17 && ours[number] == theirs[number] {
            continue;
        }
        let mark = if ours[number] == theirs[number] {
            ' '
        } else {
            '*'
        };
        let name = match number {
            16 => "xPSR".to_owned(),
            17 => "FPSCR".to_owned(),
            0..=15 => format!("r{number}"),
            _ => format!("s{}", number - 18),
        };
        report += &format!(
            "{mark} {name:<5} {:08x}   {:08x}   {:08x}\n",
            before[number], ours[number], theirs[number]
        );
    }
    report
}
