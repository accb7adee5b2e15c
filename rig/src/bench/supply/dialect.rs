//! How supplies are spoken to. A dialect is data: the bench file names one and may replace any of
//! its commands. Sources: the Keysight E36100 and Rigol DP800 programming guides, and the remote
//! control section of the Korad KA3005P manual.

use super::Ends;

/// Commands of one make. `{volts}`, `{amps}` and `{channel}` stand for what is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Its name in a bench file.
    pub(crate) name: &'static str,
    /// What ends commands and answers.
    pub(crate) ends: Ends,
    /// Speed unless the bench file says another.
    pub(crate) baud: u32,
    /// Asks who it is.
    pub(crate) identify: String,
    /// Sent once, before anything else.
    pub(crate) begin: Vec<String>,
    /// Sets the voltage.
    pub(crate) volts: String,
    /// Asks for the voltage that is set.
    pub(crate) volts_set: String,
    /// Sets the current limit.
    pub(crate) amps: String,
    /// Asks for the current limit that is set.
    pub(crate) amps_set: String,
    /// Makes it cut off, rather than hold the current, at the limit.
    pub(crate) cut_off: Vec<String>,
    /// Asks whether it cut off.
    pub(crate) tripped: Option<String>,
    /// Ends a cut-off.
    pub(crate) rearm: Option<String>,
    /// Output on.
    pub(crate) on: String,
    /// Output off.
    pub(crate) off: String,
    /// Asks whether the output is on.
    pub(crate) output: String,
    /// The bit that says so, where the answer is one byte of flags.
    pub(crate) output_bit: Option<u8>,
    /// Measures the voltage.
    pub(crate) measure_volts: String,
    /// Measures the current.
    pub(crate) measure_amps: String,
    /// Takes the oldest entry of the error queue.
    pub(crate) error: Option<String>,
}

/// Names of the dialects.
pub(crate) const DIALECTS: [&str; 3] = ["scpi", "rigol", "korad"];

/// Names of the commands that a bench file may replace.
pub(crate) const COMMANDS: [&str; 15] = [
    "identify",
    "begin",
    "volts",
    "volts-set",
    "amps",
    "amps-set",
    "cut-off",
    "tripped",
    "rearm",
    "on",
    "off",
    "output",
    "measure-volts",
    "measure-amps",
    "error",
];

impl Dialect {
    /// A dialect by its name.
    pub(crate) fn named(name: &str) -> Option<Dialect> {
        let text = str::to_owned;
        let list = |commands: &[&str]| commands.iter().map(|&c| c.to_owned()).collect();
        Some(match name {
            "scpi" => Dialect {
                name: "scpi",
                ends: Ends::Lf,
                baud: 9600,
                identify: text("*IDN?"),
                begin: list(&["*CLS", "SYST:REM"]),
                volts: text("VOLT {volts}"),
                volts_set: text("VOLT?"),
                amps: text("CURR {amps}"),
                amps_set: text("CURR?"),
                cut_off: list(&["CURR:PROT:STAT ON"]),
                tripped: Some(text("CURR:PROT:TRIP?")),
                rearm: Some(text("CURR:PROT:CLE")),
                on: text("OUTP ON"),
                off: text("OUTP OFF"),
                output: text("OUTP?"),
                output_bit: None,
                measure_volts: text("MEAS:VOLT?"),
                measure_amps: text("MEAS:CURR?"),
                error: Some(text("SYST:ERR?")),
            },
            "rigol" => Dialect {
                name: "rigol",
                ends: Ends::Lf,
                baud: 9600,
                identify: text("*IDN?"),
                begin: list(&["*CLS", ":SYST:REM"]),
                volts: text(":SOUR{channel}:VOLT {volts}"),
                volts_set: text(":SOUR{channel}:VOLT?"),
                amps: text(":SOUR{channel}:CURR {amps}"),
                amps_set: text(":SOUR{channel}:CURR?"),
                cut_off: list(&[
                    ":OUTP:OCP:VAL CH{channel},{amps}",
                    ":OUTP:OCP CH{channel},ON",
                ]),
                tripped: Some(text(":OUTP:OCP:QUES? CH{channel}")),
                rearm: Some(text(":OUTP:OCP:CLEAR CH{channel}")),
                on: text(":OUTP CH{channel},ON"),
                off: text(":OUTP CH{channel},OFF"),
                output: text(":OUTP? CH{channel}"),
                output_bit: None,
                measure_volts: text(":MEAS:VOLT? CH{channel}"),
                measure_amps: text(":MEAS:CURR? CH{channel}"),
                error: Some(text(":SYST:ERR?")),
            },
            "korad" => Dialect {
                name: "korad",
                ends: Ends::Nothing,
                baud: 9600,
                identify: text("*IDN?"),
                begin: Vec::new(),
                volts: text("VSET{channel}:{volts}"),
                volts_set: text("VSET{channel}?"),
                amps: text("ISET{channel}:{amps}"),
                amps_set: text("ISET{channel}?"),
                cut_off: list(&["OCP1"]),
                // It can't say so: its output is then simply off.
                tripped: None,
                rearm: None,
                on: text("OUT1"),
                off: text("OUT0"),
                output: text("STATUS?"),
                output_bit: Some(6),
                measure_volts: text("VOUT{channel}?"),
                measure_amps: text("IOUT{channel}?"),
                error: None,
            },
            _ => return None,
        })
    }

    /// Replaces a command by its name in a bench file; false when there is none of that name. An
    /// empty one goes without where the dialect can, and a list is separated by semicolons.
    pub(crate) fn replace(&mut self, name: &str, command: &str) -> bool {
        let optional = (!command.is_empty()).then(|| command.to_owned());
        let list = command
            .split(';')
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect();
        match name {
            "identify" => self.identify = command.to_owned(),
            "begin" => self.begin = list,
            "volts" => self.volts = command.to_owned(),
            "volts-set" => self.volts_set = command.to_owned(),
            "amps" => self.amps = command.to_owned(),
            "amps-set" => self.amps_set = command.to_owned(),
            "cut-off" => self.cut_off = list,
            "tripped" => self.tripped = optional,
            "rearm" => self.rearm = optional,
            "on" => self.on = command.to_owned(),
            "off" => self.off = command.to_owned(),
            "output" => {
                self.output = command.to_owned();
                self.output_bit = None;
            }
            "measure-volts" => self.measure_volts = command.to_owned(),
            "measure-amps" => self.measure_amps = command.to_owned(),
            "error" => self.error = optional,
            _ => return false,
        }
        true
    }
}

/// The number that an answer begins with. Some supplies add a unit, some a stray letter.
pub(crate) fn number(answer: &str) -> Option<f64> {
    let answer = answer.trim();
    let mut end = 0;
    for (at, c) in answer.char_indices() {
        let sign =
            matches!(c, '+' | '-') && (at == 0 || matches!(answer.as_bytes()[at - 1], b'e' | b'E'));
        let exponent = matches!(c, 'e' | 'E')
            && at > 0
            && answer[..at].ends_with(|c: char| c.is_ascii_digit() || c == '.');
        if !(sign || exponent || c.is_ascii_digit() || c == '.') {
            break;
        }
        end = at + c.len_utf8();
    }
    let number: f64 = answer[..end].trim_end_matches(['e', 'E']).parse().ok()?;
    let unit = answer[end..].trim();
    (number.is_finite() && unit.len() <= 1).then_some(number)
}

/// Yes or no, as supplies put it.
pub(crate) fn truth(answer: &str) -> Option<bool> {
    match answer.trim().to_ascii_uppercase().as_str() {
        "1" | "ON" | "YES" => Some(true),
        "0" | "OFF" | "NO" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_supplies_write_them() {
        let read =
            |answers: &[&str]| -> Vec<Option<f64>> { answers.iter().map(|a| number(a)).collect() };
        assert_eq!(
            read(&[
                "6.000",
                "+6.00000000E+00",
                "06.00",
                "1.000K",
                "5.99V",
                " -0.002 A"
            ]),
            [
                Some(6.0),
                Some(6.0),
                Some(6.0),
                Some(1.0),
                Some(5.99),
                Some(-0.002)
            ]
        );
        assert_eq!(
            read(&["", "ON", "6.0.0", "+", "E5", "6.0 volts", "0,\"No error\""]),
            [None; 7]
        );
    }

    #[test]
    fn every_command_can_be_replaced() {
        for name in DIALECTS {
            let mut dialect = Dialect::named(name).unwrap();
            for command in COMMANDS {
                let before = dialect.clone();
                assert!(dialect.replace(command, "X {volts}"), "{command}");
                assert_ne!(dialect, before, "{command}");
            }
            assert!(!dialect.replace("volt", "X"));
        }
    }
}
