//! The battery as a scenario describes it: by volts, or by its cells.

use super::fields::Reader;
use super::problem::{did_you_mean, either, suggest};
use super::values::{self, Wrong};
use super::yaml::{Kind, Node};

/// What happens to the battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Battery {
    /// The pack goes in, with the cells it last had.
    Connect,
    /// The pack comes out.
    Disconnect,
    /// The pack is, or becomes, one of this voltage and resistance, in or out.
    Pack {
        /// Without load, in millivolts.
        millivolts: u32,
        /// Inside the whole pack, in milliohms, where the scenario says.
        milliohms: Option<u32>,
    },
    /// The pack is, or becomes, one of these cells in series, in or out.
    Cells([Cell; 4]),
}

/// One cell of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// What it is made of.
    pub chemistry: Chemistry,
    /// What is left in it, in thousandths.
    pub charge: u32,
    /// What its leaking has put in series with it, in milliohms.
    pub leak: u32,
    /// Whether it is in the wrong way round.
    pub reversed: bool,
}

/// What a cell is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chemistry {
    /// The cells a lock is made for.
    Alkaline,
    /// Lithium primary cells: flat, then gone.
    Lithium,
    /// Rechargeable cells: flat, at a level that reads as nearly empty.
    Nimh,
}

const CHEMISTRIES: [(&str, Chemistry); 3] = [
    ("alkaline", Chemistry::Alkaline),
    ("lithium", Chemistry::Lithium),
    ("nimh", Chemistry::Nimh),
];

/// What cells can be made of.
pub(crate) const NAMES: [&str; 3] = ["alkaline", "lithium", "nimh"];

/// What can be done with the pack as it is.
pub(crate) const WORDS: [&str; 2] = ["connect", "disconnect"];

const CELL_HELP: &str =
    "write a cell like `alkaline 80%`, `alkaline 80% leaking 20 ohm` or `lithium 50% reversed`";

/// The value of a `battery` step, and how a snapshot names it.
pub(super) fn read(reader: &mut Reader, value: &Node, help: &str) -> Option<(Battery, String)> {
    let battery = match value.kind {
        Kind::Map(_) => described(reader, value, help)?,
        _ => reader.value(value, "`battery`", help, |text| word(text, help))?,
    };
    Some((battery, text(&battery)))
}

fn word(text: &str, help: &str) -> Result<Battery, Wrong> {
    match text {
        "connect" => Ok(Battery::Connect),
        "disconnect" => Ok(Battery::Disconnect),
        _ if text.starts_with(|c: char| c.is_ascii_digit()) => Ok(Battery::Pack {
            millivolts: values::millivolts(text)?,
            milliohms: None,
        }),
        _ => Err(Wrong {
            what: format!("a battery can't be `{text}`"),
            help: match did_you_mean(text, WORDS) {
                Some(name) => format!("did you mean `{name}`?"),
                None => help.to_owned(),
            },
        }),
    }
}

fn described(reader: &mut Reader, value: &Node, help: &str) -> Option<Battery> {
    let keys = ["volts", "resistance", "chemistry", "charge", "cells"];
    let fields = reader.fields(value, "`battery`", &keys)?;
    let used: Vec<&str> = keys
        .into_iter()
        .filter(|key| fields.get(key).is_some())
        .collect();
    match used.as_slice() {
        ["volts"] | ["volts", "resistance"] => {
            let volts = fields.need(reader, "`battery`", "volts", help)?;
            let millivolts = reader.value(volts, "`volts`", help, values::millivolts);
            let milliohms = match fields.get("resistance") {
                Some(node) => Some(reader.value(node, "`resistance`", help, values::milliohms)?),
                None => None,
            };
            Some(Battery::Pack {
                millivolts: millivolts?,
                milliohms,
            })
        }
        ["chemistry", "charge"] => {
            let chemistry = fields.need(reader, "`battery`", "chemistry", help)?;
            let index = reader.choice(chemistry, "`chemistry`", &NAMES)?;
            let charge = fields.need(reader, "`battery`", "charge", help)?;
            let charge = reader.value(charge, "`charge`", help, values::share)?;
            let cell = Cell {
                chemistry: CHEMISTRIES[index].1,
                charge,
                leak: 0,
                reversed: false,
            };
            Some(Battery::Cells([cell; 4]))
        }
        ["cells"] => {
            let node = fields.need(reader, "`battery`", "cells", help)?;
            let items = reader.items(node).iter();
            // A wrong cell must not hide the ones after it.
            let cells: Vec<Option<Cell>> = items
                .map(|item| reader.value(item, "a cell", CELL_HELP, cell))
                .collect();
            let cells: Vec<Cell> = cells.into_iter().collect::<Option<_>>()?;
            let count = cells.len();
            match <[Cell; 4]>::try_from(cells) {
                Ok(cells) => Some(Battery::Cells(cells)),
                Err(_) => reader.wrong(
                    &node.span,
                    format!("the pack has four cells, not {count}"),
                    CELL_HELP,
                ),
            }
        }
        [] if fields.has_unknown() => None,
        [] => reader.wrong(&value.span, "`battery` doesn't say what", help),
        ["resistance"] => reader.wrong(&value.span, "`battery` has no `volts`", help),
        ["chemistry"] => reader.wrong(&value.span, "`battery` has no `charge`", help),
        ["charge"] => reader.wrong(&value.span, "`battery` has no `chemistry`", help),
        _ => reader.wrong(
            &value.span,
            format!(
                "{} don't go together",
                either(used.iter().copied())
                    .to_string()
                    .replace(" or ", " and ")
            ),
            help,
        ),
    }
}

/// `alkaline 80% leaking 20 ohm reversed`.
fn cell(text: &str) -> Result<Cell, Wrong> {
    let wrong = |what: String| Wrong {
        what,
        help: CELL_HELP.into(),
    };
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let Some((_, chemistry)) = CHEMISTRIES.iter().find(|(known, _)| *known == name) else {
        return Err(Wrong {
            what: format!("no cell is `{name}`"),
            help: suggest(name, &NAMES),
        });
    };
    let charge = words
        .next()
        .ok_or_else(|| wrong(format!("`{text}` doesn't say how full the cell is")))?;
    let mut cell = Cell {
        chemistry: *chemistry,
        charge: values::share(charge)?,
        leak: 0,
        reversed: false,
    };
    while let Some(word) = words.next() {
        match word {
            "reversed" => cell.reversed = true,
            "leaking" => {
                let ohms: Vec<&str> = words.by_ref().take(2).collect();
                cell.leak = values::milliohms(&ohms.join(" "))?;
            }
            _ => return Err(wrong(format!("a cell can't be `{word}`"))),
        }
    }
    Ok(cell)
}

fn text(battery: &Battery) -> String {
    match battery {
        Battery::Connect => "battery connect".to_owned(),
        Battery::Disconnect => "battery disconnect".to_owned(),
        Battery::Pack {
            millivolts,
            milliohms,
        } => {
            let volts = format!("battery {} V", thousandths(*millivolts));
            match milliohms {
                Some(milliohms) => format!("{volts} {} ohm", thousandths(*milliohms)),
                None => volts,
            }
        }
        Battery::Cells(cells) => {
            let [first, rest @ ..] = cells;
            if rest.iter().all(|cell| cell == first) {
                return format!("battery 4 x {}", cell_text(first));
            }
            format!("battery {}", cells.each_ref().map(cell_text).join(", "))
        }
    }
}

pub(super) fn cell_text(cell: &Cell) -> String {
    let name = CHEMISTRIES
        .iter()
        .find(|(_, chemistry)| *chemistry == cell.chemistry)
        .map_or("", |(name, _)| name);
    let mut text = format!("{name} {}", cell.charge / 10);
    if !cell.charge.is_multiple_of(10) {
        text += &format!(".{}", cell.charge % 10);
    }
    text.push('%');
    if cell.leak > 0 {
        text += &format!(" leaking {} ohm", thousandths(cell.leak));
    }
    if cell.reversed {
        text += " reversed";
    }
    text
}

/// A number of thousandths without needless zeros, but one decimal: `4.6`, `6.0`, `4.525`.
pub(super) fn thousandths(value: u32) -> String {
    let mut text = format!("{}.{:03}", value / 1_000, value % 1_000);
    while text.ends_with('0') && !text.ends_with(".0") {
        text.pop();
    }
    text
}
