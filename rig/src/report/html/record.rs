//! The page of a run's records.

use std::collections::BTreeSet;

use super::{Recorded, Section, html};
use crate::outcome::Outcomes;
use crate::play::Played;
use crate::report::console::seconds;
use crate::report::{Ending, Record};
use crate::snapshot::Difference;

/// A record with what was played and what was accepted before.
#[derive(Debug, Clone)]
pub struct Told {
    /// How it ended.
    pub record: Record,
    /// What was played, where it came to that.
    pub played: Option<Box<Played>>,
    /// What was accepted when it was judged.
    pub accepted: Option<Outcomes>,
}

/// The report of a run that began at `began`, as it is to be shown.
pub fn page(told: &[Told], began: &str) -> String {
    let texts: Vec<Texts> = told.iter().map(|told| Texts::of(&told.record)).collect();
    let sections: Vec<Section<'_>> = told
        .iter()
        .zip(&texts)
        .map(|(told, texts)| Section {
            name: &told.record.name,
            title: &told.record.title,
            lock: told.record.setting.lock.name(),
            word: told.record.ending.word(),
            times: &texts.times,
            wrong: &texts.wrong,
            run: told.played.as_ref().map(|played| Recorded {
                trace: &played.trace,
                measured: &played.outcomes,
                accepted: told.accepted.as_ref(),
                difference: difference(&told.record.ending),
            }),
            log: texts.log.as_deref(),
            folder: texts.folder.as_deref(),
            again: &told.record.again,
        })
        .collect();
    html("rig run", &facts(told, began), &sections)
}

fn difference(ending: &Ending) -> Option<&Difference> {
    match ending {
        Ending::Differs { difference, .. } | Ending::Accepted { difference, .. } => {
            difference.as_ref()
        }
        _ => None,
    }
}

/// What is told at the head: where, on what, with what.
fn facts(told: &[Told], began: &str) -> Vec<(&'static str, String)> {
    let mut facts = vec![("began", began.to_owned())];
    let each = |value: &dyn Fn(&Record) -> String| -> Vec<String> {
        let values: BTreeSet<String> = told.iter().map(|told| value(&told.record)).collect();
        values
            .into_iter()
            .filter(|value| !value.is_empty())
            .collect()
    };
    for bench in each(&|record| record.setting.bench.clone()) {
        facts.push(("bench", bench));
    }
    for image in each(&|record| {
        let name = record.setting.image.file_name().unwrap_or_default();
        let hash = record.setting.image_sha256.get(..12).unwrap_or_default();
        format!("{} {hash}", name.to_string_lossy())
            .trim()
            .to_owned()
    }) {
        facts.push(("image", image));
    }
    facts.push(("rig", env!("CARGO_PKG_VERSION").to_owned()));
    facts
}

/// Texts that a section borrows.
struct Texts {
    times: String,
    wrong: Vec<String>,
    log: Option<String>,
    folder: Option<String>,
}

impl Texts {
    fn of(record: &Record) -> Texts {
        let mut log = None;
        let wrong = match &record.ending {
            Ending::Differs {
                difference,
                misses,
                violations,
                ..
            } => {
                let stale = difference.iter().filter(|d| d.stale.is_some()).map(|d| {
                    let only = Difference {
                        stale: d.stale.clone(),
                        changes: Vec::new(),
                    };
                    only.to_string()
                });
                let misses = misses.iter().map(|miss| {
                    let got = if miss.got.is_empty() {
                        "nothing".to_owned()
                    } else {
                        miss.got.join("; ")
                    };
                    format!(
                        "step {}, {}: wanted {}, got {got}",
                        miss.step, miss.text, miss.wanted
                    )
                });
                let violations = violations.iter().map(ToString::to_string);
                violations.chain(misses).chain(stale).collect()
            }
            Ending::NotReached(not_reached) => {
                log = Some(not_reached.outcomes.to_string());
                let given = not_reached.given.name();
                vec![format!("the lock did not get into the state `{given}`")]
            }
            Ending::Missing { .. } => vec!["no snapshot is accepted yet".to_owned()],
            Ending::Skipped(reason) => vec![reason.clone()],
            Ending::Fault(error) => vec![format!("the rig failed to {error}")],
            Ending::Interrupted => vec!["it was stopped".to_owned()],
            Ending::Passed | Ending::Accepted { .. } => Vec::new(),
        };
        Texts {
            times: match record.ending {
                Ending::Skipped(_) => String::new(),
                _ => format!(
                    "{} in {}",
                    seconds(record.virtual_time.into()).trim(),
                    seconds(record.real_time).trim()
                ),
            },
            wrong,
            log,
            folder: record
                .folder
                .as_ref()
                .map(|folder| folder.display().to_string()),
        }
    }
}
