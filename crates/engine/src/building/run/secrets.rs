//! Secrets of a step: read when it starts, kept nowhere, and in no layer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use build::plan::{Mount, Run};
use launch::Secret;
use model::request::SecretRequest;
use zeroize::Zeroizing;

use crate::building::error::StepError;

/// The largest secret, in bytes, as elsewhere.
const MOST: usize = 500 << 10;

/// Bytes that a value has at least to be looked for in what a step wrote: less may be there by chance.
const UNMISTAKABLE: usize = 16;

/// Secrets that were given, by the names that steps ask for.
pub type Secrets = BTreeMap<String, SecretSource>;

/// Where a secret is.
pub enum SecretSource {
    /// In a file, which is read anew for every step.
    File(PathBuf),
    /// In memory.
    Value(Zeroizing<Vec<u8>>),
}

/// What is shown is never the value.
impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Value(_) => f.write_str("Value"),
        }
    }
}

/// The secrets of one step.
#[derive(Default)]
pub(super) struct Known {
    /// What is asked for: everything but the values.
    pub(super) requests: Vec<SecretRequest>,
    /// Values of those that are files, in the same order.
    pub(super) files: Vec<Secret>,
    /// `NAME=value` of those that are variables.
    pub(super) variables: Vec<Secret>,
    /// Values that may be in no layer, by what they are called.
    pub(super) unwanted: Vec<(String, Zeroizing<Vec<u8>>)>,
}

/// Reads what the step asks for, once and for all: whoever starts it has the very values that nobody is shown.
pub(in crate::building) fn gather(run: &Run, given: &Secrets) -> Result<Secrets, StepError> {
    let mut gathered = Secrets::new();
    for mount in &run.mounts {
        let Mount::Secret { id, .. } = mount else { continue };
        if let Some(source) = given.get(id) {
            gathered.insert(id.clone(), SecretSource::Value(value(id, source)?));
        }
    }
    Ok(gathered)
}

/// Reads what the step asks for. One that is missing is left out, unless it is required.
pub(super) fn read(run: &Run, given: &Secrets) -> Result<Known, StepError> {
    let mut known = Known::default();
    for mount in &run.mounts {
        let Mount::Secret { id, target, env, required, mode, owner } = mount else { continue };
        let value = match given.get(id) {
            Some(source) => value(id, source)?,
            None if *required => return Err(StepError::NoSecret(id.clone())),
            None => continue,
        };
        let bare = value.trim_ascii();
        if bare.len() >= UNMISTAKABLE {
            known.unwanted.push((id.clone(), Zeroizing::new(bare.to_vec())));
        }
        if let Some(name) = env {
            let mut entry = Vec::with_capacity(name.len() + 1 + value.len());
            [name.as_bytes(), b"=", value.as_slice()].iter().for_each(|part| entry.extend_from_slice(part));
            known.variables.push(Secret::new(entry));
        }
        if target.is_some() {
            known.files.push(Secret::new(value.to_vec()));
        }
        known.requests.push(SecretRequest {
            id: id.clone(),
            target: target.clone(),
            env: env.clone(),
            mode: *mode,
            owner: *owner,
        });
    }
    Ok(known)
}

fn value(id: &str, source: &SecretSource) -> Result<Zeroizing<Vec<u8>>, StepError> {
    let too_large = || StepError::LargeSecret { id: id.to_owned(), most: MOST };
    let bytes = match source {
        SecretSource::Value(value) => value.clone(),
        SecretSource::File(path) => {
            // Room for all of it: what grows leaves copies behind.
            let mut bytes = Zeroizing::new(Vec::with_capacity(MOST + 1));
            let read = File::open(path).and_then(|file| file.take(MOST as u64 + 1).read_to_end(&mut bytes));
            read.map_err(|source| StepError::Secret { id: id.to_owned(), source })?;
            bytes
        }
    };
    if bytes.len() > MOST { Err(too_large()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use build::plan::RunNetwork;

    use super::*;

    fn run(required: bool, target: Option<&str>, env: Option<&str>) -> Run {
        let secret = Mount::Secret {
            id: "token".into(),
            target: target.map(str::to_owned),
            env: env.map(str::to_owned),
            required,
            mode: 0o400,
            owner: (1, 2),
        };
        Run {
            arguments: vec!["true".into()],
            scripts: Vec::new(),
            env: Vec::new(),
            proxies: Vec::new(),
            user: String::new(),
            working_dir: "/".into(),
            mounts: vec![secret],
            network: RunNetwork::None,
            hosts: Vec::new(),
            insecure: false,
        }
    }

    fn given(value: &str) -> Secrets {
        Secrets::from([("token".into(), SecretSource::Value(Zeroizing::new(value.into())))])
    }

    #[test]
    fn a_secret_is_a_file_or_a_variable_or_both() {
        let known = read(&run(true, Some("/run/t"), Some("TOKEN")), &given("v\n")).unwrap();
        assert_eq!((known.files[0].bytes(), known.variables[0].bytes()), (&b"v\n"[..], &b"TOKEN=v\n"[..]));
        assert_eq!(known.requests.len(), 1);
        let known = read(&run(true, None, Some("TOKEN")), &given("v")).unwrap();
        assert_eq!((known.files.len(), known.variables.len()), (0, 1));
    }

    #[test]
    fn what_was_gathered_is_what_the_step_asks_for_and_needs_no_file_any_more() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        std::fs::write(&file, "v\n").unwrap();
        let others = ("other".to_owned(), SecretSource::File("/does/not/exist".into()));
        let secrets = Secrets::from([("token".into(), SecretSource::File(file.clone())), others]);
        let run = run(true, Some("/run/t"), None);
        let gathered = gather(&run, &secrets).unwrap();
        std::fs::remove_file(file).unwrap();
        assert_eq!(gathered.len(), 1);
        assert_eq!(read(&run, &gathered).unwrap().files[0].bytes(), b"v\n");
        assert!(matches!(gather(&run, &secrets), Err(StepError::Secret { .. })));
        assert!(gather(&run, &Secrets::new()).unwrap().is_empty(), "whether it is required is the step's");
    }

    #[test]
    fn only_values_that_are_unmistakable_are_looked_for_in_layers() {
        let unwanted = |value: &str| read(&run(true, Some("/t"), None), &given(value)).unwrap().unwanted;
        assert!(unwanted(" correct-horse\n").is_empty());
        let found = unwanted(" correct-horse-battery\n");
        assert_eq!((found[0].0.as_str(), found[0].1.as_slice()), ("token", &b"correct-horse-battery"[..]));
    }

    #[test]
    fn one_that_is_missing_is_left_out_unless_it_is_required() {
        assert!(read(&run(false, Some("/t"), None), &Secrets::new()).unwrap().requests.is_empty());
        let error = read(&run(true, Some("/t"), None), &Secrets::new()).err().unwrap();
        assert_eq!(error.to_string(), "the step needs the secret `token`, and none was given");
    }

    #[test]
    fn what_is_larger_than_a_secret_is_refused_and_not_shown() {
        let large = given(&"x".repeat(MOST + 1));
        let error = read(&run(true, Some("/t"), None), &large).err().unwrap();
        assert_eq!(error.to_string(), "the secret `token` has more than 512000 bytes");
        let endless = Secrets::from([("token".into(), SecretSource::File("/dev/zero".into()))]);
        assert!(matches!(read(&run(true, Some("/t"), None), &endless), Err(StepError::LargeSecret { .. })));
    }
}
