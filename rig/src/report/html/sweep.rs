//! A sweep on the page: a table of what the lock does over which values, and under it a row for each
//! part, with the values across.

use std::fmt::Write;

use super::escape;
use crate::outcome::{Block, Outcomes, Part, Phrase};
use crate::search::sweep::{Point, point, stretches, told};

/// Height of a part's row, and of the plot of how long the motor runs.
const ROW: u32 = 22;
const PLOT: u32 = 56;

/// Writes what the points of a sweep came to; nothing where there is no sweep.
pub(super) fn write(page: &mut String, measured: &Outcomes) {
    let blocks: Vec<&Block> = measured
        .blocks
        .iter()
        .filter(|block| point(block).is_some())
        .collect();
    let points: Vec<Point> = blocks.iter().filter_map(|block| point(block)).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    page.push_str("<section class=\"sweep\">");
    table(page, &points);
    let name = format!("What the lock does from {} to {}", first.value, last.value);
    chart(page, &blocks, &points, &name);
    page.push_str("</section>");
}

fn table(page: &mut String, points: &[Point]) {
    page.push_str("<table><thead><tr><th>from</th><th>to</th><th>points</th><th>the lock</th></tr></thead><tbody>");
    for stretch in stretches(points) {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&stretch.first),
            escape(&stretch.last),
            stretch.count,
            escape(&told(&stretch.did))
        );
    }
    page.push_str("</tbody></table>");
}

fn chart(page: &mut String, blocks: &[&Block], points: &[Point], name: &str) {
    let parts: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| {
            points
                .iter()
                .any(|point| point.did.iter().any(|(did, _)| did == part))
        })
        .collect();
    let runs: Vec<Option<u64>> = blocks.iter().map(|block| motor(block)).collect();
    let longest = runs.iter().flatten().max().copied();
    let width = points.len();
    let mut labels = String::new();
    let mut drawn = String::new();
    let mut top = 0;
    for part in parts {
        let _ = write!(labels, "<div style=\"height:{ROW}px\">{part}</div>");
        row(&mut drawn, points, part, top);
        top += ROW;
    }
    if let Some(longest) = longest.filter(|longest| *longest > 0) {
        let _ = write!(
            labels,
            "<div style=\"height:{PLOT}px\">motor runs<small>up to {longest} ms</small></div>"
        );
        plot(&mut drawn, &runs, longest, top);
        top += PLOT;
    }
    for index in changes(points) {
        let _ = write!(drawn, "<path class=\"limit\" d=\"M{index} 0V{top}\"/>");
    }
    let _ = write!(
        page,
        "<div class=\"chart\"><div class=\"labels\">{labels}</div><div>\
         <svg class=\"wave\" viewBox=\"0 0 {width} {top}\" preserveAspectRatio=\"none\" \
         style=\"height:{top}px\" role=\"img\" aria-label=\"{}\">{drawn}</svg>\
         <div class=\"scale at\">{}</div></div></div>",
        escape(name),
        values(points)
    );
}

/// The indices at which the lock begins to do something else.
fn changes(points: &[Point]) -> impl Iterator<Item = usize> {
    let pairs = points.iter().zip(points.iter().skip(1)).enumerate();
    pairs.filter_map(|(index, (before, after))| (before.did != after.did).then_some(index + 1))
}

/// A part's row: a bar over all points in a row at which it does the same.
fn row(drawn: &mut String, points: &[Point], part: Part, top: u32) {
    let words = |point: &Point| -> Vec<String> {
        let own = point.did.iter().filter(|(did, _)| *did == part);
        own.map(|(_, word)| word.clone()).collect()
    };
    let mut x = 0;
    for same in points.chunk_by(|a, b| words(a) == words(b)) {
        let (Some(first), Some(last)) = (same.first(), same.last()) else {
            continue;
        };
        let did = words(first);
        if !did.is_empty() {
            let range = match same.len() {
                1 => first.value.clone(),
                _ => format!("{} to {}", first.value, last.value),
            };
            let _ = write!(
                drawn,
                "<rect class=\"bar {}\" x=\"{x}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
                look(part, &did),
                top + 3,
                same.len(),
                ROW - 6,
                escape(&format!("{range}: {part} {}", did.join(", ")))
            );
        }
        x += same.len();
    }
}

/// How long the motor runs at each point, as a stepped line; a gap where it doesn't.
fn plot(drawn: &mut String, runs: &[Option<u64>], longest: u64, top: u32) {
    let mut path = String::new();
    let mut before = false;
    for (x, run) in runs.iter().enumerate() {
        let Some(millis) = run else {
            before = false;
            continue;
        };
        let height = u64::from(PLOT - 8);
        let y = u64::from(top) + 4 + height - millis * height / longest;
        let verb = if before { 'L' } else { 'M' };
        let _ = write!(path, "{verb}{x} {y}H{}", x + 1);
        before = true;
    }
    let _ = write!(drawn, "<path class=\"plot\" d=\"{path}\"/>");
}

/// How long the motor ran at a point, all its runs together, in milliseconds.
fn motor(block: &Block) -> Option<u64> {
    let lengths = block
        .outcomes
        .iter()
        .filter_map(|outcome| match outcome.phrase {
            Phrase::Run(_, length) => Some(length.map_or(0, |length| length.micros() / 1_000)),
            _ => None,
        });
    lengths.reduce(|a, b| a + b)
}

/// The colour of a bar.
fn look(part: Part, did: &[String]) -> &'static str {
    let says = |word: &str| did.iter().any(|did| did.contains(word));
    let last = did.last().map_or("", String::as_str);
    match part {
        Part::Motor if says("both") => "both",
        Part::Motor if says("close") => "close",
        Part::Motor => "open",
        Part::Bolt if last == "retracted" => "retracted",
        Part::Bolt if last == "extended" => "extended",
        Part::Bolt => "between",
        Part::Status | Part::Keypad if says("red") => "red",
        Part::Status | Part::Keypad if says("amber") => "amber",
        Part::Status | Part::Keypad => "green",
        Part::Beeper => "beep",
        Part::Hub => "hub-from",
        Part::Power => "power",
    }
}

/// The values at the ends, and those where the lock begins to do something else, as far as there is
/// room for them.
fn values(points: &[Point]) -> String {
    /// Percent of the width that a value takes.
    const ROOM: f64 = 5.0;
    let mut text = String::new();
    let count = points.len();
    let at = |index: usize| 100.0 * (index as f64 + 0.5) / count as f64;
    let mut from = f64::NEG_INFINITY;
    let end = at(count.saturating_sub(1));
    for index in std::iter::once(0)
        .chain(changes(points))
        .chain([count.saturating_sub(1)])
    {
        let here = at(index);
        let is_end = index + 1 == count;
        if here - from < ROOM || (!is_end && end - here < ROOM) {
            continue;
        }
        from = here;
        let _ = write!(
            text,
            "<span style=\"left:{here:.1}%\">{}</span>",
            escape(&points[index].value)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWEPT: &str = "\
1  wait 1s
2  sweep 4.5V
     +0.820s   keypad  red 10x 100/100ms
3  sweep 4.6V
     +0.820s   motor   open 1304ms
     +0.820s   keypad  green 1x 300ms
4  sweep 4.7V
     +0.820s   motor   open 1280ms
     +0.820s   keypad  green 1x 300ms";

    #[test]
    fn the_values_are_across_and_the_parts_are_rows() {
        let mut page = String::new();
        write(&mut page, &SWEPT.parse().unwrap());
        insta::assert_snapshot!(page.replace("><", ">\n<"));
    }

    #[test]
    fn a_run_without_a_sweep_has_no_table() {
        let mut page = String::new();
        write(&mut page, &"1  wait 1s".parse().unwrap());
        assert_eq!(page, "");
    }

    #[test]
    fn values_are_left_out_where_they_would_cover_each_other() {
        let point = |index: usize| Point {
            value: format!("{index}ms"),
            did: vec![(Part::Motor, (index / 3).to_string())],
        };
        let points: Vec<Point> = (0..90).map(point).collect();
        let shown = values(&points).matches("<span").count();
        assert!((8..=20).contains(&shown), "{shown}");
        assert!(values(&points).contains(">0ms<") && values(&points).contains(">89ms<"));
    }
}
