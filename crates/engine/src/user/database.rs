//! /etc/passwd and /etc/group of an image: passwd(5) and group(5), written by a stranger.

/// Largest file that is read, in bytes.
pub(crate) const MAX_SIZE: u64 = 1 << 20;
/// Most lines that are looked at; the rest is ignored.
const MAX_LINES: usize = 65_536;

/// One line of /etc/passwd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswdLine<'a> {
    /// Login name.
    pub name: &'a str,
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Home directory; may be empty.
    pub home: &'a str,
}

/// One line of /etc/group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLine<'a> {
    /// Group name.
    pub name: &'a str,
    /// Group id.
    pub gid: u32,
    /// Login names of the members, separated by commas.
    members: &'a str,
}

impl GroupLine<'_> {
    /// Whether the group lists the user.
    #[must_use]
    pub fn has_member(&self, name: &str) -> bool {
        self.members.split(',').any(|member| member.trim() == name)
    }
}

/// The lines of an /etc/passwd that can be understood; the others are skipped, as by getpwnam(3).
pub fn passwd(bytes: &[u8]) -> impl Iterator<Item = PasswdLine<'_>> {
    lines(bytes).filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let _password = fields.next()?;
        let (uid, gid) = (id(fields.next()?)?, id(fields.next()?)?);
        let _comment = fields.next();
        let home = fields.next().unwrap_or_default();
        Some(PasswdLine { name, uid, gid, home })
    })
}

/// The lines of an /etc/group that can be understood.
pub fn group(bytes: &[u8]) -> impl Iterator<Item = GroupLine<'_>> {
    lines(bytes).filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let _password = fields.next()?;
        let gid = id(fields.next()?)?;
        Some(GroupLine { name, gid, members: fields.next().unwrap_or_default() })
    })
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let texts = bytes.split(|byte| *byte == b'\n').take(MAX_LINES);
    texts
        .filter_map(|line| std::str::from_utf8(line).ok())
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
}

/// A number that can be an id: decimal digits only, at most 2147483647. Larger ones wrapped around to
/// root in another engine (CVE-2024-40635).
pub(crate) fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id <= i32::MAX.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_taken_apart_and_broken_ones_skipped() {
        let text = b"# comment\nroot:x:0:0:root:/root:/bin/sh\nbroken\n:x:1:1\nbig:x:4294967296:0::\nneg:x:-1:0::\n  www:x:33:34\n";
        let users: Vec<_> = passwd(text).collect();
        assert_eq!(
            users,
            [
                PasswdLine { name: "root", uid: 0, gid: 0, home: "/root" },
                PasswdLine { name: "www", uid: 33, gid: 34, home: "" }
            ]
        );
    }

    #[test]
    fn members_are_whole_names() {
        let text = b"wheel:x:10:root,operator\n";
        let line = group(text).next().unwrap();
        assert!(line.has_member("root") && line.has_member("operator"));
        assert!(!line.has_member("oper") && !line.has_member(""));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            for line in passwd(&bytes) {
                prop_assert!(line.uid <= 0x7fff_ffff && !line.name.contains(':'));
            }
            for line in group(&bytes) {
                prop_assert!(line.gid <= 0x7fff_ffff && !line.name.is_empty());
            }
        }

        #[test]
        fn what_useradd_writes_is_read_back(name in "[a-z_][a-z0-9_-]{0,30}", uid in 0u32..0x7fff_ffff,
                                            gid in 0u32..0x7fff_ffff, home in "/[a-z/]{0,20}") {
            let text = format!("{name}:x:{uid}:{gid}:a comment:{home}:/bin/sh\n");
            let line = passwd(text.as_bytes()).next().unwrap();
            prop_assert_eq!(line, PasswdLine { name: &name, uid, gid, home: &home });
        }
    }
}
