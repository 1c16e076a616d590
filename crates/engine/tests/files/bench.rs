//! A site with a base image, and a context beside it.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use build::ignore::Ignore;
use build::plan::{self, Origin, Source};
use coffer_engine as engine;
use engine::Engine;
use engine::building::{BuildError, Context, Origins, Stamp, Taken};
use engine::site::{Invoker, Site};
use model::image::{ImageConfig, Layer};
use model::verdict::Level;

/// When the tests are, long after every file that they make.
fn later() -> engine::time::Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    engine::time::Moment { seconds: i64::try_from(since.as_secs()).unwrap() + 100, nanos: 0 }
}

/// Something that is done to a context.
pub(crate) type Change<'a> = &'a dyn Fn(&Bench);

pub(crate) struct Bench {
    pub(crate) root: tempfile::TempDir,
    pub(crate) engine: Engine,
    /// The base image's layers.
    pub(crate) base: Vec<Layer>,
}

impl Bench {
    /// A base with users, links, and a directory for everybody.
    pub(crate) fn new() -> Self {
        assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
        let root = tempfile::tempdir().unwrap();
        let site = Site {
            state: root.path().join("state"),
            run: root.path().join("run"),
            level: Level::Baseline,
            invoker: Invoker::Root,
        };
        let engine = Engine::open(site, later).unwrap();
        let base = engine.import_embedded(&base(), &ImageConfig::default()).unwrap().image.layers;
        std::fs::create_dir(root.path().join("context")).unwrap();
        Self { root, engine, base }
    }

    /// The same with a network.
    pub(crate) fn reaching(self, places: engine::registries::Places) -> Self {
        Self { engine: self.engine.reaching(places), ..self }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join("context").join(path)
    }

    /// A file of the context, and the directories above it.
    pub(crate) fn file(&self, path: &str, content: &str) -> &Self {
        self.bytes(path, content.as_bytes())
    }

    pub(crate) fn bytes(&self, path: &str, content: &[u8]) -> &Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        self
    }

    pub(crate) fn mode(&self, path: &str, mode: u32) -> &Self {
        std::fs::set_permissions(self.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) -> &Self {
        std::os::unix::fs::symlink(target, self.path(path)).unwrap();
        self
    }

    pub(crate) fn context(&self) -> Context {
        let mut context = Context::open(&self.path(""), &Ignore::default()).unwrap();
        context.obey_ignore_file("Dockerfile").unwrap();
        context
    }

    pub(crate) fn taken(&self, copy: &plan::Copy) -> Result<Taken, BuildError> {
        let context = self.context();
        let origins = Origins { contexts: BTreeMap::from([(None, &context)]), ..Origins::default() };
        self.engine.taken(copy, &origins, &self.base)
    }

    pub(crate) fn layer(&self, copy: &plan::Copy) -> Result<Option<Layer>, BuildError> {
        let taken = self.taken(copy)?;
        self.engine.copy(copy, &taken, &self.base, Stamp::default())
    }

    /// What a COPY makes, a line for each entry; `-` where it makes nothing, and the code where it fails.
    pub(crate) fn outcome(&self, copy: &plan::Copy) -> String {
        match self.layer(copy) {
            Ok(Some(layer)) => self.listing(&layer),
            Ok(None) => "-".to_owned(),
            Err(error) => error.code().to_owned(),
        }
    }

    /// What a COPY from a root makes.
    pub(crate) fn outcome_from(&self, copy: &plan::Copy, root: &[Layer]) -> String {
        let origins = Origins { roots: BTreeMap::from([(0, root)]), ..Origins::default() };
        let copy = plan::Copy { origin: Origin::Step(0), ..copy.clone() };
        let made = self.engine.taken(&copy, &origins, &self.base);
        match made.and_then(|taken| self.engine.copy(&copy, &taken, &self.base, Stamp::default())) {
            Ok(layer) => layer.map_or("-".to_owned(), |layer| self.listing(&layer)),
            Err(error) => error.code().to_owned(),
        }
    }

    /// Where a layer is unpacked.
    pub(crate) fn unpacked(&self, layer: &Layer) -> PathBuf {
        self.root.path().join("state/images/layers").join(layer.diff_id.hex()).join("fs")
    }

    /// `d755 0:0 path`, `f644 0:0 path content`, `l path -> target`.
    pub(crate) fn listing(&self, layer: &Layer) -> String {
        let mut lines = Vec::new();
        walk(&self.unpacked(layer), "", &mut lines);
        lines.join("\n")
    }
}

fn walk(directory: &Path, prefix: &str, lines: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(directory).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let metadata = entry.path().symlink_metadata().unwrap();
        let owner = format!("{}:{}", metadata.uid(), metadata.gid());
        let mode = metadata.mode() & 0o7777;
        if metadata.is_dir() {
            lines.push(format!("d{mode:o} {owner} {path}"));
            walk(&entry.path(), &format!("{path}/"), lines);
        } else if metadata.is_symlink() {
            lines.push(format!("l {owner} {path} -> {}", entry.path().read_link().unwrap().display()));
        } else if metadata.is_file() {
            let content = std::fs::read_to_string(entry.path()).unwrap();
            lines.push(format!("f{mode:o} {owner} {path} {content}"));
        } else {
            lines.push(format!("p{mode:o} {owner} {path}"));
        }
    }
}

fn base() -> Vec<u8> {
    let mut archive = Archive::new();
    archive.directory("etc", 0o755, 0);
    archive.file("etc/passwd", b"root:x:0:0::/root:/sh\napp:x:1000:1001::/home/app:/sh\n");
    archive.file("etc/group", b"root:x:0:\nstaff:x:50:\n");
    archive.directory("tmp", 0o1777, 0);
    archive.directory("home", 0o755, 0);
    archive.directory("home/app", 0o700, 1000);
    archive.directory("usr", 0o755, 0);
    archive.directory("usr/lib", 0o755, 0);
    archive.file("usr/lib/old", b"old");
    archive.link("lib", "usr/lib");
    archive.link("outside", "../../../../etc");
    archive.link("circle", "circle");
    archive.link("nowhere", "/opt/new");
    archive.bytes()
}

/// A tar archive.
pub(crate) struct Archive(tar::Builder<Vec<u8>>);

impl Archive {
    pub(crate) fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    fn header(kind: tar::EntryType, mode: u32, owner: u64, size: u64) -> tar::Header {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(owner);
        header.set_size(size);
        header.set_mtime(1_400_000_000);
        header
    }

    pub(crate) fn directory(&mut self, path: &str, mode: u32, owner: u64) {
        let mut header = Self::header(tar::EntryType::Directory, mode, owner, 0);
        self.0.append_data(&mut header, path, std::io::empty()).unwrap();
    }

    pub(crate) fn file(&mut self, path: &str, content: &[u8]) {
        self.owned(path, content, 0);
    }

    pub(crate) fn owned(&mut self, path: &str, content: &[u8], owner: u64) {
        let mut header = Self::header(tar::EntryType::Regular, 0o644, owner, content.len() as u64);
        self.0.append_data(&mut header, path, content).unwrap();
    }

    pub(crate) fn link(&mut self, path: &str, target: &str) {
        let mut header = Self::header(tar::EntryType::Symlink, 0o777, 0, 0);
        self.0.append_link(&mut header, path, target).unwrap();
    }

    pub(crate) fn hard_link(&mut self, path: &str, target: &str) {
        let mut header = Self::header(tar::EntryType::Link, 0o644, 0, 0);
        self.0.append_link(&mut header, path, target).unwrap();
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

/// `COPY SOURCES DESTINATION`
pub(crate) fn copy(sources: &[&str], destination: &str) -> plan::Copy {
    plan::Copy {
        origin: Origin::Context(None),
        sources: sources.iter().map(|path| Source::Path((*path).to_owned())).collect(),
        destination: destination.to_owned(),
        owner: String::new(),
        mode: None,
        link: false,
        parents: false,
        exclude: Vec::new(),
        unpack: false,
    }
}

/// `ADD SOURCES DESTINATION`
pub(crate) fn add(sources: &[&str], destination: &str) -> plan::Copy {
    plan::Copy { unpack: true, ..copy(sources, destination) }
}
