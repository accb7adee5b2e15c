//! From the text of a file to a checked scenario.

use std::path::Path;

use super::fields::{Fields, Reader};
use super::problem::{Problem, ScenarioError};
use super::values;
use super::yaml::{Kind, Node};
use super::{Action, Given, Scenario, check, steps, yaml};
use crate::lock::{Door, LockModel};

const KEYS: [&str; 6] = ["title", "given", "locks", "door", "tolerance", "steps"];

/// Reads and checks the scenario in `source`. `path` is the file it comes from and `name` what it is
/// called; both are only for messages and reports. The error has every mistake in the file.
pub fn parse(source: &str, path: &Path, name: &str) -> Result<Scenario, ScenarioError> {
    read(source, path, name, None)
}

/// Reads a scenario with other values for its sweep than its own.
pub fn parse_over(
    source: &str,
    path: &Path,
    name: &str,
    values: &[String],
) -> Result<Scenario, ScenarioError> {
    read(source, path, name, Some(values))
}

fn read(
    source: &str,
    path: &Path,
    name: &str,
    values: Option<&[String]>,
) -> Result<Scenario, ScenarioError> {
    let refuse = |problems: Vec<Problem>| ScenarioError {
        path: path.to_owned(),
        source_text: source.to_owned(),
        problems,
    };
    let node = yaml::parse(source).map_err(|problem| refuse(vec![problem]))?;
    let mut reader = Reader::default();
    let scenario = file(&mut reader, &node, values, source, path, name);
    match scenario {
        Some(scenario) if reader.problems.is_empty() => Ok(scenario),
        _ => Err(refuse(reader.problems)),
    }
}

fn file(
    reader: &mut Reader,
    node: &Node,
    values: Option<&[String]>,
    source: &str,
    path: &Path,
    name: &str,
) -> Option<Scenario> {
    if node.kind == Kind::Nothing {
        return reader.wrong(
            &node.span,
            "the file is empty",
            "a scenario has `title`, `given` and `steps`",
        );
    }
    let fields = reader.fields(node, "a scenario", &KEYS)?;
    let title = title(reader, &fields);
    let given = given(reader, &fields);
    let locks = locks(reader, &fields);
    let door = match fields.get("door") {
        Some(node) => match reader.choice(node, "`door`", &["left", "right"]) {
            Some(1) => Door::Right,
            _ => Door::Left,
        },
        None => Door::Left,
    };
    let tolerance = fields.get("tolerance").and_then(|node| {
        let help = "write a tolerance like `5ms + 2%`";
        reader.value(node, "`tolerance`", help, values::tolerance)
    });
    let steps = steps::read(reader, &fields, source, values);
    let (title, given, locks, steps) = (title?, given?, locks?, steps?);
    if reader.problems.is_empty() {
        check::sequence(reader, given, &locks, &steps);
    }
    Some(Scenario {
        name: name.to_owned(),
        path: path.to_owned(),
        title,
        given,
        locks,
        door,
        tolerance,
        source: source.to_owned(),
        sweep: steps
            .iter()
            .position(|placed| matches!(placed.step.action, Action::Point(_))),
        point: None,
        steps: steps.into_iter().map(|placed| placed.step).collect(),
    })
}

fn title(reader: &mut Reader, fields: &Fields<'_>) -> Option<String> {
    let help = "say what it shows, like `title: A wrong code moves nothing`";
    let node = fields.need(reader, "the scenario", "title", help)?;
    reader.text(node, "`title`", help).map(str::to_owned)
}

fn given(reader: &mut Reader, fields: &Fields<'_>) -> Option<Given> {
    let help = "say where it starts: `given: new`, `given: handed` or `given: programmed`";
    let node = fields.need(reader, "the scenario", "given", help)?;
    let index = reader.choice(node, "`given`", &Given::NAMES)?;
    [Given::New, Given::Handed, Given::Programmed]
        .get(index)
        .copied()
}

fn locks(reader: &mut Reader, fields: &Fields<'_>) -> Option<Vec<LockModel>> {
    let Some(node) = fields.get("locks") else {
        return Some(LockModel::ALL.to_vec());
    };
    let mut locks = Vec::new();
    let items = reader.items(node);
    if items.is_empty() {
        return reader.wrong(
            &node.span,
            "`locks` is empty: the scenario would never be played",
            "name the models, or leave `locks` out for all of them",
        );
    }
    for item in items {
        let index = reader.choice(item, "a lock", &LockModel::NAMES)?;
        let model = LockModel::ALL[index];
        if locks.contains(&model) {
            return reader.wrong(
                &item.span,
                format!("`{model}` is there twice"),
                "name each model once",
            );
        }
        locks.push(model);
    }
    Some(locks)
}
