//! Tests of whole bundles: each is set up by everything that a start has, up to the last step before exec,
//! and then looked at from outside through /proc/PID.

mod devices;
mod hostile;
mod mounts;
mod propagation;
mod root;

use std::path::{Path, PathBuf};

use model::spec::{IdMapping, Mount, Namespace, NamespaceKind, Spec};
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};

use crate::cgroup::{Cgroup, Location, Manager};
use crate::error::LaunchError;
use crate::plan::{Keyring, Manner, Plan, ProgramCheck, RootChange};
use crate::start::{AtHalt, Io, Prepared, carry_out};

/// A directory for a root filesystem, and the specification that other engines write for it.
struct Bundle {
    directory: tempfile::TempDir,
    spec: Spec,
}

impl Bundle {
    /// Without any mount.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("rootfs")).unwrap();
        let mut spec = Spec::default();
        spec.process.args = vec!["/true".into()];
        spec.root.path = directory.path().join("rootfs").display().to_string();
        spec.linux.namespaces =
            [NamespaceKind::Pid, NamespaceKind::Mount, NamespaceKind::Ipc, NamespaceKind::Network]
                .map(|kind| Namespace { kind, path: None })
                .to_vec();
        Self { directory, spec }
    }

    /// With the mounts of `runc spec`, in its words.
    fn usual() -> Self {
        let mut bundle = Self::new();
        bundle.mount("/proc", "proc", "proc", &[]);
        let dev = ["nosuid", "strictatime", "mode=755", "size=65536k"];
        bundle.mount("/dev", "tmpfs", "tmpfs", &dev);
        let pts = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"];
        bundle.mount("/dev/pts", "devpts", "devpts", &pts);
        let shm = ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"];
        bundle.mount("/dev/shm", "tmpfs", "shm", &shm);
        bundle.mount("/dev/mqueue", "mqueue", "mqueue", &["nosuid", "noexec", "nodev"]);
        bundle.mount("/sys", "sysfs", "sysfs", &["nosuid", "noexec", "nodev", "ro"]);
        bundle
    }

    fn mount(&mut self, destination: &str, kind: &str, source: &str, options: &[&str]) -> &mut Mount {
        self.spec.mounts.push(Mount {
            destination: destination.into(),
            kind: kind.to_owned().into(),
            source: source.to_owned().into(),
            options: options.iter().map(|option| (*option).to_owned().into()).collect(),
            ..Mount::default()
        });
        self.spec.mounts.last_mut().unwrap()
    }

    /// A bind of a directory beside the root filesystem, which is made.
    fn bind(&mut self, name: &str, options: &[&str]) -> PathBuf {
        let source = self.directory.path().join(name);
        std::fs::create_dir_all(&source).unwrap();
        self.mount(&format!("/{name}"), "bind", source.to_str().unwrap(), options);
        source
    }

    /// In a user namespace whose root is `first` outside.
    fn mapped(&mut self, first: u32) {
        self.spec.linux.namespaces.push(Namespace { kind: NamespaceKind::User, path: None });
        let map = vec![IdMapping { container_id: 0, host_id: first, size: 65536 }];
        (self.spec.linux.uid_mappings, self.spec.linux.gid_mappings) = (map.clone(), map);
        std::os::unix::fs::chown(self.root(), Some(first), Some(first)).unwrap();
    }

    fn root(&self) -> PathBuf {
        PathBuf::from(&self.spec.root.path)
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    fn set_up(&self) -> Result<Container, LaunchError> {
        self.carry_out(self.plan()?)
    }

    fn plan(&self) -> Result<Plan, LaunchError> {
        let manner = Manner::foreign(Keyring::Callers, RootChange::Pivot);
        // There is none, and it is never executed.
        Plan::foreign(&self.spec, Manner { program: ProgramCheck::AtExec, ..manner })
    }

    fn carry_out(&self, plan: Plan) -> Result<Container, LaunchError> {
        self.carry_out_with(plan, &mut |_| Ok(Vec::new()))
    }

    fn carry_out_with(&self, plan: Plan, at_halt: AtHalt<'_>) -> Result<Container, LaunchError> {
        let place = match self.spec.linux.cgroups_path.as_str() {
            "" => Location::default(),
            path => Location::of(path, "c", Manager::Files)?,
        };
        let group = Cgroup::create(&place, &self.spec.linux.resources)?;
        let limited = (group, &self.spec.linux.resources);
        carry_out(plan, limited, Io::Nowhere, None, at_halt).map(Container)
    }

    /// What the start says when it fails.
    fn refusal(&self) -> String {
        self.set_up().err().map(|error| error.to_string()).unwrap_or_else(|| "it was set up".into())
    }
}

/// A container right before its exec.
struct Container(Prepared);

impl Container {
    /// A path of the container, as it is reached from outside.
    fn path(&self, path: &str) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.0.pid())).join(path.trim_start_matches('/'))
    }

    /// The topmost mount on `point`, as the kernel describes it.
    fn mounted(&self, point: &str) -> MountInfo {
        let table = self.table();
        let found = table.lines().filter_map(MountInfo::parse).rfind(|mount| mount.point == point);
        found.unwrap_or_else(|| panic!("nothing is mounted on {point}:\n{table}"))
    }

    fn table(&self) -> String {
        std::fs::read_to_string(format!("/proc/{}/mountinfo", self.0.pid())).unwrap()
    }
}

/// A line of /proc/PID/mountinfo (proc(5)).
#[derive(Debug)]
struct MountInfo {
    point: String,
    options: Vec<String>,
    propagation: Vec<String>,
    kind: String,
    filesystem: Vec<String>,
}

impl MountInfo {
    fn parse(line: &str) -> Option<Self> {
        let words = |text: &str| text.split(',').map(str::to_owned).collect();
        let (mount, filesystem) = line.split_once(" - ")?;
        let mount: Vec<&str> = mount.split(' ').collect();
        let filesystem: Vec<&str> = filesystem.split(' ').collect();
        Some(Self {
            point: mount[4].to_owned(),
            options: words(mount[5]),
            propagation: mount[6..].iter().map(|&word| word.to_owned()).collect(),
            kind: filesystem[0].to_owned(),
            filesystem: words(filesystem[2]),
        })
    }

    fn has(&self, options: &[&str]) -> bool {
        options.iter().all(|option| self.options.iter().any(|has| has == option))
    }

    fn is_of(&self, options: &[&str]) -> bool {
        options.iter().all(|option| self.filesystem.iter().any(|has| has == option))
    }

    /// `shared`, `master` and `unbindable`, without the numbers of the groups.
    fn ties(&self) -> Vec<&str> {
        self.propagation.iter().map(|word| word.split(':').next().unwrap()).collect()
    }
}

/// A filesystem of the host that is unmounted at the end.
struct HostMount(PathBuf);

impl HostMount {
    fn tmpfs(path: &Path, flags: MountFlags, propagation: MountPropagationFlags) -> Self {
        mount("coffer-test", path, "tmpfs", flags, c"size=1m").unwrap();
        mount_change(path, propagation).unwrap();
        Self(path.to_owned())
    }
}

impl Drop for HostMount {
    fn drop(&mut self) {
        let _gone_already = unmount(&self.0, UnmountFlags::DETACH);
    }
}
