//! The core as a whole: time, sleep, stalls, stale code, forks.

use super::testing::{CODE, LINES, RAM, STACK, TestBus, run, started};
use super::{Core, Exit, StopReason};
use crate::cpu::bus::Size;
use crate::time::Ticks;

/// `B .`
const STAY: u16 = 0xE7FE;

#[test]
fn starts_at_the_reset_vector() {
    let (core, _) = started(&[STAY]);
    assert_eq!((core.register(13), core.register(15)), (STACK, CODE));
    assert_eq!(core.now(), Ticks(0));
}

#[test]
fn an_instruction_takes_a_cycle_and_events_end_a_run_in_time() {
    let (mut core, mut bus) = started(&[STAY]);
    bus.event = Ticks(1_001);
    assert_eq!(core.run(&mut bus, Ticks::SECOND), Exit::Reached);
    assert_eq!(core.now(), Ticks(1_008), "the first cycle at or after it");
    bus.event = Ticks::NEVER;
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Reached);
    assert_eq!(core.now(), Ticks(1_088));
}

#[test]
fn a_branch_to_itself_spends_all_its_cycles_at_once_and_an_interrupt_ends_it() {
    // CPSIE i; B.W .
    let (mut core, mut bus) = started(&[0xB662, 0xF7FF, 0xBFFE]);
    core.ppb_write(&mut bus, 0xE000_E100, Size::Word, 1 << 3)
        .unwrap();
    assert_eq!(core.run(&mut bus, Ticks::SECOND), Exit::Reached);
    assert_eq!(core.now(), Ticks::SECOND);
    assert_eq!(core.register(15), CODE + 2);
    bus.lines = 1 << 3;
    assert_eq!(run(&mut core, &mut bus, 20), Exit::Reached);
    assert_eq!(core.register(16) & 0x1FF, 16 + 3, "taken");
}

#[test]
fn a_pair_is_two_instructions_wherever_time_or_a_branch_parts_them() {
    // MOVW R0, #0x1234; MOVT R0, #0x5678; B.N CMP; MOVS R2, #9; CMP R2, #0; BEQ.N MOVS; CMP R0, R1;
    // BEQ.W end; MOVS R3, #1; B .
    let (mut whole, mut bus) = started(&[
        0xF241, 0x2034, 0xF2C5, 0x6078, 0xE000, 0x2209, 0x2A00, 0xD0FC, 0x4288, 0xF000, 0x8001,
        0x2301, STAY,
    ]);
    let mut single = whole.clone();
    for cycles in 1..20 {
        let mut fork = whole.clone();
        run(&mut fork, &mut bus, cycles);
        run(&mut single, &mut bus, 1);
        for register in 0..=16 {
            let (at_once, in_steps) = (fork.register(register), single.register(register));
            assert_eq!(at_once, in_steps, "register {register}, {cycles} cycles");
        }
    }
    run(&mut whole, &mut bus, 20);
    assert_eq!(whole.register(0), 0x5678_1234);
    assert_eq!((whole.register(2), whole.register(3)), (9, 1));
    assert_eq!(whole.register(15), CODE + 24);
    whole.set_register(0, 0);
    whole.set_register(15, CODE + 4);
    run(&mut whole, &mut bus, 1);
    assert_eq!(whole.register(0), 0x5678_0000, "MOVT alone");
}

#[test]
fn pending_by_software_is_an_event_with_sevonpend() {
    for (scr, exit) in [(0x10, Exit::Reached), (0, Exit::Sleeping)] {
        // CPSID i; WFE; B .
        let (mut core, mut bus) = started(&[0xB672, 0xBF20, STAY]);
        core.ppb_write(&mut bus, 0xE000_ED10, Size::Word, scr)
            .unwrap();
        core.ppb_write(&mut bus, 0xE000_E200, Size::Word, 1)
            .unwrap();
        assert_eq!(run(&mut core, &mut bus, 10), exit);
    }
}

#[test]
fn held_in_reset_it_does_nothing() {
    let mut bus = TestBus::with(&[STAY]);
    let mut core = Core::new();
    assert!(core.is_sleeping());
    assert_eq!(run(&mut core, &mut bus, 100), Exit::Sleeping);
}

#[test]
fn waits_for_an_interrupt_and_sees_it_through_primask() {
    // CPSID i; WFI; MOVS R0, #1; B .
    let (mut core, mut bus) = started(&[0xB672, 0xBF30, 0x2001, STAY]);
    core.ppb_write(&mut bus, 0xE000_E100, Size::Word, 1 << 3)
        .unwrap();
    assert_eq!(run(&mut core, &mut bus, 100), Exit::Sleeping);
    assert_eq!(core.now(), Ticks(16));
    core.skip_to(Ticks(1_000));
    assert_eq!(run(&mut core, &mut bus, 1), Exit::Sleeping);
    bus.lines = 1 << 3;
    assert_eq!(run(&mut core, &mut bus, 10), Exit::Reached);
    assert_eq!((core.register(0), core.register(15)), (1, CODE + 6));
    assert_eq!(core.register(16) & 0x1FF, 0, "not taken");
}

#[test]
fn events_wake_wfe_once_and_are_remembered() {
    // SEV; WFE; WFE; MOVS R0, #1
    let (mut core, mut bus) = started(&[0xBF40, 0xBF20, 0xBF20, 0x2001, STAY]);
    // SCR.SEVONPEND: an interrupt that is not enabled wakes, too.
    core.ppb_write(&mut bus, 0xE000_ED10, Size::Word, 1 << 4)
        .unwrap();
    assert_eq!(run(&mut core, &mut bus, 100), Exit::Sleeping);
    assert_eq!(core.register(15), CODE + 6, "the first WFE took the event");
    bus.lines = 1;
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 1);
}

#[test]
fn an_interrupt_that_stays_asserted_is_taken_again() {
    let (mut core, mut bus) = started(&[STAY]);
    bus.vector(16, 0x301);
    // ADDS R4, #1; BX LR
    bus.place(0x300, &[0x3401, 0x4770]);
    core.ppb_write(&mut bus, 0xE000_E100, Size::Word, 1)
        .unwrap();
    bus.lines = 1;
    run(&mut core, &mut bus, 200);
    let times = core.register(4);
    assert!(times > 5, "taken {times} times");
    bus.lines = 0;
    run(&mut core, &mut bus, 200);
    let after = core.register(4);
    run(&mut core, &mut bus, 200);
    assert_eq!(core.register(4), after);
}

#[test]
fn a_handler_that_clears_its_line_is_taken_once() {
    let (mut core, mut bus) = started(&[STAY]);
    bus.vector(16 + 40, 0x301);
    // MOVS R0, #1; LSLS R0, #30; MOVS R1, #0; STR R1, [R0]; ADDS R4, #1; BX LR
    bus.place(0x300, &[0x2001, 0x0780, 0x2100, 0x6001, 0x3401, 0x4770]);
    assert_eq!(LINES, 1 << 30);
    core.ppb_write(&mut bus, 0xE000_E104, Size::Word, 1 << 8)
        .unwrap();
    bus.lines = 1 << 40;
    run(&mut core, &mut bus, 300);
    assert_eq!(core.register(4), 1);
}

#[test]
fn systick_interrupts_and_bounds_sleep() {
    // WFI; B .-2
    let (mut core, mut bus) = started(&[0xBF30, 0xE7FD]);
    bus.vector(15, 0x301);
    bus.place(0x300, &[0x3401, 0x4770]);
    assert_eq!(core.next_event(), Ticks::NEVER);
    core.ppb_write(&mut bus, 0xE000_E014, Size::Word, 999)
        .unwrap();
    core.ppb_write(&mut bus, 0xE000_E010, Size::Word, 7)
        .unwrap();
    for _ in 0..5 {
        assert_eq!(core.run(&mut bus, Ticks::SECOND), Exit::Sleeping);
        core.skip_to(core.next_event());
    }
    run(&mut core, &mut bus, 20);
    assert_eq!(core.register(4), 5);
    assert_eq!(core.next_event(), Ticks(6 * 1_000 * 8));
}

#[test]
fn a_busy_flash_holds_the_core_up() {
    let (mut core, mut bus) = started(&[0x3001, 0xE7FD]);
    bus.stalled = Ticks(8_000);
    assert_eq!(run(&mut core, &mut bus, 500), Exit::Reached);
    assert_eq!((core.now(), core.register(0)), (Ticks(4_000), 0));
    run(&mut core, &mut bus, 501);
    assert_eq!(core.register(0), 1);
}

#[test]
fn code_that_rewrites_itself_runs_as_written() {
    // In RAM: MOVS R0, #1; STRH R1, [R2]; NOP; (MOVS R0, #2); B .
    let (mut core, mut bus) = started(&[0x4718]);
    let base = RAM + 0x100;
    bus.place(base, &[0x2001, 0x8011, 0xBF00, 0x2002, STAY]);
    core.set_register(3, base | 1);
    // MOVS R0, #7 over MOVS R0, #2
    core.set_register(1, 0x2007);
    core.set_register(2, base + 6);
    run(&mut core, &mut bus, 20);
    assert_eq!(core.register(0), 7);
    // And once more, now that the place is decoded.
    core.set_register(15, base);
    core.set_register(1, 0x2009);
    run(&mut core, &mut bus, 20);
    assert_eq!(core.register(0), 9);
}

#[test]
fn code_in_ram_is_decoded_anew_only_where_others_changed_it() {
    // In RAM: MOVS R0, #1; B .-2
    let (mut core, mut bus) = started(&[0x4718]);
    let base = RAM + 0x100;
    bus.place(base, &[0x2001, 0xE7FD]);
    core.set_register(3, base | 1);
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 1);
    // It changes, but only something else is told: what is kept is really kept.
    bus.place(base, &[0x2005]);
    bus.generation += 1;
    bus.changes = Some((RAM + 0x1000, RAM + 0x1004));
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 1);
    bus.generation += 1;
    bus.changes = Some((base, base + 2));
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 5);
    bus.place(base, &[0x2009]);
    bus.generation += 1;
    bus.changes = None;
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 9);
}

#[test]
fn flash_that_is_programmed_over_runs_as_programmed() {
    // MOVS R0, #7; STRH R1, [R2]; B .-4: the first loses bits.
    let (mut core, mut bus) = started(&[0x2007, 0x8011, 0xE7FC]);
    core.set_register(1, 0x2005);
    core.set_register(2, CODE + 0x80);
    run(&mut core, &mut bus, 20);
    assert_eq!(core.register(0), 7);
    core.set_register(2, CODE);
    run(&mut core, &mut bus, 20);
    assert_eq!(core.register(0), 5);
}

#[test]
fn a_constant_that_is_programmed_over_is_read_anew() {
    // LDR R0, [PC, #60]; STR R1, [R2]; B .-4
    let (mut core, mut bus) = started(&[0x480F, 0x6011, 0xE7FC]);
    bus.place(CODE + 0x40, &[0xFFFF, 0xFFFF]);
    core.set_register(1, 0x1234_5678);
    core.set_register(2, CODE + 0x80);
    run(&mut core, &mut bus, 20);
    assert_eq!(core.register(0), u32::MAX);
    core.set_register(2, CODE + 0x40);
    run(&mut core, &mut bus, 20);
    assert_eq!(core.register(0), 0x1234_5678);
}

#[test]
fn memory_changed_by_others_is_decoded_anew() {
    let (mut core, mut bus) = started(&[0x2001, 0xE7FD]);
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 1);
    bus.place(CODE, &[0x2005]);
    bus.generation += 1;
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 5);
}

#[test]
fn only_what_was_changed_by_others_is_decoded_anew() {
    // MOVS R0, #1; LDR R2, [PC, #60]; B .-4
    let (mut core, mut bus) = started(&[0x2001, 0x4A0F, 0xE7FC]);
    run(&mut core, &mut bus, 10);
    // Both change, but only the constant is told: what is kept is really kept.
    bus.place(CODE, &[0x2005]);
    bus.place(CODE + 0x40, &[0x0007, 0x0000]);
    bus.generation += 1;
    bus.changes = Some((CODE + 0x40, CODE + 0x44));
    run(&mut core, &mut bus, 10);
    assert_eq!((core.register(0), core.register(2)), (1, 7));
    bus.generation += 1;
    bus.changes = Some((CODE, CODE + 2));
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 5);
}

#[test]
fn what_a_fork_has_decoded_is_learnt_where_memory_is_the_same() {
    let (mut core, mut bus) = started(&[0x3001, 0xE7FD]);
    let (mut fork, mut fork_bus) = (core.clone(), bus.clone());
    run(&mut fork, &mut fork_bus, 10);
    // What would be decoded now is something else: learning shows.
    bus.place(CODE, &[0x3002]);
    let all = |core: &mut Core, bus: &TestBus, same: bool| {
        core.learn(bus, &fork, &fork_bus, |_| same);
    };
    let mut stranger = core.clone();
    all(&mut stranger, &bus, false);
    run(&mut stranger, &mut bus, 10);
    assert_eq!(stranger.register(0), 10);
    all(&mut core, &bus, true);
    run(&mut core, &mut bus, 10);
    assert_eq!(core.register(0), 5);
}

#[test]
fn nothing_stale_is_learnt() {
    let (core, mut bus) = started(&[0x3001, 0xE7FD]);
    let (mut fork, mut fork_bus) = (core.clone(), bus.clone());
    run(&mut fork, &mut fork_bus, 10);
    for bus in [&mut bus, &mut fork_bus] {
        bus.place(CODE, &[0x3002]);
        bus.generation += 1;
    }
    let mut learner = core.clone();
    learner.learn(&bus, &fork, &fork_bus, |_| true);
    run(&mut learner, &mut bus, 10);
    assert_eq!(learner.register(0), 10);
}

#[test]
fn a_fork_goes_its_own_way() {
    // ADDS R0, #1; B .-2
    let (mut core, mut bus) = started(&[0x3001, 0xE7FD]);
    run(&mut core, &mut bus, 100);
    let (mut fork, mut fork_bus) = (core.clone(), bus.clone());
    fork_bus.place(CODE, &[0x3002]);
    fork_bus.generation += 1;
    run(&mut fork, &mut fork_bus, 100);
    run(&mut core, &mut bus, 100);
    assert_eq!((core.register(0), fork.register(0)), (100, 150));
}

#[test]
fn what_is_not_modelled_stops_with_its_place() {
    // LDR R0, =LINES+4; STR R0, [R0]
    let (mut core, mut bus) = started(&[0x4800, 0x6000, 0x0004, 0x4000]);
    let Exit::Stopped(stop) = run(&mut core, &mut bus, 10) else {
        panic!("it went on");
    };
    assert_eq!(
        stop.to_string(),
        "TEST.REGISTER at 0x40000004 is not modelled, at pc 0x00000202"
    );
    // LDR R1, [R0]: MPU_TYPE; STR R1, [R0, #8]: MPU_RNR
    let (mut core, mut bus) = started(&[0x6801, 0x6081]);
    core.set_register(0, 0xE000_ED90);
    let Exit::Stopped(stop) = run(&mut core, &mut bus, 10) else {
        panic!("it went on");
    };
    assert_eq!(core.register(1), 0x800, "eight regions");
    assert_eq!(stop.pc, CODE + 2);
    assert!(stop.to_string().contains("0xe000ed98"), "{stop}");
    // An encoding that means nothing.
    let (mut core, mut bus) = started(&[0xBF00, 0xBA80]);
    let Exit::Stopped(stop) = run(&mut core, &mut bus, 10) else {
        panic!("it went on");
    };
    assert_eq!(stop.pc, CODE + 2);
    assert_eq!(stop.reason, StopReason::Undefined { encoding: 0xBA80 });
}

#[test]
fn a_fault_in_a_fault_handler_locks_up() {
    // UDF; HardFault's handler executes UDF again.
    let (mut core, mut bus) = started(&[0xDE00]);
    bus.vector(3, 0x301);
    bus.place(0x300, &[0xDE01]);
    let Exit::Stopped(stop) = run(&mut core, &mut bus, 100) else {
        panic!("it went on");
    };
    assert_eq!(stop.pc, 0x300);
    assert!(matches!(stop.reason, StopReason::Lockup { .. }), "{stop}");
}

#[test]
fn software_may_ask_for_a_reset() {
    // STR R1, [R0]: AIRCR
    let (mut core, mut bus) = started(&[0x6001, STAY]);
    core.set_register(0, 0xE000_ED0C);
    core.set_register(1, 0x05FA_0004);
    assert_eq!(run(&mut core, &mut bus, 10), Exit::ResetRequested);
    core.reset(&mut bus).unwrap();
    assert_eq!(core.register(15), CODE);
}
