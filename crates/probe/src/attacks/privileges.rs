//! Privilege kept, or got back.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, Uid, getrlimit, getuid, setpriority_process, setrlimit};
use rustix::system::{sethostname, uname};
use rustix::thread::set_thread_res_uid;
use sys::attempt::Request;

use super::SELF;
use super::place::Scratch;
use super::surface::ask;
use crate::outcome::{Attack, Class, Options, Outcome, stopped_by};
use crate::report::identity;

const CLASS: Class = Class::Privileges;

pub(super) const ATTACKS: &[Attack] = &[
    Attack { name: "root-is-root", class: CLASS, tries: "be the host's root", run: root_is_root },
    Attack {
        name: "dangerous-capabilities",
        class: CLASS,
        tries: "hold a capability that amounts to the host, or be able to get it",
        run: dangerous,
    },
    Attack { name: "setuid-root", class: CLASS, tries: "become root again", run: regain_root },
    Attack {
        name: "setuid-binary",
        class: CLASS,
        tries: "become root through a setuid program",
        run: setuid_binary,
    },
    Attack { name: "time-set", class: CLASS, tries: "set the clock", run: |_| ask(Request::ClockSet) },
    Attack {
        name: "hostname-set",
        class: CLASS,
        tries: "set the host name (to what it is)",
        run: |_| Outcome::of(sethostname(uname().nodename().to_bytes()), "set the host name"),
    },
    Attack {
        name: "nice",
        class: CLASS,
        tries: "get more of the CPU than others",
        run: |_| Outcome::of(setpriority_process(None, -5), "raised its priority"),
    },
    Attack {
        name: "realtime",
        class: CLASS,
        tries: "get the CPU before everybody",
        run: |_| ask(Request::Realtime),
    },
    Attack { name: "rlimit-raise", class: CLASS, tries: "raise a hard limit", run: raise_limit },
    Attack { name: "iopl", class: CLASS, tries: "talk to hardware ports", run: io_ports },
];

/// Capabilities over the machine; in a user namespace of its own they are over nothing else.
const DANGEROUS: [&str; 14] = [
    "sys_admin",
    "sys_module",
    "sys_ptrace",
    "sys_rawio",
    "sys_boot",
    "sys_time",
    "sys_nice",
    "sys_resource",
    "net_admin",
    "dac_read_search",
    "mac_admin",
    "bpf",
    "perfmon",
    "syslog",
];

fn root_is_root(_: &Options) -> Outcome {
    match fs::read_to_string("/proc/self/uid_map") {
        // Below a user's session the map names the session's ids: whose files are the kernel's tells them apart.
        Ok(map) if identity::maps_host_root(&map) && kernel_files_have_an_owner() => {
            Outcome::succeeded("uid 0 of the host is in the uid map")
        }
        Ok(_) => Outcome::stopped("uid 0 of the host is not in the uid map"),
        Err(error) => stopped_by(&error),
    }
}

/// Files of /proc are the host's root's; an owner who is not in the uid map shows as the overflow uid.
fn kernel_files_have_an_owner() -> bool {
    const OVERFLOW: u32 = 65_534;
    fs::metadata("/proc/version").is_ok_and(|file| std::os::unix::fs::MetadataExt::uid(&file) != OVERFLOW)
}

fn dangerous(_: &Options) -> Outcome {
    let status = identity::Status::read();
    let sets = ["CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd"];
    let all = sets.into_iter().flat_map(|set| status.capabilities(set));
    let held: BTreeSet<_> = all.filter(|name| DANGEROUS.contains(name)).collect();
    let held: Vec<_> = held.into_iter().collect();
    if held.is_empty() { Outcome::stopped("none in any set") } else { Outcome::succeeded(held.join(" ")) }
}

fn regain_root(_: &Options) -> Outcome {
    if getuid().is_root() {
        return Outcome::not_applicable("this is root");
    }
    Outcome::of(set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT), "became root again")
}

/// Nobody runs a setuid copy of this program, which tells who it became.
fn setuid_binary(_: &Options) -> Outcome {
    if !getuid().is_root() {
        return Outcome::not_applicable("only root can make such a program");
    }
    let places = super::place::USUAL;
    Outcome::worst(places.map(|place| become_root_in(place).unwrap_or_else(|error| stopped_by(&error))))
}

fn become_root_in(place: &str) -> std::io::Result<Outcome> {
    let scratch = Scratch::in_dir(place)?;
    let program = scratch.drop_program(SELF, "setuid")?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755))?;
    // Numbers of nobody; any but root's would do.
    let output = Command::new(&program).arg("id").uid(65534).gid(65534).stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(if text.contains("euid=0") {
        Outcome::succeeded(format!("nobody became root with a program in {place}"))
    } else {
        Outcome::stopped("the setuid bit had no effect")
    })
}

/// The first of these that has a hard limit, by one.
fn raise_limit(_: &Options) -> Outcome {
    let limits = [Resource::Core, Resource::Memlock, Resource::Nproc, Resource::Nofile];
    let limited = limits.into_iter().find_map(|resource| {
        let Rlimit { current, maximum } = getrlimit(resource);
        let raised = maximum?.checked_add(1);
        Some((resource, Rlimit { current, maximum: raised }))
    });
    match limited {
        Some((resource, raised)) => Outcome::of(setrlimit(resource, raised), "raised a hard limit"),
        None => Outcome::not_applicable("there is no hard limit"),
    }
}

#[cfg(target_arch = "x86_64")]
fn io_ports(_: &Options) -> Outcome {
    ask(Request::IoPrivilege)
}

#[cfg(not(target_arch = "x86_64"))]
fn io_ports(_: &Options) -> Outcome {
    Outcome::not_applicable("this is not x86-64")
}
