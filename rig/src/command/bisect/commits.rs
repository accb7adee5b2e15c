//! Over git commits, each built where nobody works.

use std::path::{Component, Path, PathBuf};
use std::sync::atomic::Ordering;

use tempfile::TempDir;

use super::super::interrupt::INTERRUPTED;
use super::super::{Exit, Expected};
use super::{Search, say};
use crate::play::PlayError;
use crate::search::{Commit, History, HistoryError, Mark};

pub(super) fn search(
    search: &Search,
    good: &str,
    bad: &str,
    command: &str,
    image: &Path,
) -> Result<Exit, Expected> {
    // What another commit left there is removed: it must be nobody's.
    if !within(image) {
        return Err(Expected::ImageOutside {
            path: image.to_owned(),
        });
    }
    let history = History::open(Path::new("."))?;
    let builder = Builder {
        history: &history,
        command,
        image,
        kept: TempDir::with_prefix("rig-images-").map_err(HistoryError::Folder)?,
    };
    let mut commits = history.between(good, bad)?;
    let must = |commit: &Commit| {
        builder.build(commit)?.map_err(|problem| Expected::Build {
            commit: commit.to_string(),
            problem,
        })
    };
    let (first, last) = (must(&commits[0])?, must(&commits[commits.len() - 1])?);
    let (oracle, mut bad_run) = search.oracle(&first, &last)?;
    loop {
        let ended = search.among(&commits, (&oracle, bad_run), |commit| builder.build(commit))?;
        let first_bad = commits[ended.bad].clone();
        let merged = match (ended.bad - ended.good, history.merged(&first_bad)?) {
            (1, Some(merged)) => merged,
            _ => {
                say(&ended.wrong)?;
                return Ok(Exit::Pass);
            }
        };
        // What a merge brought in is searched in its turn, unless it was good before it was merged.
        let fork = history.fork(&commits[ended.good].hash, &merged)?;
        let branch = history.between(&fork, &merged)?;
        let tip = builder.build(&branch[branch.len() - 1])?;
        let judged = search.judge(&oracle, tip.as_deref().map_err(String::clone))?;
        match (judged.mark, judged.run) {
            (Mark::Bad, Some(run)) => {
                say(&format!(
                    "\nthat is a merge; what it merged is bad, so on with {fork:.10}..{merged:.10}"
                ))?;
                commits = branch;
                bad_run = run;
            }
            _ => {
                say(&ended.wrong)?;
                return Ok(Exit::Pass);
            }
        }
    }
}

/// Whether a path leads to a file below the folder that it is told from.
fn within(path: &Path) -> bool {
    let mut parts = path.components();
    parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        && path.file_name().is_some()
}

struct Builder<'a> {
    history: &'a History,
    command: &'a str,
    image: &'a Path,
    /// The images of the commits that were built.
    kept: TempDir,
}

impl Builder<'_> {
    /// The image of a commit, or why there is none.
    fn build(&self, commit: &Commit) -> Result<Result<PathBuf, String>, Expected> {
        let kept = self.kept.path().join(format!("{}.elf", commit.hash));
        if kept.exists() {
            return Ok(Ok(kept));
        }
        let built = self.history.build(commit, self.command, self.image)?;
        if INTERRUPTED.load(Ordering::Relaxed) {
            return Err(PlayError::Interrupted.into());
        }
        Ok(built.and_then(|image| match std::fs::copy(&image, &kept) {
            Ok(_) => Ok(kept),
            Err(error) => Err(format!("its image can't be read: {error}")),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_in_the_work_tree() {
        for inside in ["lock.elf", "out/lock.elf", "./out/lock.elf"] {
            assert!(within(Path::new(inside)), "{inside}");
        }
        for outside in ["/tmp/lock.elf", "../lock.elf", "out/../../lock.elf", "."] {
            assert!(!within(Path::new(outside)), "{outside}");
        }
    }
}
