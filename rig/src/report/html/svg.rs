//! Rows as SVG. One unit across is a millisecond and one down is a pixel, so that zooming is only a
//! matter of the view box and nothing is drawn anew.

use std::fmt::Write;

use super::escape;
use super::wave::{Row, Shape};
use crate::report::bars::Bar;
use crate::trace::{Nanos, Trace};

const BARS_HEIGHT: u32 = 26;
const PLOT_HEIGHT: u32 = 52;
/// Above and below what a row shows.
const MARGIN: u32 = 5;

/// A drawn waveform.
pub(super) struct Drawing {
    pub svg: String,
    /// Each row's label, a note under it, and its height in pixels.
    pub labels: Vec<(String, String, u32)>,
}

pub(super) fn draw(rows: &[Row], trace: &Trace, describes: &str) -> Drawing {
    let heights = rows.iter().map(|row| match row.shape {
        Shape::Bars(_) => BARS_HEIGHT,
        Shape::Plot(..) => PLOT_HEIGHT,
    });
    let heights: Vec<u32> = heights.collect();
    let height: u32 = heights.iter().sum();
    let mut svg = format!(
        "<svg class=\"wave\" viewBox=\"0 0 {} {height}\" preserveAspectRatio=\"none\" \
         style=\"height:{height}px\" role=\"img\" aria-label=\"{}\">",
        x(width(trace)),
        escape(describes)
    );
    for step in trace.steps.iter().filter(|step| step.number % 2 == 0) {
        rect(&mut svg, "step", step.start, step.end, 0, height, None);
    }
    let mut labels = Vec::new();
    let mut top = 0;
    for (row, height) in rows.iter().zip(heights) {
        for (from, to) in &row.differing {
            rect(&mut svg, "differs", *from, *to, top + 1, height - 2, None);
        }
        let note = match &row.shape {
            Shape::Bars(bars) => {
                let middle = top + height / 2;
                let _ = write!(
                    svg,
                    "<path class=\"base\" d=\"M0 {middle}H{}\"/>",
                    x(width(trace))
                );
                for bar in bars {
                    let look = format!("bar {}", bar.look);
                    let inside = height - 2 * (MARGIN + 2);
                    let title = Some(bar_title(bar));
                    rect(
                        &mut svg,
                        &look,
                        bar.from,
                        bar.to,
                        top + MARGIN + 2,
                        inside,
                        title,
                    );
                }
                String::new()
            }
            Shape::Plot(points, unit) => plot(&mut svg, row, points, unit, top, trace),
        };
        for bar in &row.accepted {
            let title = Some(format!("accepted: {}", bar.title));
            let inside = height - 2 * MARGIN;
            let apart = if row.differing.is_empty() {
                ""
            } else {
                " apart"
            };
            let look = format!("accepted {}{apart}", bar.look);
            rect(
                &mut svg,
                &look,
                bar.from,
                bar.to,
                top + MARGIN,
                inside,
                title,
            );
        }
        labels.push((row.label.clone(), note, height));
        top += height;
    }
    svg.push_str("</svg>");
    Drawing { svg, labels }
}

/// What is as wide as the drawing: the trace, or something where that has no length.
pub(super) fn width(trace: &Trace) -> Nanos {
    trace.end.max(Nanos::from_millis(1))
}

/// Milliseconds, to the microsecond.
pub(super) fn x(at: Nanos) -> String {
    let micros = at.0 / 1000;
    let (whole, rest) = (micros / 1000, micros % 1000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:03}")
        .trim_end_matches('0')
        .to_owned()
}

fn rect(
    svg: &mut String,
    class: &str,
    from: Nanos,
    to: Nanos,
    y: u32,
    height: u32,
    title: Option<String>,
) {
    let tag = if to > from {
        let width = x(to.since(from));
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"",
            x(from)
        );
        "rect"
    } else {
        // A rectangle without width isn't drawn, a line is.
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{} {y}v{height}\"",
            x(from)
        );
        "path"
    };
    match title {
        Some(title) => {
            let _ = write!(svg, "><title>{}</title></{tag}>", escape(&title));
        }
        None => svg.push_str("/>"),
    }
}

fn bar_title(bar: &Bar) -> String {
    let Bar {
        from, to, title, ..
    } = bar;
    if to == from {
        return format!("{title} at {from}");
    }
    format!("{title} at {from} for {}", to.since(*from))
}

/// Draws samples that hold until the next one. Returns their range.
fn plot(
    svg: &mut String,
    row: &Row,
    points: &[(Nanos, i32)],
    unit: &str,
    top: u32,
    trace: &Trace,
) -> String {
    let values = points.iter().map(|(_, value)| i64::from(*value));
    let (low, high) = values.fold((0, 1), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let inside = i64::from(PLOT_HEIGHT - 2 * MARGIN);
    let bottom = i64::from(top + PLOT_HEIGHT - MARGIN);
    let y = |value: i32| bottom - (i64::from(value) - low) * inside / (high - low);
    let mut path = format!("M0 {}", y(0));
    for (at, value) in points {
        let _ = write!(path, "H{}V{}", x(*at), y(*value));
    }
    let _ = write!(path, "H{}", x(width(trace)));
    let _ = write!(
        svg,
        "<path class=\"base\" d=\"M0 {0}H{1}\"/><path class=\"plot {2}\" d=\"{path}\"/>",
        y(0),
        x(width(trace)),
        row.label
    );
    format!("to {high} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_short() {
        assert_eq!(x(Nanos::from_secs(30)), "30000");
        assert_eq!(x(Nanos::from_micros(250)), "0.25");
        assert_eq!(x(Nanos(1_000_999)), "1");
    }
}
