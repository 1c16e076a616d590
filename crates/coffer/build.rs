//! Builds the probe, the program of the demo image, so that the binary can carry it.
//!
//! Cargo cannot embed one package's program in another (artifact dependencies are unstable), so this
//! runs a cargo of its own, in a target directory of its own: the two never wait for each other's lock.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What the outer cargo (or clippy) sets for this build and must not reach the inner one.
const NOT_INHERITED: [&str; 6] = [
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_ENCODED_RUSTFLAGS",
    "CLIPPY_ARGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
];

fn main() -> ExitCode {
    match build_probe() {
        Ok(probe) => {
            println!("cargo::rustc-env=PROBE_PATH={}", probe.display());
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("cargo::error=the probe could not be built: {why}");
            ExitCode::FAILURE
        }
    }
}

fn build_probe() -> Result<PathBuf, String> {
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../..");
    for watched in ["Cargo.toml", "crates/probe", "crates/sys/src", ".cargo/config.toml"] {
        println!("cargo::rerun-if-changed={}", workspace.join(watched).display());
    }
    let target = variable("TARGET")?;
    let artifacts = Path::new(&variable("OUT_DIR")?).join("probe");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(&workspace)
        .args(["build", "--quiet", "--locked", "--profile", "probe", "--package", "coffer-probe"])
        .args(["--target", &target, "--target-dir"])
        .arg(&artifacts);
    for name in NOT_INHERITED {
        cargo.env_remove(name);
    }
    let status = cargo.status().map_err(|error| format!("cargo does not start: {error}"))?;
    if !status.success() {
        return Err(format!("cargo ended with {status}"));
    }
    Ok(artifacts.join(target).join("probe/coffer-probe"))
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("cargo did not set `{name}`"))
}
