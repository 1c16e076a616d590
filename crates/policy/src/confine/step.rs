//! What a step of a build has beyond every other container: programs and secrets that lie in its root while
//! it runs.

use model::request::{RunRequest, StepRequest};
use model::spec::{InjectedFile, SecretFile};

use super::mounts::target;
use super::{ConfineError, process};

/// Every file lies where a mount may lie, and every variable has a name.
pub(super) fn check(request: &RunRequest) -> Result<(), ConfineError> {
    let Some(StepRequest { scripts, secrets, hosts: _ }) = &request.step else { return Ok(()) };
    let files = secrets.iter().filter_map(|secret| secret.target.as_ref());
    scripts.iter().map(|script| &script.path).chain(files).try_for_each(|path| target(path).map(drop))?;
    let unnamed = |name: &&String| name.is_empty() || name.contains(['=', '\0']);
    match secrets.iter().filter_map(|secret| secret.env.as_ref()).find(unnamed) {
        Some(name) => Err(ConfineError::Environment { entry: process::shown(name) }),
        None => Ok(()),
    }
}

/// Programs, as files of the engine.
pub(super) fn scripts(request: &RunRequest) -> Vec<InjectedFile> {
    let scripts = request.step.iter().flat_map(|step| &step.scripts);
    scripts
        .map(|script| InjectedFile { path: script.path.clone(), content: script.content.clone() })
        .collect()
}

/// Secrets that are files, in the request's order; what is in them is not ours to know.
pub(super) fn secrets(request: &RunRequest) -> Vec<SecretFile> {
    let secrets = request.step.iter().flat_map(|step| &step.secrets);
    let file = |secret: &model::request::SecretRequest| {
        let (uid, gid) = secret.owner;
        Some(SecretFile { path: secret.target.clone()?, mode: secret.mode & 0o7777, uid, gid })
    };
    secrets.filter_map(file).collect()
}

#[cfg(test)]
mod tests {
    use model::request::{Script, SecretRequest};

    use super::*;

    fn secret(target: Option<&str>, env: Option<&str>) -> SecretRequest {
        let text = |text: &str| text.to_owned();
        SecretRequest {
            id: "token".into(),
            target: target.map(text),
            env: env.map(text),
            mode: 0o400,
            owner: (7, 8),
        }
    }

    fn request(scripts: Vec<Script>, secrets: Vec<SecretRequest>) -> RunRequest {
        RunRequest {
            step: Some(StepRequest { scripts, secrets, hosts: Vec::new() }),
            ..RunRequest::default()
        }
    }

    #[test]
    fn secrets_that_are_variables_have_no_file() {
        let request = request(Vec::new(), vec![secret(None, Some("TOKEN")), secret(Some("/run/t"), None)]);
        check(&request).unwrap();
        assert_eq!(secrets(&request), [SecretFile { path: "/run/t".into(), mode: 0o400, uid: 7, gid: 8 }]);
    }

    #[test]
    fn nothing_lies_on_the_kernel_s_directories_and_no_variable_is_two() {
        for path in ["/proc/self/x", "/sys/x", "/dev", "/", "x", "/a/../b"] {
            let script = Script { path: path.into(), content: String::new() };
            assert!(check(&request(vec![script], Vec::new())).is_err(), "{path}");
            assert!(check(&request(Vec::new(), vec![secret(Some(path), None)])).is_err(), "{path}");
        }
        for name in ["", "A=B", "A\0"] {
            let request = request(Vec::new(), vec![secret(None, Some(name))]);
            assert!(matches!(check(&request), Err(ConfineError::Environment { .. })), "{name:?}");
        }
    }
}
