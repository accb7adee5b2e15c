//! Nothing but core and memory, so that any machine with a Cortex-M4 can run it: numbers as text and back,
//! sorting, wide and floating-point arithmetic, then supervisor calls, faults and nested interrupts, all
//! folded into one checksum. It ends with a branch to itself.
#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::fmt::{self, Write};
use core::str::from_utf8;
use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::scb::Exception;
use cortex_m::peripheral::{NVIC, SCB, scb::SystemHandler};
use cortex_m::register::{basepri, primask};
use cortex_m_rt::{entry, exception};
use foreign as _;

/// Interrupts that any of the machines has.
const INTERRUPTS: usize = 32;
/// Those whose handlers here aren't embassy's: not GPIOTE, not RTC1.
const OURS: u32 = !(1 << 6 | 1 << 17);
/// Nothing answers here.
const NOWHERE: *const u32 = 0x3010_0000 as *const u32;

static CHECKSUM: AtomicU32 = AtomicU32::new(0);
/// How many exceptions handlers may still pend.
static LEFT: AtomicU32 = AtomicU32::new(0);
static SEED: AtomicU32 = AtomicU32::new(2024);

fn fold(value: u32) {
    let sum = CHECKSUM.load(Ordering::Relaxed);
    CHECKSUM.store(
        sum.rotate_left(5) ^ value.wrapping_mul(0x9E37_79B9),
        Ordering::Relaxed,
    );
}

fn random() -> u32 {
    let mut x = SEED.load(Ordering::Relaxed);
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    SEED.store(x, Ordering::Relaxed);
    x
}

/// Text of a fixed capacity; what does not fit is an error.
struct Text {
    bytes: [u8; 160],
    length: usize,
}

impl Text {
    const fn new() -> Self {
        Self {
            bytes: [0; 160],
            length: 0,
        }
    }

    fn as_str(&self) -> &str {
        from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

fn text() {
    for _ in 0..12 {
        let (a, b) = (random(), random());
        let single = f32::from_bits(a & 0xBFFF_FFFF);
        let double = f64::from(b as i32) / f64::from(a | 1);
        let mut text = Text::new();
        if write!(
            text,
            "{a} {b:#x} {single:e} {double:.6} {:>12} {:?}",
            a as i16,
            'a'..='z'
        )
        .is_err()
        {
            fold(0xBAD);
        }
        for (index, word) in text.as_str().split(' ').enumerate() {
            match index {
                0 => fold(word.parse::<u32>().unwrap_or(1)),
                2 => fold(word.parse::<f32>().map_or(2, f32::to_bits)),
                3 => fold(word.parse::<f64>().map_or(3, |f| f.to_bits() as u32)),
                _ => fold(
                    word.chars()
                        .rev()
                        .fold(0_u32, |sum, c| sum.wrapping_mul(31) ^ u32::from(c)),
                ),
            }
        }
    }
}

fn sorting() {
    let mut numbers = [0_u32; 96];
    numbers.fill_with(random);
    numbers.sort_unstable_by_key(|number| number.swap_bytes());
    fold(numbers[17]);
    numbers.sort_unstable();
    for window in numbers.windows(2) {
        fold(u32::from(window[0] > window[1]));
    }
    for key in [0, numbers[40], u32::MAX] {
        fold(
            numbers
                .binary_search(&key)
                .map_or_else(|at| at as u32, |at| at as u32 | 1 << 16),
        );
    }
    numbers.rotate_left(13);
    numbers.reverse();
    fold(numbers.iter().map(|number| number.leading_zeros()).sum());
}

fn wide() {
    let mut sum = 1_u128;
    for _ in 0..24 {
        let (a, b) = (
            u64::from(random()) << 32 | u64::from(random()),
            u64::from(random() | 1),
        );
        sum = sum.wrapping_mul(u128::from(a)).wrapping_add(u128::from(b));
        fold((a / b) as u32);
        fold((a as i64 % (b as i64 - (1 << 20))) as u32);
        fold((sum / u128::from(b) >> 40) as u32);
        fold(a.saturating_mul(b).count_ones());
        fold((a as i32).saturating_add(b as i32) as u32);
        fold((a as i16).saturating_sub(b as i16) as u32);
    }
}

fn floating() {
    let mut matrix = [[0.0_f32; 6]; 6];
    for row in &mut matrix {
        row.fill_with(|| random() as i32 as f32 / 65_536.0);
    }
    let mut product = [[0.0_f32; 6]; 6];
    for (i, row) in product.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate() {
            *cell = (0..6).map(|k| matrix[i][k] * matrix[k][j]).sum();
        }
    }
    let mut angle = 0.0_f64;
    for cell in product.iter().flatten() {
        fold(cell.to_bits());
        fold(*cell as i32 as u32);
        fold((*cell as i64 >> 7) as u32);
        fold(cell.clamp(-1.0e3, 1.0e6).to_bits());
        angle = (angle + f64::from(*cell)) / 3.0;
        fold(angle.to_bits() as u32);
        fold((angle as f32).to_bits());
    }
}

/// Enables and priorities at random, then exceptions that pend each other.
fn interrupts(scb: &mut SCB, nvic: &mut NVIC) {
    for round in 0..8_u32 {
        // SAFETY: any priority grouping, priority and enable is as good as any other here.
        unsafe {
            scb.aircr.write(0x05FA << 16 | (round & 7) << 8);
            for handler in [
                SystemHandler::SVCall,
                SystemHandler::PendSV,
                SystemHandler::SysTick,
            ] {
                scb.set_priority(handler, (random() & 0xE0) as u8);
            }
            for number in 0..INTERRUPTS {
                nvic.ipr[number].write((random() & 0xE0) as u8);
            }
            nvic.iser[0].write((random() | random()) & OURS);
        }
        LEFT.store(24, Ordering::Relaxed);
        pend();
        // SAFETY: a supervisor call that returns with everything as it was.
        unsafe { asm!("svc 7") };
        let masked = (random() & 0xE0) as u8;
        // SAFETY: nothing here relies on an interrupt being let in.
        unsafe { basepri::write(masked) };
        pend();
        cortex_m::interrupt::disable();
        pend();
        fold(u32::from(primask::read().is_active()));
        // SAFETY: nothing here relies on an interrupt being kept out.
        unsafe {
            cortex_m::interrupt::enable();
            basepri::write(0);
            nvic.icer[0].write(u32::MAX);
            nvic.icpr[0].write(u32::MAX);
        }
    }
}

/// Pends interrupts, PendSV or SysTick at random, while any are left.
fn pend() {
    let left = LEFT.load(Ordering::Relaxed);
    if left == 0 {
        return;
    }
    LEFT.store(left - 1, Ordering::Relaxed);
    let which = random();
    if which & 1 == 0 {
        SCB::set_pendsv();
    }
    if which & 6 == 0 {
        SCB::set_pendst();
    }
    // SAFETY: every interrupt has a handler.
    unsafe { (*NVIC::PTR).ispr[0].write(1 << (which >> 27) | 1 << (which >> 22 & 31)) };
}

/// What every handler does: says who it is, lets others in or keeps them out, and pends some.
fn handle(number: u32) {
    fold(number);
    let before = basepri::read();
    if number & 3 == 0 {
        // SAFETY: nothing here relies on an interrupt being kept out or let in.
        unsafe { basepri::write((random() & 0xE0) as u8) };
    }
    pend();
    // SAFETY: as above.
    unsafe { basepri::write(before) };
    fold(number << 8);
}

#[exception]
fn SVCall() {
    handle(11);
}

#[exception]
fn PendSV() {
    handle(14);
}

#[exception]
fn SysTick() {
    handle(15);
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    handle(number as u32 + 16);
}

// Folds CFSR and HFSR, clears them, and goes on behind the instruction, which has 32 bits.
global_asm!(
    ".thumb_func",
    ".global UsageFault",
    "UsageFault:",
    ".thumb_func",
    ".global BusFault",
    "BusFault:",
    "    mrs r0, msp",
    "    push {{r4, lr}}",
    "    ldr r1, [r0, #24]",
    "    adds r1, #4",
    "    str r1, [r0, #24]",
    "    ldr r4, =0xE000ED28",
    "    ldr r0, [r4]",
    "    str r0, [r4]",
    "    ldr r1, [r4, #4]",
    "    str r1, [r4, #4]",
    "    add r0, r1",
    "    bl computation_fault",
    "    pop {{r4, pc}}",
    ".ltorg",
);

#[unsafe(no_mangle)]
extern "C" fn computation_fault(status: u32) {
    fold(status);
}

fn faults(scb: &mut SCB) {
    scb.enable(Exception::UsageFault);
    scb.enable(Exception::BusFault);
    for trap in 0..4_u32 {
        // SAFETY: the handlers above go on behind whatever of this faults.
        unsafe {
            scb.ccr.write(0x200 | (trap & 1) << 3 | (trap >> 1) << 4);
            let mut quotient = random();
            asm!("udiv {0}, {0}, {1}", inout(reg) quotient, in(reg) 0);
            fold(quotient);
            let mut value = random();
            asm!("ldr.w {0}, [{1}, #1]", inout(reg) value, in(reg) &raw const SEED);
            fold(u32::from(value != 0));
            asm!("ldrd {0}, {1}, [{2}]", inout(reg) value, out(reg) _, in(reg) NOWHERE);
            fold(value);
            asm!("udf.w #1");
            asm!("str.w {0}, [{1}]", in(reg) value, in(reg) NOWHERE);
        }
        fold(trap);
    }
}

#[entry]
fn main() -> ! {
    if let Some(mut core) = cortex_m::Peripherals::take() {
        text();
        sorting();
        wide();
        floating();
        faults(&mut core.SCB);
        interrupts(&mut core.SCB, &mut core.NVIC);
    }
    // SAFETY: a branch to itself.
    unsafe { asm!("b .", options(noreturn)) }
}
