//! The hub's UART, 9600 8N1: one task takes bytes in, another sends frames, and the main loop waits
//! for neither.

use embassy_executor::Spawner;
use embassy_nrf::peripherals::{P0_06, P0_08, UARTE0};
use embassy_nrf::uarte::{Baudrate, Config, InterruptHandler, Parity, Uarte, UarteRx, UarteTx};
use embassy_nrf::{Peri, bind_interrupts, pac};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::pipe::Pipe;
use lock_logic::Frame;

use crate::CHANGE;

bind_interrupts!(struct Irqs {
    UARTE0 => InterruptHandler<UARTE0>;
});

/// The receive line's number on port 0.
const RXD: usize = 8;
/// Bytes taken at a time.
pub(crate) const CHUNK: usize = 32;

static RECEIVED: Pipe<CriticalSectionRawMutex, { 2 * CHUNK }> = Pipe::new();
static FRAMES: Channel<CriticalSectionRawMutex, Frame, 8> = Channel::new();

/// Starts both tasks.
pub(crate) fn start(
    spawner: Spawner,
    uarte: Peri<'static, UARTE0>,
    rxd: Peri<'static, P0_08>,
    txd: Peri<'static, P0_06>,
) {
    let mut config = Config::default();
    config.baudrate = Baudrate::Baud9600;
    config.parity = Parity::Excluded;
    let (tx, rx) = Uarte::new(uarte, rxd, txd, Irqs, config).split();
    // Without a hub card nothing drives the line.
    pac::P0
        .pin_cnf(RXD)
        .modify(|w| w.set_pull(pac::gpio::vals::Pull::Pullup));
    match (receive(rx), transmit(tx)) {
        (Ok(receive), Ok(transmit)) => {
            spawner.spawn(receive);
            spawner.spawn(transmit);
        }
        _ => defmt::error!("no task left for the hub"),
    }
}

/// Takes what has come in, and says how much that is.
pub(crate) fn take(bytes: &mut [u8; CHUNK]) -> usize {
    RECEIVED.try_read(bytes).unwrap_or(0)
}

/// Sends a frame after those before it. One that finds no room is lost; the hub asks again.
pub(crate) fn send(frame: Frame) {
    if FRAMES.try_send(frame).is_err() {
        defmt::warn!("a frame to the hub is lost");
    }
}

#[embassy_executor::task]
async fn receive(mut rx: UarteRx<'static>) {
    let mut byte = [0];
    loop {
        let taken = match rx.read(&mut byte).await {
            Ok(()) => RECEIVED.try_write(&byte).is_ok(),
            Err(_) => false,
        };
        if !taken {
            defmt::warn!("a byte from the hub is lost");
        }
        CHANGE.signal(());
    }
}

#[embassy_executor::task]
async fn transmit(mut tx: UarteTx<'static>) {
    loop {
        let frame = FRAMES.receive().await;
        if tx.write(frame.bytes()).await.is_err() {
            defmt::warn!("a frame to the hub is lost");
        }
    }
}
