//! Which probe is meant, when a bench file says where it is plugged in: clones share serial numbers,
//! so the kernel's own name of the port is what tells them apart. probe-rs knows no places; where it
//! could take another probe than the one that is meant, the others are kept busy while it looks, and
//! where that can't be done the choice is refused.

use std::path::{Path, PathBuf};

use nusb::{ErrorKind, MaybeFuture};

use crate::bench::file::WhichProbe;

/// A probe that can't be told from its place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsbError {
    /// Nothing is plugged in there.
    #[error("find a probe at USB {location}: nothing is plugged in there; there is {others}")]
    Nothing {
        /// The place.
        location: String,
        /// What is plugged in elsewhere.
        others: String,
    },
    /// probe-rs can't be kept from taking another one.
    #[error(
        "use the probe at USB {location}: its serial number {serial:?} doesn't tell it from the one at USB {other}, and only CMSIS-DAP v2 probes can be told apart by their place; unplug the other"
    )]
    Twin {
        /// The place.
        location: String,
        /// The other's.
        other: String,
        /// What both say.
        serial: String,
    },
    /// Someone has it, or this user may not.
    #[error("use the probe at USB {location}: {reason}")]
    Closed {
        /// The place.
        location: String,
        /// What the system says.
        reason: String,
    },
    /// Another one was taken all the same.
    #[error(
        "use the probe at USB {location}: another one with its serial number was opened; unplug the others"
    )]
    Mistaken {
        /// The place.
        location: String,
    },
}

/// Which probe to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// As probe-rs writes it.
    selector: String,
    /// The one that is meant and those that say the same of themselves.
    among: Option<(Interface, Vec<Interface>)>,
}

/// The interface of a CMSIS-DAP v2 probe.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Interface {
    location: String,
    number: u8,
}

impl Choice {
    /// As probe-rs writes it.
    pub(crate) fn selector(&self) -> &str {
        &self.selector
    }

    /// Lets `open` open the probe by its selector, and sees to it that it can't take another one.
    pub(crate) fn open<T, E>(
        &self,
        open: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Result<T, E>, UsbError> {
        self.open_on(&Kernel, open)
    }

    fn open_on<B: Bus, T, E>(
        &self,
        bus: &B,
        open: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Result<T, E>, UsbError> {
        let Some((meant, twins)) = &self.among else {
            return Ok(open(&self.selector));
        };
        let closed = |reason| UsbError::Closed {
            location: meant.location.clone(),
            reason,
        };
        // A driver that finds the one that is meant busy goes on to something else.
        drop(
            bus.claim(meant)
                .map_err(|refused| closed(refused.to_string()))?,
        );
        let mut held = Vec::new();
        for twin in twins {
            match bus.claim(twin) {
                Ok(claim) => held.push(claim),
                // No one else can take it either.
                Err(Refused::Busy) => {}
                Err(refused) => {
                    return Err(closed(format!(
                        "its twin at USB {} can't be kept out: {refused}",
                        twin.location
                    )));
                }
            }
        }
        let opened = open(&self.selector);
        if opened.is_ok() && !matches!(bus.claim(meant), Err(Refused::Busy)) {
            return Err(UsbError::Mistaken {
                location: meant.location.clone(),
            });
        }
        Ok(opened)
    }
}

/// Why an interface is not ours.
#[derive(Debug, thiserror::Error)]
enum Refused {
    /// Someone else has it.
    #[error("another program has it")]
    Busy,
    #[error("{0}")]
    Other(String),
}

/// Where interfaces are claimed: what is claimed is no one else's until it is dropped.
trait Bus {
    type Claim;

    fn claim(&self, interface: &Interface) -> Result<Self::Claim, Refused>;
}

/// The kernel's usbfs.
struct Kernel;

impl Bus for Kernel {
    type Claim = nusb::Interface;

    fn claim(&self, interface: &Interface) -> Result<nusb::Interface, Refused> {
        let refused = |error: nusb::Error| match error.kind() {
            ErrorKind::Busy => Refused::Busy,
            _ => Refused::Other(error.to_string()),
        };
        let mut devices = nusb::list_devices().wait().map_err(refused)?;
        let device = devices
            .find(|device| place(device) == interface.location)
            .ok_or_else(|| Refused::Other("nothing is plugged in there any more".to_owned()))?;
        let device = device.open().wait().map_err(refused)?;
        device
            .claim_interface(interface.number)
            .wait()
            .map_err(refused)
    }
}

/// As the kernel writes it: bus, and the ports on the way.
fn place(device: &nusb::DeviceInfo) -> String {
    let ports: Vec<String> = device.port_chain().iter().map(u8::to_string).collect();
    let bus = device.bus_id().trim_start_matches('0');
    format!("{bus}-{}", ports.join("."))
}

#[derive(Debug)]
struct Device {
    location: String,
    vendor: String,
    product: String,
    serial: String,
    /// Its CMSIS-DAP v2 interfaces.
    interfaces: Vec<u8>,
}

impl Device {
    /// Whether probe-rs may take this one for `other`, if it looks for that.
    fn passes_for(&self, other: &Device) -> bool {
        (&self.vendor, &self.product) == (&other.vendor, &other.product)
            && (self.serial == other.serial || other.serial.is_empty())
    }

    /// The one interface that probe-rs would open.
    fn interface(&self) -> Option<Interface> {
        match self.interfaces.as_slice() {
            [number] => Some(Interface {
                location: self.location.clone(),
                number: *number,
            }),
            _ => None,
        }
    }
}

/// The probe that is meant.
pub(crate) fn choose(which: &WhichProbe) -> Result<Choice, UsbError> {
    choose_in(Path::new("/sys/bus/usb/devices"), which)
}

fn choose_in(devices: &Path, which: &WhichProbe) -> Result<Choice, UsbError> {
    let location = match which {
        WhichProbe::Selector(selector) => {
            return Ok(Choice {
                selector: selector.clone(),
                among: None,
            });
        }
        WhichProbe::Usb(location) => location,
    };
    let devices = read(devices);
    let Some(here) = devices.iter().find(|device| device.location == *location) else {
        let others: Vec<String> = devices
            .iter()
            .map(|device| {
                format!(
                    "{}:{} at {}",
                    device.vendor, device.product, device.location
                )
            })
            .collect();
        return Err(UsbError::Nothing {
            location: location.clone(),
            others: if others.is_empty() {
                "nothing".to_owned()
            } else {
                others.join(", ")
            },
        });
    };
    let mut selector = format!("{}:{}", here.vendor, here.product);
    if !here.serial.is_empty() {
        selector.push(':');
        selector.push_str(&here.serial);
    }
    let twins: Vec<&Device> = devices
        .iter()
        .filter(|device| device.location != here.location && device.passes_for(here))
        .collect();
    let Some(first) = twins.first() else {
        return Ok(Choice {
            selector,
            among: None,
        });
    };
    let others: Option<Vec<Interface>> = twins.iter().map(|twin| twin.interface()).collect();
    match here.interface().zip(others) {
        Some(among) => Ok(Choice {
            selector,
            among: Some(among),
        }),
        None => Err(UsbError::Twin {
            location: location.clone(),
            other: first.location.clone(),
            serial: here.serial.clone(),
        }),
    }
}

/// Devices on USB, without root hubs, in the order of their places.
fn read(devices: &Path) -> Vec<Device> {
    let entries = std::fs::read_dir(devices).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    // `usb1` is a root hub, `1-1:1.0` an interface of what is at 1-1.
    let named = paths
        .iter()
        .filter_map(|path| Some((path, path.file_name()?.to_str()?)));
    let found = named.filter(|(_, name)| !name.starts_with("usb") && !name.contains(':'));
    let found = found.filter_map(|(path, name)| {
        Some(Device {
            location: name.to_owned(),
            vendor: field(path, "idVendor")?,
            product: field(path, "idProduct")?,
            serial: field(path, "serial").unwrap_or_default(),
            interfaces: paths
                .iter()
                .filter(|path| {
                    let of = path
                        .file_name()
                        .and_then(|name| name.to_str()?.split_once(':'));
                    of.is_some_and(|(device, _)| device == name)
                })
                .filter_map(|path| dap_v2(path))
                .collect(),
        })
    });
    found.collect()
}

/// The number of an interface, if it is one of a CMSIS-DAP v2 probe: vendor-specific, and named so.
fn dap_v2(interface: &Path) -> Option<u8> {
    let name = field(interface, "interface")?;
    let class = (
        field(interface, "bInterfaceClass")?,
        field(interface, "bInterfaceSubClass")?,
    );
    let named = name.contains("CMSIS-DAP") || name.contains("CMSIS_DAP");
    if !named || class != ("ff".to_owned(), "00".to_owned()) {
        return None;
    }
    u8::from_str_radix(&field(interface, "bInterfaceNumber")?, 16).ok()
}

fn field(path: &Path, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path.join(name)).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::rc::Rc;

    use super::*;

    fn write(folder: &Path, name: &str, fields: &[(&str, &str)]) {
        let folder = folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        for (field, value) in fields {
            std::fs::write(folder.join(field), format!("{value}\n")).unwrap();
        }
    }

    fn plug(folder: &Path, location: &str, vendor: &str, product: &str, serial: &str) {
        let fields = [
            ("idVendor", vendor),
            ("idProduct", product),
            ("serial", serial),
        ];
        write(folder, location, &fields);
    }

    fn interface(folder: &Path, at: &str, number: &str, class: &str, name: &str) {
        let fields = [
            ("bInterfaceNumber", number),
            ("bInterfaceClass", class),
            ("bInterfaceSubClass", "00"),
            ("interface", name),
        ];
        write(folder, at, &fields);
    }

    fn choice(folder: &Path, place: &str) -> Result<Choice, UsbError> {
        choose_in(folder, &WhichProbe::Usb(place.into()))
    }

    #[test]
    fn a_place_becomes_a_selector_unless_it_has_a_twin_that_probe_rs_can_t_be_kept_from() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        plug(folder, "usb1", "1d6b", "0002", "0");
        plug(folder, "1-1.2", "1366", "1015", "000683012345");
        plug(folder, "1-1.3", "0d28", "0204", "0001");
        interface(folder, "1-1.3:1.0", "00", "ff", "CMSIS-DAP v2");
        plug(folder, "1-1.4", "0d28", "0204", "0001");
        // Version 1 only.
        interface(folder, "1-1.4:1.0", "00", "03", "CMSIS-DAP v1");
        // Without a serial number, whatever has another one passes for it.
        plug(folder, "1-2", "1366", "1015", "");
        let said = ["1-1.2", "1-1.3", "2-1", "1-2"].map(|place| match choice(folder, place) {
            Ok(choice) => format!("{} {:?}", choice.selector, choice.among),
            Err(error) => error.to_string(),
        });
        insta::assert_snapshot!(said.join("\n"), @r#"
        1366:1015:000683012345 None
        use the probe at USB 1-1.3: its serial number "0001" doesn't tell it from the one at USB 1-1.4, and only CMSIS-DAP v2 probes can be told apart by their place; unplug the other
        find a probe at USB 2-1: nothing is plugged in there; there is 1366:1015 at 1-1.2, 0d28:0204 at 1-1.3, 0d28:0204 at 1-1.4, 1366:1015 at 1-2
        use the probe at USB 1-2: its serial number "" doesn't tell it from the one at USB 1-1.2, and only CMSIS-DAP v2 probes can be told apart by their place; unplug the other
        "#);
    }

    /// Two probes and who has them; claims end when they are dropped.
    #[derive(Default)]
    struct Desk {
        taken: Rc<RefCell<BTreeSet<String>>>,
        /// This place does not open.
        closed: Option<String>,
    }

    struct Claimed(Rc<RefCell<BTreeSet<String>>>, String);

    impl Drop for Claimed {
        fn drop(&mut self) {
            self.0.borrow_mut().remove(&self.1);
        }
    }

    impl Bus for Desk {
        type Claim = Claimed;

        fn claim(&self, interface: &Interface) -> Result<Claimed, Refused> {
            let location = interface.location.clone();
            if self.closed.as_ref() == Some(&location) {
                return Err(Refused::Other("permission denied".to_owned()));
            }
            match self.taken.borrow_mut().insert(location.clone()) {
                true => Ok(Claimed(Rc::clone(&self.taken), location)),
                false => Err(Refused::Busy),
            }
        }
    }

    /// As probe-rs's driver: the first that can be claimed.
    fn first_free(desk: &Desk) -> Result<(String, Claimed), &'static str> {
        let places = ["1-1.1", "1-1.3", "1-1.4"];
        places
            .iter()
            .find_map(|place| {
                let location = (*place).to_owned();
                let claim = desk
                    .claim(&Interface {
                        location,
                        number: 0,
                    })
                    .ok()?;
                Some(((*place).to_owned(), claim))
            })
            .ok_or("not found")
    }

    fn three() -> (tempfile::TempDir, Desk) {
        let folder = tempfile::tempdir().unwrap();
        for place in ["1-1.1", "1-1.3", "1-1.4"] {
            plug(folder.path(), place, "0d28", "0204", "0001");
            interface(
                folder.path(),
                &format!("{place}:1.0"),
                "00",
                "ff",
                "CMSIS-DAP v2",
            );
        }
        (folder, Desk::default())
    }

    #[test]
    fn each_of_three_twins_is_opened_by_its_place_and_the_others_are_let_go() {
        let (folder, desk) = three();
        for place in ["1-1.1", "1-1.3", "1-1.4"] {
            let choice = choice(folder.path(), place).unwrap();
            let opened = choice.open_on(&desk, |_| first_free(&desk)).unwrap();
            let (taken, claim) = opened.unwrap();
            assert_eq!(taken, place);
            assert_eq!(*desk.taken.borrow(), BTreeSet::from([taken]));
            drop(claim);
        }
    }

    #[test]
    fn a_twin_that_another_program_has_is_out_of_the_way() {
        let (folder, desk) = three();
        let other = first_free(&desk).unwrap();
        let choice = choice(folder.path(), "1-1.4").unwrap();
        let opened = choice.open_on(&desk, |_| first_free(&desk)).unwrap();
        assert_eq!(
            (opened.unwrap().0, other.0),
            ("1-1.4".to_owned(), "1-1.1".to_owned())
        );
    }

    #[test]
    fn what_is_busy_closed_or_mistaken_is_said_and_nothing_stays_held() {
        let (folder, mut desk) = three();
        let choice = choice(folder.path(), "1-1.3").unwrap();
        let mut said = Vec::new();
        let mut open = |desk: &Desk, take: &dyn Fn(&Desk) -> Result<(), &'static str>| match choice
            .open_on(desk, |_| take(desk))
        {
            Ok(opened) => said.push(format!("{opened:?}")),
            Err(error) => said.push(error.to_string()),
        };
        // Opens nothing of what it was to open.
        open(&desk, &|_| Ok(()));
        open(&desk, &|_| Err("no chip"));
        let mine = desk.claim(&Interface {
            location: "1-1.3".into(),
            number: 0,
        });
        open(&desk, &|_| Ok(()));
        drop(mine);
        desk.closed = Some("1-1.4".to_owned());
        open(&desk, &|_| Ok(()));
        insta::assert_snapshot!(said.join("\n"), @r#"
        use the probe at USB 1-1.3: another one with its serial number was opened; unplug the others
        Err("no chip")
        use the probe at USB 1-1.3: another program has it
        use the probe at USB 1-1.3: its twin at USB 1-1.4 can't be kept out: permission denied
        "#);
        assert!(desk.taken.borrow().is_empty());
    }
}
