//! The root filesystem that every contestant of `start` runs.

use std::path::{Path, PathBuf};

use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

/// One root filesystem, both ways: what bundles need and what engines import.
pub(crate) struct Rootfs {
    pub(crate) directory: PathBuf,
    pub(crate) tarball: PathBuf,
}

impl Rootfs {
    /// The one in `tarball`, unpacked.
    pub(crate) fn given(scratch: &Scratch, tarball: &Path) -> Outcome<Self> {
        let directory = scratch.directory("rootfs")?;
        shell::capture(shell::program("tar", ["-xf"]).arg(tarball).arg("-C").arg(&directory))?;
        for name in ["proc", "dev", "sys"] {
            std::fs::create_dir_all(directory.join(name)).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(Self { directory, tarball: tarball.to_path_buf() })
    }

    /// The smallest that has the shape of an image: a static /bin/true and the usual directories.
    pub(crate) fn smallest(scratch: &Scratch) -> Outcome<Self> {
        let directory = scratch.directory("rootfs")?;
        for name in ["bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var"] {
            scratch.directory(&format!("rootfs/{name}"))?;
        }
        compile("true.c", &directory.join("bin/true"))?;
        let tarball = scratch.path().join("rootfs.tar");
        shell::capture(shell::program("tar", ["-cf"]).arg(&tarball).arg("-C").arg(&directory).arg("."))?;
        Ok(Self { directory, tarball })
    }
}

/// Compiles a file of benches/floor.
pub(crate) fn compile(source: &str, program: &Path) -> Outcome {
    let source = shell::top().join("benches/floor").join(source);
    shell::capture(shell::program("cc", ["-O2", "-Wall", "-static", "-o"]).arg(program).arg(source)).map(drop)
}
