//! The beeper: 4 kHz at half duty while it sounds, a low line while it doesn't.

use embassy_nrf::Peri;
use embassy_nrf::peripherals::{P0_28, PWM0};
use embassy_nrf::pwm::{DutyCycle, Prescaler, SimpleConfig, SimplePwm};

/// Counts of the 16 MHz clock in a period of 4 kHz.
const PERIOD: u16 = 4000;

pub(crate) struct Beeper {
    pwm: SimplePwm<'static>,
    sounding: bool,
}

impl Beeper {
    pub(crate) fn new(pwm: Peri<'static, PWM0>, pin: Peri<'static, P0_28>) -> Self {
        let mut config = SimpleConfig::default();
        config.prescaler = Prescaler::Div1;
        config.max_duty = PERIOD;
        let pwm = SimplePwm::new_1ch(pwm, pin, &config);
        pwm.disable();
        Self {
            pwm,
            sounding: false,
        }
    }

    pub(crate) fn sound(&mut self, on: bool) {
        if on == self.sounding {
            return;
        }
        self.sounding = on;
        if on {
            self.pwm.enable();
            self.pwm.set_duty(0, DutyCycle::normal(PERIOD / 2));
        } else {
            self.pwm.disable();
        }
    }
}
