//! A session of other people's tools with `rig virtual`: the `probe-rs` command as its authors release it,
//! and GDB behind it. They know nothing of a virtual lock.
//!
//! `PROBE_RS` says where the command is, the path if it says nothing. Where it or GDB is missing, the
//! session is reported as ignored, or fails where `RIG_REQUIRE_PROBE_RS` is set; `.ci/probe-rs-session`
//! installs both and runs this.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use object::Endianness;
use object::read::elf::ElfFile32;
use object::{Object, ObjectSegment};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const IMAGE: &str = "firmware/images/lock-ten-key-0.1.0.elf";
/// How the firmware logs its start.
const GREETING: &str = "state legible true";
const CHIP: &str = "nRF52840_xxAA";
/// Two words of RAM that the firmware does not use: its data is below, its stack above.
const SPARE: &str = "0x20030000";
/// The first page of the journal.
const JOURNAL: &str = "0xf8000";
/// Debug Halting Control and Status Register (ARMv7-M C1.6.2), and its S_HALT.
const DHCSR: &str = "0xe000edf0";
const S_HALT: u32 = 1 << 17;

fn main() -> ExitCode {
    let session = Trial::ignorable_test("session", || match Tools::find() {
        Ok(tools) => session(&tools).map(|()| Completion::Completed),
        Err(missing) if std::env::var_os("RIG_REQUIRE_PROBE_RS").is_some() => {
            Err(Failed::from(format!("{missing}; run .ci/probe-rs-session")))
        }
        Err(missing) => Ok(Completion::ignored_with(missing)),
    });
    libtest_mimic::run(&Arguments::from_args(), vec![session]).exit_code()
}

struct Tools {
    probe_rs: PathBuf,
    gdb: PathBuf,
}

impl Tools {
    /// The tools, or which is missing.
    fn find() -> Result<Tools, String> {
        let runs = |command: &PathBuf| {
            let status = Command::new(command)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            status.is_ok_and(|status| status.success())
        };
        let probe_rs = std::env::var_os("PROBE_RS").map_or("probe-rs".into(), PathBuf::from);
        let gdb = PathBuf::from("gdb-multiarch");
        for tool in [&probe_rs, &gdb] {
            if !runs(tool) {
                return Err(format!("{} is not installed", tool.display()));
            }
        }
        Ok(Tools { probe_rs, gdb })
    }
}

/// A program that runs, and its lines as they come.
struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: String,
}

impl Running {
    fn start(command: &mut Command) -> Result<Running, String> {
        command
            .current_dir(ROOT)
            .env("RUST_LOG", "error")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        let (sender, lines) = channel();
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|out| Box::new(out) as _),
            child.stderr.take().map(|out| Box::new(out) as _),
        ];
        for output in outputs.into_iter().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let seen = String::new();
        Ok(Running { child, lines, seen })
    }

    /// Waits for a line with `text`, and gives it.
    fn until(&mut self, text: &str) -> Result<String, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen += &format!("{line}\n");
                    if line.contains(text) {
                        return Ok(line);
                    }
                }
                Err(why) => return Err(format!("no {text:?} ({why}) in:\n{}", self.seen)),
            }
        }
    }

    /// What was said that nobody has waited for yet.
    fn rest(&mut self) -> String {
        let lines: Vec<String> = self.lines.try_iter().collect();
        lines.join("\n")
    }

    /// Waits for the end, and gives everything that was said; an exit code other than 0 is an error.
    fn end(mut self) -> Result<String, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.seen += &format!("{line}\n"),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("no end in:\n{}", self.seen));
                }
            }
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        match status.success() {
            true => Ok(std::mem::take(&mut self.seen)),
            false => Err(format!("{status}:\n{}", self.seen)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Failing to end it means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The `probe-rs` command on one lock.
struct ProbeRs<'t> {
    tools: &'t Tools,
    selector: String,
}

impl ProbeRs<'_> {
    fn start(&self, verb: &str, arguments: &[&str]) -> Result<Running, String> {
        let mut command = Command::new(&self.tools.probe_rs);
        command
            .arg(verb)
            .args([
                "--non-interactive",
                "--chip",
                CHIP,
                "--probe",
                &self.selector,
            ])
            .args(arguments);
        Running::start(&mut command).map_err(|error| format!("probe-rs {verb}: {error}"))
    }

    /// Runs to the end; all of `texts` must be said, and nothing that looks like an error.
    fn run(&self, verb: &str, arguments: &[&str], texts: &[&str]) -> Result<String, String> {
        let said = self
            .start(verb, arguments)?
            .end()
            .map_err(|error| format!("probe-rs {verb}: {error}"))?;
        println!("$ probe-rs {verb} {}\n{said}", arguments.join(" "));
        for text in texts {
            if !said.contains(text) {
                return Err(format!("probe-rs {verb} did not say {text:?}:\n{said}"));
            }
        }
        match said.contains("ERROR") {
            true => Err(format!("probe-rs {verb}:\n{said}")),
            false => Ok(said),
        }
    }

    /// Reads one word.
    fn word(&self, address: &str) -> Result<u32, String> {
        let said = self.run("read", &["b32", address, "1"], &[])?;
        let word = said.trim().rsplit(' ').next().unwrap_or_default();
        u32::from_str_radix(word, 16).map_err(|error| format!("{error}: {said}"))
    }
}

fn session(tools: &Tools) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rig"));
    command.args(["virtual", "--probe", "127.0.0.1:0"]);
    let mut lock = Running::start(&mut command)?;
    let line = lock.until("probe-rs attach")?;
    let selector = line
        .split(' ')
        .find(|word| word.starts_with("20b7:"))
        .ok_or("no selector")?
        .to_owned();
    let probe_rs = ProbeRs { tools, selector };
    lock.until(GREETING)?;

    identify(&probe_rs)?;
    program(&probe_rs)?;
    probe_rs.run("write", &["b32", SPARE, "0x12345678", "0x9abcdef0"], &[])?;
    probe_rs.run("read", &["b8", SPARE, "8"], &["78 56 34 12 f0 de bc 9a"])?;
    logs(&probe_rs, &mut lock)?;
    debug(&probe_rs)?;

    probe_rs.run("erase", &[], &[])?;
    for address in ["0x0", JOURNAL] {
        probe_rs.run("read", &["b32", address, "2"], &["ffffffff ffffffff"])?;
    }
    probe_rs.run("verify", &[IMAGE], &["contents do not match"])?;
    Ok(())
}

/// The access ports, the ROM table's components, and what FICR.INFO.PART says.
fn identify(probe_rs: &ProbeRs<'_>) -> Result<(), String> {
    probe_rs.run(
        "info",
        &["--protocol", "swd", "--verbose"],
        &[
            "MemoryAP (AmbaAhb3)",
            "0xe00ff000 ROM Table (Class 1), Designer: Nordic",
            "0xe0040000 Cortex-M4 TPIU",
            "0xe0041000 Cortex-M4 ETM",
            "Unknown AP (Designer: Nordic",
        ],
    )?;
    match probe_rs.word("0x10000100")? {
        0x0005_2840 => Ok(()),
        part => Err(format!("part {part:x}")),
    }
}

/// Programs what was erased, and compares it with the file.
fn program(probe_rs: &ProbeRs<'_>) -> Result<(), String> {
    let image = std::fs::read(format!("{ROOT}/{IMAGE}")).map_err(|error| error.to_string())?;
    let reset = reset_vector(&image)?;
    probe_rs.run("erase", &[], &[])?;
    match probe_rs.word("0x4")? {
        u32::MAX => {}
        word => return Err(format!("{word:08x} after the chip was erased")),
    }
    probe_rs.run("download", &["--verify", IMAGE], &["Finished"])?;
    probe_rs.run("verify", &[IMAGE], &["Verification successful"])?;
    match probe_rs.word("0x4")? {
        word if word == reset => Ok(()),
        word => Err(format!("{word:08x} where the image has {reset:08x}")),
    }
}

/// The second word of an image's vector table, which begins at address 0.
fn reset_vector(image: &[u8]) -> Result<u32, String> {
    let elf = ElfFile32::<Endianness>::parse(image).map_err(|error| error.to_string())?;
    let vectors = elf.segments().find(|segment| segment.address() == 0);
    let data = vectors.and_then(|segment| segment.data_range(4, 4).ok()?);
    let bytes = data.and_then(|bytes| bytes.try_into().ok());
    Ok(u32::from_le_bytes(bytes.ok_or("no vector table")?))
}

/// What the firmware logs: by `rig virtual` with the lock's time, by `probe-rs run` from reset on, and by
/// `probe-rs attach` without a reset.
fn logs(probe_rs: &ProbeRs<'_>, lock: &mut Running) -> Result<(), String> {
    lock.rest();
    probe_rs.run("reset", &[], &[])?;
    lock.until("-- start: software")?;
    let line = lock.until(GREETING)?;
    let time = line.split("s  info: ").next().unwrap_or_default();
    if !time.parse().is_ok_and(|seconds: f64| seconds > 0.0) {
        return Err(format!("no time in {line:?}"));
    }
    let mut attached = probe_rs.start("attach", &[IMAGE])?;
    attached
        .until(GREETING)
        .map_err(|error| format!("probe-rs attach: {error}"))?;
    drop(attached);
    let meanwhile = lock.rest();
    if meanwhile.contains("start") {
        return Err(format!("attaching restarts the lock:\n{meanwhile}"));
    }
    let mut run = probe_rs.start("run", &[IMAGE])?;
    run.until(GREETING)
        .map_err(|error| format!("probe-rs run: {error}"))?;
    lock.until("-- start: software")?;
    lock.until(GREETING)?;
    Ok(())
}

/// Breakpoints, single steps, registers and memory through probe-rs's GDB server; the lock runs on afterwards.
fn debug(probe_rs: &ProbeRs<'_>) -> Result<(), String> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| error.to_string())?.to_string();
    let gdb = probe_rs.tools.gdb.to_string_lossy();
    let mut arguments = vec!["--gdb-connection-string", &address, "--gdb", &gdb, IMAGE];
    arguments.extend(["--", "-nx", "-batch"]);
    let set = format!("set {{int}}{SPARE} = 0x5eed");
    let print = format!("printf \"memory %x\\n\", {{int}}{SPARE}");
    for line in [
        "monitor reset halt",
        "maintenance flush register-cache",
        "printf \"begins %d\\n\", $pc == (*(int *)4 & ~1)",
        "printf \"stack %d\\n\", $sp == *(int *)0",
        "break main",
        "continue",
        "delete",
        "hbreak *RTC1",
        "continue",
        "printf \"ipsr %d\\n\", $xpsr & 0x1ff",
        "x/3i $pc",
        "stepi",
        "x/i $pc",
        "stepi",
        "x/i $pc",
        &set,
        &print,
        "set $r0 = 0x1234",
        "printf \"register %x\\n\", $r0",
        "delete",
        "detach",
    ] {
        arguments.extend(["-ex", line]);
    }
    let said = probe_rs.run("gdb", &arguments, &[])?;
    // RTC1 is interrupt 17, exception 33.
    for text in [
        "begins 1",
        "stack 1",
        "Breakpoint 1, ",
        "in main ()",
        "Breakpoint 2, ",
        "in RTC1 ()",
        "ipsr 33",
        "memory 5eed",
        "register 1234",
    ] {
        if !said.contains(text) {
            return Err(format!("gdb did not say {text:?}:\n{said}"));
        }
    }
    stepped(&said)?;
    match probe_rs.word(DHCSR)? & S_HALT {
        0 => Ok(()),
        _ => Err("the lock stands still after GDB has left".to_owned()),
    }
}

/// Each single step ends at the next of the instructions that GDB listed from the breakpoint on.
fn stepped(said: &str) -> Result<(), String> {
    let address = |line: &str| {
        let word = line.trim_start_matches("=>").split_whitespace().next()?;
        word.strip_prefix("0x").map(str::to_owned)
    };
    let listed: Vec<String> = said
        .lines()
        .filter(|line| line.contains("<RTC1") && line.contains(">:"))
        .filter_map(address)
        .collect();
    match &listed[..] {
        [begin, second, third, after_one, after_two]
            if begin != second && second == after_one && third == after_two =>
        {
            Ok(())
        }
        _ => Err(format!("gdb stepped elsewhere, {listed:?}:\n{said}")),
    }
}
