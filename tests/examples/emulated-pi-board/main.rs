//! The lock of an emulated Raspberry Pi: a virtual lock with its real firmware, in real time, wired to
//! the GPIO of a QEMU by its qtest socket. A level changes by register; the edge goes by a serial line
//! to the guest, where gpio-sim makes it, since QEMU's own GPIO never interrupts. Its debug port is
//! behind a CMSIS-DAP probe, served over USB/IP; a second probe that says the same of itself has a
//! lock of its own. The guest is told both ports when it may begin.
//!
//!     emulated-pi-board BENCH IMAGE QTEST-SOCKET UART-SOCKET [--no-edges] [--unwritten]
//!
//! With `--no-edges` levels change and edges never come: a rig that watches must fail. With
//! `--unwritten` the image's first sectors are not in the locks yet. The guest may say `unplug`, for the lock's probe to go in the middle of writing;
//! what it says else is answered with how both locks are.

mod usbip;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rig::bench::file::BenchFile;
use rig::bench::probe::{Image, SECTOR};
use rig::bench::{Bench, Supply, VirtualBench};
use rig::trace::{Channel, Contact, Nanos, Value};
use virtual_lock::VirtualLock;
use virtual_lock::cpu::bus::Size;
use virtual_lock::debug::cmsis_dap::CmsisDap;
use virtual_lock::debug::target::DebugTarget;
use virtual_lock::time::Ticks;

/// BCM2837: GPSET0 and GPCLR0, which in QEMU also set the level of a line that is an input.
const SET: u64 = 0x3F20_001C;
const CLEAR: u64 = 0x3F20_0028;

/// QEMU's name for the GPIO.
const GPIO: &str = "/machine/soc/peripherals/gpio";

/// How far behind real time the lock may be.
const TICK: Duration = Duration::from_millis(1);

/// How many flash operations a probe that is to be unplugged still sees.
const OPERATIONS: u64 = 8;

/// Where flash is erased to be unwritten; with the vectors the program is gone.
const UNWRITTEN: u32 = 0;
const ERASED: [u8; 0x4000] = [0xFF; 0x4000];

enum Told {
    /// A line that the Pi drives changed.
    Line(u8, bool),
    /// The guest waits for the lock to be there.
    Ready,
    /// The guest says something else.
    Word(String),
    /// One of the probes is plugged in.
    Plugged(usize, TcpStream),
    /// A request to one of the probes, and where its answer goes.
    Probe(usize, Vec<u8>, Sender<Vec<u8>>),
    /// QEMU is gone.
    Gone,
}

/// A probe, and its cable.
#[derive(Default)]
struct Plug {
    probe: CmsisDap,
    cable: Option<TcpStream>,
}

struct Board {
    lock: VirtualBench,
    /// The lock behind the second probe.
    twin: VirtualBench,
    plugs: [Plug; 2],
    /// Where they are served.
    ports: [u16; 2],
    /// The number of flash operations at which the lock's probe goes.
    unplug: Option<u64>,
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
                for lock in [&mut self.lock, &mut self.twin] {
                    if high == connects_high {
                        lock.supply(Supply {
                            millivolts: 6_000,
                            milliohms: None,
                        })?;
                    } else {
                        lock.disconnect()?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Lets the lock catch up with real time, and shows what it did.
    fn advance(&mut self) -> Result<(), Box<dyn Error>> {
        let now = Nanos::from(self.began.elapsed());
        for lock in [&mut self.lock, &mut self.twin] {
            // A debugger lets time pass too; a lock without a whole program is nothing out of the way.
            let behind = now.0.saturating_sub(lock.now().0);
            lock.lock().advance(Ticks::from_nanos(behind))?;
        }
        let now = self.twin.now();
        self.twin.run_until(now)?;
        let now = self.lock.now();
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
        writeln!(self.uart, "go {} {}", self.ports[0], self.ports[1])?;
        self.begun = true;
        Ok(())
    }

    fn probe(&mut self, index: usize, request: &[u8]) -> Vec<u8> {
        let lock = match index {
            0 => self.lock.lock(),
            _ => self.twin.lock(),
        };
        let plug = &mut self.plugs[index];
        let answer = plug.probe.answer(request, lock);
        if index == 0 && self.unplug.is_some_and(|at| lock.flash_operations() >= at) {
            self.unplug = None;
            plug.probe.let_go(lock);
            println!("board: unplugged while it writes");
            if let Some(socket) = plug.cable.take() {
                // Gone is gone.
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
        answer
    }

    fn word(&mut self, word: &str) {
        match word {
            "unplug" => {
                self.unplug = Some(self.lock.lock().flash_operations() + OPERATIONS);
            }
            _ => {
                let written = |lock: &mut VirtualLock| match is_written(lock) {
                    true => "written",
                    false => "unwritten",
                };
                let (lock, twin) = (self.lock.lock(), self.twin.lock());
                println!(
                    "board: {word}: the lock is {}, its twin is {}, {} power",
                    written(lock),
                    written(twin),
                    if lock.powered() { "with" } else { "without" }
                );
            }
        }
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
                Ok(Told::Word(word)) => self.word(&word),
                Ok(Told::Plugged(index, cable)) => self.plugs[index].cable = Some(cable),
                Ok(Told::Probe(index, request, give)) => {
                    self.advance()?;
                    // A probe that was unplugged waits for no answer.
                    let _ = give.send(self.probe(index, &request));
                }
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

/// Whether all of what was erased holds something again.
fn is_written(lock: &mut VirtualLock) -> bool {
    let sectors = ERASED
        .chunks(SECTOR as usize)
        .zip((UNWRITTEN..).step_by(SECTOR as usize));
    sectors
        .map(|(_, begin)| lock.debug_read(begin, Size::Word))
        .all(|word| word.is_ok_and(|word| word != u32::MAX))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| {
        let before = arguments.len();
        arguments.retain(|argument| argument != name);
        arguments.len() < before
    };
    let (edges, written) = (!flag("--no-edges"), !flag("--unwritten"));
    let [bench, image, qtest, uart] = arguments.as_slice() else {
        return Err(
            "usage: emulated-pi-board BENCH IMAGE QTEST-SOCKET UART-SOCKET [--no-edges] [--unwritten]".into(),
        );
    };
    let file = BenchFile::load(Path::new(bench))?;
    let image = Image::from_elf(&std::fs::read(PathBuf::from(image))?)?;
    let (mut lock, _) = VirtualBench::flashed(file.lock(), &image)?;
    if !written {
        lock.lock().load(UNWRITTEN, &ERASED);
    }
    let mut qtest = connect(qtest)?;
    let uart = connect(uart)?;
    let (tell, told) = listen(&qtest, &uart)?;
    writeln!(qtest, "irq_intercept_out {GPIO}")?;
    let contacts = file.contact_lines().into_iter();
    let signals = file.signal_lines().into_iter();
    let mut board = Board {
        twin: lock.clone(),
        lock,
        plugs: Default::default(),
        ports: [serve(0, &tell)?, serve(1, &tell)?],
        unplug: None,
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

/// Serves a probe to one after the other, on a port that the system chooses.
fn serve(index: usize, tell: &Sender<Told>) -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let tell = tell.clone();
    std::thread::spawn(move || {
        for cable in listener.incoming() {
            let served = cable.and_then(|cable| {
                let plugged = Told::Plugged(index, cable.try_clone()?);
                // Whoever doesn't listen any more ends with the program; so with requests.
                let _ = tell.send(plugged);
                usbip::probe(cable, |request| {
                    let (give, answer) = channel();
                    let _ = tell.send(Told::Probe(index, request, give));
                    answer.recv().unwrap_or_default()
                })
            });
            if let Err(error) = served {
                eprintln!("board: probe {index}: {error}");
            }
        }
    });
    Ok(port)
}

/// Reads both sockets.
fn listen(
    qtest: &UnixStream,
    uart: &UnixStream,
) -> std::io::Result<(Sender<Told>, Receiver<Told>)> {
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
    Ok((tell, told))
}

/// `IRQ raise 17`.
fn parse_irq(line: &str) -> Option<Told> {
    let mut words = line.strip_prefix("IRQ ")?.split(' ');
    let high = words.next()? == "raise";
    Some(Told::Line(words.next()?.parse().ok()?, high))
}

/// A line begins with noise, so words have a mark of their own.
fn parse_guest(line: &str) -> Option<Told> {
    match line.strip_prefix("> ") {
        Some(word) => Some(Told::Word(word.to_owned())),
        None => (line == "ready").then_some(Told::Ready),
    }
}
