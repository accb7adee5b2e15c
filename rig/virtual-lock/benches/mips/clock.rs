//! Time that a process has had a processor for: what a busy machine leaves comparable.

use std::time::Duration;

/// Processor time of a process's threads so far, from the kernel's scheduler statistics.
pub(crate) fn processor_time(process: u32) -> std::io::Result<Duration> {
    let mut nanos = 0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let first = text.split_ascii_whitespace().next();
        nanos += first.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}
