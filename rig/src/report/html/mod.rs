//! A run as one HTML file that needs nothing else: each scenario's steps with what the lock did, beside
//! a waveform that can be zoomed, with the accepted outcomes drawn over the measured ones.

mod record;
mod svg;
mod sweep;
mod wave;

pub use record::{Shown, page};
pub(crate) use record::{image, times};

use std::fmt::Write;

use crate::outcome::{Block, Outcome, Outcomes};
use crate::snapshot::{Change, Difference};
use crate::trace::{Nanos, Trace};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// One scenario's part of the page.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The lock it was played on.
    pub lock: &'a str,
    /// How it ended: `pass`, `differs`, `missing`, `skipped`, `error`, ...
    pub word: &'a str,
    /// How long it was for the lock, and how long here.
    pub times: &'a str,
    /// What is wrong, beside outcomes that differ, a sentence each.
    pub wrong: &'a [String],
    /// What was recorded, where it came to playing.
    pub run: Option<Recorded<'a>>,
    /// The run's log, firmware's lines included.
    pub log: Option<&'a str>,
    /// The run folder.
    pub folder: Option<&'a str>,
    /// The command that repeats it.
    pub again: &'a str,
}

/// What was recorded of a run, and what it is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// Edges and samples.
    pub trace: &'a Trace,
    /// The same in words.
    pub measured: &'a Outcomes,
    /// What was accepted, where something was.
    pub accepted: Option<&'a Outcomes>,
    /// What differs between the two.
    pub difference: Option<&'a Difference>,
}

/// Words that are worth opening a section for.
const FAILED: [&str; 4] = ["differs", "missing", "error", "stopped"];

/// Colours that nothing but a key explains.
const COLOURS: [(&str, &str); 5] = [
    ("open", "motor opens"),
    ("close", "motor closes"),
    ("retracted", "bolt retracted"),
    ("between", "bolt between"),
    ("extended", "bolt extended"),
];

/// Writes the page. `facts` are told at its head, name and value.
pub fn html(title: &str, facts: &[(&str, String)], sections: &[Section<'_>]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\
         <title>{0}</title><style>\n{STYLE}</style></head>\n<body><header><h1>{0}</h1>",
        escape(title)
    );
    page.push_str("<p class=\"about\">");
    for (name, value) in facts {
        let _ = write!(
            page,
            "<span>{} <code>{}</code></span>",
            escape(name),
            escape(value)
        );
    }
    page.push_str("</p><nav>");
    filters(&mut page, sections);
    page.push_str(
        "<span class=\"rest\"></span><button id=\"theme\" type=\"button\">Dark or light</button>\
         </nav></header>\n<main>",
    );
    for section in sections {
        section.write(&mut page);
    }
    let _ = write!(page, "</main><script>\n{SCRIPT}</script></body></html>\n");
    page
}

/// A button for each way to end, with its count.
fn filters(page: &mut String, sections: &[Section<'_>]) {
    let mut words: Vec<&str> = Vec::new();
    for section in sections {
        if !words.contains(&section.word) {
            words.push(section.word);
        }
    }
    words.sort_by_key(|word| !FAILED.contains(word));
    let _ = write!(
        page,
        "<button type=\"button\" data-word=\"\" aria-pressed=\"true\">all {}</button>",
        sections.len()
    );
    for word in words {
        let count = sections
            .iter()
            .filter(|section| section.word == word)
            .count();
        let _ = write!(
            page,
            "<button type=\"button\" data-word=\"{0}\" aria-pressed=\"false\">{0} {count}</button>",
            escape(word)
        );
    }
}

impl Section<'_> {
    fn write(&self, page: &mut String) {
        let open = if FAILED.contains(&self.word) {
            " open=\"open\""
        } else {
            ""
        };
        let _ = write!(
            page,
            "\n<details class=\"run\" data-word=\"{word}\"{open}><summary>\
             <span class=\"word {word}\">{word}</span><span class=\"name\">{}</span>\
             <span class=\"lock\">{}</span><span class=\"title\">{}</span>\
             <span class=\"times\">{}</span></summary><div class=\"body\">",
            escape(self.name),
            escape(self.lock),
            escape(self.title),
            escape(self.times),
            word = escape(self.word),
        );
        if !self.wrong.is_empty() {
            page.push_str("<ul class=\"wrong\">");
            for wrong in self.wrong {
                let _ = write!(page, "<li>{}</li>", escape(wrong));
            }
            page.push_str("</ul>");
        }
        if let Some(run) = &self.run {
            sweep::write(page, run.measured);
            run.steps(page);
            run.figure(page, self.name);
        }
        self.after(page);
        page.push_str("</div></details>");
    }

    fn after(&self, page: &mut String) {
        let _ = write!(
            page,
            "<div class=\"after\"><div>Again: <code>{0}</code> \
             <button type=\"button\" data-copy=\"{0}\">copy</button></div>",
            escape(self.again)
        );
        if let Some(folder) = self.folder {
            let _ = write!(
                page,
                "<div>Run folder: <code>{}</code></div>",
                escape(folder)
            );
        }
        if let Some(log) = self.log {
            let _ = write!(
                page,
                "<details><summary>Log</summary><pre>{}</pre></details>",
                escape(log)
            );
        }
        page.push_str("</div>");
    }
}

impl Recorded<'_> {
    /// The steps, each with what the lock did: as snapshots have it, changes marked.
    fn steps(&self, page: &mut String) {
        page.push_str("<ol class=\"steps\">");
        for block in &self.measured.blocks {
            let _ = write!(
                page,
                "<li><button type=\"button\" data-step=\"{0}\"><span class=\"number\">{0}</span>{1}\
                 </button>",
                block.number,
                escape(&block.heading)
            );
            self.lines(page, block);
            page.push_str("</li>");
        }
        page.push_str("</ol>");
    }

    fn lines(&self, page: &mut String, block: &Block) {
        let changes: Vec<&Change> = self
            .difference
            .iter()
            .flat_map(|difference| &difference.changes)
            .filter(|change| change.step == block.number)
            .collect();
        if block.outcomes.is_empty() && changes.is_empty() {
            return;
        }
        let mut lines: Vec<(u64, String)> = Vec::new();
        for outcome in &block.outcomes {
            let changed = changes
                .iter()
                .any(|change| change.measured.as_ref() == Some(outcome));
            if !changed {
                lines.push((outcome.at, line("span", outcome)));
            }
        }
        for change in changes {
            let mut text = String::new();
            for (tag, outcome) in [("del", &change.accepted), ("ins", &change.measured)] {
                if let Some(outcome) = outcome {
                    text += &line(tag, outcome);
                }
            }
            for deviation in &change.deviations {
                let _ = write!(text, "<em>{}</em>", escape(&deviation.to_string()));
            }
            let outcome = change.accepted.as_ref().or(change.measured.as_ref());
            lines.push((outcome.map_or(0, |outcome| outcome.at), text));
        }
        lines.sort_by_key(|(at, _)| *at);
        page.push_str("<div class=\"lines\">");
        for (_, line) in lines {
            page.push_str(&line);
        }
        page.push_str("</div>");
    }

    fn figure(&self, page: &mut String, name: &str) {
        let trace = self.trace;
        let beside = wave::Beside {
            accepted: self.accepted,
            difference: self.difference,
        };
        let rows = wave::rows(trace, beside);
        let drawing = svg::draw(&rows, trace, &format!("Waveform of {name}"));
        let steps: Vec<String> = trace
            .steps
            .iter()
            .map(|step| {
                format!(
                    "[{},{},{},{}]",
                    step.number,
                    svg::x(step.start),
                    svg::x(step.end),
                    quoted(&step.text)
                )
            })
            .collect();
        let idle = "drag to zoom, double-click for all";
        let _ = write!(
            page,
            "<figure class=\"figure\" data-end=\"{}\" data-steps=\"{}\"><div class=\"tools\">\
             <button type=\"button\" data-zoom=\"in\" aria-label=\"Zoom in\">+</button>\
             <button type=\"button\" data-zoom=\"out\" aria-label=\"Zoom out\">\u{2212}</button>\
             <button type=\"button\" data-zoom=\"all\">All</button>\
             <span class=\"read\" data-idle=\"{idle}\">{idle}</span></div>\
             <div class=\"chart\"><div class=\"labels\"><div class=\"corner\">step</div>",
            svg::x(svg::width(trace)),
            escape(&format!("[{}]", steps.join(",")))
        );
        for (label, note, height) in &drawing.labels {
            let _ = write!(
                page,
                "<div style=\"height:{height}px\">{}<small>{}</small></div>",
                escape(label),
                escape(note)
            );
        }
        let _ = write!(
            page,
            "</div><div class=\"plotarea\" tabindex=\"0\"><div class=\"scale numbers\"></div>{}\
             <div class=\"scale at\">{}</div></div></div>",
            drawing.svg,
            ends(trace.end)
        );
        page.push_str("<figcaption class=\"key\">");
        if self.accepted.is_some() {
            page.push_str("<i></i>accepted<b></b>differs from accepted");
        }
        for (look, says) in COLOURS {
            if rows.iter().any(|row| row.shows(look)) {
                let _ = write!(page, "<s class=\"{look}\"></s>{says}");
            }
        }
        page.push_str("</figcaption></figure>");
    }
}

/// First and last tick of the time axis, for a page without its script.
fn ends(end: Nanos) -> String {
    format!("<span style=\"left:3%\">0 s</span><span style=\"left:96%\">{end:.1}</span>")
}

fn line(tag: &str, outcome: &Outcome) -> String {
    format!("<{tag}>{}</{tag}>", escape(&outcome.to_string()))
}

/// A JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Text for an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
