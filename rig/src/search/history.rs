//! A git repository's commits, each built in a work tree of its own, so that nobody's files are
//! touched. The work tree is removed when the history is dropped.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Git can't do it.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Git can't be started.
    #[error("start git: {0}")]
    Start(std::io::Error),
    /// Git says no.
    #[error("let git {what}: {said}")]
    Git {
        /// What it was asked for, as its arguments.
        what: String,
        /// What it said.
        said: String,
    },
    /// There is no room for a work tree.
    #[error("make a folder for a work tree: {0}")]
    Folder(std::io::Error),
    /// The good commit isn't before the bad one.
    #[error("search between {good} and {bad}: the good commit is not an ancestor of the bad one")]
    Unrelated {
        /// As it was named.
        good: String,
        /// As it was named.
        bad: String,
    },
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its hash.
    pub hash: String,
    /// The first line of its message.
    pub subject: String,
}

impl std::fmt::Display for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = self.hash.get(..10).unwrap_or(&self.hash);
        write!(f, "{short} {}", self.subject)
    }
}

/// A repository, and a work tree beside it in which commits are checked out one after the other.
#[derive(Debug)]
pub struct History {
    repository: PathBuf,
    tree: TempDir,
}

impl History {
    /// The history of the repository that `folder` is in.
    pub fn open(folder: &Path) -> Result<History, HistoryError> {
        let top = git(folder, &["rev-parse", "--show-toplevel"])?;
        let repository = PathBuf::from(top.trim_end_matches('\n'));
        let tree = TempDir::with_prefix("rig-bisect-").map_err(HistoryError::Folder)?;
        let path = tree.path().join("tree");
        let arguments: [&OsStr; 5] = [
            "worktree".as_ref(),
            "add".as_ref(),
            "--detach".as_ref(),
            "--quiet".as_ref(),
            path.as_ref(),
        ];
        git(&repository, &arguments)?;
        Ok(History { repository, tree })
    }

    /// The commits after `good` up to `bad`, oldest first, `good` before them; of merges only the
    /// merge itself.
    pub fn between(&self, good: &str, bad: &str) -> Result<Vec<Commit>, HistoryError> {
        let (good_hash, bad_hash) = (self.resolve(good)?, self.resolve(bad)?);
        let ancestor = ["merge-base", "--is-ancestor", &good_hash, &bad_hash];
        if good_hash == bad_hash || git(&self.repository, &ancestor).is_err() {
            return Err(HistoryError::Unrelated {
                good: good.to_owned(),
                bad: bad.to_owned(),
            });
        }
        let range = format!("{good_hash}..{bad_hash}");
        let arguments = [
            "log",
            "--reverse",
            "--first-parent",
            "--format=%H %s",
            &range,
        ];
        let log = git(&self.repository, &arguments)?;
        let first = git(
            &self.repository,
            &["log", "-1", "--format=%H %s", &good_hash],
        )?;
        Ok(first.lines().chain(log.lines()).map(commit).collect())
    }

    /// The second parent of a merge.
    pub fn merged(&self, commit: &Commit) -> Result<Option<String>, HistoryError> {
        let parents = git(
            &self.repository,
            &["log", "-1", "--format=%P", &commit.hash],
        )?;
        Ok(parents.split_whitespace().nth(1).map(str::to_owned))
    }

    /// Where two commits' histories part.
    pub fn fork(&self, a: &str, b: &str) -> Result<String, HistoryError> {
        let base = git(&self.repository, &["merge-base", a, b])?;
        Ok(base.trim().to_owned())
    }

    /// Checks a commit out and runs `command` in a shell there; the image that it leaves at `image`,
    /// or why there is none.
    pub fn build(
        &self,
        commit: &Commit,
        command: &str,
        image: &Path,
    ) -> Result<Result<PathBuf, String>, HistoryError> {
        let tree = self.tree.path().join("tree");
        let image = tree.join(image);
        // What another commit left there is not this one's. Git restores what it keeps itself.
        let _ = fs::remove_file(&image);
        git(
            &tree,
            &["checkout", "--force", "--detach", "--quiet", &commit.hash],
        )?;
        Ok(build(&tree, command, &image).map(|()| image))
    }

    fn resolve(&self, revision: &str) -> Result<String, HistoryError> {
        let commit = format!("{revision}^{{commit}}");
        let hash = git(
            &self.repository,
            &["rev-parse", "--verify", "--end-of-options", &commit],
        )?;
        Ok(hash.trim().to_owned())
    }
}

impl Drop for History {
    fn drop(&mut self) {
        let path = self.tree.path().join("tree");
        let arguments: [&OsStr; 4] = [
            "worktree".as_ref(),
            "remove".as_ref(),
            "--force".as_ref(),
            path.as_ref(),
        ];
        // Git forgets a work tree that is gone sooner or later by itself.
        let _ = git(&self.repository, &arguments);
    }
}

/// Runs a build command in a folder; why it failed, if it did, or left no image at `image`.
pub fn build(folder: &Path, command: &str, image: &Path) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(folder);
    let output = clean(&mut shell)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("the build did not start: {error}"))?;
    if !output.status.success() {
        let said = last_line(&output).map_or_else(String::new, |line| format!(": {line}"));
        return Err(format!("the build failed, {}{said}", output.status));
    }
    if image.is_file() {
        Ok(())
    } else {
        Err("the build left no image".to_owned())
    }
}

/// The last thing that a command had to say.
fn last_line(output: &Output) -> Option<String> {
    [&output.stderr, &output.stdout]
        .into_iter()
        .find_map(|said| {
            let said = String::from_utf8_lossy(said);
            let line = said.lines().rev().find(|line| !line.trim().is_empty())?;
            Some(line.trim().to_owned())
        })
}

fn commit(line: &str) -> Commit {
    let (hash, subject) = line.split_once(' ').unwrap_or((line, ""));
    Commit {
        hash: hash.to_owned(),
        subject: subject.to_owned(),
    }
}

fn git<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Result<String, HistoryError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    let output = clean(&mut command)
        .stdin(Stdio::null())
        .output()
        .map_err(HistoryError::Start)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.as_ref().to_string_lossy())
        .collect();
    Err(HistoryError::Git {
        what: words.join(" "),
        said: last_line(&output).unwrap_or_else(|| output.status.to_string()),
    })
}

/// Without what a hook or a bisect of git's own may have set: it would mean another repository.
fn clean(command: &mut Command) -> &mut Command {
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    command
}
