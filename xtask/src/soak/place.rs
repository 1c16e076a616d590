//! Where a soak's containers live: a root filesystem for all, and a bundle for each who works.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::bench::bundle;
use crate::bench::rootfs;
use crate::bench::scratch::Scratch;
use crate::shell::Outcome;
use crate::soak::Settings;

/// The directories of one soak, and what containers it makes.
pub(crate) struct Place {
    scratch: Scratch,
    /// The runtime's state, as `--root`.
    pub(crate) state: PathBuf,
    /// What the containers' names begin with.
    pub(crate) name: String,
    /// `config.json` without and with a user namespace.
    configs: [Value; 2],
}

/// Which of the configurations.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Users {
    Host,
    Own,
}

/// What the container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Ends at once.
    True,
    /// Waits for SIGTERM.
    Worker,
}

impl Place {
    pub(crate) fn new(settings: &Settings) -> Outcome<Self> {
        let scratch = Scratch::new("soak")?;
        let rootfs = root(&scratch)?;
        let state = scratch.directory("state")?;
        let plain = bundle::config(Path::new("runc"), &scratch.directory("spec")?, &rootfs)?;
        let own = bundle::with_users(&plain)?;
        Ok(Self { scratch, state, name: settings.name(), configs: [plain, own] })
    }

    pub(crate) fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// The bundle of a worker, for its next container.
    pub(crate) fn bundle(&self, worker: usize, id: &str, program: Program, users: Users) -> Outcome<PathBuf> {
        let directory = self.scratch.directory(&format!("bundle-{worker}"))?;
        let [plain, own] = &self.configs;
        let mut config = match users {
            Users::Host => plain.clone(),
            Users::Own => own.clone(),
        };
        let program = match program {
            Program::True => "/bin/true",
            Program::Worker => "/bin/worker",
        };
        bundle::set(&mut config, "/process/args", json!([program]))?;
        bundle::set(&mut config, "/linux/cgroupsPath", json!(format!("/{id}")))?;
        bundle::write(&directory, &config)?;
        Ok(directory)
    }
}

fn root(scratch: &Scratch) -> Outcome<PathBuf> {
    let root = scratch.directory("rootfs")?;
    for name in ["bin", "dev", "etc", "proc", "sys", "tmp"] {
        scratch.directory(&format!("rootfs/{name}"))?;
    }
    for (source, program) in [("true.c", "bin/true"), ("worker.c", "bin/worker")] {
        rootfs::compile(source, &root.join(program))?;
    }
    Ok(root)
}
