//! A given state restored through the debug port is the state that the lock's own procedures lead to:
//! whatever follows leaves the same trace, byte for byte.

mod common;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use rig::bench::probe::Image;
use rig::bench::{Bench, VirtualBench};
use rig::lock::{Door, LockModel};
use rig::play::{Limits, Situation, play, prepare, restorable, restore};
use rig::scenario::{Given, parse};
use rig::trace::Trace;

static GO_ON: AtomicBool = AtomicBool::new(false);

const LIMITS: Limits<'static> = Limits {
    deadline: None,
    interrupted: &GO_ON,
};

/// Everything that could tell two locks apart: codes, handing, settings, pairing, event log, bolt.
const USE: &str = "
title: Use
given: handed
steps:
  - hub: status
  - hub: pair
  - hub: { get-code: 1 }
  - hub: { event: 0 }
  - hub: { event: 1 }
  - hub: { event: 2 }
  - hub: { event: 3 }
  - switch: 1 on
  - wait: 7s
  - enter: { code: \"1234\", confirm: yes }
  - settle
  - press: lock
  - settle
  - press: program
  - press: program
  - enter: { code: \"5577\", confirm: yes }
  - settle
  - processor: hang
  - wait: 5s
  - enter: { code: \"5577\", confirm: yes }
  - settle
";

fn released(model: LockModel) -> Image {
    let elf = std::fs::read(common::released(model.name())).unwrap();
    Image::from_elf(&elf).unwrap()
}

fn used(mut bench: VirtualBench, mut situation: Situation) -> Trace {
    let mut scenario = parse(USE, Path::new("use.yaml"), "use").unwrap();
    scenario.locks = vec![bench.model()];
    let played = play(&mut bench, &mut situation, &scenario, LIMITS).unwrap();
    assert!(played.trace.events.len() > 100);
    played.trace
}

#[test]
fn restored_or_played_a_state_leaves_the_same_trace() {
    for (model, given, door) in [
        (LockModel::TenKey, Given::Handed, Door::Left),
        (LockModel::TenKey, Given::Programmed, Door::Right),
        (LockModel::FiveKey, Given::Handed, Door::Right),
        (LockModel::FiveKey, Given::Programmed, Door::Left),
    ] {
        let (flashed, _) = VirtualBench::flashed(model, &released(model)).unwrap();
        let (mut played, mut hands) = (flashed.clone(), Situation::default());
        prepare(&mut played, &mut hands, given, door, LIMITS)
            .unwrap()
            .unwrap();
        assert!(restorable(&mut played, given).unwrap());
        let storage = played.clone().read_storage().unwrap();

        let (mut restored, mut others) = (flashed, Situation::default());
        restore(&mut restored, &mut others, &storage, door, LIMITS).unwrap();
        let name = format!("{} {} {door:?}", model.name(), given.name());
        let (restored, played) = (used(restored, others), used(played, hands));
        let differing = restored.events.iter().zip(&played.events);
        let first = differing
            .into_iter()
            .find(|(restored, played)| restored != played);
        assert_eq!(first, None, "{name}");
        assert!(restored == played, "{name}");
    }
}

#[test]
fn a_new_lock_is_not_restored() {
    let mut bench = VirtualBench::blank(LockModel::TenKey);
    assert!(!restorable(&mut bench, Given::New).unwrap());
}
