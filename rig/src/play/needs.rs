//! What a scenario asks of a bench, by the steps it uses.

use crate::bench::{Bench, Capabilities, Capability};
use crate::lock::{Door, LockModel};
use crate::scenario::{Action, Battery, Given, Hub, Scenario};
use crate::trace::{Contact, Key};

/// The first thing that `scenario` needs and `bench` can't do: the scenario is then skipped, and
/// this is why.
pub fn missing(scenario: &Scenario, bench: &dyn Bench) -> Option<Capability> {
    let can = bench.capabilities();
    needs(scenario, bench.model())
        .into_iter()
        .find(|need| !can.contains(need))
}

fn needs(scenario: &Scenario, model: LockModel) -> Capabilities {
    let mut needs = Capabilities::new();
    if scenario.given == Given::New {
        needs.insert(Capability::New);
    } else {
        needs.insert(Capability::Supply);
        needs.insert(Capability::Contact(Contact::Program));
    }
    if scenario.door != Door::default() {
        needs.insert(Capability::Door(scenario.door));
    }
    for step in &scenario.steps {
        match &step.action {
            Action::Battery(Battery::Connect | Battery::Disconnect) => {
                needs.insert(Capability::Supply);
            }
            Action::Battery(Battery::Pack { milliohms, .. }) => {
                needs.insert(Capability::Voltage);
                if milliohms.is_some() {
                    needs.insert(Capability::Resistance);
                }
            }
            Action::Press { button, .. } | Action::Hold(button) | Action::Release(button) => {
                contact(&mut needs, model, *button);
            }
            Action::Enter(entry) => {
                for digit in &entry.digits {
                    contact(&mut needs, model, Contact::Key(Key::Digit(*digit)));
                }
                if entry.confirm.unwrap_or(model.confirms()) {
                    contact(&mut needs, model, Contact::Lock);
                }
            }
            Action::Switch { number, .. } => contact(&mut needs, model, Contact::Switch(*number)),
            Action::TurnKey(_) => {
                needs.insert(Capability::Key);
            }
            Action::Jam(_) => {
                needs.insert(Capability::Jam);
            }
            Action::Battery(Battery::Cells(_)) => {
                needs.extend([Capability::Voltage, Capability::Resistance]);
            }
            Action::Hub(hub) => {
                needs.insert(Capability::Hub);
                if *hub == Hub::Pair {
                    contact(&mut needs, model, Contact::Hub);
                }
            }
            Action::CorruptStorage | Action::Hang => {
                needs.insert(Capability::DebugPort);
            }
            Action::Wait(_) | Action::Settle { .. } => {}
        }
    }
    needs
}

fn contact(needs: &mut Capabilities, model: LockModel, button: Contact) {
    // A key that the model lacks has been refused with the file.
    if let Some(contact) = model.contact(button) {
        needs.insert(Capability::Contact(contact));
    }
}
