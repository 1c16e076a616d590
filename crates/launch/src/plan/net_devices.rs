//! config-linux.md "Network Devices": which of the host's move into the container, and under what names.

use model::spec::{NamespaceKind, Spec};

use super::checks::has_own;
use crate::error::LaunchError;

/// Their names on the host and in the container.
pub(super) fn planned(spec: &Spec) -> Result<Vec<(String, String)>, LaunchError> {
    let devices = &spec.linux.net_devices;
    let refuse =
        |value: &str, why| LaunchError::Spec { what: "network device", value: value.to_owned(), why };
    if let Some(first) = devices.keys().next().filter(|_| devices.len() > MOST) {
        return Err(refuse(first, "there are more than 64 of them"));
    }
    let mut planned: Vec<(String, String)> = Vec::with_capacity(devices.len());
    for (name, device) in devices {
        let inside = if device.name.is_empty() { name } else { &device.name };
        for name in [name, inside] {
            if !is_valid(name) {
                return Err(refuse(name, "names have 1 to 15 letters, none of them `/`, `:`, `%` or space"));
            }
        }
        if !has_own(spec, NamespaceKind::Network)? {
            return Err(refuse(name, "the container has no network namespace of its own"));
        }
        if planned.iter().any(|(_, before)| before == inside) {
            return Err(refuse(inside, "two devices would have this name in the container"));
        }
        planned.push((name.clone(), inside.clone()));
    }
    Ok(planned)
}

/// Most devices of one container.
const MOST: usize = 64;

/// As the kernel's dev_valid_name(), and without `%`, which it takes for a place to put a number.
fn is_valid(name: &str) -> bool {
    let letter = |byte: u8| byte > b' ' && byte != 0x7f && !b"/:%".contains(&byte);
    (1..=15).contains(&name.len()) && !matches!(name, "." | "..") && name.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::spec::{Namespace, NetDevice};

    fn of(devices: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        let mut spec = Spec::default();
        spec.linux.namespaces = vec![Namespace { kind: NamespaceKind::Network, path: None }];
        for (name, inside) in devices {
            spec.linux.net_devices.insert((*name).to_owned(), NetDevice { name: (*inside).to_owned() });
        }
        planned(&spec).ok()
    }

    #[test]
    fn devices_keep_their_names_or_get_new_ones() {
        let pair = |name: &str, inside: &str| (name.to_owned(), inside.to_owned());
        assert_eq!(
            of(&[("eth1", ""), ("eth2", "lan0")]),
            Some(vec![pair("eth1", "eth1"), pair("eth2", "lan0")])
        );
        assert_eq!(of(&[("eth1", "lan0"), ("eth2", "lan0")]), None);
        for name in ["", ".", "..", "a/b", "a:1", "eth%d", "a b", "a\tb", "sixteen-letters-", "a\0"] {
            assert_eq!(of(&[(name, "x")]), None, "{name}");
            assert!(name.is_empty() || of(&[("x", name)]).is_none(), "{name}");
        }
    }

    #[test]
    fn the_host_s_network_takes_no_devices() {
        let mut spec = Spec::default();
        spec.linux.net_devices.insert("eth1".to_owned(), NetDevice::default());
        assert!(planned(&spec).is_err());
    }
}
