//! A trace as a Value Change Dump, for sigrok, PulseView, GTKWave and Surfer.
//!
//! One nanosecond is one unit. Lines are wires, `supply_mV` and `motor_current_mA` are reals, hub
//! bytes and the number of the step in play are registers, `reset` is the cause's place in
//! [`ResetCause::ALL`], from 1. Only channels that the trace mentions are declared. No date and no
//! version is written: the same trace gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::iter::Peekable;
use std::slice;

use vcd::{IdCode, SimulationCommand, TimescaleUnit, VarType, Writer};

use super::channel::Kind;
use super::{Channel, Contact, Event, Key, Nanos, ResetCause, Step, Trace, Value};

/// Width of the register that holds the step's number.
const STEP_BITS: u32 = 16;

impl Trace {
    /// Writes the trace as VCD. `comment` goes to its head.
    pub fn write_vcd(&self, to: impl io::Write, comment: &str) -> io::Result<()> {
        let mut writer = Writer::new(Vec::new());
        // What ends a comment must not stand in one.
        writer.comment(&comment.replace("$end", "$ end"))?;
        for step in &self.steps {
            let text = step.text.replace("$end", "$ end");
            writer.comment(&format!("{}  {:.9}  {text}", step.number, step.start))?;
        }
        writer.timescale(1, TimescaleUnit::NS)?;
        let stretches = self.events.chunk_by(|a, b| a.channel == b.channel);
        let channels: BTreeSet<Channel> = stretches.map(|events| events[0].channel).collect();
        writer.add_module("rig")?;
        let step = writer.add_var(VarType::Reg, STEP_BITS, "step", None)?;
        let mut ids = BTreeMap::new();
        for channel in channels {
            let (kind, width) = match channel.kind() {
                Kind::Level => (VarType::Wire, 1),
                Kind::Sample => (VarType::Real, 64),
                Kind::Byte | Kind::Reset => (VarType::Reg, 8),
            };
            let id = writer.add_var(kind, width, &reference(channel), None)?;
            ids.insert(channel, id);
        }
        writer.upscope()?;
        writer.enddefinitions()?;

        writer.timestamp(0)?;
        writer.begin(SimulationCommand::Dumpvars)?;
        vector(&mut writer, step, STEP_BITS, 0)?;
        for (channel, id) in &ids {
            let zero = match channel.kind() {
                Kind::Level => Value::Level(false),
                Kind::Sample => Value::Sample(0),
                Kind::Byte | Kind::Reset => Value::Byte(0),
            };
            change(&mut writer, *id, zero)?;
        }
        writer.end()?;

        let mut dump = Dump {
            writer,
            to,
            step,
            steps: self.steps.iter().peekable(),
            now: Nanos::ZERO,
            clock: Clock::default(),
        };
        // One edge after the other of the same channel is what a tone looks like.
        for events in self.events.chunk_by(|a, b| a.channel == b.channel) {
            if let Some(id) = ids.get(&events[0].channel) {
                dump.stretch(*id, events)?;
            }
        }
        dump.end(self.end)
    }
}

/// Bytes of a dump that are put together before they are written.
const PIECE: usize = 1 << 16;

/// The part of a dump that follows its head.
struct Dump<'t, W> {
    writer: Writer<Vec<u8>>,
    to: W,
    step: IdCode,
    /// Those that haven't begun.
    steps: Peekable<slice::Iter<'t, Step>>,
    /// The latest time that was written.
    now: Nanos,
    clock: Clock,
}

impl<W: io::Write> Dump<'_, W> {
    /// Events that follow one another on the channel of `id`.
    fn stretch(&mut self, id: IdCode, events: &[Event]) -> io::Result<()> {
        let levels = [b'0', b'1'].map(|level| Level::new(level, id));
        for event in events {
            self.begin_steps(event.at)?;
            match event.value {
                Value::Level(level) => {
                    let level = levels[usize::from(level)];
                    if event.at > self.now {
                        self.now = event.at;
                        self.clock.put(event.at, level, self.writer.writer());
                    } else {
                        self.writer.writer().extend_from_slice(level.text());
                    }
                }
                value => {
                    self.advance(event.at);
                    change(&mut self.writer, id, value)?;
                }
            }
            if self.writer.writer().len() >= PIECE {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// The steps that begin until `until`.
    fn begin_steps(&mut self, until: Nanos) -> io::Result<()> {
        while let Some(begun) = self.steps.next_if(|step| step.start <= until) {
            self.advance(begun.start);
            vector(&mut self.writer, self.step, STEP_BITS, begun.number as u64)?;
        }
        Ok(())
    }

    fn advance(&mut self, at: Nanos) {
        if at > self.now {
            self.now = at;
            self.clock.put(at, Level::NONE, self.writer.writer());
        }
    }

    fn end(mut self, at: Nanos) -> io::Result<()> {
        self.begin_steps(Nanos(u64::MAX))?;
        self.advance(at);
        self.flush()?;
        self.to.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = self.writer.writer();
        self.to.write_all(text)?;
        text.clear();
        Ok(())
    }
}

/// What a level looks like: `1!` and a line end. Times and levels are most of a dump, so that it is worth
/// writing them without a formatter, both at once.
#[derive(Clone, Copy)]
struct Level {
    bytes: [u8; 8],
    length: usize,
}

impl Level {
    const NONE: Level = Level {
        bytes: [0; 8],
        length: 0,
    };

    fn new(level: u8, id: IdCode) -> Level {
        let mut line = Level::NONE;
        // An id has two characters from the 94th signal on: there are not nearly as many.
        for byte in [level]
            .into_iter()
            .chain(id.to_string().bytes())
            .chain([b'\n'])
        {
            line.bytes[line.length] = byte;
            line.length += 1;
        }
        line
    }

    fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Writes times. Most differ from the one before in their last eight digits only.
#[derive(Default)]
struct Clock {
    /// The digits before those, as a number and, behind a `#`, as text.
    high: u64,
    text: [u8; 16],
    length: usize,
}

/// What eight digits count.
const LOW: u64 = 100_000_000;

impl Clock {
    /// Writes a time, and a level behind it.
    #[inline]
    fn put(&mut self, at: Nanos, level: Level, text: &mut Vec<u8>) {
        if at.0 < LOW {
            text.extend_from_slice(format!("#{}\n", at.0).as_bytes());
            text.extend_from_slice(level.text());
            return;
        }
        if at.0 / LOW != self.high {
            self.high = at.0 / LOW;
            let high = format!("#{}", self.high);
            self.length = high.len();
            self.text[..high.len()].copy_from_slice(high.as_bytes());
        }
        // Pieces of a fixed size are copied whole, and what is too much is cut off.
        let start = text.len();
        text.extend_from_slice(&self.text);
        text.truncate(start + self.length);
        text.extend_from_slice(&eight_digits((at.0 % LOW) as u32));
        text.push(b'\n');
        let start = text.len();
        text.extend_from_slice(&level.bytes);
        text.truncate(start + level.length);
    }
}

/// A number below 100 000 000 as text, all digits at once: halves of four, then pairs, then each in a byte
/// of its own, the first in the lowest.
const fn eight_digits(number: u32) -> [u8; 8] {
    let number = number as u64;
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    // By a reciprocal that is exact below 10 000.
    let hundreds = ((halves * 10_486) >> 20) & 0x7F_0000_007F;
    let pairs = hundreds | ((halves - 100 * hundreds) << 16);
    // The same below 100.
    let tens = ((pairs * 103) >> 10) & 0x000F_000F_000F_000F;
    let digits = tens | ((pairs - 10 * tens) << 8);
    (digits + 0x3030_3030_3030_3030).to_le_bytes()
}

fn change<W: io::Write>(writer: &mut Writer<W>, id: IdCode, value: Value) -> io::Result<()> {
    match value {
        Value::Level(level) => writer.change_scalar(id, level),
        Value::Sample(sample) => writer.change_real(id, f64::from(sample)),
        Value::Byte(byte) => vector(writer, id, 8, u64::from(byte)),
        Value::Reset(cause) => {
            let place = ResetCause::ALL.iter().position(|known| *known == cause);
            vector(writer, id, 8, place.map_or(0, |place| place as u64 + 1))
        }
    }
}

fn vector<W: io::Write>(
    writer: &mut Writer<W>,
    id: IdCode,
    width: u32,
    value: u64,
) -> io::Result<()> {
    let bits = (0..width)
        .rev()
        .map(|bit| vcd::Value::from(value >> bit & 1 == 1));
    writer.change_vector(id, bits)
}

/// A channel's name without blanks and slashes, which viewers take for separators.
fn reference(channel: Channel) -> String {
    match channel {
        Channel::Contact(Contact::Key(Key::Pair(first))) => {
            format!("key_{first}_{}", (first + 1) % 10)
        }
        Channel::Contact(Contact::Key(Key::Digit(digit))) => format!("key_{digit}"),
        Channel::Supply => "supply_mV".to_owned(),
        Channel::MotorCurrent => "motor_current_mA".to_owned(),
        other => other.to_string().replace(' ', "_"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use vcd::{Command, Parser};

    use super::super::sketch::Sketch;
    use super::*;

    fn trace() -> Trace {
        Sketch::default()
            .sample(0, Channel::Supply, 6000)
            .step(0, "press 1/2")
            .pulse(Channel::Contact(Contact::Key(Key::Pair(1))), 0, 100)
            .beep(21, 30)
            .step(100, "note $end of it")
            .pulses(Channel::KeypadRed, 150, 3, 150, 150)
            .sample(200, Channel::MotorCurrent, 812)
            .sample(200, Channel::Supply, 5200)
            .bytes(300, &[0xBD, 0x00, 0xFF])
            .reset(400, ResetCause::Watchdog)
            .step(2000, "wait 1s")
            .end(3000)
    }

    fn write(trace: &Trace) -> Vec<u8> {
        let mut bytes = Vec::new();
        trace.write_vcd(&mut bytes, "unlock on ten-key").unwrap();
        bytes
    }

    #[test]
    fn every_event_is_read_back_at_its_time() {
        let trace = trace();
        let bytes = write(&trace);
        let mut parser = Parser::new(bytes.as_slice());
        let header = parser.parse_header().unwrap();
        assert_eq!(header.timescale, Some((1, TimescaleUnit::NS)));
        let rig = header.find_scope(&["rig"]).unwrap();
        let names: BTreeMap<IdCode, String> = rig
            .items
            .iter()
            .filter_map(|item| match item {
                vcd::ScopeItem::Var(var) => Some((var.code, var.reference.clone())),
                _ => None,
            })
            .collect();
        let mut read = Vec::new();
        let (mut now, mut initial) = (0, true);
        for command in parser {
            let (id, value) = match command.unwrap() {
                Command::Timestamp(at) => {
                    now = at;
                    continue;
                }
                Command::End(_) => {
                    initial = false;
                    continue;
                }
                Command::ChangeScalar(id, value) => (id, f64::from(value == vcd::Value::V1)),
                Command::ChangeReal(id, value) => (id, value),
                Command::ChangeVector(id, bits) => {
                    let bit = |value, bit| value * 2.0 + f64::from(bit == vcd::Value::V1);
                    (id, bits.iter().fold(0.0, bit))
                }
                _ => continue,
            };
            if !initial {
                read.push((now, names[&id].clone(), value));
            }
        }
        assert_eq!(now, trace.end.0, "the dump reaches to the trace's end");
        let steps: Vec<_> = read.iter().filter(|(_, name, _)| name == "step").collect();
        let begun = [(0, 1.0), (100_000_000, 2.0), (2_000_000_000, 3.0)];
        assert!(steps.iter().map(|(at, _, value)| (*at, *value)).eq(begun));
        read.retain(|(_, name, _)| name != "step");
        let events = trace.events.iter().map(|event| {
            let value = match event.value {
                Value::Level(level) => f64::from(level),
                Value::Sample(sample) => f64::from(sample),
                Value::Byte(byte) => f64::from(byte),
                Value::Reset(cause) => {
                    assert_eq!(cause, ResetCause::Watchdog);
                    3.0
                }
            };
            (event.at.0, reference(event.channel), value)
        });
        assert_eq!(read, events.collect::<Vec<_>>());
    }

    /// Every signal's changes as the library of a waveform viewer reads them: times and values.
    #[test]
    fn a_waveform_viewer_reads_the_same() {
        let trace = trace();
        let reader = std::io::Cursor::new(write(&trace));
        let mut waveform = wellen::simple::read_from_reader(reader).unwrap();
        let signals: Vec<(String, wellen::SignalRef)> = {
            let hierarchy = waveform.hierarchy();
            let vars = hierarchy.all_vars();
            vars.map(|var| {
                let var = &hierarchy[var];
                (var.full_name(hierarchy), var.signal_ref())
            })
            .collect()
        };
        assert_eq!(signals.len(), 8);
        for (name, signal) in signals {
            waveform.load_signals(&[signal]);
            let changes = waveform.get_signal(signal).unwrap().iter_changes();
            let read: Vec<(u64, String)> = changes
                .map(|(index, value)| (waveform.time_table()[index as usize], value.to_string()))
                .collect();
            let name = name.strip_prefix("rig.").unwrap();
            let written: Vec<(u64, String)> = trace
                .events
                .iter()
                .filter(|event| reference(event.channel) == name)
                .map(|event| {
                    let value = match event.value {
                        Value::Level(level) => u8::from(level).to_string(),
                        Value::Sample(sample) => sample.to_string(),
                        Value::Byte(byte) => format!("{byte:08b}"),
                        Value::Reset(_) => format!("{:08b}", 3),
                    };
                    (event.at.0, value)
                })
                .collect();
            // The first is its initial value.
            if name == "step" {
                let begun: Vec<u64> = read[1..].iter().map(|(at, _)| *at).collect();
                assert_eq!(begun, [0, 100_000_000, 2_000_000_000]);
            } else {
                assert_eq!(read[1..], written, "{name}");
            }
        }
    }

    #[test]
    fn the_same_trace_gives_the_same_bytes_and_a_head_that_says_what_it_is() {
        let bytes = write(&trace());
        assert_eq!(bytes, write(&trace()));
        let text = String::from_utf8(bytes).unwrap();
        let head: Vec<&str> = text.lines().take_while(|line| *line != "#0").collect();
        insta::assert_snapshot!(head.join("\n"));
    }

    #[test]
    fn a_time_has_all_its_digits_and_no_more() {
        let times = [1, 99_999_999, 100_000_000, 100_000_001, 1_234_567_890_123];
        let mut text = Vec::new();
        let mut clock = Clock::default();
        for time in times.into_iter().chain([u64::MAX]) {
            clock.put(Nanos(time), Level::NONE, &mut text);
        }
        insta::assert_snapshot!(String::from_utf8(text).unwrap(), @r"
        #1
        #99999999
        #100000000
        #100000001
        #1234567890123
        #18446744073709551615
        ");
    }

    proptest! {
        #[test]
        fn a_time_is_written_as_a_formatter_would(times in proptest::collection::vec(0u64.., 1..20)) {
            let (mut text, mut clock) = (Vec::new(), Clock::default());
            let mut expected = String::new();
            for time in times.into_iter().flat_map(|time| [time, time % 1_000_000_000_000]) {
                clock.put(Nanos(time), Level::NONE, &mut text);
                expected += &format!("#{time}\n");
            }
            prop_assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }

    #[test]
    fn every_number_has_eight_digits() {
        for number in (0..LOW as u32)
            .step_by(997)
            .chain([9_999, 10_000, 99_999_999])
        {
            let digits = eight_digits(number);
            assert_eq!(digits, format!("{number:08}").as_bytes());
        }
        // Each half of four digits is worked out by itself.
        for half in 0..10_000 {
            let digits = eight_digits(half * 10_000 + 9_999 - half);
            assert_eq!(
                digits,
                format!("{:08}", half * 10_000 + 9_999 - half).as_bytes()
            );
        }
    }

    #[test]
    fn an_empty_trace_is_a_whole_file() {
        let bytes = write(&Trace::default());
        let mut parser = Parser::new(bytes.as_slice());
        parser.parse_header().unwrap();
        assert!(parser.all(|command| command.is_ok()));
    }
}
