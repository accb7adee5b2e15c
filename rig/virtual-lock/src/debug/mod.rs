//! The lock's debug port: SWD line, Arm debug port (DP), AHB-AP, Nordic CTRL-AP, and the wire
//! protocol of probe-rs's Glasgow driver on a local socket, so that unmodified debug tools attach.
//! Bytes from a client get a defined answer or close its connection with a logged reason.

mod ahb_ap;
mod client;
pub mod cmsis_dap;
mod ctrl_ap;
mod dp;
mod frame;
mod glasgow;
mod line;
pub mod local;
mod rom_table;
pub mod server;
pub mod target;
mod wire;

#[cfg(test)]
mod fake;
