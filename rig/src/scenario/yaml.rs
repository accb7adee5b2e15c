//! YAML as nodes that know where they are in the file. Scalars keep the text that was written:
//! a code keeps its leading zeros and `off` stays a word, whatever YAML would make of them.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};

use super::problem::Problem;

/// Bytes of the source.
pub(crate) type Span = Range<usize>;

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing, `~` or `null`.
    Nothing,
    /// A scalar's text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file, without duplicates.
    Map(Vec<(Word, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) span: Span,
    pub(crate) text: String,
}

impl Node {
    /// What it is, in a person's words.
    pub(crate) const fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Nothing => "nothing",
            Kind::Text(_) => "a value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// Its text, when it is a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key, if it is a mapping that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Node> {
        let Kind::Map(entries) = &self.kind else {
            return None;
        };
        let found = entries.iter().find(|(word, _)| word.text == key);
        found.map(|(_, node)| node)
    }
}

/// Reads one document.
pub(crate) fn parse(source: &str) -> Result<Node, Problem> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        reject_unsupported_tags: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: true,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
    };
    match serde_saphyr::from_str_with_options::<Raw>(source, options) {
        Ok(raw) => Ok(raw.settle(source)),
        Err(error) => {
            let error = error.without_snippet();
            let span = error.location().map_or(0..0, |location| {
                bytes(location.span()).unwrap_or_else(|| {
                    let start = offset(source, location.line(), location.column());
                    start..start
                })
            });
            Err(Problem::new(
                span,
                UserMessageFormatter.format_message(error),
            ))
        }
    }
}

fn bytes(span: serde_saphyr::Span) -> Option<Span> {
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    Some(start..start.checked_add(length)?)
}

/// Where line and column, both counted from 1, are in the source: some errors know no more.
fn offset(source: &str, line: u64, column: u64) -> usize {
    let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let mut start = 0;
    for text in source.split_inclusive('\n').take(index(line)) {
        start += text.len();
    }
    let rest = source.get(start..).unwrap_or_default();
    let within = rest.char_indices().nth(index(column));
    start + within.map_or(rest.len(), |(at, _)| at)
}

/// A node as serde hands it over: a plain scalar may have lost its text.
#[derive(Deserialize)]
struct Raw(Spanned<RawKind>);

enum RawKind {
    Nothing,
    /// Its text is in the source, at the span.
    Plain,
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(Spanned<String>, Raw)>),
}

impl Raw {
    fn settle(self, source: &str) -> Node {
        let span = bytes(self.0.defined.span()).unwrap_or(0..0);
        let kind = match self.0.value {
            RawKind::Nothing => Kind::Nothing,
            RawKind::Plain => Kind::Text(
                source
                    .get(span.clone())
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            ),
            RawKind::Text(text) => Kind::Text(text),
            RawKind::List(items) => {
                Kind::List(items.into_iter().map(|item| item.settle(source)).collect())
            }
            RawKind::Map(entries) => Kind::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let word = Word {
                            span: bytes(key.defined.span()).unwrap_or(0..0),
                            text: key.value,
                        };
                        (word, value.settle(source))
                    })
                    .collect(),
            ),
        };
        Node { span, kind }
    }
}

impl<'de> Deserialize<'de> for RawKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawKind, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = RawKind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, a list or a mapping")
            }

            fn visit_unit<E>(self) -> Result<RawKind, E> {
                Ok(RawKind::Nothing)
            }

            fn visit_none<E>(self) -> Result<RawKind, E> {
                Ok(RawKind::Nothing)
            }

            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<RawKind, D::Error> {
                RawKind::deserialize(inner)
            }

            fn visit_bool<E>(self, _: bool) -> Result<RawKind, E> {
                Ok(RawKind::Plain)
            }

            fn visit_i64<E>(self, _: i64) -> Result<RawKind, E> {
                Ok(RawKind::Plain)
            }

            fn visit_u64<E>(self, _: u64) -> Result<RawKind, E> {
                Ok(RawKind::Plain)
            }

            fn visit_i128<E>(self, _: i128) -> Result<RawKind, E> {
                Ok(RawKind::Plain)
            }

            fn visit_u128<E>(self, _: u128) -> Result<RawKind, E> {
                Ok(RawKind::Plain)
            }

            fn visit_f64<E>(self, _: f64) -> Result<RawKind, E> {
                Ok(RawKind::Plain)
            }

            fn visit_str<E>(self, text: &str) -> Result<RawKind, E> {
                Ok(RawKind::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<RawKind, E> {
                Ok(RawKind::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawKind, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(RawKind::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawKind, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(RawKind::Map(map))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each node's text and what the span covers.
    fn outline(node: &Node, source: &str, out: &mut String) {
        use std::fmt::Write;
        match &node.kind {
            Kind::Nothing => writeln!(out, "nothing").unwrap(),
            Kind::Text(text) => {
                writeln!(out, "{text:?} from {:?}", &source[node.span.clone()]).unwrap()
            }
            Kind::List(items) => items.iter().for_each(|item| outline(item, source, out)),
            Kind::Map(entries) => {
                for (key, value) in entries {
                    write!(out, "{} = ", &source[key.span.clone()]).unwrap();
                    outline(value, source, out);
                }
            }
        }
    }

    #[test]
    fn scalars_keep_their_text() {
        let source = "- 0123\n- '0123'\n- 1.50 V\n- 1.50\n- off\n- true\n- 1_000\n- .nan\n- 1/2\n- ~\n- é: 5\n- \"tab\\t\" # comment\n- 0x1F\n- 12345678901234567890123\n";
        let mut out = String::new();
        outline(&parse(source).unwrap(), source, &mut out);
        insta::assert_snapshot!(out);
    }

    #[test]
    fn what_is_not_yaml_is_refused_at_its_place() {
        let mut out = String::new();
        for source in [
            "a: [1",
            "a: 1\na: 2",
            "<<: {}",
            "a: !reset 1",
            "a: 1\n b: 2",
            "a: *b",
            "- &a [*a]",
            "---\na: 1\n---\nb: 1",
            "a: \"x",
        ] {
            let problem = parse(source).unwrap_err();
            out += &format!("{source:?} at {:?}: {}\n", problem.span, problem.what);
        }
        insta::assert_snapshot!(out);
    }
}
