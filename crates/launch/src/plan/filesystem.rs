//! New filesystems: what fsconfig(2) is told, and what mount(2) has to be told where that has no word for it.

use std::ffi::CString;
use std::fmt::Write as _;

use model::spec::Mount;
use sys::mount::attr;

use super::options::Options;
use super::path::{InRoot, cstring};
use crate::error::LaunchError;

/// A filesystem that the child makes.
#[derive(Debug)]
pub(crate) struct Filesystem {
    pub kind: CString,
    pub source: Option<CString>,
    pub data: Vec<(CString, Option<CString>)>,
    /// Where [`Filesystem::data`] begins when those of all mounts are counted, for messages.
    pub first_option: usize,
    /// Made by mount(2) instead: its flags and options in one text.
    pub old: Option<(u32, CString)>,
    /// Whether `ro` waits until everything is in it that we put there.
    pub read_only: ReadOnly,
    pub root_mode: RootMode,
    /// A label for its root, where the filesystem does not take one as an option.
    pub root_label: Option<CString>,
}

/// When a filesystem becomes read-only, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadOnly {
    AtOnce,
    AtTheEnd,
}

/// Which permissions the root of a new filesystem has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootMode {
    /// Those that its options or its kind say.
    Given,
    /// Those of the directory that it covers, as runtimes do it for a tmpfs without `mode`.
    Covered,
}

impl Filesystem {
    /// Takes what is the filesystem's out of `options`.
    pub(super) fn new(
        kind: &str,
        mount: &Mount,
        target: &InRoot,
        options: &mut Options,
        label: &str,
    ) -> Result<Self, LaunchError> {
        let mut data = std::mem::take(&mut options.data);
        let source = Some(&mount.source).filter(|source| !source.is_empty());
        let read_only = options.set & attr::RDONLY != 0;
        if read_only && mount.source.starts_with('/') {
            // A device is not written to either.
            data.push(("ro".to_owned(), None));
        }
        if !label.is_empty() && takes_a_context(kind) {
            data.push(("context".to_owned(), Some(label.to_owned())));
        }
        let bare_tmpfs = kind == "tmpfs" && data.iter().all(|(key, _)| key != "mode");
        let filled = kind == "tmpfs" || target.relative() == c"dev";
        let old = (options.old != 0).then(|| cstring("mount option", &joined(&data)));
        Ok(Self {
            kind: cstring("mount type", kind)?,
            source: source.map(|source| cstring("mount source", source)).transpose()?,
            data: data.iter().map(option).collect::<Result<_, _>>()?,
            first_option: 0,
            old: old.transpose()?.map(|text| (options.old, text)),
            read_only: if filled && read_only { ReadOnly::AtTheEnd } else { ReadOnly::AtOnce },
            root_mode: if bare_tmpfs { RootMode::Covered } else { RootMode::Given },
            root_label: root_label(kind, label)?,
        })
    }

    /// A procfs like the one that we hold: options that are its own make it another.
    pub(super) fn is_plain_proc(&self) -> bool {
        let named = self.source.as_deref().is_none_or(|source| source == c"proc");
        named && self.kind.as_c_str() == c"proc" && self.data.is_empty() && self.old.is_none()
    }

    /// What the option at `index` is called, for messages.
    pub(crate) fn option_name(&self, index: usize) -> Option<String> {
        let (key, value) = self.data.get(index.checked_sub(self.first_option)?)?;
        let value = value.as_ref().map(|value| format!("={}", value.to_string_lossy()));
        Some(format!("{}{}", key.to_string_lossy(), value.unwrap_or_default()))
    }
}

pub(super) fn option(
    (key, value): &(String, Option<String>),
) -> Result<(CString, Option<CString>), LaunchError> {
    let value = value.as_ref().map(|value| cstring("mount option", value)).transpose()?;
    Ok((cstring("mount option", key)?, value))
}

/// Those of the kernel's own filesystems are labelled by the kernel.
fn takes_a_context(kind: &str) -> bool {
    !matches!(kind, "proc" | "sysfs" | "mqueue" | "cgroup" | "cgroup2")
}

fn root_label(kind: &str, label: &str) -> Result<Option<CString>, LaunchError> {
    let wanted = kind == "mqueue" && !label.is_empty();
    wanted.then(|| cstring("mount label", label)).transpose()
}

fn joined(data: &[(String, Option<String>)]) -> String {
    let mut text = String::new();
    for (key, value) in data {
        let comma = if text.is_empty() { "" } else { "," };
        let _infallible = match value {
            Some(value) if value.contains(',') && !value.contains('\\') => {
                write!(text, "{comma}{key}=\"{value}\"")
            }
            Some(value) => write!(text, "{comma}{key}={value}"),
            None => write!(text, "{comma}{key}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filesystem(kind: &'static str, target: &str, options: &[&str], label: &str) -> Filesystem {
        let mut options = Options::parse(options.iter().copied());
        let source = if kind == "ext4" { "/dev/x" } else { "x" };
        let mount = Mount { kind: kind.into(), source: source.into(), ..Mount::default() };
        Filesystem::new(kind, &mount, &InRoot::parse(target).unwrap(), &mut options, label).unwrap()
    }

    fn names(filesystem: &Filesystem) -> Vec<String> {
        (0..filesystem.data.len()).filter_map(|index| filesystem.option_name(index)).collect()
    }

    #[test]
    fn a_label_goes_to_those_that_take_one() {
        let label = "system_u:object_r:container_file_t:s0:c1,c2";
        let tmpfs = filesystem("tmpfs", "/x", &["size=1m"], label);
        assert_eq!(names(&tmpfs), ["size=1m", &format!("context={label}")]);
        for kind in ["proc", "sysfs"] {
            let unlabelled = filesystem(kind, "/x", &[], label);
            assert_eq!((names(&unlabelled).len(), unlabelled.root_label), (0, None), "{kind}");
        }
        let mqueue = filesystem("mqueue", "/dev/mqueue", &[], label);
        assert_eq!((names(&mqueue).len(), mqueue.root_label.unwrap().to_str()), (0, Ok(label)));
    }

    #[test]
    fn what_is_filled_becomes_read_only_last() {
        assert_eq!(filesystem("tmpfs", "/run", &["ro"], "").read_only, ReadOnly::AtTheEnd);
        assert_eq!(filesystem("devtmpfs", "/dev", &["ro"], "").read_only, ReadOnly::AtTheEnd);
        assert_eq!(filesystem("sysfs", "/sys", &["ro"], "").read_only, ReadOnly::AtOnce);
        assert_eq!(names(&filesystem("ext4", "/x", &["ro"], "")), ["ro"]);
    }

    #[test]
    fn options_of_mount_2_are_one_text() {
        let old = filesystem("tmpfs", "/x", &["acl", "size=1m", "inode64"], "u:r:t:s0:c1,c2").old.unwrap();
        assert_eq!(old.1.to_str(), Ok("size=1m,inode64,context=\"u:r:t:s0:c1,c2\""));
    }
}
