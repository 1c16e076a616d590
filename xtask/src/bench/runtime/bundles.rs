//! The bundles that every runtime gets: what `runc spec` writes, with a seccomp profile as engines pass it.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::seccomp;
use crate::bench::bundle;
use crate::bench::rootfs;
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

/// Directories with a `config.json`.
#[derive(Clone)]
pub(super) struct Bundles {
    /// `/bin/true`.
    pub(super) plain: PathBuf,
    /// The same in a user namespace of its own.
    pub(super) users: PathBuf,
    /// The same without limits and without a place in the control groups.
    pub(super) bare: PathBuf,
    /// A program that stays.
    pub(super) worker: PathBuf,
    config: Value,
}

impl Bundles {
    pub(super) fn new(scratch: &Scratch) -> Outcome<Self> {
        let root = scratch.directory("rootfs")?;
        for name in ["bin", "dev", "etc", "proc", "sys", "tmp"] {
            scratch.directory(&format!("rootfs/{name}"))?;
        }
        for (source, program) in [("true.c", "bin/true"), ("worker.c", "bin/worker")] {
            rootfs::compile(source, &root.join(program))?;
        }
        let runc = shell::program_file("runc")?;
        let mut config = bundle::config(&runc, &scratch.directory("spec")?, &root)?;
        let profile = seccomp::resolved(&capabilities(&config))?;
        bundle::set(&mut config, "/linux/seccomp", profile)?;
        let made = |name: &str, config: &Value| {
            let directory = scratch.directory(name)?;
            bundle::write(&directory, config).map(|()| directory)
        };
        let (mut worker, mut bare) = (config.clone(), config.clone());
        bundle::set(&mut worker, "/process/args", json!(["/bin/worker"]))?;
        bare.pointer_mut("/linux").and_then(Value::as_object_mut).map(|linux| linux.remove("resources"));
        Ok(Self {
            plain: made("plain", &config)?,
            users: made("users", &bundle::with_users(&config)?)?,
            bare: made("bare", &bare)?,
            worker: made("worker", &worker)?,
            config,
        })
    }

    /// The plain bundle with a memory limit in bytes, which swap does not extend.
    pub(super) fn limited(&self, scratch: &Scratch, bytes: u64) -> Outcome<PathBuf> {
        let mut config = self.config.clone();
        bundle::set(&mut config, "/linux/resources/memory", json!({ "limit": bytes, "swap": bytes }))?;
        let directory = scratch.directory("limited")?;
        bundle::write(&directory, &config).map(|()| directory)
    }
}

fn capabilities(config: &Value) -> Vec<String> {
    let bounding = config.pointer("/process/capabilities/bounding").and_then(Value::as_array);
    bounding.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}
