//! Each oddity of a file, once so that it is seen and once so that it is not.

use super::*;

fn entry(path: &str, kind: Kind, mode: u32) -> Entry<'_> {
    Entry { path, kind, mode, uid: 0, gid: 0, size: 10 }
}

#[track_caller]
fn check(entry: &Entry<'_>, expected: Option<&str>) {
    assert_eq!(observe(entry).map(|odd| odd.rule).as_deref(), expected, "{entry:?}");
}

#[track_caller]
fn check_file(path: &str, mode: u32, expected: Option<&str>) {
    check(&entry(path, Kind::File, mode), expected);
}

#[test]
fn programs_with_rights_of_their_own() {
    check_file("opt/tool", 0o4755, Some("setuid-file"));
    check_file("usr/bin/su", 0o4755, Some("setuid-known"));
    check_file("opt/tool", 0o2755, Some("setgid-file"));
    check_file("usr/bin/chage", 0o2755, Some("setgid-known"));
    check_file("opt/tool", 0o4757, Some("setuid-writable"));
    check_file("usr/bin/su", 0o755, None);
    check_file("opt/data", 0o4644, None);
}

#[test]
fn files_that_others_may_write() {
    check_file("etc/passwd", 0o666, Some("writable-accounts"));
    check(&Entry { gid: 10, ..entry("etc/passwd", Kind::File, 0o664) }, Some("writable-accounts"));
    check_file("etc/passwd", 0o644, None);
    check_file("srv/page", 0o646, Some("writable-file"));
    check_file("srv/page", 0o664, None);
    check(&entry("srv", Kind::Directory, 0o777), Some("writable-directory"));
    check(&entry("tmp", Kind::Directory, 0o1777), None);
    check(&entry("bin/x", Kind::Link, 0o777), None);
}

#[test]
fn devices() {
    check(&entry("dev/sda", Kind::Device, 0o600), Some("device-file"));
    check(&entry("run/pipe", Kind::Other, 0o600), None);
}

#[test]
fn what_should_have_stayed_at_home() {
    check_file("root/.ssh/id_rsa", 0o644, Some("readable-key"));
    check_file("root/.ssh/id_rsa", 0o600, None);
    check_file("root/.ssh/id_rsa.pub", 0o644, None);
    check_file("etc/ssh/ssh_host_ed25519_key", 0o644, Some("readable-key"));
    check_file("root/.ssh/authorized_keys", 0o600, Some("authorized-keys"));
    check_file("etc/hosts.equiv", 0o644, Some("trusted-hosts"));
    check_file("etc/hosts", 0o644, None);
    check_file("app/.env", 0o644, Some("env-file"));
    check_file("app/.env.production", 0o644, Some("env-file"));
    check_file("app/.env.example", 0o644, None);
    check_file("app/.environment", 0o644, None);
    check_file("infra/terraform.tfstate", 0o644, Some("terraform-state"));
    check_file("infra/main.tf", 0o644, None);
    check(&entry("app/.git", Kind::Directory, 0o755), Some("git-directory"));
    check(&entry("app/.github", Kind::Directory, 0o755), None);
    check_file("app/core.4711", 0o600, Some("core-dump"));
    check_file("app/core.js", 0o644, None);
    check_file("root/.bash_history", 0o600, Some("history-file"));
    check(&Entry { size: 0, ..entry("root/.bash_history", Kind::File, 0o600) }, None);
    check_file("app/settings.py.bak", 0o644, Some("backup-file"));
    check_file("usr/share/x/settings.py.bak", 0o644, None);
}

#[test]
fn what_only_building_needs() {
    check_file("var/lib/apt/lists/deb.debian.org_InRelease", 0o644, Some("package-cache"));
    check_file("var/lib/apt/extended_states", 0o644, None);
    check_file("usr/bin/apt-get", 0o755, Some("package-manager"));
    check_file("usr/bin/apt-get", 0o644, None);
    check_file("usr/share/apt-get", 0o755, None);
    check_file("usr/bin/gcc", 0o755, Some("compiler"));
    check_file("usr/bin/gdb", 0o755, Some("debugger"));
    check_file("bin/nc", 0o755, Some("network-tool"));
    check_file("usr/bin/curl", 0o755, Some("downloader"));
    check(&entry("bin/sh", Kind::Link, 0o777), Some("shell"));
    check_file("usr/bin/sudo", 0o755, Some("sudo"));
    check_file("usr/sbin/sshd", 0o755, Some("ssh-server"));
    check_file("usr/bin/env", 0o755, None);
}
