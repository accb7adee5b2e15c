//! The store on real folders. Modes are given where `CI` or `INSTA_UPDATE` could decide otherwise.

use insta::assert_snapshot;

use super::*;

fn outcomes(text: &str) -> Outcomes {
    text.parse().unwrap()
}

fn unlock(millis: u32) -> Outcomes {
    outcomes(&format!(
        "1  enter 1234\n     +0.020s  motor  open {millis}ms\n     +0.020s  beeper  1x 30ms 4000Hz"
    ))
}

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("snapshots")).unwrap();
        Bench { folder, store }
    }

    fn check(&self, measured: &Outcomes, mode: Mode) -> Result<Verdict, SnapshotError> {
        let terms = Terms::default();
        self.store
            .check("ten-key", "unlock", measured, &terms, mode)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("snapshots/ten-key").join(name)
    }

    fn file(&self) -> String {
        fs::read_to_string(self.path("unlock.snap")).unwrap()
    }

    /// An error's text without the folder's name, which is another each time.
    fn told(&self, error: &SnapshotError) -> String {
        let folder = self.folder.path().to_str().unwrap();
        error.to_string().replace(folder, "")
    }
}

#[test]
fn accepted_once_it_is_the_same_ever_after() {
    let bench = Bench::new();
    assert_eq!(
        bench.check(&unlock(1000), Mode::ReadOnly).unwrap(),
        Verdict::Missing { pending: None }
    );
    let accepted = bench.check(&unlock(1000), Mode::Accept).unwrap();
    assert_eq!(
        accepted,
        Verdict::Accepted {
            file: bench.path("unlock.snap"),
            difference: None
        }
    );
    assert!(!bench.path("unlock.snap.new").exists());
    assert_snapshot!(bench.file(), @"
    ---
    source: rig run unlock --lock ten-key
    ---
    1  enter 1234
         +0.020s   motor   open 1000ms
         +0.020s   beeper  1x 30ms 4000Hz
    ");
    // Accepting again and again doesn't follow a drift that stays within tolerance.
    for millis in [1010, 1020, 1024] {
        assert_eq!(
            bench.check(&unlock(millis), Mode::Accept).unwrap(),
            Verdict::Same
        );
    }
    assert!(bench.file().contains("open 1000ms"));
    let Verdict::Different {
        difference,
        pending,
    } = bench.check(&unlock(1026), Mode::ReadOnly).unwrap()
    else {
        panic!("26 ms is out of 5 ms and 2 %");
    };
    assert_eq!(pending, None);
    assert_snapshot!(difference, @"
    1  enter 1234
       - +0.020s   motor   open 1000ms
       + +0.020s   motor   open 1026ms    (lasts 26ms longer, tolerance 25ms)
    ");
}

#[test]
fn a_pending_snapshot_can_be_accepted_or_rejected() {
    let bench = Bench::new();
    bench.check(&unlock(1000), Mode::Accept).unwrap();
    let measure = |millis: u32| {
        let store = &bench.store;
        store
            .leave_pending("ten-key", "unlock", &unlock(millis))
            .unwrap();
        let mut pending = bench.store.pending().unwrap();
        assert_eq!(pending.len(), 1);
        pending.remove(0)
    };
    let pending = measure(2000);
    assert_eq!(
        (pending.lock.as_str(), pending.scenario.as_str()),
        ("ten-key", "unlock")
    );
    assert_snapshot!(pending.difference().unwrap(), @"
    1  enter 1234
       - +0.020s   motor   open 1000ms
       + +0.020s   motor   open 2000ms    (lasts 1000ms longer)
    ");
    pending.reject().unwrap();
    assert!(bench.store.pending().unwrap().is_empty());
    assert!(bench.file().contains("open 1000ms"));
    measure(2000).accept().unwrap();
    assert!(bench.file().contains("open 2000ms"));
    // A pending one goes when the outcome is as accepted after all.
    measure(3000);
    assert_eq!(
        bench.check(&unlock(2000), Mode::Auto).unwrap(),
        Verdict::Same
    );
    assert!(bench.store.pending().unwrap().is_empty());
}

#[test]
fn files_that_cannot_be_read_say_where() {
    let bench = Bench::new();
    bench.check(&unlock(1000), Mode::Accept).unwrap();
    let whole = bench.file();
    let told = |text: &[u8]| {
        fs::write(bench.path("unlock.snap"), text).unwrap();
        bench.told(&bench.check(&unlock(1000), Mode::ReadOnly).unwrap_err())
    };
    let told = [
        told(whole.replace("motor", "mottor").as_bytes()),
        told(format!("<<<<<<< main\n{whole}").as_bytes()),
        told(b"---\nsource: [\n---\n1  wait 1s\n"),
        told(b""),
        told(b"---\nsource: rig ru"),
        told(b"---\nsource: rig run\n---\n1  wait \xFF\n"),
    ];
    assert_snapshot!(told.join("\n"), @r#"
    read the outcomes in /snapshots/ten-key/unlock.snap: read line 5, `+0.020s   mottor   open 1000ms`: the part is motor, bolt, status, keypad, beeper, hub or power
    read the snapshot /snapshots/ten-key/unlock.snap: its first line is not `---`
    read the snapshot /snapshots/ten-key/unlock.snap: Failed parsing the YAML from "/snapshots/ten-key/unlock.snap"
    read the snapshot /snapshots/ten-key/unlock.snap: its first line is not `---`
    read the snapshot /snapshots/ten-key/unlock.snap: no second line `---` ends its header
    read the snapshot /snapshots/ten-key/unlock.snap: line 4 is not UTF-8; save the file as UTF-8 text
    "#);
    // Accepting repairs.
    assert!(matches!(
        bench.check(&unlock(1000), Mode::Accept).unwrap(),
        Verdict::Accepted {
            difference: None,
            ..
        }
    ));
    assert_eq!(bench.file(), whole);
}

#[test]
fn names_that_would_leave_the_folder_are_refused() {
    let bench = Bench::new();
    let terms = Terms::default();
    for (lock, scenario) in [
        ("", "a"),
        ("a", ""),
        ("../a", "b"),
        ("a", "../b"),
        ("a/b", "c"),
    ] {
        let error = bench
            .store
            .check(lock, scenario, &unlock(1), &terms, Mode::Accept)
            .unwrap_err();
        assert!(matches!(error, SnapshotError::Name { .. }), "{error}");
    }
    assert!(!bench.folder.path().join("snapshots").exists());
}

#[test]
fn snapshots_that_no_scenario_asks_for_are_orphans() {
    let bench = Bench::new();
    let terms = Terms::default();
    for (lock, scenario) in [
        ("ten-key", "unlock"),
        ("ten-key", "field/old"),
        ("six-key", "unlock"),
    ] {
        bench
            .store
            .check(lock, scenario, &unlock(1), &terms, Mode::Accept)
            .unwrap();
    }
    let orphans: Vec<String> = bench
        .store
        .orphans([("ten-key", "unlock")])
        .unwrap()
        .iter()
        .map(|path| {
            let path = path.strip_prefix(bench.folder.path()).unwrap();
            path.display().to_string()
        })
        .collect();
    assert_snapshot!(orphans.join("\n"), @"
    snapshots/six-key/unlock.snap
    snapshots/ten-key/field__old.snap
    ");
}
