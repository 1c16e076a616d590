//! `RUN --mount`: what was not said gets its default, and targets become absolute.

use super::error::Problem;
use super::{Mount, Origin, paths};
use crate::instruction::{self, MountKind};

/// Where secrets and agents are found if nobody says where.
const SECRETS: &str = "/run/secrets";
const AGENTS: &str = "/run/buildkit/ssh_agent.";

/// Mounts of one step: more than anybody writes, and few enough that what they show is told in one answer.
const MOST: usize = 256;

/// Permission bits of what is made.
const CACHE_MODE: u32 = 0o755;
const SECRET_MODE: u32 = 0o400;
const AGENT_MODE: u32 = 0o600;

/// The mounts of one step, as they are collected.
pub(super) struct Mounts<'a> {
    /// Where relative targets begin.
    directory: &'a str,
    agents: usize,
    mounts: Vec<Mount>,
}

impl<'a> Mounts<'a> {
    pub(super) fn new(directory: &'a str) -> Self {
        Self { directory, agents: 0, mounts: Vec::new() }
    }

    /// Adds what was written; `origin` is what its `from` names.
    pub(super) fn add(&mut self, mount: &instruction::Mount, origin: Origin) -> Result<(), Problem> {
        if self.mounts.len() == MOST {
            return Err(Problem::Mounts(MOST));
        }
        let mount = match mount.kind {
            MountKind::Bind => self.bind(mount, origin)?,
            MountKind::Cache => self.cache(mount, origin)?,
            MountKind::Tmpfs => self.tmpfs(mount)?,
            MountKind::Secret => self.secret(mount)?,
            MountKind::Ssh => self.ssh(mount)?,
        };
        self.mounts.push(mount);
        Ok(())
    }

    /// In order of their targets, so that what lies within another mount comes after it.
    pub(super) fn finish(mut self) -> Result<Vec<Mount>, Problem> {
        self.mounts.sort_by(|one, other| target(one).cmp(&target(other)));
        let twice = self.mounts.windows(2).find_map(|pair| match pair {
            [one, other] if target(one).is_some() && target(one) == target(other) => Some(other),
            _ => None,
        });
        match twice {
            Some(mount) => {
                let reason =
                    format!("another mount has the target `{}`, too", target(mount).unwrap_or_default());
                Err(Problem::Mount { kind: kind(mount), reason })
            }
            None => Ok(self.mounts),
        }
    }

    fn bind(&self, mount: &instruction::Mount, origin: Origin) -> Result<Mount, Problem> {
        Ok(Mount::Bind {
            origin,
            source: source(mount),
            target: self.target("bind", mount)?,
            writable: mount.readonly == Some(false),
        })
    }

    fn cache(&self, mount: &instruction::Mount, origin: Origin) -> Result<Mount, Problem> {
        let target = self.target("cache", mount)?;
        Ok(Mount::Cache {
            id: mount.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| target.clone()),
            origin,
            source: source(mount),
            target,
            readonly: mount.readonly == Some(true),
            sharing: mount.sharing.unwrap_or_default(),
            mode: mount.mode.unwrap_or(CACHE_MODE),
            owner: owner(mount),
        })
    }

    fn tmpfs(&self, mount: &instruction::Mount) -> Result<Mount, Problem> {
        if mount.readonly == Some(true) {
            return Err(wrong("tmpfs", "it is empty, and could not be written to; leave out `readonly`"));
        }
        let target = self.target("tmpfs", mount)?;
        Ok(Mount::Tmpfs { target, size: mount.size.filter(|size| *size > 0) })
    }

    fn secret(&self, mount: &instruction::Mount) -> Result<Mount, Problem> {
        let named = [&mount.source, &mount.id].into_iter().flatten().find(|name| !name.is_empty());
        let written = mount.target.as_deref().filter(|target| !target.is_empty());
        let id = match (named, written) {
            (Some(id), _) => id.clone(),
            (None, Some(target)) => paths::name(target).to_owned(),
            (None, None) => String::new(),
        };
        if id.is_empty() {
            return Err(wrong("secret", "it needs `id=`, the name that --secret gives it"));
        }
        let target = match written {
            Some(target) => Some(self.within("secret", target)?),
            None if mount.env.is_some() => None,
            None => Some(self.within("secret", &format!("{SECRETS}/{}", paths::name(&id)))?),
        };
        let env = mount.env.as_ref().map(|env| if env.is_empty() { id.clone() } else { env.clone() });
        let required = mount.required.unwrap_or(false);
        Ok(Mount::Secret {
            id,
            target,
            env,
            required,
            mode: mount.mode.unwrap_or(SECRET_MODE),
            owner: owner(mount),
        })
    }

    fn ssh(&mut self, mount: &instruction::Mount) -> Result<Mount, Problem> {
        if mount.source.is_some() {
            return Err(wrong("ssh", "an agent has no `source`; `id=` says which one"));
        }
        let default = format!("{AGENTS}{}", self.agents);
        self.agents += 1;
        let target = mount.target.as_deref().filter(|target| !target.is_empty()).unwrap_or(&default);
        Ok(Mount::Ssh {
            id: mount.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| "default".to_owned()),
            target: self.within("ssh", target)?,
            required: mount.required.unwrap_or(false),
            mode: mount.mode.unwrap_or(AGENT_MODE),
            owner: owner(mount),
        })
    }

    /// Without a target it is the working directory.
    fn target(&self, kind: &'static str, mount: &instruction::Mount) -> Result<String, Problem> {
        self.within(kind, mount.target.as_deref().unwrap_or_default())
    }

    fn within(&self, kind: &'static str, target: &str) -> Result<String, Problem> {
        let target = paths::join(self.directory, target);
        if target == "/" {
            Err(wrong(kind, "the root cannot be mounted over; name a `target`"))
        } else {
            Ok(target)
        }
    }
}

fn wrong(kind: &'static str, reason: &str) -> Problem {
    Problem::Mount { kind, reason: reason.to_owned() }
}

/// Which part of the origin; empty is all of it.
fn source(mount: &instruction::Mount) -> String {
    let source = mount.source.as_deref().map(paths::within).unwrap_or_default();
    if source == "." { String::new() } else { source }
}

fn owner(mount: &instruction::Mount) -> (u32, u32) {
    (mount.uid.unwrap_or(0), mount.gid.unwrap_or(0))
}

/// A secret that is only a variable has none.
fn target(mount: &Mount) -> Option<&str> {
    match mount {
        Mount::Bind { target, .. }
        | Mount::Cache { target, .. }
        | Mount::Tmpfs { target, .. }
        | Mount::Ssh { target, .. } => Some(target),
        Mount::Secret { target, .. } => target.as_deref(),
    }
}

fn kind(mount: &Mount) -> &'static str {
    match mount {
        Mount::Bind { .. } => "bind",
        Mount::Cache { .. } => "cache",
        Mount::Tmpfs { .. } => "tmpfs",
        Mount::Secret { .. } => "secret",
        Mount::Ssh { .. } => "ssh",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mounts: &[instruction::Mount]) -> Result<Vec<Mount>, Problem> {
        let mut all = Mounts::new("/srv");
        for mount in mounts {
            all.add(mount, Origin::Scratch)?;
        }
        all.finish()
    }

    fn mount(kind: MountKind, target: &str) -> instruction::Mount {
        let target = (!target.is_empty()).then(|| target.to_owned());
        instruction::Mount { kind, target, ..instruction::Mount::default() }
    }

    #[test]
    fn what_was_not_said_has_a_default() {
        let secret = instruction::Mount { id: Some("token".into()), ..mount(MountKind::Secret, "") };
        let mounts = read(&[
            mount(MountKind::Ssh, ""),
            mount(MountKind::Ssh, ""),
            mount(MountKind::Cache, "c"),
            secret,
        ]);
        let owner = (0, 0);
        let ssh = |number: u32| Mount::Ssh {
            id: "default".into(),
            target: format!("/run/buildkit/ssh_agent.{number}"),
            required: false,
            mode: 0o600,
            owner,
        };
        let secret = Mount::Secret {
            id: "token".into(),
            target: Some("/run/secrets/token".into()),
            env: None,
            required: false,
            mode: 0o400,
            owner,
        };
        let cache = Mount::Cache {
            id: "/srv/c".into(),
            origin: Origin::Scratch,
            source: String::new(),
            target: "/srv/c".into(),
            readonly: false,
            sharing: instruction::Sharing::Shared,
            mode: 0o755,
            owner,
        };
        assert_eq!(mounts.unwrap(), [ssh(0), ssh(1), secret, cache]);
    }

    #[test]
    fn a_bind_without_a_target_is_the_working_directory() {
        let [Mount::Bind { target, writable: false, .. }] = &read(&[mount(MountKind::Bind, "")]).unwrap()[..]
        else {
            panic!("another mount")
        };
        assert_eq!(target, "/srv");
    }

    #[test]
    fn a_secret_may_be_a_variable_alone() {
        let secret = instruction::Mount {
            id: Some("t".into()),
            env: Some(String::new()),
            ..mount(MountKind::Secret, "")
        };
        let both = instruction::Mount { target: Some("/t".into()), env: Some("E".into()), ..secret.clone() };
        let mounts = read(&[secret, both]).unwrap();
        let seen: Vec<_> = mounts
            .iter()
            .map(|mount| match mount {
                Mount::Secret { target, env, .. } => (target.as_deref(), env.as_deref()),
                _ => (None, None),
            })
            .collect();
        assert_eq!(seen, [(None, Some("t")), (Some("/t"), Some("E"))]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let readonly = instruction::Mount { readonly: Some(true), ..mount(MountKind::Tmpfs, "/t") };
        let agent = instruction::Mount { source: Some("x".into()), ..mount(MountKind::Ssh, "") };
        for wrong in [
            vec![mount(MountKind::Bind, "/")],
            vec![mount(MountKind::Bind, "../..")],
            vec![mount(MountKind::Secret, "")],
            vec![mount(MountKind::Tmpfs, "/a"), mount(MountKind::Cache, "/a/")],
            vec![readonly],
            vec![agent],
        ] {
            assert!(matches!(read(&wrong), Err(Problem::Mount { .. })), "{wrong:?}");
        }
    }
}
