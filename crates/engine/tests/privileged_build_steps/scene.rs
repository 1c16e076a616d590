//! A site with an image, steps on it, and the program that they run.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use build::plan::{Mount, Origin, Run, RunNetwork, Sharing};
use coffer_engine as engine;
use engine::Engine;
use engine::building::{Agents, BuildError, CacheEntry, CacheKind, Output, Ran, Secrets, Surroundings};
use engine::state::Ended;
use model::digest::Digest;
use model::image::{ImageConfig, Layer};
use model::request::{HostAddress, RunRequest};
use store::Stamp;

use crate::own::archive;
pub(crate) use crate::own::{SITE, open};

const DO: &str = "DO";
/// What the image has beside this program.
const FILES: [(&str, &str); 2] =
    [("srv/below", "of the image\n"), ("srv/doomed", "until a step removes it\n")];

pub(crate) struct Fixture {
    pub(crate) root: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) base: Vec<Layer>,
    /// Absent where the site is another process's.
    _own: Option<tempfile::TempDir>,
}

pub(crate) fn fixture() -> Fixture {
    let own = tempfile::tempdir().unwrap();
    let root = own.path().to_owned();
    Fixture { _own: Some(own), ..Fixture::at(root) }
}

/// A step that does these things.
pub(crate) fn run(things: &[&str]) -> Run {
    let arguments = ["/test", "--exact", "scene::inside_step", "--nocapture", "--test-threads=1"];
    Run {
        arguments: arguments.map(str::to_owned).into(),
        scripts: Vec::new(),
        env: vec![format!("{DO}={}", things.join("\n"))],
        proxies: Vec::new(),
        user: String::new(),
        working_dir: "/".to_owned(),
        mounts: Vec::new(),
        network: RunNetwork::None,
        hosts: Vec::new(),
        insecure: false,
    }
}

pub(crate) fn with(mounts: Vec<Mount>, things: &[&str]) -> Run {
    Run { mounts, ..run(things) }
}

/// What a step finds around it.
pub(crate) struct Given<'a> {
    pub(crate) below: &'a [Layer],
    /// What step 1 has made, which is what binds are from.
    pub(crate) other: &'a [Layer],
    pub(crate) secrets: Secrets,
    pub(crate) agents: Agents,
    pub(crate) hosts: Vec<HostAddress>,
    pub(crate) defaults: RunRequest,
    pub(crate) stamp: Stamp,
}

impl<'a> Given<'a> {
    pub(crate) fn on(below: &'a [Layer]) -> Self {
        Self {
            below,
            other: below,
            secrets: Secrets::new(),
            agents: Agents::new(),
            hosts: Vec::new(),
            defaults: RunRequest::default(),
            stamp: Stamp::default(),
        }
    }
}

impl Fixture {
    /// The site below that directory, with the image.
    pub(crate) fn at(root: PathBuf) -> Self {
        let engine = open(&root);
        let base = engine.import_embedded(archive(&FILES), &ImageConfig::default()).unwrap().image.layers;
        Self { root, engine, base, _own: None }
    }

    /// Runs a step; gives what became of it and what it printed.
    pub(crate) fn step(&self, run: &Run, given: &Given<'_>) -> (Result<Ran, BuildError>, String) {
        let printed = tempfile::tempfile().unwrap();
        let clone = || OwnedFd::from(printed.try_clone().unwrap());
        let ran = step(&self.engine, run, given, Output { stdout: clone(), stderr: clone() });
        (ran, text(printed))
    }

    /// The same for one that has to succeed.
    pub(crate) fn succeed(&self, run: &Run, given: &Given<'_>) -> (Option<Layer>, String) {
        let (ran, printed) = self.step(run, given);
        let ran = ran.unwrap_or_else(|error| panic!("{error}: {printed}"));
        assert_eq!(ran.ended, Ended::Code { code: 0 }, "{printed}");
        (ran.layer, printed)
    }

    /// What a step does on the image, and its layer.
    pub(crate) fn layer(&self, things: &[&str]) -> Layer {
        self.succeed(&run(things), &Given::on(&self.base)).0.unwrap()
    }

    pub(crate) fn unpacked(&self, layer: &Layer) -> PathBuf {
        self.root.join("state/images/layers").join(layer.diff_id.hex()).join("fs")
    }

    /// Every path of a layer, whiteouts with an exclamation mark.
    pub(crate) fn paths(&self, layer: &Layer) -> Vec<String> {
        let root = self.unpacked(layer);
        let (mut found, mut waiting) = (Vec::new(), vec![root.clone()]);
        while let Some(directory) = waiting.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let (path, meta) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
                let mark = if meta.mode() & 0o170_000 == 0o020_000 { "!" } else { "" };
                found.push(format!("{mark}{}", path.strip_prefix(&root).unwrap().display()));
                if meta.is_dir() {
                    waiting.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// Directories that outlive builds, by id.
    pub(crate) fn caches(&self) -> Vec<CacheEntry> {
        let mut caches = self.engine.build_cache().unwrap();
        caches.retain(|entry| entry.kind == CacheKind::Mount);
        caches.sort_by(|one, other| one.title.cmp(&other.title));
        caches
    }

    /// The same once nobody holds them. What a test beside this one has forked meanwhile has descriptors of ours.
    pub(crate) fn caches_at_rest(&self) -> Vec<CacheEntry> {
        let begun = std::time::Instant::now();
        loop {
            let caches = self.caches();
            if caches.iter().all(|cache| !cache.busy) {
                return caches;
            }
            assert!(begun.elapsed().as_secs() < 60, "{caches:?}");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// As if the cache of that id had been used last so many seconds ago.
    pub(crate) fn used_ago(&self, id: &str, seconds: u64) {
        let lock = self.root.join("state/caches").join(Digest::of(id.as_bytes()).hex()).join("0.lock");
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(seconds);
        File::open(lock).unwrap().set_modified(then).unwrap();
    }

    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.engine.ledger_lines(None).unwrap().iter().map(|line| line.entry.kind.as_str()).collect()
    }

    pub(crate) fn assert_empty(&self) {
        for directory in ["names", "ranges", "containers"] {
            let left = std::fs::read_dir(self.root.join("state").join(directory)).unwrap().count();
            assert_eq!(left, 0, "{directory}");
        }
    }
}

pub(crate) fn step(engine: &Engine, run: &Run, given: &Given<'_>, output: Output) -> Result<Ran, BuildError> {
    let roots = |origin: &Origin| match origin {
        Origin::Step(1) => Some(given.other),
        _ => None,
    };
    let around = Surroundings {
        title: "[1/1] RUN test",
        below: given.below,
        config: &ImageConfig::default(),
        roots: &roots,
        secrets: &given.secrets,
        agents: &given.agents,
        stamp: given.stamp,
        network: RunNetwork::None,
        hosts: &given.hosts,
        defaults: &given.defaults,
    };
    engine.run_step(run, &around, output)
}

pub(crate) fn text(mut file: File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

pub(crate) fn bind(source: &str, target: &str, writable: bool) -> Mount {
    Mount::Bind { origin: Origin::Step(1), source: source.into(), target: target.into(), writable }
}

pub(crate) fn cache(id: &str, target: &str, sharing: Sharing) -> Mount {
    Mount::Cache {
        id: id.into(),
        origin: Origin::Scratch,
        source: String::new(),
        target: target.into(),
        readonly: false,
        sharing,
        mode: 0o755,
        owner: (0, 0),
    }
}

pub(crate) fn secret(target: Option<&str>, env: Option<&str>) -> Mount {
    Mount::Secret {
        id: "token".into(),
        target: target.map(str::to_owned),
        env: env.map(str::to_owned),
        required: true,
        mode: 0o440,
        owner: (1000, 0),
    }
}

/// Not a test but the program of all steps.
#[test]
fn inside_step() {
    let Ok(things) = std::env::var(DO) else { return };
    println!("begins");
    for thing in things.lines() {
        match inside(thing) {
            Ok(said) => println!("{thing} = {said}"),
            Err(error) => println!("{thing} ! {:?}", error.kind()),
        }
    }
}

fn inside(thing: &str) -> std::io::Result<String> {
    let words: Vec<&str> = thing.split(' ').collect();
    let nothing = |()| String::new();
    match words[..] {
        ["write", path, text] => std::fs::write(path, text).map(nothing),
        ["read", path] => std::fs::read_to_string(path),
        ["copy", from, to] => std::fs::copy(from, to).map(|bytes| bytes.to_string()),
        ["list", path] => {
            let names =
                std::fs::read_dir(path)?.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.collect();
            names.sort();
            Ok(names.join(","))
        }
        ["make", path] => std::fs::create_dir_all(path).map(nothing),
        ["remove", path] => std::fs::remove_file(path).map(nothing),
        ["empty", path] => std::fs::remove_dir_all(path).map(nothing),
        ["link", to, path] => std::os::unix::fs::symlink(to, path).map(nothing),
        ["hard", from, to] => std::fs::hard_link(from, to).map(nothing),
        ["own", id, path] => {
            let id = Some(id.parse().unwrap());
            std::os::unix::fs::chown(path, id, id).map(nothing)
        }
        ["mode", mode, path] => {
            let mode = u32::from_str_radix(mode, 8).unwrap();
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).map(nothing)
        }
        ["stat", path] => {
            let meta = std::fs::metadata(path)?;
            Ok(format!("{:o} {}:{}", meta.mode() & 0o7777, meta.uid(), meta.gid()))
        }
        ["inode", path] => Ok(std::fs::metadata(path)?.ino().to_string()),
        ["node", path] => {
            let (kind, mode) = (rustix::fs::FileType::CharacterDevice, rustix::fs::Mode::RWXU);
            Ok(rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, rustix::fs::makedev(1, 3))
                .map(nothing)?)
        }
        ["socket", path] => UnixListener::bind(path).map(|_| String::new()),
        ["run", path] => {
            let output = std::process::Command::new(path).arg("--list").env_remove(DO).output()?;
            Ok(String::from_utf8(output.stdout).unwrap().contains("inside_step").to_string())
        }
        ["variable", name] => Ok(std::env::var(name).unwrap_or_else(|_| "none".into())),
        ["directory"] => Ok(std::env::current_dir()?.display().to_string()),
        ["limit", "core"] => {
            let limit = rustix::process::getrlimit(rustix::process::Resource::Core);
            Ok(format!("{:?} {:?}", limit.current, limit.maximum))
        }
        ["ask", path, byte] => {
            let mut agent = UnixStream::connect(path)?;
            agent.write_all(&[0, 0, 0, 1, byte.parse().unwrap()])?;
            let mut answer = [0; 5];
            agent.read_exact(&mut answer)?;
            Ok(answer[4].to_string())
        }
        ["exit", code] => std::process::exit(code.parse().unwrap()),
        ["wait"] => {
            println!("waiting");
            std::thread::sleep(std::time::Duration::from_secs(60));
            Ok(String::new())
        }
        ["flood"] => loop {
            std::io::stdout().write_all(&[b'x'; 65_536])?;
        },
        ["eat"] => {
            let mut eaten = Vec::new();
            loop {
                eaten.push(vec![1_u8; 1 << 20]);
            }
        }
        _ => panic!("{thing}"),
    }
}

pub(crate) fn assert_said(printed: &str, expected: &[&str]) {
    for line in expected {
        assert!(printed.lines().any(|said| said.trim() == *line), "`{line}` is not in {printed}");
    }
}

/// Reads until the text comes.
pub(crate) fn wait_for(mut output: impl std::io::Read, text: &str) {
    let mut seen = String::new();
    let mut piece = [0; 256];
    while !seen.contains(text) {
        let length = output.read(&mut piece).unwrap();
        assert!(length > 0, "ended after {seen}");
        seen.push_str(&String::from_utf8_lossy(&piece[..length]));
    }
}
