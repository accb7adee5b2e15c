//! The motor's H-bridge, and the timers that let go of it whatever has become of the program: after 1.5 s,
//! and when the mechanism stops the motor or the pack falls under it. A core that hangs with the motor on
//! would drive it until the watchdog bites.

use embassy_nrf::gpio::{Level, OutputDrive};
use embassy_nrf::gpiote::{OutputChannel, OutputChannelPolarity};
use embassy_nrf::interrupt::typelevel::{Binding, Handler, Interrupt};
use embassy_nrf::peripherals::{
    GPIOTE_CH0, GPIOTE_CH1, P0_26, P0_27, PPI_CH0, PPI_CH1, PPI_CH2, TIMER1, TIMER3, TIMER4,
};
use embassy_nrf::ppi::{ConfigurableChannel, Ppi};
use embassy_nrf::timer::{Frequency, Instance, Timer};
use embassy_nrf::{Peri, bind_interrupts, interrupt, pac};
use lock_logic::{Bridge, Stop, WATCH};

use crate::CHANGE;
use crate::sampling::{Sampling, SamplingParts};

/// Microseconds after which a run ends. The logic ends it before that.
const LIMIT: u64 = 1_500_000 - 1_000;

/// Wakes the program when a timer has braked the motor.
struct Braked;

/// Has each timer's interrupt make the main loop look, and then be silent until the next run: what
/// happened stays in the timer's event.
macro_rules! wakes {
    ($($timer:ident)*) => {
        bind_interrupts!(struct Irqs {
            $($timer => Braked;)*
        });
        $(
            impl interrupt::typelevel::Handler<interrupt::typelevel::$timer> for Braked {
                unsafe fn on_interrupt() {
                    pac::$timer.intenclr().write(|w| w.set_compare(0, true));
                    CHANGE.signal(());
                }
            }
        )*
    };
}
wakes!(TIMER1 TIMER3 TIMER4);

/// What drives the motor, and what watches it.
pub(crate) struct MotorParts {
    pub(crate) open: Peri<'static, P0_26>,
    pub(crate) close: Peri<'static, P0_27>,
    pub(crate) channels: (Peri<'static, GPIOTE_CH0>, Peri<'static, GPIOTE_CH1>),
    pub(crate) longest: (Peri<'static, TIMER1>, Peri<'static, PPI_CH0>),
    pub(crate) stalled: (Peri<'static, TIMER3>, Peri<'static, PPI_CH1>),
    pub(crate) empty: (Peri<'static, TIMER4>, Peri<'static, PPI_CH2>),
    pub(crate) sampling: SamplingParts,
}

/// A timer that brakes the motor unless it is stopped, or started over, before its time.
struct Brake<C: ConfigurableChannel> {
    timer: Timer<'static>,
    /// From the timer to both inputs.
    _route: Ppi<'static, C, 1, 2>,
}

impl<C: ConfigurableChannel> Brake<C> {
    fn new<T: Instance>(
        (timer, channel): (Peri<'static, T>, Peri<'static, C>),
        micros: u64,
        (open, close): (&OutputChannel<'static>, &OutputChannel<'static>),
    ) -> Self
    where
        Irqs: Binding<T::Interrupt, Braked>,
        Braked: Handler<T::Interrupt>,
    {
        let timer = Timer::new(timer);
        timer.set_frequency(Frequency::F1MHz);
        timer.cc(0).write(micros as u32);
        timer.cc(0).short_compare_stop();
        let over = timer.cc(0).event_compare();
        let mut route = Ppi::new_one_to_two(channel, over, open.task_clr(), close.task_clr());
        route.enable();
        // SAFETY: its handler is bound, and breaks into nothing: it sends a signal, which is safe to send
        // from any context, and masks its own event, which nobody else does.
        unsafe { T::Interrupt::enable() };
        Self {
            timer,
            _route: route,
        }
    }

    fn start(&mut self) {
        self.timer.cc(0).clear_events();
        let own = self.timer.regs();
        own.intenset().write(|w| w.set_compare(0, true));
        self.timer.clear();
        self.timer.start();
    }

    fn stop(&self) {
        self.timer.stop();
    }

    /// Whether it has braked the motor since it was started.
    fn has_braked(&self) -> bool {
        self.timer.cc(0).event_compare().is_triggered()
    }
}

pub(crate) struct Motor {
    open: OutputChannel<'static>,
    close: OutputChannel<'static>,
    longest: Brake<PPI_CH0>,
    stalled: Brake<PPI_CH1>,
    empty: Brake<PPI_CH2>,
    sampling: Sampling,
    driven: Bridge,
}

impl Motor {
    /// A motor that stands.
    pub(crate) fn new(parts: MotorParts) -> Self {
        let (low, drive) = (Level::Low, OutputDrive::Standard);
        // Only its tasks to set and to clear are used.
        let polarity = OutputChannelPolarity::Toggle;
        let (first, second) = parts.channels;
        let open = OutputChannel::new(first, parts.open, low, drive, polarity);
        let polarity = OutputChannelPolarity::Toggle;
        let close = OutputChannel::new(second, parts.close, low, drive, polarity);
        let inputs = (&open, &close);
        let longest = Brake::new(parts.longest, LIMIT, inputs);
        let mut stalled = Brake::new(parts.stalled, WATCH.stalled_after.as_micros(), inputs);
        let mut empty = Brake::new(parts.empty, WATCH.empty_after.as_micros(), inputs);
        let turns = stalled.timer.regs().tasks_clear();
        let lasts = empty.timer.regs().tasks_clear();
        Self {
            open,
            close,
            longest,
            stalled,
            empty,
            sampling: Sampling::new(parts.sampling, turns, lasts),
            driven: Bridge::Brake,
        }
    }

    /// Brakes before it drives, so that both inputs are never high.
    pub(crate) fn drive(&mut self, bridge: Bridge) {
        if bridge == self.driven {
            return;
        }
        self.open.clear();
        self.close.clear();
        if self.driven != Bridge::Brake {
            self.longest.stop();
            self.stalled.stop();
            self.empty.stop();
            self.sampling.stop();
        }
        self.driven = bridge;
        let input = match bridge {
            Bridge::Brake => return,
            Bridge::Open => &self.open,
            Bridge::Close => &self.close,
        };
        self.longest.start();
        self.stalled.start();
        self.empty.start();
        self.sampling.start();
        input.set();
    }

    /// Why a timer has braked the motor that was to be driven, if one has.
    pub(crate) fn braked(&self) -> Option<Stop> {
        if self.driven == Bridge::Brake {
            None
        } else if self.empty.has_braked() {
            Some(Stop::Collapsed)
        } else if self.stalled.has_braked() {
            Some(Stop::Stalled)
        } else {
            self.longest.has_braked().then_some(Stop::Expired)
        }
    }
}
