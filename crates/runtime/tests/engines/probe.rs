//! The probe, built as the product builds it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What cargo sets for the test and must not reach a cargo of the test's own.
const NOT_INHERITED: [&str; 4] =
    ["CARGO_ENCODED_RUSTFLAGS", "CARGO_MAKEFLAGS", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS"];

/// The program. It is built in a target directory of its own, as the one of the test may be in use.
pub(crate) fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probe");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        cargo.args(["build", "--quiet", "--locked", "--profile", "probe", "--package", "coffer-probe"]);
        cargo.arg("--target-dir").arg(&target);
        for name in NOT_INHERITED {
            cargo.env_remove(name);
        }
        assert!(cargo.status().unwrap().success(), "the probe could not be built");
        let built = |entry: std::io::Result<std::fs::DirEntry>| {
            Some(entry.ok()?.path().join("probe/coffer-probe")).filter(|path| path.is_file())
        };
        std::fs::read_dir(&target).unwrap().find_map(built).unwrap()
    })
}
