//! A conversation in lines of text with an instrument on a serial port: one command, at most one
//! answer. What comes late, garbled or not at all ends in an error that says which; an answer that
//! came too late is never taken for the answer to something else.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, SerialPort};

/// Longest answer that anyone gives.
const LONGEST: usize = 256;

/// Silence that ends an answer which has no end of its own, and clears a line of late answers.
const QUIET: Duration = Duration::from_millis(60);

/// What ends a command and an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Line feed; a carriage return before it is dropped.
    Lf,
    /// Carriage return and line feed.
    CrLf,
    /// Nothing: silence ends an answer.
    Nothing,
}

/// A conversation that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkError {
    /// No such port, no permission, or in use.
    #[error("open {port}: {reason}")]
    Open {
        /// The device file.
        port: String,
        /// What the system says, and advice.
        reason: String,
    },
    /// It went away in the middle.
    #[error("talk to {port}: it is gone ({reason}); was it unplugged or switched off?")]
    Gone {
        /// The device file.
        port: String,
        /// What the system says.
        reason: String,
    },
    /// No answer.
    #[error(
        "get an answer to `{command}` from {port} within {millis} ms; check that it is on, its baud rate and its dialect"
    )]
    Silent {
        /// The device file.
        port: String,
        /// The question.
        command: String,
        /// How long it had.
        millis: u128,
    },
    /// An answer that makes no sense.
    #[error("understand {port}: it answers \"{answer}\" to `{command}`")]
    Garbage {
        /// The device file.
        port: String,
        /// The question.
        command: String,
        /// The answer, made printable.
        answer: String,
    },
}

/// A serial port with an instrument at its other end.
pub(crate) struct Link {
    port: Box<dyn SerialPort>,
    name: String,
    ends: Ends,
    patience: Duration,
}

impl Link {
    /// Opens a port for this process alone, 8N1. `patience` is how long an answer may take.
    pub(crate) fn open(
        name: &str,
        baud: u32,
        ends: Ends,
        patience: Duration,
    ) -> Result<Link, LinkError> {
        let port = open_port(name, baud, patience)?;
        Ok(Link {
            port,
            name: name.to_owned(),
            ends,
            patience,
        })
    }

    /// The port's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Sends a command that has no answer.
    pub(crate) fn say(&mut self, command: &str) -> Result<(), LinkError> {
        let end = match self.ends {
            Ends::Lf => "\n",
            Ends::CrLf => "\r\n",
            Ends::Nothing => "",
        };
        let line = format!("{command}{end}");
        // Not flushed: that waits for ever where nobody takes what was written.
        self.port
            .write_all(line.as_bytes())
            .map_err(|error| self.gone(&error))?;
        if self.ends == Ends::Nothing {
            // Nothing but a pause tells one command from the next; it begins when all is sent.
            let baud = self.port.baud_rate().unwrap_or(9_600).max(1);
            let bits = 10 * line.len() as u64;
            std::thread::sleep(Duration::from_micros(bits * 1_000_000 / u64::from(baud)) + QUIET);
        }
        Ok(())
    }

    /// Sends a question and returns its answer as bytes, without what ends it.
    pub(crate) fn ask_bytes(&mut self, command: &str) -> Result<Vec<u8>, LinkError> {
        self.say(command)?;
        let began = Instant::now();
        let mut answer = Vec::new();
        loop {
            let left = self.patience.saturating_sub(began.elapsed());
            let wait = match self.ends {
                Ends::Nothing if !answer.is_empty() => QUIET,
                _ => left,
            };
            let mut byte = [0];
            match self.read(&mut byte, wait)? {
                0 if self.ends == Ends::Nothing && !answer.is_empty() => return Ok(answer),
                0 if answer.is_empty() => {
                    return Err(LinkError::Silent {
                        port: self.name.clone(),
                        command: command.to_owned(),
                        millis: self.patience.as_millis(),
                    });
                }
                0 => return Err(self.garbage(command, &answer)),
                _ => answer.push(byte[0]),
            }
            if self.ends != Ends::Nothing && answer.ends_with(b"\n") {
                answer.pop();
                if answer.ends_with(b"\r") {
                    answer.pop();
                }
                return Ok(answer);
            }
            if answer.len() > LONGEST {
                return Err(self.garbage(command, &answer));
            }
        }
    }

    /// Sends a question and returns its answer as text.
    pub(crate) fn ask(&mut self, command: &str) -> Result<String, LinkError> {
        let answer = self.ask_bytes(command)?;
        match std::str::from_utf8(&answer) {
            Ok(text) if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) => {
                Ok(text.trim().to_owned())
            }
            _ => Err(self.garbage(command, &answer)),
        }
    }

    /// Throws away whatever still comes, until the line is quiet.
    pub(crate) fn discard(&mut self) -> Result<(), LinkError> {
        self.port
            .clear(ClearBuffer::Input)
            .map_err(|error| self.gone(&error.into()))?;
        let began = Instant::now();
        let mut chunk = [0; 64];
        while began.elapsed() < self.patience + QUIET {
            if self.read(&mut chunk, QUIET)? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// An answer that makes no sense.
    pub(crate) fn garbage(&self, command: &str, answer: &[u8]) -> LinkError {
        let mut shown: String = answer
            .iter()
            .take(40)
            .map(|b| b.escape_ascii().to_string())
            .collect();
        if answer.len() > 40 {
            shown.push_str("...");
        }
        LinkError::Garbage {
            port: self.name.clone(),
            command: command.to_owned(),
            answer: shown,
        }
    }

    /// Reads what is there, or what comes within `wait`; 0 if nothing does.
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> Result<usize, LinkError> {
        // A timeout of less than a millisecond would be none at all.
        let wait = wait.max(Duration::from_millis(1));
        self.port
            .set_timeout(wait)
            .map_err(|error| self.gone(&error.into()))?;
        loop {
            match self.port.read(bytes) {
                // A terminal that hung up reads as its end.
                Ok(0) => return Err(self.gone(&io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(0),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.gone(&error)),
            }
        }
    }

    fn gone(&self, error: &io::Error) -> LinkError {
        LinkError::Gone {
            port: self.name.clone(),
            reason: error.to_string(),
        }
    }
}

/// Opens a serial port for this process alone, 8N1. A read waits at most `patience`.
pub(crate) fn open_port(
    name: &str,
    baud: u32,
    patience: Duration,
) -> Result<Box<dyn SerialPort>, LinkError> {
    serialport::new(name, baud)
        .timeout(patience)
        .open()
        .map_err(|error| open_error(name, &error))
}

fn open_error(port: &str, error: &serialport::Error) -> LinkError {
    let advice = match error.kind {
        serialport::ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
            "; add yourself to the `dialout` group and log in again"
        }
        serialport::ErrorKind::Io(io::ErrorKind::NotFound) => {
            "; is it plugged in? `ls /dev/serial/by-id` shows what is"
        }
        serialport::ErrorKind::NoDevice => "; is it in use by another program?",
        _ => "",
    };
    LinkError::Open {
        port: port.to_owned(),
        reason: format!("{}{advice}", error.description),
    }
}
