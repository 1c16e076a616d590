//! The specification, turned into exactly what the child will pass to the kernel.
//!
//! Everything that allocates or can be wrong about the specification happens here, before the clone:
//! the child only walks these lists.

mod checks;
mod hooks;
mod manner;
mod namespaces;
mod path;
mod options;
mod filesystem;
mod mounts;
mod devices;
mod files;
mod root;
mod process;
mod capabilities;
mod labels;
mod numbers;
mod schedule;
mod memory;
mod attributes;
mod clocks;
mod sysctl;
mod net_devices;

use std::ffi::CString;

use model::spec::{IdMapping, Island, Landlock, NamespaceKind, Process, Spec};
use rustix::thread::CapabilitySet;
use sys::clone::flag;
use sys::mount::Propagation;

use crate::channel::MAX_TREES;
use crate::error::LaunchError;
use crate::seccomp::{self, Filter};
use mounts::Surroundings;

pub(crate) use capabilities::{CAPABILITIES, CapabilityPlan, names as capability_names};
pub(crate) use checks::missing;
pub(crate) use devices::{Nodes, PlannedDevice};
pub(crate) use files::PlannedFile;
pub(crate) use filesystem::{Filesystem, ReadOnly, RootMode};
pub(crate) use hooks::{HookPlan, PlannedHook};
pub(crate) use labels::{Labels, name as label_name};
pub(crate) use manner::{FilterTime, Keeper, Manner, ProgramCheck};
pub use manner::{Keyring, RootChange};
pub(crate) use memory::{memory_policy_flags, memory_policy_modes};
pub(crate) use mounts::{Links, Opener, PlannedMount, Source, TreeKind, TreeRequest};
pub(crate) use namespaces::JoinedNamespace;
pub(crate) use options::Options;
pub use options::mount_options;
pub(crate) use path::{InRoot, cstring, last_component};
pub(crate) use process::ProcessPlan;
pub(crate) use root::{RootPlan, RootSource, View};
pub(crate) use schedule::POLICIES;
pub(crate) use sysctl::sysctl_name;

/// Who wrote a specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// `policy`: it says what Cofferdam does beyond the specification, and every path in it was judged.
    Policy,
    /// Somebody else's engine, which knows only the specification and what other runtimes make of it.
    Bundle,
}

impl Author {
    fn of(spec: &Spec) -> Self {
        if spec.hardening.is_some() { Self::Policy } else { Self::Bundle }
    }

    /// A path in the container.
    fn path(self, path: &str) -> Result<InRoot, LaunchError> {
        match self {
            Self::Policy => InRoot::parse(path),
            Self::Bundle => InRoot::cleaned(path),
        }
    }

    fn paths(self, paths: &[model::spec::Text]) -> Result<Vec<InRoot>, LaunchError> {
        paths.iter().map(|path| self.path(path)).collect()
    }
}

/// A start, ready to be carried out.
#[derive(Debug)]
pub(crate) struct Plan {
    pub author: Author,
    /// Namespaces that the clone makes.
    pub clone_flags: u64,
    /// Namespaces that the child makes: the network's takes longest and overlaps with the parent's
    /// work, the cgroup's must come after the move into the group.
    pub unshare_flags: u64,
    /// Namespaces that are there already.
    pub joined: Vec<JoinedNamespace>,
    pub uid_map: Vec<IdMapping>,
    pub gid_map: Vec<IdMapping>,
    pub root: RootPlan,
    pub hostname: Option<String>,
    pub domainname: Option<String>,
    /// For the clocks of the time namespace: what its `timens_offsets` is told.
    pub clock_offsets: Option<String>,
    /// Of the host, with their names there and in the container.
    pub net_devices: Vec<(String, String)>,
    pub mounts: Vec<PlannedMount>,
    /// Trees that the parent opens with its own rights; a mount's [`Source::Tree`] is an index here.
    pub trees: Vec<TreeRequest>,
    pub islands: Vec<InRoot>,
    pub files: Vec<PlannedFile>,
    pub devices: Vec<PlannedDevice>,
    pub nodes: Nodes,
    /// The SELinux context of filesystems that hide something.
    pub mount_label: Option<CString>,
    pub masked: Vec<InRoot>,
    pub read_only: Vec<InRoot>,
    /// Path below /proc, and value.
    pub sysctls: Vec<(CString, String)>,
    /// `vm.memfd_noexec`, which only the host's root may write, even for a pid namespace of its own.
    pub memfd_noexec: Option<String>,
    pub process: ProcessPlan,
    pub attributes: attributes::Attributes,
    pub landlock: Option<LandlockPlan>,
    pub seccomp: Option<Filter>,
    /// Device and inode of the program that runs this, which no container may execute.
    pub own_file: Option<(u64, u64)>,
    pub hooks: HookPlan,
    pub manner: Manner,
}

#[derive(Debug)]
pub(crate) struct LandlockPlan {
    pub abi: u32,
    pub rights: u64,
    pub scopes: u64,
    /// Where EXECUTE is allowed: islands and mounts that asked for it; empty means everywhere.
    pub executable: Vec<CString>,
    /// What is done about a place that is not where it was.
    pub moved: Moved,
}

/// What is done about an executable place that is not where it was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// The start fails: nobody but us can have moved it.
    Refused,
    /// Nothing is executed from there: the container has moved it, and that is its own loss.
    Skipped,
}

impl Plan {
    /// Reads `spec`.
    ///
    /// # Errors
    /// [`LaunchError::Spec`] for what is invalid, [`LaunchError::Seccomp`] for an invalid profile.
    pub(crate) fn new(spec: &Spec) -> Result<Self, LaunchError> {
        checks::container(spec)?;
        let mut plan = Self::of_process(spec)?;
        plan.clock_offsets = clocks::offsets(spec)?;
        plan.net_devices = net_devices::planned(spec)?;
        Ok(plan)
    }

    /// Without what only a container's first process does, and is checked for.
    fn of_process(spec: &Spec) -> Result<Self, LaunchError> {
        checks::process(spec)?;
        let hardening = spec.hardening.clone().unwrap_or_default();
        let files = files::planned(&hardening)?;
        let islands =
            hardening.islands.iter().map(|island| InRoot::parse(&island.path)).collect::<Result<_, _>>()?;
        let author = Author::of(spec);
        let surroundings = Surroundings {
            author,
            mapped: namespaces::private(spec, NamespaceKind::User),
            root: root::root_propagation(spec)?,
            label: &spec.linux.mount_label,
        };
        let mut trees = Vec::new();
        let mut mounts = spec
            .mounts
            .iter()
            .map(|mount| PlannedMount::parse(mount, surroundings, &mut trees))
            .collect::<Result<Vec<_>, _>>()?;
        number_options(&mut mounts);
        if trees.len() >= MAX_TREES {
            let value = trees.len().to_string();
            return Err(LaunchError::Spec {
                what: "number of bind mounts",
                value,
                why: "at most 511 are carried out",
            });
        }
        let seccomp = spec.linux.seccomp.as_ref().map(seccomp::compile).transpose()?;
        Ok(Self {
            author,
            // Not optional: everything that follows happens in it.
            clone_flags: namespaces::clone_flags(spec) | flag::NEWNS,
            unshare_flags: namespaces::unshare_flags(spec),
            joined: Vec::new(),
            uid_map: spec.linux.uid_mappings.clone(),
            gid_map: spec.linux.gid_mappings.clone(),
            root: RootPlan::new(spec, author, hardening.overlay)?,
            hostname: Some(spec.hostname.clone()).filter(|name| !name.is_empty()),
            domainname: Some(spec.domainname.clone()).filter(|name| !name.is_empty()),
            clock_offsets: None,
            net_devices: Vec::new(),
            landlock: landlock(hardening.landlock, &hardening.islands, &mounts)?,
            mounts,
            trees,
            islands,
            files,
            devices: spec
                .linux
                .devices
                .iter()
                .map(|device| PlannedDevice::new(device, author))
                .collect::<Result<_, _>>()?,
            nodes: Nodes::of(spec, author),
            mount_label: mount_label(spec)?,
            masked: author.paths(&spec.linux.masked_paths)?,
            read_only: author.paths(&spec.linux.readonly_paths)?,
            sysctls: sysctl::settings(spec)?,
            memfd_noexec: hardening.memfd_noexec.map(|value| value.to_string()),
            process: ProcessPlan::new(&spec.process)?,
            attributes: attributes::Attributes::new(spec)?,
            seccomp,
            own_file: rustix::fs::stat(c"/proc/self/exe").ok().map(|stat| (stat.st_dev, stat.st_ino)),
            hooks: HookPlan::default(),
            manner: Manner::OURS,
        })
    }

    /// The same for a container of somebody else's engine.
    ///
    /// # Errors
    /// As [`Plan::new`], and [`LaunchError::Host`] for a namespace that is not there.
    pub(crate) fn foreign(spec: &Spec, manner: Manner) -> Result<Self, LaunchError> {
        let mut plan = Self::new(spec)?;
        plan.clone_flags = namespaces::clone_flags(spec);
        plan.joined = namespaces::joined(spec)?;
        plan.leave_trees_to_child();
        if !namespaces::made(spec, NamespaceKind::Mount) {
            plan.root.view = View::Others;
        }
        plan.hooks = HookPlan::new(&spec.hooks)?;
        plan.process.capabilities.drop_impossible(grantable(spec)?);
        plan.manner = manner;
        Ok(plan)
    }

    /// The same for files without a process. A plan has one, so that its program is nothing to execute.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub(crate) fn of_files(spec: &Spec) -> Result<Self, LaunchError> {
        let process = Process { args: vec!["/".to_owned()], ..Process::default() };
        Self::of_process(&Spec { process, ..spec.clone() })
    }

    /// The same for one more process of a container that runs.
    ///
    /// Its Landlock domain is not the container's own, which cannot be joined. Where a namespace keeps
    /// signals and abstract sockets in, the domain does not as well, or it would part the two.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub(crate) fn entering(spec: &Spec, manner: Manner) -> Result<Self, LaunchError> {
        use sys::landlock::scope;
        let mut plan = Self::of_process(spec)?;
        plan.manner = manner;
        if manner != Manner::OURS {
            plan.clone_flags = namespaces::clone_flags(spec);
            plan.process.capabilities.drop_impossible(grantable(spec)?);
        }
        if let Some(landlock) = &mut plan.landlock {
            let kept_in =
                [(NamespaceKind::Pid, scope::SIGNAL), (NamespaceKind::Network, scope::ABSTRACT_UNIX_SOCKET)];
            for (_, scope) in kept_in.into_iter().filter(|(kind, _)| namespaces::private(spec, *kind)) {
                landlock.scopes &= !scope;
            }
            landlock.moved = Moved::Skipped;
        }
        Ok(plan)
    }

    /// Whether the container's ids differ from ours, so that files must be seen through a map.
    pub(crate) fn shifts_ids(&self) -> bool {
        self.uid_map.iter().chain(&self.gid_map).any(|map| map.container_id != map.host_id)
    }

    /// What the process holds while it waits for its start: without no_new_privs a filter takes a right of
    /// its own, which is given up with it.
    pub(crate) fn waiting_capabilities(&self) -> CapabilityPlan {
        let mut sets = self.process.capabilities;
        let filters = self.seccomp.is_some() && self.manner.filter == FilterTime::BeforeExec;
        if filters && !self.process.no_new_privileges {
            sets.effective |= CapabilitySet::SYS_ADMIN;
            sets.permitted |= CapabilitySet::SYS_ADMIN;
        }
        sets
    }

    /// config-linux.md "Cgroup ownership": the host's id of the container's root, where it sees its own
    /// control group and may write there.
    pub(crate) fn cgroup_owner(&self) -> Option<u32> {
        let writes = |mount: &PlannedMount| {
            let read_only = (mount.options.set | mount.options.recursive_set) & sys::mount::attr::RDONLY != 0;
            matches!(mount.source, Source::Cgroups) && !read_only
        };
        let own = self.unshare_flags & flag::NEWCGROUP != 0 && self.mounts.iter().any(writes);
        let root = self.uid_map.iter().find(|map| map.container_id == 0);
        root.filter(|_| own).map(|map| map.host_id)
    }

    /// Where the tree at `index` arrives, if the parent opens it: behind the root, and those before it.
    pub(crate) fn slot(&self, index: usize) -> Option<usize> {
        let sent = |tree: &&TreeRequest| tree.opener == Opener::Parent;
        let before = self.trees.iter().take(index).filter(sent).count();
        let root = self.root.view == View::Own && self.root.opener == Opener::Parent;
        self.trees.get(index).filter(sent).map(|_| before + usize::from(root))
    }

    /// Trees that the child can open as well as we can are left to it, and all where it alone can.
    fn leave_trees_to_child(&mut self) {
        if self.has_user_namespace() && !may_mount() {
            self.root.opener = Opener::Child;
        } else if self.has_user_namespace() || self.root.view != View::Own {
            return;
        }
        // One that is the host's peer has to be cloned where it is that.
        let plain = |tree: &&mut TreeRequest| {
            tree.idmap.is_none() && tree.kind == TreeKind::Any && tree.ties != Propagation::Unchanged
        };
        self.trees.iter_mut().filter(plain).for_each(|tree| tree.opener = Opener::Child);
    }

    /// Whether a user namespace is made, whose maps somebody has to write.
    pub(crate) fn makes_user_namespace(&self) -> bool {
        self.clone_flags & flag::NEWUSER != 0
    }

    /// Whether the container is in a user namespace that is not the caller's.
    pub(crate) fn has_user_namespace(&self) -> bool {
        self.makes_user_namespace() || self.joined.iter().any(|joined| joined.kind == flag::NEWUSER)
    }

    /// Whether the first process has to be made by one that has gone ahead.
    pub(crate) fn needs_maker(&self) -> bool {
        !self.joined.is_empty() || self.clock_offsets.is_some()
    }

    /// What `index` of `step` is called, for messages.
    pub(crate) fn subject(&self, step: crate::step::Step, index: u16) -> String {
        use crate::step::Step;
        let index = usize::from(index);
        let target = |paths: &[InRoot]| paths.get(index).map(InRoot::display);
        let found = match step {
            Step::Mount | Step::MountPoint | Step::Attach => {
                self.mounts.get(index).map(|mount| mount.target.display())
            }
            Step::MountOption => self.mounts.iter().find_map(|mount| match &mount.source {
                Source::Filesystem(filesystem) => {
                    Some(format!("{} of {}", filesystem.option_name(index)?, mount.target.display()))
                }
                _ => None,
            }),
            Step::Island => target(&self.islands),
            Step::Mask => target(&self.masked),
            Step::ReadOnly => target(&self.read_only),
            Step::File => self.files.get(index).map(|file| file.target.display()),
            Step::Sysctl => self.sysctls.get(index).map(|(name, _)| sysctl_name(name)),
            Step::Device => match crate::child::devices::NAMES.get(index) {
                Some(name) => Some(format!("/dev/{}", name.to_string_lossy())),
                None => {
                    let asked_for = index.checked_sub(crate::child::devices::NAMES.len());
                    asked_for.and_then(|index| self.devices.get(index)).map(|device| device.target.display())
                }
            },
            Step::Source => self.trees.get(index).map(|tree| tree.path.to_string_lossy().into_owned()),
            Step::JoinPath => self.joined.get(index).map(|joined| joined.path.clone()),
            Step::CreateHook => hook(&self.hooks.create, index),
            Step::StartHook => hook(&self.hooks.start, index),
            Step::Namespaces => Some(missing(self.unshare_flags)),
            Step::Domainname => self.domainname.clone(),
            Step::AppArmor => self.process.labels.apparmor.as_deref().map(label_name),
            Step::Selinux => self.process.labels.selinux.as_deref().map(label_name),
            Step::WorkingDirectory => Some(self.process.cwd.display()),
            Step::Identity => Some(format!("{}:{}", self.process.uid, self.process.gid)),
            _ => None,
        };
        found.unwrap_or_default()
    }
}

/// Whether we have rights over the namespaces that we are in, and not only over those that we make.
pub(crate) fn may_mount() -> bool {
    let ours = rustix::thread::capabilities(None);
    ours.is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN))
}

/// In a user namespace everything can be granted.
fn grantable(spec: &Spec) -> Result<Option<CapabilitySet>, LaunchError> {
    (!namespaces::private(spec, NamespaceKind::User)).then(capabilities::held).transpose()
}

fn hook(hooks: &[PlannedHook], index: usize) -> Option<String> {
    hooks.get(index).map(|hook| hook.path.to_string_lossy().into_owned())
}

/// The label of new filesystems. A kernel without SELinux would refuse it as an option of this filesystem
/// and ignore it for that one, so it is refused here.
fn mount_label(spec: &Spec) -> Result<Option<CString>, LaunchError> {
    let label = spec.linux.mount_label.as_ref();
    if label.is_empty() {
        return Ok(None);
    }
    if !std::path::Path::new("/sys/fs/selinux/enforce").exists() {
        let (what, why) = ("mount label", "this kernel has no SELinux, or it is off");
        return Err(LaunchError::Spec { what, value: label.into(), why });
    }
    cstring("mount label", label).map(Some)
}

/// Counts the options of all filesystems, so that one number names one of them.
fn number_options(mounts: &mut [PlannedMount]) {
    let mut first = 0;
    for mount in mounts {
        if let Source::Filesystem(filesystem) = &mut mount.source {
            filesystem.first_option = first;
            first += filesystem.data.len();
        }
    }
}

fn landlock(
    wanted: Landlock,
    islands: &[Island],
    mounts: &[PlannedMount],
) -> Result<Option<LandlockPlan>, LaunchError> {
    if wanted == Landlock::Off {
        return Ok(None);
    }
    let abi = sys::landlock::abi();
    if abi == 0 {
        return Err(LaunchError::Host {
            action: "use Landlock",
            subject: String::new(),
            errno: rustix::io::Errno::OPNOTSUPP,
        });
    }
    let programs = mounts.iter().filter(|mount| mount.runs_programs());
    let executable = if islands.is_empty() {
        Vec::new()
    } else {
        let islands = islands.iter().map(|island| cstring("island", &island.path));
        islands
            .chain(programs.map(|mount| cstring("mount", &mount.target.display())))
            .collect::<Result<_, _>>()?
    };
    let (rights, scopes) = (sys::landlock::all_rights(abi), sys::landlock::all_scopes(abi));
    Ok(Some(LandlockPlan { abi, rights, scopes, executable, moved: Moved::Refused }))
}
