//! `--cap-add NET_ADMIN`.

use super::ValueError;

/// capabilities(7), in the kernel's order, without `CAP_`.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// Upper case without `CAP_`; `ALL` stands for every one.
pub(crate) fn parse(text: &str) -> Result<String, ValueError> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if name == "ALL" || NAMES.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(ValueError::new(
        "the kernel has no such capability",
        "a name of capabilities(7), such as NET_ADMIN, or ALL",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_prefix_do_not_matter() {
        for text in ["NET_ADMIN", "net_admin", "CAP_NET_ADMIN", "cap_net_admin"] {
            assert_eq!(parse(text), Ok("NET_ADMIN".to_owned()));
        }
        assert_eq!(parse("all"), Ok("ALL".to_owned()));
        assert!(parse("SYS_ADMINISTRATOR").is_err());
        assert!(parse("CAP_CAP_CHOWN").is_err());
    }
}
