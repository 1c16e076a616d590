//! Devices: nodes that the container has, and rules for those that it could have.

use model::spec::{DeviceRule, NamespaceKind, Spec};

use super::Found;
use super::namespaces::is_apart;
use super::weakness::{ALL_DEVICES, DEVICE};

/// config-linux.md "Default Devices" by number, with the terminals; -1 is any. The tunnel (10, 200) is in
/// the rules of older containerds; without CAP_NET_ADMIN nothing can be made with it.
const USUAL: [(i64, i64); 10] =
    [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (10, 200), (136, -1)];

pub(super) fn find(spec: &Spec, found: &mut Found) {
    for device in &spec.linux.devices {
        let usual = device.kind != "b" && is_usual(device.major, device.minor);
        if device.kind != "p" && !usual {
            found.add(&DEVICE, &device.path);
        }
    }
    // In a user namespace of its own it can make no nodes, and those that it has were judged above.
    if !is_apart(spec, NamespaceKind::User) {
        rules(&spec.linux.resources.devices, found);
    }
}

/// The kernel allows everything until a rule denies it; later rules overrule earlier ones.
fn rules(rules: &[DeviceRule], found: &mut Found) {
    let Some(last) = rules.iter().rposition(is_for_all) else {
        found.add(&ALL_DEVICES, "");
        return;
    };
    if rules.get(last).is_some_and(|rule| rule.allow) {
        found.add(&ALL_DEVICES, "");
        return;
    }
    for rule in rules.iter().skip(last).filter(|rule| rule.allow && !is_harmless(rule)) {
        let any = |number: Option<i64>| match number {
            None | Some(-1) => "*".to_owned(),
            Some(number) => number.to_string(),
        };
        let kind = if rule.kind.is_empty() { "a" } else { &rule.kind };
        found.add(&DEVICE, format!("{kind} {}:{}", any(rule.major), any(rule.minor)));
    }
}

/// Denying only some access, or allowing only nodes to be made, is for nobody here.
fn is_for_all(rule: &DeviceRule) -> bool {
    let all_kinds = matches!(rule.kind.as_ref(), "" | "a");
    let all_access =
        rule.access.is_empty() || ['r', 'w', 'm'].iter().all(|letter| rule.access.contains(*letter));
    let any = |number: Option<i64>| number.is_none_or(|number| number == -1);
    let use_of_all = rule.allow && !is_only_for_making(rule);
    // The kernel takes no notice of the numbers where the kind is all.
    all_kinds && (rule.kind == "a" || (any(rule.major) && any(rule.minor))) && (all_access || use_of_all)
}

fn is_harmless(rule: &DeviceRule) -> bool {
    let usual = rule.kind == "c" && is_usual(rule.major.unwrap_or(-1), rule.minor.unwrap_or(-1));
    usual || is_only_for_making(rule)
}

/// A node that was made and may not be opened is a name.
fn is_only_for_making(rule: &DeviceRule) -> bool {
    rule.access == "m"
}

fn is_usual(major: i64, minor: i64) -> bool {
    USUAL.iter().any(|(known, any)| *known == major && (*any == -1 || *any == minor))
}
