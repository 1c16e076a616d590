//! Device nodes beyond the six that every container has.

use model::request::RunRequest;
use model::spec::{Device, Text};

use super::{ConfineError, DeviceKind, Placement};

/// `HOST[:CONTAINER[:PERMISSIONS]]`, taken apart.
struct Parsed<'a> {
    host: &'a str,
    container: &'a str,
}

fn parse(device: &str) -> Result<Parsed<'_>, ConfineError> {
    let malformed = || ConfineError::Device { device: device.to_owned() };
    let mut parts = device.split(':');
    let host = parts.next().unwrap_or_default();
    let container = parts.next().unwrap_or(host);
    let permissions = parts.next().unwrap_or("rwm");
    let node = |path: &str| {
        let name = path.strip_prefix("/dev/").unwrap_or_default();
        !name.is_empty() && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
    };
    // Fewer rights than these need a device filter of the control group, which specs do not carry yet.
    if node(host) && node(container) && permissions == "rwm" && parts.next().is_none() {
        Ok(Parsed { host, container })
    } else {
        Err(malformed())
    }
}

/// Every device is well-formed.
pub(super) fn check(request: &RunRequest) -> Result<(), ConfineError> {
    request.devices.iter().try_for_each(|device| parse(device).map(|_| ()))
}

/// The nodes that were asked for, with the numbers that the engine found on the host.
pub(super) fn devices(request: &RunRequest, placement: &Placement) -> Result<Vec<Device>, ConfineError> {
    request
        .devices
        .iter()
        .map(|device| {
            let Parsed { host, container } = parse(device)?;
            let node = placement.devices.iter().find(|node| node.path == host);
            let node = node.ok_or_else(|| ConfineError::Unplaced { what: format!("the device {host}") })?;
            Ok(Device {
                path: container.to_owned(),
                kind: Text::Borrowed(match node.kind {
                    DeviceKind::Character => "c",
                    DeviceKind::Block => "b",
                }),
                major: i64::from(node.major),
                minor: i64::from(node.minor),
                source: host.to_owned(),
                ..Device::default()
            })
        })
        .collect()
}
