//! The lock of an emulated Raspberry Pi: a virtual lock with its real firmware, in real time, wired to
//! the GPIO of a QEMU by its qtest socket. A level changes by register; the edge goes by a serial line
//! to the guest, where gpio-sim makes it, since QEMU's own GPIO never interrupts.
//!
//!     emulated-pi-board BENCH IMAGE QTEST-SOCKET UART-SOCKET [--no-edges]
//!
//! With `--no-edges` levels change and edges never come: a rig that watches must fail.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rig::bench::file::BenchFile;
use rig::bench::probe::Image;
use rig::bench::{Bench, Supply, VirtualBench};
use rig::trace::{Channel, Contact, Nanos, Value};

/// BCM2837: GPSET0 and GPCLR0, which in QEMU also set the level of a line that is an input.
const SET: u64 = 0x3F20_001C;
const CLEAR: u64 = 0x3F20_0028;

/// QEMU's name for the GPIO.
const GPIO: &str = "/machine/soc/peripherals/gpio";

/// How far behind real time the lock may be.
const TICK: Duration = Duration::from_millis(1);

enum Told {
    /// A line that the Pi drives changed.
    Line(u8, bool),
    /// The guest waits for the lock to be there.
    Ready,
    /// QEMU is gone.
    Gone,
}

struct Board {
    lock: VirtualBench,
    began: Instant,
    qtest: UnixStream,
    uart: UnixStream,
    contacts: BTreeMap<u8, (Contact, bool)>,
    signals: BTreeMap<Channel, (u8, bool)>,
    enable: Option<(u8, bool)>,
    edges: bool,
    /// Whether the guest was told to begin.
    begun: bool,
    moved: u64,
    told: u64,
}

impl Board {
    /// Applies a change of a line that the Pi drives.
    fn line(&mut self, line: u8, high: bool) -> Result<(), Box<dyn Error>> {
        if let Some((contact, closes_high)) = self.contacts.get(&line) {
            self.moved += 1;
            self.lock.set(*contact, high == *closes_high)?;
        }
        match self.enable {
            Some((enable, connects_high)) if enable == line => {
                if high == connects_high {
                    self.lock.supply(Supply {
                        millivolts: 6_000,
                        milliohms: None,
                    })?;
                } else {
                    self.lock.disconnect()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Lets the lock catch up with real time, and shows what it did.
    fn advance(&mut self) -> Result<(), Box<dyn Error>> {
        let now = Nanos::from(self.began.elapsed());
        if now <= self.lock.now() {
            return Ok(());
        }
        for event in self.lock.run_until(now)?.events {
            if let Value::Level(on) = event.value {
                self.show(event.channel, on)?;
            }
        }
        Ok(())
    }

    fn show(&mut self, channel: Channel, on: bool) -> std::io::Result<()> {
        let Some((line, on_high)) = self.signals.get(&channel).copied() else {
            return Ok(());
        };
        let high = on == on_high;
        let register = if high { SET } else { CLEAR };
        writeln!(self.qtest, "writel {register:#x} {:#x}", 1u32 << line)?;
        if self.edges {
            self.told += 1;
            self.pull(line, high)?;
        }
        Ok(())
    }

    fn pull(&mut self, line: u8, high: bool) -> std::io::Result<()> {
        let pull = if high { "pull-up" } else { "pull-down" };
        writeln!(self.uart, "{line} {pull}")
    }

    /// Shows every signal as it is now, and lets the guest begin.
    fn begin(&mut self) -> Result<(), Box<dyn Error>> {
        self.advance()?;
        let levels = self.lock.levels()?;
        for (channel, (line, on_high)) in self.signals.clone() {
            let on = levels.contains(&(channel, Value::Level(true)));
            let high = on == on_high;
            let register = if high { SET } else { CLEAR };
            writeln!(self.qtest, "writel {register:#x} {:#x}", 1u32 << line)?;
            self.pull(line, high)?;
        }
        writeln!(self.uart, "go")?;
        self.begun = true;
        Ok(())
    }

    fn run(&mut self, told: &Receiver<Told>) -> Result<(), Box<dyn Error>> {
        loop {
            match told.recv_timeout(TICK) {
                Ok(Told::Line(line, high)) => {
                    self.advance()?;
                    self.line(line, high)?;
                }
                Ok(Told::Ready) if self.begun => {}
                Ok(Told::Ready) => self.begin()?,
                Ok(Told::Gone) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            match self.advance() {
                Ok(()) => {}
                // QEMU may be stopped at any time.
                Err(error) if error.downcast_ref::<std::io::Error>().is_some() => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let edges = !arguments.iter().any(|argument| argument == "--no-edges");
    arguments.retain(|argument| argument != "--no-edges");
    let [bench, image, qtest, uart] = arguments.as_slice() else {
        return Err(
            "usage: emulated-pi-board BENCH IMAGE QTEST-SOCKET UART-SOCKET [--no-edges]".into(),
        );
    };
    let file = BenchFile::load(Path::new(bench))?;
    let image = Image::from_elf(&std::fs::read(PathBuf::from(image))?)?;
    let (lock, _) = VirtualBench::flashed(file.lock(), &image)?;
    let mut qtest = connect(qtest)?;
    let uart = connect(uart)?;
    let told = listen(&qtest, &uart)?;
    writeln!(qtest, "irq_intercept_out {GPIO}")?;
    let contacts = file.contact_lines().into_iter();
    let signals = file.signal_lines().into_iter();
    let mut board = Board {
        lock,
        began: Instant::now(),
        qtest,
        uart,
        contacts: contacts
            .map(|(line, contact, high)| (line, (contact, high)))
            .collect(),
        signals: signals
            .map(|(line, channel, high)| (channel, (line, high)))
            .collect(),
        enable: file.enable_line(),
        edges,
        begun: false,
        moved: 0,
        told: 0,
    };
    let done = board.run(&told);
    println!(
        "board: contacts moved {} times, {} edges sent",
        board.moved, board.told
    );
    done
}

/// Connects to a socket that QEMU makes when it starts.
fn connect(path: &str) -> std::io::Result<UnixStream> {
    let began = Instant::now();
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) if began.elapsed() > Duration::from_secs(10) => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Reads both sockets.
fn listen(qtest: &UnixStream, uart: &UnixStream) -> std::io::Result<Receiver<Told>> {
    let (tell, told) = channel();
    for (stream, parse) in [
        (qtest.try_clone()?, parse_irq as fn(&str) -> Option<Told>),
        (uart.try_clone()?, parse_guest),
    ] {
        let tell = tell.clone();
        std::thread::spawn(move || {
            // Noise on a serial line is no text.
            for line in BufReader::new(stream).split(b'\n') {
                let Ok(line) = line else { break };
                if let Some(message) = parse(String::from_utf8_lossy(&line).trim())
                    && tell.send(message).is_err()
                {
                    return;
                }
            }
            // Whoever listened may have gone first.
            let _ = tell.send(Told::Gone);
        });
    }
    Ok(told)
}

/// `IRQ raise 17`.
fn parse_irq(line: &str) -> Option<Told> {
    let mut words = line.strip_prefix("IRQ ")?.split(' ');
    let high = words.next()? == "raise";
    Some(Told::Line(words.next()?.parse().ok()?, high))
}

fn parse_guest(line: &str) -> Option<Told> {
    (line == "ready").then_some(Told::Ready)
}
