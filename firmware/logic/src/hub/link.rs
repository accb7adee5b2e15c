//! What the lock sends: answers at once, and its own messages one after another, each sent up to
//! three times 500 ms apart until the hub answers. Nobody waits for any of it.

use super::frame::{Frame, Heard, Kind};
use crate::time::{Moment, Span};

const AGAIN_AFTER: Span = Span::millis(500);
const SENDS: u8 = 3;
/// Messages that wait; the oldest gives way.
const WAITING: usize = 8;
/// Answers that the board hasn't taken yet.
const ANSWERS: usize = 4;

#[derive(Debug, Clone, Copy)]
struct Message {
    command: u8,
    args: [u8; 3],
    count: usize,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    message: Message,
    seq: u8,
    sends: u8,
    again: Moment,
}

#[derive(Debug, Default)]
pub(crate) struct Link {
    seq: u8,
    waiting: [Option<Message>; WAITING],
    sent: Option<Sent>,
    ready: [Option<Frame>; ANSWERS],
}

impl Link {
    /// Sends an answer.
    pub(crate) fn answer(&mut self, to: &Heard, kind: Kind, args: &[u8]) {
        self.transmit(Frame::new(to.seq, kind, to.command, args));
    }

    /// Tells the hub something, when it is its turn.
    pub(crate) fn tell(&mut self, command: u8, args: &[u8]) {
        let mut message = Message {
            command,
            args: [0; 3],
            count: args.len().min(3),
        };
        message.args[..message.count].copy_from_slice(&args[..message.count]);
        if self.waiting.iter().all(Option::is_some) {
            self.waiting.rotate_left(1);
            self.waiting[WAITING - 1] = None;
        }
        if let Some(place) = self.waiting.iter_mut().find(|place| place.is_none()) {
            *place = Some(message);
        }
    }

    /// The hub answered something.
    pub(crate) fn answered(&mut self, answer: &Heard) {
        if self
            .sent
            .is_some_and(|sent| sent.seq == answer.seq && sent.message.command == answer.command)
        {
            self.sent = None;
        }
    }

    pub(crate) fn advance(&mut self, now: Moment) {
        if let Some(sent) = &mut self.sent
            && now >= sent.again
        {
            if sent.sends < SENDS {
                sent.sends += 1;
                sent.again = now + AGAIN_AFTER;
                let (seq, message) = (sent.seq, sent.message);
                self.send(seq, message);
            } else {
                self.sent = None;
            }
        }
        if self.sent.is_none()
            && let Some(message) = self.waiting[0].take()
        {
            self.waiting.rotate_left(1);
            self.seq = self.seq.wrapping_add(1);
            self.sent = Some(Sent {
                message,
                seq: self.seq,
                sends: 1,
                again: now + AGAIN_AFTER,
            });
            self.send(self.seq, message);
        }
    }

    /// The next frame to put on the wire.
    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        let frame = self.ready[0].take()?;
        self.ready.rotate_left(1);
        Some(frame)
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.sent.map(|sent| sent.again)
    }

    /// Nothing more is said to a hub that isn't paired any more.
    pub(crate) fn forget(&mut self) {
        self.waiting = [None; WAITING];
        self.sent = None;
    }

    fn send(&mut self, seq: u8, message: Message) {
        let args = &message.args[..message.count];
        self.transmit(Frame::new(seq, Kind::Request, message.command, args));
    }

    /// A frame that finds no room is lost, like one that the wire loses: the hub asks again.
    fn transmit(&mut self, frame: Frame) {
        if let Some(place) = self.ready.iter_mut().find(|place| place.is_none()) {
            *place = Some(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Parser;

    fn at(millis: u64) -> Moment {
        Moment::BOOT + Span::millis(millis)
    }

    fn sent(link: &mut Link, now: Moment) -> Vec<u8> {
        link.advance(now);
        core::iter::from_fn(|| link.next_frame())
            .map(|frame| frame.bytes()[4])
            .collect()
    }

    fn answer(seq: u8, command: u8) -> Heard {
        let mut parser = Parser::default();
        Frame::new(seq, Kind::Ack, command, &[])
            .bytes()
            .iter()
            .find_map(|&byte| parser.push(Moment::BOOT, byte))
            .unwrap()
    }

    #[test]
    fn an_unanswered_message_is_sent_three_times_and_dropped() {
        let mut link = Link::default();
        link.tell(0x27, &[0, 1, 0x42]);
        link.tell(0x2A, &[9, 1]);
        assert_eq!(sent(&mut link, at(0)), [0x27]);
        assert_eq!(sent(&mut link, at(499)), []);
        assert_eq!(sent(&mut link, at(500)), [0x27]);
        assert_eq!(sent(&mut link, at(1000)), [0x27]);
        assert_eq!(sent(&mut link, at(1500)), [0x2A]);
        assert_eq!(sent(&mut link, at(2000)), [0x2A]);
        assert_eq!(sent(&mut link, at(2500)), [0x2A]);
        assert_eq!(sent(&mut link, at(3000)), []);
        assert_eq!(link.deadline(), None);
    }

    #[test]
    fn an_answer_makes_room_for_the_next() {
        let mut link = Link::default();
        link.tell(0x27, &[0, 1, 0x42]);
        link.tell(0x2A, &[9, 1]);
        assert_eq!(sent(&mut link, at(0)), [0x27]);
        link.answered(&answer(9, 0x27));
        assert_eq!(sent(&mut link, at(10)), []);
        link.answered(&answer(1, 0x27));
        assert_eq!(sent(&mut link, at(20)), [0x2A]);
    }

    #[test]
    fn the_newest_messages_are_kept() {
        let mut link = Link::default();
        for command in 0..20 {
            link.tell(command, &[]);
        }
        let mut told = Vec::new();
        for now in 0..30 {
            told.extend(sent(&mut link, at(now)));
            for seq in 0..=u8::MAX {
                if let Some(&last) = told.last() {
                    link.answered(&answer(seq, last));
                }
            }
        }
        assert_eq!(told, (12..20).collect::<Vec<_>>());
    }
}
