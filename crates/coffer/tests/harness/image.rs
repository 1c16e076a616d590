//! Root filesystems, made entry by entry.

use std::path::Path;

use tar::{Builder, EntryType, Header};

use crate::conversation::Session;

/// The probe's bytes.
pub(crate) fn probe() -> Vec<u8> {
    std::fs::read(env!("PROBE_PATH")).unwrap()
}

/// A root filesystem on its way to be an image.
pub(crate) struct Rootfs(Builder<Vec<u8>>);

impl Rootfs {
    pub(crate) fn empty() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// With the probe as `/bin/probe`.
    pub(crate) fn with_probe() -> Self {
        Self::empty().directory("bin", 0o755).file("bin/probe", 0o755, &probe())
    }

    pub(crate) fn directory(self, path: &str, mode: u32) -> Self {
        self.append(path, EntryType::Directory, mode, &[])
    }

    pub(crate) fn file(self, path: &str, mode: u32, content: &[u8]) -> Self {
        self.append(path, EntryType::Regular, mode, content)
    }

    /// A symbolic link; the target is written as it is.
    pub(crate) fn link(mut self, path: &str, target: &str) -> Self {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        self.0.append_link(&mut header, path, target).unwrap();
        self
    }

    /// A file of this machine, with its bytes and as a program.
    pub(crate) fn copy(self, path: &str, from: &Path) -> Self {
        self.file(path, 0o755, &std::fs::read(from).unwrap())
    }

    /// The archive's bytes.
    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }

    /// Makes an image of it.
    #[track_caller]
    pub(crate) fn import(self, session: &Session, name: &str) {
        let file = session.work().join("rootfs.tar");
        std::fs::write(&file, self.bytes()).unwrap();
        let output = session.coffer(["image", "import", "-q", "rootfs:rootfs.tar", name]);
        assert!(output.status.success(), "{}", session.said(&output));
    }

    fn append(mut self, path: &str, kind: EntryType, mode: u32, content: &[u8]) -> Self {
        let mut header = header(kind, mode, content.len());
        self.0.append_data(&mut header, path, content).unwrap();
        self
    }
}

fn header(kind: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(u64::try_from(size).unwrap());
    header
}
