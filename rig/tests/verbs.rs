//! The verbs beside `rig run`, as a person or a script meets them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rig(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap()
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
    ] {
        let output = rig(arguments);
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(right), "{told}");
    }
}
