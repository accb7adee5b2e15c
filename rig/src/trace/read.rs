//! A trace read back from the Value Change Dump that it was written as.

use std::collections::BTreeMap;
use std::io;

use vcd::{Command, IdCode, Parser, ScopeItem, TimescaleUnit};

use super::channel::Kind;
use super::{Channel, Contact, Key, Nanos, ResetCause, Trace, TraceError, Value};

/// A dump that holds no trace of this project's.
#[derive(Debug, thiserror::Error)]
pub enum ReadTraceError {
    /// It can't be read, or is no VCD.
    #[error("read the waveform: {0}")]
    Vcd(#[from] io::Error),
    /// It is one of another program's.
    #[error("read the waveform: {0}")]
    Foreign(String),
    /// Its events are not in order.
    #[error("read the waveform: failed to {0}")]
    Trace(#[from] TraceError),
}

/// A signal of the dump.
enum Signal {
    Step,
    Channel(Channel),
}

impl Trace {
    /// Reads what [`Trace::write_vcd`] wrote: the same steps and events.
    ///
    /// # Errors
    ///
    /// When it is no VCD, or has signals or times that no trace has.
    pub fn read_vcd(from: impl io::BufRead) -> Result<Trace, ReadTraceError> {
        let foreign = |what: String| ReadTraceError::Foreign(what);
        let mut parser = Parser::new(from);
        let header = parser.parse_header()?;
        if header.timescale != Some((1, TimescaleUnit::NS)) {
            return Err(foreign("its unit of time is not 1 ns".to_owned()));
        }
        let rig = header
            .find_scope(&["rig"])
            .ok_or_else(|| foreign("it has no module `rig`".to_owned()))?;
        let mut signals: BTreeMap<IdCode, Signal> = BTreeMap::new();
        for item in &rig.items {
            let ScopeItem::Var(var) = item else { continue };
            let signal = match var.reference.as_str() {
                "step" => Signal::Step,
                name => Signal::Channel(
                    channel(name).ok_or_else(|| foreign(format!("no lock has a `{name}`")))?,
                ),
            };
            signals.insert(var.code, signal);
        }
        let mut texts = header.items.iter().filter_map(|item| match item {
            ScopeItem::Comment(text) => Some(text.as_str()),
            _ => None,
        });
        // The first comment says what was played on what.
        texts.next();

        let mut builder = Trace::builder();
        let mut now = Nanos::ZERO;
        let mut begun = false;
        for command in parser {
            let (id, value) = match command? {
                Command::Timestamp(at) => {
                    now = Nanos(at);
                    continue;
                }
                // Initial values are the ones that every trace begins with.
                Command::End(_) => {
                    begun = true;
                    continue;
                }
                Command::ChangeScalar(id, value) => (id, u64::from(value == vcd::Value::V1)),
                Command::ChangeReal(id, value) => {
                    // Samples are whole: no bit is lost on the way back.
                    if begun && let Some(Signal::Channel(channel)) = signals.get(&id) {
                        builder.record(now, *channel, Value::Sample(value as i32))?;
                    }
                    continue;
                }
                Command::ChangeVector(id, bits) => {
                    let bit = |value: u64, bit| value << 1 | u64::from(bit == vcd::Value::V1);
                    (id, bits.iter().fold(0, bit))
                }
                _ => continue,
            };
            if !begun {
                continue;
            }
            match signals.get(&id) {
                Some(Signal::Step) => builder.begin_step(texts.next().map_or("", text), now)?,
                Some(Signal::Channel(channel)) => {
                    let value = typed(channel.kind(), value)
                        .ok_or_else(|| foreign(format!("{channel} has a value that it can't")))?;
                    builder.record(now, *channel, value)?;
                }
                None => {}
            }
        }
        Ok(builder.finish(now)?)
    }
}

/// `3  2.000000000s  wait 1s` without number and time.
fn text(comment: &str) -> &str {
    let comment = comment.trim();
    comment.splitn(3, "  ").nth(2).unwrap_or(comment)
}

fn typed(kind: Kind, value: u64) -> Option<Value> {
    match kind {
        Kind::Level => Some(Value::Level(value == 1)),
        Kind::Byte => u8::try_from(value).ok().map(Value::Byte),
        Kind::Reset => {
            let place = usize::try_from(value).ok()?.checked_sub(1)?;
            ResetCause::ALL.get(place).copied().map(Value::Reset)
        }
        Kind::Sample => None,
    }
}

/// The channel that a viewer sees under this name.
fn channel(name: &str) -> Option<Channel> {
    if let Some(key) = name.strip_prefix("key_") {
        let key: Key = key.replace('_', "/").parse().ok()?;
        return Some(Channel::Contact(Contact::Key(key)));
    }
    match name {
        "supply_mV" => Some(Channel::Supply),
        "motor_current_mA" => Some(Channel::MotorCurrent),
        other => other.replace('_', " ").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sketch::Sketch;
    use super::*;

    fn written(trace: &Trace) -> Vec<u8> {
        let mut bytes = Vec::new();
        trace.write_vcd(&mut bytes, "unlock on ten-key").unwrap();
        bytes
    }

    #[test]
    fn what_was_written_is_read_back() {
        let trace = Sketch::default()
            .sample(0, Channel::Supply, 6000)
            .step(0, "press 1/2")
            .pulse(Channel::Contact(Contact::Key(Key::Pair(1))), 0, 100)
            .pulse(Channel::Contact(Contact::Key(Key::Digit(0))), 0, 100)
            .pulse(Channel::Contact(Contact::Switch(3)), 0, 100)
            .pulse(Channel::Contact(Contact::Lock), 0, 100)
            .beep(21, 30)
            .step(100, "hold program")
            .step(100, "battery 4 x alkaline 20%")
            .pulses(Channel::KeypadRed, 150, 3, 150, 150)
            .sample(200, Channel::MotorCurrent, -812)
            .bytes(300, &[0xBD, 0x00, 0xFF])
            .reset(400, ResetCause::Watchdog)
            .step(2000, "wait 1s")
            .end(3000);
        assert_eq!(Trace::read_vcd(written(&trace).as_slice()).unwrap(), trace);
        let empty = Trace::default();
        assert_eq!(Trace::read_vcd(written(&empty).as_slice()).unwrap(), empty);
    }

    #[test]
    fn what_no_run_wrote_is_refused() {
        let right = String::from_utf8(written(
            &Sketch::default().step(0, "wait 1s").beep(21, 1).end(1000),
        ))
        .unwrap();
        let said: Vec<String> = [
            right.replace("1 ns", "1 us"),
            right.replace("module rig", "module top"),
            right.replace(" beeper ", " buzzer "),
            right.replace("#1000000000", "#10"),
            right.replace("$enddefinitions", "$end definitions"),
            "no dump".to_owned(),
        ]
        .iter()
        .map(|text| Trace::read_vcd(text.as_bytes()).unwrap_err().to_string())
        .collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
