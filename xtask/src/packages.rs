//! What the tests need from the machine, and how it gets there.

use crate::shell::{self, Outcome};

/// A program and the Debian package that has it.
pub(crate) struct Need {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

/// For the tests: the runtime that every attack is also tried on, the maps of rootless containers, the engines that
/// run their containers with our runtime and push to our registry, and a token of software that signs.
pub(crate) const TESTS: &[Need] = &[
    Need { program: "runc", package: "runc" },
    Need { program: "newuidmap", package: "uidmap" },
    Need { program: "dockerd", package: "docker.io" },
    Need { program: "ctr", package: "containerd" },
    Need { program: "podman", package: "podman" },
    Need { program: "conmon", package: "conmon" },
    Need { program: "skopeo", package: "skopeo" },
    Need { program: "softhsm2-util", package: "softhsm2" },
    Need { program: "pkcs11-tool", package: "opensc" },
];

/// For the kernel lab: the machine, and what its disks are made with.
pub(crate) const LAB: &[Need] = &[
    Need { program: "qemu-system-x86_64", package: "qemu-system-x86" },
    Need { program: "mmdebstrap", package: "mmdebstrap" },
    Need { program: "depmod", package: "kmod" },
    Need { program: "mkfs.ext4", package: "e2fsprogs" },
];

/// For `bench runtime`: the peers that Debian has.
pub(crate) const RUNTIMES: &[Need] =
    &[Need { program: "runc", package: "runc" }, Need { program: "crun", package: "crun" }];

/// For `bench ship`: a registry to pull from, and the peers that pull.
pub(crate) const SHIP: &[Need] = &[
    Need { program: "docker-registry", package: "docker-registry" },
    Need { program: "skopeo", package: "skopeo" },
    Need { program: "umoci", package: "umoci" },
];

/// For `conformance sigstore`: the other registry, and what speaks to both by hand.
pub(crate) const SIGSTORE: &[Need] = &[
    Need { program: "docker-registry", package: "docker-registry" },
    Need { program: "curl", package: "curl" },
];

/// For `bench trust`: a registry, the peer that Debian has, and what pulls for those that only verify.
pub(crate) const TRUST: &[Need] = &[
    Need { program: "docker-registry", package: "docker-registry" },
    Need { program: "notary", package: "notary" },
    Need { program: "skopeo", package: "skopeo" },
];

/// For `bench build`: those that build the same.
pub(crate) const BUILD: &[Need] =
    &[Need { program: "buildah", package: "buildah" }, Need { program: "dockerd", package: "docker.io" }];

/// For `bench import`: the peak memory of a command.
pub(crate) const IMPORT: &[Need] = &[Need { program: "time", package: "time" }];

/// Installs what is missing. Only root can; anybody else is told the command.
pub(crate) fn ensure(needs: &[Need]) -> Outcome {
    let absent = needs.iter().filter(|need| shell::find(need.program).is_none());
    let packages: Vec<&str> = absent.map(|need| need.package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    if shell::find("apt-get").is_none() {
        return Err(format!(
            "missing: {}; install them with this system's package manager",
            packages.join(", ")
        ));
    }
    if !shell::is_root() {
        return Err(format!("missing: sudo apt-get install --no-install-recommends {}", packages.join(" ")));
    }
    // A fresh machine has no package lists, an old one has stale ones.
    shell::show(&mut shell::program("apt-get", ["update", "-qq"]))?;
    let install = ["install", "-y", "-qq", "--no-install-recommends"];
    shell::show(shell::program("apt-get", install).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}
