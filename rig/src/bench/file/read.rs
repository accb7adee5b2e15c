//! From the text of a bench file to a checked bench.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::bench::lines::LAG;
use crate::bench::probe::CHIP;
use crate::bench::supply::{COMMANDS, DIALECTS, DacSettings, Dialect, Ends, Limits, ScpiSettings};
use crate::lock::LockModel;
use crate::scenario::fields::{Fields, Reader};
use crate::scenario::problem;
use crate::scenario::problem::{Problem, ScenarioError};
use crate::scenario::values::{self, Wrong};
use crate::scenario::yaml::{self, Kind, Node};
use crate::trace::Nanos;

use super::wires::{self, Uses};
use super::{BenchFile, Header, MonitorSettings, ProbeSettings, Source, Switch, WhichProbe, check};

pub(crate) const KEYS: [&str; 17] = [
    "title",
    "lock",
    "profile",
    "pi",
    "state",
    "image",
    "contacts",
    "signals",
    "supply",
    "enable",
    "monitor",
    "hub",
    "probe",
    "tolerance",
    "lag",
    "limits",
    "loopback",
];

/// Reads and checks the bench in `source`, which comes from `path`. The error has every mistake.
pub(crate) fn parse(source: &str, path: &Path) -> Result<BenchFile, ScenarioError> {
    let refuse = |problems: Vec<Problem>| ScenarioError {
        path: path.to_owned(),
        source_text: source.to_owned(),
        problems,
    };
    let node = yaml::parse(source).map_err(|problem| refuse(vec![problem]))?;
    let mut reader = Reader::default();
    match file(&mut reader, &node, path) {
        Some(bench) if reader.problems.is_empty() => Ok(bench),
        _ => Err(refuse(reader.problems)),
    }
}

fn file(reader: &mut Reader, node: &Node, path: &Path) -> Option<BenchFile> {
    if node.kind == Kind::Nothing {
        return reader.wrong(
            &node.span,
            "the file is empty",
            "a bench has `title`, `lock`, `pi`, `contacts`, `signals`, `supply` and `limits`",
        );
    }
    let fields = reader.fields(node, "a bench", &KEYS)?;
    let title_help = "say what this bench is, in one sentence";
    let title = fields
        .need(reader, "a bench", "title", title_help)
        .and_then(|node| reader.text(node, "`title`", title_help))
        .map(str::to_owned);
    let lock = need_choice(reader, &fields, "lock", &LockModel::NAMES)
        .and_then(|index| LockModel::named(LockModel::NAMES[index]));
    let header = need_choice(reader, &fields, "pi", &Header::names()).and_then(Header::at);
    let profile = optional_text(
        reader,
        &fields,
        "profile",
        "name the folder of its snapshots",
    );
    let state = optional_text(
        reader,
        &fields,
        "state",
        "name the file that lines are kept in",
    );
    let image = optional_text(reader, &fields, "image", "name a firmware image");
    let mut uses = Uses::new();
    // Which contacts there are to wire depends on the lock.
    let contacts = match lock {
        Some(lock) => wires::contacts(reader, &fields, lock, &mut uses),
        None => BTreeMap::new(),
    };
    let signals = wires::signals(reader, &fields, lock, &mut uses);
    let loopback = wires::loopback(reader, &fields, &mut uses);
    let enable: Option<Switch> = fields
        .get("enable")
        .and_then(|node| wires::switch(reader, node, "`enable`", &mut uses));
    let limits = limits(reader, &fields);
    let supply = supply(reader, &fields);
    let monitor = fields.get("monitor").and_then(|node| monitor(reader, node));
    let hub = optional_text(
        reader,
        &fields,
        "hub",
        "name its serial port: `/dev/ttyUSB0`",
    );
    let probe = fields.get("probe").and_then(|node| probe(reader, node));
    let tolerance = fields
        .get("tolerance")
        .and_then(|node| reader.value(node, "`tolerance`", "write `5ms + 2%`", values::tolerance));
    let lag = match fields.get("lag") {
        None => Some(LAG),
        Some(node) => reader.value(node, "`lag`", "write `4ms`", values::duration),
    };
    let (limits, deadline) = limits?;
    let beside = |file: String| path.parent().unwrap_or(Path::new("")).join(file);
    let mut bench = BenchFile {
        path: path.to_owned(),
        title: title?,
        lock: lock?,
        profile,
        header: header?,
        // Beside the bench file, wherever the command runs.
        state: state.map(beside),
        image: image.map(beside),
        contacts,
        signals,
        supply: supply?,
        enable,
        monitor,
        hub,
        probe,
        tolerance,
        lag: lag?,
        limits,
        deadline,
        loopback,
        cautions: Vec::new(),
    };
    check::across(reader, &fields, &mut bench, &uses);
    Some(bench)
}

fn need_choice(
    reader: &mut Reader,
    fields: &Fields<'_>,
    key: &str,
    known: &[&str],
) -> Option<usize> {
    let help = format!("it is one of {}", problem::either(known.iter().copied()));
    let node = fields.need(reader, "a bench", key, &help)?;
    reader.choice(node, &format!("`{key}`"), known)
}

fn optional_text(
    reader: &mut Reader,
    fields: &Fields<'_>,
    key: &str,
    help: &str,
) -> Option<String> {
    let node = fields.get(key)?;
    reader
        .text(node, &format!("`{key}`"), help)
        .map(str::to_owned)
}

fn milliamperes(text: &str) -> Result<u32, Wrong> {
    let help = "write a current like `2 A` or `800 mA`";
    values::quantity(text, &[("mA", 1), ("A", 1_000)], "current", help)
}

/// A number from `least` to `most`, decimal or with `0x`.
fn number(least: u8, most: u8) -> impl Fn(&str) -> Result<u8, Wrong> {
    move |text| {
        let value = match text.strip_prefix("0x") {
            Some(digits) => u8::from_str_radix(digits, 16),
            None => text.parse(),
        };
        match value {
            Ok(value) if (least..=most).contains(&value) => Ok(value),
            _ if least >= 0x10 => Err(Wrong::new(
                format!("`{text}` is not an address of this chip"),
                format!("it has {least:#04x} to {most:#04x}"),
            )),
            _ => Err(Wrong::new(
                format!("`{text}` is not a number from {least} to {most}"),
                format!("write a number from {least} to {most}"),
            )),
        }
    }
}

fn limits(reader: &mut Reader, fields: &Fields<'_>) -> Option<(Limits, Nanos)> {
    let help = "write `limits: { volts: 6.6 V, amperes: 2 A, run: 10min }`";
    let node = fields.need(reader, "a bench", "limits", help)?;
    let fields = reader.fields(node, "`limits`", &["volts", "amperes", "run", "tolerance"])?;
    let volts = fields
        .need(reader, "`limits`", "volts", help)
        .and_then(|node| reader.value(node, "`volts`", help, values::millivolts));
    let amperes = fields
        .need(reader, "`limits`", "amperes", help)
        .and_then(|node| reader.value(node, "`amperes`", help, milliamperes));
    let run = fields
        .need(reader, "`limits`", "run", help)
        .and_then(|node| reader.value(node, "`run`", help, values::duration));
    let tolerance = match fields.get("tolerance") {
        None => Some(100),
        Some(node) => reader.value(node, "`tolerance`", "write `0.1 V`", values::millivolts),
    };
    let limits = Limits {
        millivolts: volts?,
        milliamperes: amperes?,
        tolerance_millivolts: tolerance?,
    };
    Some((limits, run?))
}

pub(crate) const KINDS: [&str; 3] = ["scpi", "dac", "fixed"];

fn supply(reader: &mut Reader, fields: &Fields<'_>) -> Option<Source> {
    let help = "write `supply:` and below it `kind: scpi`, `dac` or `fixed`";
    let node = fields.need(reader, "a bench", "supply", help)?;
    let known = [
        "kind",
        "port",
        "baud",
        "ends",
        "dialect",
        "channel",
        "timeout",
        "commands",
        "bus",
        "address",
        "full-scale",
        "volts",
    ];
    let all = reader.fields(node, "`supply`", &known)?;
    let kind = all.need(reader, "`supply`", "kind", help)?;
    let index = reader.choice(kind, "`kind`", &KINDS)?;
    // What belongs to another kind is a mistake, not something to ignore.
    let own: &[&str] = match index {
        0 => &[
            "port", "baud", "ends", "dialect", "channel", "timeout", "commands",
        ],
        1 => &["bus", "address", "full-scale"],
        _ => &["volts"],
    };
    for (word, _) in all.entries() {
        let name = word.text.as_str();
        if known.contains(&name) && name != "kind" && !own.contains(&name) {
            reader.wrong::<()>(
                &word.span,
                format!("a supply of kind `{}` has no `{name}`", KINDS[index]),
                format!("it has {}", problem::either(own.iter().copied())),
            );
        }
    }
    match index {
        0 => scpi(reader, &all).map(Source::Scpi),
        1 => dac(reader, &all).map(Source::Dac),
        _ => {
            let help = "write the voltage it has: `volts: 6.0 V`";
            let node = all.need(reader, "`supply`", "volts", help)?;
            reader
                .value(node, "`volts`", help, values::millivolts)
                .map(Source::Fixed)
        }
    }
}

fn scpi(reader: &mut Reader, fields: &Fields<'_>) -> Option<ScpiSettings> {
    let help = "name its serial port: `/dev/serial/by-id/...`";
    let port = fields
        .need(reader, "`supply`", "port", help)
        .and_then(|node| reader.text(node, "`port`", help))
        .map(str::to_owned);
    let dialect = match fields.get("dialect") {
        None => Some("scpi"),
        Some(node) => reader
            .choice(node, "`dialect`", &DIALECTS)
            .map(|index| DIALECTS[index]),
    };
    let mut dialect = dialect.and_then(Dialect::named)?;
    let baud = match fields.get("baud") {
        None => Some(dialect.baud),
        Some(node) => reader.value(
            node,
            "`baud`",
            "write a speed like `9600`",
            |text| match text.parse::<u32>() {
                Ok(baud) if (300..=4_000_000).contains(&baud) => Ok(baud),
                _ => Err(Wrong::new(
                    format!("`{text}` is not a speed"),
                    "write a speed like `9600`",
                )),
            },
        ),
    };
    let channel = match fields.get("channel") {
        None => Some(1),
        Some(node) => reader.value(node, "`channel`", "write `1`", number(1, 9)),
    };
    let patience = match fields.get("timeout") {
        None => Some(Nanos::from_secs(1)),
        Some(node) => reader.value(node, "`timeout`", "write `1s`", values::duration),
    };
    if let Some(node) = fields.get("ends")
        && let Some(index) = reader.choice(node, "`ends`", &["lf", "crlf", "nothing"])
    {
        dialect.ends = [Ends::Lf, Ends::CrLf, Ends::Nothing][index];
    }
    if let Some(node) = fields.get("commands") {
        commands(reader, node, &mut dialect);
    }
    Some(ScpiSettings {
        port: port?,
        baud: baud?,
        dialect: Box::new(dialect),
        channel: channel?,
        patience: Duration::from(patience?),
    })
}

/// Commands that a file replaces. A command that sets something has its placeholder.
fn commands(reader: &mut Reader, node: &Node, dialect: &mut Dialect) {
    let Some(fields) = reader.fields(node, "`commands`", &COMMANDS) else {
        return;
    };
    for (word, value) in fields.entries() {
        let name = word.text.as_str();
        let Some(command) = value.text() else {
            reader.wrong::<()>(
                &value.span,
                format!("`{name}` wants a command"),
                "write it as text",
            );
            continue;
        };
        let placeholder = match name {
            "volts" => "{volts}",
            "amps" => "{amps}",
            _ => "",
        };
        if !command.contains(placeholder) {
            reader.wrong::<()>(
                &value.span,
                format!("`{name}` has no `{placeholder}`"),
                format!("write `{placeholder}` where the number goes"),
            );
        }
        let needed = !matches!(name, "begin" | "cut-off" | "tripped" | "rearm" | "error");
        if needed && command.trim().is_empty() {
            reader.wrong::<()>(
                &value.span,
                format!("`{name}` is empty"),
                "this one is needed",
            );
        }
        dialect.replace(name, command);
    }
}

fn dac(reader: &mut Reader, fields: &Fields<'_>) -> Option<DacSettings> {
    let bus = bus(reader, fields);
    let address = match fields.get("address") {
        None => Some(0x60),
        Some(node) => reader.value(node, "`address`", "write `0x60`", number(0x60, 0x67)),
    };
    let help = "write what the amplifier delivers at the largest code: `full-scale: 8.2 V`";
    let full_scale = fields
        .need(reader, "`supply`", "full-scale", help)
        .and_then(|node| reader.value(node, "`full-scale`", help, values::millivolts));
    Some(DacSettings {
        bus: bus?,
        address: address?,
        full_scale: full_scale?,
    })
}

fn bus(reader: &mut Reader, fields: &Fields<'_>) -> Option<u8> {
    match fields.get("bus") {
        None => Some(1),
        Some(node) => reader.value(node, "`bus`", "write `1`", number(0, 9)),
    }
}

fn monitor(reader: &mut Reader, node: &Node) -> Option<MonitorSettings> {
    let fields = reader.fields(node, "`monitor`", &["bus", "address", "shunt"])?;
    let bus = bus(reader, &fields);
    let address = match fields.get("address") {
        None => Some(0x40),
        Some(node) => reader.value(node, "`address`", "write `0x40`", number(0x40, 0x4F)),
    };
    let shunt = match fields.get("shunt") {
        None => Some(100),
        Some(node) => {
            reader.value(
                node,
                "`shunt`",
                "write `0.1 ohm`",
                |text| match values::milliohms(text) {
                    Ok(0) => Err(Wrong::new("a shunt has a resistance", "write `0.1 ohm`")),
                    other => other,
                },
            )
        }
    };
    Some(MonitorSettings {
        bus: bus?,
        address: address?,
        shunt_milliohms: shunt?,
    })
}

fn probe(reader: &mut Reader, node: &Node) -> Option<ProbeSettings> {
    let fields = reader.fields(node, "`probe`", &["chip", "selector", "usb"])?;
    let chip = match fields.get("chip") {
        None => Some(CHIP.to_owned()),
        Some(node) => reader
            .choice(node, "`chip`", &[CHIP])
            .map(|_| CHIP.to_owned()),
    };
    let which_help = "write `selector: 1366:1015` or `usb: 1-1.3`";
    let which = match (fields.get("selector"), fields.get("usb")) {
        (Some(node), None) => reader
            .value(node, "`selector`", which_help, selector)
            .map(WhichProbe::Selector),
        (None, Some(node)) => reader
            .value(node, "`usb`", which_help, location)
            .map(WhichProbe::Usb),
        (Some(_), Some(node)) => reader.wrong(
            &node.span,
            "a probe is named by `selector` or by `usb`, not by both",
            "leave one of them out",
        ),
        (None, None) => reader.wrong(&node.span, "`probe` doesn't say which", which_help),
    };
    Some(ProbeSettings {
        chip: chip?,
        which: which?,
    })
}

/// `VID:PID` or `VID:PID:SERIAL`, as probe-rs writes it.
fn selector(text: &str) -> Result<String, Wrong> {
    match text.parse::<probe_rs::probe::DebugProbeSelector>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(Wrong::new(
            format!("`{text}` is not a probe's selector"),
            "write `VID:PID` or `VID:PID:SERIAL`, in hex, as `probe-rs list` shows it",
        )),
    }
}

/// `1-1.3`: bus, then ports.
fn location(text: &str) -> Result<String, Wrong> {
    let numbers = |text: &str| {
        text.split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match text.split_once('-') {
        Some((bus, ports)) if !bus.contains('.') && numbers(bus) && numbers(ports) => {
            Ok(text.to_owned())
        }
        _ => Err(Wrong::new(
            format!("`{text}` is not a USB location"),
            "write it as the names in /sys/bus/usb/devices: `1-1.3`",
        )),
    }
}
