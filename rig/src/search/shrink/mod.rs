//! The smallest scenario that still goes wrong in the same way: fewer steps by delta debugging, a
//! simpler given state, and times and values that are round or usual. What it must keep is one
//! symptom, the first of the scenario that it begins with, in the step that it came from.

mod simpler;

use std::collections::BTreeMap;
use std::time::Instant;

use super::ddmin::ddmin;
use super::forks::{Forks, Run, Tally};
use super::symptom::{Finding, Symptom, find};
use crate::lock::Door;
use crate::play::{PlayError, procedures};
use crate::scenario::{Action, Battery, Given, Hub, Request, Scenario, ScenarioError, Step, parse};

/// A scenario that can't be made smaller.
#[derive(Debug, thiserror::Error)]
pub enum ShrinkError {
    /// It goes wrong in no way.
    #[error("shrink it: nothing goes wrong in it")]
    NothingWrong,
    /// The good lock does not get into the given state.
    #[error("shrink it: the good image does not get into the state `{}`", .0.name())]
    GoodNotReached(Given),
    /// The rig failed, or was interrupted.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// What it was made into is no scenario.
    #[error("write it as a scenario: {0}")]
    Write(Box<ScenarioError>),
}

/// A scenario made as small as it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// The scenario; its name and path are those of the one that it was made from.
    pub scenario: Scenario,
    /// Its file, without a comment of where it came from.
    pub source: String,
    /// Which step of the first scenario each of its steps was, from 0.
    pub origins: Vec<usize>,
    /// What it was shrunk to keep, as it was seen in the first scenario.
    pub before: Finding,
    /// The same, as it is seen now.
    pub after: Finding,
    /// Whether everything was tried: else time was up, and it may not be the smallest.
    pub complete: bool,
    /// What it cost.
    pub tally: Tally,
}

/// Makes `scenario` smaller as long as it goes wrong in the same way on `bad`. Where there is a
/// `good` lock, what that does is not wrong. From `until` on nothing more is tried.
pub fn shrink<'l>(
    scenario: &Scenario,
    bad: &mut Forks<'l>,
    good: Option<&mut Forks<'l>>,
    until: Option<Instant>,
) -> Result<Shrunk, ShrinkError> {
    let mut search = Search {
        first: scenario,
        bad,
        good,
        target: None,
        known: BTreeMap::new(),
        until,
        late: false,
    };
    let mut draft = Draft {
        given: scenario.given,
        door: scenario.door,
        steps: scenario.steps.iter().cloned().enumerate().collect(),
    };
    let mut before = search.aim(&draft)?;
    if let Symptom::NotReached(given) = before.symptom {
        // The steps that should have led there are what matters.
        draft.steps = procedures(given, search.bad.model())?
            .into_iter()
            .enumerate()
            .collect();
        draft.given = Given::New;
        before = search.aim(&draft)?;
    }
    search.target = Some(before.symptom.clone());
    draft.only(&before.symptom);
    draft = search.end(draft)?;
    loop {
        let start = draft.clone();
        draft = search.steps(draft)?;
        draft = search.surroundings(draft)?;
        draft = search.codes(draft)?;
        draft = search.values(draft)?;
        if draft == start {
            break;
        }
    }
    let (shrunk, source) = match search.write(&draft) {
        Ok(written) => written,
        Err(error) => return Err(ShrinkError::Write(Box::new(error))),
    };
    let after = search.findings(&shrunk, &draft)?;
    let after = after
        .into_iter()
        .find(|finding| finding.symptom == before.symptom);
    let tally = search.bad.tally() + search.good.as_ref().map_or(Tally::default(), |g| g.tally());
    Ok(Shrunk {
        scenario: shrunk,
        source,
        origins: draft.origins(),
        after: after.ok_or(ShrinkError::NothingWrong)?,
        before,
        complete: !search.late,
        tally,
    })
}

/// A smaller scenario in the making: each step with its index in the first one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Draft {
    given: Given,
    door: Door,
    steps: Vec<(usize, Step)>,
}

impl Draft {
    /// Forgets what the steps are wanted to come to, but for what the symptom is about.
    fn only(&mut self, symptom: &Symptom) {
        for (index, step) in &mut self.steps {
            step.notes.clear();
            step.expect.retain(|expectation| match symptom {
                Symptom::Miss { origin, wanted, .. } => {
                    origin == index && expectation.to_string() == *wanted
                }
                _ => false,
            });
        }
    }

    fn origins(&self) -> Vec<usize> {
        self.steps.iter().map(|(origin, _)| *origin).collect()
    }

    /// The same with another action at an index.
    fn with(&self, index: usize, action: Action) -> Draft {
        let mut draft = self.clone();
        draft.steps[index].1.action = action;
        draft
    }
}

struct Search<'s, 'l> {
    first: &'s Scenario,
    bad: &'s mut Forks<'l>,
    good: Option<&'s mut Forks<'l>>,
    target: Option<Symptom>,
    /// What was tried, by its file and the origins of its steps.
    known: BTreeMap<(String, Vec<usize>), bool>,
    /// When to stop trying.
    until: Option<Instant>,
    /// Something was not tried because it was too late.
    late: bool,
}

impl Search<'_, '_> {
    /// The first thing that goes wrong.
    fn aim(&mut self, draft: &Draft) -> Result<Finding, ShrinkError> {
        let scenario = match self.write(draft) {
            Ok((scenario, _)) => scenario,
            Err(error) => return Err(ShrinkError::Write(Box::new(error))),
        };
        let findings = self.findings(&scenario, draft)?;
        match findings.into_iter().next() {
            Some(first) => Ok(first),
            None => {
                if let Some(good) = &mut self.good
                    && let Run::NotReached(not_reached) = good.play(&scenario)?
                {
                    return Err(ShrinkError::GoodNotReached(not_reached.given));
                }
                Err(ShrinkError::NothingWrong)
            }
        }
    }

    fn findings(&mut self, scenario: &Scenario, draft: &Draft) -> Result<Vec<Finding>, PlayError> {
        let origins = draft.origins();
        let bad = self.bad.play(scenario)?;
        let good = match &mut self.good {
            Some(good) => Some(good.play(scenario)?),
            None => None,
        };
        Ok(find(scenario, &origins, &bad, good.as_ref()))
    }

    /// The draft as a scenario and its file, if it can be played at all.
    fn write(&self, draft: &Draft) -> Result<(Scenario, String), ScenarioError> {
        let scenario = Scenario {
            given: draft.given,
            door: draft.door,
            locks: vec![self.bad.model()],
            steps: draft.steps.iter().map(|(_, step)| step.clone()).collect(),
            ..self.first.clone()
        };
        let source = scenario.to_yaml();
        let scenario = parse(&source, &self.first.path, &self.first.name)?;
        Ok((scenario, source))
    }

    /// Whether the draft goes wrong in the same way. What is cheap to see comes first.
    fn holds(&mut self, draft: &Draft) -> Result<bool, PlayError> {
        let step = self.target.as_ref().and_then(Symptom::origin);
        if step.is_some_and(|step| draft.steps.iter().all(|(origin, _)| *origin != step)) {
            return Ok(false);
        }
        let Ok((scenario, source)) = self.write(draft) else {
            return Ok(false);
        };
        let key = (source, draft.origins());
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        if self.until.is_some_and(|until| Instant::now() >= until) {
            self.late = true;
            return Ok(false);
        }
        let holds = match self.plays(&scenario, &key.1) {
            Ok(holds) => holds,
            Err(PlayError::Interrupted) => return Err(PlayError::Interrupted),
            // A lock that stops the bench does not do the same.
            Err(_) => false,
        };
        self.known.insert(key, holds);
        Ok(holds)
    }

    /// Plays a scenario for the symptom: on the good lock only if the bad one may have it.
    fn plays(&mut self, scenario: &Scenario, origins: &[usize]) -> Result<bool, PlayError> {
        let Some(target) = &self.target else {
            return Ok(false);
        };
        let bad = self.bad.play(scenario)?;
        if !target.may_be_in(scenario, origins, &bad) {
            return Ok(false);
        }
        let good = match &mut self.good {
            Some(good) => Some(good.play(scenario)?),
            None => None,
        };
        let findings = find(scenario, origins, &bad, good.as_ref());
        Ok(findings.iter().any(|finding| finding.symptom == *target))
    }

    /// Leaves out what comes after the step that matters, or after the one that follows it.
    fn end(&mut self, draft: Draft) -> Result<Draft, PlayError> {
        let step = self.target.as_ref().and_then(Symptom::origin);
        let index = step.and_then(|step| draft.steps.iter().position(|(own, _)| *own == step));
        let Some(index) = index else {
            return Ok(draft);
        };
        for count in index + 1..=index + 2 {
            let mut shorter = draft.clone();
            shorter.steps.truncate(count);
            if shorter.steps.len() < draft.steps.len() && self.holds(&shorter)? {
                return Ok(shorter);
            }
        }
        Ok(draft)
    }

    /// Leaves out steps: pieces, single ones, and pairs that may go only together.
    fn steps(&mut self, mut draft: Draft) -> Result<Draft, PlayError> {
        loop {
            let steps = ddmin(draft.steps.clone(), |steps| {
                self.holds(&Draft {
                    steps: steps.to_vec(),
                    ..draft.clone()
                })
            })?;
            draft.steps = steps;
            match self.pair(&draft)? {
                Some(smaller) => draft = smaller,
                None => return Ok(draft),
            }
        }
    }

    /// The draft without two of its steps, if that will do: neighbours, or such that undo each other.
    fn pair(&mut self, draft: &Draft) -> Result<Option<Draft>, PlayError> {
        for second in (1..draft.steps.len()).rev() {
            for first in (0..second).rev() {
                let undone = undoes(&draft.steps[first].1.action, &draft.steps[second].1.action);
                if !undone && second - first > 1 {
                    continue;
                }
                let mut smaller = draft.clone();
                smaller.steps.remove(second);
                smaller.steps.remove(first);
                if self.holds(&smaller)? {
                    return Ok(Some(smaller));
                }
            }
        }
        Ok(None)
    }

    /// A simpler given state, and the usual door.
    fn surroundings(&mut self, mut draft: Draft) -> Result<Draft, PlayError> {
        for given in [Given::New, Given::Handed, Given::Programmed] {
            let simpler = Draft {
                given,
                ..draft.clone()
            };
            if given < draft.given && self.holds(&simpler)? {
                draft = simpler;
            }
        }
        let usual = Draft {
            door: Door::default(),
            ..draft.clone()
        };
        if draft.door != usual.door && self.holds(&usual)? {
            draft = usual;
        }
        Ok(draft)
    }

    /// Fewer digits in each code, the same ones wherever it is used.
    fn codes(&mut self, mut draft: Draft) -> Result<Draft, PlayError> {
        let mut done: Vec<Vec<u8>> = Vec::new();
        loop {
            let next = draft
                .steps
                .iter()
                .filter_map(|(_, step)| code(&step.action))
                .find(|code| !done.contains(code))
                .cloned();
            let Some(code) = next else {
                return Ok(draft);
            };
            let fewer = ddmin(code.clone(), |digits| {
                self.holds(&recoded(&draft, &code, digits))
            })?;
            draft = recoded(&draft, &code, &fewer);
            done.push(fewer);
        }
    }

    /// Rounder or more usual values in each step.
    fn values(&mut self, mut draft: Draft) -> Result<Draft, PlayError> {
        for index in 0..draft.steps.len() {
            for which in 0..simpler::LISTS {
                let actions = simpler::simpler(&draft.steps[index].1.action, which);
                draft = self.nearest(draft, index, &actions)?;
            }
        }
        Ok(draft)
    }

    /// The draft with the first of `actions` that will do, found by halving: those behind one that does
    /// mostly do, too.
    fn nearest(
        &mut self,
        mut draft: Draft,
        index: usize,
        actions: &[Action],
    ) -> Result<Draft, PlayError> {
        let (mut from, mut to) = (0, actions.len());
        // The simplest first: it is what mostly does.
        let mut next = 0;
        while from < to {
            let simpler = draft.with(index, actions[next].clone());
            if self.holds(&simpler)? {
                draft = simpler;
                to = next;
            } else {
                from = next + 1;
            }
            next = from + (to - from) / 2;
        }
        Ok(draft)
    }
}

/// Whether the second action ends what the first began.
fn undoes(first: &Action, second: &Action) -> bool {
    match (first, second) {
        (Action::Hold(a), Action::Release(b)) => a == b,
        (Action::Battery(a), Action::Battery(b)) => {
            matches!(
                (a, b),
                (Battery::Disconnect, Battery::Connect) | (Battery::Connect, Battery::Disconnect)
            ) || (is_pack(*a) && is_pack(*b))
        }
        (Action::Switch { number: a, .. }, Action::Switch { number: b, .. }) => a == b,
        (Action::Jam(_), Action::Jam(_)) | (Action::TurnKey(_), Action::TurnKey(_)) => true,
        (Action::Hub(Hub::Away), Action::Hub(Hub::Here)) => true,
        (
            Action::Hub(Hub::Ask(Request::SetCode { slot: a, .. })),
            Action::Hub(Hub::Ask(Request::DeleteCode(b))),
        ) => a == b,
        _ => false,
    }
}

fn is_pack(battery: Battery) -> bool {
    matches!(battery, Battery::Pack { .. } | Battery::Cells(_))
}

/// The code that a step is about.
fn code(action: &Action) -> Option<&Vec<u8>> {
    match action {
        Action::Enter(entry) => Some(&entry.digits),
        Action::Hub(Hub::Ask(Request::SetCode { digits, .. })) => Some(digits),
        _ => None,
    }
}

/// The draft with other digits wherever `code` is.
fn recoded(draft: &Draft, code: &[u8], digits: &[u8]) -> Draft {
    let mut draft = draft.clone();
    for (_, step) in &mut draft.steps {
        match &mut step.action {
            Action::Enter(entry) if entry.digits == code => entry.digits = digits.to_vec(),
            Action::Hub(Hub::Ask(Request::SetCode { digits: own, .. })) if own == code => {
                *own = digits.to_vec();
            }
            _ => {}
        }
    }
    draft
}
