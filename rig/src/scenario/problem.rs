//! What is wrong with a scenario file, and where: every mistake in one go, each with line, column,
//! a caret under the text and what would be right.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Bytes of the source.
    pub(crate) span: Range<usize>,
    /// What is wrong, as a fragment.
    pub(crate) what: String,
    /// What would be right.
    pub(crate) help: Option<String>,
}

impl Problem {
    pub(crate) fn new(span: Range<usize>, what: impl Into<String>) -> Problem {
        Problem {
            span,
            what: what.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
}

/// A scenario file that can't be played, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.render(false))]
pub struct ScenarioError {
    pub(crate) path: PathBuf,
    pub(crate) source_text: String,
    pub(crate) problems: Vec<Problem>,
}

impl ScenarioError {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many mistakes there are; at least one.
    pub fn count(&self) -> usize {
        self.problems.len()
    }

    /// The mistakes as a person reads them, in the order of the file.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let path = self.path.display().to_string();
        let mut problems: Vec<&Problem> = self.problems.iter().collect();
        problems.sort_by_key(|problem| problem.span.start);
        let reports: Vec<String> = problems
            .iter()
            .map(|problem| {
                let snippet = Snippet::source(&self.source_text)
                    .path(&path)
                    .annotation(AnnotationKind::Primary.span(self.visible(&problem.span)));
                let mut group: Group<'_> = Level::ERROR
                    .primary_title(problem.what.as_str())
                    .element(snippet);
                if let Some(help) = &problem.help {
                    group = group.element(Level::HELP.message(help.as_str()));
                }
                renderer.render(&[group])
            })
            .collect();
        reports.join("\n\n")
    }

    /// A span inside the source, on one line: a caret under a whole block says nothing.
    fn visible(&self, span: &Range<usize>) -> Range<usize> {
        let text = &self.source_text;
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |length| start + length);
        let mut end = span.end.clamp(start, line_end);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        start..end
    }
}

/// A name among `known` that `wrong` may have been meant to be.
pub(crate) fn did_you_mean<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong.to_lowercase(), name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// `a, b or c`.
pub(crate) fn either<'a>(names: impl IntoIterator<Item = &'a str>) -> impl fmt::Display {
    let names: Vec<&str> = names.into_iter().collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Help for a name that isn't among `known`: the likely one, else all of them.
pub(crate) fn suggest(wrong: &str, known: &[&str]) -> String {
    match did_you_mean(wrong, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("it is one of {}", either(known.iter().copied())),
    }
}
