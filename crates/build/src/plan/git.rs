//! Repositories among `ADD`'s sources: `https://host/name.git#branch:directory`, and the same with `?branch=`.

use super::Source;
use super::error::{Problem, shown};
use super::paths::within;

/// A path of this host.
const HERE: &str = "file://";

/// What an address says of a repository; `None` if it is none's.
///
/// # Errors
///
/// An address of a repository that says what no repository has.
pub fn source(address: &str) -> Result<Option<Source>, Problem> {
    let remote = address.split(['#', '?']).next().unwrap_or_default();
    if is_repository(remote) { parsed(address, remote).map(Some) } else { Ok(None) }
}

/// The same for whoever builds, who may mean one on this host, as no Dockerfile may: `file:///srv/name.git#branch`.
///
/// # Errors
///
/// As [`source`].
pub fn given(address: &str) -> Result<Option<Source>, Problem> {
    match address.strip_prefix(HERE).filter(|path| path.starts_with('/')) {
        Some(path) => parsed(path, path.split(['#', '?']).next().unwrap_or_default()).map(Some),
        None => source(address),
    }
}

/// `remote` is what `address` begins with.
fn parsed(address: &str, remote: &str) -> Result<Source, Problem> {
    let (before, fragment) = address.split_once('#').unwrap_or((address, ""));
    let (_, query) = before.split_once('?').unwrap_or((before, ""));
    let (reference, directory) = fragment.split_once(':').unwrap_or((fragment, ""));
    let mut said = Said { reference: some(reference), directory: some(directory), ..Said::default() };
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        said.take(name, value).map_err(|reason| Problem::Git { address: shown(address), reason })?;
    }
    said.source(remote).map_err(|reason| Problem::Git { address: shown(address), reason })
}

/// `git://`, `ssh://`, `user@host:path`, and addresses of the web that end with `.git`.
fn is_repository(remote: &str) -> bool {
    match remote.split_once("://") {
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "git" | "ssh" => !rest.is_empty(),
            "http" | "https" => rest.ends_with(".git") && rest.contains('/'),
            _ => false,
        },
        None => is_scp(remote),
    }
}

/// `git@host:path`, as ssh takes it.
fn is_scp(remote: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let parts = remote.split_once('@').and_then(|(user, rest)| Some((user, rest.split_once(':')?)));
    parts.is_some_and(|(user, (host, path))| is_word(user) && is_word(host) && !path.is_empty())
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// What a query may say.
const QUERIES: &str =
    "ref, branch, tag, subdir, checksum, commit, fetch-by-commit, keep-git-dir, mtime and submodules";

/// What the fragment and the query say, which may not differ.
#[derive(Default)]
struct Said {
    reference: Option<String>,
    directory: Option<String>,
    checksum: Option<String>,
    keep_git_dir: Option<bool>,
    submodules: Option<bool>,
    by_commit: Option<bool>,
}

impl Said {
    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "keep-git-dir" => once(&mut self.keep_git_dir, name, flag(name, value)?),
            "submodules" => once(&mut self.submodules, name, flag(name, value)?),
            "fetch-by-commit" => once(&mut self.by_commit, name, flag(name, value)?),
            _ if value.is_empty() => Err(format!("`{name}` has no value")),
            "ref" => once(&mut self.reference, name, value.to_owned()),
            "branch" => once(&mut self.reference, name, qualified("refs/heads/", value)),
            "tag" => once(&mut self.reference, name, qualified("refs/tags/", value)),
            "subdir" => once(&mut self.directory, name, value.to_owned()),
            "checksum" | "commit" => once(&mut self.checksum, name, value.to_owned()),
            "mtime" if value == "checkout" => Ok(()),
            "mtime" => Err("files have the time at which they are got: `mtime=checkout`".to_owned()),
            _ => Err(format!("`{name}` is none of {QUERIES}")),
        }
    }

    /// A commit that is fetched by itself is what is asked for, whatever branch it is said to be on.
    fn source(self, remote: &str) -> Result<Source, String> {
        let reference = match self.by_commit {
            Some(true) if self.checksum.is_none() => {
                return Err("`fetch-by-commit` needs `checksum`, the commit".to_owned());
            }
            Some(true) => self.checksum.clone(),
            _ => self.reference,
        };
        let directory =
            self.directory.map(|directory| within(&directory)).filter(|directory| directory != ".");
        Ok(Source::Git {
            remote: remote.to_owned(),
            reference,
            subdirectory: directory,
            keep_git_dir: self.keep_git_dir.unwrap_or(false),
            checksum: self.checksum,
            submodules: self.submodules.unwrap_or(true),
        })
    }
}

fn once<T: PartialEq>(place: &mut Option<T>, name: &str, value: T) -> Result<(), String> {
    match place {
        Some(known) if *known != value => {
            Err(format!("`{name}` says something else than what is said before"))
        }
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}

fn flag(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("`{name}` is neither true nor false")),
    }
}

fn qualified(prefix: &str, name: &str) -> String {
    if name.starts_with(prefix) { name.to_owned() } else { format!("{prefix}{name}") }
}

/// The beginning of a commit.
pub(super) fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_on_this_host_is_named_by_whoever_builds_alone() {
        let here = "file:///srv/app.git#v1:src";
        assert_eq!(given(here).unwrap(), git("/srv/app.git", "v1", "src"));
        assert_eq!(source(here).unwrap(), None);
        assert_eq!(given("file://app.git").unwrap(), None, "its path begins nowhere");
        let elsewhere = "https://host/app.git";
        assert_eq!(given(elsewhere).unwrap(), source(elsewhere).unwrap());
    }

    fn git(remote: &str, reference: &str, directory: &str) -> Option<Source> {
        Some(Source::Git {
            remote: remote.to_owned(),
            reference: some(reference),
            subdirectory: some(directory),
            keep_git_dir: false,
            checksum: None,
            submodules: true,
        })
    }

    #[test]
    fn repositories_are_told_from_files_and_other_addresses() {
        let web = "https://example.org/a.git";
        assert_eq!(source(web).unwrap(), git(web, "", ""));
        assert_eq!(source("https://example.org/a.git#v1:/docs/../x/").unwrap(), git(web, "v1", "x"));
        assert_eq!(source("https://example.org/a.git#:docs").unwrap(), git(web, "", "docs"));
        assert_eq!(
            source("https://example.org/a.git?branch=x&subdir=d").unwrap(),
            git(web, "refs/heads/x", "d")
        );
        assert_eq!(source("git@example.org:a/b.git#v1").unwrap(), git("git@example.org:a/b.git", "v1", ""));
        assert_eq!(source("ssh://git@example.org/a").unwrap(), git("ssh://git@example.org/a", "", ""));
        for other in [
            "https://example.org/a.tar.gz",
            "./git@x:y",
            "a.git",
            "../a.git",
            "file:///a.git",
            "a:b",
            "https://a.git",
        ] {
            assert_eq!(source(other).unwrap(), None, "{other}");
        }
    }

    #[test]
    fn what_an_address_says_twice_is_the_same() {
        for wrong in [
            "?ref=v1#v2",
            "?branch=a&tag=a",
            "?ref",
            "?colour=red",
            "?submodules=maybe",
            "?mtime=commit",
            "?fetch-by-commit",
        ] {
            let address = format!("https://example.org/a.git{wrong}");
            assert!(matches!(source(&address), Err(Problem::Git { .. })), "{wrong}");
        }
        for right in ["?ref=v1#v1", "#v1?", "?mtime=checkout", "?commit=abcdef0&submodules=0"] {
            assert!(source(&format!("https://example.org/a.git{right}")).unwrap().is_some(), "{right}");
        }
    }

    #[test]
    fn a_commit_may_be_fetched_by_itself() {
        let address = "https://example.org/a.git?fetch-by-commit&checksum=abcdef0#refs/heads/main";
        let Some(Source::Git { reference, checksum, .. }) = source(address).unwrap() else {
            panic!("no repository")
        };
        assert_eq!((reference.as_deref(), checksum.as_deref()), (Some("abcdef0"), Some("abcdef0")));
    }
}
