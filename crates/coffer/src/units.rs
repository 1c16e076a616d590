//! The systemd unit that brings containers back after a boot and ends them before the next.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use engine::site::Invoker;

use crate::errors::Failure;
use crate::site;

/// What systemd calls it.
pub(crate) const NAME: &str = "coffer-restore.service";

/// Whose systemd it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    /// The host's.
    System,
    /// The caller's own.
    User,
}

impl Manager {
    /// Where units of the administrator's, or of the user's own, are (systemd.unit(5)).
    pub(crate) fn directory(self) -> Result<PathBuf, Failure> {
        match self {
            Self::System => Ok("/etc/systemd/system".into()),
            Self::User => Ok(site::config_home()?.join("systemd/user")),
        }
    }

    /// What has to follow a change of units.
    pub(crate) fn commands(self) -> [String; 2] {
        let systemctl = if self == Self::User { "systemctl --user" } else { "systemctl" };
        [format!("{systemctl} daemon-reload"), format!("{systemctl} enable {NAME}")]
    }

    /// Whether this systemd can be talked to now.
    pub(crate) fn is_there(self, invoker: Invoker) -> bool {
        match (self, invoker) {
            (Self::User, Invoker::Rootless { uid, .. }) => {
                Path::new(&format!("/run/user/{uid}/systemd/private")).exists()
            }
            (Self::User, Invoker::Root) => Path::new("/run/user/0/systemd/private").exists(),
            (Self::System, _) => Path::new("/run/systemd/system").is_dir(),
        }
    }
}

/// Runs one of [`Manager::commands`].
pub(crate) fn run(command: &str) -> Result<(), Failure> {
    let mut words = command.split(' ');
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::failed(
            "E-cli-units",
            format!("the unit is written, and `{command}` failed"),
            format!("type it, and see what is wrong: `{command}`"),
        )),
    }
}

/// The unit's text. Containers that cannot be started do not keep the others from being ended in order, so
/// the unit counts as started all the same; systemctl status shows what was said.
pub(crate) fn text(manager: Manager, program: &Path, environment: &[(String, String)]) -> String {
    let program = quoted(&program.to_string_lossy());
    let (after, wanted_by) = match manager {
        Manager::System => ("After=local-fs.target network.target\n", "multi-user.target"),
        Manager::User => ("", "default.target"),
    };
    let set: String = environment
        .iter()
        .map(|(name, value)| format!("Environment={}\n", quoted(&format!("{name}={value}"))))
        .collect();
    format!(
        "# Written by: coffer system install-units\n\
         [Unit]\nDescription=Containers of Cofferdam\n{after}\n\
         [Service]\nType=oneshot\nRemainAfterExit=yes\n{set}\
         ExecStart=-{program} system restore\nExecStop={program} system stop\nTimeoutStopSec=120\n\n\
         [Install]\nWantedBy={wanted_by}\n"
    )
}

/// systemd.syntax(7): quotes keep spaces, and `%` means something within. `$` means nothing in the path of
/// a program, nor in a variable.
fn quoted(value: &str) -> String {
    let mut quoted = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_starts_and_ends_this_program_s_containers() {
        let environment = [("COFFER_ROOT".to_owned(), "/srv/a b".to_owned())];
        let unit = text(Manager::System, Path::new("/usr/bin/coffer"), &environment);
        assert!(unit.contains("\nExecStart=-\"/usr/bin/coffer\" system restore\n"), "{unit}");
        assert!(unit.contains("\nExecStop=\"/usr/bin/coffer\" system stop\n"), "{unit}");
        assert!(unit.contains("\nEnvironment=\"COFFER_ROOT=/srv/a b\"\n"), "{unit}");
        assert!(unit.ends_with("WantedBy=multi-user.target\n"), "{unit}");
        assert!(text(Manager::User, Path::new("/c"), &[]).ends_with("WantedBy=default.target\n"));
    }

    #[test]
    fn nothing_in_a_path_ends_its_line_or_means_something_to_systemd() {
        assert_eq!(quoted("/a\n%h\"$X\\"), "\"/a\\u000a%%h\\\"$X\\\\\"");
    }
}
