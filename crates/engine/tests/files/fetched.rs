//! Addresses and git repositories: what is fetched, and what their authors cannot make us do.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use build::plan::{self, Source};
use coffer_engine::building::GitSource;
use coffer_engine::registries::Places;
use model::digest::Digest;

use crate::bench::{Archive, Bench, copy};

/// Answers every request with these bytes; the address.
fn serve(content: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _request = stream.read(&mut [0; 4096]);
            let dated = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT";
            let length = content.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\n{dated}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let _whoever_asked_is_gone = stream.write_all(&[head.as_bytes(), &content].concat());
        }
    });
    format!("http://{address}/a/file.tar?x=y")
}

fn address(url: &str, checksum: Option<&str>, unpack: bool) -> plan::Copy {
    let checksum = checksum.map(str::to_owned);
    let source = Source::Address { url: url.to_owned(), checksum, unpack };
    plan::Copy { sources: vec![source], unpack: true, ..copy(&[], "/n/") }
}

#[test]
fn privileged_add_takes_what_is_at_an_address() {
    let bench = Bench::new().reaching(Places::default());
    let mut archive = Archive::new();
    archive.file("within", b"w");
    let bytes = archive.bytes();
    let url = serve(bytes.clone());
    let layer = bench.layer(&address(&url, None, false)).unwrap().unwrap();
    let file = bench.unpacked(&layer).join("n/file.tar");
    assert_eq!(
        std::fs::read(&file).unwrap(),
        bytes,
        "what comes from afar is not unpacked unless that is asked for"
    );
    let metadata = file.metadata().unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (0o600, 784_111_777));
    let right = Digest::of(&bytes).to_string();
    let unpacked = bench.outcome(&address(&url, Some(&right), true));
    assert_eq!(unpacked, "d755 0:0 n\nf644 0:0 n/within w");
    let wrong = Digest::of(b"another").to_string();
    assert_eq!(bench.outcome(&address(&url, Some(&wrong), false)), "E-build-checksum");
    assert_eq!(bench.outcome(&address(&url, Some("md5:1"), false)), "E-build-checksum");
    for unreachable in ["http://192.0.2.1/x", "ftp://127.0.0.1/x", "http://127.0.0.1:1/x"] {
        assert_eq!(bench.outcome(&address(unreachable, None, false)), "E-build-fetch", "{unreachable}");
    }
    let Ok(coffer_engine::building::Incoming::Files(context)) = bench.engine.incoming_at(&url) else {
        panic!("no context")
    };
    assert_eq!(context.read("within", 10).unwrap().unwrap(), b"w");
}

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
