//! Mounts and devices.

use std::path::PathBuf;

use clap::Args;
use model::request::MountRequest;

use crate::value::{ValueError, mount, size, volume};

/// What it can read and write.
#[derive(Debug, Args)]
#[command(next_help_heading = "Storage")]
pub(crate) struct Storage {
    /// Mount a host path or a volume; nothing in it can be executed unless `exec` says so
    #[arg(short, long, value_name = "SOURCE:TARGET[:ro,exec]", value_parser = volume_here)]
    volume: Vec<MountRequest>,
    /// The same, spelled out: type=bind|tmpfs|volume,source=...,target=...
    #[arg(long, value_name = "KEY=VALUE,...", value_parser = mount_here)]
    mount: Vec<MountRequest>,
    /// Mount a fresh tmpfs
    #[arg(long, value_name = "TARGET[:size=64m,...]", value_parser = volume::parse_tmpfs)]
    tmpfs: Vec<MountRequest>,
    /// Make the root read-only
    #[arg(long)]
    pub(super) read_only: bool,
    /// Let it execute what it writes
    #[arg(long)]
    pub(super) mutable: bool,
    /// Size of /dev/shm
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    pub(super) shm_size: Option<u64>,
    /// Pass a device on
    #[arg(long, value_name = "PATH[:TARGET[:rwm]]", value_parser = device)]
    pub(super) device: Vec<String>,
}

impl Storage {
    /// Every mount that was asked for.
    pub(super) fn mounts(&mut self) -> Vec<MountRequest> {
        [&mut self.volume, &mut self.mount, &mut self.tmpfs].into_iter().flat_map(std::mem::take).collect()
    }
}

/// What the parts may be is policy's to say; a path has to be one.
fn device(text: &str) -> Result<String, ValueError> {
    if text.starts_with('/') {
        return Ok(text.to_owned());
    }
    Err(ValueError::new("it is no absolute path", "a device of this host, such as /dev/fuse"))
}

fn volume_here(text: &str) -> Result<MountRequest, ValueError> {
    volume::parse(text, &here())
}

fn mount_here(text: &str) -> Result<MountRequest, ValueError> {
    mount::parse(text, &here())
}

/// Only a relative path needs it; where it cannot be had, that path stays relative and is refused.
fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}
