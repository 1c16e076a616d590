//! What runs: arguments, environment, directory, user and rights.

use model::image::{Image, ImageConfig};
use model::request::RunRequest;
use model::spec::{IdMapping, Process, User};

use super::{ConfineError, Placement, ResolvedUser, limits};
use crate::capabilities::{self, CapabilitySet, StartsAs};
use crate::hostpaths::components;

/// Docker's, which is what images are built with.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Files are not writable for others, as a login shell has it.
const UMASK: u32 = 0o022;

/// config.md "Process".
pub(super) fn process(
    request: &RunRequest,
    image: &Image,
    placement: &Placement,
    granted: CapabilitySet,
) -> Result<Process, ConfineError> {
    Ok(Process {
        terminal: request.tty,
        user: user(&placement.user, &placement.uid_map, &placement.gid_map)?,
        args: arguments(request, &image.config)?,
        env: environment(request, &image.config, placement),
        cwd: working_dir(request, &image.config)?,
        capabilities: capabilities::five_sets(granted, StartsAs::from_uid(placement.user.uid)),
        rlimits: limits::rlimits(request, placement.max_open_files, placement.group())?,
        no_new_privileges: !request.privileged,
        oom_score_adj: request.limits.oom_score_adj,
        ..Process::default()
    })
}

/// The user, if the container has all of its ids.
pub(super) fn user(
    user: &ResolvedUser,
    uid_map: &[IdMapping],
    gid_map: &[IdMapping],
) -> Result<User, ConfineError> {
    mapped("user", user.uid, uid_map)?;
    for gid in std::iter::once(&user.gid).chain(&user.groups) {
        mapped("group", *gid, gid_map)?;
    }
    Ok(User { uid: user.uid, gid: user.gid, umask: Some(UMASK), additional_gids: user.groups.clone() })
}

/// An id outside of the map cannot be taken; without a map all ids are the host's.
fn mapped(kind: &'static str, id: u32, map: &[IdMapping]) -> Result<(), ConfineError> {
    let holds =
        |entry: &IdMapping| id.checked_sub(entry.container_id).is_some_and(|offset| offset < entry.size);
    if map.is_empty() || map.iter().any(holds) {
        return Ok(());
    }
    Err(ConfineError::Unmapped { kind, id, size: map.iter().map(|entry| u64::from(entry.size)).sum() })
}

/// Docker's rules: a given entrypoint replaces the image's entrypoint and its command, a given
/// command replaces the image's command only, and an empty entrypoint clears both.
pub(super) fn arguments(request: &RunRequest, config: &ImageConfig) -> Result<Vec<String>, ConfineError> {
    let (entrypoint, default) = match request.entrypoint.as_deref() {
        None => (config.entrypoint.clone(), config.cmd.as_slice()),
        Some("") => (Vec::new(), [].as_slice()),
        Some(program) => (vec![program.to_owned()], [].as_slice()),
    };
    let command = if request.command.is_empty() { default } else { &request.command };
    let arguments: Vec<String> = entrypoint.into_iter().chain(command.iter().cloned()).collect();
    if arguments.first().is_none_or(String::is_empty) {
        return Err(ConfineError::NoCommand { image: request.image.clone() });
    }
    match arguments.iter().position(|argument| argument.contains('\0')) {
        Some(index) => Err(ConfineError::Argument { index }),
        None => Ok(arguments),
    }
}

/// Every entry is `NAME=value` without NUL.
pub(super) fn environment_is_well_formed(
    request: &RunRequest,
    config: &ImageConfig,
) -> Result<(), ConfineError> {
    let well_formed = |entry: &&String| entry.find('=').is_some_and(|at| at > 0) && !entry.contains('\0');
    match config.env.iter().chain(&request.env).find(|entry| !well_formed(entry)) {
        Some(entry) => Err(ConfineError::Environment { entry: shown(entry) }),
        None => Ok(()),
    }
}

/// As much of an entry as an error shows.
pub(super) fn shown(entry: &str) -> String {
    entry.chars().take(60).collect()
}

/// Defaults, then the image's, then the request's; a later one replaces an earlier one in its place.
fn environment(request: &RunRequest, config: &ImageConfig, placement: &Placement) -> Vec<String> {
    let mut environment = vec![PATH.to_owned(), format!("HOSTNAME={}", placement.hostname)];
    if request.tty {
        environment.push("TERM=xterm".to_owned());
    }
    if !placement.user.home.is_empty() {
        environment.push(format!("HOME={}", placement.user.home));
    }
    for entry in config.env.iter().chain(&request.env) {
        set(&mut environment, entry);
    }
    environment
}

/// Adds an entry, in the place of the one that has its name.
pub(super) fn set(environment: &mut Vec<String>, entry: &str) {
    match environment.iter_mut().find(|other| name(other) == name(entry)) {
        Some(other) => entry.clone_into(other),
        None => environment.push(entry.to_owned()),
    }
}

/// The variable's name.
pub(super) fn name(entry: &str) -> &str {
    entry.split('=').next().unwrap_or_default()
}

/// Absolute and normalised. That it leads nowhere outside the root is for `launch` to see to, with
/// descriptors.
pub(super) fn working_dir(request: &RunRequest, config: &ImageConfig) -> Result<String, ConfineError> {
    let path = request.working_dir.as_deref().unwrap_or(&config.working_dir);
    if path.is_empty() && request.working_dir.is_none() {
        return Ok("/".to_owned());
    }
    normalised(path).ok_or_else(|| ConfineError::WorkingDir { path: path.to_owned() })
}

/// An absolute path without `//`, `.` and a slash at its end; `None` for a relative path, `..` and NUL.
pub(super) fn normalised(path: &str) -> Option<String> {
    if !path.starts_with('/') || path.contains('\0') || components(path).any(|name| name == "..") {
        return None;
    }
    let names: Vec<_> = components(path).collect();
    Some(format!("/{}", names.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn nginx() -> ImageConfig {
        ImageConfig { entrypoint: texts(&["/e.sh"]), cmd: texts(&["nginx", "-g"]), ..ImageConfig::default() }
    }

    #[test]
    fn entrypoint_and_command_combine_as_with_docker() {
        let check = |entrypoint: Option<&str>, command: &[&str], expected: &[&str]| {
            let request = RunRequest {
                entrypoint: entrypoint.map(str::to_owned),
                command: texts(command),
                ..RunRequest::default()
            };
            assert_eq!(arguments(&request, &nginx()).unwrap(), expected);
        };
        check(None, &[], &["/e.sh", "nginx", "-g"]);
        check(None, &["sh"], &["/e.sh", "sh"]);
        check(Some("sh"), &[], &["sh"]);
        check(Some("sh"), &["-c", "id"], &["sh", "-c", "id"]);
        check(Some(""), &["id"], &["id"]);
    }

    #[test]
    fn a_container_without_a_command_is_refused() {
        let cleared = RunRequest { entrypoint: Some(String::new()), ..RunRequest::default() };
        assert!(matches!(arguments(&cleared, &nginx()), Err(ConfineError::NoCommand { .. })));
        let empty = RunRequest::default();
        assert!(matches!(arguments(&empty, &ImageConfig::default()), Err(ConfineError::NoCommand { .. })));
        let nul = RunRequest { command: texts(&["sh", "a\0b"]), ..RunRequest::default() };
        assert_eq!(arguments(&nul, &ImageConfig::default()), Err(ConfineError::Argument { index: 1 }));
    }

    #[test]
    fn the_last_word_about_a_variable_counts() {
        let config = ImageConfig { env: texts(&["PATH=/x", "A=1", "B=2"]), ..ImageConfig::default() };
        let request = RunRequest { env: texts(&["A=3", "A=4", "C="]), tty: true, ..RunRequest::default() };
        let placement = Placement { hostname: "h".into(), ..Placement::default() };
        assert_eq!(
            environment(&request, &config, &placement),
            ["PATH=/x", "HOSTNAME=h", "TERM=xterm", "A=4", "B=2", "C="]
        );
    }

    #[test]
    fn a_malformed_variable_is_refused() {
        for entry in ["", "A", "=1", "A=\0"] {
            let request = RunRequest { env: texts(&[entry]), ..RunRequest::default() };
            assert!(environment_is_well_formed(&request, &ImageConfig::default()).is_err(), "{entry:?}");
        }
    }

    #[test]
    fn the_working_directory_is_absolute_and_plain() {
        assert_eq!(normalised("//a/./b/").as_deref(), Some("/a/b"));
        assert_eq!(normalised("/").as_deref(), Some("/"));
        for path in ["", "a", "/a/../b", "/a\0"] {
            assert_eq!(normalised(path), None, "{path:?}");
        }
        let request = RunRequest { working_dir: Some(String::new()), ..RunRequest::default() };
        assert!(working_dir(&request, &ImageConfig::default()).is_err());
    }

    #[test]
    fn an_id_outside_of_the_map_is_refused() {
        let map = [IdMapping { container_id: 0, host_id: 1000, size: 1 }];
        assert_eq!(mapped("user", 0, &map), Ok(()));
        assert_eq!(mapped("user", 70, &map), Err(ConfineError::Unmapped { kind: "user", id: 70, size: 1 }));
        assert_eq!(mapped("user", 70, &[]), Ok(()));
    }
}
