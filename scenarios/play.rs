//! Every scenario on every virtual lock against its accepted outcomes. That this file lies beside the
//! snapshots is what lets `cargo insta` find them: `cargo insta test -p tests --test scenarios --review`.

use std::path::Path;

use clap::Parser;
use rig::command::{Cli, Exit};

#[test]
fn every_scenario_comes_out_as_accepted() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::env::set_current_dir(repository).unwrap();
    let output = concat!(env!("CARGO_TARGET_TMPDIR"), "/scenarios");
    let line = ["rig", "run", "--quiet", "--output", output];
    let exit = Cli::parse_from(line).run().unwrap();
    let fine = exit == Exit::Pass
        // `cargo insta test` gathers what is new and asks about it when all is played.
        || (exit == Exit::Snapshot || exit == Exit::Differs)
            && std::env::var_os("INSTA_FORCE_PASS").is_some();
    assert!(fine, "{exit:?}: what differs is told above");
}
