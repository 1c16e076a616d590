//! Git repositories: what is checked out, and what their authors cannot make us do.

use std::path::{Path, PathBuf};
use std::process::Command;

use build::plan::{self, Source};
use coffer_engine::building::GitSource;

use crate::bench::{Bench, copy};

fn git(directory: &Path, arguments: &[&str]) {
    let settings =
        ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"];
    let run = Command::new("git").current_dir(directory).args(settings).args(arguments).output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
}

fn repository(bench: &Bench, name: &str) -> PathBuf {
    let path = bench.root.path().join(name);
    std::fs::create_dir_all(path.join("sub")).unwrap();
    std::fs::write(path.join("Dockerfile"), "FROM scratch\n").unwrap();
    std::fs::write(path.join("sub/file"), "x").unwrap();
    std::os::unix::fs::symlink("../..", path.join("up")).unwrap();
    git(&path, &["init", "-q", "-b", "main"]);
    git(&path, &["add", "."]);
    git(&path, &["commit", "-q", "-m", "first"]);
    git(&path, &["tag", "v1"]);
    path
}

fn commit(path: &Path) -> String {
    let run = Command::new("git").current_dir(path).args(["rev-parse", "HEAD"]).output().unwrap();
    String::from_utf8(run.stdout).unwrap().trim().to_owned()
}

fn source(path: &Path) -> GitSource {
    GitSource { remote: path.to_str().unwrap().to_owned(), ..GitSource::default() }
}

#[test]
fn privileged_a_repository_is_a_context() {
    let bench = Bench::new();
    let path = repository(&bench, "repository");
    let commit = commit(&path);
    let read = |source: &GitSource, file: &str| {
        bench.engine.context_of_git(source).and_then(|context| context.read(file, 100))
    };
    assert_eq!(read(&source(&path), "Dockerfile").unwrap().unwrap(), b"FROM scratch\n");
    assert_eq!(read(&source(&path), ".git/config").unwrap(), None);
    for reference in ["main", "v1", &commit, &commit[..10]] {
        let at = GitSource {
            reference: Some(reference.to_owned()),
            subdirectory: Some("sub".to_owned()),
            checksum: Some(commit[..12].to_owned()),
            ..source(&path)
        };
        assert_eq!(read(&at, "file").unwrap().unwrap(), b"x", "{reference}");
    }
    let kept = GitSource { keep_git_dir: true, ..source(&path) };
    assert!(read(&kept, ".git/HEAD").unwrap().is_some());
}

#[test]
fn privileged_what_a_repository_or_an_address_wants_is_not_done() {
    let bench = Bench::new();
    let path = repository(&bench, "repository");
    let fails = |source: GitSource| bench.engine.context_of_git(&source).unwrap_err().code();
    let with = |reference: &str| GitSource { reference: Some(reference.to_owned()), ..source(&path) };
    for reference in
        ["--upload-pack=touch /tmp/x", "-x", "a b", "+main", "main:evil", "nothing", "", "HEAD^{}"]
    {
        assert_eq!(fails(with(reference)), "E-build-git", "{reference}");
    }
    for part in ["up", "up/context", "../repository", "sub/../../..", "nothing", "sub/file"] {
        let wanted = GitSource { subdirectory: Some(part.to_owned()), ..source(&path) };
        assert_eq!(fails(wanted), "E-build-git", "{part}");
    }
    for remote in
        ["ext::sh -c touch% /tmp/x", "-u", "file:///etc", "http://127.0.0.1:1/x", "git://127.0.0.1/x", ""]
    {
        assert_eq!(
            fails(GitSource { remote: remote.to_owned(), ..GitSource::default() }),
            "E-build-git",
            "{remote}"
        );
    }
    let other = GitSource { checksum: Some("0123456".to_owned()), ..source(&path) };
    assert_eq!(fails(other), "E-build-git");
}

#[test]
fn privileged_a_submodule_does_not_mean_this_host() {
    let bench = Bench::new();
    let inner = repository(&bench, "inner");
    let outer = repository(&bench, "outer");
    git(&outer, &["submodule", "add", "-q", inner.to_str().unwrap(), "module"]);
    git(&outer, &["commit", "-q", "-m", "second"]);
    let with = GitSource { submodules: true, ..source(&outer) };
    assert_eq!(bench.engine.context_of_git(&with).unwrap_err().code(), "E-build-git");
    assert!(
        bench.engine.context_of_git(&source(&outer)).is_ok(),
        "without them it is none of their business"
    );
}

#[test]
fn privileged_add_takes_a_repository() {
    let bench = Bench::new();
    let path = repository(&bench, "repository");
    let add = plan::Copy {
        sources: vec![Source::Git {
            remote: path.to_str().unwrap().to_owned(),
            reference: None,
            subdirectory: Some("sub".to_owned()),
            keep_git_dir: false,
            checksum: None,
            submodules: false,
        }],
        ..copy(&[], "/n/")
    };
    assert_eq!(bench.outcome(&add), "d755 0:0 n\nf644 0:0 n/file x");
}
