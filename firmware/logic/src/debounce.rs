//! Contacts as they are felt rather than as they bounce: a contact has changed when it has stayed
//! changed for 20 ms. Shorter pulses leave no edge.

use crate::contacts::{COUNT, Contact, ContactSet};
use crate::time::{Moment, Span};

/// How long a contact must stay before it counts.
pub(crate) const DEBOUNCE: Span = Span::millis(20);

/// A contact that has settled in another state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) contact: Contact,
    pub(crate) closed: bool,
    /// When it had stayed so for 20 ms.
    pub(crate) at: Moment,
}

#[derive(Debug)]
pub(crate) struct Debounce {
    settled: ContactSet,
    raw: ContactSet,
    changed: [Moment; COUNT],
}

impl Debounce {
    /// Everything settled open so far: what is closed at boot gives its edge 20 ms later.
    pub(crate) const fn new(raw: ContactSet) -> Self {
        Self {
            settled: ContactSet::NONE,
            raw,
            changed: [Moment::BOOT; COUNT],
        }
    }

    /// Takes the contacts as they are wired now.
    pub(crate) fn observe(&mut self, now: Moment, raw: ContactSet) {
        let mut differing = self.raw.differing(raw);
        while differing != 0 {
            let index = differing.trailing_zeros() as usize;
            differing &= differing - 1;
            if let Some(changed) = self.changed.get_mut(index) {
                *changed = now;
            }
        }
        self.raw = raw;
    }

    /// The earliest edge that is due by `now`; call until there is none.
    pub(crate) fn next_edge(&mut self, now: Moment) -> Option<Edge> {
        let (due, index) = self.earliest()?;
        if due > now {
            return None;
        }
        let contact = Contact::from_index(index);
        let closed = self.raw.contains(contact);
        self.settled = self.settled.with(contact, closed);
        Some(Edge {
            contact,
            closed,
            at: due,
        })
    }

    /// Whether `contact` is closed, bounces aside.
    pub(crate) fn closed(&self, contact: Contact) -> bool {
        self.settled.contains(contact)
    }

    /// When the next edge is due.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.earliest().map(|(due, _)| due)
    }

    fn earliest(&self) -> Option<(Moment, usize)> {
        let mut pending = self.settled.differing(self.raw);
        let mut first: Option<(Moment, usize)> = None;
        while pending != 0 {
            let index = pending.trailing_zeros() as usize;
            pending &= pending - 1;
            let due = *self.changed.get(index)? + DEBOUNCE;
            if first.is_none_or(|(earliest, _)| due < earliest) {
                first = Some((due, index));
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::BOOT + Span::millis(millis)
    }

    const PRESSED: ContactSet = ContactSet::NONE.with(Contact::Digit(4), true);

    #[test]
    fn a_press_counts_after_twenty_milliseconds() {
        let mut debounce = Debounce::new(ContactSet::NONE);
        debounce.observe(at(100), PRESSED);
        assert_eq!(debounce.deadline(), Some(at(120)));
        assert_eq!(debounce.next_edge(at(119)), None);
        assert_eq!(
            debounce.next_edge(at(120)),
            Some(Edge {
                contact: Contact::Digit(4),
                closed: true,
                at: at(120),
            })
        );
        assert_eq!(debounce.next_edge(at(120)), None);
        assert_eq!(debounce.deadline(), None);
    }

    #[test]
    fn a_pulse_of_nineteen_milliseconds_leaves_no_edge() {
        let mut debounce = Debounce::new(ContactSet::NONE);
        debounce.observe(at(100), PRESSED);
        debounce.observe(at(119), ContactSet::NONE);
        assert_eq!(debounce.next_edge(at(1000)), None);
        assert_eq!(debounce.deadline(), None);
    }

    #[test]
    fn every_bounce_starts_the_wait_again() {
        let mut debounce = Debounce::new(ContactSet::NONE);
        for bounce in 0..5 {
            debounce.observe(at(bounce * 4), PRESSED);
            debounce.observe(at(bounce * 4 + 2), ContactSet::NONE);
        }
        debounce.observe(at(20), PRESSED);
        assert_eq!(debounce.next_edge(at(39)), None);
        assert!(debounce.next_edge(at(40)).is_some());
    }

    #[test]
    fn edges_come_in_the_order_they_happened() {
        let mut debounce = Debounce::new(ContactSet::NONE);
        let second = PRESSED.with(Contact::Digit(1), true);
        debounce.observe(at(0), PRESSED);
        debounce.observe(at(5), second);
        let order: Vec<_> = core::iter::from_fn(|| debounce.next_edge(at(50)))
            .map(|edge| edge.contact)
            .collect();
        assert_eq!(order, [Contact::Digit(4), Contact::Digit(1)]);
    }
}
