//! The running motor under the eye of the chip, the core asleep: a timer has the SAADC scan pack and
//! motor, and the SAADC's limits tell whoever listens of each sample that is as it should be.

use core::sync::atomic::AtomicU16;

use embassy_nrf::pac::SAADC;
use embassy_nrf::pac::common::{Reg, W};
use embassy_nrf::peripherals::TIMER2;
use embassy_nrf::ppi::{AnyConfigurableChannel, Channel};
use embassy_nrf::timer::{Frequency, Timer};
use embassy_nrf::{Peri, pac};
use lock_logic::WATCH;

use crate::sense::{MOTOR, PACK, motor_steps, pack_steps};

/// The last scan. Its limits were looked at on its way here, and so nobody reads it.
static SCAN: [AtomicU16; 2] = [const { AtomicU16::new(0) }; 2];

/// What samples a running motor; the SAADC's channels are set up by [`crate::sense::Sense`].
pub(crate) struct SamplingParts {
    pub(crate) timer: Peri<'static, TIMER2>,
    pub(crate) routes: [Peri<'static, AnyConfigurableChannel>; 4],
}

pub(crate) struct Sampling {
    timer: Timer<'static>,
    /// From the end of a scan to the start of the next.
    again: Peri<'static, AnyConfigurableChannel>,
}

impl Sampling {
    /// Sampling that stands. A sample of a motor that turns will trigger the task `turns`, one of a
    /// pack that isn't empty the task `lasts`.
    pub(crate) fn new(parts: SamplingParts, turns: Reg<u32, W>, lasts: Reg<u32, W>) -> Self {
        let mut timer = Timer::new(parts.timer);
        timer.set_frequency(Frequency::F1MHz);
        timer.cc(0).write(WATCH.every.as_micros() as u32);
        timer.cc(0).short_compare_clear();
        // Both limits count themselves as beyond. The other limit of each channel is out of reach.
        let (motor, pack) = (SAADC.ch(MOTOR).limit(), SAADC.ch(PACK).limit());
        motor.write(|w| {
            w.set_high(i16::MAX as u16);
            w.set_low(motor_steps(WATCH.stalled_from) - 1);
        });
        pack.write(|w| {
            w.set_high(pack_steps(WATCH.empty_below));
            w.set_low(i16::MIN as u16);
        });
        let [scan, again, below, above] = parts.routes;
        let due = timer.regs().events_compare(0);
        route(&scan, due.as_ptr(), SAADC.tasks_sample());
        route(&again, SAADC.events_end().as_ptr(), SAADC.tasks_start());
        let limits = |channel| SAADC.events_ch(channel);
        route(&below, limits(MOTOR).limitl().as_ptr().cast(), turns);
        route(&above, limits(PACK).limith().as_ptr().cast(), lasts);
        for channel in [&scan, &below, &above] {
            enable(channel);
        }
        Self { timer, again }
    }

    /// Samples from now on; the SAADC is not to be used otherwise until [`Sampling::stop`].
    pub(crate) fn start(&self) {
        SAADC.result().ptr().write_value(SCAN.as_ptr() as u32);
        SAADC
            .result()
            .maxcnt()
            .write(|w| w.set_maxcnt(SCAN.len() as u16));
        SAADC.tasks_start().write_value(1);
        enable(&self.again);
        self.timer.clear();
        self.timer.start();
    }

    /// Leaves the SAADC at rest.
    pub(crate) fn stop(&self) {
        self.timer.stop();
        pac::PPI
            .chenclr()
            .write(|w| w.set_ch(self.again.number(), true));
        SAADC.events_stopped().write_value(0);
        SAADC.tasks_stop().write_value(1);
        while SAADC.events_stopped().read() == 0 {}
    }
}

/// Has an event trigger a task, once the channel is enabled.
fn route(channel: &AnyConfigurableChannel, event: *mut u32, task: Reg<u32, W>) {
    let ends = pac::PPI.ch(channel.number());
    ends.eep().write_value(event as u32);
    ends.tep().write_value(task.as_ptr() as u32);
}

fn enable(channel: &AnyConfigurableChannel) {
    pac::PPI
        .chenset()
        .write(|w| w.set_ch(channel.number(), true));
}
