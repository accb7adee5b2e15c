//! Power goes at every flash word of a change, and the state is the old one or the new one.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use proptest::prelude::*;

use lock_logic::{Bridge, Code, Model, State, Store, StoreError};

use crate::{ANCHORS, EVENTS, Journal, STATES};

const PAGE: usize = 4096;
const BASE: u32 = STATES.start;
const SIZE: usize = 8 * PAGE;

/// Eight pages of flash whose power goes after so many words or pages.
#[derive(Debug, Clone)]
struct Flash {
    bytes: Vec<u8>,
    power: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NoPower;

impl NorFlashError for NoPower {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Flash {
    fn new() -> Self {
        Self {
            bytes: vec![0xFF; SIZE],
            power: None,
        }
    }

    fn spend(&mut self) -> Result<(), NoPower> {
        match &mut self.power {
            None => Ok(()),
            Some(0) => Err(NoPower),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

impl ErrorType for Flash {
    type Error = NoPower;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NoPower> {
        let start = (offset - BASE) as usize;
        bytes.copy_from_slice(&self.bytes[start..start + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        BASE as usize + SIZE
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NoPower> {
        for page in (from..to).step_by(PAGE) {
            self.spend()?;
            let start = (page - BASE) as usize;
            self.bytes[start..start + PAGE].fill(0xFF);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NoPower> {
        for (index, word) in bytes.chunks_exact(4).enumerate() {
            self.spend()?;
            let start = (offset - BASE) as usize + index * 4;
            for (kept, byte) in self.bytes[start..start + 4].iter_mut().zip(word) {
                *kept &= byte;
            }
        }
        Ok(())
    }
}

fn state(number: u8) -> State {
    let mut state = State {
        retracts: Some(Bridge::Close),
        paired: number.is_multiple_of(2),
        ..State::default()
    };
    let digits = [number / 100, number / 10 % 10, number % 10, 1];
    state.codes[usize::from(number) % 30] = Code::new(Model::TenKey, &digits);
    state
}

fn open(flash: Flash) -> (Journal<Flash>, Option<State>) {
    let (journal, kept) = Journal::open(flash);
    (journal, kept.state)
}

fn reopened(flash: Flash) -> (Journal<Flash>, Option<State>) {
    open(Flash {
        power: None,
        ..flash
    })
}

#[test]
fn a_blank_journal_is_a_new_lock() {
    assert_eq!(open(Flash::new()).1, Some(State::default()));
}

#[test]
fn the_last_of_many_states_is_kept() {
    let (mut journal, _) = open(Flash::new());
    for round in 0..4 {
        for number in 0..200 {
            journal.save(&state(number)).unwrap();
        }
        let (again, kept) = reopened(journal.into_flash());
        assert_eq!(kept, Some(state(199)), "round {round}");
        journal = again;
    }
}

/// Cuts `change` after every word and page, until it passes; calls `check` with what was kept.
fn cut_everywhere(
    before: &Flash,
    change: impl Fn(&mut Journal<Flash>) -> Result<(), StoreError>,
    mut check: impl FnMut(usize, Journal<Flash>, Option<State>),
) -> usize {
    for cut in 0.. {
        let (mut journal, _) = reopened(before.clone());
        journal.flash.power = Some(cut);
        if change(&mut journal).is_ok() {
            return cut;
        }
        let (journal, kept) = reopened(journal.into_flash());
        check(cut, journal, kept);
    }
    unreachable!("some number of words is enough")
}

#[test]
fn a_cut_at_any_word_leaves_the_old_or_the_new_state() {
    let (mut journal, _) = open(Flash::new());
    let mut cuts = 0;
    let mut before = State::default();
    // Enough changes to fill every page and come round.
    for number in 0..110 {
        let after = state(number);
        let flash = journal.into_flash();
        cuts += cut_everywhere(
            &flash,
            |journal| journal.save(&after),
            |cut, mut journal, kept| {
                assert!(
                    kept.as_ref() == Some(&before) || kept.as_ref() == Some(&after),
                    "change {number}, cut {cut}: {kept:?}"
                );
                let next = state(number.wrapping_add(77));
                assert_eq!(journal.save(&next), Ok(()), "change {number}, cut {cut}");
                assert_eq!(reopened(journal.into_flash()).1, Some(next));
            },
        );
        (journal, _) = reopened(flash);
        journal.save(&after).unwrap();
        before = after;
    }
    assert!(cuts > 110 * 40, "{cuts} cuts");
}

#[test]
fn a_cut_in_a_cut_leaves_the_old_or_the_new_state() {
    let (mut journal, _) = open(Flash::new());
    for number in 0..30 {
        journal.save(&state(number)).unwrap();
    }
    let flash = journal.into_flash();
    cut_everywhere(
        &flash,
        |journal| journal.save(&state(100)),
        |first, journal, _| {
            let flash = journal.into_flash();
            cut_everywhere(
                &flash,
                |journal| journal.save(&state(101)),
                |second, _, kept| {
                    let kept = kept.expect("a cut is no fault");
                    assert!(
                        [29, 100, 101].map(state).contains(&kept),
                        "cuts {first} and {second}: {kept:?}"
                    );
                },
            );
        },
    );
}

/// Some states, and what is kept when the words of `range` that are written are spoilt by `spoil`.
fn spoilt(
    states: u8,
    range: core::ops::Range<u32>,
    spoil: impl Fn(&mut [u8]),
) -> (Flash, Option<State>) {
    let (mut journal, _) = open(Flash::new());
    for number in 0..states {
        journal.save(&state(number)).unwrap();
    }
    let mut flash = journal.into_flash();
    let range = (range.start - BASE) as usize..(range.end - BASE) as usize;
    for word in flash.bytes[range].chunks_exact_mut(4) {
        if word.iter().any(|&byte| byte != 0xFF) {
            spoil(word);
        }
    }
    let (journal, kept) = reopened(flash);
    (journal.into_flash(), kept)
}

#[test]
fn spoilt_flash_is_a_fault_and_stays_one() {
    let spoils: [fn(&mut [u8]); 4] = [
        |word| word.fill(0),
        |word| word[0] = 0,
        |word| word.iter_mut().for_each(|byte| *byte &= 0xAA),
        |word| word[3] ^= 0x10,
    ];
    for states in [1, 2, 30, 150] {
        for range in [STATES, ANCHORS, STATES.start..ANCHORS.end] {
            for (which, spoil) in spoils.into_iter().enumerate() {
                // The number that the newest state has may survive in a spoilt first anchor.
                let (flash, kept) = spoilt(states, range.clone(), spoil);
                if range == ANCHORS && states == 1 {
                    assert!(kept.is_none() || kept == Some(state(0)));
                    continue;
                }
                assert_eq!(kept, None, "{states} states, spoil {which}, {range:x?}");
                assert_eq!(reopened(flash).1, None, "{states} states, spoil {which}");
            }
        }
    }
}

#[test]
fn the_newest_state_spoilt_is_a_fault_rather_than_the_one_before() {
    let (mut journal, _) = open(Flash::new());
    for number in 0..5 {
        journal.save(&state(number)).unwrap();
    }
    let flash = journal.into_flash();
    let end = (ANCHORS.start - BASE) as usize;
    let last = flash.bytes[..end]
        .iter()
        .rposition(|&byte| byte != 0xFF)
        .unwrap();
    for bit in 0..8 {
        // The last two bytes fill up the last word.
        for back in 2..160 {
            let mut flash = flash.clone();
            flash.bytes[last - back] ^= 1 << bit;
            assert_eq!(
                reopened(flash).1,
                None,
                "byte {back} from the end, bit {bit}"
            );
        }
    }
}

#[test]
fn a_wipe_cut_anywhere_is_a_fault_still_or_a_new_lock() {
    for states in [1, 2, 30, 150] {
        let (flash, kept) = spoilt(states, STATES, |word| word[1] = 0);
        assert_eq!(kept, None);
        let cuts = cut_everywhere(&flash, Journal::wipe, |cut, _, kept| {
            assert!(
                kept.is_none() || kept == Some(State::default()),
                "cut {cut}: {kept:?}"
            );
        });
        assert_eq!(cuts, 6);
        let (mut journal, _) = reopened(flash);
        journal.wipe().unwrap();
        assert_eq!(journal.save(&state(7)), Ok(()));
        assert_eq!(reopened(journal.into_flash()).1, Some(state(7)));
    }
}

fn numbers(flash: &Flash) -> Vec<u8> {
    let (_, kept) = Journal::open(Flash {
        power: None,
        ..flash.clone()
    });
    kept.events.records().map(|record| record[1]).collect()
}

#[test]
fn the_last_events_are_kept() {
    let (mut journal, _) = open(Flash::new());
    for number in 0..2000_usize {
        journal.append([2, number as u8, 0, 0, 0, 0, 0, 0]).unwrap();
        if number % 97 == 0 {
            let kept = numbers(&journal.flash);
            let expected: Vec<_> = (0..=number).map(|number| number as u8).collect();
            assert_eq!(kept, expected[expected.len().saturating_sub(64)..]);
        }
    }
}

#[test]
fn a_cut_loses_at_most_the_event_that_was_cut() {
    let (mut journal, _) = open(Flash::new());
    for number in 0..255 {
        journal.append([2, number, 0, 0, 0, 0, 0, 0]).unwrap();
        let before = numbers(&journal.flash);
        cut_everywhere(
            &journal.flash.clone(),
            |journal| journal.append([2, 255, 0, 0, 0, 0, 0, 0]),
            |cut, mut journal, _| {
                let mut kept = numbers(&journal.flash);
                kept.retain(|&number| number != 255);
                let most = before.len() - kept.len();
                assert!(before.ends_with(&kept) && most <= 1, "{number}, cut {cut}");
                journal.append([2, 254, 0, 0, 0, 0, 0, 0]).unwrap();
                assert_eq!(numbers(&journal.flash).last(), Some(&254));
            },
        );
    }
}

#[test]
fn a_spoilt_log_begins_anew_and_is_no_fault() {
    let (mut journal, _) = open(Flash::new());
    journal.save(&state(3)).unwrap();
    for number in 0..255 {
        journal.append([2, number, 0, 0, 0, 0, 0, 0]).unwrap();
    }
    let mut flash = journal.into_flash();
    let start = (EVENTS.start - BASE) as usize;
    flash.bytes[start..]
        .iter_mut()
        .for_each(|byte| *byte &= 0x55);
    let (mut journal, kept) = reopened(flash);
    assert_eq!(kept, Some(state(3)));
    for number in 0..10 {
        journal.append([2, number, 0, 0, 0, 0, 0, 0]).unwrap();
    }
    assert_eq!(numbers(&journal.flash).last(), Some(&9));
}

/// Words of one kind of page and what becomes of them: bits that fall, or any bytes. A record and
/// its anchor both hit, and nothing else, would read as the state before.
fn damage() -> impl Strategy<Value = Vec<(usize, u32, bool)>> {
    let words = |pages: core::ops::Range<u32>| {
        let start = (pages.start - BASE) as usize / 4;
        let end = (pages.end - BASE) as usize / 4;
        let word = prop_oneof![start..start + 200, start..end];
        prop::collection::vec((word, any::<u32>(), any::<bool>()), 1..60)
    };
    prop_oneof![words(STATES), words(ANCHORS), words(EVENTS)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damage_of_any_kind_is_a_fault_or_harmless(
        states in 0..150_u8,
        events in 0..100_u8,
        damage in damage(),
    ) {
        let (mut journal, _) = open(Flash::new());
        for number in 0..states {
            journal.save(&state(number)).unwrap();
        }
        for number in 0..events {
            journal.append([2, number, 0, 0, 0, 0, 0, 0]).unwrap();
        }
        let last = states.checked_sub(1).map_or_else(State::default, state);
        let mut flash = journal.into_flash();
        for (word, bits, falls) in damage {
            let place: &mut [u8; 4] = flash.bytes[word * 4..].first_chunk_mut().unwrap();
            let before = u32::from_le_bytes(*place);
            let after = if falls { before & bits } else { bits };
            *place = after.to_le_bytes();
        }
        let (mut journal, kept) = reopened(flash);
        prop_assert!(kept.is_none() || kept == Some(last));
        if kept.is_none() {
            prop_assert_eq!(journal.wipe(), Ok(()));
        }
        prop_assert_eq!(journal.save(&state(9)), Ok(()));
        journal.append([2; 8]).unwrap();
        prop_assert_eq!(reopened(journal.into_flash()).1, Some(state(9)));
    }
}
