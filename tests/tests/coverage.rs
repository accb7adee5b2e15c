//! The list of rules and the scenarios that show them, `scenarios/README.md`, holds: every scenario in
//! it exists, every scenario that exists is in it, and each rule has one on every model it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rig::lock::LockModel;
use rig::scenario::{Folder, Scenario};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn scenarios() -> BTreeMap<String, Scenario> {
    let folder = Folder::new(folder());
    let files = folder.files().unwrap();
    let load = |file: &PathBuf| folder.load(file).unwrap().unwrap();
    files
        .iter()
        .map(|file| (folder.name(file), load(file)))
        .collect()
}

/// Rows of the list's tables: the rule, and the scenarios.
fn rules() -> Vec<(String, Vec<String>)> {
    let list = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut section = "";
    let mut rules = Vec::new();
    for line in list.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading;
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, names] = cells.as_slice() else {
            continue;
        };
        if line.starts_with("| ") && *names != "scenarios" {
            let names = names.split_whitespace().map(|name| name.replace('`', ""));
            rules.push((format!("{section}: {rule}"), names.collect()));
        }
    }
    rules
}

#[test]
fn the_list_and_the_folder_name_the_same_scenarios() {
    let listed: BTreeSet<String> = rules().into_iter().flat_map(|(_, names)| names).collect();
    let there: BTreeSet<String> = scenarios().into_keys().collect();
    let gone: Vec<&String> = listed.difference(&there).collect();
    let unlisted: Vec<&String> = there.difference(&listed).collect();
    assert_eq!((gone, unlisted), (vec![], vec![]));
}

/// Rules of one model: its own way of taking and deleting codes.
#[test]
fn every_rule_is_shown_on_every_model_that_it_is_for() {
    let scenarios = scenarios();
    let mut one_model = Vec::new();
    for (rule, names) in rules() {
        let models: BTreeSet<LockModel> = names
            .iter()
            .filter_map(|name| scenarios.get(name))
            .flat_map(|scenario| scenario.locks.clone())
            .collect();
        if models.len() < LockModel::ALL.len() {
            let models: Vec<&str> = models.iter().map(|model| model.name()).collect();
            one_model.push(format!("{} only: {rule}", models.join(", ")));
        }
    }
    insta::assert_snapshot!(one_model.join("\n"));
}

#[test]
fn every_scenario_says_what_it_stands_for() {
    for (name, scenario) in scenarios() {
        let source = std::fs::read_to_string(&scenario.path).unwrap();
        let comment: String = source
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        let stands_for = ["LOCK.md", "FACTS.md", "Ours"];
        assert!(
            stands_for.iter().any(|text| comment.contains(text)),
            "{name} begins with no comment that names a rule or a field report"
        );
        assert!(!scenario.title.ends_with('.'), "{name}");
    }
}
