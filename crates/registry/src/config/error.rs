//! What can be wrong with settings about registries, and what is merely worth knowing.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What this module returns.
pub type Result<T> = std::result::Result<T, ConfigError>;

/// Why settings cannot be followed. No text of a secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A file is larger than any of its kind.
    #[error("`{}` has more than {} bytes", .path.display(), super::read::MAX_FILE)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file says what cannot be understood.
    #[error("`{}`{}: {what}", .path.display(), line_text(*.line))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where in it, from 1 on; unknown in JSON.
        line: Option<usize>,
        /// The key and what is wrong with it.
        what: String,
    },
    /// The host's settings forbid the registry.
    #[error("`{repository}` is blocked: `{}`, line {line}, blocks `{prefix}`", .path.display())]
    Blocked {
        /// What was asked for.
        repository: String,
        /// What is blocked.
        prefix: String,
        /// The file that says so.
        path: PathBuf,
        /// The line of its `[[registry]]`.
        line: usize,
    },
    /// A short name could be one of several images.
    #[error("`{name}` could be any of {}: `{}` lists several registries", listed(.choices), .path.display())]
    Ambiguous {
        /// As it was typed.
        name: String,
        /// Whole names, in the file's order.
        choices: Vec<String>,
        /// The file with the list.
        path: PathBuf,
    },
    /// A certificate lacks its key, or a key its certificate.
    #[error("`{}` has no `{missing}` beside it", .path.display())]
    Halved {
        /// What is there.
        path: PathBuf,
        /// What is not.
        missing: String,
    },
    /// A credential helper did not do its part.
    #[error("the credential helper `{name}` {what}")]
    Helper {
        /// The program.
        name: String,
        /// What it did instead.
        what: String,
    },
    /// A variable of the environment holds no proxy.
    #[error("`{variable}` names no proxy: {what}")]
    Proxy {
        /// The variable.
        variable: String,
        /// What is wrong with it, without the address, which may hold a password.
        what: &'static str,
    },
    /// Credentials cannot be kept.
    #[error("cannot write `{}`: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// There is no place for credentials.
    #[error("there is no file that credentials could be kept in")]
    Nowhere,
    /// A text cannot be a registry's host.
    #[error("`{0}` is not a registry")]
    Host(String),
}

impl ConfigError {
    /// The stable code that `coffer help` explains.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::TooLarge { .. } | Self::Syntax { .. } => "E-registry-settings",
            Self::Blocked { .. } => "E-registry-blocked",
            Self::Ambiguous { .. } => "E-registry-short-name",
            Self::Halved { .. } => "E-registry-certificate",
            Self::Helper { .. } => "E-registry-helper",
            Self::Proxy { .. } => "E-registry-proxy",
            Self::Write { .. } | Self::Nowhere => "E-registry-keep",
            Self::Host(_) => "E-registry-host",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Read { path, .. } => format!("let `{}` be a file that you can read", path.display()),
            Self::TooLarge { path } | Self::Syntax { path, .. } => {
                format!("mend `{}`; `coffer help registries` says what it may hold", path.display())
            }
            Self::Blocked { path, .. } => format!("take another registry, or change `{}`", path.display()),
            Self::Ambiguous { name, choices, .. } => {
                let choice = choices.first().map_or(name, |choice| choice);
                format!(
                    "type the whole name, such as `{choice}`, or give it an alias: coffer help registries"
                )
            }
            Self::Halved { .. } => "put the missing file there, or take this one away".into(),
            Self::Helper { .. } => {
                "install or repair it, or take it out of `credHelpers` and `credsStore` of your credentials"
                    .into()
            }
            Self::Proxy { variable, .. } => {
                format!("set `{variable}` to an address like http://proxy.example:3128")
            }
            Self::Write { .. } | Self::Nowhere => "name another file: --authfile FILE".into(),
            Self::Host(_) => "give a host, and a port where it needs one: registry.example:5000".into(),
        }
    }
}

/// Something that a person may want to change, and that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A key that has no meaning here.
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// The key, with the tables that it is in.
        key: String,
    },
    /// Others on this host can read somebody's credentials.
    Exposed {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { path, line, key } => {
                write!(f, "`{}`, line {line}: `{key}` has no effect here", path.display())
            }
            Self::Exposed { path } => {
                write!(f, "others can read the credentials in `{0}`: chmod 600 {0}", path.display())
            }
        }
    }
}

fn line_text(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

fn listed(choices: &[String]) -> String {
    choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ")
}
