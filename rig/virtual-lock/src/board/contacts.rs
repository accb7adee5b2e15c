//! Contacts: keys, buttons and switches, with the bounce that real ones have where it is asked for.

use std::collections::{BTreeMap, VecDeque};

use super::signal::Contact;
use crate::time::Ticks;

/// How a bouncing contact chatters before it rests, as shares of the bounce time: it changes at
/// each of them, and the last change is to where it rests.
const CHATTER: [u64; 4] = [11, 34, 55, 100];

/// A contact that opened or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContactEdge {
    pub(crate) at: Ticks,
    pub(crate) contact: Contact,
    pub(crate) closed: bool,
}

/// All contacts of a board.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contacts {
    closed: BTreeMap<Contact, bool>,
    bounce: Ticks,
    pending: VecDeque<ContactEdge>,
}

impl Contacts {
    /// How long contacts bounce from now on; 0 is not at all.
    pub(crate) fn set_bounce(&mut self, time: Ticks) {
        self.bounce = time;
    }

    /// Closes or opens a contact. The edges of its bounce follow; what was still to come of an
    /// earlier one is dropped.
    pub(crate) fn set(&mut self, contact: Contact, closed: bool, now: Ticks) {
        self.pending.retain(|edge| edge.contact != contact);
        if self.is_closed(contact) == closed {
            return;
        }
        self.push(ContactEdge {
            at: now,
            contact,
            closed,
        });
        if self.bounce > Ticks(0) {
            for (index, share) in CHATTER.into_iter().enumerate() {
                let at = now + Ticks(self.bounce.0 * share / 100);
                self.push(ContactEdge {
                    at,
                    contact,
                    closed: (index % 2 == 0) != closed,
                });
            }
        }
    }

    fn push(&mut self, edge: ContactEdge) {
        let later = self
            .pending
            .iter()
            .take_while(|other| other.at <= edge.at)
            .count();
        self.pending.insert(later, edge);
    }

    pub(crate) fn is_closed(&self, contact: Contact) -> bool {
        self.closed.get(&contact).copied().unwrap_or(false)
    }

    /// Every contact that was ever closed, as it is now.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Contact, bool)> + '_ {
        self.closed
            .iter()
            .map(|(contact, closed)| (*contact, *closed))
    }

    /// When a contact next opens or closes.
    pub(crate) fn next_event(&self) -> Ticks {
        self.pending.front().map_or(Ticks::NEVER, |edge| edge.at)
    }

    /// The next edge that is due at `now`.
    pub(crate) fn advance(&mut self, now: Ticks) -> Option<ContactEdge> {
        let edge = self.pending.pop_front_if(|edge| edge.at <= now)?;
        self.closed.insert(edge.contact, edge.closed);
        Some(edge)
    }

    /// Contacts rest where they are; bounces to come are done with.
    pub(crate) fn reset_clock(&mut self) {
        for edge in std::mem::take(&mut self.pending) {
            self.closed.insert(edge.contact, edge.closed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(contacts: &mut Contacts) -> Vec<(u64, bool)> {
        let mut edges = Vec::new();
        while let Some(edge) = contacts.advance(Ticks::NEVER) {
            edges.push((edge.at.0, edge.closed));
        }
        edges
    }

    #[test]
    fn a_clean_contact_has_one_edge() {
        let mut contacts = Contacts::default();
        contacts.set(Contact::Program, true, Ticks(5));
        contacts.set(Contact::Program, true, Ticks(5));
        assert_eq!(contacts.next_event(), Ticks(5));
        assert_eq!(edges(&mut contacts), [(5, true)]);
        contacts.set(Contact::Program, true, Ticks(9));
        assert_eq!(contacts.next_event(), Ticks::NEVER);
        assert!(contacts.is_closed(Contact::Program));
    }

    #[test]
    fn a_bouncing_contact_ends_where_it_was_put() {
        let mut contacts = Contacts::default();
        contacts.set_bounce(Ticks(1000));
        for closed in [true, false] {
            contacts.set(Contact::Lock, closed, Ticks(0));
            let seen = edges(&mut contacts);
            let expected = [(0, closed), (110, !closed), (340, closed), (550, !closed)];
            assert_eq!(seen[..4], expected);
            assert_eq!(seen[4], (1000, closed));
        }
    }
}
