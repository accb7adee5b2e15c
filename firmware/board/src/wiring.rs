//! Which pin is wired to what: the firmware's half of `rig/virtual-lock/src/board/wiring.rs`. The
//! contacts are active low under the chip's pull-ups, the LEDs are active low, the motor's inputs
//! active high.

use embassy_nrf::gpio::{AnyPin, Input, Level, Output, OutputDrive, Pull};
use embassy_nrf::{Peri, Peripherals, pac, peripherals};
use lock_logic::{Contact, ContactSet, Light};

use crate::motor::MotorParts;
use crate::sampling::SamplingParts;

/// Gives `$to` every contact that this model has: port, number there, and the same as embassy
/// names it.
#[cfg(feature = "ten-key")]
macro_rules! contacts {
    ($to:ident $($with:ident)?) => {
        $to! {
            $($with)?
            (Contact::Digit(1), 1, 1, P1_01)
            (Contact::Digit(2), 1, 2, P1_02)
            (Contact::Digit(3), 1, 3, P1_03)
            (Contact::Digit(4), 1, 4, P1_04)
            (Contact::Digit(5), 1, 5, P1_05)
            (Contact::Digit(6), 1, 6, P1_06)
            (Contact::Digit(7), 1, 7, P1_07)
            (Contact::Digit(8), 1, 8, P1_08)
            (Contact::Digit(9), 1, 10, P1_10)
            (Contact::Digit(0), 1, 11, P1_11)
            (Contact::Lock, 1, 12, P1_12)
            (Contact::Program, 1, 13, P1_13)
            (Contact::Hub, 1, 14, P1_14)
            (Contact::SwitchStatus, 0, 11, P0_11)
            (Contact::SwitchAutoLock, 0, 12, P0_12)
            (Contact::SwitchAudio, 0, 24, P0_24)
            (Contact::Retracted, 0, 29, P0_29)
            (Contact::Extended, 0, 30, P0_30)
        }
    };
}

/// Gives `$to` every contact that this model has: port, number there, and the same as embassy
/// names it.
#[cfg(feature = "five-key")]
macro_rules! contacts {
    ($to:ident $($with:ident)?) => {
        $to! {
            $($with)?
            (Contact::Digit(1), 1, 1, P1_01)
            (Contact::Digit(3), 1, 2, P1_02)
            (Contact::Digit(5), 1, 3, P1_03)
            (Contact::Digit(7), 1, 4, P1_04)
            (Contact::Digit(9), 1, 5, P1_05)
            (Contact::Lock, 1, 12, P1_12)
            (Contact::Program, 1, 13, P1_13)
            (Contact::Hub, 1, 14, P1_14)
            (Contact::SwitchStatus, 0, 11, P0_11)
            (Contact::SwitchAutoLock, 0, 12, P0_12)
            (Contact::SwitchAudio, 0, 24, P0_24)
            (Contact::Retracted, 0, 29, P0_29)
            (Contact::Extended, 0, 30, P0_30)
        }
    };
}

macro_rules! count {
    ($(($contact:expr, $port:literal, $number:literal, $pin:ident))*) => {
        [$($number),*].len()
    };
}

macro_rules! closed {
    ($ports:ident $(($contact:expr, $port:literal, $number:literal, $pin:ident))*) => {
        ContactSet::NONE$(.with($contact, !$ports[$port].pin($number)))*
    };
}

macro_rules! inputs {
    ($p:ident $(($contact:expr, $port:literal, $number:literal, $pin:ident))*) => {
        [$(Input::new($p.$pin, Pull::Up)),*]
    };
}

/// How many contacts this model has.
pub(crate) const COUNT: usize = contacts!(count);

/// The contacts as they are now: two port reads, whoever waits for their edges.
pub(crate) fn contacts() -> ContactSet {
    let ports = [pac::P0.in_().read(), pac::P1.in_().read()];
    contacts!(closed ports)
}

/// An LED of two colours, both active low.
pub(crate) struct TwoColour {
    red: Output<'static>,
    green: Output<'static>,
    shown: Light,
}

impl TwoColour {
    fn new(red: Peri<'static, AnyPin>, green: Peri<'static, AnyPin>) -> Self {
        let dark =
            |pin: Peri<'static, AnyPin>| Output::new(pin, Level::High, OutputDrive::Standard);
        Self {
            red: dark(red),
            green: dark(green),
            shown: Light::Off,
        }
    }

    pub(crate) fn show(&mut self, light: Light) {
        if light == self.shown {
            return;
        }
        self.shown = light;
        let lit = |lit: bool| if lit { Level::Low } else { Level::High };
        self.red
            .set_level(lit(matches!(light, Light::Red | Light::Amber)));
        self.green
            .set_level(lit(matches!(light, Light::Green | Light::Amber)));
    }
}

/// Everything on the board.
pub(crate) struct Parts {
    /// The contacts, to wait for their edges; [`contacts`] reads them.
    pub(crate) contacts: [Input<'static>; COUNT],
    pub(crate) status: TwoColour,
    pub(crate) keypad: TwoColour,
    pub(crate) motor: MotorParts,
    pub(crate) beeper: (
        Peri<'static, peripherals::PWM0>,
        Peri<'static, peripherals::P0_28>,
    ),
    /// Pack volts, behind a divider by three, and motor current, across 0.5 ohm.
    pub(crate) sense: (
        Peri<'static, peripherals::SAADC>,
        Peri<'static, peripherals::P0_03>,
        Peri<'static, peripherals::P0_04>,
    ),
    /// UART, the lock's receive line, and its transmit line.
    pub(crate) hub: (
        Peri<'static, peripherals::UARTE0>,
        Peri<'static, peripherals::P0_08>,
        Peri<'static, peripherals::P0_06>,
    ),
    pub(crate) flash: Peri<'static, peripherals::NVMC>,
    pub(crate) watchdog: Peri<'static, peripherals::WDT>,
}

impl Parts {
    pub(crate) fn new(p: Peripherals) -> Self {
        Self {
            contacts: contacts!(inputs p),
            motor: MotorParts {
                open: p.P0_26,
                close: p.P0_27,
                channels: (p.GPIOTE_CH0, p.GPIOTE_CH1),
                longest: (p.TIMER1, p.PPI_CH0),
                stalled: (p.TIMER3, p.PPI_CH1),
                empty: (p.TIMER4, p.PPI_CH2),
                sampling: SamplingParts {
                    timer: p.TIMER2,
                    routes: [
                        p.PPI_CH3.into(),
                        p.PPI_CH4.into(),
                        p.PPI_CH5.into(),
                        p.PPI_CH6.into(),
                    ],
                },
            },
            status: TwoColour::new(p.P0_13.into(), p.P0_14.into()),
            keypad: TwoColour::new(p.P0_15.into(), p.P0_16.into()),
            beeper: (p.PWM0, p.P0_28),
            sense: (p.SAADC, p.P0_03, p.P0_04),
            hub: (p.UARTE0, p.P0_08, p.P0_06),
            flash: p.NVMC,
            watchdog: p.WDT,
        }
    }
}
