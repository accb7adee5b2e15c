//! The names of what can be touched and seen on the board.

/// A contact that the rig can close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contact {
    /// Key of the ten-key pad, `0..=9`.
    Digit(u8),
    /// Key of the five-key pad, by its lower digit but for `9/0`: 1, 3, 5, 7 or 9.
    Pair(u8),
    /// The lock (Kwikset) button.
    Lock,
    /// The Program button.
    Program,
    /// Hub button `A`.
    Hub,
    /// Switches 1 (status LED), 2 (auto-lock) and 3 (audio); closed is on.
    Switch(u8),
}

/// A line that the rig can watch. Levels are logical: `true` is lit, driven or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// H-bridge input that retracts or extends, whichever way the door is handed.
    MotorOpen,
    /// The H-bridge's other input.
    MotorClose,
    /// Inside LED.
    StatusGreen,
    /// Inside LED.
    StatusRed,
    /// Outside LED.
    KeypadGreen,
    /// Outside LED.
    KeypadRed,
    /// Square wave while it sounds.
    Beeper,
    /// End switch, closed while the bolt is fully retracted.
    BoltRetracted,
    /// End switch, closed while the bolt is fully extended.
    BoltExtended,
}
