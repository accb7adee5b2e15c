//! The released ten-key lock, for tests that want a real one.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use super::{Limits, Situation, prepare};
use crate::bench::VirtualBench;
use crate::bench::probe::Image;
use crate::lock::{Door, LockModel};
use crate::scenario::Given;

/// Its newest image.
pub(crate) fn image() -> Image {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/images");
    let entries = std::fs::read_dir(folder).unwrap();
    let newest = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("lock-ten-key-") && name.ends_with(".elf")
        })
        .max();
    Image::from_elf(&std::fs::read(newest.unwrap()).unwrap()).unwrap()
}

/// A lock in the state `programmed`.
pub(crate) fn programmed() -> (VirtualBench, Situation) {
    static READY: OnceLock<(VirtualBench, Situation)> = OnceLock::new();
    let ready = READY.get_or_init(|| {
        let (mut bench, _) = VirtualBench::flashed(LockModel::TenKey, &image()).unwrap();
        let mut situation = Situation::default();
        let (given, door) = (Given::Programmed, Door::default());
        prepare(&mut bench, &mut situation, given, door, FOREVER)
            .unwrap()
            .unwrap();
        (bench, situation)
    });
    ready.clone()
}

static NEVER: AtomicBool = AtomicBool::new(false);

/// Nothing ends a run early.
pub(crate) const FOREVER: Limits<'static> = Limits {
    deadline: None,
    interrupted: &NEVER,
};
