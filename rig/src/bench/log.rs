//! The firmware's own log: what it writes with defmt, decoded by the image that it comes from, with
//! the time at which the bench saw it.

use std::fmt;

use defmt_decoder::{DecodeError, Frame, Table};
use object::{Object, ObjectSymbol};

use crate::trace::Nanos;

/// The RTT control block, as `defmt-rtt` calls it.
const CONTROL_BLOCK: &str = "_SEGGER_RTT";
/// What a line says whose bytes were overwritten before they were read.
const GARBLED: &str = "(a message that does not decode)";

/// A line of the firmware's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the bench saw it.
    pub at: Nanos,
    /// `trace`, `debug`, `info`, `warn` or `error`; none for what is only printed.
    pub level: Option<&'static str>,
    /// What it says.
    pub text: String,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level.unwrap_or("print");
        write!(f, "{:.6}  {level}: {}", self.at, self.text)
    }
}

/// The image says that it logs, but not so that it can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the image's log formats: {0}")]
pub struct LogFormatError(String);

/// Decodes the log of one image.
#[derive(Debug, Clone)]
pub struct FirmwareLog {
    table: Table,
    control_block: u32,
    /// Bytes of a frame that has not ended yet.
    pending: Vec<u8>,
}

impl FirmwareLog {
    /// Takes the log formats and the control block's address out of an ELF file; `None` for an image
    /// that does not log.
    ///
    /// # Errors
    ///
    /// When the file is damaged, or its defmt is one that this decoder does not know.
    pub fn from_elf(elf: &[u8]) -> Result<Option<FirmwareLog>, LogFormatError> {
        let file = object::File::parse(elf).map_err(|error| LogFormatError(error.to_string()))?;
        let table = Table::parse(elf).map_err(|error| LogFormatError(error.to_string()))?;
        let control = file
            .symbols()
            .find(|symbol| symbol.name() == Ok(CONTROL_BLOCK));
        Ok(table.zip(control).map(|(table, control)| FirmwareLog {
            table,
            control_block: control.address() as u32,
            pending: Vec::new(),
        }))
    }

    /// Where the firmware's RTT control block is in RAM.
    pub fn control_block(&self) -> u32 {
        self.control_block
    }

    /// The processor was reset: a frame that was begun is never finished.
    pub fn restart(&mut self) {
        self.pending.clear();
    }

    /// Takes bytes that the bench saw at `at`, and gives the lines that they end.
    pub fn decode(&mut self, at: Nanos, bytes: &[u8]) -> Vec<LogLine> {
        self.pending.extend_from_slice(bytes);
        if self.table.encoding().can_recover() {
            self.decode_frames(at)
        } else {
            self.decode_stream(at)
        }
    }

    /// Frames that end with a zero each.
    fn decode_frames(&mut self, at: Nanos) -> Vec<LogLine> {
        let Some(last) = self.pending.iter().rposition(|&byte| byte == 0) else {
            return Vec::new();
        };
        let whole: Vec<u8> = self.pending.drain(..=last).collect();
        let mut decoder = self.table.new_stream_decoder();
        decoder.received(&whole);
        let mut lines = Vec::new();
        loop {
            match decoder.decode() {
                Ok(frame) => lines.push(line(at, &frame)),
                Err(DecodeError::Malformed) => lines.push(garbled(at)),
                Err(DecodeError::UnexpectedEof) => return lines,
            }
        }
    }

    /// Frames without an end of their own.
    fn decode_stream(&mut self, at: Nanos) -> Vec<LogLine> {
        let mut lines = Vec::new();
        loop {
            match self.table.decode(&self.pending) {
                Ok((frame, consumed)) => {
                    lines.push(line(at, &frame));
                    self.pending.drain(..consumed);
                }
                Err(DecodeError::UnexpectedEof) => return lines,
                Err(DecodeError::Malformed) => {
                    // There is no telling where the next one begins.
                    self.pending.clear();
                    lines.push(garbled(at));
                    return lines;
                }
            }
        }
    }
}

fn line(at: Nanos, frame: &Frame<'_>) -> LogLine {
    LogLine {
        at,
        level: frame.level().map(|level| level.as_str()),
        text: frame.display_message().to_string(),
    }
}

fn garbled(at: Nanos) -> LogLine {
    LogLine {
        at,
        level: Some("error"),
        text: GARBLED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_does_not_log_has_no_log() {
        let elf = crate::bench::probe::image_tests::elf(40, 0, &[1]);
        assert!(FirmwareLog::from_elf(&elf).unwrap().is_none());
        assert!(FirmwareLog::from_elf(b"no image").is_err());
    }
}
