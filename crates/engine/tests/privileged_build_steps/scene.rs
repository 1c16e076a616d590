//! A site with an image, steps on it, and the program that they run.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use build::plan::{Mount, Origin, Run, RunNetwork, Sharing};
use coffer_engine as engine;
use engine::Engine;
use engine::building::BuildError;
use engine::building::{Agents, Output, Ran, Secrets, Surroundings};
use engine::site::{Invoker, Site};
use engine::state::Ended;
use model::image::{ImageConfig, Layer};
use model::request::{HostAddress, RunRequest};
use model::verdict::Level;
use store::Stamp;

const DO: &str = "DO";
/// For commands in a process of their own: where the site is.
pub(crate) const SITE: &str = "COFFER_TEST_SITE";

pub(crate) fn now() -> engine::time::Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    engine::time::Moment { seconds: i64::try_from(since.as_secs()).unwrap(), nanos: since.subsec_nanos() }
}

/// A tar archive with this program as `/test`.
pub(crate) fn archive() -> &'static [u8] {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |path: &str, mode, content: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(mode);
            header.set_entry_type(tar::EntryType::Regular);
            archive.append_data(&mut header, path, content).unwrap();
        };
        add("test", 0o755, &program);
        add("etc/passwd", 0o644, b"root:x:0:0::/root:/test\napp:x:1000:1000::/home/app:/test\n");
        add("etc/group", 0o644, b"root:x:0:\napp:x:1000:\n");
        add("srv/below", 0o644, b"of the image\n");
        add("srv/doomed", 0o644, b"until a step removes it\n");
        archive.into_inner().unwrap()
    })
}

pub(crate) struct Fixture {
    pub(crate) root: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) base: Vec<Layer>,
    /// Absent where the site is another process's.
    _own: Option<tempfile::TempDir>,
}

pub(crate) fn open(root: &Path) -> Engine {
    let site = Site {
        state: root.join("state"),
        run: root.join("run"),
        level: Level::Baseline,
        invoker: Invoker::Root,
    };
    Engine::open(site, now).unwrap()
}

pub(crate) fn fixture() -> Fixture {
    assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
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
        let base = engine.import_embedded(archive(), &ImageConfig::default()).unwrap().image.layers;
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
