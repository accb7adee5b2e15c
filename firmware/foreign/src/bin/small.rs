//! RNG, TEMP, EGU through PPI, RTC with a prescaler, and flash by the NVMC.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::egu::{Egu, TriggerNumber};
use embassy_nrf::nvmc::{Nvmc, PAGE_SIZE};
use embassy_nrf::ppi::Ppi;
use embassy_nrf::rtc::{CompareChannel, Interrupt, Rtc};
use embassy_nrf::timer::{Frequency, Timer};
use embassy_nrf::{bind_interrupts, peripherals, rng, temp};
use embassy_time::{Duration, Instant};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

bind_interrupts!(struct Irqs {
    RNG => rng::InterruptHandler<peripherals::RNG>;
    TEMP => temp::InterruptHandler;
});

/// A page that holds no program.
const PAGE: u32 = 0x8_0000;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_nrf::init(Default::default());
    let mut random = rng::Rng::new(p.RNG, Irqs);
    let (mut first, mut second) = ([0; 16], [0; 16]);
    random.fill_bytes(&mut first).await;
    random.set_bias_correction(true);
    random.blocking_fill_bytes(&mut second);
    assert!(first != second && first != [0; 16]);

    let degrees = temp::Temp::new(p.TEMP, Irqs).read().await;
    assert!((-40..=85).contains(&degrees.to_num::<i16>()));

    let mut egu = Egu::new(p.EGU0);
    let timer = Timer::new(p.TIMER1);
    timer.set_frequency(Frequency::F1MHz);
    let trigger = egu.trigger(TriggerNumber::Trigger3);
    let mut start = Ppi::new_one_to_one(p.PPI_CH0, trigger.event(), timer.task_start());
    start.enable();
    assert_eq!(timer.cc(0).capture(), 0);
    trigger.task().trigger();
    embassy_time::Timer::after(Duration::from_millis(1)).await;
    assert!(timer.cc(0).capture() > 900);

    let Ok(mut rtc) = Rtc::new_for_freq(p.RTC2, 1024) else {
        panic!();
    };
    assert!(rtc.set_compare(CompareChannel::_0, 20).is_ok());
    rtc.enable_event(Interrupt::Compare0);
    rtc.enable_event(Interrupt::Tick);
    rtc.enable();
    let begin = Instant::now();
    while !rtc.is_event_triggered(Interrupt::Compare0) {}
    assert_eq!(begin.elapsed().as_millis(), 19);
    assert!(rtc.is_event_triggered(Interrupt::Tick));

    let mut flash = Nvmc::new(p.NVMC);
    let begin = Instant::now();
    assert!(flash.erase(PAGE, PAGE + PAGE_SIZE as u32).is_ok());
    assert!((84..88).contains(&begin.elapsed().as_millis()));
    assert!(flash.write(PAGE, &[1, 2, 3, 4, 5, 6, 7, 8]).is_ok());
    let mut back = [0; 12];
    assert!(flash.read(PAGE, &mut back).is_ok());
    assert_eq!(back, [1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255]);
    foreign::pass()
}
