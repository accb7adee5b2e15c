//! The chip as a whole, through its bus: events to tasks, interrupt lines, resets, what is not there.

use super::*;
use crate::cpu::Core;
use crate::cpu::bus::{AccessError, Bus, Size};

const RTC1: u32 = 0x4001_1000;
const SAADC: u32 = 0x4000_7000;
const TIMER0: u32 = 0x4000_8000;
const TIMER1: u32 = 0x4000_9000;
const PWM0: u32 = 0x4001_C000;
const GPIOTE: u32 = 0x4000_6000;
const PPI: u32 = 0x4001_F000;
const NVMC: u32 = 0x4001_E000;
const CLOCK: u32 = 0x4000_0000;
const P0: u32 = 0x5000_0000;

struct Bench(Chip);

impl Bench {
    fn new() -> Bench {
        let mut chip = Chip::new();
        chip.power_on(3.3, Ticks(0));
        Bench(chip)
    }

    fn write(&mut self, address: u32, value: u32) {
        let now = self.0.now();
        self.0.write(address, Size::Word, value, now).unwrap();
    }

    fn read(&mut self, address: u32) -> u32 {
        let now = self.0.now();
        self.0.read(address, Size::Word, now).unwrap()
    }

    /// Runs to `to` and tells the pin changes on the way.
    fn run(&mut self, to: Ticks) -> Vec<(u64, u8, Drive)> {
        let mut seen = Vec::new();
        loop {
            seen.extend(
                self.0
                    .drain_pins()
                    .map(|change| (change.at.0, change.pin, change.drive)),
            );
            self.0.attended();
            if self.0.now() >= to {
                return seen;
            }
            self.0.advance(to, None);
        }
    }
}

#[test]
fn a_timer_toggles_a_pin_through_ppi_without_the_core() {
    let mut bench = Bench::new();
    bench.write(GPIOTE + 0x510, 3 | 13 << 8 | 3 << 16);
    for (offset, value) in [(0x508, 3), (0x510, 0), (0x540, 160), (0x200, 1)] {
        bench.write(TIMER0 + offset, value);
    }
    bench.write(PPI + 0x510, TIMER0 + 0x140);
    bench.write(PPI + 0x514, GPIOTE);
    bench.write(PPI + 0x504, 1);
    bench.write(TIMER0, 1);
    let seen = bench.run(Ticks::from_micros(35));
    let at = |micros| Ticks::from_micros(micros).0;
    assert_eq!(
        seen,
        [
            (0, 13, Drive::Low),
            (at(10), 13, Drive::High),
            (at(20), 13, Drive::Low),
            (at(30), 13, Drive::High),
        ]
    );
}

#[test]
fn ppi_hears_the_periods_of_a_pwm_whose_level_is_constant() {
    let mut bench = Bench::new();
    // A level of 3 of 3 cycles of 16 MHz on pin 28; TIMER1 counts the periods' ends.
    for (offset, value) in [
        (0x560, 28),
        (0x500, 1),
        (0x508, 3),
        (0x520, 0x2000_0000),
        (0x524, 1),
    ] {
        bench.write(PWM0 + offset, value);
    }
    bench.write(0x2000_0000, 0x8003);
    bench.write(PWM0 + 0x008, 1);
    bench.write(TIMER1 + 0x504, 1);
    bench.write(TIMER1, 1);
    bench.run(Ticks(32 * 3_001));
    bench.write(PPI + 0x510, PWM0 + 0x118);
    bench.write(PPI + 0x514, TIMER1 + 0x008);
    bench.write(PPI + 0x504, 1);
    bench.run(Ticks(32 * 6_001));
    bench.write(PPI + 0x508, 1);
    bench.run(Ticks(32 * 9_001));
    bench.write(TIMER1 + 0x040, 1);
    assert_eq!(bench.read(TIMER1 + 0x540), 1_000);
    assert_eq!(bench.read(PWM0 + 0x118), 1);
}

#[test]
fn samples_within_a_limit_keep_a_timer_from_its_pin_without_the_core() {
    let mut bench = Bench::new();
    // TIMER0 every millisecond samples AIN1; each end starts the next buffer. TIMER1, which samples up to
    // 100 clear, would lower pin 13 after 3.5 ms.
    bench.write(GPIOTE + 0x510, 3 | 13 << 8 | 1 << 20);
    for (offset, value) in [(0x500, 1), (0x510, 2), (0x51C, 0x7FFF_0064), (0x5F0, 2)] {
        bench.write(SAADC + offset, value);
    }
    for (offset, value) in [(0x62C, 0x2000_0000), (0x630, 1), (0x000, 1)] {
        bench.write(SAADC + offset, value);
    }
    for (timer, micros, short) in [(TIMER0, 1000, 1), (TIMER1, 3500, 1 << 8)] {
        for (offset, value) in [(0x540, micros), (0x200, short), (0x000, 1)] {
            bench.write(timer + offset, value);
        }
    }
    for (channel, event, task) in [
        (0, TIMER0 + 0x140, SAADC + 0x004),
        (1, SAADC + 0x104, SAADC),
        (2, SAADC + 0x11C, TIMER1 + 0x00C),
        (3, TIMER1 + 0x140, GPIOTE + 0x060),
    ] {
        bench.write(PPI + 0x510 + 8 * channel, event);
        bench.write(PPI + 0x514 + 8 * channel, task);
        bench.write(PPI + 0x504, 1 << channel);
    }
    bench.run(Ticks(0));
    assert_eq!(bench.run(Ticks::from_micros(20_100)), []);
    bench.0.set_analog(1, 0.1);
    let seen = bench.run(Ticks::from_micros(40_000));
    // The last good sample took 12 us from 20 ms on.
    let low = Ticks::from_micros(20_000 + 12 + 3500);
    assert_eq!(seen, [(low.0, 13, Drive::Low)]);
}

#[test]
fn flash_is_left_alone_under_a_power_failure_warning() {
    let mut bench = Bench::new();
    bench.write(CLOCK + 0x510, 1 | 15 << 1);
    bench.0.set_vdd(2.6, Ticks(0));
    assert_eq!(bench.read(CLOCK + 0x108), 1, "POFWARN");
    bench.write(NVMC + 0x504, 1);
    assert_eq!(bench.0.gap(), None);
    bench.write(0x8_0000, 0);
    assert_eq!(
        bench.0.gap(),
        Some("NVMC, used under a power-failure warning")
    );
}

#[test]
fn rtc_reaches_ppi_by_evten_and_its_interrupt_by_inten() {
    for (enable, counted, lines) in [(0x304, 0, 1 << 0x11), (0x344, 1, 0)] {
        let mut bench = Bench::new();
        for (address, value) in [
            (CLOCK + 0x008, 1),
            (RTC1 + 0x540, 10),
            (RTC1 + enable, 1 << 16),
            (RTC1, 1),
            (TIMER1 + 0x504, 1),
            (TIMER1, 1),
            (PPI + 0x510, RTC1 + 0x140),
            (PPI + 0x514, TIMER1 + 0x008),
            (PPI + 0x504, 1),
        ] {
            bench.write(address, value);
        }
        bench.run(Ticks::from_millis(2));
        bench.write(TIMER1 + 0x040, 1);
        assert_eq!(bench.read(TIMER1 + 0x540), counted);
        assert_eq!(bench.read(RTC1 + 0x140), 1);
        assert_eq!(bench.0.interrupts(), lines);
    }
}

#[test]
fn lfclk_starts_the_waiting_rtc_and_its_interrupt_is_a_level() {
    let mut bench = Bench::new();
    bench.write(RTC1 + 0x304, 1 << 16);
    bench.write(RTC1 + 0x540, 100);
    bench.write(RTC1, 1);
    bench.write(CLOCK + 0x518, 1);
    bench.write(CLOCK + 0x008, 1);
    // The RC oscillator stands in for the crystal.
    let began = Ticks::from_micros(600);
    bench.run(began);
    let compare = Ticks(began.0 + 101 * Ticks::LFCLK.0);
    assert_eq!(bench.0.next_event(), Ticks(began.0 + Ticks::LFCLK.0));
    bench.run(Ticks(compare.0 - 1));
    assert_eq!(bench.0.interrupts(), 0);
    bench.run(compare);
    assert_eq!(bench.0.interrupts(), 1 << 0x11);
    bench.write(RTC1 + 0x140, 0);
    assert_eq!(bench.0.interrupts(), 0);
    assert_eq!(bench.read(CLOCK + 0x104), 0);
    bench.run(Ticks::from_millis(250));
    assert_eq!(bench.read(CLOCK + 0x104), 1);
}

#[test]
fn a_key_wakes_through_sense_and_port() {
    let mut bench = Bench::new();
    bench.write(P0 + 0x824, 1);
    bench.write(P0 + 0xA00 + 4 * 13, 3 << 2 | 3 << 16);
    bench.write(GPIOTE + 0x17C, 0);
    bench.write(GPIOTE + 0x304, 1 << 31);
    assert_eq!(bench.0.interrupts(), 0);
    bench.0.set_line(32 + 13, Drive::Low, Ticks(500));
    assert_eq!(bench.0.interrupts(), 1 << 6);
    assert_eq!(bench.read(P0 + 0x820), 1 << 13);
}

#[test]
fn flash_is_written_through_the_controller() {
    let mut bench = Bench::new();
    bench.write(NVMC + 0x504, 1);
    bench.write(0x8000, 0x1234_5678);
    assert_eq!(bench.read(0x8000), 0x1234_5678);
    assert_eq!(bench.0.stalled_until(), Ticks::from_micros(41));
    assert_eq!(bench.0.flash_operations(), 1);
    let half = bench.0.write(0x8004, Size::Half, 0, Ticks(0));
    assert_eq!(half, Err(AccessError::Fault { address: 0x8004 }));
    assert_eq!(bench.0.fetch(0x8002), Ok(0x1234));
}

#[test]
fn ctrl_ap_erases_ram_too() {
    let mut bench = Bench::new();
    bench.write(0x2000_0000, 7);
    bench.0.load(0x8000, &[1]);
    bench.0.erase_all();
    assert_eq!(bench.read(0x2000_0000), 0);
    assert_eq!(bench.read(0x8000), u32::MAX);
}

#[test]
fn both_addresses_of_ram_are_one() {
    let mut bench = Bench::new();
    bench.write(0x0080_0010, 0xCAFE_F00D);
    assert_eq!(bench.read(0x2000_0010), 0xCAFE_F00D);
    assert_eq!(bench.0.fetch(0x0080_0012), Ok(0xCAFE));
    assert_eq!(bench.0.read(0x2000_0013, Size::Half, Ticks(0)), Ok(0xCA));
}

#[test]
fn code_runs_as_written_through_the_other_address() {
    let mut bench = Bench::new();
    // The stack, and code in RAM: STRH R1, [R2]; (MOVS R0, #1); B .
    bench.0.load(0, &0x2000_1000u32.to_le_bytes());
    bench.0.load(4, &0x2000_0101u32.to_le_bytes());
    bench.write(0x2000_0100, 0x2001_8011);
    bench.write(0x2000_0104, 0xE7FE);
    let mut core = Core::new();
    core.reset(&mut bench.0).unwrap();
    let mut pass = |core: &mut Core, code: u32| {
        core.set_register(15, 0x2000_0100);
        core.set_register(1, code);
        core.run(&mut bench.0, core.now() + Ticks::from_millis(1));
        core.register(0)
    };
    // Over itself, and elsewhere.
    core.set_register(2, 0x2000_0200);
    assert_eq!(pass(&mut core, 0), 1);
    core.set_register(2, 0x0080_0102);
    assert_eq!(pass(&mut core, 0x2007), 7);
    // A debugger does the same.
    core.set_register(2, 0x2000_0200);
    bench.write(0x0080_0100, 0x2009_8011);
    bench.0.note_foreign_write(0x0080_0100);
    core.set_register(15, 0x2000_0100);
    core.run(&mut bench.0, core.now() + Ticks::from_millis(1));
    assert_eq!(core.register(0), 9);
}

#[test]
fn a_soft_reset_keeps_ram_reasons_and_the_watchdog() {
    let mut bench = Bench::new();
    bench.write(0x2000_0000, 7);
    bench.write(0x4001_0504, 32_767);
    bench.write(0x4001_0000, 1);
    bench.write(0x4000_051C, 0x5A);
    bench.write(TIMER0, 1);
    bench.0.reset(Reset::Soft, Ticks(100));
    assert_eq!(bench.read(0x2000_0000), 7);
    assert_eq!(bench.read(CLOCK + 0x400), 1 << 2);
    assert_eq!(bench.read(0x4000_051C), 0x5A);
    assert_eq!(bench.read(0x4001_0400), 1);
    assert_eq!(bench.0.next_event(), Ticks::SECOND);
    bench.0.reset(Reset::Pin, Ticks(200));
    assert_eq!(bench.read(0x4001_0400), 0);
    assert_eq!(bench.read(CLOCK + 0x400), 1 << 2 | 1);
    assert_eq!(bench.read(0x4000_051C), 0, "GPREGRET");
    bench.write(0x4000_0520, 0xA5);
    bench.0.reset(Reset::Watchdog, Ticks(250));
    assert_eq!(bench.read(0x4000_0520), 0, "GPREGRET2");
    assert_eq!(bench.read(CLOCK + 0x400), 1 << 2 | 1 << 1 | 1);
    bench.0.power_off(Ticks(300));
    bench.0.power_on(3.3, Ticks(400));
    assert_eq!(bench.read(CLOCK + 0x400), 0);
    assert_eq!(bench.read(0x2000_0000), 0);
}

#[test]
fn a_power_loss_lets_go_of_the_pins() {
    let mut bench = Bench::new();
    bench.write(P0 + 0x508, 1 << 26);
    bench.write(P0 + 0x518, 1 << 26);
    bench.0.power_off(Ticks(900));
    assert_eq!(
        bench.run(Ticks(900)),
        [(0, 26, Drive::High), (900, 26, Drive::Floating)]
    );
}

#[test]
fn what_is_not_modelled_is_named() {
    let mut chip = Bench::new().0;
    let mut errors = String::new();
    for (address, write) in [
        (0x4000_3000, true),
        (0x4000_0500, true),
        (0x4000_7700, false),
        (0x4001_F3FC, false),
        (0x5000_0600, false),
        (0x1000_0FFC, false),
        (0x5002_A500, true),
        (0x4003_1000, false),
        (0x6000_0000, false),
        (0x2004_0000, true),
    ] {
        let result = match write {
            true => chip.write(address, Size::Word, 1, Ticks(0)),
            false => chip.read(address, Size::Word, Ticks(0)).map(drop),
        };
        errors += &format!("{}\n", result.unwrap_err());
    }
    insta::assert_snapshot!(errors, @r"
    SPI0/TWI0 task 0x000, write of 0x1 at 0x40003000 is not modelled
    CLOCK/POWER.SYSTEMOFF, write of 0x1 at 0x40000500 is not modelled
    SAADC register 0x700, read at 0x40007700 is not modelled
    PPI register 0x3fc, read at 0x4001f3fc is not modelled
    GPIO register 0x600, read at 0x50000600 is not modelled
    FICR register at 0x10000ffc is not modelled
    CRYPTOCELL at 0x5002a500 is not modelled
    reserved peripheral at 0x40031000 is not modelled
    bus fault at 0x60000000
    bus fault at 0x20040000
    ");
}

#[test]
fn pins_of_the_antenna_and_the_reset_are_no_gpio_until_uicr_says_so() {
    const PIN_CNF: u32 = P0 + 0x700;
    const NFCPINS: u32 = 0x1000_120C;
    let mut bench = Bench::new();
    let mut refused = |address, value| {
        let now = bench.0.now();
        let written = bench.0.write(address, Size::Word, value, now);
        written.map_err(|error| error.to_string()).err()
    };
    insta::assert_debug_snapshot!(
        [
            refused(PIN_CNF + 4 * 9, 3),
            refused(PIN_CNF + 4 * 10, 0),
            refused(PIN_CNF + 4 * 10, 2),
            refused(PIN_CNF + 4 * 18, 3),
            refused(P0 + 0x518, 1 << 10),
            refused(P0 + 0x508, 1 << 10),
        ],
        @r#"
    [
        Some(
            "P0.PIN_CNF[9], write of 0x3 at 0x50000724 is not modelled",
        ),
        Some(
            "P0.PIN_CNF[10], write of 0x0 at 0x50000728 is not modelled",
        ),
        None,
        None,
        Some(
            "P0.DIRSET, write of 0x400 at 0x50000518 is not modelled",
        ),
        None,
    ]
    "#
    );
    bench.write(NVMC + 0x504, 1);
    for (address, value) in [(NFCPINS, !1), (0x1000_1200, 18), (0x1000_1204, 18)] {
        bench.write(address, value);
        let done = bench.0.now() + Ticks::from_millis(1);
        bench.run(done);
    }
    let now = bench.0.now();
    bench.0.reset(Reset::Soft, now);
    bench.write(P0 + 0x508, 1 << 9);
    bench.write(PIN_CNF + 4 * 9, 3);
    assert_eq!(
        bench.run(now),
        [(now.0, 18, Drive::Floating), (now.0, 9, Drive::High)]
    );
    assert!(bench.0.write(PIN_CNF + 4 * 18, Size::Word, 3, now).is_err());
}

#[test]
fn a_chain_without_end_stops_the_run() {
    let mut bench = Bench::new();
    bench.write(PPI + 0x510, 0x4001_4100);
    bench.write(PPI + 0x514, 0x4001_4004);
    bench.write(PPI + 0x518, 0x4001_4104);
    bench.write(PPI + 0x51C, 0x4001_4000);
    bench.write(PPI + 0x504, 3);
    bench.write(0x4001_4000, 1);
    insta::assert_snapshot!(
        bench.0.gap().unwrap(),
        @"an endless chain of events and tasks through PPI"
    );
}

#[test]
fn a_fork_goes_its_own_way() {
    let mut bench = Bench::new();
    bench.write(0x2000_0000, 1);
    let mut fork = Bench(bench.0.clone());
    fork.write(0x2000_0000, 2);
    fork.write(NVMC + 0x504, 1);
    fork.write(0x9000, 0);
    assert_eq!(bench.read(0x2000_0000), 1);
    assert_eq!(bench.read(0x9000), u32::MAX);
}

#[test]
fn a_tone_is_the_same_edge_for_edge_whether_or_not_someone_reacts_to_it() {
    const PWM0: u32 = 0x4001_C000;
    let tone = |reactive: u64, others: bool| {
        let mut bench = Bench::new();
        bench.0.react_to(reactive);
        bench.write(0x2000_0000, 0x8000 | 1000);
        bench.write(P0 + 0x518, 1 << 28);
        if others {
            // Something else is due in between, at times that are edges of the tone too.
            for (offset, value) in [(0x508, 3), (0x510, 0), (0x540, 1000), (0x200, 1)] {
                bench.write(TIMER0 + offset, value);
            }
            bench.write(TIMER0, 1);
        }
        for (offset, value) in [
            (0x560, 28),
            (0x500, 1),
            (0x508, 4000),
            (0x520, 0x2000_0000),
            (0x524, 1),
            (0x52C, 3),
            (0x008, 1),
        ] {
            bench.write(PWM0 + offset, value);
        }
        let mut seen = bench.run(Ticks::from_micros(2345));
        bench.write(PWM0 + 0x004, 1);
        seen.extend(bench.run(Ticks::from_micros(4000)));
        (seen, bench.read(PWM0 + 0x104), bench.read(PWM0 + 0x118))
    };
    let (seen, stopped, ended) = tone(u64::MAX, false);
    assert!(seen.len() > 15 && stopped == 1 && ended == 1);
    for others in [false, true] {
        assert_eq!(tone(0, others), (seen.clone(), stopped, ended));
    }
}
