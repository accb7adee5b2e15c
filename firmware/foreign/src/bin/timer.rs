//! TIMER and PPI: a pin toggled every millisecond without the core, counted by another timer, stopped,
//! captured and cleared.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::gpio::{Level, OutputDrive};
use embassy_nrf::gpiote::{OutputChannel, OutputChannelPolarity};
use embassy_nrf::ppi::Ppi;
use embassy_nrf::timer::{Frequency, Timer};
use embassy_time::{Duration, Instant};

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_nrf::init(Default::default());
    let led = OutputChannel::new(
        p.GPIOTE_CH0,
        p.P0_15,
        Level::High,
        OutputDrive::Standard,
        OutputChannelPolarity::Toggle,
    );
    let timer = Timer::new(p.TIMER0);
    timer.set_frequency(Frequency::F1MHz);
    timer.cc(0).write(1000);
    timer.cc(0).short_compare_clear();
    let compare = || timer.cc(0).event_compare();
    let mut toggle = Ppi::new_one_to_one(p.PPI_CH0, compare(), led.task_out());
    toggle.enable();
    let counter = Timer::new_counter(p.TIMER3);
    let (count, capture) = (counter.task_count(), counter.cc(5).task_capture());
    let mut both = Ppi::new_one_to_two(p.PPI_CH1, compare(), count, capture);
    both.enable();
    counter.start();
    timer.start();
    let start = Instant::now();
    embassy_time::Timer::after(Duration::from_millis(100)).await;
    let counted = counter.cc(1).capture();
    let millis = start.elapsed().as_millis() as u32;
    assert!(counted.abs_diff(millis) <= 1);
    assert!(counter.cc(5).read().abs_diff(counted) <= 1);

    timer.stop();
    let stopped = timer.cc(2).capture();
    embassy_time::Timer::after(Duration::from_millis(5)).await;
    assert_eq!(timer.cc(2).capture(), stopped);
    timer.clear();
    assert_eq!(timer.cc(2).capture(), 0);
    foreign::pass()
}
