//! Mistakes that people make in scenarios: each has its message in a snapshot, and an editor's schema
//! is held against all of them.

/// Whole files, wrong outside of their steps.
pub(crate) const IN_THE_FILE: &[&str] = &[
    "",
    "# only a comment\n",
    "- a\n- b\n",
    "title: [",
    "title: T\ngiven: new\nsteps:\n  - wait: 1s\n - wait: 2s\n",
    "titel: T\ngiven: new\nsteps: [wait: 1s]\n",
    "title: T\nsteps: [wait: 1s]\n",
    "title:\ngiven: new\nsteps: [wait: 1s]\n",
    "title: ''\ngiven: used\nsteps: [wait: 1s]\n",
    "title: T\ngiven: programed\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\nlocks: [ten-keys]\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\nlocks: []\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\nlocks: [ten-key, ten-key]\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\ndoor: top\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\ntolerance: 5\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\ntitle: U\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\n",
    "title: T\ngiven: new\nsteps:\n",
    "title: T\ngiven: new\nsteps: []\n",
    "title: T\ngiven: new\nsteps: wait 1s\n",
    "title: T\ngiven: new\nsteps: [wait: 1s, note: end]\n",
];

/// A step that is wrong by itself.
pub(crate) const IN_A_STEP: &[&str] = &[
    "wiat: 1s",
    "flash: now",
    "wait",
    "wait:",
    "[wait, 1s]",
    "{}",
    "{ wait: 1s, press: lock }",
    "wait: 30",
    "wait: [1s]",
    "wait: 0s",
    "settle: soon",
    "battery: conect",
    "battery: 4.6",
    "battery: 12 V",
    "battery: { resistance: 2 ohm }",
    "battery: { volts: 4.6 V, ohm: 2 }",
    "battery: [connect]",
    "press: star",
    "press: porgram",
    "press: { key: lock }",
    "press: { key: lock, for: 5 }",
    "press: switch 3",
    "hold: 12",
    "enter: 12a4",
    "enter: \"12345678901234567\"",
    "enter: { code: \"1234\", confirm: maybe }",
    "enter: \"\"",
    "switch: 3",
    "switch: 4 on",
    "switch: 3 up",
    "turn-key: open",
    "jam: yes",
    "repeat: 3",
    "repeat: { times: 0, steps: [wait: 1s] }",
    "repeat: { times: 3 }",
    "repeat: { times: 1000, steps: [press: 1, press: 2, press: 3, press: 4, press: 5, press: 6, press: 7, press: 8, press: 9, press: 0, press: lock] }",
    "repeat: { times: 3, steps: [expect: { motor: none }] }",
    "repeat: { times: 3, steps: [sweep: { over: 1 V to 2 V, by: 1 V, steps: [battery: $point] }] }",
    "sweep: 4 V to 5 V",
    "sweep: { over: 4 V to 5 V, steps: [battery: $point] }",
    "sweep: { over: 4 V, by: 0.1 V, steps: [battery: $point] }",
    "sweep: { over: 4 V to 5 V, by: 0.3 V, steps: [battery: $point] }",
    "sweep: { over: 4 V to 5 V, by: 100 mV, steps: [battery: $point] }",
    "sweep: { over: 4 V to 5 V, by: 0 V, steps: [battery: $point] }",
    "sweep: { over: 4 V to 5 V, by: 0.0001 V, steps: [battery: $point] }",
    "sweep: { over: four V to five V, by: 1 V, steps: [battery: $point] }",
    "sweep: { over: [alkaline], steps: [battery: { chemistry: $point, charge: 5% }] }",
    "sweep: { over: [alkaline, alkaline], steps: [battery: { chemistry: $point, charge: 5% }] }",
    "sweep: { over: [alkaline, lithium], by: 1, steps: [battery: { chemistry: $point, charge: 5% }] }",
    "sweep: { over: [alkaline, zinc], steps: [battery: { chemistry: $point, charge: 5% }] }",
    "sweep: { over: 4 V to 5 V, by: 1 V, steps: [wait: 1s] }",
    "sweep: { over: 11 V to 12 V, by: 1 V, steps: [battery: $point] }",
    "sweep: { over: 4 V to 5 V, by: 1 V, steps: [battery: $point, expect: { motor: none }] }",
    "sweep: { over: 4 V to 5 V, by: 1 V, steps: [battery: $point, note: end] }",
    "sweep: { over: 1s to 2s, by: 1s, steps: [sweep: { over: 1s to 2s, by: 1s, steps: [wait: $point] }] }",
];

/// A battery step whose cells are wrong.
pub(crate) const ABOUT_CELLS: &[&str] = &[
    "battery: {}",
    "battery: { chemistry: alkaline }",
    "battery: { charge: 20% }",
    "battery: { chemistry: zinc, charge: 20% }",
    "battery: { chemistry: alkaline, charge: 20 }",
    "battery: { chemistry: alkaline, charge: 101% }",
    "battery: { volts: 5 V, charge: 20% }",
    "battery: { cells: [alkaline 80%] }",
    "battery: { cells: [alkalin 80%, lithium, nimh 20% upside-down, nimh 20% leaking 5] }",
];

/// What a scenario's other keys can't be.
pub(crate) const IN_A_KEY: &[&str] = &[
    "title: T\ngiven: new\ntolerance: []\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\ntolerance: 2% + 5ms\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\ndoor: rigth\nsteps: [wait: 1s]\n",
    "title: [T]\ngiven: new\nsteps: [wait: 1s]\n",
    "title: T\ngiven: new\nlocks: { ten-key: yes }\nsteps: [wait: 1s]\n",
    "title: T\ngiven: handed\nsteps: [{ note: [] }, { note: '' }, wait: 1s]\n",
    "title: T\ngiven: handed\nsteps: [{ repeat: { times: 1000, steps: [press: 1, press: 2, press: 3, press: 4, press: 5, press: 6, press: 7, press: 8, press: 9, press: 0] } }, wait: 1s]\n",
];

/// Whole files whose steps don't go together.
pub(crate) const ACROSS_STEPS: &[&str] = &[
    "title: T\ngiven: new\nsteps: [battery: disconnect]\n",
    "title: T\ngiven: handed\nsteps: [battery: connect]\n",
    "title: T\ngiven: handed\nsteps: [hold: program, press: program]\n",
    "title: T\ngiven: handed\nsteps: [hold: program, release: lock]\n",
    "title: T\ngiven: handed\nsteps: [release: lock]\n",
    "title: T\ngiven: handed\nsteps: [press: 1/2]\n",
    "title: T\ngiven: handed\nlocks: five-key\nsteps: [hold: 1, press: 2]\n",
    "title: T\ngiven: handed\nlocks: ten-key\nsteps: [hold: lock, enter: \"1234\"]\n",
    "title: T\ngiven: new\nsteps:\n  - sweep: { over: 1s to 2s, by: 1s, steps: [wait: $point] }\n  - settle\n",
    "title: T\ngiven: new\nsteps:\n  - sweep: { over: 1s to 2s, by: 1s, steps: [wait: $point] }\n  - expect: { motor: none }\n",
    "title: T\ngiven: handed\nsteps: [sweep: { over: 1s to 3s, by: 1s, steps: [battery: connect, wait: $point] }]\n",
];

/// A file with many.
pub(crate) const AT_ONCE: &[&str] =
    &["titel: T\ngiven: now\nsteps:\n  - wait: 30\n  - pres: lock\n"];

/// A step of the hub or the storage that is wrong.
pub(crate) const ABOUT_THE_HUB: &[&str] = &[
    "hub: open",
    "hub: [lock]",
    "hub: {}",
    "hub: { set-code: \"1234\" }",
    "hub: { slot: 2 }",
    "hub: { set-code: \"123456789\", slot: 2 }",
    "hub: { set-code: \"12x4\", slot: 70000 }",
    "hub: { get-code: 1, delete-code: 1 }",
    "hub: { get-code: two }",
    "hub: { event: 256 }",
    "hub: { set-clock: \"14 06\" }",
    "hub: { bytes: BD4 }",
    "hub: { byte: BD }",
    "storage: corupt",
    "processor: hnag",
];

/// Whole files whose hub or storage steps don't go together.
pub(crate) const ABOUT_THE_HUB_ACROSS: &[&str] = &[
    "title: T\ngiven: new\nsteps: [storage: corrupt]\n",
    "title: T\ngiven: handed\nsteps: [hold: hub, hub: pair]\n",
];

/// What an `expect` is about.
pub(crate) const IN_AN_EXPECTATION: &[&str] = &[
    "{}",
    "none",
    "{ moter: none }",
    "{ motor: opened }",
    "{ motor: none open }",
    "{ keypad: blue 3x }",
    "{ keypad: red three }",
    "{ keypad: red 0x }",
    "{ keypad: red 3x 150ms }",
    "{ beeper: loud }",
    "{ beeper: [] }",
    "{ motor: }",
    "{ hub: yes }",
    "{ hub: nak 1 }",
    "{ power: low }",
    "{ power: reset sofware }",
];

/// A scenario that is right but for one step.
pub(crate) fn with_step(step: &str) -> String {
    format!("title: T\ngiven: handed\nlocks: ten-key\nsteps:\n  - {step}\n")
}

/// A scenario that is right but for what its step is to lead to.
pub(crate) fn with_expectation(expect: &str) -> String {
    with_step(&format!("wait: 1s\n  - expect: {expect}"))
}

/// Every one of them, as a whole file.
pub(crate) fn all() -> Vec<String> {
    let whole = [
        IN_THE_FILE,
        IN_A_KEY,
        ACROSS_STEPS,
        AT_ONCE,
        ABOUT_THE_HUB_ACROSS,
    ];
    let steps = [IN_A_STEP, ABOUT_CELLS, ABOUT_THE_HUB];
    let whole = whole
        .into_iter()
        .flatten()
        .map(|source| (*source).to_owned());
    let steps = steps.into_iter().flatten().map(|step| with_step(step));
    let expectations = IN_AN_EXPECTATION
        .iter()
        .map(|expect| with_expectation(expect));
    whole.chain(steps).chain(expectations).collect()
}
