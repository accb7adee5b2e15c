//! QEMU as the other core: it executes one instruction at a time and logs all registers before each.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Registers before an instruction: R0 to R15, xPSR, FPSCR, S0 to S31.
pub(crate) type Registers = [u32; 50];

/// A running QEMU.
pub(crate) struct Qemu {
    child: Child,
    log: BufReader<ChildStdout>,
    image: std::path::PathBuf,
    /// The log has floating-point registers.
    float: bool,
}

/// QEMU's major version, or none where it is not installed.
pub(crate) fn version() -> Option<u32> {
    let output = Command::new("qemu-system-arm")
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split("version ").nth(1)?;
    number.split('.').next()?.parse().ok()
}

impl Qemu {
    /// Starts an MPS2 board with a Cortex-M4 on a program.
    pub(crate) fn start(image: &[u8], version: u32, float: bool) -> io::Result<Qemu> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("lockstep-{process}-{number}.bin"));
        fs::write(&path, image)?;
        let mut command = Command::new("qemu-system-arm");
        command.args(["-M", "mps2-an386", "-display", "none", "-monitor", "none"]);
        command.args(["-serial", "none", "-d"]);
        command.arg(if float {
            "cpu,fpu,nochain"
        } else {
            "cpu,nochain"
        });
        command.args(["-D", "/dev/stdout"]);
        if version >= 8 {
            command.args(["-accel", "tcg,one-insn-per-tb=on"]);
        } else {
            command.arg("-singlestep");
        }
        command.arg("-kernel").arg(&path);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let log = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Qemu {
            child,
            log: BufReader::with_capacity(1 << 16, log),
            image: path,
            float,
        })
    }

    /// The registers before the next instruction; none at the log's end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Registers>> {
        let mut registers = [0; 50];
        let mut line = String::new();
        loop {
            line.clear();
            if self.log.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            for item in line.split_ascii_whitespace() {
                let Some((name, value)) = item.split_once('=') else {
                    continue;
                };
                let number = |prefix| name.strip_prefix(prefix)?.parse::<usize>().ok();
                let index = match name {
                    "XPSR" => Some(16),
                    _ => number('R').or_else(|| Some(number('s')? + 18)),
                };
                if let (Some(index), Ok(value)) = (index, u32::from_str_radix(value, 16)) {
                    registers[index] = value;
                }
            }
            if let Some(value) = line.strip_prefix("FPSCR: ") {
                registers[17] = u32::from_str_radix(value.trim(), 16).unwrap_or(0);
                return Ok(Some(registers));
            }
            if !self.float && line.starts_with("XPSR") {
                return Ok(Some(registers));
            }
        }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // It never ends by itself; failing to end it means that it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.image);
    }
}
