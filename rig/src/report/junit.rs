//! JUnit XML: what the lock did wrong is a failure, what the rig did wrong an error. It is valid by the
//! schema of Jenkins' xunit plugin, junit-10.xsd, which is narrower than most writers are.

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Property, Report, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use super::{Console, Ending, Record};

/// The report of a run, a suite for each lock.
pub fn junit(records: &[Record], elapsed: Duration) -> Result<String, SerializeError> {
    let mut report = Report::new("rig");
    report.set_time(elapsed);
    let mut locks: Vec<&super::Setting> = records.iter().map(|record| &record.setting).collect();
    locks.sort_by_key(|setting| (setting.lock, setting.seed));
    locks.dedup();
    for setting in locks {
        let mut suite = TestSuite::new(match setting.seed {
            0 => setting.lock.name().to_owned(),
            seed => format!("{} seed {seed}", setting.lock),
        });
        for (name, value) in [
            ("bench", setting.bench.clone()),
            ("lock", setting.lock.name().to_owned()),
            ("image", setting.image.display().to_string()),
            ("image.sha256", setting.image_sha256.clone()),
            ("seed", setting.seed.to_string()),
        ] {
            suite.add_property(Property::new(name, value));
        }
        for record in records.iter().filter(|record| record.setting == *setting) {
            suite.add_test_case(case(record));
        }
        report.add_test_suite(suite);
    }
    Ok(narrowed(&report.to_string()?))
}

/// Without what the schema doesn't know: the number of skipped cases belongs to a suite, not to all.
fn narrowed(xml: &str) -> String {
    let tag = xml.find("<testsuites ").map_or(0, |at| at + 1);
    let end = xml[tag..].find('>').map_or(tag, |length| tag + length);
    let mut head = xml[..end].to_owned();
    if let Some(at) = head[tag..].find(" skipped=\"").map(|at| tag + at) {
        let value = at + " skipped=\"".len();
        let close = head[value..]
            .find('"')
            .map_or(value, |length| value + length + 1);
        head.replace_range(at..close, "");
    }
    head + &xml[end..]
}

fn case(record: &Record) -> TestCase {
    let mut status = match &record.ending {
        Ending::Passed | Ending::Accepted { .. } => TestCaseStatus::success(),
        Ending::Differs { .. } | Ending::NotReached(_) | Ending::Missing { .. } => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
        Ending::Fault(_) | Ending::Interrupted => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
        Ending::Skipped(_) => TestCaseStatus::skipped(),
    };
    match &record.ending {
        Ending::Passed | Ending::Accepted { .. } => {}
        Ending::Differs { .. } => {
            status.set_message("an outcome differs");
            status.set_description(details(record));
        }
        Ending::NotReached(not_reached) => {
            status.set_message(format!("`{}` is not reached", not_reached.given.name()));
            status.set_description(details(record));
        }
        Ending::Missing { .. } => {
            status.set_message("no snapshot is accepted");
            status.set_description(details(record));
        }
        Ending::Skipped(reason) => {
            status.set_message(reason.as_str());
        }
        Ending::Fault(error) => {
            status.set_message(format!("failed to {error}"));
            status.set_description(details(record));
        }
        Ending::Interrupted => {
            status.set_message("interrupted");
        }
    }
    let name = match record.round {
        1 => record.name.clone(),
        round => format!("{} #{round}", record.name),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(record.setting.lock.name());
    case.set_time(record.real_time);
    // A case has no properties there.
    let mut about = format!("{}\nvirtual time: {:.9}", record.title, record.virtual_time);
    if let Some(folder) = &record.folder {
        about += &format!("\nrun folder: {}", folder.display());
    }
    about += &format!("\nagain: {}", record.again);
    case.set_system_out(about);
    case
}

/// As on the console.
fn details(record: &Record) -> String {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = Console::new(&mut bytes, false, 0).details(record);
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

#[cfg(test)]
mod tests;
