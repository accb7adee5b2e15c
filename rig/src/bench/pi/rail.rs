//! Looks after the lock's power in a thread of its own, since supplies are slow: sets and switches,
//! plays a battery's sag from the measured current, and notices a voltage that isn't what was set.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::PiError;
use crate::bench::lines::monotonic;
use crate::bench::supply::{Battery, Limits, Measured, Millivolts, Monitor, Supply, SupplyError};
use crate::trace::{Channel, Nanos, Value};

/// Between two readings of a monitor: one conversion of both its inputs takes 1.1 ms.
const MONITOR_PERIOD: Duration = Duration::from_millis(2);

/// Between two readings of a supply on a serial port.
const SUPPLY_PERIOD: Duration = Duration::from_millis(250);

/// How long a voltage may take to settle after it was set.
const SETTLE: Duration = Duration::from_millis(500);

/// How long a supply may take to do what it is told, all its questions and second tries included.
const PATIENCE: Duration = Duration::from_secs(20);

/// Readings in a row that must be off for the voltage to be wrong.
const OFF: u32 = 5;

/// Smaller changes of the current are noise.
const STEP: i32 = 20;

/// Smaller changes of a battery's voltage aren't worth a command.
const SAG_STEP: Millivolts = 10;

/// A time on the header's clock, and what was measured.
pub(super) type Sample = (Nanos, Channel, Value);

/// An order, and where its end is told.
type Ordered = (Order, Sender<Result<(), SupplyError>>);

enum Order {
    /// Deliver this battery.
    Pack(Battery),
    /// The lock is disconnected: no current, no sag.
    Unload,
    /// Deliver nothing.
    Off,
}

/// The lock's power.
pub(super) struct Rail {
    orders: Option<Sender<Ordered>>,
    told: Receiver<Result<Sample, SupplyError>>,
    thread: Option<JoinHandle<()>>,
    adjustable: bool,
    patience: Duration,
    /// Whether it was waited for in vain: nobody waits for it again.
    stuck: Cell<bool>,
}

impl Rail {
    /// Looks after a supply that is off.
    pub(super) fn start(
        supply: Box<dyn Supply>,
        monitor: Option<Monitor>,
        limits: Limits,
    ) -> Result<Rail, PiError> {
        let adjustable = supply.adjustable();
        let (orders, taken) = channel();
        let (tell, told) = channel();
        let keeper = Keeper {
            supply,
            monitor,
            limits,
            tell,
            pack: None,
            set: 0,
            on: false,
            off_count: 0,
            current: 0,
        };
        let thread = std::thread::Builder::new()
            .name("supply".to_owned())
            .spawn(move || keeper.work(&taken))
            .map_err(|error| PiError::Rail(error.to_string()))?;
        Ok(Rail {
            orders: Some(orders),
            told,
            thread: Some(thread),
            adjustable,
            patience: PATIENCE,
            stuck: Cell::new(false),
        })
    }

    /// Whether any voltage can be set.
    pub(super) fn adjustable(&self) -> bool {
        self.adjustable
    }

    /// Delivers a battery, and returns once its voltage is there.
    pub(super) fn pack(&self, millivolts: Millivolts, milliohms: u32) -> Result<(), PiError> {
        self.order(Order::Pack(Battery::new(millivolts, milliohms)))
    }

    /// Notes that nothing hangs on the supply any more.
    pub(super) fn unload(&self) {
        // If the supply is in trouble, the next look at it says so.
        let _ = self.order(Order::Unload);
    }

    /// Switches off.
    pub(super) fn off(&self) -> Result<(), PiError> {
        self.order(Order::Off)
    }

    /// What was measured since the last time.
    pub(super) fn samples(&self) -> Result<Vec<Sample>, PiError> {
        let mut samples = Vec::new();
        for sample in self.told.try_iter() {
            samples.push(sample?);
        }
        Ok(samples)
    }

    fn order(&self, order: Order) -> Result<(), PiError> {
        let gone = || PiError::Rail("the thread that does is gone".to_owned());
        let silent = || PiError::SupplySilent(self.patience);
        if self.stuck.get() {
            return Err(silent());
        }
        let orders = self.orders.as_ref().ok_or_else(gone)?;
        let (reply, answer) = channel();
        orders.send((order, reply)).map_err(|_| gone())?;
        match answer.recv_timeout(self.patience) {
            Ok(done) => Ok(done?),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
            Err(RecvTimeoutError::Timeout) => {
                self.stuck.set(true);
                Err(silent())
            }
        }
    }
}

impl Drop for Rail {
    fn drop(&mut self) {
        drop(self.orders.take());
        let Some(thread) = self.thread.take() else {
            return;
        };
        let began = Instant::now();
        while !thread.is_finished() {
            // It ends with the process, and the guard switches off.
            if self.stuck.get() || began.elapsed() > self.patience {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = thread.join();
    }
}

struct Keeper {
    supply: Box<dyn Supply>,
    monitor: Option<Monitor>,
    limits: Limits,
    tell: Sender<Result<Sample, SupplyError>>,
    pack: Option<Battery>,
    /// The voltage that is set.
    set: Millivolts,
    on: bool,
    off_count: u32,
    /// The current last told, in milliamperes.
    current: i32,
}

impl Keeper {
    fn work(mut self, orders: &Receiver<Ordered>) {
        let period = if self.monitor.is_some() {
            MONITOR_PERIOD
        } else {
            SUPPLY_PERIOD
        };
        loop {
            match orders.recv_timeout(period) {
                Ok((order, reply)) => {
                    // Who asked may have stopped waiting.
                    let _ = reply.send(self.obey(order));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.on
                        && let Err(error) = self.look()
                    {
                        let _ = self.tell.send(Err(error));
                        self.give_up();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // The bench has done this already, unless it could not.
        let _ = self.supply.switch(false);
    }

    fn obey(&mut self, order: Order) -> Result<(), SupplyError> {
        match order {
            Order::Pack(pack) => {
                self.supply.set(pack.terminals())?;
                self.set = pack.terminals();
                if !self.on {
                    self.supply.switch(true)?;
                    self.on = true;
                }
                self.pack = Some(pack);
                self.settle().inspect_err(|_| self.give_up())
            }
            Order::Unload => {
                if let Some(pack) = &mut self.pack {
                    *pack = pack.unloaded();
                }
                self.current(0);
                Ok(())
            }
            Order::Off => {
                self.on = false;
                self.pack = None;
                self.current(0);
                self.supply.switch(false)
            }
        }
    }

    /// Switches off what isn't as it should be.
    fn give_up(&mut self) {
        self.on = false;
        self.pack = None;
        // It is in trouble already, and that is what is told.
        let _ = self.supply.switch(false);
    }

    /// Waits until the voltage is there.
    fn settle(&mut self) -> Result<(), SupplyError> {
        self.off_count = 0;
        let began = Instant::now();
        loop {
            let Some((measured, who)) = self.measure()? else {
                return Ok(());
            };
            match self.tolerance(measured, &who) {
                Ok(()) => return Ok(()),
                Err(error) if began.elapsed() > SETTLE => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn look(&mut self) -> Result<(), SupplyError> {
        let Some((measured, who)) = self.measure()? else {
            return Ok(());
        };
        let milliamperes = measured.milliamperes.unwrap_or(0);
        // A supply's own readings come too seldom to say how long a motor stalls.
        if self.monitor.is_some() && (milliamperes - self.current).abs() >= STEP {
            self.current(milliamperes);
        }
        if let Some(pack) = &mut self.pack
            && pack.sags()
        {
            pack.load(milliamperes);
            let terminals = pack.terminals();
            if terminals.abs_diff(self.set) >= SAG_STEP {
                self.supply.set(terminals)?;
                self.set = terminals;
                // What was measured belongs to the voltage before.
                return Ok(());
            }
        }
        match self.tolerance(measured, &who) {
            Ok(()) => self.off_count = 0,
            Err(error) => {
                self.off_count += 1;
                if self.off_count >= OFF {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn measure(&mut self) -> Result<Option<(Measured, String)>, SupplyError> {
        if let Some(monitor) = &mut self.monitor {
            return Ok(Some((monitor.measure()?, monitor.name())));
        }
        let measured = self.supply.measure()?;
        Ok(measured.map(|measured| (measured, self.supply.name())))
    }

    fn tolerance(&self, measured: Measured, who: &str) -> Result<(), SupplyError> {
        let set = i32::try_from(self.set).unwrap_or(i32::MAX);
        if measured.millivolts.abs_diff(set) <= self.limits.tolerance_millivolts {
            return Ok(());
        }
        Err(SupplyError::Tolerance {
            supply: who.to_owned(),
            asked: self.set,
            got: measured.millivolts,
            tolerance: self.limits.tolerance_millivolts,
        })
    }

    fn current(&mut self, milliamperes: i32) {
        if self.current != milliamperes {
            self.current = milliamperes;
            let sample = (
                monotonic(),
                Channel::MotorCurrent,
                Value::Sample(milliamperes),
            );
            // A bench that is being closed no longer listens.
            let _ = self.tell.send(Ok(sample));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::supply::fake::FakeBus;
    use crate::bench::supply::{Dac, DacSettings};

    const LIMITS: Limits = Limits {
        millivolts: 7_000,
        milliamperes: 2_000,
        tolerance_millivolts: 100,
    };

    /// A DAC of 2 mV a step and a monitor, and what is in them.
    fn rail() -> (Rail, FakeBus) {
        let bus = FakeBus::default();
        let settings = DacSettings {
            bus: 1,
            address: 0x60,
            full_scale: 8_190,
        };
        let dac = Dac::open(Box::new(bus.clone()), settings, LIMITS).unwrap();
        let monitor = Monitor::open(Box::new(bus.clone()), 0x40, 100).unwrap();
        bus.0.lock().unwrap().follow = true;
        (
            Rail::start(Box::new(dac), Some(monitor), LIMITS).unwrap(),
            bus,
        )
    }

    /// Waits until the DAC is at a code, and returns all samples up to then.
    fn wait_for(
        rail: &Rail,
        bus: &FakeBus,
        millivolts: std::ops::RangeInclusive<u16>,
    ) -> Vec<Sample> {
        let mut samples = Vec::new();
        for _ in 0..2_000 {
            samples.extend(rail.samples().unwrap());
            if millivolts.contains(&(bus.0.lock().unwrap().dac * 2)) {
                return samples;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the DAC stays at {}", bus.0.lock().unwrap().dac * 2);
    }

    #[test]
    fn a_battery_sags_with_the_measured_current_and_recovers() {
        let (rail, bus) = rail();
        rail.pack(5_600, 1_500).unwrap();
        assert_eq!(bus.0.lock().unwrap().dac, 2_800);
        // 800 mA across 0.1 ohm.
        bus.0.lock().unwrap().shunt = 8_000;
        let samples = wait_for(&rail, &bus, 4_390..=4_420);
        assert!(samples.iter().any(|(_, channel, value)| {
            (*channel, *value) == (Channel::MotorCurrent, Value::Sample(800))
        }));
        bus.0.lock().unwrap().shunt = 0;
        wait_for(&rail, &bus, 5_580..=5_600);
        rail.off().unwrap();
        assert_eq!(bus.0.lock().unwrap().dac, 0);
    }

    #[test]
    fn an_amplifier_that_does_not_follow_is_noticed() {
        let (rail, bus) = rail();
        bus.0.lock().unwrap().follow = false;
        bus.0.lock().unwrap().bus_millivolts = 3_000;
        insta::assert_snapshot!(rail.pack(6_000, 0).unwrap_err(), @"hold 6000 mV: INA219 at 0x40 measures 3000 mV, more than 100 mV off");
        bus.0.lock().unwrap().bus_millivolts = 6_020;
        rail.pack(6_000, 0).unwrap();
        bus.0.lock().unwrap().bus_millivolts = 5_600;
        let failed = (0..2_000).find_map(|_| {
            std::thread::sleep(Duration::from_millis(2));
            rail.samples().err()
        });
        insta::assert_snapshot!(failed.unwrap(), @"hold 6000 mV: INA219 at 0x40 measures 5600 mV, more than 100 mV off");
    }

    /// Does nothing until it is let go.
    struct Deaf(Receiver<()>);

    impl Supply for Deaf {
        fn name(&self) -> String {
            "deaf".to_owned()
        }

        fn adjustable(&self) -> bool {
            true
        }

        fn set(&mut self, _: Millivolts) -> Result<(), SupplyError> {
            let _ = self.0.recv();
            Ok(())
        }

        fn switch(&mut self, _: bool) -> Result<(), SupplyError> {
            self.set(0)
        }

        fn measure(&mut self) -> Result<Option<Measured>, SupplyError> {
            Ok(None)
        }
    }

    #[test]
    fn a_supply_that_does_nothing_is_waited_for_once() {
        let (let_go, held) = channel();
        let mut rail = Rail::start(Box::new(Deaf(held)), None, LIMITS).unwrap();
        rail.patience = Duration::from_secs(1);
        let began = Instant::now();
        insta::assert_snapshot!(rail.pack(6_000, 0).unwrap_err(), @"look after the supply: it has not done what it was told within 1 s; switch it off by hand");
        assert!(rail.off().is_err());
        drop(rail);
        assert!(began.elapsed() < Duration::from_millis(1_900));
        drop(let_go);
    }
}
