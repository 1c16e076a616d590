//! The suite of opencontainers/distribution-spec: one program that speaks to a registry and prints a verdict for
//! every endpoint and every kind of content.

use std::process::Command;

use crate::bench::scratch::Scratch;
use crate::conformance::Settings;
use crate::conformance::lists::{self, List};
use crate::registry::Registry;
use crate::shell::Outcome;

const NAME: &str = "distribution";

const SUITE: &str = "opencontainers/distribution-spec";

/// What the suite leaves out unless it is asked for.
const MORE: [&str; 4] = [
    "OCI_API_BLOBS_DIGEST_HEADER",
    "OCI_API_BLOBS_UPLOAD_CANCEL",
    "OCI_API_MANIFESTS_DIGEST_HEADER",
    "OCI_API_MANIFESTS_TAG_PARAM",
];

pub(crate) fn run(settings: &Settings) -> Outcome {
    if settings.only.is_some() {
        return Err("the suite is one program: there is no other to choose".to_owned());
    }
    let program = settings.path.join("conformance/conformance");
    if !program.is_file() {
        let checkout = settings.path.display();
        return Err(format!("the suite is not built: go build -C {checkout}/conformance -o conformance"));
    }
    let scratch = Scratch::new(NAME)?;
    let registry = Registry::ours(&scratch, &settings.program, &settings.options)?;
    let (user, password) = registry.credentials().ok_or("the registry has no users")?;
    let mut command = Command::new(&program);
    command.current_dir(scratch.path()).envs(MORE.map(|name| (name, "true")));
    command.env("OCI_REGISTRY", registry.address()).env("OCI_TLS", "disabled");
    command.env("OCI_USERNAME", user).env("OCI_PASSWORD", password);
    let output = command.output().map_err(|error| format!("cannot run the suite: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let found = verdicts(&said);
    if found.is_empty() {
        return Err(format!("the suite gave no verdict:\n{said}{}", String::from_utf8_lossy(&output.stderr)));
    }
    found.iter().for_each(|(name, verdict)| println!("{name:40} {verdict}"));
    settle(settings, &found)
}

/// Lines like `  Blob get range................:       Pass`.
fn verdicts(said: &str) -> List {
    let lines = said.lines().filter_map(|line| {
        let (name, verdict) = line.rsplit_once(':')?;
        let name = name.trim().strip_suffix("..")?.trim_end_matches('.');
        let verdict = verdict.trim().to_lowercase();
        let known = matches!(verdict.as_str(), "pass" | "fail" | "skip" | "disabled");
        known.then(|| (name.to_lowercase().replace(' ', "-"), verdict))
    });
    lines.collect()
}

/// Compares the list with what was found, or writes it. All of it has to pass; what the specification leaves open
/// may be left out.
fn settle(settings: &Settings, found: &List) -> Outcome {
    let count = |word: &str| found.values().filter(|verdict| *verdict == word).count();
    println!("\n{} passed, {} failed, {} skipped", count("pass"), count("fail"), count("skip"));
    let file = lists::directory(NAME).join("ours.txt");
    lists::agree(settings, &file, found, || Ok(lists::remarks(settings, SUITE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_from_what_the_suite_prints() {
        let said = "API conformance:\n  Tag listing...................:       Pass\n\
                    \x20 Blob post only................:       FAIL\n   - no verdict: 401\n";
        let expected = [("blob-post-only", "fail"), ("tag-listing", "pass")];
        let expected = expected.map(|(name, verdict)| (name.to_owned(), verdict.to_owned()));
        assert_eq!(verdicts(said), List::from(expected));
    }

    #[test]
    fn nothing_on_file_fails() {
        let list = lists::load(&lists::directory(NAME).join("ours.txt")).unwrap();
        assert_eq!(lists::failed(&list), Vec::<String>::new());
        assert!(list.len() > 40);
    }
}
