//! The rig on itself: every scenario is played, its lock's own log is imported on the same firmware, and the
//! log must come out. What cannot is listed, with what the log leaves out; a log that comes out all the same
//! has no place in the list.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{command, of_each, root, scenarios};

/// Logs that don't come out: scenario, form, and what the log doesn't tell.
const UNTOLD: [(&str, &str, &str); 14] = [
    (
        "battery/brown-out-mid-motor",
        "events",
        "where the bolt was when the power went",
    ),
    (
        "handing/code-behind-a-failure",
        "events",
        "that the cells collapsed under the motor",
    ),
    (
        "hub/event-log",
        "capture",
        "the tenth of a volt at which a use was refused",
    ),
    (
        "hub/event-log-of-64",
        "capture",
        "the events before those that the hub reads",
    ),
    (
        "hub/tells-code-changes-when-kept",
        "capture",
        "that the power went before a command was carried out",
    ),
    (
        "hub/tells-code-changes-when-kept",
        "csv",
        "that the key opened the bolt while the power was off",
    ),
    (
        "mechanism/code-behind-a-jam",
        "events",
        "how fast the keys were typed",
    ),
    (
        "mechanism/key-while-the-motor-runs",
        "events",
        "that the key helped the motor",
    ),
    (
        "mechanism/power-lost-while-moving",
        "events",
        "where the bolt was when the power went",
    ),
    (
        "programming/power-lost-after-green",
        "events",
        "the code that was set when the power went",
    ),
    (
        "reset/power-lost-right-after",
        "events",
        "the reset after which the power went",
    ),
    (
        "storage/hang-while-opening",
        "events",
        "that the motor ran when the program hung",
    ),
    (
        "switches/auto-lock-while-it-moves",
        "events",
        "how fast the keys were typed",
    ),
    (
        "switches/status-blink",
        "events",
        "that the status LED's blinking measured the pack",
    ),
];

/// Whether the log of a scenario in one form comes out; `None` when there is none.
fn comes_out(scenario: &str, model: &str, form: &str, to: &Path) -> Option<bool> {
    let told = command(&root())
        .args(["events", "--after", scenario, "--lock", model, "--as", form])
        .output()
        .unwrap();
    let log = String::from_utf8(told.stdout).unwrap();
    let header = if form == "csv" { "time" } else { "#" };
    if !told.status.success() || !log.lines().any(|line| !line.starts_with(header)) {
        return None;
    }
    fs::write(to, &log).unwrap();
    let imported = command(&root())
        .arg("import")
        .arg(to)
        .args(["--lock", model])
        .output()
        .unwrap();
    let code = imported.status.code();
    let said = String::from_utf8_lossy(&imported.stderr);
    assert!(
        matches!(code, Some(0 | 1)),
        "{scenario} on {model} as {form}: {code:?}\n{log}\n{said}"
    );
    Some(code == Some(0))
}

#[test]
fn a_log_that_a_scenario_leaves_becomes_a_scenario_that_leaves_it() {
    let names = scenarios();
    let mut jobs = Vec::new();
    for name in &names {
        for model in ["ten-key", "five-key"] {
            jobs.extend(["events", "capture", "csv"].map(|form| (name.as_str(), model, form)));
        }
    }
    let house = tempfile::tempdir().unwrap();
    let came = of_each(&jobs, |(name, model, form)| {
        let log = format!("{}-{model}.{form}", name.replace('/', "-"));
        comes_out(name, model, form, &house.path().join(log))
    });
    // That there are logs at all.
    assert!(
        came.iter().flatten().count() > 2 * names.len(),
        "too few scenarios leave a log"
    );
    let failed = jobs
        .iter()
        .zip(&came)
        .filter(|(_, came)| **came == Some(false));
    let failed: BTreeSet<_> = failed.map(|((name, _, form), _)| (*name, *form)).collect();
    let untold: BTreeSet<_> = UNTOLD
        .iter()
        .map(|(name, form, _)| (*name, *form))
        .collect();
    let lost: Vec<_> = failed.difference(&untold).collect();
    let found: Vec<_> = untold.difference(&failed).collect();
    assert!(
        lost.is_empty(),
        "these logs don't come out any more: {lost:?}"
    );
    assert!(
        found.is_empty(),
        "these logs come out: take them off the list: {found:?}"
    );
}
