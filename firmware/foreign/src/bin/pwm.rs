//! PWM: a duty cycle that changes while it runs, and a sequence of three.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::pwm::{
    Config, DutyCycle, Prescaler, SequenceConfig, SequencePwm, SimpleConfig, SimplePwm,
    SingleSequenceMode, SingleSequencer,
};
use embassy_time::{Duration, Timer};

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_nrf::init(Default::default());
    {
        let mut pwm = SimplePwm::new_1ch(p.PWM0, p.P0_28, &SimpleConfig::default());
        pwm.set_period(1000);
        pwm.enable();
        let whole = pwm.max_duty();
        pwm.set_duty(0, DutyCycle::inverted(whole / 4));
        Timer::after(Duration::from_millis(10)).await;
        pwm.set_duty(0, DutyCycle::inverted(whole / 2));
        Timer::after(Duration::from_millis(10)).await;
        pwm.disable();
    }
    let mut config = Config::default();
    config.max_duty = 1000;
    config.prescaler = Prescaler::Div16;
    let Ok(mut pwm) = SequencePwm::new_1ch(p.PWM1, p.P0_15, config) else {
        panic!();
    };
    let low_for = [100, 200, 300].map(|ticks| DutyCycle::normal(ticks).value());
    let sequence = SingleSequencer::new(&mut pwm, &low_for, SequenceConfig::default());
    assert!(sequence.start(SingleSequenceMode::Times(2)).is_ok());
    Timer::after(Duration::from_millis(20)).await;
    drop(sequence);
    foreign::pass()
}
