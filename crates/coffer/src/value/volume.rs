//! `-v source:target[:options]` and `--tmpfs target[:options]`: the short spellings of mounts.

use std::path::Path;

use model::request::{Access, ExecMode, MountRequest, MountSource};

use super::{ValueError, size};

/// `-v`: a host path, a volume's name, or only a target, which asks for a volume without a name.
/// Relative host paths begin with a dot and are taken from `here`.
pub(crate) fn parse(text: &str, here: &Path) -> Result<MountRequest, ValueError> {
    let right = "/host/path:/target[:ro,exec], name:/target or /target";
    let wrong = |wrong: &str| ValueError::new(wrong, right);
    let mut parts = text.split(':');
    let (first, target, options) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if parts.next().is_some() {
        return Err(wrong("it has more than three parts"));
    }
    let (source, target) = match target {
        None => (MountSource::Volume { name: String::new() }, first),
        Some(target) => (source(first, here)?, target),
    };
    if !target.starts_with('/') {
        return Err(wrong("the target is not an absolute path"));
    }
    let mut mount = MountRequest {
        source,
        target: target.to_owned(),
        access: Access::default(),
        exec: ExecMode::default(),
        asked_by: format!("-v {text}"),
    };
    for option in options.into_iter().flat_map(|options| options.split(',')) {
        if !common_option(&mut mount, option) {
            return Err(unknown_option(option));
        }
    }
    Ok(mount)
}

/// `--tmpfs target[:size=64m,mode=1777,exec,ro]`.
pub(crate) fn parse_tmpfs(text: &str) -> Result<MountRequest, ValueError> {
    let (target, options) = text.split_once(':').map_or((text, None), |(path, rest)| (path, Some(rest)));
    if !target.starts_with('/') {
        return Err(ValueError::new("the target is not an absolute path", "/target[:size=64m,mode=1777]"));
    }
    let (mut bytes, mut permissions) = (None, None);
    let mut mount = MountRequest {
        source: MountSource::Tmpfs { size: None, mode: None },
        target: target.to_owned(),
        access: Access::default(),
        exec: ExecMode::default(),
        asked_by: format!("--tmpfs {text}"),
    };
    for option in options.into_iter().flat_map(|options| options.split(',')) {
        match option.split_once('=') {
            Some(("size", value)) => bytes = Some(size::parse(value)?),
            Some(("mode", value)) => permissions = Some(mode(value)?),
            None if common_option(&mut mount, option) || matches!(option, "nosuid" | "nodev") => {}
            _ => return Err(unknown_option(option)),
        }
    }
    mount.source = MountSource::Tmpfs { size: bytes, mode: permissions };
    Ok(mount)
}

/// Permission bits in octal: `1777`.
pub(crate) fn mode(text: &str) -> Result<u32, ValueError> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777 && text.bytes().all(|b| b.is_ascii_digit()))
        .ok_or_else(|| ValueError::new(format!("`{text}` is no mode"), "octal permission bits, such as 1777"))
}

/// What stands before the colon: a path begins with `/` or `.`, anything else is a volume's name.
fn source(text: &str, here: &Path) -> Result<MountSource, ValueError> {
    if text.starts_with(['/', '.']) {
        return host_path(text, here).map(|path| MountSource::Bind { path });
    }
    volume_name(text).map(|name| MountSource::Volume { name })
}

/// An absolute path of the host.
pub(crate) fn host_path(text: &str, here: &Path) -> Result<String, ValueError> {
    let path = here.join(text);
    let text = path.to_str().filter(|text| text.starts_with('/') && !text.contains('\0'));
    text.map(str::to_owned)
        .ok_or_else(|| ValueError::new("the path is not text in UTF-8", "a path such as /srv/data or ./data"))
}

/// Docker's grammar: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`.
pub(crate) fn volume_name(text: &str) -> Result<String, ValueError> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if text.len() <= 128 && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.bytes().all(inner) {
        return Ok(text.to_owned());
    }
    Err(ValueError::new(
        format!("`{text}` is neither a path nor a volume's name"),
        "a path begins with / or ./; a name is of letters, digits, `_`, `.` and `-`",
    ))
}

fn common_option(mount: &mut MountRequest, option: &str) -> bool {
    match option {
        "ro" => mount.access = Access::ReadOnly,
        "rw" => mount.access = Access::ReadWrite,
        "exec" => mount.exec = ExecMode::Allowed,
        "noexec" => mount.exec = ExecMode::Refused,
        _ => return false,
    }
    true
}

fn unknown_option(option: &str) -> ValueError {
    let wrong = match option {
        "z" | "Z" => format!("`{option}` relabels for SELinux, which is neither needed nor done here"),
        _ => format!("`{option}` is no option of this mount"),
    };
    ValueError::new(wrong, "ro, rw, exec or noexec; a tmpfs also has size= and mode=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn volume(text: &str) -> Result<MountRequest, ValueError> {
        parse(text, Path::new("/here"))
    }

    #[test]
    fn paths_names_and_lone_targets_are_told_apart() {
        let source = |text: &str| volume(text).unwrap().source;
        assert_eq!(source("/srv:/data"), MountSource::Bind { path: "/srv".into() });
        assert_eq!(source("./srv:/data"), MountSource::Bind { path: "/here/./srv".into() });
        assert_eq!(source("db:/data"), MountSource::Volume { name: "db".into() });
        assert_eq!(source("/data"), MountSource::Volume { name: String::new() });
    }

    #[test]
    fn the_last_of_two_contrary_options_holds() {
        let mount = volume("/srv:/data:ro,exec").unwrap();
        assert_eq!((mount.access, mount.exec), (Access::ReadOnly, ExecMode::Allowed));
        assert_eq!(mount.asked_by, "-v /srv:/data:ro,exec");
        assert_eq!(volume("/srv:/data:ro,rw").unwrap().access, Access::ReadWrite);
    }

    #[test]
    fn what_is_no_volume_is_refused() {
        for text in ["", ":/data", "/srv:data", "a/b:/data", "/srv:/data:z", "/a:/b:ro:x", "/a:/b:", "data"] {
            assert!(volume(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tmpfs_has_a_size_and_a_mode() {
        let mount = parse_tmpfs("/tmp:size=1m,mode=1777,exec").unwrap();
        assert_eq!(mount.source, MountSource::Tmpfs { size: Some(1 << 20), mode: Some(0o1777) });
        assert_eq!(mount.exec, ExecMode::Allowed);
        for text in ["tmp", "/tmp:mode=9", "/tmp:mode=77777", "/tmp:size=", "/tmp:uid=0"] {
            assert!(parse_tmpfs(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn targets_are_absolute_whatever_is_typed(text in "[/.:a-z,=]{0,20}") {
            for mount in [volume(&text), parse_tmpfs(&text)].into_iter().flatten() {
                prop_assert!(mount.target.starts_with('/'));
            }
        }
    }
}
