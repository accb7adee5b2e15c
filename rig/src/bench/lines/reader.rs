//! Reads edges for as long as a bench is open, in a thread of its own: the kernel's buffers hold an
//! eighth of a second of a beeper, and whoever talks to a supply or flashes takes longer than that.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::verify::Verify;
use super::{Bias, Edge, Gpio, Level, LineError, Lines, Watch};
use crate::trace::Nanos;

/// How long a read waits for edges before levels are read back.
const POLL: Duration = Duration::from_millis(1);

#[derive(Default)]
struct State {
    edges: Vec<Edge>,
    complete_to: Nanos,
    levels: Vec<(Gpio, Level)>,
    failed: Option<LineError>,
    over: bool,
    stop: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A state is never left half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Edges of the watched lines, from when this was made.
pub(crate) struct Reader {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Watches `lines` from now on; those in `tones` carry square waves, and an edge may
    /// be reported `lag` later than its level.
    pub(crate) fn start(
        header: &mut dyn Lines,
        lines: &[(Gpio, Bias)],
        tones: &[Gpio],
        lag: Nanos,
    ) -> Result<Reader, LineError> {
        let watched: Vec<Gpio> = lines.iter().map(|(line, _)| *line).collect();
        // An edge that comes while this arms may be reported, and is after this time.
        let verify = Verify::new(&watched, tones, header.now()).with_lag(lag);
        let watch = header.watch(lines)?;
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new()
            .name("edges".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || read(&shared, watch, verify, &watched)
            })
            .map_err(|error| LineError::Read {
                reason: error.to_string(),
            })?;
        Ok(Reader {
            shared,
            thread: Some(thread),
        })
    }

    /// Waits at most `patience` for everything up to `until` to be known. Returns the edges known
    /// and not returned before, and the time up to which that is all of them, which may be earlier
    /// or later than `until`.
    pub(crate) fn edges(
        &self,
        until: Nanos,
        patience: Duration,
    ) -> Result<(Vec<Edge>, Nanos), LineError> {
        let state = self.shared.lock();
        let (mut state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, patience, |state| {
                !state.over && state.complete_to < until
            })
            .unwrap_or_else(PoisonError::into_inner);
        if state.over {
            return Err(state.failed.take().unwrap_or_else(|| LineError::Read {
                reason: "the thread that reads them is gone".to_owned(),
            }));
        }
        Ok((std::mem::take(&mut state.edges), state.complete_to))
    }

    /// The levels that the lines were last found at.
    pub(crate) fn levels(&self) -> Vec<(Gpio, Level)> {
        self.shared.lock().levels.clone()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        if let Some(thread) = self.thread.take() {
            // A panic in it was reported by `edges`, or nobody wanted to know.
            let _ = thread.join();
        }
    }
}

/// Says that reading is over, however it ends.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.changed.notify_all();
    }
}

fn read(shared: &Shared, mut watch: Box<dyn Watch>, mut verify: Verify, lines: &[Gpio]) {
    let ending = Ending(shared);
    let mut wait = Duration::ZERO;
    while !shared.lock().stop {
        match round(&mut *watch, &mut verify, lines, wait) {
            Ok(Some(known)) => {
                let mut state = shared.lock();
                state.edges.extend(known.edges);
                state.complete_to = known.complete_to;
                state.levels = lines.iter().copied().zip(known.levels).collect();
                shared.changed.notify_all();
                wait = POLL;
            }
            Ok(None) => wait = Duration::ZERO,
            Err(error) => {
                shared.lock().failed = Some(error);
                break;
            }
        }
    }
    drop(ending);
}

/// What is certain after the lines were found to have nothing more to tell.
struct Known {
    edges: Vec<Edge>,
    complete_to: Nanos,
    levels: Vec<Level>,
}

/// Takes one edge; or finds that there is none, and gives out what is certain.
fn round(
    watch: &mut dyn Watch,
    verify: &mut Verify,
    lines: &[Gpio],
    wait: Duration,
) -> Result<Option<Known>, LineError> {
    let asked = watch.now();
    if let Some(edge) = watch.next(wait)? {
        verify.edge(edge)?;
        return Ok(None);
    }
    let levels = lines
        .iter()
        .map(|&line| watch.level(line))
        .collect::<Result<Vec<_>, _>>()?;
    let (edges, complete_to) = verify.drained(asked, &levels)?;
    Ok(Some(Known {
        edges,
        complete_to,
        levels,
    }))
}
