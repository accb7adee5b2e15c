//! A lock never stays deaf: a key press is answered, by a click where nothing else is due.

use super::{Found, Rule};
use crate::trace::{Channel, Contact, Nanos, Trace, Value, highs, samples};

/// After this long with power, the lock listens.
const AWAKE: Nanos = Nanos::from_secs(4);
/// A press shorter than debouncing takes is none; this leaves room for it.
const PRESS: Nanos = Nanos::from_millis(40);
/// An answer comes within this after the press.
const ANSWER: Nanos = Nanos::from_millis(250);
/// While a lockout lasts, and it was announced at most this long before, no key is answered.
const LOCKOUT: Nanos = Nanos::from_secs(66);
/// Red pulses that announce a lockout; a wrong code has three and a low battery ten.
const LOCKOUT_PULSES: usize = 15;
/// While one of these lines is high, and shortly after, keys may be dropped.
const FEEDBACK: [Channel; 4] = [
    Channel::MotorOpen,
    Channel::MotorClose,
    Channel::KeypadGreen,
    Channel::KeypadRed,
];
/// Least supply that the processor runs on, in millivolts.
const ALIVE: i32 = 2400;

/// From, and to; `None` where it lasted to the trace's end.
type Span = (Nanos, Option<Nanos>);

/// Checks a trace. `quiet` is the same without the beeper.
pub(super) fn check(whole: &Trace, quiet: &Trace) -> Vec<Found> {
    let trace = quiet;
    let power = powered(trace);
    let audio = highs(trace, Channel::Contact(Contact::Switch(3)));
    let contacts: Vec<Channel> = contacts(trace);
    let held: Vec<(Channel, Vec<Span>)> = contacts
        .iter()
        .filter(|channel| !matches!(channel, Channel::Contact(Contact::Switch(_))))
        .map(|channel| (*channel, highs(trace, *channel)))
        .collect();
    let lockouts = lockouts(trace);
    let feedback = FEEDBACK.map(|line| highs(trace, line));
    let mut found = Vec::new();
    for (channel, presses) in &held {
        let Channel::Contact(Contact::Key(_) | Contact::Lock) = channel else {
            continue;
        };
        for &(press, release) in presses {
            let length = release.unwrap_or(trace.end).since(press);
            let watched = trace.end >= press + ANSWER;
            let within = |spans: &[Span], from: Nanos, to: Nanos| {
                spans
                    .iter()
                    .any(|(start, end)| *start <= from && end.is_none_or(|end| end >= to))
            };
            let Some(awake) = press.0.checked_sub(AWAKE.0).map(Nanos) else {
                continue;
            };
            // Program held for long is a gesture of its own; any other key only while it is down.
            let alone = held.iter().all(|(other, spans)| {
                let since = match other {
                    Channel::Contact(Contact::Program) => awake,
                    _ => press,
                };
                other == channel
                    || !spans
                        .iter()
                        .any(|(start, end)| *start <= press && end.is_none_or(|end| end > since))
            });
            let locked_out = lockouts
                .iter()
                .any(|start| *start <= press && press.since(*start) < LOCKOUT);
            if length < PRESS
                || !watched
                || !alone
                || locked_out
                || !within(&power, awake, press + ANSWER)
                || !within(&audio, press, press + ANSWER)
                || busy(&feedback, awake, press)
                || answered(whole, press)
            {
                continue;
            }
            found.push(Found {
                rule: Rule::Deaf,
                at: press,
                seen: format!("{channel} was pressed and nothing answered"),
            });
        }
    }
    found
}

fn contacts(trace: &Trace) -> Vec<Channel> {
    let mut contacts: Vec<Channel> = trace
        .events
        .iter()
        .map(|event| event.channel)
        .filter(|channel| matches!(channel, Channel::Contact(_)))
        .collect();
    contacts.sort_unstable();
    contacts.dedup();
    contacts
}

/// When the processor ran: by the power line, else by the supply's voltage; a reset begins anew.
fn powered(trace: &Trace) -> Vec<Span> {
    let told = |channel| trace.events.iter().any(|event| event.channel == channel);
    let mut spans = if told(Channel::Power) {
        highs(trace, Channel::Power)
    } else {
        let mut spans: Vec<Span> = Vec::new();
        for (at, millivolts) in samples(trace, Channel::Supply) {
            match spans.last_mut() {
                Some((_, end @ None)) if millivolts < ALIVE => *end = Some(at),
                Some((_, None)) => {}
                _ if millivolts >= ALIVE => spans.push((at, None)),
                _ => {}
            }
        }
        spans
    };
    for event in &trace.events {
        if event.channel != Channel::Reset {
            continue;
        }
        let split = spans
            .iter_mut()
            .find(|(start, end)| *start < event.at && end.is_none_or(|end| end > event.at));
        if let Some(span) = split {
            let rest = (event.at, span.1);
            span.1 = Some(event.at);
            spans.push(rest);
        }
    }
    spans
}

/// When lockouts were announced: the first of many red pulses of the keypad LED in a row.
fn lockouts(trace: &Trace) -> Vec<Nanos> {
    let reds = highs(trace, Channel::KeypadRed);
    let row = |pulses: &[Span]| {
        pulses.windows(2).all(|pair| {
            let pause = pair[0].1.map(|end| pair[1].0.since(end));
            pause.is_some_and(|pause| pause < Nanos::from_millis(250))
        })
    };
    // From the first pulses on it may be the announcement, so its keys are no test either.
    reds.windows(LOCKOUT_PULSES)
        .filter(|pulses| row(pulses))
        .map(|pulses| pulses[0].0)
        .collect()
}

/// Whether the motor ran or feedback was playing shortly before: then keys may be dropped.
fn busy(feedback: &[Vec<Span>], from: Nanos, press: Nanos) -> bool {
    let recent = press.since(Nanos::from_millis(500)).max(from);
    feedback
        .iter()
        .flatten()
        .any(|(start, end)| *start <= press && end.is_none_or(|end| end > recent))
}

/// Whether anything that a person notices began after the press.
fn answered(trace: &Trace, press: Nanos) -> bool {
    let after = trace.events.partition_point(|event| event.at <= press);
    let mut within = trace.events[after..]
        .iter()
        .take_while(|event| event.at <= press + ANSWER);
    within.any(|event| {
        let answer = matches!(
            event.channel,
            Channel::Beeper | Channel::KeypadGreen | Channel::KeypadRed
        );
        answer && event.value == Value::Level(true)
    })
}
