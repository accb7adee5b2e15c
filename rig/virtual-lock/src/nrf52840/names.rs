//! What is where on the chip's peripheral bus, for messages: an access that is not modelled names its
//! peripheral and register.

use super::gpio;

/// The peripheral with this id (bits 12 to 17 of the address), modelled or not.
pub(crate) fn peripheral(id: u32) -> &'static str {
    match id {
        0x00 => "CLOCK/POWER",
        0x01 => "RADIO",
        0x02 => "UARTE0",
        0x03 => "SPI0/TWI0",
        0x04 => "SPI1/TWI1",
        0x05 => "NFCT",
        0x06 => "GPIOTE",
        0x07 => "SAADC",
        0x08 => "TIMER0",
        0x09 => "TIMER1",
        0x0A => "TIMER2",
        0x0B => "RTC0",
        0x0C => "TEMP",
        0x0D => "RNG",
        0x0E => "ECB",
        0x0F => "CCM/AAR",
        0x10 => "WDT",
        0x11 => "RTC1",
        0x12 => "QDEC",
        0x13 => "COMP/LPCOMP",
        0x14 => "EGU0",
        0x15 => "EGU1",
        0x16 => "EGU2",
        0x17 => "EGU3",
        0x18 => "EGU4",
        0x19 => "EGU5",
        0x1A => "TIMER3",
        0x1B => "TIMER4",
        0x1C => "PWM0",
        0x1D => "PDM",
        0x1E => "NVMC/ACL",
        0x1F => "PPI",
        0x20 => "MWU",
        0x21 => "PWM1",
        0x22 => "PWM2",
        0x23 => "SPI2",
        0x24 => "RTC2",
        0x25 => "I2S",
        0x26 => "FPU",
        0x27 => "USBD",
        0x28 => "UARTE1",
        0x29 => "QSPI",
        0x2D => "PWM3",
        0x2F => "SPIM3",
        _ => "reserved peripheral",
    }
}

/// The register at `offset` of peripheral `id`, by name where the register is common to all.
pub(crate) fn register(id: u32, offset: u32) -> String {
    let name = peripheral(id);
    match (id, offset) {
        (0x00, 0x010) => format!("{name}.TASKS_CAL"),
        (0x00, 0x014) => format!("{name}.TASKS_CTSTART"),
        (0x00, 0x00C) => format!("{name}.TASKS_LFCLKSTOP"),
        (0x00, 0x500) => format!("{name}.SYSTEMOFF"),
        (0x00, 0x558) => format!("{name}.APPROTECT_DISABLE"),
        (_, 0x000..0x100) => format!("{name} task {offset:#05x}"),
        (_, 0x100..0x180) => format!("{name} event {offset:#05x}"),
        (_, 0x200) => format!("{name}.SHORTS"),
        (_, 0x300) => format!("{name}.INTEN"),
        (_, 0x304) => format!("{name}.INTENSET"),
        (_, 0x308) => format!("{name}.INTENCLR"),
        (_, 0x500) => format!("{name}.ENABLE"),
        _ => format!("{name} register {offset:#05x}"),
    }
}

/// A register of the ports, `offset` bytes from 0x5000_0000; one that no port has goes by that.
pub(crate) fn port_register(offset: u32) -> String {
    let unknown = || format!("GPIO register {offset:#05x}");
    let Ok((port, register)) = gpio::split(offset) else {
        return unknown();
    };
    let name = match register {
        0x504 => "OUT",
        0x508 => "OUTSET",
        0x50C => "OUTCLR",
        0x510 => "IN",
        0x514 => "DIR",
        0x518 => "DIRSET",
        0x51C => "DIRCLR",
        0x520 => "LATCH",
        0x524 => "DETECTMODE",
        0x700..0x780 => return format!("P{port}.PIN_CNF[{}]", (register - 0x700) / 4),
        _ => return unknown(),
    };
    format!("P{port}.{name}")
}
