//! Programs that read a register over and over until something happens. Once such a loop has come back to
//! where it was with nothing changed, it will do the same until the bus has its next event, so those rounds
//! need not be executed: they take the time they would have taken, and leave what they would have left.

use super::bus::Bus;
use super::code::Code;
use super::interpret::{self, Leave};
use super::op::{Kind, Op};
use super::state::State;

/// Reads in a row, each so many cycles after the one before at most, that look like a loop.
const READS: u8 = 12;
const APART: u64 = 16;
/// The longest loop that is looked at, in instructions.
const LONGEST: u64 = 48;

/// The latest reads of registers that change only with an event: see [`Bus::is_settled`].
#[derive(Debug, Clone, Default)]
pub(super) struct Polling {
    /// How many there were with nothing else in between, and when the last was.
    reads: u8,
    at: u64,
    /// A register was accessed otherwise.
    other: bool,
}

impl Polling {
    /// A register was read; `settled` as [`Bus::is_settled`]. Whether that looks like a loop.
    pub(super) fn read(&mut self, settled: bool, cycles: u64) -> bool {
        if !settled {
            self.accessed();
            return false;
        }
        let again = cycles - self.at <= APART;
        self.reads = if again {
            self.reads.saturating_add(1)
        } else {
            1
        };
        self.at = cycles;
        self.suspected()
    }

    /// A register was accessed in another way.
    pub(super) fn accessed(&mut self) {
        self.reads = 0;
        self.other = true;
    }

    /// Whether it looks like a loop.
    pub(super) fn suspected(&self) -> bool {
        self.reads >= READS
    }
}

/// All that a loop's next round depends on, beside memory and registers of the bus.
#[derive(PartialEq, Eq)]
struct Round {
    r: [u32; 16],
    flags: [u32; 4],
    q: bool,
    ge: u8,
    it: u8,
}

impl Round {
    fn of(s: &State) -> Round {
        Round {
            r: s.r,
            flags: [s.n, s.z, s.c, s.v],
            q: s.q,
            ge: s.ge,
            it: s.it,
        }
    }
}

/// Executes a round of what is suspected to be a loop, an instruction at a time, and where it is one, lets
/// as many rounds go by as end before `end`. At least one instruction is executed.
pub(super) fn pass<B: Bus>(s: &mut State, code: &mut Code, bus: &mut B, end: u64) -> Leave {
    let began = (Round::of(s), s.cycles);
    s.polling = Polling::default();
    while s.cycles < end {
        s.polling.reads = 0;
        let pure = is_pure(code.at(s.r[15]));
        let left = interpret::execute(s, code, bus, s.cycles + 1);
        let ends = s.resync || s.polling.other || s.it != code.it_at(s.r[15]);
        if !pure || ends || !matches!(left, Leave::Boundary) {
            return left;
        }
        let length = s.cycles - began.1;
        if Round::of(s) == began.0 {
            // The last cycle before `end` is executed in any case.
            let rounds = end.saturating_sub(s.cycles + 1) / length;
            s.cycles += rounds * length;
            return left;
        }
        if length >= LONGEST {
            return left;
        }
    }
    Leave::Boundary
}

/// Whether an instruction changes nothing but registers and flags. What it may read is looked at when it
/// does.
fn is_pure(op: &Op) -> bool {
    let kind = match op.kind {
        Kind::InIt => op.inner,
        kind => kind,
    };
    use Kind::*;
    matches!(
        kind,
        Nop | NopW
            | MovImmS
            | MovImm
            | MovReg
            | MovRegS
            | MovImmW
            | Movt
            | MovImmMovt
            | LslImmS
            | LsrImmS
            | AsrImmS
            | MovLslW
            | MovLsrW
            | MovAsrW
            | AddRegS
            | SubRegS
            | AddReg
            | AddImmS
            | SubImmS
            | AddImm
            | SubImm
            | AddImmW
            | SubImmW
            | CmpImm
            | CmpReg
            | CmpImmW
            | CmpLslW
            | TstReg
            | TstImmW
            | CmpImmBranch
            | CmpRegBranch
            | AndS
            | OrrS
            | EorS
            | BicS
            | MvnS
            | AndImmW
            | OrrImmW
            | EorImmW
            | DataImmW
            | AndLslW
            | OrrLslW
            | EorLslW
            | BicLslW
            | Uxtb
            | Uxth
            | Sxtb
            | Sxth
            | Ubfx
            | Sbfx
            | LdrImm
            | LdrReg
            | LdrLit
            | LdrbImm
            | LdrbReg
            | LdrhImm
            | LdrhReg
            | LdrImmW
            | LdrRegW
            | LdrLitW
            | LdrbImmW
            | LdrbRegW
            | LdrhImmW
            | LdrhRegW
            | Beq
            | Bne
            | Bcs
            | Bcc
            | Bmi
            | Bpl
            | Bhi
            | Bls
            | Bge
            | Blt
            | Bgt
            | Ble
            | B
            | BcondW
            | Cbz
            | Cbnz
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cpu::Core;
    use crate::cpu::testing::{TestBus, run, started};
    use crate::time::Ticks;

    /// MOV R0, #LINES; MOV R4, #RAM
    const BASES: [u16; 4] = [0xF04F, 0x4080, 0xF04F, 0x5400];
    /// R1 from LINES four times, the third within ITT EQ; on while it is 0. MOVS R2, #7; B .
    const WAITS: [u16; 13] = [
        0x6801, 0xB941, 0x6801, 0x2900, 0xBF04, 0x6801, 0x2900, 0xD102, 0x6801, 0x2900, 0xD0F4,
        0x2207, 0xE7FE,
    ];

    fn program(body: &[u16]) -> (Core, TestBus) {
        started(&[&BASES, body].concat())
    }

    /// Where a core is: time, registers, the RAM that [`BASES`] points at.
    fn place(core: &Core, bus: &TestBus) -> (Ticks, Vec<u32>, Vec<u8>) {
        let registers = (0..=16).map(|number| core.register(number)).collect();
        (core.now(), registers, bus.ram[..4].to_vec())
    }

    #[test]
    fn a_wait_is_left_where_it_would_have_been() {
        let (whole, bus) = program(&WAITS);
        let (mut single, mut single_bus) = (whole.clone(), bus.clone());
        for cycles in 1..1_000 {
            run(&mut single, &mut single_bus, 1);
            let (mut fork, mut fork_bus) = (whole.clone(), bus.clone());
            // Woken by an event, not by the end of the run.
            fork_bus.event = Ticks(cycles * Ticks::CYCLE.0);
            fork.run(&mut fork_bus, Ticks::SECOND);
            assert_eq!(place(&fork, &fork_bus), place(&single, &single_bus));
            let (mut rest, mut rest_bus) = (single.clone(), single_bus.clone());
            for (core, bus) in [(&mut fork, &mut fork_bus), (&mut rest, &mut rest_bus)] {
                (bus.event, bus.lines) = (Ticks::NEVER, 1);
                run(core, bus, 30);
                assert_eq!(core.register(2), 7);
            }
            assert_eq!(place(&fork, &fork_bus), place(&rest, &rest_bus));
        }
    }

    #[test]
    fn a_wait_costs_a_few_reads_however_long_it_is() {
        let (mut core, mut bus) = program(&WAITS);
        core.run(&mut bus, Ticks::SECOND);
        assert!(bus.reads < 50, "{} reads", bus.reads);
        assert_eq!(core.now(), Ticks::SECOND);
    }

    #[test]
    fn a_wait_that_counts_is_counted() {
        // LDR R1, [R0]; ADDS R2, #1; CMP R1, #0; BEQ LDR
        let (mut core, mut bus) = program(&[0x6801, 0x3201, 0x2900, 0xD0FB]);
        run(&mut core, &mut bus, 2 + 4 * 10_000);
        assert_eq!((core.register(2), bus.reads), (10_000, 10_000));
        // The same in memory: LDR R1, [R0]; LDR R2, [R4]; ADDS R2, #1; STR R2, [R4]; MOVS R2, #0; B LDR
        let (mut core, mut bus) = program(&[0x6801, 0x6822, 0x3201, 0x6022, 0x2200, 0xE7F9]);
        run(&mut core, &mut bus, 2 + 6 * 10_000);
        assert_eq!(bus.ram[..4], 10_000_u32.to_le_bytes());
        assert_eq!(core.register(2), 0);
    }

    #[test]
    fn a_register_that_changes_by_itself_is_read_each_time() {
        // LDR R1, [R0, #8]; LDR R1, [R0] so often that it looks like a loop of its own; B to the first
        let mut code = vec![0x6801; 21];
        (code[0], code[20]) = (0x6881, 0xE7EA);
        let (mut core, mut bus) = program(&code);
        run(&mut core, &mut bus, 2 + 21 * 1_000 + 1);
        assert_eq!((bus.reads, core.register(1)), (20_001, 20_000));
    }

    /// Instructions for the body of a loop; what a branch may land on is one of them.
    const MENU: [&[u16]; 16] = [
        &[0x6801],         // LDR R1, [R0]
        &[0x6801],         // again, so that most loops wait
        &[0x6881],         // LDR R1, [R0, #8]
        &[0x6822],         // LDR R2, [R4]
        &[0x6022],         // STR R2, [R4]
        &[0x3201],         // ADDS R2, #1
        &[0x2200],         // MOVS R2, #0
        &[0x2900],         // CMP R1, #0
        &[0x008B],         // LSLS R3, R1, #2
        &[0x1E6D],         // SUBS R5, R5, #1
        &[0x460E],         // MOV R6, R1
        &[0x400D],         // ANDS R5, R1
        &[0xBF08, 0x2207], // IT EQ; MOVEQ R2, #7
        &[0xB105, 0xBF00], // CBZ R5, behind it; NOP
        &[0xF001, 0x0301], // AND R3, R1, #1
        &[0x43ED],         // MVNS R5, R5
    ];

    proptest! {
        #[test]
        fn any_loop_goes_as_if_it_were_stepped(
            body in proptest::collection::vec(0..MENU.len(), 1..12),
            cycles in 1_u64..1_500,
            lines in 0_u64..3,
        ) {
            let mut code: Vec<u16> = body.into_iter().flat_map(|index| MENU[index]).copied().collect();
            // B to its beginning.
            let back = code.len() as i16 + 2;
            code.push(0xE000 | (-back as u16 & 0x7FF));
            let (mut whole, mut bus) = program(&code);
            let (mut single, mut single_bus) = (whole.clone(), bus.clone());
            for (run_of, lines) in [(cycles, 0), (100, lines)] {
                (bus.lines, single_bus.lines) = (lines, lines);
                run(&mut whole, &mut bus, run_of);
                for _ in 0..run_of {
                    run(&mut single, &mut single_bus, 1);
                }
                prop_assert_eq!(place(&whole, &bus), place(&single, &single_bus));
            }
        }
    }
}
