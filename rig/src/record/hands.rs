//! Contacts that were seen to close and open, as steps: a press where a scenario's press would be the
//! same, and otherwise hold and release with the time between.

use crate::scenario::{GAP, PRESS};
use crate::trace::{Channel, Contact, Event, Nanos, Value};

/// A contact that changes and changes back within this bounces.
const BOUNCE: Nanos = Nanos::from_millis(10);

/// An edge of a contact, after its bounces, in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edge {
    at: u64,
    contact: Contact,
    closed: bool,
}

/// The steps of a recording of these events that began and ended at these times. What is not a contact
/// is left out.
pub(crate) fn steps(events: &[Event], begin: Nanos, end: Nanos) -> Vec<String> {
    let edges = edges(events, begin);
    let mut steps = Vec::new();
    // The scenario's time, in milliseconds.
    let mut clock = 0;
    let mut rest = edges.as_slice();
    while let [edge, after @ ..] = rest {
        rest = after;
        if edge.at > clock {
            steps.push(format!("wait: {}ms", edge.at - clock));
            clock = edge.at;
        }
        let Edge {
            contact, closed, ..
        } = *edge;
        if let Contact::Switch(number) = contact {
            let way = if closed { "on" } else { "off" };
            steps.push(format!("switch: {number} {way}"));
            continue;
        }
        let name = named(contact);
        match after {
            [up, later @ ..]
                if closed
                    && up.contact == contact
                    && !up.closed
                    && later
                        .first()
                        .is_none_or(|next| next.at >= up.at + GAP.to_millis()) =>
            {
                let down = up.at - edge.at;
                steps.push(match down == PRESS.to_millis() {
                    true => format!("press: {name}"),
                    false => format!("press: {{ key: {name}, for: {down}ms }}"),
                });
                clock = up.at + GAP.to_millis();
                rest = later;
            }
            _ if closed => steps.push(format!("hold: {name}")),
            _ => steps.push(format!("release: {name}")),
        }
    }
    let end = end.since(begin).to_millis();
    if end > clock {
        steps.push(format!("wait: {}ms", end - clock));
    }
    steps.push("settle".to_owned());
    steps
}

/// A digit is a text, or YAML takes it for a number.
fn named(contact: Contact) -> String {
    match contact {
        Contact::Key(_) => format!("\"{contact}\""),
        _ => contact.to_string(),
    }
}

/// Without bounces, and without what was so before the recording.
fn edges(events: &[Event], begin: Nanos) -> Vec<Edge> {
    let mut edges: Vec<(Nanos, Contact, bool)> = Vec::new();
    for event in events.iter().filter(|event| event.at >= begin) {
        let (Channel::Contact(contact), Value::Level(closed)) = (event.channel, event.value) else {
            continue;
        };
        let last = edges.iter().rposition(|(_, other, _)| *other == contact);
        match last.map(|place| edges[place]) {
            // Taken back at once: the contact is where it was before both.
            Some((at, ..)) if event.at.since(at) < BOUNCE => {
                let place = last.unwrap_or_default();
                if edges[place].2 != closed {
                    let before = edges[..place]
                        .iter()
                        .rfind(|(_, other, _)| *other == contact);
                    // It settles where it first went, or never went there.
                    if before.is_none_or(|(.., was)| *was == closed) {
                        edges.remove(place);
                    }
                }
            }
            Some((_, _, was)) if was == closed => {}
            _ => edges.push((event.at, contact, closed)),
        }
    }
    // What opens without having been closed was closed before.
    let mut seen: Vec<Contact> = Vec::new();
    edges
        .into_iter()
        .filter(|(_, contact, closed)| {
            let known = seen.contains(contact) || *closed || matches!(contact, Contact::Switch(_));
            seen.push(*contact);
            known
        })
        .map(|(at, contact, closed)| Edge {
            at: at.since(begin).to_millis(),
            contact,
            closed,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Key;

    fn event(micros: u64, contact: Contact, closed: bool) -> Event {
        Event {
            at: Nanos::from_micros(micros),
            channel: Channel::Contact(contact),
            value: Value::Level(closed),
        }
    }

    #[test]
    fn presses_holds_and_overlaps_become_what_a_scenario_calls_them() {
        let one = Contact::Key(Key::Digit(1));
        let two = Contact::Key(Key::Digit(2));
        let events = [
            // As a scenario presses.
            event(1_000_000, one, true),
            event(1_060_000, one, false),
            // Longer, and with bounces at both ends.
            event(2_000_000, two, true),
            event(2_001_000, two, false),
            event(2_002_500, two, true),
            event(2_100_000, two, false),
            event(2_101_000, two, true),
            event(2_103_000, two, false),
            // One key down before the other is up.
            event(3_000_000, one, true),
            event(3_050_000, two, true),
            event(3_080_000, one, false),
            event(3_130_000, two, false),
            event(4_000_000, Contact::Switch(2), true),
            // Too short to be anything.
            event(5_000_000, Contact::Lock, true),
            event(5_000_400, Contact::Lock, false),
        ];
        let steps = steps(&events, Nanos::ZERO, Nanos::from_secs(6));
        insta::assert_snapshot!(steps.join("\n"));
    }
}
