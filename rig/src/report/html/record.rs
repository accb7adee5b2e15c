//! The page of a run's records, or of run folders.

use std::collections::BTreeSet;

use super::{Recorded, Section, html};
use crate::outcome::Outcomes;
use crate::report::console::seconds;
use crate::report::{Ending, Record};
use crate::snapshot::Difference;
use crate::trace::Trace;

/// All that the page shows of one scenario on one lock.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The scenario's name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The lock's model.
    pub lock: String,
    /// Where it was played.
    pub bench: String,
    /// The firmware image and the beginning of its hash.
    pub image: String,
    /// How it ended, in a word.
    pub word: String,
    /// How long it was for the lock, and how long here.
    pub times: String,
    /// What is wrong beside outcomes that differ.
    pub wrong: Vec<String>,
    /// What was recorded, and the same in words, where it came to playing.
    pub played: Option<(Trace, Outcomes)>,
    /// What was accepted when it was judged.
    pub accepted: Option<Outcomes>,
    /// What differs between the two.
    pub difference: Option<Difference>,
    /// What was done when, with what the firmware logged.
    pub log: String,
    /// The run folder.
    pub folder: Option<String>,
    /// The command that repeats it.
    pub again: String,
}

impl Shown {
    /// What a record says by itself; the rest is for whoever has it.
    pub fn of(record: &Record) -> Shown {
        Shown {
            name: record.name.clone(),
            title: record.title.clone(),
            lock: record.setting.lock.name().to_owned(),
            bench: record.setting.bench.clone(),
            image: image(
                &record.setting.image.display().to_string(),
                &record.setting.image_sha256,
            ),
            word: record.ending.word().to_owned(),
            times: match record.ending {
                Ending::Skipped(_) => String::new(),
                _ => times(record.virtual_time.into(), record.real_time),
            },
            wrong: record.wrong(),
            difference: match &record.ending {
                Ending::Differs { difference, .. } | Ending::Accepted { difference, .. } => {
                    difference.clone()
                }
                _ => None,
            },
            folder: record
                .folder
                .as_ref()
                .map(|folder| folder.display().to_string()),
            again: record.again.clone(),
            ..Shown::default()
        }
    }
}

/// `41.2 s in 4.1 ms`.
pub(crate) fn times(of_the_lock: std::time::Duration, here: std::time::Duration) -> String {
    format!("{} in {}", seconds(of_the_lock), seconds(here))
}

/// An image's file name, and enough of its hash to tell it from another.
pub(crate) fn image(path: &str, sha256: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let hash = sha256.get(..12).unwrap_or_default();
    format!("{name} {hash}").trim().to_owned()
}

/// The report of runs that began at `began`, as it is to be shown.
pub fn page(shown: &[Shown], began: &str) -> String {
    let sections: Vec<Section<'_>> = shown.iter().map(section).collect();
    html("rig run", &facts(shown, began), &sections)
}

fn section(shown: &Shown) -> Section<'_> {
    Section {
        name: &shown.name,
        title: &shown.title,
        lock: &shown.lock,
        word: &shown.word,
        times: &shown.times,
        wrong: &shown.wrong,
        run: shown.played.as_ref().map(|(trace, measured)| Recorded {
            trace,
            measured,
            accepted: shown.accepted.as_ref(),
            difference: shown.difference.as_ref(),
        }),
        log: Some(shown.log.as_str()).filter(|log| !log.is_empty()),
        folder: shown.folder.as_deref(),
        again: &shown.again,
    }
}

/// What is told at the head: when, on what, with what.
fn facts(shown: &[Shown], began: &str) -> Vec<(&'static str, String)> {
    let mut facts = vec![("began", began.to_owned())];
    let mut each = |name, value: fn(&Shown) -> &String| {
        let values: BTreeSet<&String> = shown.iter().map(value).collect();
        let values = values.into_iter().filter(|value| !value.is_empty());
        facts.extend(values.map(|value| (name, value.clone())));
    };
    each("bench", |shown| &shown.bench);
    each("image", |shown| &shown.image);
    facts.push(("rig", env!("CARGO_PKG_VERSION").to_owned()));
    facts
}
