//! The report beside the grammar that Jenkins' xunit plugin holds it against.

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::tests::all;
use super::junit;

/// What an element may have: its attributes, those that it must have, its children, and whether text
/// may stand in it. From junit-10.xsd of the plugin.
struct Rule {
    name: &'static str,
    attributes: &'static [&'static str],
    required: &'static [&'static str],
    children: &'static [&'static str],
    text: bool,
}

const RULES: &[Rule] = &[
    Rule {
        name: "testsuites",
        attributes: &["name", "time", "tests", "failures", "errors"],
        required: &[],
        children: &["testsuite"],
        text: false,
    },
    Rule {
        name: "testsuite",
        attributes: &[
            "name",
            "tests",
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
            "version",
        ],
        required: &["name", "tests", "failures", "errors"],
        children: &[
            "testsuite",
            "properties",
            "testcase",
            "system-out",
            "system-err",
        ],
        text: false,
    },
    Rule {
        name: "properties",
        attributes: &[],
        required: &[],
        children: &["property"],
        text: false,
    },
    Rule {
        name: "property",
        attributes: &["name", "value"],
        required: &["name", "value"],
        children: &[],
        text: false,
    },
    Rule {
        name: "testcase",
        attributes: &["name", "time", "classname", "group"],
        required: &["name"],
        children: &["skipped", "error", "failure", "system-out", "system-err"],
        text: false,
    },
    result("skipped"),
    result("error"),
    result("failure"),
    Rule {
        name: "system-out",
        attributes: &[],
        required: &[],
        children: &[],
        text: true,
    },
];

const fn result(name: &'static str) -> Rule {
    Rule {
        name,
        attributes: &["type", "message"],
        required: &[],
        children: &[],
        text: true,
    }
}

/// What the grammar says against a report.
fn against(xml: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut open: Vec<&Rule> = Vec::new();
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => open.extend(element(&tag, open.last().copied(), &mut wrong)),
            Event::Empty(tag) => drop(element(&tag, open.last().copied(), &mut wrong)),
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => {
                let blank = text.iter().all(u8::is_ascii_whitespace);
                if !blank && !open.last().is_some_and(|rule| rule.text) {
                    wrong.push("text where none may stand".to_owned());
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    wrong
}

fn element(
    tag: &BytesStart<'_>,
    parent: Option<&Rule>,
    wrong: &mut Vec<String>,
) -> Option<&'static Rule> {
    let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
    let fits = match parent {
        Some(parent) => parent.children.contains(&name.as_str()),
        None => name == "testsuites",
    };
    if !fits {
        wrong.push(format!("no place for <{name}>"));
    }
    let rule = RULES.iter().find(|rule| rule.name == name)?;
    let mut seen = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.unwrap();
        let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        if !rule.attributes.contains(&key.as_str()) {
            wrong.push(format!("<{name}> has no `{key}`"));
        }
        let number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        if key == "time" && !attribute.value.iter().all(number) {
            wrong.push(format!("<{name}> has a time that is none"));
        }
        seen.push(key);
    }
    for key in rule.required {
        if !seen.iter().any(|seen| seen == key) {
            wrong.push(format!("<{name}> lacks `{key}`"));
        }
    }
    Some(rule)
}

#[test]
fn a_report_with_every_ending_is_valid() {
    let xml = junit(&all(), Duration::from_millis(110)).unwrap();
    assert_eq!(against(&xml), Vec::<String>::new(), "{xml}");
    let count = |tag: &str| xml.matches(tag).count();
    // The lock's fault, the rig's, and nobody's.
    assert_eq!(
        (count("<failure"), count("<error"), count("<skipped")),
        (4, 1, 1)
    );
    let empty = junit(&[], Duration::ZERO).unwrap();
    assert_eq!(against(&empty), Vec::<String>::new(), "{empty}");
}

#[test]
fn what_is_not_valid_is_told() {
    let xml = junit(&all(), Duration::from_millis(110)).unwrap();
    for (from, to, told) in [
        (
            "<testsuites ",
            "<testsuites skipped=\"1\" ",
            "<testsuites> has no `skipped`",
        ),
        (
            "<system-out>",
            "<properties/><system-out>",
            "no place for <properties>",
        ),
        (
            "time=\"0.110\"",
            "time=\"soon\"",
            "<testsuites> has a time that is none",
        ),
        (
            "<testsuite name=\"ten-key\" ",
            "<testsuite ",
            "<testsuite> lacks `name`",
        ),
        ("<properties>", "<properties>x", "text where none may stand"),
    ] {
        assert!(xml.contains(from), "{from}");
        assert_eq!(against(&xml.replacen(from, to, 1)), [told]);
    }
}
