//! The verbs beside `rig run`, as a person or a script meets them.

mod common;

use std::path::Path;
use std::process::Output;

use common::{folder, root, text};

fn rig(arguments: &[&str]) -> Output {
    common::rig(&root(), arguments)
}

fn printed(arguments: &[&str]) -> String {
    let output = rig(arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn schemas_are_json_that_names_the_keys() {
    let scenario = printed(&["schema", "scenario"]);
    assert!(scenario.starts_with("{\n"), "{scenario}");
    assert!(scenario.contains("\"turn-key\": {"), "{scenario}");
    assert!(printed(&["schema", "bench"]).contains("\"loopback\": {"));
    assert_eq!(rig(&["schema", "lock"]).status.code(), Some(2));
}

#[test]
fn completions_know_every_verb() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]);
        for word in ["review", "accept-all", "completions"] {
            assert!(script.contains(word), "{shell} misses {word}");
        }
    }
    assert_eq!(rig(&["completions", "csh"]).status.code(), Some(2));
}

#[test]
fn a_misspelt_verb_or_option_is_answered_with_the_right_one() {
    for (arguments, right) in [
        (&["reveiw"][..], "'review'"),
        (&["run", "--accpet"][..], "'--accept'"),
        (&["schema", "scenarios"][..], "'scenario'"),
        (&["list", "--lock", "tenkey"][..], "did you mean `ten-key`?"),
    ] {
        let output = rig(arguments);
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(right), "{told}");
    }
}

#[test]
fn check_reads_every_scenario_and_bench_and_tells_each_mistake() {
    let said = printed(&["check"]);
    assert!(said.contains(" scenarios, 3 benches, no mistake"), "{said}");
    let said = printed(&["check", "rig/hardware/black-box.yaml"]);
    assert_eq!(said, "1 bench, no mistake\n");

    let folder = folder("check");
    let (scenario, bench) = (folder.join("wrong.yaml"), folder.join("bench.yaml"));
    std::fs::write(&scenario, "title: T\ngiven: new\nsteps: [wiat: 1s]\n").unwrap();
    std::fs::write(&bench, "titel: B\npi: 4b\n").unwrap();
    let output = rig(&["check", scenario.to_str().unwrap(), bench.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output);
    assert!(said.contains("did you mean `wait`?"), "{said}");
    assert!(said.contains("did you mean `title`?"), "{said}");
    assert!(said.contains("failed to read 2 files"), "{said}");
}

#[test]
fn a_run_is_told_again_from_its_folder() {
    let folder = folder("report");
    let runs = folder.join("runs");
    let (page, again) = (folder.join("page.html"), folder.join("again.html"));
    let ran = printed(&[
        "run",
        "codes/wrong-code",
        "--lock",
        "ten-key",
        "--output",
        runs.to_str().unwrap(),
        "--html",
        page.to_str().unwrap(),
    ]);
    let said = printed(&["report", runs.to_str().unwrap()]);
    assert!(ran.contains(&said), "{said}");
    printed(&[
        "report",
        runs.to_str().unwrap(),
        "--html",
        again.to_str().unwrap(),
    ]);
    // All but the head, which says when, and the last digit of a time.
    let main = |path: &Path| {
        let page = std::fs::read_to_string(path).unwrap();
        page[page.find("<main>").unwrap()..].to_owned()
    };
    assert_eq!(main(&page), main(&again));

    let output = rig(&["report", folder.join("nothing").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    std::fs::create_dir(folder.join("empty")).unwrap();
    let output = rig(&["report", folder.join("empty").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("it has no run.json"));
}

#[test]
fn an_image_is_flashed_into_a_virtual_lock() {
    let said = printed(&["flash", "--lock", "five-key"]);
    assert!(said.contains("into a virtual five-key lock: "), "{said}");
    assert!(said.contains("verified"), "{said}");

    let output = rig(&["flash", "README.md", "--lock", "ten-key"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let output = rig(&["flash", "README.md"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let output = rig(&["flash", "--bench", "rig/hardware/black-box.yaml"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("names no `probe`"));
}
