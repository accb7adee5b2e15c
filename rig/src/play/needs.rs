//! What a scenario asks of a bench, by the steps it uses.

use super::pack;
use crate::bench::{Bench, Capabilities, Capability, Supply};
use crate::lock::{Door, LockModel};
use crate::scenario::{Action, Battery, Given, Hub, Scenario};
use crate::trace::{Contact, Key};

/// The first thing that `scenario` needs and `bench` can't do: the scenario is then skipped, and
/// this is why.
pub fn missing(scenario: &Scenario, bench: &dyn Bench) -> Option<Capability> {
    let can = bench.capabilities();
    // What a sweep's points do counts, too.
    let scenario = &scenario.flat();
    let lacks = needs(scenario, bench.model())
        .into_iter()
        .find(|need| !can.contains(need));
    lacks.or_else(|| {
        let most = bench.most_volts()?;
        let highest = packs(scenario).map(|pack| pack.millivolts).max()?;
        (highest > most).then_some(Capability::Volts(highest))
    })
}

/// The packs that a scenario's steps put in.
fn packs(scenario: &Scenario) -> impl Iterator<Item = Supply> {
    let packs = scenario.steps.iter().map(|step| match &step.action {
        Action::Battery(Battery::Cells(cells)) => pack::supply(cells),
        Action::Battery(Battery::Pack {
            millivolts,
            milliohms,
        }) => Some(Supply {
            millivolts: *millivolts,
            milliohms: *milliohms,
        }),
        _ => None,
    });
    packs.flatten()
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
            Action::Battery(Battery::Cells(cells)) => {
                needs.insert(Capability::Voltage);
                if !pack::supply(cells).is_some_and(pack::is_stiff) {
                    needs.insert(Capability::Resistance);
                }
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
            Action::Wait(_) | Action::Settle { .. } | Action::Point(_) => {}
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
