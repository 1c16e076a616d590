//! Small files of the engine's own, as the child will write them into its tmpfs and bind them into place.

use std::ffi::CString;

use model::spec::{Hardening, InjectedFile, SecretFile};
use sys::mount::attr;

use super::Plan;
use super::path::{InRoot, cstring};
use super::process::ProcessPlan;
use crate::error::LaunchError;
use crate::given::Secret;

/// One file.
#[derive(Debug)]
pub(crate) struct PlannedFile {
    pub target: InRoot,
    pub content: Content,
    /// Its name in the tmpfs, unlinked once bound.
    pub scratch: CString,
    /// Permission bits.
    pub mode: u32,
    /// User and group, in the container.
    pub owner: (u32, u32),
    /// Attributes that its mount gets and loses (bits of `sys::mount::attr`).
    pub attributes: (u64, u64),
}

/// What is in a file.
#[derive(Debug)]
pub(crate) enum Content {
    /// The specification says it.
    Said(String),
    /// It comes with the start.
    Given(Option<Secret>),
}

impl Content {
    /// Nothing, where nothing came.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Said(text) => text.as_bytes(),
            Self::Given(secret) => secret.as_ref().map_or(&[], Secret::bytes),
        }
    }
}

/// All of them; secrets come last, so that nothing lies over them.
pub(super) fn planned(hardening: &Hardening) -> Result<Vec<PlannedFile>, LaunchError> {
    let said = |file: &InjectedFile, (mode, attributes)| {
        let content = Content::Said(file.content.clone());
        Ok((InRoot::parse(&file.path)?, content, mode, (0, 0), attributes))
    };
    // What lies on /dev is not executed otherwise.
    let program = (0o755, (attr::RDONLY | attr::NOSUID | attr::NODEV, attr::NOEXEC));
    let secret = |file: &SecretFile| {
        let attributes = (attr::RDONLY | attr::NOSUID | attr::NODEV | attr::NOEXEC, 0);
        let owner = (file.uid, file.gid);
        Ok((InRoot::parse(&file.path)?, Content::Given(None), file.mode, owner, attributes))
    };
    let plain = hardening.files.iter().map(|file| said(file, (0o644, (0, 0))));
    let all = plain
        .chain(hardening.scripts.iter().map(|file| said(file, program)))
        .chain(hardening.secrets.iter().map(secret));
    let numbered = all.enumerate().map(|(number, file): (usize, Result<_, LaunchError>)| {
        let (target, content, mode, owner, attributes) = file?;
        let scratch = cstring("file name", &format!(".coffer-{number}"))?;
        Ok(PlannedFile { target, content, scratch, mode, owner, attributes })
    });
    numbered.collect()
}

impl Plan {
    /// Takes what comes with the start: the content of files, in the specification's order, and variables.
    ///
    /// # Errors
    /// [`LaunchError::Spec`]: there are more or fewer than the specification has places for.
    pub(crate) fn give(&mut self, secrets: Vec<Secret>, variables: Vec<Secret>) -> Result<(), LaunchError> {
        let mut secrets = secrets.into_iter();
        let empty = self.files.iter_mut().filter_map(|file| match &mut file.content {
            Content::Given(secret) => Some(secret),
            Content::Said(_) => None,
        });
        let mut complete = true;
        for place in empty {
            *place = secrets.next();
            complete &= place.is_some();
        }
        if !complete || secrets.next().is_some() {
            let why = "as many have to come with the start as the specification names";
            return Err(LaunchError::Spec { what: "number of secrets", value: String::new(), why });
        }
        if variables.is_empty() { Ok(()) } else { self.process.know(variables) }
    }
}

impl ProcessPlan {
    /// Variables whose values nobody writes down, in the place of those that have their names.
    fn know(&mut self, variables: Vec<Secret>) -> Result<(), LaunchError> {
        fn name(entry: &[u8]) -> &[u8] {
            entry.split(|byte| *byte == b'=').next().unwrap_or_default()
        }
        let mut environment: Vec<CString> = self.environment.strings().to_vec();
        environment.retain(|entry| !variables.iter().any(|new| name(new.bytes()) == name(entry.to_bytes())));
        for variable in &variables {
            // The error must not show the value.
            let entry = CString::new(variable.bytes()).map_err(|_| LaunchError::Spec {
                what: "secret variable",
                value: String::from_utf8_lossy(name(variable.bytes())).into_owned(),
                why: "it has a NUL byte",
            })?;
            environment.push(entry);
        }
        self.environment = sys::exec::StringVector::new(environment);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::spec::{Process, Spec};

    use super::*;

    fn spec() -> Spec {
        let secret = |path: &str| SecretFile { path: path.into(), mode: 0o400, uid: 1, gid: 2 };
        Spec {
            process: Process {
                args: vec!["/x".into()],
                env: vec!["A=1".into(), "B=2".into()],
                ..Process::default()
            },
            hardening: Some(Hardening {
                secrets: vec![secret("/run/one"), secret("/run/two")],
                ..Hardening::default()
            }),
            ..Spec::default()
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn secrets_come_in_the_order_of_their_places() {
        let mut plan = Plan::new(&spec()).unwrap();
        plan.give(vec![secret("first"), secret("second")], vec![secret("B=hidden"), secret("C=more")])
            .unwrap();
        let contents: Vec<_> = plan.files.iter().map(|file| file.content.bytes()).collect();
        assert_eq!(contents, [b"first".as_slice(), b"second"]);
        let environment: Vec<_> =
            plan.process.environment.strings().iter().map(|entry| entry.as_c_str()).collect();
        assert_eq!(environment, [c"A=1", c"B=hidden", c"C=more"]);
        assert!(!format!("{plan:?}").contains("first"), "whoever shows a plan shows no secret");
    }

    #[test]
    fn a_secret_without_a_place_and_a_place_without_a_secret_are_refused() {
        for given in [vec![], vec![secret("1")], vec![secret("1"), secret("2"), secret("3")]] {
            assert!(Plan::new(&spec()).unwrap().give(given, Vec::new()).is_err());
        }
        let two = || vec![secret("1"), secret("2")];
        let error = Plan::new(&spec()).unwrap().give(two(), vec![secret("NAME=val\0ue")]).unwrap_err();
        assert_eq!(error.to_string(), "invalid secret variable `NAME`: it has a NUL byte");
    }
}
