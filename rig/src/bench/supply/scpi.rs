//! A bench supply that is spoken to over a serial port. It is found switched on or off, and is left
//! switched off; every setting is read back, and its error queue is read after every command that
//! changes something.

use std::time::Duration;

use super::dialect::{Dialect, number, truth};
use super::{Limits, Link, LinkError, Measured, Millivolts, Supply, SupplyError, within};

/// Most entries that an error queue is believed to hold.
const QUEUE: usize = 20;

/// Answers that belong to earlier questions, at most, before ours.
const STALE: usize = 8;

/// How a bench's supply is reached.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScpiSettings {
    /// Its serial port.
    pub(crate) port: String,
    /// Its speed.
    pub(crate) baud: u32,
    /// How it is spoken to.
    pub(crate) dialect: Box<Dialect>,
    /// Which of its outputs feeds the lock.
    pub(crate) channel: u8,
    /// How long an answer may take.
    pub(crate) patience: Duration,
}

/// A bench supply.
pub(crate) struct Scpi {
    link: Link,
    dialect: Box<Dialect>,
    channel: u8,
    limits: Limits,
    identity: String,
    on: bool,
}

impl Scpi {
    /// Opens a supply, switches it off, and sets its limits.
    pub(crate) fn open(settings: &ScpiSettings, limits: Limits) -> Result<Scpi, SupplyError> {
        let mut link = Link::open(
            &settings.port,
            settings.baud,
            settings.dialect.ends,
            settings.patience,
        )?;
        // Half a command may be left from whoever was here before.
        link.discard()?;
        let identity = link.ask(&settings.dialect.identify)?;
        let mut supply = Scpi {
            link,
            dialect: settings.dialect.clone(),
            channel: settings.channel,
            limits,
            identity,
            on: true,
        };
        for command in supply.dialect.begin.clone() {
            supply.link.say(&command)?;
        }
        // What others left in the queue is not about us.
        supply.drain_errors()?;
        supply.switch(false)?;
        supply.limit_current()?;
        Ok(supply)
    }

    fn limit_current(&mut self) -> Result<(), SupplyError> {
        let amps = f64::from(self.limits.milliamperes) / 1000.0;
        let command = self.dialect.amps.clone();
        self.order(&command)?;
        let question = self.dialect.amps_set.clone();
        let got = self.ask_number(&question)?;
        if (got - amps).abs() > 0.011 {
            return Err(SupplyError::ReadBack {
                supply: self.name(),
                what: "current limit",
                asked: format!("{amps:.3} A"),
                got: format!("{got:.3} A"),
            });
        }
        if let Some(rearm) = self.dialect.rearm.clone() {
            self.order(&rearm)?;
        }
        for command in self.dialect.cut_off.clone() {
            self.order(&command)?;
        }
        Ok(())
    }

    fn fill(&self, command: &str) -> String {
        command
            .replace("{channel}", &self.channel.to_string())
            .replace(
                "{amps}",
                &format!("{:.3}", f64::from(self.limits.milliamperes) / 1000.0),
            )
    }

    /// Sends a command and asks whether it was accepted.
    fn order(&mut self, command: &str) -> Result<(), SupplyError> {
        let command = self.fill(command);
        self.link.say(&command)?;
        match self.drain_errors()? {
            None => Ok(()),
            Some(error) => Err(SupplyError::Reported {
                supply: self.name(),
                command,
                error,
            }),
        }
    }

    /// Empties the error queue; its oldest entry, if there is one.
    fn drain_errors(&mut self) -> Result<Option<String>, SupplyError> {
        let Some(question) = self.dialect.error.clone() else {
            return Ok(None);
        };
        let question = self.fill(&question);
        let mut first = None;
        for _ in 0..QUEUE {
            let answer = self.retry(|link| {
                let answer = link.ask(&question)?;
                // `-113,"Undefined header"`; zero is the end of the queue.
                match number(answer.split(',').next().unwrap_or_default()) {
                    Some(code) => Ok((code, answer)),
                    None => Err(link.garbage(&question, answer.as_bytes())),
                }
            })?;
            match answer {
                (0.0, _) => return Ok(first),
                (_, text) => first = first.or(Some(text)),
            }
        }
        Ok(first)
    }

    /// Asks something; when the answer is missing or makes no sense, makes sure that both sides
    /// are at the same place of the conversation and asks once more.
    fn retry<T>(
        &mut self,
        mut ask: impl FnMut(&mut Link) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        match ask(&mut self.link) {
            Err(first @ (LinkError::Silent { .. } | LinkError::Garbage { .. })) => {
                match self.resync() {
                    Ok(()) => ask(&mut self.link),
                    Err(gone @ LinkError::Gone { .. }) => Err(gone),
                    Err(_) => Err(first),
                }
            }
            done => done,
        }
    }

    /// Throws away late answers, until the one to who it is comes.
    fn resync(&mut self) -> Result<(), LinkError> {
        self.link.discard()?;
        let mut answer = self.link.ask(&self.dialect.identify)?;
        for _ in 0..STALE {
            if answer == self.identity {
                return Ok(());
            }
            self.link.discard()?;
            answer = self.link.ask(&self.dialect.identify)?;
        }
        Err(self.link.garbage(&self.dialect.identify, answer.as_bytes()))
    }

    fn ask_number(&mut self, question: &str) -> Result<f64, SupplyError> {
        let question = self.fill(question);
        Ok(self.retry(|link| {
            let answer = link.ask(&question)?;
            number(&answer).ok_or_else(|| link.garbage(&question, answer.as_bytes()))
        })?)
    }

    fn ask_truth(&mut self, question: &str, bit: Option<u8>) -> Result<bool, SupplyError> {
        let question = self.fill(question);
        Ok(self.retry(|link| {
            let answer = link.ask_bytes(&question)?;
            let truth = match (bit, answer.as_slice()) {
                (Some(bit), [flags]) => Some(flags >> bit & 1 == 1),
                (Some(_), _) => None,
                (None, text) => std::str::from_utf8(text).ok().and_then(truth),
            };
            truth.ok_or_else(|| link.garbage(&question, &answer))
        })?)
    }

    fn is_on(&mut self) -> Result<bool, SupplyError> {
        let question = self.dialect.output.clone();
        self.ask_truth(&question, self.dialect.output_bit)
    }

    fn check_tripped(&mut self) -> Result<(), SupplyError> {
        let tripped = match self.dialect.tripped.clone() {
            Some(question) => self.ask_truth(&question, None)?,
            None => self.on && !self.is_on()?,
        };
        if tripped {
            return Err(SupplyError::OverCurrent {
                supply: self.name(),
                limit: self.limits.milliamperes,
            });
        }
        Ok(())
    }
}

impl Supply for Scpi {
    fn name(&self) -> String {
        format!("{} at {}", self.identity, self.link.name())
    }

    fn adjustable(&self) -> bool {
        true
    }

    fn set(&mut self, millivolts: Millivolts) -> Result<(), SupplyError> {
        within(millivolts, &self.limits)?;
        let volts = f64::from(millivolts) / 1000.0;
        let command = self
            .dialect
            .volts
            .replace("{volts}", &format!("{volts:.3}"));
        self.order(&command)?;
        let question = self.dialect.volts_set.clone();
        let got = self.ask_number(&question)?;
        // Half a step of a supply that knows hundredths, and rounding.
        if (got - volts).abs() > 0.0055 {
            return Err(SupplyError::ReadBack {
                supply: self.name(),
                what: "voltage",
                asked: format!("{volts:.3} V"),
                got: format!("{got:.3} V"),
            });
        }
        Ok(())
    }

    fn switch(&mut self, on: bool) -> Result<(), SupplyError> {
        let command = if on {
            &self.dialect.on
        } else {
            &self.dialect.off
        }
        .clone();
        self.order(&command)?;
        let is_on = self.is_on()?;
        if is_on != on {
            if on {
                self.check_tripped()?;
            }
            let word = |on| if on { "on" } else { "off" }.to_owned();
            return Err(SupplyError::ReadBack {
                supply: self.name(),
                what: "output",
                asked: word(on),
                got: word(is_on),
            });
        }
        self.on = on;
        Ok(())
    }

    fn measure(&mut self) -> Result<Option<Measured>, SupplyError> {
        self.check_tripped()?;
        let (volts, amps) = (
            self.dialect.measure_volts.clone(),
            self.dialect.measure_amps.clone(),
        );
        let millis = |value: f64| (value * 1000.0).round() as i32;
        Ok(Some(Measured {
            millivolts: millis(self.ask_number(&volts)?),
            milliamperes: Some(millis(self.ask_number(&amps)?)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Instrument, Trouble, anonymous};
    use super::*;

    const LIMITS: Limits = Limits {
        millivolts: 7_000,
        milliamperes: 1_500,
        tolerance_millivolts: 100,
    };

    fn open(instrument: &Instrument, dialect: &str) -> Result<Scpi, SupplyError> {
        let settings = ScpiSettings {
            port: instrument.path().to_owned(),
            baud: 9600,
            dialect: Box::new(Dialect::named(dialect).unwrap()),
            channel: 1,
            patience: Duration::from_millis(400),
        };
        Scpi::open(&settings, LIMITS)
    }

    /// Opens a supply, switches it on at 6 V, and then gives it trouble.
    fn troubled(trouble: Trouble) -> (Instrument, Scpi) {
        let instrument = Instrument::plug_in(true);
        let mut supply = open(&instrument, "scpi").unwrap();
        supply.set(6_000).unwrap();
        supply.switch(true).unwrap();
        instrument.trouble(trouble);
        (instrument, supply)
    }

    fn told(error: &SupplyError, instrument: &Instrument) -> String {
        anonymous(&error.to_string(), instrument.path())
    }

    #[test]
    fn each_dialect_sets_reads_back_switches_and_measures() {
        for dialect in super::super::dialect::DIALECTS {
            let instrument = Instrument::plug_in(dialect != "korad");
            instrument.settings().on = true;
            let mut supply = open(&instrument, dialect).unwrap();
            assert!(!instrument.settings().on, "{dialect} begins switched off");
            assert!(instrument.settings().cut_off, "{dialect}");
            assert_eq!(instrument.settings().amps, 1.5, "{dialect}");
            supply.set(5_120).unwrap();
            supply.switch(true).unwrap();
            instrument.settings().load = 0.75;
            let measured = supply.measure().unwrap();
            let wanted = Measured {
                millivolts: 5_120,
                milliamperes: Some(750),
            };
            assert_eq!(measured, Some(wanted), "{dialect}");
            supply.switch(false).unwrap();
            assert!(!instrument.settings().on, "{dialect}");
        }
    }

    #[test]
    fn trouble_that_passes_is_survived() {
        for trouble in [
            Trouble::Silence,
            Trouble::Garbage(b"\xFF\x00\x80"),
            Trouble::Garbage(b"OVERFLOW"),
            Trouble::Slow(Duration::from_millis(200)),
            // Later than it may be: its answer must not be taken for another one.
            Trouble::Slow(Duration::from_millis(450)),
        ] {
            let (instrument, mut supply) = troubled(trouble.clone());
            instrument.settings().load = 0.2;
            supply.set(4_600).unwrap();
            let measured = supply.measure().unwrap().unwrap();
            assert_eq!(
                (measured.millivolts, measured.milliamperes),
                (4_600, Some(200)),
                "{trouble:?}"
            );
        }
    }

    #[test]
    fn trouble_that_stays_is_told() {
        let mut said = Vec::new();
        let none = Trouble::Slow(Duration::ZERO);
        for troubles in [
            vec![Trouble::Silence, Trouble::Silence],
            // Answers to who it is, and then again nonsense.
            vec![Trouble::Garbage(b"\x1b[2J?"), none, Trouble::Garbage(b"?")],
            vec![Trouble::Garbage(b"endless 0123456789012345678901234567890123456789"); 20],
            vec![Trouble::Volts(6.2)],
            vec![Trouble::Unplugged],
        ] {
            let (instrument, mut supply) = troubled(troubles[0].clone());
            for trouble in &troubles[1..] {
                instrument.trouble(trouble.clone());
            }
            said.push(told(&supply.set(4_600).unwrap_err(), &instrument));
        }
        insta::assert_snapshot!(said.join("\n"), @r#"
        get an answer to `SYST:ERR?` from PORT within 400 ms; check that it is on, its baud rate and its dialect
        understand PORT: it answers "?" to `SYST:ERR?`
        understand PORT: it answers "endless 01234567890123456789012345678901..." to `SYST:ERR?`
        set the voltage of ACME,SIM-1,0,1.0 at PORT to 4.600 V: it reads back 6.200 V
        talk to PORT: it is gone (REASON); was it unplugged or switched off?
        "#);
    }

    #[test]
    fn what_the_supply_refuses_or_cuts_off_is_told() {
        let mut said = Vec::new();
        let instrument = Instrument::plug_in(true);
        let mut supply = open(&instrument, "scpi").unwrap();
        said.push(told(&supply.set(7_001).unwrap_err(), &instrument));
        assert!(
            !instrument
                .settings()
                .heard
                .iter()
                .any(|c| c.contains("7.001"))
        );
        supply.set(6_000).unwrap();
        instrument.settings().tripped = true;
        said.push(told(&supply.switch(true).unwrap_err(), &instrument));
        said.push(told(&supply.measure().unwrap_err(), &instrument));
        drop(supply);
        let mut dialect = Dialect::named("scpi").unwrap();
        assert!(dialect.replace("volts", "VOLTAGES {volts}"));
        let settings = ScpiSettings {
            port: instrument.path().to_owned(),
            baud: 9600,
            dialect: Box::new(dialect),
            channel: 1,
            patience: Duration::from_millis(400),
        };
        let mut supply = Scpi::open(&settings, LIMITS).unwrap();
        said.push(told(&supply.set(5_000).unwrap_err(), &instrument));
        said.push(told(&open(&instrument, "scpi").err().unwrap(), &instrument));
        insta::assert_snapshot!(said.join("\n"), @r#"
        set 7001 mV: the bench file allows at most 7000 mV
        feed the lock: ACME,SIM-1,0,1.0 at PORT cut off at its limit of 1500 mA; look for a short circuit
        feed the lock: ACME,SIM-1,0,1.0 at PORT cut off at its limit of 1500 mA; look for a short circuit
        control ACME,SIM-1,0,1.0 at PORT: it reports -113,"Undefined header" after `VOLTAGES 5.000`
        open PORT: Unable to acquire exclusive lock on serial port; is it in use by another program?
        "#);
    }
}
