//! `rig power`: the lock's supply by hand, with an eye on what the lock does.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;

use super::interrupt::{self, INTERRUPTED};
use super::run::time;
use super::{Exit, Expected};
use crate::bench::file::BenchFile;
use crate::bench::pi::PiBench;
use crate::bench::{Bench, BenchError, Supply};
use crate::scenario::millivolts;
use crate::trace::{Channel, Event, Nanos, Value};

/// Feed the lock on a bench until Ctrl-C, and tell what it does; or leave all of it off
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rig power bench.yaml                        6 V until Ctrl-C
  rig power bench.yaml --volts 4.6V --for 10s
  rig power bench.yaml --off                  supply off, every contact open")]
pub(crate) struct Power {
    /// Bench file
    #[arg(value_name = "BENCH")]
    bench: PathBuf,
    /// Voltage of the pack
    #[arg(long, value_name = "VOLTS", default_value = "6V", value_parser = volts)]
    volts: u32,
    /// How long; until Ctrl-C if not said
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    long: Option<Duration>,
    /// Switch off and open every contact, whatever was on
    #[arg(long, conflicts_with_all = ["volts", "long"])]
    off: bool,
}

/// How often it is looked whether to stop.
const LOOK: Nanos = Nanos::from_millis(100);

/// A sample that changed by less than this, in mV or mA, is not told.
const STEP: i32 = 50;

/// Edges of the beeper that are closer than this are one sound.
const SILENCE: Nanos = Nanos::from_millis(20);

impl Power {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let file = BenchFile::load(&self.bench)?;
        let delivers = file.deliverable();
        if !self.off && !delivers.contains(&self.volts) {
            return Err(Expected::Volts {
                path: self.bench,
                asked: self.volts,
                delivers,
            });
        }
        let title = file.title().to_owned();
        let fail = |error| Expected::OpenBench {
            path: self.bench.clone(),
            error,
        };
        interrupt::listen()?;
        // Opening it makes it safe.
        let mut bench = PiBench::open(file).map_err(fail)?;
        say(&format!("bench: {title}"))?;
        if self.off {
            bench.make_safe().map_err(fail)?;
            say(SAFE)?;
            return Ok(Exit::Pass);
        }
        let told = self.feed(&mut bench);
        let safe = bench.make_safe();
        let stopped = told.map_err(|error| match error {
            Stopped::Bench(error) => fail(error),
            Stopped::Print(error) => Expected::Print(error),
        });
        safe.map_err(fail)?;
        let exit = stopped?;
        say(SAFE)?;
        Ok(exit)
    }

    fn feed(&self, bench: &mut PiBench) -> Result<Exit, Stopped> {
        bench.supply(Supply {
            millivolts: self.volts,
            milliohms: None,
        })?;
        let mut out = std::io::stdout();
        let until = if self.long.is_some() {
            ""
        } else {
            "; Ctrl-C ends it"
        };
        writeln!(
            out,
            "the pack is in: {}.{:03} V{until}",
            self.volts / 1_000,
            self.volts % 1_000
        )?;
        let begin = bench.now();
        let end = self.long.map(|long| begin + Nanos::from(long));
        let mut watch = Watch::default();
        loop {
            let now = bench.now();
            if INTERRUPTED.load(Ordering::Relaxed) {
                return Ok(Exit::Interrupted);
            }
            let next = match end {
                Some(end) if now >= end => return Ok(Exit::Pass),
                Some(end) => end.min(now + LOOK),
                None => now + LOOK,
            };
            for event in bench.run_until(next)?.events {
                if let Some(what) = watch.worth(event) {
                    writeln!(out, "{:>10.3}  {what}", event.at.since(begin))?;
                }
            }
        }
    }
}

/// What everything is left at.
const SAFE: &str = "safe: supply off, every contact open";

fn say(text: &str) -> Result<(), Expected> {
    writeln!(std::io::stdout(), "{text}").map_err(Expected::Print)
}

/// Why feeding ended before its time.
enum Stopped {
    Bench(BenchError),
    Print(std::io::Error),
}

impl From<BenchError> for Stopped {
    fn from(error: BenchError) -> Stopped {
        Stopped::Bench(error)
    }
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Stopped {
        Stopped::Print(error)
    }
}

/// Leaves out what would only fill the screen.
#[derive(Default)]
struct Watch {
    samples: BTreeMap<Channel, i32>,
    beeped: Option<Nanos>,
}

impl Watch {
    /// What is to say about an event.
    fn worth(&mut self, event: Event) -> Option<String> {
        let channel = event.channel;
        match event.value {
            Value::Level(_) if channel == Channel::Beeper => {
                let before = self.beeped.replace(event.at);
                let new = before.is_none_or(|before| event.at.since(before) > SILENCE);
                new.then(|| "beeper sounds".to_owned())
            }
            Value::Level(level) => Some(format!("{channel} {}", if level { "on" } else { "off" })),
            Value::Sample(sample) => {
                let before = self.samples.get(&channel).copied();
                if before.is_some_and(|before| before.abs_diff(sample) < STEP.unsigned_abs()) {
                    return None;
                }
                self.samples.insert(channel, sample);
                let unit = if channel == Channel::Supply {
                    "mV"
                } else {
                    "mA"
                };
                Some(format!("{channel} {sample} {unit}"))
            }
            Value::Byte(byte) => Some(format!("{channel} {byte:02X}")),
            Value::Reset(cause) => Some(format!("start: {}", cause.name())),
        }
    }
}

/// A voltage on the command line, with its unit.
fn volts(text: &str) -> Result<u32, String> {
    millivolts(text).map_err(|wrong| format!("{}; {}", wrong.what, wrong.help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::ResetCause;

    #[test]
    fn what_only_fills_the_screen_is_left_out() {
        let mut watch = Watch::default();
        let told: Vec<String> = [
            (0, Channel::Supply, Value::Sample(5980)),
            (1, Channel::Supply, Value::Sample(6010)),
            (2, Channel::Reset, Value::Reset(ResetCause::PowerOn)),
            (3, Channel::StatusGreen, Value::Level(true)),
            (4, Channel::Beeper, Value::Level(true)),
            (5, Channel::Beeper, Value::Level(false)),
            (400, Channel::Beeper, Value::Level(true)),
            (401, Channel::Supply, Value::Sample(5200)),
            (402, Channel::MotorCurrent, Value::Sample(812)),
            (403, Channel::HubFromLock, Value::Byte(0xBD)),
        ]
        .into_iter()
        .filter_map(|(at, channel, value)| {
            let at = Nanos::from_millis(at);
            watch.worth(Event { at, channel, value })
        })
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        supply 5980 mV
        start: power-on
        status green on
        beeper sounds
        beeper sounds
        supply 5200 mV
        motor current 812 mA
        hub from lock BD
        ");
    }

    #[test]
    fn volts_have_a_unit() {
        assert_eq!(volts("4.6V"), Ok(4_600));
        assert_eq!(volts("6V"), Ok(crate::scenario::NOMINAL_PACK));
        assert!(volts("4.6").unwrap_err().contains("has no unit"));
    }
}
