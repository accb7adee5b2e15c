//! UARTE: blocking, awaited, given up, until idle, and buffered with a timer that counts bytes. Before each
//! part it sends a digit; the other end then sends `ping`, nothing, `pon`, `idle frame`, `x`, and the bytes
//! 0 to 99.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::buffered_uarte::{self, BufferedUarte};
use embassy_nrf::uarte::{Baudrate, Config, Uarte};
use embassy_nrf::{bind_interrupts, peripherals, uarte};
use embassy_time::{Duration, with_timeout};

bind_interrupts!(struct Irqs {
    UARTE0 => uarte::InterruptHandler<peripherals::UARTE0>;
    UARTE1 => buffered_uarte::InterruptHandler<peripherals::UARTE1>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut p = embassy_nrf::init(Default::default());
    let mut config = Config::default();
    config.baudrate = Baudrate::Baud9600;
    {
        let (uart, rxd, txd) = (p.UARTE0.reborrow(), p.P0_08.reborrow(), p.P0_06.reborrow());
        let mut uart = Uarte::new(uart, rxd, txd, Irqs, config.clone());
        assert!(uart.blocking_write(b"hello ").is_ok());
        assert!(uart.write(b"1").await.is_ok());
        let mut four = [0; 4];
        assert!(uart.read(&mut four).await.is_ok());
        assert_eq!(&four, b"ping");
        assert!(uart.write(b"2").await.is_ok());
        let mut many = [0; 16];
        let given_up = with_timeout(Duration::from_millis(50), uart.read(&mut many)).await;
        assert!(given_up.is_err());
        assert!(uart.write(b"3").await.is_ok());
        let mut three = [0; 3];
        assert!(uart.read(&mut three).await.is_ok());
        assert_eq!(&three, b"pon");
    }
    {
        let (uart, rxd, txd) = (p.UARTE0.reborrow(), p.P0_08.reborrow(), p.P0_06.reborrow());
        let uart = Uarte::new(uart, rxd, txd, Irqs, config.clone());
        let timer = (
            p.TIMER0.reborrow(),
            p.PPI_CH0.reborrow(),
            p.PPI_CH1.reborrow(),
        );
        let (mut tx, mut rx) = uart.split_with_idle(timer.0, timer.1, timer.2);
        let mut many = [0; 64];
        for (digit, expected) in [(b"4", &b"idle frame"[..]), (b"5", &b"x"[..])] {
            assert!(tx.write(digit).await.is_ok());
            let Ok(length) = rx.read_until_idle(&mut many).await else {
                panic!();
            };
            assert_eq!(&many[..length], expected);
        }
    }
    let (mut incoming, mut outgoing) = ([0; 32], [0; 32]);
    let mut uart = BufferedUarte::new(
        p.UARTE1,
        p.TIMER1,
        p.PPI_CH2,
        p.PPI_CH3,
        p.PPI_GROUP0,
        p.P0_08,
        p.P0_06,
        Irqs,
        config,
        &mut incoming,
        &mut outgoing,
    );
    assert!(matches!(uart.write(b"6").await, Ok(1)));
    let mut next = 0;
    while next < 100 {
        let mut some = [0; 16];
        let Ok(length) = uart.read(&mut some).await else {
            panic!();
        };
        for byte in &some[..length] {
            assert_eq!(*byte, next);
            next += 1;
        }
    }
    let mut left = &b"good bye, and thank you for all the bytes"[..];
    while !left.is_empty() {
        let Ok(length) = uart.write(left).await else {
            panic!();
        };
        left = &left[length..];
    }
    assert!(uart.flush().await.is_ok());
    foreign::pass()
}
