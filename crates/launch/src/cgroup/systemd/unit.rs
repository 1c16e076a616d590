//! A unit of systemd: a scope around a container.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::client::Refusal;
use super::wire::Body;
use super::{Client, Property, Value, property};
use crate::error::LaunchError;

/// Names are no longer than this, and made of these besides letters and digits (systemd.unit(5)).
const LONGEST_NAME: usize = 255;
const IN_NAMES: &[u8] = b":-_.\\@";

/// What a scope is called where nobody says: `coffer-ID.scope`.
const PREFIX: &str = "coffer";

/// Annotations with this before a property's name are for systemd.
const ANNOTATION: &str = "org.systemd.property.";

/// Whose systemd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Bus {
    /// The host's.
    System,
    /// A user's own.
    User(u32),
}

impl Bus {
    /// The one of whoever calls this.
    fn of_caller() -> Self {
        let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        match host_id(&map, rustix::process::geteuid().as_raw()) {
            0 => Self::System,
            uid => Self::User(uid),
        }
    }

    /// The bus, and systemd's own socket for when there is none.
    pub(super) fn sockets(self) -> (PathBuf, PathBuf) {
        match self {
            Self::System => ("/run/dbus/system_bus_socket".into(), "/run/systemd/private".into()),
            Self::User(uid) => {
                let directory = Path::new("/run/user").join(uid.to_string());
                (directory.join("bus"), directory.join("systemd/private"))
            }
        }
    }
}

/// Whom the host knows as `uid` of a user namespace with this map.
fn host_id(map: &str, uid: u32) -> u32 {
    let line = |line: &str| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (inside, outside) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let (offset, length) = (uid.checked_sub(inside)?, numbers.next()?.ok()?);
        (offset < length).then(|| outside.saturating_add(offset))
    };
    map.lines().find_map(line).unwrap_or(uid)
}

/// A unit, as it is called and in what slice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    slice: String,
    name: String,
    bus: Bus,
    /// What somebody wants it to have besides; only its start needs it.
    #[serde(skip)]
    more: Vec<Property>,
}

/// What has to be done about a unit, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Start,
    Change,
    Stop,
    Attach,
    Find,
}

impl Job {
    fn describe(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Change => "change",
            Self::Stop => "stop",
            Self::Attach => "move a process into",
            Self::Find => "tell the group of",
        }
    }
}

impl Unit {
    /// What `slice:prefix:name` stands for; an empty text for the usual slice and a name made of `id`.
    pub(in super::super) fn named(cgroups_path: &str, id: &str) -> Result<Self, LaunchError> {
        let bus = Bus::of_caller();
        let invalid = |why| LaunchError::Spec { what: "cgroupsPath", value: cgroups_path.to_owned(), why };
        let (slice, prefix, name) = match cgroups_path.split(':').collect::<Vec<_>>().as_slice() {
            [""] => ("", PREFIX, id),
            [slice, prefix, name] => (*slice, *prefix, *name),
            _ => return Err(invalid("for systemd it is written slice:prefix:name")),
        };
        let usual = if bus == Bus::System { "system.slice" } else { "user.slice" };
        let slice = if slice.is_empty() { usual } else { slice };
        if name.is_empty() {
            return Err(invalid("the name is missing"));
        }
        let name = if name.ends_with(".slice") { name.to_owned() } else { format!("{prefix}-{name}.scope") };
        if ![slice, &name].into_iter().all(is_name) {
            return Err(invalid("no unit of systemd can be called so"));
        }
        expanded(slice).ok_or_else(|| invalid("its first part is the name of a slice"))?;
        Ok(Self { slice: slice.to_owned(), name, bus, more: Vec::new() })
    }

    /// A scope of a user's.
    pub(in super::super) fn of_user(name: String, uid: u32) -> Self {
        Self { slice: String::new(), name, bus: Bus::User(uid), more: Vec::new() }
    }

    /// Its group, below the hierarchies' roots and without a slash before it.
    pub(in super::super) fn path(&self) -> Result<String, LaunchError> {
        let above = match self.bus {
            Bus::System => String::new(),
            Bus::User(_) => {
                let found = Client::connect(self.bus).and_then(|mut client| client.property("ControlGroup"));
                found.map_err(|refusal| self.refused(Job::Find, &refusal))?
            }
        };
        let slice = expanded(&self.slice).unwrap_or_default();
        let path = format!("{above}{slice}/{}", self.name);
        Ok(path.trim_start_matches('/').to_owned())
    }

    /// Whether it is a user's, whom only systemd can move.
    pub(in super::super) fn is_of_user(&self) -> bool {
        self.bus != Bus::System
    }

    pub(in super::super) fn annotate(
        &mut self,
        annotations: &BTreeMap<String, String>,
    ) -> Result<(), LaunchError> {
        for (key, value) in annotations {
            let Some(name) = key.strip_prefix(ANNOTATION) else { continue };
            let invalid = |why| LaunchError::Spec { what: "annotation", value: key.clone(), why };
            if name.len() < 3 || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                return Err(invalid("no property of systemd is called so"));
            }
            let value = Value::parse(value).ok_or_else(|| invalid("its value is no GVariant text"))?;
            self.more
                .push(in_microseconds(name, value).ok_or_else(|| invalid("it is no number of seconds"))?);
        }
        Ok(())
    }

    /// Has systemd make it around `pid`, and waits until it is there.
    pub(in super::super) fn start(&self, pid: i32, limits: &[Property]) -> Result<(), LaunchError> {
        let mut all = self.own_properties(pid);
        all.extend(self.more.iter().chain(limits).cloned());
        self.start_with("replace", &all)
    }

    /// The same with nothing but these properties.
    pub(in super::super) fn start_with(
        &self,
        mode: &str,
        properties: &[Property],
    ) -> Result<(), LaunchError> {
        self.try_start(mode, properties).map_err(|refusal| self.refused(Job::Start, &refusal))
    }

    fn try_start(&self, mode: &str, properties: &[Property]) -> Result<(), Refusal> {
        let mut client = Client::connect(self.bus)?;
        client.follow_jobs()?;
        let job = match client.start(&self.name, mode, properties) {
            // It may be one that has failed, and is only remembered.
            Err(Refusal::Said(name, _)) if name.ends_with(".UnitExists") => {
                self.forget(&mut client);
                client.start(&self.name, mode, properties)?
            }
            started => started?,
        };
        match client.result(&job)?.as_str() {
            "done" => Ok(()),
            other => {
                self.forget(&mut client);
                Err(Refusal::Lost(format!("its job ended as `{other}`")))
            }
        }
    }

    /// As runc has them: accounting is on, or the numbers of some controllers would be missing.
    fn own_properties(&self, pid: i32) -> Vec<Property> {
        let text = |name, text: &str| property(name, Value::Text(text.to_owned()));
        let yes = |name| property(name, Value::Bool(true));
        let mut properties = vec![text("Description", &format!("container {}", self.name))];
        if self.name.ends_with(".slice") {
            properties.push(property("Wants", Value::Texts(vec![self.slice.clone()])));
        } else {
            properties.extend([text("Slice", &self.slice), yes("Delegate")]);
        }
        properties.push(property("PIDs", Value::Numbers(vec![pid.cast_unsigned()])));
        properties.extend(
            ["MemoryAccounting", "CPUAccounting", "IOAccounting", "TasksAccounting"].into_iter().map(yes),
        );
        properties.push(property("DefaultDependencies", Value::Bool(false)));
        properties
    }

    /// Tells systemd of other limits.
    pub(in super::super) fn change(&self, properties: &[Property]) -> Result<(), LaunchError> {
        let body = Body::default().text(&self.name).with(&Value::Bool(true)).properties(properties);
        let changed = Client::connect(self.bus)
            .and_then(|mut client| client.manager("SetUnitProperties", body).map(drop));
        changed.map_err(|refusal| self.refused(Job::Change, &refusal))
    }

    /// Has systemd move `pid` into it.
    pub(in super::super) fn attach(&self, pid: i32) -> Result<(), LaunchError> {
        let pids = Value::Numbers(vec![pid.cast_unsigned()]);
        let body = Body::default().text(&self.name).text("/").with(&pids);
        let attached = Client::connect(self.bus)
            .and_then(|mut client| client.manager("AttachProcessesToUnit", body).map(drop));
        attached.map_err(|refusal| self.refused(Job::Attach, &refusal))
    }

    /// Has systemd stop and forget it; one that is gone is what was wanted.
    pub(in super::super) fn stop(&self) -> Result<(), LaunchError> {
        self.try_stop().map_err(|refusal| self.refused(Job::Stop, &refusal))
    }

    fn try_stop(&self) -> Result<(), Refusal> {
        let mut client = Client::connect(self.bus)?;
        client.follow_jobs()?;
        let body = Body::default().text(&self.name).text("replace");
        match client.manager("StopUnit", body) {
            Err(Refusal::Said(name, _)) if name.ends_with(".NoSuchUnit") => return Ok(()),
            answer => {
                let job = answer?.words.into_iter().next().unwrap_or_default();
                // What became of it, the group's directories tell.
                let _result = client.result(&job)?;
            }
        }
        self.forget(&mut client);
        Ok(())
    }

    /// A unit that has failed is remembered until somebody says so; one that has not, is gone.
    fn forget(&self, client: &mut Client) {
        let _gone_already = client.manager("ResetFailedUnit", Body::default().text(&self.name));
    }

    fn refused(&self, job: Job, refusal: &Refusal) -> LaunchError {
        LaunchError::Systemd { action: job.describe(), unit: self.name.clone(), why: refusal.to_string() }
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || IN_NAMES.contains(&byte);
    name.len() <= LONGEST_NAME && name.bytes().all(fits)
}

/// The group of a slice: `a-b.slice` is in `/a.slice/a-b.slice`, and `-.slice` is the root.
fn expanded(slice: &str) -> Option<String> {
    let name = slice.strip_suffix(".slice")?;
    if name == "-" {
        return Some(String::new());
    }
    let parts: Vec<&str> = name.split('-').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    let ends = 1..=parts.len();
    Some(ends.filter_map(|end| Some(format!("/{}.slice", parts.get(..end)?.join("-")))).collect())
}

/// On the bus times are in microseconds, and called so: `TimeoutStopSec` is `TimeoutStopUSec`.
fn in_microseconds(name: &str, value: Value) -> Option<Property> {
    let Some(before) =
        name.strip_suffix("Sec").filter(|before| before.ends_with(|c: char| c.is_ascii_lowercase()))
    else {
        return Some(property(name, value));
    };
    let seconds = match value {
        Value::I32(seconds) => u64::try_from(seconds).ok()?,
        Value::U32(seconds) => u64::from(seconds),
        Value::I64(seconds) => u64::try_from(seconds).ok()?,
        Value::U64(seconds) => seconds,
        _ => return None,
    };
    Some(property(&format!("{before}USec"), Value::U64(seconds.checked_mul(1_000_000)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_lies_in_those_that_its_name_begins_with() {
        assert_eq!(expanded("a-b-c.slice").as_deref(), Some("/a.slice/a-b.slice/a-b-c.slice"));
        assert_eq!(expanded("-.slice").as_deref(), Some(""));
        for none in ["a", ".slice", "a--b.slice", "-a.slice", "a-.slice"] {
            assert_eq!(expanded(none), None, "{none}");
        }
    }

    #[test]
    fn a_path_for_systemd_has_three_parts() {
        let unit = |path: &str| Unit::named(path, "c1").map_err(|error| error.to_string());
        let (slice, name) = unit("kube-pods.slice:cri:abc").map(|unit| (unit.slice, unit.name)).unwrap();
        assert_eq!((slice.as_str(), name.as_str()), ("kube-pods.slice", "cri-abc.scope"));
        assert_eq!(unit("a.slice::b.slice").unwrap().name, "b.slice");
        assert_eq!(unit("").unwrap().name, "coffer-c1.scope");
        for none in ["a.slice:x", "a:b:c:d", "a.slice:x:", "a:b:c", "a.slice:x:../y", "a/b.slice:x:y", "/x"] {
            assert!(unit(none).unwrap_err().starts_with("invalid cgroupsPath"), "{none}");
        }
    }

    #[test]
    fn a_user_in_a_namespace_is_who_the_host_says() {
        assert_eq!(host_id("0 0 4294967295", 0), 0);
        assert_eq!(host_id("0 1000 1\n1 100000 65536", 0), 1000);
        assert_eq!(host_id("0 1000 1\n1 100000 65536", 5), 100_004);
    }

    #[test]
    fn annotations_become_properties() {
        let mut unit = Unit::of_user("a.scope".into(), 1);
        let annotations = [("TimeoutStopSec", "7"), ("CollectMode", "'inactive'")];
        let with_prefix = annotations.map(|(name, value)| (format!("{ANNOTATION}{name}"), value.to_owned()));
        unit.annotate(&BTreeMap::from(with_prefix)).unwrap();
        assert_eq!(unit.more.first().unwrap().1, Value::Text("inactive".into()));
        assert_eq!(unit.more.last().unwrap(), &property("TimeoutStopUSec", Value::U64(7_000_000)));
        let one = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        assert!(unit.annotate(&one("org.systemd.property.a-b", "1")).is_err());
        assert!(unit.annotate(&one("org.systemd.property.After", "x y")).is_err());
        assert!(unit.annotate(&one("something.else", "x y")).is_ok());
    }
}
