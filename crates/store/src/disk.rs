//! The store's directory: where things are, how they get there in one step, and who may touch them now.
//!
//! ```text
//! images/              an OCI image layout: oci-layout, index.json, blobs/sha256/HEX
//! layers/HEX/fs/       an unpacked layer, by diff id; layers/HEX/listing.json what it holds
//! skeleton/            the bottom layer of every container: places for /proc, /dev, /etc/hosts, ...
//! records/HEX.json     one image, by manifest digest
//! names/NAME           which image a name points to
//! notes/               what others have learned of layers and images; goes with them
//! attached/HEX/        manifests of what lies beside an image or an index; goes with the image
//! kept/HEX             how layers came about that no image may have; keeps them
//! pins/HEX             digests of indexes, and the images that were chosen from them
//! partial/HEX          beginnings of blobs; evidence/ what came instead of one
//! unsynced/HEX         images that a power cut may have damaged, with the boot that wrote them
//! tmp/  locks/         work in progress, and who does it
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use model::digest::Digest;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::unpack::{Owner, tree};

/// OCI image-spec, image-layout.md "oci-layout file".
pub(crate) const OCI_LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
const DIRECTORIES: [&str; 7] =
    ["images/blobs/sha256", "layers", "records", "names", "unsynced", "tmp", "locks"];

const SKELETON_DIRECTORIES: [&str; 6] = ["", "dev", "etc", "proc", "run", "sys"];
const SKELETON_FILES: [&str; 3] = ["etc/hostname", "etc/hosts", "etc/resolv.conf"];

/// A store of images.
#[derive(Debug)]
pub struct Store {
    pub(crate) root: PathBuf,
    pub(crate) owner: Owner,
    pub(crate) limits: Limits,
    /// Layers that this process holds, once there are any.
    pub(crate) lease: OnceLock<Scratch>,
    /// The name of this boot, once somebody has asked.
    pub(crate) boot: OnceLock<String>,
}

/// A lock on something in the store, held until dropped, and given up by the kernel if the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: OwnedFd,
}

/// A directory for one piece of work, of the process that made it; it goes when this is dropped, or with the next
/// import if that process is killed.
#[derive(Debug)]
pub struct Scratch {
    pub(crate) path: PathBuf,
    next: AtomicU64,
    /// Who made it.
    process: u32,
    _lock: Lock,
}

impl Store {
    /// Opens the store at `root`, and makes it (mode 0700) if there is none.
    ///
    /// # Errors
    /// [`StoreError::Write`], [`StoreError::Permission`] or [`StoreError::NoSpace`] naming the path.
    pub fn open(root: impl Into<PathBuf>, owner: Owner, limits: Limits) -> Result<Self> {
        let (lease, boot) = (OnceLock::new(), OnceLock::new());
        let store = Self { root: root.into(), owner, limits, lease, boot };
        if !store.images().join("oci-layout").exists() {
            store.create()?;
        }
        Ok(store)
    }

    fn create(&self) -> Result<()> {
        let make = |path: &Path| {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.map_err(StoreError::write_path(path))
        };
        make(&self.root)?;
        for directory in DIRECTORIES {
            make(&self.root.join(directory))?;
        }
        let index = self.images().join("index.json");
        if !index.exists() {
            self.replace(&index, br#"{"schemaVersion":2,"manifests":[]}"#)?;
        }
        self.create_skeleton()?;
        // Last, because its presence says that all of this was done.
        self.replace(&self.images().join("oci-layout"), OCI_LAYOUT)
    }

    /// A container needs places for its own filesystems and files. Making those that an image lacks in
    /// each container's writable layer costs more than mounting one more layer below the image's.
    fn create_skeleton(&self) -> Result<()> {
        let skeleton = self.skeleton();
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(StoreError::write_path(path))
        };
        for directory in SKELETON_DIRECTORIES {
            let path = skeleton.join(directory);
            fs::create_dir_all(&path).map_err(StoreError::write_path(&path))?;
            mode(&path, 0o755)?;
        }
        for file in SKELETON_FILES {
            let path = skeleton.join(file);
            File::create(&path).map_err(StoreError::write_path(&path))?;
            mode(&path, 0o644)?;
        }
        Ok(())
    }

    /// The directory to put below the layers of an image that is to run.
    #[must_use]
    pub fn skeleton(&self) -> PathBuf {
        self.root.join("skeleton")
    }

    /// The OCI image layout: `oci:PATH:NAME` for other tools.
    #[must_use]
    pub fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    pub(crate) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("images/blobs/sha256").join(digest.hex())
    }

    pub(crate) fn layer_path(&self, diff_id: &Digest) -> PathBuf {
        self.root.join("layers").join(diff_id.hex())
    }

    pub(crate) fn record_path(&self, hex: &str) -> PathBuf {
        self.root.join("records").join(format!("{hex}.json"))
    }

    /// Waits for the lock `name` and holds it alone.
    pub(crate) fn lock(&self, name: &str) -> Result<Lock> {
        self.lock_how(name, FlockOperation::LockExclusive)
    }

    /// Waits for the lock `name` and holds it together with others who share it.
    pub(crate) fn share(&self, name: &str) -> Result<Lock> {
        self.lock_how(name, FlockOperation::LockShared)
    }

    /// The lock `name`, unless somebody has it.
    pub(crate) fn try_lock(&self, name: &str) -> Result<Option<Lock>> {
        match self.lock_how(name, FlockOperation::NonBlockingLockExclusive) {
            Err(StoreError::Write { cause, .. }) if cause.kind() == io::ErrorKind::WouldBlock => Ok(None),
            result => result.map(Some),
        }
    }

    fn lock_how(&self, name: &str, how: FlockOperation) -> Result<Lock> {
        let path = self.root.join("locks").join(name);
        let file = File::options().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(StoreError::write_path(&path))?;
        hold(file.into(), how).map_err(StoreError::write_path(&path))
    }

    /// Writes a whole file in one step: readers see the old one or the new one.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let temporary = self.root.join("tmp").join(unique());
        let written = self.fresh_file(&temporary).and_then(|(mut file, _lock)| {
            file.write_all(bytes).map_err(StoreError::write_path(path))?;
            fs::rename(&temporary, path).map_err(StoreError::write_path(path))
        });
        if written.is_err() {
            let _leftover = fs::remove_file(&temporary);
        }
        written
    }

    /// A new locked file; the shared lock keeps the cleaner from seeing it before it is locked.
    fn fresh_file(&self, path: &Path) -> Result<(File, Lock)> {
        let _cleaner = self.share("tmp")?;
        let file = File::options().create_new(true).write(true).mode(0o600).open(path);
        let file = file.map_err(StoreError::write_path(path))?;
        let lock = file.try_clone().map_err(StoreError::write_path(path))?;
        let lock = hold(lock.into(), FlockOperation::LockExclusive).map_err(StoreError::write_path(path))?;
        Ok((file, lock))
    }

    /// A new directory for one piece of work.
    ///
    /// # Errors
    /// What the disk says.
    pub fn scratch(&self) -> Result<Scratch> {
        let _cleaner = self.share("tmp")?;
        let path = self.root.join("tmp").join(unique());
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(StoreError::write_path(&path))?;
        let lock = File::open(&path).map_err(StoreError::write_path(&path))?;
        let lock = hold(lock.into(), FlockOperation::LockExclusive).map_err(StoreError::write_path(&path))?;
        Ok(Scratch { path, next: AtomicU64::new(0), process: std::process::id(), _lock: lock })
    }

    /// Removes what processes that are dead have left in `tmp/`. Failing to is no reason to fail anything else.
    pub fn clean(&self) {
        let Ok(Some(cleaner)) = self.try_lock("tmp") else { return };
        let Ok(entries) = fs::read_dir(self.root.join("tmp")) else { return };
        let dead = |path: PathBuf| {
            let lock = hold(File::open(&path).ok()?.into(), FlockOperation::NonBlockingLockExclusive).ok()?;
            Some((path, lock))
        };
        let dead: Vec<_> = entries.flatten().filter_map(|entry| dead(entry.path())).collect();
        drop(cleaner);
        for (path, _lock) in dead {
            let _next_time = remove_tree(&path);
        }
    }
}

impl Scratch {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in the directory that nothing has yet.
    pub(crate) fn fresh(&self) -> PathBuf {
        self.path.join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

impl Drop for Scratch {
    /// A process that was forked meanwhile leaves it to its parent.
    fn drop(&mut self) {
        if self.process == std::process::id() {
            let _left_for_the_next_import = remove_tree(&self.path);
        }
    }
}

fn hold(file: OwnedFd, how: FlockOperation) -> rustix::io::Result<Lock> {
    loop {
        match flock(&file, how) {
            Err(Errno::INTR) => {}
            result => return result.map(|()| Lock { _file: file }),
        }
    }
}

/// Process id and a counter; process ids can repeat across pid namespaces, so also the time since boot.
pub(crate) fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let process = rustix::process::getpid().as_raw_nonzero();
    let since_boot = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{process}-{}{:09}-{count}", since_boot.tv_sec, since_boot.tv_nsec)
}

/// Removes a directory or file of the store with everything under it.
pub(crate) fn remove_tree(path: &Path) -> Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let parent = File::open(parent).map_err(StoreError::write_path(parent))?;
    tree::remove(&parent, name.as_encoded_bytes()).map_err(StoreError::write_path(path))
}
