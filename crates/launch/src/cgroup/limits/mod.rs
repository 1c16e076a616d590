//! Resource limits as the specification has them, written as either version wants them.

mod convert;
mod v1;
mod v2;

use model::spec::{HugepageLimit, RdmaLimit, Resources, Text, ThrottleDevice};

use super::Version;
use crate::error::LaunchError;

/// What `io.max` says of a device without limits.
const UNLIMITED_IO: &str = "rbps=max wbps=max riops=max wiops=max";

/// One thing to write to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) controller: Text,
    pub(super) file: Text,
    /// `8:0` or `eth0` where the file has a line for each; else empty.
    pub(super) key: String,
    pub(super) value: String,
    pub(super) absent: Absent,
}

/// What it means that the file is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// What was asked for cannot be.
    Fails,
    /// It is so already, or another file says as much.
    Serves,
}

impl Setting {
    fn new(controller: &'static str, file: &'static str, value: String) -> Self {
        let (controller, file) = (controller.into(), file.into());
        Self { controller, file, key: String::new(), value, absent: Absent::Fails }
    }

    /// As the file takes it.
    pub(super) fn line(&self) -> String {
        if self.key.is_empty() { self.value.clone() } else { format!("{} {}", self.key, self.value) }
    }

    /// What would undo it, by what the file says before.
    pub(super) fn former(&self, content: &str) -> String {
        if self.key.is_empty() {
            let line = content.lines().next().unwrap_or_default().trim();
            return line.strip_prefix("oom_kill_disable ").unwrap_or(line).to_owned();
        }
        let of_key = |line: &&str| line.split(' ').next() == Some(&self.key);
        let unlimited = match self.file.as_ref() {
            "io.max" => UNLIMITED_IO,
            "io.weight" | "io.bfq.weight" => "default",
            "rdma.max" => "hca_handle=max hca_object=max",
            "misc.max" => "max",
            _ => "0",
        };
        let line = content.lines().find(of_key).map(str::to_owned);
        line.unwrap_or_else(|| format!("{} {unlimited}", self.key))
    }
}

/// Everything that `resources` limits, devices apart. `has` says whether a controller has a file: which one
/// takes the weight of disks depends on the kernel.
///
/// As with other runtimes 0 stands for a limit that was not given, but for the number of processes.
///
/// # Errors
/// [`LaunchError::Spec`] for what no kernel of this version can do.
pub(super) fn settings(
    version: Version,
    resources: &Resources,
    has: impl Fn(&'static str, &'static str) -> bool,
) -> Result<Vec<Setting>, LaunchError> {
    match version {
        Version::V2 => v2::settings(resources, has),
        Version::V1 | Version::None => v1::settings(resources, has),
    }
}

/// Holds if a container without any group has all that `resources` asks for.
///
/// # Errors
/// [`LaunchError::Controller`] for the first limit.
pub(super) fn none_asked(version: Version, resources: &Resources) -> Result<(), LaunchError> {
    let first = settings(version, resources, |_, _| false)?.into_iter().next();
    first.map_or(Ok(()), |setting| Err(LaunchError::Controller { controller: setting.controller }))
}

/// Settings as they are gathered; a value that is absent sets nothing.
#[derive(Default)]
struct Settings(Vec<Setting>);

impl Settings {
    fn set(&mut self, controller: &'static str, file: &'static str, value: Option<String>) {
        self.0.extend(value.map(|value| Setting::new(controller, file, value)));
    }

    /// The same for a file that some kernels can do without.
    fn set_if_there(&mut self, controller: &'static str, file: &'static str, value: Option<String>) {
        let setting = value.map(|value| Setting::new(controller, file, value));
        self.0.extend(setting.map(|setting| Setting { absent: Absent::Serves, ..setting }));
    }

    fn set_of(&mut self, controller: &'static str, file: &'static str, key: String, value: String) {
        self.0.push(Setting { key, ..Setting::new(controller, file, value) });
    }

    fn rates(
        &mut self,
        (controller, file): (&'static str, &'static str),
        devices: &[ThrottleDevice],
        value: impl Fn(u64) -> String,
    ) {
        for ThrottleDevice { major, minor, rate } in devices {
            self.set_of(controller, file, format!("{major}:{minor}"), value(*rate));
        }
    }

    /// `suffix` is what the version calls a limit. Reservations count separately since Linux 5.7.
    fn huge_pages(&mut self, limits: &[HugepageLimit], suffix: &str) -> Result<(), LaunchError> {
        for HugepageLimit { page_size, limit } in limits {
            if page_size.is_empty() || !page_size.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(invalid("page size", page_size, "it is written as `2MB`"));
            }
            for (part, absent) in [("", Absent::Fails), (".rsvd", Absent::Serves)] {
                let file = format!("hugetlb.{page_size}{part}.{suffix}").into();
                self.0.push(Setting { file, absent, ..Setting::new("hugetlb", "", limit.to_string()) });
            }
        }
        Ok(())
    }

    fn rdma<'a>(&mut self, limits: impl Iterator<Item = (&'a String, &'a RdmaLimit)>) {
        for (device, RdmaLimit { hca_handles, hca_objects }) in limits {
            let of = |name: &str, most: &Option<u32>| most.map(|most| format!("{name}={most}"));
            let parts: Vec<String> = [of("hca_handle", hca_handles), of("hca_object", hca_objects)]
                .into_iter()
                .flatten()
                .collect();
            if !parts.is_empty() {
                self.set_of("rdma", "rdma.max", device.clone(), parts.join(" "));
            }
        }
    }
}

/// What was given and is not 0.
fn given<T: PartialEq + Default + ToString>(value: Option<T>) -> Option<String> {
    value.filter(|value| *value != T::default()).map(|value| value.to_string())
}

/// A list of processors or memory nodes.
fn list(list: &str) -> Option<String> {
    Some(list.to_owned()).filter(|list| !list.is_empty())
}

/// No process at all could not even execute its program; systemd has the same least value.
fn processes(limit: Option<i64>) -> Option<String> {
    limit.map(|limit| convert::unlimited_or(if limit == 0 { 1 } else { limit }))
}

fn invalid(what: &'static str, value: &(impl ToString + ?Sized), why: &'static str) -> LaunchError {
    LaunchError::Spec { what, value: value.to_string(), why }
}

#[cfg(test)]
mod tests;
