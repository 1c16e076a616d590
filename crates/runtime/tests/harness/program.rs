//! The program in the bundles: the probe, built once for all tests by a cargo of its own, in a target
//! directory of its own, so that the two never wait for each other's lock.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What the outer cargo sets for the tests and must not reach the inner one.
const NOT_INHERITED: [&str; 4] =
    ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "RUSTFLAGS"];

static PROBE: OnceLock<PathBuf> = OnceLock::new();

pub(crate) fn probe() -> &'static Path {
    PROBE.get_or_init(build)
}

fn build() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let artifacts = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probe");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(workspace)
        .args(["build", "--quiet", "--locked", "--profile", "probe", "--package", "coffer-probe"])
        .arg("--target-dir")
        .arg(&artifacts);
    for name in NOT_INHERITED {
        cargo.env_remove(name);
    }
    assert!(cargo.status().unwrap().success(), "the probe cannot be built");
    // One directory is for the target, which .cargo/config.toml names, another for build scripts.
    let targets = std::fs::read_dir(&artifacts).unwrap().map(|entry| entry.unwrap().path());
    let programs = targets.map(|target| target.join("probe/coffer-probe"));
    programs.into_iter().find(|program| program.exists()).unwrap()
}
