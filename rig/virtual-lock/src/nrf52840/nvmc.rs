//! NVMC: writes and erases flash and UICR in their real time, during which code in flash stands still.
//! What power loss leaves of an operation is defined here, and a loss can be ordered for an
//! operation to come.

use std::ops::Range;

use super::memory::{FLASH_SIZE, PAGE_SIZE};
use super::wires::{Gap, Peripheral, Wires, fits};
use crate::time::Ticks;

pub(crate) const ID: u8 = 0x1E;

/// `tWRITE`, `tERASEPAGE` and `tERASEALL`.
const WRITE: Ticks = Ticks::from_micros(41);
const ERASE_PAGE: Ticks = Ticks::from_millis(85);
const ERASE_ALL: Ticks = Ticks::from_millis(169);

/// `CONFIG.WEN`.
const WRITE_ENABLED: u32 = 1;
const ERASE_ENABLED: u32 = 2;

const PAGE_WORDS: u64 = PAGE_SIZE as u64 / 4;

/// What is being done to memory, and what was there before.
#[derive(Clone, Debug)]
enum Operation {
    Word {
        address: u32,
        before: u32,
        after: u32,
    },
    UicrWord {
        offset: u32,
        before: u32,
        after: u32,
    },
    /// Words from `address` on, a page's or a part's.
    Page {
        address: u32,
        before: Vec<u32>,
    },
    Uicr,
    All,
}

/// The NVMC peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Nvmc {
    config: u32,
    partial_duration: u32,
    /// The page being erased in parts, and for how many milliseconds it has been.
    partial: (u32, u32),
    cache_config: u32,
    cache_counters: [u32; 2],
    operation: Option<(Operation, Ticks)>,
    busy_until: Ticks,
    operations: u64,
    cut_at_operation: Option<u64>,
    /// When the ordered power loss happens, and that it has to, now.
    cut_at: Ticks,
    cut_is_due: bool,
}

impl Nvmc {
    pub(crate) fn new() -> Nvmc {
        Nvmc {
            config: 0,
            partial_duration: 10,
            partial: (u32::MAX, 0),
            cache_config: 0,
            cache_counters: [0; 2],
            operation: None,
            busy_until: Ticks(0),
            operations: 0,
            cut_at_operation: None,
            cut_at: Ticks::NEVER,
            cut_is_due: false,
        }
    }

    /// As a reset leaves it: an operation that has begun goes on.
    pub(crate) fn reset(&mut self) {
        let before = std::mem::replace(self, Nvmc::new());
        self.operation = before.operation;
        self.busy_until = before.busy_until;
        self.operations = before.operations;
        self.cut_at_operation = before.cut_at_operation;
        self.cut_at = before.cut_at;
        self.cut_is_due = before.cut_is_due;
    }

    /// Until when flash cannot be fetched from.
    pub(crate) fn busy_until(&self) -> Ticks {
        self.busy_until
    }

    /// Word writes and erases begun so far.
    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }

    /// Orders power to be lost in the middle of the `nth` operation from now, the next being 1;
    /// 0 takes the order back.
    pub(crate) fn cut_power_at(&mut self, nth: u64) {
        self.cut_at_operation = (nth > 0).then(|| self.operations + nth);
    }

    /// Whether the ordered power loss is due.
    pub(crate) fn cut_is_due(&self) -> bool {
        self.cut_is_due
    }

    /// Power is lost: an operation in progress stays half done, in proportion to its time.
    ///
    /// A word has the first of the bits it was to clear cleared, counted from bit 0. A page has
    /// its first words erased and the others as they were. Erasing UICR or all of flash counts as
    /// done.
    pub(crate) fn lose_power(&mut self, wires: &mut Wires) {
        let operation = self
            .operation
            .take()
            .filter(|_| wires.now < self.busy_until);
        if let Some((operation, start)) = operation {
            let done = wires.now.0.saturating_sub(start.0);
            let all = self.busy_until.0 - start.0;
            let part = |of: u64| of * done / all;
            match operation {
                Operation::Word {
                    address,
                    before,
                    after,
                } => {
                    wires.code.note(address, address + 4);
                    wires
                        .flash
                        .set_word(address, partly_cleared(before, after, part));
                }
                Operation::UicrWord {
                    offset,
                    before,
                    after,
                } => {
                    wires
                        .flash
                        .set_uicr(offset, partly_cleared(before, after, part));
                }
                Operation::Page { address, before } => {
                    wires.code.note(address, address + 4 * before.len() as u32);
                    let erased = part(before.len() as u64) as usize;
                    for (index, word) in before.iter().enumerate().skip(erased) {
                        wires.flash.set_word(address + 4 * index as u32, *word);
                    }
                }
                Operation::Uicr | Operation::All => {}
            }
        }
        *self = Nvmc {
            operations: self.operations,
            cut_at_operation: self.cut_at_operation,
            ..Nvmc::new()
        };
    }

    fn begin(&mut self, operation: Operation, takes: Ticks, wires: &mut Wires) {
        let now = wires.now;
        if wires.power_fails {
            wires.stop("NVMC, used under a power-failure warning".into());
        }
        // A word written while another is still on its way waits for it.
        let start = now.max(self.busy_until);
        self.busy_until = start + takes;
        self.operation = Some((operation, start));
        self.operations += 1;
        if self.cut_at_operation == Some(self.operations) {
            self.cut_at_operation = None;
            self.cut_at = start + Ticks(takes.0 / 2);
        }
    }

    /// A word written to flash by the bus. Without write enable it has no effect.
    pub(crate) fn write_flash(&mut self, address: u32, value: u32, wires: &mut Wires) {
        if self.config != WRITE_ENABLED {
            return;
        }
        let before = wires.flash.word(address);
        let after = before & value;
        wires.flash.set_word(address, after);
        self.begin(
            Operation::Word {
                address,
                before,
                after,
            },
            WRITE,
            wires,
        );
    }

    /// A word written to UICR by the bus.
    pub(crate) fn write_uicr(&mut self, offset: u32, value: u32, wires: &mut Wires) {
        if self.config != WRITE_ENABLED {
            return;
        }
        let before = wires.flash.uicr(offset);
        let after = before & value;
        wires.flash.set_uicr(offset, after);
        self.begin(
            Operation::UicrWord {
                offset,
                before,
                after,
            },
            WRITE,
            wires,
        );
    }

    fn erase_page(&mut self, address: u32, takes: Ticks, wires: &mut Wires) -> Result<(), Gap> {
        is_page(address)?;
        if self.config == ERASE_ENABLED {
            self.erase_words(address, 0..PAGE_WORDS as u32, takes, wires);
        }
        Ok(())
    }

    /// Erases some words of the page at `page`.
    fn erase_words(&mut self, page: u32, words: Range<u32>, takes: Ticks, wires: &mut Wires) {
        let address = page + 4 * words.start;
        let places = words.map(|word| page + 4 * word);
        let before: Vec<u32> = places
            .clone()
            .map(|place| wires.flash.word(place))
            .collect();
        for place in places {
            wires.flash.set_word(place, u32::MAX);
        }
        wires.code.note(address, address + 4 * before.len() as u32);
        self.begin(Operation::Page { address, before }, takes, wires);
    }

    /// Erases for `ERASEPAGEPARTIALCFG` milliseconds; the page is erased when they add up. Until then
    /// the first of its words are, in proportion.
    fn erase_page_partial(&mut self, page: u32, wires: &mut Wires) -> Result<(), Gap> {
        is_page(page)?;
        if self.config != ERASE_ENABLED {
            return Ok(());
        }
        let so_far = match self.partial {
            (begun, millis) if begun == page => millis,
            _ => 0,
        };
        let sum = so_far + self.partial_duration;
        let words = |millis: u32| {
            let whole = Ticks::from_millis(u64::from(millis)).0 * PAGE_WORDS / ERASE_PAGE.0;
            whole.min(PAGE_WORDS) as u32
        };
        let takes = Ticks::from_millis(u64::from(self.partial_duration));
        self.erase_words(page, words(so_far)..words(sum), takes, wires);
        self.partial = if words(sum) == PAGE_WORDS as u32 {
            (u32::MAX, 0)
        } else {
            (page, sum)
        };
        Ok(())
    }

    fn erase_all(&mut self, wires: &mut Wires) {
        wires.flash.erase_all();
        wires.code.note_all();
        self.begin(Operation::All, ERASE_ALL, wires);
    }
}

/// Whether `address` is where a page of flash begins.
fn is_page(address: u32) -> Result<(), Gap> {
    let address = address as usize;
    match address < FLASH_SIZE && address.is_multiple_of(PAGE_SIZE) {
        true => Ok(()),
        false => Err(Gap),
    }
}

/// `before` with the first of the bits that differ from `after` cleared.
fn partly_cleared(before: u32, after: u32, part: impl Fn(u64) -> u64) -> u32 {
    let clearing = before & !after;
    let cleared = part(u64::from(clearing.count_ones()));
    (0..32)
        .filter(|bit| clearing >> bit & 1 == 1)
        .take(cleared as usize)
        .fold(before, |word, bit| word & !(1 << bit))
}

impl Peripheral for Nvmc {
    fn read(&mut self, offset: u32, wires: &mut Wires) -> Result<u32, Gap> {
        Ok(match offset {
            0x400 | 0x408 => u32::from(wires.now >= self.busy_until),
            0x504 => self.config,
            0x51C => self.partial_duration,
            0x540 => self.cache_config,
            0x548 => self.cache_counters[0],
            0x54C => self.cache_counters[1],
            _ => return Err(Gap),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x504 if value < 3 => self.config = value,
            0x508 => return self.erase_page(value, ERASE_PAGE, wires),
            0x50C | 0x514 if self.config != ERASE_ENABLED || value == 0 => {}
            0x50C if value == 1 => self.erase_all(wires),
            0x514 if value == 1 => {
                wires.flash.erase_uicr();
                self.begin(Operation::Uicr, ERASE_PAGE, wires);
            }
            0x518 => return self.erase_page_partial(value, wires),
            0x51C => self.partial_duration = fits(value, 0x7F)?,
            // The instruction cache changes no timing here, so its profile counters stay as written.
            0x540 => self.cache_config = fits(value, 0x101)?,
            0x548 => self.cache_counters[0] = value,
            0x54C => self.cache_counters[1] = value,
            _ => return Err(Gap),
        }
        Ok(())
    }

    fn task(&mut self, _offset: u32, _wires: &mut Wires) -> Result<(), Gap> {
        Err(Gap)
    }

    fn next_event(&self) -> Ticks {
        self.cut_at
    }

    fn advance(&mut self, wires: &mut Wires) {
        if self.cut_at <= wires.now {
            self.cut_at = Ticks::NEVER;
            self.cut_is_due = true;
        }
    }

    fn interrupt(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Flash;
    use super::*;

    fn nvmc(config: u32) -> (Nvmc, Wires) {
        let mut wires = Wires::new(Flash::erased(), Ticks(1000));
        wires.flash.set_word(0x1000, 0xFFFF_0F0F);
        let mut nvmc = Nvmc::new();
        nvmc.write(0x504, config, &mut wires).unwrap();
        (nvmc, wires)
    }

    #[test]
    fn writing_clears_bits_and_takes_its_time() {
        let (mut nvmc, mut wires) = nvmc(WRITE_ENABLED);
        nvmc.write_flash(0x1000, 0x1234_FFFF, &mut wires);
        assert_eq!(wires.flash.word(0x1000), 0x1234_0F0F);
        assert_eq!(nvmc.read(0x400, &mut wires), Ok(0));
        assert_eq!(nvmc.busy_until(), Ticks(1000) + WRITE);
        wires.now = nvmc.busy_until();
        assert_eq!(nvmc.read(0x400, &mut wires), Ok(1));
    }

    #[test]
    fn nothing_is_written_or_erased_without_its_enable() {
        let (mut nvmc, mut wires) = nvmc(ERASE_ENABLED);
        nvmc.write_flash(0x1000, 0, &mut wires);
        nvmc.write_uicr(0x200, 0, &mut wires);
        assert_eq!(wires.flash.word(0x1000), 0xFFFF_0F0F);
        nvmc.write(0x504, WRITE_ENABLED, &mut wires).unwrap();
        nvmc.write(0x508, 0x1000, &mut wires).unwrap();
        nvmc.write(0x50C, 1, &mut wires).unwrap();
        assert_eq!(wires.flash.word(0x1000), 0xFFFF_0F0F);
        assert_eq!(nvmc.operations(), 0);
        assert_eq!(nvmc.write(0x504, 3, &mut wires), Err(Gap));
    }

    #[test]
    fn a_page_is_erased_whole() {
        let (mut nvmc, mut wires) = nvmc(ERASE_ENABLED);
        nvmc.write(0x508, 0x1000, &mut wires).unwrap();
        assert_eq!(wires.flash.word(0x1000), u32::MAX);
        assert_eq!(nvmc.busy_until(), Ticks(1000) + Ticks::from_millis(85));
        assert_eq!(wires.code.generation(), 1);
        assert_eq!(nvmc.write(0x508, 0x1004, &mut wires), Err(Gap));
    }

    #[test]
    fn partial_erases_add_up() {
        let (mut nvmc, mut wires) = nvmc(ERASE_ENABLED);
        wires.flash.set_word(0x1FFC, 0);
        for _ in 0..8 {
            nvmc.write(0x518, 0x1000, &mut wires).unwrap();
            wires.now = nvmc.busy_until();
            assert_eq!(wires.flash.word(0x1000), u32::MAX);
            assert_eq!(wires.flash.word(0x1FFC), 0);
        }
        nvmc.write(0x518, 0x1000, &mut wires).unwrap();
        assert_eq!(wires.flash.word(0x1FFC), u32::MAX);
    }

    #[test]
    fn an_ordered_power_loss_leaves_half_a_word() {
        let (mut nvmc, mut wires) = nvmc(WRITE_ENABLED);
        nvmc.cut_power_at(2);
        nvmc.write_flash(0x2000, 0, &mut wires);
        assert_eq!(nvmc.next_event(), Ticks::NEVER);
        wires.now = nvmc.busy_until();
        nvmc.write_flash(0x2004, 0xFFFF_0000, &mut wires);
        wires.now = nvmc.next_event();
        nvmc.advance(&mut wires);
        assert!(nvmc.cut_is_due());
        assert_eq!(nvmc.next_event(), Ticks::NEVER);
        nvmc.lose_power(&mut wires);
        assert_eq!(wires.flash.word(0x2000), 0);
        assert_eq!(wires.flash.word(0x2004), 0xFFFF_FF00);
        assert_eq!(nvmc.operations(), 2);
        assert_eq!(nvmc.next_event(), Ticks::NEVER);
    }

    #[test]
    fn the_order_outlives_other_losses_of_power() {
        let (mut nvmc, mut wires) = nvmc(WRITE_ENABLED);
        nvmc.cut_power_at(1);
        nvmc.lose_power(&mut wires);
        nvmc.write(0x504, WRITE_ENABLED, &mut wires).unwrap();
        nvmc.write_flash(0x2000, 0, &mut wires);
        assert_ne!(nvmc.next_event(), Ticks::NEVER);
    }

    #[test]
    fn an_interrupted_erase_leaves_the_tail() {
        let (mut nvmc, mut wires) = nvmc(ERASE_ENABLED);
        wires.flash.set_word(0x1FFC, 5);
        nvmc.write(0x508, 0x1000, &mut wires).unwrap();
        wires.now += Ticks(ERASE_PAGE.0 / 4);
        nvmc.lose_power(&mut wires);
        assert_eq!(wires.flash.word(0x1000), u32::MAX);
        assert_eq!(wires.flash.word(0x1FFC), 5);
    }
}
