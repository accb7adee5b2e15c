//! What the lock did, in words: a [`Trace`]'s edges read as motor runs, bolt positions, light and
//! beep patterns, hub frames and resets, in one block for each step that was played. Nothing that
//! happened is left out, and what is written parses back to the same value.
//!
//! # Grammar
//!
//! ```text
//! block    = number "  " step's text
//!            { "     +" seconds "s" "  " part "  " phrase }          start order
//! part     = "motor" | "bolt" | "status" | "keypad" | "beeper" | "hub" | "power"
//! motor    = ("open" | "close" | "both") ( length | "to end" )
//! bolt     = "retracted" | "between" | "extended" | "both"           from then on
//! light    = colour rhythm | colour "/" colour count "x " pair       the second alternates
//! colour   = "green" | "red" | "amber"
//! beeper   = rhythm [ hertz "Hz" ]                                   no hertz: not a tone
//! hub      = byte { " " byte }                                       one frame from the lock
//! power    = "brown-out" ( length | "to end" ) | "reset" cause
//! rhythm   = "1x" length | count "x" pair | "on to end"
//! pair     = on "/" off unit
//! length   = digits unit,  unit = "ms" | "us"                        us below a millisecond
//! ```
//!
//! `to end` says that it still lasted when the run ended. Times are from the step's start; an outcome
//! belongs to the step in which it begins and is told in full even where it ends later.

mod digits;
mod hub;
mod light;
mod mechanism;
mod parse;
mod phrase;
mod power;
mod rhythm;
mod tone;

pub(crate) use digits::{byte, number, written};
pub use parse::ParseError;
pub use phrase::{Colour, Drive, Length, Paint, Part, Phrase, Position, Rhythm};

use std::fmt;

use crate::trace::{Nanos, Trace};

/// One thing that the lock did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// When it began, in milliseconds from its step's start.
    pub at: u64,
    /// What did it.
    pub part: Part,
    /// What it did.
    pub phrase: Phrase,
}

/// What the lock did in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The step's number, from 1.
    pub number: usize,
    /// The step's text, on one line.
    pub heading: String,
    /// In start order.
    pub outcomes: Vec<Outcome>,
}

/// What the lock did in a run: one block for each step, those without outcomes included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// In the order of the steps.
    pub blocks: Vec<Block>,
}

/// An outcome at its absolute time, before it is given to a step.
struct Found {
    start: Nanos,
    part: Part,
    phrase: Phrase,
}

impl Outcomes {
    /// Reads the outcomes out of a trace. What lasts since before the first step counts from that
    /// step's start.
    pub fn of(trace: &Trace) -> Outcomes {
        let mut blocks: Vec<Block> = trace
            .steps
            .iter()
            .map(|step| Block {
                number: step.number,
                heading: one_line(&step.text),
                outcomes: Vec::new(),
            })
            .collect();
        let quiet = trace.without_beeper();
        let mut found = mechanism::motor(&quiet);
        found.extend(mechanism::bolt(&quiet));
        found.extend(light::lights(&quiet));
        found.extend(tone::beeper(trace));
        found.extend(hub::frames(&quiet));
        found.extend(power::power(&quiet));
        found.sort_by_key(|found| (found.start, found.part));
        for Found {
            start,
            part,
            phrase,
        } in found
        {
            let Some(index) = trace.step_at(start) else {
                continue;
            };
            let at = start.since(trace.steps[index].start).to_millis();
            blocks[index].outcomes.push(Outcome { at, part, phrase });
        }
        // Starts that round to the same millisecond stand in the order of parts.
        for block in &mut blocks {
            block
                .outcomes
                .sort_by_key(|outcome| (outcome.at, outcome.part));
        }
        Outcomes { blocks }
    }
}

/// When the beeper sounded: from, to (`None` for the trace's end) and, where it was a tone, its
/// frequency in hertz.
pub(crate) fn bursts(trace: &Trace) -> Vec<(Nanos, Option<Nanos>, Option<u32>)> {
    let spells = tone::burst_spells(trace).into_iter();
    spells
        .map(|spell| (spell.start, spell.end, spell.kind))
        .collect()
}

/// Text on one line, without space at its ends or doubled within.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = format!("+{}.{:03}s", self.at / 1000, self.at % 1000);
        write!(f, "{at:<8}  {:<6}  {}", self.part.name(), self.phrase)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.number, self.heading)?;
        for outcome in &self.outcomes {
            write!(f, "\n     {outcome}")?;
        }
        Ok(())
    }
}

/// The snapshot's text, without a line end after the last line.
impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, block) in self.blocks.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            block.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
