//! `rig bisect` over images and over git commits, as a person meets it, and under `git bisect run`.
//! The bad firmware is another model's: on this lock's board its keys are somewhere else.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{released, rig, text};

const SCENARIO: &str = "\
title: Half a code is dropped
given: handed
locks: ten-key
steps:
  - enter: { code: \"9\", confirm: no }
  - wait: 6s
  - expect: { keypad: red 3x }
";

/// An empty folder with the scenario in it.
fn folder(name: &str) -> PathBuf {
    let folder = common::folder(name);
    fs::write(folder.join("dropped.yaml"), SCENARIO).unwrap();
    folder
}

fn command(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@example.org"),
        ("GIT_COMMITTER_NAME", "A"),
        ("GIT_COMMITTER_EMAIL", "a@example.org"),
        ("CI", "true"),
    ] {
        command.env(name, value);
    }
    command.output().unwrap()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, "git", arguments);
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        text(&output)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Versions 0.1.0 to 0.9.0, bad from 0.6.0 on, 0.5.0 not an image at all.
fn images(name: &str) -> PathBuf {
    let folder = folder(name);
    for minor in 1..=9 {
        let image = folder.join(format!("lock-ten-key-0.{minor}.0.elf"));
        match minor {
            5 => fs::write(image, "not an image").map(|()| 0),
            6.. => fs::copy(released("five-key"), image),
            _ => fs::copy(released("ten-key"), image),
        }
        .unwrap();
    }
    folder
}

#[test]
fn the_first_bad_image_is_found_past_one_that_is_broken() {
    let folder = images("bisect-images");
    let arguments = |good, bad| {
        let folder = ["--images", "."];
        [
            &["bisect", "dropped.yaml", "--good", good, "--bad", bad][..],
            &folder,
        ]
        .concat()
    };
    let output = rig(&folder, &arguments("0.1.0", "0.9.0"));
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.contains("looking for: step 2, wait 6s: wanted keypad red 3x, got nothing"),
        "{told}"
    );
    assert!(told.contains("\n0.5.0: skipped: "), "{told}");
    assert!(told.contains("\nlast good: 0.4.0\n"), "{told}");
    assert!(
        told.contains("one of these, of which only the last could be tried:\n  0.5.0\n  0.6.0\n"),
        "{told}"
    );
    assert!(told.contains("keypad  red 3x 150/150ms"), "{told}");

    let backwards = rig(&folder, &arguments("0.9.0", "0.1.0"));
    assert_eq!(backwards.status.code(), Some(2), "{}", text(&backwards));
    let unknown = rig(&folder, &arguments("0.1.0", "1.0.0"));
    assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown));
    assert!(
        text(&unknown).contains("it has 0.1.0, 0.2.0"),
        "{}",
        text(&unknown)
    );
    let same = rig(&folder, &arguments("0.1.0", "0.4.0"));
    assert_eq!(same.status.code(), Some(4), "{}", text(&same));
}

/// A repository whose commits build what `make` is told by the file `which`: `good`, `bad`, or
/// something that doesn't build.
struct Repository {
    folder: PathBuf,
}

/// The build command: fails where `which` names no image.
const BUILD: &str = "mkdir -p out && cp \"$(cat where)/$(cat which).elf\" out/lock.elf";

impl Repository {
    fn new(name: &str) -> Repository {
        let folder = folder(name);
        let images = folder.join("images");
        fs::create_dir_all(&images).unwrap();
        fs::copy(released("ten-key"), images.join("good.elf")).unwrap();
        fs::copy(released("five-key"), images.join("bad.elf")).unwrap();
        fs::write(folder.join(".gitignore"), "images\nout\ntarget\n").unwrap();
        fs::write(folder.join("where"), images.to_str().unwrap()).unwrap();
        git(&folder, &["init", "--quiet", "--initial-branch=main"]);
        Repository { folder }
    }

    fn commit(&self, which: &str, subject: &str) -> String {
        fs::write(self.folder.join("which"), which).unwrap();
        fs::write(self.folder.join("note"), subject).unwrap();
        git(&self.folder, &["add", "--all"]);
        git(&self.folder, &["commit", "--quiet", "--message", subject]);
        git(&self.folder, &["rev-parse", "HEAD"])
    }

    fn bisect(&self, good: &str, bad: &str) -> String {
        let output = rig(
            &self.folder,
            &[
                "bisect",
                "dropped.yaml",
                "--good",
                good,
                "--bad",
                bad,
                "--build",
                BUILD,
                "--image",
                "out/lock.elf",
            ],
        );
        let told = text(&output);
        assert_eq!(output.status.code(), Some(0), "{told}");
        told
    }
}

#[test]
fn the_first_bad_commit_is_found_in_a_work_tree_of_its_own() {
    let repository = Repository::new("bisect-commits");
    let good = repository.commit("good", "begin");
    for index in 0..3 {
        repository.commit("good", &format!("good {index}"));
    }
    repository.commit("nothing", "does not build");
    repository.commit("good", "builds again");
    repository.commit("bad", "break it");
    repository.commit("bad", "go on");
    let before = git(&repository.folder, &["status", "--porcelain", "--branch"]);

    let told = repository.bisect(&good, "HEAD");
    assert!(told.contains("\nlast good: "), "{told}");
    let first = told
        .lines()
        .find(|line| line.starts_with("first bad: "))
        .unwrap();
    assert!(first.ends_with(" break it"), "{told}");
    assert!(told.contains("keypad  red 3x 150/150ms"), "{told}");

    // Nothing of it is left, and nothing of the person's was touched.
    let after = git(&repository.folder, &["status", "--porcelain", "--branch"]);
    assert_eq!(before, after);
    assert_eq!(
        git(&repository.folder, &["worktree", "list"])
            .lines()
            .count(),
        1
    );

    let unrelated = rig(
        &repository.folder,
        &[
            "bisect",
            "dropped.yaml",
            "--good",
            "HEAD",
            "--bad",
            &good,
            "--build",
            BUILD,
            "--image",
            "out/lock.elf",
        ],
    );
    assert_eq!(unrelated.status.code(), Some(2), "{}", text(&unrelated));
}

#[test]
fn an_image_outside_of_the_work_tree_is_refused_and_left() {
    let repository = Repository::new("bisect-outside");
    let good = repository.commit("good", "begin");
    repository.commit("bad", "break it");
    let mine = repository.folder.join("images/good.elf");
    for image in [mine.to_str().unwrap(), "../images/good.elf"] {
        let output = rig(
            &repository.folder,
            &[
                "bisect",
                "dropped.yaml",
                "--good",
                &good,
                "--bad",
                "HEAD",
                "--build",
                BUILD,
                "--image",
                image,
            ],
        );
        let told = text(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("name it from the top of the tree"), "{told}");
        assert!(mine.is_file());
    }
}

#[test]
fn a_bad_merge_is_searched_to_the_commit_that_it_brought() {
    let repository = Repository::new("bisect-merge");
    let good = repository.commit("good", "begin");
    git(
        &repository.folder,
        &["switch", "--quiet", "--create", "topic"],
    );
    repository.commit("good", "topic 1");
    repository.commit("bad", "topic breaks it");
    repository.commit("bad", "topic 3");
    git(&repository.folder, &["switch", "--quiet", "main"]);
    fs::write(repository.folder.join("other"), "main").unwrap();
    git(&repository.folder, &["add", "other"]);
    git(
        &repository.folder,
        &["commit", "--quiet", "--message", "main goes on"],
    );
    git(
        &repository.folder,
        &["merge", "--quiet", "--no-edit", "topic"],
    );
    repository.commit("bad", "after the merge");

    let told = repository.bisect(&good, "main");
    let last = told
        .lines()
        .rfind(|line| line.starts_with("first bad: "))
        .unwrap();
    assert!(last.ends_with(" topic breaks it"), "{told}");
}

#[test]
fn git_bisect_run_takes_its_word() {
    let repository = Repository::new("bisect-run");
    let good = repository.commit("good", "begin");
    repository.commit("good", "fine");
    repository.commit("nothing", "does not build");
    repository.commit("good", "fine again");
    let culprit = repository.commit("bad", "break it");
    repository.commit("bad", "go on");
    repository.commit("bad", "further");
    git(&repository.folder, &["bisect", "start", "HEAD", &good]);
    let rig = env!("CARGO_BIN_EXE_rig");
    let told = git(
        &repository.folder,
        &[
            "bisect",
            "run",
            rig,
            "bisect",
            "--step",
            "dropped.yaml",
            "--build",
            BUILD,
            "--image",
            "out/lock.elf",
        ],
    );
    assert!(
        told.contains(&format!("{culprit} is the first bad commit")),
        "{told}"
    );
}

#[test]
fn a_step_ends_as_git_wants_it() {
    let folder = folder("bisect-step");
    let step = |more: &[&str]| {
        let output = rig(
            &folder,
            &[&["bisect", "--step", "dropped.yaml"], more].concat(),
        );
        (output.status.code(), text(&output))
    };
    let (good, bad) = (released("ten-key"), released("five-key"));
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    assert_eq!(step(&["--firmware", good]).0, Some(0));
    assert_eq!(step(&["--firmware", bad]).0, Some(1));
    assert_eq!(step(&["--firmware", bad, "--good", good]).0, Some(1));
    assert_eq!(step(&["--firmware", "dropped.yaml"]).0, Some(125));
    assert_eq!(step(&["--build", "exit 3", "--image", good]).0, Some(125));
    // What is wrong with every version must not pass for a bad one.
    assert_eq!(step(&[]).0, Some(128));
    assert_eq!(step(&["--frimware", good]).0, Some(128));
    assert_eq!(
        step(&["--lock", "five-key", "--firmware", good]).0,
        Some(128)
    );
    fs::write(
        folder.join("dropped.yaml"),
        SCENARIO.replace("enter", "entr"),
    )
    .unwrap();
    let (code, told) = step(&["--firmware", good]);
    assert_eq!(code, Some(128), "{told}");
    assert!(told.contains("did you mean `enter`?"), "{told}");
}
