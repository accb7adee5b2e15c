//! A pseudo-terminal: what is plugged into it in a test is opened by its path like a serial port.

use std::fs::File;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Makes one: the instrument's end, the path of the other one, and what keeps that in being between
/// one owner and the next.
pub fn terminal() -> (File, String, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let other_end = File::options().read(true).write(true).open(&path).unwrap();
    (File::from(master), path, other_end)
}

/// What is said of a terminal at `path`, alike in every run: its name is another each time, and what the
/// system says when it goes depends on whether a command, its end or an answer was just under way.
pub fn anonymous(said: &str, path: &str) -> String {
    let mut said = said.replace(path, "PORT");
    for reason in [
        "Broken pipe",
        "flush failed",
        "unexpected end of file",
        "Input/output error",
    ] {
        said = said.replace(&format!("({reason})"), "(REASON)");
    }
    said
}
