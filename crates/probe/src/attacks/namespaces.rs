//! Making namespaces, entering others, and being in the host's from the start.

use std::fs::File;
use std::os::fd::AsFd as _;

use sys::attempt::{Clone, clone_into_user_namespace};
use sys::namespace::{setns, unshare};

use crate::outcome::{Attack, Class, Options, Outcome, stopped_by};
use crate::report::namespaces::{Namespace, read};

const CLASS: Class = Class::Namespaces;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "unshare-user",
        class: CLASS,
        tries: "make a user namespace, and with it every capability",
        run: |_| Outcome::of(unshare(sys::clone::flag::NEWUSER), "made a user namespace"),
    },
    Attack {
        name: "unshare-mount",
        class: CLASS,
        tries: "make a mount namespace",
        run: |_| Outcome::of(unshare(sys::clone::flag::NEWNS), "made a mount namespace"),
    },
    Attack {
        name: "unshare-network",
        class: CLASS,
        tries: "make a network namespace",
        run: |_| Outcome::of(unshare(sys::clone::flag::NEWNET), "made a network namespace"),
    },
    Attack {
        name: "clone-newuser",
        class: CLASS,
        tries: "make a user namespace with clone(2)",
        run: |_| Outcome::of(clone_into_user_namespace(Clone::Old), "made a user namespace"),
    },
    Attack {
        name: "clone3-newuser",
        class: CLASS,
        tries: "make a user namespace with clone3(2), whose flags a filter cannot see",
        run: |_| Outcome::of(clone_into_user_namespace(Clone::Three), "made a user namespace"),
    },
    Attack {
        name: "setns-init",
        class: CLASS,
        tries: "enter the namespaces of pid 1",
        run: |_| Outcome::worst(["mnt", "net", "uts", "pid"].map(enter)),
    },
    Attack {
        name: "host-namespaces",
        class: CLASS,
        tries: "be in one of the host's first namespaces",
        run: host_namespaces,
    },
];

fn enter(kind: &str) -> Outcome {
    match File::open(format!("/proc/1/ns/{kind}")) {
        Ok(namespace) => {
            Outcome::of(setns(namespace.as_fd(), 0), &format!("entered the {kind} namespace of pid 1"))
        }
        Err(error) => stopped_by(&error),
    }
}

fn host_namespaces(_: &Options) -> Outcome {
    let namespaces = read();
    let shared: Vec<_> = namespaces.iter().filter(|namespace| namespace.is_initial()).collect();
    match (namespaces.is_empty(), shared.is_empty()) {
        (true, _) => Outcome::not_applicable("/proc/self/ns cannot be read"),
        (_, true) => Outcome::stopped("every namespace is its own"),
        _ => {
            let names: Vec<_> = shared.into_iter().map(Namespace::name).collect();
            Outcome::succeeded(format!("shares {} with the host", names.join(", ")))
        }
    }
}
