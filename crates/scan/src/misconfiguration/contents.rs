//! What is odd about one file, by its lines: who may log in, and who may become root.

use std::str;

use super::catalogue::{self as rules, Rule};
use super::oddity::Oddity;
use crate::catalog::Candidate;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The most oddities of one file.
const MOST: usize = 100;

/// The longest detail, in characters.
const DETAIL: usize = 60;

/// What is odd about a line, and whom or what it is about.
type Odd<'a> = Option<(&'static Rule, &'a str)>;

/// What each line of a file may say.
type Reader = fn(&str) -> Odd<'_>;

/// Whether a file has lines that [`inspect`] understands.
#[must_use]
pub fn wants(candidate: &Candidate<'_>) -> bool {
    candidate.size <= LARGEST && reader(candidate.path).is_some()
}

/// What is odd about its lines.
pub fn inspect(candidate: &Candidate<'_>, bytes: &[u8], found: &mut Vec<Oddity>) {
    let Some(read) = reader(candidate.path) else { return };
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
    let odd = lines.filter_map(|(line, number)| Some((number, read(str::from_utf8(line).ok()?.trim())?)));
    found.extend(odd.take(MOST).map(|(line, (rule, detail))| {
        let detail = detail.chars().filter(|character| !character.is_control()).take(DETAIL).collect();
        Oddity { line, detail, ..Oddity::new(rule, candidate.path) }
    }));
}

fn reader(path: &str) -> Option<Reader> {
    match path {
        "etc/passwd" => Some(account),
        "etc/shadow" => Some(password),
        "etc/sudoers" => Some(sudoer),
        "etc/doas.conf" => Some(doer),
        "etc/ssh/sshd_config" => Some(login),
        _ if path.starts_with("etc/sudoers.d/") => Some(sudoer),
        _ if path.starts_with("etc/doas.d/") => Some(doer),
        _ if path.starts_with("etc/ssh/sshd_config.d/") => Some(login),
        _ => None,
    }
}

/// passwd(5): `name:password:uid:...`. BusyBox has no need of a shell to be named.
fn account(line: &str) -> Odd<'_> {
    let mut fields = line.split(':');
    let (name, password, uid) = (fields.next()?, fields.next()?, fields.next()?);
    if uid.parse() == Ok(0_u32) && name != "root" {
        Some((&rules::SECOND_ROOT, name))
    } else {
        // A line that begins with `+` or `-` asks a directory service.
        (password.is_empty() && !name.starts_with(['+', '-', '#'])).then_some((&rules::EMPTY_PASSWORD, name))
    }
}

/// shadow(5): `name:hash:...`.
fn password(line: &str) -> Odd<'_> {
    let mut fields = line.split(':');
    let (name, hash) = (fields.next()?, fields.next()?);
    (hash.is_empty() && !name.is_empty() && !name.starts_with('#')).then_some((&rules::EMPTY_PASSWORD, name))
}

/// sudoers(5): `who hosts=(whom) NOPASSWD: commands`.
fn sudoer(line: &str) -> Odd<'_> {
    let (who, rest) = line.split_once(char::is_whitespace)?;
    let free = rest.contains("NOPASSWD:") || (who.starts_with("Defaults") && rest.trim() == "!authenticate");
    (free && !who.starts_with('#')).then_some((&rules::SUDO_WITHOUT_PASSWORD, who))
}

/// doas.conf(5): `permit nopass who`.
fn doer(line: &str) -> Odd<'_> {
    let mut words = line.split_whitespace();
    let permits = words.next() == Some("permit") && line.split_whitespace().any(|word| word == "nopass");
    permits.then(|| (&rules::SUDO_WITHOUT_PASSWORD, words.last().unwrap_or_default()))
}

/// sshd_config(5).
fn login(line: &str) -> Odd<'_> {
    let mut words =
        line.split(|letter: char| letter.is_whitespace() || letter == '=').filter(|word| !word.is_empty());
    let (keyword, value) = (words.next()?, words.next()?);
    let yes = value.eq_ignore_ascii_case("yes");
    let lets_in = ["PermitRootLogin", "PermitEmptyPasswords"];
    let odd = yes && lets_in.iter().any(|name| keyword.eq_ignore_ascii_case(name));
    odd.then_some((&rules::SSH_LOGIN, keyword))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(path: &str, text: &str, expected: &[(&str, u32, &str)]) {
        let candidate = Candidate { path, size: text.len() as u64, executable: false };
        assert!(wants(&candidate), "{path}");
        let mut found = Vec::new();
        inspect(&candidate, text.as_bytes(), &mut found);
        let found: Vec<_> =
            found.iter().map(|odd| (odd.rule.as_str(), odd.line, odd.detail.as_str())).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn accounts_that_are_root_or_need_no_password() {
        let text =
            "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nguest::1000:1000::/:/bin/sh\n+::::::\n";
        check("etc/passwd", text, &[("second-root", 2, "toor"), ("empty-password", 3, "guest")]);
        check("etc/passwd", "root:x:0:0::/:\nbin:x:1:1::/:\nbroken\n", &[]);
    }

    #[test]
    fn passwords_that_are_empty() {
        let text = "root:*:19000:0:99999:7:::\nbin:!:1::::::\nuser::19000:0:99999:7:::\n";
        check("etc/shadow", text, &[("empty-password", 3, "user")]);
    }

    #[test]
    fn users_who_become_root_without_a_password() {
        let text = "# all ALL=(ALL) NOPASSWD: ALL\nroot ALL=(ALL:ALL) ALL\napp ALL=(ALL) NOPASSWD: ALL\n";
        check("etc/sudoers", text, &[("sudo-without-password", 3, "app")]);
        check("etc/sudoers.d/app", "Defaults !authenticate\n", &[("sudo-without-password", 1, "Defaults")]);
        check(
            "etc/doas.conf",
            "permit persist :wheel\npermit nopass app\n",
            &[("sudo-without-password", 2, "app")],
        );
    }

    #[test]
    fn ssh_servers_that_let_anybody_in() {
        let text = "#PermitRootLogin yes\nPermitRootLogin prohibit-password\npermitrootlogin yes\n";
        check("etc/ssh/sshd_config", text, &[("ssh-login", 3, "permitrootlogin")]);
        check(
            "etc/ssh/sshd_config.d/a.conf",
            "PermitEmptyPasswords=yes",
            &[("ssh-login", 1, "PermitEmptyPasswords")],
        );
    }

    #[test]
    fn other_files_are_not_asked_for() {
        for path in ["etc/passwd-", "usr/etc/passwd", "etc/sudoers.dist"] {
            assert!(!wants(&Candidate { path, size: 1, executable: false }), "{path}");
        }
        assert!(!wants(&Candidate { path: "etc/passwd", size: LARGEST + 1, executable: false }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400), which in 0_usize..5) {
            let paths = ["etc/passwd", "etc/shadow", "etc/sudoers", "etc/doas.conf", "etc/ssh/sshd_config"];
            let candidate = Candidate { path: paths[which], size: bytes.len() as u64, executable: false };
            let mut found = Vec::new();
            inspect(&candidate, &bytes, &mut found);
            prop_assert!(found.len() <= MOST);
        }
    }
}
