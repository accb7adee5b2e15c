//! The lock's debug port: Arm debug port (DP), AHB-AP, Nordic CTRL-AP, and the wire protocol of
//! probe-rs's Glasgow driver on a local socket.

pub mod target;
