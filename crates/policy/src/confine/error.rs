//! Why no spec can be made.

use crate::capabilities::UnknownCapability;

/// Why no spec can be made of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfineError {
    /// A permit is for one start of one image with one request.
    #[error("the permit was given for another {what}")]
    OtherPermit {
        /// What differs.
        what: &'static str,
    },
    /// A name that resolved to uid 0, or an engine that asked about another user than it resolved.
    #[error("the level `restricted` runs nothing as root, and this user is uid 0")]
    RootAtRestricted,
    /// Neither entrypoint nor command.
    #[error("`{image}` names no command, and none was given")]
    NoCommand {
        /// The image, as typed.
        image: String,
    },
    /// execve(2) ends texts with NUL.
    #[error("argument {index} of the command holds a NUL byte")]
    Argument {
        /// From 0.
        index: usize,
    },
    /// Not `NAME=value`, or with a NUL byte.
    #[error("`{entry}` is not an environment variable of the form `NAME=value`")]
    Environment {
        /// The entry, shortened.
        entry: String,
    },
    /// Relative, or with `..` or NUL.
    #[error("the working directory `{path}` is not an absolute path without `..`")]
    WorkingDir {
        /// As typed, or as the image says.
        path: String,
    },
    /// The kernel knows no such capability.
    #[error(transparent)]
    Capability(#[from] UnknownCapability),
    /// The kernel knows no such limit.
    #[error("`{name}` is no limit that can be set")]
    UlimitName {
        /// As typed.
        name: String,
    },
    /// Soft above hard, or a hard limit that cannot be had.
    #[error("the limit `{name}` cannot be {soft}:{hard}: {why}")]
    UlimitValue {
        /// As typed.
        name: String,
        /// Soft limit.
        soft: u64,
        /// Hard limit.
        hard: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A limit outside of what the kernel takes.
    #[error("`{option} {value}` cannot be: {why}")]
    Limit {
        /// The option.
        option: &'static str,
        /// As typed.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The setting is the host's, or would be with the namespaces that are shared.
    #[error("`{name}` is a setting of the host, not of the container")]
    Sysctl {
        /// Its name.
        name: String,
    },
    /// The value has a NUL or a line break.
    #[error("the value of the setting `{name}` is not one line of text")]
    SysctlValue {
        /// Its name.
        name: String,
    },
    /// Relative, the root itself, with `..`, or under /proc, /sys or the like.
    #[error("nothing can be mounted on `{target}`: {why}")]
    MountTarget {
        /// As typed.
        target: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Two mounts on one directory.
    #[error("`{target}` is mounted twice, by `{first}` and by `{second}`")]
    MountTwice {
        /// Where.
        target: String,
        /// The option that came first.
        first: String,
        /// The option that came second.
        second: String,
    },
    /// Not `HOST[:CONTAINER[:PERMISSIONS]]`.
    #[error("`{device}` is not a device of the form `/dev/NAME[:/dev/NAME[:rwm]]`")]
    Device {
        /// As typed.
        device: String,
    },
    /// The host's network has the container's ports already.
    #[error("`{option}` has no effect with `--network host`: its ports are the host's already")]
    PortOnHostNetwork {
        /// As typed.
        option: String,
    },
    /// One port of the host for two of the container.
    #[error("{host} is published twice, by `{first}` and by `{second}`")]
    PortTwice {
        /// Address and port of the host.
        host: String,
        /// The option that came first.
        first: String,
        /// The option that came second.
        second: String,
    },
    /// The engine did not say where something lies.
    #[error("the engine did not say where {what} lies")]
    Unplaced {
        /// What.
        what: String,
    },
    /// The id is outside of the container's map.
    #[error("{kind} {id} does not exist in the container: its map holds {size} ids")]
    Unmapped {
        /// `user` or `group`.
        kind: &'static str,
        /// The id.
        id: u32,
        /// How many ids the map holds.
        size: u64,
    },
}

impl ConfineError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherPermit { .. } => "E-policy-permit",
            Self::RootAtRestricted => "E-policy-root",
            Self::NoCommand { .. } => "E-policy-command",
            Self::Argument { .. } => "E-policy-argument",
            Self::Environment { .. } => "E-policy-env",
            Self::WorkingDir { .. } => "E-policy-workdir",
            Self::Capability(_) => "E-policy-capability",
            Self::UlimitName { .. } | Self::UlimitValue { .. } => "E-policy-ulimit",
            Self::Limit { .. } => "E-policy-limit",
            Self::Sysctl { .. } | Self::SysctlValue { .. } => "E-policy-sysctl",
            Self::MountTarget { .. } | Self::MountTwice { .. } => "E-policy-mount",
            Self::Device { .. } => "E-policy-device",
            Self::PortOnHostNetwork { .. } | Self::PortTwice { .. } => "E-policy-port",
            Self::Unplaced { .. } => "E-policy-placement",
            Self::Unmapped { .. } => "E-policy-id",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::OtherPermit { .. } | Self::Unplaced { .. } => {
                "this is a mistake in Cofferdam, please report it".to_owned()
            }
            Self::RootAtRestricted => "run it as another user: --user 1000:1000".to_owned(),
            Self::NoCommand { image } => format!("give a command: coffer run {image} COMMAND"),
            Self::Argument { .. } => "take the NUL byte out".to_owned(),
            Self::Environment { .. } => "write it as NAME=value".to_owned(),
            Self::WorkingDir { .. } => "give an absolute path: --workdir /DIRECTORY".to_owned(),
            Self::Capability(_) => "see capabilities(7) for the names".to_owned(),
            Self::UlimitName { .. } => {
                "see getrlimit(2): nofile, nproc, core, memlock, stack, ...".to_owned()
            }
            Self::UlimitValue { name, .. } => format!("give lower values: --ulimit {name}=SOFT:HARD"),
            Self::Limit { option, .. } => format!("give another value, or leave out `{option}`"),
            Self::Sysctl { name } => format!("set it on the host: sysctl -w {name}=VALUE"),
            Self::SysctlValue { name } => format!("write it as --sysctl {name}=VALUE"),
            Self::MountTarget { .. } => "mount it on an absolute path such as /data".to_owned(),
            Self::MountTwice { target, .. } => format!("leave one of the mounts on {target} out"),
            Self::Device { .. } => "write it as --device /dev/NAME".to_owned(),
            Self::PortOnHostNetwork { option } => format!("leave out `{option}`, or `--network host`"),
            Self::PortTwice { .. } => "publish each on a port of its own".to_owned(),
            Self::Unmapped { size, .. } => {
                format!(
                    "use an id below {size}, or give your user more subordinate ids in /etc/subuid and /etc/subgid"
                )
            }
        }
    }
}
