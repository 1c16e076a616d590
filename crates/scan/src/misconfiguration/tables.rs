//! Which files are odd, and which oddities are known, as data.

use super::catalogue::{self as rules, Rule};

/// Programs that distributions ship with the setuid bit; those of `util-linux`, `shadow`, `pam`, `openssh`, `dbus`,
/// `policykit`, `cups`, `fuse`.
pub(super) const SETUID: &[&str] = &[
    "at",
    "bbsuid",
    "chage",
    "chfn",
    "chsh",
    "crontab",
    "dbus-daemon-launch-helper",
    "expiry",
    "fusermount",
    "fusermount3",
    "gpasswd",
    "ksu",
    "mount",
    "mount.cifs",
    "mount.nfs",
    "newgidmap",
    "newgrp",
    "newuidmap",
    "pam_timestamp_check",
    "passwd",
    "ping",
    "ping6",
    "pkexec",
    "polkit-agent-helper-1",
    "ssh-keysign",
    "su",
    "sudo",
    "doas",
    "umount",
    "unix_chkpwd",
    "userhelper",
];

/// Programs that distributions ship with the setgid bit.
pub(super) const SETGID: &[&str] = &[
    "at",
    "chage",
    "crontab",
    "expiry",
    "locate",
    "mlocate",
    "plocate",
    "ssh-agent",
    "unix_chkpwd",
    "unix_update",
    "utempter",
    "wall",
    "write",
    "write.ul",
];

/// What decides who may do what.
pub(super) const ACCOUNTS: &[&str] =
    &["etc/passwd", "etc/shadow", "etc/group", "etc/gshadow", "etc/sudoers", "etc/ld.so.preload"];

/// Names that say everything.
pub(super) static NAMES: &[(&[&str], &Rule)] = &[
    (&["authorized_keys", "authorized_keys2"], &rules::AUTHORIZED_KEYS),
    (&[".rhosts", ".shosts", "hosts.equiv", "shosts.equiv"], &rules::TRUSTED_HOSTS),
    (&["terraform.tfstate", "terraform.tfstate.backup"], &rules::TERRAFORM_STATE),
    (
        &[
            ".ash_history",
            ".bash_history",
            ".histfile",
            ".history",
            ".lesshst",
            ".mysql_history",
            ".node_repl_history",
            ".psql_history",
            ".python_history",
            ".rediscli_history",
            ".sh_history",
            ".sqlite_history",
            ".viminfo",
            ".zsh_history",
        ],
        &rules::HISTORY_FILE,
    ),
];

/// Where programs are.
pub(super) const PROGRAMS: &[&str] =
    &["bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "usr/libexec", "opt/bin"];

/// Programs that a service has no need of.
pub(super) static TOOLS: &[(&[&str], &Rule)] = &[
    (
        &[
            "apk", "apt", "apt-get", "aptitude", "dnf", "dnf5", "dpkg", "gem", "microdnf", "npm", "opkg",
            "pacman", "pip", "pip3", "pipx", "pnpm", "rpm", "tdnf", "uv", "yarn", "yum", "zypper",
            "composer", "conda", "cargo",
        ],
        &rules::PACKAGE_MANAGER,
    ),
    (
        &[
            "as", "c++", "cc", "clang", "clang++", "cpp", "g++", "gcc", "gfortran", "go", "javac", "ld",
            "make", "rustc", "tcc",
        ],
        &rules::COMPILER,
    ),
    (&["bpftrace", "gdb", "gdbserver", "lldb", "ltrace", "perf", "strace"], &rules::DEBUGGER),
    (
        &[
            "dig",
            "ettercap",
            "hping3",
            "masscan",
            "nc",
            "nc.openbsd",
            "nc.traditional",
            "ncat",
            "netcat",
            "ngrep",
            "nmap",
            "nslookup",
            "socat",
            "tcpdump",
            "telnet",
            "tshark",
        ],
        &rules::NETWORK_TOOL,
    ),
    (&["aria2c", "curl", "ftp", "rsync", "scp", "sftp", "tftp", "wget"], &rules::DOWNLOADER),
    (&["ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh"], &rules::SHELL),
    (&["doas", "sudo"], &rules::SUDO),
    (&["dropbear", "sshd"], &rules::SSH_SERVER),
];

/// Whether a file of that name is a private key: whoever names one so means it.
pub(super) fn is_key(name: &str) -> bool {
    const NAMED: &[&str] =
        &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk", "privkey.pem"];
    NAMED.contains(&name) || (name.starts_with("ssh_host_") && name.ends_with("_key"))
}

/// Whether it holds variables; samples hold none that matter.
pub(super) fn is_environment(name: &str) -> bool {
    const SAMPLES: &[&str] = &["example", "sample", "template", "dist", "defaults", "schema", "vault", "d"];
    match name.strip_prefix(".env") {
        Some("") => true,
        Some(rest) => {
            rest.strip_prefix('.').is_some_and(|of| !of.split('.').any(|part| SAMPLES.contains(&part)))
        }
        None => false,
    }
}

/// `core.1234`, `heap.hprof`, `hs_err_pid1234.mdmp`.
pub(super) fn is_dump(name: &str) -> bool {
    let of_process =
        |rest: &str| !rest.is_empty() && rest.len() <= 7 && rest.bytes().all(|byte| byte.is_ascii_digit());
    name.strip_prefix("core.").is_some_and(of_process) || name.ends_with(".hprof") || name.ends_with(".mdmp")
}

/// An editor's copy, where people and not packages put files.
pub(super) fn is_backup(path: &str, name: &str) -> bool {
    const PLACES: &[&str] = &["app/", "etc/", "home/", "opt/", "root/", "srv/", "var/www/", "workspace/"];
    const ENDINGS: &[&str] = &[".bak", ".swp", ".swo", ".old", "~"];
    name.len() > 2
        && ENDINGS.iter().any(|ending| name.ends_with(ending))
        && PLACES.iter().any(|place| path.starts_with(place))
}

/// What package managers download and need no more.
pub(super) fn is_cached(path: &str) -> bool {
    const PLACES: &[(&str, &str)] = &[
        ("var/lib/apt/lists/", ""),
        ("var/cache/apt/", ""),
        ("var/cache/apk/", ""),
        ("var/cache/yum/", ""),
        ("var/cache/dnf/", ""),
        ("var/cache/libdnf5/", ""),
        ("var/cache/zypp/", ""),
        ("root/.cache/", ""),
        ("root/.npm/", ""),
        ("home/", "/.cache/pip/"),
        ("home/", "/.npm/_cacache/"),
        ("usr/local/share/.cache/", ""),
    ];
    PLACES.iter().any(|(start, within)| path.starts_with(start) && path.contains(within))
}
