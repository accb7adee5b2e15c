//! POWER and WDT: the reason of each start, through a reset by software and one by the watchdog. A step
//! counter lives in a retained register, which only the former leaves as it is.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::{pac, wdt};

/// Bits of RESETREAS.
const DOG: u32 = 2;
const SREQ: u32 = 4;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_nrf::init(Default::default());
    let reasons = pac::POWER.resetreas().read();
    pac::POWER.resetreas().write_value(reasons);
    assert_eq!(pac::POWER.resetreas().read().0, 0);
    let step = pac::POWER.gpregret().read().gpregret();
    pac::POWER.gpregret().write(|w| w.set_gpregret(step + 1));
    match (reasons.0, step) {
        // The watchdog's reset clears the retained register.
        (DOG, 0) => foreign::pass(),
        (SREQ, 1) => {
            let mut config = wdt::Config::default();
            config.timeout_ticks = 32_768;
            let started = wdt::Watchdog::try_new::<_, 1>(p.WDT, config);
            assert!(started.is_ok());
            loop {
                cortex_m::asm::wfi();
            }
        }
        // A chip whose UICR is blank is reset once by the start-up code.
        (0 | SREQ, 0) => cortex_m::peripheral::SCB::sys_reset(),
        _ => panic!("a reset for no reason it should have"),
    }
}
