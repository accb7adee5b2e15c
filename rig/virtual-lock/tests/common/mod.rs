//! Firmware on a virtual lock, and the hands of a person.

#![allow(unreachable_pub, dead_code, reason = "each test takes what it needs")]

use object::read::elf::{ElfFile32, ProgramHeader};
use virtual_lock::VirtualLock;
use virtual_lock::board::What;
use virtual_lock::board::signal::{Contact, Signal};
use virtual_lock::time::Ticks;

/// Names of a model's images, by version.
fn images(model: &str) -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../firmware/images");
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(&format!("lock-{model}-")) && name.ends_with(".elf"))
        .collect();
    names.sort();
    names
}

/// Puts an image of `firmware/images` into flash.
pub fn load(lock: &mut VirtualLock, image: &str) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../firmware/images");
    let data = std::fs::read(std::path::Path::new(folder).join(image)).unwrap();
    let elf = ElfFile32::<object::Endianness>::parse(&*data).unwrap();
    for segment in elf.elf_program_headers() {
        let bytes = segment.data(elf.endian(), &*data).unwrap();
        if segment.p_type(elf.endian()) == object::elf::PT_LOAD && !bytes.is_empty() {
            lock.load(segment.p_paddr(elf.endian()), bytes);
        }
    }
}

/// A ten-key lock with the released firmware, audio switched on, and no pack in yet.
pub fn flashed() -> VirtualLock {
    flashed_as("ten-key")
}

/// The same, of any model.
pub fn flashed_as(model: &str) -> VirtualLock {
    let mut lock = VirtualLock::new();
    load(&mut lock, &images(model).pop().unwrap());
    lock.set_contact(Contact::Switch(3), true).unwrap();
    lock
}

/// Whether a line is lit, driven or closed.
pub fn level(lock: &VirtualLock, signal: Signal) -> bool {
    lock.levels().contains(&What::Signal(signal, true))
}

/// Lets so many milliseconds pass.
pub fn wait(lock: &mut VirtualLock, millis: u64) {
    let until = lock.now() + Ticks::from_millis(millis);
    lock.run_until(until).unwrap();
}

/// Presses a contact for 100 ms and waits for 200 ms.
pub fn tap(lock: &mut VirtualLock, contact: Contact) {
    lock.set_contact(contact, true).unwrap();
    wait(lock, 100);
    lock.set_contact(contact, false).unwrap();
    wait(lock, 200);
}

/// Arms handing by the gesture of the guide, and starts it.
pub fn hand(lock: &mut VirtualLock) {
    lock.set_contact(Contact::Program, true).unwrap();
    lock.connect().unwrap();
    wait(lock, 2000);
    lock.set_contact(Contact::Program, false).unwrap();
    wait(lock, 1000);
    tap(lock, Contact::Program);
    wait(lock, 6000);
}
