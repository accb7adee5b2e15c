//! The interpreter's loop. Between boundaries it knows only decoded instructions, registers, plain
//! memory and a number of cycles left; anything else leaves it.

use super::bus::{Bus, Size, peek, poke};
use super::code::{Code, PAGE, slot_of};
use super::data::{self, add_with_carry};
use super::memory::{Trap, aligned, plain_store};
use super::op::Kind;
use super::scb::ccr;
use super::state::{NO_PLAIN_STORE, State};
use super::stop::StopReason;
use super::{dsp, float, system, transfer};

/// Why the loop was left. The program counter stands at the next instruction, or at the one that
/// trapped or branched.
pub(super) enum Leave {
    /// No cycles left, or something to look at between instructions.
    Boundary,
    /// A branch that changes state, or returns from an exception.
    Branch(u32),
    Trap(Trap),
}

/// Executes from the program counter until the core's cycles reach `end`. One instruction takes
/// one cycle.
#[allow(
    clippy::cognitive_complexity,
    reason = "one arm an instruction; the arms are independent"
)]
pub(super) fn execute<B: Bus>(s: &mut State, code: &mut Code, bus: &mut B, end: u64) -> Leave {
    let mut budget = end.saturating_sub(s.cycles);
    s.resync = false;
    if budget == 0 {
        return Leave::Boundary;
    }
    let mut page = code.page_at(s.r[15]);
    // The program counter is the page's base and this many halfwords.
    let mut slot = slot_of(s.r[15]);
    let mut op = &page.ops[slot];
    let mut kind = op.kind;

    loop {
        // The registers an instruction names.
        macro_rules! d {
            () => {
                s.r[usize::from(op.rd & 15)]
            };
        }
        macro_rules! n {
            () => {
                s.r[usize::from(op.rn & 15)]
            };
        }
        macro_rules! m {
            () => {
                s.r[usize::from(op.rm & 15)]
            };
        }
        macro_rules! pc {
            () => {
                page.base.wrapping_add(slot as u32 * 2)
            };
        }
        // Counts the instruction and goes on at `slot`. Expanded in every arm, so that the host
        // predicts each instruction's successor on its own.
        macro_rules! dispatch {
            () => {{
                budget -= 1;
                if budget == 0 {
                    s.cycles = end;
                    s.r[15] = pc!();
                    s.it = code.it_at(s.r[15]);
                    return Leave::Boundary;
                }
                op = &page.ops[slot];
                kind = op.kind;
                continue;
            }};
        }
        // Goes on `$bytes` further on. Behind a page's last slot, its end is executed.
        macro_rules! next {
            ($bytes:expr) => {{
                slot += $bytes as usize / 2;
                dispatch!()
            }};
        }
        // Goes on at an address.
        macro_rules! jump {
            ($target:expr) => {{
                let target: u32 = $target;
                if target & !(PAGE - 1) != page.base {
                    page = code.page_at(target);
                }
                slot = slot_of(target);
                dispatch!()
            }};
        }
        // As `next`, but looks at what happened first.
        macro_rules! leave {
            ($bytes:expr) => {{
                let pc = pc!().wrapping_add($bytes);
                s.cycles = end - budget + 1;
                s.r[15] = pc;
                s.it = code.it_at(pc);
                return Leave::Boundary;
            }};
        }
        macro_rules! next_or_leave {
            ($bytes:expr) => {{
                if s.resync {
                    leave!($bytes)
                }
                next!($bytes)
            }};
        }
        macro_rules! branch_if {
            ($condition:expr, $bytes:expr) => {{
                if $condition {
                    jump!(op.imm)
                }
                next!($bytes)
            }};
        }
        // Goes on to the branch behind a comparison.
        macro_rules! branch_too {
            () => {{
                if budget == 1 {
                    next!(2)
                }
                budget -= 1;
                branch_if!(s.holds(op.x), 2 + op.rd)
            }};
        }
        macro_rules! trap {
            ($trap:expr) => {{
                s.cycles = end - budget + 1;
                s.r[15] = pc!();
                s.it = op.it;
                return Leave::Trap($trap);
            }};
        }
        macro_rules! tried {
            ($result:expr) => {
                match $result {
                    Ok(value) => value,
                    Err(trap) => trap!(trap),
                }
            };
        }
        // Branches to a loaded or register value, whose bit 0 says Thumb.
        macro_rules! exchange {
            ($target:expr) => {{
                let target: u32 = $target;
                if target & 1 != 0 && target < 0xF000_0000 && !s.resync {
                    jump!(target & !1)
                }
                s.cycles = end - budget + 1;
                s.r[15] = pc!();
                return Leave::Branch(target);
            }};
        }
        // Writes a result without and with flags.
        macro_rules! put {
            ($bytes:expr, $result:expr) => {{
                d!() = $result;
                next!($bytes)
            }};
        }
        macro_rules! put_nz {
            ($bytes:expr, $result:expr) => {{
                let result = $result;
                s.set_nz(result);
                put!($bytes, result)
            }};
        }
        macro_rules! sum {
            ($a:expr, $b:expr, $carry:expr) => {{
                let (result, carry, overflow) = add_with_carry($a, $b, $carry);
                s.set_nz(result);
                s.c = carry;
                s.v = overflow;
                result
            }};
        }
        macro_rules! difference {
            ($a:expr, $b:expr) => {{
                let (a, b): (u32, u32) = ($a, $b);
                let result = a.wrapping_sub(b);
                s.set_nz(result);
                s.c = u32::from(a >= b);
                s.v = (a ^ b) & (a ^ result);
                result
            }};
        }
        macro_rules! load {
            ($bytes:expr, $size:ident, $address:expr, $extend:ty) => {{
                let address: u32 = $address;
                if aligned(address, Size::$size)
                    && let Some(value) = peek(bus, address, Size::$size)
                {
                    put!($bytes, value as $extend as u32)
                }
                s.cycles = end - budget;
                let value = tried!(s.load_special(bus, address, Size::$size));
                d!() = value as $extend as u32;
                next_or_leave!($bytes)
            }};
        }
        macro_rules! store {
            ($bytes:expr, $size:ident, $address:expr) => {{
                let address: u32 = $address;
                let value = d!();
                if address & plain_store(Size::$size) == s.plain_store
                    && poke(bus, address, Size::$size, value)
                {
                    next!($bytes)
                }
                s.cycles = end - budget;
                tried!(s.store_special(bus, address, Size::$size, value));
                next_or_leave!($bytes)
            }};
        }
        // The same with the base written back.
        macro_rules! load_on {
            ($size:ident, $address:expr) => {{
                let address: u32 = $address;
                if aligned(address, Size::$size)
                    && let Some(value) = peek(bus, address, Size::$size)
                {
                    n!() = n!().wrapping_add(op.imm);
                    put!(4, value)
                }
                call!(4, transfer::load_general)
            }};
        }
        macro_rules! store_on {
            ($size:ident, $address:expr) => {{
                let address: u32 = $address;
                let value = d!();
                if address & plain_store(Size::$size) == s.plain_store
                    && poke(bus, address, Size::$size, value)
                {
                    n!() = n!().wrapping_add(op.imm);
                    next!(4)
                }
                call!(4, transfer::store_general)
            }};
        }
        // An instruction that is a function of its own and may access the bus.
        macro_rules! call {
            ($bytes:expr, $function:expr) => {{
                s.cycles = end - budget;
                tried!($function(s, bus, *op));
                next_or_leave!($bytes)
            }};
        }

        match kind {
            Kind::Undecoded => {
                let pc = pc!();
                if let Err(trap) = code.decode_at(bus, &s.debug, pc, 0) {
                    s.cycles = end - budget + 1;
                    s.r[15] = pc;
                    s.it = 0;
                    return Leave::Trap(trap);
                }
                if code.in_ram() {
                    s.plain_store = NO_PLAIN_STORE;
                }
                page = code.page_at(pc);
                op = &page.ops[slot];
                kind = op.kind;
            }
            Kind::PageEnd => {
                let pc = pc!();
                page = code.page_at(pc);
                slot = slot_of(pc);
                op = &page.ops[slot];
                kind = op.kind;
            }
            Kind::InIt => {
                if op.it != 0 && !s.holds(op.it >> 4) {
                    next!(op.len)
                }
                s.r[15] = pc!().wrapping_add(4);
                kind = op.inner;
            }
            Kind::Comparator => trap!(Trap::Comparator),
            Kind::Nop => next!(2),
            Kind::NopW => next!(4),

            Kind::MovImmS => put_nz!(2, op.imm),
            Kind::MovImm => put!(2, op.imm),
            Kind::MovReg => put!(2, m!()),
            Kind::MovRegS => put_nz!(2, m!()),
            Kind::LslImmS => {
                s.c = m!() >> (32 - u32::from(op.x)) & 1;
                put_nz!(2, m!() << (op.x & 31))
            }
            Kind::LsrImmS => {
                s.c = m!() >> ((op.x - 1) & 31) & 1;
                put_nz!(2, (u64::from(m!()) >> (op.x & 63)) as u32)
            }
            Kind::AsrImmS => {
                s.c = m!() >> ((op.x - 1) & 31) & 1;
                put_nz!(2, (i64::from(m!() as i32) >> (op.x & 63)) as u32)
            }
            Kind::AddRegS => put!(2, sum!(n!(), m!(), 0)),
            Kind::SubRegS => put!(2, difference!(n!(), m!())),
            Kind::AddReg => put!(2, n!().wrapping_add(m!())),
            Kind::AddImmS => put!(2, sum!(n!(), op.imm, 0)),
            Kind::SubImmS => put!(2, difference!(n!(), op.imm)),
            Kind::AddImm => put!(2, n!().wrapping_add(op.imm)),
            Kind::SubImm => put!(2, n!().wrapping_sub(op.imm)),
            Kind::CmpImm => {
                difference!(n!(), op.imm);
                next!(2)
            }
            Kind::CmpReg => {
                difference!(n!(), m!());
                next!(2)
            }
            Kind::CmnReg => {
                sum!(n!(), m!(), 0);
                next!(2)
            }
            Kind::TstReg => {
                s.set_nz(n!() & m!());
                next!(2)
            }
            Kind::AndS => put_nz!(2, n!() & m!()),
            Kind::EorS => put_nz!(2, n!() ^ m!()),
            Kind::OrrS => put_nz!(2, n!() | m!()),
            Kind::BicS => put_nz!(2, n!() & !m!()),
            Kind::MvnS => put_nz!(2, !m!()),
            Kind::AdcS => put!(2, sum!(n!(), m!(), s.c)),
            Kind::SbcS => put!(2, sum!(n!(), !m!(), s.c)),
            Kind::RsbS => put!(2, difference!(0, m!())),
            Kind::MulS => put_nz!(2, n!().wrapping_mul(m!())),
            Kind::Mul => put!(2, n!().wrapping_mul(m!())),
            Kind::LslRegS | Kind::LsrRegS | Kind::AsrRegS | Kind::RorRegS => {
                let shift = match kind {
                    Kind::LslRegS => 0,
                    Kind::LsrRegS => 1,
                    Kind::AsrRegS => 2,
                    _ => 3,
                };
                let (result, carry) = data::shift_register(n!(), shift, m!() & 0xFF, s.c);
                s.c = carry;
                put_nz!(2, result)
            }
            Kind::DataImm => {
                data::immediate(s, *op);
                next!(2)
            }
            Kind::DataReg => {
                data::register(s, *op);
                next!(2)
            }
            Kind::DataShift => {
                data::shift(s, *op);
                next!(2)
            }
            Kind::Sxth => put!(2, m!() as i16 as u32),
            Kind::Sxtb => put!(2, m!() as i8 as u32),
            Kind::Uxth => put!(2, m!() & 0xFFFF),
            Kind::Uxtb => put!(2, m!() & 0xFF),
            Kind::Rev => put!(2, m!().swap_bytes()),
            Kind::Rev16 => put!(2, m!().swap_bytes().rotate_left(16)),
            Kind::Revsh => put!(2, (m!() as u16).swap_bytes() as i16 as u32),

            Kind::LdrImm => load!(2, Word, n!().wrapping_add(op.imm), u32),
            Kind::LdrReg => load!(2, Word, n!().wrapping_add(m!()), u32),
            Kind::LdrLit => load!(2, Word, op.imm, u32),
            Kind::LdrbImm => load!(2, Byte, n!().wrapping_add(op.imm), u32),
            Kind::LdrbReg => load!(2, Byte, n!().wrapping_add(m!()), u32),
            Kind::LdrhImm => load!(2, Half, n!().wrapping_add(op.imm), u32),
            Kind::LdrhReg => load!(2, Half, n!().wrapping_add(m!()), u32),
            Kind::LdrsbReg => load!(2, Byte, n!().wrapping_add(m!()), i8),
            Kind::LdrshReg => load!(2, Half, n!().wrapping_add(m!()), i16),
            Kind::StrImm => store!(2, Word, n!().wrapping_add(op.imm)),
            Kind::StrReg => store!(2, Word, n!().wrapping_add(m!())),
            Kind::StrbImm => store!(2, Byte, n!().wrapping_add(op.imm)),
            Kind::StrbReg => store!(2, Byte, n!().wrapping_add(m!())),
            Kind::StrhImm => store!(2, Half, n!().wrapping_add(op.imm)),
            Kind::StrhReg => store!(2, Half, n!().wrapping_add(m!())),
            Kind::LoadMultiple => call!(2, transfer::load_multiple),
            Kind::StoreMultiple => call!(2, transfer::store_multiple),
            Kind::LoadMultiplePc | Kind::LoadMultiplePcW => {
                s.cycles = end - budget;
                exchange!(tried!(transfer::load_multiple(s, bus, *op)))
            }

            Kind::Beq => branch_if!(s.z == 0, 2),
            Kind::Bne => branch_if!(s.z != 0, 2),
            Kind::Bcs => branch_if!(s.c != 0, 2),
            Kind::Bcc => branch_if!(s.c == 0, 2),
            Kind::Bmi => branch_if!((s.n as i32) < 0, 2),
            Kind::Bpl => branch_if!((s.n as i32) >= 0, 2),
            Kind::Bvs => branch_if!((s.v as i32) < 0, 2),
            Kind::Bvc => branch_if!((s.v as i32) >= 0, 2),
            Kind::Bhi => branch_if!(s.c != 0 && s.z != 0, 2),
            Kind::Bls => branch_if!(s.c == 0 || s.z == 0, 2),
            Kind::Bge => branch_if!((s.n ^ s.v) as i32 >= 0, 2),
            Kind::Blt => branch_if!(((s.n ^ s.v) as i32) < 0, 2),
            Kind::Bgt => branch_if!(s.z != 0 && (s.n ^ s.v) as i32 >= 0, 2),
            Kind::Ble => branch_if!(s.z == 0 || ((s.n ^ s.v) as i32) < 0, 2),
            Kind::B => jump!(op.imm),
            Kind::Stay => {
                // Every cycle that is left would do the same.
                budget = 1;
                dispatch!()
            }
            Kind::Bx => exchange!(m!()),
            Kind::BlxReg => {
                let target = m!();
                s.r[14] = pc!().wrapping_add(2) | 1;
                exchange!(target)
            }
            Kind::Cbz => branch_if!(n!() == 0, 2),
            Kind::Cbnz => branch_if!(n!() != 0, 2),
            Kind::AddToPc => jump!(pc!().wrapping_add(4).wrapping_add(m!()) & !1),
            Kind::MovToPc => jump!(m!() & !1),

            Kind::MovImmW => put!(4, op.imm),
            Kind::Movt => put!(4, d!() & 0xFFFF | op.imm << 16),
            Kind::MovImmMovt => {
                if budget == 1 {
                    put!(4, op.imm & 0xFFFF)
                }
                budget -= 1;
                put!(8, op.imm)
            }
            Kind::CmpImmBranch => {
                difference!(n!(), op.rm.into());
                branch_too!()
            }
            Kind::CmpRegBranch => {
                difference!(n!(), m!());
                branch_too!()
            }
            Kind::AddImmW => put!(4, n!().wrapping_add(op.imm)),
            Kind::SubImmW => put!(4, n!().wrapping_sub(op.imm)),
            Kind::RsbImmW => put!(4, op.imm.wrapping_sub(n!())),
            Kind::AndImmW => put!(4, n!() & op.imm),
            Kind::OrrImmW => put!(4, n!() | op.imm),
            Kind::EorImmW => put!(4, n!() ^ op.imm),
            Kind::AddImmSW => put!(4, sum!(n!(), op.imm, 0)),
            Kind::SubImmSW => put!(4, difference!(n!(), op.imm)),
            Kind::AdcImmW => put!(4, n!().wrapping_add(op.imm).wrapping_add(s.c)),
            Kind::AdcImmSW => put!(4, sum!(n!(), op.imm, s.c)),
            Kind::SbcImmSW => put!(4, sum!(n!(), !op.imm, s.c)),
            Kind::CmpImmW => {
                difference!(n!(), op.imm);
                next!(4)
            }
            Kind::TstImmW => {
                s.set_nz(n!() & op.imm);
                if op.rm != 0 {
                    s.c = u32::from(op.rm) - 1;
                }
                next!(4)
            }
            Kind::DataImmW => {
                data::immediate(s, *op);
                next!(4)
            }
            Kind::AddLslW => put!(4, n!().wrapping_add(m!() << (op.x & 31))),
            Kind::SubLslW => put!(4, n!().wrapping_sub(m!() << (op.x & 31))),
            Kind::AndLslW => put!(4, n!() & m!() << (op.x & 31)),
            Kind::OrrLslW => put!(4, n!() | m!() << (op.x & 31)),
            Kind::EorLslW => put!(4, n!() ^ m!() << (op.x & 31)),
            Kind::BicLslW => put!(4, n!() & !(m!() << (op.x & 31))),
            Kind::MovLslW => put!(4, m!() << (op.x & 31)),
            Kind::MovLsrW => put!(4, m!() >> (op.x & 31)),
            Kind::MovAsrW => put!(4, (m!() as i32 >> (op.x & 31)) as u32),
            Kind::CmpLslW => {
                difference!(n!(), m!() << (op.x & 31));
                next!(4)
            }
            Kind::AddRegSW => put!(4, sum!(n!(), m!(), 0)),
            Kind::SubRegSW => put!(4, difference!(n!(), m!())),
            Kind::AdcRegW => put!(4, n!().wrapping_add(m!()).wrapping_add(s.c)),
            Kind::SbcRegW => put!(4, n!().wrapping_add(!m!()).wrapping_add(s.c)),
            Kind::AdcRegSW => put!(4, sum!(n!(), m!(), s.c)),
            Kind::SbcRegSW => put!(4, sum!(n!(), !m!(), s.c)),
            Kind::DataRegW => {
                data::register(s, *op);
                next!(4)
            }
            Kind::LslRegW | Kind::LsrRegW | Kind::DataShiftW => {
                data::shift(s, *op);
                next!(4)
            }
            Kind::ExtendW => {
                dsp::extend(s, *op);
                next!(4)
            }
            Kind::Ubfx => put!(4, n!() << (op.x & 31) >> (op.imm & 31)),
            Kind::Sbfx => put!(4, ((n!() << (op.x & 31)) as i32 >> (op.imm & 31)) as u32),
            Kind::Bfi => put!(4, d!() & !op.imm | n!() << (op.x & 31) & op.imm),
            Kind::Bfc => put!(4, d!() & !op.imm),
            Kind::MulW => put!(4, n!().wrapping_mul(m!())),
            Kind::Mla => {
                let addend = s.r[usize::from(op.x & 15)];
                put!(4, n!().wrapping_mul(m!()).wrapping_add(addend))
            }
            Kind::Mls => {
                let minuend = s.r[usize::from(op.x & 15)];
                put!(4, minuend.wrapping_sub(n!().wrapping_mul(m!())))
            }
            Kind::Umull => {
                let product = u64::from(n!()) * u64::from(m!());
                s.r[usize::from(op.x & 15)] = product as u32;
                put!(4, (product >> 32) as u32)
            }
            Kind::Smull => {
                let product = i64::from(n!() as i32) * i64::from(m!() as i32);
                s.r[usize::from(op.x & 15)] = product as u32;
                put!(4, (product >> 32) as u32)
            }
            Kind::Umlal => {
                let addend = u64::from(d!()) << 32 | u64::from(s.r[usize::from(op.x & 15)]);
                let sum = (u64::from(n!()) * u64::from(m!())).wrapping_add(addend);
                s.r[usize::from(op.x & 15)] = sum as u32;
                put!(4, (sum >> 32) as u32)
            }
            Kind::Udiv | Kind::Sdiv => {
                let (dividend, divisor) = (n!(), m!());
                if divisor == 0 && s.scb.ccr & ccr::DIV_0_TRP != 0 {
                    trap!(Trap::DivideByZero)
                }
                let quotient = if kind == Kind::Udiv {
                    dividend.checked_div(divisor).unwrap_or(0)
                } else if divisor == 0 {
                    0
                } else {
                    (dividend as i32).wrapping_div(divisor as i32) as u32
                };
                put!(4, quotient)
            }
            Kind::Clz => put!(4, m!().leading_zeros()),
            Kind::Dsp => {
                dsp::execute(s, *op);
                next!(4)
            }

            Kind::LdrImmW => load!(4, Word, n!().wrapping_add(op.imm), u32),
            Kind::LdrRegW => load!(4, Word, n!().wrapping_add(m!() << (op.x & 31)), u32),
            Kind::LdrbImmW => load!(4, Byte, n!().wrapping_add(op.imm), u32),
            Kind::LdrbRegW => load!(4, Byte, n!().wrapping_add(m!() << (op.x & 31)), u32),
            Kind::LdrhImmW => load!(4, Half, n!().wrapping_add(op.imm), u32),
            Kind::LdrhRegW => load!(4, Half, n!().wrapping_add(m!() << (op.x & 31)), u32),
            Kind::LdrsbImmW => load!(4, Byte, n!().wrapping_add(op.imm), i8),
            Kind::LdrsbRegW => load!(4, Byte, n!().wrapping_add(m!() << (op.x & 31)), i8),
            Kind::LdrshImmW => load!(4, Half, n!().wrapping_add(op.imm), i16),
            Kind::LdrshRegW => load!(4, Half, n!().wrapping_add(m!() << (op.x & 31)), i16),
            Kind::LdrLitW => load!(4, Word, op.imm, u32),
            Kind::StrImmW => store!(4, Word, n!().wrapping_add(op.imm)),
            Kind::StrRegW => store!(4, Word, n!().wrapping_add(m!() << (op.x & 31))),
            Kind::StrbImmW => store!(4, Byte, n!().wrapping_add(op.imm)),
            Kind::StrbRegW => store!(4, Byte, n!().wrapping_add(m!() << (op.x & 31))),
            Kind::StrhImmW => store!(4, Half, n!().wrapping_add(op.imm)),
            Kind::StrhRegW => store!(4, Half, n!().wrapping_add(m!() << (op.x & 31))),
            Kind::LdrdW | Kind::LoadDualW => call!(4, transfer::load_dual),
            Kind::StrdW | Kind::StoreDualW => call!(4, transfer::store_dual),
            Kind::LdrPostW => load_on!(Word, n!()),
            Kind::LdrbPreW => load_on!(Byte, n!().wrapping_add(op.imm)),
            Kind::StrPostW => store_on!(Word, n!()),
            Kind::StrbPreW => store_on!(Byte, n!().wrapping_add(op.imm)),
            Kind::LoadGeneralW => {
                s.cycles = end - budget;
                match tried!(transfer::load_general(s, bus, *op)) {
                    Some(target) => exchange!(target),
                    None => next_or_leave!(4),
                }
            }
            Kind::StoreGeneralW => call!(4, transfer::store_general),
            Kind::LoadMultipleW => call!(4, transfer::load_multiple),
            Kind::StoreMultipleW => call!(4, transfer::store_multiple),
            Kind::ExclusiveW => call!(4, transfer::exclusive),

            Kind::BcondW => branch_if!(s.holds(op.x), 4),
            Kind::Bl => {
                s.r[14] = pc!().wrapping_add(4) | 1;
                jump!(op.imm)
            }
            Kind::TableBranch => {
                s.cycles = end - budget;
                let target = tried!(transfer::table_branch(s, bus, *op, pc!()));
                exchange!(target | 1)
            }

            Kind::System => {
                system::execute(s, *op);
                next_or_leave!(u32::from(op.len))
            }
            Kind::Bkpt => trap!(Trap::Breakpoint),
            Kind::Udf => trap!(Trap::Undefined),
            Kind::Undefined => trap!(Trap::stop(StopReason::Undefined { encoding: op.imm })),
            Kind::Float => call!(4, float::execute),
            Kind::Coprocessor => trap!(Trap::NoCoprocessor),
        }
    }
}
