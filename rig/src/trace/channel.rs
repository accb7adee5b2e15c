//! Names of what a trace records. Every name reads the same in scenarios, snapshots, VCD files and
//! reports, and parses back to what it came from.

use std::fmt;
use std::str::FromStr;

use super::Value;

/// A key that types digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Ten-key model: `0` to `9`.
    Digit(u8),
    /// Five-key model, by the first digit of its name: 1, 3, 5, 7 or 9 for `1/2` to `9/0`.
    Pair(u8),
}

/// A contact that the rig closes or opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contact {
    /// A digit key, `1` or `1/2`.
    Key(Key),
    /// The lock (Kwikset) button.
    Lock,
    /// The Program button.
    Program,
    /// Hub button `A`.
    Hub,
    /// `switch 1` (status LED), `switch 2` (auto-lock) or `switch 3` (audio).
    Switch(u8),
}

/// A line or quantity that a trace records. The order is the one of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A contact; closed is high.
    Contact(Contact),
    /// Motor driven in the direction called open.
    MotorOpen,
    /// Motor driven in the direction called close.
    MotorClose,
    /// Inside LED, green half.
    StatusGreen,
    /// Inside LED, red half.
    StatusRed,
    /// Outside LED, green half.
    KeypadGreen,
    /// Outside LED, red half.
    KeypadRed,
    /// Beeper line, a square wave while it sounds.
    Beeper,
    /// End switch, high while the bolt is fully retracted.
    BoltRetracted,
    /// End switch, high while the bolt is fully extended.
    BoltExtended,
    /// Voltage at the lock's battery terminals, in millivolts.
    Supply,
    /// Motor current, in milliamperes.
    MotorCurrent,
    /// High while the lock's processor has enough voltage to run.
    Power,
    /// The processor started again, and why.
    Reset,
    /// Bytes from the hub.
    HubToLock,
    /// Bytes from the lock.
    HubFromLock,
}

/// What kind of value a channel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Level,
    Sample,
    Byte,
    Reset,
}

impl Kind {
    pub(crate) const fn of(value: Value) -> Kind {
        match value {
            Value::Level(_) => Kind::Level,
            Value::Sample(_) => Kind::Sample,
            Value::Byte(_) => Kind::Byte,
            Value::Reset(_) => Kind::Reset,
        }
    }
}

/// Channels other than contacts, with their names.
const NAMED: [(Channel, &str); 15] = [
    (Channel::MotorOpen, "motor open"),
    (Channel::MotorClose, "motor close"),
    (Channel::StatusGreen, "status green"),
    (Channel::StatusRed, "status red"),
    (Channel::KeypadGreen, "keypad green"),
    (Channel::KeypadRed, "keypad red"),
    (Channel::Beeper, "beeper"),
    (Channel::BoltRetracted, "bolt retracted"),
    (Channel::BoltExtended, "bolt extended"),
    (Channel::Supply, "supply"),
    (Channel::MotorCurrent, "motor current"),
    (Channel::Power, "power"),
    (Channel::Reset, "reset"),
    (Channel::HubToLock, "hub to lock"),
    (Channel::HubFromLock, "hub from lock"),
];

impl Channel {
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Channel::Supply | Channel::MotorCurrent => Kind::Sample,
            Channel::HubToLock | Channel::HubFromLock => Kind::Byte,
            Channel::Reset => Kind::Reset,
            _ => Kind::Level,
        }
    }
}

/// A name that no key, contact or channel has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("find a {what} called `{name}`")]
pub struct UnknownName {
    what: &'static str,
    name: String,
}

impl UnknownName {
    fn new(what: &'static str, name: &str) -> UnknownName {
        UnknownName {
            what,
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Digit(digit) => write!(f, "{digit}"),
            Key::Pair(first) => write!(f, "{first}/{}", (first + 1) % 10),
        }
    }
}

impl FromStr for Key {
    type Err = UnknownName;
    fn from_str(name: &str) -> Result<Key, UnknownName> {
        match name.as_bytes() {
            [digit @ b'0'..=b'9'] => Ok(Key::Digit(digit - b'0')),
            b"1/2" | b"3/4" | b"5/6" | b"7/8" | b"9/0" => Ok(Key::Pair(name.as_bytes()[0] - b'0')),
            _ => Err(UnknownName::new("key", name)),
        }
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contact::Key(key) => key.fmt(f),
            Contact::Lock => f.write_str("lock"),
            Contact::Program => f.write_str("program"),
            Contact::Hub => f.write_str("hub"),
            Contact::Switch(number) => write!(f, "switch {number}"),
        }
    }
}

impl FromStr for Contact {
    type Err = UnknownName;
    fn from_str(name: &str) -> Result<Contact, UnknownName> {
        Ok(match name {
            "lock" => Contact::Lock,
            "program" => Contact::Program,
            "hub" => Contact::Hub,
            "switch 1" => Contact::Switch(1),
            "switch 2" => Contact::Switch(2),
            "switch 3" => Contact::Switch(3),
            _ => Contact::Key(
                name.parse()
                    .map_err(|_| UnknownName::new("contact", name))?,
            ),
        })
    }
}

/// Contacts are `contact 1/2`, `contact lock` and so on; the rest have plain names.
impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Channel::Contact(contact) = self {
            return write!(f, "contact {contact}");
        }
        match NAMED.iter().find(|(channel, _)| channel == self) {
            Some((_, name)) => f.write_str(name),
            None => Err(fmt::Error),
        }
    }
}

impl FromStr for Channel {
    type Err = UnknownName;
    fn from_str(name: &str) -> Result<Channel, UnknownName> {
        if let Some((channel, _)) = NAMED.iter().find(|(_, known)| *known == name) {
            return Ok(*channel);
        }
        name.strip_prefix("contact ")
            .and_then(|contact| contact.parse().ok())
            .map(Channel::Contact)
            .ok_or_else(|| UnknownName::new("channel", name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back() {
        let contacts = (0..10)
            .map(|digit| Contact::Key(Key::Digit(digit)))
            .chain([1, 3, 5, 7, 9].map(|first| Contact::Key(Key::Pair(first))))
            .chain([Contact::Lock, Contact::Program, Contact::Hub])
            .chain((1..=3).map(Contact::Switch));
        let channels = contacts
            .map(Channel::Contact)
            .chain(NAMED.iter().map(|(channel, _)| *channel));
        let mut count = 0;
        for channel in channels {
            assert_eq!(channel.to_string().parse(), Ok(channel));
            count += 1;
        }
        assert_eq!(count, 36);
    }

    #[test]
    fn names_that_nothing_has_are_refused() {
        for name in ["2/3", "10", "", "switch 4", "Lock"] {
            assert_eq!(
                name.parse::<Contact>().unwrap_err().to_string(),
                format!("find a contact called `{name}`")
            );
        }
        assert!("contact".parse::<Channel>().is_err());
    }
}
