//! Decides whether reported edges are all the edges there were. The kernel counts what its buffer
//! loses, but two edges that come faster than it serves interrupts become one or none without a gap
//! in the count: so edges must alternate, agree with the level read back, keep their order, and keep
//! the rhythm of a tone. Whatever doesn't is an error, never a guess.

use super::rhythm::{Missing, Rhythm};
use super::{Edge, Gpio, Level};
use crate::trace::Nanos;

/// How long after an edge the kernel may take to report it. Edges younger than this are kept back.
const LATENCY: Nanos = Nanos::from_millis(1);

/// How long a level may differ from the last edge before that edge counts as lost, unless the bench
/// file knows better.
pub(crate) const LAG: Nanos = Nanos::from_millis(4);

/// Edges that can't all be true.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Doubt {
    /// The kernel's buffer ran over.
    #[error("account for every edge of {line}: {missing} lost at {at:.6}, the buffer ran over")]
    Lost {
        /// Where.
        line: Gpio,
        /// How many edges.
        missing: u32,
        /// Time of the next edge, since boot.
        at: Nanos,
    },
    /// Two edges of one direction in a row.
    #[error("account for every edge of {line}: it went {level} twice, at {first:.6} and {at:.6}")]
    Twice {
        /// Where.
        line: Gpio,
        /// The level after both.
        level: Level,
        /// Time of the first, since boot.
        first: Nanos,
        /// Time of the second.
        at: Nanos,
    },
    /// The level read back is not the one after the last edge.
    #[error("account for every edge of {line}: it is {level} since {since:.6} without an edge")]
    ReadBack {
        /// Where.
        line: Gpio,
        /// What was read.
        level: Level,
        /// When that was first seen, since boot.
        since: Nanos,
    },
    /// An edge before one that was reported earlier, or before a time given as complete.
    #[error("order the edges of {line}: one at {at:.6} was reported after {last:.6} was complete")]
    Late {
        /// Where.
        line: Gpio,
        /// Its time, since boot.
        at: Nanos,
        /// What it comes after.
        last: Nanos,
    },
    /// A tone that leaves out a period and goes on as before.
    #[error(
        "account for every edge of {line}: the tone with a period of {period} us skips at {at:.6}"
    )]
    Skip {
        /// Where.
        line: Gpio,
        /// Its period, in microseconds.
        period: u64,
        /// Where the gap begins, since boot.
        at: Nanos,
    },
}

/// What is known of one line.
#[derive(Debug)]
struct Line {
    line: Gpio,
    last: Option<Edge>,
    level: Option<Level>,
    /// Since when the level read back differs, and from which reading on.
    differs: Option<Nanos>,
    rhythm: Option<Rhythm>,
}

/// Checks the edges of all watched lines.
#[derive(Debug)]
pub(crate) struct Verify {
    lines: Vec<Line>,
    held: Vec<Edge>,
    complete_to: Nanos,
    lag: Nanos,
}

impl Verify {
    /// Watches `lines`; those in `tones` carry square waves.
    pub(crate) fn new(lines: &[Gpio], tones: &[Gpio], now: Nanos) -> Verify {
        let lines = lines.iter().map(|&line| Line {
            line,
            last: None,
            level: None,
            differs: None,
            rhythm: tones.contains(&line).then(Rhythm::default),
        });
        Verify {
            lines: lines.collect(),
            held: Vec::new(),
            complete_to: now,
            lag: LAG,
        }
    }

    /// The same, for edges that may be reported this much later than their levels.
    pub(crate) fn with_lag(self, lag: Nanos) -> Verify {
        Verify { lag, ..self }
    }

    /// Takes an edge as it was reported.
    pub(crate) fn edge(&mut self, edge: Edge) -> Result<(), Doubt> {
        let Some(line) = self.lines.iter_mut().find(|line| line.line == edge.line) else {
            return Ok(());
        };
        let Edge { at, level, .. } = edge;
        if at <= self.complete_to {
            return Err(Doubt::Late {
                line: edge.line,
                at,
                last: self.complete_to,
            });
        }
        if let Some(last) = line.last {
            let missing = edge.sequence.wrapping_sub(last.sequence).wrapping_sub(1);
            if missing > u32::MAX / 2 || at < last.at {
                return Err(Doubt::Late {
                    line: edge.line,
                    at,
                    last: last.at,
                });
            }
            if missing > 0 {
                return Err(Doubt::Lost {
                    line: edge.line,
                    missing,
                    at,
                });
            }
        }
        if line.level == Some(level) {
            return Err(Doubt::Twice {
                line: edge.line,
                level,
                first: line.last.map_or(self.complete_to, |last| last.at),
                at,
            });
        }
        if let Some(rhythm) = &mut line.rhythm {
            rhythm
                .edge(at, level)
                .map_err(|Missing { at, period }| Doubt::Skip {
                    line: edge.line,
                    period: period.0 / 1_000,
                    at,
                })?;
        }
        line.last = Some(edge);
        line.level = Some(level);
        line.differs = None;
        self.held.push(edge);
        Ok(())
    }

    /// Nothing was left to be reported at `asked`, and these are the levels read after that, in the
    /// order of the lines. Returns what is certain by now: edges in time order, complete up to the
    /// time beside them.
    pub(crate) fn drained(
        &mut self,
        asked: Nanos,
        levels: &[Level],
    ) -> Result<(Vec<Edge>, Nanos), Doubt> {
        let mut certain = true;
        for (line, &level) in self.lines.iter_mut().zip(levels) {
            let known = *line.level.get_or_insert(level);
            if known == level {
                line.differs = None;
                continue;
            }
            let since = *line.differs.get_or_insert(asked);
            if asked.since(since) > self.lag {
                return Err(Doubt::ReadBack {
                    line: line.line,
                    level,
                    since,
                });
            }
            certain = false;
        }
        if certain {
            self.complete_to = self.complete_to.max(asked.since(LATENCY));
        }
        self.held.sort_by_key(|edge| (edge.at, edge.line));
        let ready = self
            .held
            .partition_point(|edge| edge.at <= self.complete_to);
        Ok((self.held.drain(..ready).collect(), self.complete_to))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: Gpio = Gpio(17);
    const B: Gpio = Gpio(18);

    fn edge(line: Gpio, level: bool, micros: u64, sequence: u32) -> Edge {
        Edge {
            line,
            level: level.into(),
            at: Nanos::from_micros(micros),
            sequence,
        }
    }

    /// Ten milliseconds in, both lines low.
    fn settled() -> Verify {
        let mut verify = Verify::new(&[A, B], &[], Nanos::from_millis(1));
        verify
            .drained(Nanos::from_millis(10), &[Level::Low, Level::Low])
            .unwrap();
        verify
    }

    #[test]
    fn edges_come_out_in_time_order_once_they_are_certain() {
        let mut verify = settled();
        verify.edge(edge(B, true, 12_000, 1)).unwrap();
        verify.edge(edge(A, true, 11_000, 1)).unwrap();
        verify.edge(edge(A, false, 13_500, 2)).unwrap();
        let now = Nanos::from_millis(14);
        let (edges, complete_to) = verify.drained(now, &[Level::Low, Level::High]).unwrap();
        assert_eq!(complete_to, Nanos::from_millis(13));
        assert_eq!(edges.iter().map(|e| e.line).collect::<Vec<_>>(), [A, B]);
        let now = Nanos::from_millis(16);
        let (edges, _) = verify.drained(now, &[Level::Low, Level::High]).unwrap();
        assert_eq!(edges.len(), 1);
    }

    #[test]
    fn every_doubt_is_an_error() {
        let mut said = Vec::new();
        let mut gap = settled();
        gap.edge(edge(A, true, 11_000, 1)).unwrap();
        said.push(gap.edge(edge(A, false, 12_000, 4)).unwrap_err());
        let mut coalesced = settled();
        coalesced.edge(edge(A, true, 11_000, 1)).unwrap();
        said.push(coalesced.edge(edge(A, true, 12_000, 2)).unwrap_err());
        let mut first = settled();
        said.push(first.edge(edge(A, false, 11_000, 1)).unwrap_err());
        let mut late = settled();
        said.push(late.edge(edge(A, true, 8_000, 1)).unwrap_err());
        let mut silent = settled();
        let high = [Level::High, Level::Low];
        silent.drained(Nanos::from_millis(20), &high).unwrap();
        said.push(silent.drained(Nanos::from_millis(25), &high).unwrap_err());
        let said: Vec<String> = said
            .iter()
            .map(|doubt| format!("failed to {doubt}"))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        failed to account for every edge of GPIO17: 2 lost at 0.012000s, the buffer ran over
        failed to account for every edge of GPIO17: it went high twice, at 0.011000s and 0.012000s
        failed to account for every edge of GPIO17: it went low twice, at 0.009000s and 0.011000s
        failed to order the edges of GPIO17: one at 0.008000s was reported after 0.009000s was complete
        failed to account for every edge of GPIO17: it is high since 0.020000s without an edge
        ");
    }

    #[test]
    fn nothing_is_complete_while_a_level_differs() {
        let mut verify = settled();
        let high = [Level::High, Level::Low];
        let (_, complete_to) = verify.drained(Nanos::from_millis(12), &high).unwrap();
        assert_eq!(complete_to, Nanos::from_millis(9));
        // The edge was only slow.
        verify.edge(edge(A, true, 11_990, 1)).unwrap();
        let (edges, complete_to) = verify.drained(Nanos::from_millis(13), &high).unwrap();
        assert_eq!((edges.len(), complete_to), (1, Nanos::from_millis(12)));
    }

    proptest! {
        /// Any one edge taken out of a square wave is noticed, wherever it was.
        #[test]
        fn one_edge_less_is_always_noticed(count in 1usize..60, out in 0usize..60, half in 100u64..2_000) {
            let out = out % count;
            let mut verify = Verify::new(&[A], &[], Nanos::ZERO);
            verify.drained(Nanos::from_millis(1), &[Level::Low]).unwrap();
            let wave: Vec<Edge> = (0..count)
                .map(|i| edge(A, i % 2 == 0, 2_000 + half * i as u64, i as u32 + 1))
                .collect();
            let level = wave[count - 1].level;
            let mut noticed = false;
            let mut sequence = 0;
            for (i, edge) in wave.into_iter().enumerate() {
                if i != out {
                    // Coalesced: the count has no gap.
                    sequence += 1;
                    noticed |= verify.edge(Edge { sequence, ..edge }).is_err();
                }
            }
            for late in [1, 10, 20] {
                let now = Nanos::from_micros(2_000 + half * count as u64) + Nanos::from_millis(late);
                noticed |= verify.drained(now, &[level]).is_err();
            }
            prop_assert!(noticed);
        }

        /// A whole wave on two lines comes out complete, in order and without a doubt, however its
        /// reports are cut up.
        #[test]
        fn nothing_true_is_doubted(halves in prop::collection::vec((100u64..5_000, any::<bool>()), 1..80), cuts in prop::collection::vec(any::<bool>(), 80)) {
            let mut verify = Verify::new(&[A, B], &[], Nanos::ZERO);
            let mut levels = [Level::Low; 2];
            let mut sequences = [0; 2];
            let mut at = 2_000;
            let mut got = Vec::new();
            verify.drained(Nanos::from_micros(at), &levels).unwrap();
            for ((half, second), cut) in halves.iter().zip(&cuts) {
                at += half;
                let which = usize::from(*second);
                levels[which] = Level::from(levels[which] == Level::Low);
                sequences[which] += 1;
                let edge = Edge { line: [A, B][which], level: levels[which], at: Nanos::from_micros(at), sequence: sequences[which] };
                verify.edge(edge).unwrap();
                if *cut {
                    got.extend(verify.drained(edge.at, &levels).unwrap().0);
                }
            }
            got.extend(verify.drained(Nanos::from_micros(at + 2_000), &levels).unwrap().0);
            prop_assert_eq!(got.len(), halves.len());
            prop_assert!(got.is_sorted_by_key(|edge| edge.at));
        }
    }
}
