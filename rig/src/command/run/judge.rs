//! Holds what was played against what is accepted, and writes down how it ended.

use std::path::PathBuf;
use std::time::Duration;

use super::super::{Expected, shown};
use super::accepted::Accepted;
use super::crew::{End, Report, Task};
use super::{Run, VIRTUAL};
use crate::invariant::Conditions;
use crate::outcome::Outcomes;
use crate::play::{PlayError, Played};
use crate::report::html::Shown;
use crate::report::{Ending, Evidence, Record};
use crate::scenario::{Given, POINT_HEADING, written};
use crate::search::sweep::{Stretch, points, stretches};
use crate::snapshot::{Mode, Terms, Tolerance, Verdict, difference};
use crate::trace::Nanos;

/// Judges each run of a `rig run`.
pub(super) struct Judge {
    accept: bool,
    output: PathBuf,
    firmware: Option<PathBuf>,
    deadline: Option<Duration>,
    command: Vec<String>,
    accepted: Accepted,
}

/// A record with what it was made of.
pub(super) struct Judged {
    pub(super) record: Record,
    pub(super) played: Option<Box<Played>>,
    accepted: Option<Outcomes>,
    log: String,
}

impl Judged {
    /// What a page shows of it.
    pub(super) fn shown(self) -> Shown {
        Shown {
            played: self.played.map(|played| (played.trace, played.outcomes)),
            accepted: self.accepted,
            log: self.log,
            ..Shown::of(&self.record)
        }
    }
}

/// Over which values of a sweep a lock does what. A point alone is no sweep.
fn table(outcomes: &Outcomes) -> Vec<Stretch> {
    match points(outcomes).as_slice() {
        [] | [_] => Vec::new(),
        points => stretches(points),
    }
}

impl Judge {
    pub(super) fn new(run: &Run, accepted: Accepted) -> Judge {
        Judge {
            accept: run.accept,
            output: run.output(),
            firmware: run.firmware.clone(),
            deadline: run.deadline,
            command: std::env::args().collect(),
            accepted,
        }
    }

    /// The record of a run, its folder written, with what was played.
    pub(super) fn record(&self, task: &Task<'_>, report: Report) -> Result<Judged, Expected> {
        let scenario = &task.selected.scenario;
        let accepted = self.accepted(task);
        let terms = terms(task);
        let (ending, played) = match report.end {
            End::Played(played) => {
                let verdict = self.verdict(task, &played, accepted.as_ref(), &terms)?;
                (verdict, Some(played))
            }
            End::NotReached(not_reached) => (Ending::NotReached(not_reached), None),
            End::Skipped(reason) => (Ending::Skipped(reason), None),
            End::Failed(PlayError::Interrupted) => (Ending::Interrupted, None),
            End::Failed(error) => (Ending::Fault(error.to_string()), None),
        };
        let trace = played.as_ref().map(|played| &played.trace);
        let mut record = Record {
            name: scenario.name.clone(),
            round: task.round,
            title: scenario.title.clone(),
            path: scenario.path.clone(),
            setting: task.setting.clone(),
            ending,
            steps: scenario
                .steps
                .iter()
                .map(|step| step.text.clone())
                .collect(),
            sweep: played
                .as_ref()
                .map_or_else(Vec::new, |played| table(&played.outcomes)),
            sweep_accepted: accepted.as_ref().map_or_else(Vec::new, table),
            virtual_time: trace.map_or(Nanos::ZERO, |trace| trace.end),
            real_time: report.took,
            folder: None,
            again: self.again(task),
        };
        let evidence = Evidence {
            scenario: &scenario.source,
            point: scenario.point.as_deref(),
            trace,
            outcomes: played.as_ref().map(|played| &played.outcomes),
            accepted: accepted.as_ref(),
            terms: &terms,
            log: played.as_ref().map_or(&[], |played| &played.log),
            began: report.began,
            command: &self.command,
        };
        if !matches!(record.ending, Ending::Skipped(_)) {
            record.folder = Some(evidence.write(&self.output, &record)?);
        }
        let log = evidence.log(&record);
        Ok(Judged {
            record,
            played,
            accepted,
            log,
        })
    }

    /// What was accepted before the run.
    fn accepted(&self, task: &Task<'_>) -> Option<Outcomes> {
        let accepted = self.accepted.outcomes(task.selected, snapshots(task))?;
        Some(match &task.selected.scenario.point {
            Some(point) => only_point(accepted.clone(), point),
            None => accepted.clone(),
        })
    }

    /// What the snapshot, the scenario's own wishes and the rules for every lock say.
    fn verdict(
        &self,
        task: &Task<'_>,
        played: &Played,
        accepted: Option<&Outcomes>,
        terms: &Terms,
    ) -> Result<Ending, Expected> {
        let scenario = &task.selected.scenario;
        let conditions = Conditions {
            handed: Some(scenario.given != Given::New),
            skew: task.eyes.skew,
        };
        let unseen = &terms.unseen;
        let mut violations = played.violations(conditions);
        violations.retain(|violation| {
            !violation
                .rule
                .parts()
                .iter()
                .any(|part| unseen.contains(part))
        });
        let misses = played.misses.clone();
        let wrong = !misses.is_empty() || !violations.is_empty();
        // What breaks a rule must not become what is right.
        let mode = match (wrong, self.accept) {
            (true, _) => Mode::ReadOnly,
            (false, true) => Mode::Accept,
            (false, false) => Mode::Auto,
        };
        let verdict = match &scenario.point {
            None => {
                let store = self.accepted.store(task.selected);
                let (lock, name) = (snapshots(task), &scenario.name);
                store.check(lock, name, &played.outcomes, terms, mode)?
            }
            Some(_) => match accepted {
                None => Verdict::Missing { pending: None },
                Some(accepted) => {
                    let difference = difference(accepted, &played.outcomes, terms);
                    match difference.is_empty() {
                        true => Verdict::Same,
                        false => Verdict::Different {
                            difference,
                            pending: None,
                        },
                    }
                }
            },
        };
        Ok(match (verdict, wrong) {
            (Verdict::Same, false) => Ending::Passed,
            (Verdict::Accepted { file, difference }, false) => Ending::Accepted {
                file: shown(file),
                difference,
            },
            (Verdict::Missing { pending }, false) => Ending::Missing {
                pending: pending.map(shown),
            },
            (
                Verdict::Different {
                    difference,
                    pending,
                },
                _,
            ) => Ending::Differs {
                difference: Some(difference),
                misses,
                violations,
                pending: pending.map(shown),
            },
            (Verdict::Same | Verdict::Accepted { .. } | Verdict::Missing { .. }, true) => {
                Ending::Differs {
                    difference: None,
                    misses,
                    violations,
                    pending: None,
                }
            }
        })
    }

    /// The command that plays the same again.
    fn again(&self, task: &Task<'_>) -> String {
        let program = self.command.first().map_or("rig", String::as_str);
        let mut command = format!(
            "{program} run {} --lock {}",
            quoted(&task.selected.scenario.path.display().to_string()),
            task.setting.lock
        );
        if let Some(point) = &task.selected.scenario.point {
            command += &format!(" --point {}", quoted(point));
        }
        if task.setting.bench != VIRTUAL {
            command += &format!(" --bench {}", quoted(&task.setting.bench));
        }
        if task.setting.seed != 0 {
            command += &format!(" --seed {}", task.setting.seed);
        }
        if let Some(firmware) = &self.firmware {
            command += &format!(" --firmware {}", quoted(&firmware.display().to_string()));
        }
        if let Some(deadline) = self.deadline {
            command += &format!(" --deadline {}", written(deadline));
        }
        command
    }
}

/// The lock whose snapshots a task is compared with.
fn snapshots<'a>(task: &Task<'a>) -> &'a str {
    let own = task.eyes.snapshots.as_deref();
    own.unwrap_or(task.setting.lock.name())
}

/// What a task's outcomes are compared by.
fn terms(task: &Task<'_>) -> Terms {
    let scenario = task.selected.scenario.tolerance.unwrap_or_default();
    Terms {
        tolerance: wider(scenario, task.eyes.tolerance),
        unseen: task.eyes.unseen.clone(),
    }
}

/// A tolerance that is enough for the scenario and for the bench.
fn wider(scenario: Tolerance, bench: Option<Tolerance>) -> Tolerance {
    bench.map_or(scenario, |bench| Tolerance {
        millis: scenario.millis.max(bench.millis),
        permille: scenario.permille.max(bench.permille),
    })
}

/// What is accepted of a sweep for one of its points.
fn only_point(mut accepted: Outcomes, point: &str) -> Outcomes {
    let heading = format!("{POINT_HEADING}{point}");
    accepted
        .blocks
        .retain(|block| !block.heading.starts_with(POINT_HEADING) || block.heading == heading);
    for (index, block) in accepted.blocks.iter_mut().enumerate() {
        block.number = index + 1;
    }
    accepted
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(
            quoted("scenarios/wrong-code.yaml"),
            "scenarios/wrong-code.yaml"
        );
        assert_eq!(quoted("my lock's.yaml"), r"'my lock'\''s.yaml'");
        assert_eq!(quoted(""), "''");
    }
}
