//! The `rig` command: one file per verb. A verb returns an [`Exit`] when it came to an end, whatever
//! that end is, and an [`Expected`] error when something it needs isn't right.

mod bisect;
mod check;
mod completions;
mod diagnose;
mod doctor;
mod error;
mod events;
mod flash;
mod guard;
mod images;
mod import;
mod interrupt;
mod list;
mod patient;
mod power;
mod progress;
mod record;
mod replay;
mod report;
mod review;
mod run;
mod schema;
mod select;
mod shrink;
mod sweep;
mod virtual_lock;
mod wiring;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

pub use error::{Exit, Expected};

use crate::lock::LockModel;
use crate::scenario::suggest;

/// Tests electronic deadbolts: plays what a person does to a lock, watches what the lock does, and
/// compares that with what was accepted before.
#[derive(Debug, Parser)]
#[command(name = "rig", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes: 0 as accepted, 1 an outcome differs, 2 a scenario or the command line is wrong, 3 the rig \
itself failed, 4 nothing was selected, 5 a snapshot is missing or pending, 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Run),
    Review(review::Review),
    Replay(replay::Replay),
    Sweep(sweep::Sweep),
    Shrink(shrink::Shrink),
    Bisect(bisect::Bisect),
    List(list::List),
    Check(check::Check),
    Diagnose(diagnose::Diagnose),
    Events(events::Events),
    Import(import::Import),
    Record(record::Record),
    Wiring(wiring::Wiring),
    Doctor(doctor::Doctor),
    Flash(flash::Flash),
    Power(power::Power),
    Report(report::Report),
    Virtual(virtual_lock::Virtual),
    Schema(schema::Schema),
    Completions(completions::Completions),
    #[command(hide = true)]
    Guard(guard::Guard),
}

impl Cli {
    /// Reads the command line; the process ends here when it is wrong, or asks for help.
    pub fn from_command_line() -> Cli {
        Cli::try_parse().unwrap_or_else(|error| {
            // To `git bisect run` the usual code would mean "bad".
            let step = std::env::args().any(|word| word == "--step");
            if error.use_stderr() && step {
                let _ = error.print();
                std::process::exit(Exit::Stop.code().into());
            }
            error.exit()
        })
    }

    /// Whether the command only shows something: then its exit code is no verdict.
    pub fn only_shows(&self) -> bool {
        matches!(
            self.verb,
            Verb::List(_)
                | Verb::Wiring(_)
                | Verb::Schema(_)
                | Verb::Completions(_)
                | Verb::Report(_)
                | Verb::Events(_)
        )
    }

    /// Does what the command line says. What a person should read has been printed, but for an
    /// error's message.
    pub fn run(self) -> Result<Exit, Expected> {
        match self.verb {
            Verb::Run(run) => run.run(),
            Verb::Review(review) => review.run(),
            Verb::Replay(replay) => replay.run(),
            Verb::Sweep(sweep) => sweep.run(),
            Verb::Shrink(shrink) => shrink.run(),
            Verb::Bisect(bisect) => bisect.run(),
            Verb::List(list) => list.run(),
            Verb::Check(check) => check.run(),
            Verb::Diagnose(diagnose) => diagnose.run(),
            Verb::Events(events) => events.run(),
            Verb::Import(import) => import.run(),
            Verb::Record(record) => record.run(),
            Verb::Wiring(wiring) => wiring.run(),
            Verb::Doctor(doctor) => doctor.run(),
            Verb::Flash(flash) => flash.run(),
            Verb::Power(power) => power.run(),
            Verb::Report(report) => report.run(),
            Verb::Virtual(lock) => lock.run(),
            Verb::Schema(schema) => schema.run(),
            Verb::Completions(completions) => completions.run(),
            Verb::Guard(guard) => guard.run(),
        }
    }
}

/// Says something on stderr; where nobody listens there, it is lost.
fn complain(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A file that a scenario may be written to: somebody's work is not written over.
fn unused(path: Option<&Path>) -> Result<(), Expected> {
    match path.filter(|path| path.is_file()) {
        Some(path) => Err(Expected::Exists {
            path: path.to_owned(),
        }),
        None => Ok(()),
    }
}

/// Whether messages on stderr may have colour.
fn colour_on_stderr() -> bool {
    std::io::stderr().is_terminal() && colour_wanted()
}

/// Whether what is printed may have colour.
fn colour_on_stdout() -> bool {
    std::io::stdout().is_terminal() && colour_wanted()
}

fn colour_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A path as a person here would write it.
fn shown(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(here) {
        Ok(below) => below.to_owned(),
        Err(_) => path,
    }
}

/// A lock model by its name, for the command line.
fn lock_model(name: &str) -> Result<LockModel, String> {
    LockModel::named(name).ok_or_else(|| suggest(name, &LockModel::ALL.map(LockModel::name)))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_verb_has_an_example() {
        let command = Cli::command();
        command.clone().debug_assert();
        let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
        for verb in verbs {
            let help = verb
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.contains("Example"), "{}: {help}", verb.get_name());
            assert!(help.contains(&format!("rig {}", verb.get_name())), "{help}");
        }
    }

    #[test]
    fn somebodys_file_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.yaml");
        unused(None).unwrap();
        unused(Some(&file)).unwrap();
        std::fs::write(&file, "title: T\n").unwrap();
        let error = unused(Some(&file)).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().contains("it exists"), "{error}");
    }

    #[test]
    fn examples_name_scenarios_that_there_are() {
        let scenarios = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let command = Cli::command();
        let mut named = 0;
        for verb in command.get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            let words = help.split_whitespace().map(|word| {
                let word = word.strip_prefix("scenarios/").unwrap_or(word);
                word.trim_end_matches(".yaml")
            });
            for (folder, name) in words.filter_map(|word| word.split_once('/')) {
                if !folder.starts_with('.') && scenarios.join(folder).is_dir() {
                    named += 1;
                    let file = scenarios.join(folder).join(format!("{name}.yaml"));
                    assert!(file.exists(), "rig {}: {folder}/{name}", verb.get_name());
                }
            }
        }
        assert!(named > 5, "{named}");
    }

    #[test]
    fn the_readme_tells_only_of_verbs_that_there_are() {
        let readme = include_str!("../../../README.md");
        let command = Cli::command();
        let verbs: Vec<&str> = command
            .get_subcommands()
            .filter(|verb| !verb.is_hide_set())
            .map(clap::Command::get_name)
            .collect();
        let told: Vec<&str> = readme
            .split(['`', '\n'])
            .filter_map(|text| text.strip_prefix("rig "))
            .filter_map(|text| text.split_whitespace().next())
            .filter(|word| !word.starts_with('-'))
            .collect();
        assert!(told.contains(&"run"));
        for verb in told {
            assert!(verbs.contains(&verb), "there is no `rig {verb}`");
        }
    }
}
