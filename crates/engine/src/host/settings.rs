//! Settings that make a host hardened: mandatory access control, mitigations, kernel parameters.

use model::host::{HostCheck, HostWeight};

use super::{Probe, text};

/// A kernel parameter and its least acceptable value.
struct Setting {
    probe: Probe,
    /// Dotted name, as for sysctl(8).
    name: &'static str,
    least: i64,
}

const fn setting(
    id: &'static str,
    text: &'static str,
    weight: HostWeight,
    name: &'static str,
    least: i64,
) -> Setting {
    Setting { probe: Probe { id, text, weight }, name, least }
}

const SETTINGS: [Setting; 11] = {
    use HostWeight::{Advice, Hardened};
    [
        setting("aslr", "addresses are randomised", Hardened, "kernel.randomize_va_space", 2),
        setting("bpf", "users cannot load BPF programs", Hardened, "kernel.unprivileged_bpf_disabled", 1),
        setting("kptr", "kernel addresses are hidden", Hardened, "kernel.kptr_restrict", 1),
        setting("dmesg", "users cannot read the kernel's log", Hardened, "kernel.dmesg_restrict", 1),
        setting("ptrace", "processes cannot trace their siblings", Advice, "kernel.yama.ptrace_scope", 1),
        setting("perf", "users cannot profile the kernel", Advice, "kernel.perf_event_paranoid", 2),
        setting("kexec", "the kernel cannot be replaced", Advice, "kernel.kexec_load_disabled", 1),
        setting("symlinks", "links in /tmp are not followed", Hardened, "fs.protected_symlinks", 1),
        setting("hardlinks", "no hard links to others' files", Hardened, "fs.protected_hardlinks", 1),
        setting("fifos", "pipes in /tmp are not opened", Advice, "fs.protected_fifos", 1),
        setting("regular", "files in /tmp are not opened", Advice, "fs.protected_regular", 1),
    ]
};

pub(super) fn checks() -> Vec<HostCheck> {
    let mut checks = vec![access_control(), boot_state(), mitigations(), core_pattern()];
    checks.extend(SETTINGS.iter().map(sysctl));
    checks
}

fn sysctl(setting: &Setting) -> HostCheck {
    let Setting { probe, name, least } = setting;
    let remedy = format!("sysctl -w {name}={least}");
    match text(&format!("/proc/sys/{}", name.replace('.', "/"))) {
        None => probe.missing("no such parameter", format!("use a kernel that has {name}")),
        Some(value) if value.parse::<i64>().is_ok_and(|value| value >= *least) => {
            probe.present(format!("{name}={value}"))
        }
        Some(value) => probe.missing(format!("{name}={value}"), remedy),
    }
}

fn access_control() -> HostCheck {
    let probe =
        Probe { id: "access-control", text: "mandatory access control", weight: HostWeight::Hardened };
    let modules = text("/sys/kernel/security/lsm").unwrap_or_else(guess_modules);
    let enforcing =
        modules.split(',').find(|name| matches!(*name, "apparmor" | "selinux" | "smack" | "tomoyo"));
    match enforcing {
        Some(module) => probe.present(module),
        None if modules.is_empty() => probe.missing("none", ENABLE),
        None => probe.missing(modules, ENABLE),
    }
}

const ENABLE: &str = "install apparmor and start the kernel with apparmor=1 security=apparmor";

/// Where securityfs is not mounted.
fn guess_modules() -> String {
    let apparmor = text("/sys/module/apparmor/parameters/enabled").is_some_and(|enabled| enabled == "Y");
    let selinux = std::path::Path::new("/sys/fs/selinux/enforce").exists();
    match (apparmor, selinux) {
        (true, _) => "apparmor".into(),
        (false, true) => "selinux".into(),
        (false, false) => String::new(),
    }
}

/// Lockdown follows from secure boot in distributions' kernels, and is what keeps the kernel as booted.
fn boot_state() -> HostCheck {
    let probe = Probe { id: "lockdown", text: "the kernel is locked down", weight: HostWeight::Hardened };
    let remedy = "switch secure boot on, or start the kernel with lockdown=integrity";
    match text("/sys/kernel/security/lockdown").as_deref().map(chosen) {
        Some(mode) if mode != "none" => probe.present(mode),
        Some(mode) => probe.missing(mode, remedy),
        None => probe.missing("not available", remedy),
    }
}

/// The word in brackets of `[none] integrity confidentiality`.
fn chosen(text: &str) -> &str {
    text.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or(text, |(word, _)| word)
}

fn mitigations() -> HostCheck {
    let probe =
        Probe { id: "mitigations", text: "processor flaws are mitigated", weight: HostWeight::Hardened };
    let Ok(files) = std::fs::read_dir("/sys/devices/system/cpu/vulnerabilities") else {
        return probe
            .missing("not reported", "use a kernel that reports /sys/devices/system/cpu/vulnerabilities");
    };
    let names = files.flatten().filter_map(|file| file.file_name().into_string().ok());
    let state = |name: &String| text(&format!("/sys/devices/system/cpu/vulnerabilities/{name}"));
    let mut open: Vec<_> =
        names.filter(|name| state(name).is_some_and(|text| text.starts_with("Vulnerable"))).collect();
    open.sort();
    if open.is_empty() {
        return probe.present("all");
    }
    let remedy = "install the processor's microcode and start the kernel without mitigations=off; in a virtual machine the host has to";
    probe.missing(format!("vulnerable: {}", open.join(", ")), remedy)
}

/// A pipe runs a program as root of the host on what a crashed container process left.
fn core_pattern() -> HostCheck {
    let probe =
        Probe { id: "core-pattern", text: "crashes start no program as root", weight: HostWeight::Advice };
    let pattern = text("/proc/sys/kernel/core_pattern").unwrap_or_default();
    let short: String = pattern.chars().take(60).collect();
    match pattern.starts_with('|') {
        true => probe.missing(short, "sysctl -w kernel.core_pattern=core"),
        false if short.is_empty() => probe.present("none"),
        false => probe.present(short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_mode_is_the_one_in_brackets() {
        assert_eq!(chosen("[none] integrity confidentiality"), "none");
        assert_eq!(chosen("none [integrity] confidentiality"), "integrity");
        assert_eq!(chosen("odd"), "odd");
    }

    #[test]
    fn a_parameter_below_its_least_value_is_a_lack_with_the_command() {
        let too_high = setting("aslr", "addresses", HostWeight::Advice, "kernel.randomize_va_space", 99);
        assert_eq!(sysctl(&too_high).remedy, "sysctl -w kernel.randomize_va_space=99");
        let absent = setting("x", "none", HostWeight::Advice, "kernel.no_such_thing", 1);
        assert_eq!(sysctl(&absent).found, "no such parameter");
    }
}
