//! Mistakes in an image's files.

use model::finding::Severity::{Critical, High, Low, Medium, Negligible};

use super::{Rule, rule};

/// Whoever may write it may become its owner.
pub static SETUID_WRITABLE: Rule = rule(
    "setuid-writable",
    Critical,
    "a program that runs with its owner's rights may be written by anybody",
    "remove the bits: `chmod u-s,g-s,o-w`",
    "CIS Docker 4.8",
);

/// The setuid bit on a program that does not usually have it.
pub static SETUID_FILE: Rule = rule(
    "setuid-file",
    Medium,
    "a program runs with its owner's rights",
    "remove the bit: `chmod u-s`; give the capability that it needs, if any",
    "CIS Docker 4.8",
);

/// The setuid bit on a program that distributions ship with it.
pub static SETUID_KNOWN: Rule = rule(
    "setuid-known",
    Negligible,
    "a program of the distribution runs with root's rights",
    "containers need none of them: `chmod u-s`",
    "CIS Docker 4.8",
);

/// The setgid bit on a program that does not usually have it.
pub static SETGID_FILE: Rule = rule(
    "setgid-file",
    Low,
    "a program runs with its group's rights",
    "remove the bit: `chmod g-s`",
    "CIS Docker 4.8",
);

/// The setgid bit on a program that distributions ship with it.
pub static SETGID_KNOWN: Rule = rule(
    "setgid-known",
    Negligible,
    "a program of the distribution runs with its group's rights",
    "containers need none of them: `chmod g-s`",
    "CIS Docker 4.8",
);

/// `/etc/passwd` for everybody.
pub static WRITABLE_ACCOUNTS: Rule = rule(
    "writable-accounts",
    High,
    "others than root may write the list of accounts",
    "`chmod 644`; a container under any uid needs no line of its own",
    "NIST SP 800-190 4.1.2",
);

/// A file for everybody.
pub static WRITABLE_FILE: Rule =
    rule("writable-file", Medium, "anybody may write the file", "`chmod o-w`", "NIST SP 800-190 4.1.2");

/// A directory for everybody, without the sticky bit.
pub static WRITABLE_DIRECTORY: Rule = rule(
    "writable-directory",
    Medium,
    "anybody may replace what others put into the directory",
    "`chmod o-w`, or `chmod +t` where it is meant to be shared",
    "NIST SP 800-190 4.1.2",
);

/// A device within the image.
pub static DEVICE_FILE: Rule = rule(
    "device-file",
    Medium,
    "the image brings a device of its own",
    "remove it; devices are given at the start",
    "CIS Docker 5.18",
);

/// A private key for everybody.
pub static READABLE_KEY: Rule = rule(
    "readable-key",
    Medium,
    "anybody may read the private key",
    "remove it from the image and give it at the start; where it must stay, `chmod 600`",
    "CIS Docker 4.10",
)
.hidden_only();

/// A second account with uid 0.
pub static SECOND_ROOT: Rule = rule(
    "second-root",
    High,
    "an account besides root has uid 0",
    "remove it from etc/passwd",
    "NIST SP 800-190 4.1.2",
);

/// An account without a password.
pub static EMPTY_PASSWORD: Rule = rule(
    "empty-password",
    High,
    "an account needs no password",
    "lock it: `passwd -l`",
    "NIST SP 800-190 4.1.2",
);

/// `sudo`, `doas`.
pub static SUDO: Rule = rule(
    "sudo",
    Low,
    "it has a way to become root",
    "build as root and run as a user that never needs to be",
    "CIS Docker 4.8",
)
.once();

/// `ALL=(ALL) NOPASSWD: ALL`
pub static SUDO_WITHOUT_PASSWORD: Rule = rule(
    "sudo-without-password",
    High,
    "a user may become root without a password",
    "remove the line",
    "CIS Docker 4.8",
);

/// `sshd`.
pub static SSH_SERVER: Rule = rule(
    "ssh-server",
    Medium,
    "it has an SSH server",
    "remove it; enter a container with `coffer exec`",
    "CIS Docker 5.7",
)
.once();

/// `PermitRootLogin yes`
pub static SSH_LOGIN: Rule = rule(
    "ssh-login",
    High,
    "its SSH server lets root in by password, or anybody without one",
    "remove the server, or the line",
    "CIS Docker 5.7",
);

/// `authorized_keys`
pub static AUTHORIZED_KEYS: Rule = rule(
    "authorized-keys",
    Medium,
    "somebody's key opens every container of this image",
    "remove it",
    "CIS Docker 5.7",
);

/// `.rhosts`, `hosts.equiv`
pub static TRUSTED_HOSTS: Rule = rule(
    "trusted-hosts",
    High,
    "it lets users of other hosts in without a password",
    "remove the file",
    "NIST SP 800-190 4.1.2",
);

/// `.env`
pub static ENV_FILE: Rule = rule(
    "env-file",
    Medium,
    "a file of variables, which usually holds secrets",
    "name it in .dockerignore, and give the variables at the start",
    "CIS Docker 4.10",
)
.hidden_only();

/// `terraform.tfstate`
pub static TERRAFORM_STATE: Rule = rule(
    "terraform-state",
    High,
    "the state of an infrastructure, which holds its secrets in the clear",
    "remove it, and change the secrets in it",
    "CIS Docker 4.10",
)
.hidden_only();

/// `.git`
pub static GIT_DIRECTORY: Rule = rule(
    "git-directory",
    Medium,
    "the history of the source, with everything that was ever removed from it",
    "name .git in .dockerignore",
    "CIS Docker 4.10",
)
.hidden_only();

/// `core.1234`, `heap.hprof`
pub static CORE_DUMP: Rule = rule(
    "core-dump",
    Medium,
    "a process's memory, secrets included",
    "remove it, and turn dumps off while building",
    "CIS Docker 4.10",
)
.hidden_only();

/// `.bash_history`
pub static HISTORY_FILE: Rule = rule(
    "history-file",
    Low,
    "the commands that somebody typed",
    "remove it in the step that made it",
    "CIS Docker 4.10",
)
.hidden_only();

/// `settings.py.bak`
pub static BACKUP_FILE: Rule = rule(
    "backup-file",
    Negligible,
    "an editor's copy, older than the file and easily forgotten",
    "name such files in .dockerignore",
    "CIS Docker 4.10",
)
.hidden_only();

/// Lists and archives that nothing reads any more.
pub static PACKAGE_CACHE: Rule = rule(
    "package-cache",
    Negligible,
    "what a package manager downloaded is still there",
    "clear it in the step that made it, or mount it: `RUN --mount=type=cache`",
    "CIS Docker 4.3",
)
.once();

/// `apt`, `pip`
pub static PACKAGE_MANAGER: Rule = rule(
    "package-manager",
    Low,
    "package managers let an attacker bring what is missing",
    "build in a stage of its own, and copy only the result into a small base",
    "CIS Docker 4.3",
)
.once();

/// `gcc`
pub static COMPILER: Rule = rule(
    "compiler",
    Low,
    "compilers make programs of an attacker's sources",
    "build in a stage of its own",
    "CIS Docker 4.3",
)
.once();

/// `gdb`
pub static DEBUGGER: Rule = rule(
    "debugger",
    Low,
    "debuggers read other processes' memory",
    "remove them; debug from a container beside it",
    "CIS Docker 4.3",
)
.once();

/// `nc`, `nmap`
pub static NETWORK_TOOL: Rule = rule(
    "network-tool",
    Low,
    "tools to look around a network with, and to tunnel through it",
    "remove them",
    "CIS Docker 4.3",
)
.once();

/// `curl`, `wget`
pub static DOWNLOADER: Rule = rule(
    "downloader",
    Negligible,
    "tools to fetch an attacker's next stage with",
    "remove them where the program needs none",
    "CIS Docker 4.3",
)
.once();

/// `sh`
pub static SHELL: Rule = rule(
    "shell",
    Negligible,
    "shells run an attacker's commands",
    "build on a base without one where the program needs none",
    "CIS Docker 4.3",
)
.once();
