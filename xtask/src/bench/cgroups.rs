//! crun 1.8 refuses to start where cgroup v1 lacks the hugetlb hierarchy.

use std::path::Path;

use crate::shell::{self, Outcome};

const HUGETLB: &str = "/sys/fs/cgroup/hugetlb";

/// The hierarchy, if it was we who mounted it; unmounted when dropped.
pub(crate) struct Hugetlb(());

/// Mounts the hierarchy where the kernel has it and nobody mounted it.
pub(crate) fn hugetlb() -> Outcome<Option<Hugetlb>> {
    let version1 = !Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let available = std::fs::read_to_string("/proc/cgroups").is_ok_and(|text| text.contains("hugetlb\t0\t"));
    if !version1 || !available {
        return Ok(None);
    }
    println!("crun needs the cgroup v1 hierarchy `hugetlb`: it is mounted on {HUGETLB} for this run");
    std::fs::create_dir_all(HUGETLB).map_err(|error| format!("{HUGETLB}: {error}"))?;
    shell::capture(&mut shell::program("mount", ["-t", "cgroup", "-o", "hugetlb", "hugetlb", HUGETLB]))?;
    Ok(Some(Hugetlb(())))
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
