//! Which probe is meant, when a bench file says where it is plugged in: clones share serial numbers,
//! so the kernel's own name of the port is what tells them apart.

use std::path::{Path, PathBuf};

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
    /// probe-rs can't tell it from another one.
    #[error(
        "use the probe at USB {location}: another one at USB {other} has the same serial number {serial:?}; unplug it"
    )]
    Twin {
        /// The place.
        location: String,
        /// The other's.
        other: String,
        /// What both say.
        serial: String,
    },
}

struct Device {
    location: String,
    vendor: String,
    product: String,
    serial: String,
}

/// The selector of a probe, as probe-rs writes it.
pub(crate) fn selector(which: &WhichProbe) -> Result<String, UsbError> {
    selector_in(Path::new("/sys/bus/usb/devices"), which)
}

fn selector_in(devices: &Path, which: &WhichProbe) -> Result<String, UsbError> {
    let location = match which {
        WhichProbe::Selector(selector) => return Ok(selector.clone()),
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
    let twin = devices.iter().find(|device| {
        device.location != here.location
            && (&device.vendor, &device.product, &device.serial)
                == (&here.vendor, &here.product, &here.serial)
    });
    if let Some(twin) = twin {
        return Err(UsbError::Twin {
            location: location.clone(),
            other: twin.location.clone(),
            serial: here.serial.clone(),
        });
    }
    let mut selector = format!("{}:{}", here.vendor, here.product);
    if !here.serial.is_empty() {
        selector.push(':');
        selector.push_str(&here.serial);
    }
    Ok(selector)
}

/// Devices on USB, without root hubs, in the order of their places.
fn read(devices: &Path) -> Vec<Device> {
    let entries = std::fs::read_dir(devices).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let found = paths.into_iter().filter_map(|path| {
        let location = path.file_name()?.to_str()?.to_owned();
        // `usb1` is a root hub, `1-1:1.0` an interface.
        if location.starts_with("usb") || location.contains(':') {
            return None;
        }
        let field =
            |name| std::fs::read_to_string(path.join(name)).map(|text| text.trim().to_owned());
        Some(Device {
            location,
            vendor: field("idVendor").ok()?,
            product: field("idProduct").ok()?,
            serial: field("serial").unwrap_or_default(),
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_becomes_a_selector_unless_it_has_a_twin() {
        let folder = tempfile::tempdir().unwrap();
        let plug = |location: &str, vendor: &str, product: &str, serial: &str| {
            let device = folder.path().join(location);
            std::fs::create_dir(&device).unwrap();
            for (name, value) in [
                ("idVendor", vendor),
                ("idProduct", product),
                ("serial", serial),
            ] {
                std::fs::write(device.join(name), format!("{value}\n")).unwrap();
            }
        };
        plug("usb1", "1d6b", "0002", "0");
        plug("1-1.2", "1366", "1015", "000683012345");
        plug("1-1.3", "0d28", "0204", "0001");
        plug("1-1.3:1.0", "0d28", "0204", "0001");
        plug("1-1.4", "0d28", "0204", "0001");
        let at = |place: &str| match selector_in(folder.path(), &WhichProbe::Usb(place.into())) {
            Ok(selector) => selector,
            Err(error) => error.to_string(),
        };
        let said = [at("1-1.2"), at("1-1.3"), at("2-1")];
        insta::assert_snapshot!(said.join("\n"), @r#"
        1366:1015:000683012345
        use the probe at USB 1-1.3: another one at USB 1-1.4 has the same serial number "0001"; unplug it
        find a probe at USB 2-1: nothing is plugged in there; there is 1366:1015 at 1-1.2, 0d28:0204 at 1-1.3, 0d28:0204 at 1-1.4
        "#);
    }
}
