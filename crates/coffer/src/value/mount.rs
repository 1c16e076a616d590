//! `--mount type=bind,src=/srv,dst=/data,readonly`: the long spelling of mounts.

use std::path::Path;

use model::request::{Access, ExecMode, MountRequest, MountSource};

use super::{ValueError, size, volume};

const RIGHT: &str = "type=bind|tmpfs|volume,source=...,target=/path[,readonly][,exec]";

/// What was said, before it is known to make sense together.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a str>,
    source: Option<&'a str>,
    target: Option<&'a str>,
    access: Access,
    exec: ExecMode,
    size: Option<u64>,
    mode: Option<u32>,
}

/// Docker's comma separated `key=value`; a volume unless a type is given.
pub(crate) fn parse(text: &str, here: &Path) -> Result<MountRequest, ValueError> {
    let mut fields = Fields::default();
    for field in text.split(',') {
        fields.read(field)?;
    }
    let source = fields.source(here)?;
    let target = fields.target.filter(|target| target.starts_with('/'));
    let target = target.ok_or_else(|| ValueError::new("the target is not an absolute path", RIGHT))?;
    Ok(MountRequest {
        source,
        target: target.to_owned(),
        access: fields.access,
        exec: fields.exec,
        asked_by: format!("--mount {text}"),
    })
}

impl<'a> Fields<'a> {
    fn read(&mut self, field: &'a str) -> Result<(), ValueError> {
        let (key, value) = field.split_once('=').map_or((field, None), |(key, value)| (key, Some(value)));
        match (key, value) {
            ("type", Some(kind)) => self.kind = Some(kind),
            ("source" | "src", Some(source)) => self.source = Some(source),
            ("target" | "dst" | "destination", Some(target)) => self.target = Some(target),
            ("readonly" | "ro", None | Some("true" | "1")) => self.access = Access::ReadOnly,
            ("readonly" | "ro", Some("false" | "0")) => self.access = Access::ReadWrite,
            ("exec", None | Some("true" | "1")) => self.exec = ExecMode::Allowed,
            ("exec", Some("false" | "0")) => self.exec = ExecMode::Refused,
            ("tmpfs-size", Some(bytes)) => self.size = Some(size::parse(bytes)?),
            ("tmpfs-mode", Some(mode)) => self.mode = Some(volume::mode(mode)?),
            _ => return Err(ValueError::new(format!("`{field}` is no part of a mount"), RIGHT)),
        }
        Ok(())
    }

    fn source(&self, here: &Path) -> Result<MountSource, ValueError> {
        let wrong = |wrong: String| ValueError::new(wrong, RIGHT);
        let kind = self.kind.unwrap_or("volume");
        if kind != "tmpfs" && (self.size.is_some() || self.mode.is_some()) {
            return Err(wrong(format!("a {kind} mount has no tmpfs-size and no tmpfs-mode")));
        }
        match (kind, self.source) {
            ("bind", Some(path)) if path.starts_with(['/', '.']) => {
                volume::host_path(path, here).map(|path| MountSource::Bind { path })
            }
            ("bind", _) => Err(wrong("a bind mount needs `source=` with a path".to_owned())),
            ("tmpfs", None) => Ok(MountSource::Tmpfs { size: self.size, mode: self.mode }),
            ("tmpfs", Some(_)) => Err(wrong("a tmpfs has no source".to_owned())),
            ("volume", None) => Ok(MountSource::Volume { name: String::new() }),
            ("volume", Some(name)) => volume::volume_name(name).map(|name| MountSource::Volume { name }),
            _ => Err(wrong(format!("`{kind}` is no type of mount"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mount(text: &str) -> Result<MountRequest, ValueError> {
        parse(text, Path::new("/here"))
    }

    #[test]
    fn each_type_has_its_own_fields() {
        let bind = mount("type=bind,src=/srv,dst=/data,readonly").unwrap();
        assert_eq!(bind.source, MountSource::Bind { path: "/srv".into() });
        assert_eq!((bind.access, bind.exec), (Access::ReadOnly, ExecMode::Refused));
        let tmpfs = mount("type=tmpfs,target=/run,tmpfs-size=1m,tmpfs-mode=755,exec").unwrap();
        assert_eq!(tmpfs.source, MountSource::Tmpfs { size: Some(1 << 20), mode: Some(0o755) });
        assert_eq!(mount("source=db,target=/d").unwrap().source, MountSource::Volume { name: "db".into() });
    }

    #[test]
    fn what_does_not_make_sense_together_is_refused() {
        for text in [
            "",
            "type=bind,dst=/data",
            "type=bind,src=srv,dst=/data",
            "type=bind,src=/srv",
            "type=bind,src=/srv,dst=data",
            "type=bind,src=/srv,dst=/data,tmpfs-size=1m",
            "type=tmpfs,src=/srv,dst=/data",
            "type=npipe,src=/srv,dst=/data",
            "type=bind,src=/srv,dst=/data,bind-propagation=shared",
            "type=bind,src=/srv,dst=/data,readonly=maybe",
        ] {
            assert!(mount(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn targets_are_absolute_whatever_is_typed(text in "(type=(bind|tmpfs|volume),)?(src=[./a]{0,4},)?dst=.{0,8}") {
            if let Ok(mount) = mount(&text) {
                prop_assert!(mount.target.starts_with('/'));
            }
        }
    }
}
