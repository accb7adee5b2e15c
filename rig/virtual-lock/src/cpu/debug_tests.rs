//! Halting debug as a debugger uses it.

use super::bus::Size;
use super::testing::{CODE, TestBus, run, started};
use super::{Core, Exit};
use crate::time::Ticks;

const DHCSR: u32 = 0xE000_EDF0;
const DCRSR: u32 = 0xE000_EDF4;
const DCRDR: u32 = 0xE000_EDF8;
const DEMCR: u32 = 0xE000_EDFC;
const DFSR: u32 = 0xE000_ED30;
const FP_CTRL: u32 = 0xE000_2000;
const FP_COMP0: u32 = 0xE000_2008;
const KEY: u32 = 0xA05F_0000;

fn write(core: &mut Core, bus: &mut TestBus, address: u32, value: u32) {
    core.ppb_write(bus, address, Size::Word, value).unwrap();
}

fn read(core: &mut Core, bus: &mut TestBus, address: u32) -> u32 {
    core.ppb_read(bus, address, Size::Word).unwrap()
}

/// A core halted by a debugger at its first instruction.
fn halted(program: &[u16]) -> (Core, TestBus) {
    let (mut core, mut bus) = started(program);
    write(&mut core, &mut bus, DHCSR, KEY | 3);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Halted);
    assert_eq!(core.register(15), CODE);
    (core, bus)
}

#[test]
fn halts_steps_and_goes_on() {
    // MOVS R0, #1; MOVS R1, #2; MOVS R2, #3; B .
    let (mut core, mut bus) = halted(&[0x2001, 0x2102, 0x2203, 0xE7FE]);
    assert_eq!(read(&mut core, &mut bus, DHCSR) >> 16 & 0xF, 3);
    write(&mut core, &mut bus, DHCSR, KEY | 5);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Halted);
    assert_eq!((core.register(0), core.register(1)), (1, 0));
    assert_eq!(core.register(15), CODE + 2);
    write(&mut core, &mut bus, DHCSR, KEY | 1);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Reached);
    assert_eq!(core.register(2), 3);
}

#[test]
fn a_comparator_stops_between_a_comparison_and_its_branch() {
    // CMP R0, #0; BEQ .
    let (mut core, mut bus) = halted(&[0x2800, 0xD0FE]);
    write(&mut core, &mut bus, DHCSR, KEY | 1);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Reached);
    write(&mut core, &mut bus, DHCSR, KEY | 3);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Halted);
    core.set_register(15, CODE);
    write(&mut core, &mut bus, FP_CTRL, 3);
    write(&mut core, &mut bus, FP_COMP0, 2 << 30 | CODE | 1);
    write(&mut core, &mut bus, DHCSR, KEY | 1);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Halted);
    assert_eq!(core.register(15), CODE + 2);
}

#[test]
fn registers_move_through_dcrdr() {
    let (mut core, mut bus) = halted(&[0xE7FE]);
    for (number, value) in [
        (0, 0x1234_5678),
        (13, 0x2000_0800),
        (15, 0x400),
        (18, 0x2000_0200),
    ] {
        write(&mut core, &mut bus, DCRDR, value);
        write(&mut core, &mut bus, DCRSR, 1 << 16 | number);
        write(&mut core, &mut bus, DCRDR, 0);
        write(&mut core, &mut bus, DCRSR, number);
        assert_eq!(read(&mut core, &mut bus, DCRDR), value, "register {number}");
    }
    // CONTROL, FAULTMASK, BASEPRI, PRIMASK by byte
    write(&mut core, &mut bus, DCRDR, 0x0200_4001);
    write(&mut core, &mut bus, DCRSR, 1 << 16 | 20);
    assert_eq!(core.register(20), 0x0200_4001);
    assert_eq!(core.register(13), 0x2000_0200, "on the process stack");
}

#[test]
fn comparators_break_at_either_halfword() {
    // NOP; NOP; NOP; B .
    for (offset, half) in [(2, 2), (4, 1)] {
        let (mut core, mut bus) = halted(&[0xBF00, 0xBF00, 0xBF00, 0xE7FE]);
        write(&mut core, &mut bus, FP_CTRL, 3);
        let comparator = half << 30 | (CODE + offset) & !3 | 1;
        write(&mut core, &mut bus, FP_COMP0, comparator);
        write(&mut core, &mut bus, DHCSR, KEY | 1);
        assert_eq!(run(&mut core, &mut bus, 10), Exit::Halted);
        assert_eq!(core.register(15), CODE + offset);
        assert_eq!(read(&mut core, &mut bus, DFSR), 3);
        write(&mut core, &mut bus, FP_COMP0, 0);
        write(&mut core, &mut bus, DHCSR, KEY | 1);
        assert_eq!(run(&mut core, &mut bus, 10), Exit::Reached);
    }
}

#[test]
fn bkpt_halts_with_a_debugger_and_faults_without() {
    let (mut core, mut bus) = halted(&[0xBE00]);
    write(&mut core, &mut bus, DHCSR, KEY | 1);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Halted);
    assert_eq!(core.register(15), CODE);
    let (mut core, mut bus) = started(&[0xBE00]);
    run(&mut core, &mut bus, 20);
    assert_eq!(core.register(16) & 0x1FF, 3, "HardFault");
    assert_eq!(read(&mut core, &mut bus, 0xE000_ED2C), 1 << 31);
}

#[test]
fn reset_is_caught_before_the_first_instruction() {
    let (mut core, mut bus) = started(&[0x2001, 0xE7FE]);
    write(&mut core, &mut bus, DHCSR, KEY | 1);
    write(&mut core, &mut bus, DEMCR, 0x0100_0001);
    write(&mut core, &mut bus, 0xE000_ED0C, 0x05FA_0004);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::ResetRequested);
    core.reset(&mut bus).unwrap();
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Halted);
    assert_eq!((core.register(15), core.register(0)), (CODE, 0));
    assert_eq!(read(&mut core, &mut bus, DFSR), 8);
    let status = read(&mut core, &mut bus, DHCSR);
    assert_eq!(status >> 25 & 1, 1, "S_RESET_ST");
    let status = read(&mut core, &mut bus, DHCSR);
    assert_eq!(status >> 25 & 1, 0, "which clears");
}

#[test]
fn interrupts_can_be_held_back_while_stepping() {
    let (mut core, mut bus) = halted(&[0xBF00, 0xBF00, 0xE7FE]);
    write(&mut core, &mut bus, 0xE000_E100, 1);
    bus.lines = 1;
    write(&mut core, &mut bus, DHCSR, KEY | 0xD);
    assert_eq!(run(&mut core, &mut bus, 100), Exit::Halted);
    assert_eq!(core.register(15), CODE + 2);
    write(&mut core, &mut bus, DHCSR, KEY | 3);
    write(&mut core, &mut bus, DHCSR, KEY | 5);
    assert_eq!(run(&mut core, &mut bus, 100), Exit::Halted);
    assert_eq!(core.register(16) & 0x1FF, 16);
}

#[test]
fn the_cycle_counter_counts_while_tracing_is_on() {
    let (mut core, mut bus) = started(&[0xE7FE]);
    run(&mut core, &mut bus, 50);
    write(&mut core, &mut bus, DEMCR, 1 << 24);
    write(&mut core, &mut bus, 0xE000_1000, 1);
    run(&mut core, &mut bus, 50);
    assert_eq!(read(&mut core, &mut bus, 0xE000_1004), 50);
    write(&mut core, &mut bus, DEMCR, 0);
    run(&mut core, &mut bus, 50);
    assert_eq!(read(&mut core, &mut bus, 0xE000_1004), 50);
}

#[test]
fn a_reset_lets_a_halted_core_go_unless_its_vector_is_caught() {
    const AIRCR: u32 = 0xE000_ED0C;
    for (demcr, exit) in [(0, Exit::Reached), (1, Exit::Halted)] {
        let (mut core, mut bus) = halted(&[0x2001, 0xE7FE]);
        write(&mut core, &mut bus, DEMCR, demcr | 0xF << 16);
        write(&mut core, &mut bus, AIRCR, 0x05FA_0004);
        assert_eq!(run(&mut core, &mut bus, 10), Exit::ResetRequested);
        core.reset(&mut bus).unwrap();
        assert_eq!(run(&mut core, &mut bus, 10), exit);
        assert_eq!(
            read(&mut core, &mut bus, DEMCR),
            demcr,
            "the monitor's bits"
        );
    }
}

#[test]
fn systick_and_the_cycle_counter_stand_in_debug_state() {
    let (mut core, mut bus) = halted(&[0xE7FE]);
    for (address, value) in [
        (DEMCR, 1 << 24),
        (0xE000_1000, 1),
        (0xE000_E014, 99),
        (0xE000_E010, 7),
    ] {
        write(&mut core, &mut bus, address, value);
    }
    write(&mut core, &mut bus, DHCSR, KEY | 1);
    assert_eq!(run(&mut core, &mut bus, 50), Exit::Reached);
    write(&mut core, &mut bus, DHCSR, KEY | 3);
    assert_eq!(run(&mut core, &mut bus, 1), Exit::Halted);
    let counters = |core: &mut Core, bus: &mut TestBus| {
        [0xE000_E018, 0xE000_1004].map(|at| read(core, bus, at))
    };
    let before = counters(&mut core, &mut bus);
    core.stand_until(core.now() + Ticks::SECOND);
    assert_eq!(counters(&mut core, &mut bus), before);
    assert_eq!(
        read(&mut core, &mut bus, 0xE000_ED04) >> 26 & 1,
        0,
        "nothing pends"
    );
    write(&mut core, &mut bus, DHCSR, KEY | 1);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Reached);
    let after = counters(&mut core, &mut bus);
    assert_eq!([before[0] - after[0], after[1] - before[1]], [10, 10]);
}

#[test]
fn a_step_over_svc_ends_at_its_handler() {
    // SVC #0; B .
    let (mut core, mut bus) = halted(&[0xDF00, 0xE7FE]);
    write(&mut core, &mut bus, DHCSR, KEY | 5);
    assert_eq!(run(&mut core, &mut bus, 100), Exit::Halted);
    assert_eq!(core.register(15), 0x1FE);
    assert_eq!(core.register(16) & 0x1FF, 11);
}

#[test]
fn a_vector_is_caught_for_its_own_fault_not_for_an_earlier_one() {
    for (vector, exit) in [(1 << 7, Exit::Halted), (1 << 6, Exit::Reached)] {
        // UDIV R0, R0, R1 by zero, with its trap; then UDF.
        let (mut core, mut bus) = halted(&[0xFBB0, 0xF0F1, 0xDE00]);
        for (address, value) in [
            (0xE000_ED14, 1 << 4),
            (0xE000_ED24, 1 << 18),
            (DHCSR, KEY | 1),
        ] {
            write(&mut core, &mut bus, address, value);
        }
        assert_eq!(run(&mut core, &mut bus, 50), Exit::Reached);
        write(&mut core, &mut bus, DHCSR, KEY | 3);
        assert_eq!(run(&mut core, &mut bus, 1), Exit::Halted);
        assert_eq!(read(&mut core, &mut bus, 0xE000_ED28), 1 << 25, "CFSR");
        // Out of the handler, at UDF.
        write(&mut core, &mut bus, 0xE000_ED0C, 0x05FA_0002);
        core.set_register(15, CODE + 4);
        write(&mut core, &mut bus, DEMCR, vector);
        write(&mut core, &mut bus, DHCSR, KEY | 1);
        assert_eq!(run(&mut core, &mut bus, 50), exit, "{vector:#x}");
    }
}
