//! What is seen while something takes its time: a bar on a terminal's stderr, nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for bytes that are read and written.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar that isn't drawn before it is told something, nor where no one looks or wants it.
    pub(crate) fn bytes(quiet: bool) -> Bar {
        Bar {
            bar: bar(quiet, 0, "{msg:>8} [{bar:40}] {bytes}/{total_bytes}"),
        }
    }

    /// So much of it is done.
    pub(crate) fn at(&self, what: &'static str, done: usize, total: usize) {
        self.bar.set_message(what);
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar for runs: how many are over, what is in play and how long it will take.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    bar: ProgressBar,
}

impl Runs {
    /// A bar for so many runs, several at a time.
    pub(crate) fn many(quiet: bool, runs: usize) -> Runs {
        let template = "[{bar:24}] {pos}/{len}  {elapsed} and {eta} to go  {wide_msg}";
        Runs {
            bar: bar(quiet, runs, template),
        }
    }

    /// A bar for so many runs, one after the other on a real bench.
    pub(crate) fn one_by_one(quiet: bool, runs: usize) -> Runs {
        let runs = bar(quiet, runs, "[{bar:24}] {pos}/{len}  {wide_msg}");
        // Time passes between two steps, too.
        runs.enable_steady_tick(Duration::from_millis(200));
        Runs { bar: runs }
    }

    /// What is in play now.
    pub(crate) fn playing(&self, what: String) {
        self.bar.set_message(what);
    }

    /// One more is over.
    pub(crate) fn over(&self) {
        self.bar.inc(1);
    }

    /// Prints above the bar.
    pub(crate) fn above<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn bar(quiet: bool, length: usize, template: &str) -> ProgressBar {
    let target = if quiet {
        ProgressDrawTarget::hidden()
    } else {
        // Hidden by itself where stderr is no terminal.
        ProgressDrawTarget::stderr()
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length as u64), target)
        .with_style(style.progress_chars("=> "))
}
