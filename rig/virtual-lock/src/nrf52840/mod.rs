//! The nRF52840 around the core: memory map, peripherals, and the events and tasks between them.
