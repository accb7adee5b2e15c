//! probe-rs, unmodified, flashes the virtual lock through its debug port: its flash algorithm runs on
//! our core and writes our flash, in flash's own time.

use rig::bench::probe::{
    Erase, FLASH, FlashReport, Image, JOURNAL, LocalPort, Probe, ProbeError, Progress, SECTOR,
};
use virtual_lock::VirtualLock;
use virtual_lock::cpu::bus::{AccessError, Size};
use virtual_lock::debug::local::LocalProbe;
use virtual_lock::debug::server::{DebugServer, Pace};
use virtual_lock::debug::target::DebugTarget;
use virtual_lock::time::Ticks;

/// A lock with its pack in, and nothing in its flash.
fn lock() -> VirtualLock {
    let mut lock = VirtualLock::new();
    lock.connect().unwrap();
    // Its supervisor takes a moment to let the processor start.
    lock.advance(Ticks::from_millis(100)).unwrap();
    lock
}

/// 64 KiB that no sector of flash holds by chance.
fn pattern(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..0x1_0000).map(|_| next()).collect()
}

fn image(bytes: &[u8]) -> Image {
    Image::from_segments(&[(0, bytes)]).unwrap()
}

/// Serves `target`, does something to it through a probe, and gives it back.
fn through_probe<T: DebugTarget + Send + 'static, R>(
    target: T,
    act: impl FnOnce(&mut Probe) -> R,
) -> (T, R) {
    let server = DebugServer::start(target, Pace::Transactions).unwrap();
    let mut probe = Probe::attach(&server.selector()).unwrap();
    let result = act(&mut probe);
    drop(probe);
    (server.finish().unwrap(), result)
}

fn flash(lock: VirtualLock, image: &Image, erase: Erase) -> (VirtualLock, FlashReport) {
    let (lock, report) = through_probe(lock, |probe| {
        probe.flash(image, erase, &mut |_| {}).unwrap()
    });
    (lock, report)
}

#[test]
fn an_image_arrives_in_flash_and_again_writes_nothing() {
    let bytes = pattern(1);
    let image = image(&bytes);
    let (lock, report) = flash(lock(), &image, Erase::Nothing);
    assert_eq!((report.sectors_compared, report.sectors_written), (16, 16));
    // 16 pages erased, 1024 words written in each.
    assert_eq!(lock.flash_operations(), 16 * 1025);

    let (lock, read) = through_probe(lock, |probe| probe.read(0, bytes.len()).unwrap());
    assert_eq!(read, bytes);

    let (lock, report) = flash(lock, &image, Erase::Nothing);
    assert_eq!((report.sectors_compared, report.sectors_written), (16, 0));
    assert_eq!(lock.flash_operations(), 16 * 1025);
}

#[test]
fn one_changed_byte_rewrites_one_sector() {
    let mut bytes = pattern(2);
    let (lock, _) = flash(lock(), &image(&bytes), Erase::Nothing);
    let before = lock.flash_operations();
    bytes[0x5123] ^= 1;
    let (lock, report) = flash(lock, &image(&bytes), Erase::Nothing);
    assert_eq!(report.sectors_written, 1);
    assert_eq!(lock.flash_operations() - before, 1025);
    let (_, read) = through_probe(lock, |probe| probe.read(0, bytes.len()).unwrap());
    assert_eq!(read, bytes);
}

#[test]
fn the_journal_stays_until_it_is_asked_for() {
    let small = image(&pattern(3)[..16]);
    let page = vec![0x5A; SECTOR as usize];
    let journal = |probe: &mut Probe| probe.read(JOURNAL.start, SECTOR as usize).unwrap();
    let (lock, ()) = through_probe(lock(), |probe| {
        probe.write_sectors(JOURNAL.start, &page).unwrap();
    });
    let (lock, _) = flash(lock, &small, Erase::Nothing);
    let (lock, kept) = through_probe(lock, journal);
    assert_eq!(kept, page);
    let (lock, report) = flash(lock, &small, Erase::Journal);
    assert_eq!((report.sectors_compared, report.sectors_written), (9, 1));
    let (lock, gone) = through_probe(lock, journal);
    assert_eq!(gone, vec![0xFF; SECTOR as usize]);
    let (lock, ()) = through_probe(lock, |probe| {
        probe.write_sectors(0x8_0000, &page).unwrap();
    });
    let (lock, _) = flash(lock, &small, Erase::Chip);
    let (_, all) = through_probe(lock, |probe| {
        probe.read(16, FLASH.end as usize - 16).unwrap()
    });
    assert!(all.iter().all(|&byte| byte == 0xFF));
}

#[test]
fn only_whole_sectors_of_flash_are_written() {
    through_probe(lock(), |probe| {
        for (address, length) in [(0x10, 0x1000), (0x1000, 0x10), (0xF_F000, 0x2000)] {
            let error = probe.write_sectors(address, &vec![0; length]).unwrap_err();
            assert!(matches!(error, ProbeError::NotSectors { .. }), "{error}");
        }
    });
}

#[test]
fn a_flashed_lock_is_the_same_lock_every_time() {
    let image = image(&pattern(4));
    let times = [(); 2].map(|()| flash(lock(), &image, Erase::Nothing).0.now());
    assert_eq!(times[0], times[1]);
}

#[test]
fn without_a_socket_between_the_lock_is_the_same_to_the_tick() {
    let image = image(&pattern(6));
    let (served, _) = flash(lock(), &image, Erase::Journal);
    let port = LocalPort::new(LocalProbe::new(lock()));
    let mut probe = port.attach().unwrap();
    probe.flash(&image, Erase::Journal, &mut |_| {}).unwrap();
    drop(probe);
    let mut near = port.finish();
    assert_eq!(near.now(), served.now());
    assert_eq!(near.flash_operations(), served.flash_operations());
    let mut served = served;
    for address in [0, 0xFFFC, 0x2000_0000, 0x2000_1000, 0xE000_EDF0] {
        assert_eq!(
            near.debug_read(address, Size::Word),
            served.debug_read(address, Size::Word),
            "{address:#010x}"
        );
    }
}

#[test]
fn without_a_socket_between_what_is_wrong_is_told_just_so() {
    let port = LocalPort::new(LocalProbe::new(VirtualLock::new()));
    let error = port.attach().unwrap_err();
    insta::assert_snapshot!(error, @"attach to the chip: is the lock powered and the probe connected?");

    let port = LocalPort::new(LocalProbe::new(OtherChip(lock())));
    let error = port.attach().unwrap_err();
    insta::assert_snapshot!(error, @"use this chip: expected an nRF52840, found part 0x52833");

    let port = LocalPort::new(LocalProbe::new(lock()));
    let mut probe = port.attach().unwrap();
    probe.halt().unwrap();
    let mut lock = port.finish();
    let halted = lock.debug_read(0xE000_EDF0, Size::Word);
    let error = probe.read(0x2000_0000, 4).unwrap_err();
    assert!(matches!(error, ProbeError::Memory { .. }), "{error}");
    drop(probe);
    assert_eq!(lock.debug_read(0xE000_EDF0, Size::Word), halted);
}

/// The lock with another chip's name in it.
struct OtherChip(VirtualLock);

impl DebugTarget for OtherChip {
    fn powered(&self) -> bool {
        self.0.powered()
    }

    fn debug_read(&mut self, address: u32, size: Size) -> Result<u32, AccessError> {
        if address == 0x1000_0100 {
            Ok(0x5_2833)
        } else {
            self.0.debug_read(address, size)
        }
    }

    fn debug_write(&mut self, address: u32, size: Size, value: u32) -> Result<(), AccessError> {
        self.0.debug_write(address, size, value)
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.0.hold_reset(asserted);
    }

    fn erase_all(&mut self) {
        self.0.erase_all();
    }

    fn advance(&mut self, by: Ticks) -> Result<(), String> {
        self.0.advance(by)
    }
}

#[test]
fn another_chip_is_refused() {
    let server = DebugServer::start(OtherChip(lock()), Pace::Transactions).unwrap();
    let error = Probe::attach(&server.selector()).unwrap_err();
    insta::assert_snapshot!(error, @"use this chip: expected an nRF52840, found part 0x52833");
    assert_eq!(server.finish().unwrap().0.flash_operations(), 0);
}

#[test]
fn a_lock_without_power_does_not_attach() {
    let server = DebugServer::start(VirtualLock::new(), Pace::Transactions).unwrap();
    let error = Probe::attach(&server.selector()).unwrap_err();
    assert!(matches!(error, ProbeError::Attach(_)), "{error}");
    insta::assert_snapshot!(error, @"attach to the chip: is the lock powered and the probe connected?");
}

#[test]
fn a_probe_that_vanishes_while_it_writes_is_an_error() {
    let server = DebugServer::start(lock(), Pace::Transactions).unwrap();
    let mut probe = Probe::attach(&server.selector()).unwrap();
    let mut server = Some(server);
    let error = probe
        .flash(&image(&pattern(5)), Erase::Nothing, &mut |progress| {
            if matches!(progress, Progress::Writing { .. }) {
                drop(server.take());
            }
        })
        .unwrap_err();
    assert!(matches!(error, ProbeError::Flash(_)), "{error}");
    assert!(server.is_none());
}
