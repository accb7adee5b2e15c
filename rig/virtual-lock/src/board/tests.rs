//! The board's parts together, driven as a processor would drive them.

use super::*;

struct Bench(Board);

impl Bench {
    fn powered() -> Bench {
        let mut bench = Bench(Board::new());
        bench.0.set_pack(Supply {
            open_circuit_volts: 6.0,
            internal_ohms: 0.5,
        });
        bench.0.connect_pack(true);
        bench
    }

    fn drive(&mut self, signal: Signal, drive: Drive) {
        let (pin, _) = wiring::signal(signal);
        let change = PinChange {
            at: self.0.now(),
            pin: number(pin),
            drive,
        };
        self.0.pins_changed([change].into_iter());
    }

    fn run(&mut self, to: Ticks) {
        while self.0.next_event() <= to {
            let at = self.0.next_event();
            self.0.advance(at);
        }
        self.0.advance(to);
    }

    fn story(&mut self) -> String {
        let mut story = String::new();
        for event in self.0.take_events() {
            let micros = event.at.0 as f64 / 512.0;
            story += &format!("{:.3} ms {:?}\n", micros / 1000.0, event.what);
        }
        story
    }
}

#[test]
fn a_motor_run_from_end_to_end() {
    let mut bench = Bench::powered();
    bench.run(Ticks::from_millis(5));
    bench.drive(Signal::MotorOpen, Drive::Low);
    bench.drive(Signal::MotorClose, Drive::High);
    bench.run(Ticks::from_millis(1100));
    bench.drive(Signal::MotorClose, Drive::Floating);
    insta::assert_snapshot!(bench.story(), @r"
    0.000 ms Signal(BoltRetracted, true)
    0.000 ms Supply(6000)
    1.000 ms Power(true)
    5.000 ms Signal(MotorClose, true)
    5.000 ms MotorCurrent(150)
    5.000 ms Supply(5925)
    25.253 ms Signal(BoltRetracted, false)
    997.405 ms Signal(BoltExtended, true)
    1017.658 ms MotorCurrent(750)
    1017.658 ms Supply(5625)
    1100.000 ms Signal(MotorClose, false)
    1100.000 ms MotorCurrent(0)
    1100.000 ms Supply(6000)
    ");
}

#[test]
fn a_leaking_pack_browns_out_under_the_motor() {
    let mut bench = Bench::powered();
    bench.run(Ticks::from_millis(5));
    bench.0.set_pack(Supply {
        open_circuit_volts: 5.6,
        internal_ohms: 30.0,
    });
    bench.story();
    bench.drive(Signal::MotorClose, Drive::High);
    assert_eq!(bench.0.take_power_change(), Some(PowerChange::Off));
    bench.drive(Signal::MotorClose, Drive::Floating);
    bench.run(Ticks::from_millis(10));
    assert_eq!(
        bench.0.take_power_change(),
        Some(PowerChange::On(Start::BrownOut))
    );
    insta::assert_snapshot!(bench.story(), @r"
    5.000 ms Signal(MotorClose, true)
    5.000 ms MotorCurrent(149)
    5.000 ms Supply(1120)
    5.000 ms Power(false)
    5.000 ms Signal(MotorClose, false)
    5.000 ms MotorCurrent(0)
    5.000 ms Supply(5600)
    6.000 ms Power(true)
    ");
}

#[test]
fn contacts_ground_their_pins() {
    let mut bench = Bench::powered();
    bench.0.set_contact(Contact::Program, true);
    bench.run(Ticks(0));
    let lines: Vec<_> = bench.0.drain_lines().collect();
    assert!(lines.contains(&(32 + 13, Drive::Low)));
}

#[test]
fn the_hub_understands_9600_baud_only() {
    let mut bench = Bench::powered();
    let sent = |bit| SerialByte {
        at: Ticks(9),
        pin: 6,
        byte: 0xBD,
        bit: Ticks(bit),
    };
    assert_eq!(bench.0.byte_sent(sent(53_345)), Ok(()));
    insta::assert_snapshot!(
        bench.0.byte_sent(sent(4444)).unwrap_err(),
        @"a hub that listens at 115211 baud"
    );
}
