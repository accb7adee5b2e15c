//! The core in lock-step with QEMU's Cortex-M4: R0 to R15 and xPSR compared before each instruction,
//! with floating point FPSCR and S0 to S31, too. Generated programs have every class of instruction
//! with IT blocks, faults, exceptions and nested interrupts; compiled ones are what a compiler emits,
//! soft-float and hard-float.
//!
//! `LOCKSTEP_INSTRUCTIONS` says how many generated ones (100 000 if it says nothing), `LOCKSTEP_SEED`
//! with which numbers. Without `qemu-system-arm` there is nothing to compare with: the tests are then
//! reported as ignored, or fail where `RIG_REQUIRE_QEMU` is set.

mod compare;
mod memory;
mod patterns;
mod program;
mod qemu;
mod random;

use std::process::ExitCode;

use compare::{End, Subject};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use object::read::elf::{ElfFile32, ProgramHeader};
use random::Random;

/// Instructions of one program at most: what fits into the flash of both machines.
const PROGRAM: u32 = 100_000;
/// Compiled programs, in `firmware/images/foreign` and beside the benchmark.
const COMPILED: [(&str, bool); 2] = [("computation", false), ("computation-hf", true)];
/// Instructions of the benchmark's endless program.
const MIXED: u64 = 200_000;

fn main() -> ExitCode {
    let mut trials = vec![trial("generated programs", generated)];
    for (name, float) in COMPILED {
        trials.push(trial(&format!("compiled program {name}"), move |version| {
            compiled(name, float, version)
        }));
    }
    trials.push(trial("compiled program mixed", mixed));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test that needs QEMU, whose version it is given.
fn trial(name: &str, test: impl FnOnce(u32) -> Result<(), String> + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match qemu::version() {
        Some(version) => Ok(test(version).map(|()| Completion::Completed)?),
        None if std::env::var_os("RIG_REQUIRE_QEMU").is_some() => Err(Failed::from(
            "qemu-system-arm is not installed; on Debian: apt-get install --no-install-recommends qemu-system-arm",
        )),
        None => Ok(Completion::ignored_with("qemu-system-arm is not installed")),
    })
}

fn setting(name: &str, otherwise: u64) -> Result<u64, String> {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .map_err(|_| format!("{name} is {text:?}, not a whole number")),
        Err(_) => Ok(otherwise),
    }
}

fn generated(version: u32) -> Result<(), String> {
    let wanted = setting("LOCKSTEP_INSTRUCTIONS", 100_000)?;
    let seed = setting("LOCKSTEP_SEED", 1)?;
    let mut compared = 0;
    let mut round = 0;
    // At least one program of each kind.
    let size = u32::try_from(wanted / 6).unwrap_or(PROGRAM).min(PROGRAM);
    while compared < wanted || round < 3 {
        let round_seed = seed.wrapping_mul(0x1_0000).wrapping_add(round);
        // One program with floating point after two without.
        let float = round % 3 == 2;
        let program = program::generate(&mut Random(round_seed), size, float);
        let subject = Subject {
            image: &program.image,
            end: End::At(program.end),
            limit: u64::from(size) * 40,
            float,
        };
        compared += compare::run(&subject, version)
            .map_err(|report| format!("seed {round_seed:#x}, after {compared} more: {report}"))?;
        round += 1;
    }
    tell(compared, version, &format!("generated, seed {seed}"));
    Ok(())
}

fn compiled(name: &str, float: bool, version: u32) -> Result<(), String> {
    let subject = Subject {
        image: &flat(name)?,
        end: End::BranchToItself,
        limit: 20_000_000,
        float,
    };
    let compared = compare::run(&subject, version)?;
    tell(compared, version, &format!("compiled, {name}"));
    Ok(())
}

/// The benchmark's program never ends.
fn mixed(version: u32) -> Result<(), String> {
    let subject = Subject {
        image: include_bytes!("../../benches/mips/mixed.bin"),
        end: End::Never,
        limit: MIXED,
        float: false,
    };
    let compared = compare::run(&subject, version)?;
    tell(compared, version, "compiled, mixed");
    Ok(())
}

fn tell(compared: u64, version: u32, what: &str) {
    println!("{compared} instructions compared with QEMU {version}, 0 differences ({what})");
}

/// What an image of `firmware/images/foreign` has in flash, from address 0.
fn flat(name: &str) -> Result<Vec<u8>, String> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../firmware/images/foreign/"
    );
    let data = std::fs::read(format!("{folder}{name}.elf")).map_err(|e| format!("{name}: {e}"))?;
    let elf = ElfFile32::<object::Endianness>::parse(&*data).map_err(|e| e.to_string())?;
    let mut image = Vec::new();
    for segment in elf.elf_program_headers() {
        let bytes = segment
            .data(elf.endian(), &*data)
            .map_err(|()| "data outside the file")?;
        if segment.p_type(elf.endian()) == object::elf::PT_LOAD && !bytes.is_empty() {
            let start = segment.p_paddr(elf.endian()) as usize;
            image.resize(image.len().max(start + bytes.len()), 0xFF);
            image[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }
    Ok(image)
}
