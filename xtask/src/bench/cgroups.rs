//! crun 1.8 refuses to start where cgroup v1 lacks the hugetlb hierarchy.

use std::path::Path;

use crate::shell::{self, Outcome};

const HUGETLB: &str = "/sys/fs/cgroup/hugetlb";

/// The hierarchy, if it was we who mounted it; unmounted when dropped.
pub(crate) struct Hugetlb(());

/// Mounts the hierarchy where the kernel has it and nobody mounted it.
pub(crate) fn hugetlb() -> Outcome<Option<Hugetlb>> {
    let version1 = !Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let known = any_line("/proc/cgroups", |line| line.starts_with("hugetlb\t"));
    let mounted = any_line("/proc/mounts", |line| line.contains(" cgroup ") && line.contains(",hugetlb"));
    if !version1 || !known || mounted {
        return Ok(None);
    }
    println!("crun needs the cgroup v1 hierarchy `hugetlb`: it is mounted on {HUGETLB} for this run");
    std::fs::create_dir_all(HUGETLB).map_err(|error| format!("{HUGETLB}: {error}"))?;
    shell::capture(&mut shell::program("mount", ["-t", "cgroup", "-o", "hugetlb", "hugetlb", HUGETLB]))?;
    Ok(Some(Hugetlb(())))
}

fn any_line(file: &str, what: impl Fn(&str) -> bool) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.lines().any(what))
}

impl Drop for Hugetlb {
    fn drop(&mut self) {
        let unmounted = shell::capture(&mut shell::program("umount", [HUGETLB]));
        let removed = unmounted.and_then(|_| std::fs::remove_dir(HUGETLB).map_err(|error| error.to_string()));
        if let Err(error) = removed {
            eprintln!("left behind: {HUGETLB} ({error})");
        }
    }
}
