//! `rig import`: a log out of the field becomes a scenario.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::images::Firmware;
use super::interrupt::{self, INTERRUPTED};
use super::run::time;
use super::{Exit, Expected, complain, shown, unused};
use crate::bench::VirtualBench;
use crate::import::{Lock, Search, Searched, read, scenario};
use crate::lock::LockModel;
use crate::play::Limits;

/// How long a guess may take to play.
const DEADLINE: Duration = Duration::from_secs(600);

/// Make a scenario of a lock's log: its events, its hub's bus, or Z-Wave alarm reports
#[derive(Debug, Args)]
#[command(after_help = "Formats, told by themselves; `#` begins a comment:
  event log   a line for each event: seconds since boot, what, two bytes about it: `12.345  02 01 03`;
              or binary, as `rig events --as binary` writes it
  hub's bus   a line for each frame: seconds, > to the lock or < from it, bytes: `3.2 > BD 04 01 E7 05 18`
  Z-Wave      CSV with the columns time, type and level, or a JSON object a line with these

What the log doesn't tell is marked in the scenario: turns of the key and weak cells, where nothing else explains what the
lock did, and what is searched for on the virtual lock: the given state, codes, jams, switches, a mastercode. With --good, what a right firmware answers otherwise is searched for.

Exit codes: 0 the log comes out, 1 it doesn't (the nearest is written), 2 the log or the command line is wrong, 3 the \
rig failed.

Example: rig import owner.log --firmware lock-ten-key-0.1.3.elf --good lock-ten-key-0.1.0.elf --to scenarios/owner.yaml")]
pub(crate) struct Import {
    /// The log
    log: PathBuf,
    /// Where the scenario goes; without it, to stdout
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Model of the lock
    #[arg(long, value_name = "MODEL", default_value = "ten-key", value_parser = super::lock_model)]
    lock: LockModel,
    /// The owner's firmware, in place of the newest in firmware/images
    #[arg(long, value_name = "ELF")]
    firmware: Option<PathBuf>,
    /// A firmware that is known to be right, to find what the owner's does otherwise
    #[arg(long, value_name = "ELF")]
    good: Option<PathBuf>,
    /// How many guesses are played at most; 0 searches nothing
    #[arg(long, value_name = "N", default_value_t = 100)]
    tries: usize,
    /// How long it may take here; what came nearest by then is written
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10min")]
    deadline: Duration,
}

impl Import {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        unused(self.to.as_deref())?;
        let bytes = std::fs::read(&self.log).map_err(|source| Expected::ReadLog {
            path: self.log.clone(),
            source,
        })?;
        let log = read(&bytes).map_err(|error| Expected::Log {
            path: self.log.clone(),
            error,
        })?;
        let name = self.log.file_name().unwrap_or_default().to_string_lossy();
        // A name is a comment and a title of the scenario: on one line, and without quotes.
        let name: String = name
            .chars()
            .map(|c| {
                if c.is_control() || c == '"' || c == '\\' {
                    '_'
                } else {
                    c
                }
            })
            .collect();
        interrupt::listen()?;
        let owners = self.flashed(self.firmware.as_deref())?;
        let good = match &self.good {
            Some(path) => Some(self.flashed(Some(path))?),
            None => None,
        };
        let search = Search {
            log: &log,
            name: &name,
            model: self.lock,
            lock: owners.lock(),
            good: good.as_ref().map(Flashed::lock),
            tries: self.tries,
            until: Instant::now() + self.deadline,
            limits: Limits {
                deadline: Some((Instant::now() + DEADLINE, DEADLINE)),
                interrupted: &INTERRUPTED,
            },
        };
        let searched = search.run().map_err(Expected::Play)?;
        let (text, _) = scenario(&log, &name, self.lock, &searched.guess);
        let said = verdict(&search, &searched);
        match &self.to {
            Some(path) => {
                std::fs::write(path, &text).map_err(|error| Expected::Report {
                    path: path.clone(),
                    problem: error.to_string(),
                })?;
                let to = shown(path.clone());
                writeln!(std::io::stdout(), "{said}\nscenario: {}", to.display())
            }
            None => {
                complain(said);
                write!(std::io::stdout(), "{text}")
            }
        }
        .map_err(Expected::Print)?;
        Ok(match searched.parting {
            None if searched.tried > 0 || self.tries == 0 => Exit::Pass,
            _ => Exit::Differs,
        })
    }

    fn flashed(&self, path: Option<&Path>) -> Result<Flashed, Expected> {
        let firmware = Firmware::chosen(path, self.lock)?;
        let flashed = VirtualBench::flashed(self.lock, &firmware.image);
        let (bench, _) = flashed.map_err(|error| Expected::Flash {
            path: firmware.path.clone(),
            error,
        })?;
        let name = firmware.path.file_name().unwrap_or_default();
        Ok(Flashed {
            name: name.to_string_lossy().into_owned(),
            bench,
        })
    }
}

struct Flashed {
    name: String,
    bench: VirtualBench,
}

impl Flashed {
    fn lock(&self) -> Lock<'_> {
        Lock {
            name: self.name.clone(),
            bench: &self.bench,
        }
    }
}

/// What the search came to, as a person reads it.
fn verdict(search: &Search<'_>, searched: &Searched) -> String {
    let mut said = format!(
        "{}, {} entries; played {} of {} guesses\n",
        search.log.format,
        search.log.entries.len(),
        searched.tried,
        searched.possible
    );
    let at = |line: Option<usize>| {
        line.map_or("after its end".to_owned(), |line| format!("line {line}"))
    };
    if searched.over {
        said += "its time was up before the others; a longer --deadline plays them\n";
    }
    match &searched.parting {
        Some(parting) => {
            said += &format!(
                "the log does not come out of {}: the nearest parts from it at {}\n  log:  {}\n  lock: {}",
                search.lock.name,
                at(parting.line),
                parting.log,
                parting.lock
            );
        }
        None if searched.tried == 0 => said += "not searched",
        None => said += &format!("the log comes out of {}", search.lock.name),
    }
    if let Some(good) = &search.good
        && searched.parting.is_none()
    {
        said += &match &searched.fault {
            Some(fault) => format!(
                "; not of {}, which parts from it at {}\n  log:  {}\n  {}: {}",
                good.name,
                at(fault.line),
                fault.log,
                good.name,
                fault.lock
            ),
            None => format!(", and of {} too: the firmware is not to blame", good.name),
        };
    }
    said
}
