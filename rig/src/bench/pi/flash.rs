//! Flashing the lock on a real bench: power, attach, write what differs, verify, power off. A probe
//! that attaches only at the second try right after power-up is ordinary; one that goes away in the
//! middle leaves the lock without power and with half an image, and says so.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::{PiBench, PiError, usb};
use crate::bench::probe::{Erase, FlashReport, Image, Probe, ProbeError, Progress, Storage};
use crate::bench::{Bench, BenchError, Capability, Supply};
use crate::scenario::NOMINAL_PACK;

/// From power to the first try: the chip's own start takes a millisecond, its supply a little more.
const POWER_UP: Duration = Duration::from_millis(200);

/// How often attaching is tried. The last try holds the chip in reset, for firmware that sleeps or
/// takes the debug pins.
const TRIES: u32 = 4;

/// Between two tries the pack is out this long.
const PAUSE: Duration = Duration::from_millis(500);

/// A probe that says nothing for this long does not come back.
const SILENCE: Duration = Duration::from_secs(20);

impl PiBench {
    /// Writes an image into the lock, powered for just that long.
    ///
    /// # Errors
    ///
    /// When there is no probe, no chip or another one, or flash doesn't verify. Power is off then.
    pub fn flash(
        &mut self,
        image: &Image,
        erase: Erase,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<FlashReport, BenchError> {
        let Some(settings) = self.file.probe.clone() else {
            return Err(BenchError::Unable(Capability::New));
        };
        let chosen = usb::choose(&settings.which).map_err(PiError::from)?;
        let image = image.clone();
        let flashed = self.freshly_powered(&chosen, tell, move |mut probe, tell| {
            probe.flash(&image, erase, tell)
        });
        let safe = self.make_safe();
        let report = flashed?;
        safe?;
        Ok(report)
    }

    /// Damages what the lock has written into its journal, and starts it again.
    pub(super) fn damage_journal(&mut self) -> Result<(), BenchError> {
        self.while_it_runs(|mut probe| {
            probe.damage_journal()?;
            probe.reset_and_detach()
        })
    }

    /// Lets the lock's program hang.
    pub(super) fn hang_program(&mut self) -> Result<(), BenchError> {
        self.while_it_runs(Probe::hang)
    }

    /// Writes what a lock keeps into this one, powered for just that long.
    pub(super) fn store(&mut self, storage: &Storage) -> Result<(), BenchError> {
        let Some(settings) = self.file.probe.clone() else {
            return Err(BenchError::Unable(Capability::DebugPort));
        };
        let chosen = usb::choose(&settings.which).map_err(PiError::from)?;
        let storage = storage.clone();
        let written = self.freshly_powered(&chosen, &mut |_| {}, move |mut probe, _| {
            probe.write_storage(&storage)
        });
        let safe = self.cut();
        written?;
        Ok(safe?)
    }

    /// What the lock keeps.
    pub(super) fn stored(&mut self) -> Result<Storage, BenchError> {
        self.while_it_runs(|mut probe| probe.read_storage())
    }

    /// Does something to a lock that has power and runs.
    fn while_it_runs<T: Send + 'static>(
        &self,
        act: impl FnOnce(Probe) -> Result<T, ProbeError> + Send + 'static,
    ) -> Result<T, BenchError> {
        let Some(settings) = &self.file.probe else {
            return Err(BenchError::Unable(Capability::DebugPort));
        };
        let chosen = usb::choose(&settings.which).map_err(PiError::from)?;
        let done = with_probe(&chosen, false, &mut |_| {}, |probe, _| act(probe))?;
        Ok(done.map_err(|failed| failed.error)?)
    }

    /// Gives the lock power and does something to it, once it can be attached to.
    fn freshly_powered<T: Send + 'static>(
        &mut self,
        chosen: &usb::Choice,
        tell: &mut dyn FnMut(Progress),
        act: impl Fn(Probe, &mut dyn FnMut(Progress)) -> Result<T, ProbeError> + Clone + Send + 'static,
    ) -> Result<T, BenchError> {
        let mut tries = 1;
        loop {
            let millivolts = NOMINAL_PACK.min(self.file.limits.millivolts);
            self.supply(Supply {
                millivolts,
                milliohms: None,
            })?;
            std::thread::sleep(POWER_UP);
            let done = with_probe(chosen, tries == TRIES, tell, act.clone())?;
            match done {
                Ok(done) => return Ok(done),
                // Only what may pass by itself is tried again.
                Err(Failed {
                    attached: false,
                    error: ProbeError::Attach(_) | ProbeError::Memory { .. },
                }) if tries < TRIES => {
                    self.disconnect()?;
                    std::thread::sleep(PAUSE);
                    tries += 1;
                }
                Err(failed) if failed.attached => return Err(interrupted(failed.error)),
                Err(failed) => return Err(failed.error.into()),
            }
        }
    }
}

/// What went wrong with a probe, and whether it was attached by then.
pub(in crate::bench) struct Failed {
    attached: bool,
    pub(in crate::bench) error: ProbeError,
}

/// What is told by the thread that has the probe.
enum Told<T> {
    Progress(Progress),
    Done(Result<Result<T, Failed>, usb::UsbError>),
}

/// Attaches and does something, in a thread of its own: a driver that waits for a probe for ever can
/// be left behind, but not stopped, and a lock must not stay powered for that long.
pub(in crate::bench) fn with_probe<T: Send + 'static>(
    chosen: &usb::Choice,
    under_reset: bool,
    tell: &mut dyn FnMut(Progress),
    act: impl FnOnce(Probe, &mut dyn FnMut(Progress)) -> Result<T, ProbeError> + Send + 'static,
) -> Result<Result<T, Failed>, PiError> {
    let (say, told) = channel();
    let chosen = chosen.clone();
    let work = move || {
        let attached = chosen.open(|selector| match under_reset {
            true => Probe::attach_under_reset(selector),
            false => Probe::attach(selector),
        });
        let done = attached.map(|attached| match attached {
            Ok(probe) => act(probe, &mut |progress| {
                // Who no longer listens has given the probe up.
                let _ = say.send(Told::Progress(progress));
            })
            .map_err(|error| Failed {
                attached: true,
                error,
            }),
            Err(error) => Err(Failed {
                attached: false,
                error,
            }),
        });
        let _ = say.send(Told::Done(done));
    };
    std::thread::Builder::new()
        .name("probe".to_owned())
        .spawn(work)
        .map_err(|_| PiError::ProbeGone)?;
    loop {
        match told.recv_timeout(SILENCE) {
            Ok(Told::Progress(progress)) => tell(progress),
            Ok(Told::Done(done)) => return Ok(done?),
            Err(RecvTimeoutError::Timeout) => return Err(PiError::ProbeSilent(SILENCE)),
            Err(RecvTimeoutError::Disconnected) => return Err(PiError::ProbeGone),
        }
    }
}

/// What to do about a flash that was cut short.
fn interrupted(error: ProbeError) -> BenchError {
    match error {
        error @ (ProbeError::WrongChip { .. } | ProbeError::Verify { .. }) => error.into(),
        error => PiError::CutShort(Box::new(error)).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use virtual_lock::VirtualLock;
    use virtual_lock::cpu::bus::{AccessError, Size};
    use virtual_lock::debug::server::{DebugServer, Pace};
    use virtual_lock::debug::target::DebugTarget;
    use virtual_lock::time::Ticks;

    use super::*;
    use crate::bench::file::parse;
    use crate::bench::lines::{Board, Drive, Gpio, Level, Rehearsal};
    use crate::trace::Nanos;

    const ENABLE: Gpio = Gpio(24);

    /// The enable line as the lock feels it.
    #[derive(Clone, Default)]
    struct Power {
        on: Arc<AtomicBool>,
        /// How often it came.
        times: Arc<AtomicU32>,
    }

    impl Board for Power {
        fn drive(&mut self, line: Gpio, drive: Drive, _: Nanos) {
            if line == ENABLE {
                let on = drive == Drive::High;
                if on && !self.on.swap(on, Ordering::SeqCst) {
                    self.times.fetch_add(1, Ordering::SeqCst);
                }
                self.on.store(on, Ordering::SeqCst);
            }
        }

        fn changes(&mut self, _: Nanos) -> Result<Vec<(Gpio, Level, Nanos)>, String> {
            Ok(Vec::new())
        }
    }

    /// A chip that answers its debug port only while it is fed, and not the first times.
    struct Chip {
        lock: VirtualLock,
        power: Power,
        deaf: u32,
        part: u32,
    }

    impl DebugTarget for Chip {
        fn powered(&self) -> bool {
            let fed = self.power.on.load(Ordering::SeqCst);
            fed && self.power.times.load(Ordering::SeqCst) > self.deaf && self.lock.powered()
        }

        fn debug_read(&mut self, address: u32, size: Size) -> Result<u32, AccessError> {
            match address {
                0x1000_0100 => Ok(self.part),
                _ => self.lock.debug_read(address, size),
            }
        }

        fn debug_write(&mut self, address: u32, size: Size, value: u32) -> Result<(), AccessError> {
            self.lock.debug_write(address, size, value)
        }

        fn hold_reset(&mut self, asserted: bool) {
            self.lock.hold_reset(asserted);
        }

        fn erase_all(&mut self) {
            self.lock.erase_all();
        }

        fn advance(&mut self, by: Ticks) -> Result<(), String> {
            DebugTarget::advance(&mut self.lock, by)
        }
    }

    /// A bench, its lock's debug port, and its power. The lock is deaf to this many first attempts.
    fn bench(deaf: u32, part: u32) -> (PiBench, DebugServer<Chip>, Power) {
        let power = Power::default();
        let mut lock = VirtualLock::new();
        lock.connect().unwrap();
        // Its supervisor takes a moment to let the processor start.
        lock.advance(Ticks::from_millis(100)).unwrap();
        let chip = Chip {
            lock,
            power: power.clone(),
            deaf,
            part,
        };
        let server = DebugServer::start(chip, Pace::Transactions).unwrap();
        let text = format!(
            "title: A rehearsal\nlock: ten-key\npi: rehearsal\ncontacts: {{ program: 17 }}\n\
             signals: {{ status green: 5 }}\nenable: 24\n\
             supply: {{ kind: fixed, volts: 6.0 V }}\n\
             limits: {{ volts: 6.6 V, amperes: 1 A, run: 1min }}\n\
             probe: {{ selector: \"{}\" }}\n",
            server.selector()
        );
        let file = parse(&text, Path::new("bench.yaml")).unwrap();
        let lines = Rehearsal::open(None, Some(Box::new(power.clone()))).unwrap();
        let bench = PiBench::assemble(file, Box::new(lines), None, None).unwrap();
        (bench, server, power)
    }

    /// Four sectors that flash doesn't hold.
    fn image() -> Image {
        sectors(4)
    }

    fn sectors(count: u32) -> Image {
        let bytes: Vec<u8> = (0..count * 0x1000).map(|at| (at * 7) as u8).collect();
        Image::from_segments(&[(0, bytes.as_slice())]).unwrap()
    }

    fn is_off(power: &Power) -> bool {
        !power.on.load(Ordering::SeqCst)
    }

    #[test]
    fn first_attempts_that_fail_are_made_again_with_fresh_power_and_in_the_end_under_reset() {
        for deaf in [0, 1, TRIES - 1] {
            let (mut bench, server, power) = bench(deaf, 0x5_2840);
            let report = bench.flash(&image(), Erase::Nothing, &mut |_| {}).unwrap();
            assert_eq!(report.sectors_written, 4);
            assert_eq!(power.times.load(Ordering::SeqCst), deaf + 1);
            assert!(is_off(&power));
            let again = bench.flash(&image(), Erase::Nothing, &mut |_| {}).unwrap();
            assert_eq!((again.sectors_compared, again.sectors_written), (4, 0));
            drop(server.finish().unwrap());
        }
    }

    #[test]
    fn a_chip_that_never_answers_and_another_chip_are_told_and_left_without_power() {
        let mut said = Vec::new();
        for (deaf, part) in [(TRIES, 0x5_2840), (0, 0x5_2833)] {
            let (mut bench, server, power) = bench(deaf, part);
            let error = bench
                .flash(&image(), Erase::Nothing, &mut |_| {})
                .unwrap_err();
            said.push(format!("failed to {error}"));
            assert!(is_off(&power));
            assert_eq!(server.finish().unwrap().lock.flash_operations(), 0);
        }
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn a_probe_that_vanishes_in_the_middle_leaves_no_power_and_advice() {
        let (mut bench, server, power) = bench(0, 0x5_2840);
        let mut server = Some(server);
        let error = bench
            .flash(&sectors(40), Erase::Nothing, &mut |progress| {
                if matches!(progress, Progress::Writing { .. }) {
                    drop(server.take());
                }
            })
            .unwrap_err();
        assert!(server.is_none() && is_off(&power));
        let said = error.to_string();
        assert!(said.starts_with("flash the lock: write flash: "), "{said}");
        let advice = "; its power is off, what is in its flash is incomplete: check the probe's cable and start again";
        assert!(said.ends_with(advice), "{said}");
    }

    #[test]
    fn without_a_probe_nothing_is_flashed() {
        let (mut bench, _server, power) = bench(0, 0x5_2840);
        bench.file.probe = None;
        let refused = bench.flash(&image(), Erase::Nothing, &mut |_| {});
        assert!(matches!(refused, Err(BenchError::Unable(Capability::New))));
        assert_eq!(power.times.load(Ordering::SeqCst), 0);
    }
}
