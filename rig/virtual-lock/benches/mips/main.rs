//! Millions of instructions per host second on a mixed program (`mixed.c`): our core, and where it
//! is installed, QEMU's translator on the same image. Seconds are the processor's, not the wall's.

mod clock;
mod memory;
mod qemu;
#[cfg(feature = "rsemu")]
mod rsemu;

use std::time::Duration;

use memory::Memory;
use virtual_lock::cpu::bus::{Bus, Size};
use virtual_lock::cpu::{Core, Exit};
use virtual_lock::time::Ticks;

const IMAGE: &[u8] = include_bytes!("mixed.bin");
/// Where the program counts its rounds, and its checksum.
const ROUNDS: u32 = 0x2000_0000;
const CHECKSUM: u32 = 0x2000_0004;
const INSTRUCTIONS: u64 = 100_000_000;
const TIMES: u32 = 5;

struct Outcome {
    rounds: u32,
    checksum: u32,
    time: Duration,
}

/// Runs a number of instructions.
fn ours(instructions: u64) -> Outcome {
    let mut memory = Memory::new(IMAGE);
    let mut core = Core::new();
    core.reset(&mut memory).expect("a vector table");
    let process = std::process::id();
    let begin = clock::processor_time(process).expect("scheduler statistics");
    let exit = core.run(&mut memory, Ticks(instructions * Ticks::CYCLE.0));
    let time = clock::processor_time(process).expect("scheduler statistics") - begin;
    assert_eq!(exit, Exit::Reached);
    let mut read = |address| {
        memory
            .read(address, Size::Word, core.now())
            .expect("memory")
    };
    Outcome {
        rounds: read(ROUNDS),
        checksum: read(CHECKSUM),
        time,
    }
}

fn mips(instructions: f64, time: Duration) -> f64 {
    instructions / time.as_secs_f64() / 1e6
}

fn main() {
    let best = (0..TIMES)
        .map(|_| ours(INSTRUCTIONS))
        .min_by_key(|outcome| outcome.time)
        .expect("at least one run");
    let ours = mips(INSTRUCTIONS as f64, best.time);
    println!(
        "virtual-lock  {ours:7.1} MIPS  (best of {TIMES}, {} rounds, checksum {:#010x})",
        best.rounds, best.checksum
    );
    let per_round = INSTRUCTIONS as f64 / f64::from(best.rounds);
    let compare = |name: &str, rounds: u32, time: Duration| {
        let theirs = mips(f64::from(rounds) * per_round, time);
        println!("{name}  {theirs:7.1} MIPS  ({:.2} of ours)", theirs / ours);
    };
    match qemu::rounds_in(IMAGE, ROUNDS, Duration::from_secs(3)) {
        Ok((rounds, time)) => compare("QEMU TCG    ", rounds, time),
        Err(why) => println!("QEMU TCG      not measured: {why}"),
    }
    #[cfg(feature = "rsemu")]
    match rsemu::rounds_in(IMAGE, 0, Duration::from_secs(3)) {
        Ok((rounds, time)) => compare("rsemu       ", rounds, time),
        Err(why) => println!("rsemu         not measured: {why}"),
    }
    #[cfg(not(feature = "rsemu"))]
    println!("rsemu         not built: give --features rsemu");
}
