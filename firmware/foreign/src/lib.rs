//! How a foreign program says what came of it: the inside LED goes green, or red with the line that
//! failed in the retained registers.
#![no_std]

use core::panic::PanicInfo;

use embassy_nrf::pac;
use embassy_nrf::pac::gpio::vals::Dir;

/// Active-low LEDs of the development kit, and of the lock's inside.
const RED: usize = 13;
const GREEN: usize = 14;

/// Everything was as it should be.
pub fn pass() -> ! {
    light(GREEN);
    loop {
        cortex_m::asm::wfe();
    }
}

fn light(pin: usize) {
    pac::P0.outclr().write(|w| w.0 = 1 << pin);
    pac::P0.pin_cnf(pin).write(|w| w.set_dir(Dir::Output));
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let line = info.location().map_or(0, |location| location.line());
    let [low, high, ..] = line.to_le_bytes();
    pac::POWER.gpregret().write(|w| w.set_gpregret(low));
    pac::POWER.gpregret2().write(|w| w.set_gpregret(high));
    light(RED);
    loop {
        cortex_m::asm::wfe();
    }
}
