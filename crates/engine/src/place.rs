//! What only the engine knows of a container that is to start: where its layers, its storage and its
//! control group are, and which ids it has.

use std::path::Path;

use model::image::Image;
use model::request::{HostAddress, Network, RunRequest};
use model::spec::InjectedFile;
use policy::Placement;
use policy::confine::{MappedMounts, ResolvedUser};
use policy::seccomp::MemfdGuard;
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use rustix::thread::CapabilitySet;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::hostpaths;
use crate::id::ContainerId;
use crate::idspace::IdSpace;
use crate::site::Invoker;
use crate::state::{Held, Record, StateError, remove_tree};
use crate::user::{self, MergedRoot};
use crate::volumes::Volumes;
use crate::ways::outside;

/// Largest file of the host that is shown to containers with its network, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// What a container writes.
pub(crate) const UPPER: &str = "upper";
/// What overlayfs needs beside it.
const WORK: &str = "work";

const HOSTS: &str = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";

/// A place, and who the container's user is on this host.
pub(crate) struct Place {
    pub(crate) placement: Placement,
    /// User and group id outside.
    pub(crate) owner: (u32, u32),
}

impl Engine {
    /// The directories below a container's own layer, top first.
    pub(crate) fn lower(&self, image: &Image) -> Vec<String> {
        let layers = image.layers.iter().rev().map(|layer| self.store.layer_dir(layer));
        layers.chain([self.store.skeleton()]).map(|path| text(&path)).collect()
    }

    /// Makes the container's storage and resolves what its names mean.
    pub(crate) fn place(&self, held: &Held, record: &Record, image: &Image) -> Result<Place, EngineError> {
        let request = &record.request;
        let lower = self.lower(image);
        let root = MergedRoot::open(&lower).map_err(EngineError::io("open the image's layers"))?;
        let wanted = request.user.as_deref().unwrap_or(&image.config.user);
        let space = IdSpace::new(request, record.range)?;
        let user =
            user::resolve(wanted, &request.groups, |file| root.read(file, user::MAX_SIZE), space.size())?;
        make_root(held)?;
        let volumes = Volumes { named: self.site.volumes(), container: held.path(), image: &root };
        let hostname = request.hostname.clone().unwrap_or_else(|| record.id.short().to_owned());
        let placement = Placement {
            container: record.id.to_string(),
            files: files(request, &hostname),
            hostname,
            volumes: volumes.place(request, &image.config)?,
            views: self.views(held, request, &space)?,
            mapped: if space.is_shifted() { MappedMounts::VolumesAndBinds } else { MappedMounts::None },
            devices: hostpaths::devices(request)?,
            disks: hostpaths::disks(request)?,
            lower,
            upper: text(&held.path().join(UPPER)),
            work: text(&held.path().join(WORK)),
            cgroup: record.cgroup.clone(),
            memfd: memfd_guard(self.site.invoker),
            host_memory: host_memory(),
            max_open_files: max_open_files(self.site.invoker),
            uid_map: space.map.clone(),
            gid_map: space.map.clone(),
            user: ResolvedUser { uid: user.uid, gid: user.gid, groups: user.groups, home: user.home },
        };
        let owner = (space.outside(placement.user.uid), space.outside(placement.user.gid));
        Ok(Place { placement, owner })
    }
}

/// The writable directory, whose owner and mode are those of the container's `/`, and overlayfs' own. What
/// the container wrote before stays; overlayfs begins anew, as it refuses the marks of a volatile mount.
fn make_root(held: &Held) -> Result<(), StateError> {
    let failed = |name: &str| StateError::errno("make the directory", &held.path().join(name));
    match rustix::fs::mkdirat(held.dir(), UPPER, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(failed(UPPER)(errno)),
    }
    match rustix::fs::mkdirat(held.dir(), WORK, Mode::RWXU) {
        Err(Errno::EXIST) => {}
        made => return made.map_err(failed(WORK)),
    }
    let path = held.path().join(WORK);
    remove_tree(held.dir(), c"work").map_err(StateError::io("clear", &path))?;
    rustix::fs::mkdirat(held.dir(), WORK, Mode::RWXU).map_err(failed(WORK))
}

/// The setting is the pid namespace's, and only the host's root may change it.
fn memfd_guard(invoker: Invoker) -> MemfdGuard {
    let there = || rustix::fs::access("/proc/sys/vm/memfd_noexec", rustix::fs::Access::EXISTS).is_ok();
    if invoker == Invoker::Root && there() { MemfdGuard::Sysctl } else { MemfdGuard::Filter }
}

/// Where the container's control group is, below the hierarchies' roots: for a user, beside the group of
/// this process if that is theirs to divide, and else nowhere. It is another one after every start.
pub(crate) fn cgroup(id: &ContainerId, invoker: Invoker) -> String {
    match invoker {
        Invoker::Root => format!("/coffer/{id}"),
        Invoker::Rootless { .. } => {
            launch::cgroup::divisible().map_or_else(String::new, |at| format!("{at}/coffer/{id}"))
        }
    }
}

/// /etc/hostname, /etc/hosts and /etc/resolv.conf; with the host's network, the latter two are the host's. A way
/// out leads to the host's resolvers, by addresses of its own. A step's names come last.
fn files(request: &RunRequest, hostname: &str) -> Vec<InjectedFile> {
    let own_hosts = || format!("{HOSTS}127.0.1.1\t{hostname}\n");
    let (mut hosts, resolver) = match request.network {
        Network::None => (own_hosts(), String::new()),
        Network::Outbound => (own_hosts(), outside().resolv_conf()),
        Network::Host => (host_file("/etc/hosts"), host_file("/etc/resolv.conf")),
    };
    let names = request.step.iter().flat_map(|step| &step.hosts);
    for (index, HostAddress { name, address }) in names.enumerate() {
        // The host's file may end within a line.
        if index == 0 && !hosts.is_empty() && !hosts.ends_with('\n') {
            hosts.push('\n');
        }
        hosts.push_str(&format!("{address}\t{name}\n"));
    }
    [("/etc/hostname", format!("{hostname}\n")), ("/etc/hosts", hosts), ("/etc/resolv.conf", resolver)]
        .map(|(path, content)| InjectedFile { path: path.to_owned(), content })
        .into()
}

/// Empty if it cannot be read: a host without such a file has nothing to show.
pub(crate) fn host_file(path: &str) -> String {
    use std::io::Read as _;
    let mut content = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut content));
    read.map(|_| content).unwrap_or_default()
}

/// Bytes.
pub(crate) fn host_memory() -> u64 {
    let info = rustix::system::sysinfo();
    (info.totalram as u64).saturating_mul(u64::from(info.mem_unit))
}

/// The highest limit on open files that launch can set: any with the right to raise it, else our own.
fn max_open_files(invoker: Invoker) -> u64 {
    let own = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let may_raise = invoker == Invoker::Root
        && rustix::thread::capabilities(None)
            .is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_RESOURCE));
    let highest = || std::fs::read_to_string("/proc/sys/fs/nr_open").ok()?.trim().parse().ok();
    if may_raise { highest().unwrap_or(own) } else { own }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use model::request::StepRequest;

    use super::*;

    #[test]
    fn names_that_were_given_an_address_come_last() {
        let host =
            |name: &str, address: &str| HostAddress { name: name.into(), address: address.parse().unwrap() };
        let hosts = vec![host("mirror.test", "192.0.2.7"), host("mirror.test", "2001:db8::7")];
        for network in [Network::None, Network::Outbound, Network::Host] {
            let step = Some(StepRequest { hosts: hosts.clone(), ..StepRequest::default() });
            let files = files(&RunRequest { network, step, ..RunRequest::default() }, "calm");
            let ends = "\n192.0.2.7\tmirror.test\n2001:db8::7\tmirror.test\n";
            assert!(files[1].content.ends_with(ends), "{network:?} {}", files[1].content);
        }
    }

    #[test]
    fn a_container_without_a_network_knows_itself_and_no_resolver() {
        let request = RunRequest { network: Network::None, ..RunRequest::default() };
        let files = files(&request, "calm");
        assert_eq!(files[0].content, "calm\n");
        assert!(files[1].content.ends_with("127.0.1.1\tcalm\n"));
        assert_eq!(files[2].content, "");
    }

    #[test]
    fn host_facts_are_plausible() {
        assert!(host_memory() > 64 << 20);
        assert!(max_open_files(Invoker::Rootless { uid: 1, gid: 1 }) >= 256);
        assert!(cgroup(&ContainerId::random().unwrap(), Invoker::Root).starts_with("/coffer/"));
    }
}
