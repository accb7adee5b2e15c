//! What is seen while something takes its time: a bar on a terminal's stderr, nothing elsewhere.

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
            bar: bar(quiet, "{msg:>8} [{bar:40}] {bytes}/{total_bytes}"),
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

fn bar(quiet: bool, template: &str) -> ProgressBar {
    let target = if quiet {
        ProgressDrawTarget::hidden()
    } else {
        // Hidden by itself where stderr is no terminal.
        ProgressDrawTarget::stderr()
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(0), target).with_style(style.progress_chars("=> "))
}
