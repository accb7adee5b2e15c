//! The same image in QEMU, free-running: how many rounds it does in a time.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::clock::processor_time;

/// Runs an image for a time; the rounds counted at an address between two looks, and the processor
/// time between them.
pub(crate) fn rounds_in(
    image: &[u8],
    address: u32,
    time: Duration,
) -> Result<(u32, Duration), std::io::Error> {
    let path = std::env::temp_dir().join(format!("mips-{}.bin", std::process::id()));
    std::fs::write(&path, image)?;
    let mut child = Command::new("qemu-system-arm")
        .args(["-M", "mps2-an386", "-display", "none", "-serial", "none"])
        .args(["-monitor", "stdio", "-kernel"])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut monitor), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::ErrorKind::BrokenPipe.into());
    };
    let process = child.id();
    let mut output = BufReader::new(output);
    let mut look = || -> Result<(u32, Duration), std::io::Error> {
        writeln!(monitor, "xp /1xw {address:#x}")?;
        let mut line = String::new();
        loop {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let value = line
                .split_once(": 0x")
                .and_then(|(_, hex)| u32::from_str_radix(hex.trim(), 16).ok());
            if let Some(value) = value {
                return Ok((value, processor_time(process)?));
            }
        }
    };
    sleep(Duration::from_millis(500));
    let result = look().and_then(|(first, begin)| {
        sleep(time);
        let (last, end) = look()?;
        Ok((last.wrapping_sub(first), end - begin))
    });
    child.kill()?;
    child.wait()?;
    std::fs::remove_file(&path)?;
    result
}
