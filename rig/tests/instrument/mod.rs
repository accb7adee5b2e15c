//! A bench supply in software at the other end of a pseudo-terminal, for tests: it speaks the three
//! dialects, keeps an error queue, and misbehaves on request.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "part of the library's own tests and of others"
)]

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

pub mod terminal;

pub use terminal::terminal;

/// What it does wrong, once each, in order; a trouble waits for a question that it fits.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// Answers with these bytes instead.
    Garbage(&'static [u8]),
    /// Doesn't answer.
    Silence,
    /// Answers this much later.
    Slow(Duration),
    /// Goes away, in the middle of the answer.
    Unplugged,
    /// Takes the next setting of the voltage for this one.
    Volts(f64),
}

/// What the supply is set to.
#[derive(Debug, Default)]
pub struct Settings {
    pub volts: f64,
    pub amps: f64,
    pub on: bool,
    pub cut_off: bool,
    pub tripped: bool,
    /// What the lock draws while it is on.
    pub load: f64,
    /// How far the output is from the setting.
    pub droop: f64,
    pub errors: VecDeque<String>,
    pub trouble: VecDeque<Trouble>,
    /// Everything that was said to it.
    pub heard: Vec<String>,
}

/// A supply on a pseudo-terminal.
pub struct Instrument {
    settings: Arc<Mutex<Settings>>,
    path: String,
    /// Keeps the terminal in being between one owner and the next.
    _other_end: File,
    thread: Option<JoinHandle<()>>,
}

impl Instrument {
    /// Plugs one in. With `lines`, commands end with a line feed, else with silence.
    pub fn plug_in(lines: bool) -> Instrument {
        let (master, path, other_end) = terminal();
        let settings = Arc::new(Mutex::new(Settings::default()));
        let thread = std::thread::spawn({
            let settings = Arc::clone(&settings);
            move || serve(master, &settings, lines)
        });
        Instrument {
            settings,
            path,
            _other_end: other_end,
            thread: Some(thread),
        }
    }

    /// Its device file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it is set to.
    pub fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap()
    }

    /// Adds to what it will do wrong.
    pub fn trouble(&self, trouble: Trouble) {
        self.settings().trouble.push_back(trouble);
    }
}

impl Drop for Instrument {
    fn drop(&mut self) {
        // The thread ends with the terminal, at the latest with this process.
        drop(self.thread.take());
    }
}

fn serve(mut master: File, settings: &Mutex<Settings>, lines: bool) {
    let mut pending = Vec::new();
    let mut chunk = [0; 256];
    while let Ok(count @ 1..) = master.read(&mut chunk) {
        pending.extend_from_slice(&chunk[..count]);
        let commands: Vec<String> = if lines {
            let mut commands = Vec::new();
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                commands.push(String::from_utf8_lossy(&line).trim().to_owned());
            }
            commands
        } else {
            split(&String::from_utf8_lossy(&std::mem::take(&mut pending)))
        };
        for command in commands {
            let (answer, trouble) = {
                let mut settings = settings.lock().unwrap();
                settings.heard.push(command.clone());
                let answer = settings.obey(&command, lines);
                let trouble = match settings.trouble.front() {
                    Some(Trouble::Volts(_)) | None => None,
                    Some(_) if answer.is_some() => settings.trouble.pop_front(),
                    Some(_) => None,
                };
                (answer, trouble)
            };
            let Some(mut answer) = answer else { continue };
            match trouble {
                None | Some(Trouble::Volts(_)) => {}
                Some(Trouble::Silence) => continue,
                Some(Trouble::Slow(late)) => std::thread::sleep(late),
                Some(Trouble::Garbage(bytes)) => answer = bytes.to_vec(),
                Some(Trouble::Unplugged) => {
                    let _ = master.write_all(&answer[..1]);
                    return;
                }
            }
            if lines {
                answer.push(b'\n');
            }
            if master.write_all(&answer).is_err() {
                return;
            }
        }
    }
}

/// Commands that a pause should have told apart, on a machine too busy to keep pauses.
fn split(mut text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    while !text.is_empty() {
        let fixed = [
            "*IDN?", "OCP1", "OUT0", "OUT1", "STATUS?", "VSET1?", "ISET1?", "VOUT1?", "IOUT1?",
        ];
        let length = match fixed.iter().find(|command| text.starts_with(**command)) {
            Some(command) => command.len(),
            None => {
                let number = text.find(':').map_or(0, |colon| colon + 1);
                let rest = &text[number..];
                number
                    + rest
                        .find(|c: char| !c.is_ascii_digit() && c != '.')
                        .unwrap_or(rest.len())
            }
        };
        let (command, rest) = text.split_at(length.max(1));
        commands.push(command.to_owned());
        text = rest;
    }
    commands
}

impl Settings {
    /// Does what a command says; the answer to a question.
    fn obey(&mut self, command: &str, lines: bool) -> Option<Vec<u8>> {
        let command = command.trim_start_matches(':');
        let upper = command.to_ascii_uppercase();
        let after = |prefix: &str| {
            upper
                .strip_prefix(prefix)
                .map(|rest| rest.trim().to_owned())
        };
        let text = |value: f64| Some(format!("{value:.3}").into_bytes());
        let two = |value: f64| Some(format!("{value:05.2}").into_bytes());
        let delivered = if self.on {
            self.volts + self.droop
        } else {
            0.0
        };
        let drawn = if self.on { self.load } else { 0.0 };
        match upper.as_str() {
            "*IDN?" => return Some(b"ACME,SIM-1,0,1.0".to_vec()),
            "*CLS" => self.errors.clear(),
            "SYST:REM" | "CURR:PROT:STAT ON" | "OUTP:OCP CH1,ON" | "OCP1" => self.cut_off = true,
            "CURR:PROT:CLE" | "OUTP:OCP:CLEAR CH1" => self.tripped = false,
            "OUTP ON" | "OUTP CH1,ON" | "OUT1" => self.on = !self.tripped,
            "OUTP OFF" | "OUTP CH1,OFF" | "OUT0" => self.on = false,
            "VOLT?" | "SOUR1:VOLT?" => return text(self.volts),
            "CURR?" | "SOUR1:CURR?" => return text(self.amps),
            "OUTP?" => return Some(u8::from(self.on).to_string().into_bytes()),
            "OUTP? CH1" => return Some(if self.on { "ON" } else { "OFF" }.into()),
            "CURR:PROT:TRIP?" => return Some(u8::from(self.tripped).to_string().into_bytes()),
            "OUTP:OCP:QUES? CH1" => return Some(if self.tripped { "YES" } else { "NO" }.into()),
            "MEAS:VOLT?" | "MEAS:VOLT? CH1" => return text(delivered),
            "MEAS:CURR?" | "MEAS:CURR? CH1" => return text(drawn),
            "SYST:ERR?" => {
                let error = self.errors.pop_front();
                return Some(error.unwrap_or("0,\"No error\"".to_owned()).into_bytes());
            }
            "VSET1?" => return two(self.volts),
            "ISET1?" => return Some(format!("{:.3}K", self.amps).into_bytes()),
            "VOUT1?" => return two(delivered),
            "IOUT1?" => return text(drawn),
            "STATUS?" => return Some(vec![0x91 | u8::from(self.on) << 6]),
            _ => {
                let volts = after("VOLT ").or(after("SOUR1:VOLT ")).or(after("VSET1:"));
                let amps = after("CURR ").or(after("SOUR1:CURR ")).or(after("ISET1:"));
                let trip = after("OUTP:OCP:VAL CH1,");
                match (volts, amps, trip) {
                    (Some(volts), ..) => self.set_volts(volts.parse().unwrap()),
                    (_, Some(amps), _) => self.amps = amps.parse().unwrap(),
                    (.., Some(_)) => {}
                    _ if lines => self
                        .errors
                        .push_back("-113,\"Undefined header\"".to_owned()),
                    _ => {}
                }
            }
        }
        None
    }

    fn set_volts(&mut self, volts: f64) {
        self.volts = match self.trouble.front() {
            Some(Trouble::Volts(wrong)) => {
                let wrong = *wrong;
                self.trouble.pop_front();
                wrong
            }
            _ => volts,
        };
    }
}
