//! Ctrl-C: the first asks for an orderly end, the second doesn't wait for it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exit, Expected};

/// Becomes true at Ctrl-C.
pub(crate) static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Begins to listen for it.
pub(crate) fn listen() -> Result<(), Expected> {
    Ok(ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted.code().into());
        }
    })?)
}
