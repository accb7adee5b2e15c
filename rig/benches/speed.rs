//! How fast the virtual lock is where it matters: the whole suite, forks, and flashing; each beside its goal.
//!
//!     cargo bench -p rig -p virtual-lock --features virtual-lock/rsemu
//!
//! runs the core beside QEMU's translator and another interpreter, too. All is told in seconds of the wall, so
//! it wants a quiet machine, but for the forks of one core, in seconds of the processor. One part alone:
//!
//!     cargo bench -p rig --bench speed -- forks

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rig::bench::probe::{Erase, FlashReport, Image, LocalPort, Probe};
use rig::bench::{Bench, VirtualBench};
use rig::lock::{Door, LockModel};
use rig::play::{Limits, Situation, prepare};
use rig::scenario::Given;
use rig::trace::{Contact, Key, Nanos};
use rustix::time::{ClockId, clock_gettime};
use virtual_lock::VirtualLock;
use virtual_lock::debug::local::LocalProbe;
use virtual_lock::debug::server::{DebugServer, Pace};
use virtual_lock::debug::target::DebugTarget;
use virtual_lock::time::Ticks;

const IMAGE: &str = "firmware/images/lock-ten-key-0.1.0.elf";
/// Each thing is done so often, and the best counts.
const TIMES: usize = 5;
/// What a fork does alone.
const TAIL: Nanos = Nanos::from_secs(2);

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))?;
    // What cargo adds begins with a dash.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    type Part = fn() -> Result<(), Failed>;
    let parts: [(&str, Part); 3] = [("suite", suite), ("forks", forks), ("flashing", flashing)];
    if let Some(unknown) = wanted
        .iter()
        .find(|name| parts.iter().all(|(part, _)| part != name))
    {
        return Err(format!("no part `{unknown}`: suite, forks or flashing").into());
    }
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part()?;
        }
    }
    Ok(())
}

fn tell(what: &str, measured: f64, unit: &str, goal: f64) {
    let ratio = measured / goal;
    println!("{what:<64} {measured:>9.1} {unit:<8} goal {goal:>7} {unit:<8} {ratio:>6.2} of it");
}

/// All scenarios on all models, as `rig run` plays them.
fn suite() -> Result<(), Failed> {
    let mut best: f64 = 0.0;
    for _ in 0..TIMES {
        let output = Command::new(env!("CARGO_BIN_EXE_rig"))
            .arg("run")
            .env("CI", "true")
            .output()?;
        let said = String::from_utf8(output.stdout)?;
        if !output.status.success() {
            return Err(format!("the suite does not pass:\n{said}").into());
        }
        let speed = said
            .lines()
            .filter_map(|line| line.split_once(" s a second"))
            .filter_map(|(before, _)| before.rsplit(' ').next()?.parse().ok())
            .next_back();
        best = best.max(speed.ok_or("rig run does not tell its speed")?);
    }
    tell(
        "suite: the lock's seconds in a second, all cores",
        best,
        "s/s",
        10_000.0,
    );
    Ok(())
}

/// A copy of a lock in the middle of a scenario, what is done to it, and two seconds of its time.
fn forks() -> Result<(), Failed> {
    let model = LockModel::TenKey;
    let image = Image::from_elf(&std::fs::read(IMAGE)?)?;
    let (mut lock, _) = VirtualBench::flashed(model, &image)?;
    let limits = Limits {
        deadline: None,
        interrupted: &AtomicBool::new(false),
    };
    let reached = prepare(
        &mut lock,
        &mut Situation::default(),
        Given::Programmed,
        Door::Left,
        limits,
    )?;
    reached.map_err(|_| "the lock was not brought into its given state")?;
    // The first key of a code.
    press(&mut lock, Contact::Key(Key::Digit(1)))?;
    pass(&mut lock, Nanos::from_millis(500))?;
    let mut entered = lock.clone();
    for digit in [2, 3, 4] {
        press(&mut entered, Contact::Key(Key::Digit(digit)))?;
    }
    let acts: [(&str, &VirtualBench, Act, bool); 4] = [
        ("a copy alone", &lock, |_| Ok(()), false),
        ("nothing is done", &lock, |_| Ok(()), true),
        (
            "the next key is pressed",
            &lock,
            |lock| press(lock, Contact::Key(Key::Digit(2))),
            true,
        ),
        (
            "the code's last key: the motor opens",
            &entered,
            |lock| press(lock, Contact::Lock),
            true,
        ),
    ];
    for (what, from, act, tail) in acts {
        let what = match tail {
            true => format!("forks with 2 s: {what}"),
            false => format!("forks: {what}"),
        };
        // As the rig does it: what the first has decoded of the firmware, the others know.
        let mut from = from.clone();
        let first = fork(&from, act, tail)?;
        from.learn(&first);
        let (one, all) = (
            on_one_core(&from, act, tail)?,
            on_all_cores(&from, act, tail)?,
        );
        tell(&format!("{what}, one core"), one, "forks/s", 5_000.0);
        tell(&format!("{what}, all cores"), all, "forks/s", 5_000.0);
    }
    Ok(())
}

type Act = fn(&mut VirtualBench) -> Result<(), Failed>;

const FORKS: u32 = 400;

fn fork(from: &VirtualBench, act: Act, tail: bool) -> Result<VirtualBench, Failed> {
    let mut fork = from.clone();
    act(&mut fork)?;
    if tail {
        pass(&mut fork, TAIL)?;
    }
    Ok(black_box(fork))
}

/// Forks a second of this thread's time.
fn on_one_core(from: &VirtualBench, act: Act, tail: bool) -> Result<f64, Failed> {
    let mut best = Duration::MAX;
    for _ in 0..TIMES {
        let began = processor_time();
        for _ in 0..FORKS {
            fork(from, act, tail)?;
        }
        best = best.min(processor_time() - began);
    }
    Ok(f64::from(FORKS) / best.as_secs_f64())
}

/// Forks a second of the wall's time, on every core at once.
fn on_all_cores(from: &VirtualBench, act: Act, tail: bool) -> Result<f64, Failed> {
    let cores = std::thread::available_parallelism()?.get() as u32;
    let mut best = Duration::MAX;
    for _ in 0..TIMES {
        let began = Instant::now();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores)
                .map(|_| {
                    scope.spawn(|| {
                        (0..FORKS).try_for_each(|_| {
                            fork(from, act, tail)
                                .map(drop)
                                .map_err(|error| error.to_string())
                        })
                    })
                })
                .collect();
            threads
                .into_iter()
                .try_for_each(|thread| match thread.join() {
                    Ok(done) => done,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
        })?;
        best = best.min(began.elapsed());
    }
    Ok(f64::from(FORKS * cores) / best.as_secs_f64())
}

fn press(lock: &mut VirtualBench, contact: Contact) -> Result<(), Failed> {
    lock.set(contact, true)?;
    pass(lock, Nanos::from_millis(100))?;
    lock.set(contact, false)?;
    pass(lock, Nanos::from_millis(100))
}

fn pass(lock: &mut VirtualBench, time: Nanos) -> Result<(), Failed> {
    let until = Nanos(lock.now().0 + time.0);
    black_box(lock.run_until(until)?);
    Ok(())
}

/// This thread's.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// 64 KiB through the debug port by probe-rs, attaching included, then the same again: as the rig does it,
/// and as a tool in another process would, over a socket.
fn flashing() -> Result<(), Failed> {
    let mut state = 1_u32;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(64 << 10)
    .collect();
    let image = Image::from_segments(&[(0, &bytes)])?;
    type Through = fn(VirtualLock, &Image) -> Result<(VirtualLock, FlashReport), Failed>;
    let ways: [(&str, Through); 2] = [("", within), (" over a socket", over_a_socket)];
    for (how, through) in ways {
        let mut best = [Duration::MAX; 2];
        for _ in 0..TIMES {
            let mut lock = VirtualLock::new();
            lock.connect()?;
            lock.advance(Ticks::from_millis(100))?;
            for (written, best) in [16, 0].into_iter().zip(&mut best) {
                let began = Instant::now();
                let report;
                (lock, report) = through(lock, &image)?;
                *best = began.elapsed().min(*best);
                if report.sectors_written != written {
                    return Err(format!("{} sectors written", report.sectors_written).into());
                }
            }
        }
        let [first, again] = best.map(|time| time.as_secs_f64() * 1e3);
        let what = format!("flashing 64 KiB{how}, verified");
        tell(&what, first, "ms", 300.0);
        let what = format!("flashing them again{how}: nothing differs");
        tell(&what, again, "ms", 50.0);
    }
    Ok(())
}

fn within(lock: VirtualLock, image: &Image) -> Result<(VirtualLock, FlashReport), Failed> {
    let port = LocalPort::new(LocalProbe::hasty(lock));
    let report = port.attach()?.flash(image, Erase::Nothing, &mut |_| {})?;
    Ok((port.finish(), report))
}

fn over_a_socket(lock: VirtualLock, image: &Image) -> Result<(VirtualLock, FlashReport), Failed> {
    let server = DebugServer::start(lock, Pace::Polls)?;
    let mut probe = Probe::attach(&server.selector())?;
    let report = probe.flash(image, Erase::Nothing, &mut |_| {})?;
    drop(probe);
    Ok((server.finish()?, report))
}
