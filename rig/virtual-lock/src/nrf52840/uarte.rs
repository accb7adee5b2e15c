//! UARTE: bytes in and out by EasyDMA at their real baud rate, with the receiver's four-byte FIFO and
//! its time-out after STOPRX. No flow control, no parity.

use super::wires::{Events, Gap, Peripheral, SerialByte, Wires, fits};
use crate::time::Ticks;

const RXDRDY: u8 = 2;
const ENDRX: u8 = 4;
const TXDRDY: u8 = 7;
const ENDTX: u8 = 8;
const ERROR: u8 = 9;
const RXTO: u8 = 17;
const RXSTARTED: u8 = 19;
const TXSTARTED: u8 = 20;
const TXSTOPPED: u8 = 22;
const IMPLEMENTED: u32 = 1 << RXDRDY
    | 1 << ENDRX
    | 1 << TXDRDY
    | 1 << ENDTX
    | 1 << ERROR
    | 1 << RXTO
    | 1 << RXSTARTED
    | 1 << TXSTARTED
    | 1 << TXSTOPPED;

/// `ERRORSRC`.
const OVERRUN: u32 = 1;
const FRAMING: u32 = 1 << 2;

const FIFO: usize = 4;
/// Bytes that may still come after STOPRX before the receiver times out.
const TIMEOUT_BYTES: u64 = 4;

/// `PTR`, `MAXCNT` and `AMOUNT`, and the transfer they started.
#[derive(Clone, Copy, Debug, Default)]
struct Dma {
    pointer: u32,
    max_count: u32,
    amount: u32,
    /// Address and length of the buffer in use, and how much of it is done.
    active: Option<(u32, u32)>,
    done: u32,
}

impl Dma {
    fn start(&mut self) {
        self.active = Some((self.pointer, self.max_count));
        self.done = 0;
    }

    fn end(&mut self) {
        self.active = None;
        self.amount = self.done;
    }
}

/// The UARTE peripheral.
#[derive(Clone, Debug)]
pub(crate) struct Uarte {
    events: Events,
    shorts: u32,
    error_source: u32,
    enabled: bool,
    /// `PSEL.RTS`, `TXD`, `CTS`, `RXD`.
    pins: [u32; 4],
    baud_rate: u32,
    config: u32,
    rx: Dma,
    tx: Dma,
    receiving: bool,
    fifo: Vec<u8>,
    rx_timeout_at: Ticks,
    sent_at: Ticks,
    stop_tx: bool,
}

impl Uarte {
    pub(crate) fn new(id: u8) -> Uarte {
        Uarte {
            events: Events::new(id, IMPLEMENTED),
            shorts: 0,
            error_source: 0,
            enabled: false,
            pins: [u32::MAX; 4],
            baud_rate: 0x0400_0000,
            config: 0,
            rx: Dma::default(),
            tx: Dma::default(),
            receiving: false,
            fifo: Vec::new(),
            rx_timeout_at: Ticks::NEVER,
            sent_at: Ticks::NEVER,
            stop_tx: false,
        }
    }

    fn bit(&self) -> u64 {
        // The rate is BAUDRATE * 16 MHz / 2^32.
        (Ticks::PCLK16M.0 << 32) / u64::from(self.baud_rate.max(1))
    }

    fn byte(&self) -> Ticks {
        let stops = 1 + u64::from(self.config >> 4 & 1);
        Ticks(self.bit() * (1 + 8 + stops))
    }

    /// The pin that `PSEL` number `index` is connected to.
    fn pin(&self, index: usize) -> Option<u8> {
        (self.pins[index] >> 31 == 0).then_some((self.pins[index] & 0x3F) as u8)
    }

    /// The pin that receives.
    pub(crate) fn receive_pin(&self) -> Option<u8> {
        self.pin(3).filter(|_| self.enabled)
    }

    /// A byte has come in on RXD, `bit` long each of its bits.
    pub(crate) fn receive(&mut self, byte: u8, bit: Ticks, wires: &mut Wires) {
        if !self.receiving && self.rx_timeout_at == Ticks::NEVER {
            return;
        }
        // Sampled in the middle: the tenth bit is missed when rates differ by a twentieth.
        let off = bit.0.abs_diff(self.bit());
        if off * 20 > self.bit() {
            // Such a byte is not stored.
            self.error_source |= FRAMING;
            self.events.raise(ERROR, wires);
            return;
        }
        if self.receiving && self.rx.active.is_some() {
            self.events.raise(RXDRDY, wires);
            self.store(byte, wires);
        } else if self.fifo.len() < FIFO {
            self.events.raise(RXDRDY, wires);
            self.fifo.push(byte);
        } else {
            self.error_source |= OVERRUN;
            self.events.raise(ERROR, wires);
        }
    }

    fn store(&mut self, byte: u8, wires: &mut Wires) {
        let Some((address, length)) = self.rx.active else {
            return;
        };
        wires.dma_write(address.wrapping_add(self.rx.done), [byte]);
        self.rx.done += 1;
        if self.rx.done == length {
            self.end_rx(wires);
        }
    }

    fn end_rx(&mut self, wires: &mut Wires) {
        self.rx.end();
        self.events.raise(ENDRX, wires);
        if self.shorts >> 5 & 1 == 1 {
            self.start_rx(wires);
        }
        if self.shorts >> 6 & 1 == 1 {
            self.stop_rx(wires.now);
        }
    }

    fn start_rx(&mut self, wires: &mut Wires) {
        self.rx.start();
        self.receiving = true;
        self.rx_timeout_at = Ticks::NEVER;
        self.events.raise(RXSTARTED, wires);
        if self.rx.max_count == 0 {
            self.rx.end();
            self.events.raise(ENDRX, wires);
            return;
        }
        for byte in std::mem::take(&mut self.fifo) {
            if self.rx.active.is_some() {
                self.store(byte, wires);
            } else {
                self.fifo.push(byte);
            }
        }
    }

    /// STOPRX: nothing, and no RXTO later, unless the receiver runs.
    fn stop_rx(&mut self, now: Ticks) {
        if !self.receiving {
            return;
        }
        self.receiving = false;
        self.rx_timeout_at = now + Ticks(self.byte().0 * TIMEOUT_BYTES);
    }

    /// FLUSHRX: what the FIFO holds goes to a new buffer, which ends there. Where it holds nothing, AMOUNT
    /// stays as it was (a fault of the chip that its drivers know of).
    fn flush_rx(&mut self, wires: &mut Wires) {
        if self.fifo.is_empty() {
            self.rx.active = None;
            self.events.raise(ENDRX, wires);
            return;
        }
        self.rx.start();
        let fit = self.fifo.len().min(self.rx.max_count as usize);
        for byte in self.fifo.drain(..fit) {
            wires.dma_write(self.rx.pointer.wrapping_add(self.rx.done), [byte]);
            self.rx.done += 1;
        }
        self.rx.end();
        self.events.raise(ENDRX, wires);
    }

    fn start_tx(&mut self, wires: &mut Wires) {
        self.tx.start();
        self.stop_tx = false;
        self.events.raise(TXSTARTED, wires);
        if self.tx.max_count == 0 {
            self.tx.end();
            self.events.raise(ENDTX, wires);
        } else if self.sent_at == Ticks::NEVER {
            self.sent_at = wires.now + self.byte();
        }
    }

    fn stop_tx(&mut self, wires: &mut Wires) {
        if self.sent_at == Ticks::NEVER {
            self.events.raise(TXSTOPPED, wires);
        } else {
            self.stop_tx = true;
        }
    }

    /// A byte has left.
    fn sent(&mut self, wires: &mut Wires) {
        self.sent_at = Ticks::NEVER;
        let Some((address, length)) = self.tx.active else {
            return;
        };
        let byte = wires.dma_read(address.wrapping_add(self.tx.done));
        if let Some(pin) = self.pin(1) {
            let bit = Ticks(self.bit());
            wires.serial_out.push(SerialByte {
                at: wires.now,
                pin,
                byte,
                bit,
            });
        }
        self.tx.done += 1;
        self.events.raise(TXDRDY, wires);
        if self.tx.done < length && !self.stop_tx {
            self.sent_at = wires.now + self.byte();
            return;
        }
        self.tx.end();
        self.events.raise(ENDTX, wires);
        if std::mem::take(&mut self.stop_tx) {
            self.events.raise(TXSTOPPED, wires);
        }
    }

    fn enable(&mut self, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match value {
            8 if !self.enabled => {
                self.enabled = true;
                if let Some(pin) = self.pin(1) {
                    wires.gpio.take_over(pin, true, false, wires.now);
                }
            }
            8 => {}
            0 => {
                self.enabled = false;
                self.receiving = false;
                self.fifo.clear();
                (self.rx.active, self.tx.active) = (None, None);
                (self.sent_at, self.rx_timeout_at) = (Ticks::NEVER, Ticks::NEVER);
                if let Some(pin) = self.pin(1) {
                    wires.gpio.hand_back(pin, wires.now);
                }
            }
            // 4 is the UART without EasyDMA.
            _ => return Err(Gap),
        }
        Ok(())
    }
}

impl Peripheral for Uarte {
    fn read(&mut self, offset: u32, _wires: &mut Wires) -> Result<u32, Gap> {
        Ok(match offset {
            0x200 => self.shorts,
            0x480 => self.error_source,
            0x500 => u32::from(self.enabled) << 3,
            0x508..0x518 => self.pins[(offset as usize - 0x508) / 4],
            0x524 => self.baud_rate,
            0x534 => self.rx.pointer,
            0x538 => self.rx.max_count,
            0x53C => self.rx.amount,
            0x544 => self.tx.pointer,
            0x548 => self.tx.max_count,
            0x54C => self.tx.amount,
            0x56C => self.config,
            // Events that are not modelled (flow control) never happen.
            0x100 | 0x104 => 0,
            _ => return self.events.read(offset),
        })
    }

    fn write(&mut self, offset: u32, value: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000..0x030 if value == 1 => return self.task(offset, wires),
            0x100 | 0x104 if value == 0 => {}
            0x200 => self.shorts = fits(value, 0x60)?,
            0x480 => self.error_source &= !value,
            0x500 => self.enable(value, wires)?,
            // RTS and CTS have to stay disconnected.
            0x508 | 0x510 if value >> 31 == 0 => return Err(Gap),
            0x508..0x518 if !self.enabled => self.pins[(offset as usize - 0x508) / 4] = value,
            0x524 if value != 0 => self.baud_rate = value,
            0x534 => self.rx.pointer = value,
            0x538 => self.rx.max_count = fits(value, 0xFFFF)?,
            0x544 => self.tx.pointer = value,
            0x548 => self.tx.max_count = fits(value, 0xFFFF)?,
            // PARITY has to stay excluded.
            0x56C => self.config = fits(value, 0x10)?,
            _ => return self.events.write(offset, value),
        }
        Ok(())
    }

    fn task(&mut self, offset: u32, wires: &mut Wires) -> Result<(), Gap> {
        match offset {
            0x000 if self.enabled => self.start_rx(wires),
            0x004 if self.enabled => self.stop_rx(wires.now),
            0x008 if self.enabled => self.start_tx(wires),
            0x00C if self.enabled => self.stop_tx(wires),
            0x02C if self.enabled => self.flush_rx(wires),
            0x000 | 0x004 | 0x008 | 0x00C | 0x02C => {}
            _ => return Err(Gap),
        }
        Ok(())
    }

    fn next_event(&self) -> Ticks {
        self.sent_at.min(self.rx_timeout_at)
    }

    fn advance(&mut self, wires: &mut Wires) {
        if self.sent_at <= wires.now {
            self.sent(wires);
        }
        if self.rx_timeout_at <= wires.now {
            self.rx_timeout_at = Ticks::NEVER;
            // The receiver has come to a stop. A buffer in use ends there, and its end may start the receiver
            // again, by a shortcut or through PPI: then it does not time out.
            if self.rx.active.is_some() {
                self.rx_timeout_at = wires.now + Ticks(1);
                self.end_rx(wires);
            } else {
                self.events.raise(RXTO, wires);
            }
        }
    }

    fn interrupt(&self) -> bool {
        self.events.interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Flash;
    use super::*;

    /// 9600 baud is 0x275000: 3 % of a per mille fast.
    const BIT: u64 = 53_345;

    fn uarte() -> (Uarte, Wires) {
        let mut wires = Wires::new(Flash::erased(), Ticks(0));
        let mut uarte = Uarte::new(2);
        for (offset, value) in [(0x524, 0x27_5000), (0x50C, 6), (0x514, 8), (0x500, 8)] {
            uarte.write(offset, value, &mut wires).unwrap();
        }
        (uarte, wires)
    }

    /// One that receives, eight bytes to 0x2000_0010.
    fn receiving() -> (Uarte, Wires) {
        let (mut uarte, mut wires) = uarte();
        let writes = [(0x534, 0x2000_0010), (0x538, 8), (0x000, 1)];
        set(&mut uarte, &mut wires, &writes);
        (uarte, wires)
    }

    fn set(uarte: &mut Uarte, wires: &mut Wires, writes: &[(u32, u32)]) {
        for (offset, value) in writes {
            uarte.write(*offset, *value, wires).unwrap();
        }
    }

    fn go(uarte: &mut Uarte, wires: &mut Wires) {
        while uarte.next_event() != Ticks::NEVER {
            wires.now = uarte.next_event();
            uarte.advance(wires);
        }
    }

    #[test]
    fn bytes_leave_at_the_baud_rate() {
        let (mut uarte, mut wires) = uarte();
        wires.ram.store(0, *b"ok");
        set(
            &mut uarte,
            &mut wires,
            &[(0x544, 0x2000_0000), (0x548, 2), (0x008, 1)],
        );
        assert_eq!(uarte.read(0x150, &mut wires), Ok(1));
        go(&mut uarte, &mut wires);
        let byte = |nth: u64, byte| SerialByte {
            at: Ticks(nth * 10 * BIT),
            pin: 6,
            byte,
            bit: Ticks(BIT),
        };
        assert_eq!(wires.serial_out, [byte(1, b'o'), byte(2, b'k')]);
        assert_eq!(uarte.read(0x120, &mut wires), Ok(1));
        assert_eq!(uarte.read(0x54C, &mut wires), Ok(2));
    }

    #[test]
    fn a_stopped_transmission_ends_after_its_byte() {
        let (mut uarte, mut wires) = uarte();
        set(
            &mut uarte,
            &mut wires,
            &[(0x544, 0x2000_0000), (0x548, 9), (0x008, 1), (0x00C, 1)],
        );
        go(&mut uarte, &mut wires);
        assert_eq!(wires.serial_out.len(), 1);
        assert_eq!(uarte.read(0x120, &mut wires), Ok(1));
        assert_eq!(uarte.read(0x158, &mut wires), Ok(1));
        assert_eq!(uarte.read(0x54C, &mut wires), Ok(1));
    }

    #[test]
    fn a_full_buffer_ends_and_the_fifo_keeps_four() {
        let (mut uarte, mut wires) = uarte();
        set(
            &mut uarte,
            &mut wires,
            &[(0x534, 0x2000_0010), (0x538, 2), (0x000, 1)],
        );
        for byte in 1..=7 {
            uarte.receive(byte, Ticks(BIT), &mut wires);
        }
        assert_eq!(uarte.read(0x110, &mut wires), Ok(1));
        assert_eq!(uarte.read(0x53C, &mut wires), Ok(2));
        assert_eq!(wires.ram.load(0x10), Some([1, 2]));
        assert_eq!(uarte.read(0x480, &mut wires), Ok(OVERRUN));
        set(
            &mut uarte,
            &mut wires,
            &[(0x480, OVERRUN), (0x538, 16), (0x000, 1)],
        );
        assert_eq!(wires.ram.load(0x10), Some([3, 4, 5, 6]));
        assert_eq!(uarte.read(0x480, &mut wires), Ok(0));
    }

    #[test]
    fn stopping_ends_the_buffer_before_the_timeout_event() {
        let (mut uarte, mut wires) = receiving();
        uarte.receive(1, Ticks(BIT), &mut wires);
        set(&mut uarte, &mut wires, &[(0x004, 1)]);
        assert_eq!(uarte.next_event(), Ticks(40 * BIT));
        uarte.receive(2, Ticks(BIT), &mut wires);
        go(&mut uarte, &mut wires);
        assert_eq!(uarte.read(0x110, &mut wires), Ok(1));
        assert_eq!(uarte.read(0x144, &mut wires), Ok(1));
        assert_eq!(uarte.read(0x53C, &mut wires), Ok(1));
        set(&mut uarte, &mut wires, &[(0x534, 0x2000_0020), (0x02C, 1)]);
        assert_eq!(wires.ram.load(0x20), Some([2]));
        assert_eq!(uarte.read(0x53C, &mut wires), Ok(1));
    }

    #[test]
    fn a_wrong_rate_is_a_framing_error() {
        let (mut uarte, mut wires) = receiving();
        uarte.receive(1, Ticks(BIT / 2), &mut wires);
        assert_eq!(uarte.read(0x480, &mut wires), Ok(FRAMING));
        assert_eq!(uarte.read(0x124, &mut wires), Ok(1));
        assert_eq!(uarte.read(0x108, &mut wires), Ok(0), "RXDRDY");
        uarte.receive(2, Ticks(BIT), &mut wires);
        assert_eq!(wires.ram.load(0x10), Some([2]));
        assert_eq!(uarte.write(0x56C, 0xE, &mut wires), Err(Gap));
    }

    #[test]
    fn a_receiver_that_does_not_run_does_not_time_out() {
        let (mut uarte, mut wires) = uarte();
        set(&mut uarte, &mut wires, &[(0x004, 1)]);
        assert_eq!(uarte.next_event(), Ticks::NEVER);
        set(
            &mut uarte,
            &mut wires,
            &[(0x534, 0x2000_0010), (0x538, 8), (0x000, 1), (0x004, 1)],
        );
        go(&mut uarte, &mut wires);
        set(&mut uarte, &mut wires, &[(0x144, 0), (0x004, 1)]);
        go(&mut uarte, &mut wires);
        assert_eq!(uarte.read(0x144, &mut wires), Ok(0));
    }

    #[test]
    fn a_buffer_that_is_stopped_starts_the_next_by_the_shortcut_instead_of_timing_out() {
        let (mut uarte, mut wires) = receiving();
        set(&mut uarte, &mut wires, &[(0x200, 0x20)]);
        uarte.receive(1, Ticks(BIT), &mut wires);
        set(&mut uarte, &mut wires, &[(0x534, 0x2000_0020), (0x004, 1)]);
        go(&mut uarte, &mut wires);
        assert_eq!(uarte.read(0x110, &mut wires), Ok(1), "ENDRX");
        assert_eq!(uarte.read(0x53C, &mut wires), Ok(1), "AMOUNT");
        assert_eq!(uarte.read(0x144, &mut wires), Ok(0), "RXTO");
        uarte.receive(2, Ticks(BIT), &mut wires);
        assert_eq!(wires.ram.load(0x20), Some([2]));
    }

    #[test]
    fn flushing_an_empty_fifo_leaves_the_amount() {
        let (mut uarte, mut wires) = receiving();
        for byte in 1..=3 {
            uarte.receive(byte, Ticks(BIT), &mut wires);
        }
        set(&mut uarte, &mut wires, &[(0x004, 1)]);
        go(&mut uarte, &mut wires);
        set(&mut uarte, &mut wires, &[(0x110, 0), (0x02C, 1)]);
        assert_eq!(uarte.read(0x110, &mut wires), Ok(1), "ENDRX");
        assert_eq!(uarte.read(0x53C, &mut wires), Ok(3), "AMOUNT");
    }

    #[test]
    fn nothing_is_heard_while_off() {
        let (mut uarte, mut wires) = uarte();
        uarte.receive(1, Ticks(BIT), &mut wires);
        assert_eq!(uarte.read(0x108, &mut wires), Ok(0));
        assert_eq!(uarte.write(0x510, 7, &mut wires), Err(Gap));
    }
}
