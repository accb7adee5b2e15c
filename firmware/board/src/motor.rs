//! The motor's H-bridge, and a timer that lets go of it after 1.5 s, whatever has become of the program: a
//! core that hangs with the motor on would drive it until the watchdog bites.

use embassy_nrf::gpio::{Level, OutputDrive};
use embassy_nrf::gpiote::{OutputChannel, OutputChannelPolarity};
use embassy_nrf::peripherals::{GPIOTE_CH0, GPIOTE_CH1, P0_26, P0_27, PPI_CH0, TIMER1};
use embassy_nrf::ppi::Ppi;
use embassy_nrf::timer::{Frequency, Timer};
use embassy_nrf::{Peri, peripherals};
use lock_logic::Bridge;

/// Microseconds after which the timer brakes. The logic ends a run before that.
const LIMIT: u32 = 1_500_000 - 1_000;

/// What drives the motor.
pub(crate) struct MotorParts {
    pub(crate) open: Peri<'static, P0_26>,
    pub(crate) close: Peri<'static, P0_27>,
    pub(crate) channels: (Peri<'static, GPIOTE_CH0>, Peri<'static, GPIOTE_CH1>),
    pub(crate) timer: Peri<'static, TIMER1>,
    pub(crate) route: Peri<'static, PPI_CH0>,
}

pub(crate) struct Motor {
    open: OutputChannel<'static>,
    close: OutputChannel<'static>,
    timer: Timer<'static>,
    /// From the timer to both inputs.
    _brake: Ppi<'static, peripherals::PPI_CH0, 1, 2>,
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
        let timer = Timer::new(parts.timer);
        timer.set_frequency(Frequency::F1MHz);
        timer.cc(0).write(LIMIT);
        timer.cc(0).short_compare_stop();
        let over = timer.cc(0).event_compare();
        let (stop_open, stop_close) = (open.task_clr(), close.task_clr());
        let mut brake = Ppi::new_one_to_two(parts.route, over, stop_open, stop_close);
        brake.enable();
        Self {
            open,
            close,
            timer,
            _brake: brake,
            driven: Bridge::Brake,
        }
    }

    /// Brakes before it drives, so that both inputs are never high.
    pub(crate) fn drive(&mut self, bridge: Bridge) {
        if bridge == self.driven {
            return;
        }
        self.driven = bridge;
        self.open.clear();
        self.close.clear();
        self.timer.stop();
        self.timer.clear();
        let input = match bridge {
            Bridge::Brake => return,
            Bridge::Open => &self.open,
            Bridge::Close => &self.close,
        };
        self.timer.start();
        input.set();
    }
}
