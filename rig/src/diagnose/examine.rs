//! The triage itself: power, then a use of the lock, whose flashes tell most causes apart, then what
//! those leave open.

use super::battery::{Guess, Pack, sampled};
use super::reaction::{Reaction, Use};
use super::{Asked, Cause, Check, Diagnosis, Finding, Found};
use crate::bench::Capability;
use crate::lock::LockModel;
use crate::outcome::{Part, Phrase, Position};
use crate::play::{PlayError, Sitting};
use crate::trace::{Channel, Contact, Key};

/// Volts at the terminals below which nothing can run, in millivolts.
const NO_POWER: i32 = 2_400;

/// Examines the lock that a sitting is at. The sitting goes on afterwards; the bolt is where the last
/// use brought it.
pub(crate) fn examine(
    sitting: &mut Sitting<'_, '_>,
    asked: &Asked,
) -> Result<Diagnosis, PlayError> {
    let mut examiner = Examiner {
        sitting,
        asked,
        pack: Pack::default(),
        said: [const { None }; Check::ALL.len()],
        causes: Vec::new(),
    };
    examiner.triage()?;
    examiner.sort();
    let verdict = match examiner.causes.first() {
        Some(first) => examiner.treat(first.cause)?,
        None => None,
    };
    // A fix that doesn't help tells of another cause.
    examiner.sort();
    Ok(Diagnosis {
        findings: examiner.findings(),
        causes: examiner.causes,
        verdict,
    })
}

pub(super) struct Examiner<'s, 'b, 'l> {
    pub(super) sitting: &'s mut Sitting<'b, 'l>,
    pub(super) asked: &'s Asked,
    pub(super) pack: Pack,
    said: [Option<String>; Check::ALL.len()],
    causes: Vec<Found>,
}

impl Examiner<'_, '_, '_> {
    fn triage(&mut self) -> Result<(), PlayError> {
        if !self.sitting.pack_in() {
            self.act("  - battery: connect\n")?;
        }
        let woken = self.act("  - wait: 3s\n  - settle\n")?;
        let seen = !self.sitting.bench().unseen().contains(&Channel::Power);
        let idle = sampled(self.sitting.level(Channel::Supply));
        self.pack.idle = seen.then_some(idle);
        if seen && idle < NO_POWER {
            self.found(
                Cause::NoPower,
                vec![format!(
                    "{:.2} V at the terminals",
                    f64::from(idle) / 1_000.0
                )],
            );
            return Ok(());
        }
        if let Reaction::Restarted(_) = woken.reaction {
            self.found(Cause::Hang, woken.evidence);
        }
        if self.awake()? {
            self.mechanism()?;
            self.shared_keys();
        }
        self.hub()?;
        self.cells();
        Ok(())
    }

    /// Uses the lock for the first time; whether it opened or closed at last.
    fn awake(&mut self) -> Result<bool, PlayError> {
        let mut used = self.first_use()?;
        if used.reaction == Reaction::Silent {
            let Some(answer) = self.wake(&used)? else {
                return Ok(false);
            };
            used = answer;
        }
        if used.reaction == Reaction::AlreadyThere {
            // The bolt is where it was to go: fetch it back, and again.
            used = self.back_and_again()?;
        }
        if let Some(cause) = self.blames_pack(&used) {
            self.found(cause, used.evidence);
            return Ok(false);
        }
        match used.reaction {
            Reaction::Opened | Reaction::Closed | Reaction::AlreadyThere => {
                self.say(Check::Glitch, "no storage fault, and no restart");
                self.say(Check::Handing, "done");
                if !self.asked.codes.is_empty() {
                    self.codes()?;
                }
                return Ok(true);
            }
            Reaction::Refused | Reaction::LockedOut => self.refused(used)?,
            Reaction::Jammed | Reaction::Stopped => {
                let opening = !self.asked.codes.is_empty();
                let cause = if opening {
                    Cause::JamOpening
                } else {
                    Cause::JamClosing
                };
                self.jammed(cause, used)?;
            }
            Reaction::StorageFault => self.found(Cause::StorageFault, used.evidence),
            Reaction::NotHanded => {
                self.say(Check::Glitch, "no storage fault, and no restart");
                self.found(Cause::NotHanded, used.evidence);
            }
            Reaction::Restarted(_) => self.found(Cause::Hang, used.evidence),
            Reaction::Silent | Reaction::Clicks => self.found(Cause::Dead, used.evidence),
            // The pack's.
            Reaction::TooLow | Reaction::BrownedOut => {}
        }
        Ok(false)
    }

    /// What of the pack makes a lock do this, if anything does.
    fn blames_pack(&self, used: &Use) -> Option<Cause> {
        let too_low = match self.pack.guess() {
            Some(Guess::Reversed) => Cause::CellReversed,
            _ => Cause::BatteryTooLow,
        };
        match used.reaction {
            Reaction::TooLow => Some(too_low),
            Reaction::BrownedOut => Some(Cause::BatteryCollapses),
            Reaction::Jammed | Reaction::Stopped if self.pack.collapsed() => {
                Some(Cause::BatteryCollapses)
            }
            Reaction::Jammed | Reaction::Stopped if used.ran_out && self.pack.slow() => {
                Some(too_low)
            }
            _ => None,
        }
    }

    pub(super) fn first_use(&mut self) -> Result<Use, PlayError> {
        match self.asked.codes.first().cloned() {
            Some(code) => self.enter(&code),
            None => self.act("  - press: lock\n  - settle\n"),
        }
    }

    /// A code was accepted, or the lock button, and nothing moved: brings the bolt to its other end
    /// and uses the lock again.
    pub(super) fn back_and_again(&mut self) -> Result<Use, PlayError> {
        if !self.asked.codes.is_empty() {
            self.act("  - press: lock\n  - settle\n")?;
        } else if self.can(Capability::Key) {
            self.act("  - turn-key: unlock\n  - settle\n")?;
        }
        self.first_use()
    }

    /// A lock that answers nothing: a lockout ends by itself, a hang with the power.
    fn wake(&mut self, silent: &Use) -> Result<Option<Use>, PlayError> {
        let mut evidence = silent.evidence.clone();
        evidence.push("no light, no sound, no movement when it was used".to_owned());
        let waited = self.act("  - wait: 61s\n  - settle\n")?;
        let used = self.first_use()?;
        if used.reaction != Reaction::Silent {
            let cause = match waited.reaction {
                Reaction::Restarted(_) => Cause::Hang,
                _ => Cause::LockedOut,
            };
            evidence.extend(used.evidence.iter().cloned());
            self.found(cause, evidence);
            return Ok(Some(used));
        }
        if self.can(Capability::Supply) {
            self.act(
                "  - battery: disconnect\n  - wait: 15s\n  - battery: connect\n  - wait: 5s\n",
            )?;
            let used = self.first_use()?;
            if used.reaction != Reaction::Silent {
                evidence.push("after 15 s without its pack:".to_owned());
                evidence.extend(used.evidence.iter().cloned());
                self.found(Cause::Hang, evidence);
                return Ok(Some(used));
            }
        }
        let (tried, signs) = self.signs()?;
        let cause = match (signs.is_empty(), self.pack.idle) {
            (false, _) => Cause::KeypadCut,
            (true, Some(_)) => Cause::Dead,
            (true, None) => Cause::Dark,
        };
        if signs.is_empty() && !tried.is_empty() {
            evidence.push(format!("nor when {}", tried.join(", or ")));
        }
        evidence.extend(signs);
        self.found(cause, evidence);
        Ok(None)
    }

    /// What a lock that no key wakes does when its inside button is pressed, which begins programming
    /// and times out, and when its hub asks: which of these was tried, and the lines that show it.
    fn signs(&mut self) -> Result<(Vec<&'static str>, Vec<String>), PlayError> {
        let (mut steps, mut tried) = (String::new(), Vec::new());
        if self.can(Capability::Contact(Contact::Program)) {
            steps += "  - press: program\n  - settle\n  - wait: 6s\n  - settle\n";
            tried.push("the button inside was pressed");
        }
        if self.can(Capability::Hub) {
            steps += "  - hub: status\n";
            tried.push("its hub asked");
        }
        if steps.is_empty() {
            return Ok((tried, Vec::new()));
        }
        let mut passage = self.sitting.perform(&steps)?;
        for block in &mut passage.blocks {
            block.outcomes.retain(|outcome| outcome.part != Part::Power);
        }
        Ok((tried, Use::of(&passage.blocks).evidence))
    }

    /// The first code opened, or was accepted; tries the others.
    fn codes(&mut self) -> Result<(), PlayError> {
        let mut good = vec![self.asked.codes[0].clone()];
        for code in self.asked.codes.clone().into_iter().skip(1) {
            let used = self.enter(&code)?;
            match used.reaction {
                Reaction::Refused | Reaction::LockedOut => {
                    self.say(Check::UserCode, format!("{code} is refused"));
                    self.found(Cause::WrongCode, used.evidence);
                    self.act("  - wait: 31s\n")?;
                }
                _ => good.push(code),
            }
        }
        if self.said[Check::UserCode as usize].is_none() {
            let verb = if good.len() == 1 { "opens" } else { "open" };
            self.say(Check::UserCode, format!("{} {verb}", good.join(", ")));
        }
        Ok(())
    }

    /// A code was refused, or the lock button: has the lock any code at all?
    fn refused(&mut self, used: Use) -> Result<(), PlayError> {
        self.say(Check::Glitch, "no storage fault, and no restart");
        self.say(Check::Handing, "done");
        let mut evidence = used.evidence;
        if used.reaction == Reaction::LockedOut {
            self.act("  - wait: 61s\n")?;
        }
        if self.asked.codes.is_empty() {
            self.found(Cause::NoCode, evidence);
            return Ok(());
        }
        let locked = self.act("  - press: lock\n  - settle\n")?;
        evidence.extend(locked.evidence);
        let cause = match locked.reaction {
            Reaction::Refused => Cause::NoCode,
            _ => Cause::WrongCode,
        };
        self.found(cause, evidence);
        Ok(())
    }

    /// Brings the bolt out by the lock button, and both ways by the key.
    fn mechanism(&mut self) -> Result<(), PlayError> {
        let mut said = Vec::new();
        let closed = self.act("  - press: lock\n  - settle\n")?;
        if let Some(cause) = self.blames_pack(&closed) {
            self.found(cause, closed.evidence);
            return Ok(());
        }
        match closed.reaction {
            Reaction::Closed | Reaction::AlreadyThere | Reaction::Opened => {
                said.push("the motor brings the bolt to its ends".to_owned());
            }
            Reaction::Jammed | Reaction::Stopped => return self.jammed(Cause::JamClosing, closed),
            Reaction::StorageFault => self.found(Cause::StorageFault, closed.evidence),
            Reaction::Restarted(_) => self.found(Cause::Hang, closed.evidence),
            // Without a code the lock button does nothing, which the codes have told.
            _ => said.push("the lock button moves nothing".to_owned()),
        }
        if self.can(Capability::Key) {
            said.push(match self.key()? {
                true => "so does the key".to_owned(),
                false => "the key doesn't turn all the way".to_owned(),
            });
        }
        self.say(Check::Mechanism, said.join(", "));
        Ok(())
    }

    /// A jam: does the key move the bolt where the motor doesn't?
    fn jammed(&mut self, cause: Cause, used: Use) -> Result<(), PlayError> {
        let mut evidence = used.evidence;
        if self.can(Capability::Key) {
            evidence.push(match self.key()? {
                true => "the key moves the bolt from end to end".to_owned(),
                false => "the key doesn't move the bolt from end to end either".to_owned(),
            });
        }
        self.say(Check::Glitch, "no storage fault, and no restart");
        self.say(Check::Handing, "done");
        self.found(cause, evidence);
        Ok(())
    }

    /// Turns the key both ways; whether the bolt came to both ends.
    fn key(&mut self) -> Result<bool, PlayError> {
        let passage = self
            .sitting
            .perform("  - turn-key: unlock\n  - settle\n  - turn-key: lock\n  - settle\n")?;
        // An end that it was at already is no outcome: it left it on the way to the other.
        let positions: Vec<Position> = passage
            .blocks
            .iter()
            .flat_map(|block| &block.outcomes)
            .filter_map(|outcome| match outcome.phrase {
                Phrase::Bolt(position) => Some(position),
                _ => None,
            })
            .collect();
        Ok(positions.last() == Some(&Position::Extended)
            && positions.first() != Some(&Position::Extended))
    }

    /// On a five-key lock, whether two of the codes are one to it.
    fn shared_keys(&mut self) {
        let model = self.sitting.bench().model();
        if model != LockModel::FiveKey {
            return;
        }
        let keys = |code: &str| -> Vec<Option<Contact>> {
            let digits = code.bytes().map(|byte| byte.wrapping_sub(b'0'));
            digits
                .map(|digit| model.contact(Contact::Key(Key::Digit(digit))))
                .collect()
        };
        let codes = &self.asked.codes;
        let mut evidence = Vec::new();
        for (index, first) in codes.iter().enumerate() {
            for second in &codes[index + 1..] {
                let (a, b) = (keys(first), keys(second));
                if a == b {
                    evidence.push(format!("{first} and {second} are the same keys"));
                } else if a.starts_with(&b) || b.starts_with(&a) {
                    evidence.push(format!(
                        "{first} and {second} begin with the same keys: the shorter opens before the longer is entered"
                    ));
                }
            }
        }
        if !evidence.is_empty() {
            self.found(Cause::SharedKeys, evidence);
        }
    }

    fn hub(&mut self) -> Result<(), PlayError> {
        if !self.asked.hub {
            self.say(Check::HubPairing, "not checked: with --hub it is");
            return Ok(());
        }
        if !self.can(Capability::Hub) {
            self.say(
                Check::HubPairing,
                "not checked: the bench can't talk on the hub's bus",
            );
            return Ok(());
        }
        if self.has(Cause::Dead) || self.has(Cause::Dark) {
            return Ok(());
        }
        let (answer, evidence) = self.ask_hub()?;
        match answer.as_deref() {
            None => self.found(
                Cause::HubSilent,
                vec!["no answer to a status request".to_owned()],
            ),
            Some([_, _, _, 0x55, _, 0x04, _]) => self.found(Cause::NotPaired, evidence),
            Some([_, _, _, 0x55, ..]) => {
                self.say(Check::HubPairing, "it refuses the hub's request");
            }
            Some(_) => self.say(Check::HubPairing, "it answers the hub"),
        }
        Ok(())
    }

    /// The lock's answer to a status request, and the lines that show it.
    pub(super) fn ask_hub(&mut self) -> Result<(Option<Vec<u8>>, Vec<String>), PlayError> {
        let passage = self.sitting.perform("  - hub: status\n")?;
        let used = Use::of(&passage.blocks);
        let frames = passage.blocks.iter().flat_map(|block| &block.outcomes);
        let answer = frames
            .filter_map(|outcome| match &outcome.phrase {
                Phrase::Frame(bytes) => Some(bytes.clone()),
                _ => None,
            })
            // Its own messages are requests.
            .find(|bytes| matches!(bytes.get(3), Some(0xAA | 0x55)) && bytes.get(4) == Some(&0x07));
        Ok((answer, used.evidence))
    }

    /// What the volts say, at the end of it all.
    fn cells(&mut self) {
        let guess = self.pack.guess();
        let warned = self.has(Cause::BatteryLow);
        let said = self.pack.to_string();
        let blamed = self.blamed(Check::Batteries);
        if let Some(kind @ (Guess::Lithium | Guess::Nimh)) = guess
            && (!blamed || warned)
        {
            self.causes.retain(|found| found.cause != Cause::BatteryLow);
            self.found(
                Cause::WrongCells,
                vec![format!("{said}"), format!("that is how {kind} look")],
            );
        } else if let Some(Guess::Mixed | Guess::Leaking) = guess
            && !blamed
        {
            self.found(Cause::BatteryCollapses, vec![said.clone()]);
        }
        // A lock that isn't handed uses its motor for nothing else, and so says nothing of its pack.
        if !blamed
            && self.has(Cause::NotHanded)
            && let Some(cause) = self.pack.low()
        {
            self.found(cause, vec![said.clone()]);
        }
        for found in &mut self.causes {
            if found.cause.check() == Check::Batteries && !found.evidence.contains(&said) {
                found.evidence.push(said.clone());
            }
        }
        self.said[Check::Batteries as usize] = Some(said);
    }

    /// What the volts say now.
    pub(super) fn measured_again(&mut self) {
        self.said[Check::Batteries as usize] = Some(self.pack.to_string());
    }

    /// Enters a code as the lock's model wants it.
    pub(super) fn enter(&mut self, code: &str) -> Result<Use, PlayError> {
        let used = self.act(&format!("  - enter: \"{code}\"\n  - settle\n"))?;
        if !matches!(used.reaction, Reaction::Clicks | Reaction::Silent) {
            return Ok(used);
        }
        // A code that the lock waits to go on is refused when it times out; with the audio off no key clicks.
        let mut later = self.act("  - wait: 6s\n  - settle\n")?;
        later.evidence.splice(0..0, used.evidence);
        if later.reaction == Reaction::Silent {
            later.reaction = used.reaction;
        }
        Ok(later)
    }

    pub(super) fn act(&mut self, steps: &str) -> Result<Use, PlayError> {
        let passage = self.sitting.perform(steps)?;
        self.pack.load(&passage.trace, passage.from);
        let used = Use::of(&passage.blocks);
        if used.reaction == Reaction::BrownedOut {
            self.pack.broke_down(&passage.trace, passage.from);
        }
        if used.warned && !self.has(Cause::BatteryLow) && !self.pack.collapsed() {
            self.found(Cause::BatteryLow, used.evidence.clone());
        }
        Ok(used)
    }

    pub(super) fn can(&self, capability: Capability) -> bool {
        self.sitting.bench().capabilities().contains(&capability)
    }

    pub(super) fn has(&self, cause: Cause) -> bool {
        self.causes.iter().any(|found| found.cause == cause)
    }

    pub(super) fn blamed(&self, check: Check) -> bool {
        self.causes.iter().any(|found| found.cause.check() == check)
    }

    /// What makes the lock useless comes first; among those, the triage's order is the order found.
    /// A handing waits for the bolt that it failed by.
    fn sort(&mut self) {
        let jams = self.has(Cause::JamOpening) || self.has(Cause::JamClosing);
        self.causes.sort_by_key(|found| {
            let waits = jams && found.cause == Cause::NotHanded;
            (found.cause.is_warning(), waits, found.cause.check())
        });
    }

    pub(super) fn found(&mut self, cause: Cause, evidence: Vec<String>) {
        if self.has(cause) {
            return;
        }
        // What the lock warns of is told by the cause that makes it useless.
        if cause.check() == Check::Batteries && !cause.is_warning() {
            self.causes.retain(|found| found.cause != Cause::BatteryLow);
        }
        let said = &mut self.said[cause.check() as usize];
        if said.is_none() {
            *said = Some(cause.to_string());
        }
        self.causes.push(Found { cause, evidence });
    }

    fn say(&mut self, check: Check, said: impl Into<String>) {
        let place = &mut self.said[check as usize];
        if place.is_none() {
            *place = Some(said.into());
        }
    }

    fn findings(&mut self) -> Vec<Finding> {
        if self.asked.codes.is_empty() {
            self.say(Check::UserCode, "not checked: with --code it is");
        }
        Check::ALL
            .into_iter()
            .map(|check| Finding {
                check,
                said: self.said[check as usize]
                    .clone()
                    .unwrap_or_else(|| "not reached".to_owned()),
            })
            .collect()
    }
}
