//! Kernels: the image that QEMU starts, and a disk with its modules.

use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::place::{self, Place};
use crate::shell::{self, Outcome};

/// A kernel of Debian's for virtual machines. Its drivers for NVMe and ext4 are built in, so that it needs
/// no initramfs.
struct Debian {
    name: &'static str,
    suite: &'static str,
    package: &'static str,
}

const DEBIAN: &[Debian] = &[
    Debian { name: "6.12", suite: "bookworm-backports", package: "linux-image-cloud-amd64" },
    Debian { name: "6.1", suite: "bookworm", package: "linux-image-cloud-amd64" },
];

pub(super) const DEFAULT: &str = "6.12";

/// What a guest is booted with.
pub(super) struct Kernel {
    /// Names it in the names of files.
    pub(super) name: String,
    /// What it was made of.
    pub(super) recipe: String,
    directory: PathBuf,
}

impl Kernel {
    /// What QEMU starts.
    pub(super) fn image(&self) -> PathBuf {
        self.directory.join("vmlinuz")
    }

    /// For /lib/modules.
    pub(super) fn modules(&self) -> PathBuf {
        self.directory.join("modules")
    }
}

/// The kernel of that name, or of that package file.
pub(super) fn ensure(place: &Place, name: &str) -> Outcome<Kernel> {
    match DEBIAN.iter().find(|kernel| kernel.name == name) {
        Some(kernel) => debian(place, kernel),
        None => packaged(place, Path::new(name)),
    }
}

fn debian(place: &Place, kernel: &Debian) -> Outcome<Kernel> {
    let recipe = format!("{} {}", kernel.suite, kernel.package);
    made(place, kernel.name, recipe, |directory| {
        let archive = Archive::new(place, kernel.suite)?;
        archive.download(&archive.behind(kernel.package)?, directory)
    })
}

fn packaged(place: &Place, file: &Path) -> Outcome<Kernel> {
    let names = || DEBIAN.iter().map(|kernel| kernel.name).collect::<Vec<_>>().join(", ");
    let meta = std::fs::metadata(file).map_err(|error| {
        format!("kernel `{}`: {error}; there are {}, and any file.deb", file.display(), names())
    })?;
    let recipe = format!("{} {} {:?}", file.display(), meta.len(), meta.modified());
    made(place, "own", recipe, |_| Ok(file.to_path_buf()))
}

/// Unpacks the package that `find` gives.
fn made(
    place: &Place,
    name: &str,
    recipe: String,
    find: impl FnOnce(&Path) -> Outcome<PathBuf>,
) -> Outcome<Kernel> {
    let directory = place.made(&format!("kernel-{name}"), &recipe, |directory| {
        place::make(directory)?;
        let package = find(directory)?;
        unpack(&package, directory).map_err(|message| format!("{}: {message}", package.display()))
    })?;
    Ok(Kernel { name: name.to_owned(), recipe, directory })
}

/// Leaves `vmlinuz` and `modules` of the package in the directory.
fn unpack(package: &Path, directory: &Path) -> Outcome {
    let tree = directory.join("tree");
    shell::show(shell::program("dpkg-deb", ["-x"]).arg(package).arg(&tree))?;
    let image = only(&tree.join("boot"), "vmlinuz-")?;
    let library =
        [tree.join("lib"), tree.join("usr/lib")].into_iter().find(|lib| lib.join("modules").is_dir());
    let library = library.ok_or("it has no modules")?;
    let release = only(&library.join("modules"), "")?;
    // What the package's own script does on the machine it is installed on.
    let mut depmod = shell::program("depmod", ["-b"]);
    shell::show(depmod.arg(library.parent().unwrap_or(&tree)).args(release.file_name()))?;
    let moved = std::fs::rename(&image, directory.join("vmlinuz"))
        .and_then(|()| std::fs::rename(library.join("modules"), directory.join("modules")))
        .and_then(|()| std::fs::remove_dir_all(&tree));
    moved.map_err(|error| format!("cannot be unpacked: {error}"))
}

/// The one entry whose name begins so.
fn only(directory: &Path, start: &str) -> Outcome<PathBuf> {
    let entries =
        std::fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut named = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)));
    match (named.next(), named.next()) {
        (Some(entry), None) => Ok(entry),
        _ => Err(format!("{} has not exactly one `{start}*`", directory.display())),
    }
}
