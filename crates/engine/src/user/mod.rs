//! Who a process of a container is: `user[:group]` of the request or the image, looked up in the
//! container's own /etc/passwd and /etc/group (OCI image-spec, config.md "User").

pub mod database;
mod merged;

use std::io;

pub(crate) use database::MAX_SIZE;
use database::{GroupLine, PasswdLine};
pub(crate) use merged::{Found, MergedDir, MergedRoot, is_opaque, is_whiteout, names, visible};

/// The ids that a process starts with, inside the container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Supplementary groups, sorted, without the primary one.
    pub groups: Vec<u32>,
    /// Those of them that were asked for by name or number.
    asked: Vec<u32>,
    /// For `HOME`.
    pub home: String,
}

/// Why a user cannot be looked up.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// No such line in /etc/passwd.
    #[error("the container's /etc/passwd has no user `{0}`")]
    NoUser(String),
    /// No such line in /etc/group.
    #[error("the container's /etc/group has no group `{0}`")]
    NoGroup(String),
    /// A number that is no id.
    #[error("`{0}` is not a user or group id: the largest is 2147483647")]
    NotAnId(String),
    /// Empty parts, or more than one colon.
    #[error("`{0}` is not of the form `user`, `uid`, `user:group` or `uid:gid`")]
    Syntax(String),
    /// An id that the container's user namespace does not have.
    #[error("id {id} is beyond the ids of the container, 0 to {}", size.saturating_sub(1))]
    Unmapped {
        /// The id.
        id: u32,
        /// How many the container has, from 0.
        size: u32,
    },
    /// The files cannot be read.
    #[error("cannot read the container's {file}: {source}")]
    Io {
        /// Which one.
        file: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

impl UserError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoUser(_) => "E-user-unknown",
            Self::NoGroup(_) => "E-user-unknown-group",
            Self::NotAnId(_) | Self::Syntax(_) => "E-user-syntax",
            Self::Unmapped { .. } => "E-user-unmapped",
            Self::Io { .. } => "E-user-io",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoUser(_) | Self::NoGroup(_) => {
                "name one that it has, or give numbers: `-u 1000:1000`"
            }
            Self::NotAnId(_) | Self::Syntax(_) => "give it like `-u nginx`, `-u 1000` or `-u 1000:1000`",
            Self::Unmapped { size: 1, .. } => {
                "this user has no subordinate ids, so a container has root only: `coffer system check` says how to get some"
            }
            Self::Unmapped { .. } => {
                "choose a smaller id with `-u`; `coffer system check` shows the ids there are"
            }
            Self::Io { .. } => "check the store: `coffer image verify`",
        }
        .into()
    }
}

/// Resolves `spec` and `extra` groups for a container that has the ids 0 to `size - 1`, in the files that
/// `read` knows; one that is not there is empty.
///
/// # Errors
/// [`UserError`]; a name that is not found is never replaced by a default.
pub(crate) fn resolve(
    spec: &str,
    extra: &[String],
    read: impl Fn(&'static str) -> io::Result<Option<Vec<u8>>>,
    size: u32,
) -> Result<Identity, UserError> {
    let content = |file| Ok(read(file).map_err(|source| UserError::Io { file, source })?.unwrap_or_default());
    look_up(spec, extra, &content("/etc/passwd")?, &content("/etc/group")?)?.within(size)
}

/// The same for the files' contents.
///
/// # Errors
/// [`UserError`].
pub fn look_up(spec: &str, extra: &[String], passwd: &[u8], group: &[u8]) -> Result<Identity, UserError> {
    let (user, primary) = parts(spec)?;
    let mut identity = Identity { home: "/".into(), ..Identity::default() };
    let line = find_user(user, passwd)?;
    if let Some(line) = line {
        (identity.uid, identity.gid, identity.home) = (line.uid, line.gid, line.home.into());
    } else if let Some(uid) = database::id(user) {
        identity.uid = uid;
    }
    match (primary, line) {
        (Some(primary), _) => identity.gid = find_group(primary, group)?,
        (None, Some(line)) => identity.groups = memberships(line.name, group),
        (None, None) => {}
    }
    for name in extra {
        identity.asked.push(find_group(name, group)?);
    }
    identity.groups.extend(&identity.asked);
    identity.groups.sort_unstable();
    identity.groups.dedup();
    identity.groups.retain(|gid| *gid != identity.gid);
    if identity.home.is_empty() {
        identity.home = "/".into();
    }
    Ok(identity)
}

impl Identity {
    /// The same in a user namespace that maps 0 to `size - 1`: ids that were asked for have to exist
    /// there, memberships that do not are left out.
    fn within(mut self, size: u32) -> Result<Self, UserError> {
        self.groups.retain(|gid| *gid < size || self.asked.contains(gid));
        let ids = [self.uid, self.gid].into_iter().chain(self.groups.iter().copied());
        match ids.max().filter(|id| *id >= size) {
            Some(id) => Err(UserError::Unmapped { id, size }),
            None => Ok(self),
        }
    }
}

fn parts(spec: &str) -> Result<(&str, Option<&str>), UserError> {
    let syntax = || UserError::Syntax(spec.chars().take(80).collect());
    match spec.split_once(':') {
        None if spec.is_empty() => Ok(("0", None)),
        None => Ok((spec, None)),
        Some((user, group)) if user.is_empty() || group.is_empty() || group.contains(':') => Err(syntax()),
        Some((user, group)) => Ok((user, Some(group))),
    }
}

/// A text of digits is an id and never a name, whatever the image's file calls its users; an id needs
/// no line.
fn find_user<'a>(user: &str, passwd: &'a [u8]) -> Result<Option<PasswdLine<'a>>, UserError> {
    if is_number(user) {
        let uid = database::id(user).ok_or_else(|| UserError::NotAnId(short(user)))?;
        return Ok(database::passwd(passwd).find(|line| line.uid == uid));
    }
    let found = database::passwd(passwd).find(|line| line.name == user);
    found.map(Some).ok_or_else(|| UserError::NoUser(short(user)))
}

fn find_group(name: &str, group: &[u8]) -> Result<u32, UserError> {
    if is_number(name) {
        return database::id(name).ok_or_else(|| UserError::NotAnId(short(name)));
    }
    let found = database::group(group).find(|line| line.name == name);
    found.map(|line| line.gid).ok_or_else(|| UserError::NoGroup(short(name)))
}

fn memberships(user: &str, group: &[u8]) -> Vec<u32> {
    let member = |line: &GroupLine<'_>| line.has_member(user);
    database::group(group).filter(member).map(|line| line.gid).collect()
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/sh\nnginx:x:101:102::/var/cache:/sbin/nologin\n0zero:x:7:7::/:\n1000:x:0:0::/evil:\n";
    const GROUP: &[u8] = b"root:x:0:root\nbin:x:1:root,daemon\nnginx:x:102:\nwww:x:33:nginx\n";

    fn found(spec: &str) -> (u32, u32, Vec<u32>, String) {
        let Identity { uid, gid, groups, home, .. } = look_up(spec, &[], PASSWD, GROUP).unwrap();
        (uid, gid, groups, home)
    }

    #[test]
    fn users_are_resolved_as_docker_does() {
        assert_eq!(found(""), (0, 0, vec![1], "/root".into()));
        assert_eq!(found("nginx"), (101, 102, vec![33], "/var/cache".into()));
        assert_eq!(found("101"), (101, 102, vec![33], "/var/cache".into()));
        assert_eq!(found("nginx:www"), (101, 33, vec![], "/var/cache".into()));
        assert_eq!(found("5:6"), (5, 6, vec![], "/".into()));
        assert_eq!(found("5"), (5, 0, vec![], "/".into()));
        assert_eq!(found("0zero"), (7, 7, vec![], "/".into()));
    }

    #[test]
    fn a_number_is_never_a_name_and_never_wraps() {
        assert_eq!(found("1000"), (1000, 0, vec![], "/".into()));
        for spec in ["4294967296", "2147483648", "1:4294967296", "99999999999999999999"] {
            assert!(matches!(look_up(spec, &[], PASSWD, GROUP), Err(UserError::NotAnId(_))), "{spec}");
        }
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(matches!(look_up("ghost", &[], PASSWD, GROUP), Err(UserError::NoUser(_))));
        assert!(matches!(look_up("0:ghost", &[], PASSWD, GROUP), Err(UserError::NoGroup(_))));
        assert!(matches!(look_up("0", &["ghost".into()], PASSWD, GROUP), Err(UserError::NoGroup(_))));
        for spec in [":", "a:", ":a", "a:b:c"] {
            assert!(matches!(look_up(spec, &[], PASSWD, GROUP), Err(UserError::Syntax(_))), "{spec}");
        }
    }

    #[test]
    fn extra_groups_join_and_ids_must_be_mapped() {
        let identity = look_up("5:6", &["www".into(), "70000".into(), "6".into()], PASSWD, GROUP).unwrap();
        assert_eq!(identity.groups, [33, 70000]);
        let unmapped = identity.clone().within(65536);
        assert!(matches!(unmapped, Err(UserError::Unmapped { id: 70000, size: 65536 })));
        identity.within(70001).unwrap();
    }

    #[test]
    fn with_one_id_memberships_go_and_what_was_asked_for_is_an_error() {
        let single = |spec: &str, extra: &[String]| look_up(spec, extra, PASSWD, GROUP).unwrap().within(1);
        assert!(single("root", &[]).unwrap().groups.is_empty());
        assert!(matches!(single("root", &["bin".into()]), Err(UserError::Unmapped { id: 1, size: 1 })));
        assert!(matches!(single("nginx", &[]), Err(UserError::Unmapped { .. })));
    }

    #[test]
    fn an_image_without_a_user_database_has_root() {
        assert_eq!(look_up("", &[], b"", b"").unwrap(), Identity { home: "/".into(), ..Identity::default() });
    }
}
