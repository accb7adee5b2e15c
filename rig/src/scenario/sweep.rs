//! A sweep in a scenario file: the values of a range, and the steps that are played with each of them
//! in the place of `$point`.

use super::fields::Reader;
use super::values::{Decimal, Wrong, split};
use super::yaml::{Kind, Node, Span};

/// What stands for the value in the steps of a sweep.
const POINT: &str = "$point";

/// As many points as a sweep may have.
const MOST_POINTS: u64 = 1_000;

pub(super) const HELP: &str = "write `sweep: { over: 4.0 V to 6.5 V, by: 0.1 V, steps: [...] }` or `over: [alkaline, lithium]`";

/// A sweep as it is written: its values, and its steps with `$point` in them.
pub(super) struct Written<'n> {
    pub(super) values: Vec<String>,
    pub(super) steps: &'n Node,
}

/// The value of a `sweep` step. `values` stand in for its own where they are given.
pub(super) fn read<'n>(
    reader: &mut Reader,
    value: &'n Node,
    values: Option<&[String]>,
) -> Option<Written<'n>> {
    let fields = reader.fields(value, "`sweep`", &["over", "by", "steps"])?;
    let over = fields.need(reader, "`sweep`", "over", HELP);
    let steps = fields.need(reader, "`sweep`", "steps", HELP);
    let (over, steps) = (over?, steps?);
    let by = fields.get("by");
    let own = match (&over.kind, by) {
        (Kind::List(items), None) => list(reader, over, items)?,
        (Kind::List(_), Some(by)) => {
            return reader.wrong(
                &by.span,
                "a list has no `by`",
                "leave it out, or write a range like `4.0 V to 6.5 V`",
            );
        }
        (_, None) => {
            return reader.wrong(
                &over.span,
                "the range doesn't say how far apart its points are",
                HELP,
            );
        }
        (_, Some(by)) => {
            let by = reader.text(by, "`by`", HELP)?.to_owned();
            reader.value(over, "`over`", HELP, |text| range(text, &by))?
        }
    };
    if !mentions(steps) {
        return reader.wrong(
            &steps.span,
            "no step of the sweep says `$point`",
            "write it where the value belongs, like `battery: $point`",
        );
    }
    Some(Written {
        values: values.map_or(own, <[String]>::to_vec),
        steps,
    })
}

fn list(reader: &mut Reader, over: &Node, items: &[Node]) -> Option<Vec<String>> {
    let mut values: Vec<String> = Vec::new();
    for item in items {
        let value = squeezed(reader.text(item, "a value", HELP)?);
        if values.contains(&value) {
            return reader.wrong(
                &item.span,
                format!("`{value}` is there twice"),
                "name each value once",
            );
        }
        values.push(value);
    }
    if values.len() < 2 {
        return reader.wrong(&over.span, "a sweep has two values at least", HELP);
    }
    Some(values)
}

/// A value as snapshots name it: `4.6 V` and `4.6V` are one, words keep their spaces.
pub(super) fn squeezed(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>();
    match words.as_slice() {
        [number, unit] if number.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{number}{unit}")
        }
        words => words.join(" "),
    }
}

/// `4.0 V to 6.5 V` in steps of `0.1 V`, from either end.
fn range(text: &str, by: &str) -> Result<Vec<String>, Wrong> {
    let wrong = |what: String| Wrong::new(what, HELP);
    let (from, to) = text
        .split_once(" to ")
        .ok_or_else(|| wrong(format!("`{text}` is not a range")))?;
    let quantities = [from, to, by].map(|text| {
        let (number, unit) = split(text);
        Decimal::parse(number)
            .map(|number| (number, unit))
            .ok_or_else(|| wrong(format!("`{}` is not a quantity", text.trim())))
    });
    let [from, to, by] = quantities;
    let ((from, unit), (to, second), (by, third)) = (from?, to?, by?);
    for other in [second, third] {
        if other != unit {
            return Err(Wrong::new(
                format!("`{unit}` and `{other}` are two units"),
                "write both ends and `by` in one unit",
            ));
        }
    }
    let decimals = [&from, &to, &by]
        .map(Decimal::decimals)
        .into_iter()
        .max()
        .unwrap_or(0);
    let scaled = |number: &Decimal| {
        10u64
            .checked_pow(decimals)
            .and_then(|scale| number.times(scale))
            .ok_or_else(|| wrong(format!("`{text}` is too large or too fine")))
    };
    let (from, to, by) = (scaled(&from)?, scaled(&to)?, scaled(&by)?);
    let distance = from.abs_diff(to);
    if by == 0 || distance == 0 {
        return Err(wrong(format!("`{text}` by nothing has no points")));
    }
    if !distance.is_multiple_of(by) {
        return Err(Wrong::new(
            format!("the steps from one end of `{text}` don't come out at the other"),
            "write ends that are a whole number of steps apart",
        ));
    }
    if distance / by >= MOST_POINTS {
        return Err(Wrong::new(
            format!("that makes more than {MOST_POINTS} points"),
            "make the steps larger",
        ));
    }
    let point = |index: u64| {
        let value = if from < to {
            from + index * by
        } else {
            from - index * by
        };
        format!("{}{unit}", decimal(value, decimals))
    };
    Ok((0..=distance / by).map(point).collect())
}

/// A scaled number with its decimals again.
pub(crate) fn decimal(value: u64, decimals: u32) -> String {
    let scale = 10u64.pow(decimals);
    match decimals {
        0 => value.to_string(),
        _ => format!(
            "{}.{:0width$}",
            value / scale,
            value % scale,
            width = decimals as usize
        ),
    }
}

fn mentions(node: &Node) -> bool {
    match &node.kind {
        Kind::Nothing => false,
        Kind::Text(text) => text.contains(POINT),
        Kind::List(items) => items.iter().any(mentions),
        Kind::Map(entries) => entries.iter().any(|(_, value)| mentions(value)),
    }
}

/// The steps with a value in the place of `$point`.
pub(super) fn with(node: &Node, value: &str) -> Node {
    let kind = match &node.kind {
        Kind::Nothing => Kind::Nothing,
        Kind::Text(text) => Kind::Text(text.replace(POINT, value)),
        Kind::List(items) => Kind::List(items.iter().map(|item| with(item, value)).collect()),
        Kind::Map(entries) => Kind::Map(
            entries
                .iter()
                .map(|(word, node)| (word.clone(), with(node, value)))
                .collect(),
        ),
    };
    Node {
        span: Span::clone(&node.span),
        kind,
    }
}
