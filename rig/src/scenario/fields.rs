//! Walking the nodes of a file: every mismatch becomes a problem, and reading goes on behind it.

use super::problem::{Problem, did_you_mean, suggest};
use super::values::Wrong;
use super::yaml::{Kind, Node, Span, Word};

/// Collects what is wrong while a file is read.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<Problem>,
}

/// The entries of a mapping, all of them known.
pub(crate) struct Fields<'n> {
    span: Span,
    entries: &'n [(Word, Node)],
    /// Keys of the mapping that nothing is called.
    unknown: Vec<&'n str>,
}

impl Reader {
    /// Notes a problem; `None`, for the caller to return.
    pub(crate) fn wrong<T>(
        &mut self,
        span: &Span,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.problems
            .push(Problem::new(span.clone(), what).help(help));
        None
    }

    /// The entries of a mapping whose keys are among `known`; an unknown key is a problem, and what
    /// is known is read nonetheless.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let Kind::Map(entries) = &node.kind else {
            return self.wrong(
                &node.span,
                format!("{what} is a mapping, not {}", node.noun()),
                format!("write `{}: ...`", known.first().unwrap_or(&"key")),
            );
        };
        let mut unknown = Vec::new();
        for (word, _) in entries {
            if !known.contains(&word.text.as_str()) {
                unknown.push(word.text.as_str());
                self.wrong::<()>(
                    &word.span,
                    format!("{what} has no `{}`", word.text),
                    suggest(&word.text, known),
                );
            }
        }
        Some(Fields {
            span: node.span.clone(),
            entries,
            unknown,
        })
    }

    /// The text of a scalar.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str, help: &str) -> Option<&'n str> {
        match node.text() {
            Some(text) if !text.trim().is_empty() => Some(text.trim()),
            Some(_) => self.wrong(&node.span, format!("{what} is empty"), help),
            None => self.wrong(
                &node.span,
                format!("{what} wants a value, not {}", node.noun()),
                help,
            ),
        }
    }

    /// A scalar read by `parse`.
    pub(crate) fn value<T>(
        &mut self,
        node: &Node,
        what: &str,
        help: &str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let text = self.text(node, what, help)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(wrong) => self.wrong(&node.span, wrong.what, wrong.help),
        }
    }

    /// A word among `known`, as its index.
    pub(crate) fn choice(&mut self, node: &Node, what: &str, known: &[&str]) -> Option<usize> {
        let help = format!(
            "it is one of {}",
            super::problem::either(known.iter().copied())
        );
        let text = self.text(node, what, &help)?;
        match known.iter().position(|name| *name == text) {
            Some(index) => Some(index),
            None => self.wrong(
                &node.span,
                format!("{what} can't be `{text}`"),
                suggest(text, known),
            ),
        }
    }

    /// The items of a list; a single item may stand without brackets.
    pub(crate) fn items<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.kind {
            Kind::List(items) => items,
            _ => std::slice::from_ref(node),
        }
    }
}

impl<'n> Fields<'n> {
    /// The value of `key`, if it is there.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .find(|(word, _)| word.text == key)
            .map(|(_, node)| node)
    }

    /// The value of `key`, which must be there.
    pub(crate) fn need(
        &self,
        reader: &mut Reader,
        what: &str,
        key: &str,
        help: &str,
    ) -> Option<&'n Node> {
        match self.get(key) {
            Some(node) => Some(node),
            // The misspelt key has been told already.
            None if self
                .unknown
                .iter()
                .any(|word| did_you_mean(word, [key]).is_some()) =>
            {
                None
            }
            None => reader.wrong(&self.span, format!("{what} has no `{key}`"), help),
        }
    }

    /// Whether some key is none of the known ones, and has been told.
    pub(crate) fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// The entries in the order of the file.
    pub(crate) fn entries(&self) -> &'n [(Word, Node)] {
        self.entries
    }
}
