//! `rig record`: what a person does to a lock becomes a scenario.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::Args;

use super::images::Firmware;
use super::interrupt::{self, INTERRUPTED};
use super::patient::ready;
use super::run::{VIRTUAL, time};
use super::{Exit, Expected, complain, shown, unused};
use crate::bench::file::BenchFile;
use crate::bench::pi::PiBench;
use crate::bench::{Bench, Supply};
use crate::lock::{Door, LockModel};
use crate::play::{Limits, PlayError, Sitting, play, safely};
use crate::record::{Desk, Typed, WORDS, scenario, steps};
use crate::scenario::{Given, NOMINAL_PACK, parse};
use crate::trace::{Channel, Nanos};

/// How far a recording runs between two looks at Ctrl-C.
const SLICE: Nanos = Nanos::from_millis(200);

/// How long a real lock has to wake before the recording begins.
const WAKE: Nanos = Nanos::from_secs(3);

/// Nobody sits at a lock for longer.
const DEADLINE: Duration = Duration::from_secs(12 * 3600);

/// Make a scenario of what a person does to a lock
#[derive(Debug, Args)]
#[command(
    after_help = "At a virtual lock every line typed is done to it: `help` there says what there is. From a terminal \
time passes as on the wall, otherwise only by `wait` and `settle`.
On a bench the lock's own keypad and buttons are watched, by the lines that its file has as signals `contact 1`, \
`contact lock` and so on, until Ctrl-C or for as long as --for says.

Exit codes: 0 recorded, 1 played back it came out otherwise, 2 wrong usage, 3 the rig failed, 4 nothing was done.

Examples:
  rig record --to scenarios/mine.yaml
  rig record --bench bench.yaml --for 2min --to scenarios/mine.yaml"
)]
pub(crate) struct Record {
    /// Where the lock is: `virtual`, or a bench file
    #[arg(long, value_name = "BENCH", default_value = VIRTUAL)]
    bench: PathBuf,
    /// Where the scenario goes; without it, to stdout
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The state that the lock is in: new, handed or programmed
    #[arg(long, value_name = "STATE", default_value = "programmed", value_parser = given)]
    given: Given,
    /// What the scenario shows
    #[arg(long, value_name = "TITLE", default_value = "Recorded")]
    title: String,
    /// Model of the virtual lock
    #[arg(long, value_name = "MODEL", default_value = "ten-key", value_parser = super::lock_model)]
    lock: LockModel,
    /// Firmware image of the virtual lock, in place of the newest in firmware/images
    #[arg(long, value_name = "ELF")]
    firmware: Option<PathBuf>,
    /// How long to watch a real lock; until Ctrl-C if not said
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    length: Option<Duration>,
}

impl Record {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        if self.title.contains(['"', '\\', '\n']) {
            return Err(Expected::Title);
        }
        unused(self.to.as_deref())?;
        interrupt::listen()?;
        if self.bench == Path::new(VIRTUAL) {
            self.at_desk()
        } else {
            self.on_bench()
        }
    }

    /// Lines from stdin, on a virtual lock.
    fn at_desk(&self) -> Result<Exit, Expected> {
        let firmware = Firmware::chosen(self.firmware.as_deref(), self.lock)?;
        let limits = Limits {
            deadline: Some((Instant::now() + DEADLINE, DEADLINE)),
            interrupted: &INTERRUPTED,
        };
        let (given, door) = (self.given, Door::default());
        let (mut bench, mut situation) = ready(self.lock, &firmware, given, door, limits)?;
        // The same lock again, to play the recording back on.
        let (mut again, mut situation_again) = (bench.clone(), situation.clone());
        let begun = Sitting::begin(&mut bench, &mut situation, limits);
        let mut sitting = begun.map_err(|error| Expected::Play(error.into()))?;
        let mut desk = Desk::at(&mut sitting, self.given);
        self.listen(&mut desk)?;
        if desk.is_empty() {
            complain("nothing was done");
            return Ok(Exit::Nothing);
        }
        say(desk.line("settle").map_err(Expected::Play)?)?;
        let text = desk.scenario(&self.title);
        drop(desk);
        let recording = sitting.finish().map_err(Expected::Play)?;
        self.write(&text)?;
        let recorded = parse(&text, Path::new("recorded"), "recorded")
            .map_err(|error| Expected::Play(PlayError::Procedure(error.to_string())))?;
        let played = play(&mut again, &mut situation_again, &recorded, limits);
        let same = played.map_err(Expected::Play)?.outcomes == recording.outcomes;
        complain(format_args!(
            "played back: {}",
            if same {
                "the same outcomes"
            } else {
                "other outcomes"
            }
        ));
        Ok(if same { Exit::Pass } else { Exit::Differs })
    }

    /// Does what is typed until there is no more.
    fn listen(&self, desk: &mut Desk<'_, '_, '_>) -> Result<(), Expected> {
        let stdin = std::io::stdin();
        let real = stdin.is_terminal();
        if real {
            complain(format_args!(
                "a {} lock, {}. What can be done to it:\n{WORDS}",
                self.lock,
                self.given.name()
            ));
        }
        let mut last = Instant::now();
        for line in stdin.lock().lines() {
            let line = line.map_err(Expected::Print)?;
            if INTERRUPTED.load(Ordering::Relaxed) {
                break;
            }
            if real {
                let passed = Nanos::from(last.elapsed());
                say(desk.pass(passed).map_err(Expected::Play)?)?;
            }
            match line.trim() {
                "" => {}
                "quit" | "exit" => break,
                "help" => complain(WORDS),
                line => say(desk.line(line).map_err(Expected::Play)?)?,
            }
            last = Instant::now();
        }
        Ok(())
    }

    /// The lock's own contacts, on a real bench.
    fn on_bench(&self) -> Result<Exit, Expected> {
        if self.firmware.is_some() {
            return Err(Expected::OnlyVirtual {
                option: "--firmware",
            });
        }
        let file = BenchFile::load(&self.bench)?;
        let senses = file.signal_lines();
        if !senses
            .iter()
            .any(|(_, channel, _)| matches!(channel, Channel::Contact(_)))
        {
            return Err(Expected::NoSense {
                path: self.bench.clone(),
            });
        }
        let model = file.lock();
        let opened = PiBench::open(file).map_err(|error| Expected::OpenBench {
            path: self.bench.clone(),
            error,
        });
        let mut bench = opened?;
        let watched = self.watch(&mut bench);
        let steps = safely(watched.map_err(PlayError::from), bench.make_safe());
        let steps = steps.map_err(Expected::Play)?;
        if steps.len() < 2 {
            complain("nothing was done");
            return Ok(Exit::Nothing);
        }
        self.write(&scenario(&self.title, self.given, model, &steps))?;
        Ok(Exit::Pass)
    }

    fn watch(&self, bench: &mut PiBench) -> Result<Vec<String>, crate::bench::BenchError> {
        let pack = Supply {
            millivolts: NOMINAL_PACK,
            milliohms: None,
        };
        bench.supply(pack)?;
        let awake = bench.now()
            + if self.given == Given::New {
                Nanos::ZERO
            } else {
                WAKE
            };
        bench.run_until(awake)?;
        let begin = bench.now();
        let end = self.length.map(|length| begin + Nanos::from(length));
        complain("recording: use the lock's keypad and buttons; Ctrl-C ends it");
        let mut events = Vec::new();
        while !INTERRUPTED.load(Ordering::Relaxed) && end.is_none_or(|end| bench.now() < end) {
            events.extend(bench.run_until(bench.now() + SLICE)?.events);
        }
        let mut done = steps(&events, begin, bench.now());
        if self.given == Given::New {
            done.insert(0, "battery: connect".to_owned());
        }
        Ok(done)
    }

    fn write(&self, text: &str) -> Result<(), Expected> {
        let Some(path) = &self.to else {
            return write!(std::io::stdout(), "{text}").map_err(Expected::Print);
        };
        std::fs::write(path, text).map_err(|error| Expected::Report {
            path: path.clone(),
            problem: error.to_string(),
        })?;
        let to = shown(path.clone());
        writeln!(std::io::stdout(), "scenario: {}", to.display()).map_err(Expected::Print)
    }
}

/// What came of a line, to who typed it: the scenario may go to stdout.
fn say(typed: Typed) -> Result<(), Expected> {
    let mut out = std::io::stderr().lock();
    match typed {
        Typed::Done(blocks) => blocks
            .iter()
            .flat_map(|block| &block.outcomes)
            .try_for_each(|outcome| writeln!(out, "  {outcome}")),
        Typed::Wrong(what) => writeln!(out, "{what}"),
    }
    .map_err(Expected::Print)
}

fn given(name: &str) -> Result<Given, String> {
    [Given::New, Given::Handed, Given::Programmed]
        .into_iter()
        .find(|given| given.name() == name)
        .ok_or_else(|| "it is new, handed or programmed".to_owned())
}
