//! The headers of Raspberry Pis: which lines each brings out, and at which pin. Sources: the
//! datasheets of the boards, and table 6-31 of "BCM2835 ARM Peripherals" for the pulls at reset.

use crate::bench::lines::{Gpio, Level};

/// Pins of the 40-pin header, by BCM number from 0.
const PINS: [u8; 28] = [
    27, 28, 3, 5, 7, 29, 31, 26, 24, 21, 19, 23, 32, 33, 8, 10, 36, 11, 12, 35, 38, 40, 15, 16, 18,
    22, 37, 13,
];

/// Lines that the 26-pin header of the first boards brings out (revision 2).
const SHORT: [u8; 17] = [2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 17, 18, 22, 23, 24, 25, 27];

/// Headers by their name in a bench file, and whether they have 26 pins only.
const HEADERS: [(&str, bool); 15] = [
    ("a", true),
    ("b", true),
    ("a+", false),
    ("b+", false),
    ("2b", false),
    ("3a+", false),
    ("3b", false),
    ("3b+", false),
    ("4b", false),
    ("400", false),
    ("5", false),
    ("500", false),
    ("zero", false),
    ("zero 2", false),
    ("rehearsal", false),
];

/// A header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    index: usize,
}

impl Header {
    /// Names of all headers.
    pub(crate) fn names() -> [&'static str; HEADERS.len()] {
        HEADERS.map(|(name, _)| name)
    }

    /// The header at this place of [`Header::names`].
    pub(crate) fn at(index: usize) -> Option<Header> {
        HEADERS.get(index).map(|_| Header { index })
    }

    /// Its name in a bench file.
    pub(crate) fn name(self) -> &'static str {
        HEADERS[self.index].0
    }

    /// Whether it is no header at all, but a lock board in software.
    pub(crate) fn is_rehearsal(self) -> bool {
        self.name() == "rehearsal"
    }

    /// For people.
    pub(crate) fn title(self) -> String {
        match self.name() {
            "rehearsal" => "rehearsal, no header".to_owned(),
            name => format!("Raspberry Pi {}", name.to_uppercase()),
        }
    }

    /// Whether a board that calls itself `board` has this header.
    pub(crate) fn is(self, board: &str) -> bool {
        let plain = |text: &str| text.to_lowercase().replace([' ', '-'], "");
        // A radio doesn't change the header; the first model B's does not have the same lines.
        let board = plain(board);
        let title = plain(&self.title());
        ["", "w", "rev2"]
            .iter()
            .any(|more| board == format!("{title}{more}"))
    }

    /// Whether it brings out a line for use.
    pub(crate) fn has(self, line: Gpio) -> bool {
        if HEADERS[self.index].1 {
            SHORT.contains(&line.0)
        } else {
            // 0 and 1 belong to the EEPROM of an add-on board.
            (2..28).contains(&line.0)
        }
    }

    /// The lines it brings out, in words.
    pub(crate) fn range(self) -> String {
        if HEADERS[self.index].1 {
            let lines: Vec<String> = SHORT.iter().map(u8::to_string).collect();
            format!("it brings out {}", lines.join(", "))
        } else {
            "it brings out 2 to 27; 0 and 1 belong to add-on boards".to_owned()
        }
    }
}

/// The pin of a line that a header brings out.
pub(crate) fn pin(line: Gpio) -> Option<u8> {
    PINS.get(usize::from(line.0)).copied()
}

/// Where the pull of a line holds it from reset until something sets it up.
pub(crate) fn at_boot(line: Gpio) -> Level {
    Level::from(line.0 <= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_pin_of_its_own_that_is_neither_power_nor_ground() {
        let mut pins: Vec<u8> = (0..28).filter_map(|n| pin(Gpio(n))).collect();
        pins.extend([1, 2, 4, 17, 6, 9, 14, 20, 25, 30, 34, 39]);
        pins.sort_unstable();
        assert_eq!(pins, (1..=40).collect::<Vec<u8>>());
    }

    #[test]
    fn boards_are_known_by_what_they_call_themselves() {
        let names = |board: &str| -> Vec<&str> {
            let all = (0..).map_while(Header::at);
            all.filter(|header| header.is(board))
                .map(Header::name)
                .collect()
        };
        for (board, name) in [
            ("Raspberry Pi B Rev 2", "b"),
            ("Raspberry Pi 3 B", "3b"),
            ("Raspberry Pi 3 B+", "3b+"),
            ("Raspberry Pi Zero W", "zero"),
            ("Raspberry Pi Zero 2 W", "zero 2"),
            ("Raspberry Pi 500", "500"),
        ] {
            assert_eq!(names(board), [name], "{board}");
        }
        assert_eq!(names("Raspberry Pi B Rev 1"), [""; 0]);
    }

    #[test]
    fn the_short_header_is_the_first_26_pins() {
        for line in 2..28 {
            let short = pin(Gpio(line)).is_some_and(|pin| pin <= 26);
            assert_eq!(SHORT.contains(&line), short, "GPIO{line}");
        }
    }
}
