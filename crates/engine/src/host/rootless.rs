//! What a user needs to run containers without root.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use model::host::{HostCheck, HostWeight};

use super::{Probe, text};

/// Largest /etc/subuid that is read, in bytes.
const MAX_SIZE: u64 = 1 << 20;
/// Where distributions put the helpers.
const HELPER_DIRS: [&str; 3] = ["/usr/bin", "/bin", "/usr/local/bin"];

pub(super) fn checks(uid: u32, gid: u32) -> Vec<HostCheck> {
    vec![
        allowed(),
        subordinate("subuids", "user ids to give to containers", "/etc/subuid", uid),
        subordinate("subgids", "group ids to give to containers", "/etc/subgid", gid),
        helper("newuidmap", "newuidmap"),
        helper("newgidmap", "newgidmap"),
    ]
}

/// Settings with which distributions keep users from making user namespaces.
fn allowed() -> HostCheck {
    let probe = Probe {
        id: "unprivileged-user-namespaces",
        text: "users may make user namespaces",
        weight: HostWeight::Baseline,
    };
    let is = |path, value: &str| text(path).as_deref() == Some(value);
    if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        return probe.missing("switched off", "sysctl -w kernel.unprivileged_userns_clone=1");
    }
    if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        let remedy = "give coffer alone the right with an AppArmor profile: `profile coffer /usr/bin/coffer flags=(unconfined) { userns, }` in /etc/apparmor.d/coffer, then `apparmor_parser -r /etc/apparmor.d/coffer`";
        return probe.missing("restricted by AppArmor", remedy);
    }
    probe.present("allowed")
}

fn subordinate(id: &'static str, what: &'static str, file: &'static str, uid: u32) -> HostCheck {
    let probe = Probe { id, text: what, weight: HostWeight::Advice };
    let content = read_limited(Path::new(file)).unwrap_or_default();
    let name = user_name(uid);
    match range_of(&content, name.as_deref(), uid) {
        Some((first, size)) => probe.present(format!("{first}:{size}")),
        None => {
            let user = name.unwrap_or_else(|| uid.to_string());
            let flag = if id == "subuids" { "--add-subuids" } else { "--add-subgids" };
            probe.missing("none", format!("sudo usermod {flag} 100000-165535 {user}"))
        }
    }
}

/// The first range of the user in subuid(5) format: `name-or-uid:first:count`.
fn range_of(content: &str, name: Option<&str>, uid: u32) -> Option<(u32, u32)> {
    content.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let range = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let theirs = Some(owner) == name || owner.parse() == Ok(uid);
        (theirs && range.1 > 0).then_some(range)
    })
}

fn user_name(uid: u32) -> Option<String> {
    let passwd = read_limited(Path::new("/etc/passwd"))?;
    crate::user::database::passwd(passwd.as_bytes())
        .find(|line| line.uid == uid)
        .map(|line| line.name.to_owned())
}

fn read_limited(path: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut content = String::new();
    std::fs::File::open(path).ok()?.take(MAX_SIZE).read_to_string(&mut content).ok()?;
    Some(content)
}

/// The helper has to carry privilege: set-user-id root, or a file capability.
fn helper(id: &'static str, program: &'static str) -> HostCheck {
    let probe = Probe { id, text: "helper of shadow-utils for id maps", weight: HostWeight::Advice };
    let paths = HELPER_DIRS.iter().map(|dir| Path::new(dir).join(program));
    let Some(path) = paths.into_iter().find(|path| path.is_file()) else {
        return probe.missing("not installed", "sudo apt-get install uidmap");
    };
    let setuid = path.metadata().is_ok_and(|meta| meta.mode() & 0o4000 != 0 && meta.uid() == 0);
    let mut none = [0_u8; 0];
    let capable = rustix::fs::getxattr(&path, "security.capability", &mut none[..]).is_ok();
    let path = path.display();
    if setuid || capable {
        probe.present(path.to_string())
    } else {
        probe.missing("without privilege", format!("sudo chmod u+s {path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_s_range_is_found_by_name_and_by_number() {
        let content = "other:100000:65536\nme:165536:65536\n1001:300000:10\nempty:1:0\nbroken:x\n";
        assert_eq!(range_of(content, Some("me"), 1000), Some((165_536, 65_536)));
        assert_eq!(range_of(content, None, 1001), Some((300_000, 10)));
        assert_eq!(range_of(content, Some("empty"), 5), None);
        assert_eq!(range_of(content, Some("nobody"), 65_534), None);
    }
}
