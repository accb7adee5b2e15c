//! Decoded code, in pages of 4 KiB that clones of a core share until one of them changes it.

use std::sync::{Arc, LazyLock};

use super::bus::{AccessError, Bus};
use super::debug::{Armed, Debug, compared};
use super::decode::{self, Place};
use super::memory::Trap;
use super::op::{Kind, Op};
use super::stop::StopReason;

/// Bytes of code in a page.
pub(super) const PAGE: u32 = 4096;
const SLOTS: usize = PAGE as usize / 2;
/// 1 MiB of flash and 1 MiB of RAM have a place each; anything else shares with them.
const PLACES: usize = 512;
/// The longest way back from a changed byte to an instruction that depends on it: an IT block.
const REACH: u32 = 18;
/// How far away a load may take its constant from.
const CONSTANT_REACH: u32 = PAGE;
/// Where RAM begins; below, memory changes only with [`Bus::code_generation`].
const RAM: u32 = 0x2000_0000;
/// Where flash ends.
const FLASH_END: u32 = 0x0010_0000;

/// Decoded instructions by halfword.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Page {
    /// Address of its first byte.
    pub(super) base: u32,
    /// One an halfword, and behind the last the way to the next page: a 32-bit instruction may end
    /// in either of two places.
    pub(super) ops: [Op; SLOTS + 2],
}

impl Page {
    fn new(base: u32) -> Page {
        let mut ops = [Op::UNDECODED; SLOTS + 2];
        ops[SLOTS..].fill(Op::PAGE_END);
        Page { base, ops }
    }
}

type Places = [Option<Arc<Page>>; PLACES];

static EMPTY: LazyLock<Arc<Places>> = LazyLock::new(|| Arc::new([const { None }; PLACES]));

/// All decoded code of a core.
#[derive(Clone)]
pub(super) struct Code {
    places: Arc<Places>,
    generation: u64,
    ram_generation: u64,
    /// The comparators that stand in decoded code.
    armed: Armed,
    /// Code in RAM is decoded.
    in_ram: bool,
    /// Code between flash and RAM is decoded, where a chip may show its RAM a second time.
    in_alias: bool,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pages = self.places.iter().flatten().count();
        write!(f, "Code {{ {pages} pages }}")
    }
}

fn place(address: u32) -> usize {
    let page = address / PAGE;
    (page & 0xFF | (address >> 29 & 1) << 8) as usize
}

impl Code {
    pub(super) fn new() -> Code {
        Code {
            places: Arc::clone(&EMPTY),
            generation: 0,
            ram_generation: 0,
            armed: Armed::default(),
            in_ram: false,
            in_alias: false,
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.places = Arc::clone(&EMPTY);
        self.in_ram = false;
        self.in_alias = false;
    }

    /// Forgets what the comparators that matched stand in, and what those do that match from now on.
    pub(super) fn arm(&mut self, armed: Armed) {
        let before = std::mem::replace(&mut self.armed, armed);
        for (before, now) in before.into_iter().zip(armed).filter(|(a, b)| a != b) {
            for comparator in [before, now]
                .into_iter()
                .filter(|&comparator| comparator != 0)
            {
                let word = compared(comparator);
                self.changed(word, word + 4);
            }
        }
    }

    /// Whether writes to RAM must be reported to [`Code::changed`].
    pub(super) fn in_ram(&self) -> bool {
        self.in_ram
    }

    /// Forgets what the bus says is stale.
    pub(super) fn synchronise<B: Bus>(&mut self, bus: &B) {
        let generation = bus.code_generation();
        if generation != self.generation {
            match bus.code_changes(self.generation) {
                Some((from, to)) => self.changed(from, to),
                None => self.clear(),
            }
        }
        let ram_generation = bus.ram_generation();
        if ram_generation != self.ram_generation && self.in_ram {
            match bus.ram_changes(self.ram_generation) {
                Some((from, to)) => self.changed(from, to),
                None => self.forget_ram(),
            }
        }
        self.generation = generation;
        self.ram_generation = ram_generation;
    }

    /// Forgets all that is not in flash.
    pub(super) fn forget_ram(&mut self) {
        if self.in_ram {
            let pages = Arc::make_mut(&mut self.places).iter_mut();
            for page in
                pages.filter(|page| page.as_ref().is_some_and(|page| page.base >= FLASH_END))
            {
                *page = None;
            }
        }
        self.in_ram = false;
        self.in_alias = false;
    }

    /// Whether nothing is decoded that the bus says is stale.
    pub(super) fn is_current<B: Bus>(&self, bus: &B) -> bool {
        bus.code_generation() == self.generation
    }

    /// Takes over the pages of flash that `other` has decoded; `same` tells whether the page of an address
    /// holds the same for both.
    pub(super) fn learn(&mut self, other: &Code, same: impl Fn(u32) -> bool) {
        for (place, page) in other.places.iter().enumerate() {
            let Some(page) = page.as_ref().filter(|page| page.base < FLASH_END) else {
                continue;
            };
            // An instruction may end, and have its constant, in a neighbour.
            let mut around = [
                page.base.checked_sub(PAGE),
                Some(page.base),
                page.base.checked_add(PAGE),
            ]
            .into_iter()
            .flatten()
            .filter(|base| *base < FLASH_END);
            if around.all(&same) {
                Arc::make_mut(&mut self.places)[place] = Some(Arc::clone(page));
            }
        }
    }

    /// Forgets instructions that depend on bytes from `from` up to `to`.
    pub(super) fn changed(&mut self, from: u32, to: u32) {
        let through_alias = from < RAM && to > FLASH_END;
        if self.in_alias || through_alias {
            self.forget_ram();
        }
        let first = from.saturating_sub(REACH) & !1;
        for base in (first & !(PAGE - 1)..to).step_by(PAGE as usize) {
            let slots = first.max(base) - base..(to - base).min(PAGE);
            let slots = slots.start as usize / 2..slots.end.div_ceil(2) as usize;
            let Some(page) = self.page(base) else {
                continue;
            };
            if page.ops[slots.clone()]
                .iter()
                .any(|op| op.kind != Kind::Undecoded)
            {
                self.page_mut(base).ops[slots].fill(Op::UNDECODED);
            }
        }
        if from < FLASH_END {
            self.forget_constants(from, to);
        }
    }

    /// Forgets loads that became constants, wherever theirs may have been between `from` and `to`.
    fn forget_constants(&mut self, from: u32, to: u32) {
        let first = from.saturating_sub(CONSTANT_REACH) & !(PAGE - 1);
        for base in (first..to.saturating_add(CONSTANT_REACH)).step_by(PAGE as usize) {
            if self
                .page(base)
                .is_some_and(|page| page.ops.iter().any(Op::was_load))
            {
                let ops = &mut self.page_mut(base).ops;
                for op in ops.iter_mut().filter(|op| op.was_load()) {
                    *op = Op::UNDECODED;
                }
            }
        }
    }

    fn page(&self, address: u32) -> Option<&Page> {
        self.places[place(address)]
            .as_deref()
            .filter(|page| page.base == address & !(PAGE - 1))
    }

    fn page_mut(&mut self, address: u32) -> &mut Page {
        let base = address & !(PAGE - 1);
        self.in_alias |= (FLASH_END..RAM).contains(&base);
        self.in_ram |= base >= FLASH_END;
        let place = &mut Arc::make_mut(&mut self.places)[place(address)];
        if place.as_ref().is_none_or(|page| page.base != base) {
            *place = Some(Arc::new(Page::new(base)));
        }
        Arc::make_mut(place.get_or_insert_with(|| Arc::new(Page::new(base))))
    }

    /// The page of an address, made if there is none.
    pub(super) fn page_at(&mut self, address: u32) -> &Page {
        if self.page(address).is_none() {
            self.page_mut(address);
        }
        match &self.places[place(address)] {
            Some(page) => page,
            None => unreachable!("the page was made above"),
        }
    }

    /// The instruction at an address.
    pub(super) fn at(&self, address: u32) -> &Op {
        self.page(address)
            .map_or(&Op::UNDECODED, |page| &page.ops[slot_of(address)])
    }

    /// ITSTATE of the instruction at an address, 0 where it is not decoded.
    pub(super) fn it_at(&self, address: u32) -> u8 {
        self.at(address).it
    }

    /// Decodes the instruction at `pc` in the state `it`, and with an IT instruction its block.
    pub(super) fn decode_at<B: Bus>(
        &mut self,
        bus: &B,
        debug: &Debug,
        pc: u32,
        it: u8,
    ) -> Result<(), Trap> {
        let (op, first) = decode(bus, debug, pc, it)?;
        *self.slot_mut(pc) = paired(bus, debug, pc, op);
        if op.kind != Kind::Nop || op.it != 0 {
            return Ok(());
        }
        let mut it = decode::it_block(first).unwrap_or(0);
        let mut pc = pc.wrapping_add(op.len.into());
        while it != 0 {
            // What cannot be fetched faults when it is reached.
            let Ok((op, _)) = decode(bus, debug, pc, it) else {
                break;
            };
            *self.slot_mut(pc) = op;
            pc = pc.wrapping_add(op.len.into());
            it = decode::advance_it(it);
        }
        Ok(())
    }

    /// One decoded instruction, to be put in place of another.
    pub(super) fn slot_mut(&mut self, address: u32) -> &mut Op {
        &mut self.page_mut(address).ops[slot_of(address)]
    }
}

/// An address's place in its page.
#[inline(always)]
pub(super) fn slot_of(address: u32) -> usize {
    (address % PAGE / 2) as usize
}

/// Fetches and decodes one instruction.
fn decode<B: Bus>(bus: &B, debug: &Debug, pc: u32, it: u8) -> Result<(Op, u16), Trap> {
    if matches!(pc >> 29, 2 | 5..=7) {
        return Err(Trap::FetchNever);
    }
    let fetch = |address| bus.fetch(address).map_err(fetch_trap);
    let first = fetch(pc)?;
    let second = if decode::is_wide(first) {
        fetch(pc.wrapping_add(2))?
    } else {
        0
    };
    let mut op = decode::decode(Place { pc, it }, first, second);
    if matches!(op.kind, Kind::LdrLit | Kind::LdrLitW) && op.imm & 3 == 0 && op.imm < RAM - 4 {
        // Constants in flash change only with its code.
        if let (Ok(low), Ok(high)) = (bus.fetch(op.imm), bus.fetch(op.imm + 2)) {
            (op.inner, op.kind) = match op.kind {
                Kind::LdrLit => (Kind::LdrLit, Kind::MovImm),
                _ => (Kind::LdrLitW, Kind::MovImmW),
            };
            op.imm = u32::from(high) << 16 | u32::from(low);
        }
    }
    if debug.comparator_at(pc) {
        op.kind = Kind::Comparator;
    }
    Ok((op, first))
}

/// An instruction together with the next, where the interpreter takes them as one.
fn paired<B: Bus>(bus: &B, debug: &Debug, pc: u32, op: Op) -> Op {
    let next = pc.wrapping_add(op.len.into());
    if !decode::leads(&op) || next & !(PAGE - 1) != pc & !(PAGE - 1) {
        return op;
    }
    // What cannot be fetched faults when it is reached; a comparator has an op of its own.
    let second = decode(bus, debug, next, 0).map(|(second, _)| second);
    second
        .ok()
        .and_then(|second| decode::pair(op, second))
        .unwrap_or(op)
}

fn fetch_trap(error: AccessError) -> Trap {
    match error {
        AccessError::Fault { .. } => Trap::FetchBus,
        AccessError::Unmodelled { address, what } => {
            Trap::stop(StopReason::Unmodelled { address, what })
        }
    }
}
