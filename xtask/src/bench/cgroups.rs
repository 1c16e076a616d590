//! Hierarchies of cgroup v1 that somebody needs and this machine has not mounted.

use std::path::Path;

use crate::shell::{self, Outcome};

const GROUPS: &str = "/sys/fs/cgroup";

/// A hierarchy that we mounted; unmounted when dropped.
pub(crate) struct Mounted(String);

/// crun 1.8 refuses to start where the hierarchy `hugetlb` is missing.
pub(crate) fn hugetlb() -> Outcome<Vec<Mounted>> {
    mounted(&["hugetlb"])
}

/// Mounts those of `names` that the kernel has and nobody mounted.
pub(crate) fn mounted(names: &[&str]) -> Outcome<Vec<Mounted>> {
    if Path::new(GROUPS).join("cgroup.controllers").exists() {
        return Ok(Vec::new());
    }
    let known = |name: &&&str| any_line("/proc/cgroups", |line| line.split('\t').next() == Some(name));
    names.iter().filter(known).filter(|name| !is_mounted(name)).map(|name| mount(name)).collect()
}

fn is_mounted(name: &str) -> bool {
    let cgroup = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
        [_, _, "cgroup", options, ..] => options.split(',').any(|option| option == name),
        _ => false,
    };
    any_line("/proc/mounts", cgroup)
}

fn mount(name: &str) -> Outcome<Mounted> {
    let place = format!("{GROUPS}/{name}");
    println!("the cgroup v1 hierarchy `{name}` is mounted for this run");
    std::fs::create_dir_all(&place).map_err(|error| format!("{place}: {error}"))?;
    shell::capture(&mut shell::program("mount", ["-t", "cgroup", "-o", name, name, &place]))?;
    Ok(Mounted(place))
}

fn any_line(file: &str, what: impl Fn(&str) -> bool) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.lines().any(what))
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let Self(place) = self;
        let unmounted = shell::capture(&mut shell::program("umount", [&*place]));
        let removed = unmounted.and_then(|_| std::fs::remove_dir(&*place).map_err(|error| error.to_string()));
        if let Err(error) = removed {
            eprintln!("left behind: {place} ({error})");
        }
    }
}
