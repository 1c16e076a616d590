//! A bundle: a directory with a config.json, and what it names on the host.

use std::path::{Path, PathBuf};

use model::spec::{Mount, Spec};
use rustix::fs::{CWD, Mode, OFlags};

use crate::error::Failure;
use crate::json;

const CONFIG: &str = "config.json";

/// What was read of a bundle.
pub(crate) struct Bundle {
    /// Absolute.
    pub(crate) directory: PathBuf,
    /// config.json, as it is.
    pub(crate) text: Vec<u8>,
    pub(crate) spec: Spec,
}

/// Reads the bundle in `directory`.
///
/// # Errors
/// [`Failure::File`] for one that cannot be read, makes no sense or is of another version.
pub(crate) fn read(directory: &Path) -> Result<Bundle, Failure> {
    let directory = std::path::absolute(directory)
        .map_err(Failure::io("find the bundle", directory.display().to_string()))?;
    let path = directory.join(CONFIG);
    let shown = path.display().to_string();
    let file = rustix::fs::openat(CWD, &path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(Failure::system("read the specification", shown.clone()))?;
    let text = json::read("specification", &shown, file)?;
    let spec = parse(&directory, &shown, &text)?;
    Ok(Bundle { directory, text, spec })
}

/// Parses the specification of the bundle in `directory`, with every path on the host made absolute.
///
/// # Errors
/// As [`read`].
pub(crate) fn parse(directory: &Path, shown: &str, text: &[u8]) -> Result<Spec, Failure> {
    let mut spec: Spec = json::parse("specification", shown, text)?;
    let refuse =
        |why: &str| Failure::File { what: "specification", path: shown.to_owned(), why: why.to_owned() };
    if !spec.oci_version.starts_with("1.") {
        return Err(refuse("is of a version that is not 1.x"));
    }
    if spec.root.path.is_empty() {
        return Err(refuse("names no root filesystem: `root.path` is missing"));
    }
    spec.root.path = absolute(directory, &spec.root.path);
    for mount in spec.mounts.iter_mut().filter(|mount| is_bind(mount)) {
        mount.source = absolute(directory, &mount.source).into();
    }
    for space in &mut spec.linux.namespaces {
        // Go writes an empty text for nothing.
        space.path.take_if(|path| path.is_empty());
    }
    // What is ours alone is not an engine's to ask for.
    spec.hardening = None;
    Ok(spec)
}

/// Whether it shows something of the host.
pub(crate) fn is_bind(mount: &Mount) -> bool {
    mount.kind == "bind" || mount.options.iter().any(|option| matches!(option.as_ref(), "bind" | "rbind"))
}

fn absolute(directory: &Path, path: &str) -> String {
    directory.join(path).to_string_lossy().into_owned()
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
