//! `rig review`: decide about outcomes that wait to be accepted, one by one or all at once.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use super::select::default_folder;
use super::{Exit, Expected};
use crate::lock::LockModel;
use crate::report::strip;
use crate::scenario::Folder;
use crate::snapshot::{Pending, Store, in_ci};

/// Accept or reject the outcomes that wait for a decision
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rig review                  show each and ask
  rig review --accept-all     take them all as right")]
pub(crate) struct Review {
    /// Folder of scenarios; the nearest one called `scenarios` if not said
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Accept all, without asking
    #[arg(long, conflicts_with = "reject_all")]
    accept_all: bool,
    /// Reject all, without asking
    #[arg(long)]
    reject_all: bool,
}

/// What is decided about a pending snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
    Skip,
    Quit,
}

impl Review {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        if !self.reject_all && in_ci() {
            return Err(Expected::AcceptInCi);
        }
        let folder = match &self.folder {
            Some(folder) => Folder::new(folder),
            None => default_folder()?,
        };
        let store = Store::new(folder.snapshots())?;
        let pending = store.pending()?;
        let all = match (self.accept_all, self.reject_all) {
            (true, _) => Some(Decision::Accept),
            (_, true) => Some(Decision::Reject),
            _ if pending.is_empty() => None,
            _ if io::stdin().is_terminal() => None,
            _ => return Err(Expected::NoTerminal),
        };
        let mut out = io::stdout().lock();
        let exit = review(pending, all, &mut io::stdin().lock(), &mut out)?;
        for orphan in orphans(&store, &folder)? {
            writeln!(
                out,
                "no scenario asks for {}",
                super::shown(orphan).display()
            )
            .map_err(Expected::Print)?;
        }
        Ok(exit)
    }
}

/// Decides about each, by `all` or by what is answered.
fn review(
    pending: Vec<Pending>,
    all: Option<Decision>,
    answers: &mut impl BufRead,
    out: &mut impl Write,
) -> Result<Exit, Expected> {
    let count = pending.len();
    let (mut accepted, mut rejected) = (0, 0);
    let mut quit = false;
    for (index, pending) in pending.into_iter().enumerate() {
        if quit {
            break;
        }
        let decision = match all {
            Some(decision) => decision,
            None => {
                show(&pending, index + 1, count, out).map_err(Expected::Print)?;
                ask(answers, out).map_err(Expected::Print)?
            }
        };
        match decision {
            Decision::Accept => {
                pending.accept()?;
                accepted += 1;
            }
            Decision::Reject => {
                pending.reject()?;
                rejected += 1;
            }
            Decision::Skip => {}
            Decision::Quit => quit = true,
        }
    }
    let left = count - accepted - rejected;
    let summary = match count {
        0 => "nothing waits for review".to_owned(),
        _ => format!("{accepted} accepted, {rejected} rejected, {left} left"),
    };
    writeln!(out, "{summary}").map_err(Expected::Print)?;
    Ok(if left > 0 { Exit::Snapshot } else { Exit::Pass })
}

/// What is new in it: against what was accepted, or all of it.
fn show(pending: &Pending, number: usize, count: usize, out: &mut impl Write) -> io::Result<()> {
    let Pending { lock, scenario, .. } = pending;
    writeln!(out, "{number} of {count}  {scenario} on {lock}\n")?;
    match pending.difference() {
        Some(difference) if difference.is_empty() => {
            writeln!(out, "the same as what is accepted")?;
        }
        Some(difference) => {
            writeln!(out, "{difference}\n")?;
            write!(out, "{}", strip(&difference))?;
        }
        None => writeln!(out, "first outcomes:\n{}", pending.measured)?,
    }
    Ok(())
}

/// Asks until it gets an answer; no more answers means quit.
fn ask(answers: &mut impl BufRead, out: &mut impl Write) -> io::Result<Decision> {
    loop {
        write!(out, "\naccept (a), reject (r), skip (s) or quit (q)? ")?;
        out.flush()?;
        let mut answer = String::new();
        if answers.read_line(&mut answer)? == 0 {
            writeln!(out)?;
            return Ok(Decision::Quit);
        }
        match answer.trim() {
            "a" | "accept" => return Ok(Decision::Accept),
            "r" | "reject" => return Ok(Decision::Reject),
            "s" | "skip" => return Ok(Decision::Skip),
            "q" | "quit" => return Ok(Decision::Quit),
            other => writeln!(out, "`{other}` is none of these")?,
        }
    }
}

/// Snapshots of scenarios that are gone, or no more for that lock. A scenario with mistakes keeps
/// all of its snapshots, and so does one on a lock of a bench's own, whose model only the bench
/// file knows.
fn orphans(store: &Store, folder: &Folder) -> Result<Vec<PathBuf>, Expected> {
    let mut others = store.locks()?;
    others.retain(|lock| LockModel::named(lock).is_none());
    let mut known: Vec<(String, String)> = Vec::new();
    for file in folder.files()? {
        let name = folder.name(&file);
        let locks = folder
            .load(&file)?
            .map_or_else(|_| LockModel::ALL.to_vec(), |scenario| scenario.locks);
        let locks = locks.iter().map(|lock| lock.name().to_owned());
        let locks = locks.chain(others.iter().cloned());
        known.extend(locks.map(|lock| (lock, name.clone())));
    }
    let known = known
        .iter()
        .map(|(lock, name)| (lock.as_str(), name.as_str()));
    Ok(store.orphans(known)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcomes;
    use crate::snapshot::{Mode, Terms};

    fn outcomes(text: &str) -> Outcomes {
        text.parse().unwrap()
    }

    /// A store in which an unlock is accepted, another unlock pending, and a first snapshot too.
    fn waiting(folder: &std::path::Path) -> Store {
        let store = Store::new(folder).unwrap();
        let accepted = outcomes("1  enter 1234\n     +0.820s  motor  open 1015ms");
        let measured = outcomes("1  enter 1234\n     +0.820s  motor  open 1215ms");
        let terms = Terms::default();
        store
            .check("ten-key", "unlock", &accepted, &terms, Mode::Accept)
            .unwrap();
        for (scenario, outcomes) in [("unlock", &measured), ("wrong-code", &accepted)] {
            store.leave_pending("ten-key", scenario, outcomes).unwrap();
        }
        store
    }

    /// What is shown for these answers, how it ends, and what is left.
    fn answer(all: Option<Decision>, answers: &str) -> (String, Exit, usize) {
        let folder = tempfile::tempdir().unwrap();
        let store = waiting(folder.path());
        let mut out = Vec::new();
        let pending = store.pending().unwrap();
        let exit = review(pending, all, &mut answers.as_bytes(), &mut out).unwrap();
        let left = store.pending().unwrap().len();
        (String::from_utf8(out).unwrap(), exit, left)
    }

    #[test]
    fn each_is_shown_and_asked_about() {
        let (text, exit, left) = answer(None, "maybe\na\nr\n");
        insta::assert_snapshot!(text);
        assert_eq!((exit, left), (Exit::Pass, 0));
    }

    #[test]
    fn what_is_skipped_or_not_answered_is_left() {
        for answers in ["s\ns\n", "q\n", ""] {
            let (text, exit, left) = answer(None, answers);
            assert!(text.ends_with("0 accepted, 0 rejected, 2 left\n"), "{text}");
            assert_eq!((exit, left), (Exit::Snapshot, 2));
        }
        assert_eq!(answer(None, "s\nr\n").2, 1);
    }

    #[test]
    fn all_at_once_asks_nothing() {
        for (decision, told) in [
            (Decision::Accept, "2 accepted, 0 rejected, 0 left\n"),
            (Decision::Reject, "0 accepted, 2 rejected, 0 left\n"),
        ] {
            assert_eq!(answer(Some(decision), ""), (told.to_owned(), Exit::Pass, 0));
        }
    }

    #[test]
    fn snapshots_that_no_scenario_asks_for_are_orphans() {
        let folder = tempfile::tempdir().unwrap();
        let scenario = "title: T\ngiven: new\nlocks: ten-key\nsteps: [wait: 1s]\n";
        std::fs::write(folder.path().join("unlock.yaml"), scenario).unwrap();
        let folder = Folder::new(folder.path());
        let store = Store::new(folder.snapshots()).unwrap();
        for (lock, scenario) in [
            ("ten-key", "unlock"),
            ("five-key", "unlock"),
            ("smartcode-913", "unlock"),
            ("smartcode-913", "gone"),
        ] {
            let outcomes = outcomes("1  wait 1s");
            store.leave_pending(lock, scenario, &outcomes).unwrap();
        }
        let orphans: Vec<String> = orphans(&store, &folder)
            .unwrap()
            .iter()
            .map(|path| {
                let below = path.strip_prefix(folder.snapshots()).unwrap();
                below.display().to_string()
            })
            .collect();
        assert_eq!(
            orphans,
            ["five-key/unlock.snap.new", "smartcode-913/gone.snap.new"]
        );
    }
}
