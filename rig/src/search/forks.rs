//! Plays many scenarios that have much in common on copies of one virtual lock: what two of them begin
//! with is played once, and the second goes on from a copy.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::bench::VirtualBench;
use crate::lock::{Door, LockModel};
use crate::play::{Limits, NotReached, PlayError, Played, Session, Situation, prepare};
use crate::scenario::{Given, Scenario, Step};

/// How many paused runs are kept; the one that was used longest ago goes first.
const KEPT: usize = 256;

/// A scenario played, or why it could not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// To its end.
    Played(Box<Played>),
    /// The lock did not get into the given state.
    NotReached(Box<NotReached>),
}

/// What searching has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Scenarios played.
    pub runs: usize,
    /// Steps of theirs that were played.
    pub played: usize,
    /// Steps of theirs that had been played for another.
    pub reused: usize,
}

impl std::ops::Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally {
            runs: self.runs + other.runs,
            played: self.played + other.played,
            reused: self.reused + other.reused,
        }
    }
}

/// A flashed virtual lock, and the runs on copies of it that were paused.
#[derive(Debug)]
pub struct Forks<'l> {
    flashed: VirtualBench,
    interrupted: &'l AtomicBool,
    /// How long one scenario may take here.
    allowed: Duration,
    givens: BTreeMap<(Given, Door), Result<Ready, NotReached>>,
    /// Where the runs of each kind begin.
    roots: BTreeMap<(Given, Door, bool), usize>,
    nodes: Vec<Node>,
    kept: usize,
    clock: u64,
    tally: Tally,
}

/// A lock in a given state.
type Ready = (VirtualBench, Situation);

/// A run after some steps.
#[derive(Debug, Default)]
struct Node {
    /// What it is after, without what it should have come to.
    step: Option<Step>,
    next: Vec<usize>,
    paused: Option<Box<Session<VirtualBench>>>,
    used: u64,
}

impl<'l> Forks<'l> {
    /// Plays on copies of `flashed`. `interrupted` ends it when it becomes true, and a scenario that
    /// takes longer than `allowed` is a fault of the rig.
    pub fn new(flashed: VirtualBench, interrupted: &'l AtomicBool, allowed: Duration) -> Forks<'l> {
        Forks {
            flashed,
            interrupted,
            allowed,
            givens: BTreeMap::new(),
            roots: BTreeMap::new(),
            nodes: Vec::new(),
            kept: 0,
            clock: 0,
            tally: Tally::default(),
        }
    }

    /// The lock's model.
    pub fn model(&self) -> LockModel {
        crate::bench::Bench::model(&self.flashed)
    }

    /// What it has cost so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Plays a scenario from its given state to its end.
    pub fn play(&mut self, scenario: &Scenario) -> Result<Run, PlayError> {
        Ok(match self.play_while(scenario, |_, _| Ok(true))? {
            Ok(session) => Run::Played(Box::new(session.end(&scenario.steps)?)),
            Err(not_reached) => Run::NotReached(Box::new(not_reached)),
        })
    }

    /// Plays a scenario from its given state until its end, or until `go_on` says no, which is asked after
    /// every step that is played: how many were, and the run paused there. Steps that were played for
    /// another scenario are asked after once, at the last of them.
    pub(crate) fn play_while(
        &mut self,
        scenario: &Scenario,
        mut go_on: impl FnMut(usize, &Session<VirtualBench>) -> Result<bool, PlayError>,
    ) -> Result<Result<Session<VirtualBench>, NotReached>, PlayError> {
        if scenario.sweep.is_some() {
            return Err(PlayError::Sweep);
        }
        self.tally.runs += 1;
        let limits = Limits {
            deadline: Some((Instant::now() + self.allowed, self.allowed)),
            interrupted: self.interrupted,
        };
        let (root, session) = match self.begin(scenario, limits)? {
            Ok(begun) => begun,
            Err(not_reached) => return Ok(Err(not_reached)),
        };
        let (mut at, reused) = self.known(root, &scenario.steps);
        self.tally.reused += reused;
        let mut session = self.resume(at, session);
        if reused > 0 && !go_on(reused, &session)? {
            return Ok(Ok(session));
        }
        for (index, step) in scenario.steps.iter().enumerate().skip(reused) {
            session = session.step(step, limits)?;
            self.tally.played += 1;
            at = self.child(at, step);
            // After the last step nothing of it is needed again.
            if index + 1 < scenario.steps.len() {
                self.keep(at, &session);
            }
            if !go_on(index + 1, &session)? {
                break;
            }
        }
        Ok(Ok(session))
    }

    /// The last node along `steps` with a paused run, and how many steps it is after.
    fn known(&self, root: usize, steps: &[Step]) -> (usize, usize) {
        let (mut at, mut best) = (root, (root, 0));
        for (index, step) in steps.iter().enumerate() {
            let mut next = self.nodes[at].next.iter().copied();
            match next.find(|node| self.nodes[*node].is_after(step)) {
                Some(node) => at = node,
                None => break,
            }
            if self.nodes[at].paused.is_some() {
                best = (at, index + 1);
            }
        }
        best
    }

    /// The node where the scenario begins, and a run paused there.
    #[allow(clippy::type_complexity)]
    fn begin(
        &mut self,
        scenario: &Scenario,
        limits: Limits<'_>,
    ) -> Result<Result<(usize, Session<VirtualBench>), NotReached>, PlayError> {
        let hub = scenario.steps.iter().any(|step| step.action.has_hub());
        let given = (scenario.given, scenario.door);
        if !self.givens.contains_key(&given) {
            let (mut bench, mut situation) = (self.flashed.clone(), Situation::default());
            let reached = prepare(&mut bench, &mut situation, given.0, given.1, limits)?;
            self.givens
                .insert(given, reached.map(|()| (bench, situation)));
        }
        let (bench, situation) = match &self.givens[&given] {
            Ok(ready) => ready.clone(),
            Err(not_reached) => return Ok(Err(not_reached.clone())),
        };
        let session = Session::begin(bench, situation, hub)?;
        let nodes = &mut self.nodes;
        let root = *self
            .roots
            .entry((given.0, given.1, hub))
            .or_insert_with(|| {
                nodes.push(Node::default());
                nodes.len() - 1
            });
        Ok(Ok((root, session)))
    }

    /// A copy of the run paused at a node; `root` where the node is one.
    fn resume(&mut self, at: usize, root: Session<VirtualBench>) -> Session<VirtualBench> {
        self.clock += 1;
        let node = &mut self.nodes[at];
        node.used = self.clock;
        match &node.paused {
            Some(paused) => Session::clone(paused),
            None => root,
        }
    }

    /// The node after `step`.
    fn child(&mut self, at: usize, step: &Step) -> usize {
        let next = self.nodes[at].next.iter().copied();
        let known = next
            .into_iter()
            .find(|node| self.nodes[*node].is_after(step));
        known.unwrap_or_else(|| {
            self.nodes.push(Node {
                step: Some(step.clone()),
                ..Node::default()
            });
            let new = self.nodes.len() - 1;
            self.nodes[at].next.push(new);
            new
        })
    }

    /// Keeps a copy of a paused run, and forgets the one that was used longest ago if there are too
    /// many.
    fn keep(&mut self, at: usize, session: &Session<VirtualBench>) {
        self.clock += 1;
        let clock = self.clock;
        let node = &mut self.nodes[at];
        node.used = clock;
        if node.paused.replace(Box::new(session.clone())).is_none() {
            self.kept += 1;
        }
        if self.kept > KEPT {
            let oldest = self
                .nodes
                .iter_mut()
                .filter(|node| node.paused.is_some())
                .min_by_key(|node| node.used);
            if let Some(oldest) = oldest {
                oldest.paused = None;
                self.kept -= 1;
            }
        }
    }
}

impl Node {
    fn is_after(&self, step: &Step) -> bool {
        let known = self.step.as_ref();
        known.is_some_and(|known| known.action == step.action && known.text == step.text)
    }
}
