//! The released ten-key firmware on a virtual lock, and the hands of a person.

#![allow(unreachable_pub, dead_code, reason = "each test takes what it needs")]

use object::read::elf::{ElfFile32, ProgramHeader};
use virtual_lock::VirtualLock;
use virtual_lock::board::signal::Contact;
use virtual_lock::time::Ticks;

fn images() -> Vec<std::path::PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../firmware/images");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut images: Vec<_> = files
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("lock-ten-key-") && name.ends_with(".elf")
        })
        .collect();
    images.sort();
    images
}

/// A lock that was flashed and has no pack in yet.
pub fn flashed() -> VirtualLock {
    let path = images().pop().unwrap();
    let data = std::fs::read(path).unwrap();
    let elf = ElfFile32::<object::Endianness>::parse(&*data).unwrap();
    let mut lock = VirtualLock::new();
    for segment in elf.elf_program_headers() {
        let bytes = segment.data(elf.endian(), &*data).unwrap();
        if segment.p_type(elf.endian()) == object::elf::PT_LOAD && !bytes.is_empty() {
            lock.load(segment.p_paddr(elf.endian()), bytes);
        }
    }
    lock.set_contact(Contact::Switch(3), true).unwrap();
    lock
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
