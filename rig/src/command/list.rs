//! `rig list`: what there is to play.

use std::io::Write;

use clap::Args;

use super::select::Select;
use super::{Exit, Expected};
use crate::lock::LockModel;

/// List scenarios with their titles
#[derive(Debug, Args)]
#[command(after_help = "Example: rig list reset")]
pub(crate) struct List {
    #[command(flatten)]
    select: Select,
    /// Only those for this lock model
    #[arg(long, value_name = "MODEL", value_parser = super::lock_model)]
    lock: Option<LockModel>,
}

impl List {
    pub(crate) fn run(self) -> Result<Exit, Expected> {
        let mut scenarios = self.select.load()?;
        if let Some(model) = self.lock {
            scenarios.retain(|selected| selected.scenario.locks.contains(&model));
        }
        let width = scenarios
            .iter()
            .map(|selected| selected.scenario.name.len())
            .max()
            .unwrap_or(0);
        let mut out = std::io::stdout().lock();
        for selected in &scenarios {
            let scenario = &selected.scenario;
            writeln!(out, "{:width$}  {}", scenario.name, scenario.title)
                .map_err(Expected::Print)?;
        }
        Ok(if scenarios.is_empty() {
            Exit::Nothing
        } else {
            Exit::Pass
        })
    }
}
