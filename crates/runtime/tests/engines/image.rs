//! Images with the probe as their only program, in the forms that engines import.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{Scratch, done, probe};

/// A root filesystem in a directory.
pub(crate) struct Image {
    root: PathBuf,
}

impl Image {
    /// `/bin/probe`, a directory, a file that is no program, and the directories that everybody expects.
    pub(crate) fn new(scratch: &Scratch) -> Self {
        let image = Self { root: scratch.directory("image") };
        for name in ["bin", "dev", "etc", "proc", "sys", "tmp"] {
            std::fs::create_dir_all(image.root.join(name)).unwrap();
        }
        std::fs::copy(probe(), image.root.join("bin/probe")).unwrap();
        std::fs::set_permissions(image.root.join("tmp"), std::fs::Permissions::from_mode(0o1777)).unwrap();
        image.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    }

    pub(crate) fn file(self, path: &str, content: &str) -> Self {
        std::fs::write(self.root.join(path), content).unwrap();
        self
    }

    /// A file that may be executed.
    pub(crate) fn program(self, path: &str, content: &str) -> Self {
        let image = self.file(path, content);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(image.root.join(path), mode).unwrap();
        image
    }

    /// A symbolic link in the place of whatever was there.
    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        let place = self.root.join(path);
        let _nothing_there = std::fs::remove_dir_all(&place).or_else(|_| std::fs::remove_file(&place));
        symlink(target, place).unwrap();
        self
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// As one layer.
    pub(crate) fn tar(&self, path: &Path) {
        let mut tar = Command::new("tar");
        tar.arg("--create").arg("--file").arg(path).arg("--directory").arg(&self.root).arg(".");
        done(tar);
    }

    /// As an archive of `docker save`, for engines that import nothing else.
    pub(crate) fn archive(&self, scratch: &Scratch, name: &str) -> PathBuf {
        let directory = scratch.directory("archive");
        self.tar(&directory.join("layer.tar"));
        let layer = digest(&directory.join("layer.tar"));
        let config = json!({
            "architecture": if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" },
            "os": "linux",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["probe", "report"]},
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
        });
        std::fs::write(directory.join("config.json"), config.to_string()).unwrap();
        let id = format!("{}.json", digest(&directory.join("config.json")));
        std::fs::rename(directory.join("config.json"), directory.join(&id)).unwrap();
        let manifest = json!([{"Config": id, "RepoTags": [name], "Layers": ["layer.tar"]}]);
        std::fs::write(directory.join("manifest.json"), manifest.to_string()).unwrap();
        let archive = scratch.path().join("archive.tar");
        let mut tar = Command::new("tar");
        tar.arg("--create").arg("--file").arg(&archive).arg("--directory").arg(&directory);
        tar.args(["layer.tar", "manifest.json", &id]);
        done(tar);
        archive
    }
}

fn digest(path: &Path) -> String {
    let mut sum = Command::new("sha256sum");
    sum.arg(path);
    done(sum).split_whitespace().next().unwrap().to_owned()
}
