//! GPIO and GPIOTE: pulls, levels and edges of a key by SENSE and by a channel, and an LED by tasks.
//! The key on P1.12 is pressed twice.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::gpio::{Flex, Input, Level, OutputDrive, Pull};
use embassy_nrf::gpiote::{
    InputChannel, InputChannelPolarity, OutputChannel, OutputChannelPolarity,
};

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut p = embassy_nrf::init(Default::default());
    let mut free = Flex::new(p.P1_02);
    free.set_as_input(Pull::Up);
    assert!(free.is_high());
    free.set_as_input(Pull::Down);
    assert!(free.is_low());
    free.set_high();
    free.set_as_input_output(Pull::None, OutputDrive::Standard);
    assert!(free.is_high());

    let led = OutputChannel::new(
        p.GPIOTE_CH0,
        p.P0_15,
        Level::High,
        OutputDrive::Standard,
        OutputChannelPolarity::Toggle,
    );
    {
        let mut key = Input::new(p.P1_12.reborrow(), Pull::Up);
        key.wait_for_low().await;
        led.out();
        key.wait_for_high().await;
        led.out();
    }
    let polarity = InputChannelPolarity::Toggle;
    let mut key = InputChannel::new(p.GPIOTE_CH1, p.P1_12, Pull::Up, polarity);
    key.wait().await;
    assert!(key.pin().is_low());
    led.clear();
    key.wait().await;
    assert!(key.pin().is_high());
    led.set();
    foreign::pass()
}
