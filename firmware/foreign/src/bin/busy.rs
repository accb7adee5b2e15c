//! A busy program: four tasks at two priorities over timers, PWM, SAADC, UART and a key at once, that
//! hand each other what they get by channels; it counts what arrives, and checks how late it is.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use embassy_executor::{InterruptExecutor, Spawner};
use embassy_nrf::gpio::{Input, Level, Output, OutputDrive, Pull};
use embassy_nrf::interrupt::{InterruptExt, Priority};
use embassy_nrf::pwm::{DutyCycle, SimpleConfig, SimplePwm};
use embassy_nrf::saadc::{self, ChannelConfig, Saadc};
use embassy_nrf::uarte::{self, Baudrate, Uarte, UarteRx, UarteTx};
use embassy_nrf::{Peri, bind_interrupts, interrupt, peripherals};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::{Duration, Instant, Ticker, Timer};

bind_interrupts!(struct Irqs {
    SAADC => saadc::InterruptHandler;
    UARTE0 => uarte::InterruptHandler<peripherals::UARTE0>;
});

/// 2 V of 3.6 V, in twelve bits.
const PACK: i16 = 2276;

static URGENT: InterruptExecutor = InterruptExecutor::new();
static SAMPLES: Channel<CriticalSectionRawMutex, i16, 4> = Channel::new();
static LINES: Channel<CriticalSectionRawMutex, [u8; 4], 2> = Channel::new();
/// Ticks of the urgent task, and how many came late.
static TICKS: AtomicU32 = AtomicU32::new(0);
static LATE: AtomicU32 = AtomicU32::new(0);
static PRESSES: AtomicU32 = AtomicU32::new(0);

#[interrupt]
unsafe fn EGU1_SWI1() {
    // SAFETY: this is the interrupt that the executor was started with.
    unsafe { URGENT.on_interrupt() }
}

/// Every millisecond, ahead of whatever the others do: toggles an LED.
#[embassy_executor::task]
async fn tick(mut led: Output<'static>) {
    let mut ticker = Ticker::every(Duration::from_millis(1));
    let mut due = Instant::now();
    loop {
        ticker.next().await;
        led.toggle();
        TICKS.fetch_add(1, Ordering::Relaxed);
        due += Duration::from_millis(1);
        if due.elapsed() > Duration::from_micros(100) {
            LATE.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[embassy_executor::task]
async fn sample(mut adc: Saadc<'static, 1>) {
    loop {
        let mut result = [0];
        adc.sample(&mut result).await;
        SAMPLES.send(result[0]).await;
    }
}

#[embassy_executor::task]
async fn say(mut tx: UarteTx<'static>) {
    loop {
        let line = LINES.receive().await;
        assert!(tx.write(&line).await.is_ok());
    }
}

#[embassy_executor::task]
async fn hear(mut rx: UarteRx<'static>) {
    let mut four = [0; 4];
    loop {
        assert!(rx.read(&mut four).await.is_ok());
        LINES.send(four).await;
    }
}

#[embassy_executor::task]
async fn watch(mut key: Input<'static>) {
    loop {
        key.wait_for_low().await;
        PRESSES.fetch_add(1, Ordering::Relaxed);
        key.wait_for_high().await;
    }
}

fn uart(
    uarte: Peri<'static, peripherals::UARTE0>,
    rxd: Peri<'static, peripherals::P0_08>,
    txd: Peri<'static, peripherals::P0_06>,
) -> (UarteTx<'static>, UarteRx<'static>) {
    let mut config = uarte::Config::default();
    config.baudrate = Baudrate::Baud9600;
    Uarte::new(uarte, rxd, txd, Irqs, config).split()
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let p = embassy_nrf::init(Default::default());
    interrupt::EGU1_SWI1.set_priority(Priority::P6);
    let urgent = URGENT.start(interrupt::EGU1_SWI1);
    let led = Output::new(p.P0_15, Level::High, OutputDrive::Standard);
    let (tx, rx) = uart(p.UARTE0, p.P0_08, p.P0_06);
    let channels = [ChannelConfig::single_ended(p.P0_03)];
    let adc = Saadc::new(p.SAADC, Irqs, saadc::Config::default(), channels);
    let key = Input::new(p.P1_12, Pull::Up);
    let (Ok(tick), Ok(sample), Ok(say), Ok(hear), Ok(watch)) =
        (tick(led), sample(adc), say(tx), hear(rx), watch(key))
    else {
        panic!();
    };
    urgent.spawn(tick);
    spawner.spawn(sample);
    spawner.spawn(say);
    spawner.spawn(hear);
    spawner.spawn(watch);

    let mut pwm = SimplePwm::new_1ch(p.PWM0, p.P0_28, &SimpleConfig::default());
    pwm.enable();
    let begin = Instant::now();
    let (mut samples, mut sum) = (0_u32, 0_u32);
    while begin.elapsed() < Duration::from_secs(1) {
        for _ in 0..16 {
            assert_eq!(SAMPLES.receive().await, PACK);
            samples += 1;
        }
        pwm.set_duty(0, DutyCycle::normal((samples % 1000) as u16));
        for number in 0..200_u32 {
            sum = sum.rotate_left(3) ^ number.wrapping_mul(samples);
        }
        Timer::after_micros(50).await;
    }
    assert!(sum != 0);
    assert!(samples > 1000);
    // A millisecond is 33 of 32768 ticks.
    assert!(TICKS.load(Ordering::Relaxed).abs_diff(993) <= 2);
    assert_eq!(LATE.load(Ordering::Relaxed), 0);
    assert_eq!(PRESSES.load(Ordering::Relaxed), 3);
    foreign::pass()
}
