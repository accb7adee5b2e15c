//! Checks across steps: what no one could do, whatever the lock does.

use std::collections::BTreeMap;

use super::fields::Reader;
use super::steps::Placed;
use super::{Action, Battery, Given, Hub};
use crate::lock::LockModel;
use crate::trace::{Contact, Key};

/// Plays the steps' hands, not the lock: keys are released before they are pressed again, the pack
/// is out before it goes in, and every key is one that every chosen model has.
pub(crate) fn sequence(reader: &mut Reader, given: Given, locks: &[LockModel], steps: &[Placed]) {
    let known = reader.problems.len();
    for model in locks {
        let mut hands = Hands {
            model: *model,
            held: BTreeMap::new(),
            pack_in: given != Given::New,
        };
        for placed in steps {
            let before = reader.problems.len();
            hands.step(reader, placed);
            // The other points of a sweep would say the same again.
            if reader.problems.len() > before && !placed.within.is_empty() {
                break;
            }
        }
        // The other model would say the same again.
        if reader.problems.len() > known {
            return;
        }
    }
}

#[derive(Clone)]
struct Hands {
    model: LockModel,
    /// Contacts that are closed, with the line that closed them.
    held: BTreeMap<Contact, usize>,
    pack_in: bool,
}

impl Hands {
    fn step(&mut self, reader: &mut Reader, placed: &Placed) -> Option<()> {
        match &placed.step.action {
            Action::Press { button, .. } => {
                let contact = self.contact(reader, placed, *button)?;
                self.free(reader, placed, contact)?;
            }
            Action::Hold(button) => {
                let contact = self.contact(reader, placed, *button)?;
                self.free(reader, placed, contact)?;
                self.held.insert(contact, placed.step.line);
            }
            Action::Release(button) => {
                let contact = self.contact(reader, placed, *button)?;
                if self.held.remove(&contact).is_none() {
                    return reader.wrong(
                        &placed.span,
                        format!("`{button}` is not held here"),
                        match self.held.keys().next() {
                            Some(held) => format!("what is held is `{held}`"),
                            None => format!("hold it first: `- hold: {button}`"),
                        },
                    );
                }
            }
            Action::Enter(entry) => {
                for digit in &entry.digits {
                    let contact = self.contact(reader, placed, Contact::Key(Key::Digit(*digit)))?;
                    self.free(reader, placed, contact)?;
                }
                if entry.confirm.unwrap_or(self.model.confirms()) {
                    self.free(reader, placed, Contact::Lock)?;
                }
            }
            Action::Battery(Battery::Connect) => {
                if self.pack_in {
                    return reader.wrong(
                        &placed.span,
                        "the pack is in already",
                        "take it out first: `- battery: disconnect`",
                    );
                }
                self.pack_in = true;
            }
            Action::Battery(Battery::Disconnect) => {
                if !self.pack_in {
                    return reader.wrong(
                        &placed.span,
                        "the pack is out already",
                        "put it in first: `- battery: connect`",
                    );
                }
                self.pack_in = false;
            }
            Action::Hub(Hub::Pair) => self.free(reader, placed, Contact::Hub)?,
            Action::CorruptStorage | Action::Hang if !self.pack_in => {
                return reader.wrong(
                    &placed.span,
                    "the debug port has no power: the pack is out",
                    "put it in first: `- battery: connect`",
                );
            }
            Action::Point(_) => {
                let mut fork = self.clone();
                for step in &placed.within {
                    fork.step(reader, step);
                }
            }
            Action::Battery(Battery::Pack { .. } | Battery::Cells(_))
            | Action::Hub(_)
            | Action::CorruptStorage
            | Action::Hang
            | Action::Switch { .. }
            | Action::Wait(_)
            | Action::Settle { .. }
            | Action::TurnKey(_)
            | Action::Jam(_) => {}
        }
        Some(())
    }

    fn contact(&self, reader: &mut Reader, placed: &Placed, button: Contact) -> Option<Contact> {
        let contact = self.model.contact(button);
        if contact.is_none() {
            return reader.wrong(
                &placed.span,
                format!("a {} lock has no key `{button}`", self.model),
                "name a digit, or say which models the scenario is for: `locks: [five-key]`",
            );
        }
        contact
    }

    fn free(&self, reader: &mut Reader, placed: &Placed, contact: Contact) -> Option<()> {
        match self.held.get(&contact) {
            None => Some(()),
            Some(line) => reader.wrong(
                &placed.span,
                format!("`{contact}` is held down since line {line}"),
                format!("release it first: `- release: {contact}`"),
            ),
        }
    }
}
